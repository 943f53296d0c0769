//! The company behind the sandbox, and every way to change it.

use hris_core::Date;
use hris_core::sandbox::Rng;
use serde_json::{Map, Value, json};

use super::SandboxError;
use super::behaviour::Behaviour;
use super::person::{CustomField, Job, Location, PersonView};
use super::record::canary;
use super::table::{Row, Table, View};
use super::token::Token;

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
    pub(super) today: Date,
    pub(super) rng: Rng,
    views: Vec<View>,
    pub(super) next_employee_id: usize,
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

/// Changing everything else.
impl World {
    /// Adds an office and answers its id.
    pub fn add_location(&mut self, location: Location) -> String {
        let id = self.rng.text(24);
        let row = json!({
            "id": id, "label": location.label, "city": location.city,
            "country": location.country, "timezone": location.timezone,
        });
        self.insert(Resource::Locations, row)
    }

    /// Defines a custom field and answers its id.
    pub fn add_custom_field(&mut self, field: CustomField) -> String {
        let id = self.rng.text(24);
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
        let spare = self.rng.text(24);
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
        let id = self.rng.text(24);
        let secret = token.secret.clone().unwrap_or_else(|| format!("humaans-sandbox-{}", self.rng.text(24)));
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
    pub(super) fn empty(seed: u64, today: Date) -> Self {
        let mut rng = Rng::new(seed);
        let company_id = rng.text(24);
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
            "id": self.rng.text(24), "personId": person, "jobTitle": job.title,
            "department": job.department, "reportingTo": job.reports_to,
            "effectiveDate": job.from, "endDate": end, "note": canary("job-note"),
        });
        self.insert(Resource::JobRoles, row)
    }

    pub(super) fn add_custom_value(&mut self, person: &str, field: &str, value: Value) {
        let row = json!({
            "id": self.rng.text(24), "personId": person, "customFieldId": field,
            "resourceId": null, "value": value,
        });
        self.insert(Resource::CustomValues, row);
    }

    pub(super) fn custom_field_id(&self, name_or_id: &str) -> Option<String> {
        let mut fields = self.custom_fields.rows.iter();
        let found = fields.find(|row| row.key == name_or_id || row.str("name") == Some(name_or_id));
        found.map(|row| row.key.clone())
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

fn named(table: &Table, member: &str) -> Vec<(String, String)> {
    let pair = |row: &Row| (row.key.clone(), row.str(member).unwrap_or_default().to_owned());
    table.rows.iter().map(pair).collect()
}
