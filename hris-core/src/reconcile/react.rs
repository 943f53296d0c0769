//! From situations to actions: the policy applied to one person after another.

mod actions;
mod doubt;
mod linked;
mod two_way;
mod unlinked;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::bonds::Bonds;
use super::coverage::Lost;
use super::holding::{AccountClaim, Handover, Note, Seen};
use super::identity::{Identity, Question};
use super::inputs::Inputs;
use super::manager::Managers;
use super::matching::Matches;
use super::pairs::Pairs;
use super::people::{People, VerdictRef};
use super::plan::{Action, Mode};
use super::policy::Policy;
use super::situation::{Reason, Situation};
use super::two_way::{Agreement, BothWays, Conflict};
use super::unchanged::Unchanged;
use crate::{
    Assignment, AssignmentKind, Date, EmployeeId, Link, Problem, ProblemCode, Severity, TargetField, User,
    UserId, canon,
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
    unchanged: &'d Unchanged,
    pub(super) managers: &'d Managers,
    identity: &'d Identity<'d, 'i>,
    bonds: &'d Bonds,
    matches: &'d Matches,
    /// The entries of the protected accounts, in the form in which they are compared.
    protected: BTreeMap<String, &'d str>,
    /// Entries under which an account was found, in the form in which they are compared.
    shielded: BTreeSet<String>,
    /// One line of the report each, however many people it is about.
    told: BTreeMap<Told, BTreeSet<EmployeeId>>,
    /// What the target does not have, and who would get it.
    unknown: BTreeMap<Assignment, BTreeSet<EmployeeId>>,
    /// Accounts in use that nobody is linked to, by external id, once somebody asks.
    strays: OnceCell<HashMap<&'d str, &'d User>>,
    /// The rows of everybody in the source by external id, once somebody asks.
    ids: OnceCell<HashMap<Cow<'d, str>, usize>>,
    /// People whose accounts cannot be made for want of a value that cannot be used, and its field.
    refused: HashSet<(EmployeeId, String)>,
    /// How many accounts are kept because absence from this list proves nothing.
    unproven: u64,
    /// How many accounts without a link are kept because somebody's keys cannot be seen.
    unknown_owner: u64,
    pub(super) decided: Decided,
}

/// What was decided, not yet in order.
#[derive(Debug, Default)]
pub(super) struct Decided {
    pub(super) actions: Vec<Action>,
    pub(super) people: People,
    pub(super) problems: Vec<Problem>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) agreed: Vec<Agreement>,
    pub(super) lapsed: Vec<String>,
    pub(super) questions: Vec<Question>,
    pub(super) notes: Vec<Note>,
    pub(super) claims: Vec<AccountClaim>,
    pub(super) handovers: Vec<Handover>,
    /// Protected accounts: they keep their address too.
    pub(super) kept: Vec<UserId>,
}

/// A problem that is reported once a run, for all the people it concerns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Told {
    /// The target takes this field only when an account is made, and they have another value by now.
    Fixed(TargetField),
    /// Another connection, by its name, holds their accounts.
    HeldElsewhere(String),
    /// The target keeps this field in a form of its own.
    OwnForm(TargetField),
    /// They were invited as often as the policy allows.
    Tired,
    /// Their value of this field is longer than the target takes.
    TooLong(TargetField, usize),
    /// Nobody owes them the invitation that their accounts wait for.
    Forgotten,
    /// They have something of this kind that no rule names.
    Unmapped(AssignmentKind),
    /// Somebody keeps undoing what is written into this field.
    WornOut(TargetField),
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
        (pairs, unchanged): (&'d Pairs<'i>, &'d Unchanged),
        managers: &'d Managers,
        (identity, bonds, matches): (&'d Identity<'d, 'i>, &'d Bonds, &'d Matches),
    ) -> Self {
        let protected = policy.protected.iter().map(|name| name.as_str());
        let protected =
            protected.map(|name| (canon::canonical(&TargetField::Email, name).into_owned(), name)).collect();
        let mut decided = Decided::default();
        decided.problems.extend(inputs.snapshot.problems().iter().cloned());
        decided.problems.extend(inputs.desired.problems().iter().cloned());
        let mut draft = Self {
            inputs,
            both,
            policy,
            today,
            mode,
            lost,
            pairs,
            unchanged,
            managers,
            identity,
            bonds,
            matches,
            protected,
            shielded: BTreeSet::new(),
            told: BTreeMap::new(),
            unknown: BTreeMap::new(),
            strays: OnceCell::new(),
            ids: OnceCell::new(),
            refused: HashSet::new(),
            unproven: 0,
            unknown_owner: 0,
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
            let message = format!(
                "{hidden}; removals wait until that is cleared up, or until somebody approves a plan"
            );
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, message));
        }
        let unkept =
            |field: &&TargetField| **field != TargetField::ExternalId && !self.inputs.target.keeps(field);
        let mut unkept: Vec<String> =
            self.inputs.desired.targets().filter(unkept).map(ToString::to_string).collect();
        unkept.sort_unstable();
        if let [first, others @ ..] = &unkept[..] {
            let what = if others.is_empty() { "this field" } else { "these fields" };
            let message = format!(
                "the target does not keep {what}: {}; take what you do not need out of the mapping",
                unkept.join(", ")
            );
            let mut problem = Problem::warning(ProblemCode::NotPermitted, message);
            if others.is_empty() {
                problem = problem.field(first.clone());
            }
            self.decided.problems.push(problem);
        }
        if self.both.is_some_and(|both| both.source_is_held) {
            let message = "an update of the source changed fields that were not sent, so nothing is written there until the settings \
                           of the source change; correct the person that the earlier run named, and how \
                           updates are sent";
            self.decided.problems.push(Problem::error(ProblemCode::NotPermitted, message));
        }
        if let Some(lost) = &self.lost.visibility {
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, lost.clone()));
        }
        if self.inputs.last.is_none() {
            self.already_connected();
        }
        self.unseen();
        if self.mode == Mode::Match && self.inputs.mode == Mode::Sync {
            let message = "there are accounts with external ids and no memory of them, so this run only matches; \
                           run again to sync";
            self.decided.problems.push(Problem::warning(ProblemCode::StateMissing, message));
        }
    }

    /// Mapped fields that nobody's record shows, reported once. The loss of a field that somebody had is
    /// reported in each run.
    fn unseen(&mut self) {
        let inputs = self.inputs;
        let unseen = inputs.snapshot.unseen();
        if unseen.is_empty() || inputs.last.is_some_and(|last| last.config == inputs.config) {
            return;
        }
        let people = inputs.snapshot.people();
        for field in inputs.desired.taking_only(unseen) {
            if self.lost.fields.contains_key(&field.to_string()) || !inputs.target.keeps(field) {
                continue;
            }
            let message = format!(
                "the credential shows nobody's ({people} people), so accounts go without it; grant what `hris check` \
                 names, or take the field out of the mapping"
            );
            let problem = Problem::warning(ProblemCode::NotPermitted, message).field(field.to_string());
            self.decided.problems.push(problem);
        }
    }

    pub(super) fn finish(mut self) -> Decided {
        if !self.refused.is_empty() {
            for problem in &mut self.decided.problems {
                let of = problem.employee.clone().zip(problem.field.clone());
                if of.is_some_and(|of| self.refused.contains(&of)) {
                    problem.severity = Severity::Error;
                }
            }
        }
        for (told, people) in std::mem::take(&mut self.told) {
            self.decided.problems.push(told.problem(&people));
        }
        for (place, entry) in self.policy.protected.iter().enumerate() {
            if !self.shielded.contains(canon::canonical(&TargetField::Email, entry).as_ref()) {
                let message = format!(
                    "entry {} of the protected accounts matches no account, so it protects nobody; write the \
                     e-mail address or the id of an account",
                    place + 1
                );
                let problem = Problem::warning(ProblemCode::ProtectedUnknown, message);
                self.decided.problems.push(problem.field("protected"));
            }
        }
        if self.unknown_owner > 0 {
            let message = format!(
                "somebody in the source could not be read, or has a number or an address that cannot be seen; {} \
                 accounts without a link may be theirs and stay open",
                self.unknown_owner
            );
            self.decided.problems.push(Problem::warning(ProblemCode::VisibilityLost, message));
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

    /// The first run of a second connection to one organisation: both would provision the same people.
    fn already_connected(&mut self) {
        let Some(organisation) = &self.inputs.snapshot.fingerprint().organisation else { return };
        let same = |(vendor, other): &(String, String)| {
            vendor == self.inputs.snapshot.vendor() && other == organisation
        };
        let others = self.inputs.others.organisations.iter().filter(|(_, one)| same(one));
        for (name, _) in others {
            let message = format!(
                "connection {name:?} already reads this organisation; accounts that it holds stay with it. Remove \
                 one of the two connections"
            );
            self.decided.problems.push(Problem::warning(ProblemCode::AlreadyConnected, message));
        }
    }

    /// Finds out under which entry each account is protected. An account once found under one stays so when
    /// its address changes.
    pub(super) fn shield(&mut self) {
        if self.protected.is_empty() && self.inputs.links.iter().all(|link| link.protected_by.is_none()) {
            return;
        }
        for (index, user) in self.inputs.users.iter().enumerate() {
            let entry = self.entry_of(user);
            let names = [Some(user.id.as_str()), user.value(&TargetField::Email), entry];
            let names = names.into_iter().flatten().map(|name| canon::canonical(&TargetField::Email, name));
            self.shielded
                .extend(names.filter(|name| self.protected.contains_key(name.as_ref())).map(Cow::into_owned));
            self.decided.kept.extend(entry.map(|_| user.id.clone()));
            let link = self.pairs.holder_of(index).filter(|link| self.bonds.holds(*link));
            let Some(link) = link.and_then(|link| self.inputs.links.get(link)) else { continue };
            if link.protected_by.as_deref() != entry {
                let seen = Seen::Protected(entry.map(str::to_owned));
                self.decided.notes.push(Note { employee: link.employee.clone(), seen });
            }
        }
    }

    /// The entry of the protected accounts under which this one is found, or was.
    fn entry_of(&self, user: &User) -> Option<&'d str> {
        let of_id = self.protected.get(canon::canonical(&TargetField::Email, user.id.as_str()).as_ref());
        let of_email = || {
            let email = user.value(&TargetField::Email)?;
            self.protected.get(canon::canonical(&TargetField::Email, email).as_ref())
        };
        let remembered = || {
            let link = self.pairs.holder_of(self.pairs.user(user.id.as_str())?)?;
            let link: &Link = self.inputs.links.get(link).filter(|_| self.bonds.holds(link))?;
            let entry = canon::canonical(&TargetField::Email, link.protected_by.as_deref()?);
            self.protected.get(entry.as_ref())
        };
        of_id.or_else(of_email).or_else(remembered).copied()
    }

    /// Accounts named by the policy, and the owner of the credential by which all this is read.
    pub(super) fn is_protected(&self, employee: Option<&EmployeeId>, user: &User) -> bool {
        let owner = self.inputs.snapshot.fingerprint().credential.as_deref();
        if owner.is_some() && employee.map(EmployeeId::as_str) == owner {
            return true;
        }
        !self.protected.is_empty() && self.entry_of(user).is_some()
    }

    /// Remembers a problem of a person, for one report.
    pub(super) fn tell(&mut self, told: Told, employee: &EmployeeId) {
        self.told.entry(told).or_default().insert(employee.clone());
    }

    /// Asks whose an account is. Nothing is done to it, nor to the person, until somebody answers.
    pub(super) fn ask(
        &mut self,
        (row, employee): (Option<usize>, &EmployeeId),
        user: &User,
        code: ProblemCode,
        why: &str,
    ) {
        let question = self.identity.question(row, employee, user);
        let id = &question.id;
        let facts = if row.is_some() { format!(" ({})", question.evidence) } else { String::new() };
        let message = format!(
            "{why}{facts}; `hris resolve {id} --same` if the account is this person's, `--different` if it is not"
        );
        self.problem(Problem::error(code, message).employee(employee).user(&user.id));
        self.decided.questions.push(question);
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
        let (employee, user) = (employee.map(EmployeeId::as_str), user.map(|user| user.id.as_str()));
        self.decided.people.push(VerdictRef { employee, user, situation, reason });
    }
}

impl Told {
    fn problem(self, people: &BTreeSet<EmployeeId>) -> Problem {
        let count =
            if people.len() == 1 { "1 person".to_owned() } else { format!("{} people", people.len()) };
        let problem = match self {
            Self::Fixed(field) => {
                let message = format!(
                    "the target takes this field only when an account is made, and {count} have another value in the \
                     source by now; change it in the product, or take the field out of the mapping"
                );
                Problem::warning(ProblemCode::Divergence, message).field(field.to_string())
            }
            Self::HeldElsewhere(connection) => {
                let message = format!(
                    "connection {connection:?} holds the account of {count}; it stays with that connection until \
                     the person leaves there, and then comes here"
                );
                Problem::warning(ProblemCode::HeldElsewhere, message)
            }
            Self::OwnForm(field) => {
                let message = format!(
                    "the target keeps the value of {count} in a form of its own; it stays so until the source changes"
                );
                Problem::warning(ProblemCode::Divergence, message).field(field.to_string())
            }
            Self::Tired => {
                let message = format!(
                    "{count} did not accept the invitations that `policy.max_invites` allows and get no more; \
                     `hris link EMPLOYEE USER` starts over for one of them"
                );
                Problem::warning(ProblemCode::Divergence, message)
            }
            Self::Forgotten => {
                let message = format!(
                    "the account of {count} waits for an invitation that this connection does not owe; \
                     `hris link EMPLOYEE USER` has the next sync invite one of them"
                );
                Problem::warning(ProblemCode::Divergence, message)
            }
            Self::TooLong(field, longest) => {
                let message = format!(
                    "the target takes at most {longest} characters, and the value of {count} is longer, so it was not \
                     written; shorten it in the HR system"
                );
                Problem::error(ProblemCode::TargetRejected, message).field(field.to_string())
            }
            Self::Unmapped(kind) => {
                let message = format!(
                    "{count} have a {} that no rule of `assignments` names, and keep what they have; add it there",
                    kind.as_str()
                );
                Problem::warning(ProblemCode::UnmappedValue, message).field(kind.as_str())
            }
            Self::WornOut(field) => {
                let message = format!(
                    "another system puts back what this field was for {count}, again and again; it is not written \
                     any more until the source changes. Decide which of the two systems keeps it"
                );
                Problem::error(ProblemCode::Divergence, message).field(field.to_string())
            }
        };
        problem.people(people)
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
