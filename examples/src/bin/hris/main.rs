//! The `hris` command: a thin shell over the public API of the crates.

mod args;
mod clock;
mod commands;
mod config;
mod consent;
mod console;
mod engine;
mod failure;
mod files;
mod grid;
mod logs;
mod progress;
mod render;
mod signals;
mod vendors;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use crate::args::{Cli, Command};
use crate::clock::Clock;
use crate::console::{Console, plain};
use crate::failure::{Failure, Result, exit};
use crate::signals::Stop;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let mut console = Console::new(cli.global.json, cli.global.quiet, cli.global.no_color);
    let clock = Clock::new(cli.global.now);
    let command = cli.command.name();
    let logs = logs::begin(cli.global.log.as_deref(), cli.global.no_color);
    let ended = logs.and_then(|logs| {
        console = console.beside_logs(logs);
        let runtime = runtime()?;
        let ended = runtime.block_on(async {
            let ends = match cli.command {
                Command::Sandbox(_) => "stopping",
                _ => "stopping as soon as the current step is finished",
            };
            let stop =
                Stop::listen(console, ends).map_err(|error| Failure::config(format!("signals: {error}")))?;
            dispatch(&cli, Shell { console, clock, stop }).await
        });
        // An abandoned listing may still wait for its vendor. The command does not wait for it.
        runtime.shutdown_background();
        ended
    });
    let code = ended.unwrap_or_else(|failure| complain(&failure, console, clock, command, &cli));
    ExitCode::from(code)
}

/// What every command works with.
#[derive(Clone, Debug)]
pub(crate) struct Shell {
    pub(crate) console: Console,
    pub(crate) clock: Clock,
    pub(crate) stop: Stop,
}

async fn dispatch(cli: &Cli, shell: Shell) -> Result<u8> {
    let config = &cli.global.config;
    match &cli.command {
        Command::Check => commands::check::check(config, &shell).await,
        Command::Connect(args) => commands::connect::connect(config, args, &shell).await,
        Command::Demo(args) => commands::demo::demo(args, &shell).await,
        Command::Disconnect => commands::connect::disconnect(config, &shell).await,
        Command::Explain(args) => commands::people::explain(config, args, &shell).await,
        Command::Fields(args) => commands::fields::fields(config, args, &shell).await,
        Command::History(args) => commands::history::history(config, args, &shell).await,
        Command::Import(args) => commands::people::import(config, args, &shell).await,
        Command::Init(args) => commands::init::init(config, args, &shell),
        Command::Link(args) => commands::people::link(config, args, &shell).await,
        Command::Match => commands::sync::match_only(config, &shell).await,
        Command::Plan(args) => commands::plan::plan(config, args, &shell).await,
        Command::Report(args) => commands::history::report(config, args, &shell).await,
        Command::Resolve(args) => commands::resolve::resolve(config, args, &shell).await,
        Command::Run => commands::run::run(config, &shell).await,
        Command::Sandbox(args) => commands::sandbox::sandbox(args, &shell).await,
        Command::Schema => commands::init::schema(&shell),
        Command::Sync(args) => commands::sync::sync(config, args, &shell).await,
        Command::Unlink(args) => commands::people::unlink(config, args, &shell).await,
    }
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| Failure::config(format!("start: {error}")))
}

/// Says why a command failed: in words on standard error, and with `--json` as the one document.
fn complain(failure: &Failure, console: Console, clock: Clock, command: &str, cli: &Cli) -> u8 {
    if matches!(failure.code, exit::PIPE | exit::OUTPUT) {
        // The reader of standard output has gone, so no document is written.
        if failure.code == exit::OUTPUT {
            console.tell(format!("hris: {}", plain(&failure.message)));
        }
        return failure.code;
    }
    console.tell(format!("hris: {}", plain(&failure.message)));
    for step in &failure.steps {
        console.tell(plain(step));
    }
    if let Some(report) = &failure.report {
        render::unsent(console, report);
    }
    if let Some(seconds) = failure.retry_after {
        console.tell(format!("run again in {seconds} s, not earlier"));
    }
    let connection = config::connection_name(&cli.global.config);
    let document = failure.document(command, &connection, &clock.now().to_string());
    match console.document(&document) {
        Ok(()) => failure.code,
        Err(output) => output.code,
    }
}

/// A command line that cannot be understood; or `--help` and `--version`, which arrive the same way.
fn usage(error: &clap::Error) -> ExitCode {
    let helped = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let printed = error.print();
    if helped {
        return printed.map_or(ExitCode::from(exit::PIPE), |()| ExitCode::from(exit::DONE));
    }
    let json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    let failure = Failure::config(error.kind().to_string());
    let document = failure.document("", "", &Clock::new(None).now().to_string());
    // The reason why nothing was understood is on standard error already.
    let _ = Console::new(json, false, true).document(&document);
    ExitCode::from(exit::USAGE)
}
