//! The single actions that reactions are made of.

use super::super::assignment::Given;
use super::super::diff;
use super::super::evidence::Evidence;
use super::super::identity::FACTS;
use super::super::learned::digest;
use super::super::leaver::{Standing, standing};
use super::super::manager::Manager;
use super::super::merge::Base;
use super::super::plan::{Action, ActionKind, AssignmentChange, Change};
use super::super::policy::FutureStarters;
use super::super::situation::{Reason, Situation};
use super::two_way::Pair;
use super::{Adoption, Draft, Told};
use crate::{Employee, EmployeeId, Field, Link, Problem, ProblemCode, TargetField, User, UserStatus, canon};

impl<'d, 'i> Draft<'d, 'i> {
    pub(super) fn link(
        &mut self,
        person: &Employee,
        user: &User,
        situation: Situation,
        (reason, evidence): (Reason, Option<Evidence>),
        replaces: Option<&EmployeeId>,
    ) {
        self.link_by_id(person.id(), user, situation, (reason, evidence), replaces);
    }

    pub(super) fn link_by_id(
        &mut self,
        employee: &EmployeeId,
        user: &User,
        situation: Situation,
        (reason, evidence): (Reason, Option<Evidence>),
        replaces: Option<&EmployeeId>,
    ) {
        let mut action = Action::new(ActionKind::Link, situation, reason);
        action.employee = Some(employee.clone());
        action.user = Some(user.id.clone());
        action.replaces = replaces.cloned();
        action.carries = user.value(&TargetField::ExternalId).map(str::to_owned);
        action.evidence = evidence;
        // A decision that a pending account is this person's includes the invitation.
        action.awaits_invite = reason == Reason::Decided && user.status == UserStatus::Pending;
        self.decided.actions.push(action);
    }

    /// Gives an account that is taken over the person's external id, and nothing else.
    pub(super) fn mark(&mut self, row: usize, person: &Employee, user: &User, situation: Situation) {
        let field = TargetField::ExternalId;
        if !self.inputs.target.changes(&field) {
            return;
        }
        let wanted = self.inputs.desired.value(row, &field).value();
        let current = user.value(&field);
        let Some(wanted) = wanted.filter(|wanted| current.is_none_or(|id| !canon::same(&field, id, wanted)))
        else {
            return;
        };
        let mut action = Action::new(ActionKind::Update, situation, Reason::FieldsDiffer);
        action.employee = Some(person.id().clone());
        action.user = Some(user.id.clone());
        action.changes = vec![Change::new(field, current.map(str::to_owned), Some(wanted.to_owned()))];
        self.leave_out_long(person.id(), &mut action.changes);
        if !action.changes.is_empty() {
            self.decided.actions.push(action);
        }
    }

    pub(super) fn update(
        &mut self,
        row: usize,
        person: &Employee,
        user: &User,
        link: Option<&Link>,
        situation: Situation,
        adoption: Adoption,
    ) {
        let follows = |field: &TargetField| !self.is_shared(field);
        let mut found = diff::differences(self.inputs, self.lost, self.managers, row, (user, link), &follows);
        for field in std::mem::take(&mut found.own_form) {
            self.tell(Told::OwnForm(field), person.id());
        }
        for field in std::mem::take(&mut found.worn_out) {
            self.tell(Told::WornOut(field), person.id());
        }
        for field in std::mem::take(&mut found.fixed) {
            self.tell(Told::Fixed(field), person.id());
        }
        let is_new = adoption == Adoption::Yes;
        let bases = link.map(|link| &link.bases);
        self.merge(Pair { row, person, user, bases, situation, is_new }, &mut found.changes);
        self.leave_out_long(person.id(), &mut found.changes);
        let decided = || self.identity.judged(Some(row), person.id(), user) == Some(true);
        if adoption == Adoption::Yes && !decided() {
            // Taking over an account must not rewrite at once the address that people sign in with, unless a
            // person said whose it is.
            found.changes.retain(|change| change.field != TargetField::Email);
        }
        if adoption == Adoption::No {
            self.leave_as_asked(person.id(), user, &mut found.changes);
        }
        let moves = found.changes.iter().any(|change| change.field == TargetField::Email);
        if moves && self.shares_address(row) {
            // Nobody knows whose it is, so it moves to nobody.
            found.changes.retain(|change| change.field != TargetField::Email);
            self.duplicate_address(person.id(), Some(user));
        }
        if found.email_gone {
            let message = "has no e-mail address any more; the account keeps the one it has";
            let problem = Problem::warning(ProblemCode::MissingEmail, message).employee(person.id());
            self.problem(problem.user(&user.id).field("email"));
        }
        for field in found.unclearable {
            let message = "is empty in the source, and the target cannot take the value away";
            let problem = Problem::warning(ProblemCode::CannotUnset, message).employee(person.id());
            self.problem(problem.user(&user.id).field(field.to_string()));
        }
        self.manager_problem(row, person.id());
        if !found.changes.is_empty() {
            let mut action = Action::new(ActionKind::Update, situation, Reason::FieldsDiffer);
            action.employee = Some(person.id().clone());
            action.user = Some(user.id.clone());
            action.changes = found.changes;
            self.decided.actions.push(action);
        }
    }

    /// Leaves out what identifies an account while it is asked whether it is somebody else's: without its old name
    /// and address nobody could answer any more.
    fn leave_as_asked(&mut self, employee: &EmployeeId, user: &User, changes: &mut Vec<Change>) {
        if self.matches.asked.is_empty() {
            return;
        }
        let account = self.pairs.user(user.id.as_str());
        let found = changes.len();
        if account.is_some_and(|account| self.matches.asked.contains(&account)) {
            changes.retain(|change| !FACTS.contains(&change.field));
        }
        if changes.len() < found {
            let message = "another record may be the person behind this account, so what identifies the account stays \
                           as it is; `hris resolve` lists the question and answers it";
            let problem = Problem::warning(ProblemCode::Divergence, message);
            self.problem(problem.employee(employee).user(&user.id));
        }
    }

    /// Leaves out values that are too long for the target.
    pub(super) fn leave_out_long(&mut self, employee: &EmployeeId, changes: &mut Vec<Change>) {
        let target = self.inputs.target;
        changes.retain(|change| {
            let support = target.support(&change.field);
            let too_long =
                support.longest.filter(|_| change.to.as_deref().is_some_and(|to| !support.holds(to)));
            if let Some(longest) = too_long {
                self.tell(Told::TooLong(change.field.clone(), longest), employee);
            }
            too_long.is_none()
        });
    }

    /// What a pair's person should have in a field.
    pub(in crate::reconcile) fn wanted(&self, row: usize, field: &TargetField) -> Field<&'d str> {
        let desired = self.inputs.desired;
        match desired.targets().position(|target| target == field) {
            Some(column) => self.managers.wanted(self.inputs, row, (column, field)),
            None => Field::NotProvided,
        }
    }

    /// The two values of a field. In which order a side names several things is no edit: such a value is taken in
    /// the order in which it is known.
    pub(in crate::reconcile) fn in_one_order<'v>(
        &self,
        field: &TargetField,
        base: Option<&'v Base>,
        source: Option<&'v str>,
        target: Option<&'v str>,
    ) -> (Option<&'v str>, Option<&'v str>) {
        let desired = self.inputs.desired;
        let Some(column) = desired.targets().position(|one| one == field).filter(|one| desired.is_list(*one))
        else {
            return (source, target);
        };
        let as_known = |value: Option<&'v str>, known: Option<&'v str>| match (value, known) {
            (Some(value), Some(known)) if desired.agrees(column, value, known) => Some(known),
            _ => value,
        };
        let source = as_known(source, base.and_then(|base| base.source.as_deref()));
        let target = as_known(target, base.and_then(|base| base.target.as_deref()));
        (source, as_known(target, source))
    }

    /// Whether somebody else who has not left has the same address in the source.
    pub(super) fn shares_address(&self, row: usize) -> bool {
        if !self.inputs.target.support(&TargetField::Email).unique {
            return false;
        }
        let field = TargetField::Email;
        let Some(address) = self.inputs.desired.value(row, &field).value() else { return false };
        let Some(having) = self.identity.having(&field, &canon::canonical(&field, address)) else {
            return false;
        };
        let people = self.inputs.snapshot.employees();
        let counts = |row: &usize| {
            !self.pairs.is_repeated(*row)
                && people.get(*row).is_some_and(|person| {
                    !matches!(standing(person, self.policy, self.today), Standing::Left(_))
                })
        };
        having.rows().filter(counts).nth(1).is_some()
    }

    pub(super) fn duplicate_address(&mut self, employee: &EmployeeId, user: Option<&User>) {
        let message = "another person has the same e-mail address; correct one of them in the HR system";
        let problem = Problem::error(ProblemCode::DuplicateEmail, message).employee(employee).field("email");
        self.problem(match user {
            Some(user) => problem.user(&user.id),
            None => problem,
        });
    }

    pub(super) fn manager_problem(&mut self, row: usize, employee: &EmployeeId) {
        let (code, message) = match self.managers.of_row(row) {
            Manager::Cycle => {
                (ProblemCode::ManagerCycle, "is part of a circle of managers; the manager is left as it is")
            }
            Manager::Unknown => (
                ProblemCode::UnknownManager,
                "has a manager who cannot be seen; the manager is left as it is",
            ),
            Manager::Known(_) | Manager::Nobody | Manager::Unseen => return,
        };
        self.problem(Problem::warning(code, message).employee(employee).field("manager_external_id"));
    }

    pub(super) fn assign(
        &mut self,
        person: &Employee,
        link: Option<&Link>,
        user: &User,
        situation: Situation,
    ) {
        if !self.inputs.target.assigns {
            return;
        }
        let protected = self.is_protected(Some(person.id()), user);
        let given = self.given(person);
        for kind in given.unnamed(Some(user), link, &self.policy.assignments) {
            self.tell(Told::Unmapped(kind), person.id());
        }
        let assignments = given.changes(user, link, &self.policy.assignments, protected);
        let assignments = self.givable(person, assignments);
        if !assignments.is_empty() {
            let mut action = Action::new(ActionKind::Assign, situation, Reason::AssignmentsDiffer);
            action.employee = Some(person.id().clone());
            action.user = Some(user.id.clone());
            action.assignments = assignments;
            self.decided.actions.push(action);
        }
    }

    pub(super) fn given(&self, person: &Employee) -> Given<'d> {
        let mut given = Given::to(person, &self.policy.assignments);
        given.hide(&self.lost.kinds);
        given
    }

    /// Leaves out what the target does not have.
    pub(super) fn givable(
        &mut self,
        person: &Employee,
        mut assignments: Vec<AssignmentChange>,
    ) -> Vec<AssignmentChange> {
        assignments.retain(|change| {
            let possible = !change.given || self.inputs.target.knows(&change.assignment);
            if !possible {
                self.unknown.entry(change.assignment.clone()).or_default().insert(person.id().clone());
            }
            possible
        });
        assignments
    }

    pub(super) fn invite(
        &mut self,
        person: &Employee,
        stands: Standing,
        link: &Link,
        user: &User,
        situation: Situation,
    ) {
        let due = match stands {
            Standing::Employed { .. } => true,
            Standing::PreHire => self.policy.future_starters == FutureStarters::InviteNow,
            Standing::Leaving | Standing::Left(_) | Standing::Unknown => false,
        };
        if !due || !self.policy.invite || !self.inputs.target.invites {
            return;
        }
        let expired = |invite: crate::Invite| {
            self.policy.invitation_ends(invite.sent_at).is_some_and(|end| end <= self.inputs.now)
        };
        let address = self.address_after(user);
        let moves = || {
            let before = link.invited_to.clone();
            // States from before this was kept know only what changes now.
            let before = before.or_else(|| user.value(&TargetField::Email).map(address_digest));
            address.is_some() && before != address
        };
        // The account has the new address already and somebody was asked today: by this connection, if an older
        // copy of the state was restored since. A day later at the earliest it asks again.
        let asked_today = || {
            user.value(&TargetField::Email).map(address_digest) == address
                && user.invite.is_some_and(|invite| invite.sent_at.plus_days(1) > self.inputs.now)
        };
        let (kind, reason) = match (user.status, user.invite) {
            (UserStatus::Pending, None) if link.awaits_invite => (ActionKind::Invite, Reason::FirstInvite),
            (UserStatus::Pending, None) => return self.tell(Told::Forgotten, person.id()),
            (UserStatus::Invited, Some(invite)) if invite.accepted_at.is_some() => return,
            // Somebody else asked them to join, so it is not for this connection to ask again.
            (UserStatus::Invited, invite) if link.invites == 0 => {
                if invite.is_some_and(expired) {
                    self.tell(Told::Forgotten, person.id());
                }
                return;
            }
            (UserStatus::Invited, Some(invite)) if expired(invite) => {
                (ActionKind::Reinvite, Reason::InviteExpired)
            }
            (UserStatus::Invited, _) if moves() && !asked_today() => {
                (ActionKind::Reinvite, Reason::InviteMoved)
            }
            _ => return,
        };
        let spent = self.policy.max_invites > 0 && link.invites >= self.policy.max_invites;
        if kind == ActionKind::Reinvite && spent {
            return self.tell(Told::Tired, person.id());
        }
        let mut action = Action::new(kind, situation, reason);
        action.employee = Some(person.id().clone());
        action.user = Some(user.id.clone());
        action.invites_to = address;
        action.expires_at = self.policy.invitation_ends(self.inputs.now);
        self.decided.actions.push(action);
    }

    /// A digest of the address that an account has once what is planned for it so far is done.
    pub(super) fn address_after(&self, user: &User) -> Option<String> {
        let mine = |action: &&Action| action.user.as_ref() == Some(&user.id);
        let mut last = self.decided.actions.iter().rev().take(4).filter(mine);
        let change =
            last.find_map(|action| action.changes.iter().find(|one| one.field == TargetField::Email));
        let planned = change.and_then(|change| change.to.as_deref());
        planned.or(user.value(&TargetField::Email)).map(address_digest)
    }

    pub(super) fn deactivate(
        &mut self,
        employee: Option<&EmployeeId>,
        user: &User,
        situation: Situation,
        reason: Reason,
    ) {
        if self.is_protected(employee, user) {
            let message = "is protected and was to be deactivated; take it out of the protected accounts if it is to be closed";
            let mut problem = Problem::error(ProblemCode::Protected, message).user(&user.id);
            if let Some(employee) = employee {
                problem = problem.employee(employee);
            }
            self.problem(problem);
            return self.say(employee, Some(user), situation, Reason::Protected);
        }
        let mut action = Action::new(ActionKind::Deactivate, situation, reason);
        action.employee = employee.cloned();
        action.user = Some(user.id.clone());
        self.decided.actions.push(action);
        self.say(employee, Some(user), situation, reason);
    }
}

/// What is kept of an address to tell whether it changed.
pub(super) fn address_digest(address: &str) -> String {
    digest(&TargetField::Email, Some(address))
}
