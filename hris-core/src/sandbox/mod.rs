//! Building a fake vendor on loopback: everything that is not about one vendor.
//!
//! A connector is tested, shown and tried against a fake of its vendor. What a vendor's fake has of
//! its own is a [`World`]: the invented company, how its records look, and the vendor's rules. The
//! rest is here: a running [`Server`], a record of the requests it got, limits and latency, an
//! invented name for everybody ([`Names`]), and [`Fault`]s on demand, from a 503 to a page that
//! comes twice.
//!
//! A whole vendor in one page, and what a test does with it:
//!
//! ```
//! use hris_core::http::{Client, Request};
//! use hris_core::sandbox::{Answer, Envelope, Fault, Received, Server, World};
//! use serde_json::{Value, json};
//!
//! /// People under `/people`, two a page, in `{"total":…,"data":[…]}`.
//! struct Company(Vec<Value>);
//!
//! impl World for Company {
//!     fn envelope(&self) -> Envelope {
//!         Envelope::rows("/data").total_at("/total").by_offset("skip", "limit").page_size(2, 100)
//!     }
//!
//!     fn answer(&mut self, request: &Received) -> Answer {
//!         if request.path != "/people" {
//!             return self.refuse(request, 404);
//!         }
//!         let (skip, size) = (self.envelope().skip(request), self.envelope().size(request));
//!         let rows: Vec<&Value> = self.0.iter().skip(skip).take(size).collect();
//!         Answer::json(&json!({ "total": self.0.len(), "data": rows }))
//!     }
//!
//!     fn refuse(&self, _: &Received, status: u16) -> Answer {
//!         Answer::json(&json!({ "message": "no" })).status(status)
//!     }
//!
//!     fn revoke(&mut self, _: &Received) {}
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let world = Company((1..=3).map(|id| json!({ "id": id })).collect());
//! let vendor = Server::start(world, 0).await?;
//! // The second page fails once.
//! vendor.inject(Fault::Status(503).on("/people").at_skip(2).once());
//!
//! // Over the network at `vendor.url()`, or in memory:
//! let client = Client::builder(vendor.url()).transport(vendor.transport()).allow_http_loopback().build()?;
//! let page: Value = client.json(&Request::get("list people").segments(["people"])).await?;
//! assert_eq!(page["data"][1]["id"], 2);
//! assert_eq!(vendor.requests_to("/people"), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # What to decide for a vendor
//!
//! - [`World::answer`]: from a request to its answer, credentials and rights included. It knows no
//!   faults.
//! - [`World::envelope`]: where the rows of a list are, where its total, and how a request names a
//!   page. All faults that twist a list follow from it.
//! - [`World::refuse`]: the vendor's own error bodies. Put [`OWN_WORDS`] into their messages, and
//!   [`CANARY`] into every value that a reader must drop: a leak then shows in a text search. Nothing
//!   that a person reads or types holds the canary, a token least of all.
//! - [`World::secrets`]: members of a query, a form or a JSON body that no record may keep.
//! - [`World::limits`], [`World::retry_after`], and [`World::finish`] for headers that every answer
//!   carries.
//!
//! # A sandbox for others
//!
//! A world that implements [`FakeVendor`] as well says how it is invented and how a day passes in it.
//! Then [`sandbox!`](crate::sandbox!) gives it the type that tests and tours start, with the
//! [`Builder`] of every vendor, and a [`Starter`] gives a program the same.
//!
//! Build it from the vendor's own pages, never from the connector, or both are wrong in the same way.
//!
//! # Time
//!
//! Limits, and tokens that age, count the time since the start ([`Received::at`]) on tokio's clock.
//! Through [`Server::transport`] everything runs on the caller's runtime, so a test with paused time
//! takes none; [`Server::advance`] lets time pass at once, over the network too.
//!
//! # The conformance suite
//!
//! With the feature `conformance`, [`Breakages`] turns the faults of the suite into injections, so
//! that the harness of a vendor says what is peculiar to the vendor and nothing else.
//!
//! # Limits
//!
//! It speaks plain HTTP on loopback. It cannot break a connection in the middle of a body or send
//! one byte a second; [`Fault::Disconnect`] and [`Fault::Slow`] come closest. It writes no logs. As
//! it plays vendors that speak JSON, JSON values appear in its signatures, which they do nowhere
//! else.

mod answer;
#[cfg(feature = "conformance")]
mod breakages;
mod damage;
mod envelope;
mod fault;
mod gzip;
mod kit;
mod limit;
mod memory;
pub mod names;
mod paging;
mod received;
mod rng;
mod server;
mod state;
mod vendor;
mod world;

pub use answer::{Answer, RetryAfter, html, http_date};
#[cfg(feature = "conformance")]
pub use breakages::Breakages;
pub use envelope::Envelope;
pub use fault::{Edit, Fault, Injection};
pub use kit::{Fake, FakeKit, FakeOptions};
pub use limit::{Allowance, RateLimit};
pub use names::Names;
pub use received::{Received, RecordedRequest};
pub use rng::{Rng, day};
pub use server::Server;
pub use vendor::{Builder, FakeVendor, Plan, Running, SandboxError, Starter};
pub use world::World;

/// Text inside every value that must never be stored, shown or logged by a reader: search outputs
/// for it.
pub const CANARY: &str = "must-never-be-kept";

/// Stands in every message and page that a sandbox writes for people in the vendor's place. A reader
/// repeats none of them: search outputs for it.
pub const OWN_WORDS: &str = "the sandbox's own words";
