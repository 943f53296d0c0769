//! Opens source, target and state of a configuration, and works with them.

use std::sync::Arc;

use hris_core::reconcile::{Judgement, Resolution};
use hris_core::{Directory, EmployeeId, FieldInfo, Finding, Level, ReadRequest, Secret, Timestamp, UserId};
use hris_reconcile::email::EmailSender;
use hris_reconcile::report::Report;
use hris_reconcile::store::{SqliteStore, SqliteStoreBuilder, StateStore as _};
use hris_reconcile::target::{TargetError, TargetErrorKind};
use hris_reconcile::targets::{DirectoryTarget, SqliteTarget};
use hris_reconcile::{Approval, Explanation, Planned, Runner, SavedPlan, Stage, Unlinked};

use crate::Shell;
use crate::commands::check::Looked;
use crate::config::{Mail, Settings, Target};
use crate::failure::{Failure, Result, exit};
use crate::progress::Progress;

/// Past runs, newest first.
pub(crate) async fn history(settings: &Settings, limit: u32) -> Result<Vec<Report>> {
    let store = SqliteStore::open_read_only(&settings.state).await?;
    Ok(store.history(&settings.connection, limit).await?)
}

/// When the last sync began.
pub(crate) async fn last_sync(settings: &Settings) -> Result<Option<Timestamp>> {
    let store = SqliteStore::open_read_only(&settings.state).await?;
    Ok(store.last_started(&settings.connection, "sync").await?)
}

/// One past run.
pub(crate) async fn past_run(settings: &Settings, run: &str) -> Result<Option<Report>> {
    let store = SqliteStore::open_read_only(&settings.state).await?;
    Ok(store.run(&settings.connection, run).await?)
}

/// What a sync would do. Writes nothing anywhere.
pub(crate) async fn plan(settings: &Settings, shell: &Shell) -> Result<Planned> {
    let now = shell.clock.now();
    with_runner(settings, shell, Access::Look, async |runner| Ok(runner.plan(now).await?)).await
}

/// Syncs.
pub(crate) async fn sync(settings: &Settings, shell: &Shell, now: Timestamp) -> Result<Report> {
    with_runner(settings, shell, Access::Write, async |runner| Ok(runner.run(now).await?)).await
}

/// Links accounts to employees.
pub(crate) async fn match_only(settings: &Settings, shell: &Shell) -> Result<Report> {
    let now = shell.clock.now();
    with_runner(settings, shell, Access::Write, async |runner| Ok(runner.match_users(now).await?)).await
}

/// Remembers what was decided about conflicts and questions.
pub(crate) async fn resolve(
    settings: &Settings,
    shell: &Shell,
    decisions: &[Resolution],
    answers: &[Judgement],
) -> Result<()> {
    let now = shell.clock.now();
    let decide = async |runner: &Runner| {
        runner.resolve(decisions).await?;
        Ok(runner.judge(answers, now).await?)
    };
    with_runner(settings, shell, Access::Write, decide).await
}

/// Syncs one person.
pub(crate) async fn import(settings: &Settings, shell: &Shell, employee: &EmployeeId) -> Result<Report> {
    let now = shell.clock.now();
    with_runner(settings, shell, Access::Write, async |runner| Ok(runner.import(employee, now).await?)).await
}

/// Decides that an account is an employee's.
pub(crate) async fn link(
    settings: &Settings,
    shell: &Shell,
    employee: &EmployeeId,
    user: &UserId,
) -> Result<()> {
    let now = shell.clock.now();
    with_runner(settings, shell, Access::Write, async |runner| Ok(runner.link(employee, user, now).await?))
        .await
}

/// Decides that the linked account is not an employee's, and says which one it was.
pub(crate) async fn unlink(settings: &Settings, shell: &Shell, employee: &EmployeeId) -> Result<Unlinked> {
    let now = shell.clock.now();
    with_runner(settings, shell, Access::Write, async |runner| Ok(runner.unlink(employee, now).await?)).await
}

/// Why something would be done for one person, or not.
pub(crate) async fn explain(
    settings: &Settings,
    shell: &Shell,
    employee: &EmployeeId,
) -> Result<Option<Explanation>> {
    let now = shell.clock.now();
    with_runner(settings, shell, Access::Look, async |runner| Ok(runner.explain(employee, now).await?)).await
}

/// Carries out one saved plan.
pub(crate) async fn apply(
    settings: &Settings,
    shell: &Shell,
    saved: &SavedPlan,
    approval: Approval,
) -> Result<Report> {
    let now = shell.clock.now();
    let apply = async |runner: &Runner| Ok(runner.apply(saved, approval, now).await?);
    with_runner(settings, shell, Access::Write, apply).await
}

/// The fields of the source, before there is a mapping.
pub(crate) async fn fields(settings: &Settings, shell: &Shell) -> Result<Vec<FieldInfo>> {
    let request = ReadRequest::everything(shell.clock.now().date_in(&settings.time_zone));
    let read = async |directory: &dyn Directory| {
        let mut stop = shell.stop.clone();
        let read = tokio::select! {
            biased;
            _ = stop.stopped() => Err(Failure::interrupted()),
            fields = directory.fields(&request) => fields.map_err(Failure::from),
        };
        // Whatever came of it, a renewal that is under way is taken to its end.
        match directory.settle().await {
            Ok(()) => read,
            Err(lost) => match read {
                Ok(_) => Err(lost.into()),
                Err(failure) => Err(Failure { message: format!("{failure}; {lost}"), ..failure }),
            },
        }
    };
    if settings.vendor.consent().is_none() {
        return read(&*settings.vendor.directory(settings)?).await;
    }
    let store = state(settings).await?;
    let directory = source(settings, &store).await?;
    let done = read(&*directory).await.map_err(|failure| explain_refusal(settings, failure));
    drop(directory);
    if let Some(store) = Arc::into_inner(store) {
        let _ = store.close().await;
    }
    done
}

/// Looks at everything a run needs.
pub(crate) async fn check(settings: &Settings, shell: &Shell) -> Result<Looked> {
    let now = shell.clock.now();
    let mut looked = Looked::default();
    let file = settings.file.display().to_string();
    looked.push(
        "configuration",
        Finding::new(Level::Passed, file, "every key is known and has a valid value"),
        exit::DONE,
    );
    let loosened = settings.safeguards.loosened();
    for warning in settings.warnings.iter().chain(&loosened) {
        looked.push("configuration", Finding::new(Level::Warning, "configuration", warning), exit::DONE);
    }
    let check =
        with_runner(settings, shell, Access::Look, async |runner| Ok(runner.check(now).await?)).await?;
    looked.organisation.clone_from(&check.source.organisation);
    let missing = |finding: &Finding, code| if finding.level >= Level::Missing { code } else { exit::DONE };
    for mut finding in check.source.findings {
        let code = missing(&finding, exit::AUTH);
        if finding.level == Level::Refused && settings.vendor.consent().is_some() {
            finding.remedy = Some(match finding.remedy {
                Some(remedy) => format!("`hris connect`: {remedy}"),
                None => CONNECT.to_owned(),
            });
        }
        looked.push("source", finding, code);
    }
    for finding in check.mapping {
        let code = missing(&finding, exit::USAGE);
        looked.push("mapping", finding, code);
    }
    let refused = check.target.level == Level::Refused;
    let code = match check.refused {
        Some(_) => exit::REFUSED,
        None if refused => exit::AUTH,
        None => exit::UNAVAILABLE,
    };
    let code = missing(&check.target, code);
    looked.push("target", check.target, code);
    let code = missing(&check.state, exit::STATE);
    looked.push("state", check.state, code);
    for finding in check.warnings {
        looked.push("safeguards", finding, exit::DONE);
    }
    if let Some((finding, code)) = check_mail(settings, shell).await? {
        looked.push("report", finding, code);
    }
    Ok(looked)
}

/// What gives a connection a credential.
const CONNECT: &str = "`hris connect` does it";

/// The source as it is read: with the tokens in the state, where it is connected by consent.
async fn source(settings: &Settings, store: &Arc<SqliteStore>) -> Result<Box<dyn Directory>> {
    let Some(oauth) = settings.vendor.consent() else { return settings.vendor.directory(settings) };
    let name = &settings.connection;
    let stored = store.connection(name).await?;
    if stored.is_some_and(|connection| connection.stage() == Stage::ReconnectNeeded) {
        return Err(Failure::auth(format!(
            "connection {name:?} waits for a new credential: `hris connect` connects it again, with its links and history"
        )));
    }
    oauth.directory(settings, Arc::new(store.tokens(name)))
}

/// Names the command that helps.
fn explain_refusal(settings: &Settings, mut failure: Failure) -> Failure {
    if failure.reconnect && settings.vendor.consent().is_some() {
        failure.message = format!("{}: {CONNECT}", failure.message);
    }
    failure
}

/// Looks whether a report could be sent, as far as that shows without sending one.
async fn check_mail(settings: &Settings, shell: &Shell) -> Result<Option<(Finding, u8)>> {
    const SUBJECT: &str = "report mail";
    let sender = match mailer(settings) {
        Ok(None) => return Ok(None),
        Ok(Some(sender)) => sender,
        Err(failure) => {
            let finding = Finding::new(Level::Missing, SUBJECT, failure.message);
            return Ok(Some((finding.cost("`hris sync` cannot start without it"), failure.code)));
        }
    };
    let mut stop = shell.stop.clone();
    let checked = tokio::select! {
        checked = sender.check() => checked,
        _ = stop.stopped() => return Err(Failure::interrupted()),
    };
    Ok(Some(match checked {
        Ok(()) => {
            let found = format!("{} takes messages from {}", sender.server(), sender.sender());
            (Finding::new(Level::Passed, SUBJECT, found), exit::DONE)
        }
        Err(error) => {
            // A report that is not sent fails no run, so it does not keep one from being made.
            let finding = Finding::new(Level::Warning, SUBJECT, error.to_string());
            (finding.cost("runs go on, and their reports are sent to nobody"), exit::DONE)
        }
    }))
}

/// The state, to be written, with the key of the configuration.
pub(crate) async fn state(settings: &Settings) -> Result<Arc<SqliteStore>> {
    Ok(Arc::new(state_builder(settings)?.open().await?))
}

/// The file of the state, with the key of the configuration.
fn state_builder(settings: &Settings) -> Result<SqliteStoreBuilder> {
    let mut builder = SqliteStore::builder(&settings.state);
    if let Some(name) = &settings.state_key_env {
        let key = std::env::var(name).map_err(|_| {
            settings.fault("state.key_env", format!("the environment variable {name} is not set"))
        })?;
        builder = builder.seal_with(Secret::from(key));
    }
    Ok(builder)
}

/// Whether the state is opened to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Look,
    Write,
}

/// Opens everything, works, and closes it again, so that nothing is left beside the files.
async fn with_runner<T>(
    settings: &Settings,
    shell: &Shell,
    access: Access,
    work: impl AsyncFnOnce(&Runner) -> Result<T>,
) -> Result<T> {
    for warning in &settings.warnings {
        shell.console.note(format!("warning: {warning}"));
    }
    let mapping = settings.mapping_for(&settings.vendor.capabilities())?;
    // What is wrong with the settings shows before any file is made.
    settings.vendor.directory(settings)?;
    let mailer = if access == Access::Write { mailer(settings)? } else { None };
    let (target, table) = target(settings).await?;
    let store = match (access, settings.vendor.consent()) {
        (Access::Look, None) => Arc::new(state_builder(settings)?.open_read_only().await?),
        // A token may have to be renewed to look, and what replaces it must not be lost.
        _ => state(settings).await?,
    };
    let directory = source(settings, &store).await?;
    let progress = Progress::new(shell.console);
    let mut builder = Runner::builder(directory, target, Arc::clone(&store))
        .connection(&settings.connection)
        .mapping(mapping)
        .policy(settings.policy.clone())
        .safeguards(settings.safeguards.clone())
        .time_zone(settings.time_zone.clone())
        .observer(progress.clone())
        .stop(shell.stop.runs());
    if shell.clock.is_real() {
        builder = builder.real_time();
    }
    if let Some(mailer) = mailer {
        builder = builder.after_run(mailer);
    }
    let done = match builder.build() {
        Ok(runner) => work(&runner).await,
        Err(error) => Err(error.into()),
    };
    progress.finish();
    let done = done.map_err(|failure| explain_refusal(settings, failure));
    // What was done is on the disk already; these only tidy up.
    if let Some(table) = table {
        let _ = table.close().await;
    }
    if let Some(store) = Arc::into_inner(store) {
        let _ = store.close().await;
    }
    done
}

/// The target, and once more where it is a file that is to be closed.
async fn target(
    settings: &Settings,
) -> Result<(Arc<dyn hris_reconcile::target::Target>, Option<Arc<SqliteTarget>>)> {
    match &settings.target {
        Target::Directory(other) => {
            let directory = other.vendor.directory(other)?;
            let target = DirectoryTarget::new(directory)
                .map(|target| target.with_time_zone(settings.time_zone.clone()));
            Ok((Arc::new(target.map_err(|error| other.fault("target.vendor", error))?), None))
        }
        Target::Sqlite(path) => {
            let table = SqliteTarget::open(path).await.map_err(target_failure)?;
            let known = settings.assignable.iter();
            let table = known
                .fold(table, |table, (kind, values)| table.with_assignable(*kind, values.iter().cloned()));
            let table = Arc::new(table);
            Ok((Arc::clone(&table) as _, Some(table)))
        }
    }
}

/// What sends each report to the person of the configuration, if it names one.
pub(crate) fn mailer(settings: &Settings) -> Result<Option<EmailSender>> {
    let Some(Mail { to, from, smtp_url_env: name }) = &settings.mail else { return Ok(None) };
    let url = std::env::var(name).map_err(|_| {
        settings.fault("report.smtp_url_env", format!("the environment variable {name} is not set"))
    })?;
    let sender = EmailSender::new(&Secret::from(url), from.as_deref(), to);
    Ok(Some(sender.map_err(|error| settings.fault("report.smtp_url_env", format!("{name}: {error}")))?))
}

fn target_failure(error: TargetError) -> Failure {
    let kind = match error.kind {
        TargetErrorKind::Auth => hris_reconcile::ErrorKind::Auth,
        _ => hris_reconcile::ErrorKind::Target,
    };
    hris_reconcile::Error::new(kind, error.to_string()).into()
}
