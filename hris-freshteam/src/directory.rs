//! Freshteam as a [`Directory`].

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join_all;
use hris_core::http::Part;
use hris_core::{
    Capabilities, Cost, Directory, EmployeeId, Error, ErrorKind, Field, FieldInfo, LeaverSignals, Lookup,
    Preflight, ReadRequest, Result, Snapshot, SourceField, SourceSettings, StandardField,
};

use crate::builder::{Builder, PAGE_SIZE, Subdomain};
use crate::client::{Api, pace};
use crate::convert::{self, Crowd, Need, Units, VENDOR};
use crate::preflight;

/// What Freshteam can show.
const FIELDS: [StandardField; 30] = [
    StandardField::Id,
    StandardField::EmployeeNumber,
    StandardField::GivenName,
    StandardField::MiddleName,
    StandardField::FamilyName,
    StandardField::PreferredName,
    StandardField::Email,
    StandardField::PersonalEmail,
    StandardField::WorkPhone,
    StandardField::PersonalPhone,
    StandardField::Address,
    StandardField::AddressStreet,
    StandardField::AddressCity,
    StandardField::AddressRegion,
    StandardField::AddressPostcode,
    StandardField::AddressCountry,
    StandardField::Status,
    StandardField::RawStatus,
    StandardField::EmploymentKind,
    StandardField::JobTitle,
    StandardField::Department,
    StandardField::Team,
    StandardField::Teams,
    StandardField::Location,
    StandardField::Manager,
    StandardField::ManagerEmail,
    StandardField::StartDate,
    StandardField::EndDate,
    StandardField::LastWorkingDay,
    StandardField::AccessRole,
];

/// How many people's own records the catalogue of fields looks at.
const SAMPLED: usize = PAGE_SIZE as usize;

/// How often everybody is listed when people vanish while their records are read.
const LISTINGS: u32 = 2;

/// One company's Freshteam, read with one API key. It can read and nothing else.
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
#[derive(Clone)]
pub struct Freshteam {
    api: Api,
    subdomain: Subdomain,
    key_owner: Option<String>,
    settings: SourceSettings,
    plain_http: bool,
    capabilities: Arc<Capabilities>,
}

impl std::fmt::Debug for Freshteam {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Freshteam").field("host", &self.subdomain.host()).finish_non_exhaustive()
    }
}

/// Whose own record is read besides the list.
#[derive(Clone, Copy, PartialEq)]
enum Records {
    /// Everybody's who has not left, where the request needs it.
    All,
    /// Some people's, to see which fields there are.
    Some,
}

impl Freshteam {
    /// A builder; it needs the subdomain and the API key.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        api: Api,
        subdomain: Subdomain,
        key_owner: Option<String>,
        settings: SourceSettings,
        plain_http: bool,
    ) -> Self {
        let mut capabilities = Capabilities::read_only(VENDOR, &FIELDS, LeaverSignals::new(true, false));
        capabilities.custom_fields = true;
        capabilities.max_page_size = PAGE_SIZE;
        Self { api, subdomain, key_owner, settings, plain_http, capabilities: Arc::new(capabilities) }
    }

    /// Everybody, with the records that are wanted, and how many these were.
    async fn read(&self, api: &Api, request: &ReadRequest, records: Records) -> Result<(Snapshot, u64)> {
        let need = Need::of(request);
        let tell = |read: u64, total: Option<u64>| {
            if let Some(progress) = request.progress() {
                progress(read, total);
            }
        };
        let mut units = None;
        for _ in 0..LISTINGS {
            let crowd = Crowd::of(api.people(&need.members, &tell).await?);
            let units = match &units {
                Some(units) => units,
                None => units.insert(read_units(api, &need).await?),
            };
            let mut ids = if need.details { crowd.employed(request.today()) } else { Vec::new() };
            if records == Records::Some {
                ids.truncate(SAMPLED);
            }
            let include = need.include();
            let details = api.people_one_by_one(ids, &need.members, include, &tell).await?;
            let Some(details) = details else {
                tracing::debug!("somebody vanished while records were read; everybody is listed again");
                continue;
            };
            let read = details.len() as u64;
            let snapshot = convert::snapshot(crowd, details, units, &need, &self.subdomain, request)?;
            tracing::debug!(
                people = snapshot.people(),
                problems = snapshot.problems().len(),
                requests = api.client.requests(),
                "read the directory"
            );
            return Ok((
                snapshot.with_requests(api.client.requests()).with_answered_at(api.client.answered_at()),
                read,
            ));
        }
        let words = "read employees: people vanished while their records were read, in two listings";
        Err(Error::new(ErrorKind::Incomplete, words))
    }
}

#[async_trait]
impl Directory for Freshteam {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn settings(&self) -> SourceSettings {
        self.settings.clone()
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        let api = self.api.begin_run(Some(request));
        preflight::check(&api, request, &self.subdomain, self.key_owner.as_deref(), self.plain_http).await
    }

    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        let api = self.api.begin_run(Some(request));
        let (snapshot, sampled) = self.read(&api, request, Records::Some).await?;
        let form = Part::of(api.form_fields().await)?;
        let mut infos = FieldInfo::count(snapshot.employees(), &self.capabilities);
        for info in &mut infos {
            if convert::is_detail(&info.field) {
                info.people = sampled;
            }
            if let SourceField::CustomId(key) = &info.field {
                (info.label, info.field) = (None, SourceField::CustomName(key.clone()));
            }
        }
        for row in form.read().into_iter().flatten().filter(|row| convert::is_custom(row)) {
            let Field::Value(key) = row.name.as_deref() else { continue };
            let field = SourceField::CustomName(key.to_owned());
            let place = infos.iter().position(|info| info.field == field);
            let place = place.unwrap_or_else(|| {
                let mut info = FieldInfo::new(field, "text");
                info.people = sampled;
                infos.push(info);
                infos.len() - 1
            });
            if let Some(info) = infos.get_mut(place) {
                info.label = row.label.clone().value();
                if let Field::Value(kind) = row.kind.as_deref() {
                    info.kind = kind.to_owned();
                }
            }
        }
        Ok(infos)
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        Ok(self.read(&self.api.begin_run(Some(request)), request, Records::All).await?.0)
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
        let api = self.api.begin_run(Some(request));
        let need = Need::of(request);
        let person = match api.person(id, &need.members, need.include()).await {
            Ok(person) => person,
            Err(error) => return Lookup::of_refusal(error),
        };
        let units = read_units(&api, &need).await?;
        let manager = person.manager.clone().value().map(EmployeeId::from);
        let mut employee = convert::one(person, &units, &need, request);
        if let Some(manager) = manager.filter(|_| request.wants(StandardField::ManagerEmail)) {
            let email = match api.person(&manager, &[], &[]).await {
                Ok(manager) => manager.email.map(|email| email.trim().to_ascii_lowercase()),
                Err(error) if error.kind() == ErrorKind::Auth || error.is_transient() => return Err(error),
                Err(_) => Field::NotProvided,
            };
            employee.put(StandardField::ManagerEmail, email);
        }
        Ok(Lookup::Found(Box::new(employee)))
    }

    async fn cost(&self, request: &ReadRequest) -> Result<Option<Cost>> {
        let api = self.api.begin_run(Some(request));
        let mut totals = Vec::with_capacity(api.listings.len());
        for filter in api.listings.iter() {
            totals.push(api.first_people(*filter, &[]).await?.1);
        }
        let totals: Option<Vec<u64>> = totals.into_iter().collect();
        let cost = totals.and_then(|totals| cost(&api, &Need::of(request), &totals));
        Ok(cost.map(|cost| cost.with_asked(api.client.requests())))
    }
}

/// What a snapshot takes when the listings have so many people each, the first of them those who are
/// employed. None before an answer has told the account's limit.
pub(crate) fn cost(api: &Api, need: &Need<'_>, totals: &[u64]) -> Option<Cost> {
    // A listing ends with a page that is not full.
    let pages: u64 = totals.iter().map(|total| total / api.rows_a_page() + 1).sum();
    let records = totals.first().filter(|_| need.details).copied().unwrap_or_default();
    let requests = pages + need.units.len() as u64 + records;
    Some(Cost::new(requests, pace(api.limit()?, api.share)))
}

/// The lists of named units that a request needs. One that may not be read is a part that is hidden.
async fn read_units(api: &Api, need: &Need<'_>) -> Result<Units> {
    let lists = need.units.iter().map(|of| async move { Ok((*of, Part::of(api.units(*of).await)?)) });
    Ok(Units::of(try_join_all(lists).await?.into_iter().collect::<HashMap<_, _>>()))
}
