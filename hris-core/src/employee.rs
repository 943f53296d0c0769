//! A person as an HR system knows them.

mod id;
mod values;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::id::EmployeeId;
pub use self::values::{Address, CustomValue, Identification};
use crate::{Date, Field, StandardField, Timestamp};

/// Where a person stands in their employment, in our words. The vendor's own word is kept beside
/// it as [`Employee::raw_status`].
///
/// Dates alone never decide it: a connector reads it from the vendor's status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// Employed.
    Active,
    /// Employed and away for long: parental leave, sabbatical.
    OnLeave,
    /// Will start: hired, not yet employed.
    Pending,
    /// Has left, or is leaving on the last working day.
    Terminated,
    /// The vendor sent an unknown word, or no word. Nobody is created or removed because of it.
    #[default]
    Unknown,
}

impl Status {
    /// The word of the configuration and the reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::OnLeave => "on_leave",
            Self::Pending => "pending",
            Self::Terminated => "terminated",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the person is employed now: active or on leave.
    #[must_use]
    pub fn is_employed(self) -> bool {
        matches!(self, Self::Active | Self::OnLeave)
    }
}

/// A person as the HR system shows them to this credential.
///
/// Every field but the id is a [`Field`]: value, cleared, not sent, or not visible. Read one with
/// its accessor, or any by name with [`Employee::text`]. Connectors fill it with the `with_…`
/// methods.
///
/// `Debug` shows the id, the status and which fields have a value.
///
/// ```
/// use hris_core::{Employee, Field, StandardField, Status};
///
/// let person = Employee::new("e-17")
///     .with_status(Status::Active, "active")
///     .with(StandardField::GivenName, Field::Value("Imogen".to_owned()))
///     .with(StandardField::WorkPhone, Field::Cleared);
/// assert_eq!(person.text(StandardField::GivenName), Field::Value("Imogen"));
/// assert_eq!(person.text(StandardField::WorkPhone), Field::Cleared);
/// assert_eq!(person.text(StandardField::JobTitle), Field::NotProvided);
/// assert!(!format!("{person:?}").contains("Imogen"));
/// ```
#[derive(Clone, PartialEq)]
pub struct Employee {
    id: EmployeeId,
    status: Status,
    texts: [Field<String>; StandardField::TEXTS],
    dates: [Field<Date>; StandardField::DATES],
    teams: Field<Vec<String>>,
    groups: Field<Vec<String>>,
    identifications: Field<Vec<Identification>>,
    custom: Vec<CustomValue>,
    extra: Option<Box<str>>,
    sample: bool,
    unreadable_end: bool,
    changed_at: Option<Timestamp>,
}

impl Employee {
    /// A person with only an id.
    #[must_use]
    pub fn new(id: impl Into<EmployeeId>) -> Self {
        Self {
            id: id.into(),
            status: Status::Unknown,
            texts: Default::default(),
            dates: Default::default(),
            teams: Field::NotProvided,
            groups: Field::NotProvided,
            identifications: Field::NotProvided,
            custom: Vec::new(),
            extra: None,
            sample: false,
            unreadable_end: false,
            changed_at: None,
        }
    }

    /// The immutable id in the HR system.
    #[must_use]
    pub fn id(&self) -> &EmployeeId {
        &self.id
    }

    /// Where the person stands, in our words.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The vendor's own word for the status.
    #[must_use]
    pub fn raw_status(&self) -> Field<&str> {
        self.text(StandardField::RawStatus)
    }

    /// The given name.
    #[must_use]
    pub fn given_name(&self) -> Field<&str> {
        self.text(StandardField::GivenName)
    }

    /// The family name.
    #[must_use]
    pub fn family_name(&self) -> Field<&str> {
        self.text(StandardField::FamilyName)
    }

    /// The name the person wants to be called, not the legal one.
    #[must_use]
    pub fn preferred_name(&self) -> Field<&str> {
        self.text(StandardField::PreferredName)
    }

    /// The number the company gave to this person. Not guaranteed to be unique.
    #[must_use]
    pub fn employee_number(&self) -> Field<&str> {
        self.text(StandardField::EmployeeNumber)
    }

    /// The work e-mail address.
    #[must_use]
    pub fn email(&self) -> Field<&str> {
        self.text(StandardField::Email)
    }

    /// The work phone.
    #[must_use]
    pub fn work_phone(&self) -> Field<&str> {
        self.text(StandardField::WorkPhone)
    }

    /// The job title.
    #[must_use]
    pub fn job_title(&self) -> Field<&str> {
        self.text(StandardField::JobTitle)
    }

    /// The department.
    #[must_use]
    pub fn department(&self) -> Field<&str> {
        self.text(StandardField::Department)
    }

    /// The display name of the place of work.
    #[must_use]
    pub fn location(&self) -> Field<&str> {
        self.text(StandardField::Location)
    }

    /// The manager's employee id. Whether that person exists is for the engine to say.
    #[must_use]
    pub fn manager(&self) -> Field<&str> {
        self.text(StandardField::Manager)
    }

    /// The first day of employment.
    #[must_use]
    pub fn start_date(&self) -> Field<Date> {
        self.date(StandardField::StartDate)
    }

    /// The day the employment ends.
    #[must_use]
    pub fn end_date(&self) -> Field<Date> {
        self.date(StandardField::EndDate)
    }

    /// The last day worked, inclusive. It may lie before the end of the employment.
    #[must_use]
    pub fn last_working_day(&self) -> Field<Date> {
        self.date(StandardField::LastWorkingDay)
    }

    /// All teams.
    #[must_use]
    pub fn teams(&self) -> Field<&[String]> {
        self.teams.as_deref()
    }

    /// All groups.
    #[must_use]
    pub fn groups(&self) -> Field<&[String]> {
        self.groups.as_deref()
    }

    /// Numbers given by authorities.
    #[must_use]
    pub fn identifications(&self) -> Field<&[Identification]> {
        self.identifications.as_deref()
    }

    /// The custom fields that were asked for.
    #[must_use]
    pub fn custom(&self) -> &[CustomValue] {
        &self.custom
    }

    /// What the vendor sent beyond the known fields, as the text of one JSON object, less what the
    /// connector must never keep.
    #[must_use]
    pub fn extra(&self) -> Option<&str> {
        self.extra.as_deref()
    }

    /// Whether the vendor marks this person as a sample. Samples count as present and are never
    /// provisioned.
    #[must_use]
    pub fn is_sample(&self) -> bool {
        self.sample
    }

    /// Whether the source shows an end of the employment that cannot be read as a day. Nobody knows whether
    /// it has passed, so a status that says "left" does not count until somebody corrects the date.
    #[must_use]
    pub fn has_unreadable_end(&self) -> bool {
        self.unreadable_end
    }

    /// A field kept as one text, by name. Fields that are dates, lists or composed
    /// ([`StandardField::Id`], `Status`, `Team`, `Teams`, `Groups`, `Address`, the dates,
    /// `Identifications`) answer [`Field::NotProvided`] here and have accessors of their own.
    #[must_use]
    pub fn text(&self, field: StandardField) -> Field<&str> {
        field.text_slot().and_then(|slot| self.texts.get(slot)).map_or(Field::NotProvided, Field::as_deref)
    }

    /// A date field, by name; [`Field::NotProvided`] for a field that is no date.
    #[must_use]
    pub fn date(&self, field: StandardField) -> Field<Date> {
        field.date_slot().and_then(|slot| self.dates.get(slot)).copied().unwrap_or_default()
    }

    /// Whether there is a value of this field, without the value: for counting what a credential
    /// shows. Everybody has an id and a status.
    ///
    /// ```
    /// use hris_core::{Employee, Field, StandardField};
    ///
    /// let person = Employee::new("e-1")
    ///     .with_date(StandardField::StartDate, Field::Cleared)
    ///     .with_teams(Field::Value(vec!["Ops".to_owned()]));
    /// let shown = [StandardField::Id, StandardField::Teams, StandardField::StartDate, StandardField::Email]
    ///     .map(|field| person.presence(field));
    /// assert_eq!(shown, [Field::Value(()), Field::Value(()), Field::Cleared, Field::NotProvided]);
    /// ```
    #[must_use]
    pub fn presence(&self, field: StandardField) -> Field<()> {
        match field {
            StandardField::Id | StandardField::Status => Field::Value(()),
            StandardField::StartDate | StandardField::EndDate | StandardField::LastWorkingDay => {
                self.date(field).map(drop)
            }
            StandardField::Address => self.address().map(drop),
            StandardField::Team | StandardField::Teams => self.teams().map(drop),
            StandardField::Groups => self.groups().map(drop),
            StandardField::Identifications => self.identifications().map(drop),
            text => self.text(text).map(drop),
        }
    }

    /// The address put together from its parts: a value if any part has one, else what the street
    /// is. If the credential may not see one of the parts, the whole is not permitted, so that a
    /// part of an address never replaces a whole one.
    #[must_use]
    pub fn address(&self) -> Field<Address> {
        self.address_state().map(|()| {
            let part = |field| self.text(field).map(str::to_owned).value();
            Address {
                street: part(StandardField::AddressStreet),
                city: part(StandardField::AddressCity),
                region: part(StandardField::AddressRegion),
                postcode: part(StandardField::AddressPostcode),
                country: part(StandardField::AddressCountry),
            }
        })
    }

    /// What is known of the address as a whole.
    pub(crate) fn address_state(&self) -> Field<()> {
        let states = StandardField::ADDRESS.map(|field| self.text(field).map(|_| ()));
        if states.contains(&Field::NotPermitted) {
            return Field::NotPermitted;
        }
        if states.contains(&Field::Value(())) {
            Field::Value(())
        } else {
            self.text(StandardField::AddressStreet).map(|_| ())
        }
    }

    pub(crate) fn put_list(&mut self, field: StandardField, names: Field<Vec<String>>) {
        match field {
            StandardField::Groups => self.groups = names,
            _ => self.teams = names,
        }
    }

    pub(crate) fn put_identifications(&mut self, numbers: Field<Vec<Identification>>) {
        self.identifications = numbers;
    }

    /// Sets one text field. Empty or blank text becomes [`Field::Cleared`]. A field that is not
    /// kept as text is left alone.
    #[must_use]
    pub fn with(mut self, field: StandardField, value: Field<String>) -> Self {
        self.put(field, value);
        self
    }

    /// Sets one text field in place; see [`Employee::with`].
    pub fn put(&mut self, field: StandardField, value: Field<String>) {
        if let Some(place) = field.text_slot().and_then(|slot| self.texts.get_mut(slot)) {
            *place = match value {
                Field::Value(text) if text.trim().is_empty() => Field::Cleared,
                other => other,
            };
        }
    }

    /// Sets one date field. A field that is no date is left alone.
    #[must_use]
    pub fn with_date(mut self, field: StandardField, value: Field<Date>) -> Self {
        self.put_date(field, value);
        self
    }

    /// Sets one date field in place; see [`Employee::with_date`].
    pub fn put_date(&mut self, field: StandardField, value: Field<Date>) {
        if let Some(place) = field.date_slot().and_then(|slot| self.dates.get_mut(slot)) {
            *place = value;
        }
    }

    /// Makes an empty text or date one that may not be seen.
    #[cfg(feature = "connector")]
    pub(crate) fn hide_empty(&mut self, field: StandardField) {
        if self.text(field) == Field::Cleared {
            self.put(field, Field::NotPermitted);
        }
        if self.date(field) == Field::Cleared {
            self.put_date(field, Field::NotPermitted);
        }
    }

    /// Says that an end of the employment is there and cannot be read; see [`Employee::has_unreadable_end`].
    pub fn put_unreadable_end(&mut self) {
        self.unreadable_end = true;
    }

    /// Sets the status and the vendor's own word for it.
    #[must_use]
    pub fn with_status(mut self, status: Status, raw: &str) -> Self {
        self.put_status(status, raw);
        self
    }

    /// Sets the status in place; see [`Employee::with_status`].
    pub fn put_status(&mut self, status: Status, raw: &str) {
        self.status = status;
        self.put(StandardField::RawStatus, Field::Value(raw.to_owned()));
    }

    /// Sets the teams. The first is the one that `team` means.
    #[must_use]
    pub fn with_teams(mut self, teams: Field<Vec<String>>) -> Self {
        self.teams = teams;
        self
    }

    /// Sets the groups.
    #[must_use]
    pub fn with_groups(mut self, groups: Field<Vec<String>>) -> Self {
        self.groups = groups;
        self
    }

    /// Sets the numbers given by authorities.
    #[must_use]
    pub fn with_identifications(mut self, identifications: Field<Vec<Identification>>) -> Self {
        self.identifications = identifications;
        self
    }

    /// Adds one custom field.
    #[must_use]
    pub fn with_custom(mut self, value: CustomValue) -> Self {
        self.put_custom(value);
        self
    }

    /// Adds one custom field in place.
    pub fn put_custom(&mut self, value: CustomValue) {
        self.custom.push(value);
    }

    /// Keeps what the vendor sent beyond the known fields: the text of one JSON object.
    #[must_use]
    pub fn with_extra(mut self, json: Option<Box<str>>) -> Self {
        self.extra = json;
        self
    }

    /// When one of the fields was last changed by anybody, where the vendor reports that reliably.
    #[must_use]
    pub fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at
    }

    /// Sets when one of the fields was last changed by anybody.
    #[must_use]
    pub fn with_changed_at(mut self, at: Option<Timestamp>) -> Self {
        self.changed_at = at;
        self
    }

    /// Marks the person as a sample of the vendor's.
    #[must_use]
    pub fn as_sample(mut self) -> Self {
        self.sample = true;
        self
    }
}

impl fmt::Debug for Employee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let visible = StandardField::ALL
            .iter()
            .filter(|field| self.text(**field).is_value() || self.date(**field).is_value());
        f.debug_struct("Employee")
            .field("id", &self.id)
            .field("status", &self.status)
            .field("with", &visible.map(|field| field.as_str()).collect::<Vec<_>>())
            .field("custom", &self.custom.len())
            .finish_non_exhaustive()
    }
}
