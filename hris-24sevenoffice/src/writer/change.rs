//! The requested changes to a person, and the members that must change for them.

use std::collections::BTreeMap;

use hris_core::{
    Address, Date, EmployeeId, Error, Field, FieldChange, Identification, Result, StandardField, Value,
};
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::mark::{Allowed, Marks, Members, canonical_text};
use super::rejected;
use crate::config::{Config, PhoneRegion};
use crate::convert::{Identity, complete_phone, identity, kind_of};
use crate::wire::Employee;

/// The requested changes, checked. A member without a value is cleared.
#[derive(Default)]
pub(super) struct Wanted {
    texts: BTreeMap<&'static str, Option<String>>,
    identity: Option<Identity>,
    pub(super) number: Option<String>,
    pub(super) start: Option<Date>,
    pub(super) end: Option<Option<Date>>,
}

impl Wanted {
    /// Reads the requested changes.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](hris_core::ErrorKind::Rejected) naming the field that cannot be written. No
    /// value is quoted.
    pub(super) fn of(values: &[FieldChange]) -> Result<Self> {
        let mut wanted = Self::default();
        for FieldChange { field, value } in values {
            // Blank is nothing, whatever kind of value it should be.
            let blank = |value: &&Value| value.as_text().is_some_and(|text| text.trim().is_empty());
            wanted.take(*field, value.as_ref().filter(|value| !blank(value)))?;
        }
        Ok(wanted)
    }

    fn take(&mut self, field: StandardField, value: Option<&Value>) -> Result<()> {
        let wrong = |what: &str| rejected(format!("{field}: not {what}"));
        match (field, value) {
            (StandardField::Address, None) => self.take_address(&Address::default()),
            (StandardField::Address, Some(Value::Address(address))) => self.take_address(address),
            (StandardField::Address, Some(_)) => Err(wrong("an address")),
            (StandardField::Identifications, None) => {
                self.identity = Some(chosen(&[])?);
                Ok(())
            }
            (StandardField::Identifications, Some(Value::Identifications(given))) => {
                self.identity = Some(chosen(given)?);
                Ok(())
            }
            (StandardField::Identifications, Some(_)) => Err(wrong("a list of identifications")),
            (StandardField::StartDate | StandardField::EndDate, value) => {
                let day = match value {
                    None => None,
                    Some(Value::Date(day)) => Some(*day),
                    Some(_) => return Err(wrong("a date of the form YYYY-MM-DD")),
                };
                if field == StandardField::EndDate {
                    self.end = Some(day);
                } else {
                    self.start = Some(day.ok_or_else(|| required(field))?);
                }
                Ok(())
            }
            (_, None) => self.take_text(field, None),
            (_, Some(value)) => {
                let text = value.as_text().ok_or_else(|| wrong("one text"))?;
                self.take_text(field, Some(text))
            }
        }
    }

    fn take_address(&mut self, address: &Address) -> Result<()> {
        for (part, value) in [
            (StandardField::AddressStreet, &address.street),
            (StandardField::AddressPostcode, &address.postcode),
            (StandardField::AddressCity, &address.city),
            (StandardField::AddressCountry, &address.country),
        ] {
            self.take_text(part, value.as_deref())?;
        }
        Ok(())
    }

    fn take_text(&mut self, field: StandardField, value: Option<&str>) -> Result<()> {
        let value = value.map(str::trim).filter(|value| !value.is_empty());
        let required = || required(field);
        match field {
            StandardField::Email => self.put("email", Some(value.ok_or_else(required)?)),
            StandardField::GivenName => self.put("firstname", Some(value.ok_or_else(required)?)),
            StandardField::FamilyName => self.put("lastname", Some(value.ok_or_else(required)?)),
            StandardField::WorkPhone => self.put("telefon", value),
            StandardField::AddressStreet => self.put("postaddress", value),
            StandardField::AddressPostcode => self.put("zipcode", value),
            StandardField::AddressCity => self.put("city", value),
            StandardField::AddressCountry => {
                let country = value.map(str::to_ascii_uppercase);
                let code =
                    |text: &String| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase());
                if country.as_ref().is_some_and(|country| !code(country)) {
                    return Err(rejected(format!("{field}: must be an ISO 3166 code of two letters")));
                }
                self.put("countryCode", country.as_deref());
            }
            StandardField::EmployeeNumber => self.number = value.map(str::to_owned),
            other => {
                return Err(rejected(format!("{other}: 24SevenOffice has no member for it")));
            }
        }
        Ok(())
    }

    fn put(&mut self, member: &'static str, value: Option<&str>) {
        self.texts.insert(member, value.map(str::to_owned));
    }

    pub(super) fn email(&self) -> Option<&str> {
        self.texts.get("email")?.as_deref()
    }

    /// Whether employments are concerned.
    pub(super) fn has_dates(&self) -> bool {
        self.start.is_some() || self.end.is_some()
    }

    /// Whether an end date is to be written.
    pub(super) fn ends(&self) -> bool {
        self.end.flatten().is_some()
    }

    /// Refuses changes that an existing person cannot have.
    pub(super) fn check_update(&self, id: &EmployeeId) -> Result<()> {
        match &self.number {
            Some(number) if number != id.as_str() => {
                Err(rejected("employee_number: 24SevenOffice's own key; it cannot be changed"))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a creation with fields that are missing or not allowed.
    pub(super) fn check_create(&self) -> Result<()> {
        for (member, field) in [("email", "email"), ("firstname", "given_name"), ("lastname", "family_name")]
        {
            if !self.texts.get(member).is_some_and(Option::is_some) {
                return Err(rejected(format!(
                    "{field}: missing; 24SevenOffice cannot create a person without it"
                )));
            }
        }
        if matches!((self.start, self.end), (None, Some(Some(_)))) {
            return Err(rejected("end_date: a new person with an end date needs a start date"));
        }
        Ok(())
    }

    /// The members that must change.
    pub(super) fn members(
        &self,
        current: &Employee,
        marks: &Marks,
        region: Option<PhoneRegion>,
        settings: &Config,
    ) -> Result<Changes> {
        let mut changes = Changes::default();
        let wanted_members =
            self.texts.keys().copied().chain(self.identity.iter().map(|_| "internationalID"));
        for member in wanted_members {
            let unfit = current.notes.unfit.iter().any(|name| **name == *member);
            if unfit && marks.has(member) {
                return Err(rejected(format!(
                    "update employee: {member} holds something of a type that is not documented, which is not \
                     overwritten"
                )));
            }
        }
        for (member, wanted) in &self.texts {
            let known = text_of(current, member).unwrap_or_default();
            let same = |wanted: &str| canonical(member, wanted, region) == canonical(member, known, region);
            match wanted {
                Some(wanted) if !same(wanted) => changes.put(member, Json::from(wanted.as_str())),
                None if !known.is_empty() => changes.put(member, Json::from("")),
                _ => {}
            }
        }
        if let Some(wanted) = &self.identity {
            let same =
                matches!(identity(&current.international_id), Field::Value(known) if known.same(wanted));
            if !same && marks.has("personnr") && !settings.international_id_always {
                return Err(rejected(
                    "identifications: the person has a national number in 24SevenOffice, and an international \
                     id is for people without one; set international_id_always to write it anyway",
                ));
            }
            if !same {
                changes.put("internationalID", serde_json::to_value(wanted).unwrap_or_default());
            }
        }
        Ok(changes)
    }

    /// The members of a new person.
    pub(super) fn new_members(&self) -> Changes {
        let mut changes = Changes::default();
        for (member, wanted) in &self.texts {
            if let Some(wanted) = wanted {
                changes.put(member, Json::from(wanted.as_str()));
            }
        }
        if let Some(wanted) = &self.identity {
            changes.put("internationalID", serde_json::to_value(wanted).unwrap_or_default());
        }
        if let Some(start) = self.start {
            changes.put("employee_date", Json::from(start.to_string()));
        }
        changes
    }
}

/// Members to be sent, by 24SevenOffice's names.
#[derive(Default)]
pub(super) struct Changes(BTreeMap<&'static str, Json>);

impl Changes {
    fn put(&mut self, member: &'static str, value: Json) {
        self.0.insert(member, value);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What an update may change: what it sends, and the older duplicates of that.
    pub(super) fn allowed(&self) -> Allowed {
        let mut members: Vec<String> = self.0.keys().map(|member| (*member).to_owned()).collect();
        for (newer, older) in [("postaddress", "address"), ("zipcode", "postalcode")] {
            if self.0.contains_key(newer) {
                members.push(older.to_owned());
            }
        }
        Allowed { members, prefix: None }
    }

    /// The body of an update: the changes, over everything that was read where that is sent back.
    pub(super) fn body(
        &self,
        id: &EmployeeId,
        members: Option<Members>,
        settings: &Config,
    ) -> Result<Members> {
        let mut body = members.unwrap_or_default();
        body.remove("empId");
        for (member, value) in &self.0 {
            body.insert((*member).to_owned(), raw(value)?);
        }
        if settings.update_includes_id {
            body.insert("empid".to_owned(), raw(&number(id.as_str(), settings))?);
        }
        Ok(body)
    }

    /// The body that creates somebody, with a number unless 24SevenOffice chooses one.
    pub(super) fn new_body(&self, id: Option<&str>, settings: &Config) -> BTreeMap<String, Json> {
        let defaults =
            settings.create_defaults.iter().map(|(name, value)| (name.clone(), Json::from(value.as_str())));
        let mut body: BTreeMap<String, Json> = defaults.collect();
        body.extend(self.0.iter().map(|(member, value)| ((*member).to_owned(), value.clone())));
        body.extend(id.map(|id| ("empId".to_owned(), number(id, settings))));
        body
    }
}

fn required(field: StandardField) -> Error {
    rejected(format!("{field}: 24SevenOffice needs a value; it cannot be taken away"))
}

/// Whether a person has this e-mail address.
pub(super) fn has_email(person: &Employee, email: &str) -> bool {
    person
        .email
        .as_deref()
        .value()
        .is_some_and(|known| canonical_text("email", known) == canonical_text("email", email))
}

fn number(id: &str, settings: &Config) -> Json {
    match id.parse::<u64>() {
        Ok(number) if settings.empid_as_number => Json::from(number),
        _ => Json::from(id),
    }
}

fn raw(value: &Json) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value)
        .map_err(|_| rejected("update employee: a value cannot be written as JSON"))
}

fn canonical(member: &str, text: &str, region: Option<PhoneRegion>) -> String {
    match member {
        "telefon" => canonical_text(member, &complete_phone(text, region)),
        _ => canonical_text(member, text),
    }
}

fn text_of<'a>(person: &'a Employee, member: &str) -> Option<&'a str> {
    let newer = |text: &'a Field<String>, older: &'a Field<String>| match text {
        Field::NotProvided => older.as_deref().value(),
        text => text.as_deref().value(),
    };
    match member {
        "email" => person.email.as_deref().value(),
        "firstname" => person.first_name.as_deref().value(),
        "lastname" => person.last_name.as_deref().value(),
        "telefon" => person.phone.as_deref().value(),
        "postaddress" => newer(&person.street, &person.old_street),
        "zipcode" => newer(&person.postcode, &person.old_postcode),
        "city" => person.city.as_deref().value(),
        "countryCode" => person.country.as_deref().value(),
        _ => None,
    }
}

/// The one of several numbers that 24SevenOffice keeps: a passport before a national number before
/// the others.
fn chosen(given: &[Identification]) -> Result<Identity> {
    const FIELD: StandardField = StandardField::Identifications;
    if given.is_empty() {
        return Err(rejected(format!("{FIELD}: 24SevenOffice cannot take an international id away")));
    }
    let best = given
        .iter()
        .filter_map(|one| Some((kind_of(one.kind.as_deref())?, one)))
        .filter(|(_, one)| !one.number.trim().is_empty())
        .min_by_key(|((rank, _), _)| *rank);
    let Some(((_, kind), one)) = best else {
        return Err(rejected(format!("{FIELD}: 24SevenOffice knows none of these kinds of number")));
    };
    let country = one.country.as_deref().unwrap_or_default().trim().to_ascii_uppercase();
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(rejected(format!("{FIELD}: the country must be an ISO 3166 code of two letters")));
    }
    Ok(Identity { country, number: one.number.trim().to_owned(), kind: kind.to_owned() })
}
