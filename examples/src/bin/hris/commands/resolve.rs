//! `resolve`: what both sides changed, what only one side has, and whose an account is, until somebody
//! decides.

use std::path::Path;

use hris_core::reconcile::{Conflict, Judgement, Question, Resolution, Side};
use hris_reconcile::report::ConflictLine;
use serde_json::json;

use crate::args::Resolve;
use crate::console::plain;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, config, engine, render};

/// Lists what is open, or decides it. A decision is carried out by the next run, unless a value or a fact
/// changed by then.
pub(crate) async fn resolve(path: &Path, args: &Resolve, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let console = shell.console;
    // An unusable state is reported here as in every command.
    engine::history(&settings, 1).await?;
    let plan = engine::plan(&settings, shell).await?.plan;
    let open = Open { conflicts: plan.conflicts, questions: plan.questions };
    let (decided, rest) = open.chosen(args)?;
    let keep = args.keep.map(Side::from);
    let decisions: Vec<Resolution> =
        keep.into_iter().flat_map(|keep| decided.conflicts.iter().map(move |one| one.keep(keep))).collect();
    let answers: Vec<Judgement> = decided.questions.iter().map(|one| one.answer(args.same)).collect();
    if !decisions.is_empty() || !answers.is_empty() {
        engine::resolve(&settings, shell, &decisions, &answers).await?;
    }
    for conflict in &decided.conflicts {
        let kept = keep.map_or("", Side::as_str);
        console.say(format!("{}: the {kept} stays; the next sync carries it out.", conflict.id))?;
    }
    for question in &decided.questions {
        let is = if args.same { "is" } else { "is not" };
        let (employee, user) = (plain(question.employee.as_str()), plain(question.user.as_str()));
        console.say(format!(
            "{}: account {user} {is} employee {employee}'s; the next sync carries it out.",
            question.id
        ))?;
    }
    if rest.is_empty() {
        console.say("Nothing is open.")?;
    } else {
        render::conflicts(console, &rest.conflicts)?;
        render::questions(console, &rest.questions)?;
        if !rest.conflicts.is_empty() {
            console.remark(
                "`hris resolve ID --keep source` or `--keep target` decides a conflict; `--all --keep …` decides all.",
            )?;
        }
        if !rest.questions.is_empty() {
            console.remark(
                "`hris resolve ID --same` says that the account is the employee's, `--different` that it is not; \
                 `--all --same` answers all.",
            )?;
        }
    }
    let lines = |conflicts: &[Conflict]| conflicts.iter().map(ConflictLine::new).collect::<Vec<_>>();
    let outcome = if rest.is_empty() { "completed" } else { "partial" };
    console.document(&json!({
        "command": "resolve", "connection": settings.connection, "outcome": outcome,
        "conflicts": lines(&rest.conflicts), "questions": questions(&rest.questions),
        "decided": lines(&decided.conflicts), "answered": questions(&decided.questions),
    }))?;
    Ok(if rest.is_empty() { exit::DONE } else { exit::PARTIAL })
}

/// Questions as programs see them: ids and what each fact says.
fn questions(questions: &[Question]) -> Vec<serde_json::Value> {
    let line = |one: &Question| json!({ "id": one.id, "employee": one.employee, "user": one.user, "evidence": one.evidence });
    questions.iter().map(line).collect()
}

/// What nobody has decided.
#[derive(Debug, Default)]
struct Open {
    conflicts: Vec<Conflict>,
    questions: Vec<Question>,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.conflicts.is_empty() && self.questions.is_empty()
    }

    /// What is to be decided, and the rest.
    fn chosen(self, args: &Resolve) -> Result<(Self, Self)> {
        let keeps = args.keep.is_some();
        let answers = args.same || args.different;
        if let Some(id) = &args.id {
            return self.one(id, keeps, answers);
        }
        if !args.all {
            return match keeps || answers {
                true => Err(Failure::config("name what to decide: an id, or --all".to_owned())),
                false => Ok((Self::default(), self)),
            };
        }
        match (keeps, answers) {
            (true, _) => Ok((
                Self { conflicts: self.conflicts, questions: Vec::new() },
                Self { conflicts: Vec::new(), questions: self.questions },
            )),
            (_, true) => Ok((
                Self { conflicts: Vec::new(), questions: self.questions },
                Self { conflicts: self.conflicts, questions: Vec::new() },
            )),
            _ => Err(Failure::config("--all: say --keep source, --keep target or --same".to_owned())),
        }
    }

    fn one(self, id: &str, keeps: bool, answers: bool) -> Result<(Self, Self)> {
        let (conflict, conflicts): (Vec<_>, Vec<_>) =
            self.conflicts.into_iter().partition(|one| one.id == id);
        let (question, questions): (Vec<_>, Vec<_>) =
            self.questions.into_iter().partition(|one| one.id == id);
        let message = match (conflict.is_empty(), question.is_empty()) {
            (true, true) => {
                format!("no open conflict or question has the id {id:?}; `hris resolve` lists them")
            }
            (false, _) if !keeps => format!("{id}: say which side stays with --keep source or --keep target"),
            (true, false) if !answers => {
                format!("{id}: say --same if the account is this person's, or --different if it is not")
            }
            _ => {
                let decided = Self { conflicts: conflict, questions: question };
                return Ok((decided, Self { conflicts, questions }));
            }
        };
        Err(Failure::config(message))
    }
}
