//! A whole directory at one moment, or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::{
    Employee, EmployeeId, Field, Problem, ReadRequest, SourceField, StandardField, Status, Timestamp,
};

/// A whole directory, proven complete by the connector that made it.
///
/// There is no partial snapshot: a connector that could not prove its listing whole returns an
/// error instead. Absence means something only here.
///
/// ```
/// use hris_core::{Employee, Snapshot};
///
/// let snapshot = Snapshot::new("memory", vec![Employee::new("a"), Employee::new("b")]);
/// assert_eq!(snapshot.people(), 2);
/// assert!(snapshot.absence_counts());
/// ```
#[derive(Clone, Debug)]
pub struct Snapshot {
    vendor: String,
    employees: Vec<Employee>,
    set_aside: Vec<EmployeeId>,
    unidentified: u64,
    problems: Vec<Problem>,
    fingerprint: Fingerprint,
    requests: u64,
    no_absence: Option<String>,
    weakly_proven: bool,
    hidden: Option<String>,
    answered_at: Option<Timestamp>,
    unseen: BTreeSet<StandardField>,
    unsent: BTreeSet<StandardField>,
}

impl Snapshot {
    /// A proven listing of `employees` from `vendor`.
    #[must_use]
    pub fn new(vendor: impl Into<String>, employees: Vec<Employee>) -> Self {
        Self {
            vendor: vendor.into(),
            employees,
            set_aside: Vec::new(),
            unidentified: 0,
            problems: Vec::new(),
            fingerprint: Fingerprint::default(),
            requests: 0,
            no_absence: None,
            weakly_proven: false,
            hidden: None,
            answered_at: None,
            unseen: BTreeSet::new(),
            unsent: BTreeSet::new(),
        }
    }

    /// Adds the organisation and the credential that answered; see [`Fingerprint`].
    #[must_use]
    pub fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = fingerprint;
        self
    }

    /// Adds how many requests it took.
    #[must_use]
    pub fn with_requests(mut self, requests: u64) -> Self {
        self.requests = requests;
        self
    }

    /// Adds when the first answer was made by the vendor's own clock, where it says so. A run whose clock shows
    /// another day then knows it.
    #[must_use]
    pub fn with_answered_at(mut self, at: Option<Timestamp>) -> Self {
        self.answered_at = at;
        self
    }

    /// Adds a record that has an id and could not be read otherwise: that person is present, never
    /// a leaver, and nothing is done about them.
    #[must_use]
    pub fn with_set_aside(mut self, id: EmployeeId, problem: Problem) -> Self {
        self.set_aside.push(id);
        self.problems.push(problem);
        self
    }

    /// Adds a record without an id. As nobody knows who it was, no absence counts in this run.
    #[must_use]
    pub fn with_unidentified(mut self, problem: Problem) -> Self {
        self.unidentified += 1;
        self.problems.push(problem);
        self
    }

    /// Adds something that a person should know.
    #[must_use]
    pub fn with_problem(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    /// Declares why absence from this listing proves nothing.
    #[must_use]
    pub fn without_absence(mut self, why: impl Into<String>) -> Self {
        self.no_absence = Some(why.into());
        self
    }

    /// Declares whether only its end proves that the listing is complete, as where a vendor gives no total.
    /// Removals that rest on somebody's absence from it then count twice against the safeguards.
    #[must_use]
    pub fn weakly_proven(mut self, is_weak: bool) -> Self {
        self.weakly_proven = is_weak;
        self
    }

    /// Declares that the credential may see a part of the people only, and why: the organisation says that it
    /// has more of them. Removals wait, and everything else goes on.
    #[must_use]
    pub fn with_hidden(mut self, why: impl Into<String>) -> Self {
        self.hidden = Some(why.into());
        self
    }

    /// The same listing without the people that `keep` refuses, for a [`Directory`](crate::Directory)
    /// around another that shows a part of it: the people of one office, nobody on a trial day. Everything
    /// that keeps people from being removed stays: records set aside or without an id, doubt, and that the
    /// credential may not see some people.
    ///
    /// A person who is left out is no longer in the source: an account linked to that person belongs to a
    /// missing one. So answer for them in [`Directory::get`](crate::Directory::get) as the vendor does if
    /// they are to stay, and name the rule in [`Directory::settings`](crate::Directory::settings), so that
    /// an edit of it is never taken for people who left.
    ///
    /// ```
    /// use hris_core::{Employee, Snapshot, Status};
    ///
    /// let listed = ["a", "b"].map(|id| Employee::new(id).with_status(Status::Active, "active"));
    /// let whole = Snapshot::new("memory", listed.to_vec()).with_hidden("it says 3").without_absence("a guest list");
    /// let part = whole.retain(|person| person.id().as_str() == "a");
    /// assert_eq!((part.people(), part.hidden()), (1, Some("it says 3")));
    /// assert!(!part.absence_counts(), "what was in doubt still is");
    /// ```
    #[must_use]
    pub fn retain(mut self, keep: impl FnMut(&Employee) -> bool) -> Self {
        self.employees.retain(keep);
        self
    }

    /// The same listing with each person as `change` gives them back, for a [`Directory`](crate::Directory) around
    /// another that computes fields. The id must stay. Everything else stays as with [`Snapshot::retain`].
    ///
    /// ```
    /// use hris_core::{Employee, Field, Snapshot, StandardField};
    ///
    /// let listed = Snapshot::new("memory", vec![Employee::new("a")]);
    /// let named = listed.map(|person| person.with(StandardField::Department, Field::Value("Dyeing".into())));
    /// assert_eq!(named.employees()[0].department(), Field::Value("Dyeing"));
    /// ```
    #[must_use]
    pub fn map(mut self, change: impl FnMut(Employee) -> Employee) -> Self {
        self.employees = self.employees.into_iter().map(change).collect();
        self
    }

    /// Names the standard fields that were asked for, that nobody's record shows ([`unseen_fields`]), and that the
    /// credential is known not to show.
    #[must_use]
    pub fn with_unseen(mut self, fields: BTreeSet<StandardField>) -> Self {
        self.unseen = fields;
        self
    }

    /// Names the standard fields that were asked for and that nobody's record shows ([`unseen_fields`]), whatever
    /// the reason.
    #[must_use]
    pub fn with_unsent(mut self, fields: BTreeSet<StandardField>) -> Self {
        self.unsent = fields;
        self
    }

    /// Takes fields that nobody's record shows for hidden. That is right where exactly these fields were
    /// requested, and wrong where all were.
    #[must_use]
    pub fn believing_unsent(mut self) -> Self {
        self.unseen.append(&mut self.unsent);
        self
    }

    /// Fields that were asked for and that the credential shows of nobody.
    #[must_use]
    pub fn unseen(&self) -> &BTreeSet<StandardField> {
        &self.unseen
    }

    /// The vendor's name.
    #[must_use]
    pub fn vendor(&self) -> &str {
        &self.vendor
    }

    /// Everybody who could be read, in the vendor's order.
    #[must_use]
    pub fn employees(&self) -> &[Employee] {
        &self.employees
    }

    /// People who are present and could not be read.
    #[must_use]
    pub fn set_aside(&self) -> &[EmployeeId] {
        &self.set_aside
    }

    /// How many records had no id.
    #[must_use]
    pub fn unidentified(&self) -> u64 {
        self.unidentified
    }

    /// What a person should look at.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The organisation and the credential that answered.
    #[must_use]
    pub fn fingerprint(&self) -> &Fingerprint {
        &self.fingerprint
    }

    /// How many requests it took.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// When the first answer was made by the vendor's own clock, where it says so.
    #[must_use]
    pub fn answered_at(&self) -> Option<Timestamp> {
        self.answered_at
    }

    /// How many people the directory holds, readable or not.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.employees.len() as u64 + self.set_aside.len() as u64 + self.unidentified
    }

    /// Why the credential may not see some people. `None` if it sees everybody.
    #[must_use]
    pub fn hidden(&self) -> Option<&str> {
        self.hidden.as_deref()
    }

    /// Whether being absent from this listing may mean something.
    #[must_use]
    pub fn absence_counts(&self) -> bool {
        self.no_absence.is_none() && self.unidentified == 0
    }

    /// Whether there are people and not one of them has a status that we know. The vendor then speaks of
    /// something else than we think, so nothing may be decided about anybody.
    ///
    /// ```
    /// use hris_core::{Employee, Snapshot, Status};
    ///
    /// let odd = Employee::new("a").with_status(Status::Unknown, "actif");
    /// assert!(Snapshot::new("memory", vec![odd.clone()]).all_statuses_unknown());
    /// let known = Employee::new("b").with_status(Status::Active, "active");
    /// assert!(!Snapshot::new("memory", vec![odd, known]).all_statuses_unknown());
    /// assert!(!Snapshot::new("memory", Vec::new()).all_statuses_unknown());
    /// ```
    #[must_use]
    pub fn all_statuses_unknown(&self) -> bool {
        !self.employees.is_empty() && self.employees.iter().all(|person| person.status() == Status::Unknown)
    }

    /// Whether nothing but its end says that the listing is whole.
    #[must_use]
    pub fn is_weakly_proven(&self) -> bool {
        self.weakly_proven
    }

    /// Why absence proves nothing here. `None` if it does.
    #[must_use]
    pub fn absence_reason(&self) -> Option<&str> {
        self.no_absence.as_deref()
    }
}

/// The organisation and the credential that answered. It is kept with each complete run and compared at the
/// next, so that another organisation, another credential or less visibility removes nobody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fingerprint {
    /// The organisation's id.
    pub organisation: Option<String>,
    /// The owner of the credential: an id, never the credential.
    pub credential: Option<String>,
    /// That person's role in the HR system.
    pub role: Option<String>,
    /// What the credential may do, in the vendor's words.
    pub scopes: Option<BTreeSet<String>>,
    /// How many people each of the vendor's statuses has.
    pub statuses: BTreeMap<String, u64>,
    /// The ids of the organisation's places, for vendors that give no id of the organisation: where none of
    /// them is left, it is another one.
    pub places: BTreeSet<String>,
}

/// The standard fields of a request that the record of nobody who works there shows, neither with a value nor
/// empty: what the credential may not see. Where nobody works there, nothing can be said.
///
/// ```
/// use hris_core::{Date, Employee, Field, ReadRequest, StandardField, Status, unseen_fields};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?)
///     .with_field(StandardField::JobTitle)
///     .with_field(StandardField::StartDate);
/// let person = Employee::new("a")
///     .with_status(Status::Active, "active")
///     .with(StandardField::JobTitle, Field::Cleared);
/// assert_eq!(unseen_fields(&[person], &request), [StandardField::StartDate].into());
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[must_use]
pub fn unseen_fields(people: &[Employee], request: &ReadRequest) -> BTreeSet<StandardField> {
    let there: Vec<&Employee> =
        people.iter().filter(|person| person.status() != Status::Terminated).collect();
    let hidden = |field: &StandardField| {
        let source = SourceField::Standard(*field);
        there.iter().all(|person| !crate::mapping::read(person, &source).is_visible())
    };
    let asked = StandardField::ALL.iter().copied().filter(|field| request.wants(*field));
    if there.is_empty() { BTreeSet::new() } else { asked.filter(hidden).collect() }
}

/// Gives everybody the work e-mail of their manager, where the manager is among `people`: for vendors that
/// give only the manager's id.
pub fn join_manager_emails(people: &mut [Employee]) {
    let emails: HashMap<String, Field<String>> =
        people.iter().map(|person| (person.id().to_string(), person.email().map(str::to_owned))).collect();
    for person in people {
        let email = match person.manager() {
            Field::Value(manager) => emails.get(manager).cloned().unwrap_or_default(),
            other => other.map(str::to_owned),
        };
        person.put(StandardField::ManagerEmail, email);
    }
}
