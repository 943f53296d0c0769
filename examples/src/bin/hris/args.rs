//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hris_core::Timestamp;

/// Keeps the accounts of a product up to date with an HR system.
///
/// New to it? `hris demo` shows everything offline, in a minute. With a system of your own:
/// `hris init --vendor humaans`, put the token where hris.toml says, then `hris check`,
/// `hris plan`, `hris sync`.
#[derive(Debug, Parser)]
#[command(name = "hris", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done · 1 usage, configuration or mapping · 2 some records failed or are in \
conflict · 3 refused by a safeguard · 4 credentials or permissions · 5 source or target unavailable · 6 another run \
holds this connection · 7 the state cannot be used · 130 interrupted";

/// The options of every command.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// The configuration file; paths in it are relative to the file
    #[arg(long, global = true, value_name = "FILE", default_value = "hris.toml")]
    pub(crate) config: PathBuf,
    /// Write exactly one JSON document to standard output, everything else to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The clock of the run, such as 2026-11-23T09:00:00Z; default is the real one
    #[arg(long, global = true, value_name = "RFC3339")]
    pub(crate) now: Option<Timestamp>,
    /// Show neither remarks nor progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Write logs to standard error: off, error, warn, info, debug or trace, or NAME=LEVEL for a part such as
    /// hris_core::http, several with commas (as with the variable HRIS_LOG). No people, no secrets
    #[arg(long, global = true, value_name = "LEVEL")]
    pub(crate) log: Option<String>,
    /// No colours (as with the variable NO_COLOR)
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check whether everything is ready: credential, scopes, permissions, mapping, target, state
    Check,
    /// Say how to connect, or authorise where the vendor has a consent page
    Connect(Connect),
    /// An offline tour with an invented company
    Demo(Demo),
    /// Forget this connection's credential; history stays
    Disconnect,
    /// Why something is done for one person, or not
    Explain(Explain),
    /// Every source field, how many people have it, and an invented example
    Fields(Fields),
    /// Past runs, newest first, or one of them in full
    History(History),
    /// Sync one person now, under every rule of a sync
    Import(Import),
    /// Write a commented hris.toml
    Init(Init),
    /// Decide that an account is an employee's
    Link(Link),
    /// Link existing accounts to employees; creates, invites and removes nobody
    Match,
    /// What a sync would do, without writing anything
    Plan(Plan),
    /// The report of one run
    Report(Report),
    /// List and decide open conflicts and open questions about whose an account is
    Resolve(Resolve),
    /// Sync by the schedule until stopped
    Run,
    /// A fake vendor on this machine, until interrupted
    Sandbox(Sandbox),
    /// The JSON Schema of hris.toml
    Schema,
    /// Bring the accounts up to date
    Sync(Sync),
    /// Decide that the linked account is not an employee's
    Unlink(Unlink),
}

impl Command {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Connect(_) => "connect",
            Self::Demo(_) => "demo",
            Self::Disconnect => "disconnect",
            Self::Explain(_) => "explain",
            Self::Fields(_) => "fields",
            Self::History(_) => "history",
            Self::Import(_) => "import",
            Self::Init(_) => "init",
            Self::Link(_) => "link",
            Self::Match => "match",
            Self::Plan(_) => "plan",
            Self::Report(_) => "report",
            Self::Resolve(_) => "resolve",
            Self::Run => "run",
            Self::Sandbox(_) => "sandbox",
            Self::Schema => "schema",
            Self::Sync(_) => "sync",
            Self::Unlink(_) => "unlink",
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Connect {
    /// Take the redirected address from standard input instead of a loopback port
    #[arg(long)]
    pub(crate) paste: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Which vendor's sandbox
    #[arg(long, default_value = "humaans")]
    pub(crate) vendor: String,
    /// How many people the invented company has
    #[arg(long, default_value_t = 250, value_name = "N", value_parser = clap::value_parser!(u32).range(10..=100_000))]
    pub(crate) employees: u32,
    /// Where the files go; they stay afterwards
    #[arg(long, default_value = "hris-demo", value_name = "D")]
    pub(crate) dir: PathBuf,
}

#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// The person's id in the HR system
    pub(crate) employee: String,
    /// A past run's id, or `latest`; without it, what a sync would do now
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The person's id in the HR system
    pub(crate) employee: String,
}

#[derive(Args, Debug)]
pub(crate) struct Link {
    /// The person's id in the HR system
    pub(crate) employee: String,
    /// The account's id in the product
    pub(crate) user: String,
}

#[derive(Args, Debug)]
pub(crate) struct Unlink {
    /// The person's id in the HR system
    pub(crate) employee: String,
}

#[derive(Args, Debug)]
pub(crate) struct Fields {
    /// Show one real value of each field: personal data
    #[arg(long)]
    pub(crate) values: bool,
}

#[derive(Args, Debug)]
pub(crate) struct History {
    /// A run's id, or `latest`
    pub(crate) run: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The HR system
    #[arg(long)]
    pub(crate) vendor: String,
    /// Where the accounts live
    #[arg(long, value_name = "KIND", default_value = "sqlite")]
    pub(crate) target: String,
}

#[derive(Args, Debug)]
pub(crate) struct Plan {
    /// Save the plan for approval. It holds personal data and is readable by you alone
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Fail if the plan contradicts itself, and say where
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// A run's id, or `latest`
    pub(crate) run: String,
    /// csv holds the errors and warnings, a row each
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Csv,
    Html,
    Json,
}

#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The id of a conflict or a question
    #[arg(conflicts_with = "all")]
    pub(crate) id: Option<String>,
    /// Decide every open conflict, or with --same every open question
    #[arg(long)]
    pub(crate) all: bool,
    /// The side whose value stays
    #[arg(long, value_enum, conflicts_with_all = ["same", "different"])]
    pub(crate) keep: Option<Side>,
    /// The account is this person's
    #[arg(long, conflicts_with = "different")]
    pub(crate) same: bool,
    /// The account is not this person's
    #[arg(long, conflicts_with = "all")]
    pub(crate) different: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    Source,
    Target,
}

impl From<Side> for hris_core::reconcile::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Source => Self::Source,
            Side::Target => Self::Target,
        }
    }
}

#[derive(Args, Debug)]
pub(crate) struct Sandbox {
    /// The vendor to fake
    pub(crate) vendor: String,
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// How many people the invented company has
    #[arg(long, default_value_t = 250, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=200_000))]
    pub(crate) employees: u32,
    /// The same seed invents the same people and the same token
    #[arg(long, default_value_t = 7)]
    pub(crate) seed: u64,
    /// Requests a second above which it answers 429
    #[arg(long, value_name = "R")]
    pub(crate) rate_limit: Option<u32>,
    /// How long each answer takes
    #[arg(long, default_value_t = 0, value_name = "L")]
    pub(crate) latency_ms: u64,
    /// Begin with the company as `hris demo` leaves it
    #[arg(long, hide = true)]
    pub(crate) after_demo: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Sync {
    /// Apply exactly this plan, or refuse
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Let this one plan pass the safeguards, once
    #[arg(long, requires = "plan")]
    pub(crate) approve: bool,
}
