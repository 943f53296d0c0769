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
        let list = self.list(Resource::Employees).query(name, value).asking(asked);
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
        self.list(Resource::EmployeeFields)
    }

    /// Rows on a full page.
    pub(crate) fn rows_a_page(&self) -> u32 {
        self.page_size.unwrap_or(PAGE_SIZE)
    }

    fn list<R>(&self, of: Resource) -> List<R> {
        let paging = if self.page_size.is_some() { PAGING.size("per_page") } else { PAGING };
        List::new(of.label(), [of.path()], paging).page_size(self.rows_a_page())
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

/// The lists that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    Branches,
    BusinessUnits,
    Departments,
    EmployeeFields,
    Employees,
    Levels,
    SubDepartments,
    Teams,
}

impl Resource {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Branches => "branches",
            Self::BusinessUnits => "business_units",
            Self::Departments => "departments",
            Self::EmployeeFields => "employee_fields",
            Self::Employees => "employees",
            Self::Levels => "levels",
            Self::SubDepartments => "sub_departments",
            Self::Teams => "teams",
        }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Branches => "list branches",
            Self::BusinessUnits => "list business units",
            Self::Departments => "list departments",
            Self::EmployeeFields => "list employee fields",
            Self::Employees => "list employees",
            Self::Levels => "list levels",
            Self::SubDepartments => "list sub-departments",
            Self::Teams => "list teams",
        }
    }
}
