//! Links in doubt: the account is lost, is not the one that was linked, or another connection has to do with it.

use super::super::holding::AccountClaim;
use super::super::leaver::{Standing, standing};
use super::super::situation::{Reason, Situation};
use super::{Draft, Told};
use crate::{Employee, EmployeeId, Link, Problem, ProblemCode, User};

impl Draft<'_, '_> {
    /// The account that a link names is not the one that was linked: nothing is written or closed.
    pub(super) fn account_replaced(&mut self, row: Option<usize>, employee: &EmployeeId, user: &User) {
        let index = self.pairs.user(user.id.as_str());
        let held = index.and_then(|index| self.pairs.elsewhere.holder_of(index));
        if let Some(held) = held.filter(|held| !held.closed) {
            let connection = held.connection.clone();
            let is_theirs = |row| {
                self.identity.evidence(row, user).suffices_against_another()
                    || self.identity.judged(Some(row), employee, user) == Some(true)
            };
            if row.is_none_or(|row| self.identity.has_left(row) || is_theirs(row)) {
                return self.held_elsewhere(row, employee, user, connection);
            }
            // Nobody waits for an account that is not theirs: it would be given to them.
            let message = format!(
                "connection {connection:?} holds the account behind this link, and the facts do not say that it is \
                 this person's, so nothing is done to it. `hris unlink {employee}` has the next sync look for \
                 another one, or make one"
            );
            self.problem(
                Problem::error(ProblemCode::AccountReplaced, message).employee(employee).user(&user.id),
            );
            return self.say(Some(employee), Some(user), Situation::AccountReplaced, Reason::AccountReplaced);
        }
        if !user.is_live() && row.is_some_and(|row| self.identity.has_left(row)) {
            return self.say(Some(employee), Some(user), Situation::Gone, Reason::BothGone);
        }
        let why = "the account behind this link does not carry the external id that it was given: it may be \
                   somebody else's, so nothing is written to it and it is not closed";
        self.ask((row, employee), user, ProblemCode::AccountReplaced, why);
        self.say(Some(employee), Some(user), Situation::AccountReplaced, Reason::AccountReplaced);
    }

    /// Another connection holds the account: it stays there, and this one waits for it.
    pub(super) fn held_elsewhere(
        &mut self,
        row: Option<usize>,
        employee: &EmployeeId,
        user: &User,
        connection: String,
    ) {
        if row.is_some_and(|row| !self.identity.has_left(row)) {
            self.decided.claims.push(AccountClaim::new(employee.clone(), user.id.clone()));
            self.tell(Told::HeldElsewhere(connection), employee);
        }
        self.say(Some(employee), Some(user), Situation::HeldElsewhere, Reason::HeldElsewhere);
    }

    /// If it is unknown whether a person works here, the claim to an account that another connection holds
    /// stays, so that the account is not closed when the person leaves there.
    pub(in crate::reconcile) fn waiting_people(&mut self) {
        let inputs = self.inputs;
        for (row, user) in &self.matches.waiting {
            if let Some((person, user)) = inputs.snapshot.employees().get(*row).zip(inputs.users.get(*user)) {
                self.decided.claims.push(AccountClaim::new(person.id().clone(), user.id.clone()));
            }
        }
    }

    /// People whose own account is lost or closed: the one of an ended record that may be theirs is kept, and somebody
    /// should say whose it is.
    pub(in crate::reconcile) fn spared_people(&mut self) {
        let inputs = self.inputs;
        for (row, user) in &self.matches.spared {
            let Some((person, user)) = inputs.snapshot.employees().get(*row).zip(inputs.users.get(*user))
            else {
                continue;
            };
            let message = format!(
                "the linked account is lost or closed, and this one, of a record that ended, may be the same person's, so \
                 it stays open. `hris unlink {id}` has the next sync look whether it is theirs",
                id = person.id()
            );
            let problem = Problem::error(ProblemCode::AmbiguousMatch, message);
            self.problem(problem.employee(person.id()).user(&user.id));
        }
    }

    pub(super) fn twice_linked(&mut self, employee: &EmployeeId, user: &User) {
        let message = match self.inputs.others.held.get(&user.id) {
            Some(held) => format!(
                "connection {:?} holds this account too, and nothing says whose it is, so nothing is written to it and \
                 it is not closed. `hris unlink {employee}` here if it is not this person's, or there if it is",
                held.connection
            ),
            None => "this account and this employee are linked twice; `hris unlink EMPLOYEE` for the one whose account it is not".to_owned(),
        };
        let problem = Problem::error(ProblemCode::AmbiguousMatch, message);
        self.problem(problem.employee(employee).user(&user.id));
        self.say(Some(employee), Some(user), Situation::Contested, Reason::SharedKey);
    }

    pub(super) fn account_gone(&mut self, person: &Employee, link: &Link) {
        if matches!(standing(person, self.policy, self.today), Standing::Left(_)) {
            self.say(Some(person.id()), None, Situation::Gone, Reason::BothGone);
            return;
        }
        self.problem(
            Problem::warning(
                ProblemCode::Divergence,
                format!(
                    "the account was removed from the target by somebody else; nothing is made in its place. \
                     `hris unlink {id}` has the next sync look for another one, or make one; `hris link {id} ACCOUNT` \
                     names the one that it is",
                    id = person.id()
                ),
            )
            .employee(person.id())
            .user(&link.user),
        );
        self.say(Some(person.id()), None, Situation::TargetMissing, Reason::AccountGone);
    }
}
