//! People without a link, and accounts without a person.

use std::collections::HashMap;

use super::super::diff;
use super::super::leaver::{Standing, standing};
use super::super::matching::Match;
use super::super::plan::{Action, ActionKind, Mode};
use super::super::policy::{FutureStarters, MatchKey, Rehire, UnlinkedUsers};
use super::super::situation::{Reason, Situation};
use super::{Adoption, Draft};
use crate::{Employee, EmployeeId, Field, Link, Problem, ProblemCode, TargetField, User};

impl<'d, 'i> Draft<'d, 'i> {
    /// People without a link.
    pub(in crate::reconcile) fn unlinked_people(&mut self) {
        for row in self.pairs.rows() {
            let Some(person) = self.inputs.snapshot.employees().get(row) else { continue };
            if self.pairs.link_of(row).is_none() && !self.pairs.contested.contains(&row) {
                self.unlinked(row, person);
            }
        }
    }

    pub(super) fn unlinked(&mut self, row: usize, person: &'i Employee) {
        let id = Some(person.id());
        if person.is_sample() {
            return self.say(id, None, Situation::Ignored, Reason::Sample);
        }
        let stands = standing(person, self.policy, self.today);
        match stands {
            Standing::Left(_) => {
                self.stray(row, person.id());
                return self.say(id, None, Situation::Ignored, Reason::NeverProvisioned);
            }
            Standing::Leaving => return self.say(id, None, Situation::Ignored, Reason::LeavingLater),
            Standing::Unknown => return self.say(id, None, Situation::Ignored, Reason::UnknownStatus),
            Standing::Employed { .. } | Standing::PreHire => {}
        }
        let user = |index: usize| self.inputs.users.get(index);
        match self.matches.of_row(row) {
            Match::None => self.joiner(row, person, stands),
            Match::One { user: index, key } => {
                if let Some(user) = user(index) {
                    self.found(row, person, user, key);
                }
            }
            Match::Returned { user: index, link } => {
                if let (Some(user), Some(link)) = (user(index), self.inputs.links.get(link)) {
                    if stands == Standing::PreHire {
                        return self.say(id, Some(user), Situation::PreHire, Reason::FutureStart);
                    }
                    self.returned(row, person, user, link);
                }
            }
            Match::Claimed { user: index } => {
                let message = "another person claims the same account by another key; correct one of them in the HR system";
                let problem = Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id());
                self.problem(match user(index) {
                    Some(user) => problem.user(&user.id),
                    None => problem,
                });
                self.say(id, None, Situation::Contested, Reason::SharedKey);
            }
            Match::Contested(key) => {
                let (code, what) = match key {
                    MatchKey::Email => (ProblemCode::DuplicateEmail, "e-mail address"),
                    MatchKey::EmployeeNumber => (ProblemCode::DuplicateEmployeeNumber, "employee number"),
                    MatchKey::ExternalId => (ProblemCode::DuplicateExternalId, "external id"),
                };
                let message =
                    format!("another person has the same {what}; correct one of them in the HR system");
                self.problem(
                    Problem::error(code, message).employee(person.id()).field(key.field().to_string()),
                );
                self.say(id, None, Situation::Contested, Reason::SharedKey);
            }
            Match::Ambiguous => {
                let message =
                    "the match keys point at several accounts; give one of them this external id by hand";
                self.problem(Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id()));
                self.say(id, None, Situation::Ambiguous, Reason::SeveralMatch);
            }
            Match::Rekeyed { user: index } | Match::Taken { user: index } => {
                let rekeyed = matches!(self.matches.of_row(row), Match::Rekeyed { .. });
                let reason = if rekeyed { Reason::AbsentAndRekeyed } else { Reason::MatchTaken };
                let message = format!(
                    "the account {}: {}",
                    if rekeyed { "of a missing record matches" } else { "is taken" },
                    reason
                );
                let mut problem = Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id());
                if let Some(user) = user(index) {
                    problem = problem.user(&user.id);
                }
                self.problem(problem);
                self.say(id, user(index), Situation::FoundAlreadyLinked, reason);
            }
        }
    }

    /// Somebody who has left has no account as far as is known; one that bears their external id is
    /// not closed on that, but somebody should look at it. It may be theirs if the state was lost.
    pub(super) fn stray(&mut self, row: usize, employee: &EmployeeId) {
        let (inputs, pairs) = (self.inputs, self.pairs);
        let Field::Value(id) = inputs.desired.value(row, &TargetField::ExternalId) else { return };
        let strays = self.strays.get_or_init(|| {
            let mut strays: HashMap<&str, &User> = HashMap::new();
            for (index, user) in inputs.users.iter().enumerate() {
                let Some(id) = user.value(&TargetField::ExternalId) else { continue };
                if user.is_live() && pairs.holder_of(index).is_none() {
                    let first = strays.entry(id).or_insert(user);
                    *first = std::cmp::min_by_key(*first, user, |user| &user.id);
                }
            }
            strays
        });
        let Some(user) = strays.get(id) else { return };
        let message = "has left, and an account in use that this connection never linked has this external id; \
                       close it by hand if it is theirs";
        let problem = Problem::warning(ProblemCode::Divergence, message).employee(employee).user(&user.id);
        self.problem(problem);
    }

    /// Exactly one account without a link matches: it is remembered as this person's.
    pub(super) fn found(&mut self, row: usize, person: &'i Employee, user: &User, key: MatchKey) {
        let reason = match key {
            MatchKey::Email => Reason::MatchedByEmail,
            MatchKey::EmployeeNumber => Reason::MatchedByEmployeeNumber,
            MatchKey::ExternalId => Reason::MatchedByExternalId,
        };
        self.link(person, user, Situation::Found, reason, None);
        if user.is_live() {
            if self.mode == Mode::Sync {
                self.update(row, person, user, None, Situation::Found, Adoption::Yes);
            }
            self.assign(person, None, user, Situation::Found);
        } else {
            let message =
                "is employed, and somebody else closed the account; open it by hand if that is wrong";
            self.problem(
                Problem::warning(ProblemCode::Divergence, message).employee(person.id()).user(&user.id),
            );
        }
        self.say(Some(person.id()), Some(user), Situation::Found, reason);
    }

    /// The same person under a new record: the account goes over.
    pub(super) fn returned(&mut self, row: usize, person: &'i Employee, user: &User, old: &Link) {
        let closed = !user.is_live();
        let by_hand = closed
            && (self.policy.rehire == Rehire::Conflict
                || !old.deactivated_by_us
                || !self.inputs.target.reactivates);
        if by_hand {
            let message = "is employed again under a new record; open the account by hand, or set policy.rehire to reactivate";
            self.problem(
                Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id()).user(&user.id),
            );
            return self.say(Some(person.id()), Some(user), Situation::Rehire, Reason::ReturnedConflict);
        }
        let reason = Reason::ReturnedUnderNewId;
        self.link(person, user, Situation::Rehire, reason, Some(&old.employee));
        if self.mode == Mode::Sync {
            if closed {
                let mut action = Action::new(ActionKind::Reactivate, Situation::Rehire, Reason::Returned);
                action.employee = Some(person.id().clone());
                action.user = Some(user.id.clone());
                self.decided.actions.push(action);
            }
            self.update(row, person, user, Some(old), Situation::Rehire, Adoption::Yes);
        }
        if !closed || self.mode == Mode::Sync {
            self.assign(person, Some(old), user, Situation::Rehire);
        }
        self.say(Some(person.id()), Some(user), Situation::Rehire, reason);
    }

    /// Nothing matches: an account is made, if it may be.
    pub(super) fn joiner(&mut self, row: usize, person: &'i Employee, stands: Standing) {
        let id = Some(person.id());
        let later = stands == Standing::PreHire;
        let situation = if later { Situation::PreHire } else { Situation::Joiner };
        if self.mode == Mode::Match {
            return self.say(id, None, situation, Reason::MatchOnly);
        }
        if later && self.policy.future_starters == FutureStarters::Skip {
            return self.say(id, None, situation, Reason::FutureStart);
        }
        if !self.may_join(person, situation) {
            return;
        }
        for (field, code, message) in [
            (
                TargetField::ExternalId,
                ProblemCode::MissingExternalId,
                "has no external id, so no account can be made; check the mapping",
            ),
            (
                TargetField::Email,
                ProblemCode::MissingEmail,
                "has no e-mail address, so no account can be made; enter one in the HR system",
            ),
        ] {
            if !self.inputs.desired.value(row, &field).is_value() {
                // Whoever has not started needs no account yet, so that is no failure.
                let problem =
                    if later { Problem::warning(code, message) } else { Problem::error(code, message) };
                self.problem(problem.employee(person.id()).field(field.to_string()));
                return self.say(id, None, Situation::Invalid, Reason::NotUsable);
            }
        }
        if self.shares_address(row) {
            self.duplicate_address(person.id(), None);
            return self.say(id, None, Situation::Contested, Reason::SharedKey);
        }
        let reason = if later { Reason::NewFutureStarter } else { Reason::NewEmployee };
        let invites = self.policy.invite && self.inputs.target.invites;
        let mut create = Action::new(ActionKind::Create, situation, reason);
        create.employee = Some(person.id().clone());
        create.changes = diff::values(self.inputs, self.managers, row);
        create.awaits_invite = invites;
        if self.inputs.target.assigns {
            let given = self.given(person);
            create.grants = self.givable(person, given.all());
        }
        self.decided.actions.push(create);
        self.manager_problem(row, person.id());
        if invites && (!later || self.policy.future_starters == FutureStarters::InviteNow) {
            let mut invite = Action::new(ActionKind::Invite, situation, Reason::FirstInvite);
            invite.employee = Some(person.id().clone());
            self.decided.actions.push(invite);
        }
        self.say(id, None, situation, reason);
    }

    /// Accounts that no employee is linked to.
    pub(in crate::reconcile) fn unlinked_users(&mut self) {
        for (index, user) in self.inputs.users.iter().enumerate() {
            if self.pairs.holder_of(index).is_some() || self.matches.found.contains(&index) {
                continue;
            }
            if !self.matches.claimed.contains(&index) && self.account_alone(user) {
                continue;
            }
            let close = !self.matches.claimed.contains(&index)
                && self.policy.unlinked_users == UnlinkedUsers::Deactivate
                && self.mode == Mode::Sync
                && user.is_live()
                && self.inputs.snapshot.absence_counts();
            if close {
                self.deactivate(None, user, Situation::Unassigned, Reason::NoEmployeePolicy);
            } else {
                self.say(None, Some(user), Situation::Unassigned, Reason::NoEmployee);
            }
        }
    }
}
