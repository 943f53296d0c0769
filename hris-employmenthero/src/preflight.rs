//! Looks whether a grant may read what is wanted, and names what is missing in Employment Hero's
//! words.

use hris_core::http::{Asked, Part};
use hris_core::{
    Cost, Employee, Error, ErrorKind, Finding, Level, Preflight, ReadRequest, Result, SourceField,
    StandardField,
};

use crate::builder::StatusWords;
use crate::client::{Api, Resource};
use crate::convert::{self, Customs, asked_members, lacking, near, needs_lists, wanted};
use crate::directory::organisation;
use crate::requirements::{Scope, known};
use crate::wire::{Organisation, Person};

const NEW_APPLICATION: &str = "scopes of an application cannot be changed: make a new application with this scope in the Developer \
                               Portal, and reconnect";

/// The names of this many work locations are shown at most.
const SHOWN: usize = 30;

/// Tries everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept Employment Hero from answering. A refusal is a finding.
pub(crate) async fn check(
    api: &Api,
    request: &ReadRequest,
    words: &StatusWords,
    plain_http: bool,
) -> Result<Preflight> {
    let mut check = Check { api, request, words, found: Preflight::new() };
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
    request: &'a ReadRequest,
    words: &'a StatusWords,
    found: Preflight,
}

impl Check<'_> {
    fn add(&mut self, level: Level, subject: impl Into<String>, outcome: impl Into<String>) {
        self.found.push(Finding::new(level, subject, outcome));
    }

    fn address(&mut self, plain_http: bool) {
        match plain_http {
            false => self.add(Level::Passed, "base_url", "https"),
            true => self.add(Level::Warning, "base_url", "plain http to this machine; for tests only"),
        }
    }

    fn refused(&mut self, error: &Error) {
        let finding = Finding::new(Level::Refused, "grant", error.to_string())
            .cost("nothing can be read; nothing is changed")
            .remedy("give consent as an owner or a full administrator");
        self.found.push(finding);
    }

    async fn everything(&mut self) -> Result<()> {
        let Some(id) = self.organisation().await? else { return Ok(()) };
        self.scopes();
        let detail = Asked::of(self.api.organisation(&id).await)?;
        let Some((people, total)) = self.people(&id).await? else { return Ok(()) };
        let people = self.read(people)?;
        self.everybody(&people, total, detail);
        self.coverage(&people);
        self.lists(&id).await?;
        self.customs(&id, total).await
    }

    /// 2: which organisation is read.
    async fn organisation(&mut self) -> Result<Option<String>> {
        match organisation(self.api).await {
            Ok(chosen) => {
                self.found.organisation = Some((chosen.id.clone(), chosen.name.clone()));
                if chosen.visible().is_some() {
                    let named =
                        if chosen.name.is_empty() { "its name is not told" } else { chosen.name.as_str() };
                    self.add(Level::Passed, "organisation", named);
                } else {
                    let finding = Finding::new(
                        Level::Warning,
                        "scope organisations:list",
                        "organisations may not be listed; the one that is set by its id is read",
                    );
                    self.found
                        .push(finding.cost("its name, and whether the grant still covers it, are not known"));
                }
                Ok(Some(chosen.id))
            }
            Err(error) if matches!(error.kind(), ErrorKind::Config | ErrorKind::Permission) => {
                let remedy = match error.kind() {
                    ErrorKind::Config => "set `organisation` in the configuration",
                    _ => "set `organisation` to the id of the one to read, or grant organisations:list",
                };
                let finding = Finding::new(Level::Missing, "organisation", error.to_string())
                    .cost("nobody can be read")
                    .remedy(remedy);
                self.found.push(finding);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// What was granted against what is needed, where the token answer told it.
    fn scopes(&mut self) {
        let Some(granted) = self.api.scopes() else {
            let outcome = "the token answer does not tell them; they are found out by trying";
            return self.add(Level::Passed, "scopes", outcome);
        };
        let names = |scope: &Scope| [Some(scope.name), scope.urn].into_iter().flatten().collect::<Vec<_>>();
        let missing: Vec<&str> = known(self.request)
            .iter()
            .filter(|scope| !names(scope).into_iter().any(|name| granted.contains(name)))
            .map(|scope| scope.name)
            .collect();
        if missing.is_empty() {
            self.add(Level::Passed, "scopes", "granted as far as their names are known");
        } else {
            let finding = Finding::new(
                Level::Warning,
                "scopes",
                format!("not named in the grant: {}", missing.join(", ")),
            )
            .cost("what they are for may not be seen; the lines below say what was refused")
            .remedy(NEW_APPLICATION);
            self.found.push(finding);
        }
        let writes: Vec<&str> = granted
            .iter()
            .map(String::as_str)
            .filter(|scope| {
                [":write", ":create", ":update", ":delete"].iter().any(|verb| scope.ends_with(verb))
            })
            .collect();
        if !writes.is_empty() {
            let outcome = format!("the grant also has {}, which nothing here needs", writes.join(", "));
            let finding = Finding::new(Level::Warning, "scopes", outcome)
                .cost("whoever gets hold of the token can do more harm");
            self.found.push(finding);
        }
    }

    /// 4: the people; the first page.
    async fn people(&mut self, id: &str) -> Result<Option<(Vec<Person>, Option<u64>)>> {
        match Asked::of(self.api.first_people(id, &asked_members(self.request)).await)? {
            Asked::Answered((people, total)) => {
                let words = total.map_or_else(|| "not counted".to_owned(), |total| total.to_string());
                self.add(Level::Passed, "scope employees:list", format!("granted; people: {words}"));
                if let Some(first) = people.iter().find_map(|person| person.notes.id.as_deref()) {
                    self.one(id, first).await?;
                }
                Ok(Some((people, total)))
            }
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Missing, "scope employees:list", error.to_string())
                    .cost("nobody can be read")
                    .remedy(format!("{NEW_APPLICATION}; or reconnect as an owner or full administrator"));
                self.found.push(finding);
                Ok(None)
            }
        }
    }

    /// Whether one person may be asked for by id, on which the removal of missing people depends.
    async fn one(&mut self, organisation: &str, person: &str) -> Result<()> {
        match Asked::of(self.api.person(organisation, &person.into(), &[]).await)? {
            Asked::Answered(_) => self.add(Level::Passed, "scope employees:show", "granted"),
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Warning, "scope employees:show", error.to_string())
                    .cost("people who are missing from the list cannot be asked for, so they are kept")
                    .remedy(NEW_APPLICATION);
                self.found.push(finding);
            }
        }
        Ok(())
    }

    /// 2.7: whether everybody is seen. Who consented is not told by Employment Hero, so whether it
    /// is an employee, or one who leaves, cannot be looked at.
    fn everybody(&mut self, people: &[Employee], total: Option<u64>, detail: Asked<Organisation>) {
        self.add(
            Level::Passed,
            "who consented",
            "Employment Hero does not tell; use a dedicated full administrator who is nobody's employee record, because the \
             grant ends with the person",
        );
        let detail = match detail {
            Asked::Answered(detail) => detail,
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Warning, "scope organisations:show", error.to_string())
                    .cost("a list that shows a part of the people would not be noticed")
                    .remedy(NEW_APPLICATION);
                return self.found.push(finding);
            }
        };
        let seen = total.unwrap_or(people.len() as u64);
        // Who is active shows where the first page holds everybody.
        let active = people.iter().filter(|person| convert::may_be_active(person)).count() as u64;
        let active = (people.len() as u64 >= seen).then_some(active);
        let said =
            |count: Option<u64>| count.map_or_else(|| "not said".to_owned(), |count| count.to_string());
        let outcome = match convert::hidden(seen, active, &detail) {
            Some(why) => {
                let finding = Finding::new(Level::Warning, "everybody", why)
                    .cost("removals wait while people may be hidden")
                    .remedy(
                        "reconnect as an owner or a full administrator; if everybody is seen all the same, approve the plan \
                         with the removals",
                    );
                return self.found.push(finding);
            }
            None => format!(
                "{seen} people are listed; the organisation's own count: {}, active: {}. A run compares both",
                said(convert::count(&detail.employees)),
                said(convert::count(&detail.active))
            ),
        };
        self.add(Level::Passed, "everybody", outcome);
    }

    fn read(&self, people: Vec<Person>) -> Result<Vec<Employee>> {
        let customs = Customs::default();
        people.into_iter().map(|person| convert::one(person, &customs, self.request, self.words)).collect()
    }

    /// Of every field asked for, how many people of the first page show it.
    fn coverage(&mut self, people: &[Employee]) {
        if people.is_empty() {
            return self.add(Level::Warning, "people", "nobody is visible");
        }
        for field in StandardField::ALL.iter().copied().filter(|field| self.request.wants(*field)) {
            let Some((seen, filled)) = visible(people, field) else { continue };
            let outcome = format!("{filled} of {} people of the first page have it", people.len());
            if seen == 0 {
                let finding =
                    Finding::new(Level::Warning, format!("field {field}"), "is not sent for anybody")
                        .cost("accounts keep what they have")
                        .remedy("reconnect as a person who may see it, or take it out of the mapping");
                self.found.push(finding.withholding());
            } else {
                self.add(Level::Passed, format!("field {field}"), outcome);
            }
        }
    }

    /// 4: the lists that name what a mapping can name.
    async fn lists(&mut self, id: &str) -> Result<()> {
        let teams = [StandardField::Team, StandardField::Teams, StandardField::Groups];
        if teams.into_iter().any(|field| self.request.wants(field)) {
            match Asked::of(self.api.probe(id, Resource::Teams).await)? {
                Asked::Answered(total) => {
                    let words = total.map_or_else(|| "not counted".to_owned(), |total| total.to_string());
                    self.add(Level::Passed, "scope teams:list", format!("granted; teams (groups): {words}"));
                }
                Asked::Refused(error) => {
                    self.unlisted("scope teams:list", &error, "teams are known by people's records only")
                }
            }
        }
        if self.request.wants(StandardField::Location) {
            match Asked::of(self.api.work_locations(id).await)? {
                Asked::Answered(places) => {
                    let mut names: Vec<&str> =
                        places.iter().filter_map(|place| place.name.as_deref().value()).take(SHOWN).collect();
                    names.sort_unstable();
                    let more = places.len().saturating_sub(SHOWN);
                    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                    let outcome = format!("{} places to be mapped: {}{more}", places.len(), names.join(", "));
                    self.add(Level::Passed, "work locations", outcome);
                }
                Asked::Refused(error) => {
                    self.unlisted(
                        "scope work_locations:list",
                        &error,
                        "places are known by people's records only",
                    );
                }
            }
        }
        Ok(())
    }

    fn unlisted(&mut self, subject: &str, error: &Error, cost: &str) {
        let finding = Finding::new(Level::Warning, subject, error.to_string()).cost(cost);
        self.found.push(finding.remedy(NEW_APPLICATION).withholding());
    }

    /// The customer's own fields, and what reading them costs.
    async fn customs(&mut self, id: &str, people: Option<u64>) -> Result<()> {
        if !needs_lists(self.request) {
            return Ok(());
        }
        let definitions = match Asked::of(self.api.custom_fields(id).await)? {
            Asked::Answered(definitions) => definitions,
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Warning, "custom fields", error.to_string())
                    .cost("they cannot be read; accounts keep what they have")
                    .remedy(NEW_APPLICATION);
                self.found.push(finding);
                return Ok(());
            }
        };
        let lacking: Vec<SourceField> = lacking(&definitions, self.request).into_iter().cloned().collect();
        for field in &lacking {
            let outcome = format!("no such custom field can be seen{}", near(&definitions, field));
            let finding = Finding::new(Level::Missing, format!("field {field}"), outcome)
                .cost("nothing is read before it is corrected")
                .remedy("correct the name, or name it by id (custom.#ID)");
            self.found.unknown.push(finding);
        }
        match wanted(&definitions, self.request) {
            Ok(fields) if fields.is_empty() => {
                self.add(Level::Passed, "custom fields", format!("none of {} is read", definitions.len()));
            }
            Ok(fields) => {
                let people = people.unwrap_or_default();
                let outcome = format!(
                    "{} of {} are read, with one request a person: {}",
                    fields.len(),
                    definitions.len(),
                    Cost::new(people, self.api.per_minute)
                );
                self.add(if people > 200 { Level::Warning } else { Level::Passed }, "custom fields", outcome);
                self.values(id).await?;
            }
            Err(error) => {
                let finding = Finding::new(Level::Missing, "custom fields", error.to_string());
                self.found.push(finding.cost("the mapping is ambiguous, so nothing is read"));
            }
        }
        Ok(())
    }

    /// Whether the values of one person may be read.
    async fn values(&mut self, id: &str) -> Result<()> {
        let (people, _) = self.api.first_people(id, &[]).await?;
        let Some(first) = people.iter().find_map(|person| person.notes.id.clone()) else { return Ok(()) };
        if let Part::Hidden(status) = Part::of(self.api.custom_values(id, &first).await)? {
            let outcome = format!("a person's values may not be read (HTTP {status})");
            let finding = Finding::new(Level::Warning, "custom fields", outcome);
            self.found.push(finding.cost("accounts keep what they have").remedy(NEW_APPLICATION));
        }
        Ok(())
    }
}

/// How many people show a field, and how many have a value; none for what is not their own.
fn visible(people: &[Employee], field: StandardField) -> Option<(usize, usize)> {
    let elsewhere = [
        StandardField::Id,
        StandardField::Status,
        StandardField::ManagerEmail,
        // What Employment Hero does not have is not asked about.
        StandardField::Department,
        StandardField::Identifications,
    ];
    if elsewhere.contains(&field) {
        return None;
    }
    let seen = people.iter().filter(|person| person.presence(field).is_visible()).count();
    let filled = people.iter().filter(|person| person.presence(field).is_value()).count();
    Some((seen, filled))
}
