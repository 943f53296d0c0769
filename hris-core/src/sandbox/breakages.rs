//! The faults of the conformance suite, as this kit breaks a vendor.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Fault, Injection, RetryAfter, Server, World};
use crate::EmployeeId;
use crate::conformance::{Fault as Wanted, LookupFault};

/// How many people a page has in the conformance suite.
const PAGE: usize = 3;
/// More than a client reads, in the suite as elsewhere.
const HUGE: usize = 65 << 20;

/// What a vendor's harness says about its vendor, so that most faults of the suite need no code of
/// its own.
///
/// ```
/// # use hris_core::{conformance, sandbox::{Breakages, Server, World}};
/// # fn example<W: World>(vendor: &Server<W>, fault: conformance::Fault) -> Result<(), String> {
/// let breakages = Breakages::of("/people")
///     .beside("/job-roles")
///     .status_member("status")
///     .date_members(&["employmentStartDate"]);
/// // In `Stage::break_with`, after what is peculiar to the vendor:
/// breakages.apply(vendor, fault)
/// # }
/// // In `Stage::break_lookup`: `breakages.apply_lookup(vendor, id, fault)`.
/// ```
#[must_use]
pub struct Breakages<W> {
    people: String,
    beside: Option<String>,
    status: Option<String>,
    dates: Vec<String>,
    add: Option<Change<W>>,
    remove: Option<Change<W>>,
}

type Change<W> = Arc<dyn Fn(&mut W) + Send + Sync>;

impl<W: World> Breakages<W> {
    /// The list of people is at this path.
    pub fn of(people: impl Into<String>) -> Self {
        Self { people: people.into(), beside: None, status: None, dates: Vec::new(), add: None, remove: None }
    }

    /// A list that is fetched beside the people is at this path.
    pub fn beside(mut self, path: impl Into<String>) -> Self {
        self.beside = Some(path.into());
        self
    }

    /// The member of a person's row that holds the status.
    pub fn status_member(mut self, name: impl Into<String>) -> Self {
        self.status = Some(name.into());
        self
    }

    /// The members of a person's row that hold the first day.
    pub fn date_members(mut self, names: &[&str]) -> Self {
        self.dates = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// How somebody is added while the list is read.
    pub fn adding(mut self, change: impl Fn(&mut W) + Send + Sync + 'static) -> Self {
        self.add = Some(Arc::new(change));
        self
    }

    /// How somebody is removed while the list is read.
    pub fn removing(mut self, change: impl Fn(&mut W) + Send + Sync + 'static) -> Self {
        self.remove = Some(Arc::new(change));
        self
    }

    /// Breaks a vendor in this way from now on.
    ///
    /// # Errors
    /// Why this vendor cannot break so: the reason for skipping the case.
    pub fn apply(&self, vendor: &Server<W>, fault: Wanted) -> Result<(), String> {
        let injections = self.injections(vendor, fault)?;
        injections.into_iter().for_each(|injection| vendor.inject(injection));
        Ok(())
    }

    /// Breaks the answer about one person in this way from now on. The record is beneath the list: at its path,
    /// a slash and the id.
    ///
    /// # Errors
    /// Why this vendor cannot break so: the reason for skipping the case.
    pub fn apply_lookup(
        &self,
        vendor: &Server<W>,
        id: &EmployeeId,
        fault: LookupFault,
    ) -> Result<(), String> {
        let path = format!("{}/{id}", self.people);
        let body = |text: &str| Fault::Body(text.as_bytes().to_vec());
        let (own, other) = (id.to_string(), another(id));
        let what = match fault {
            LookupFault::ServerErrorOnce | LookupFault::ServerErrors => Fault::Status(500),
            LookupFault::TruncatedOnce | LookupFault::Truncated => Fault::Truncated,
            LookupFault::ThrottledOnce => Fault::RateLimited(RetryAfter::Text("0".to_owned())),
            LookupFault::BadRequest => Fault::Status(400),
            LookupFault::Unauthorised => Fault::Status(401),
            LookupFault::Forbidden => Fault::Status(403),
            LookupFault::ForbiddenPage => Fault::HtmlStatus(403),
            LookupFault::NotFoundPage => Fault::HtmlStatus(404),
            LookupFault::Gone => Fault::Status(410),
            LookupFault::Unprocessable => Fault::Status(422),
            LookupFault::LegalReasons => Fault::Status(451),
            LookupFault::ThrottledForADay => Fault::RateLimited(RetryAfter::Text("86400".to_owned())),
            LookupFault::BadGateway => Fault::HtmlStatus(502),
            LookupFault::Disconnected => Fault::Disconnect,
            LookupFault::Accepted => Fault::Status(202),
            LookupFault::NoContent => Fault::Status(204),
            LookupFault::NotModified => Fault::Status(304),
            LookupFault::RedirectElsewhere => Fault::Redirect(302, format!("http://127.0.0.1:9{path}")),
            LookupFault::LoginPage => Fault::LoginPage,
            LookupFault::LoginPageAsJson => Fault::LoginPageAsJson,
            LookupFault::InvalidJson => Fault::InvalidJson,
            LookupFault::TrailingGarbage => Fault::TrailingGarbage,
            LookupFault::EmptyBody => body(""),
            LookupFault::NullBody => body("null"),
            LookupFault::EmptyObject => body("{}"),
            LookupFault::EmptyList => body("[]"),
            LookupFault::ErrorWithSuccess => Fault::ErrorBody(500),
            LookupFault::HugeBody => Fault::HugeBody(HUGE),
            LookupFault::AnotherPerson => Fault::edit(move |body| each_value(body, &own, Some(&other))),
            LookupFault::RecordWithoutId => Fault::edit(move |body| each_value(body, &own, None)),
        };
        let is_once = matches!(
            fault,
            LookupFault::ServerErrorOnce | LookupFault::TruncatedOnce | LookupFault::ThrottledOnce
        );
        let injection = what.on(path);
        vendor.inject(if is_once { injection.once() } else { injection });
        Ok(())
    }

    fn injections(&self, vendor: &Server<W>, fault: Wanted) -> Result<Vec<Injection<W>>, String> {
        let envelope = vendor.change(|world| world.envelope());
        let people = |fault: Fault| fault.on(&self.people);
        let once = |fault: Fault| people(fault).once();
        // Of lists that come whole, the only page.
        let at = |page: usize, fault: Fault| {
            people(fault).at_skip(if envelope.paging.is_some() { (page - 1) * PAGE } else { 0 })
        };
        let text = envelope.text;
        let throttled = |wait: &str| Fault::RateLimited(RetryAfter::Text(wait.to_owned()));
        match fault {
            Wanted::RevokedBetweenPages
            | Wanted::PageRepeated
            | Wanted::OffsetIgnored
            | Wanted::EmptyPageEarly
            | Wanted::ShortPageInTheMiddle
                if envelope.paging.is_none() =>
            {
                return Err("this vendor's lists have no pages".to_owned());
            }
            Wanted::TotalTooHigh
            | Wanted::TotalTooLow
            | Wanted::TotalMissing
            | Wanted::TotalIsText
            | Wanted::TotalNegative
            | Wanted::TotalGrows
            | Wanted::RowReplaced
                if envelope.total.is_none() =>
            {
                return Err("this vendor's lists have no total".to_owned());
            }
            _ => {}
        }
        Ok(vec![match fault {
            Wanted::Unauthorised => Fault::Status(401).into(),
            Wanted::RevokedBetweenPages => once(Fault::Revoke),
            Wanted::Forbidden => people(Fault::Status(403)),
            Wanted::SecondaryForbidden => Fault::Status(403).on(self.secondary()?),
            Wanted::SecondaryDown => Fault::Status(500).on(self.secondary()?),
            Wanted::ListNotFound => people(Fault::Status(404)),
            Wanted::BadRequest => people(Fault::Status(400)),
            Wanted::ServerErrorOnce => once(Fault::Status(500)),
            Wanted::ServerErrors => people(Fault::Status(500)),
            Wanted::BadGatewayOnce => once(Fault::HtmlStatus(502)),
            Wanted::BusyOnce => {
                let header = Fault::Header("Retry-After".to_owned(), "0".to_owned());
                return Ok(vec![once(Fault::Status(503)), once(header)]);
            }
            Wanted::RequestTimeoutOnce => once(Fault::Status(408)),
            Wanted::ThrottledOnce => once(throttled("0")),
            Wanted::ThrottledSilentlyOnce => once(Fault::RateLimited(RetryAfter::Missing)),
            Wanted::ThrottledGarbageOnce => once(Fault::RateLimited(RetryAfter::Malformed)),
            Wanted::ThrottledForADay => people(throttled("86400")),
            Wanted::ThrottledForEver => people(throttled("0")),
            Wanted::Created => people(Fault::Status(201)),
            Wanted::Accepted => people(Fault::Status(202)),
            Wanted::NoContent => people(Fault::Status(204)),
            Wanted::PartialContent => people(Fault::Status(206)),
            Wanted::NotModified => people(Fault::Status(304)),
            // Port 9 discards what it gets, where it is open at all.
            Wanted::RedirectElsewhere => {
                people(Fault::Redirect(302, format!("http://127.0.0.1:9{}", self.people)))
            }
            Wanted::RedirectLoop => people(Fault::Redirect(302, format!("{}{}", vendor.url(), self.people))),
            Wanted::LoginPage => people(Fault::LoginPage),
            Wanted::LoginPageAsJson => people(Fault::LoginPageAsJson),
            Wanted::TruncatedOnce => once(Fault::Truncated),
            Wanted::Truncated => people(Fault::Truncated),
            Wanted::InvalidJson => people(Fault::InvalidJson),
            Wanted::TrailingGarbage => people(Fault::TrailingGarbage),
            Wanted::InvalidUtf8 => people(Fault::InvalidUtf8),
            Wanted::EmptyBody => people(Fault::Body(Vec::new())),
            Wanted::NullBody => people(Fault::Body(b"null".to_vec())),
            Wanted::EmptyObject => people(Fault::Body(b"{}".to_vec())),
            Wanted::WrongEnvelope => people(Fault::WrongEnvelope),
            Wanted::ListOfAnotherType => people(Fault::Data(json!("nobody"))),
            Wanted::ErrorWithSuccess => people(Fault::ErrorBody(500)),
            Wanted::DeepNesting => people(Fault::DeepNesting(100_000)),
            Wanted::HugeBody => people(Fault::HugeBody(HUGE)),
            Wanted::DecompressionBomb => people(Fault::GzipBomb(HUGE + (15 << 20))),
            Wanted::UnknownEncoding => people(Fault::Encoding("br-ng".to_owned())),
            Wanted::TotalTooHigh => people(Fault::TotalOff(3)),
            Wanted::TotalTooLow => people(Fault::TotalOff(-3)),
            Wanted::TotalMissing => people(Fault::NoTotal),
            Wanted::TotalIsText => people(Fault::Total(json!("many"))),
            Wanted::TotalNegative => people(Fault::Total(json!(-1))),
            Wanted::TotalGrows => people(Fault::GrowingTotal),
            Wanted::RowRepeated => at(3, Fault::RepeatRow),
            Wanted::RowContradicted => at(3, Fault::RepeatRowChanged),
            Wanted::RowReplaced => at(2, Fault::DuplicateRowChanged),
            Wanted::PageRepeated => at(2, Fault::RepeatPage),
            Wanted::OffsetIgnored => people(Fault::IgnoreSkip),
            Wanted::EmptyPageEarly => at(2, Fault::EmptyPage),
            Wanted::ShortPageInTheMiddle => at(2, Fault::ShortPage),
            Wanted::OrderChanges => people(Fault::Shuffle),
            Wanted::AddedWhileReading => self.meanwhile(self.add.as_ref())?,
            Wanted::RemovedWhileReading => self.meanwhile(self.remove.as_ref())?,
            Wanted::RecordWithoutId => at(2, Fault::RowWithoutId),
            Wanted::RecordMalformed => {
                at(2, Fault::edit_row(move |row| set(row, text, &json!({ "de": "Gerd" }))))
            }
            Wanted::UnknownStatus => {
                let member = self.status.clone().ok_or("the rows have no status")?;
                at(2, Fault::edit_row(move |row| set(row, &member, &json!("sabbatical"))))
            }
            Wanted::ImpossibleDate if self.dates.is_empty() => {
                return Err("the rows have no dates".to_owned());
            }
            Wanted::ImpossibleDate => {
                let members = self.dates.clone();
                let change = move |row: &mut serde_json::Value| {
                    members.iter().for_each(|member| set(row, member, &json!("2025-02-31")));
                };
                at(2, Fault::edit_row(change))
            }
            Wanted::ExtraMember => people(Fault::edit_rows(|row| {
                set(row, "somethingNew", &json!({ "deep": [1, 2, { "er": null }] }));
            })),
        }])
    }

    fn secondary(&self) -> Result<&str, String> {
        self.beside.as_deref().ok_or_else(|| "nothing is fetched beside the people".to_owned())
    }

    /// After the first page of people the world changes.
    fn meanwhile(&self, change: Option<&Change<W>>) -> Result<Injection<W>, String> {
        let change = Arc::clone(change.ok_or("the harness does not say how")?);
        Ok(Injection::then(move |world| change(world)).on(&self.people).once())
    }
}

impl<W> std::fmt::Debug for Breakages<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Breakages").field("people", &self.people).finish_non_exhaustive()
    }
}

/// An id of the same form that is somebody else's: its last digit or letter is another.
fn another(id: &EmployeeId) -> String {
    let mut text = id.to_string();
    let last = text.pop();
    text.push(if last == Some('1') { '2' } else { '1' });
    text
}

/// Replaces every value that is this id, as a text or a number, or takes its member away.
fn each_value(value: &mut Value, id: &str, other: Option<&str>) {
    let number = id.parse::<u64>().ok();
    let is_id = |value: &Value| value.as_str() == Some(id) || (number.is_some() && value.as_u64() == number);
    match value {
        Value::Object(members) => {
            if other.is_none() {
                members.retain(|_, value| !is_id(value));
            }
            members.values_mut().for_each(|value| each_value(value, id, other));
        }
        Value::Array(rows) => rows.iter_mut().for_each(|value| each_value(value, id, other)),
        value if is_id(value) => {
            let other = other.unwrap_or_default();
            *value = match other.parse::<u64>() {
                Ok(number) if value.is_u64() => json!(number),
                _ => json!(other),
            };
        }
        _ => {}
    }
}

fn set(row: &mut serde_json::Value, member: &str, value: &serde_json::Value) {
    if let Some(members) = row.as_object_mut() {
        members.insert(member.to_owned(), value.clone());
    }
}
