//! What the client repeats, waits for, follows, refuses and never shows.
#![cfg(feature = "http")]
// Helpers of tests may break off like tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod addresses;
mod answers;
mod credentials;
mod repeats;
mod vendors;

use std::collections::VecDeque;
use std::error::Error as _;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use hris_core::http::{
    Authorize, Basic, Bearer, Client, ClientBuilder, FnTransport, Headers, Limits, Outgoing, Pace, Rate,
    Request, Response, RetryPolicy, SendError, Vendor, Verdict,
};
use hris_core::{Error, ErrorKind, Result, Secret};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

const TOKEN: &str = "canary-token-5f1c";

fn ok() -> Result<Response, SendError> {
    Ok(Response::new(200).with_header("content-type", "application/json; charset=utf-8").with_body("[1]"))
}

fn status(status: u16) -> Result<Response, SendError> {
    Ok(Response::new(status))
}

fn not_sent() -> Result<Response, SendError> {
    Err(SendError::not_sent(ErrorKind::Unavailable, "no connection"))
}

fn maybe_sent() -> Result<Response, SendError> {
    Err(SendError::maybe_sent(ErrorKind::Unavailable, "broke off"))
}

fn late() -> Result<Response, SendError> {
    Err(SendError::late("no answer in 30 s"))
}

type Answer = Result<Response, SendError>;

/// A transport that gives these answers in turn, then 200, and notes what was sent and when.
#[derive(Clone, Default)]
struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    sent: Arc<Mutex<Vec<(Instant, Outgoing)>>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self { answers: Arc::new(Mutex::new(answers.into_iter().collect())), sent: Arc::default() }
    }

    fn builder(&self) -> ClientBuilder {
        let script = self.clone();
        Client::builder("https://hr.example/api").seed(3).transport(FnTransport::new(move |outgoing| {
            script.sent.lock().unwrap().push((Instant::now(), outgoing));
            let answer = script.answers.lock().unwrap().pop_front().unwrap_or_else(ok);
            async move { answer }
        }))
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    fn count(&self) -> usize {
        self.sent.lock().unwrap().len()
    }

    /// Milliseconds between one sending and the next.
    fn gaps(&self) -> Vec<u64> {
        let sent = self.sent.lock().unwrap();
        sent.windows(2).map(|pair| u64::try_from((pair[1].0 - pair[0].0).as_millis()).unwrap()).collect()
    }
}

fn read() -> Request {
    Request::get("list people").segments(["people"])
}

fn write() -> Request {
    Request::post("create person").segments(["people"])
}
