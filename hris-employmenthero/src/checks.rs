//! Asks whether the consent may read what is wanted, and names what is missing in Employment Hero's words.

use hris_core::connector::Checks;
use hris_core::http::{Asked, Part};
use hris_core::{Cost, Employee, EmployeeId, Error, ErrorKind, Finding, Level, Result, StandardField, Tally};

use crate::convert::{self, Customs, Reader, asked_members, meant, needs_lists};
use crate::lists;
use crate::requirements::{Scope, known};
use crate::source::Api;
use crate::wire::{Organisation, Person};

const NEW_APPLICATION: &str = "scopes of an application cannot be changed: create a new application with this \
    scope in the Developer \
                               Portal, and reconnect";

/// The largest number of work locations that a finding names.
const SHOWN: usize = 30;

/// Asks everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept Employment Hero from answering. A refusal is a finding.
pub(crate) async fn everything(api: &Api, checks: &mut Checks<'_>) -> Result<()> {
    Check { api, checks }.everything().await
}

struct Check<'a, 'r> {
    api: &'a Api,
    checks: &'a mut Checks<'r>,
}

impl Check<'_, '_> {
    async fn everything(&mut self) -> Result<()> {
        let Some(id) = self.organisation().await? else { return Ok(()) };
        self.scopes();
        let detail =
            Asked::of(self.checks.run().one(&lists::organisation(&id), Some("data"), &[], &id).await)?;
        let Some((people, total)) = self.people(&id).await? else { return Ok(()) };
        let people = self.read(people)?;
        self.everybody(&people, total, detail);
        self.coverage(&people);
        self.lists(&id).await?;
        self.customs(&id, total).await
    }

    /// Checks which organisation is read.
    async fn organisation(&mut self) -> Result<Option<String>> {
        match self.api.choose(self.checks.run()).await {
            Ok(chosen) => {
                let named = self.checks.organisation(chosen.id.clone(), chosen.name.clone());
                let outcome = "organisations may not be listed; the configured id is used";
                self.checks.push(match chosen.visible() {
                    Some(_) => Finding::passed("organisation", named),
                    None => Finding::warning("scope organisations:list", outcome)
                        .cost("its name is unknown, and so is whether the consent still covers it"),
                });
                Ok(Some(chosen.id))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Config | ErrorKind::Permission) => {
                let remedy = match error.kind() {
                    ErrorKind::Config => "set `organisation` in the configuration",
                    _ => "set `organisation` to the id of the one to read, or grant organisations:list",
                };
                let finding =
                    Finding::missing("organisation", error).cost("nobody can be read").remedy(remedy);
                self.checks.push(finding);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Compares the granted scopes with the needed ones, where the token answer names them.
    fn scopes(&mut self) {
        let Some(granted) = self.api.scopes() else {
            let outcome = "the token answer does not list them; the check tries each one";
            return self.checks.passed("scopes", outcome);
        };
        let names = |scope: &Scope| [Some(scope.name), scope.urn].into_iter().flatten().collect::<Vec<_>>();
        let missing: Vec<&str> = known(self.checks.request())
            .iter()
            .filter(|scope| !names(scope).into_iter().any(|name| granted.contains(name)))
            .map(|scope| scope.name)
            .collect();
        if missing.is_empty() {
            self.checks.passed("scopes", "granted, as far as their names are known");
        } else {
            let finding =
                Finding::warning("scopes", format!("not among the granted scopes: {}", missing.join(", ")))
                    .cost("their data may be hidden; the lines below say what was refused")
                    .remedy(NEW_APPLICATION);
            self.checks.push(finding);
        }
        let may_write = |scope: &&str| {
            [":write", ":create", ":update", ":delete"].iter().any(|verb| scope.ends_with(verb))
        };
        let writes: Vec<&str> = granted.iter().map(String::as_str).filter(may_write).collect();
        self.checks.too_much("scopes", "consent", &writes, None);
    }

    /// The people; the first page.
    async fn people(&mut self, id: &str) -> Result<Option<(Vec<Person>, Option<u64>)>> {
        let list = self.api.people(id, &asked_members(self.checks.request()));
        let page = self.checks.run().first(&list).await;
        let page = self.checks.ask(page, |error| {
            Finding::missing("scope employees:list", error)
                .cost("nobody can be read")
                .remedy(format!("{NEW_APPLICATION}; or reconnect as an owner or full administrator"))
        })?;
        if let Some((people, total)) = &page {
            let outcome = format!("granted; people: {}", counted(*total));
            self.checks.passed("scope employees:list", outcome);
            if let Some(first) = people.iter().find_map(|person| person.notes.id.as_deref()) {
                self.one(id, first).await?;
            }
        }
        Ok(page)
    }

    /// Checks whether one person can be read by id. The removal of missing people depends on it.
    async fn one(&mut self, organisation: &str, person: &str) -> Result<()> {
        let subject = "scope employees:show";
        let request = lists::person(organisation, &person.into());
        let one = self.checks.run().one::<Person>(&request, Some("data"), &[], person).await;
        let one = self.checks.ask(one, |error| {
            Finding::warning(subject, error)
                .cost("people who are missing from the list cannot be asked for, so they are kept")
                .remedy(NEW_APPLICATION)
        })?;
        if one.is_some() {
            self.checks.passed(subject, "granted");
        }
        Ok(())
    }

    /// Checks whether everybody is visible. Employment Hero does not show who consented, so the check
    /// cannot see whether that person is an employee, or one who leaves.
    fn everybody(&mut self, people: &[Employee], total: Option<u64>, detail: Asked<Organisation>) {
        self.checks.passed(
            "who consented",
            "Employment Hero does not show it; use a dedicated full administrator without an employee record, \
             because the consent ends when the person leaves",
        );
        let detail = match detail {
            Asked::Answered(detail) => detail,
            Asked::Refused(error) => {
                let finding = Finding::warning("scope organisations:show", error)
                    .cost("an incomplete list of people would not be noticed")
                    .remedy(NEW_APPLICATION);
                return self.checks.push(finding);
            }
        };
        let seen = total.unwrap_or(people.len() as u64);
        // The first page shows who is active only if it holds everybody.
        let active = people.iter().filter(|person| convert::may_be_active(person)).count() as u64;
        let active = (people.len() as u64 >= seen).then_some(active);
        let said =
            |count: Option<u64>| count.map_or_else(|| "not said".to_owned(), |count| count.to_string());
        let outcome = match convert::hidden(seen, active, &detail) {
            Some(why) => {
                let finding = Finding::warning("everybody", why)
                    .cost("removals wait while people may be hidden")
                    .remedy(
                        "reconnect as an owner or a full administrator; if everybody is listed after all, \
                         approve the plan with the removals",
                    );
                return self.checks.push(finding);
            }
            None => format!(
                "{seen} people are listed; the organisation's own count: {}, active: {}. A run compares both",
                said(convert::count(&detail.employees)),
                said(convert::count(&detail.active))
            ),
        };
        self.checks.passed("everybody", outcome);
    }

    fn read(&self, people: Vec<Person>) -> Result<Vec<Employee>> {
        let customs = Customs::default();
        let reader = Reader::new(&customs, self.checks.request(), &self.api.config)?;
        Ok(people.into_iter().map(|person| reader.employee(person, &mut Tally::default())).collect())
    }

    /// Counts how many people of the first page show each requested field.
    fn coverage(&mut self, people: &[Employee]) {
        self.checks.coverage(people, &[StandardField::ManagerEmail], |_| {
            "reconnect as a person who may see it, or take it out of the mapping".to_owned()
        });
    }

    /// Checks the lists of names that a mapping can use.
    async fn lists(&mut self, id: &str) -> Result<()> {
        let teams = [StandardField::Team, StandardField::Teams, StandardField::Groups];
        if self.checks.run().wants_any(&teams) {
            let subject = "scope teams:list";
            let page = self.checks.run().first(&self.api.teams(id).page_size(1)).await;
            let unlisted = unlisted(subject, "only people's records show the teams");
            if let Some((_, total)) = self.checks.ask(page, unlisted)? {
                self.checks.passed(subject, format!("granted; teams (groups): {}", counted(total)));
            }
        }
        if self.checks.request().wants(StandardField::Location) {
            let places = self.checks.run().all(&self.api.work_locations(id)).await;
            let unlisted = unlisted("scope work_locations:list", "only people's records show the places");
            if let Some(places) = self.checks.ask(places, unlisted)? {
                let mut names: Vec<&str> =
                    places.iter().filter_map(|place| place.name.as_deref().value()).take(SHOWN).collect();
                names.sort_unstable();
                let more = places.len().saturating_sub(SHOWN);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let outcome = format!("{} places to be mapped: {}{more}", places.len(), names.join(", "));
                self.checks.passed("work locations", outcome);
            }
        }
        Ok(())
    }

    /// The custom fields, and what reading them costs.
    async fn customs(&mut self, id: &str, people: Option<u64>) -> Result<()> {
        if !needs_lists(self.checks.request()) {
            return Ok(());
        }
        const SUBJECT: &str = "custom fields";
        let defined = self.checks.run().custom_fields(&self.api.custom_fields(id), convert::defined).await;
        let lacking = "correct the name, or name it by id (custom.#ID)";
        let wanted = self.checks.custom_fields(SUBJECT, defined, meant, NEW_APPLICATION, lacking)?;
        if wanted.is_some_and(|wanted| wanted > 0) {
            let people = people.unwrap_or_default();
            let cost = Cost::new(people, self.api.per_minute);
            let level = if people > 200 { Level::Warning } else { Level::Passed };
            self.checks.push(Finding::new(level, SUBJECT, format!("they take one request a person: {cost}")));
            self.values(id).await?;
        }
        Ok(())
    }

    /// Checks whether the values of one person may be read.
    async fn values(&mut self, id: &str) -> Result<()> {
        let (people, _) = self.checks.run().first(&self.api.people(id, &[])).await?;
        let first = people.iter().find_map(|person| person.notes.id.as_deref());
        let Some(first) = first.map(EmployeeId::from) else { return Ok(()) };
        if let Part::Hidden(status) =
            Part::of(self.checks.run().all(&self.api.custom_values(id, &first)).await)?
        {
            let outcome = format!("a person's values may not be read (HTTP {status})");
            let finding = Finding::warning("custom fields", outcome);
            self.checks.push(finding.cost("accounts keep what they have").remedy(NEW_APPLICATION));
        }
        Ok(())
    }
}

/// The finding that a list of names is refused.
fn unlisted(subject: &'static str, cost: &'static str) -> impl FnOnce(&Error) -> Finding {
    move |error| Finding::warning(subject, error).cost(cost).remedy(NEW_APPLICATION).withholding()
}

fn counted(total: Option<u64>) -> String {
    total.map_or_else(|| "not counted".to_owned(), |total| total.to_string())
}
