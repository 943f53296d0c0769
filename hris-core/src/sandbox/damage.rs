//! What faults do to an answer.

use serde_json::{Value, json};

use super::{Answer, CANARY, Envelope, Fault, Received, World, gzip};

const JSON: &str = "application/json; charset=utf-8";

/// Stands where deep nesting comes, which no value in memory should hold.
const DEEP: &str = "deep nesting comes here";

/// The answer of a fault that comes instead of the vendor's.
pub(super) fn replacement<W: World>(world: &W, request: &Received, fault: &Fault) -> Option<Answer> {
    Some(match fault {
        Fault::Body(bytes) => Answer::new(bytes.clone(), JSON),
        Fault::ErrorBody(status) => world.refuse(request, *status).status(200),
        Fault::GzipBomb(size) => Answer::new(gzip::blanks(*size), JSON).header("Content-Encoding", "gzip"),
        Fault::HtmlStatus(status) => Answer::page("Bad gateway").status(*status),
        Fault::LoginPage => Answer::page("Sign in to continue"),
        Fault::LoginPageAsJson => Answer::page("Sign in to continue").typed(Some(JSON)),
        Fault::RateLimited(retry_after) => too_many(world, request, retry_after, 1),
        Fault::Redirect(status, to) => Answer::empty(*status).header("Location", to),
        Fault::Status(status @ (204 | 205 | 304)) => Answer::empty(*status),
        Fault::Status(status) if *status >= 400 => world.refuse(request, *status),
        _ => return None,
    })
}

/// 429, to be tried again after so many seconds.
pub(super) fn too_many<W: World>(
    world: &W,
    request: &Received,
    retry_after: &super::RetryAfter,
    seconds: u64,
) -> Answer {
    let mut answer = world.refuse(request, 429);
    answer.set_header("Retry-After", retry_after.value(seconds));
    answer
}

/// Does to a good answer what the faults say, meaning before bytes.
pub(super) fn apply(answer: &mut Answer, envelope: &Envelope, request: &Received, faults: &[Fault]) {
    if faults.iter().any(changes_meaning)
        && let Ok(mut body) = serde_json::from_slice(&answer.body)
    {
        for fault in faults {
            change_meaning(answer, &mut body, envelope, request, fault);
        }
        answer.body = body.to_string().into_bytes();
    }
    for fault in faults {
        change_bytes(answer, fault);
    }
}

fn changes_meaning(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Data(_)
            | Fault::DeepNesting(_)
            | Fault::DuplicateRow
            | Fault::DuplicateRowChanged
            | Fault::Edit(_)
            | Fault::EditRow(_)
            | Fault::EditRows(_)
            | Fault::EmptyList
            | Fault::EmptyPage
            | Fault::NoData
            | Fault::NoTotal
            | Fault::RepeatRow
            | Fault::RepeatRowChanged
            | Fault::RowWithoutId
            | Fault::ShortPage
            | Fault::Total(_)
            | Fault::TotalOff(_)
            | Fault::WrongEnvelope
    )
}

fn change_meaning(
    answer: &mut Answer,
    body: &mut Value,
    envelope: &Envelope,
    request: &Received,
    fault: &Fault,
) {
    if let Fault::Edit(change) = fault {
        return (change.0)(body);
    }
    let total = envelope.total_of(answer, body).unwrap_or_default();
    let Some(rows) = envelope.rows_of(body) else { return };
    match fault {
        Fault::Data(value) => replace_rows(body, envelope, Some(value.clone())),
        Fault::DeepNesting(_) => {
            *rows = vec![json!(DEEP)];
            envelope.set_total(answer, body, Some(json!(1)), request);
        }
        Fault::EmptyList => {
            rows.clear();
            envelope.set_total(answer, body, Some(json!(0)), request);
        }
        Fault::NoData => replace_rows(body, envelope, None),
        Fault::NoTotal => envelope.set_total(answer, body, None, request),
        Fault::Total(value) => envelope.set_total(answer, body, Some(value.clone()), request),
        Fault::TotalOff(by) => {
            envelope.set_total(answer, body, Some(json!(total.saturating_add(*by))), request);
        }
        Fault::WrongEnvelope => {
            let rows = Value::Array(std::mem::take(rows));
            *body = if envelope.rows.is_empty() { json!({ "data": rows }) } else { rows };
        }
        _ => change_rows(rows, envelope, fault),
    }
}

fn change_rows(rows: &mut Vec<Value>, envelope: &Envelope, fault: &Fault) {
    let copy = |rows: &[Value], changed: bool| {
        let mut copy = rows.first().cloned().unwrap_or(Value::Null);
        if changed && let Value::Object(members) = &mut copy {
            members.insert(envelope.text.to_owned(), json!("Doppelgänger"));
        }
        copy
    };
    match fault {
        Fault::DuplicateRow | Fault::DuplicateRowChanged => {
            let copy = copy(rows, matches!(fault, Fault::DuplicateRowChanged));
            if let Some(last) = rows.last_mut() {
                *last = copy;
            }
        }
        Fault::EditRow(change) => rows.iter_mut().take(1).for_each(|row| (change.0)(row)),
        Fault::EditRows(change) => rows.iter_mut().for_each(|row| (change.0)(row)),
        Fault::EmptyPage => rows.clear(),
        Fault::RepeatRow | Fault::RepeatRowChanged if !rows.is_empty() => {
            rows.push(copy(rows, matches!(fault, Fault::RepeatRowChanged)));
        }
        Fault::RowWithoutId => {
            if let Some(Value::Object(row)) = rows.first_mut() {
                row.remove(envelope.id);
            }
        }
        Fault::ShortPage => {
            rows.pop();
        }
        _ => {}
    }
}

/// Puts a value where the rows are, or takes their member away.
fn replace_rows(body: &mut Value, envelope: &Envelope, value: Option<Value>) {
    if let Some(value) = value {
        if let Some(rows) = body.pointer_mut(envelope.rows) {
            *rows = value;
        }
    } else if let Some((parent, member)) = envelope.rows.rsplit_once('/') {
        if let Some(Value::Object(parent)) = body.pointer_mut(parent) {
            parent.remove(member);
        }
    } else {
        *body = Value::Null;
    }
}

fn change_bytes(answer: &mut Answer, fault: &Fault) {
    let body = &mut answer.body;
    match fault {
        Fault::ByteOrderMark => {
            body.splice(0..0, [0xEF, 0xBB, 0xBF]);
        }
        Fault::DeepNesting(depth) => {
            let nested = format!("{}{}", "[".repeat(*depth), "]".repeat(*depth));
            let text = String::from_utf8_lossy(body).replace(&format!("\"{DEEP}\""), &nested);
            *body = text.into_bytes();
        }
        Fault::Encoding(name) => answer.set_header("Content-Encoding", Some(name.clone())),
        Fault::HugeBody(size) => {
            // Inside of it, so that only a reader who takes all of it finds it valid.
            let size = *size;
            insert(body, "padding", |body| body.resize(size.max(body.len()), b'x'));
        }
        Fault::InvalidJson => {
            body.pop();
            body.extend_from_slice(b",,");
        }
        Fault::InvalidUtf8 => insert(body, "note", |body| body.extend_from_slice(b"\xC3\x28\xFF")),
        Fault::Status(status) => answer.status = *status,
        Fault::TrailingGarbage => {
            body.extend_from_slice(format!("{{\"{CANARY}\":1}}").as_bytes());
        }
        Fault::Truncated => body.truncate(body.len() / 2),
        _ => {}
    }
}

/// Adds a text as the last thing in an object or an array.
fn insert(body: &mut Vec<u8>, member: &str, text: impl FnOnce(&mut Vec<u8>)) {
    let closing = body.pop();
    let nothing_before = matches!(body.last(), Some(b'{' | b'[') | None);
    if !nothing_before {
        body.push(b',');
    }
    if closing == Some(b'}') {
        body.extend_from_slice(format!("\"{member}\":").as_bytes());
    }
    body.push(b'"');
    text(body);
    body.push(b'"');
    body.extend(closing);
}
