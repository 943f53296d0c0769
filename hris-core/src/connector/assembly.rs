//! One snapshot of everything that was read.

use std::collections::BTreeSet;

use super::Crowd;
use crate::wire::Record;
use crate::{
    Employee, EmployeeId, Fingerprint, Problem, ProblemCode, ReadRequest, Snapshot, StandardField, Tally,
    join_manager_emails, unseen_fields,
};

/// What the snapshot says of a record that says one thing twice.
const SAYS_TWICE: &str =
    "the record has one member twice, so it is not believed; nothing is done about this person";

/// Makes one [`Snapshot`] of a [`Crowd`]: it sets aside people whose records cannot be believed, counts the
/// vendor's statuses, and carries doubts and warnings along.
#[derive(Debug)]
pub struct Assembly<'r> {
    vendor: &'static str,
    title: &'static str,
    request: &'r ReadRequest,
    /// The organisation and the credential that answered.
    pub fingerprint: Fingerprint,
    /// What was noticed about many people.
    pub tally: Tally,
    employees: Vec<Employee>,
    aside: Vec<(EmployeeId, Problem)>,
    unidentified: u64,
    doubt: Option<&'static str>,
    is_weak: bool,
    hidden: Option<String>,
    shows_less: bool,
}

impl<'r> Assembly<'r> {
    /// Begins a snapshot of `vendor`, whose name for people is `title`.
    #[must_use]
    pub fn new(vendor: &'static str, title: &'static str, request: &'r ReadRequest) -> Self {
        Self {
            vendor,
            title,
            request,
            fingerprint: Fingerprint::default(),
            tally: Tally::default(),
            employees: Vec::new(),
            aside: Vec::new(),
            unidentified: 0,
            doubt: None,
            is_weak: false,
            hidden: None,
            shows_less: false,
        }
    }

    /// Converts everybody. `status` returns the vendor's own word for a row's status, in the vendor's spelling: every
    /// row with an id is counted under it, set aside or not. Where the list has no such word, the raw status that
    /// the conversion made is counted. Called again, it adds people; what was doubted before stays in doubt.
    pub fn convert<R: Record>(
        &mut self,
        crowd: Crowd<R>,
        status: impl Fn(&R) -> Option<&str>,
        mut employee: impl FnMut(R, &mut Tally) -> Employee,
    ) {
        self.tally.repeated(crowd.repeated);
        self.doubt = self.doubt.or(crowd.doubt);
        self.is_weak |= crowd.is_weak;
        self.employees.reserve(crowd.rows.len());
        let mut aside: BTreeSet<EmployeeId> = BTreeSet::new();
        for row in crowd.rows {
            let Some(id) = row.id().map(EmployeeId::from) else {
                self.unidentified += 1;
                continue;
            };
            let word = status(&row);
            count(&mut self.fingerprint, word);
            let has_word = word.is_some();
            let why = if crowd.contradicted.contains(id.as_str()) {
                let words = format!(
                    "several different records have this id; nothing is done about this person; correct it in {}",
                    self.title
                );
                Some((ProblemCode::DuplicateExternalId, words))
            } else if row.notes().repeated {
                Some((ProblemCode::InvalidRecord, SAYS_TWICE.to_owned()))
            } else {
                let why = crowd.unreadable.get(id.as_str());
                why.map(|words| (ProblemCode::InvalidRecord, words.clone().into_owned()))
            };
            if let Some((code, words)) = why {
                if aside.insert(id.clone()) {
                    let problem = Problem::error(code, words).employee(&id);
                    self.aside.push((id, problem));
                }
                continue;
            }
            let employee = employee(row, &mut self.tally);
            if !has_word {
                count(&mut self.fingerprint, employee.raw_status().value());
            }
            self.employees.push(employee);
        }
    }

    /// Everybody who could be converted.
    #[must_use]
    pub fn employees(&self) -> &[Employee] {
        &self.employees
    }

    /// How many people are listed, those included who could not be read.
    #[must_use]
    pub fn people(&self) -> u64 {
        self.employees.len() as u64 + self.unread()
    }

    /// How many people are listed who could not be read.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.aside.len() as u64 + self.unidentified
    }

    /// Declares why absence from this list proves nothing.
    pub fn doubt_absence(&mut self, why: &'static str) {
        self.doubt = Some(why);
    }

    /// Declares that the credential may see a part of the people only, and why.
    pub fn hide(&mut self, why: impl Into<String>) {
        self.hidden = Some(why.into());
    }

    /// Declares that the credential may be shown `null` in place of what it may not see. A field that nobody has a
    /// value for then counts as hidden, not as empty.
    pub fn distrust_empty_fields(&mut self) {
        self.shows_less = true;
        for field in StandardField::ALL.iter().copied() {
            if !self.employees.iter().any(|person| person.presence(field).is_value()) {
                self.employees.iter_mut().for_each(|person| person.hide_empty(field));
            }
        }
    }

    /// The snapshot.
    #[must_use]
    pub fn finish(mut self) -> Snapshot {
        if self.request.wants(StandardField::ManagerEmail) {
            join_manager_emails(&mut self.employees);
        }
        let unseen = unseen_fields(&self.employees, self.request);
        let mut snapshot = Snapshot::new(self.vendor, self.employees)
            .with_fingerprint(self.fingerprint)
            .weakly_proven(self.is_weak);
        snapshot = if self.shows_less { snapshot.with_unseen(unseen) } else { snapshot.with_unsent(unseen) };
        for (id, problem) in self.aside {
            snapshot = snapshot.with_set_aside(id, problem);
        }
        for _ in 0..self.unidentified {
            let words = "a person's record has no usable id, so nobody who is missing is removed in this run";
            snapshot = snapshot.with_unidentified(Problem::error(ProblemCode::MissingExternalId, words));
        }
        for problem in self.tally.problems() {
            snapshot = snapshot.with_problem(problem);
        }
        if let Some(why) = self.doubt {
            snapshot = snapshot.without_absence(why);
        }
        match self.hidden {
            Some(why) => snapshot.with_hidden(why),
            None => snapshot,
        }
    }
}

/// Counts one more person of this status.
fn count(fingerprint: &mut Fingerprint, status: Option<&str>) {
    let Some(status) = status else { return };
    match fingerprint.statuses.get_mut(status) {
        Some(count) => *count += 1,
        None => drop(fingerprint.statuses.insert(status.to_owned(), 1)),
    }
}
