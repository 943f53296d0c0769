//! From situations to actions: the policy applied to one person after another.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::assignment::Given;
use super::coverage::Lost;
use super::diff;
use super::inputs::Inputs;
use super::leaver::{self, Standing, standing};
use super::manager::{Manager, Managers};
use super::matching::{Match, Matches};
use super::pairs::Pairs;
use super::plan::{Action, ActionKind, GrantChange, Mode, Verdict};
use super::policy::{FutureStarters, MatchKey, Policy, Rehire, UnlinkedUsers};
use super::situation::{Reason, Situation};
use super::two_way::{Agreement, BothWays, Conflict, Pair};
use crate::{
    Assignment, AssignmentKind, Date, Employee, EmployeeId, Field, Link, Lookup, Problem, ProblemCode,
    TargetField, User, UserId, UserStatus, canon,
};

/// A plan in the making.
pub(super) struct Draft<'d, 'i> {
    pub(super) inputs: &'d Inputs<'i>,
    /// What both sides may change, if they may.
    pub(super) both: Option<&'d BothWays<'d>>,
    policy: &'d Policy,
    today: Date,
    pub(super) mode: Mode,
    pub(super) lost: &'d Lost,
    pairs: &'d Pairs<'i>,
    managers: &'d Managers,
    matches: &'d Matches,
    protected: BTreeSet<String>,
    unmapped: BTreeMap<AssignmentKind, (u64, EmployeeId)>,
    /// What the target does not have, and who would get it.
    unknown: BTreeMap<Assignment, BTreeSet<EmployeeId>>,
    /// How many people who have not left have an address, once somebody asks.
    addresses: OnceCell<HashMap<Cow<'d, str>, u32>>,
    /// Accounts in use that nobody is linked to, by external id, once somebody asks.
    strays: OnceCell<HashMap<&'d str, &'d User>>,
    /// How many accounts are kept because being missing from this list means nothing.
    unproven: u64,
    pub(super) decided: Decided,
}

/// What was decided, not yet in order.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) actions: Vec<Action>,
    pub(super) people: Vec<Verdict>,
    pub(super) problems: Vec<Problem>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) agreed: Vec<Agreement>,
    pub(super) lapsed: Vec<String>,
}

impl<'d, 'i> Draft<'d, 'i> {
    #[expect(clippy::too_many_arguments, reason = "each is the result of one named step of `plan`")]
    pub(super) fn new(
        inputs: &'d Inputs<'i>,
        both: Option<&'d BothWays<'d>>,
        policy: &'d Policy,
        today: Date,
        mode: Mode,
        lost: &'d Lost,
        pairs: &'d Pairs<'i>,
        managers: &'d Managers,
        matches: &'d Matches,
    ) -> Self {
        let protected = policy.protected.iter();
        let protected =
            protected.map(|name| canon::canonical(&TargetField::Email, name).into_owned()).collect();
        let mut decided = Decided::default();
        decided.people.reserve(inputs.snapshot.employees().len() + inputs.users.len() / 8);
        decided.problems.extend(inputs.snapshot.problems().iter().cloned());
        decided.problems.extend(inputs.desired.problems().iter().cloned());
        let unmapped = BTreeMap::new();
        let mut draft = Self {
            inputs,
            both,
            policy,
            today,
            mode,
            lost,
            pairs,
            managers,
            matches,
            protected,
            unmapped,
            unknown: BTreeMap::new(),
            addresses: OnceCell::new(),
            strays: OnceCell::new(),
            unproven: 0,
            decided,
        };
        draft.notices();
        draft
    }

    /// What concerns nobody in particular.
    fn notices(&mut self) {
        for (field, had) in &self.lost.fields {
            let message = format!(
                "{had} people had a value at the last complete run and nobody has one now; the target keeps what it has. \
                 Check what the credential may see, or approve a plan"
            );
            let problem = Problem::warning(ProblemCode::VisibilityLost, message).field(field.clone());
            self.decided.problems.push(problem);
        }
        if let Some(hidden) = &self.lost.hidden {
            let message = format!("{hidden}; nobody is removed until it does");
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, message));
        }
        let unkept = |field: &&TargetField| {
            **field != TargetField::ExternalId && self.inputs.target.unkept.contains(*field)
        };
        for field in self.inputs.desired.targets().filter(unkept) {
            let message = "the target does not keep this field; take it out of the mapping";
            let problem = Problem::warning(ProblemCode::NotPermitted, message).field(field.to_string());
            self.decided.problems.push(problem);
        }
        if self.both.is_some_and(|both| both.source_is_held) {
            let message = "an update of the source changed fields that were not sent, so nothing is written there until the settings \
                           of the source change; correct the person whom that run named and how updates are sent";
            self.decided.problems.push(Problem::error(ProblemCode::NotPermitted, message));
        }
        if let Some(lost) = &self.lost.visibility {
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, lost.clone()));
        }
        if self.mode == Mode::Match && self.inputs.mode == Mode::Sync {
            let message = "there are accounts with external ids and no memory of them, so this run only matches; \
                           run again to sync";
            self.decided.problems.push(Problem::warning(ProblemCode::StateMissing, message));
        }
    }

    pub(super) fn finish(mut self) -> Decided {
        for (kind, (count, first)) in std::mem::take(&mut self.unmapped) {
            let message = format!(
                "{count} people have a {} that no rule of `assignments` names; add it there",
                kind.as_str()
            );
            let problem = Problem::warning(ProblemCode::UnmappedValue, message);
            self.decided.problems.push(problem.employee(&first).field(kind.as_str()));
        }
        for (Assignment { kind, value }, people) in std::mem::take(&mut self.unknown) {
            let message = format!(
                "the target has no {} {value:?}, which {} would get ({}); make it there or correct `assignments`",
                kind.as_str(),
                if people.len() == 1 { "1 person".to_owned() } else { format!("{} people", people.len()) },
                some(&people)
            );
            let problem = Problem::error(ProblemCode::UnmappedValue, message).field(kind.as_str());
            self.decided.problems.extend(people.first().map(|first| problem.employee(first)));
        }
        if let (1.., Some(why)) = (self.unproven, self.inputs.snapshot.absence_reason()) {
            let message = format!("{why}; {} who are missing from it keep their accounts", self.unproven);
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, message));
        }
        self.decided
    }

    /// People with a link, and people nobody can tell apart.
    pub(super) fn linked_people(&mut self) {
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
    fn set_aside(&mut self) {
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

    fn twice_linked(&mut self, employee: &EmployeeId, user: &User) {
        let message = "this account and this employee are linked twice; unlink one";
        let problem = Problem::error(ProblemCode::AmbiguousMatch, message);
        self.problem(problem.employee(employee).user(&user.id));
        self.say(Some(employee), Some(user), Situation::Contested, Reason::SharedKey);
    }

    fn account_gone(&mut self, person: &Employee, link: &Link) {
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

    fn pair(&mut self, row: usize, person: &'i Employee, link: usize, record: &Link, user: &User) {
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
    fn live_account(&mut self, row: usize, person: &'i Employee, stands: Standing, link: &Link, user: &User) {
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
    fn closed_account(
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
    fn leaver(&mut self, employee: &EmployeeId, user: &User, reason: Reason) {
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
    pub(super) fn missing_people(&mut self) {
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

    fn missing(&mut self, link: usize, employee: &EmployeeId, user: &User) {
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
    fn unlisted(&mut self, employee: &EmployeeId, person: &Employee, user: &User) {
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

    /// People without a link.
    pub(super) fn unlinked_people(&mut self) {
        for row in self.pairs.rows() {
            let Some(person) = self.inputs.snapshot.employees().get(row) else { continue };
            if self.pairs.link_of(row).is_none() && !self.pairs.contested.contains(&row) {
                self.unlinked(row, person);
            }
        }
    }

    fn unlinked(&mut self, row: usize, person: &'i Employee) {
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
    fn stray(&mut self, row: usize, employee: &EmployeeId) {
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
    fn found(&mut self, row: usize, person: &'i Employee, user: &User, key: MatchKey) {
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
    fn returned(&mut self, row: usize, person: &'i Employee, user: &User, old: &Link) {
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
    fn joiner(&mut self, row: usize, person: &'i Employee, stands: Standing) {
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
    pub(super) fn unlinked_users(&mut self) {
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

    fn link(
        &mut self,
        person: &Employee,
        user: &User,
        situation: Situation,
        reason: Reason,
        replaces: Option<&EmployeeId>,
    ) {
        let mut action = Action::new(ActionKind::Link, situation, reason);
        action.employee = Some(person.id().clone());
        action.user = Some(user.id.clone());
        action.replaces = replaces.cloned();
        self.decided.actions.push(action);
    }

    fn update(
        &mut self,
        row: usize,
        person: &Employee,
        user: &User,
        link: Option<&Link>,
        situation: Situation,
        adoption: Adoption,
    ) {
        let follows = |field: &TargetField| !self.is_shared(field);
        let mut found = diff::differences(self.inputs, self.lost, self.managers, row, user, &follows);
        let is_new = adoption == Adoption::Yes;
        let bases = link.map(|link| &link.bases);
        self.merge(Pair { row, person, user, bases, situation, is_new }, &mut found.changes);
        if adoption == Adoption::Yes {
            // Taking over an account must not rewrite at once the address that people sign in with.
            found.changes.retain(|change| change.field != TargetField::Email);
        }
        let moves = found.changes.iter().any(|change| change.field == TargetField::Email);
        if moves && self.inputs.target.unique_email && self.shares_address(row) {
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

    /// Whether somebody else who has not left has the same address in the source.
    fn shares_address(&self, row: usize) -> bool {
        if !self.inputs.target.unique_email {
            return false;
        }
        let inputs = self.inputs;
        let address = |row: usize| match inputs.desired.value(row, &TargetField::Email) {
            Field::Value(email) => Some(canon::canonical(&TargetField::Email, email)),
            _ => None,
        };
        let addresses = self.addresses.get_or_init(|| {
            let mut addresses = HashMap::new();
            let people = inputs.snapshot.employees();
            for row in self.pairs.rows() {
                let Some(person) = people.get(row) else { continue };
                if matches!(standing(person, self.policy, self.today), Standing::Left(_)) {
                    continue;
                }
                if let Some(address) = address(row) {
                    *addresses.entry(address).or_insert(0) += 1;
                }
            }
            addresses
        });
        address(row).and_then(|address| addresses.get(&address)).is_some_and(|people| *people > 1)
    }

    fn duplicate_address(&mut self, employee: &EmployeeId, user: Option<&User>) {
        let message = "another person has the same e-mail address; correct one of them in the HR system";
        let problem = Problem::error(ProblemCode::DuplicateEmail, message).employee(employee).field("email");
        self.problem(match user {
            Some(user) => problem.user(&user.id),
            None => problem,
        });
    }

    fn manager_problem(&mut self, row: usize, employee: &EmployeeId) {
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

    fn assign(&mut self, person: &Employee, link: Option<&Link>, user: &User, situation: Situation) {
        if !self.inputs.target.assigns {
            return;
        }
        let protected = self.is_protected(Some(person.id()), user);
        let given = self.given(person);
        let grants = given.changes(user, link, &self.policy.assignments, protected);
        let grants = self.givable(person, grants);
        if !grants.is_empty() {
            let mut action = Action::new(ActionKind::Assign, situation, Reason::AssignmentsDiffer);
            action.employee = Some(person.id().clone());
            action.user = Some(user.id.clone());
            action.grants = grants;
            self.decided.actions.push(action);
        }
    }

    fn given(&mut self, person: &Employee) -> Given {
        let mut given = Given::to(person, &self.policy.assignments);
        given.hide(&self.lost.kinds);
        for kind in &given.unmapped {
            let entry = self.unmapped.entry(*kind).or_insert_with(|| (0, person.id().clone()));
            entry.0 += 1;
            if person.id() < &entry.1 {
                entry.1 = person.id().clone();
            }
        }
        given
    }

    /// Leaves out what the target does not have.
    fn givable(&mut self, person: &Employee, mut grants: Vec<GrantChange>) -> Vec<GrantChange> {
        grants.retain(|change| {
            let possible = !change.given || self.inputs.target.knows(&change.grant);
            if !possible {
                self.unknown.entry(change.grant.clone()).or_default().insert(person.id().clone());
            }
            possible
        });
        grants
    }

    fn invite(
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
            let days = i32::try_from(self.policy.reinvite_after_days).unwrap_or(i32::MAX);
            days > 0 && invite.accepted_at.is_none() && invite.sent_at.plus_days(days) <= self.inputs.now
        };
        let (kind, reason) = match (user.status, user.invite) {
            (UserStatus::Pending, None) if link.awaits_invite => (ActionKind::Invite, Reason::FirstInvite),
            (UserStatus::Invited, Some(invite)) if expired(invite) => {
                (ActionKind::Reinvite, Reason::InviteExpired)
            }
            _ => return,
        };
        let mut action = Action::new(kind, situation, reason);
        action.employee = Some(person.id().clone());
        action.user = Some(user.id.clone());
        self.decided.actions.push(action);
    }

    fn deactivate(
        &mut self,
        employee: Option<&EmployeeId>,
        user: &User,
        situation: Situation,
        reason: Reason,
    ) {
        if self.is_protected(employee, user) {
            let message = "is protected and was to be deactivated; do it by hand if that is right";
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

    /// Accounts named by the policy, and the owner of the credential by which all this is read.
    pub(super) fn is_protected(&self, employee: Option<&EmployeeId>, user: &User) -> bool {
        let owner = self.inputs.snapshot.fingerprint().credential.as_deref();
        if owner.is_some() && employee.map(EmployeeId::as_str) == owner {
            return true;
        }
        if self.protected.is_empty() {
            return false;
        }
        let email = user.value(&TargetField::Email).map(|email| canon::canonical(&TargetField::Email, email));
        self.policy.protected.iter().any(|name| name == user.id.as_str())
            || email.is_some_and(|email| self.protected.contains(email.as_ref()))
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.decided.problems.push(problem);
    }

    pub(super) fn say(
        &mut self,
        employee: Option<&EmployeeId>,
        user: Option<&User>,
        situation: Situation,
        reason: Reason,
    ) {
        let user = user.map(|user| user.id.clone());
        self.decided.people.push(Verdict { employee: employee.cloned(), user, situation, reason });
    }
}

/// The first few ids, as one text.
fn some(people: &BTreeSet<EmployeeId>) -> String {
    const FEW: usize = 5;
    let mut few: Vec<&str> = people.iter().take(FEW).map(EmployeeId::as_str).collect();
    if people.len() > FEW {
        few.push("…");
    }
    few.join(", ")
}

/// Whether an account is being taken over from somebody else's care in this run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Adoption {
    No,
    Yes,
}
