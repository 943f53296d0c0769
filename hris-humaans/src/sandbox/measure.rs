//! What reading alone costs, for the benchmark that compares a whole snapshot with it.

use std::any::Any;

use hris_core::http::Response;
use hris_core::{Result, wire};

use crate::wire::{JobRole, Location, Person};

/// Reads one page of `/people`, `/job-roles` or `/locations` into the wire structs: how many records it has, and
/// the records.
///
/// # Errors
/// When the page is not the documented list.
pub fn parse(list: &str, response: &Response) -> Result<(usize, Box<dyn Any + Send>)> {
    Ok(match list {
        "people" => counted(wire::list::<Person>(response, &["data"], &[])?.rows),
        "job-roles" => counted(wire::list::<JobRole>(response, &["data"], &[])?.rows),
        _ => counted(wire::list::<Location>(response, &["data"], &[])?.rows),
    })
}

fn counted<T: Send + 'static>(rows: Vec<T>) -> (usize, Box<dyn Any + Send>) {
    (rows.len(), Box::new(rows))
}
