//! The same world without a network.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;

use super::answer::{http_date, now};
use super::server::{Shared, lock};
use super::{Answer, Received, World};
use crate::ErrorKind;
use crate::http::{Limits, Outgoing, Response, SendError, Transport};

/// Answers from the world at once, or after the time that it takes on the caller's clock.
pub(super) struct InMemory<W>(pub(super) Shared<W>);

impl<W> fmt::Debug for InMemory<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InMemory")
    }
}

#[async_trait]
impl<W: World> Transport for InMemory<W> {
    async fn send(&self, request: Outgoing, limits: &Limits) -> Result<Response, SendError> {
        let host = request.url().host_str().unwrap_or_default().to_owned();
        let Some((answer, delay)) = self.answer(&request) else {
            return Err(SendError::maybe_sent(ErrorKind::Unavailable, format!("{host} broke off")));
        };
        if delay > limits.idle {
            tokio::time::sleep(limits.idle).await;
            return Err(SendError::late(format!("no answer in {} s", limits.idle.as_secs_f32())));
        }
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        read(answer, limits)
    }
}

impl<W: World> InMemory<W> {
    /// `None` when the connection is cut.
    fn answer(&self, request: &Outgoing) -> Option<(Answer, Duration)> {
        let mut state = lock(&self.0);
        let headers = request.headers().iter();
        let mut request = Received {
            method: request.method().as_str().to_owned(),
            path: state.path(request.url().path()),
            query: request.url().query_pairs().into_owned().collect(),
            headers: headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect(),
            body: request.body().unwrap_or_default().to_vec(),
            number: 0,
            at: Duration::ZERO,
        };
        if state.cut(&mut request) {
            return None;
        }
        Some(state.respond(&mut request))
    }
}

/// What a client of the network makes of the answer.
fn read(answer: Answer, limits: &Limits) -> Result<Response, SendError> {
    let mut body = answer.body.clone();
    match answer.header_value("content-encoding") {
        None | Some("identity") => {}
        // Of what was packed, only a bomb is known here, and how much it unpacks to stands at its end.
        Some("gzip") => {
            let size = body.last_chunk::<4>().map_or(0, |size| u32::from_le_bytes(*size));
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            body = vec![b' '; size.min(limits.body.saturating_add(1))];
        }
        Some(_) => {
            return Err(SendError::maybe_sent(ErrorKind::Protocol, "the answer has an unknown encoding"));
        }
    }
    if body.len() > limits.body {
        return Err(SendError::too_large(limits.body));
    }
    let mut response = Response::new(answer.status);
    if answer.header_value("date").is_none() {
        response = response.with_header("date", http_date(now()));
    }
    if let Some(kind) = answer.content_type.filter(|_| !body.is_empty()) {
        response = response.with_header("content-type", kind);
    }
    for (name, value) in answer.headers {
        // What was decoded is no longer named.
        if !name.eq_ignore_ascii_case("content-encoding") {
            response = response.with_header(&name, value);
        }
    }
    Ok(response.with_body(body))
}
