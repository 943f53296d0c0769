//! The questions of a preflight, and their findings in one wording.

use super::{CustomField, Meant, Run};
use crate::http::Asked;
use crate::{
    Capabilities, Employee, Error, Finding, Organisation, Preflight, ReadRequest, Result, SourceField,
    StandardField,
};

/// What a custom field costs that the vendor does not have.
const NOTHING_READ: &str = "nothing is read before it is corrected";

/// Collects what a preflight finds.
#[derive(Debug)]
pub struct Checks<'r> {
    run: Run<'r>,
    fields: Vec<StandardField>,
    found: Preflight,
}

impl<'r> Checks<'r> {
    pub(super) fn new(run: Run<'r>, capabilities: &Capabilities) -> Self {
        let fields = capabilities.fields.iter().filter(|field| field.readable);
        Self { run, fields: fields.map(|field| field.field).collect(), found: Preflight::new() }
    }

    pub(super) fn into_preflight(self) -> Preflight {
        self.found
    }

    /// The reading whose requests are tried.
    #[must_use]
    pub fn run(&self) -> &Run<'r> {
        &self.run
    }

    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> &'r ReadRequest {
        self.run.request()
    }

    /// Names the organisation: its id and, where it is known, its name. Returns what a finding calls it.
    pub fn organisation(&mut self, id: impl Into<String>, name: impl Into<String>) -> String {
        let name = name.into();
        let named = if name.is_empty() { "its name is not given".to_owned() } else { name.clone() };
        self.found.organisation = Some(Organisation::new(id, name));
        named
    }

    /// That the credential may do more than anything here needs.
    pub fn too_much(&mut self, subject: &str, credential: &str, more: &[&str], remedy: Option<&str>) {
        if more.is_empty() {
            return;
        }
        let outcome = format!("the {credential} also has {}, which nothing here needs", more.join(", "));
        let finding = Finding::warning(subject, outcome).cost("a stolen token could do more harm");
        self.push(match remedy {
            Some(remedy) => finding.remedy(remedy),
            None => finding,
        });
    }

    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.found.push(finding);
    }

    /// Adds a finding that all is well.
    pub fn passed(&mut self, subject: impl Into<String>, outcome: impl std::fmt::Display) {
        self.push(Finding::passed(subject, outcome));
    }

    /// Whether the connection is encrypted. The kit asks this itself, before anything is sent.
    pub(super) fn address(&mut self, subject: &'static str, encrypted: &str, is_plain: bool) {
        self.push(match is_plain {
            false => Finding::passed(subject, encrypted),
            true => Finding::warning(subject, "plain http to this machine; for tests only"),
        });
    }

    /// Whether a list beside the people may be read. A refusal withholds what it is for: `cost` says what that means,
    /// and `remedy` what to do.
    ///
    /// # Errors
    /// A refused credential, and no answer at all.
    pub fn list(
        &mut self,
        subject: impl Into<String>,
        answer: Result<Option<u64>>,
        cost: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Result<()> {
        let finding = match Asked::of(answer)? {
            Asked::Answered(Some(rows)) => Finding::passed(subject, format!("{rows} records")),
            Asked::Answered(None) => Finding::passed(subject, "can be read"),
            Asked::Refused(error) => Finding::warning(subject, error).cost(cost).remedy(remedy).withholding(),
        };
        self.push(finding);
        Ok(())
    }

    /// What was answered; `None` where it was refused, with the finding that `refused` makes of the refusal.
    ///
    /// # Errors
    /// A refused credential, and no answer at all.
    pub fn ask<T>(
        &mut self,
        answer: Result<T>,
        refused: impl FnOnce(&Error) -> Finding,
    ) -> Result<Option<T>> {
        Ok(match Asked::of(answer)? {
            Asked::Answered(answer) => Some(answer),
            Asked::Refused(error) => {
                self.push(refused(&error));
                None
            }
        })
    }

    /// As [`Checks::ask`], of something without which nobody can be read.
    ///
    /// # Errors
    /// As there.
    pub fn need<T>(
        &mut self,
        subject: impl Into<String>,
        answer: Result<T>,
        remedy: impl Into<String>,
    ) -> Result<Option<T>> {
        self.ask(answer, |error| {
            Finding::missing(subject, error).cost("nobody can be read, and nothing is changed").remedy(remedy)
        })
    }

    /// That the definitions of custom fields may not be read: a run goes without them.
    pub fn no_custom_fields(&mut self, subject: &str, error: &Error, remedy: impl Into<String>) {
        let names: Vec<String> = self.request().custom_fields().map(ToString::to_string).collect();
        let what = if names.is_empty() { "custom fields".to_owned() } else { names.join(", ") };
        let cost = format!("{what} cannot be read; accounts keep what they have");
        self.push(Finding::warning(subject, error).cost(cost).remedy(remedy));
    }

    /// Whether each custom field that is asked for is there, and meant by one name. `defined` is what the vendor
    /// answered, and `meant` says which of these a request means. `hidden` says what to do where the definitions may
    /// not be read, and `lacking` how to make a missing field visible. Returns how many are read; `None` where nothing
    /// can be read.
    ///
    /// # Errors
    /// A refused credential, and no answer at all.
    pub fn custom_fields(
        &mut self,
        subject: &str,
        defined: Result<Vec<CustomField>>,
        meant: Meant,
        hidden: &str,
        lacking: &str,
    ) -> Result<Option<usize>> {
        let defined = match Asked::of(defined)? {
            Asked::Answered(defined) => defined,
            Asked::Refused(error) => {
                self.no_custom_fields(subject, &error, hidden);
                return Ok(None);
            }
        };
        let fields = meant(&defined, self.request());
        for field in fields.lacking() {
            self.no_such_field(field, &fields.near(field), lacking);
        }
        Ok(match fields.wanted() {
            Ok(wanted) => {
                let outcome = format!("{} of {} custom fields are read", wanted.len(), fields.defined());
                self.passed(subject, outcome);
                Some(wanted.len())
            }
            Err(error) => {
                let cost = "the mapping is ambiguous, so nothing is read";
                self.push(Finding::missing(subject, error).cost(cost));
                None
            }
        })
    }

    /// That a custom field of the mapping is not there. `near` names the nearest one, as the end of a sentence.
    pub fn no_such_field(&mut self, field: &SourceField, near: &str, remedy: &str) {
        let outcome = format!("no such custom field can be seen{near}");
        let finding = Finding::missing(format!("field {field}"), outcome);
        self.found.unknown.push(finding.cost(NOTHING_READ).remedy(remedy));
    }

    /// Of each field that is asked for and that the vendor has, how many people of a sample show it; of those in
    /// `elsewhere`, which do not stand on a person's own record, nothing, and as little of the id and the status, which
    /// everybody has. `remedy` says how to make a field visible. Work e-mails are looked at more closely: without one
    /// nobody gets an account.
    pub fn coverage(
        &mut self,
        people: &[Employee],
        elsewhere: &[StandardField],
        remedy: impl Fn(StandardField) -> String,
    ) {
        if people.is_empty() {
            return self.push(Finding::warning("people", "nobody is visible"));
        }
        let of = people.len();
        for field in StandardField::ALL.iter().copied() {
            let always = [StandardField::Id, StandardField::Status];
            let is_apart = always.contains(&field) || elsewhere.contains(&field);
            if is_apart || !self.fields.contains(&field) || !self.request().wants(field) {
                continue;
            }
            let seen = people.iter().filter(|person| person.presence(field).is_visible()).count();
            let filled = people.iter().filter(|person| person.presence(field).is_value()).count();
            let subject = format!("field {field}");
            let outcome = format!("{filled} of the first {of} people have a value");
            let finding = match (field, filled) {
                (StandardField::Email, 0) => Finding::missing(subject, outcome)
                    .cost("nobody can get an account without an e-mail address")
                    .remedy(remedy(field)),
                (StandardField::Email, few) if few < of => Finding::warning(subject, outcome)
                    .cost("the others get no account")
                    .remedy("fill in their work e-mails in the HR system"),
                _ if seen == 0 => Finding::warning(subject, "it cannot be seen of any of the first people")
                    .cost("accounts keep what they have; as a match key it matches nobody")
                    .remedy(remedy(field))
                    .withholding(),
                (StandardField::EmployeeNumber, 0) => {
                    Finding::warning(subject, "nobody has a value").cost("as a match key it matches nobody")
                }
                (_, 0) => Finding::passed(subject, "nobody has a value"),
                _ => Finding::passed(subject, outcome),
            };
            self.push(finding);
        }
    }
}
