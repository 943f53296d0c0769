//! Everything a plan is made from, and making it.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, future, stream};
use hris_core::reconcile::{
    self, Baseline, Decision, Inputs, Judgement, Links, MissingValue, Mode, Others, Plan, Resolution,
    TargetCapabilities, TwoWay,
};
use hris_core::{
    Date, Employee, EmployeeId, Link, Lookup, Problem, ProblemCode, ReadRequest, Snapshot, TimeZone,
    Timestamp, User,
};

use super::Runner;
use super::apply::Creations;
use super::calls::fatal;
use super::count::planned;
use super::draft::Draft;
use super::settle::{Settled, settle};
use crate::observer::Event;
use crate::store::{Settlement, State};
use crate::{Error, ErrorKind, Result};

/// How many people are asked for at once.
const ASKED_AT_ONCE: usize = 4;

/// Everything a plan is made from.
#[derive(Debug)]
pub(super) struct World {
    pub(super) mode: Mode,
    /// The calendar day that decides who has started and who has left.
    pub(super) today: Date,
    pub(super) snapshot: Snapshot,
    pub(super) users: Vec<User>,
    pub(super) links: Vec<Link>,
    pub(super) others: Others,
    pub(super) judgements: Vec<Judgement>,
    pub(super) target_id: Option<String>,
    pub(super) last: Option<Baseline>,
    pub(super) decisions: Vec<Resolution>,
    pub(super) source_hold: Option<String>,
    pub(super) absent: BTreeMap<EmployeeId, Lookup>,
    pub(super) target: TargetCapabilities,
    removed_in_window: u64,
}

/// The settled rest of an interrupted run: the links now, and what is to be recorded.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) known: Known,
    pub(super) settlements: Vec<Settlement>,
    pub(super) creations: Creations,
}

/// What is remembered of earlier runs.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) links: Vec<Link>,
    pub(super) last: Option<Baseline>,
    pub(super) decisions: Vec<Resolution>,
    pub(super) judgements: Vec<Judgement>,
    pub(super) source_hold: Option<String>,
}

/// What the target said of itself and of its accounts, and what other connections have to do with them.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) users: Vec<User>,
    pub(super) target: TargetCapabilities,
    pub(super) id: Option<String>,
    pub(super) others: Others,
    pub(super) removed_in_window: u64,
}

impl Runner {
    /// Loads the state and settles what an interrupted run left. Nothing is recorded.
    pub(super) async fn past(&self, draft: &mut Draft, now: Timestamp) -> Result<Past> {
        let State { links, baseline, unsettled, decisions, judgements, source_hold } =
            self.store.load(&self.connection).await?;
        let mut known = Known { links, last: baseline, decisions, judgements, source_hold };
        if unsettled.is_empty() {
            return Ok(Past { known, settlements: Vec::new(), creations: Creations::new() });
        }
        let mut links = Links::of(std::mem::take(&mut known.links));
        let Settled { settlements, creations } =
            settle(self, &mut links, unsettled, now, &mut draft.problems).await?;
        known.links = links.into_vec();
        if !(settlements.is_empty() && creations.is_empty()) {
            let done = settlements.iter().filter(|settlement| settlement.done).count();
            let not_done = settlements.len() - done + creations.len();
            draft.notices.push(format!(
                "an earlier run was interrupted: {done} of its open actions turned out done, {not_done} not done"
            ));
            self.tell(&Event::Settled { done: done as u64, not_done: not_done as u64 });
        }
        Ok(Past { known, settlements, creations })
    }

    /// Reads the directory and the target, side by side.
    pub(super) async fn fetch(
        &self,
        mode: Mode,
        known: Known,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<World> {
        let read = future::try_join(self.people(draft, now), self.accounts(now));
        let (people, accounts) = read.await?;
        Ok(Self::world_of(mode, people, accounts, known))
    }

    /// Reads the directory. Returns its people, and the day as which it counts.
    async fn people(&self, draft: &mut Draft, now: Timestamp) -> Result<(Snapshot, Date)> {
        let observer = Arc::clone(&self.observer);
        let progress = Arc::new(move |read, total| {
            crate::observer::tell(&*observer, &Event::Fetching { read, total });
        });
        let mut today = now.date_in(&self.time_zone);
        let request = self.request_of(today).with_progress(progress.clone());
        let cost = self.unless_stopped(async { Ok(self.directory.cost(&request).await?) }).await?;
        if let Some(cost) = cost {
            self.tell(&Event::Expected { cost });
        }
        let read = async |request: &ReadRequest| {
            self.unless_stopped(async { Ok(self.directory.snapshot(request).await?) }).await
        };
        let mut snapshot = read(&request).await?;
        let other = snapshot.answered_at().filter(|_| self.real_time);
        if let Some(theirs) = other.filter(|theirs| is_another_day(*theirs, now, &self.time_zone)) {
            draft.problems.push(clock_differs(theirs, now));
            let theirs = theirs.date_in(&self.time_zone);
            if theirs < today {
                // The directory may have decided by the requested day who has left.
                today = theirs;
                let asked = snapshot.requests();
                snapshot = read(&self.request_of(today).with_progress(progress)).await?;
                let both = asked.saturating_add(snapshot.requests());
                snapshot = snapshot.with_requests(both);
            }
        }
        let snapshot = if self.maps_all { snapshot } else { snapshot.believing_unsent() };
        draft.source.employees = snapshot.people();
        draft.source.complete = true;
        draft.source.requests = snapshot.requests() + cost.map_or(0, |cost| cost.asked);
        tracing::debug!(people = snapshot.people(), requests = snapshot.requests(), "read the directory");
        statuses_are_known(&snapshot)?;
        Ok((snapshot, today))
    }

    /// Reads the target.
    async fn accounts(&self, now: Timestamp) -> Result<Accounts> {
        let read = async {
            let target = self.calls.capabilities().await?;
            Ok((target, self.calls.identity().await?, self.calls.users(now).await?))
        };
        let (target, id, users) = self
            .unless_stopped(async { read.await.map_err(|error| fatal("read the target", error)) })
            .await?;
        let removed_in_window = match self.safeguards.window_begins(now) {
            Some(since) => self.store.removals_since(&self.connection, since).await?,
            None => 0,
        };
        let others = self.store.others(&self.connection, id.as_deref()).await?;
        Ok(Accounts { users, target, id, others, removed_in_window })
    }

    /// Puts together what was read.
    pub(super) fn world_of(
        mode: Mode,
        (snapshot, today): (Snapshot, Date),
        accounts: Accounts,
        known: Known,
    ) -> World {
        let Known { links, last, decisions, judgements, source_hold } = known;
        let Accounts { users, target, id, others, removed_in_window } = accounts;
        World {
            mode,
            today,
            snapshot,
            users,
            links,
            others,
            judgements,
            target_id: id,
            last,
            decisions,
            source_hold,
            absent: BTreeMap::new(),
            target,
            removed_in_window,
        }
    }

    /// Plans, and asks for the missing people by id where the safeguards would let all of them go;
    /// where they would not, nobody is asked and the plan waits for a person.
    pub(super) async fn decide(
        &self,
        world: &mut World,
        draft: &mut Draft,
        now: Timestamp,
    ) -> Result<(Plan, Decision)> {
        let mut plan = self.make_plan(world, now);
        let mut decision = reconcile::guard(&plan, &self.safeguards);
        if decision == Decision::Go && self.ask_for_missing(world, &plan, draft).await? {
            plan = self.make_plan(world, now);
            decision = reconcile::guard(&plan, &self.safeguards);
        }
        // A contradiction would be a fault of the engine; its developers see it before anything is done.
        if cfg!(debug_assertions)
            && let Some(flaw) = plan.lint().first()
        {
            let message =
                format!("the plan contradicts itself, so nothing was changed: {flaw}. Report this fault");
            return Err(Error::new(ErrorKind::Config, message));
        }
        plan.problems.extend(reconcile::withheld(&plan, &self.safeguards));
        plan.problems.sort_unstable();
        self.tell_of(&plan);
        Ok((plan, decision))
    }

    pub(super) fn tell_of(&self, plan: &Plan) {
        let counts = planned(plan);
        self.tell(&Event::Planned { counts, actions: plan.actions.len() as u64 });
        tracing::debug!(actions = plan.actions.len(), people = plan.people.len(), "planned");
    }

    /// Asks the directory for every missing person that the plan would remove and that was not asked for
    /// yet. Returns whether there was one.
    pub(super) async fn ask_for_missing(
        &self,
        world: &mut World,
        plan: &Plan,
        draft: &mut Draft,
    ) -> Result<bool> {
        let unasked = plan.unasked(&world.snapshot, &world.absent);
        if unasked.is_empty() {
            return Ok(false);
        }
        let people = unasked.len() as u64;
        self.tell(&Event::Asking { people });
        let request = self.request_of(world.today);
        let ask = |id: EmployeeId| {
            let request = &request;
            async move {
                let answer = self.directory.get(&id, request).await?;
                Ok::<_, Error>((id, answer))
            }
        };
        let answers = stream::iter(unasked.into_iter().map(ask)).buffer_unordered(ASKED_AT_ONCE);
        let answers: Vec<(EmployeeId, Lookup)> = self.unless_stopped(answers.try_collect()).await?;
        world.absent.extend(answers);
        draft.source.requests += people;
        Ok(true)
    }

    /// The plan of some pairs, as if there were nobody else: the source gives the first value of what only it has.
    pub(super) fn plan_alone(
        &self,
        world: &World,
        people: Vec<Employee>,
        (links, users): (Vec<Link>, Vec<User>),
        now: Timestamp,
    ) -> Plan {
        let snapshot = Snapshot::new(self.directory.capabilities().vendor, people)
            .without_absence("these people alone are looked at");
        let alone = World {
            mode: Mode::Sync,
            today: world.today,
            snapshot,
            users,
            links,
            others: world.others.clone(),
            judgements: Vec::new(),
            target_id: world.target_id.clone(),
            last: None,
            decisions: Vec::new(),
            source_hold: world.source_hold.clone(),
            absent: BTreeMap::new(),
            target: world.target.clone(),
            removed_in_window: 0,
        };
        let mut rules = self.policy.two_way.clone().unwrap_or_default();
        rules.missing_value = MissingValue::Fill;
        self.plan_by(&alone, &rules, now)
    }

    /// The plan of a world. The engine is a function of its arguments and cannot fail.
    pub(super) fn make_plan(&self, world: &World, now: Timestamp) -> Plan {
        self.plan_by(world, &self.policy.two_way.clone().unwrap_or_default(), now)
    }

    /// The same, by these rules where both sides are edited.
    fn plan_by(&self, world: &World, rules: &TwoWay, now: Timestamp) -> Plan {
        let desired = self.map.apply(&world.snapshot);
        let inputs = Inputs {
            connection: &self.connection,
            mode: world.mode,
            snapshot: &world.snapshot,
            desired: &desired,
            users: &world.users,
            links: &world.links,
            others: &world.others,
            judgements: &world.judgements,
            target_id: world.target_id.as_deref(),
            last: world.last.as_ref(),
            absent: &world.absent,
            target: &world.target,
            leavers: self.directory.capabilities().leavers,
            config: &self.config,
            removed_in_window: world.removed_in_window,
            now,
        };
        match self.both_ways(world, rules) {
            Some(both) => reconcile::plan_both_ways(&inputs, &both, &self.policy, world.today),
            None => reconcile::plan(&inputs, &self.policy, world.today),
        }
    }

    /// What is asked of the directory: the fields that the mapping and the policy read, as far as
    /// the vendor has them.
    pub(super) fn request(&self, now: Timestamp) -> ReadRequest {
        self.request_of(now.date_in(&self.time_zone))
    }

    fn request_of(&self, today: Date) -> ReadRequest {
        let capabilities = self.directory.capabilities();
        self.policy.request(&self.map, capabilities, today).with_waiting(self.waiting())
    }

    /// Reports long waits to the observer.
    pub(super) fn waiting(&self) -> hris_core::Waiting {
        let observer = Arc::clone(&self.observer);
        Arc::new(move |time| crate::observer::tell(&*observer, &Event::Waiting { time }))
    }
}

/// Clocks that differ by less count as equal, and midnight passes while a run reads.
const CLOCKS_AGREE_SECONDS: i64 = 10 * 60;

/// Whether two clocks show different days in a zone, and not only because it is about midnight.
fn is_another_day(theirs: Timestamp, ours: Timestamp, zone: &TimeZone) -> bool {
    let apart = theirs.unix_seconds().abs_diff(ours.unix_seconds());
    apart > CLOCKS_AGREE_SECONDS.unsigned_abs() && theirs.date_in(zone) != ours.date_in(zone)
}

fn clock_differs(theirs: Timestamp, ours: Timestamp) -> Problem {
    let message = format!(
        "the source's clock shows {theirs} and this machine's {ours}; set the one right that is wrong. Until then the \
         earlier day counts, so nobody starts or leaves by a date before both clocks say so"
    );
    Problem::warning(ProblemCode::ClockDiffers, message)
}

/// Refuses an answer in which nobody has a status that is known: it cannot say who works there.
fn statuses_are_known(snapshot: &Snapshot) -> Result<()> {
    if !snapshot.all_statuses_unknown() {
        return Ok(());
    }
    let words: std::collections::BTreeSet<String> = snapshot
        .employees()
        .iter()
        .filter_map(|person| person.raw_status().value())
        .map(|word| format!("{:?}", word.chars().take(40).collect::<String>()))
        .collect();
    let words = words.into_iter().take(3).collect::<Vec<_>>().join(", ");
    let shown = if words.is_empty() { String::new() } else { format!(" (the source says {words})") };
    let message = format!(
        "read the source: not one of its {} people has a status that is known{shown}, so nobody is changed; look at \
         the source and at what the credential may see",
        snapshot.employees().len()
    );
    Err(Error::new(ErrorKind::Source, message))
}
