//! One person: names, status, dates, place.

use hris_core::connector::{Names, count_unreadable, fill, is_undated, keep, work_email};
use hris_core::wire::Record as _;
use hris_core::{
    Date, Employee, End, Field, Problem, ProblemCode, ReadRequest, Result, StandardField, Status, Tally,
};

use super::Lists;
use super::custom::Customs;
use super::role::Roles;
use crate::config::{DEFAULTS, LastDay};
use crate::wire::{Location, Person};

/// The literal in `locationId` of people who work from anywhere.
const REMOTE: &str = "remote";

/// The members that say when an employment ends.
const ENDS: [&str; 2] = ["employmentEndDate", "lastWorkingDay"];

/// How far in the future the last day of an offboarded person may be.
const YEAR: i32 = 365;

/// Reads people, with everything beside them at hand.
pub(crate) struct Reader<'a> {
    request: &'a ReadRequest,
    last_day: LastDay,
    roles: Roles<'a>,
    offices: Names,
    customs: Customs<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    /// # Errors
    /// [`ErrorKind::Config`](hris_core::ErrorKind::Config) when a custom field is asked for by a name that several
    /// have.
    pub(crate) fn new(lists: &'a Lists, request: &'a ReadRequest, last_day: LastDay) -> Result<Self> {
        let mut customs = Customs::new(lists, request)?;
        let mut problems: Vec<Problem> = customs.take_problem().into_iter().collect();
        let (roles, offices) = (
            ": grant the token's owner *view* on Employment › Role",
            ": grant the token's owner *view* on Employment › Details",
        );
        let jobs = "job titles, departments and managers";
        problems.extend(lists.roles.problem("job_title", jobs, "/job-roles", roles));
        problems.extend(lists.locations.problem("location", "places of work", "/locations", offices));
        let named = |office: &'a Location| Some((office.notes.id.as_deref()?, display_name(office)?));
        Ok(Self {
            request,
            last_day,
            roles: Roles::new(&lists.roles, request.today()),
            offices: Names::of(&lists.locations, named),
            customs,
            problems,
        })
    }

    /// Converts a person, and counts what is odd about the record.
    pub(crate) fn employee(&mut self, mut person: Person, warnings: &mut Tally) -> Employee {
        let id = person.notes.id.clone().unwrap_or_default();
        count_unreadable(&person, DEFAULTS.title, field_of, &ENDS, warnings);
        let job = self.roles.of(&person);
        let role = self.roles.current(&id).and_then(|role| role.notes.id.as_deref());
        let mut employee = Employee::new(id.clone());
        self.customs.put(&mut employee, &mut person, role);
        self.put_dates(&mut employee, &person, warnings);
        self.put_status(&mut employee, &person, warnings);
        self.put_email(&mut employee, &mut person, warnings);
        employee.put(StandardField::JobTitle, job.title);
        employee.put(StandardField::Department, job.department);
        employee.put(StandardField::Manager, job.manager);
        employee.put(StandardField::Location, self.location(&person, &id, warnings));
        let remote = person.location.as_deref() == Field::Value(REMOTE);
        let own = std::mem::take(&mut person.time_zone);
        let zone = if remote && !own.is_value() { std::mem::take(&mut person.remote_time_zone) } else { own };
        employee.put(StandardField::TimeZone, zone);
        let country =
            if person.country_code.is_value() { &mut person.country_code } else { &mut person.country };
        keep(&mut employee, self.request, StandardField::AddressCountry, std::mem::take(country));
        fill(&mut employee, &mut person, self.request);
        employee = employee.with_teams(person.teams).with_extra(person.notes.extra);
        if person.demo == Field::Value(true) {
            let words = "a sample person of Humaans; present, never given an account";
            warnings.count(ProblemCode::SamplePerson, "", words, &id);
            employee = employee.as_sample();
        }
        employee
    }

    /// Adds the problems that concern everybody.
    pub(super) fn finish(self, warnings: &mut Tally) {
        for problem in self.problems {
            warnings.say(problem);
        }
    }

    fn put_dates(&self, employee: &mut Employee, person: &Person, warnings: &mut Tally) {
        let undated = |member| is_undated(person, member);
        let start = first_of(
            person.employment_start,
            person.first_day,
            undated("employmentStartDate") || undated("firstWorkingDay"),
        );
        let [end, last] = ENDS.map(undated);
        let ends = [End::of(person.employment_end, start, end), End::of(person.last_day, start, last)];
        employee.put_doubts(&ends, warnings);
        let spoiled = !ends.iter().all(|end| matches!(end, End::Fits(_)));
        // A day that cannot be read is not guessed from the other one.
        let or = |own: End, other: End| match own {
            End::Unreadable => Field::NotProvided,
            own => first_of(own.usable(), other.usable(), spoiled),
        };
        let [end, last] = ends;
        let end_date = or(end, last);
        let last_day = match self.last_day {
            LastDay::LastWorkingDay => or(last, end),
            LastDay::EmploymentEnd => end_date,
        };
        employee.put_date(StandardField::StartDate, start);
        employee.put_date(StandardField::EndDate, end_date);
        employee.put_date(StandardField::LastWorkingDay, last_day);
    }

    fn put_status(&mut self, employee: &mut Employee, person: &Person, warnings: &mut Tally) {
        let today = self.request.today();
        let start = employee.start_date().value();
        let id = employee.id().clone();
        let Field::Value(raw) = person.status.as_deref() else {
            warnings.unknown_status("");
            employee.put(StandardField::RawStatus, person.status.clone());
            return;
        };
        let status = match raw.replace('_', "").to_ascii_lowercase().as_str() {
            "active" if start.is_some_and(|start| start > today) => Status::Pending,
            "active" => Status::Active,
            "newhire" => {
                if start.is_some_and(|start| start < today) {
                    let words =
                        "still a new hire in Humaans though the first day has passed; make the person active";
                    warnings.count(ProblemCode::Divergence, "status", words, id.as_str());
                }
                Status::Pending
            }
            "offboarded" => {
                let last = employee.last_working_day().value();
                if last.is_some_and(|day| today.days_until(day) > YEAR) {
                    let words = "offboarded with a last day more than a year ahead; employed until then";
                    warnings.count(ProblemCode::Divergence, "last_working_day", words, id.as_str());
                }
                Status::Terminated
            }
            _ => {
                warnings.unknown_status(raw);
                Status::Unknown
            }
        };
        employee.put_status(status, raw);
    }

    fn put_email(&self, employee: &mut Employee, person: &mut Person, warnings: &mut Tally) {
        let mut email = work_email(std::mem::take(&mut person.email));
        if person.email_hidden == Field::Value(true) && !email.is_value() {
            let words = "the work e-mail is hidden in Humaans (isWorkEmailHidden)";
            warnings.count(ProblemCode::NotPermitted, "email", words, employee.id().as_str());
            email = Field::NotPermitted;
        }
        employee.put(StandardField::Email, email);
    }

    fn location(&self, person: &Person, id: &str, warnings: &mut Tally) -> Field<String> {
        if person.location.as_deref() == Field::Value(REMOTE) {
            return Field::Value("Remote".to_owned());
        }
        self.offices.name(&person.location, |place| {
            let words = "works in an office that is not visible; its id is taken as its name";
            warnings.count(ProblemCode::UnmappedValue, "location", words, id);
            Field::Value(place.to_owned())
        })
    }
}

/// The field that a member of a person fills, for reports. A member that fills no field is named itself.
fn field_of(member: &str) -> String {
    let field = match member {
        "country" | "countryCode" => StandardField::AddressCountry,
        "email" => StandardField::Email,
        "employmentEndDate" => StandardField::EndDate,
        "employmentStartDate" | "firstWorkingDay" => StandardField::StartDate,
        "lastWorkingDay" => StandardField::LastWorkingDay,
        "locationId" => StandardField::Location,
        "status" => StandardField::Status,
        "teams" => StandardField::Teams,
        "timezone" => StandardField::TimeZone,
        other => match Person::FILLS.iter().find(|(known, _)| *known == other) {
            Some((_, field)) => *field,
            None => return other.to_owned(),
        },
    };
    field.to_string()
}

/// What an office is called: offices need a city and a country, and no label.
fn display_name(location: &Location) -> Option<String> {
    let text = |field: &'_ Field<String>| field.as_deref().value().map(str::to_owned);
    let label = text(&location.label).or_else(|| text(&location.name));
    let place = || match (text(&location.city), text(&location.country)) {
        (Some(city), Some(country)) => Some(format!("{city}, {country}")),
        (city, country) => city.or(country),
    };
    label.or_else(place).or_else(|| location.notes.id.clone())
}

/// The first date that is there. The result is empty only if all of them could be read.
fn first_of(one: Field<Date>, other: Field<Date>, spoiled: bool) -> Field<Date> {
    match (one, other) {
        (Field::Value(date), _) | (_, Field::Value(date)) => Field::Value(date),
        _ if spoiled => Field::NotProvided,
        (Field::Cleared, _) | (_, Field::Cleared) => Field::Cleared,
        (hidden, _) => hidden,
    }
}
