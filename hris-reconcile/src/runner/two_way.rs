//! Writing to the source, and what is remembered of fields that both sides may change.
//!
//! The order is that of all writes: intend, look whether it still makes sense, do it, read back, settle.
//! Between the look and the write lies one call; an edit within it cannot be seen by anybody whose
//! system has no conditional writes.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt as _;
use hris_core::reconcile::{
    Action, ActionKind, Agreement, Base, BothWays, Change, Conflict, Links, SharedField, Side, TwoWay,
    is_alike, is_same,
};
use hris_core::{
    Employee, EmployeeId, Field, FieldChange, Link, Lookup, Problem, ProblemCode, Snapshot, TargetField,
    Timestamp, User, UserId,
};

use super::Runner;
use super::apply::Apply;
use super::attempt::{Attempt, left};
use super::fetch::World;
use super::unclear::{empty_of, forget_lost, has_taken, is_cut};
use crate::Result;
use crate::store::{Intent, Settlement};
use crate::target::{TargetError, TargetErrorKind};

/// What both sides may change, and by which settings the source is written.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    pub(super) fields: Vec<SharedField>,
    /// A digest of the settings of the source.
    pub(super) settings: String,
}

/// What one side shows of some fields; a field that is not visible is not in it.
pub(super) type Values = BTreeMap<TargetField, Option<String>>;

/// A write to the source may take as many times as long as one call of the target.
const WRITING: u32 = 20;

impl Runner {
    pub(super) fn shares(&self, change: &Change) -> Option<&SharedField> {
        self.shared.as_ref()?.fields.iter().find(|shared| shared.target == change.field)
    }

    /// The changes of an action that are of fields which both sides may change.
    fn shared_changes<'a>(&self, action: &'a Action) -> Vec<&'a Change> {
        action.changes.iter().filter(|change| self.shares(change).is_some()).collect()
    }

    /// Whether an action writes fields that both sides may change.
    pub(super) fn is_shared(&self, action: &Action) -> bool {
        self.shared.is_some() && action.changes.iter().any(|change| self.shares(change).is_some())
    }

    /// What the engine takes beside the inputs of one way.
    pub(super) fn both_ways<'a>(&'a self, world: &'a World, rules: &'a TwoWay) -> Option<BothWays<'a>> {
        let shared = self.shared.as_ref()?;
        let is_held = world.source_hold.as_ref() == Some(&shared.settings);
        Some(BothWays::new(rules, &shared.fields).decided(&world.decisions).held(is_held))
    }

    /// What a record of the source comes to in the target's words.
    fn values(&self, person: &Employee) -> Values {
        let row = self.map.apply_one(person);
        let fields = self.shared.iter().flat_map(|shared| &shared.fields);
        let visible = fields.filter_map(|shared| match row.value(&shared.target) {
            Field::Value(value) => Some((shared.target.clone(), Some(value.to_owned()))),
            Field::Cleared => Some((shared.target.clone(), None)),
            Field::NotPermitted | Field::NotProvided => None,
        });
        visible.collect()
    }

    /// For each update of the source, by person: the fields that the person does not have.
    pub(super) fn empty_fields(
        &self,
        actions: &[Action],
        snapshot: &Snapshot,
    ) -> BTreeMap<EmployeeId, BTreeSet<TargetField>> {
        let updates =
            actions.iter().filter(|action| action.side == Side::Source && action.kind == ActionKind::Update);
        let wanted: BTreeSet<&EmployeeId> = updates.filter_map(|action| action.employee.as_ref()).collect();
        let people = snapshot.employees().iter().filter(|person| wanted.contains(person.id()));
        people.map(|person| (person.id().clone(), empty_of(&self.values(person)))).collect()
    }

    /// A person of the source as the record stands now, in the target's words.
    pub(super) async fn look_up(&self, id: &EmployeeId, now: Timestamp) -> hris_core::Result<Option<Values>> {
        match self.directory.get(id, &self.request(now)).await? {
            Lookup::Found(person) => Ok(Some(self.values(&person))),
            _ => Ok(None),
        }
    }

    /// Writes what was read back after an action into the bases of its link.
    pub(super) fn remember(
        &self,
        link: &mut Link,
        action: &Action,
        found: &Values,
        now: Timestamp,
    ) -> Vec<Problem> {
        let mut problems = Vec::new();
        for change in &action.changes {
            let field = &change.field;
            let (Some(_), Some(found)) = (self.shares(change), found.get(field)) else { continue };
            let earlier = link.bases.get(field);
            let (from, to) = (change.from.as_deref(), change.to.as_deref());
            // A person who was there already never agreed with the account in the fields that differ.
            if action.kind == ActionKind::Create && !is_alike(field, to, found.as_deref()) {
                continue;
            }
            let base = Base::after_write(field, earlier, action.side, (from, to), found.as_deref(), now);
            if base.is_divergent(field) {
                let side = action.side.as_str();
                let (code, message) = match to {
                    None => (
                        ProblemCode::CannotUnset,
                        format!(
                            "was taken away, and the {side} keeps the value; both sides stay as they are until one changes"
                        ),
                    ),
                    Some(_) => (
                        ProblemCode::Divergence,
                        format!(
                            "was written, and the {side} did not take the value; both sides stay as they are until one changes"
                        ),
                    ),
                };
                let problem = Problem::warning(code, message).field(field.to_string());
                problems.push(problem.employee(&link.employee).user(&link.user));
            }
            if is_cut(field, (from, to), found.as_deref()) && !base.is_divergent(field) {
                let side = action.side.as_str();
                let message = format!(
                    "was written, and the {side} kept a part of it only; each side keeps what it has until one changes"
                );
                let problem = Problem::warning(ProblemCode::Divergence, message).field(field.to_string());
                problems.push(problem.employee(&link.employee).user(&link.user));
            }
            link.bases.insert(field.clone(), base);
        }
        problems
    }

    /// The ids of decisions that an action carries out.
    pub(super) fn decided_by(&self, action: &Action) -> Vec<String> {
        if self.shared.is_none() {
            return Vec::new();
        }
        let id = |user: Option<&UserId>, field| {
            Conflict::id(&self.connection, action.employee.as_ref(), user, field)
        };
        match action.kind {
            ActionKind::Create => vec![id(action.user.as_ref(), None)],
            ActionKind::Update => {
                action.changes.iter().map(|change| id(action.user.as_ref(), Some(&change.field))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A call of a connector that writes: bounded in time, and its panics kept in.
    async fn write_source(
        &self,
        call: impl Future<Output = hris_core::Result<Employee>>,
    ) -> hris_core::Result<Employee> {
        let unknown = |what: String| Err(hris_core::Error::new(hris_core::ErrorKind::UnknownOutcome, what));
        let limit: Duration = self.calls.limit().saturating_mul(WRITING);
        match tokio::time::timeout(limit, AssertUnwindSafe(call).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => unknown("write to the source: the connector's code panicked".to_owned()),
            Err(_elapsed) => unknown(format!("write to the source: no answer in {} s", limit.as_secs())),
        }
    }
}

/// What an account has in some fields.
fn values_of<'a>(user: &User, changes: impl IntoIterator<Item = &'a Change>) -> Values {
    let value = |change: &Change| (change.field.clone(), user.value(&change.field).map(str::to_owned));
    changes.into_iter().map(value).collect()
}

/// Whether nobody changed what an action is about to write over, but to what it writes.
fn is_untouched(action: &Action, found: &Values) -> bool {
    action.changes.iter().all(|change| {
        let Some(found) = found.get(&change.field) else { return false };
        let is = |value: &Option<String>| is_same(&change.field, value.as_deref(), found.as_deref());
        is(&change.from) || is(&change.to)
    })
}

fn overtaken() -> Attempt {
    Attempt::Skipped(Some(left(
        "was changed meanwhile, so nothing was written over it; the next run decides again",
    )))
}

/// What the source said, as the runner counts it.
fn refused(error: &hris_core::Error) -> TargetError {
    use hris_core::ErrorKind as Core;
    let kind = match error.kind() {
        Core::NotFound => TargetErrorKind::NotFound,
        Core::RateLimited | Core::Unavailable => TargetErrorKind::Unavailable,
        Core::UnknownOutcome => TargetErrorKind::UnknownOutcome,
        _ => TargetErrorKind::Rejected,
    };
    TargetError::new(kind, error.to_string())
}

/// Whether no further write to the source makes sense.
fn is_final(error: &hris_core::Error) -> bool {
    use hris_core::ErrorKind as Core;
    matches!(error.kind(), Core::Auth | Core::Cancelled | Core::Config | Core::Mismatch | Core::Permission)
}

impl Apply<'_> {
    /// Checks whether an account still has the values that an update of shared fields is about to replace.
    /// Returns `Some` if not.
    pub(super) async fn was_overtaken(&self, action: &Action, id: &UserId) -> Option<Attempt> {
        let changes = self.runner.shared_changes(action);
        if changes.is_empty() || action.kind != ActionKind::Update || action.releases {
            return None;
        }
        match self.runner.calls.user(id, self.order.now).await {
            Ok(Some(user)) => {
                let found = values_of(&user, changes.iter().copied());
                let mut shared = action.clone();
                shared.changes = changes.into_iter().cloned().collect();
                (!is_untouched(&shared, &found)).then(overtaken)
            }
            Ok(None) => Some(Attempt::Failed(TargetError::new(
                TargetErrorKind::NotFound,
                "update: the account is gone",
            ))),
            Err(error) => Some(Attempt::Failed(error)),
        }
    }

    /// The settlement of an action that was done to an account, with what was read back of the fields
    /// that both sides may change. What cannot be read back is compared anew in the next run.
    pub(super) async fn done_to(&mut self, action: &Action, id: &UserId) -> Settlement {
        let mut done = self.settled(action, id);
        done.decided = self.runner.decided_by(action);
        let shared = self.runner.shared_changes(action);
        let writes = matches!(action.kind, ActionKind::Create | ActionKind::Update) && !action.releases;
        if writes
            && !shared.is_empty()
            && let Some(link) = &mut done.link
            && let Ok(Some(user)) = self.runner.calls.user(id, self.order.now).await
        {
            self.noted.extend(self.runner.remember(link, action, &values_of(&user, shared), self.order.now));
        }
        done
    }

    /// Writes to the source.
    pub(super) async fn write_back(&mut self, action: &Action) -> Result<Attempt> {
        match (action.kind, &action.employee, &action.user) {
            (ActionKind::Update, Some(employee), Some(user)) => {
                self.update_person(action, employee, user).await
            }
            (ActionKind::Create, None, Some(user)) => self.create_person(action, user).await,
            _ => {
                let message = format!("{}: not something that is done in the source", action.kind.as_str());
                Ok(Attempt::Failed(TargetError::new(TargetErrorKind::Rejected, message)))
            }
        }
    }

    async fn update_person(
        &mut self,
        action: &Action,
        employee: &EmployeeId,
        user: &UserId,
    ) -> Result<Attempt> {
        let runner = self.runner;
        let Some(writer) = runner.directory.writer() else { return Ok(read_only()) };
        let empty = match runner.look_up(employee, self.order.now).await {
            Ok(Some(found)) if is_untouched(action, &found) => empty_of(&found),
            Ok(Some(_)) => return Ok(overtaken()),
            Ok(None) => {
                let message = "update: the person is not there, or not visible any more";
                return Ok(Attempt::Failed(TargetError::new(TargetErrorKind::NotFound, message)));
            }
            Err(error) if is_final(&error) => return Err(error.into()),
            Err(error) => {
                let error = TargetError::new(TargetErrorKind::Unavailable, error.to_string());
                return Ok(Attempt::Failed(error));
            }
        };
        self.keeper.ensure().await?;
        let values = self.source_values(action);
        let written = runner.write_source(writer.update(employee, &values, action.key.as_str())).await;
        let found = match written {
            Ok(person) => runner.values(&person),
            Err(error) if error.kind() == hris_core::ErrorKind::FieldsLost => {
                self.hold_source(action, employee);
                return Err(error.into());
            }
            Err(error) if is_final(&error) => return Err(error.into()),
            Err(error) if error.kind() == hris_core::ErrorKind::UnknownOutcome => {
                let found = match runner.look_up(employee, self.order.now).await {
                    Ok(Some(found)) => found,
                    Ok(None) => return Ok(Attempt::Failed(refused(&error))),
                    Err(_) => return Ok(Attempt::Open(refused(&error))),
                };
                self.forget_lost(action, employee, &found, &empty);
                if !has_taken(action, &found) {
                    return Ok(Attempt::Failed(refused(&error)));
                }
                found
            }
            Err(error) => return Ok(Attempt::Failed(refused(&error))),
        };
        let mut done = self.settled(action, user);
        done.decided = runner.decided_by(action);
        if let Some(link) = &mut done.link {
            self.noted.extend(runner.remember(link, action, &found, self.order.now));
        }
        Ok(Attempt::Done(done, user.clone()))
    }

    /// Creates a person in the source for an account. The writer finds out by the key whether an earlier
    /// attempt created one. The next run finds a created person by the address.
    async fn create_person(&mut self, action: &Action, user: &UserId) -> Result<Attempt> {
        let runner = self.runner;
        let Some(writer) = runner.directory.writer() else { return Ok(read_only()) };
        if self.links.holder(user).is_some() {
            return Ok(Attempt::Skipped(None));
        }
        match runner.calls.user(user, self.order.now).await {
            Ok(Some(account)) if account.is_live() => {
                let found = values_of(&account, &action.changes);
                let same = |change: &Change| found.get(&change.field) == Some(&change.to);
                if !action.changes.iter().all(same) {
                    return Ok(overtaken());
                }
            }
            Ok(_) => return Ok(overtaken()),
            Err(error) => return Ok(Attempt::Failed(error)),
        }
        self.keeper.ensure().await?;
        let values = self.source_values(action);
        let person = match runner.write_source(writer.create(&values, action.key.as_str())).await {
            Ok(person) => person,
            Err(error) if error.kind() == hris_core::ErrorKind::FieldsLost || is_final(&error) => {
                return Err(error.into());
            }
            Err(error) if error.kind() == hris_core::ErrorKind::UnknownOutcome => {
                return Ok(Attempt::Open(refused(&error)));
            }
            Err(error) => return Ok(Attempt::Failed(refused(&error))),
        };
        if self.links.of_employee(person.id()).is_some() {
            return Ok(Attempt::Conflict([TargetField::Email.to_string()].into()));
        }
        self.joined.push(person.clone());
        let mut link = Link::new(person.id().clone(), user.clone());
        self.noted.extend(runner.remember(&mut link, action, &runner.values(&person), self.order.now));
        let mut done = Settlement::new(action.key.clone(), true).with_link(Some(link));
        done.decided = runner.decided_by(action);
        Ok(Attempt::Done(done, user.clone()))
    }

    fn source_values(&self, action: &Action) -> Vec<FieldChange> {
        let value = |change: &Change| {
            let shared = self.runner.shares(change)?;
            Some(FieldChange::of_text(shared.source?, change.to.as_deref()))
        };
        action.changes.iter().filter_map(value).collect()
    }

    /// See [`forget_lost`].
    fn forget_lost(
        &mut self,
        action: &Action,
        employee: &EmployeeId,
        found: &Values,
        empty: &BTreeSet<TargetField>,
    ) {
        let Some(mut link) = self.links.of_employee(employee).cloned() else { return };
        let told = forget_lost(&mut link, action, found, empty);
        if told.is_empty() {
            return;
        }
        self.noted.extend(told);
        let note = Settlement::note().with_link(Some(link));
        self.take_over(&note);
        self.settle_with(note);
    }

    /// An update changed fields that it did not send. Nothing more is written to the source, and that
    /// person's fields count as never in step: what was lost is an empty value that the other side
    /// fills, not an edit that goes there.
    fn hold_source(&mut self, action: &Action, employee: &EmployeeId) {
        let mut settlement = Settlement::new(action.key.clone(), false);
        settlement.source_hold = self.runner.shared.as_ref().map(|shared| shared.settings.clone());
        settlement.link = self.links.of_employee(employee).cloned().map(|mut link| {
            link.bases.clear();
            link
        });
        self.take_over(&settlement);
        self.settle_with(settlement);
    }

    /// Records what needed no write.
    pub(super) async fn agree(&mut self, agreed: &[Agreement], lapsed: &[String]) -> Result<()> {
        let mut pairs: BTreeMap<&EmployeeId, Link> = BTreeMap::new();
        for agreement in agreed {
            let Some(link) = self.links.of_employee(&agreement.employee) else { continue };
            let link = pairs.entry(&agreement.employee).or_insert_with(|| link.clone());
            link.bases.insert(agreement.field.clone(), agreement.base.clone());
        }
        for link in pairs.into_values() {
            let note = Settlement::note().with_link(Some(link));
            self.take_over(&note);
            self.settle_with(note);
        }
        if !lapsed.is_empty() {
            let mut note = Settlement::note();
            note.decided = lapsed.to_vec();
            self.settle_with(note);
        }
        self.record().await
    }
}

fn read_only() -> Attempt {
    Attempt::Failed(TargetError::new(TargetErrorKind::Rejected, "write to the source: it can only be read"))
}

/// Finds out what became of a write to the source whose end nobody recorded. A person who may have been
/// made is found by the next plan, among all others.
pub(super) async fn settle_source(
    runner: &Runner,
    links: &Links,
    Intent { action, at, empty, .. }: &Intent,
    problems: &mut Vec<Problem>,
) -> Result<Settlement> {
    let at = *at;
    let not_done = Settlement::new(action.key.clone(), false);
    let (ActionKind::Update, Some(employee), Some(user)) = (action.kind, &action.employee, &action.user)
    else {
        return Ok(not_done);
    };
    let Some(found) = runner.look_up(employee, at).await? else { return Ok(not_done) };
    let is_done = has_taken(action, &found);
    let mut settlement = if is_done { Settlement::of(action, links.after(action, user)) } else { not_done };
    let link = settlement.link.take().or_else(|| links.of_employee(employee).cloned());
    let Some(mut link) = link else { return Ok(settlement) };
    let lost = forget_lost(&mut link, action, &found, empty);
    if is_done {
        settlement.decided = runner.decided_by(action);
        problems.extend(runner.remember(&mut link, action, &found, at));
    }
    if is_done || !lost.is_empty() {
        settlement.link = Some(link);
    }
    problems.extend(lost);
    Ok(settlement)
}

/// Adds to the settlement of an interrupted update what its account shows.
pub(super) fn settle_shared(
    runner: &Runner,
    done: &mut Settlement,
    action: &Action,
    (user, at): (&User, Timestamp),
    problems: &mut Vec<Problem>,
) {
    let shared = runner.shared_changes(action);
    if action.side == Side::Target
        && !shared.is_empty()
        && !action.releases
        && let Some(link) = &mut done.link
    {
        problems.extend(runner.remember(link, action, &values_of(user, shared), at));
        done.decided = runner.decided_by(action);
    }
}
