//! What the app of story 5 wants to know, what it calls things, and its clock.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use hris_core::mapping::{Mapping, from};
use hris_core::{Assignment, AssignmentKind, Timestamp};
use hris_employmenthero::sandbox::Sandbox;
use hris_reconcile::Stop;
use hris_reconcile::schedule::Clock;

/// What the app wants to know, and where it comes from.
pub(crate) fn mapping_of_the_app() -> (Vec<hris_core::SourceField>, Mapping) {
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email").trim().lowercase())
        .field("given_name", from("given_name"))
        .field("family_name", from("family_name"))
        .field("job_title", from("job_title"))
        .field("phone", from("work_phone").or("personal_phone"))
        .field("location", from("location"));
    let own = ["teams", "groups", "access_role", "status"];
    let named = mapping.rules().flat_map(|(_, rule)| rule.sources()).chain(own);
    (named.filter_map(|name| name.parse().ok()).collect(), mapping)
}

pub(crate) fn pairs(pairs: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    pairs.iter().map(|(source, value)| ((*source).to_owned(), (*value).to_owned())).collect()
}

pub(crate) fn area(name: &str) -> Assignment {
    Assignment { kind: AssignmentKind::Area, value: name.to_owned() }
}

pub(crate) fn location(name: &str) -> Assignment {
    Assignment { kind: AssignmentKind::Location, value: name.to_owned() }
}

/// Time that passes while somebody waits for it, at the vendor too.
#[derive(Debug)]
pub(crate) struct Simulated<'a> {
    pub(crate) now: Mutex<Timestamp>,
    pub(crate) vendor: &'a Sandbox,
    /// When to stop what.
    pub(crate) until: Mutex<Option<(Timestamp, Stop)>>,
}

#[async_trait]
impl Clock for Simulated<'_> {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn sleep(&self, duration: Duration) {
        self.vendor.advance(duration);
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.plus_seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX));
        if let Some((end, stop)) = &*self.until.lock().unwrap_or_else(PoisonError::into_inner)
            && *now >= *end
        {
            stop.stop();
        }
    }
}
