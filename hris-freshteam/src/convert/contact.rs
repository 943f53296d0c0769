//! Phones and addresses.

use hris_core::{Field, StandardField, wire};

use crate::wire::{Address, Person, Phone};

/// Which of several numbers is the work phone, the best first. A fax number never counts.
pub(super) const WORK: [&str; 3] = ["Work", "Mobile", "Others"];
/// Which of several numbers is the personal phone.
pub(super) const PERSONAL: [&str; 5] = ["Mobile", "Main", "Home", "Others", "Work"];

/// The number of the first of these kinds that has one. A masked number is hidden, not empty.
pub(super) fn phone(numbers: &Field<Box<str>>, kinds: &[&str]) -> Field<String> {
    let json = match numbers.as_deref() {
        Field::Value(json) => json,
        other => return other.map(str::to_owned),
    };
    let Some(phones) = wire::objects::<Phone>(json) else { return Field::NotProvided };
    let mut hidden = false;
    for kind in kinds {
        let mut of_kind = phones.iter().filter(|phone| {
            phone.name.as_deref().value().is_some_and(|name| name.trim().eq_ignore_ascii_case(kind))
        });
        if let Some(phone) = of_kind.find(|phone| phone.number.is_value()) {
            if phone.masked != Field::Value(true) {
                return phone.number.clone();
            }
            hidden = true;
        }
    }
    if hidden { Field::NotPermitted } else { Field::Cleared }
}

/// The parts of the address, of the other one where the first is empty.
pub(super) fn address(person: &Person) -> [(StandardField, Field<String>); 5] {
    let read = |json: &Field<Box<str>>| match json.as_deref() {
        Field::Value(json) => wire::object::<Address>(json),
        _ => None,
    };
    let (home, other) = (read(&person.address), read(&person.other_address));
    let known = |state: &Field<Box<str>>| *state != Field::NotProvided;
    // An address without parts is empty. A missing address is not provided.
    let empty = match known(&person.address) || known(&person.other_address) {
        true => Field::Cleared,
        false => Field::NotProvided,
    };
    let home = home.map(Address::parts).filter(filled);
    let other = || other.map(Address::other_parts).filter(filled);
    let parts = home.or_else(other).unwrap_or_default();
    let [street, city, region, postcode, country] =
        parts.map(|part| if part.is_value() { part } else { empty.clone() });
    [
        (StandardField::AddressStreet, street),
        (StandardField::AddressCity, city),
        (StandardField::AddressRegion, region),
        (StandardField::AddressPostcode, postcode),
        (StandardField::AddressCountry, country),
    ]
}

/// Street, city, region, postcode and country.
type Parts = [Field<String>; 5];

fn filled(parts: &Parts) -> bool {
    parts.iter().any(Field::is_value)
}

/// The first that has a value.
fn first(one: Field<String>, other: Field<String>) -> Field<String> {
    if one.is_value() { one } else { other }
}

impl Address {
    fn parts(self) -> Parts {
        [self.street, self.city, self.state, self.zip_code, first(self.country_code, self.country)]
    }

    /// Those of a communication address: with the prefix, else without.
    fn other_parts(self) -> Parts {
        let country = first(self.other_country_code, self.other_country);
        [
            first(self.other_street, self.street),
            first(self.other_city, self.city),
            first(self.other_state, self.state),
            first(self.other_zip_code, self.zip_code),
            first(country, first(self.country_code, self.country)),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hris_core::http::Response;

    fn person(members: &str) -> Person {
        let response = Response::new(200).with_body(format!(r#"{{"id":1,{members}}}"#));
        wire::one(&response, &[]).unwrap_or_else(|error| panic!("{members}: {error}"))
    }

    #[test]
    fn which_phone() {
        let value = |text: &str| Field::Value(text.to_owned());
        for (numbers, work, personal) in [
            (
                r#"[{"name":"Fax","number":"1"},{"name":"Others","number":"2"},{"name":"Mobile","number":"3"},{"name":"Work","number":"4"}]"#,
                value("4"),
                value("3"),
            ),
            (r#"[{"name":"fax","number":"1"}]"#, Field::Cleared, Field::Cleared),
            (r#"[{"name":"home","number":"5"}]"#, Field::Cleared, value("5")),
            (r#"[{"name":"Work","number":""},{"name":"Mobile","number":"3"}]"#, value("3"), value("3")),
            (
                r#"[{"name":"Mobile","number":"*****17","masked":true}]"#,
                Field::NotPermitted,
                Field::NotPermitted,
            ),
            ("[]", Field::Cleared, Field::Cleared),
            ("null", Field::Cleared, Field::Cleared),
            (r#""+47 1""#, Field::NotProvided, Field::NotProvided),
        ] {
            let person = person(&format!(r#""work_numbers":{numbers}"#));
            assert_eq!(phone(&person.work_phones, &WORK), work, "{numbers}");
            assert_eq!(phone(&person.work_phones, &PERSONAL), personal, "{numbers}");
        }
        assert_eq!(phone(&person(r#""x":1"#).work_phones, &WORK), Field::NotProvided);
    }

    #[test]
    fn which_address() {
        let text = |person: &Person| {
            address(person).map(|(_, part)| match part {
                Field::Value(text) => text,
                Field::Cleared => "-".to_owned(),
                _ => "?".to_owned(),
            })
        };
        let home = r#""address":{"street":"Fjordgata 8","state":"","city":"Trondheim","country_code":"NO","zip_code":"7010"}"#;
        let other = r#""communication_address":{"communication_street":"Box 1","communication_city":"Oslo","zip_code":"0150","communication_country_code":"NO","same_as_residential":false}"#;
        for (members, expected) in [
            (home.to_owned(), ["Fjordgata 8", "Trondheim", "-", "7010", "NO"]),
            (format!("{home},{other}"), ["Fjordgata 8", "Trondheim", "-", "7010", "NO"]),
            (format!(r#""address":{{}},{other}"#), ["Box 1", "Oslo", "-", "0150", "NO"]),
            (other.to_owned(), ["Box 1", "Oslo", "-", "0150", "NO"]),
            (r#""address":{"country":"Norway"}"#.to_owned(), ["-", "-", "-", "-", "Norway"]),
            (r#""address":{},"communication_address":{"same_as_residential":true}"#.to_owned(), ["-"; 5]),
            (r#""address":null"#.to_owned(), ["-"; 5]),
            (r#""first_name":"Ada""#.to_owned(), ["?"; 5]),
        ] {
            assert_eq!(text(&person(&members)), expected, "{members}");
        }
    }
}
