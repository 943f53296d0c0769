//! A directory held in memory: for tests, examples, and products that are their own HR system.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::{
    Capabilities, Directory, DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, Field, FieldChange,
    FieldInfo, Finding, Fingerprint, LeaverSignals, Level, Lookup, Organisation, Preflight, ReadRequest,
    Result, Snapshot, SourceField, SourceSettings, StandardField,
};

/// A directory held in memory. Clones share their people.
///
/// ```
/// use hris_core::{Date, Directory, Employee, MemoryDirectory, ReadRequest, Status};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let directory = MemoryDirectory::new([Employee::new("e-1").with_status(Status::Active, "active")]);
/// let snapshot = directory.snapshot(&ReadRequest::everything(Date::new(2026, 11, 23)?)).await?;
/// assert_eq!(snapshot.people(), 1);
/// # Ok(()) }
/// # futures_util::FutureExt::now_or_never(example()).expect("ready at once").expect("no error");
/// ```
#[derive(Clone, Debug)]
pub struct MemoryDirectory {
    capabilities: Capabilities,
    world: Arc<Mutex<World>>,
}

#[derive(Debug, Default)]
struct World {
    people: Vec<Employee>,
    fingerprint: Fingerprint,
    applied: Vec<(String, EmployeeId)>,
    next_id: u64,
    failure: Option<(ErrorKind, String)>,
    settings: Option<SourceSettings>,
}

impl MemoryDirectory {
    /// A directory of these people that can be read and written and whose vendor is `memory`.
    #[must_use]
    pub fn new(people: impl IntoIterator<Item = Employee>) -> Self {
        let capabilities = Capabilities {
            custom_fields: true,
            fields: StandardField::ALL
                .iter()
                .map(|field| match field {
                    StandardField::Id | StandardField::Status | StandardField::Team => {
                        crate::FieldCapability::readable(*field)
                    }
                    field => crate::FieldCapability::readable(*field).writable().clearable(),
                })
                .collect(),
            ..Capabilities::read_only("memory", &[], LeaverSignals::new(true, true))
        };
        let world = World { people: people.into_iter().collect(), ..World::default() };
        Self { capabilities, world: Arc::new(Mutex::new(world)) }
    }

    /// With other capabilities than all.
    #[must_use]
    pub fn with_capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Changes the people behind the directory's back, as an HR manager would.
    pub fn edit(&self, change: impl FnOnce(&mut Vec<Employee>)) {
        change(&mut self.lock().people);
    }

    /// Changes the organisation and the credential that answer.
    pub fn set_fingerprint(&self, fingerprint: Fingerprint) {
        self.lock().fingerprint = fingerprint;
    }

    /// Changes what it says of its settings; it has none of its own.
    pub fn set_settings(&self, settings: SourceSettings) {
        self.lock().settings = Some(settings);
    }

    /// Makes every further question fail, or work again.
    pub fn fail_with(&self, failure: Option<(ErrorKind, &str)>) {
        self.lock().failure = failure.map(|(kind, message)| (kind, message.to_owned()));
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self) -> Result<MutexGuard<'_, World>> {
        let world = self.lock();
        match &world.failure {
            Some((kind, message)) => Err(Error::new(*kind, message.clone())),
            None => Ok(world),
        }
    }
}

#[async_trait]
impl Directory for MemoryDirectory {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn settings(&self) -> SourceSettings {
        self.lock().settings.clone().unwrap_or_else(|| SourceSettings::of(self.capabilities.vendor).build())
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        let mut preflight = Preflight::new();
        let world = self.answer()?;
        preflight.organisation =
            world.fingerprint.organisation.clone().map(|id| Organisation::new(id, "memory"));
        preflight.push(Finding::new(Level::Passed, "memory", format!("{} people", world.people.len())));
        let has = |field: &SourceField| {
            world.people.iter().any(|person| crate::mapping::read(person, field) != Field::NotProvided)
        };
        for field in request.custom_fields().filter(|field| !world.people.is_empty() && !has(field)) {
            let outcome = "no such custom field can be seen";
            preflight.unknown.push(Finding::new(Level::Missing, format!("field {field}"), outcome));
        }
        Ok(preflight)
    }

    async fn fields(&self, _request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        Ok(FieldInfo::count(&self.answer()?.people, &self.capabilities))
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        let world = self.answer()?;
        if let Some(progress) = request.progress() {
            progress(world.people.len() as u64, Some(world.people.len() as u64));
        }
        Ok(Snapshot::new("memory", world.people.clone()).with_fingerprint(world.fingerprint.clone()))
    }

    async fn get(&self, id: &EmployeeId, _request: &ReadRequest) -> Result<Lookup> {
        let world = self.answer()?;
        let found = world.people.iter().find(|person| person.id() == id);
        Ok(found.map_or(Lookup::Gone, |person| Lookup::Found(Box::new(person.clone()))))
    }

    async fn fingerprint(&self, _request: &ReadRequest) -> Result<Option<Fingerprint>> {
        Ok(Some(self.answer()?.fingerprint.clone()))
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        Some(self)
    }
}

#[async_trait]
impl DirectoryWriter for MemoryDirectory {
    async fn create(&self, values: &[FieldChange], key: &str) -> Result<Employee> {
        let mut world = self.answer()?;
        let before = world.applied.iter().find(|(applied, _)| applied == key).map(|(_, id)| id);
        if let Some(person) = before.and_then(|id| world.people.iter().find(|person| person.id() == id)) {
            return Ok(person.clone());
        }
        world.next_id += 1;
        let id = EmployeeId::from(format!("m-{}", world.next_id));
        let mut person = Employee::new(id.clone());
        // What a new record is not given, it does not have.
        for field in StandardField::ALL {
            person.put(*field, Field::Cleared);
            person.put_date(*field, Field::Cleared);
        }
        person.put_status(crate::Status::Active, "active");
        apply(&mut person, values)?;
        world.people.push(person.clone());
        world.applied.push((key.to_owned(), id));
        Ok(person)
    }

    async fn update(&self, id: &EmployeeId, values: &[FieldChange], _key: &str) -> Result<Employee> {
        let mut world = self.answer()?;
        let person = world.people.iter_mut().find(|person| person.id() == id);
        let person = person
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("update {id}: nobody of this id")))?;
        let mut changed = person.clone();
        apply(&mut changed, values)?;
        person.clone_from(&changed);
        Ok(changed)
    }
}

/// Writes values as they are.
fn apply(person: &mut Employee, values: &[FieldChange]) -> Result<()> {
    for FieldChange { field, value } in values {
        let set = person.set(*field, Field::from(value.clone()));
        set.map_err(|wrong| Error::new(ErrorKind::Rejected, format!("write {field}: {wrong}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{SourceField, Value};

    #[test]
    fn what_was_written_reads_the_same() {
        let directory = MemoryDirectory::new([Employee::new("e-1")]);
        let id = EmployeeId::from("e-1");
        let text = |field: StandardField, text: &str| (field, Value::of(field.kind(), text));
        let names =
            |names: &[&str]| Value::from(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let written = [
            text(StandardField::Address, r#"{"street":"4 Yard","city":"Leeds"}"#),
            (StandardField::Teams, names(&["Dyeing", "Weaving"])),
            (StandardField::Groups, names(&["Mill"])),
            text(StandardField::Identifications, r#"[{"number":"17","kind":"passport","country":"NO"}]"#),
            text(StandardField::StartDate, "2026-11-01"),
            text(StandardField::Email, "ada@mill.example"),
        ];
        for (field, value) in written {
            let mut change = FieldChange { field, value: Some(value.clone()) };
            let write = |change: &FieldChange| {
                let done = directory.update(&id, std::slice::from_ref(change), "k").now_or_never();
                done.and_then(Result::ok).unwrap_or_else(|| panic!("{field} is written"))
            };
            let person = write(&change);
            let read = crate::mapping::read(&person, &SourceField::Standard(field));
            assert_eq!(read.as_deref(), Field::Value(&*value.text()), "{field}");
            change.value = None;
            let person = write(&change);
            let read = crate::mapping::read(&person, &SourceField::Standard(field));
            assert_eq!(read, Field::Cleared, "{field}");
        }
        for field in [StandardField::Id, StandardField::Status, StandardField::Team] {
            let change = FieldChange::of_text(field, Some("x"));
            let done = directory.update(&id, &[change], "k").now_or_never();
            let kind = done.map(|done| done.map_err(|error| error.kind()).err());
            assert_eq!(kind, Some(Some(ErrorKind::Rejected)), "{field}");
        }
    }
    #[test]
    fn a_team_keeps_its_name_whatever_is_in_it() {
        let directory = MemoryDirectory::new([Employee::new("e-1")]);
        let names = vec!["R&D; Labs".to_owned(), "Dyeing".to_owned()];
        let change = FieldChange { field: StandardField::Teams, value: Some(names.clone().into()) };
        let done = directory.update(&EmployeeId::from("e-1"), &[change], "k").now_or_never();
        let person = done.and_then(Result::ok).expect("it is written");
        assert_eq!(person.teams(), Field::Value(names.as_slice()));
    }

    #[test]
    fn a_value_of_another_kind_is_refused_and_nothing_is_written() {
        let before = Employee::new("e-1").with(StandardField::Email, Field::Value("ada@mill.example".into()));
        let directory = MemoryDirectory::new([before.clone()]);
        for (field, text) in [
            (StandardField::Teams, "Dyeing; Weaving"),
            (StandardField::EndDate, "soon"),
            (StandardField::Address, "Leeds"),
        ] {
            let changes = [StandardField::Email, field].map(|field| FieldChange::of_text(field, Some(text)));
            let done = directory.update(&EmployeeId::from("e-1"), &changes, "k").now_or_never();
            let kind = done.map(|done| done.map_err(|error| error.kind()).err());
            assert_eq!(kind, Some(Some(ErrorKind::Rejected)), "{field}");
            directory.edit(|people| assert_eq!(people.as_slice(), std::slice::from_ref(&before)));
        }
    }
}
