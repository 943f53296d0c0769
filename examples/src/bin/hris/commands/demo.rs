//! `demo`: everything once, offline, with an invented company.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hris_core::Problem;
use hris_core::sandbox::{Fake, FakeOptions};
use hris_reconcile::Removal;
use hris_reconcile::report::Report;
use serde_json::json;

use super::check;
use crate::args::Demo;
use crate::clock::Clock;
use crate::console::{Console, counted};
use crate::failure::{Failure, Result, exit};
use crate::grid::Grid;
use crate::vendors::{self, Vendor};
use crate::{Shell, config, engine, files, render};

/// The first line of a demo's configuration, by which its folder is known again.
const MARK: &str = "# Written by `hris demo`: an invented company in a fake HR system on this machine.";
const SEED: u64 = 7;

/// Walks through check, plan, sync, a day of changes, sync and history.
pub(crate) async fn demo(args: &Demo, shell: &Shell) -> Result<u8> {
    let vendor =
        vendors::find(&args.vendor).map_err(|message| Failure::config(format!("--vendor: {message}")))?;
    let folder = Folder::prepare(&args.dir, vendor)?;
    let shell = Shell { clock: Clock::new(Some(shell.clock.now())), ..shell.clone() };
    let now = shell.clock.now();
    let options = FakeOptions {
        port: 0,
        employees: args.employees,
        seed: SEED,
        rate_limit: None,
        latency: Duration::ZERO,
        now,
    };
    let fake = vendor.sandbox(options).await?;
    folder.write(vendor, fake.as_ref())?;
    let mut tour = Tour { console: shell.console, step: 0, told: Vec::new() };

    tour.console.say(format!(
        "An invented company of {} people lives in a fake {} on this machine, at {}.",
        args.employees,
        vendor.title(),
        fake.url()
    ))?;
    tour.console.say(format!(
        "{}{} says where it is and what to do. Nothing leaves this machine.",
        if folder.again { "The files of an earlier demo were replaced. " } else { "" },
        folder.config.display()
    ))?;

    tour.step("Is everything ready?", "hris check")?;
    let settings = config::load(&folder.config)?;
    let looked = engine::check(&settings, &shell).await?;
    check::show(tour.console, &looked)?;

    tour.step("What would a sync do? Nothing is written yet.", "hris plan")?;
    let planned = engine::plan(&settings, &shell).await?;
    tour.report(&planned.report, &planned.removals)?;

    tour.step("Do it: accounts are created and invitations sent.", "hris sync")?;
    let first = engine::sync(&settings, &shell, now).await?;
    tour.report(&first, &[])?;

    tour.step("A day passes in the HR system.", "")?;
    for line in fake.a_day_passes(now).map_err(Failure::config)? {
        tour.console.say(format!("  {line}"))?;
    }

    tour.step("Sync again: the three changes arrive, everybody else stays as they are.", "hris sync")?;
    let shell = Shell { clock: shell.clock.later(60), ..shell };
    let second = engine::sync(&settings, &shell, shell.clock.now()).await?;
    tour.report(&second, &[])?;

    tour.step("What happened so far?", "hris history")?;
    let runs = engine::history(&settings, 10).await?;
    let mut table = Grid::new(["run", "started", "command", "outcome", "what", "problems"]);
    for report in &runs {
        table.add_row(render::line(report));
    }
    tour.console.show(&table)?;

    let again = again(args, fake.as_ref(), now);
    tour.farewell(&folder, &again)?;
    tour.console.document(&json!({
        "command": "demo", "outcome": if second.exit_code() == exit::DONE { "completed" } else { second.outcome.as_str() },
        "vendor": vendor.name(), "dir": folder.dir, "config": folder.config, "sandbox": again,
        "check": check::document(&settings, &looked), "plan": &planned.report, "syncs": [first, second],
    }))?;
    Ok(looked.code().max(planned.report.exit_code()).max(first.exit_code()).max(second.exit_code()))
}

/// The command that brings this very company back, as the demo leaves it.
fn again(args: &Demo, fake: &dyn Fake, now: hris_core::Timestamp) -> String {
    let port = fake.url().rsplit(':').next().unwrap_or_default().to_owned();
    format!(
        "hris sandbox {} --port {port} --employees {} --seed {SEED} --now {now} --after-demo",
        args.vendor, args.employees
    )
}

/// What was said so far.
struct Tour {
    console: Console,
    step: u32,
    told: Vec<Problem>,
}

impl Tour {
    /// A report without the problems that an earlier step showed.
    fn report(&mut self, report: &Report, removals: &[Removal]) -> Result<()> {
        let mut news = report.clone();
        news.problems.retain(|problem| !self.told.contains(problem));
        render::report(self.console, &news, removals)?;
        let known = (report.problems.len() - news.problems.len()) as u64;
        self.told.append(&mut news.problems);
        if known == 0 {
            return Ok(());
        }
        let problems = counted(known, "problem", "problems");
        self.console.say(self.console.dim(&format!("{problems} of an earlier step are unchanged")))
    }

    fn step(&mut self, what: &str, command: &str) -> Result<()> {
        self.step += 1;
        let command =
            if command.is_empty() { String::new() } else { self.console.dim(&format!("   $ {command}")) };
        self.console.say(format!("\n{}{command}\n", self.console.bold(&format!("{}. {what}", self.step))))
    }

    fn farewell(&self, folder: &Folder, again: &str) -> Result<()> {
        let dir = folder.dir.display();
        self.console.say(format!(
            "\n{}\n\nThe files stay in {dir}: hris.toml (settings, commented), users.db (accounts), hris-state.db (links and \
             history).\n\n  \
             sqlite3 {dir}/users.db 'select status, count(*) from users group by status'\n  \
             hris --config {dir}/hris.toml history\n  \
             hris --config {dir}/hris.toml report latest --format html > report.html\n\n\
             The fake HR system ends with this command. To go on with the same company, in another terminal:\n\n  \
             {again}\n\n\
             With a system of your own: `hris init --vendor {}`.{}",
            self.console.bold("That is all."),
            folder.vendor,
            if runs_from_source() { "\n(Here `hris` stands for: cargo run -q -p hris-examples --bin hris --)" } else { "" }
        ))
    }
}

/// Whether this program lies where cargo builds programs, so that a shell does not know its name.
fn runs_from_source() -> bool {
    let program = std::env::current_exe().unwrap_or_default();
    program.parent().is_some_and(|folder| folder.ends_with("debug") || folder.ends_with("release"))
}

/// Where the demo's files are.
struct Folder {
    dir: PathBuf,
    config: PathBuf,
    vendor: &'static str,
    /// Whether an earlier demo's files were there.
    again: bool,
}

impl Folder {
    /// Makes the folder, or empties that of an earlier demo. Files of anybody else's stay: then it is
    /// refused.
    fn prepare(dir: &Path, vendor: Vendor) -> Result<Self> {
        let fault =
            |what: &str, error: std::io::Error| Failure::config(format!("{what} {}: {error}", dir.display()));
        let folder =
            |again| Self { dir: dir.to_owned(), config: dir.join("hris.toml"), vendor: vendor.name(), again };
        if !dir.exists() {
            fs::create_dir_all(dir).map_err(|error| fault("make", error))?;
            return Ok(folder(false));
        }
        let entries = fs::read_dir(dir).map_err(|error| fault("look into", error))?;
        let files: Vec<PathBuf> = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<Result<_, _>>()
            .map_err(|error| fault("look into", error))?;
        if files.is_empty() {
            return Ok(folder(false));
        }
        let marked = fs::read_to_string(dir.join("hris.toml")).is_ok_and(|text| text.starts_with(MARK));
        let foreign = files.iter().find(|file| !is_ours(file));
        if !marked || foreign.is_some() {
            let what = foreign.or(files.first()).map(|file| file.display().to_string()).unwrap_or_default();
            return Err(Failure::config(format!(
                "{} holds files that are not a demo's ({what}); name another folder with --dir",
                dir.display()
            )));
        }
        for file in files {
            fs::remove_file(&file).map_err(|error| fault("empty", error))?;
        }
        Ok(folder(true))
    }

    /// Writes settings and token.
    fn write(&self, vendor: Vendor, fake: &dyn Fake) -> Result<()> {
        let token = format!("{}.token", vendor.name());
        let beside = |suffix: &str| format!("{:?}", token.replace(".token", suffix));
        let mut source = vec![("base_url", format!("{:?}", fake.url()))];
        match fake.client() {
            None => source.push(("token_file", beside(".token"))),
            Some(_) => source.extend([
                ("client_id_file", beside(".client_id")),
                ("client_secret_file", beside(".client_secret")),
                ("refresh_token_file", beside(".token")),
            ]),
        }
        source.extend(fake.settings());
        let text = config::template::template(vendor, None)
            .replace("connection = \"default\"", "connection = \"demo\"   ");
        // The fake's own keys stand in the place of the template's; its token is in a file.
        let replaced = |line: &str| {
            let key = line.trim_start_matches("# ").split(" =").next().unwrap_or_default();
            let in_a_file = key.strip_suffix("_env").map(|stem| format!("{stem}_file"));
            source.iter().any(|(own, _)| *own == key || in_a_file.as_deref() == Some(own))
        };
        let heading = format!("vendor = \"{}\"", vendor.name());
        let mut written = format!("{MARK}\n");
        for line in text.lines().filter(|line| !replaced(line)) {
            written.push_str(&format!("{line}\n"));
            if line == heading {
                written.extend(source.iter().map(|(key, value)| format!("{key} = {value}\n")));
            }
        }
        let mut secrets = vec![(token, fake.token())];
        if let Some((id, secret, _)) = fake.client() {
            secrets.push((format!("{}.client_id", vendor.name()), id));
            secrets.push((format!("{}.client_secret", vendor.name()), secret));
        }
        for (file, secret) in secrets {
            files::create(&self.dir.join(file), &format!("{secret}\n"))?;
        }
        files::create(&self.config, &written)
    }
}

/// Whether this is a file that a demo makes.
fn is_ours(file: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let database = ["users.db", "hris-state.db"].iter().any(|base| {
        name.strip_prefix(base).is_some_and(|rest| ["", "-wal", "-shm", "-journal"].contains(&rest))
    });
    let secret = vendors::all().any(|vendor| {
        let rest = name.strip_prefix(vendor.name());
        rest.is_some_and(|rest| [".token", ".client_id", ".client_secret"].contains(&rest))
    });
    file.is_file() && (database || secret || name == "hris.toml")
}
