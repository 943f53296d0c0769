//! A source of people that hides, empties and withholds what it is told to.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use hris_core::{
    Capabilities, Date, Directory, DirectoryWriter, Employee, EmployeeId, Field, FieldInfo, Fingerprint,
    Lookup, MemoryDirectory, Preflight, Problem, ProblemCode, ReadRequest, Snapshot, SourceSettings,
    StandardField, Status,
};

use crate::facts::Person;

/// The HR system of one company.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    people: MemoryDirectory,
    veil: Arc<Mutex<Veil>>,
}

/// What stands between the people and whoever reads.
#[derive(Clone, Default)]
pub(crate) struct Veil {
    pub(crate) fingerprint: Fingerprint,
    /// Fields that all but the first so many people do not show.
    pub(crate) hidden: Vec<(StandardField, usize)>,
    /// Fields that are empty for all but the first so many.
    pub(crate) emptied: Vec<(StandardField, usize)>,
    pub(crate) unreadable: BTreeSet<EmployeeId>,
    pub(crate) unlisted: BTreeSet<EmployeeId>,
    /// Another company answers.
    pub(crate) foreign: Option<Vec<Employee>>,
}

impl fmt::Debug for Veil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Veil")
    }
}

impl Registry {
    pub(crate) fn new(people: Vec<Employee>) -> Self {
        Self { people: MemoryDirectory::new(people), veil: Arc::default() }
    }

    pub(crate) fn veil(&self) -> MutexGuard<'_, Veil> {
        self.veil.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What HR does.
    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut Vec<Employee>) -> T) -> T {
        let mut answer = None;
        self.people.edit(|people| answer = Some(change(people)));
        answer.unwrap()
    }

    pub(crate) fn all(&self) -> Vec<Employee> {
        self.edit(|people| people.clone())
    }

    fn behind(&self, with_hiding: bool) -> Vec<Employee> {
        let veil = self.veil().clone();
        let mut people = veil.foreign.clone().unwrap_or_else(|| self.all());
        for (fields, state) in [(&veil.emptied, Field::Cleared), (&veil.hidden, Field::NotPermitted)] {
            if state == Field::NotPermitted && !with_hiding {
                continue;
            }
            for (field, shown) in fields {
                for person in people.iter_mut().skip(*shown) {
                    person.put(*field, state.clone());
                    if *field == StandardField::Teams {
                        let hidden = state == Field::NotPermitted;
                        let teams = if hidden { Field::NotPermitted } else { Field::Cleared };
                        *person = person.clone().with_teams(teams);
                    }
                }
            }
        }
        people.retain(|person| !veil.unlisted.contains(person.id()));
        people
    }

    /// Everybody who is listed, with what they really have where it is only hidden.
    pub(crate) fn listed(&self, today: Date) -> Vec<Person> {
        let unreadable = self.veil().unreadable.clone();
        let person = |person: &Employee| {
            let mut seen = Person::of(person, today);
            seen.left &= !unreadable.contains(person.id());
            seen
        };
        self.behind(false).iter().map(person).collect()
    }

    /// Everybody who can be read, with what can be seen.
    pub(crate) fn seen(&self, today: Date) -> Vec<Person> {
        let unreadable = self.veil().unreadable.clone();
        let readable = |person: &&Employee| !unreadable.contains(person.id());
        self.behind(true).iter().filter(readable).map(|person| Person::of(person, today)).collect()
    }
}

#[async_trait]
impl Directory for Registry {
    fn capabilities(&self) -> &Capabilities {
        self.people.capabilities()
    }

    fn settings(&self) -> SourceSettings {
        self.people.settings()
    }

    async fn check(&self, request: &ReadRequest) -> hris_core::Result<Preflight> {
        self.people.check(request).await
    }

    async fn fields(&self, request: &ReadRequest) -> hris_core::Result<Vec<FieldInfo>> {
        self.people.fields(request).await
    }

    async fn snapshot(&self, _request: &ReadRequest) -> hris_core::Result<Snapshot> {
        let veil = self.veil().clone();
        let (aside, readable) = self
            .behind(true)
            .into_iter()
            .partition::<Vec<_>, _>(|person| veil.unreadable.contains(person.id()));
        let snapshot = Snapshot::new("memory", readable).with_fingerprint(veil.fingerprint);
        Ok(aside.iter().fold(snapshot, |snapshot, person| {
            let problem = Problem::error(ProblemCode::InvalidRecord, "a record that cannot be read");
            snapshot.with_set_aside(person.id().clone(), problem.employee(person.id()))
        }))
    }

    async fn get(&self, id: &EmployeeId, _request: &ReadRequest) -> hris_core::Result<Lookup> {
        let found = self.behind(true).into_iter().find(|person| person.id() == id);
        Ok(found.map_or(Lookup::Gone, |person| Lookup::Found(Box::new(person))))
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.people.writer()
    }
}

/// The first person of a number: every value holds a word by which it would be found anywhere.
pub(crate) fn person(n: u32, id: &str) -> Employee {
    let start = Date::new(2020, 1, 1).unwrap().plus_days(i32::try_from(n).unwrap());
    let teams = if n.is_multiple_of(3) { Field::Value(vec!["Weaving".to_owned()]) } else { Field::Cleared };
    Employee::new(id)
        .with_status(Status::Active, "active")
        .with(StandardField::EmployeeNumber, Field::Value((100 + n).to_string()))
        .with(StandardField::Email, Field::Value(format!("quillon{n}@mill.example")))
        .with(StandardField::GivenName, Field::Value(format!("Zan{n}")))
        .with(StandardField::FamilyName, Field::Value(format!("Quillon{n}")))
        .with(StandardField::WorkPhone, Field::Value(format!("+47 22 00 {n:04}")))
        .with(StandardField::JobTitle, Field::Value("Miller".to_owned()))
        .with_date(StandardField::StartDate, Field::Value(start))
        .with_date(StandardField::LastWorkingDay, Field::Cleared)
        .with_teams(teams)
}

/// No value of anybody may be found where none belongs.
pub(crate) const CANARY: &str = "quillon";
