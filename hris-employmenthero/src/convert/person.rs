//! One person: names, status, dates, place.

use hris_core::connector::{count_unreadable, fill, keep, work_email};
use hris_core::{
    Date, Day, Employee, End, Field, ProblemCode, ReadRequest, Result, StandardField, Status, Tally, wire,
};

use super::Customs;
use super::custom::Values;
use crate::config::{Config, DEFAULTS};
use crate::wire::{Address, Person, Reference};

/// Reads people, with everything beside them at hand.
pub(crate) struct Reader<'a> {
    request: &'a ReadRequest,
    config: &'a Config,
    customs: Values<'a>,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// [`ErrorKind::Config`](hris_core::ErrorKind::Config) when a custom field is asked for by a name that several
    /// have.
    pub(crate) fn new(customs: &'a Customs, request: &'a ReadRequest, config: &'a Config) -> Result<Self> {
        let customs = Values::new(customs, request)?;
        Ok(Self { request, config, customs })
    }

    /// Converts a person, and counts what is odd about the record.
    pub(crate) fn employee(&self, mut person: Person, warnings: &mut Tally) -> Employee {
        let id = person.notes.id.clone().unwrap_or_default();
        count_unreadable(&person, DEFAULTS.title, str::to_owned, &[], warnings);
        let mut employee = Employee::new(id);
        self.customs.put(&mut employee, &mut person);
        put_dates(&mut employee, &person, warnings);
        self.put_status(&mut employee, &person, warnings);
        employee.put(StandardField::Email, email(&mut person));
        employee.put(StandardField::Manager, manager(&person));
        let mobile = either(&mut person.company_mobile, &mut person.company_number);
        employee.put(StandardField::WorkPhone, first([mobile, std::mem::take(&mut person.company_landline)]));
        let middle = either(&mut person.middle_name, &mut person.middle_name_too);
        employee.put(StandardField::MiddleName, middle);
        let location = std::mem::take(&mut person.location).map(|place| place.trim().to_owned());
        employee.put(StandardField::Location, location);
        let home = [std::mem::take(&mut person.personal_mobile), std::mem::take(&mut person.home_phone)];
        keep(&mut employee, self.request, StandardField::PersonalPhone, first(home));
        for (field, text) in address(&mut person) {
            keep(&mut employee, self.request, field, text);
        }
        fill(&mut employee, &mut person, self.request);
        // A group of the user interface is a team of the API.
        employee
            .with_groups(person.teams.clone())
            .with_teams(person.teams)
            .with_extra(person.notes.extra.take())
    }

    /// Adds the problems that concern everybody.
    pub(super) fn finish(self, warnings: &mut Tally) {
        self.customs.into_problem().into_iter().for_each(|problem| warnings.say(problem));
    }

    fn put_status(&self, employee: &mut Employee, person: &Person, warnings: &mut Tally) {
        let Field::Value(raw) = person.status.as_deref() else {
            // Older answers have no status at all, and a date alone removes nobody. The policy says whether
            // an end that has passed counts.
            employee.put_status(Status::Active, "");
            employee.put(StandardField::RawStatus, person.status.clone());
            return;
        };
        let today = self.request.today();
        let status = match self.config.meaning(raw) {
            Some(Status::Active) if employee.start_date().value().is_some_and(|start| start > today) => {
                Status::Pending
            }
            Some(status) => status,
            None => {
                warnings.unknown_status(raw);
                Status::Unknown
            }
        };
        employee.put_status(status, raw);
    }
}

/// The first address, in lower case, of three members: company, login, and the newer one.
pub(crate) fn email(person: &mut Person) -> Field<String> {
    let company = std::mem::take(&mut person.company_email);
    let addresses = [company, std::mem::take(&mut person.account_email), std::mem::take(&mut person.email)];
    work_email(first(addresses))
}

/// The first value. The field is empty only if every member says so.
fn first<const N: usize>(fields: [Field<String>; N]) -> Field<String> {
    let mut none = Field::Cleared;
    for field in fields {
        match field {
            Field::Value(text) if !text.trim().is_empty() => return Field::Value(text),
            Field::Value(_) | Field::Cleared => {}
            other => none = other,
        }
    }
    none
}

/// One member under two names.
fn either(one: &mut Field<String>, other: &mut Field<String>) -> Field<String> {
    let one = std::mem::take(one);
    if one == Field::NotProvided { std::mem::take(other) } else { one }
}

fn manager(person: &Person) -> Field<String> {
    match person.primary_manager.as_deref() {
        Field::Value(json) => match wire::object::<Reference>(json).and_then(|manager| manager.notes.id) {
            Some(id) => Field::Value(id),
            None => Field::NotProvided,
        },
        other => other.map(str::to_owned),
    }
}

fn address(person: &mut Person) -> [(StandardField, Field<String>); 5] {
    let line = |person: &mut Person, none: Field<String>| {
        let street = std::mem::take(&mut person.address);
        [street, none.clone(), none.clone(), none.clone(), none]
    };
    let [street, city, region, postcode, country] = match person.residential_address.as_deref() {
        Field::Value(json) => wire::object::<Address>(json).map(parts).unwrap_or_default(),
        // The older form is one line.
        Field::Cleared if person.address.is_value() => line(person, Field::Cleared),
        Field::Cleared => [const { Field::Cleared }; 5],
        _ => line(person, Field::NotProvided),
    };
    [
        (StandardField::AddressStreet, street),
        (StandardField::AddressCity, city),
        (StandardField::AddressRegion, region),
        (StandardField::AddressPostcode, postcode),
        (StandardField::AddressCountry, country),
    ]
}

/// Street, city, region, postcode and country. Countries fill different members. A suburb is the city where
/// no city is given, else it belongs to the street.
fn parts(address: Address) -> [Field<String>; 5] {
    let Address { line_1, line_2, line_3, unit, street, suburb, city, state, postcode, country, .. } =
        address;
    let (city, suburb) =
        if city.is_value() { (city, suburb) } else { (first([suburb, city]), Field::Cleared) };
    let value = |field: Field<String>| field.value().map(|text| text.trim().to_owned());
    let numbered = match (value(unit), value(street)) {
        (Some(unit), Some(street)) => Some(format!("{unit}/{street}")),
        (unit, street) => street.or(unit),
    };
    let lines = [value(line_1.clone()), value(line_2), value(line_3)];
    let given = lines.iter().any(Option::is_some);
    let mut street: Vec<String> = lines.into_iter().flatten().collect();
    if !given {
        street.extend(numbered);
    }
    street.extend(value(suburb));
    let street = if street.is_empty() { line_1 } else { Field::Value(street.join(", ")) };
    [street, city, state, postcode, country]
}

fn put_dates(employee: &mut Employee, person: &Person, warnings: &mut Tally) {
    let start = day(&person.start_date).unwrap_or_else(|()| {
        let words = "not a date of the calendar; left out";
        warnings.count(ProblemCode::InvalidDate, "start_date", words, employee.id().as_str());
        Field::NotProvided
    });
    let end = day(&person.termination_date);
    let end = End::of(end.unwrap_or_default(), start, end.is_err());
    employee.put_date(StandardField::StartDate, start);
    employee.put_end(end, warnings);
}

/// The calendar date as it is written. A time of day and an offset may follow; they never shift it.
fn day(text: &Field<String>) -> std::result::Result<Field<Date>, ()> {
    let text = match text {
        Field::Value(text) => text.trim(),
        Field::Cleared => return Ok(Field::Cleared),
        Field::NotPermitted => return Ok(Field::NotPermitted),
        Field::NotProvided => return Ok(Field::NotProvided),
    };
    let (date, rest) = text.split_at_checked(10).ok_or(())?;
    let time = |byte: u8| byte.is_ascii_digit() || b":.+-Z ".contains(&byte);
    let mut rest = rest.bytes();
    match rest.next() {
        None | Some(b'T' | b't' | b' ') if rest.all(time) => match Day::read(date) {
            Day::On(date) => Ok(Field::Value(date)),
            Day::Open => Ok(Field::Cleared),
            Day::Unreadable => Err(()),
        },
        _ => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_one_that_is_written() {
        for (text, expected) in [
            ("2020-01-01", Some("2020-01-01")),
            ("2020-01-01T00:00:00+00:00", Some("2020-01-01")),
            ("2020-01-01T00:00:00+13:00", Some("2020-01-01")),
            ("2020-01-01T23:59:59.999-11:00", Some("2020-01-01")),
            ("2020-01-01T00:00:00Z", Some("2020-01-01")),
            (" 2020-01-01 00:00:00 ", Some("2020-01-01")),
            ("2020-02-30T00:00:00Z", None),
            ("2020-01-012", None),
            ("2020-01-01Tcanary", None),
            ("01/02/2020", None),
            ("2020-1-1", None),
            ("\u{1F41D}\u{1F41D}\u{1F41D}", None),
        ] {
            let found = day(&Field::Value(text.to_owned())).ok().and_then(Field::value);
            assert_eq!(found.map(|day| day.to_string()).as_deref(), expected, "{text:?}");
        }
        assert_eq!(day(&Field::Cleared), Ok(Field::Cleared));
        assert_eq!(day(&Field::Value("9999-12-31T00:00:00+00:00".to_owned())), Ok(Field::Cleared));
        assert_eq!(day(&Field::NotProvided), Ok(Field::NotProvided));
    }

    #[test]
    fn nothing_is_empty_that_was_not_said_to_be() {
        let value = |text: &str| Field::Value(text.to_owned());
        for (fields, expected) in [
            ([value("a"), value("b")], value("a")),
            ([Field::Cleared, value("b")], value("b")),
            ([value(" "), value("b")], value("b")),
            ([Field::Cleared, Field::Cleared], Field::Cleared),
            ([Field::Cleared, Field::NotProvided], Field::NotProvided),
            ([Field::NotProvided, Field::Cleared], Field::NotProvided),
        ] {
            assert!(first(fields) == expected);
        }
    }

    #[test]
    fn addresses_of_several_countries() {
        for (json, expected) in [
            (
                r#"{"line_1":"12 Aro Street","suburb":"Aro Valley","city":"Wellington","postcode":"6021","country":"NZ"}"#,
                ["12 Aro Street, Aro Valley", "Wellington", "-", "6021", "NZ"],
            ),
            (
                r#"{"line_1":"1 Kent St","line_2":"Level 3","suburb":"Sydney","city":null,"state":"NSW","postcode":2000}"#,
                ["1 Kent St, Level 3", "Sydney", "NSW", "2000", "-"],
            ),
            (
                r#"{"line_1":null,"unit_number":"4","street_name":"Bukit Timah Road","city":"Singapore"}"#,
                ["4/Bukit Timah Road", "Singapore", "-", "-", "-"],
            ),
        ] {
            let address = wire::object::<Address>(json).unwrap_or_default();
            let found = parts(address).map(|part| part.value().unwrap_or_else(|| "-".to_owned()));
            assert_eq!(found, expected);
        }
    }
}
