//! Fake vendors as a program starts them: one shape for all.

use std::time::Duration;

use async_trait::async_trait;

use crate::Timestamp;

/// How a fake vendor should be.
#[derive(Clone, Copy, Debug)]
pub struct FakeOptions {
    /// The port of this machine that it listens on; 0 for a free one.
    pub port: u16,
    /// People in its company.
    pub employees: u32,
    /// What the company is made from: the same seed makes the same people.
    pub seed: u64,
    /// Requests a second that it allows; the vendor's own limit by default.
    pub rate_limit: Option<u32>,
    /// How long each answer takes.
    pub latency: Duration,
    /// The instant that its company takes for now.
    pub now: Timestamp,
}

/// Starts a fake of one vendor on this machine.
#[async_trait]
pub trait FakeKit: Send + Sync {
    /// Starts it.
    ///
    /// # Errors
    /// In words, if the port cannot be had.
    async fn start(&self, options: FakeOptions) -> Result<Box<dyn Fake>, String>;
}

/// A fake vendor. It stops when dropped.
pub trait Fake: Send + Sync {
    /// Where it listens, without a path.
    fn url(&self) -> String;

    /// A credential that sees everything it should.
    fn token(&self) -> &str;

    /// Settings that lead to this fake beside its address and its credential: keys and values as they stand in TOML.
    fn settings(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// The id and secret of the application that is registered with it, where vendors have those, and the redirect
    /// address that is registered besides every port of this machine.
    fn client(&self) -> Option<(&str, &str, String)> {
        None
    }

    /// Somebody is hired, somebody changes, somebody leaves. Returns a sentence for each. The same company goes
    /// through the same three each time.
    ///
    /// # Errors
    /// In words, if the company has too few people.
    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>, String>;
}
