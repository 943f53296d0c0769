//! Pairs both of whose sides are edited: what is merged, what somebody has to decide, and who is made
//! in the source.

use super::super::merge::{Base, Bases, Cause, Merge, Rules, Side, is_same, merge};
use super::super::plan::{Action, ActionKind, Change, Mode};
use super::super::policy::{MissingAccounts, MissingPeople};
use super::super::situation::{Reason, Situation};
use super::super::two_way::{Agreement, Conflict, SharedField};
use super::Draft;
use crate::{
    Employee, EmployeeId, Field, Problem, ProblemCode, TargetField, Timestamp, User, UserId, canon, mapping,
};

/// One pair that is merged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair<'a> {
    pub(super) row: usize,
    pub(super) person: &'a Employee,
    pub(super) user: &'a User,
    pub(super) bases: Option<&'a Bases>,
    pub(super) situation: Situation,
    /// Whether the pair was found in this run: the address people sign in with stays for now.
    pub(super) is_new: bool,
}

impl<'d> Draft<'d, '_> {
    /// Whether both sides of a field may change it.
    pub(super) fn is_shared(&self, field: &TargetField) -> bool {
        self.shared(field).is_some()
    }

    fn shared(&self, field: &TargetField) -> Option<&'d SharedField> {
        self.both?.fields.iter().find(|shared| shared.target == *field)
    }

    /// Merges the shared fields of a pair: what the target gets goes into `changes`, what the source
    /// gets becomes an action.
    pub(super) fn merge(&mut self, pair: Pair<'_>, changes: &mut Vec<Change>) {
        let Some(both) = self.both else { return };
        let mut back = Vec::new();
        for shared in both.fields {
            let field = &shared.target;
            if !self.inputs.target.changes(field) || self.lost.fields.contains_key(&field.to_string()) {
                continue;
            }
            let source = match self.wanted(pair.row, field) {
                Field::Value(value) => Some(value),
                Field::Cleared => None,
                // What cannot be seen is neither an edit nor an empty value.
                Field::NotPermitted | Field::NotProvided => continue,
            };
            let target = pair.user.value(field);
            let base = pair.bases.and_then(|bases| bases.get(field));
            let (source, target) = self.in_one_order(field, base, source, target);
            let id = Conflict::id(
                self.inputs.connection,
                Some(pair.person.id()),
                Some(&pair.user.id),
                Some(field),
            );
            let decision = both.decisions.iter().find(|decision| decision.id == id);
            let keep = decision.filter(|decision| decision.fits(field, base, source, target));
            let newer = newer(pair, self.inputs.now).filter(|side| self.is_only_change(&pair, field, *side));
            let rules = Rules {
                conflict: both.rules.conflict_of(field),
                missing_value: both.rules.missing_value,
                source_refuses: shared.source.is_none(),
                source_clears: shared.clears && *field != TargetField::Email,
                target_clears: *field != TargetField::Email && self.inputs.target.clears(field),
                newer,
                keep: keep.map(|decision| decision.keep),
            };
            if decision.is_some() && keep.is_none() {
                self.decided.lapsed.push(id.clone());
            }
            let waits = pair.is_new && *field == TargetField::Email;
            match merge(field, base, source, target, &rules) {
                Merge::Nothing => self.tell_again(&pair, field, base),
                Merge::Agree | Merge::Leave => self.agree(&pair, field, source, target),
                Merge::Diverge(side) => {
                    self.agree(&pair, field, source, target);
                    let problem = if side == Side::Source && shared.source.is_none() {
                        Problem::warning(ProblemCode::Divergence, self.cannot_write())
                    } else {
                        let message = format!(
                            "was emptied, and the {} cannot lose the value; both sides stay as they are until one changes",
                            side.as_str()
                        );
                        Problem::warning(ProblemCode::CannotUnset, message)
                    };
                    self.pair_problem(&pair, field, problem);
                }
                Merge::Conflict(cause) => {
                    let message = format!(
                        "{}; `hris resolve {id} --keep source` or `--keep target` decides whose value stays",
                        cause.as_str()
                    );
                    self.pair_problem(&pair, field, Problem::error(ProblemCode::TwoWayConflict, message));
                    self.decided.conflicts.push(Conflict {
                        id,
                        employee: Some(pair.person.id().clone()),
                        user: Some(pair.user.id.clone()),
                        field: Some(field.clone()),
                        cause,
                        base: base.cloned(),
                        source: source.map(str::to_owned),
                        target: target.map(str::to_owned),
                        source_changed_at: pair.person.changed_at(),
                        target_changed_at: pair.user.changed_at,
                    });
                }
                Merge::Write(_) if waits => {}
                Merge::Write(Side::Target) => {
                    changes.push(Change::new(
                        field.clone(),
                        target.map(str::to_owned),
                        source.map(str::to_owned),
                    ));
                }
                Merge::Write(Side::Source) if both.source_is_held => {}
                Merge::Write(Side::Source) => {
                    if self.may_flow_back(Some(pair.row), shared, target, Some(&pair)) {
                        back.push(Change::new(
                            field.clone(),
                            source.map(str::to_owned),
                            target.map(str::to_owned),
                        ));
                    }
                }
            }
        }
        if !back.is_empty() {
            let mut action = Action::new(ActionKind::Update, pair.situation, Reason::TargetChanged);
            action.side = Side::Source;
            action.employee = Some(pair.person.id().clone());
            action.user = Some(pair.user.id.clone());
            action.changes = back;
            self.decided.actions.push(action);
        }
    }

    /// Why an edit of the target does not go to the source.
    fn cannot_write(&self) -> String {
        format!(
            "the sides differ, and this field cannot be written in {} (or not with its settings); each side keeps its value. \
             Change it in the source too, or put the source's value into the product",
            self.inputs.snapshot.vendor()
        )
    }

    /// A difference left since the last finished run has not been reported yet.
    fn tell_again(&mut self, pair: &Pair<'_>, field: &TargetField, base: Option<&Base>) {
        let last = self.inputs.last.and_then(|last| last.at);
        if base.is_some_and(|base| base.is_divergent(field) && last.is_some_and(|last| base.at > last)) {
            let message = match self.shared(field).is_some_and(|shared| shared.source.is_none()) {
                true => self.cannot_write(),
                false => "both sides stay different until one changes: a write had no effect on one of them"
                    .to_owned(),
            };
            self.pair_problem(pair, field, Problem::warning(ProblemCode::Divergence, message));
        }
    }

    fn agree(&mut self, pair: &Pair<'_>, field: &TargetField, source: Option<&str>, target: Option<&str>) {
        self.decided.agreed.push(Agreement {
            employee: pair.person.id().clone(),
            field: field.clone(),
            base: Base::new(field, source, target, self.inputs.now),
        });
    }

    /// Whether the record of one side shows no other change since both were in step. Only then is the time at
    /// which the record was changed the time of this field; else that field may have been changed long before.
    fn is_only_change(&self, pair: &Pair<'_>, field: &TargetField, side: Side) -> bool {
        let others = self.both.iter().flat_map(|both| both.fields).map(|shared| &shared.target);
        others.filter(|other| *other != field).all(|other| {
            let source = match self.wanted(pair.row, other) {
                Field::Value(value) => Some(value),
                Field::Cleared => None,
                Field::NotPermitted | Field::NotProvided => return true,
            };
            let target = pair.user.value(other);
            match (pair.bases.and_then(|bases| bases.get(other)), side) {
                (Some(base), Side::Source) => is_same(other, base.source.as_deref(), source),
                (Some(base), Side::Target) => is_same(other, base.target.as_deref(), target),
                (None, _) => is_same(other, source, target),
            }
        })
    }

    fn pair_problem(&mut self, pair: &Pair<'_>, field: &TargetField, problem: Problem) {
        self.problem(problem.employee(pair.person.id()).user(&pair.user.id).field(field.to_string()));
    }

    /// Whether the source can take a value of the target's: one that is no such value, or that another
    /// person has, is reported and stays out.
    fn may_flow_back(
        &mut self,
        row: Option<usize>,
        shared: &SharedField,
        value: Option<&str>,
        pair: Option<&Pair<'_>>,
    ) -> bool {
        let Some(value) = value else { return true };
        let unique = shared.unique || shared.target == TargetField::Email;
        let problem = if let Some((code, message)) = mapping::fault_of(&shared.target, value) {
            Problem::error(code, format!("the target's value cannot go to the source: {message}"))
        } else if unique && self.has_somebody_else(row, &shared.target, value) {
            let message =
                "another person in the source has the value that the target has; correct one of them";
            Problem::error(ProblemCode::UniquenessConflict, message)
        } else {
            return true;
        };
        if let Some(pair) = pair {
            self.pair_problem(pair, &shared.target, problem);
        }
        false
    }

    fn has_somebody_else(&self, row: Option<usize>, field: &TargetField, value: &str) -> bool {
        let desired = self.inputs.desired;
        (0..desired.employees().len()).any(|other| {
            Some(other) != row
                && desired.value(other, field).value().is_some_and(|held| canon::same(field, held, value))
        })
    }

    /// What the policy says of somebody who is in the source only. True if an account may be made.
    pub(super) fn may_join(&mut self, person: &Employee, situation: Situation) -> bool {
        let Some(both) = self.both else { return true };
        let id = Conflict::id(self.inputs.connection, Some(person.id()), None, None);
        let kept = both.decisions.iter().find(|decision| decision.id == id).map(|decision| decision.keep);
        let reason = match (both.rules.missing_in_target, kept) {
            (MissingPeople::Create, _) | (MissingPeople::Ask, Some(Side::Source)) => return true,
            (MissingPeople::Ignore, _) | (MissingPeople::Ask, Some(Side::Target)) => Reason::MissingIgnored,
            (MissingPeople::Ask, None) => Reason::MissingAsked,
        };
        if reason == Reason::MissingAsked {
            self.ask_about(id, Some(person.id()), None, Cause::MissingInTarget);
        }
        self.say(Some(person.id()), None, situation, reason);
        false
    }

    /// An account without anybody in the source. True if the policy has been applied to it.
    pub(super) fn account_alone(&mut self, user: &User) -> bool {
        let Some(both) = self.both else { return false };
        let alone = self.mode == Mode::Sync
            && user.is_live()
            && self.inputs.snapshot.absence_counts()
            && !self.is_protected(None, user);
        if !alone || both.rules.missing_in_source == MissingAccounts::Ignore {
            return false;
        }
        let id = Conflict::id(self.inputs.connection, None, Some(&user.id), None);
        let kept = both.decisions.iter().find(|decision| decision.id == id).map(|decision| decision.keep);
        let reason = match (both.rules.missing_in_source, kept) {
            (_, Some(Side::Source)) if both.rules.missing_in_source == MissingAccounts::Ask => {
                Reason::MissingIgnored
            }
            (MissingAccounts::Ask, None) => Reason::MissingAsked,
            _ => Reason::NewAccount,
        };
        match reason {
            Reason::MissingAsked => self.ask_about(id, None, Some(&user.id), Cause::MissingInSource),
            Reason::NewAccount => {
                if let Some(action) = self.person_of(user) {
                    self.decided.actions.push(action);
                }
            }
            _ => {}
        }
        self.say(None, Some(user), Situation::Unassigned, reason);
        true
    }

    /// The action that makes a person in the source of an account, unless something speaks against it.
    fn person_of(&mut self, user: &User) -> Option<Action> {
        let both = self.both?;
        if both.source_is_held {
            return None;
        }
        let unread = self.inputs.snapshot.set_aside().iter();
        let stranger =
            unread.map(|id| self.inputs.links.iter().any(|link| link.employee == *id)).any(|linked| !linked);
        let written = || both.fields.iter().filter(|shared| shared.source.is_some());
        let email = written().find(|shared| shared.target == TargetField::Email);
        let address = user.value(&TargetField::Email);
        let message = if user.value(&TargetField::ExternalId).is_some() {
            "the account has the external id of nobody in the source; if that person left, close it, else take the id away"
        } else if stranger {
            "somebody in the source could not be read and may be this person; correct that record first"
        } else if email.is_none() {
            "people can be made in the source only where the e-mail address is mapped and can be written there"
        } else if address.is_none() {
            "the account has no e-mail address, so nobody can be made of it in the source"
        } else {
            ""
        };
        let mut problem = (!message.is_empty()).then(|| Problem::error(ProblemCode::NotPermitted, message));
        let mut changes = Vec::new();
        for shared in written() {
            let Some(value) = user.value(&shared.target) else { continue };
            if self.may_flow_back(None, shared, Some(value), None) {
                changes.push(Change::new(shared.target.clone(), None, Some(value.to_owned())));
            } else {
                let message =
                    "the source cannot take this value: another person has it, or it is no such value";
                let refused = Problem::error(ProblemCode::UniquenessConflict, message);
                problem = problem.or(Some(refused.field(shared.target.to_string())));
            }
        }
        if let Some(problem) = problem {
            self.problem(problem.user(&user.id));
            return None;
        }
        let mut action = Action::new(ActionKind::Create, Situation::Unassigned, Reason::NewAccount);
        action.side = Side::Source;
        action.user = Some(user.id.clone());
        action.changes = changes;
        Some(action)
    }

    fn ask_about(&mut self, id: String, employee: Option<&EmployeeId>, user: Option<&UserId>, cause: Cause) {
        let message = format!(
            "{}; `hris resolve {id} --keep source` or `--keep target` decides whether it is made on the other side",
            cause.as_str()
        );
        let mut problem = Problem::error(ProblemCode::TwoWayConflict, message);
        problem.employee = employee.cloned();
        problem.user = user.cloned();
        self.problem(problem);
        self.decided.conflicts.push(Conflict {
            id,
            employee: employee.cloned(),
            user: user.cloned(),
            field: None,
            cause,
            base: None,
            source: None,
            target: None,
            source_changed_at: None,
            target_changed_at: None,
        });
    }
}

/// Whose record was changed later, where that can be relied on: both sides say when, both changes came
/// after the two were last in step, neither lies in the future.
fn newer(pair: Pair<'_>, now: Timestamp) -> Option<Side> {
    let (source, target) = (pair.person.changed_at()?, pair.user.changed_at?);
    let last = pair.bases.into_iter().flat_map(|bases| bases.values()).map(|base| base.at).max();
    let credible = |at: Timestamp| at <= now && last.is_none_or(|last| at > last);
    if !credible(source) || !credible(target) || source == target {
        return None;
    }
    Some(if source > target { Side::Source } else { Side::Target })
}
