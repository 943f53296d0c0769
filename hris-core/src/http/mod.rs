//! One HTTP client for every connector.
//!
//! A connector builds [`Request`]s as plain values and reads [`Response`]s; everything between is here, in
//! this order: authorise → pace ([`Rate`], the vendor's own words win) → send (time and size limits, no
//! redirect to another host) → classify → try again ([`RetryPolicy`]: reads, and writes only when they were
//! provably not applied).
//!
//! [`list_all`] fetches a paged list and proves that it is complete.
//!
//! Only labels, statuses, counts and durations reach an error, a trace or `Debug`.

mod body;
mod builder;
mod client;
mod fault;
mod headers;
mod limit;
mod paginate;
mod part;
mod proof;
mod request;
mod reqwest;
mod response;
mod retry;
mod said;
mod tls;
mod transport;
mod vendor;

pub use self::reqwest::NetworkTransport;
pub use builder::{ClientBuilder, is_loopback};
pub use client::Client;
pub use headers::Headers;
pub use limit::{Pace, Quota, Rate};
#[cfg(feature = "connector")]
pub(crate) use paginate::read as read_page;
pub use paginate::{
    Listed, Listing, Next, Options, Page, Position, Progress, Proof, Repeated, Total, list_all, never_empty,
};
pub use part::{Asked, Part};
pub use request::{Method, Outgoing, Request};
pub use response::Response;
pub use retry::RetryPolicy;
pub use said::{Said, said};
pub use transport::{FnTransport, Limits, SendError, Transport};
pub use vendor::{Authorize, Basic, Bearer, PlainVendor, Vendor, Verdict, code_word};
