//! What reading alone costs, for the benchmark that compares a whole snapshot with it.

use hris_core::http::Response;
use hris_core::{Result, wire};

use crate::wire::{JobRole, Location, Person};

/// One record as read and nothing more.
#[allow(missing_debug_implementations, dead_code)]
pub struct Raw(Kind);

#[allow(dead_code)]
#[allow(clippy::large_enum_variant, reason = "boxing would cost what is not to be measured")]
enum Kind {
    JobRole(JobRole),
    Location(Location),
    Person(Person),
}

/// Reads one page of `/people`, `/job-roles` or `/locations` into the wire structs.
///
/// # Errors
/// When the page is not the documented list.
pub fn parse(list: &str, response: &Response) -> Result<Vec<Raw>> {
    let rows = |kind: Vec<Kind>| kind.into_iter().map(Raw).collect();
    Ok(match list {
        "people" => {
            rows(wire::list::<Person>(response, &["data"], &[])?.rows.into_iter().map(Kind::Person).collect())
        }
        "job-roles" => rows(
            wire::list::<JobRole>(response, &["data"], &[])?.rows.into_iter().map(Kind::JobRole).collect(),
        ),
        _ => rows(
            wire::list::<Location>(response, &["data"], &[])?.rows.into_iter().map(Kind::Location).collect(),
        ),
    })
}
