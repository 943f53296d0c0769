//! Freshteam's lists: a bare array, `page` from 1, and the total in a header.

use std::collections::HashSet;

use hris_core::connector::{List, Paging, Run};
use hris_core::http::Request;
use hris_core::wire::Record;
use hris_core::{EmployeeId, Result};

use crate::config::PAGE_SIZE;
use crate::source::Api;
use crate::wire::{FormField, Person, Unit};

const PAGING: Paging = Paging::by_number("page", 1).total_header("total-objects");

impl Api {
    /// One listing of employees, by a filter.
    pub(crate) fn employees(
        &self,
        (name, value): (&'static str, &'static str),
        asked: &[&str],
    ) -> List<Person> {
        let list = self.list(Resource::EMPLOYEES).query(name, value).asking(asked);
        list.query("sort", self.config.sort).query("sort_type", "asc")
    }

    /// People of one status with this work e-mail.
    pub(crate) fn by_email(&self, status: &'static str, email: &str) -> List<Person> {
        self.employees(("status", status), &[]).query("official_email", email)
    }

    /// One of the lists of named units.
    pub(crate) fn units(&self, of: Resource) -> List<Unit> {
        self.list(of)
    }

    /// The fields of the employee form and its sections.
    pub(crate) fn form_fields(&self) -> List<FormField> {
        self.list(Resource::EMPLOYEE_FIELDS)
    }

    /// Rows on a full page.
    pub(crate) fn rows_a_page(&self) -> u32 {
        self.page_size.unwrap_or(PAGE_SIZE)
    }

    fn list<R>(&self, of: Resource) -> List<R> {
        let paging = if self.page_size.is_some() { PAGING.size("per_page") } else { PAGING };
        List::new(of.1, [of.0], paging).page_size(self.rows_a_page())
    }
}

/// One person's own record, with the additions that `include` names.
pub(crate) fn employee(id: &EmployeeId, include: &[&str]) -> Request {
    let request = Request::get("read an employee").segments(["employees", id.as_str()]);
    if include.is_empty() { request } else { request.query("include", include.join(",")) }
}

/// A list beside the people, which may be paged or not. An unpaged list comes whole and without totals,
/// whatever page is requested.
pub(crate) async fn whole<R: Record>(run: &Run<'_>, list: &List<R>) -> Result<Vec<R>> {
    let (rows, total) = run.page(list, 0).await?;
    let ids = |rows: &[R]| rows.iter().map(|row| row.id().map(str::to_owned)).collect::<HashSet<_>>();
    let known = ids(&rows);
    let is_whole = match total {
        Some(total) => total == known.len() as u64,
        None => {
            let (next, _) = run.page(list, 1).await?;
            next.is_empty() || ids(&next) == known
        }
    };
    if is_whole { Ok(rows) } else { run.all(list).await }
}

/// A list that is read: its path, and what reading it is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Resource(pub(crate) &'static str, &'static str);

impl Resource {
    pub(crate) const BRANCHES: Self = Self("branches", "list branches");
    pub(crate) const BUSINESS_UNITS: Self = Self("business_units", "list business units");
    pub(crate) const DEPARTMENTS: Self = Self("departments", "list departments");
    const EMPLOYEE_FIELDS: Self = Self("employee_fields", "list employee fields");
    const EMPLOYEES: Self = Self("employees", "list employees");
    pub(crate) const LEVELS: Self = Self("levels", "list levels");
    pub(crate) const SUB_DEPARTMENTS: Self = Self("sub_departments", "list sub-departments");
    pub(crate) const TEAMS: Self = Self("teams", "list teams");
}
