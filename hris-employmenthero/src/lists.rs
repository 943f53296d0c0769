//! Employment Hero's lists: `page_index` from 1, `item_per_page`, and
//! `{data: {items, page_index, item_per_page, total_items, total_pages}}`.

use hris_core::EmployeeId;
use hris_core::connector::{List, Paging};
use hris_core::http::Request;

use crate::source::Api;
use crate::wire::{CustomField, CustomValue, Named, Organisation, Person};

// A bare array is not documented for lists, and does not count as an empty list.
const PAGING: Paging = Paging::by_number("page_index", 1)
    .size("item_per_page")
    .rows_in(&["data", "items"])
    .or_rows_in(&["data"])
    .total_in("total_items")
    .page_in("page_index", "total_pages");

pub(crate) const CUSTOM_FIELDS: &str = "list custom fields";
pub(crate) const CUSTOM_VALUES: &str = "list a person's custom fields";
pub(crate) const EMPLOYEES: &str = "list employees";
pub(crate) const ORGANISATION: &str = "read the organisation";
pub(crate) const ORGANISATIONS: &str = "list organisations";
pub(crate) const PERSON: &str = "read a person";
pub(crate) const TEAMS: &str = "list teams";
pub(crate) const WORK_LOCATIONS: &str = "list work locations";

/// The path of everything.
const ROOT: [&str; 3] = ["api", "v1", "organisations"];

impl Api {
    /// The organisations that the credential sees.
    pub(crate) fn organisations(&self) -> List<Organisation> {
        self.list(ORGANISATIONS, &[])
    }

    /// Everybody.
    pub(crate) fn people(&self, organisation: &str, asked: &[&str]) -> List<Person> {
        self.list(EMPLOYEES, &[organisation, "employees"]).asking(asked)
    }

    /// The teams, which the user interface calls groups.
    pub(crate) fn teams(&self, organisation: &str) -> List<Named> {
        self.list(TEAMS, &[organisation, "teams"])
    }

    /// The places of work, by name.
    pub(crate) fn work_locations(&self, organisation: &str) -> List<Named> {
        self.list(WORK_LOCATIONS, &[organisation, "work_locations"])
    }

    /// The custom fields.
    pub(crate) fn custom_fields(&self, organisation: &str) -> List<CustomField> {
        self.list(CUSTOM_FIELDS, &[organisation, "custom_fields"])
    }

    /// Their values of one person.
    pub(crate) fn custom_values(&self, organisation: &str, person: &EmployeeId) -> List<CustomValue> {
        self.list(CUSTOM_VALUES, &[organisation, "employees", person.as_str(), "custom_fields"])
    }

    fn list<R>(&self, label: &'static str, beneath: &[&str]) -> List<R> {
        let path = ROOT.iter().chain(beneath).map(|part| (*part).to_owned());
        List::new(label, path, PAGING).page_size(self.page_size)
    }
}

/// One organisation with its counts.
pub(crate) fn organisation(id: &str) -> Request {
    Request::get(ORGANISATION).segments(ROOT).segments([id])
}

/// One person's own record.
pub(crate) fn person(organisation: &str, id: &EmployeeId) -> Request {
    Request::get(PERSON).segments(ROOT).segments([organisation, "employees", id.as_str()])
}
