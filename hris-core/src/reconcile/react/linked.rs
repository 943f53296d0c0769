//! People with a link: present, gone, or closed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::assignment;
use super::super::bonds::Bond;
use super::super::holding::{Handover, Note, Seen};
use super::super::leaver::{self, Standing, standing};
use super::super::people::VerdictRef;
use super::super::plan::{Action, ActionKind, Mode};
use super::super::policy::Rehire;
use super::super::situation::{Reason, Situation};
use super::{Adoption, Draft};
use crate::{
    Employee, EmployeeId, Link, Lookup, Problem, ProblemCode, TargetField, User, UserId, UserStatus,
};

impl<'d, 'i> Draft<'d, 'i> {
    /// People with a link, and people nobody can tell apart.
    pub(in crate::reconcile) fn linked_people(&mut self) {
        for row in self.pairs.rows().filter(|row| !self.unchanged.row(*row)) {
            let Some(person) = self.inputs.snapshot.employees().get(row) else { continue };
            if self.pairs.contested.contains(&row) {
                if self.pairs.row(person.id().as_str()) != Some(row) {
                    continue;
                }
                self.problem(
                    Problem::error(
                        ProblemCode::DuplicateExternalId,
                        "several records have this id and differ; correct the HR system",
                    )
                    .employee(person.id()),
                );
                let user = self.pairs.link_of(row).and_then(|(_, user)| self.inputs.users.get(user?));
                self.say(Some(person.id()), user, Situation::Contested, Reason::SharedKey);
                continue;
            }
            let Some((link, _)) = self.pairs.link_of(row) else { continue };
            let Some(record) = self.inputs.links.get(link) else { continue };
            self.linked(row, person, (link, record));
        }
        self.set_aside();
    }

    /// Somebody with a link: what it names decides what can be done.
    fn linked(&mut self, row: usize, person: &'i Employee, (link, record): (usize, &'i Link)) {
        if let Some(user) = self.decided(row, person.id()).filter(|user| user.id != record.user) {
            let facts = Some(self.identity.evidence(row, user));
            let found = (Reason::Decided, facts);
            self.link(person, user, Situation::Confirmed, found, Some(person.id()));
            self.left_behind(record);
            return self.anew(row, person, link, user);
        }
        let user = |index: usize| self.inputs.users.get(index);
        match self.bonds.of_link(link) {
            Bond::Gone => self.account_gone(person, record),
            Bond::Holds(index) | Bond::Replaced(index) if self.pairs.shared.contains(&index) => {
                if let Some(user) = user(index) {
                    self.twice_linked(person.id(), user);
                }
            }
            Bond::Holds(index) => {
                if let Some(user) = user(index) {
                    self.observe(record, user);
                    self.pair(row, person, link, (record, Adoption::No), user);
                }
            }
            Bond::Replaced(index) => {
                if let Some(user) = user(index) {
                    self.account_replaced(Some(row), person.id(), user);
                }
            }
            Bond::Remade(index) => {
                if let Some(user) = user(index) {
                    if self.matches.superseded.contains(&link) {
                        let why = Reason::SupersededRecord;
                        self.left_behind(record);
                        return self.say(Some(person.id()), Some(user), Situation::Superseded, why);
                    }
                    if self.is_recycled(row, person, user) {
                        self.left_behind(record);
                        return self.recycled(row, person, user);
                    }
                    let facts = Some(self.identity.evidence(row, user));
                    let found = (Reason::AccountRemade, facts);
                    self.link(person, user, Situation::Confirmed, found, Some(person.id()));
                    self.left_behind(record);
                    self.anew(row, person, link, user);
                }
            }
        }
    }

    /// The account that a person decided to be this one's, if it is nobody else's: no link has it, none waits for
    /// it to take the place of its own, no other connection holds it, and nobody who is there bears its id.
    pub(super) fn decided(&self, row: usize, employee: &EmployeeId) -> Option<&'i User> {
        let (index, user) = self.identity.decided(employee)?;
        let own = self.pairs.link_of(row).map(|(own, _)| own);
        let free = self.pairs.holder_of(index).is_none()
            && self.pairs.elsewhere.holder_of(index).is_none()
            && self.bonds.remade(index).is_none_or(|link| own == Some(link))
            && !self.identity.is_anothers(employee, user);
        free.then_some(user)
    }

    /// The account that a link named is nobody's from now on.
    fn left_behind(&mut self, record: &Link) {
        let user = self.pairs.user(record.user.as_str()).and_then(|user| self.inputs.users.get(user));
        if let Some(user) = user {
            self.say(None, Some(user), Situation::Unassigned, Reason::NoEmployee);
        }
    }

    /// Goes on with an account that takes the place of the linked one in this run.
    fn anew(&mut self, row: usize, person: &'i Employee, link: usize, user: &'i User) {
        let mut record = Link::new(person.id().clone(), user.id.clone());
        record.external_id = user.value(&TargetField::ExternalId).map(str::to_owned);
        self.pair(row, person, link, (&record, Adoption::Yes), user);
    }

    /// Remembers what is seen of a pair, whatever becomes of it.
    fn observe(&mut self, record: &Link, user: &User) {
        let carried = user.value(&TargetField::ExternalId);
        if let Some(id) = carried.filter(|id| record.external_id.as_deref() != Some(id)) {
            self.note(&record.employee, Seen::ExternalId(id.to_owned()));
        }
        if user.is_live() && record.deactivated_by_us {
            self.note(&record.employee, Seen::Open);
        }
        let taken = assignment::taken(user, record);
        if user.is_live() && !taken.is_empty() {
            self.note(&record.employee, Seen::Taken(taken));
        }
    }

    fn note(&mut self, employee: &EmployeeId, seen: Seen) {
        self.decided.notes.push(Note { employee: employee.clone(), seen });
    }

    /// People who are present and could not be read: nothing is done about them.
    pub(super) fn set_aside(&mut self) {
        let ids: BTreeSet<&EmployeeId> = self.inputs.snapshot.set_aside().iter().collect();
        let unread = |id: &&EmployeeId| self.pairs.row(id.as_str()).is_none();
        let ids: BTreeSet<&EmployeeId> = ids.into_iter().filter(unread).collect();
        let links = self.inputs.links.iter().filter(|link| ids.contains(&link.employee));
        let linked: BTreeMap<&EmployeeId, &UserId> = if ids.is_empty() {
            BTreeMap::new()
        } else {
            links.map(|link| (&link.employee, &link.user)).collect()
        };
        for id in ids {
            let verdict = VerdictRef {
                employee: Some(id.as_str()),
                user: linked.get(id).map(|user| user.as_str()),
                situation: Situation::Invalid,
                reason: Reason::NotUsable,
            };
            self.decided.people.push(verdict);
        }
    }

    pub(super) fn pair(
        &mut self,
        row: usize,
        person: &'i Employee,
        link: usize,
        (record, adoption): (&Link, Adoption),
        user: &User,
    ) {
        let stands = standing(person, self.policy, self.today);
        if self.matches.superseded.contains(&link) {
            return self.say(Some(person.id()), Some(user), Situation::Superseded, Reason::SupersededRecord);
        }
        if self.is_recycled(row, person, user) {
            return self.recycled(row, person, user);
        }
        if let Standing::Left(reason) = stands {
            return self.leaver(person.id(), user, reason);
        }
        if stands == (Standing::Employed { past_end: true }) {
            let message =
                "an end date has passed and the status says employed; nothing is decided on the date";
            self.problem(
                Problem::warning(ProblemCode::Divergence, message).employee(person.id()).field("end_date"),
            );
        }
        if !user.is_live() {
            return self.closed_account(row, person, stands, (record, adoption), user);
        }
        self.live_account(row, person, stands, (record, adoption), user);
    }

    /// Whether this id may be somebody else's by now, and nobody has decided about it.
    fn is_recycled(&self, row: usize, person: &Employee, user: &User) -> bool {
        let settled = self.identity.has_left(row) && !user.is_live();
        !settled
            && self.identity.is_recycled(row, user)
            && self.identity.judged(Some(row), person.id(), user) != Some(true)
    }

    /// The person who has this id now is not the one who had the account, so this person's leaving does not
    /// close it either.
    fn recycled(&mut self, row: usize, person: &Employee, user: &User) {
        let why = "everything known of this id is new, so it may belong to somebody else now";
        self.ask((Some(row), person.id()), user, ProblemCode::RecycledId, why);
        self.say(Some(person.id()), Some(user), Situation::Recycled, Reason::RecycledId);
    }

    /// An account in use, of somebody who has not left.
    pub(super) fn live_account(
        &mut self,
        row: usize,
        person: &'i Employee,
        stands: Standing,
        (link, adoption): (&Link, Adoption),
        user: &User,
    ) {
        let situation = if stands == Standing::PreHire { Situation::PreHire } else { Situation::Confirmed };
        let before = self.decided.actions.len();
        if self.mode == Mode::Sync {
            self.update(row, person, user, Some(link), situation, adoption);
        }
        self.assign(person, Some(link), user, situation);
        if self.mode == Mode::Sync {
            self.invite(person, stands, link, user, situation);
        }
        let reason = match (self.decided.actions.get(before), stands) {
            (Some(first), _) => first.reason,
            (None, Standing::PreHire) => Reason::FutureStart,
            (None, Standing::Leaving) => Reason::LeavingLater,
            (None, Standing::Unknown) => Reason::UnknownStatus,
            (None, _) => Reason::Unchanged,
        };
        self.say(Some(person.id()), Some(user), situation, reason);
    }

    /// A closed account, of somebody who has not left.
    pub(super) fn closed_account(
        &mut self,
        row: usize,
        person: &'i Employee,
        stands: Standing,
        (link, adoption): (&Link, Adoption),
        user: &User,
    ) {
        let waits = match stands {
            Standing::PreHire => Some((Situation::PreHire, Reason::FutureStart)),
            Standing::Unknown => Some((Situation::Confirmed, Reason::UnknownStatus)),
            Standing::Leaving => Some((Situation::Confirmed, Reason::LeavingLater)),
            Standing::Employed { .. } | Standing::Left(_) => None,
        };
        if let Some((situation, reason)) = waits {
            return self.say(Some(person.id()), Some(user), situation, reason);
        }
        let reason = if !link.deactivated_by_us {
            Reason::ReturnedToOthers
        } else if self.policy.rehire == Rehire::Conflict || !self.inputs.target.reactivates {
            Reason::ReturnedConflict
        } else if self.mode == Mode::Match {
            Reason::MatchOnly
        } else {
            Reason::Returned
        };
        match reason {
            Reason::Returned => {
                let mut action = Action::new(ActionKind::Reactivate, Situation::Rehire, reason);
                action.employee = Some(person.id().clone());
                action.user = Some(user.id.clone());
                self.decided.actions.push(action);
                self.update(row, person, user, Some(link), Situation::Rehire, adoption);
                self.assign(person, Some(link), user, Situation::Rehire);
                if link.awaits_invite && self.policy.invite && self.inputs.target.invites {
                    // It was closed before its owner was asked to join, so that is still to be done.
                    let mut invite = Action::new(ActionKind::Invite, Situation::Rehire, Reason::FirstInvite);
                    invite.invites_to = self.address_after(user);
                    invite.employee = Some(person.id().clone());
                    invite.user = Some(user.id.clone());
                    self.decided.actions.push(invite);
                }
            }
            Reason::ReturnedConflict => {
                let message = "is employed again, and the account is closed; open it in the product, or set `policy.rehire = \"reactivate\"`";
                self.problem(
                    Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id()).user(&user.id),
                );
            }
            Reason::ReturnedToOthers => {
                let message = "is employed, and somebody else closed the account; open it in the product if that is wrong";
                self.problem(
                    Problem::warning(ProblemCode::Divergence, message).employee(person.id()).user(&user.id),
                );
            }
            _ => {}
        }
        self.say(Some(person.id()), Some(user), Situation::Rehire, reason);
    }

    /// Somebody who has left by status.
    pub(super) fn leaver(&mut self, employee: &EmployeeId, user: &User, reason: Reason) {
        let situation =
            if user.status == UserStatus::Pending { Situation::Rescinded } else { Situation::Leaver };
        let counts = leaver::sign_counts(self.inputs, self.policy, reason);
        let why = match reason {
            _ if !user.is_live() => Reason::AlreadyDeactivated,
            _ if !counts => Reason::PolicyKeeps,
            _ if self.mode == Mode::Match => Reason::MatchOnly,
            _ if situation == Situation::Rescinded => Reason::WillNotStart,
            reason => reason,
        };
        if matches!(why, Reason::AlreadyDeactivated | Reason::PolicyKeeps | Reason::MatchOnly) {
            return self.say(Some(employee), Some(user), situation, why);
        }
        self.close(employee, user, situation, why);
    }

    /// Closes the account of somebody who left, unless another connection waits for it.
    fn close(&mut self, employee: &EmployeeId, user: &User, situation: Situation, why: Reason) {
        let Some(to) = self.inputs.others.claimed.get(&user.id) else {
            return self.deactivate(Some(employee), user, situation, why);
        };
        let (employee, to) = (employee.clone(), to.clone());
        self.say(Some(&employee), Some(user), Situation::HandedOver, Reason::HandedOver);
        self.decided.handovers.push(Handover { employee, user: user.id.clone(), to });
    }

    /// Linked people who are missing from the whole listing.
    pub(in crate::reconcile) fn missing_people(&mut self) {
        let pairs = self.pairs;
        for (link, _) in &pairs.missing {
            let Some(record) = self.inputs.links.get(*link) else { continue };
            let employee = &record.employee;
            let user = |index: usize| self.inputs.users.get(index);
            match self.bonds.of_link(*link) {
                Bond::Gone => self.say(Some(employee), None, Situation::Gone, Reason::BothGone),
                Bond::Holds(index) | Bond::Replaced(index) if pairs.shared.contains(&index) => {
                    if let Some(user) = user(index) {
                        self.twice_linked(employee, user);
                    }
                }
                Bond::Holds(index) => {
                    if let Some(user) = user(index) {
                        self.observe(record, user);
                        self.missing(*link, employee, user);
                    }
                }
                Bond::Replaced(index) => {
                    if let Some(user) = user(index) {
                        self.account_replaced(None, employee, user);
                    }
                }
                Bond::Remade(index) => {
                    if let Some(user) = user(index) {
                        if self.matches.superseded.contains(link) {
                            let (situation, why) = (Situation::SourceMissing, Reason::AbsentAndRekeyed);
                            self.left_behind(record);
                            self.say(Some(employee), Some(user), situation, why);
                            continue;
                        }
                        let found = (Reason::AccountRemade, None);
                        self.link_by_id(employee, user, Situation::SourceMissing, found, Some(employee));
                        self.left_behind(record);
                        self.missing(*link, employee, user);
                    }
                }
            }
        }
    }

    pub(super) fn missing(&mut self, link: usize, employee: &EmployeeId, user: &User) {
        let counts = leaver::absence_counts(self.inputs, self.policy);
        let answer = self.inputs.absent.get(employee);
        let reason = match answer {
            _ if !user.is_live() => Reason::AlreadyDeactivated,
            _ if !counts => Reason::AbsenceIgnored,
            _ if self.matches.superseded.contains(&link) => Reason::AbsentAndRekeyed,
            _ if !self.inputs.snapshot.absence_counts() => Reason::AbsenceUnproven,
            Some(Lookup::Found(person)) => return self.unlisted(employee, person, user),
            Some(Lookup::NotVisible) => Reason::NotVisible,
            Some(Lookup::Gone) => Reason::AbsentAndGone,
            None => Reason::AbsentUnasked,
        };
        match reason {
            Reason::AbsentAndGone | Reason::AbsentUnasked if self.mode == Mode::Match => {
                self.say(Some(employee), Some(user), Situation::SourceMissing, Reason::MatchOnly);
            }
            Reason::AbsentAndGone | Reason::AbsentUnasked => {
                let pending = user.status == UserStatus::Pending;
                let situation = if pending { Situation::Rescinded } else { Situation::SourceMissing };
                self.close(employee, user, situation, reason);
            }
            Reason::AbsenceUnproven | Reason::NotVisible => {
                self.unproven += u64::from(reason == Reason::AbsenceUnproven);
                if reason == Reason::NotVisible {
                    let message =
                        "is missing from the list, and the credential may not see why; the account is kept";
                    self.problem(
                        Problem::warning(ProblemCode::VisibilityLost, message)
                            .employee(employee)
                            .user(&user.id),
                    );
                }
                self.say(Some(employee), Some(user), Situation::SourceUnseen, reason);
            }
            reason => self.say(Some(employee), Some(user), Situation::SourceMissing, reason),
        }
    }

    /// Missing from the list, and there when asked for by id: that record's status decides.
    pub(super) fn unlisted(&mut self, employee: &EmployeeId, person: &Employee, user: &User) {
        let message =
            "is missing from the list and there when asked for by id; check what the credential may list";
        self.problem(
            Problem::warning(ProblemCode::VisibilityLost, message).employee(employee).user(&user.id),
        );
        match standing(person, self.policy, self.today) {
            Standing::Left(reason) if person.id() == employee => self.leaver(employee, user, reason),
            _ => self.say(Some(employee), Some(user), Situation::SourceUnseen, Reason::Unchanged),
        }
    }
}
