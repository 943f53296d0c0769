//! Looks whether a token can read what is wanted, and names what is missing in 24SevenOffice's words.

use hris_core::http::Asked;
use hris_core::{Error, ErrorKind, Field, Finding, Level, Preflight, ReadRequest, Result, StandardField};

use crate::builder::Settings;
use crate::client::Api;
use crate::convert::{country, lacking, near, needs_custom_fields, needs_work, wanted};
use crate::wire::Employee;
use crate::writer::reason;

/// Tries everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept 24SevenOffice from answering. A refusal is a finding.
pub(crate) async fn check(
    api: &Api,
    settings: &Settings,
    request: &ReadRequest,
    plain_http: bool,
) -> Result<Preflight> {
    let mut check = Check { api, settings, request, found: Preflight::new() };
    check.address(plain_http);
    match check.everything().await {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::Auth => check.refused(&error),
        Err(error) => return Err(error),
    }
    Ok(check.found)
}

struct Check<'a> {
    api: &'a Api,
    settings: &'a Settings,
    request: &'a ReadRequest,
    found: Preflight,
}

impl Check<'_> {
    async fn everything(&mut self) -> Result<()> {
        self.company().await?;
        let Some(people) = self.people().await? else { return Ok(()) };
        self.employments(&people).await?;
        self.customs().await?;
        self.departments().await?;
        self.writing();
        Ok(())
    }

    fn address(&mut self, plain_http: bool) {
        let (level, outcome) = match plain_http {
            false => (Level::Passed, "https"),
            true => (Level::Warning, "plain http to this machine; for tests only"),
        };
        self.found.push(Finding::new(level, "base_url", outcome));
    }

    fn refused(&mut self, error: &Error) {
        let finding = Finding::new(Level::Refused, "access token", error.to_string())
            .cost("nothing can be read or written; nothing is changed")
            .remedy("make a new token in 24SevenOffice Payroll under Settings, Misc");
        self.found.push(finding);
    }

    /// The company; this is also the first call that needs the token.
    async fn company(&mut self) -> Result<()> {
        match Asked::of(self.api.company().await)? {
            Asked::Answered(company) => {
                self.found.push(Finding::new(Level::Passed, "access token", "accepted"));
                let id = company.organisation.notes.id.clone().unwrap_or_default();
                let name = company.organisation.name.as_deref().value().unwrap_or_default();
                self.found.organisation = Some((id, name.to_owned()));
                let country = country(&company);
                let named = if name.is_empty() { "its name is not told" } else { name };
                let told = country.map_or("its country is not told", |country| country.as_str());
                let outcome = format!("{named}; {told}");
                self.found.push(Finding::new(Level::Passed, "/organization/v2", outcome));
                if let Some(code) = &self.settings.enddate_reason
                    && !reason::fits(code, country)
                {
                    let outcome = format!("{code} is no reason of the company's country");
                    let finding = Finding::new(Level::Missing, "enddate_reason", outcome)
                        .cost("end dates are not written")
                        .remedy(format!("use {}", reason::of(country)));
                    self.found.push(finding);
                }
            }
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Warning, "/organization/v2", error.to_string()).cost(
                    "another company's token would go unnoticed; places of work and the country are unknown",
                );
                self.found.push(finding);
            }
        }
        Ok(())
    }

    /// Everybody, and how many have what is asked for.
    async fn people(&mut self) -> Result<Option<Vec<Employee>>> {
        let people = match Asked::of(self.api.employees().await)? {
            Asked::Answered(people) => people,
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Missing, "/employee/v2", error.to_string())
                    .cost("nobody can be read")
                    .remedy("see that base_url is right and that the token's maker may see employees");
                self.found.push(finding);
                return Ok(None);
            }
        };
        let of = people.len();
        let level = if of == 0 { Level::Warning } else { Level::Passed };
        self.found.push(Finding::new(level, "/employee/v2", format!("{of} employees")));
        for (field, filled) in counts(&people) {
            if of == 0 || !self.request.wants(field) {
                continue;
            }
            let outcome = format!("{filled} of {of} have a value");
            let finding = match field {
                StandardField::Email if filled < of => {
                    Finding::new(Level::Warning, "field email", outcome).cost("the others get no account")
                }
                _ if filled == 0 => {
                    Finding::new(Level::Warning, format!("field {field}"), "nobody has a value")
                }
                _ => Finding::new(Level::Passed, format!("field {field}"), outcome),
            };
            self.found.push(finding);
        }
        Ok(Some(people))
    }

    /// One person's employments, which stand for everybody's.
    async fn employments(&mut self, people: &[Employee]) -> Result<()> {
        let Some(id) = people.iter().find_map(|person| person.notes.id.as_deref()) else { return Ok(()) };
        if !needs_work(self.request) {
            return Ok(());
        }
        let finding = match Asked::of(self.api.employments(&id.into(), |_, rows| Ok(rows.len())).await)? {
            Asked::Answered(_) => Finding::new(
                Level::Passed,
                "/employment/v2",
                format!("can be read, with a request for each of {} people", people.len()),
            ),
            Asked::Refused(error) => Finding::new(Level::Missing, "/employment/v2", error.to_string())
                .cost("nobody's dates, status and place of work are known, and no run can be made")
                .remedy("see that the token's maker may see employments, or map none of these fields"),
        };
        self.found.push(finding);
        Ok(())
    }

    async fn customs(&mut self) -> Result<()> {
        if !needs_custom_fields(self.request) {
            return Ok(());
        }
        let definitions = match Asked::of(self.api.custom_fields().await)? {
            Asked::Answered(definitions) => definitions,
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Warning, "/employee_field/v2", error.to_string())
                    .cost("custom fields are known by id only; accounts keep what they have")
                    .remedy("map them as custom.#ID");
                self.found.push(finding);
                return Ok(());
            }
        };
        for field in lacking(&definitions, self.request) {
            let outcome = format!("no custom field has this name{}", near(&definitions, field));
            let finding = Finding::new(Level::Missing, format!("field {field}"), outcome)
                .cost("nothing is read before it is corrected")
                .remedy("correct the name, or name it by id: custom.#ID");
            self.found.unknown.push(finding);
        }
        let finding = match wanted(&definitions, self.request) {
            Ok(fields) => Finding::new(
                Level::Passed,
                "/employee_field/v2",
                format!("{} custom fields are read, {} are defined", fields.len(), definitions.len()),
            ),
            Err(error) => Finding::new(Level::Missing, "/employee_field/v2", error.to_string())
                .cost("the mapping is ambiguous, so nothing is read"),
        };
        self.found.push(finding);
        Ok(())
    }

    async fn departments(&mut self) -> Result<()> {
        if !self.request.wants(StandardField::Department) {
            return Ok(());
        }
        let Some(dimension) = &self.settings.department_dimension else {
            let finding = Finding::new(Level::Warning, "department_dimension", "not set")
                .cost("departments are not read; accounts keep what they have")
                .remedy("set it to the dimension that holds departments, or map no department");
            self.found.push(finding);
            return Ok(());
        };
        let finding = match Asked::of(crate::directory::departments(self.api, dimension).await)? {
            Asked::Answered(departments) => Finding::new(
                Level::Passed,
                "/dimension/v2",
                format!("{} departments", departments.names.len()),
            ),
            Asked::Refused(error) => Finding::new(Level::Warning, "/dimension/v2", error.to_string())
                .cost("departments cannot be read; accounts keep what they have")
                .remedy("correct department_dimension"),
        };
        self.found.push(finding);
        Ok(())
    }

    /// What no call tells.
    fn writing(&mut self) {
        let outcome = "24SevenOffice does not tell whether a token may write; the first write shows it";
        self.found.push(Finding::new(Level::Passed, "writing", outcome));
        if self.settings.enddate_reason.is_none() {
            let finding = Finding::new(Level::Passed, "enddate_reason", "not set")
                .cost("end dates are read and never written");
            self.found.push(finding);
        }
    }
}

/// How many people have a value of what stands on their own record.
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
