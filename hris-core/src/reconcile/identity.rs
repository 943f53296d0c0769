//! Whose account is it, and how do we know: the facts of a person held against those of an account.
//!
//! Every place that asks this question asks here: matches, links, returned people, second records,
//! accounts without a link. A fact agrees, contradicts, or is unknown, and what the facts say together
//! decides whether an account may move by itself.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::evidence::{Evidence, Opinion};
use super::index::Sought;
use super::inputs::Inputs;
use super::keys::{Having, Keys};
use super::leaver::{Standing, standing};
use super::pairs::Pairs;
use super::policy::Policy;
use super::unchanged::Unchanged;
use crate::mapping::Desired;
use crate::{Date, EmployeeId, Field, TargetField, User, UserId, canon, hex};

/// An open question: whether an account is a person's. Nothing is done to either until it is decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Question {
    /// Names it: the same while it is open.
    pub id: String,
    /// The person.
    pub employee: EmployeeId,
    /// The account.
    pub user: UserId,
    /// What the facts say.
    pub evidence: Evidence,
    /// A digest of the facts on which it is asked.
    pub facts: String,
}

impl Question {
    /// The answer: the account is this person's, or not. It is void when a fact changes.
    #[must_use]
    pub fn answer(&self, same: bool) -> Judgement {
        Judgement {
            id: self.id.clone(),
            employee: self.employee.clone(),
            user: self.user.clone(),
            same,
            facts: self.facts.clone(),
        }
    }

    /// The id of the question whether this account is this person's: short, and the same in each run.
    #[must_use]
    pub fn id(connection: &str, employee: &EmployeeId, user: &UserId) -> String {
        let content = serde_json::to_vec(&("identity", connection, employee.as_str(), user.as_str()))
            .unwrap_or_default();
        hex(Sha256::digest(&content).get(..5).unwrap_or_default())
    }
}

/// What a person decided: this account is this employee's, or it is not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Judgement {
    /// Which question: [`Question::id`].
    pub id: String,
    /// The person.
    pub employee: EmployeeId,
    /// The account.
    pub user: UserId,
    /// Whether they belong together.
    pub same: bool,
    /// A digest of the facts on which it was decided.
    pub facts: String,
}

/// The facts of everybody, to be held against each other.
#[derive(Debug)]
pub(super) struct Identity<'d, 'i> {
    inputs: &'d Inputs<'i>,
    policy: &'d Policy,
    today: Date,
    pairs: &'d Pairs<'i>,
    unchanged: &'d Unchanged,
    /// Who has which external id, number and address. Computed on first use.
    keys: Keys<'d>,
    /// The external ids of people who have not left. Computed on first use.
    ids: OnceCell<HashMap<Cow<'d, str>, Several<&'d EmployeeId>>>,
    judged: HashMap<(&'d str, &'d str), &'d Judgement>,
    /// Who was decided to have which account, as far as the facts still are what they were.
    decided: OnceCell<Decided<'d>>,
}

/// Different things: mostly one.
#[derive(Debug)]
enum Several<T> {
    One(T),
    Many(HashSet<T>),
}

impl<T: Copy + Eq + std::hash::Hash> Several<T> {
    fn add(&mut self, thing: T) {
        match self {
            Self::One(one) if *one == thing => {}
            Self::One(one) => *self = Self::Many([*one, thing].into()),
            Self::Many(many) => drop(many.insert(thing)),
        }
    }

    fn any(&self, is: impl Fn(T) -> bool) -> bool {
        match self {
            Self::One(one) => is(*one),
            Self::Many(many) => many.iter().any(|one| is(*one)),
        }
    }
}

#[derive(Debug, Default)]
struct Decided<'d> {
    of_person: HashMap<&'d str, HashSet<usize>>,
    of_account: HashMap<usize, HashSet<&'d str>>,
}

/// The fields that say whose an account is.
pub(super) const FACTS: [TargetField; 5] = [
    TargetField::EmployeeNumber,
    TargetField::Email,
    TargetField::GivenName,
    TargetField::FamilyName,
    TargetField::StartDate,
];

/// Words that people enter where a value is missing.
const PLACEHOLDERS: [&str; 14] =
    ["n/a", "none", "null", "nil", "unknown", "tbc", "tbd", "true", "false", "0", "-", ".", "na", "n.a."];

/// So many people of one number make it no number at all.
const CROWD: u32 = 3;

/// Whether a value only stands for a missing one.
pub(super) fn is_placeholder(value: &str) -> bool {
    let value = value.trim();
    PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(value))
}

impl<'d, 'i> Identity<'d, 'i> {
    pub(super) fn new(
        inputs: &'d Inputs<'i>,
        policy: &'d Policy,
        today: Date,
        (pairs, unchanged): (&'d Pairs<'i>, &'d Unchanged),
    ) -> Self {
        let judged = inputs.judgements.iter();
        let judged = judged.map(|one| ((one.employee.as_str(), one.user.as_str()), one)).collect();
        Self {
            inputs,
            policy,
            today,
            pairs,
            unchanged,
            keys: Keys::default(),
            ids: OnceCell::new(),
            judged,
            decided: OnceCell::new(),
        }
    }

    /// The value of a person that identifies the person: not a placeholder, and not a value that many
    /// people have.
    pub(super) fn key(&self, row: usize, field: &TargetField) -> Option<Cow<'d, str>> {
        let inputs = self.inputs;
        let value = inputs.desired.value(row, field).value().filter(|value| !is_placeholder(value))?;
        let value = canon::canonical(field, value);
        let is_key = *field != TargetField::EmployeeNumber
            || self.having(field, &value).is_none_or(|having| self.is_rare(having));
        is_key.then_some(value)
    }

    /// Whether the value of a person that these have identifies the person.
    pub(super) fn is_key(&self, row: usize, field: &TargetField, having: &Having) -> bool {
        let value = self.inputs.desired.value(row, field).value();
        value.is_some_and(|value| !is_placeholder(value))
            && (*field != TargetField::EmployeeNumber || self.is_rare(having))
    }

    fn is_rare(&self, having: &Having) -> bool {
        self.holders_among(having) < CROWD
    }

    /// The value of an account that identifies its person.
    pub(super) fn key_of<'u>(user: &'u User, field: &TargetField) -> Option<Cow<'u, str>> {
        let value = user.value(field).filter(|value| !is_placeholder(value))?;
        Some(canon::canonical(field, value))
    }

    /// Whether the person at `row` has left. It is unknown which of two records of one id is right, so such
    /// a person has not.
    pub(super) fn has_left(&self, row: usize) -> bool {
        let person = self.inputs.snapshot.employees().get(row);
        let left = |person| matches!(standing(person, self.policy, self.today), Standing::Left(_));
        person.is_some_and(left) && !self.pairs.contested.contains(&row)
    }

    /// Whether an account carries the external id of somebody else who is there and has not left.
    pub(super) fn is_anothers(&self, employee: &EmployeeId, user: &User) -> bool {
        let field = TargetField::ExternalId;
        let ids = self.ids.get_or_init(|| {
            let people = self.inputs.snapshot.employees();
            let rows = self.pairs.rows().filter(|row| !self.has_left(*row));
            let id =
                |row: usize| Some((self.inputs.desired.value(row, &field).value()?, people.get(row)?.id()));
            let unread = self.inputs.snapshot.set_aside().iter().map(|id| (id.as_str(), id));
            let mut ids: HashMap<_, Several<_>> = HashMap::new();
            for (id, employee) in unread.chain(rows.filter_map(id)) {
                let place = ids.entry(canon::canonical(&field, id));
                place.and_modify(|several| several.add(employee)).or_insert(Several::One(employee));
            }
            ids
        });
        let carried = user.value(&field).map(|id| canon::canonical(&field, id));
        let owners = carried.and_then(|id| ids.get(&id));
        owners.is_some_and(|owners| owners.any(|owner| owner != employee))
    }

    /// The values of a key that people have of whom something is to be said, and who has them.
    pub(super) fn asked(&self, field: &TargetField) -> Option<&Sought<'d, Having>> {
        self.keys.asked(field, self.inputs, (self.pairs, self.unchanged))
    }

    /// Who has a value of a key, in its canonical form.
    pub(super) fn having(&self, field: &TargetField, value: &str) -> Option<&Having> {
        self.keys.having(field, value, self.inputs, (self.pairs, self.unchanged))
    }

    /// How many people who have not left hold a number or an address.
    fn holders(&self, field: &TargetField, value: &str) -> u32 {
        self.having(field, value).map_or(1, |having| self.holders_among(having))
    }

    fn holders_among(&self, having: &Having) -> u32 {
        having.holders(|| {
            let people = self.inputs.snapshot.employees();
            let mut present = having.rows().filter(|row| !self.has_left(*row));
            let (first, others) = (present.next(), present);
            let Some(first) = first else { return 0 };
            let mut ids = HashSet::new();
            for row in others {
                ids.extend(people.get(row).map(|person| person.id().as_str()));
            }
            if !ids.is_empty() {
                ids.extend(people.get(first).map(|person| person.id().as_str()));
            }
            u32::try_from(ids.len().max(1)).unwrap_or(u32::MAX)
        })
    }

    /// What the facts say about whether an account is the person's at `row`.
    pub(super) fn evidence(&self, row: usize, user: &User) -> Evidence {
        // A value that several people have identifies nobody.
        let key = |field: &TargetField| {
            let (one, other) = (self.key(row, field), Self::key_of(user, field));
            match (one, other) {
                (Some(one), Some(other)) if self.holders(field, &one) < 2 => opinion(one == other),
                _ => Opinion::Unknown,
            }
        };
        let (number, email) = (key(&TargetField::EmployeeNumber), key(&TargetField::Email));
        let part = |field: &TargetField| {
            let person = self.inputs.desired.value(row, field).value().filter(|value| !is_placeholder(value));
            let account = user.value(field).filter(|value| !is_placeholder(value));
            match (person, account) {
                (Some(one), Some(other)) => opinion(is_one(field, one, other)),
                _ => Opinion::Unknown,
            }
        };
        let name = match (part(&TargetField::GivenName), part(&TargetField::FamilyName)) {
            (Opinion::Agrees, Opinion::Agrees) => Opinion::Agrees,
            (Opinion::Contradicts, _) | (_, Opinion::Contradicts) => Opinion::Contradicts,
            _ => Opinion::Unknown,
        };
        Evidence { employee_number: number, email, name }
    }

    /// Whether a known id now belongs to somebody else: e-mail and names are all new, and no number or start date that
    /// both sides have says otherwise. Where an e-mail is missing, a number or start date that is new speaks for it.
    pub(super) fn is_recycled(&self, row: usize, user: &User) -> bool {
        let differs = |field: &TargetField| match (self.inputs.desired.value(row, field), user.value(field)) {
            (Field::Value(wanted), Some(current)) if !is_placeholder(wanted) && !is_placeholder(current) => {
                Some(!is_one(field, wanted, current))
            }
            _ => None,
        };
        // The e-mail is looked at first, since it is the same for nearly everybody.
        let email = differs(&TargetField::Email);
        if email == Some(false) {
            return false;
        }
        let names = [differs(&TargetField::GivenName), differs(&TargetField::FamilyName)];
        let others = [differs(&TargetField::EmployeeNumber), differs(&TargetField::StartDate)];
        let is_new = |facts: &[Option<bool>]| facts.iter().flatten().all(|differs| *differs);
        let known = |facts: &[Option<bool>]| facts.iter().flatten().count();
        // A single name, or no name, is too little without a further fact that is new, and so are both names where an
        // e-mail is missing.
        let enough = match email {
            Some(_) => known(&names) == 2 || known(&names) + known(&others) >= 2,
            None => known(&names) == 2 && known(&others) > 0,
        };
        enough && is_new(&names) && is_new(&others)
    }

    /// What a person decided about this pair, unless a fact changed since. Two contradicting decisions
    /// count as no decision.
    pub(super) fn judged(&self, row: Option<usize>, employee: &EmployeeId, user: &User) -> Option<bool> {
        let judgement = self.judged.get(&(employee.as_str(), user.id.as_str()))?;
        let holds = judgement.facts == self.facts(row, user);
        let alone = || self.decided(employee).is_some_and(|(_, decided)| decided.id == user.id);
        (holds && (!judgement.same || alone())).then_some(judgement.same)
    }

    /// The account that a person decided to be this employee's.
    pub(super) fn decided(&self, employee: &EmployeeId) -> Option<(usize, &'i User)> {
        let accounts = self.decisions().of_person.get(employee.as_str())?;
        let one = accounts.iter().next().copied().filter(|_| accounts.len() == 1)?;
        self.decided_owner(one)?;
        Some((one, self.inputs.users.get(one)?))
    }

    /// The employee of whom a person decided that this account is theirs.
    pub(super) fn decided_owner(&self, user: usize) -> Option<&'d str> {
        let people = self.decisions().of_account.get(&user)?;
        people.iter().next().copied().filter(|_| people.len() == 1)
    }

    fn decisions(&self) -> &Decided<'d> {
        self.decided.get_or_init(|| {
            let mut decided = Decided::default();
            for one in self.inputs.judgements.iter().filter(|one| one.same) {
                let account = self.pairs.user(one.user.as_str());
                let user = account.and_then(|account| Some((account, self.inputs.users.get(account)?)));
                let row = self.pairs.row(one.employee.as_str());
                let Some((account, _)) = user.filter(|(_, user)| self.facts(row, user) == one.facts) else {
                    continue;
                };
                decided.of_person.entry(one.employee.as_str()).or_default().insert(account);
                decided.of_account.entry(account).or_default().insert(one.employee.as_str());
            }
            decided
        })
    }

    /// Ids of decisions of which a fact changed, or whose pair is not there any more.
    pub(super) fn lapsed(&self, pairs: &Pairs<'_>) -> Vec<String> {
        let over = |one: &&Judgement| {
            let user = pairs.user(one.user.as_str()).and_then(|user| self.inputs.users.get(user));
            user.is_none_or(|user| self.facts(pairs.row(one.employee.as_str()), user) != one.facts)
        };
        self.inputs.judgements.iter().filter(over).map(|one| one.id.clone()).collect()
    }

    /// A digest of the facts of a person and an account.
    pub(super) fn facts(&self, row: Option<usize>, user: &User) -> String {
        facts(|field| row.and_then(|row| self.inputs.desired.value(row, field).value()), user)
    }

    /// The question whether an account is a person's.
    pub(super) fn question(&self, row: Option<usize>, employee: &EmployeeId, user: &User) -> Question {
        Question {
            id: Question::id(self.inputs.connection, employee, &user.id),
            employee: employee.clone(),
            user: user.id.clone(),
            evidence: row.map(|row| self.evidence(row, user)).unwrap_or_default(),
            facts: self.facts(row, user),
        }
    }
}

/// The names by which people are found of whom [`Evidence::name`] may agree: those of whom it does have the same.
pub(super) fn names<'v>(value: impl Fn(&TargetField) -> Option<&'v str>) -> Option<[String; 2]> {
    let name = |field: &TargetField| {
        let name = value(field).filter(|value| !is_placeholder(value))?;
        Some(canon::word(&canon::canonical(field, name)).into_owned())
    };
    Some([name(&TargetField::GivenName)?, name(&TargetField::FamilyName)?])
}

/// Whether two values are one; two names are, also where one is written large or with other blanks.
fn is_one(field: &TargetField, one: &str, other: &str) -> bool {
    let is_name = matches!(field, TargetField::GivenName | TargetField::FamilyName);
    canon::same(field, one, other) || (is_name && canon::word(one) == canon::word(other))
}

fn opinion(agrees: bool) -> Opinion {
    if agrees { Opinion::Agrees } else { Opinion::Contradicts }
}

fn facts<'v>(value: impl Fn(&TargetField) -> Option<&'v str>, user: &User) -> String {
    let canonical = |field: &TargetField, value: Option<&str>| {
        value.map(|value| canon::canonical(field, value).into_owned())
    };
    let fact = |field| (canonical(field, value(field)), canonical(field, user.value(field)));
    let facts = FACTS.each_ref().map(fact);
    let content = serde_json::to_vec(&(facts, user.value(&TargetField::ExternalId))).unwrap_or_default();
    hex(Sha256::digest(&content).get(..16).unwrap_or_default())
}

impl Judgement {
    /// What a person decided about a person at `row` of `desired` (`None` for somebody who is not listed)
    /// and an account. It is void when a fact of either changes.
    #[must_use]
    pub fn new(
        connection: &str,
        employee: &EmployeeId,
        desired: Option<(&Desired<'_>, usize)>,
        user: &User,
        same: bool,
    ) -> Self {
        let value =
            |field: &TargetField| desired.and_then(|(desired, row)| desired.value(row, field).value());
        Self {
            id: Question::id(connection, employee, &user.id),
            employee: employee.clone(),
            user: user.id.clone(),
            same,
            facts: facts(value, user),
        }
    }
}
