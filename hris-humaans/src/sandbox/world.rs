//! The company behind the sandbox, and every way to change it.

use std::collections::{BTreeMap, HashMap};

use hris_core::Date;
use hris_core::sandbox::{Rng, SandboxError};
use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::person::{CustomField, Job, Location, Members, Person, PersonView, Status, with};
use super::record::canary;
use super::token::Token;

/// The lists that the sandbox serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Resource {
    /// `/companies`
    Companies,
    /// `/custom-fields`
    CustomFields,
    /// `/custom-values`
    CustomValues,
    /// `/job-roles`
    JobRoles,
    /// `/locations`
    Locations,
    /// `/people`
    People,
}

impl Resource {
    pub(super) fn of_path(path: &str) -> Option<Self> {
        Some(match path {
            "/companies" => Self::Companies,
            "/custom-fields" => Self::CustomFields,
            "/custom-values" => Self::CustomValues,
            "/job-roles" => Self::JobRoles,
            "/locations" => Self::Locations,
            "/people" => Self::People,
            _ => return None,
        })
    }
}

/// A row of a list.
pub(super) struct Row {
    /// The name of the row inside the sandbox. It equals the served `id` until somebody edits that.
    pub(super) key: String,
    pub(super) fields: Map<String, Value>,
}

impl Row {
    pub(super) fn str(&self, member: &str) -> Option<&str> {
        self.fields.get(member).and_then(Value::as_str)
    }

    /// The person that the row belongs to: itself, for a person.
    pub(super) fn person(&self) -> &str {
        self.str("personId").unwrap_or(&self.key)
    }
}

#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    index: HashMap<String, usize>,
}

/// A token as the company keeps it.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) id: String,
    pub(super) maker: String,
    pub(super) secret: String,
    pub(super) token: Token,
}

/// The company whose HR system the sandbox plays.
///
/// Reached through [`Server::change`](hris_core::sandbox::Server::change), which holds the sandbox still meanwhile:
/// no request sees half a change.
pub struct World {
    tables: BTreeMap<Resource, Table>,
    pub(super) tokens: Vec<Issued>,
    pub(super) behaviour: Behaviour,
    pub(super) company_id: String,
    pub(super) domain: &'static str,
    pub(super) admin: String,
    pub(super) today: Date,
    pub(super) rng: Rng,
    pub(super) next_employee_id: usize,
    changes: u32,
}

/// Shows how many, never who.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("company", &self.company_id)
            .field("people", &self.table(Resource::People).len())
            .finish_non_exhaustive()
    }
}

/// Looking at the company.
impl World {
    /// Everybody, in the order of the list.
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        self.table(Resource::People).iter().map(|row| PersonView::of(&row.key, &row.fields)).collect()
    }

    /// One person.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<PersonView> {
        self.find(Resource::People, id).map(|row| PersonView::of(&row.key, &row.fields))
    }

    /// The rows of a list, complete, as a token that sees everything gets them.
    #[must_use]
    pub fn rows(&self, of: Resource) -> Vec<Value> {
        self.table(of).iter().map(|row| Value::Object(row.fields.clone())).collect()
    }

    /// The id of the company.
    #[must_use]
    pub fn company_id(&self) -> &str {
        &self.company_id
    }

    /// The person who made the first token.
    #[must_use]
    pub fn admin(&self) -> &str {
        &self.admin
    }
}

/// Changing people, as an HR team does.
impl World {
    /// Adds a person with a job role and answers the new id.
    pub fn hire(&mut self, person: Person) -> String {
        let id = self.rng.text(24);
        self.hire_as(id, person)
    }

    /// Adds a person under an id of the caller's choice. An id that is taken gives a second row of the same id,
    /// which the answered key names.
    pub fn hire_as(&mut self, id: impl Into<String>, person: Person) -> String {
        let job = person.job.clone();
        let id = id.into();
        let key = self.enter(&id, person);
        let from = job.from.clone().unwrap_or_else(|| self.today.to_string());
        self.add_job_role(&id, &Job { from: Some(from), ..job }, None);
        key
    }

    /// Adds a person without a job role.
    pub(super) fn enter(&mut self, id: &str, person: Person) -> String {
        let start = person.job.from.clone().unwrap_or_else(|| self.today.to_string());
        let custom = person.custom.clone();
        let fields = self.person_fields(id, &start, person);
        let key = self.insert(Resource::People, Value::Object(fields));
        for (field, value) in custom {
            let _ignored_when_undefined = self.set_custom(&key, &field, value);
        }
        key
    }

    /// Changes members of a person and the time of the last change.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn update(&mut self, id: &str, change: impl FnOnce(&mut Members<'_>)) -> Result<(), SandboxError> {
        let now = self.tick();
        change(Members(self.fields(Resource::People, id)?).set("updatedAt", now));
        Ok(())
    }

    /// Sets one member of a person, such as `lastName`.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn set_field(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.set(Resource::People, id, field, value)
    }

    /// Offboards a person: the record and the employee id stay.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn offboard(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("lastWorkingDay", last_day).set("employmentEndDate", last_day);
            person.set("status", Status::Offboarded.as_str());
            person.set("leavingReason", canary("reason")).set("leavingNote", canary("note"));
        })
    }

    /// Makes a new hire active, with a work e-mail.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn activate(&mut self, id: &str, email: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("status", Status::Active.as_str()).set("email", email);
        })
    }

    /// Takes a leaver back on the old record, from this day on.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire(&mut self, id: &str, start: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("status", Status::Active.as_str());
            person.set("employmentStartDate", start).set("firstWorkingDay", start);
            for member in ["employmentEndDate", "lastWorkingDay", "leavingReason", "leavingNote"] {
                person.set(member, Value::Null);
            }
        })
    }

    /// Deletes a person for good, with job roles and custom values.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&mut self, id: &str) -> Result<(), SandboxError> {
        self.fields(Resource::People, id)?;
        for list in [Resource::People, Resource::JobRoles, Resource::CustomValues] {
            let table = self.tables.entry(list).or_default();
            table.rows.retain(|row| row.person() != id);
            table.index = table.rows.iter().enumerate().map(|(at, row)| (row.key.clone(), at)).collect();
        }
        Ok(())
    }

    /// Ends the present job and begins another, today or on the day it names. The person's own `updatedAt` does not
    /// move. Answers the id of the new job role.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn change_job(&mut self, id: &str, job: Job) -> Result<String, SandboxError> {
        let from = job.from.clone().unwrap_or_else(|| self.today.to_string());
        if from <= self.today.to_string() {
            self.set_field(id, "jobRole", job.brief())?;
        } else {
            self.fields(Resource::People, id)?;
        }
        let last = from.parse::<Date>().ok().map(|day| day.plus_days(-1).to_string());
        for row in &mut self.tables.entry(Resource::JobRoles).or_default().rows {
            if row.person() == id && row.str("endDate").is_none() {
                row.fields.insert("endDate".to_owned(), json!(last));
            }
        }
        Ok(self.add_job_role(id, &Job { from: Some(from), ..job }, None))
    }

    /// Sets the value of a custom field, named by its name or id; `Value::Null` empties it.
    ///
    /// # Errors
    /// When nobody has this id or no field this name.
    pub fn set_custom(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.fields(Resource::People, id)?;
        let mut fields = self.table(Resource::CustomFields).iter();
        let found = fields.find(|row| row.key == field || row.str("name") == Some(field));
        let field = found.map(|row| row.key.clone()).ok_or_else(|| SandboxError::unknown(field))?;
        let mut values = self.table(Resource::CustomValues).iter();
        let known = values.find(|row| row.person() == id && row.str("customFieldId") == Some(&field));
        match known.map(|row| row.key.clone()) {
            Some(key) => self.set(Resource::CustomValues, &key, "value", value),
            None => {
                self.add_custom_value(id, &field, value.into());
                Ok(())
            }
        }
    }
}

/// Changing everything else.
impl World {
    /// Adds an office and answers its id.
    pub fn add_location(&mut self, location: Location) -> String {
        self.identified(Resource::Locations, location.0)
    }

    /// Defines a custom field and answers its id.
    pub fn add_custom_field(&mut self, field: CustomField) -> String {
        self.identified(Resource::CustomFields, with(field.0, "companyId", json!(self.company_id)))
    }

    /// Adds any row to a list, as strange as wanted, and answers the key that names it here: its `id` unless that is
    /// missing or taken. What is no object becomes an empty row.
    pub fn insert(&mut self, list: Resource, row: Value) -> String {
        let fields = match row {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let spare = self.rng.text(24);
        let table = self.tables.entry(list).or_default();
        let id = fields.get("id").and_then(Value::as_str);
        let key = id.filter(|id| !table.index.contains_key(*id)).map_or(spare, str::to_owned);
        table.index.insert(key.clone(), table.rows.len());
        table.rows.push(Row { key: key.clone(), fields });
        key
    }

    /// Sets one member of a row of any list, without a trace in `updatedAt`.
    ///
    /// # Errors
    /// When no row has this key.
    pub fn set(
        &mut self,
        list: Resource,
        key: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), SandboxError> {
        self.fields(list, key)?.insert(field.to_owned(), value.into());
        Ok(())
    }

    /// Issues a token and answers its text.
    pub fn issue_token(&mut self, token: Token) -> String {
        let id = self.rng.text(24);
        let secret = format!("humaans-sandbox-{}", self.rng.text(24));
        let maker = token.maker.clone().unwrap_or_else(|| self.admin.clone());
        self.tokens.push(Issued { id, maker, secret: secret.clone(), token });
        secret
    }

    /// Changes scopes, role or maker of a token, as the vendor's edit button does.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn edit_token(
        &mut self,
        secret: &str,
        change: impl FnOnce(Token) -> Token,
    ) -> Result<(), SandboxError> {
        let known = self.tokens.iter_mut().find(|known| known.secret == secret);
        let issued = known.ok_or_else(|| SandboxError::unknown("the token"))?;
        issued.token = change(issued.token.clone());
        issued.maker = issued.token.maker.clone().unwrap_or_else(|| self.admin.clone());
        Ok(())
    }

    /// Revokes a token: from now on it is answered with 401.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn revoke(&mut self, secret: &str) -> Result<(), SandboxError> {
        let before = self.tokens.len();
        self.tokens.retain(|known| known.secret != secret);
        if self.tokens.len() < before { Ok(()) } else { Err(SandboxError::unknown("the token")) }
    }
}

impl World {
    /// A company without anybody, without offices and without tokens.
    pub(super) fn empty(seed: u64, today: Date, behaviour: Behaviour) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            tables: BTreeMap::new(),
            tokens: Vec::new(),
            behaviour,
            company_id: rng.text(24),
            domain: "tallowmill.example",
            admin: String::new(),
            today,
            rng,
            next_employee_id: 1_001,
            changes: 0,
        }
    }

    pub(super) fn table(&self, list: Resource) -> &[Row] {
        self.tables.get(&list).map_or(&[], |table| &table.rows)
    }

    pub(super) fn find(&self, list: Resource, key: &str) -> Option<&Row> {
        let table = self.tables.get(&list)?;
        table.rows.get(*table.index.get(key)?)
    }

    fn fields(&mut self, list: Resource, key: &str) -> Result<&mut Map<String, Value>, SandboxError> {
        let table = self.tables.entry(list).or_default();
        let row = table.index.get(key).and_then(|at| table.rows.get_mut(*at));
        row.map(|row| &mut row.fields).ok_or_else(|| SandboxError::unknown(key))
    }

    /// Adds a row under a new id.
    fn identified(&mut self, list: Resource, row: Value) -> String {
        let id = json!(self.rng.text(24));
        self.insert(list, with(row, "id", id))
    }

    pub(super) fn add_job_role(&mut self, person: &str, job: &Job, end: Option<String>) -> String {
        let row = json!({
            "personId": person, "jobTitle": job.title, "department": job.department,
            "reportingTo": job.reports_to, "effectiveDate": job.from, "endDate": end, "note": canary("job-note"),
        });
        self.identified(Resource::JobRoles, row)
    }

    pub(super) fn add_custom_value(&mut self, person: &str, field: &str, value: Value) {
        let row = json!({ "personId": person, "customFieldId": field, "resourceId": null, "value": value });
        self.identified(Resource::CustomValues, row);
    }

    /// The next moment of a clock that only changes move.
    pub(super) fn tick(&mut self) -> String {
        self.changes = self.changes.wrapping_add(1);
        let second = self.changes % 86_400;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{}T{hour:02}:{minute:02}:{second:02}.000Z", self.today)
    }
}
