//! One reading of a vendor: its requests, its progress and its refusals.

use futures_util::stream::{self, StreamExt};

use super::{CustomField, List};
use crate::http::{
    Client, Listed, Listing, Options, Position, Progress, Request, Response, list_all, never_empty, read_page,
};
use crate::wire::{self, Record};
use crate::{Date, EmployeeId, Error, ErrorKind, ReadRequest, Result, StandardField};

/// Says what a refusal may mean at this vendor and what to do about it: the error, and what was being done.
pub type Explain = fn(Error, &'static str) -> Error;

/// One reading of a vendor, with counts of its own. It reports to [`ReadRequest::progress`] and
/// [`ReadRequest::waiting`].
#[derive(Debug)]
pub struct Run<'r> {
    client: Client,
    concurrency: usize,
    explain: Explain,
    request: &'r ReadRequest,
}

impl<'r> Run<'r> {
    /// Begins to read. `concurrency` bounds the requests that are under way at once.
    #[must_use]
    pub fn new(client: &Client, concurrency: usize, explain: Explain, request: &'r ReadRequest) -> Self {
        let client = client.begin_run().on_wait(request.waiting().cloned());
        Self { client, concurrency, explain, request }
    }

    /// What is asked for.
    #[must_use]
    pub fn request(&self) -> &'r ReadRequest {
        self.request
    }

    /// The day for which people are read.
    #[must_use]
    pub fn today(&self) -> Date {
        self.request.today()
    }

    /// Whether one of these fields is asked for.
    #[must_use]
    pub fn wants_any(&self, fields: &[StandardField]) -> bool {
        fields.iter().any(|field| self.request.wants(*field))
    }

    /// The client with the counts of this reading.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Reads the whole list and proves that it is complete. Reports the progress.
    ///
    /// # Errors
    /// As [`list_all`].
    pub async fn people<R: Record>(&self, list: &List<R>) -> Result<Listed<R>> {
        let tell = |progress: Progress| self.request.tell(progress.rows, progress.total);
        self.listed(list, &tell).await
    }

    /// As [`Run::people`], of a list that is one of several: `before` people were read already, and how many there
    /// are in all is unknown.
    ///
    /// # Errors
    /// As [`list_all`].
    pub async fn more_people<R: Record>(&self, list: &List<R>, before: u64) -> Result<Listed<R>> {
        let tell = |progress: Progress| self.request.tell(before.saturating_add(progress.rows), None);
        self.listed(list, &tell).await
    }

    /// Every row of a list beside the people.
    ///
    /// # Errors
    /// As [`list_all`].
    pub async fn all<R: Record>(&self, list: &List<R>) -> Result<Vec<R>> {
        Ok(self.listed(list, &|_| {}).await?.rows)
    }

    /// The custom fields that a list of definitions defines.
    ///
    /// # Errors
    /// As [`list_all`].
    pub async fn custom_fields<R: Record>(
        &self,
        list: &List<R>,
        defined: fn(&R) -> Option<CustomField>,
    ) -> Result<Vec<CustomField>> {
        Ok(self.all(list).await?.iter().filter_map(defined).collect())
    }

    async fn listed<R: Record>(
        &self,
        list: &List<R>,
        tell: &(dyn Fn(Progress) + Send + Sync),
    ) -> Result<Listed<R>> {
        let options = Options::default().concurrency(self.concurrency).progress(tell);
        list_all(&self.client, list, &options).await.map_err(|error| (self.explain)(error, list.label()))
    }

    /// The rows of the first page, and how many rows the list has, where the vendor says so.
    ///
    /// # Errors
    /// As [`Run::exchange`]; a list that is not found is [`ErrorKind::Protocol`].
    pub async fn first<R: Record>(&self, list: &List<R>) -> Result<(Vec<R>, Option<u64>)> {
        self.page(list, 0).await
    }

    /// The rows of one page, counted from 0, and how many rows the list has.
    ///
    /// # Errors
    /// As [`Run::first`]; [`ErrorKind::Protocol`] for another page than the first of a list whose pages begin at a
    /// cursor, which only the page before names.
    pub async fn page<R: Record>(&self, list: &List<R>, page: u64) -> Result<(Vec<R>, Option<u64>)> {
        if page > 0 && !list.has_numbered_pages() {
            let words = format!("{}: only the page before says where this page begins", list.label());
            return Err(Error::new(ErrorKind::Protocol, words));
        }
        let at = Position { page, offset: page.saturating_mul(Listing::page_size(list)), cursor: None };
        let read = |response: &Response| read_page(&self.client, list, response);
        let answer = self.client.exchange(&list.request(&at), read).await;
        let page = answer.map_err(|error| (self.explain)(never_empty(error), list.label()))?;
        Ok((page.rows, page.total.rows()))
    }

    /// The one record that the answer is, or that stands as a member of it. It has to be the record of `id`.
    ///
    /// # Errors
    /// As [`Run::exchange`]; [`ErrorKind::Mismatch`] for another one's record, and [`ErrorKind::Protocol`] for a record
    /// without an id.
    pub async fn one<R: Record>(
        &self,
        request: &Request,
        member: Option<&str>,
        asked: &[&str],
        id: &str,
    ) -> Result<R> {
        self.exchange(request, |response| {
            let record: R = match member {
                Some(member) => wire::one_in(response, member, asked)?,
                None => wire::one(response, asked)?,
            };
            let (kind, words) = match record.id() {
                Some(known) if known == id => return Ok(record),
                Some(_) => (ErrorKind::Mismatch, "the answer is another one's record"),
                None => (ErrorKind::Protocol, "a record without an id"),
            };
            Err(Error::new(kind, format!("{}: {words}", response.label())).with_status(response.status()))
        })
        .await
    }

    /// The one record that the answer is, whatever its id.
    ///
    /// # Errors
    /// As [`Run::exchange`].
    pub async fn record<R: Record>(&self, request: &Request) -> Result<R> {
        self.exchange(request, |response| wire::one(response, &[])).await
    }

    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// As [`Client::exchange`], with the vendor's explanation.
    pub async fn exchange<T: Send>(
        &self,
        request: &Request,
        read: impl Fn(&Response) -> Result<T> + Send,
    ) -> Result<T> {
        self.client.exchange(request, read).await.map_err(|error| (self.explain)(error, request.label()))
    }

    /// Reads these people one by one, some at once, and reports the progress. The answers come in the order
    /// of `ids`. `take` decides about an answer that failed.
    ///
    /// # Errors
    /// The first error that `take` returns.
    pub async fn each<T: Send, F: Future<Output = Result<T>> + Send>(
        &self,
        ids: Vec<EmployeeId>,
        ask: impl Fn(EmployeeId) -> F + Send,
        mut take: impl FnMut(EmployeeId, Result<T>) -> Result<()> + Send,
    ) -> Result<()> {
        let total = ids.len() as u64;
        let ask = |id: EmployeeId| {
            let answer = ask(id.clone());
            async move { (id, answer.await) }
        };
        let mut answers = stream::iter(ids.into_iter().map(ask)).buffered(self.concurrency.max(1));
        let mut done = 0;
        while let Some((id, answer)) = answers.next().await {
            take(id, answer)?;
            done += 1;
            self.request.tell(done, Some(total));
        }
        Ok(())
    }
}
