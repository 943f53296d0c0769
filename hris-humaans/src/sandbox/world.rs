//! The company behind the sandbox, and every way to change it.

use serde_json::{Map, Value, json};

use super::behaviour::Behaviour;
use super::person::{CustomField, Job, Location, Members, Person, PersonView, Status};
use super::seed::{Day, Rng};
use super::table::{Row, Table, View};
use super::token::Token;
use super::{CANARY, SandboxError};

/// The lists the sandbox serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

/// A token as the world keeps it.
#[derive(Clone)]
pub(super) struct Issued {
    pub(super) id: String,
    pub(super) maker: String,
    pub(super) secret: String,
    pub(super) token: Token,
}

/// The company whose HR system the sandbox plays.
///
/// Reached through [`Sandbox::change`](super::Sandbox::change), which holds
/// the sandbox still meanwhile: no request sees half a change.
pub struct World {
    pub(super) companies: Table,
    pub(super) custom_fields: Table,
    pub(super) custom_values: Table,
    pub(super) job_roles: Table,
    pub(super) locations: Table,
    pub(super) people: Table,
    pub(super) tokens: Vec<Issued>,
    pub(super) behaviour: Behaviour,
    pub(super) company_id: String,
    pub(super) domain: String,
    pub(super) admin: String,
    pub(super) today: Day,
    pub(super) rng: Rng,
    views: Vec<View>,
    next_employee_id: usize,
    changes: u32,
}

/// Shows how many, never who.
impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("company", &self.company_id)
            .field("people", &self.people.rows.len())
            .field("tokens", &self.tokens.len())
            .finish_non_exhaustive()
    }
}

/// Looking at the world.
impl World {
    /// Everybody, in the order of the list.
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        let view = |row: &Row| PersonView::of(&row.key, &row.fields);
        self.people.rows.iter().map(view).collect()
    }

    /// One person.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<PersonView> {
        let row = self.people.find(id)?;
        Some(PersonView::of(&row.key, &row.fields))
    }

    /// Ids and labels of the offices.
    #[must_use]
    pub fn locations(&self) -> Vec<(String, String)> {
        named(&self.locations, "label")
    }

    /// Ids and names of the custom fields.
    #[must_use]
    pub fn custom_fields(&self) -> Vec<(String, String)> {
        named(&self.custom_fields, "name")
    }

    /// The rows of a list, complete, as a token that sees everything gets them.
    #[must_use]
    pub fn rows(&self, of: Resource) -> Vec<Value> {
        let rows = self.table(of).rows.iter();
        rows.map(|row| Value::Object(row.fields.clone())).collect()
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

    /// The choices the vendor's documentation leaves open.
    #[must_use]
    pub fn behaviour(&self) -> &Behaviour {
        &self.behaviour
    }

    /// The same, for change. It holds from the next request on.
    pub fn behaviour_mut(&mut self) -> &mut Behaviour {
        &mut self.behaviour
    }
}

/// Changing people.
impl World {
    /// Adds a person with a job role and answers the new id.
    pub fn hire(&mut self, person: Person) -> String {
        let id = self.rng.id();
        self.hire_as(id, person)
    }

    /// Adds a person under an id of the caller's choice. An id that is taken
    /// gives a second row of the same id, which the answered key names.
    pub fn hire_as(&mut self, id: impl Into<String>, person: Person) -> String {
        let id = id.into();
        let start = person.start.clone().unwrap_or_else(|| self.today.to_string());
        let job = Job {
            title: person.job_title.clone(),
            department: person.department.clone(),
            reports_to: person.reports_to.clone(),
            from: Some(start.clone()),
        };
        let custom = person.custom.clone();
        let fields = self.person_fields(&id, &start, person);
        let spare = self.rng.id();
        let key = self.people.insert(fields, spare);
        self.add_job_role(&id, &job, None);
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
        let done = self.people.edit(id, |fields| {
            fields.insert("updatedAt".to_owned(), json!(now));
            change(&mut Members(fields));
        });
        done.ok_or_else(|| SandboxError::unknown(id))
    }

    /// Sets one value: a member such as `lastName`, or a JSON pointer such as
    /// `/jobRole/department` to something that is there already.
    ///
    /// # Errors
    /// When nobody has this id or the pointer leads nowhere.
    pub fn set_field(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.set(Resource::People, id, field, value)
    }

    /// Sets the last working day of somebody who stays `active` until then,
    /// as the vendor's app does when offboarding begins.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn plan_leaving(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("lastWorkingDay", last_day);
            person.set("employmentEndDate", last_day);
        })
    }

    /// Offboards a person: the record and the employee id stay.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn offboard(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.plan_leaving(id, last_day)?;
        self.update(id, |person| {
            person.set("status", Status::Offboarded.as_str());
            person.set("leavingReason", canary("reason"));
            person.set("leavingNote", canary("note"));
        })
    }

    /// Makes a new hire active, with a work e-mail.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn activate(&mut self, id: &str, email: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("status", Status::Active.as_str());
            person.set("email", email);
        })
    }

    /// Takes a leaver back on the old record, from this day on.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire(&mut self, id: &str, start: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("status", Status::Active.as_str());
            person.set("employmentStartDate", start);
            person.set("firstWorkingDay", start);
            for member in ["employmentEndDate", "lastWorkingDay", "leavingReason", "leavingNote"] {
                person.set(member, Value::Null);
            }
        })
    }

    /// Takes a leaver back on a new record with the old names, e-mail and
    /// employee id; the offboarded record stays. Answers the new id.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire_as_new(&mut self, id: &str, start: &str) -> Result<String, SandboxError> {
        let old = self.person(id).ok_or_else(|| SandboxError::unknown(id))?;
        let mut person = Person::new(old.first_name, old.last_name)
            .starts(start)
            .job(old.job_title.unwrap_or_default(), old.department.unwrap_or_default());
        person.email = Some(old.email);
        person.employee_id = Some(old.employee_id);
        person.location = old.location_id;
        person.teams = old.teams;
        Ok(self.hire(person))
    }

    /// Deletes a person for good, with job roles and custom values.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&mut self, id: &str) -> Result<(), SandboxError> {
        if !self.people.remove(id) {
            return Err(SandboxError::unknown(id));
        }
        self.job_roles.retain(|row| row.person != id);
        self.custom_values.retain(|row| row.person != id);
        Ok(())
    }

    /// Replaces the teams of a person.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn set_teams(&mut self, id: &str, names: &[&str]) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("teams", teams(names));
        })
    }

    /// Moves a person to another office, by location id, or to `remote`.
    ///
    /// # Errors
    /// When nobody has this id. The location is not checked: an unknown one is
    /// a case worth testing.
    pub fn relocate(&mut self, id: &str, location: &str) -> Result<(), SandboxError> {
        self.update(id, |person| {
            person.set("locationId", location);
        })
    }

    /// Ends the present job and begins another, today or on the day it names;
    /// the person's own `updatedAt` does not move. Answers the id of the new
    /// job role.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn change_job(&mut self, id: &str, job: Job) -> Result<String, SandboxError> {
        if self.people.find(id).is_none() {
            return Err(SandboxError::unknown(id));
        }
        let from = job.from.clone().unwrap_or_else(|| self.today.to_string());
        let last = Day::parse(&from).map(|day| day.plus(-1).to_string());
        let open: Vec<String> = self
            .job_roles
            .rows
            .iter()
            .filter(|row| row.person == id && row.str("endDate").is_none())
            .map(|row| row.key.clone())
            .collect();
        for key in open {
            self.job_roles.edit(&key, |fields| fields.insert("endDate".to_owned(), json!(last)));
        }
        if from <= self.today.to_string() {
            let brief = json!({ "jobTitle": job.title, "department": job.department });
            self.people.edit(id, |fields| fields.insert("jobRole".to_owned(), brief));
        }
        let job = Job { from: Some(from), ..job };
        Ok(self.add_job_role(id, &job, None))
    }

    /// Sets the value of a custom field, named by its name or id;
    /// `Value::Null` empties it.
    ///
    /// # Errors
    /// When nobody has this id or no field this name.
    pub fn set_custom(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        if self.people.find(id).is_none() {
            return Err(SandboxError::unknown(id));
        }
        let field = self.custom_field_id(field).ok_or_else(|| SandboxError::unknown(field))?;
        let known = self
            .custom_values
            .rows
            .iter()
            .find(|row| row.person == id && row.str("customFieldId") == Some(&field))
            .map(|row| row.key.clone());
        match known {
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
        let id = self.rng.id();
        let row = json!({
            "id": id, "label": location.label, "city": location.city,
            "country": location.country, "timezone": location.timezone,
        });
        self.insert(Resource::Locations, row)
    }

    /// Defines a custom field and answers its id.
    pub fn add_custom_field(&mut self, field: CustomField) -> String {
        let id = self.rng.id();
        let row = json!({
            "id": id, "companyId": self.company_id, "name": field.name, "section": field.section,
            "resourceId": null, "type": field.kind, "config": field.config,
        });
        self.insert(Resource::CustomFields, row)
    }

    /// Adds any row to a list, as strange as wanted, and answers the key that
    /// names it here: its `id` unless that is missing or taken. What is no
    /// object becomes an empty row.
    pub fn insert(&mut self, list: Resource, row: Value) -> String {
        let fields = match row {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        let spare = self.rng.id();
        self.table_mut(list).insert(fields, spare)
    }

    /// Sets one value of a row of any list, by member or JSON pointer, without
    /// a trace in `updatedAt`.
    ///
    /// # Errors
    /// When no row has this key or the pointer leads nowhere.
    pub fn set(
        &mut self,
        list: Resource,
        key: &str,
        field: &str,
        value: impl Into<Value>,
    ) -> Result<(), SandboxError> {
        let value = value.into();
        let done = self.table_mut(list).edit(key, |fields| {
            if !field.starts_with('/') {
                fields.insert(field.to_owned(), value);
                return true;
            }
            let mut whole = Value::Object(std::mem::take(fields));
            let found = whole.pointer_mut(field).map(|slot| *slot = value).is_some();
            if let Value::Object(changed) = whole {
                *fields = changed;
            }
            found
        });
        if done == Some(true) { Ok(()) } else { Err(SandboxError::unknown(key)) }
    }

    /// Removes a row of any list, and nothing that hangs on it.
    ///
    /// # Errors
    /// When no row has this key.
    pub fn remove(&mut self, list: Resource, key: &str) -> Result<(), SandboxError> {
        if self.table_mut(list).remove(key) { Ok(()) } else { Err(SandboxError::unknown(key)) }
    }

    /// Issues a token and answers its text.
    pub fn issue_token(&mut self, token: Token) -> String {
        let id = self.rng.id();
        let secret = token.secret.clone().unwrap_or_else(|| format!("humaans-sandbox-{}", self.rng.id()));
        self.tokens.push(Issued {
            id,
            maker: token.maker.clone().unwrap_or_else(|| self.admin.clone()),
            secret: secret.clone(),
            token,
        });
        secret
    }

    /// Changes scopes, role or maker of a token, as the vendor's edit button
    /// does.
    ///
    /// # Errors
    /// When there is no such token.
    pub fn edit_token(
        &mut self,
        secret: &str,
        change: impl FnOnce(Token) -> Token,
    ) -> Result<(), SandboxError> {
        let admin = self.admin.clone();
        let known = self.tokens.iter_mut().find(|known| known.secret == secret);
        let issued = known.ok_or_else(|| SandboxError::unknown("the token"))?;
        issued.token = change(issued.token.clone());
        issued.maker = issued.token.maker.clone().unwrap_or(admin);
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
    pub(super) fn empty(seed: u64, today: Day) -> Self {
        let mut rng = Rng::new(seed);
        let company_id = rng.id();
        Self {
            companies: Table::default(),
            custom_fields: Table::default(),
            custom_values: Table::default(),
            job_roles: Table::default(),
            locations: Table::default(),
            people: Table::default(),
            tokens: Vec::new(),
            behaviour: Behaviour::default(),
            company_id,
            domain: "tallowmill.example".to_owned(),
            admin: String::new(),
            today,
            rng,
            views: Vec::new(),
            next_employee_id: 1_001,
            changes: 0,
        }
    }

    pub(super) fn table(&self, list: Resource) -> &Table {
        match list {
            Resource::Companies => &self.companies,
            Resource::CustomFields => &self.custom_fields,
            Resource::CustomValues => &self.custom_values,
            Resource::JobRoles => &self.job_roles,
            Resource::Locations => &self.locations,
            Resource::People => &self.people,
        }
    }

    pub(super) fn table_mut(&mut self, list: Resource) -> &mut Table {
        match list {
            Resource::Companies => &mut self.companies,
            Resource::CustomFields => &mut self.custom_fields,
            Resource::CustomValues => &mut self.custom_values,
            Resource::JobRoles => &mut self.job_roles,
            Resource::Locations => &mut self.locations,
            Resource::People => &mut self.people,
        }
    }

    pub(super) fn add_job_role(&mut self, person: &str, job: &Job, end: Option<String>) -> String {
        let row = json!({
            "id": self.rng.id(), "personId": person, "jobTitle": job.title,
            "department": job.department, "reportingTo": job.reports_to,
            "effectiveDate": job.from, "endDate": end, "note": canary("job-note"),
        });
        self.insert(Resource::JobRoles, row)
    }

    pub(super) fn add_custom_value(&mut self, person: &str, field: &str, value: Value) {
        let row = json!({
            "id": self.rng.id(), "personId": person, "customFieldId": field,
            "resourceId": null, "value": value,
        });
        self.insert(Resource::CustomValues, row);
    }

    pub(super) fn custom_field_id(&self, name_or_id: &str) -> Option<String> {
        let mut fields = self.custom_fields.rows.iter();
        let found = fields.find(|row| row.key == name_or_id || row.str("name") == Some(name_or_id));
        found.map(|row| row.key.clone())
    }

    fn person_fields(&mut self, id: &str, start: &str, person: Person) -> Map<String, Value> {
        let employee_id = person.employee_id.unwrap_or_else(|| {
            let number = self.next_employee_id;
            self.next_employee_id += 1;
            Some(number.to_string())
        });
        let email = person.email.unwrap_or_else(|| {
            let part = |name: &str| name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
            let (first, last) = (part(&person.first_name), part(&person.last_name));
            let number = employee_id.as_deref().unwrap_or("0");
            Some(format!("{first}.{last}.{number}@{}", self.domain))
        });
        let location = person.location.or_else(|| self.locations.rows.first().map(|row| row.key.clone()));
        let team_names: Vec<&str> = person.teams.iter().map(String::as_str).collect();
        let now = self.tick();
        let mut fields: Map<String, Value> =
            EMPTY.iter().map(|member| ((*member).to_owned(), Value::Null)).collect();
        let values = json!({
            "id": id, "companyId": self.company_id,
            "firstName": person.first_name, "lastName": person.last_name, "email": email,
            "isWorkEmailHidden": false, "isVerified": true,
            "personalEmail": format!("{}@home.example", id.to_lowercase()),
            "locationId": location, "timezone": "Europe/London",
            "employmentStartDate": start, "firstWorkingDay": start,
            "contractType": "Full time",
            "workingDays": (["monday", "tuesday", "wednesday", "thursday", "friday"])
                .map(|day| json!({ "day": day })),
            "employeeId": employee_id, "teams": teams(&team_names),
            "jobRole": { "jobTitle": person.job_title, "department": person.department },
            "status": person.status.as_str(), "role": "user", "demo": false,
            "spokenLanguages": [], "nationalities": [],
        });
        // Members a connector must drop while it reads, each with text that a
        // leak test can search for.
        let secrets = json!({
            "calendarFeedToken": canary("calendar"), "taxId": canary("tax-id"),
            "taxCode": canary("tax-code"),             "profilePhoto": { "id": canary("photo-id"), "variants": {
                "64": format!("https://storage.example/{}.jpg", canary("photo")) } },
            "profilePhotoId": canary("photo-id"), "foodAllergies": [canary("allergy")],
            "dietaryPreference": canary("diet"), "isBirthdayHidden": true,
            "createdAt": now, "updatedAt": now,
        });
        // What the caller set comes last and wins.
        for part in [values, secrets, Value::Object(person.members)] {
            if let Value::Object(part) = part {
                fields.extend(part);
            }
        }
        fields
    }

    /// The number under which rows keep their text for this view.
    pub(super) fn number(&mut self, view: View) -> (usize, View) {
        let known = self.views.iter().position(|known| *known == view);
        let number = known.unwrap_or_else(|| {
            self.views.push(view.clone());
            self.views.len() - 1
        });
        (number, view)
    }

    /// The next moment of a clock that only changes move.
    pub(super) fn tick(&mut self) -> String {
        self.changes = self.changes.wrapping_add(1);
        let second = self.changes % 86_400;
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{}T{hour:02}:{minute:02}:{second:02}.000Z", self.today)
    }
}

/// Members that are empty until somebody fills them.
const EMPTY: [&str; 34] = [
    "address",
    "bio",
    "birthday",
    "city",
    "country",
    "countryCode",
    "employmentEndDate",
    "formattedPersonalPhoneNumber",
    "formattedPhoneNumber",
    "gender",
    "github",
    "lastWorkingDay",
    "leavingFileId",
    "leavingNote",
    "leavingReason",
    "linkedIn",
    "middleName",
    "nationality",
    "payrollProvider",
    "personalPhoneNumber",
    "phoneNumber",
    "postcode",
    "preferredName",
    "probationEndDate",
    "publicHolidayCalendarId",
    "remoteCity",
    "remoteCountryCode",
    "remoteRegionCode",
    "remoteTimezone",
    "seenDocumentsAt",
    "source",
    "sourceId",
    "state",
    "turnoverImpact",
];

fn canary(what: &str) -> String {
    format!("{CANARY}-{what}")
}

fn teams(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}

fn named(table: &Table, member: &str) -> Vec<(String, String)> {
    let pair = |row: &Row| (row.key.clone(), row.str(member).unwrap_or_default().to_owned());
    table.rows.iter().map(pair).collect()
}
