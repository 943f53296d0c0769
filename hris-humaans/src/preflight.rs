//! Looks whether a token may read what is wanted, and names what is missing in Humaans' words.

use hris_core::http::Asked;
use hris_core::{
    Employee, Error, ErrorKind, Field, Finding, LeaverSignals, Level, NeedKind, Preflight, ReadRequest,
    Result, SourceField, StandardField,
};

use crate::builder::{LastDay, PeopleStatus};
use crate::client::{Api, Resource, is_refusal};
use crate::convert::{self, Identity, Lists, asked_members, lacking, near, needs_lists, wanted};
use crate::requirements::{PRIVATE_READ, PUBLIC_READ, is_private, requirements, section};
use crate::wire::{Person, TokenInfo};

const EDIT_TOKEN: &str =
    "edit the token under API access tokens and choose View public and private data (private:read)";

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

/// Tries everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept Humaans from answering. A refusal is a finding.
pub(crate) async fn check(
    api: &Api,
    request: &ReadRequest,
    last_day: LastDay,
    plain_http: bool,
) -> Result<Preflight> {
    let mut check = Check { api, request, last_day, found: Preflight::new(), identity: Identity::default() };
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
    last_day: LastDay,
    found: Preflight,
    identity: Identity,
}

impl Check<'_> {
    async fn everything(&mut self) -> Result<()> {
        if !self.token().await? {
            return Ok(());
        }
        self.maker().await?;
        self.company().await?;
        let Some(people) = self.people().await? else { return Ok(()) };
        self.coverage(people)?;
        self.lists().await?;
        self.customs().await
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
            .cost("nothing can be read; nothing is changed")
            .remedy("make a new token under API access tokens, as a person whose role has the permission API Access");
        self.found.push(finding);
    }

    /// 2: the token's scopes. Whether it is worth going on.
    async fn token(&mut self) -> Result<bool> {
        let scopes = match Asked::of(self.api.token_info().await)? {
            Asked::Refused(error) => {
                let outcome = format!("Humaans does not tell them ({error}); they are found out by trying");
                self.found.push(Finding::new(Level::Passed, "token scopes", outcome));
                return Ok(true);
            }
            Asked::Answered(info) => self.keep(info),
        };
        let Some(scopes) = scopes else {
            let outcome = "Humaans does not tell them; they are found out by trying";
            self.found.push(Finding::new(Level::Passed, "token scopes", outcome));
            return Ok(true);
        };
        let listed = scopes.iter().cloned().collect::<Vec<_>>().join(", ");
        let private = scopes.contains(PRIVATE_READ);
        if !private && !scopes.contains(PUBLIC_READ) {
            let finding =
                Finding::new(Level::Missing, "scope private:read", format!("the token has [{listed}]"))
                    .cost("nobody can be read")
                    .remedy(EDIT_TOKEN);
            self.found.push(finding);
            return Ok(false);
        }
        if private {
            self.found.push(Finding::new(Level::Passed, "scope private:read", "granted"));
        } else {
            let needs = requirements(self.request, LeaverSignals::new(true, true));
            let uses: Vec<&str> = needs
                .scopes()
                .filter(|need| need.name == PRIVATE_READ)
                .flat_map(|need| need.uses.iter().map(String::as_str))
                .collect();
            let cost = format!(
                "new hires and offboarded people are invisible, and leavers are known by absence only; not or not \
                 surely visible: {}",
                uses.join(", ")
            );
            let finding =
                Finding::new(Level::Warning, "scope private:read", format!("the token has [{listed}]"))
                    .cost(cost)
                    .remedy(EDIT_TOKEN)
                    .withholding();
            self.found.push(finding);
        }
        let spare: Vec<&str> = TOO_MUCH.into_iter().filter(|scope| scopes.contains(*scope)).collect();
        if !spare.is_empty() {
            let outcome = format!("the token also has {}, which nothing here needs", spare.join(", "));
            let finding = Finding::new(Level::Warning, "token scopes", outcome)
                .cost("whoever gets hold of the token can do more harm")
                .remedy("edit the token under API access tokens and take them away");
            self.found.push(finding);
        }
        Ok(true)
    }

    fn keep(&mut self, info: TokenInfo) -> Option<std::collections::BTreeSet<String>> {
        self.identity.token = Some(info);
        self.identity.scopes()
    }

    /// 3: the token's maker, on whom its life may depend.
    async fn maker(&mut self) -> Result<()> {
        const SUBJECT: &str = "token's maker";
        let me = match Asked::of(self.api.me().await)? {
            Asked::Answered(me) => me,
            Asked::Refused(error) => {
                let finding = Finding::new(Level::Warning, SUBJECT, format!("cannot be seen ({error})"))
                    .cost("another company's token would be noticed by its people only");
                self.found.push(finding);
                return Ok(());
            }
        };
        let status = me.status.as_deref();
        let leaving = me.employment_end.is_value() || me.last_day.is_value();
        if leaving || (status.is_value() && status != Field::Value("active")) {
            let finding = Finding::new(Level::Warning, SUBJECT, "is leaving, has left or has not started")
                .cost("the token may stop working when its maker leaves")
                .remedy("make the token as a dedicated user who stays");
            self.found.push(finding);
        } else {
            self.found.push(Finding::new(Level::Passed, SUBJECT, "is active, without an end date"));
        }
        self.identity.me = Some(me);
        Ok(())
    }

    /// 4: the company's name and account.
    async fn company(&mut self) -> Result<()> {
        let known = self.identity.company().map(str::to_owned);
        match Asked::of(self.api.companies().await)? {
            Asked::Answered(companies) => {
                let mine = companies.iter().find(|company| known.is_none() || company.notes.id == known);
                let Some(company) = mine.or(companies.first()) else { return Ok(()) };
                let id = known.or_else(|| company.notes.id.clone()).unwrap_or_default();
                let name = company.name.as_deref().value().unwrap_or_default().to_owned();
                let status = company.status.as_deref().value();
                let told = match name.is_empty() {
                    true => "its name is not told",
                    false => name.as_str(),
                };
                let outcome = match status {
                    Some(status) => format!("{told}; its account is {status}"),
                    None => told.to_owned(),
                };
                self.found.push(match status {
                    Some("expired" | "suspended") => Finding::new(Level::Warning, "company", outcome)
                        .cost("Humaans may close the API")
                        .remedy("settle the account with Humaans"),
                    _ => Finding::new(Level::Passed, "company", outcome),
                });
                self.found.organisation = Some((id, name));
            }
            Asked::Refused(_) => {
                self.found.organisation = known.map(|id| (id, String::new()));
                let outcome = "its name may not be seen, which does no harm";
                self.found.push(Finding::new(Level::Passed, "company", outcome));
            }
        }
        Ok(())
    }

    /// 5: who is listed, by status. The first page, or none where nobody may be listed.
    async fn people(&mut self) -> Result<Option<Vec<Person>>> {
        let asked_for = asked_members(self.request);
        let rows = self.api.page_size;
        let mut whole = None;
        if self.api.people_status == PeopleStatus::All {
            match self.api.first_people(Some("all"), rows, &asked_for).await {
                Ok(page) => whole = Some(page),
                Err(error) if is_refusal(&error) => {
                    let outcome = format!("status=all is refused ({error}); each status is listed by itself");
                    self.found.push(Finding::new(Level::Warning, "people", outcome));
                }
                Err(error) => return self.no_people(error),
            }
        }
        let mut parts = Vec::new();
        if self.api.people_status != PeopleStatus::Omit {
            for status in ["active", "newHire", "offboarded"] {
                let size = if whole.is_none() && status == "active" { rows } else { 1 };
                match Asked::of(self.api.first_people(Some(status), size, &asked_for).await)? {
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
        match Asked::of(self.api.first_people(None, rows, &asked_for).await)? {
            Asked::Answered((people, _)) => {
                let finding = Finding::new(Level::Warning, "people", "listed without the status filter")
                    .cost("being absent from the list means nothing, so nobody leaves by absence")
                    .remedy("set people_status to all if Humaans accepts it");
                self.found.push(finding);
                Ok(Some(people))
            }
            Asked::Refused(error) => self.no_people(error),
        }
    }

    fn no_people(&mut self, error: Error) -> Result<Option<Vec<Person>>> {
        if let Asked::Refused(error) = Asked::<()>::of(Err(error))? {
            let finding =
                Finding::new(Level::Missing, "people", error.to_string()).cost("nobody can be read").remedy(
                    "grant the token private:read and its maker's role the People directory and all profiles",
                );
            self.found.push(finding);
        }
        Ok(None)
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
                let cost = if *status == "newHire" {
                    "they are seen on their first day only"
                } else {
                    "leavers are known by absence only"
                };
                let finding =
                    Finding::new(Level::Warning, format!("people of status {status}"), "may not be listed")
                        .cost(cost)
                        .remedy("give the maker's role the right to see them");
                self.found.push(finding);
            }
        }
        if let Some(all) = all {
            words.insert(0, format!("all {all}"));
        }
        if !words.is_empty() {
            self.found.push(Finding::new(Level::Passed, "people", words.join(", ")));
        }
        if let (Some(all), Some(sum)) = (all, sum.filter(|_| !parts.is_empty()))
            && all != sum
        {
            let outcome = format!("the three statuses make {sum}, all of them {all}");
            let finding = Finding::new(Level::Warning, "people", outcome)
                .cost("some people have a status that is not known, or are hidden from one of the lists");
            self.found.push(finding);
        }
        let nobody_left = parts.iter().any(|(status, page)| {
            *status == "offboarded" && page.as_ref().is_some_and(|(_, total)| *total == Some(0))
        });
        if nobody_left && private {
            let finding =
                Finding::new(Level::Warning, "permission Offboarded: see", "no offboarded person is visible")
                    .cost("if anybody has ever left, leavers are known by absence only")
                    .remedy("give the maker's role Profile management › Offboarded: see offboarded users");
            self.found.push(finding);
        }
    }

    /// 5 and 7: of every field asked for, how many people show it.
    fn coverage(&mut self, people: Vec<Person>) -> Result<()> {
        let lists = Lists::default();
        let employees = people
            .into_iter()
            .map(|person| convert::one(person, &lists, self.request, self.last_day))
            .collect::<Result<Vec<Employee>>>()?;
        if employees.is_empty() {
            self.found.push(Finding::new(Level::Warning, "people", "nobody is visible"));
            return Ok(());
        }
        let of = employees.len();
        for (field, visible, filled) in counts(&employees, self.request) {
            let subject = format!("field {field}");
            let seen = format!("{filled} of the first {of} people have a value");
            let email = field == StandardField::Email;
            let remedy = if is_private(field) {
                format!("grant the token private:read and its maker's role *view* on {}", section(field))
            } else {
                format!("grant the token's maker *view* on {}", section(field))
            };
            let hidden = visible == 0;
            let finding = match (filled, email) {
                (0, true) => Finding::new(Level::Missing, subject, seen)
                    .cost("nobody can get an account without an e-mail address")
                    .remedy(remedy),
                (0, false) if hidden => Finding::new(Level::Warning, subject, "nobody's can be seen")
                    .cost("accounts keep what they have; as a match key it matches nobody")
                    .remedy(remedy)
                    .withholding(),
                (0, false) if field == StandardField::EmployeeNumber => {
                    Finding::new(Level::Warning, subject, "nobody has a value")
                        .cost("as a match key it matches nobody")
                }
                (0, false) => Finding::new(Level::Passed, subject, "nobody has a value"),
                (few, true) if few.saturating_mul(2) < of => Finding::new(Level::Warning, subject, seen)
                    .cost("the others get no account")
                    .remedy("fill in the work e-mails in Humaans"),
                _ => Finding::new(Level::Passed, subject, seen),
            };
            self.found.push(finding);
        }
        Ok(())
    }

    /// 6: the lists beside the people.
    async fn lists(&mut self) -> Result<()> {
        let role = [
            StandardField::JobTitle,
            StandardField::Department,
            StandardField::Manager,
            StandardField::ManagerEmail,
        ];
        let place = [StandardField::Location];
        for (list, fields) in [(Resource::JobRoles, &role[..]), (Resource::Locations, &place[..])] {
            let fields: Vec<StandardField> =
                fields.iter().copied().filter(|field| self.request.wants(*field)).collect();
            let Some(first) = fields.first() else { continue };
            let subject = format!("/{}", list.path());
            match Asked::of(self.api.probe(list).await)? {
                Asked::Answered(total) => {
                    let rows =
                        total.map_or_else(|| "can be read".to_owned(), |total| format!("{total} records"));
                    self.found.push(Finding::new(Level::Passed, subject, rows));
                }
                Asked::Refused(error) => {
                    let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
                    let cost = format!("{} cannot be read; accounts keep what they have", names.join(", "));
                    let remedy = format!(
                        "grant the token public:read or private:read and its maker's role *view* on {}",
                        section(*first)
                    );
                    let finding =
                        Finding::new(Level::Warning, subject, error.to_string()).cost(cost).remedy(remedy);
                    self.found.push(finding.withholding());
                }
            }
        }
        Ok(())
    }

    /// 6: the customer's own fields, each by its name.
    async fn customs(&mut self) -> Result<()> {
        if !needs_lists(self.request) {
            return Ok(());
        }
        let definitions = match Asked::of(self.api.custom_fields().await)? {
            Asked::Answered(definitions) => definitions,
            Asked::Refused(error) => return self.no_customs("/custom-fields", &error),
        };
        if let Asked::Refused(error) = Asked::of(self.api.probe(Resource::CustomValues).await)? {
            return self.no_customs("/custom-values", &error);
        }
        let lacking: Vec<SourceField> = lacking(&definitions, self.request).into_iter().cloned().collect();
        for field in &lacking {
            let outcome = format!("no such custom field can be seen{}", near(&definitions, field));
            let finding = Finding::new(Level::Missing, format!("field {field}"), outcome)
                .cost("nothing is read before it is corrected")
                .remedy(
                    "correct the name, or name it by id; or grant the token private:read and its maker's role *view* \
                     on this field. Fields about bank details, pay or health are read by id only",
                );
            self.found.unknown.push(finding);
        }
        match wanted(&definitions, self.request) {
            Ok(fields) => {
                let outcome = format!("{} of {} custom fields are read", fields.len(), definitions.len());
                self.found.push(Finding::new(Level::Passed, "/custom-fields", outcome));
            }
            Err(error) => {
                let finding = Finding::new(Level::Missing, "/custom-fields", error.to_string());
                self.found.push(finding.cost("the mapping is ambiguous, so nothing is read"));
            }
        }
        Ok(())
    }

    fn no_customs(&mut self, subject: &str, error: &Error) -> Result<()> {
        let needs = requirements(self.request, LeaverSignals::new(true, true));
        let granted: Vec<&str> = needs
            .permissions()
            .filter(|need| need.kind == NeedKind::Permission && need.name.contains("custom"))
            .flat_map(|need| need.uses.iter().map(String::as_str))
            .collect();
        let finding = Finding::new(Level::Warning, subject, error.to_string())
            .cost(format!("{} cannot be read; accounts keep what they have", granted.join(", ")))
            .remedy("grant the token private:read and its maker's role *view* on each of these fields");
        self.found.push(finding);
        Ok(())
    }
}

/// Each field on a person's own record that is asked for, how many people show it, and how many
/// have a value.
fn counts(people: &[Employee], request: &ReadRequest) -> Vec<(StandardField, usize, usize)> {
    let own = StandardField::ALL.iter().copied().filter(|field| {
        request.wants(*field) && section(*field) != "Employment › Role" && *field != StandardField::Location
    });
    let mut counts = Vec::new();
    for field in own {
        let seen = people.iter().filter(|person| person.presence(field).is_visible()).count();
        let filled = people.iter().filter(|person| person.presence(field).is_value()).count();
        // What Humaans does not have is not asked about.
        let absent = [StandardField::DisplayName, StandardField::Groups, StandardField::Identifications];
        if !absent.contains(&field) {
            counts.push((field, seen, filled));
        }
    }
    counts
}
