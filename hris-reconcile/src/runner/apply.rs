//! Carrying a plan out: what is about to be done is recorded before, how it ended after.
//!
//! A run may be cut at any point. Whatever was intended and has no recorded end is looked up in the
//! target by the next run, so the order here is: record a batch of intents, then for each action
//! look whether it still makes sense, do it, and record its end with what it makes of the link.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use hris_core::reconcile::{Action, ActionKey, ActionKind, Change, Handover, Links, Plan, Side};
use hris_core::{Employee, EmployeeId, Problem, ProblemCode, TargetField, Timestamp, User, UserId};

use super::Runner;
use super::attempt::Attempt;
use super::calls::fatal;
use super::draft::End;
use super::fetch::World;
use super::lease::Keeper;
use super::partly::is_refusal;
use super::refused::{conflict, rejected};
use super::remember::Written;
use super::seen::Seen;
use crate::observer::Event;
use crate::report::ActionResult;
use crate::store::{Intent, Settlement};
use crate::target::{MOST_AT_ONCE, TargetError, TargetErrorKind};
use crate::{Error, ErrorKind, Result};

/// How many intents are recorded at once.
const BATCH: usize = MOST_AT_ONCE;
/// How many ends are recorded at once, unless the target takes batches. A cut leaves no more than these to be
/// looked up.
const SETTLED_AT_ONCE: usize = 16;
/// After so many actions in a row that the target was not available for, the run stops.
const UNAVAILABLE_IN_A_ROW: u32 = 3;

/// What a plan is carried out with.
#[derive(Debug)]
pub(super) struct Apply<'a> {
    pub(super) runner: &'a Runner,
    pub(super) keeper: &'a Keeper<'a>,
    pub(super) order: Order<'a>,
    pub(super) links: Links,
    /// The accounts that actions rely on, as the plan saw them.
    pub(super) seen: BTreeMap<UserId, Seen>,
    /// Accounts whose values were written in this run: what they gave up is free.
    pub(super) released: BTreeSet<UserId>,
    /// People, and accounts without one, with a failed action. Nothing more is done for them.
    pub(super) stuck: BTreeSet<String>,
    /// People whose account turned out to be there already.
    pub(super) adopted: BTreeSet<EmployeeId>,
    /// Accounts made in this run: nobody else has touched them yet.
    pub(super) made: BTreeSet<UserId>,
    /// Accounts opened again in this run.
    pub(super) opened: BTreeSet<UserId>,
    /// For each update of the source, by person: the fields that the person did not have.
    pub(super) empty: BTreeMap<EmployeeId, BTreeSet<TargetField>>,
    /// People made in the source in this run.
    pub(super) joined: Vec<Employee>,
    /// What was written, to be looked at in the end.
    pub(super) written: Written,
    /// What came up beside how an action ended.
    pub(super) noted: Vec<Problem>,
    settlements: Vec<Settlement>,
    together: Together,
    unavailable: u32,
    /// Whether the target did or refused anything yet, and why it was not available before.
    reached: bool,
    away: Option<TargetError>,
}

/// How many calls of the target are made together.
#[derive(Clone, Copy, Debug)]
struct Together {
    most: usize,
    /// Whether they are one call, which does them in their order.
    is_one_call: bool,
}

impl Together {
    fn of(runner: &Runner) -> Self {
        let (most, is_one_call) = runner.calls.together();
        Self { most, is_one_call }
    }
}

/// Which run it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order<'a> {
    pub(super) run: &'a str,
    pub(super) now: Timestamp,
    pub(super) approved: bool,
    /// Actions of the plan that are not carried out.
    pub(super) held: &'a BTreeSet<ActionKey>,
    /// Accounts that go to another connection.
    pub(super) handovers: &'a [Handover],
    /// Creations of an interrupted run of which nothing was found: tried again, they keep their keys.
    pub(super) creations: &'a Creations,
    /// Whether creations that the plan does not have any more are over.
    pub(super) is_whole: bool,
}

/// Creations of an interrupted run that may have been done although nothing was found: which side is
/// written, the person, and the key.
pub(super) type Creations = BTreeMap<(Side, String), ActionKey>;

impl Order<'_> {
    /// An action as it stands in the journal of this run. Its key there is never that of another entry: not
    /// of one that a lost or restored state knows nothing of either.
    fn entry(&self, action: &Action) -> Action {
        let mut entry = action.clone();
        let open = self.creations.get(&(action.side, who(action).to_owned()));
        entry.key = match open.filter(|_| action.kind == ActionKind::Create) {
            Some(key) => key.clone(),
            None => action.key.in_run(self.run),
        };
        entry
    }
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
            opened: BTreeSet::new(),
            empty: BTreeMap::new(),
            joined: Vec::new(),
            written: Written::default(),
            noted: Vec::new(),
            settlements: Vec::new(),
            together: Together::of(runner),
            unavailable: 0,
            reached: false,
            away: None,
        }
    }

    /// Carries the plan out in its order. How each action ended is in `ends`, as far as it came.
    pub(super) async fn run(
        mut self,
        plan: &Plan,
        world: &World,
        after: &mut Vec<Action>,
        ends: &mut Vec<End>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        self.reach(world).await?;
        self.note(&plan.notes).await?;
        self.carry_out(&plan.actions, ends, problems).await?;
        let joined = self.after_joining(world, problems).await;
        if let Some(joined) = &joined {
            after.clone_from(&joined.actions);
            self.carry_out(after, ends, problems).await?;
        }
        if let Some(error) = self.away.take().filter(|_| !self.reached) {
            // Too few actions to see three failures in a row.
            return Err(fatal(
                "write to the target: nothing could be written, so it waits for the next run",
                error,
            ));
        }
        self.forget_creations(plan);
        self.learn().await?;
        self.hand_over(self.order.handovers).await?;
        if let Some(joined) = joined {
            self.agree(&joined.agreed, &[]).await?;
        }
        self.agree(&plan.agreed, &plan.lapsed).await
    }

    /// Carries actions out in their order.
    async fn carry_out(
        &mut self,
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
                    let order = self.order;
                    self.settlements
                        .extend(rest.map(|action| Settlement::new(order.entry(action).key, false)));
                    self.record().await?;
                }
                return Err(error);
            }
        }
        Ok(())
    }

    /// Ends the creations of an interrupted run that nobody wants any more.
    fn forget_creations(&mut self, plan: &Plan) {
        if !self.order.is_whole {
            return;
        }
        let wanted: BTreeSet<(Side, &str)> =
            plan.of_kind(ActionKind::Create).map(|action| (action.side, who(action))).collect();
        let over = self.order.creations.iter().filter(|((side, who), _)| !wanted.contains(&(*side, who)));
        self.settlements.extend(over.map(|(_, key)| Settlement::new(key.clone(), false)));
    }

    async fn batch(
        &mut self,
        batch: &[Action],
        total: usize,
        ends: &mut Vec<End>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let Order { run, now, approved, held, .. } = self.order;
        let going = batch.iter().filter(|action| !held.contains(&action.key));
        let intent = |action: &Action| {
            let intent = Intent::new(run, self.order.entry(action), now, approved);
            let employee = action.employee.as_ref().filter(|_| action.side == Side::Source);
            match employee.and_then(|employee| self.empty.get(employee)) {
                Some(empty) => intent.with_empty(empty.iter().cloned()),
                None => intent,
            }
        };
        let intents: Vec<Intent> = going.map(intent).collect();
        if !intents.is_empty() {
            self.runner.store.intend(self.keeper.lease(), &intents).await?;
        }
        let mut going = intents.into_iter().map(|intent| intent.action);
        let mut rest = batch;
        while let [first, others @ ..] = rest {
            if held.contains(&first.key) {
                ends.push(End::new(first, ActionResult::Skipped));
                rest = others;
                continue;
            }
            self.interrupted()?;
            let (group, others) = rest.split_at(self.together(rest).clamp(1, rest.len()));
            let group: Vec<Action> = going.by_ref().take(group.len()).collect();
            self.carry_out_together(&group, total, ends, problems).await?;
            rest = others;
        }
        self.record().await
    }

    /// Carries out actions that have nothing to do with each other.
    async fn carry_out_together(
        &mut self,
        group: &[Action],
        total: usize,
        ends: &mut Vec<End>,
        problems: &mut Vec<Problem>,
    ) -> Result<()> {
        let tried = self.try_all(group).await?;
        let at_once = if self.together.is_one_call { MOST_AT_ONCE } else { SETTLED_AT_ONCE };
        let mut stopped = Ok(());
        for (action, tried) in group.iter().zip(tried) {
            // It fails only if the lease or the state is lost. Nothing is recorded then, and what was written is
            // found out by the next run.
            let attempt = self.outcome(action, tried).await?;
            // The others of the group were tried as well, so they are concluded before the run stops.
            stopped = stopped.and(self.conclude(action, attempt, ends, problems));
            if let Some(end) = ends.last() {
                self.runner.tell(&Event::ActionDone {
                    kind: end.kind,
                    employee: action.employee.clone(),
                    user: end.user.clone(),
                    result: end.result,
                });
            }
            self.runner.tell(&Event::Applying { done: ends.len() as u64, total: total as u64 });
            if self.settlements.len() >= at_once {
                self.record().await?;
            }
        }
        stopped
    }

    /// How many of the next actions can be carried out together: those about different people and accounts, none
    /// of which waits for another.
    fn together(&self, actions: &[Action]) -> usize {
        let Together { most, is_one_call } = self.together;
        let (mut people, mut users) = (HashSet::new(), HashSet::new());
        let mut made: HashSet<&str> = HashSet::new();
        for (place, action) in actions.iter().take(most).enumerate() {
            let is_new = people.insert(who(action));
            let user = self.links.user_of(action).or_else(|| action.user.clone());
            // One that names a manager who is made in the same group comes after it.
            let names = |change: &Change| change.to.as_deref().is_some_and(|to| made.contains(to));
            let waits = !is_one_call && action.changes.iter().any(names);
            if waits || !is_new || user.is_some_and(|user| !users.insert(user)) || self.goes_alone(action) {
                return place;
            }
            let own = action.changes.iter().filter(|change| change.field.is_unique());
            made.extend(
                own.filter(|_| action.kind == ActionKind::Create).filter_map(|change| change.to.as_deref()),
            );
        }
        actions.len().min(most)
    }

    fn goes_alone(&self, action: &Action) -> bool {
        action.side == Side::Source
            || action.kind == ActionKind::Link
            || self.order.held.contains(&action.key)
            || !action.waits_for.iter().all(|user| self.released.contains(user))
            || (action.kind == ActionKind::Update && self.runner.is_shared(action))
    }

    /// Takes over what a settlement makes of the links.
    pub(super) fn take_over(&mut self, settlement: &Settlement) {
        self.links.put(&settlement.unlinked, settlement.link.as_ref());
    }

    /// The settlement of an action that was done to `user`.
    pub(super) fn settled(&self, action: &Action, user: &UserId) -> Settlement {
        Settlement::of(action, self.links.after(action, user))
    }

    pub(super) fn settle_with(&mut self, settlement: Settlement) {
        self.settlements.push(settlement);
    }

    pub(super) async fn record(&mut self) -> Result<()> {
        if self.settlements.is_empty() {
            return Ok(());
        }
        let settlements = std::mem::take(&mut self.settlements);
        self.runner.store.settle(self.keeper.lease(), &settlements).await
    }

    fn interrupted(&self) -> Result<()> {
        self.runner.interrupted()
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
        match &attempt {
            Attempt::Failed(error) if error.kind == TargetErrorKind::Unavailable => {
                self.away = Some(error.clone());
            }
            Attempt::Skipped(_) => {}
            _ => self.reached = true,
        }
        match attempt {
            Attempt::Adopted(user) => {
                settlement = Settlement::of(action, self.links.adopted(action, &user));
                self.adopted.extend(action.employee.clone());
                end.kind = ActionKind::Link;
                end.user = Some(user.id);
                self.unavailable = 0;
            }
            Attempt::Done(done, user) => {
                settlement = done;
                if let Some(seen) = self.seen.get_mut(&user).filter(|_| action.side == Side::Target) {
                    seen.rewrite(action);
                }
                if action.side == Side::Target && (action.kind == ActionKind::Update || action.releases) {
                    self.released.insert(user.clone());
                }
                if action.kind == ActionKind::Reactivate {
                    self.opened.insert(user.clone());
                }
                self.wrote(action, &user);
                end.user = Some(user);
                self.unavailable = 0;
            }
            Attempt::Partly(done, user, refused) => {
                settlement = done;
                if let Some(seen) = self.seen.get_mut(&user) {
                    seen.rewrite(action);
                }
                // A refused change of the address has not released it.
                if !refused.contains(TargetField::Email.name()) {
                    self.released.insert(user.clone());
                }
                end.user = Some(user);
                end.refused = refused;
                self.unavailable = 0;
            }
            Attempt::Conflict(fields) => {
                end.result = ActionResult::Failed;
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
                if let ([only], Some(problem)) = (&action.changes[..], &mut problem)
                    && is_refusal(error.kind)
                {
                    problem.field = Some(only.field.to_string());
                }
            }
            Attempt::Open(error) => {
                end.result = ActionResult::Failed;
                is_open = true;
                let message =
                    format!("{error}; nobody knows whether it was done, and the next run finds out");
                problem = Some(Problem::error(ProblemCode::TargetUnavailable, message));
                // The target did not even say how the account stands.
                stop = self.count_unavailable(&TargetError::new(TargetErrorKind::Unavailable, error.message));
            }
        }
        // What is passed over without a word was not needed, and holds nothing up.
        let is_left = end.result == ActionResult::Skipped && problem.is_some();
        if end.result == ActionResult::Failed || is_left {
            self.stuck.insert(who(action).to_owned());
        }
        problems.append(&mut self.noted);
        if let Some(mut problem) = problem {
            problem.employee.clone_from(&action.employee);
            problem.user.clone_from(&end.user);
            problems.push(problem);
        }
        if !is_open {
            self.take_over(&settlement);
            self.settlements.push(settlement);
        }
        ends.push(end);
        stop.map_or(Ok(()), Err)
    }

    /// What ends the run: a credential that is refused, or a target that stays away.
    fn count_unavailable(&mut self, error: &TargetError) -> Option<Error> {
        match error.kind {
            TargetErrorKind::Auth | TargetErrorKind::Harmed => {
                return Some(fatal("write to the target", error.clone()));
            }
            TargetErrorKind::Unavailable | TargetErrorKind::UnknownOutcome => self.unavailable += 1,
            _ => self.unavailable = 0,
        }
        let doing = "write to the target: three actions in a row failed, so the rest waits for the next run";
        (self.unavailable >= UNAVAILABLE_IN_A_ROW).then(|| fatal(doing, error.clone()))
    }
}

/// The person an action is for, or the account where there is none.
pub(super) fn who(action: &Action) -> &str {
    let employee = action.employee.as_ref().map(EmployeeId::as_str);
    employee.or(action.user.as_ref().map(UserId::as_str)).unwrap_or_default()
}
