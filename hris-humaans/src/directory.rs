//! Humaans as a [`Directory`].

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{try_join, try_join3, try_join4};
use hris_core::http::Part;
use hris_core::{
    Capabilities, Directory, EmployeeId, ErrorKind, Field, FieldInfo, LeaverSignals, Lookup, Preflight,
    ReadRequest, Result, Snapshot, SourceField, SourceSettings, StandardField,
};

use crate::builder::{Builder, LastDay, MAX_PAGE_SIZE};
use crate::client::Api;
use crate::convert::{self, Identity, Lists, VENDOR, asked_members, is_sensitive, needs_lists};
use crate::preflight;
use crate::wire::CustomField;

/// What Humaans can show.
const FIELDS: [StandardField; 31] = [
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
    StandardField::TimeZone,
];

/// One company's Humaans, read with one access token. It can read and nothing else.
///
/// Cheap to clone; clones share the pace and the connections. `Debug` shows the host.
///
/// ```
/// use hris_core::{Directory, Secret};
/// use hris_humaans::Humaans;
///
/// let humaans = Humaans::builder().token(Secret::from("the-access-token".to_owned())).build()?;
/// assert_eq!(humaans.capabilities().vendor, "humaans");
/// assert!(humaans.writer().is_none());
/// assert!(!format!("{humaans:?}").contains("the-access-token"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Humaans {
    api: Api,
    last_day: LastDay,
    settings: SourceSettings,
    plain_http: bool,
    capabilities: Arc<Capabilities>,
}

impl Humaans {
    /// A builder; the token is the only setting that it needs.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(api: Api, last_day: LastDay, settings: SourceSettings, plain_http: bool) -> Self {
        let mut capabilities = Capabilities::read_only(VENDOR, &FIELDS, LeaverSignals::new(true, true));
        capabilities.custom_fields = true;
        capabilities.max_page_size = MAX_PAGE_SIZE;
        Self { api, last_day, settings, plain_http, capabilities: Arc::new(capabilities) }
    }

    async fn read(&self, api: &Api, request: &ReadRequest) -> Result<(Snapshot, Part<Vec<CustomField>>)> {
        let asked = asked_members(request);
        let tell = |rows: u64, total: Option<u64>| {
            if let Some(progress) = request.progress() {
                progress(rows, total);
            }
        };
        let (identity, people, mut lists) =
            try_join3(identity(api), api.people(&asked, &tell), lists(api, request, None)).await?;
        let snapshot = convert::snapshot(people, &lists, &identity, request, self.last_day)?;
        tracing::debug!(
            people = snapshot.people(),
            problems = snapshot.problems().len(),
            requests = api.client.requests(),
            "read the directory"
        );
        let snapshot =
            snapshot.with_requests(api.client.requests()).with_answered_at(api.client.answered_at());
        Ok((snapshot, std::mem::take(&mut lists.custom_fields)))
    }
}

#[async_trait]
impl Directory for Humaans {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn settings(&self) -> SourceSettings {
        self.settings.clone()
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        preflight::check(&self.api.begin_run(Some(request)), request, self.last_day, self.plain_http).await
    }

    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        let (snapshot, definitions) = self.read(&self.api.begin_run(Some(request)), request).await?;
        let mut infos = FieldInfo::count(snapshot.employees(), &self.capabilities);
        for definition in definitions.read().into_iter().flatten() {
            let Some(id) = definition.notes.id.clone() else { continue };
            let field = SourceField::CustomId(id);
            let mut kind = definition.kind.as_deref().value().unwrap_or("text").to_owned();
            if is_sensitive(definition) {
                kind.push_str(", read only by id");
            }
            match infos.iter_mut().find(|info| info.field == field) {
                Some(info) => info.kind = kind,
                None => {
                    let mut info = FieldInfo::new(field, kind);
                    info.people = snapshot.employees().len() as u64;
                    info.label = definition.name.clone().value();
                    infos.push(info);
                }
            }
        }
        Ok(infos)
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        Ok(self.read(&self.api.begin_run(Some(request)), request).await?.0)
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
        let api = self.api.begin_run(Some(request));
        let asked = asked_members(request);
        let person = match api.person(id, &asked).await {
            Ok(person) => person,
            Err(error) => return Lookup::of_refusal(error),
        };
        let lists = lists(&api, request, Some(id)).await?;
        let manager = convert::manager(&person, &lists, request.today());
        let mut employee = convert::one(person, &lists, request, self.last_day)?;
        if let Some(manager) = manager.filter(|_| request.wants(StandardField::ManagerEmail)) {
            let email = match api.person(&manager, &[]).await {
                Ok(manager) => manager.email.map(|email| email.trim().to_ascii_lowercase()),
                Err(error) if error.kind() == ErrorKind::Auth || error.is_transient() => return Err(error),
                Err(_) => Field::NotProvided,
            };
            employee.put(StandardField::ManagerEmail, email);
        }
        Ok(Lookup::Found(Box::new(employee)))
    }
}

/// The token and its maker. Humaans may not tell either; a refused token is an error.
pub(crate) async fn identity(api: &Api) -> Result<Identity> {
    let token = async { Part::of(api.token_info().await) };
    let me = async { Part::of(api.me().await) };
    let (token, me) = try_join(token, me).await?;
    Ok(Identity { token: token.into_read(), me: me.into_read() })
}

/// The lists that a request needs beside the people, of everybody or of one person.
async fn lists(api: &Api, request: &ReadRequest, person: Option<&EmployeeId>) -> Result<Lists> {
    let custom = needs_lists(request);
    let needs_roles = custom
        || [
            StandardField::JobTitle,
            StandardField::Department,
            StandardField::Manager,
            StandardField::ManagerEmail,
        ]
        .into_iter()
        .any(|field| request.wants(field));
    let (roles, locations, custom_fields, custom_values) = try_join4(
        Part::when(needs_roles, api.job_roles(request.today(), person)),
        Part::when(request.wants(StandardField::Location), api.locations()),
        Part::when(custom, api.custom_fields()),
        Part::when(custom, api.custom_values(person)),
    )
    .await?;
    Ok(Lists { roles, locations, custom_fields, custom_values })
}
