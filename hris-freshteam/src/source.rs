//! Freshteam as a [`Source`], from which the kit builds a [`Directory`](hris_core::Directory).

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use hris_core::connector::{Checks, Crowd, Run, Source, Vendor, work_email};
use hris_core::http::Part;
use hris_core::{
    Cost, Employee, EmployeeId, Error, ErrorKind, Field, FieldInfo, Result, Snapshot, SourceField,
};

use crate::checks;
use crate::config::{Builder, Config, PAGE_SIZE, Subdomain};
use crate::convert::{self, Need, Units, has_left};
use crate::lists::{self, whole};
use crate::refusals::pace;
use crate::wire::{FormField, Person};

/// How many people's own records the catalogue of fields looks at.
const SAMPLED: usize = PAGE_SIZE as usize;

/// How often everybody is listed when people vanish while their records are read.
const LISTINGS: u32 = 2;

/// One company's Freshteam, read with one API key. It can only read.
///
/// Cheap to clone; clones share the pace and the connections. `Debug` shows the host.
///
/// ```
/// use hris_core::{Directory, Secret};
/// use hris_freshteam::Freshteam;
///
/// let freshteam =
///     Freshteam::builder().subdomain("acme").api_key(Secret::from("k3y".to_owned())).build()?;
/// assert_eq!(freshteam.capabilities().vendor, "freshteam");
/// assert!(freshteam.writer().is_none());
/// assert!(!format!("{freshteam:?}").contains("k3y"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Freshteam(pub(crate) Api);

hris_core::connector!(Freshteam);

impl Freshteam {
    /// A builder; it needs the subdomain and the API key.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

/// The API as one key sees it.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) config: Arc<Config>,
    pub(crate) subdomain: Subdomain,
    pub(crate) page_size: Option<u32>,
    /// The filters of a snapshot's listings, in order.
    pub(crate) listings: Arc<[(&'static str, &'static str)]>,
    /// The account's limit a minute as an answer stated it; 0 before.
    pub(crate) limit: Arc<AtomicU64>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Freshteam").field("host", &self.subdomain.host()).finish_non_exhaustive()
    }
}

/// What is read beside the people.
pub(crate) struct Around {
    /// How many people's own records were read.
    sampled: u64,
    /// The fields of the employee form, where the catalogue of fields asks for them.
    form: Part<Vec<FormField>>,
}

impl Api {
    /// Everybody, with the single records of at most `records` people where the request needs them.
    async fn everybody(&self, run: &Run<'_>, records: usize) -> Result<(Snapshot, u64)> {
        let request = run.request();
        let need = Need::of(request);
        let mut units = None;
        for _ in 0..LISTINGS {
            let crowd = self.list_all(run, &need).await?;
            let units = match &units {
                Some(units) => units,
                None => units.insert(self.read_units(run, &need).await?),
            };
            let employed = |row: &Person| need.details && !has_left(row, request.today());
            let mut ids = crowd.ids(employed);
            ids.truncate(records);
            let Some(details) = self.one_by_one(run, ids, &need).await? else {
                tracing::debug!("a person vanished while records were read; everybody is listed again");
                continue;
            };
            let read = details.len() as u64;
            let snapshot = convert::snapshot(crowd, details, units, &need, &self.subdomain, request)?;
            return Ok((snapshot, read));
        }
        let words = "read employees: people vanished while their records were read, in two listings";
        Err(Error::new(ErrorKind::Incomplete, words))
    }

    /// Every listing, one after the other, each proven by itself. They are never read side by side, so a
    /// person who leaves between two listings is in the later one. Of two records of one person the one
    /// that was updated later counts.
    async fn list_all(&self, run: &Run<'_>, need: &Need<'_>) -> Result<Crowd<Person>> {
        let (mut lists, mut before) = (Vec::with_capacity(self.listings.len()), 0);
        for filter in self.listings.iter() {
            let list = run.more_people(&self.employees(*filter, &need.members), before).await?;
            if list.oversized > 0 {
                tracing::debug!(pages = list.oversized, "pages with more rows than a page has");
            }
            before += list.rows.len() as u64;
            lists.push(list);
        }
        let updated = |row: &Person| row.updated_at.as_deref().value().map(str::to_owned);
        let age = |one: &Person, other: &Person| Some(updated(one)?.cmp(&updated(other)?));
        Ok(Crowd::joined(lists, |one, other| age(one, other).filter(|order| *order != Ordering::Equal)))
    }

    /// The own records of these people; `None` if one of them is gone meanwhile, because the listing is then older
    /// than the records.
    async fn one_by_one(
        &self,
        run: &Run<'_>,
        ids: Vec<EmployeeId>,
        need: &Need<'_>,
    ) -> Result<Option<HashMap<EmployeeId, Person>>> {
        let mut records = HashMap::with_capacity(ids.len());
        let read = run.each(
            ids,
            |id| async move { self.record(run, &id, need).await },
            |id, person| person.map(|person| drop(records.insert(id, person))),
        );
        match read.await {
            Ok(()) => Ok(Some(records)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) async fn record(&self, run: &Run<'_>, id: &EmployeeId, need: &Need<'_>) -> Result<Person> {
        run.one(&lists::employee(id, need.include()), None, &need.members, id.as_str()).await
    }

    /// The lists of named units that a request needs. A list that may not be read is a hidden part.
    async fn read_units(&self, run: &Run<'_>, need: &Need<'_>) -> Result<Units> {
        let lists = need
            .units
            .iter()
            .map(|of| async move { Ok((*of, Part::of(whole(run, &self.units(*of)).await)?)) });
        Ok(Units::of(try_join_all(lists).await?))
    }

    /// Requests a minute that the account may make, once an answer has stated it.
    pub(crate) fn limit(&self) -> Option<u64> {
        Some(self.limit.load(std::sync::atomic::Ordering::Relaxed)).filter(|limit| *limit > 0)
    }

    /// What a snapshot costs with these numbers of people, one for each listing, employed people first.
    /// `None` before an answer has stated the account's limit.
    pub(crate) fn cost_of(&self, need: &Need<'_>, totals: &[u64]) -> Option<Cost> {
        // A listing ends with a page that is not full.
        let pages: u64 = totals.iter().map(|total| total / u64::from(self.rows_a_page()) + 1).sum();
        let records = totals.first().filter(|_| need.details).copied().unwrap_or_default();
        let requests = pages + need.units.len() as u64 + records;
        Some(Cost::new(requests, pace(self.limit()?, self.config.rate_share)))
    }
}

#[async_trait]
impl Source for Api {
    type Row = Person;
    type Around = Around;

    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, Around)> {
        let (snapshot, sampled) = self.everybody(run, usize::MAX).await?;
        Ok((snapshot, Around { sampled, form: Part::Skipped }))
    }

    async fn sample(&self, run: &Run<'_>) -> Result<(Snapshot, Around)> {
        let (snapshot, sampled) = self.everybody(run, SAMPLED).await?;
        let form = Part::of(whole(run, &self.form_fields()).await)?;
        Ok((snapshot, Around { sampled, form }))
    }

    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<Person> {
        self.record(run, id, &Need::of(run.request())).await
    }

    async fn complete(&self, run: &Run<'_>, person: Person) -> Result<Employee> {
        let need = Need::of(run.request());
        let units = self.read_units(run, &need).await?;
        Ok(convert::one(person, &units, &need, run.request()))
    }

    fn work_email(&self, person: Person) -> Field<String> {
        work_email(person.email)
    }

    /// Freshteam names a custom field by its key, and has no list of values. The sample shows them.
    fn correct_catalogue(&self, fields: &mut Vec<FieldInfo>, around: &Around) {
        for info in fields.iter_mut() {
            if convert::is_detail(&info.field) {
                info.people = around.sampled;
            }
            if let SourceField::CustomId(key) = &info.field {
                (info.label, info.field) = (None, SourceField::CustomName(key.clone()));
            }
        }
        for row in around.form.read().into_iter().flatten().filter(|row| convert::is_custom(row)) {
            let Field::Value(key) = row.name.as_deref() else { continue };
            let field = SourceField::CustomName(key.to_owned());
            let place = fields.iter().position(|info| info.field == field).unwrap_or_else(|| {
                let mut info = FieldInfo::new(field, "text");
                info.people = around.sampled;
                fields.push(info);
                fields.len() - 1
            });
            if let Some(info) = fields.get_mut(place) {
                info.label = row.label.clone().value();
                if let Field::Value(kind) = row.kind.as_deref() {
                    info.kind = kind.to_owned();
                }
            }
        }
    }

    async fn cost(&self, run: &Run<'_>) -> Result<Option<Cost>> {
        let mut totals = Vec::with_capacity(self.listings.len());
        for filter in self.listings.iter() {
            totals.push(run.first(&self.employees(*filter, &[])).await?.1);
        }
        let totals: Option<Vec<u64>> = totals.into_iter().collect();
        Ok(totals.and_then(|totals| self.cost_of(&Need::of(run.request()), &totals)))
    }

    async fn check(&self, checks: &mut Checks<'_>) -> Result<()> {
        checks::everything(self, checks).await
    }
}
