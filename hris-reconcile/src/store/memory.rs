//! The state in memory, for tests and examples.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::reconcile::{
    AccountClaim, ActionKind, Baseline, Held, Judgement, Others, Removal, Resolution,
};
use hris_core::{EmployeeId, Link, MemoryTokens, Secret, Timestamp};
use tokio::time::Instant;

use super::{Intent, LEASE_SECONDS, Lease, Settlement, State, StateStore};
use crate::report::Report;
use crate::{Connection, Error, ErrorKind, Result};

/// A state that ends with its last clone. Clones share it, so a second runner may get the same state, as
/// after a crash.
///
/// Leases run by tokio's clock, which a test may pause. See [`crate::faults`] for making its calls
/// fail.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<World>>);

#[derive(Clone, Debug, Default)]
struct World {
    connections: BTreeMap<String, Kept>,
    saved: BTreeMap<String, Connection>,
    tokens: BTreeMap<String, MemoryTokens>,
    credentials: BTreeMap<String, BTreeMap<String, Secret>>,
}

/// What is kept of one connection.
#[derive(Clone, Debug, Default)]
struct Kept {
    token: u64,
    held: Option<(String, Instant)>,
    links: BTreeMap<EmployeeId, Link>,
    baseline: Option<Baseline>,
    open: Vec<Intent>,
    removals: Vec<Removal>,
    decisions: BTreeMap<String, Resolution>,
    judgements: BTreeMap<String, Judgement>,
    claims: Vec<AccountClaim>,
    source_hold: Option<String>,
    runs: Vec<Report>,
}

impl MemoryStore {
    /// An empty state.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Where the tokens of a connection are kept.
    #[must_use]
    pub fn tokens(&self, connection: &str) -> MemoryTokens {
        self.lock().tokens.entry(connection.to_owned()).or_default().clone()
    }

    /// A copy of the state as it is now, as a backup is: what is written later is not in it. It holds
    /// no tokens and no credentials.
    #[must_use]
    pub fn backup(&self) -> Self {
        let mut world = self.lock().clone();
        for kept in world.connections.values_mut() {
            kept.held = None;
        }
        world.tokens.clear();
        world.credentials.clear();
        Self(Arc::new(Mutex::new(world)))
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is kept of a connection, if the lease is its newest.
    fn write(&self, lease: &Lease, change: impl FnOnce(&mut Kept)) -> Result<()> {
        self.write_all(lease, |world| change(world.connections.entry(lease.connection.clone()).or_default()))
    }

    fn write_all(&self, lease: &Lease, change: impl FnOnce(&mut World)) -> Result<()> {
        let mut world = self.lock();
        let kept = world.connections.entry(lease.connection.clone()).or_default();
        let holds = kept.held.as_ref().is_some_and(|(holder, _)| *holder == lease.holder);
        if !holds || kept.token != lease.token {
            return Err(lost(lease));
        }
        change(&mut world);
        Ok(())
    }

    fn read<T>(&self, connection: &str, look: impl FnOnce(&Kept) -> T) -> T {
        match self.lock().connections.get(connection) {
            Some(kept) => look(kept),
            None => look(&Kept::default()),
        }
    }
}

impl Kept {
    /// Whether nothing is kept except the count of leases.
    fn is_empty(&self) -> bool {
        let Self {
            links, baseline, open, removals, decisions, judgements, claims, source_hold, runs, ..
        } = self;
        let lists = [links.is_empty(), open.is_empty(), removals.is_empty(), decisions.is_empty()];
        let more = [judgements.is_empty(), claims.is_empty(), runs.is_empty()];
        lists.iter().chain(&more).all(|is_empty| *is_empty) && baseline.is_none() && source_hold.is_none()
    }

    /// Refuses while a run holds the connection.
    fn is_free(&self, connection: &str) -> Result<()> {
        match &self.held {
            Some((other, until)) if *until > Instant::now() => {
                let message =
                    format!("run {other} holds connection {connection:?}; wait for it, then run again");
                Err(Error::new(ErrorKind::Busy, message))
            }
            _ => Ok(()),
        }
    }
}

impl World {
    /// Records how one action of a connection ended.
    fn settle(&mut self, connection: &str, outcome: &Settlement) {
        let Settlement { key, done, link, unlinked, decided, hand_over, takes_over, also_in, source_hold } =
            outcome;
        let handed = hand_over.as_ref().and_then(|handover| {
            let ours = self.connections.get(connection)?.links.get(&handover.employee);
            let ours = ours.filter(|link| link.user == handover.user)?.clone();
            let other = self.connections.get_mut(&handover.to)?;
            let waits = other.claims.iter().position(|claim| claim.user == handover.user)?;
            let own = other.links.get(&other.claims.get(waits)?.employee);
            if own.is_some_and(|own| own.user != handover.user) {
                return None;
            }
            let claim = other.claims.remove(waits);
            other.links.insert(claim.employee.clone(), ours.handed_over(claim.employee));
            Some(())
        });
        if let (Some(former), Some(link)) = (takes_over, link)
            && let Some(former) = self.connections.get_mut(former)
        {
            former.links.retain(|_, other| other.user != link.user || !other.deactivated_by_us);
        }
        let kept = self.connections.entry(connection.to_owned()).or_default();
        let place = kept.open.iter().position(|open| open.action.key == *key);
        let intent = place.map(|place| kept.open.remove(place));
        let removal = intent.filter(|intent| *done && intent.action.kind == ActionKind::Deactivate);
        kept.removals.extend(removal.map(|intent| Removal::new(intent.at, intent.approved)));
        let stays = hand_over.as_ref().filter(|_| handed.is_none()).map(|handover| &handover.employee);
        for employee in unlinked.iter().filter(|employee| Some(*employee) != stays) {
            kept.links.remove(employee);
        }
        if let Some(link) = link {
            kept.links.insert(link.employee.clone(), link.clone());
        }
        for id in decided {
            kept.decisions.remove(id);
            kept.judgements.remove(id);
        }
        if let Some(baseline) = &mut kept.baseline {
            baseline.also_in.extend(also_in.clone());
        }
        kept.source_hold = source_hold.clone().or(kept.source_hold.take());
    }
}

fn lost(lease: &Lease) -> Error {
    let message = format!("run {} no longer holds connection {:?}", lease.holder, lease.connection);
    Error::new(ErrorKind::Busy, message)
}

fn end_of_lease() -> Instant {
    Instant::now() + Duration::from_secs(LEASE_SECONDS)
}

#[async_trait]
impl StateStore for MemoryStore {
    async fn acquire(&self, connection: &str, holder: &str) -> Result<Lease> {
        let mut world = self.lock();
        let kept = world.connections.entry(connection.to_owned()).or_default();
        kept.is_free(connection)?;
        kept.token += 1;
        kept.held = Some((holder.to_owned(), end_of_lease()));
        Ok(Lease::new(connection, holder, kept.token))
    }

    async fn renew(&self, lease: &Lease) -> Result<()> {
        self.write(lease, |kept| kept.held = Some((lease.holder.clone(), end_of_lease())))
    }

    async fn holds(&self, lease: &Lease) -> Result<()> {
        self.write(lease, |_| ())
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        // A lost lease is not an error.
        let _ = self.write(lease, |kept| kept.held = None);
        Ok(())
    }

    async fn load(&self, connection: &str) -> Result<State> {
        Ok(self.read(connection, |kept| State {
            links: kept.links.values().cloned().collect(),
            baseline: kept.baseline.clone(),
            unsettled: kept.open.clone(),
            decisions: kept.decisions.values().cloned().collect(),
            judgements: kept.judgements.values().cloned().collect(),
            source_hold: kept.source_hold.clone(),
        }))
    }

    async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()> {
        self.write(lease, |kept| {
            for intent in intents {
                kept.open.retain(|open| open.action.key != intent.action.key);
                kept.open.push(intent.clone());
            }
        })
    }

    async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()> {
        self.write_all(lease, |world| {
            for outcome in outcomes {
                world.settle(&lease.connection, outcome);
            }
        })
    }

    async fn finish(
        &self,
        lease: &Lease,
        report: &Report,
        baseline: Option<&Baseline>,
        claims: Option<&[AccountClaim]>,
    ) -> Result<()> {
        self.write(lease, |kept| {
            kept.runs.push(report.clone());
            if let Some(baseline) = baseline {
                kept.baseline = Some(baseline.clone());
            }
            if let Some(claims) = claims {
                kept.claims = claims.to_vec();
            }
        })
    }

    async fn amend(&self, report: &Report) -> Result<()> {
        let mut world = self.lock();
        let runs = world.connections.get_mut(&report.connection).map(|kept| &mut kept.runs);
        if let Some(kept) = runs.and_then(|runs| runs.iter_mut().find(|kept| kept.run == report.run)) {
            kept.clone_from(report);
        }
        Ok(())
    }

    async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others> {
        let world = self.lock();
        let mut others = Others::default();
        let is_here = |kept: &Kept| kept.baseline.as_ref().is_none_or(|last| last.may_be_in(target));
        let here = world.connections.iter().filter(|(name, kept)| *name != connection && is_here(kept));
        for (name, kept) in here.clone() {
            for link in kept.links.values() {
                let held = Held::new(name.clone(), link.deactivated_by_us).giving(link.given_id());
                let place = others.held.entry(link.user.clone()).or_insert_with(|| held.clone());
                if place.closed && !held.closed {
                    *place = held;
                }
            }
        }
        for (name, kept) in here {
            // An interrupted run may have linked an account without recording it.
            let links = kept.open.iter().filter(|intent| intent.action.kind == ActionKind::Link);
            for user in links.filter_map(|intent| intent.action.user.as_ref()) {
                others.about_to_hold(user, name);
            }
            let creates = kept.open.iter().filter(|intent| intent.action.kind == ActionKind::Create);
            for id in creates.filter_map(|intent| intent.action.external_id()) {
                others.making.insert(id.to_owned(), name.clone());
            }
            for claim in &kept.claims {
                others.claimed.entry(claim.user.clone()).or_insert_with(|| name.clone());
            }
            if let Some(last) = kept.baseline.as_ref().filter(|last| !last.vendor.is_empty())
                && let Some(organisation) = &last.fingerprint.organisation
            {
                others.organisations.insert(name.clone(), (last.vendor.clone(), organisation.clone()));
            }
        }
        Ok(others)
    }

    async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>> {
        let last = |kept: &Kept| {
            let mut newest = kept.runs.iter().rev();
            newest.find(|report| report.command == command).map(|report| report.started_at)
        };
        Ok(self.read(connection, last))
    }

    async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64> {
        let counts = |removal: &&Removal| removal.counts_since(since);
        Ok(self.read(connection, |kept| kept.removals.iter().filter(counts).count() as u64))
    }

    async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(self.read(connection, |kept| kept.runs.iter().rev().take(limit).cloned().collect()))
    }

    async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>> {
        Ok(self.read(connection, |kept| kept.runs.iter().find(|report| report.run == run).cloned()))
    }

    async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()> {
        let mut world = self.lock();
        let kept = world.connections.entry(connection.to_owned()).or_default();
        kept.decisions.extend(decisions.iter().map(|decision| (decision.id.clone(), decision.clone())));
        Ok(())
    }

    async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()> {
        let mut world = self.lock();
        let kept = world.connections.entry(connection.to_owned()).or_default();
        kept.judgements.extend(judgements.iter().map(|judgement| (judgement.id.clone(), judgement.clone())));
        Ok(())
    }

    async fn save_connection(&self, connection: &Connection) -> Result<()> {
        self.lock().saved.insert(connection.name.clone(), connection.clone());
        Ok(())
    }

    async fn connection(&self, name: &str) -> Result<Option<Connection>> {
        Ok(self.lock().saved.get(name).cloned())
    }

    async fn connections(&self) -> Result<Vec<String>> {
        let world = self.lock();
        let ran = world.connections.iter().filter(|(_, kept)| !kept.is_empty()).map(|(name, _)| name);
        let kept = world.tokens.iter().filter(|(_, tokens)| tokens.is_kept()).map(|(name, _)| name);
        let names: BTreeSet<&String> =
            ran.chain(world.saved.keys()).chain(kept).chain(world.credentials.keys()).collect();
        Ok(names.into_iter().cloned().collect())
    }

    async fn save_credential(&self, connection: &str, name: &str, credential: &Secret) -> Result<()> {
        let mut world = self.lock();
        let kept = world.credentials.entry(connection.to_owned()).or_default();
        kept.insert(name.to_owned(), credential.clone());
        Ok(())
    }

    async fn credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>> {
        Ok(self.lock().credentials.get(connection).cloned().unwrap_or_default())
    }

    async fn forget_credential(&self, connection: &str, name: &str) -> Result<bool> {
        let mut world = self.lock();
        let Some(kept) = world.credentials.get_mut(connection) else { return Ok(false) };
        let was_kept = kept.remove(name).is_some();
        world.credentials.retain(|_, kept| !kept.is_empty());
        Ok(was_kept)
    }

    async fn forget(&self, connection: &str) -> Result<bool> {
        let mut world = self.lock();
        let mut was_kept = false;
        if let Some(kept) = world.connections.get_mut(connection) {
            kept.is_free(connection)?;
            was_kept = !kept.is_empty();
            // The count of leases stays, so that a late earlier run cannot write.
            *kept = Kept { token: kept.token + 1, ..Kept::default() };
        }
        was_kept |= world.saved.remove(connection).is_some();
        was_kept |= world.credentials.remove(connection).is_some();
        if let Some(tokens) = world.tokens.get(connection) {
            was_kept |= tokens.forget();
        }
        Ok(was_kept)
    }
}
