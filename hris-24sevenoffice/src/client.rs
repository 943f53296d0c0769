//! Requests to 24SevenOffice and the first reading of answers.
//!
//! It names every address that is ever asked. Definitions of custom fields, dimensions and the
//! organisation itself can be written in 24SevenOffice; nothing here does.

mod token;

use hris_core::http::{Client, Request, Response, Verdict};
use hris_core::wire::{self, Record};
use hris_core::{EmployeeId, Error, ErrorKind, ReadRequest, Result};
use serde::Serialize;

pub(crate) use token::{AccessTokens, AuthVendor};

use crate::wire::{CustomField, Dimension, DimensionValue, Employee, Employment, Organisation, Site};

/// Everybody in one answer. A refusal of it is never about a record.
const LIST: &str = "list employees";

/// The API as one token sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) client: Client,
    pub(crate) concurrency: usize,
}

/// The company, and its sites as far as they are told.
pub(crate) struct Company {
    pub(crate) organisation: Organisation,
    pub(crate) sites: Vec<Site>,
}

impl Api {
    /// The same API with fresh counts for one run, which tells of its long waits.
    pub(crate) fn begin_run(&self, request: Option<&ReadRequest>) -> Self {
        let waiting = request.and_then(|request| request.waiting().cloned());
        Self { client: self.client.begin_run().on_wait(waiting), ..self.clone() }
    }

    /// The company that the token belongs to.
    pub(crate) async fn company(&self) -> Result<Company> {
        let request = Request::get("read the organisation").segments(["organization", "v2"]);
        self.read(&request, |response| {
            let organisation = only(response)?;
            // Without a list of sites nobody's place of work can be named, and nothing else suffers.
            let sites = wire::list(response, &["sites"], &[]).map_or_else(|_| Vec::new(), |list| list.rows);
            Ok(Company { organisation, sites })
        })
        .await
    }

    /// Everybody, in the one answer that there is.
    pub(crate) async fn employees(&self) -> Result<Vec<Employee>> {
        let request = Request::get(LIST).segments(["employee", "v2"]);
        self.read(&request, |response| {
            if response.header("link").is_some_and(|link| link.contains("next")) {
                // There is no paging today. If there ever is, the first page must not pass for all.
                let words =
                    format!("{LIST}: the answer has further pages, which 24SevenOffice does not document");
                return Err(Error::new(ErrorKind::Protocol, words).with_status(response.status()));
            }
            Ok(wire::list(response, &[], &[])?.rows)
        })
        .await
    }

    /// One person: what `read` makes of the answer and of the record in it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] where nobody has this number; [`ErrorKind::Rejected`] where the answer is empty, which
    /// no description calls nobody.
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
                    "read employee: the answer is empty, so whether anybody has this number is not said";
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

    /// The definitions of custom fields.
    pub(crate) async fn custom_fields(&self) -> Result<Vec<CustomField>> {
        let request = Request::get("list custom fields").segments(["employee_field", "v2"]).trailing_slash();
        self.read(&request, rows).await
    }

    /// The dimensions, such as departments and projects.
    pub(crate) async fn dimensions(&self) -> Result<Vec<Dimension>> {
        self.read(&Request::get("list dimensions").segments(["dimension", "v2"]), rows).await
    }

    /// The values of one dimension.
    pub(crate) async fn dimension_values(&self, dimension: &str) -> Result<Vec<DimensionValue>> {
        let request = Request::get("list the values of a dimension").segments(["dimension", "v2", dimension]);
        self.read(&request, rows).await
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
        self.client.send(&request).await.map(drop).map_err(explain)
    }

    async fn read<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        self.client.exchange(request, read).await.map_err(explain)
    }
}

/// The records of an answer, which may be a list of them or, where there is one, that one itself.
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

/// Says what a failure may mean in 24SevenOffice.
fn explain(error: Error) -> Error {
    let hint = match (error.kind(), error.status()) {
        // What the call for an access token says about itself is said already.
        (ErrorKind::Auth, _) => return error,
        (ErrorKind::Permission, _) => {
            "the access token may not do this; ask 24SevenOffice which right it lacks"
        }
        (_, Some(401)) => {
            "24SevenOffice answers a value that it does not accept as it answers a refused token; a fresh token \
             was accepted, so it is the request"
        }
        (_, Some(300..=399)) => "if 24SevenOffice has moved to another address, set base_url to it",
        (ErrorKind::Protocol, Some(404)) => "base_url may be wrong",
        _ => return error,
    };
    error.with_hint(hint)
}

/// How 24SevenOffice words its refusals.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vendor;

impl hris_core::http::Vendor for Vendor {
    /// A 401 means "bad input parameter" as much as "not signed in". When it is judged here, the
    /// client has renewed the token and asked again: so it is about the request, not about the
    /// connection.
    fn classify(&self, request: &Request, response: &Response) -> Option<Verdict> {
        match response.status() {
            401 | 404 if request.label() == LIST => Some(Verdict::Refused(ErrorKind::Protocol)),
            401 => Some(Verdict::Refused(ErrorKind::Rejected)),
            _ => None,
        }
    }
}
