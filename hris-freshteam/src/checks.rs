//! Asks whether a key may read what is wanted, and names what is missing in Freshteam's words.

mod coverage;

use hris_core::connector::Checks;
use hris_core::http::Asked;
use hris_core::{
    Cost, Field, Finding, Level, Result, SourceField, custom_fields_called, nearest_custom_field,
};

use crate::convert::{self, Need, RETIRING, has_left};
use crate::lists::whole;
use crate::source::Api;
use crate::wire::{FormField, Person};

const ROLE: &str = "give the key's user the role HR Partner or Admin (Settings › Roles)";

/// Asks everything in order, and stops where nothing further can work.
///
/// # Errors
/// What kept Freshteam from answering: for example a web page in place of data, because the key was then
/// never examined. A refusal is a finding.
pub(crate) async fn everything(api: &Api, checks: &mut Checks<'_>) -> Result<()> {
    let need = Need::of(checks.request());
    Check { api, need, checks }.everything().await
}

struct Check<'a, 'r> {
    api: &'a Api,
    need: Need<'r>,
    checks: &'a mut Checks<'r>,
}

/// The first page of a listing, and how many people it has in all.
type Page = (Vec<Person>, Option<u64>);

impl Check<'_, '_> {
    async fn everything(&mut self) -> Result<()> {
        self.checks.organisation(self.api.subdomain.as_str(), self.api.subdomain.host());
        let finding = Finding::warning("source_retiring", RETIRING)
            .cost("afterwards nothing can be read; nobody is removed because of it")
            .remedy("ask the person who looks after the subscription for its end, and export what is needed before");
        self.checks.push(finding);
        let Some((active, working)) = self.active().await? else { return Ok(()) };
        let left = self.inactive().await?;
        let mut totals = vec![working];
        totals.extend(left.as_ref().map(|(_, total)| *total));
        for filter in self.api.listings.iter().skip(2) {
            let subject = format!("employees with {}={}", filter.0, filter.1);
            let page = self.first(*filter, &[]).await;
            totals.extend(self.checks.need(subject, page, ROLE)?.map(|(_, total)| total));
        }
        self.owner().await?;
        self.coverage(&active);
        if let Some((left, _)) = &left {
            self.dates(left);
        }
        self.form().await?;
        self.units().await?;
        self.record(&active).await?;
        self.pace(totals);
        Ok(())
    }

    async fn first(&self, filter: (&'static str, &'static str), asked: &[&str]) -> Result<Page> {
        self.checks.run().first(&self.api.employees(filter, asked)).await
    }

    /// The first request. It shows whether address, key and role are right.
    async fn active(&mut self) -> Result<Option<Page>> {
        let page = self.first(("status", "active"), &self.need.members).await;
        if page.as_ref().is_err_and(|error| error.status() == Some(404)) {
            return page.map(Some);
        }
        let Some(page) = self.checks.need("active employees", page, ROLE)? else { return Ok(None) };
        let subject = "active employees";
        self.seen(&page, subject, || {
            Finding::warning(subject, "the key works and nobody is visible")
                .cost("a run would read nobody, and is refused if accounts are linked")
                .remedy(format!(
                    "{ROLE}; if the account is empty or has ended, connect the HR system that follows it"
                ))
        });
        Ok(Some(page))
    }

    /// How many people a listing has; the finding where it shows nobody.
    fn seen(&mut self, (rows, total): &Page, subject: &str, none: impl Fn() -> Finding) {
        self.checks.push(match total {
            _ if rows.is_empty() => none(),
            Some(total) => Finding::passed(subject, format!("{total} can be listed")),
            None => {
                let outcome = "on the first page; Freshteam does not say how many in all";
                Finding::passed(subject, format!("{} {outcome}", rows.len()))
            }
        });
    }

    /// The leavers.
    async fn inactive(&mut self) -> Result<Option<Page>> {
        let page = self.first(("status", "inactive"), &self.need.members).await;
        let Some(page) = self.checks.need("inactive employees", page, ROLE)? else { return Ok(None) };
        let subject = "inactive employees";
        self.seen(&page, subject, || {
            Finding::warning(subject, "none is visible")
                .cost("if anybody has ever left, leavers stay invisible to this key and keep their accounts")
                .remedy(ROLE)
        });
        Ok(Some(page))
    }

    /// The user whose key this is, as far as the settings say.
    async fn owner(&mut self) -> Result<()> {
        const SUBJECT: &str = "key's owner";
        let Some(owner) = self.api.config.key_owner.as_deref() else {
            let outcome = "not named, and Freshteam does not show it; with key_owner, a check warns before \
                that user leaves";
            self.checks.passed(SUBJECT, outcome);
            return Ok(());
        };
        let mut rows = Vec::new();
        for status in ["active", "inactive"] {
            match Asked::of(self.checks.run().first(&self.api.by_email(status, owner)).await)? {
                Asked::Answered((found, _)) => rows.extend(found),
                Asked::Refused(_) => {}
            }
        }
        let is_owner = |row: &&Person| {
            row.email.as_deref().value().is_some_and(|email| email.trim().eq_ignore_ascii_case(owner))
        };
        let finding = match rows.iter().find(is_owner) {
            None => Finding::warning(SUBJECT, "is not among the visible employees")
                .remedy("correct key_owner: it is the work e-mail of the user whose key this is"),
            Some(row) if has_left(row, self.checks.request().today()) || row.termination.is_value() => {
                Finding::warning(SUBJECT, "is leaving or has left")
                    .cost("the key may stop working, or see less")
                    .remedy("use the key of a dedicated user who stays")
            }
            Some(_) => Finding::passed(SUBJECT, "is active, without an end date"),
        };
        self.checks.push(finding);
        Ok(())
    }

    /// The custom fields, and sections that not everybody sees.
    async fn form(&mut self) -> Result<()> {
        let rows = whole(self.checks.run(), &self.api.form_fields()).await;
        let rows = match Asked::of(rows)? {
            Asked::Answered(rows) => rows,
            Asked::Refused(error) => {
                if !self.need.customs.is_empty() || self.need.all_customs {
                    let cost = "the custom fields could not be listed, so the mapping's were not checked";
                    self.checks.push(Finding::warning("/employee_fields", error).cost(cost).remedy(ROLE));
                }
                return Ok(());
            }
        };
        for key in &self.need.customs {
            let customs = || rows.iter().filter(|row| convert::is_custom(row));
            let names: Vec<&str> = customs().filter_map(|row| row.name.as_deref().value()).collect();
            if custom_fields_called(key, &names, |name| Some(*name)).len() == 1 {
                continue;
            }
            let near = nearest_custom_field(&SourceField::CustomName((*key).to_owned()), names);
            let labelled = customs().find(|row| row.label.as_deref() == Field::Value(*key));
            let remedy = match labelled.and_then(|row| row.name.as_deref().value()) {
                Some(name) => format!("this is the label of custom.{name}; use that name"),
                None => {
                    "correct the name: `fields` lists them; or show the field to the key's user".to_owned()
                }
            };
            let field = SourceField::CustomName((*key).to_owned());
            self.checks.no_such_field(&field, &near, &remedy);
        }
        self.sections(&rows);
        Ok(())
    }

    /// Sections of the form that are not shown to everybody, with the mapped fields in them.
    fn sections(&mut self, rows: &[FormField]) {
        let text = |field: &'_ Field<String>| field.as_deref().value().unwrap_or_default().to_owned();
        let groups = rows.iter().filter(|row| row.kind.as_deref() == Field::Value("field_group"));
        for group in groups.filter(|group| group.viewable_by.is_value()) {
            let viewers = text(&group.viewable_by);
            let label = text(&group.label);
            let inside = rows.iter().filter(|row| row.section.is_value() && text(&row.section) == label);
            let members: Vec<String> = inside.map(|row| text(&row.name)).collect();
            let dates = group.name.as_deref() == Field::Value("termination_info");
            let mut mapped: Vec<String> = self
                .need
                .customs
                .iter()
                .chain(&self.need.members)
                .filter(|key| members.iter().any(|member| member == *key))
                .map(|key| format!("custom.{key}"))
                .collect();
            if dates || members.iter().any(|member| member == "termination_date") {
                mapped.push("end_date".to_owned());
            }
            if viewers != "all" && !mapped.is_empty() {
                let subject = format!("section {label}");
                let outcome = format!("shown to {viewers}; it holds {}", mapped.join(", "));
                let level = if viewers == "self" { Level::Warning } else { Level::Passed };
                let mut finding = Finding::new(level, subject, outcome);
                if level == Level::Warning {
                    finding = finding
                        .cost("the key may see no values there; accounts keep what they have")
                        .remedy("change who sees it: Settings › Profile Fields › Employee Record")
                        .withholding();
                }
                self.checks.push(finding);
            }
        }
    }

    /// The lists of units.
    async fn units(&mut self) -> Result<()> {
        for of in self.need.units.clone() {
            let answer = self.checks.run().first(&self.api.units(of)).await.map(|(_, total)| total);
            let cost = "these names cannot be read; accounts keep what they have";
            self.checks.list(format!("/{}", of.0), answer, cost, ROLE)?;
        }
        Ok(())
    }

    /// One person's own record, where the mapping needs everybody's.
    async fn record(&mut self, active: &[Person]) -> Result<()> {
        let id = active.iter().find_map(|row| row.notes.id.as_deref());
        let Some(id) = id.filter(|_| self.need.details) else { return Ok(()) };
        let answer = self.api.record(self.checks.run(), &id.into(), &self.need).await;
        let subject = "an employee's own record";
        let Some(person) = self.checks.need(subject, answer, ROLE)? else { return Ok(()) };
        let mut absent: Vec<&str> = Vec::new();
        let told = |name: &str| person.notes.asked.iter().any(|(known, _)| **known == *name);
        absent.extend(self.need.members.iter().copied().filter(|name| !told(name)));
        if self.need.roles && person.roles == Field::NotProvided {
            absent.push("roles");
        }
        let custom = person.custom == Field::NotProvided && person.custom_too == Field::NotProvided;
        if custom && !self.need.customs.is_empty() {
            absent.push("custom_field_values");
        }
        let finding = if absent.is_empty() {
            Finding::passed(subject, "can be read")
        } else {
            let outcome = format!("of the first employee lacks {}", absent.join(", "));
            Finding::warning(subject, outcome)
                .cost("if nobody's record has it, accounts keep what they have")
                .withholding()
        };
        self.checks.push(finding);
        Ok(())
    }

    /// How many requests a run takes.
    fn pace(&mut self, totals: Vec<Option<u64>>) {
        let totals: Option<Vec<u64>> = totals.into_iter().collect();
        let limit = self.api.limit();
        let Some((cost, limit)) = totals.and_then(|totals| self.api.cost_of(&self.need, &totals)).zip(limit)
        else {
            let outcome = "unknown: Freshteam does not say how many people or requests there may be";
            self.checks.passed("cost of a run", outcome);
            return;
        };
        let Cost { per_minute, .. } = cost;
        let outcome = format!("{cost} ({per_minute} of the account's {limit} are ours to use)");
        let mut finding = Finding::passed("cost of a run", outcome);
        let named = self.checks.request().named_fields().filter(|field| convert::is_detail(field));
        let named: Vec<String> = named.map(ToString::to_string).collect();
        if !named.is_empty() {
            finding = finding.cost(format!(
                "one request a person is for {}; without it a run takes a page for every {} people",
                named.join(", "),
                self.api.rows_a_page()
            ));
        }
        self.checks.push(finding);
    }
}
