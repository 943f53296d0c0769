//! One person: names, contact, address, dates, status.

use hris_core::connector::count_unreadable;
use hris_core::http::Part;
use hris_core::wire::Notes;
use hris_core::{
    Date, Employee, Field, Problem, ProblemCode, ReadRequest, Result, StandardField, Status, Tally,
};

use super::custom::{self, Wanted};
use super::identification::{identity, told};
use super::work::{Summary, date, sum_up};
use super::{Lists, complete_phone};
use crate::config::{Config, DEFAULTS, PhoneRegion};
use crate::wire::{self, Employment};

/// Reads people, with everything beside them at hand.
pub(crate) struct Reader<'a> {
    settings: &'a Config,
    request: Option<&'a ReadRequest>,
    today: Option<Date>,
    lists: &'a Lists,
    region: Option<PhoneRegion>,
    customs: Vec<Wanted>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// Reads what `request` asks for, or every standard field, as of `today`; without a day every status is
    /// unknown.
    ///
    /// # Errors
    /// `Config` when a requested custom name is missing, or several fields have it.
    pub(crate) fn new(
        lists: &'a Lists,
        settings: &'a Config,
        request: Option<&'a ReadRequest>,
        today: Option<Date>,
    ) -> Result<Self> {
        let defined = lists.custom_fields.read().map(Vec::as_slice);
        let customs = request.map_or_else(|| Ok(Vec::new()), |request| custom::wanted(defined, request))?;
        let problems = [
            lists.company.problem("location", "the company and its sites", "/organization/v2", ""),
            lists.custom_fields.problem("custom", "the names of custom fields", "/employee_field/v2", ""),
            lists.departments.problem("department", "departments", "/dimension/v2", ""),
        ];
        let problems = problems.into_iter().flatten().collect();
        let region = settings.phone_region.or_else(|| lists.country());
        Ok(Self { settings, request, today, lists, region, customs, problems })
    }

    fn wants(&self, field: StandardField) -> bool {
        self.request.is_none_or(|request| request.wants(field))
    }

    /// The organisation's number, where the company may be read.
    pub(super) fn organisation(&self) -> Option<String> {
        self.lists.company.read()?.organisation.notes.id.clone()
    }

    /// Problems that concern everybody, reported once.
    pub(crate) fn problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// Converts a person, and counts what is odd about the record. Without `employments` the dates are not
    /// provided.
    pub(crate) fn employee(
        &self,
        mut person: wire::Employee,
        employments: Option<&[Employment]>,
        warnings: &mut Tally,
    ) -> Employee {
        let id = person.notes.id.clone().unwrap_or_default();
        count_unreadable(&person, DEFAULTS.title, str::to_owned, &[], warnings);
        let notes = std::mem::take(&mut person.notes);
        let mut employee = Employee::new(id.clone());
        employee.put(StandardField::EmployeeNumber, Field::Value(id));
        let own = |member: &str, text: Field<String>| empty_if_absent(&notes, member, text);
        employee.put(StandardField::GivenName, own("firstname", person.first_name));
        employee.put(StandardField::FamilyName, own("lastname", person.last_name));
        employee.put(StandardField::Email, own("email", person.email).map(|email| email.trim().to_owned()));
        let phone = own("telefon", person.phone).map(|number| complete_phone(&number, self.region));
        employee.put(StandardField::WorkPhone, phone);
        // The older duplicates count only where the newer member is missing altogether.
        let newest = |text: Field<String>, older| if text == Field::NotProvided { older } else { text };
        let address = [
            (StandardField::AddressStreet, own("postaddress", newest(person.street, person.old_street))),
            (StandardField::AddressPostcode, own("zipcode", newest(person.postcode, person.old_postcode))),
            (StandardField::AddressCity, own("city", person.city)),
            (StandardField::AddressCountry, own("countryCode", person.country).map(|text| country(&text))),
        ];
        // Personal values are kept only if the request names them.
        for (field, text) in address {
            if self.wants(StandardField::Address) || self.wants(field) {
                employee.put(field, text);
            }
        }
        if self.wants(StandardField::Identifications) {
            let identity = match identity(&person.international_id) {
                Field::NotProvided if !is_unfit(&notes, "internationalID") => Field::Cleared,
                other => other,
            };
            employee = employee.with_identifications(identity.map(told));
        }
        let dated = date(person.employee_date.as_deref()).filter(|_| !is_unfit(&notes, "employee_date"));
        if dated.is_none() {
            self.undated(&mut *warnings, "employee_date", &employee);
        }
        let first = self.put_work(&mut employee, dated.unwrap_or_default(), employments, warnings);
        self.put_others(&mut employee, &person.accounting, notes.extra.as_deref(), warnings);
        employee.with_extra(with_first(notes.extra, first))
    }

    /// Sets dates, status and place. Returns the first day of all employments.
    fn put_work(
        &self,
        employee: &mut Employee,
        employee_date: Field<Date>,
        employments: Option<&[Employment]>,
        warnings: &mut Tally,
    ) -> Option<Date> {
        let Some(employments) = employments else {
            // Only the employments show who has left, so without them nobody is known to be employed.
            let later = self.today.zip(employee_date.value()).is_some_and(|(today, start)| start > today);
            if later {
                employee.put_status(Status::Pending, "not started");
            }
            return None;
        };
        let Summary { start, end, status, word, primary, first, spoiled_start, ends } =
            sum_up(employments, employee_date, self.today, self.settings.end_dates);
        employee.put_doubts(&ends, warnings);
        if spoiled_start {
            self.undated(warnings, "employments", employee);
        }
        if primary.is_none() {
            let words =
                "has no employment in 24SevenOffice, so the person can never become a leaver there; add one";
            warnings.count(ProblemCode::UnknownStatus, "status", words, employee.id().as_str());
        }
        employee.put_date(StandardField::StartDate, start);
        employee.put_date(StandardField::EndDate, end);
        // The last day is inclusive, so the two are one.
        employee.put_date(StandardField::LastWorkingDay, end);
        employee.put_status(status, word);
        let primary = primary.and_then(|place| employments.get(place));
        employee.put(
            StandardField::EmploymentKind,
            primary.map_or(Field::Cleared, |primary| {
                empty_if_absent(&primary.notes, "employment_form", primary.form.clone())
            }),
        );
        if self.wants(StandardField::Location) {
            let location = self.location(primary, employee.id().as_str(), warnings);
            employee.put(StandardField::Location, location);
        }
        first
    }

    /// The name of the site at which the primary employment is.
    fn location(&self, primary: Option<&Employment>, id: &str, warnings: &mut Tally) -> Field<String> {
        let company = match &self.lists.company {
            Part::Hidden(_) => return Field::NotPermitted,
            Part::Skipped => return Field::NotProvided,
            Part::Read(company) => company,
        };
        let Some(number) = primary.and_then(|primary| primary.enterprise.as_deref().value()) else {
            return Field::Cleared;
        };
        let site = company.sites.iter().find(|site| site.notes.id.as_deref() == Some(number));
        match site.and_then(|site| site.name.as_deref().value()) {
            Some(name) => Field::Value(name.to_owned()),
            None => {
                let words = "works at a site that the organisation does not list; left out";
                warnings.count(ProblemCode::UnmappedValue, "location", words, id);
                Field::NotProvided
            }
        }
    }

    /// The department and the custom fields.
    fn put_others(
        &self,
        employee: &mut Employee,
        accounting: &Field<Box<str>>,
        extra: Option<&str>,
        warnings: &mut Tally,
    ) {
        if !self.customs.is_empty() {
            custom::put(employee, extra, &self.customs);
        }
        if !self.wants(StandardField::Department) {
            return;
        }
        let value = match &self.lists.departments {
            Part::Hidden(_) => Field::NotPermitted,
            Part::Skipped => Field::NotProvided,
            Part::Read(departments) => departments.of(accounting).unwrap_or_else(|()| {
                let words = "two departments have the same share of this person; left out";
                warnings.count(ProblemCode::UnmappedValue, "department", words, employee.id().as_str());
                Field::NotProvided
            }),
        };
        employee.put(StandardField::Department, value);
    }

    fn undated(&self, warnings: &mut Tally, member: &'static str, employee: &Employee) {
        let words = "not a date of the form YYYY-MM-DD; left out";
        warnings.count(ProblemCode::InvalidDate, member, words, employee.id().as_str());
    }
}

fn is_unfit(notes: &Notes, member: &str) -> bool {
    notes.unfit.iter().any(|name| **name == *member)
}

/// In 24SevenOffice an absent member means what an empty one does. A member of a wrong type is not
/// provided.
fn empty_if_absent(notes: &Notes, member: &str, text: Field<String>) -> Field<String> {
    match text {
        Field::NotProvided if !is_unfit(notes, member) => Field::Cleared,
        other => other,
    }
}

/// A country code in capitals; a whole name is not guessed at.
fn country(text: &str) -> String {
    let text = text.trim();
    if text.len() == 2 { text.to_ascii_uppercase() } else { text.to_owned() }
}

/// The members that were not read, and the first day of all employments.
fn with_first(extra: Option<Box<str>>, first: Option<Date>) -> Option<Box<str>> {
    let Some(first) = first else { return extra };
    let known = extra.as_deref().and_then(|json| json.strip_suffix('}')).map(|json| format!("{json},"));
    Some(format!("{}\"original_start_date\":\"{first}\"}}", known.unwrap_or_else(|| "{".to_owned())).into())
}
