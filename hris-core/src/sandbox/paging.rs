//! Faults that twist the paging itself: answered by asking the world for other pages.

use serde_json::{Value, json};

use super::{Answer, Envelope, Fault, Received, Rng, World};

/// More pages than any list of a fake has.
const PAGES: usize = 100_000;

/// The world's answer, with the rows of other pages where a fault says so.
pub(super) fn answer<W: World>(world: &mut W, request: &Received, faults: &[Fault]) -> Answer {
    let envelope = world.envelope();
    let first = envelope.at(request, 0);
    let ignored = faults.iter().any(|fault| matches!(fault, Fault::IgnoreSkip));
    let request = if ignored { &first } else { request };
    let mut answer = world.answer(request);
    for fault in faults {
        match fault {
            Fault::Endless => endless(world, &envelope, request, &mut answer),
            Fault::ExtraRows(more) => extra(world, &envelope, request, &mut answer, *more),
            Fault::RepeatPage => {
                let rows = page(world, &envelope, &first);
                put(&envelope, &mut answer, rows);
            }
            Fault::Shuffle => shuffle(world, &envelope, request, &mut answer),
            _ => {}
        }
    }
    answer
}

/// The rows of one page; `None` when the answer is no page.
fn page<W: World>(world: &mut W, envelope: &Envelope, request: &Received) -> Option<Vec<Value>> {
    let answer = world.answer(request);
    let mut body = serde_json::from_slice(&answer.body).ok().filter(|_| answer.is_success())?;
    envelope.rows_of(&mut body).map(std::mem::take)
}

/// The rows from one position on, page by page, until so many are there or no more come.
fn from<W: World>(
    world: &mut W,
    envelope: &Envelope,
    request: &Received,
    skip: usize,
    enough: usize,
) -> Vec<Value> {
    let mut rows: Vec<Value> = Vec::new();
    for _ in 0..PAGES {
        let next = page(world, envelope, &envelope.at(request, skip + rows.len())).unwrap_or_default();
        let last = next.is_empty() || envelope.paging.is_none();
        rows.extend(next);
        if last || rows.len() >= enough {
            break;
        }
    }
    rows.truncate(enough);
    rows
}

/// Puts rows into an answer that is a page.
fn put(envelope: &Envelope, answer: &mut Answer, rows: Option<Vec<Value>>) {
    let body = serde_json::from_slice(&answer.body).ok().filter(|_| answer.is_success());
    if let (Some(mut body), Some(rows)) = (body, rows)
        && let Some(place) = envelope.rows_of(&mut body)
    {
        *place = rows;
        answer.body = body.to_string().into_bytes();
    }
}

fn extra<W: World>(world: &mut W, envelope: &Envelope, request: &Received, answer: &mut Answer, more: usize) {
    let size = envelope.size(request);
    let Some(mut rows) = page(world, envelope, request) else { return };
    if envelope.paging.is_some() {
        rows.extend(from(world, envelope, request, envelope.skip(request) + size, more));
    }
    put(envelope, answer, Some(rows));
}

fn endless<W: World>(world: &mut W, envelope: &Envelope, request: &Received, answer: &mut Answer) {
    let all = from(world, envelope, request, 0, usize::MAX);
    let (skip, size) = (envelope.skip(request), envelope.size(request));
    let begin = skip.checked_rem(all.len()).unwrap_or(0);
    let total = skip.saturating_add(size).saturating_add(all.len());
    put(envelope, answer, Some(all.into_iter().cycle().skip(begin).take(size).collect()));
    if let Ok(mut body) = serde_json::from_slice(&answer.body) {
        envelope.set_total(answer, &mut body, Some(json!(total)), request);
        answer.body = body.to_string().into_bytes();
    }
}

fn shuffle<W: World>(world: &mut W, envelope: &Envelope, request: &Received, answer: &mut Answer) {
    let mut all = from(world, envelope, request, 0, usize::MAX);
    Rng::new(request.number).shuffle(&mut all);
    let (skip, size) = match envelope.paging {
        Some(_) => (envelope.skip(request), envelope.size(request)),
        None => (0, usize::MAX),
    };
    put(envelope, answer, Some(all.into_iter().skip(skip).take(size).collect()));
}
