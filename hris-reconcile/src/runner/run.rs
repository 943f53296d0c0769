//! One run, from its lease to its report.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use hris_core::reconcile::{
    ActionKey, ActionKind, Decision, Extent, Handover, Links, Mode, Plan, Reason, Refusal, Rule, breaches,
    guard,
};
use hris_core::{EmployeeId, Lookup, Problem, ProblemCode, Timestamp, UserId};
use tracing::Instrument as _;

use super::apply::{Apply, Order};
use super::draft::Draft;
use super::fetch::World;
use super::lease::Keeper;
use super::{Approval, Runner, SavedPlan, Step, push, trace};
use crate::observer::Event;
use crate::report::{ActionResult, Report};
use crate::store::Lease;
use crate::{Error, ErrorKind, Result, Stage};

/// For how many days a plan can be approved.
const APPROVAL_DAYS: i32 = 7;
/// How many settlements are recorded at once.
const BATCH: usize = 256;
/// How long a hook may take: longer than a mail server is given, which then has the last word.
const HOOK_LIMIT: Duration = Duration::from_secs(150);

/// What a run is for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command<'a> {
    Apply(&'a SavedPlan, Approval),
    Import(&'a EmployeeId),
    Match,
    /// What was changed in an account, seen at that instant.
    Push(&'a UserId, Timestamp),
    Sync,
}

impl Command<'_> {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Import(_) => "import",
            Self::Match => "match",
            Self::Push(..) => "push",
            Self::Apply(..) | Self::Sync => "sync",
        }
    }

    /// Whether it is about one person only.
    fn is_partial(self) -> bool {
        matches!(self, Self::Import(_) | Self::Push(..))
    }

    pub(super) fn mode(self) -> Mode {
        match self {
            Self::Match => Mode::Match,
            _ => Mode::Sync,
        }
    }
}

/// What is to be done with a plan.
#[derive(Default)]
struct Way {
    refused: Option<Refusal>,
    /// Actions that wait, and why.
    held: BTreeSet<ActionKey>,
    /// Accounts that go to another connection.
    handovers: Vec<Handover>,
    waiting: Option<Refusal>,
    approved: bool,
    /// What asking by id found out about people whom the plan would remove.
    asked: BTreeMap<ActionKey, Reason>,
}

/// Whether a plan does and remembers nothing.
fn is_idle(plan: &Plan) -> bool {
    plan.actions.is_empty()
        && plan.agreed.is_empty()
        && plan.handovers.is_empty()
        && plan.lapsed.is_empty()
        && plan.notes.is_empty()
}

impl Runner {
    pub(super) async fn execute(&self, command: Command<'_>, now: Timestamp) -> Result<Report> {
        self.allow(Step::Write)?;
        let draft = self.draft(command.as_str(), now);
        let span = trace::span(&draft);
        async {
            let ended = self.traced(command, draft, now).await;
            trace::ended(ended.as_ref());
            ended
        }
        .instrument(span)
        .await
    }

    /// The same inside the span of the run.
    async fn traced(&self, command: Command<'_>, mut draft: Draft, now: Timestamp) -> Result<Report> {
        self.tell(&Event::Started { run: draft.run.clone() });
        let done = match self.store.acquire(&self.connection, &draft.run).await {
            Ok(lease) => self.begun().under(lease, command, &mut draft, now).await,
            Err(error) => Err(error),
        };
        let lost = self.settle().await.err();
        match done {
            Ok(mut report) => {
                // What the run was for is done and recorded.
                let more = lost.is_some();
                report.notices.extend(lost.map(|lost| lost.to_string()));
                self.hand_over(&mut report, more).await;
                Ok(report)
            }
            Err(error) => {
                let error = match &lost {
                    Some(lost) => error.with_hint(lost),
                    None => error,
                };
                if error.is_credential_refused() {
                    self.lose_credential(&mut draft).await;
                }
                let mut report = draft.failed(&error);
                let is_recorded = !matches!(error.kind(), ErrorKind::Busy | ErrorKind::State);
                self.hand_over(&mut report, is_recorded).await;
                Err(error.with_report(report))
            }
        }
    }

    /// Marks the stored connection, where there is one: it waits for a new credential, and nobody asks
    /// the vendor with the dead one again.
    async fn lose_credential(&self, draft: &mut Draft) {
        let marked = async {
            let Some(mut connection) = self.store.connection(&self.connection).await? else {
                return Ok(false);
            };
            if connection.stage() == Stage::ReconnectNeeded || connection.lose_credential().is_err() {
                return Ok(false);
            }
            self.store.save_connection(&connection).await?;
            Ok::<_, Error>(true)
        };
        match marked.await {
            Ok(true) => draft
                .notices
                .push("the connection waits for a new credential; its links and history are kept".to_owned()),
            Ok(false) => {}
            Err(_) => draft.notices.push("that the credential is dead could not be recorded".to_owned()),
        }
    }

    /// Works under a lease and gives it back.
    async fn under(
        &self,
        lease: Lease,
        command: Command<'_>,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<Report> {
        let keeper = Keeper::new(&*self.store, lease);
        let done = keeper.hold(self.work(&keeper, command, draft, now)).await;
        if let Err(error) = &done
            && !matches!(error.kind(), ErrorKind::Busy | ErrorKind::State)
        {
            let recorded = self.store.finish(keeper.lease(), &draft.failed(error), None, None).await;
            if recorded.is_err() {
                draft.notices.push("the report of this run could not be recorded".to_owned());
            }
        }
        // A lease that is not given back runs out by itself.
        if self.store.release(keeper.lease()).await.is_err() {
            tracing::debug!("the lease was not given back and will run out");
        }
        done
    }

    async fn work(
        &self,
        keeper: &Keeper<'_>,
        command: Command<'_>,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<Report> {
        let past = self.past(draft, now).await?;
        for settlements in past.settlements.chunks(BATCH) {
            self.store.settle(keeper.lease(), settlements).await?;
        }
        let (known, creations) = (past.known, past.creations);
        let mut world = match command {
            Command::Push(user, observed_at) => {
                let Some(world) = self.one_pair((user, observed_at), known, draft, now).await? else {
                    let report = draft.finished();
                    self.store.finish(keeper.lease(), &report, None, None).await?;
                    return Ok(report);
                };
                world
            }
            _ => self.fetch(command.mode(), known, draft, now).await?,
        };
        if let Command::Import(employee) = command {
            self.find(employee, &world, draft, now).await?;
        }
        let (mut plan, mut decision) = match command.is_partial() {
            // Nobody is asked for who is missing: that is for the next sync.
            true => (self.make_plan(&world, now), Decision::Go),
            false => self.decide(&mut world, draft, now).await?,
        };
        let refused = refuse_others(&plan).filter(|_| command.is_partial());
        match command {
            Command::Import(employee) => {
                only(&mut plan, employee);
                decision = guard(&plan, &self.safeguards);
            }
            Command::Push(user, _) => {
                push::only_back(&mut plan, user);
            }
            _ => {}
        }
        decision = refused.map_or(decision, Decision::Refuse);
        if command.is_partial() {
            self.tell_of(&plan);
        }
        let way = match command {
            Command::Apply(saved, approval) => {
                self.way_of_saved(saved, approval, (&plan, decision), &mut world, draft, now).await?
            }
            _ => Way::by(decision, &plan),
        };
        draft.refusal = way.refused.clone().or(way.waiting.clone());
        if way.refused.is_some() {
            draft.rest = ActionResult::Planned;
            draft.plan = Some(plan);
            let report = draft.refused();
            self.store.finish(keeper.lease(), &report, None, None).await?;
            return Ok(report);
        }
        let is_whole = matches!(command, Command::Apply(..) | Command::Sync);
        let order = Order {
            run: &draft.run,
            now,
            approved: way.approved,
            held: &way.held,
            handovers: &way.handovers,
            creations: &creations,
            is_whole,
        };
        let links = std::mem::take(&mut world.links);
        // Nobody asks whose an account is where nothing is done.
        let links = if is_idle(&plan) { Vec::new() } else { links };
        let links = Links::of(links).beside(&world.others);
        let mut apply = Apply::new(self, keeper, order, links, (&plan.actions, &world.users));
        apply.empty = self.empty_fields(&plan.actions, &world.snapshot);
        for action in &mut plan.actions {
            if let Some(reason) = way.asked.get(&action.key) {
                action.reason = *reason;
            }
        }
        let mut after = Vec::new();
        let plan = draft.plan.insert(plan);
        let done = apply.run(plan, &world, &mut after, &mut draft.ends, &mut draft.problems).await;
        plan.actions.append(&mut after);
        done?;
        let plan = &*plan;
        let extent = match (&way.waiting, way.approved) {
            (Some(_), _) => Extent::WithoutRemovals,
            (None, true) => Extent::Approved,
            (None, false) => Extent::Whole,
        };
        let mut baseline = plan.next_baseline(extent).filter(|_| !command.is_partial()).cloned();
        if let Some(baseline) = &mut baseline
            && baseline.target.is_none()
        {
            // A target that was not prepared yet has its id since the first write. If it does not say, the
            // next run learns it.
            baseline.target = self.calls.identity().await.unwrap_or_default();
        }
        let claims = (!command.is_partial()).then(|| plan.claims.clone());
        let report = draft.finished();
        self.store.finish(keeper.lease(), &report, baseline.as_ref(), claims.as_deref()).await?;
        Ok(report)
    }

    /// Decides on a plan that somebody saved: it must be the plan that was just made.
    async fn way_of_saved(
        &self,
        saved: &SavedPlan,
        approval: Approval,
        (plan, decision): (&Plan, Decision),
        world: &mut World,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<Way> {
        let stale = if saved.connection() != self.connection {
            Some(format!("the plan was made for connection {:?}", saved.connection()))
        } else if !saved.is_intact() {
            Some("the plan was changed by hand".to_owned())
        } else if *saved.digest() != plan.digest() {
            Some("source, target or settings changed since, so another plan would be made now".to_owned())
        } else if approval == Approval::Given && saved.created_at().plus_days(APPROVAL_DAYS) < now {
            Some(format!("the plan is more than {APPROVAL_DAYS} days old"))
        } else {
            None
        };
        let unapproved = self.breached(plan).into_iter().find(|rule| !saved.breached().contains(rule));
        let stale = stale.or_else(|| {
            let rule = unapproved.filter(|_| approval == Approval::Given)?.as_str();
            Some(format!(
                "{rule} is breached now and was not when the plan was made, so nobody approved that"
            ))
        });
        if let Some(why) = stale {
            let planned = plan.actions.len() as u64;
            let message = format!("{why}; make a new plan and look at it");
            let refusal = Refusal::new(Rule::PlanStale, 0, planned, message);
            return Ok(Way { refused: Some(refusal), ..Way::default() });
        }
        if approval == Approval::None {
            return Ok(Way::by(decision, plan));
        }
        // The approval lets them go. Missing people are asked for, and those who are there stay.
        let mut way = Way { handovers: plan.handovers.clone(), approved: true, ..Way::default() };
        if self.ask_for_missing(world, plan, draft).await? {
            let again = self.make_plan(world, now);
            way.handovers.retain(|handover| again.handovers.contains(handover));
            let reasons: BTreeMap<&ActionKey, Reason> =
                again.actions.iter().map(|action| (&action.key, action.reason)).collect();
            for action in &plan.actions {
                let reason = reasons.get(&action.key).copied();
                if reason.is_none() {
                    way.held.insert(action.key.clone());
                }
                if action.kind == ActionKind::Deactivate {
                    let reason = reason.or_else(|| why_not(&again, &world.absent, action.employee.as_ref()?));
                    way.asked.extend(reason.map(|reason| (action.key.clone(), reason)));
                }
            }
        }
        Ok(way)
    }

    /// The rules that stand in the way of a plan.
    pub(super) fn breached(&self, plan: &Plan) -> BTreeSet<Rule> {
        breaches(plan, &self.safeguards).into_iter().map(|refusal| refusal.rule).collect()
    }

    /// Looks whether there is such a person in the source at all.
    async fn find(
        &self,
        employee: &EmployeeId,
        world: &World,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<()> {
        if world.snapshot.employees().iter().any(|person| person.id() == employee)
            || world.snapshot.set_aside().iter().any(|aside| aside == employee)
        {
            return Ok(());
        }
        let request = self.request(now);
        let answer = self.unless_stopped(async { Ok(self.directory.get(employee, &request).await?) }).await?;
        draft.source.requests += 1;
        let (kind, what) = match answer {
            Lookup::Found(_) => (ErrorKind::Source, "the source knows the person and does not list them"),
            Lookup::NotVisible => (ErrorKind::Auth, "the credential may not see this person"),
            _ => (ErrorKind::Config, "the source knows nobody of this id"),
        };
        Err(Error::new(kind, format!("import {employee}: {what}")))
    }

    /// Hands the report to the hooks and the observer. What is known since the run was recorded, `more` of it
    /// before the hooks or what came of them, is added to the record.
    async fn hand_over(&self, report: &mut Report, mut more: bool) {
        for hook in &self.hooks {
            let call = AssertUnwindSafe(hook.finished(report)).catch_unwind();
            let fault = match tokio::time::timeout(HOOK_LIMIT, call).await {
                Ok(Ok(Ok(()))) => continue,
                Ok(Ok(Err(error))) => error.to_string(),
                Ok(Err(_panic)) => {
                    "handing the report over broke off in the program that takes it; look at its own log"
                        .to_owned()
                }
                Err(_elapsed) => format!(
                    "handing over the report was stopped after {} s; it is unknown whether it arrived",
                    HOOK_LIMIT.as_secs()
                ),
            };
            report.problems.push(Problem::warning(ProblemCode::ReportNotSent, fault));
            more = true;
        }
        if more && self.store.amend(report).await.is_err() {
            report
                .notices
                .push("what became known after the run could not be added to its record".to_owned());
        }
        self.tell(&Event::Finished { outcome: report.outcome, counts: report.counts });
    }
}

/// What refuses a run about one person, who alone cannot be compared with everybody: somebody else answers
/// than at the last whole run, or the accounts are not the ones that were linked.
fn refuse_others(plan: &Plan) -> Option<Refusal> {
    let figures = &plan.figures;
    let (rule, what) = if figures.organisation_changed || figures.strangers.is_some() {
        (Rule::OrganisationChanged, "another organisation answers than at the last complete run")
    } else if figures.credential_changed {
        (Rule::CredentialChanged, "another credential answers than at the last complete run")
    } else if figures.target_changed || figures.none_listed {
        (Rule::TargetChanged, "the accounts are in another target than at the last complete run")
    } else {
        return None;
    };
    let message =
        format!("{what}, so nothing is done for one person alone; run `sync`, which says what to do");
    Some(Refusal::new(rule, 0, plan.actions.len() as u64, message))
}

/// Why somebody whom a plan would remove stays, now that the source was asked for them.
fn why_not(again: &Plan, answers: &BTreeMap<EmployeeId, Lookup>, employee: &EmployeeId) -> Option<Reason> {
    if matches!(answers.get(employee), Some(Lookup::Found(_))) {
        return Some(Reason::ThereWhenAsked);
    }
    Some(again.people.of(employee)?.reason)
}

impl Way {
    fn by(decision: Decision, plan: &Plan) -> Self {
        let mut way = Self::default();
        match decision {
            Decision::Hold(refusal) => {
                let going = plan.without_removals();
                way.handovers = going.handovers;
                let going: BTreeSet<ActionKey> = going.actions.into_iter().map(|action| action.key).collect();
                let keys = plan.actions.iter().map(|action| &action.key);
                way.held = keys.filter(|key| !going.contains(key)).cloned().collect();
                way.waiting = Some(refusal);
            }
            Decision::Refuse(refusal) => way.refused = Some(refusal),
            _ => way.handovers.clone_from(&plan.handovers),
        }
        way
    }
}

/// Leaves of a plan what concerns one person.
fn only(plan: &mut Plan, employee: &EmployeeId) {
    plan.actions.retain(|action| action.employee.as_ref() == Some(employee));
    plan.people.retain(|verdict| verdict.is_of(employee));
    plan.problems.retain(|problem| problem.about().any(|id| id == employee));
    plan.conflicts.retain(|conflict| conflict.employee.as_ref() == Some(employee));
    plan.agreed.retain(|agreement| agreement.employee == *employee);
    plan.questions.retain(|question| question.employee == *employee);
    plan.notes.retain(|note| note.employee == *employee);
    plan.handovers.retain(|handover| handover.employee == *employee);
    plan.lapsed.clear();
    // Everybody else was not asked for, which holds nothing back.
    plan.figures.withheld_removals = 0;
    plan.figures.removals = plan.of_kind(ActionKind::Deactivate).count() as u64;
    plan.figures.handovers = plan.handovers.len() as u64;
    plan.figures.creations = plan.of_kind(ActionKind::Create).count() as u64;
    plan.figures.email_changes = plan.figures.email_changes.min(plan.actions.len() as u64);
}
