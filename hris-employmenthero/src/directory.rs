//! Employment Hero as a [`Directory`].

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join3;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use hris_core::http::Part;
use hris_core::{
    Capabilities, Cost, Directory, EmployeeId, ErrorKind, Field, FieldInfo, LeaverSignals, Lookup, Preflight,
    ReadRequest, Result, Snapshot, SourceField, SourceSettings, StandardField,
};

use crate::builder::{Builder, MAX_PAGE_SIZE, StatusWords};
use crate::client::{Api, Resource};
use crate::convert::{self, Chosen, Customs, VENDOR, asked_members, choose, needs_lists, wanted};
use crate::preflight;
use crate::wire::CustomField;

/// What Employment Hero can show. Departments have no scope that reads them.
const FIELDS: [StandardField; 32] = [
    StandardField::Id,
    StandardField::EmployeeNumber,
    StandardField::GivenName,
    StandardField::MiddleName,
    StandardField::FamilyName,
    StandardField::PreferredName,
    StandardField::DisplayName,
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
    StandardField::Team,
    StandardField::Teams,
    StandardField::Groups,
    StandardField::Location,
    StandardField::Manager,
    StandardField::ManagerEmail,
    StandardField::StartDate,
    StandardField::EndDate,
    StandardField::LastWorkingDay,
    StandardField::AccessRole,
    StandardField::TimeZone,
];

/// One organisation's Employment Hero, read with one grant. It can read and nothing else.
///
/// Cheap to clone; clones share the grant, the pace and the connections. `Debug` shows the host.
///
/// ```
/// use hris_core::{Directory, Secret};
/// use hris_employmenthero::EmploymentHero;
///
/// let token = Secret::from("an-access-token".to_owned());
/// let directory = EmploymentHero::builder().access_token(token).build()?;
/// assert_eq!(directory.capabilities().vendor, "employmenthero");
/// assert!(directory.writer().is_none());
/// assert!(!format!("{directory:?}").contains("an-access-token"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmploymentHero {
    api: Api,
    words: Arc<StatusWords>,
    settings: SourceSettings,
    plain_http: bool,
    capabilities: Arc<Capabilities>,
}

impl EmploymentHero {
    /// A builder; a credential is the only setting that it needs.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(api: Api, words: StatusWords, settings: SourceSettings, plain_http: bool) -> Self {
        let mut capabilities = Capabilities::read_only(VENDOR, &FIELDS, LeaverSignals::new(true, true));
        capabilities.custom_fields = true;
        capabilities.max_page_size = MAX_PAGE_SIZE;
        Self { api, words: Arc::new(words), settings, plain_http, capabilities: Arc::new(capabilities) }
    }

    /// The organisations that the credential sees, by id and name, for a person to choose from. The
    /// name may be empty.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] and [`ErrorKind::Permission`] where they may not be listed; else what
    /// kept Employment Hero from answering.
    pub async fn organisations(&self) -> Result<Vec<(String, String)>> {
        let seen = self.api.begin_run(None).organisations().await?;
        let pairs = seen.into_iter().filter_map(|one| {
            let name = one.name.value().unwrap_or_default();
            Some((one.notes.id?, name))
        });
        Ok(pairs.collect())
    }

    async fn read(&self, api: &Api, request: &ReadRequest) -> Result<(Snapshot, Part<Vec<CustomField>>)> {
        let asked = asked_members(request);
        let tell = |rows: u64, total: Option<u64>| {
            if let Some(progress) = request.progress() {
                progress(rows, total);
            }
        };
        let chosen = organisation(api).await?;
        let custom = needs_lists(request);
        let (people, detail, fields) = try_join3(
            api.people(&chosen.id, &asked, &tell),
            async { Part::of(api.organisation(&chosen.id).await) },
            Part::when(custom, api.custom_fields(&chosen.id)),
        )
        .await?;
        let ids = people.rows.iter().filter_map(|person| person.notes.id.clone()).collect();
        let customs = customs(api, &chosen.id, fields, ids, request).await?;
        let scopes = api.scopes();
        let snapshot = convert::snapshot(people, &customs, &chosen, &detail, scopes, request, &self.words)?;
        tracing::debug!(
            people = snapshot.people(),
            problems = snapshot.problems().len(),
            requests = api.client.requests(),
            "read the directory"
        );
        Ok((
            snapshot.with_requests(api.client.requests()).with_answered_at(api.client.answered_at()),
            customs.fields,
        ))
    }
}

#[async_trait]
impl Directory for EmploymentHero {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn settings(&self) -> SourceSettings {
        self.settings.clone()
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        preflight::check(&self.api.begin_run(Some(request)), request, &self.words, self.plain_http).await
    }

    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        let (snapshot, definitions) = self.read(&self.api.begin_run(Some(request)), request).await?;
        let mut infos = FieldInfo::count(snapshot.employees(), &self.capabilities);
        for definition in definitions.read().into_iter().flatten() {
            let Some(id) = definition.notes.id.clone() else { continue };
            let field = SourceField::CustomId(id);
            let kind = definition.kind.as_deref().value().unwrap_or("text").to_owned();
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
        let organisation = match api.remembered() {
            Some(organisation) => organisation,
            None => organisation(&api).await?.id,
        };
        let asked = asked_members(request);
        let person = match api.person(&organisation, id, &asked).await {
            Ok(person) => person,
            // A lost organisation looks the same, and in it everybody would be gone.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return api.probe(&organisation, Resource::Employees).await.map(|_| Lookup::Gone);
            }
            Err(error) => return Lookup::of_refusal(error),
        };
        let fields = Part::when(needs_lists(request), api.custom_fields(&organisation)).await?;
        let customs = customs(&api, &organisation, fields, vec![id.to_string()], request).await?;
        let mut employee = convert::one(person, &customs, request, &self.words)?;
        if request.wants(StandardField::ManagerEmail)
            && let Field::Value(manager) = employee.manager().map(EmployeeId::from)
        {
            let email = match api.person(&organisation, &manager, &[]).await {
                Ok(mut manager) => convert::email(&mut manager),
                Err(error) if error.kind() == ErrorKind::Auth || error.is_transient() => return Err(error),
                Err(_) => Field::NotProvided,
            };
            employee.put(StandardField::ManagerEmail, email);
        }
        Ok(Lookup::Found(Box::new(employee)))
    }

    async fn settle(&self) -> Result<()> {
        self.api.settle().await
    }

    async fn cost(&self, request: &ReadRequest) -> Result<Option<Cost>> {
        let api = self.api.begin_run(Some(request));
        let organisation = organisation(&api).await?.id;
        let Some(people) = api.probe(&organisation, Resource::Employees).await? else { return Ok(None) };
        // The organisations, the chosen one with its counts, and the pages of people.
        let mut requests = 2 + people.div_ceil(api.page_size.into()).max(1);
        if needs_lists(request) {
            requests += 1;
            let fields = Part::of(api.custom_fields(&organisation).await)?;
            if let Some(fields) = fields.read()
                && !wanted(fields, request)?.is_empty()
            {
                requests = requests.saturating_add(people);
            }
        }
        Ok(Some(Cost::new(requests, api.per_minute).with_asked(api.client.requests())))
    }
}

/// Chooses the organisation, and remembers it for questions about one person.
///
/// # Errors
/// As [`choose`]; where organisations may not be listed, one has to be named by its id.
pub(crate) async fn organisation(api: &Api) -> Result<Chosen> {
    let wanted = api.wanted.as_deref();
    let chosen = match api.organisations().await {
        Ok(organisations) => choose(&organisations, wanted)?,
        Err(error) if error.kind() == ErrorKind::Permission => match wanted.filter(|id| is_id(id)) {
            Some(id) => Chosen::unlisted(id),
            None => return Err(error),
        },
        Err(error) => return Err(error),
    };
    api.remember(&chosen.id);
    Ok(chosen)
}

/// Whether the text has the form of an organisation's id (a UUID, or a plain number), not of a name.
fn is_id(text: &str) -> bool {
    is_uuid(text) || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the text has the form of a UUID, as the ids of people have.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The custom fields and, one request a person, their values; nothing where none is wanted.
async fn customs(
    api: &Api,
    organisation: &str,
    fields: Part<Vec<CustomField>>,
    ids: Vec<String>,
    request: &ReadRequest,
) -> Result<Customs> {
    let needed = match fields.read() {
        Some(definitions) => !wanted(definitions, request)?.is_empty(),
        None => false,
    };
    if !needed {
        return Ok(Customs { fields, ..Customs::default() });
    }
    let values = stream::iter(ids)
        .map(|id| async move {
            let values = Part::of(api.custom_values(organisation, &id).await)?;
            Ok::<_, hris_core::Error>((id, values))
        })
        .buffer_unordered(api.concurrency())
        .try_collect()
        .await?;
    Ok(Customs { fields, values })
}
