//! Employments: one element a write, with our own ids for new ones.

use std::collections::BTreeMap;

use hris_core::{Date, EmployeeId, Field, Result, Timestamp};

use super::change::Wanted;
use super::mark::{Allowed, canonical_text};
use super::{Pending, Seen, What, Work, Writing, is_unclear, rejected, unproven};
use crate::config::Config;
use crate::convert::{Lists, Span, primary, today_in};
use crate::wire::Employment;

/// One employment as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Element {
    id: String,
    is_new: bool,
    members: BTreeMap<&'static str, String>,
}

/// Employments to be written, and the existing ones.
pub(super) struct Planned {
    work: Work,
    elements: Elements,
}

/// Employments to be written, by their ids.
type Elements = BTreeMap<String, Element>;

impl Writing<'_> {
    /// What must be written so that a person's employments have the requested dates.
    pub(super) fn plan(
        &self,
        id: &EmployeeId,
        work: Work,
        wanted: &Wanted,
        at: Option<Timestamp>,
    ) -> Result<Planned> {
        let country = self.state.lists.as_ref().and_then(Lists::country);
        let today = at.map(|at| today_in(country, at));
        let elements = plan(id, &work.employments, wanted, today, self.settings)?;
        Ok(Planned { work, elements })
    }

    /// Writes one employment after the other. Returns all of them afterwards.
    pub(super) async fn employ(&mut self, id: &EmployeeId, planned: Planned) -> Result<Work> {
        let mut work = planned.work;
        for element in planned.elements.values() {
            work = self.write(id, work, element).await?;
        }
        Ok(work)
    }

    /// Sends one employment, and compares all of them afterwards.
    async fn write(&mut self, id: &EmployeeId, work: Work, element: &Element) -> Result<Work> {
        let body = element.body(self.settings);
        let names = body.keys().map(|member| format!("{}.{member}", element.id));
        let allowed =
            Allowed { members: names.collect(), prefix: element.is_new.then(|| format!("{}.", element.id)) };
        self.state.pending =
            Some(Pending { id: id.clone(), what: What::Employments, before: work.marks, allowed });
        let mut sent = self.calls.write_employment(id, &body).await;
        let unclear = is_unclear(&sent);
        if unclear {
            // With our own id, sending the same element twice is harmless.
            let now = self.work(id).await.map_err(unproven)?;
            sent = match now.employments.iter().any(|known| element.is_in(known)) {
                true => Ok(()),
                false => self.calls.write_employment(id, &body).await,
            };
        }
        if let Err(error) = sent {
            if !unclear {
                self.state.pending = None;
            }
            return Err(error);
        }
        match self.settle(id).await? {
            Some(Seen::Work(work)) => Ok(work),
            _ => self.work(id).await,
        }
    }
}

impl Element {
    fn new(id: String, is_new: bool) -> Self {
        Self { id, is_new, members: BTreeMap::new() }
    }

    fn body(&self, settings: &Config) -> BTreeMap<String, String> {
        let mut body = BTreeMap::new();
        if self.is_new {
            body.insert("primary_employment".to_owned(), "1".to_owned());
            body.extend(settings.employment_defaults.clone());
        }
        body.extend(self.members.iter().map(|(member, value)| ((*member).to_owned(), value.clone())));
        body.insert("employment_id".to_owned(), self.id.clone());
        body
    }

    /// Whether an employment has these dates already.
    fn is_in(&self, employment: &Employment) -> bool {
        let has = |member: &str, known: &Field<String>| {
            self.members.get(member).is_none_or(|wanted| {
                canonical_text(member, known.as_deref().value().unwrap_or_default()) == *wanted
            })
        };
        employment.notes.id.as_ref() == Some(&self.id)
            && has("startdate", &employment.start)
            && has("enddate", &employment.end)
    }
}

/// The employments that must be written for the requested dates.
fn plan(
    id: &EmployeeId,
    known: &[Employment],
    wanted: &Wanted,
    today: Option<Date>,
    settings: &Config,
) -> Result<Elements> {
    let spans: Vec<Span> = known.iter().map(Span::of).collect();
    if spans.iter().any(|span| span.spoiled_start || span.has_spoiled_end()) {
        return Err(rejected(
            "employments: one of them has a date that cannot be read; correct it in 24SevenOffice first",
        ));
    }
    let mut elements = Elements::new();
    if let Some(start) = wanted.start {
        let element = begin(id, known, &spans, start, today)?;
        elements.extend(element.map(|element| (element.id.clone(), element)));
    }
    match wanted.end {
        Some(Some(end)) => finish(&mut elements, known, &spans, end, settings)?,
        Some(None) => reopen(&mut elements, known, &spans, today)?,
        None => {}
    }
    Ok(elements)
}

/// A start date: of a new person, of a person who comes back, or a corrected one.
fn begin(
    id: &EmployeeId,
    known: &[Employment],
    spans: &[Span],
    start: Date,
    today: Option<Date>,
) -> Result<Option<Element>> {
    let ended = spans.iter().map(|span| span.end.value()).collect::<Option<Vec<Date>>>();
    let again = ended.and_then(|ends| ends.into_iter().max()).is_none_or(|last| start > last);
    let all_ended = spans.iter().all(|span| !span.is_open());
    if all_ended && again {
        let mut element = Element::new(next_id(id, known), true);
        element.members.insert("startdate", start.to_string());
        return Ok(Some(element));
    }
    let Some(place) = primary(known, today) else { return Ok(None) };
    if spans.get(place).is_some_and(|span| span.start == Some(start)) {
        return Ok(None);
    }
    let end = spans.get(place).and_then(|span| span.end.value());
    if end.is_some_and(|end| end < start) {
        return Err(rejected("start_date: lies after the end of the employment"));
    }
    let mut element = Element::new(id_of(known, place)?, false);
    element.members.insert("startdate", start.to_string());
    Ok(Some(element))
}

/// An end date: of every employment that is open on that day; else it moves the last end.
fn finish(
    elements: &mut Elements,
    known: &[Employment],
    spans: &[Span],
    end: Date,
    settings: &Config,
) -> Result<()> {
    let reason = settings.enddate_reason.clone().unwrap_or_default();
    let close = |element: &mut Element| {
        element.members.insert("enddate", end.to_string());
        element.members.insert("enddate_reason", reason.clone());
    };
    let begun =
        |element: &Element| element.members.get("startdate").is_none_or(|start| *start <= end.to_string());
    if let Some(element) = elements.values_mut().find(|element| element.is_new) {
        if !begun(element) {
            return Err(rejected("end_date: lies before the start"));
        }
        close(element);
        return Ok(());
    }
    let open = |span: &Span| span.is_open();
    let places: Vec<usize> = if spans.iter().any(open) {
        let fits = |span: &Span| open(span) && span.start.is_none_or(|start| start <= end);
        (0..spans.len()).filter(|place| spans.get(*place).is_some_and(fits)).collect()
    } else {
        let last = spans.iter().filter_map(|span| span.end.value()).max();
        if last == Some(end) {
            return Ok(());
        }
        let fits = |span: &Span| span.end.value() == last && span.start.is_none_or(|start| start <= end);
        (0..spans.len()).filter(|place| spans.get(*place).is_some_and(fits)).collect()
    };
    if places.is_empty() {
        return Err(rejected("end_date: no employment is open on that day"));
    }
    for place in places {
        close(element(elements, id_of(known, place)?));
    }
    if elements.values().any(|element| element.members.contains_key("enddate") && !begun(element)) {
        return Err(rejected("end_date: lies before the start"));
    }
    Ok(())
}

/// No end date: a person who was about to leave stays. An employment that is over is not reopened.
fn reopen(elements: &mut Elements, known: &[Employment], spans: &[Span], today: Option<Date>) -> Result<()> {
    if spans.iter().any(Span::is_open) || elements.values().any(|element| element.is_new) {
        return Ok(());
    }
    let Some(last) = spans.iter().filter_map(|span| span.end.value()).max() else { return Ok(()) };
    if today.is_none_or(|today| last < today) {
        return Err(rejected(
            "end_date: the employment is over and is not reopened; for a person who comes back, give the new \
             start date",
        ));
    }
    for place in 0..spans.len() {
        if spans.get(place).is_some_and(|span| span.end.value() == Some(last)) {
            let element = element(elements, id_of(known, place)?);
            element.members.insert("enddate", String::new());
            element.members.insert("enddate_reason", String::new());
        }
    }
    Ok(())
}

/// The element of this employment. It is added if it is missing.
fn element(elements: &mut Elements, id: String) -> &mut Element {
    elements.entry(id.clone()).or_insert_with(|| Element::new(id, false))
}

fn id_of(known: &[Employment], place: usize) -> Result<String> {
    known
        .get(place)
        .and_then(|employment| employment.notes.id.clone())
        .ok_or_else(|| rejected("employments: the one to be changed has no id in 24SevenOffice"))
}

/// The next free id of our own making: `{empId}-1` and so on.
fn next_id(id: &EmployeeId, known: &[Employment]) -> String {
    let taken =
        |candidate: &String| known.iter().any(|employment| employment.notes.id.as_ref() == Some(candidate));
    let mut suffix = 1_u32;
    loop {
        let candidate = format!("{id}-{suffix}");
        if !taken(&candidate) {
            return candidate;
        }
        suffix = suffix.saturating_add(1);
    }
}
