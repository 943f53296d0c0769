//! People with a link: present, gone, or closed.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diff;
use super::super::leaver::{self, Standing, standing};
use super::super::plan::{Action, ActionKind, Mode, Verdict};
use super::super::policy::Rehire;
use super::super::situation::{Reason, Situation};
use super::{Adoption, Draft};
use crate::{Employee, EmployeeId, Link, Lookup, Problem, ProblemCode, User, UserId, UserStatus};

impl<'d, 'i> Draft<'d, 'i> {
    /// People with a link, and people nobody can tell apart.
    pub(in crate::reconcile) fn linked_people(&mut self) {
        for row in self.pairs.rows() {
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
            let Some((link, user)) = self.pairs.link_of(row) else { continue };
            let Some(link_record) = self.inputs.links.get(link) else { continue };
            match user.and_then(|user| Some((user, self.inputs.users.get(user)?))) {
                None => self.account_gone(person, link_record),
                Some((index, user)) if self.pairs.shared.contains(&index) => {
                    self.twice_linked(person.id(), user);
                }
                Some((_, user)) => self.pair(row, person, link, link_record, user),
            }
        }
        self.set_aside();
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
            let verdict = Verdict {
                employee: Some(id.clone()),
                user: linked.get(id).map(|user| (*user).clone()),
                situation: Situation::Invalid,
                reason: Reason::NotUsable,
            };
            self.decided.people.push(verdict);
        }
    }

    pub(super) fn twice_linked(&mut self, employee: &EmployeeId, user: &User) {
        let message = "this account and this employee are linked twice; unlink one";
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
                "the account was removed from the target by somebody else; nothing is made in its place",
            )
            .employee(person.id())
            .user(&link.user),
        );
        self.say(Some(person.id()), None, Situation::TargetMissing, Reason::AccountGone);
    }

    pub(super) fn pair(&mut self, row: usize, person: &'i Employee, link: usize, record: &Link, user: &User) {
        let stands = standing(person, self.policy, self.today);
        if self.matches.superseded.contains(&link) {
            return self.say(Some(person.id()), Some(user), Situation::Superseded, Reason::SupersededRecord);
        }
        // Whoever has this id now is not who had the account, so their leaving closes nothing.
        let settled = matches!(stands, Standing::Left(_)) && !user.is_live();
        if !settled && diff::is_recycled(self.inputs, row, user) {
            self.problem(
                Problem::error(
                    ProblemCode::RecycledId,
                    "number, name, e-mail and start date of this id are all new; confirm who it is",
                )
                .employee(person.id())
                .user(&user.id),
            );
            return self.say(Some(person.id()), Some(user), Situation::Recycled, Reason::RecycledId);
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
            return self.closed_account(row, person, stands, record, user);
        }
        self.live_account(row, person, stands, record, user);
    }

    /// An account in use, of somebody who has not left.
    pub(super) fn live_account(
        &mut self,
        row: usize,
        person: &'i Employee,
        stands: Standing,
        link: &Link,
        user: &User,
    ) {
        let situation = if stands == Standing::PreHire { Situation::PreHire } else { Situation::Confirmed };
        let before = self.decided.actions.len();
        if self.mode == Mode::Sync {
            self.update(row, person, user, Some(link), situation, Adoption::No);
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
        link: &Link,
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
                self.update(row, person, user, Some(link), Situation::Rehire, Adoption::No);
                self.assign(person, Some(link), user, Situation::Rehire);
            }
            Reason::ReturnedConflict => {
                let message =
                    "is employed again; open the account by hand, or set policy.rehire to reactivate";
                self.problem(
                    Problem::error(ProblemCode::AmbiguousMatch, message).employee(person.id()).user(&user.id),
                );
            }
            Reason::ReturnedToOthers => {
                let message =
                    "is employed, and somebody else closed the account; open it by hand if that is wrong";
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
        self.deactivate(Some(employee), user, situation, why);
    }

    /// Linked people whom the whole listing does not have.
    pub(in crate::reconcile) fn missing_people(&mut self) {
        let pairs = self.pairs;
        for (link, user) in &pairs.missing {
            let Some(record) = self.inputs.links.get(*link) else { continue };
            let employee = &record.employee;
            match user.and_then(|user| Some((user, self.inputs.users.get(user)?))) {
                None => self.say(Some(employee), None, Situation::Gone, Reason::BothGone),
                Some((index, user)) if pairs.shared.contains(&index) => self.twice_linked(employee, user),
                Some((_, user)) => self.missing(*link, employee, user),
            }
        }
    }

    pub(super) fn missing(&mut self, link: usize, employee: &EmployeeId, user: &User) {
        let counts = leaver::absence_counts(self.inputs, self.policy);
        let answer = self.inputs.absent.get(employee);
        let reason = match answer {
            _ if !user.is_live() => Reason::AlreadyDeactivated,
            _ if !counts => Reason::AbsenceIgnored,
            _ if self.matches.rekeyed.contains(&link) => Reason::AbsentAndRekeyed,
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
                self.deactivate(Some(employee), user, situation, reason);
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
            Reason::AbsentAndRekeyed => {
                let message = "is missing while another record with the same number or e-mail appeared; \
                               confirm that they are one person";
                self.problem(
                    Problem::error(ProblemCode::AmbiguousMatch, message).employee(employee).user(&user.id),
                );
                self.say(Some(employee), Some(user), Situation::SourceMissing, reason);
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
