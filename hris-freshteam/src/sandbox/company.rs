//! The account: people, units, form, keys.

use hris_core::sandbox::{Names, Rng};
use hris_core::{Date, Timestamp};
use serde_json::{Map, Value, json};

use super::SandboxError;
use super::behaviour::{Behaviour, Ending, Role};
use super::generate::DOMAIN;
use super::person::{Person, PersonView, object};

/// One account and the vendor's rules about it.
pub struct Company {
    pub(super) behaviour: Behaviour,
    pub(super) records: Vec<Record>,
    pub(super) units: [Vec<Value>; 8],
    pub(super) form: Vec<Value>,
    pub(super) keys: Vec<(String, Role)>,
    pub(super) ending: Option<Ending>,
    /// The people as they were when the account froze.
    pub(super) frozen: Option<Vec<Record>>,
    pub(super) rng: Rng,
    pub(super) names: Names,
    pub(super) today: Date,
    next: u64,
    changes: i64,
}

/// A person's record: what the list shows, what the person's own record shows besides, and fields of
/// the customer's own.
#[derive(Clone)]
pub(super) struct Record {
    pub(super) id: u64,
    pub(super) members: Map<String, Value>,
    pub(super) detail: Map<String, Value>,
    pub(super) custom: Map<String, Value>,
}

/// The lists of named units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Units {
    /// `/branches`
    Branches,
    /// `/business_units`
    BusinessUnits,
    /// `/departments`
    Departments,
    /// `/levels`
    Levels,
    /// `/roles`
    Roles,
    /// `/sub_departments`
    SubDepartments,
    /// `/teams`
    Teams,
    /// `/user_functions`
    UserFunctions,
}

impl Units {
    pub(super) const ALL: [(&'static str, Self); 8] = [
        ("/branches", Self::Branches),
        ("/business_units", Self::BusinessUnits),
        ("/departments", Self::Departments),
        ("/levels", Self::Levels),
        ("/sub_departments", Self::SubDepartments),
        ("/teams", Self::Teams),
        ("/roles", Self::Roles),
        ("/user_functions", Self::UserFunctions),
    ];
}

impl Company {
    pub(super) fn new(seed: u64, today: Date, behaviour: Behaviour) -> Self {
        Self {
            behaviour,
            records: Vec::new(),
            units: Default::default(),
            form: Vec::new(),
            keys: Vec::new(),
            ending: None,
            frozen: None,
            rng: Rng::new(seed),
            names: Names::default(),
            today,
            next: 6_000_910_000,
            changes: 0,
        }
    }

    /// The company's today.
    #[must_use]
    pub fn today(&self) -> Date {
        self.today
    }

    /// Everybody, deleted ones apart, in the order in which they came.
    #[must_use]
    pub fn people(&self) -> Vec<PersonView> {
        let shown = self.records.iter().filter(|record| record.members.get("deleted") != Some(&json!(true)));
        shown.map(|record| self.view(record)).collect()
    }

    /// One person.
    #[must_use]
    pub fn person(&self, id: &str) -> Option<PersonView> {
        let record = self.records.iter().find(|record| record.id.to_string() == id)?;
        Some(self.view(record))
    }

    /// Hires somebody and returns the id.
    pub fn hire(&mut self, person: Person) -> String {
        self.next += 1;
        let id = self.next;
        let mut members = person.members;
        let text = |members: &Map<String, Value>, name: &str| {
            members.get(name).and_then(Value::as_str).unwrap_or_default().to_lowercase()
        };
        if !members.contains_key("official_email") {
            let (first, last) = (text(&members, "first_name"), text(&members, "last_name"));
            let plain = |text: String| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
            let email = format!("{}.{}.{}@{DOMAIN}", plain(first), plain(last), id % 100_000);
            members.insert("official_email".to_owned(), email.into());
        }
        members.insert("id".to_owned(), id.into());
        members.insert("created_at".to_owned(), "2023-02-06T08:00:00.000Z".into());
        self.records.push(Record { id, members, detail: person.detail, custom: person.custom });
        // The record was just added, so it exists.
        let _ = self.update(&id.to_string(), |_| {});
        id.to_string()
    }

    /// Changes members of somebody's record, by the vendor's names.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn update(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), SandboxError> {
        self.changes += 1;
        let midnight = format!("{}T00:00:00Z", self.today).parse().unwrap_or(Timestamp::from_unix_seconds(0));
        let now = midnight.plus_seconds(self.changes).to_string().replace('Z', ".000Z");
        let record = self.record(id)?;
        change(&mut record.members);
        record.members.insert("updated_at".to_owned(), now.into());
        Ok(())
    }

    /// Sets one member of somebody's record.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn set(&mut self, id: &str, member: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        let value = value.into();
        self.update(id, |members| drop(members.insert(member.to_owned(), value)))
    }

    /// Sets a field of the customer's own. Nobody knows whether that moves `updated_at`; here it does
    /// not.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn set_custom(&mut self, id: &str, key: &str, value: impl Into<Value>) -> Result<(), SandboxError> {
        let value = value.into();
        self.record(id)?.custom.insert(key.to_owned(), value);
        Ok(())
    }

    /// Makes somebody inactive, with the last day if there is one.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn deactivate(&mut self, id: &str, last_day: Option<&str>) -> Result<(), SandboxError> {
        let last_day = json!(last_day);
        self.update(id, |members| {
            members.insert("terminated".to_owned(), (!last_day.is_null()).into());
            members.insert("termination_date".to_owned(), last_day);
            members.insert("status".to_owned(), "inactive".into());
        })
    }

    /// Notes that somebody will leave: still active, with a last day.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn give_notice(&mut self, id: &str, last_day: &str) -> Result<(), SandboxError> {
        self.update(id, |members| {
            members.insert("terminated".to_owned(), true.into());
            members.insert("termination_date".to_owned(), last_day.into());
        })
    }

    /// Takes somebody back under the same id.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn rehire(&mut self, id: &str, first_day: &str) -> Result<(), SandboxError> {
        self.update(id, |members| {
            members.insert("terminated".to_owned(), false.into());
            members.insert("termination_date".to_owned(), Value::Null);
            members.insert("status".to_owned(), "active".into());
            members.insert("joining_date".to_owned(), first_day.into());
        })
    }

    /// Deletes somebody so that they can be restored: out of every list, still there by id.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete(&mut self, id: &str) -> Result<(), SandboxError> {
        self.set(id, "deleted", true)
    }

    /// Deletes somebody for ever.
    ///
    /// # Errors
    /// When nobody has this id.
    pub fn delete_for_ever(&mut self, id: &str) -> Result<(), SandboxError> {
        let gone = self.record(id)?.id;
        self.records.retain(|record| record.id != gone);
        Ok(())
    }

    /// Adds a named unit and returns its id.
    pub fn add_unit(&mut self, to: Units, name: &str) -> u64 {
        let slot = Units::ALL.iter().position(|(_, units)| *units == to).unwrap_or_default();
        let Some(list) = self.units.get_mut(slot) else { return 0 };
        let base = if to == Units::Roles { 6_000_300_000 } else { 6_000_600_000 + slot as u64 * 10_000 };
        let id = base + list.len() as u64 + 1;
        let mut row = object(json!({
            "id": id, "created_at": "2021-09-01T08:00:00.000Z", "updated_at": "2021-09-01T08:00:00.000Z",
        }));
        row.extend(object(match to {
            Units::Branches => {
                json!({ "name": name, "deleted": false, "city": name, "country_code": "NO", "time_zone": "Europe/Oslo" })
            }
            Units::Roles => json!({ "name": name, "description": "…", "default": true }),
            Units::SubDepartments => json!({ "name": name, "deleted": null }),
            Units::UserFunctions => json!({ "value": name, "deleted": false }),
            _ => json!({ "name": name, "deleted": false }),
        }));
        list.push(row.into());
        id
    }

    /// A key of a user with this role.
    pub fn issue_key(&mut self, role: Role) -> String {
        let key = self.rng.text(32);
        self.keys.push((key.clone(), role));
        key
    }

    /// Resets a key: it is worth nothing from now on.
    pub fn revoke(&mut self, key: &str) {
        self.keys.retain(|(known, _)| known != key);
    }

    /// The account ends and answers so from now on.
    pub fn end(&mut self, ending: Ending) {
        self.ending = Some(ending);
        self.frozen = (ending == Ending::Frozen).then(|| self.records.clone());
    }

    fn record(&mut self, id: &str) -> Result<&mut Record, SandboxError> {
        let found = self.records.iter_mut().find(|record| record.id.to_string() == id);
        found.ok_or_else(|| SandboxError::unknown(id))
    }

    fn view(&self, record: &Record) -> PersonView {
        let text = |name: &str| record.members.get(name).and_then(Value::as_str).map(str::to_owned);
        let reports_here = |other: &&Record| other.members.get("reporting_to_id") == Some(&json!(record.id));
        PersonView {
            id: record.id.to_string(),
            status: text("status").unwrap_or_default(),
            email: text("official_email"),
            joining_date: text("joining_date"),
            termination_date: text("termination_date"),
            reports: self.records.iter().filter(reports_here).count(),
        }
    }
}

impl std::fmt::Debug for Company {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Company").field("people", &self.records.len()).finish_non_exhaustive()
    }
}
