//! The requests to 24SevenOffice. Each list comes whole in one answer.
//!
//! This file names every address that is ever requested. Definitions of custom fields, dimensions and the
//! organisation itself can be written in 24SevenOffice; nothing here does.

use hris_core::connector::{List, Paging, Run};
use hris_core::http::{Client, Request, Response};
use hris_core::wire::{self, Record};
use hris_core::{EmployeeId, Error, ErrorKind, Result};
use serde::Serialize;

use crate::refusals::explain;
use crate::wire::{CustomField, Dimension, DimensionValue, Employee, Employment, Organisation, Site};

/// Everybody in one answer. A refusal of it is never about a record.
pub(crate) const LIST: &str = "list employees";

/// The company, and its sites where they are listed.
pub(crate) struct Company {
    pub(crate) organisation: Organisation,
    pub(crate) sites: Vec<Site>,
}

/// Everybody.
pub(crate) fn employees() -> List<Employee> {
    List::new(LIST, ["employee", "v2"], Paging::WHOLE)
}

/// The definitions of custom fields.
pub(crate) fn custom_fields() -> List<CustomField> {
    List::new("list custom fields", ["employee_field", "v2"], Paging::WHOLE).trailing_slash()
}

/// The dimensions, such as departments and projects.
pub(crate) fn dimensions() -> List<Dimension> {
    List::new("list dimensions", ["dimension", "v2"], Paging::WHOLE)
}

/// The values of one dimension.
pub(crate) fn dimension_values(dimension: &str) -> List<DimensionValue> {
    let path = ["dimension", "v2", dimension].map(str::to_owned);
    List::new("list the values of a dimension", path, Paging::WHOLE)
}

/// Requests about one person or the company, and the writes.
#[derive(Clone, Debug)]
pub(crate) struct Calls(Client);

impl Calls {
    /// Calls that belong to one reading.
    pub(crate) fn of(run: &Run<'_>) -> Self {
        Self(run.client().clone())
    }

    /// Calls that belong to one write.
    pub(crate) fn new(client: &Client) -> Self {
        Self(client.begin_run())
    }

    /// The company that the token belongs to.
    pub(crate) async fn company(&self) -> Result<Company> {
        let request = Request::get("read the organisation").segments(["organization", "v2"]);
        self.read(&request, |response| {
            let organisation = only(response)?;
            // Without a list of sites no place of work has a name. Nothing else suffers.
            let sites = wire::list(response, &["sites"], &[]).map_or_else(|_| Vec::new(), |list| list.rows);
            Ok(Company { organisation, sites })
        })
        .await
    }

    /// Everybody, in the one answer that there is.
    pub(crate) async fn employees(&self) -> Result<Vec<Employee>> {
        let options = hris_core::http::Options::default();
        let list = hris_core::http::list_all(&self.0, &employees(), &options).await;
        Ok(list.map_err(|error| explain(error, LIST))?.rows)
    }

    /// Reads one person. Returns what `read` makes of the answer and of its record.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where nobody has this number; [`ErrorKind::Rejected`] where the answer is
    /// empty, because no documentation says that this means a missing person.
    pub(crate) async fn employee<T: Send>(
        &self,
        id: &EmployeeId,
        read: impl Fn(&Response, Employee) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let request = Request::get("read employee").segments(["employee", "v2", id.as_str()]);
        self.read(&request, |response| {
            let nobody = || Error::new(ErrorKind::NotFound, "read employee: nobody has this number");
            if response.body().iter().all(u8::is_ascii_whitespace) {
                let words =
                    "read employee: the answer is empty, so it is unknown whether anybody has this number";
                return Err(Error::new(ErrorKind::Rejected, words).with_status(response.status()));
            }
            let mut rows: Vec<Employee> = rows(response)?;
            match (rows.pop(), rows.is_empty()) {
                (None, _) => Err(nobody()),
                (Some(employee), true) if employee.notes.id.as_deref() == Some(id.as_str()) => {
                    read(response, employee)
                }
                _ => {
                    let words = "read employee: the answer is another person's, or several people's";
                    Err(Error::new(ErrorKind::Mismatch, words).with_status(response.status()))
                }
            }
        })
        .await
    }

    /// All employments of one person.
    pub(crate) async fn employments<T: Send>(
        &self,
        id: &EmployeeId,
        read: impl Fn(&Response, Vec<Employment>) -> Result<T> + Send + Sync,
    ) -> Result<T> {
        let request = Request::get("read employments").segments(["employment", "v2", id.as_str()]);
        self.read(&request, |response| read(response, rows(response)?)).await
    }

    /// Creates a person. The answer's body is not documented, so it is not read.
    pub(crate) async fn create_employee(&self, body: &(impl Serialize + Sync)) -> Result<()> {
        self.write(Request::post("create employee").segments(["employee", "v2"]).json(body)?).await
    }

    /// Changes the members in `body` of one person.
    pub(crate) async fn update_employee(
        &self,
        id: &EmployeeId,
        body: &(impl Serialize + Sync),
    ) -> Result<()> {
        let request = Request::post("update employee").segments(["employee", "v2", id.as_str()]);
        self.write(request.json(body)?).await
    }

    /// Adds or changes the one employment in `body`.
    pub(crate) async fn write_employment(
        &self,
        id: &EmployeeId,
        body: &(impl Serialize + Sync),
    ) -> Result<()> {
        let request = Request::post("write employment").segments(["employment", "v2", id.as_str()]);
        self.write(request.json(&[body])?).await
    }

    async fn write(&self, request: Request) -> Result<()> {
        self.0.send(&request).await.map(drop).map_err(|error| explain(error, request.label()))
    }

    async fn read<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        self.0.exchange(request, read).await.map_err(|error| explain(error, request.label()))
    }
}

/// The records of an answer: a list, or a single record by itself.
pub(crate) fn rows<R: Record>(response: &Response) -> Result<Vec<R>> {
    if is_object(response) {
        Ok(vec![wire::one(response, &[])?])
    } else {
        Ok(wire::list(response, &[], &[])?.rows)
    }
}

fn only<R: Record>(response: &Response) -> Result<R> {
    let mut rows = rows(response)?;
    match (rows.pop(), rows.is_empty()) {
        (Some(row), true) => Ok(row),
        _ => {
            let words = format!("{}: not the one record that is documented", response.label());
            Err(Error::new(ErrorKind::Protocol, words).with_status(response.status()))
        }
    }
}

/// Whether the answer is one object, by its first letter.
pub(crate) fn is_object(response: &Response) -> bool {
    let body = response.body();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}
