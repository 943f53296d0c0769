//! The invented vendor: organisations with people, and the grants that see them.

use std::collections::BTreeMap;

use hris_core::Date;
use hris_core::sandbox::Rng;
use serde_json::{Map, Value, json};

use super::SandboxError;
use super::behaviour::Behaviour;
use super::person::{Person, blank};
use super::token::Authority;

/// Everything that the fake holds.
pub struct World {
    pub(super) behaviour: Behaviour,
    pub(super) authority: Authority,
    pub(super) organisations: Vec<Organisation>,
    pub(super) rng: Rng,
    pub(super) today: Date,
}

/// One organisation.
pub(super) struct Organisation {
    pub(super) id: String,
    pub(super) name: String,
    /// Its people log in through a provider of its own.
    pub(super) sso: bool,
    pub(super) people: Vec<Row>,
    pub(super) teams: Vec<(String, String)>,
    pub(super) locations: Vec<(String, String, String)>,
    pub(super) custom_fields: Vec<(String, String)>,
    /// What it says it employs, where that is not the truth.
    pub(super) told: Option<u64>,
}

/// One person's record.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) members: Map<String, Value>,
    /// Values of custom fields by the field's id.
    pub(super) custom: BTreeMap<String, Value>,
}

impl Row {
    fn text(&self, member: &str) -> Option<String> {
        self.members.get(member)?.as_str().map(str::to_owned)
    }

    pub(super) fn has_left(&self) -> bool {
        matches!(self.text("status").as_deref(), Some("terminated" | "inactive" | "archived"))
    }
}

/// A person as a test looks at them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PersonView {
    /// The id.
    pub id: String,
    /// The status.
    pub status: String,
    /// The address by which an account is made.
    pub email: Option<String>,
    /// The job title.
    pub job_title: Option<String>,
    /// The manager's id.
    pub manager: Option<String>,
}

/// Changing the first organisation, which is the one that most tests need; others by name with
/// [`World::hire_into`] and [`World::add_organisation`].
impl World {
    /// The id of the first organisation.
    #[must_use]
    pub fn organisation(&self) -> String {
        self.organisations.first().map(|one| one.id.clone()).unwrap_or_default()
    }

    /// Everybody, in the order of hiring.
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        let view = |row: &Row| PersonView {
            id: row.id.clone(),
            status: row.text("status").unwrap_or_default(),
            email: row.text("company_email").or_else(|| row.text("account_email")),
            job_title: row.text("job_title"),
            manager: row
                .members
                .get("primary_manager")
                .and_then(|manager| Some(manager.get("id")?.as_str()?.to_owned())),
        };
        self.organisations.first().map(|one| one.people.iter().map(view).collect()).unwrap_or_default()
    }

    /// Hires somebody and answers the id.
    pub fn hire(&mut self, person: Person) -> String {
        self.hire_at(0, person)
    }

    /// Hires somebody into the organisation of this id and answers the person's id.
    ///
    /// # Errors
    /// When there is no such organisation.
    pub fn hire_into(&mut self, organisation: &str, person: Person) -> Result<String, SandboxError> {
        let place = self.organisations.iter().position(|one| one.id == organisation);
        Ok(self.hire_at(place.ok_or_else(|| SandboxError::unknown(organisation))?, person))
    }

    /// Sets members of a person's record.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn update(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), SandboxError> {
        change(&mut self.row(id)?.members);
        Ok(())
    }

    /// Ends an employment on a day.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn terminate(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.update(id, |members| {
            members.insert("status".to_owned(), json!("terminated"));
            members.insert("termination_date".to_owned(), json!(last_day));
        })
    }

    /// Removes a person so that nobody knows them any longer.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&mut self, id: &str) -> Result<(), SandboxError> {
        self.row(id)?;
        for one in &mut self.organisations {
            one.people.retain(|row| row.id != id);
        }
        Ok(())
    }

    /// Defines a custom field and answers its id.
    pub fn add_custom_field(&mut self, name: &str) -> String {
        let id = self.rng.uuid();
        if let Some(one) = self.organisations.first_mut() {
            one.custom_fields.push((id.clone(), name.to_owned()));
        }
        id
    }

    /// Sets the value of a custom field.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn set_custom(&mut self, id: &str, field: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        self.row(id)?.custom.insert(field.to_owned(), value.into());
        Ok(())
    }

    /// Adds an organisation without people and answers its id. With single sign-on (`sso`), a grant
    /// sees it only if that is where the person logged in.
    pub fn add_organisation(&mut self, name: &str, sso: bool) -> String {
        let id = self.rng.uuid();
        self.organisations.push(Organisation {
            id: id.clone(),
            name: name.to_owned(),
            sso,
            people: Vec::new(),
            teams: Vec::new(),
            locations: Vec::new(),
            custom_fields: Vec::new(),
            told: None,
        });
        id
    }

    /// Removes an organisation and all in it.
    ///
    /// # Errors
    /// When there is none of this id.
    pub fn remove_organisation(&mut self, id: &str) -> Result<(), SandboxError> {
        let before = self.organisations.len();
        self.organisations.retain(|one| one.id != id);
        if self.organisations.len() < before { Ok(()) } else { Err(SandboxError::unknown(id)) }
    }

    /// Has every access token so far refused; refresh tokens stay.
    pub fn refuse_access_tokens(&mut self) {
        self.authority.refuse_access_tokens();
    }

    /// Has the first organisation say that it employs so many, whatever is true.
    pub fn tell_employed(&mut self, people: u64) {
        if let Some(one) = self.organisations.first_mut() {
            one.told = Some(people);
        }
    }
}

impl World {
    /// A vendor without organisations.
    pub(super) fn empty(seed: u64, today: Date, behaviour: Behaviour) -> Self {
        Self {
            behaviour,
            authority: Authority::new(super::CLIENT_ID, super::CLIENT_SECRET, super::REDIRECT_URI),
            organisations: Vec::new(),
            rng: Rng::new(seed),
            today,
        }
    }

    pub(super) fn hire_at(&mut self, place: usize, person: Person) -> String {
        let id = self.rng.uuid();
        let manager = person.manager.as_deref().map(|id| {
            let name = self.row(id).ok().and_then(|row| row.text("full_name"));
            json!({ "id": id, "name": name })
        });
        let mut members = blank();
        members.extend(person.members);
        members.insert("primary_manager".to_owned(), manager.unwrap_or(Value::Null));
        let mut teams = Vec::new();
        for name in person.teams {
            teams.push(json!({ "id": self.team(place, &name), "name": name }));
        }
        members.insert("teams".to_owned(), json!(teams));
        if let Some(one) = self.organisations.get_mut(place) {
            one.people.push(Row { id: id.clone(), members, custom: BTreeMap::new() });
        }
        id
    }

    fn team(&mut self, place: usize, name: &str) -> String {
        let id = self.rng.uuid();
        let Some(one) = self.organisations.get_mut(place) else { return id };
        if let Some((known, _)) = one.teams.iter().find(|(_, known)| known == name) {
            return known.clone();
        }
        one.teams.push((id.clone(), name.to_owned()));
        id
    }

    fn row(&mut self, id: &str) -> Result<&mut Row, SandboxError> {
        let mut rows = self.organisations.iter_mut().flat_map(|one| &mut one.people);
        rows.find(|row| row.id == id).ok_or_else(|| SandboxError::unknown(id))
    }
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("organisations", &self.organisations.len()).finish_non_exhaustive()
    }
}
