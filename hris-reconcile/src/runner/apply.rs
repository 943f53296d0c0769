//! Carrying a plan out: what is about to be done is recorded before, how it ended after.
//!
//! A run may be cut at any point. Whatever was intended and has no recorded end is looked up in the
//! target by the next run, so the order here is: record a batch of intents, then for each action
//! look whether it still makes sense, do it, and record its end with what it makes of the link.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{Action, ActionKey, ActionKind, Situation};
use hris_core::{EmployeeId, Problem, ProblemCode, Timestamp, User, UserId, UserStatus};

use super::Runner;
use super::calls::fatal;
use super::draft::End;
use super::lease::Keeper;
use super::links::Links;
use super::settle::{created, external_id, is_held_by_another, read_back};
use crate::observer::Event;
use crate::report::ActionResult;
use crate::store::{Intent, Settlement};
use crate::target::{NewUser, TargetError, TargetErrorKind};
use crate::{Error, ErrorKind, Result};

/// How many intents are recorded at once.
const BATCH: usize = 256;
/// How many ends are recorded at once. A cut leaves no more than these to be looked up.
const SETTLED_AT_ONCE: usize = 16;
/// After so many actions in a row that the target was not available for, the run stops.
const UNAVAILABLE_IN_A_ROW: u32 = 3;

/// What a plan is carried out with.
#[derive(Debug)]
pub(super) struct Apply<'a> {
    runner: &'a Runner,
    keeper: &'a Keeper<'a>,
    order: Order<'a>,
    links: Links,
    /// The accounts that actions rely on, as the plan saw them.
    seen: BTreeMap<UserId, Seen>,
    /// Accounts whose values were written in this run: what they gave up is free.
    released: BTreeSet<UserId>,
    /// People, and accounts without one, for whom something was not done: nothing more is.
    stuck: BTreeSet<String>,
    /// People whose account turned out to be there already.
    adopted: BTreeSet<EmployeeId>,
    /// Accounts made in this run: nobody else has touched them yet.
    made: BTreeSet<UserId>,
    settlements: Vec<Settlement>,
    unavailable: u32,
}

/// Which run it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) run: &'a str,
    pub(super) now: Timestamp,
    pub(super) approved: bool,
    /// Actions of the plan that are not carried out.
    pub(super) held: &'a BTreeSet<ActionKey>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    status: UserStatus,
    invited_at: Option<Timestamp>,
}

impl Seen {
    fn of(user: &User) -> Self {
        Self { status: user.status, invited_at: user.invite.map(|invite| invite.sent_at) }
    }
}

/// How an attempt at one action ended.
#[derive(Debug)]
enum Attempt {
    /// The account that was to be made is there; it is this person's now.
    Adopted(UserId),
    /// A value that must be unique is taken.
    Conflict(BTreeSet<String>),
    /// It was done, and this is what becomes of the link.
    Done(Settlement, UserId),
    /// It was not done.
    Failed(TargetError),
    /// Nobody knows; the next run finds out.
    Open(TargetError),
    /// It was not tried, and perhaps somebody should know.
    Skipped(Option<Problem>),
}

impl<'a> Apply<'a> {
    pub(super) fn new(
        runner: &'a Runner,
        keeper: &'a Keeper<'a>,
        order: Order<'a>,
        links: Links,
        (actions, users): (&[Action], &[User]),
    ) -> Self {
        let relied_on: BTreeSet<&UserId> = actions.iter().filter_map(|action| action.user.as_ref()).collect();
        let seen = users.iter().filter(|user| relied_on.contains(&user.id));
        Self {
            runner,
            keeper,
            order,
            links,
            seen: seen.map(|user| (user.id.clone(), Seen::of(user))).collect(),
            released: BTreeSet::new(),
            stuck: BTreeSet::new(),
            adopted: BTreeSet::new(),
            made: BTreeSet::new(),
            settlements: Vec::new(),
            unavailable: 0,
        }
    }

    /// Carries the actions out in their order. How each ended is in `ends`, as far as it came.
    pub(super) async fn run(
        mut self,
        actions: &[Action],
        ends: &mut Vec<End>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        for batch in actions.chunks(BATCH) {
            self.interrupted()?;
            let before = ends.len();
            let done = self.batch(batch, actions.len(), ends, problems).await;
            if let Err(error) = done {
                // What was not begun is known not to be done. If even that cannot be recorded, the
                // next run finds out.
                if !matches!(error.kind(), ErrorKind::Busy | ErrorKind::State) {
                    let rest = batch.get(ends.len() - before..).unwrap_or_default();
                    let rest = rest.iter().filter(|action| !self.order.held.contains(&action.key));
                    self.settlements.extend(rest.map(|action| Settlement::new(action.key.clone(), false)));
                    self.record().await?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    async fn batch(
        &mut self,
        batch: &[Action],
        total: usize,
        ends: &mut Vec<End>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let Order { run, now, approved, held } = self.order;
        let going = batch.iter().filter(|action| !held.contains(&action.key));
        let intents: Vec<Intent> =
            going.map(|action| Intent::new(run, action.clone(), now, approved)).collect();
        if !intents.is_empty() {
            self.runner.store.intend(self.keeper.lease(), &intents).await?;
        }
        for action in batch {
            if held.contains(&action.key) {
                ends.push(End::new(action, ActionResult::Skipped));
                continue;
            }
            self.interrupted()?;
            self.keeper.ensure().await?;
            let attempt = self.attempt(action).await;
            let stopped = self.conclude(action, attempt, ends, problems);
            if let Some(end) = ends.last() {
                self.runner.tell(&Event::ActionDone {
                    kind: end.kind,
                    employee: action.employee.clone(),
                    user: end.user.clone(),
                    result: end.result,
                });
            }
            self.runner.tell(&Event::Applying { done: ends.len() as u64, total: total as u64 });
            if self.settlements.len() >= SETTLED_AT_ONCE {
                self.record().await?;
            }
            stopped?;
        }
        self.record().await
    }

    async fn record(&mut self) -> Result<()> {
        if self.settlements.is_empty() {
            return Ok(());
        }
        let settlements = std::mem::take(&mut self.settlements);
        self.runner.store.settle(self.keeper.lease(), &settlements).await
    }

    fn interrupted(&self) -> Result<()> {
        if self.runner.stop.is_stopped() { Err(super::stopped()) } else { Ok(()) }
    }

    async fn attempt(&mut self, action: &Action) -> Attempt {
        if self.stuck.contains(who(action)) {
            return Attempt::Skipped(None);
        }
        if !action.waits_for.iter().all(|user| self.released.contains(user)) {
            return Attempt::Conflict(action.fields().collect());
        }
        match action.kind {
            ActionKind::Create => self.create(action).await,
            ActionKind::Link => self.link(action),
            _ => self.change(action).await,
        }
    }

    /// Nothing is written to the target: from now on the account is remembered as this person's.
    fn link(&self, action: &Action) -> Attempt {
        let Some(user) = action.user.clone() else {
            return Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, "link: no account is named"));
        };
        let other = self.links.holder(&user).filter(|holder| Some(*holder) != action.employee.as_ref());
        if other.is_some_and(|holder| Some(holder) != action.replaces.as_ref()) {
            return Attempt::Conflict(BTreeSet::new());
        }
        Attempt::Done(self.links.after(action, &user), user)
    }

    /// Whoever is to be created is looked for first, and again whenever the answer leaves a doubt.
    async fn create(&mut self, action: &Action) -> Attempt {
        let Some(external_id) = external_id(action) else {
            let message = "create: the account would have no external id; check the mapping";
            return Attempt::Failed(TargetError::new(TargetErrorKind::Rejected, message));
        };
        match self.runner.calls.find(external_id).await {
            Ok(Some(user)) => return self.adopt(action, user),
            Ok(None) => {}
            Err(error) => return Attempt::Failed(error),
        }
        let status = if action.awaits_invite { UserStatus::Pending } else { UserStatus::Active };
        let user = NewUser::new(status, action.changes.clone(), action.grants.clone());
        let error = match self.runner.calls.create(action, &user, self.order.now).await {
            Ok(id) if is_held_by_another(&self.links, action, &id) => {
                return Attempt::Conflict(BTreeSet::from(["external_id".to_owned()]));
            }
            Ok(id) => {
                self.made.insert(id.clone());
                return Attempt::Done(self.links.after(action, &id), id);
            }
            Err(error) => error,
        };
        match error.kind {
            TargetErrorKind::Conflict => match self.runner.calls.find(external_id).await {
                Ok(Some(user)) => self.adopt(action, user),
                _ => Attempt::Conflict(error.fields),
            },
            TargetErrorKind::UnknownOutcome => match self.runner.calls.find(external_id).await {
                Ok(Some(user)) if is_held_by_another(&self.links, action, &user.id) => {
                    Attempt::Conflict(BTreeSet::from(["external_id".to_owned()]))
                }
                Ok(Some(user)) => {
                    self.made.insert(user.id.clone());
                    Attempt::Done(created(&self.links, action, &user), user.id)
                }
                Ok(None) => Attempt::Failed(error),
                Err(_) => Attempt::Open(error),
            },
            _ => Attempt::Failed(error),
        }
    }

    fn adopt(&self, action: &Action, user: User) -> Attempt {
        if is_held_by_another(&self.links, action, &user.id) {
            return Attempt::Conflict(BTreeSet::from(["external_id".to_owned()]));
        }
        Attempt::Adopted(user.id)
    }

    /// Something is done to an account that is there.
    async fn change(&mut self, action: &Action) -> Attempt {
        let Some(user) = self.links.user_of(action) else {
            let message = format!("{}: there is no account", action.kind.as_str());
            return Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message));
        };
        if let Some(attempt) = self.no_longer_right(action, &user).await {
            return attempt;
        }
        let days = i32::try_from(self.runner.policy.reinvite_after_days).unwrap_or(i32::MAX);
        let expires_at = (days > 0).then(|| self.order.now.plus_days(days));
        let Err(error) = self.runner.calls.change(action, &user, expires_at, self.order.now).await else {
            return Attempt::Done(self.links.after(action, &user), user);
        };
        match error.kind {
            TargetErrorKind::Conflict => Attempt::Conflict(error.fields),
            TargetErrorKind::NotFound if action.kind == ActionKind::Deactivate => {
                Attempt::Done(self.links.after(action, &user), user)
            }
            TargetErrorKind::UnknownOutcome => {
                match read_back(&self.runner.calls, &self.links, action, self.order.now).await {
                    Ok(Some(_)) => Attempt::Done(self.links.after(action, &user), user),
                    Ok(None) => Attempt::Failed(error),
                    Err(_) => Attempt::Open(error),
                }
            }
            _ => Attempt::Failed(error),
        }
    }

    /// Looks, right before an account is closed, opened or invited, whether it still stands as the
    /// plan saw it; some if the action is not right any more.
    async fn no_longer_right(&self, action: &Action, id: &UserId) -> Option<Attempt> {
        let invites = matches!(action.kind, ActionKind::Invite | ActionKind::Reinvite);
        if invites && action.employee.as_ref().is_some_and(|employee| self.adopted.contains(employee)) {
            // An account that was there before is not ours to invite.
            return Some(Attempt::Skipped(None));
        }
        if !(invites || matches!(action.kind, ActionKind::Deactivate | ActionKind::Reactivate)) {
            return None;
        }
        if self.made.contains(id) {
            return None;
        }
        let user = match self.runner.calls.user(id).await {
            Ok(Some(user)) => user,
            Ok(None) if action.kind == ActionKind::Deactivate => {
                return Some(Attempt::Done(self.links.after(action, id), id.clone()));
            }
            Ok(None) => {
                let message = format!("{}: the account is gone", action.kind.as_str());
                return Some(Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message)));
            }
            Err(error) => return Some(Attempt::Failed(error)),
        };
        let seen = self.seen.get(id).copied();
        let now = Seen::of(&user);
        let problem = match action.kind {
            ActionKind::Deactivate if !user.is_live() => noted("somebody else closed the account meanwhile"),
            ActionKind::Deactivate
                if action.situation == Situation::Rescinded && now.status != UserStatus::Pending =>
            {
                left("the account was taken into use meanwhile; the next run decides again")
            }
            ActionKind::Reactivate if user.is_live() => noted("somebody else opened the account meanwhile"),
            ActionKind::Invite | ActionKind::Reinvite if seen.is_some_and(|seen| seen != now) => {
                noted("the account changed meanwhile, so no invitation was sent; the next run decides again")
            }
            _ => return None,
        };
        Some(Attempt::Skipped(Some(problem)))
    }

    /// Takes over how an attempt ended. An error is what keeps the run from going on.
    fn conclude(
        &mut self,
        action: &Action,
        attempt: Attempt,
        ends: &mut Vec<End>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let mut end = End::new(action, ActionResult::Done);
        if end.user.is_none() {
            end.user = self.links.user_of(action);
        }
        let mut settlement = Settlement::new(action.key.clone(), false);
        let mut problem = None;
        let mut stop = None;
        let mut is_open = false;
        match attempt {
            Attempt::Adopted(user) => {
                settlement = self.links.adopted(action, &user);
                self.adopted.extend(action.employee.clone());
                end.kind = ActionKind::Link;
                end.user = Some(user);
                self.unavailable = 0;
            }
            Attempt::Done(done, user) => {
                settlement = done;
                if action.kind == ActionKind::Update || action.releases {
                    self.released.insert(user.clone());
                }
                end.user = Some(user);
                self.unavailable = 0;
            }
            Attempt::Conflict(fields) => {
                end.result = ActionResult::Failed;
                end.conflict = true;
                problem = Some(conflict(&fields));
                self.unavailable = 0;
            }
            Attempt::Skipped(why) => {
                end.result = ActionResult::Skipped;
                problem = why;
            }
            Attempt::Failed(error) => {
                end.result = ActionResult::Failed;
                stop = self.count_unavailable(&error);
                problem = Some(rejected(&error));
            }
            Attempt::Open(error) => {
                end.result = ActionResult::Failed;
                is_open = true;
                let message =
                    format!("{error}; nobody knows whether it was done, and the next run finds out");
                problem = Some(Problem::error(ProblemCode::TargetRejected, message));
                // The target did not even say how the account stands.
                stop = self.count_unavailable(&TargetError::new(TargetErrorKind::Unavailable, error.message));
            }
        }
        if end.result == ActionResult::Failed || end.result == ActionResult::Skipped {
            self.stuck.insert(who(action).to_owned());
        }
        if let Some(mut problem) = problem {
            problem.employee.clone_from(&action.employee);
            problem.user.clone_from(&end.user);
            problems.push(problem);
        }
        if !is_open {
            self.links.take_over(&settlement);
            self.settlements.push(settlement);
        }
        ends.push(end);
        stop.map_or(Ok(()), Err)
    }

    /// What ends the run: a credential that is refused, or a target that stays away.
    fn count_unavailable(&mut self, error: &TargetError) -> Option<Error> {
        match error.kind {
            TargetErrorKind::Auth => return Some(fatal("write to the target", error.clone())),
            TargetErrorKind::Unavailable | TargetErrorKind::UnknownOutcome => self.unavailable += 1,
            _ => self.unavailable = 0,
        }
        let doing = "write to the target: three actions in a row failed, so the rest waits for the next run";
        (self.unavailable >= UNAVAILABLE_IN_A_ROW).then(|| fatal(doing, error.clone()))
    }
}

/// The person an action is for, or the account where there is none.
fn who(action: &Action) -> &str {
    let employee = action.employee.as_ref().map(EmployeeId::as_str);
    employee.or(action.user.as_ref().map(UserId::as_str)).unwrap_or_default()
}

fn conflict(fields: &BTreeSet<String>) -> Problem {
    let message = "another account holds a value that must be unique; free it there or correct the HR system";
    let problem = Problem::error(ProblemCode::UniquenessConflict, message);
    match fields.first() {
        Some(field) if fields.len() == 1 => problem.field(field.clone()),
        _ => problem,
    }
}

fn rejected(error: &TargetError) -> Problem {
    let next = match error.kind {
        TargetErrorKind::Unavailable | TargetErrorKind::UnknownOutcome => {
            "it was not done; the next run does it"
        }
        TargetErrorKind::Auth => "the target refused the credential",
        _ => "correct the record, or what the target takes",
    };
    let code = if error.kind == TargetErrorKind::Auth {
        ProblemCode::NotPermitted
    } else {
        ProblemCode::TargetRejected
    };
    let problem = Problem::error(code, format!("{error}: {next}"));
    match error.fields.first() {
        Some(field) if error.fields.len() == 1 => problem.field(field.clone()),
        _ => problem,
    }
}

/// Nothing was left undone that somebody wants done.
fn noted(message: &str) -> Problem {
    Problem::warning(ProblemCode::Divergence, message)
}

/// Something was left undone.
fn left(message: &str) -> Problem {
    Problem::error(ProblemCode::Divergence, message)
}
