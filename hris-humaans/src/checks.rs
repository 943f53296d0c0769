//! Asks whether a token may read what is wanted, and names what is missing in Humaans' words.

use hris_core::connector::Checks;
use hris_core::http::Asked;
use hris_core::{Employee, Error, Field, Finding, LeaverSignals, Result, StandardField, Tally};

use crate::config::PeopleStatus;
use crate::convert::{self, Identity, Lists, Reader, asked_members, meant, needs_lists};
use crate::lists::{self, STATUSES};
use crate::refusals::is_refusal;
use crate::requirements::{PRIVATE_READ, PUBLIC_READ, ROLE, Section, requirements, section_of};
use crate::source::Api;
use crate::wire::Person;

const EDIT_TOKEN: &str =
    "edit the token under API access tokens and choose View public and private data (private:read)";

const ADD_CUSTOM_FIELD: &str = "correct the name, or name it by id; or grant the token private:read and its \
    owner's role *view* on this field. Fields about bank details, pay or health are read by id only";

/// The first page of a list of people, and how many there are in all.
type Counted = (Vec<Person>, Option<u64>);

/// Scopes that nothing here needs.
const TOO_MUCH: [&str; 6] = [
    "private:write",
    "compensations:read",
    "compensations:write",
    "documents:read",
    "documents:write",
    "webhooks:manage",
];

/// Asks everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept Humaans from answering. A refusal is a finding.
pub(crate) async fn everything(api: &Api, checks: &mut Checks<'_>) -> Result<()> {
    let mut check = Check { api, checks, identity: Identity::default() };
    if !check.token().await? {
        return Ok(());
    }
    check.maker().await?;
    check.company().await?;
    let Some(people) = check.people().await? else { return Ok(()) };
    check.coverage(people)?;
    check.lists().await?;
    check.customs().await
}

struct Check<'a, 'r> {
    api: &'a Api,
    checks: &'a mut Checks<'r>,
    identity: Identity,
}

impl Check<'_, '_> {
    /// The token's scopes. Returns whether it is worth going on.
    async fn token(&mut self) -> Result<bool> {
        const ANYWAY: &str = "the check tries each one";
        let token = self.checks.run().record(&lists::token_info()).await;
        let info = self.checks.ask(token, |error| {
            Finding::passed("token scopes", format!("Humaans does not list them ({error}); {ANYWAY}"))
        })?;
        let Some(info) = info else { return Ok(true) };
        self.identity.token = Some(info);
        let Some(scopes) = self.identity.scopes() else {
            self.checks.passed("token scopes", format!("Humaans does not list them; {ANYWAY}"));
            return Ok(true);
        };
        let listed = scopes.iter().cloned().collect::<Vec<_>>().join(", ");
        let private = scopes.contains(PRIVATE_READ);
        let scope = "scope private:read";
        let lacks = format!("the token has [{listed}]");
        if !private && !scopes.contains(PUBLIC_READ) {
            let finding = Finding::missing(scope, lacks).cost("nobody can be read");
            self.checks.push(finding.remedy(EDIT_TOKEN));
            return Ok(false);
        }
        if private {
            self.checks.passed(scope, "granted");
        } else {
            let needs = requirements(self.checks.request(), LeaverSignals::new(true, true));
            let uses = needs.scopes().filter(|need| need.name == PRIVATE_READ).flat_map(|need| &need.uses);
            let uses: Vec<&str> = uses.map(String::as_str).collect();
            let cost = format!(
                "new hires and offboarded people are invisible, and leavers are known by absence only; these \
                 may be hidden: {}",
                uses.join(", ")
            );
            self.checks.push(Finding::warning(scope, lacks).cost(cost).remedy(EDIT_TOKEN).withholding());
        }
        let spare: Vec<&str> = TOO_MUCH.into_iter().filter(|scope| scopes.contains(*scope)).collect();
        let remedy = "edit the token under API access tokens and remove them";
        self.checks.too_much("token scopes", "token", &spare, Some(remedy));
        Ok(true)
    }

    /// The token's owner. The token may stop working when this person leaves.
    async fn maker(&mut self) -> Result<()> {
        const SUBJECT: &str = "token's owner";
        let me = self.checks.run().record::<Person>(&lists::me()).await;
        let me = self.checks.ask(me, |error| {
            Finding::warning(SUBJECT, format!("cannot be seen ({error})"))
                .cost("a token of another company would be noticed only by the people it lists")
        })?;
        let Some(me) = me else { return Ok(()) };
        let status = me.status.as_deref();
        let leaving = me.employment_end.is_value() || me.last_day.is_value();
        if leaving || (status.is_value() && status != Field::Value("active")) {
            let finding = Finding::warning(SUBJECT, "is leaving, has left or has not started")
                .cost("the token may stop working when its owner leaves")
                .remedy("create the token as a dedicated user who stays");
            self.checks.push(finding);
        } else {
            self.checks.passed(SUBJECT, "is active, without an end date");
        }
        self.identity.me = Some(me);
        Ok(())
    }

    /// The company's name and account.
    async fn company(&mut self) -> Result<()> {
        let known = self.identity.company().map(str::to_owned);
        let companies = self.checks.run().first(&self.api.companies()).await;
        let unseen = |_: &Error| Finding::passed("company", "its name may not be seen, which does no harm");
        let Some((companies, _)) = self.checks.ask(companies, unseen)? else {
            if let Some(id) = known {
                self.checks.organisation(id, "");
            }
            return Ok(());
        };
        let mine = companies.iter().find(|company| known.is_none() || company.notes.id == known);
        let Some(company) = mine.or(companies.first()) else { return Ok(()) };
        let id = known.or_else(|| company.notes.id.clone()).unwrap_or_default();
        let named = self.checks.organisation(id, company.name.as_deref().value().unwrap_or_default());
        let status = company.status.as_deref().value();
        let outcome = match status {
            Some(status) => format!("{named}; its account is {status}"),
            None => named,
        };
        self.checks.push(match status {
            Some("expired" | "suspended") => Finding::warning("company", outcome)
                .cost("Humaans may close the API")
                .remedy("settle the account with Humaans"),
            _ => Finding::passed("company", outcome),
        });
        Ok(())
    }

    /// Checks who is listed, by status. Returns the first page, or `None` if nobody may be listed.
    async fn people(&mut self) -> Result<Option<Vec<Person>>> {
        let asked_for = asked_members(self.checks.request());
        let rows = self.api.page_size;
        let mut whole = None;
        if self.api.config.people_status == PeopleStatus::All {
            match self.first(Some("all"), rows, &asked_for).await {
                Ok(page) => whole = Some(page),
                Err(error) if is_refusal(&error) => {
                    let outcome = format!("status=all is refused ({error}); each status is listed by itself");
                    self.checks.push(Finding::warning("people", outcome));
                }
                Err(error) => return self.no_people(error),
            }
        }
        let mut parts = Vec::new();
        if self.api.config.people_status != PeopleStatus::Omit {
            for status in STATUSES {
                let size = if whole.is_none() && status == "active" { rows } else { 1 };
                match Asked::of(self.first(Some(status), size, &asked_for).await)? {
                    Asked::Answered(page) => parts.push((status, Some(page))),
                    Asked::Refused(error)
                        if whole.is_none() && status == "active" && error.status() == Some(403) =>
                    {
                        return self.no_people(error);
                    }
                    Asked::Refused(_) => parts.push((status, None)),
                }
            }
        }
        self.totals(whole.as_ref().and_then(|(_, total)| *total), &parts);
        if let Some((people, _)) = whole {
            return Ok(Some(people));
        }
        if let Some((_, Some((people, _)))) = parts.into_iter().next() {
            return Ok(Some(people));
        }
        match Asked::of(self.first(None, rows, &asked_for).await)? {
            Asked::Answered((people, _)) => {
                let finding = Finding::warning("people", "listed without the status filter")
                    .cost("the list does not prove who is absent, so nobody leaves by absence")
                    .remedy("set people_status to all if Humaans accepts it");
                self.checks.push(finding);
                Ok(Some(people))
            }
            Asked::Refused(error) => self.no_people(error),
        }
    }

    fn no_people(&mut self, error: Error) -> Result<Option<Vec<Person>>> {
        let remedy =
            "grant the token private:read and its owner's role the People directory and all profiles";
        self.checks.need("people", Err(error), remedy)
    }

    async fn first(&self, status: Option<&str>, rows: u32, asked: &[&str]) -> Result<Counted> {
        self.checks.run().first(&self.api.people(status, asked).page_size(rows)).await
    }

    fn totals(&mut self, all: Option<u64>, parts: &[(&str, Option<Counted>)]) {
        let private = self.identity.scopes().is_none_or(|scopes| scopes.contains(PRIVATE_READ));
        let mut sum = Some(0_u64);
        let mut words = Vec::new();
        for (status, page) in parts {
            let total = page.as_ref().and_then(|(_, total)| *total);
            sum = sum.zip(total).map(|(sum, total)| sum.saturating_add(total));
            words.push(match (page, total) {
                (None, _) => format!("{status} refused"),
                (_, Some(total)) => format!("{status} {total}"),
                (_, None) => format!("{status} not counted"),
            });
            if page.is_none() && *status != "active" && private {
                let cost = match *status {
                    "newHire" => "they become visible on their first day",
                    _ => "leavers are known by absence only",
                };
                let finding = Finding::warning(format!("people of status {status}"), "may not be listed")
                    .cost(cost)
                    .remedy("give the owner's role the right to see them");
                self.checks.push(finding);
            }
        }
        if let Some(all) = all {
            words.insert(0, format!("all {all}"));
        }
        if !words.is_empty() {
            self.checks.passed("people", words.join(", "));
        }
        if let (Some(all), Some(sum)) = (all, sum.filter(|_| !parts.is_empty()))
            && all != sum
        {
            let outcome = format!("the three statuses make {sum}, all of them {all}");
            let finding = Finding::warning("people", outcome)
                .cost("some people have an unknown status, or are hidden from one of the lists");
            self.checks.push(finding);
        }
        let nobody_left = parts.iter().any(|(status, page)| {
            *status == "offboarded" && page.as_ref().is_some_and(|(_, total)| *total == Some(0))
        });
        if nobody_left && private {
            let finding = Finding::warning("permission Offboarded: see", "no offboarded person is visible")
                .cost("if anybody has ever left, leavers are known by absence only")
                .remedy("give the owner's role Profile management › Offboarded: see offboarded users");
            self.checks.push(finding);
        }
    }

    /// Counts how many people show each requested field of a person's own record.
    fn coverage(&mut self, people: Vec<Person>) -> Result<()> {
        let lists = Lists::default();
        let mut reader = Reader::new(&lists, self.checks.request(), self.api.config.last_day)?;
        let read = |person| reader.employee(person, &mut Tally::default());
        let people: Vec<Employee> = people.into_iter().map(read).collect();
        let elsewhere = [ROLE.fields, &[StandardField::Location]].concat();
        self.checks.coverage(&people, &elsewhere, |field| {
            let Section { name, is_private, .. } = section_of(field);
            match is_private {
                true => format!("grant the token private:read and its owner's role *view* on {name}"),
                false => format!("grant the token's owner *view* on {name}"),
            }
        });
        Ok(())
    }

    /// The lists beside the people.
    async fn lists(&mut self) -> Result<()> {
        let (api, run) = (self.api, self.checks.run());
        let wanted = |fields: &[StandardField]| {
            let names = fields.iter().filter(|field| run.request().wants(**field));
            names.map(|field| field.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (of_roles, of_places) = (wanted(ROLE.fields), wanted(&[StandardField::Location]));
        let mut answers = Vec::new();
        if !of_roles.is_empty() {
            let rows = run.first(&api.job_roles(run.today(), None).page_size(1)).await;
            answers.push(("/job-roles", rows.map(|(_, rows)| rows), of_roles, ROLE.name));
        }
        if !of_places.is_empty() {
            let rows = run.first(&api.locations().page_size(1)).await;
            answers.push(("/locations", rows.map(|(_, rows)| rows), of_places, "Employment › Details"));
        }
        for (subject, rows, fields, section) in answers {
            let cost = format!("{fields} cannot be read; accounts keep what they have");
            let remedy = format!(
                "grant the token public:read or private:read and its owner's role *view* on {section}"
            );
            self.checks.list(subject, rows, cost, remedy)?;
        }
        Ok(())
    }

    /// The customer's own fields, each by its name.
    async fn customs(&mut self) -> Result<()> {
        const EACH: &str = "grant the token private:read and its owner's role *view* on each of these fields";
        if !needs_lists(self.checks.request()) {
            return Ok(());
        }
        let run = self.checks.run();
        let defined = run.custom_fields(&self.api.custom_fields(), convert::defined).await;
        if defined.is_ok() {
            let values = run.first(&self.api.custom_values(None).page_size(1)).await;
            if let Asked::Refused(error) = Asked::of(values)? {
                self.checks.no_custom_fields("/custom-values", &error, EACH);
                return Ok(());
            }
        }
        self.checks.custom_fields("/custom-fields", defined, meant, EACH, ADD_CUSTOM_FIELD).map(drop)
    }
}
