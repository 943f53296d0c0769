//! One person: `explain`, `import`, `link`, `unlink`.

use std::path::Path;

use hris_core::{EmployeeId, Problem, UserId};
use hris_reconcile::report::{ActionLine, Report};
use serde_json::{Value, json};

use crate::args::{Explain, Import, Link, Unlink};
use crate::commands::history;
use crate::config::Settings;
use crate::console::plain;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, commands, config, engine};

/// Syncs one person now.
pub(crate) async fn import(path: &Path, args: &Import, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let employee = EmployeeId::from(args.employee.as_str());
    let report = engine::import(&settings, shell, &employee).await?;
    commands::sync::finish(shell, &report)
}

/// Decides that an account is an employee's.
pub(crate) async fn link(path: &Path, args: &Link, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let (employee, user) = (EmployeeId::from(args.employee.as_str()), UserId::from(args.user.as_str()));
    engine::link(&settings, shell, &employee, &user).await?;
    shell.console.say(format!(
        "Account {} is employee {}'s; the next sync carries it out.",
        plain(&args.user),
        plain(&args.employee)
    ))?;
    decided(shell, "link", &settings, &employee, &user)
}

/// Decides that the linked account is not an employee's.
pub(crate) async fn unlink(path: &Path, args: &Unlink, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let employee = EmployeeId::from(args.employee.as_str());
    let unlinked = engine::unlink(&settings, shell, &employee).await?;
    let (account, person) = (plain(unlinked.user.as_str()), plain(&args.employee));
    shell.console.say(match unlinked.is_gone {
        true => format!(
            "Account {account} is no longer linked to employee {person}. The product does not have it any more, so \
             the next sync looks for another account of this person, or makes one."
        ),
        false => format!(
            "Account {account} is no longer linked to employee {person} and stays as it is. As long as the product \
             has the employee's id on it, no other account is created; remove the id there, or take the account \
             back with `hris link`."
        ),
    })?;
    decided(shell, "unlink", &settings, &employee, &unlinked.user)
}

fn decided(
    shell: &Shell,
    command: &str,
    settings: &Settings,
    employee: &EmployeeId,
    user: &UserId,
) -> Result<u8> {
    shell.console.document(&json!({
        "command": command, "connection": settings.connection, "outcome": "completed",
        "employee": employee, "user": user,
    }))?;
    Ok(exit::DONE)
}

/// Why something is done for one person or not, now or in a past run.
pub(crate) async fn explain(path: &Path, args: &Explain, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let employee = EmployeeId::from(args.employee.as_str());
    match &args.run {
        None => now(&settings, &employee, shell).await,
        Some(run) => past(&settings, &employee, &history::find(&settings, run).await?, shell),
    }
}

async fn now(settings: &Settings, employee: &EmployeeId, shell: &Shell) -> Result<u8> {
    // An unusable state is reported here as in every command.
    engine::history(settings, 1).await?;
    let Some(found) = engine::explain(settings, shell, employee).await? else {
        let message =
            format!("neither the source nor a link has an employee with the id {:?}", employee.as_str());
        return Err(Failure::config(message));
    };
    shell.console.say(plain_lines(&found.to_string()))?;
    let verdict = &found.verdict;
    shell.console.document(&json!({
        "command": "explain", "connection": settings.connection, "run": null,
        "employee": employee, "user": verdict.user,
        "situation": verdict.situation, "reason": verdict.reason.to_string(),
        "actions": found.actions, "problems": found.problems, "refusal": found.refusal,
    }))?;
    Ok(exit::DONE)
}

fn past(settings: &Settings, employee: &EmployeeId, report: &Report, shell: &Shell) -> Result<u8> {
    let of = |line: &&ActionLine| line.employee.as_ref() == Some(employee);
    let actions: Vec<&ActionLine> = report.actions.iter().filter(of).collect();
    let about = |problem: &&Problem| problem.about().any(|id| id == employee);
    let problems: Vec<&Problem> = report.problems.iter().filter(about).collect();
    let console = shell.console;
    let name = plain(employee.as_str());
    console.say(format!("employee {name} in run {} of {}", plain(&report.run), report.started_at))?;
    if actions.is_empty() {
        console.say("nothing was done")?;
    }
    for line in &actions {
        let fields =
            if line.fields.is_empty() { String::new() } else { format!(" ({})", line.fields.join(", ")) };
        console.say(plain(&format!(
            "{} {}{fields}: {}",
            line.result.as_str(),
            line.action.as_str(),
            line.reason
        )))?;
    }
    for problem in &problems {
        console.say(plain(&format!("{}: {}", problem.code.as_str(), problem.message)))?;
    }
    let first = actions.first();
    let user: Value = json!(first.and_then(|line| line.user.as_ref()));
    console.document(&json!({
        "command": "explain", "connection": settings.connection, "run": report.run,
        "employee": employee, "user": user,
        "situation": null, "reason": first.map(|line| line.reason.clone()),
        "actions": actions, "problems": problems, "refusal": report.refusal,
    }))?;
    Ok(exit::DONE)
}

/// Text of several lines without what a terminal would take for a command.
fn plain_lines(text: &str) -> String {
    text.lines().map(plain).collect::<Vec<_>>().join("\n")
}
