//! The runner: reads, has the engine decide, and does what it decided.

mod apply;
mod attempt;
mod builder;
mod calls;
mod check;
mod count;
mod draft;
mod fetch;
mod joined;
mod lease;
mod partly;
mod people;
mod planned;
mod push;
mod refused;
mod remember;
mod removal;
mod run;
mod saved;
mod seen;
mod settle;
mod stop;
mod trace;
mod two_way;
mod unclear;

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hris_core::mapping::FieldMap;
use hris_core::reconcile::{Decision, Policy, Resolution, Safeguards};
use hris_core::{Directory, EmployeeId, FieldInfo, Problem, ReadRequest, TimeZone, Timestamp, UserId};
use tokio::time::Instant;
use tracing::Instrument as _;

pub use self::builder::RunnerBuilder;
use self::calls::Calls;
pub use self::check::Check;
use self::draft::Draft;
pub use self::people::Unlinked;
pub use self::planned::{Explanation, Planned};
pub use self::removal::Removal;
use self::run::Command;
pub use self::saved::SavedPlan;
pub use self::stop::Stop;
use crate::observer::{self, Event, Observer, ReportHook};
use crate::report::{ActionLine, ActionResult, Report};
use crate::store::StateStore;
use crate::target::Target;
use crate::{Error, ErrorKind, Result, Stage};

/// Provisions one connection: reads the directory and the target, plans, and carries plans out.
///
/// It reads no clock: each method takes the instant it is to work at. Dropping a future of it is as
/// safe as a crash: the next run finds out what was done. Where the credential of
/// the source or the target renews itself, call [`Runner::settle`] afterwards, so that a renewal under way is not
/// lost. A run that ends by itself, stopped ones among them, has done so.
///
/// ```
/// use hris_core::{Employee, Field, MemoryDirectory, StandardField, Status};
/// use hris_reconcile::Runner;
/// use hris_reconcile::store::MemoryStore;
/// use hris_reconcile::targets::MemoryTarget;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ada = Employee::new("e-1")
///     .with_status(Status::Active, "active")
///     .with(StandardField::Email, Field::Value("ada@mill.example".into()));
/// let users = MemoryTarget::new();
/// let runner = Runner::builder(MemoryDirectory::new([ada]), users.clone(), MemoryStore::new()).build()?;
///
/// let now = "2026-11-23T09:00:00Z".parse()?;
/// let planned = runner.plan(now).await?;
/// assert_eq!(planned.report.counts.created, 1);
/// assert!(users.all().is_empty());
///
/// let report = runner.run(now).await?;
/// assert_eq!((report.counts.created, report.counts.invited), (1, 1));
/// assert_eq!(users.all().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Runner {
    directory: Arc<dyn Directory>,
    target: Arc<dyn Target>,
    calls: Calls,
    store: Arc<dyn StateStore>,
    connection: String,
    stage: Stage,
    map: FieldMap,
    /// Whether the mapping takes whatever the source has, so that nobody asked for any one field.
    maps_all: bool,
    policy: Policy,
    safeguards: Safeguards,
    time_zone: TimeZone,
    config: String,
    /// The fields that both sides may change. `None` where data flows from the source alone.
    shared: Option<two_way::Shared>,
    observer: Arc<dyn Observer>,
    hooks: Vec<Arc<dyn ReportHook>>,
    stop: Stop,
    /// Whether runs are given the real time.
    real_time: bool,
    /// How long a run may take, and until when this one may.
    deadline: Option<Duration>,
    until: Option<Instant>,
}

/// Whether somebody has looked at a plan and wants it done although a safeguard refuses it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Approval {
    /// The plan passes the safeguards this once.
    Given,
    /// The safeguards hold.
    #[default]
    None,
}

impl Runner {
    /// Starts to build a runner. Each part may be a value, a `Box` or an `Arc`, of a type or of the
    /// trait.
    pub fn builder(directory: impl Directory, target: impl Target, store: impl StateStore) -> RunnerBuilder {
        RunnerBuilder::new(Arc::new(directory), Arc::new(target), Arc::new(store))
    }

    /// The connection's name.
    #[must_use]
    pub fn connection(&self) -> &str {
        &self.connection
    }

    /// The handle that stops this runner's runs.
    #[must_use]
    pub fn stop(&self) -> &Stop {
        &self.stop
    }

    /// Looks whether a run could work: credential and permissions of the source, the mapping, the
    /// target, the state. Reads no people and writes nothing.
    ///
    /// # Errors
    /// Where nothing could be found out at all: [`ErrorKind::Source`] if the source does not answer.
    /// What is missing is in the [`Check`].
    pub async fn check(&self, now: Timestamp) -> Result<Check> {
        self.allow(Step::Check)?;
        async {
            let done = check::check(self, now).await;
            let done = self.settled(done).await;
            trace::checked(done.as_ref());
            done
        }
        .instrument(trace::check_span(self))
        .await
    }

    /// Finishes what the directory and the target must not abandon, after a future of this runner was
    /// dropped; see [`Directory::settle`] and [`Settles`](crate::target::Settles).
    ///
    /// # Errors
    /// If what a renewal brought could not be stored.
    pub async fn settle(&self) -> Result<()> {
        let (source, target) = (self.directory.settle().await, self.calls.settle().await);
        source?;
        target.map_err(|error| calls::fatal("settle the target", error))
    }

    /// Reads and decides, and writes nothing anywhere. It needs no lease and may be asked at any
    /// time.
    ///
    /// # Errors
    /// [`ErrorKind::Source`], [`ErrorKind::Auth`], [`ErrorKind::Target`] or [`ErrorKind::State`] if
    /// something could not be read; [`ErrorKind::Config`] if the connection has no mapping yet.
    pub async fn plan(&self, now: Timestamp) -> Result<Planned> {
        self.allow(Step::Plan)?;
        let mut draft = self.draft("plan", now);
        let span = trace::span(&draft);
        async {
            let planned = self.begun().plan_only(&mut draft, now).await;
            let planned = self.settled(planned).await;
            trace::ended(planned.as_ref().map(|planned| &planned.report));
            planned.map_err(|error| {
                let report = draft.failed(&error);
                error.with_report(report)
            })
        }
        .instrument(span)
        .await
    }

    /// Syncs: reads, decides, and does it, unless a safeguard refuses.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] if another run holds the connection; [`ErrorKind::Cancelled`] if it was
    /// stopped; [`ErrorKind::Config`] if the connection is not published; else what could not be
    /// read or written. [`Error::report`] says what was done until then. A refusal is no error.
    pub async fn run(&self, now: Timestamp) -> Result<Report> {
        self.execute(Command::Sync, now).await
    }

    /// Links accounts to employees and brings their assignments in line; creates, invites and
    /// removes nobody.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn match_users(&self, now: Timestamp) -> Result<Report> {
        self.execute(Command::Match, now).await
    }

    /// Carries out exactly the plan that was saved. It is made anew first; if it comes out otherwise, the
    /// run is refused as stale. With [`Approval::Given`] it passes the safeguards once, and its removals do
    /// not count in the window of later runs; everybody missing is then asked for by id, and a person who
    /// is there after all stays.
    ///
    /// An approval is good for a week.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub async fn apply(&self, saved: &SavedPlan, approval: Approval, now: Timestamp) -> Result<Report> {
        self.execute(Command::Apply(saved, approval), now).await
    }

    /// Does for one person what a sync would, and for nobody else. Everybody is read, since only among all
    /// others can be seen whose an address or an account is. Nobody is removed for being missing, and later
    /// runs are compared with the last whole run as before. If another organisation or another credential
    /// answers than at that run, it is refused.
    ///
    /// # Errors
    /// As [`Runner::run`], and [`ErrorKind::Config`] if the source knows nobody of this id.
    pub async fn import(&self, employee: &EmployeeId, now: Timestamp) -> Result<Report> {
        self.execute(Command::Import(employee), now).await
    }

    /// Carries what was changed in one account over to the source, at once: what a product calls when
    /// somebody edited a profile. The rules, the journal and the report are those of a sync; nothing is
    /// written to the target, and what the source changed meanwhile comes with the next sync.
    ///
    /// If another organisation or another credential answers than at the last whole run, it is refused.
    /// Where the directory does not show who answers ([`Directory::fingerprint`]), everybody is read for
    /// it.
    ///
    /// The account is read anew, so events may come twice or in any order; one that is not newer than
    /// the last time the pair was compared is passed over, with a notice in the report. An account
    /// without a link waits for the next sync too.
    ///
    /// # Errors
    /// As [`Runner::run`], and [`ErrorKind::Config`] if the policy is not two-way.
    pub async fn push(&self, user: &UserId, observed_at: Timestamp, now: Timestamp) -> Result<Report> {
        if self.shared.is_none() {
            let message = "push: data flows from the source alone; set policy.two_way to write to it";
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.execute(Command::Push(user, observed_at), now).await
    }

    /// Remembers what was decided about conflicts of a plan: see [`Conflict::keep`]. The next run
    /// carries it out, unless a value changed since.
    ///
    /// # Errors
    /// [`ErrorKind::State`]; [`ErrorKind::Config`] if the connection is not published.
    ///
    /// [`Conflict::keep`]: hris_core::reconcile::Conflict::keep
    pub async fn resolve(&self, decisions: &[Resolution]) -> Result<()> {
        self.allow(Step::Write)?;
        self.store.decide(&self.connection, decisions).await
    }

    /// Explains why something would be done for one person, or not. Returns `None` if neither the source
    /// nor a link has this id. Reads as [`Runner::plan`] does.
    ///
    /// # Errors
    /// As [`Runner::plan`].
    pub async fn explain(&self, employee: &EmployeeId, now: Timestamp) -> Result<Option<Explanation>> {
        let Planned { plan, report, .. } = self.plan(now).await?;
        let Some((verdict, actions)) = plan.explain(employee) else { return Ok(None) };
        let about = |problem: &&Problem| problem.about().any(|id| id == employee);
        Ok(Some(Explanation {
            verdict: verdict.clone(),
            actions: actions
                .into_iter()
                .map(|action| ActionLine::new(action, ActionResult::Planned))
                .collect(),
            problems: plan.problems.iter().filter(about).cloned().collect(),
            refusal: report.refusal,
        }))
    }

    /// The fields of the source and how many people have each.
    ///
    /// # Errors
    /// [`ErrorKind::Source`] or [`ErrorKind::Auth`] if the source could not be read;
    /// [`ErrorKind::Config`] if the connection is not authorised.
    pub async fn fields(&self, now: Timestamp) -> Result<Vec<FieldInfo>> {
        self.allow(Step::Read)?;
        let today = now.date_in(&self.time_zone);
        let request = ReadRequest::everything(today).with_waiting(self.waiting());
        let done = self.unless_stopped(async { Ok(self.directory.fields(&request).await?) }).await;
        self.settled(done).await
    }

    /// Past runs of the connection, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`ErrorKind::State`].
    pub async fn history(&self, limit: u32) -> Result<Vec<Report>> {
        self.store.history(&self.connection, limit).await
    }

    /// When the last sync began, however it ended; `None` before the first. A `match`, a push or an import of
    /// one person puts no sync off.
    ///
    /// # Errors
    /// [`ErrorKind::State`].
    pub async fn last_sync(&self) -> Result<Option<Timestamp>> {
        self.store.last_started(&self.connection, Command::Sync.as_str()).await
    }

    /// One past run, by its id.
    ///
    /// # Errors
    /// [`ErrorKind::State`].
    pub async fn report(&self, run: &str) -> Result<Option<Report>> {
        self.store.run(&self.connection, run).await
    }

    async fn plan_only(&self, draft: &mut Draft, now: Timestamp) -> Result<Planned> {
        let past = self.past(draft, now).await?;
        let mut world = self.fetch(Command::Sync.mode(), past.known, draft, now).await?;
        let (plan, decision) = self.decide(&mut world, draft, now).await?;
        draft.rest = ActionResult::Planned;
        draft.plan = Some(plan.clone());
        let report = match &decision {
            Decision::Refuse(refusal) => {
                draft.refusal = Some(refusal.clone());
                let mut report = draft.refused();
                // Nothing is carried out either way, so what would be is the more useful figure.
                report.counts = count::planned(&plan);
                report
            }
            Decision::Hold(refusal) => {
                draft.refusal = Some(refusal.clone());
                let going: BTreeSet<_> =
                    plan.without_removals().actions.into_iter().map(|action| action.key).collect();
                draft.ends = plan
                    .actions
                    .iter()
                    .map(|action| {
                        let stays = going.contains(&action.key);
                        draft::End::new(
                            action,
                            if stays { ActionResult::Planned } else { ActionResult::Skipped },
                        )
                    })
                    .collect();
                draft.finished()
            }
            _ => draft.finished(),
        };
        let breached = self.breached(&plan);
        let removals = removal::removals(&plan, &world.users);
        Ok(Planned { plan, decision, report, removals, breached, now })
    }

    fn draft(&self, command: &'static str, now: Timestamp) -> Draft {
        let mut draft = Draft::new(&self.connection, command, self.directory.capabilities().vendor, now);
        draft.notices.extend(self.safeguards.loosened());
        draft
    }

    /// Refuses what the stage of the connection does not allow.
    fn allow(&self, step: Step) -> Result<()> {
        let allowed = match step {
            Step::Check => self.stage != Stage::Removed,
            Step::Read => {
                matches!(self.stage, Stage::Authorised | Stage::Mapped | Stage::Paused | Stage::Published)
            }
            Step::Plan => matches!(self.stage, Stage::Mapped | Stage::Paused | Stage::Published),
            Step::Write => self.stage == Stage::Published,
        };
        if allowed { Ok(()) } else { Err(self.stage.refuse(&self.connection)) }
    }

    /// Ends a call: whatever came of it, nothing of the directory is left under way.
    async fn settled<T>(&self, done: Result<T>) -> Result<T> {
        match (self.settle().await, done) {
            (Ok(()), done) => done,
            (Err(lost), Ok(_)) => Err(lost),
            (Err(lost), Err(error)) => Err(error.with_hint(&lost)),
        }
    }

    /// Does something that only reads, unless or until the runner is stopped. What the directory has under way
    /// then is settled when the call ends.
    async fn unless_stopped<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            biased;
            () = self.stop.stopped() => Err(stopped()),
            () = until(self.until) => Err(late()),
            done = work => done,
        }
    }

    /// This runner as one run of it, which ends in time.
    fn begun(&self) -> Self {
        let now = Instant::now();
        Self { until: self.deadline.and_then(|deadline| now.checked_add(deadline)), ..self.clone() }
    }

    /// Ends a run that was stopped or has taken too long, between two of its steps.
    fn interrupted(&self) -> Result<()> {
        if self.stop.is_stopped() {
            return Err(stopped());
        }
        if self.until.is_some_and(|until| until <= Instant::now()) { Err(late()) } else { Ok(()) }
    }

    fn tell(&self, event: &Event) {
        observer::tell(&*self.observer, event);
    }
}

/// What is about to be done with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Check,
    Plan,
    Read,
    Write,
}

/// Returns at the end of a run's time; never where it has no end.
async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

fn late() -> Error {
    let message =
        "the run took longer than its deadline; what was done is recorded, and the next run goes on";
    Error::new(ErrorKind::Deadline, message)
}

fn stopped() -> Error {
    Error::new(ErrorKind::Cancelled, "the run was stopped; what was done is recorded, run again when ready")
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("connection", &self.connection)
            .field("directory", &self.directory)
            .field("target", &self.target)
            .field("store", &self.store)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// How long one call of the target may take, unless the builder says otherwise.
const CALL_LIMIT: Duration = Duration::from_secs(30);
