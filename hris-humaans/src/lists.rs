//! Humaans' lists: `$limit`, `$skip`, and `{total, limit, skip, data}`.

use hris_core::connector::{List, Paging};
use hris_core::http::Request;
use hris_core::{Date, EmployeeId};

use crate::source::Api;
use crate::wire::{Company, CustomField, CustomValue, JobRole, Location, Person};

const PAGING: Paging =
    Paging::by_offset("$limit", "$skip").rows_in(&["data"]).total_in("total").offset_in("skip");

/// The statuses by which people can be listed.
pub(crate) const STATUSES: [&str; 3] = ["active", "newHire", "offboarded"];

impl Api {
    /// People of one status, or the list without the status filter.
    pub(crate) fn people(&self, status: Option<&str>, asked: &[&str]) -> List<Person> {
        self.list("list people", "people").query_if("status", status).asking(asked)
    }

    /// The history of jobs, of everybody or of one person.
    pub(crate) fn job_roles(&self, today: Date, person: Option<&EmployeeId>) -> List<JobRole> {
        let list = self.list("list job roles", "job-roles").query_if("personId", person);
        list.query_if("$asOf", self.config.job_roles_as_of.then_some(today))
    }

    /// The offices.
    pub(crate) fn locations(&self) -> List<Location> {
        self.list("list locations", "locations")
    }

    /// The customer's own fields.
    pub(crate) fn custom_fields(&self) -> List<CustomField> {
        self.list("list custom fields", "custom-fields")
    }

    /// Their values, of everybody or of one person.
    pub(crate) fn custom_values(&self, person: Option<&EmployeeId>) -> List<CustomValue> {
        self.list("list custom values", "custom-values").query_if("personId", person)
    }

    /// The company. Each tenant has one.
    pub(crate) fn companies(&self) -> List<Company> {
        List::new("read the company", ["companies"], Paging::WHOLE.rows_in(&["data"]))
    }

    fn list<R>(&self, label: &'static str, path: &'static str) -> List<R> {
        let list = List::new(label, [path], PAGING).page_size(self.page_size);
        match &self.config.sort {
            Some(member) => list.query(format!("$sort[{member}]"), 1),
            None => list,
        }
    }
}

/// One person's own record.
pub(crate) fn person(id: &EmployeeId) -> Request {
    Request::get("read a person").segments(["people", id.as_str()])
}

/// The token's scopes.
pub(crate) fn token_info() -> Request {
    Request::get("read the token's scopes").segments(["token-info"])
}

/// The token's owner.
pub(crate) fn me() -> Request {
    Request::get("read the token's owner").segments(["me"])
}
