//! Asks whether a token can read what is wanted, and names what is missing in 24SevenOffice's words.

use hris_core::connector::Checks;
use hris_core::http::Asked;
use hris_core::{Field, Finding, Level, Result, StandardField};

use crate::convert::{self, country, meant, needs_custom_fields, needs_work};
use crate::lists::{self, Calls};
use crate::source::{self, Api};
use crate::wire::Employee;
use crate::writer::reason;

/// Asks everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept 24SevenOffice from answering. A refusal is a finding.
pub(crate) async fn everything(api: &Api, checks: &mut Checks<'_>) -> Result<()> {
    let mut check = Check { api, calls: Calls::of(checks.run()), checks };
    check.company().await?;
    let Some(people) = check.people().await? else { return Ok(()) };
    check.employments(&people).await?;
    check.customs().await?;
    check.departments().await?;
    check.writing();
    Ok(())
}

struct Check<'a, 'r> {
    api: &'a Api,
    calls: Calls,
    checks: &'a mut Checks<'r>,
}

impl Check<'_, '_> {
    /// Checks the company. This is also the first call that needs the token.
    async fn company(&mut self) -> Result<()> {
        let subject = "/organization/v2";
        let company = self.checks.ask(self.calls.company().await, |error| {
            Finding::warning(subject, error).cost(
                "a token of another company would not be noticed; places of work and the country are unknown",
            )
        })?;
        let Some(company) = company else { return Ok(()) };
        self.checks.passed("access token", "accepted");
        let id = company.organisation.notes.id.clone().unwrap_or_default();
        let name = company.organisation.name.as_deref().value().unwrap_or_default();
        let named = self.checks.organisation(id, name);
        let country = country(&company);
        let place = country.map_or("its country is not given", |country| country.as_str());
        self.checks.passed(subject, format!("{named}; {place}"));
        if let Some(code) = &self.api.config.enddate_reason
            && !reason::fits(code, country)
        {
            let outcome = format!("{code} is not a reason of the company's country");
            let finding = Finding::missing("enddate_reason", outcome)
                .cost("end dates are not written")
                .remedy(format!("use {}", reason::of(country)));
            self.checks.push(finding);
        }
        Ok(())
    }

    /// Checks the list of people, and counts how many have each requested field.
    async fn people(&mut self) -> Result<Option<Vec<Employee>>> {
        let remedy = "make sure that base_url is right and that the token's owner may see employees";
        let people = self.checks.need("/employee/v2", self.calls.employees().await, remedy)?;
        let Some(people) = people else { return Ok(None) };
        let of = people.len();
        let level = if of == 0 { Level::Warning } else { Level::Passed };
        self.checks.push(Finding::new(level, "/employee/v2", format!("{of} employees")));
        for (field, filled) in counts(&people) {
            if of == 0 || !self.checks.request().wants(field) {
                continue;
            }
            let outcome = format!("{filled} of {of} have a value");
            let finding = match field {
                StandardField::Email if filled < of => {
                    Finding::warning("field email", outcome).cost("the others get no account")
                }
                _ if filled == 0 => Finding::warning(format!("field {field}"), "nobody has a value"),
                _ => Finding::passed(format!("field {field}"), outcome),
            };
            self.checks.push(finding);
        }
        Ok(Some(people))
    }

    /// Checks one person's employments, as an example of all.
    async fn employments(&mut self, people: &[Employee]) -> Result<()> {
        let Some(id) = people.iter().find_map(|person| person.notes.id.as_deref()) else { return Ok(()) };
        if !needs_work(self.checks.request()) {
            return Ok(());
        }
        let finding = match Asked::of(self.calls.employments(&id.into(), |_, rows| Ok(rows.len())).await)? {
            Asked::Answered(_) => Finding::passed(
                "/employment/v2",
                format!("can be read; every run makes one request for each of {} people", people.len()),
            )
            .cost(format!("{} a run, at five requests a second", duration(people.len() / 5))),
            Asked::Refused(error) => Finding::missing("/employment/v2", error)
                .cost("dates, status and place of work are unknown for everybody, and no run is possible")
                .remedy("make sure that the token's owner may see employments"),
        };
        self.checks.push(finding);
        Ok(())
    }

    async fn customs(&mut self) -> Result<()> {
        if !needs_custom_fields(self.checks.request()) {
            return Ok(());
        }
        let defined = self.checks.run().custom_fields(&lists::custom_fields(), convert::defined).await;
        let (hidden, lacking) =
            ("map them by id, as custom.#ID", "correct the name, or name it by id: custom.#ID");
        self.checks.custom_fields("/employee_field/v2", defined, meant, hidden, lacking).map(drop)
    }

    async fn departments(&mut self) -> Result<()> {
        if !self.checks.request().wants(StandardField::Department) {
            return Ok(());
        }
        let Some(dimension) = &self.api.config.department_dimension else {
            let finding = Finding::warning("department_dimension", "not set")
                .cost("departments are not read; accounts keep what they have")
                .remedy("set it to the dimension that holds departments, or map no department");
            self.checks.push(finding);
            return Ok(());
        };
        let finding = match Asked::of(source::departments(self.checks.run(), dimension).await)? {
            Asked::Answered(departments) => {
                Finding::passed("/dimension/v2", format!("{} departments", departments.names.len()))
            }
            Asked::Refused(error) => Finding::warning("/dimension/v2", error)
                .cost("departments cannot be read; accounts keep what they have")
                .remedy("correct department_dimension"),
        };
        self.checks.push(finding);
        Ok(())
    }

    /// What no request can show.
    fn writing(&mut self) {
        let outcome = "24SevenOffice does not show whether a token may write; the first write shows it";
        self.checks.passed("writing", outcome);
        if self.api.config.enddate_reason.is_none() {
            let finding =
                Finding::passed("enddate_reason", "not set").cost("end dates are read and never written");
            self.checks.push(finding);
        }
    }
}

fn duration(seconds: usize) -> String {
    match seconds {
        0..100 => format!("about {} s", seconds.max(1)),
        _ => format!("about {} minutes", seconds.div_ceil(60)),
    }
}

/// Counts how many people have a value in a member of their own record.
fn counts(people: &[Employee]) -> [(StandardField, usize); 5] {
    let count = |field: fn(&Employee) -> &Field<String>| {
        people.iter().filter(|person| field(person).is_value()).count()
    };
    [
        (StandardField::Email, count(|person| &person.email)),
        (StandardField::GivenName, count(|person| &person.first_name)),
        (StandardField::FamilyName, count(|person| &person.last_name)),
        (StandardField::WorkPhone, count(|person| &person.phone)),
        (StandardField::Address, count(|person| &person.street)),
    ]
}
