//! People without a link, and accounts without a person.

use std::collections::{BTreeSet, HashMap};

use super::super::diff;
use super::super::index::Marks;
use super::super::leaver::{Standing, standing};
use super::super::matching::{Found, Match};
use super::super::plan::{Action, ActionKind, Change, Mode};
use super::super::policy::{FutureStarters, MatchKey, Rehire, UnlinkedUsers};
use super::super::situation::{Reason, Situation};
use super::actions::address_digest;
use super::{Adoption, Draft, Told};
use crate::{Employee, EmployeeId, Field, Link, Problem, ProblemCode, TargetField, User, canon};

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
            Standing::Left(reason) => {
                if let Some(user) = self.decided(row, person.id()) {
                    let found = (Reason::Decided, Some(self.identity.evidence(row, user)));
                    self.link(person, user, Situation::Leaver, found, None);
                    return self.leaver(person.id(), user, reason);
                }
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
            Match::One { user: index, by } => {
                if let Some(user) = user(index) {
                    self.found(row, person, user, by);
                }
            }
            Match::Returned { user: index, link } => {
                if let (Some(user), Some(link)) = (user(index), self.inputs.links.get(link)) {
                    if stands == Standing::PreHire {
                        return self.say(id, Some(user), Situation::PreHire, Reason::FutureStart);
                    }
                    self.returned(row, person, user, Some(link));
                }
            }
            Match::Reopened { user: index } => {
                if let Some(user) = user(index) {
                    if stands == Standing::PreHire {
                        return self.say(id, Some(user), Situation::PreHire, Reason::FutureStart);
                    }
                    self.returned(row, person, user, None);
                }
            }
            Match::Elsewhere { user: index } => {
                let held = user(index).zip(self.pairs.elsewhere.holder_of(index));
                if let Some((user, held)) = held {
                    self.held_elsewhere(Some(row), person.id(), user, held.connection.clone());
                }
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
            Match::Claimed { user: index } => {
                let why = "another person claims the same account";
                self.ask_all((row, person), &[index], why);
                self.say(id, None, Situation::Contested, Reason::SharedKey);
            }
            Match::Ambiguous(users) => {
                let why = "several accounts are this person's by the facts";
                self.ask_all((row, person), &users, why);
                self.say(id, None, Situation::Ambiguous, Reason::SeveralMatch);
            }
            Match::Open { users, recycled: true } => {
                let why = "everything known of this id is new, so the account that carries it may be \
                           somebody else's";
                for user in users.iter().filter_map(|user| self.inputs.users.get(*user)) {
                    self.ask((Some(row), person.id()), user, ProblemCode::RecycledId, why);
                }
                self.say(id, None, Situation::Recycled, Reason::RecycledId);
            }
            Match::Open { users, recycled: false } => {
                let why = "an account may be this person's, and the facts do not say whose it is";
                self.ask_all((row, person), &users, why);
                let held = |user: &&usize| self.pairs.holder_of(**user).is_some();
                let (situation, account) = match users.iter().find(held) {
                    Some(index) => (Situation::FoundAlreadyLinked, user(*index)),
                    None => (Situation::Ambiguous, None),
                };
                self.say(id, account, situation, Reason::OpenQuestion);
            }
        }
    }

    fn ask_all(&mut self, (row, person): (usize, &Employee), users: &[usize], why: &str) {
        for user in users.iter().filter_map(|user| self.inputs.users.get(*user)) {
            self.ask((Some(row), person.id()), user, ProblemCode::AmbiguousMatch, why);
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
                if user.is_live()
                    && pairs.holder_of(index).is_none()
                    && pairs.elsewhere.holder_of(index).is_none()
                {
                    let first = strays.entry(id).or_insert(user);
                    *first = std::cmp::min_by_key(*first, user, |user| &user.id);
                }
            }
            strays
        });
        let Some(user) = strays.get(id) else { return };
        let message = format!(
            "has left, and an account in use that this connection never linked has this external id; \
             `hris link {employee} {}` if it is theirs, and the next sync closes it",
            user.id
        );
        let problem = Problem::warning(ProblemCode::Divergence, message).employee(employee).user(&user.id);
        self.problem(problem);
    }

    /// Exactly one account without a link matches: it is remembered as this person's.
    pub(super) fn found(&mut self, row: usize, person: &'i Employee, user: &User, by: Found) {
        let reason = match by {
            Found::Key(MatchKey::Email) => Reason::MatchedByEmail,
            Found::Key(MatchKey::EmployeeNumber) => Reason::MatchedByEmployeeNumber,
            Found::Key(MatchKey::ExternalId) => Reason::MatchedByExternalId,
            Found::Name | Found::Unmatched | Found::Decided => Reason::Decided,
        };
        let facts = (reason, Some(self.identity.evidence(row, user)));
        self.link(person, user, Situation::Found, facts, None);
        if user.is_live() {
            self.take_over(row, person, user, None, Situation::Found);
            self.assign(person, None, user, Situation::Found);
        } else {
            let message =
                "is employed, and somebody else closed the account; open it in the product if that is wrong";
            self.problem(
                Problem::warning(ProblemCode::Divergence, message).employee(person.id()).user(&user.id),
            );
        }
        self.say(Some(person.id()), Some(user), Situation::Found, reason);
    }

    /// Writes to an account that becomes this person's: a run that only matches gives it the external id.
    fn take_over(
        &mut self,
        row: usize,
        person: &'i Employee,
        user: &User,
        old: Option<&Link>,
        situation: Situation,
    ) {
        match self.mode {
            Mode::Sync => self.update(row, person, user, old, situation, Adoption::Yes),
            Mode::Match => self.mark(row, person, user, situation),
        }
    }

    /// The same person under a new record: the account goes over, from the ended record of this connection
    /// or, where there is none, from another connection that closed it.
    pub(super) fn returned(&mut self, row: usize, person: &'i Employee, user: &User, old: Option<&Link>) {
        let closed = !user.is_live();
        let by_others = old.is_some_and(|old| !old.deactivated_by_us);
        let stays_closed = closed
            && (self.policy.rehire == Rehire::Conflict || by_others || !self.inputs.target.reactivates);
        if stays_closed {
            let message = "is employed again under a new record, and the account is closed; open it in the product, \
                           or set `policy.rehire = \"reactivate\"`";
            self.problem(
                Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id()).user(&user.id),
            );
            return self.say(Some(person.id()), Some(user), Situation::Rehire, Reason::ReturnedConflict);
        }
        let reason = Reason::ReturnedUnderNewId;
        let facts = (reason, Some(self.identity.evidence(row, user)));
        self.link(person, user, Situation::Rehire, facts, old.map(|old| &old.employee));
        if closed && self.mode == Mode::Sync {
            let mut action = Action::new(ActionKind::Reactivate, Situation::Rehire, Reason::Returned);
            action.employee = Some(person.id().clone());
            action.user = Some(user.id.clone());
            self.decided.actions.push(action);
        }
        if !closed || self.mode == Mode::Sync {
            self.take_over(row, person, user, old, Situation::Rehire);
            self.assign(person, old, user, Situation::Rehire);
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
            if self.inputs.desired.is_refused(row, &field) {
                self.refused(person.id(), &field);
                return self.say(id, None, Situation::Invalid, Reason::NotUsable);
            }
            if !self.inputs.desired.value(row, &field).is_value() {
                // A person who has not started needs no account yet, so this is not a failure.
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
        let mut changes = diff::values(self.inputs, self.managers, row);
        self.leave_out_long(person.id(), &mut changes);
        if self.lacks_required(person.id(), &changes, later) {
            return self.say(id, None, Situation::Invalid, Reason::NotUsable);
        }
        let reason = if later { Reason::NewFutureStarter } else { Reason::NewEmployee };
        let invites = self.policy.invite && self.inputs.target.invites;
        let mut create = Action::new(ActionKind::Create, situation, reason);
        create.employee = Some(person.id().clone());
        create.changes = changes;
        create.awaits_invite = invites;
        if self.inputs.target.assigns {
            let given = self.given(person);
            for kind in given.unnamed(None, None, &self.policy.assignments) {
                self.tell(Told::Unmapped(kind), person.id());
            }
            create.assignments = self.givable(person, given.all());
        }
        self.decided.actions.push(create);
        self.manager_problem(row, person.id());
        if invites && (!later || self.policy.future_starters == FutureStarters::InviteNow) {
            let mut invite = Action::new(ActionKind::Invite, situation, Reason::FirstInvite);
            invite.invites_to =
                self.inputs.desired.value(row, &TargetField::Email).value().map(address_digest);
            invite.employee = Some(person.id().clone());
            invite.expires_at = self.policy.invitation_ends(self.inputs.now);
            self.decided.actions.push(invite);
        }
        self.say(id, None, situation, reason);
    }

    /// Whether a value is missing without which the target makes no account.
    fn lacks_required(&mut self, employee: &EmployeeId, changes: &[Change], later: bool) -> bool {
        let always = [&TargetField::ExternalId, &TargetField::Email];
        let missing = always.into_iter().chain(self.inputs.target.required());
        let missing = missing.filter(|field| !changes.iter().any(|change| change.field == **field));
        let missing: BTreeSet<TargetField> = missing.cloned().collect();
        for field in &missing {
            let message = "the target makes no account without a value of this field; enter one in the HR system, or map the field";
            let code = ProblemCode::TargetRejected;
            // A person who has not started needs no account yet, so this is not a failure.
            let problem = if later { Problem::warning(code, message) } else { Problem::error(code, message) };
            self.problem(problem.employee(employee).field(field.to_string()));
        }
        !missing.is_empty()
    }

    /// An unusable value was reported as one that an account goes without. Here it prevents the account.
    fn refused(&mut self, employee: &EmployeeId, field: &TargetField) {
        self.refused.insert((employee.clone(), field.to_string()));
    }

    /// Accounts that no employee is linked to.
    pub(in crate::reconcile) fn unlinked_users(&mut self) {
        let links = self.decided.actions.iter().filter(|action| action.kind == ActionKind::Link);
        let places = links.filter_map(|action| self.pairs.user(action.user.as_ref()?.as_str()));
        let mut linked = Marks::none_of(self.inputs.users.len());
        places.for_each(|place| linked.insert(place));
        for (index, user) in self.inputs.users.iter().enumerate() {
            if self.pairs.holder_of(index).is_some()
                || self.matches.found.contains(index)
                || linked.contains(index)
            {
                continue;
            }
            // Somebody may be its owner.
            let claimed = self.matches.claimed.contains(index) || self.bonds.remade(index).is_some();
            if !claimed && self.account_alone(user) {
                continue;
            }
            let closes = !claimed
                && self.policy.unlinked_users == UnlinkedUsers::Deactivate
                && self.mode == Mode::Sync
                && user.is_live()
                && self.inputs.snapshot.absence_counts();
            let reason = if !closes {
                Reason::NoEmployee
            } else if self.pairs.elsewhere.holder_of(index).is_some() {
                Reason::HeldElsewhere
            } else if self.is_somebody_elses(user) {
                Reason::SomebodyElses
            } else if self.matches.hidden {
                self.unknown_owner += 1;
                Reason::KeysHidden
            } else {
                Reason::NoEmployeePolicy
            };
            match reason {
                Reason::NoEmployeePolicy => self.deactivate(None, user, Situation::Unassigned, reason),
                reason => self.say(None, Some(user), Situation::Unassigned, reason),
            }
        }
    }

    /// Whether an account carries an external id that is nobody's in this source, or that of somebody whom the
    /// facts speak against: another connection may have given it.
    fn is_somebody_elses(&self, user: &User) -> bool {
        let field = TargetField::ExternalId;
        let Some(id) = user.value(&field) else { return false };
        let ids = self.ids.get_or_init(|| {
            let (inputs, pairs) = (self.inputs, self.pairs);
            let id = |row: usize| Some((inputs.desired.value(row, &field).value()?, row));
            let ids = pairs.rows().filter_map(id);
            ids.map(|(id, row)| (canon::canonical(&field, id), row)).collect()
        });
        let row = ids.get(&canon::canonical(&field, id));
        row.is_none_or(|row| self.identity.evidence(*row, user).speaks_against())
    }
}
