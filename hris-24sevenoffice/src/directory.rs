//! 24SevenOffice as a [`Directory`].

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::try_join3;
use futures_util::stream::{self, StreamExt};
use hris_core::http::Part;
use hris_core::{
    Capabilities, Directory, DirectoryWriter, EmployeeId, Error, ErrorKind, FieldCapability, FieldInfo,
    LeaverSignals, Lookup, Preflight, ReadRequest, Result, Snapshot, SourceField, SourceSettings,
    StandardField, Tally,
};
use tokio::sync::Mutex;

use crate::builder::{Builder, NewEmployeeNumber, Settings};
use crate::client::Api;
use crate::convert::{
    self, Crowd, Departments, Lists, Reader, VENDOR, Work, needs_custom_fields, needs_work,
};
use crate::preflight;
use crate::writer::State;

/// One company's 24SevenOffice Payroll, read and written with one access token.
///
/// Cheap to clone; clones share the pace, the token and the order of writes. `Debug` shows the host.
///
/// ```
/// use hris_24sevenoffice::TwentyFourSevenOffice;
/// use hris_core::{Directory, Secret};
///
/// let payroll =
///     TwentyFourSevenOffice::builder().token(Secret::from("the-access-token".to_owned())).build()?;
/// assert_eq!(payroll.capabilities().vendor, "24sevenoffice");
/// assert!(payroll.writer().is_some());
/// assert!(!format!("{payroll:?}").contains("the-access-token"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TwentyFourSevenOffice {
    pub(crate) api: Api,
    pub(crate) settings: Arc<Settings>,
    pub(crate) writing: Arc<Mutex<State>>,
    digests: SourceSettings,
    plain_http: bool,
    capabilities: Arc<Capabilities>,
}

impl TwentyFourSevenOffice {
    /// A builder; the token is the only setting that it needs.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(api: Api, settings: Settings, digests: SourceSettings, plain_http: bool) -> Self {
        Self {
            api,
            capabilities: Arc::new(capabilities(&settings)),
            settings: Arc::new(settings),
            writing: Arc::default(),
            digests,
            plain_http,
        }
    }

    async fn read(&self, api: &Api, request: &ReadRequest) -> Result<(Snapshot, Lists)> {
        let (people, lists) =
            futures_util::future::try_join(api.employees(), self.lists(api, request)).await?;
        let crowd = Crowd::of(people);
        let work = self.work(api, &crowd, request).await?;
        let mut reader = Reader::new(&lists, &self.settings, Some(request), Some(request.today()))?;
        let snapshot = convert::snapshot(crowd, work, &mut reader, &lists)?;
        tracing::debug!(
            people = snapshot.people(),
            problems = snapshot.problems().len(),
            requests = api.client.requests(),
            "read the directory"
        );
        Ok((snapshot.with_requests(api.client.requests()).with_answered_at(api.client.answered_at()), lists))
    }

    /// What a request needs beside the people. The company is always asked for: it tells whose people
    /// these are.
    async fn lists(&self, api: &Api, request: &ReadRequest) -> Result<Lists> {
        let dimension = self.settings.department_dimension.as_deref();
        let departments = dimension.filter(|_| request.wants(StandardField::Department));
        let (company, custom_fields, departments) = try_join3(
            Part::when(true, api.company()),
            Part::when(needs_custom_fields(request), api.custom_fields()),
            Part::when(departments.is_some(), departments_of(api, departments)),
        )
        .await?;
        Ok(Lists { company, custom_fields, departments })
    }

    /// Everybody's employments where they are needed: a request a person, some side by side. One
    /// person's may fail; more than that, and the directory is not whole.
    async fn work(&self, api: &Api, crowd: &Crowd, request: &ReadRequest) -> Result<Vec<Work>> {
        let total = crowd.rows.len();
        let tell = |done: usize| {
            if let Some(progress) = request.progress() {
                progress(done as u64, Some(total as u64));
            }
        };
        let needed = needs_work(request);
        let ids: Vec<Option<EmployeeId>> = crowd
            .rows
            .iter()
            .map(|row| {
                row.notes.id.as_deref().filter(|_| needed && crowd.is_sound(row)).map(EmployeeId::from)
            })
            .collect();
        let mut answers = stream::iter(ids)
            .map(|id| async move {
                match id {
                    None => Ok(Work::Skipped),
                    Some(id) => api.employments(&id, |_, rows| Ok(rows)).await.map(Work::Read),
                }
            })
            .buffered(api.concurrency);
        let mut work = Vec::with_capacity(total);
        let mut failed = false;
        while let Some(answer) = answers.next().await {
            work.push(match answer {
                Ok(read) => read,
                // About this person and nobody else; about everybody is the rest.
                Err(error) if is_personal(&error) && !failed => {
                    failed = true;
                    Work::Failed
                }
                Err(error) if is_personal(&error) => {
                    let words =
                        format!("list employments: of more than one person they cannot be read: {error}");
                    return Err(Error::new(ErrorKind::Incomplete, words));
                }
                Err(error) => return Err(error),
            });
            tell(work.len());
        }
        tell(total);
        Ok(work)
    }
}

/// Whether a failure to read one person's employments says nothing of anybody else.
fn is_personal(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::NotFound
            | ErrorKind::Protocol
            | ErrorKind::Rejected
            | ErrorKind::TooLarge
            | ErrorKind::Unavailable
    )
}

/// The dimension of this id or name, and its values.
pub(crate) async fn departments(api: &Api, dimension: &str) -> Result<Departments> {
    let known = api.dimensions().await?;
    let found = known
        .iter()
        .find(|known| known.notes.id.as_deref() == Some(dimension))
        .or_else(|| known.iter().find(|known| known.name.as_deref().value() == Some(dimension)));
    let Some(id) = found.and_then(|found| found.notes.id.clone()) else {
        let words = format!("department_dimension: 24SevenOffice has no dimension {dimension:?}");
        return Err(Error::new(ErrorKind::Config, words));
    };
    let values = api.dimension_values(&id).await?;
    Ok(Departments::new(id, values))
}

async fn departments_of(api: &Api, dimension: Option<&str>) -> Result<Departments> {
    departments(api, dimension.unwrap_or_default()).await
}

/// What can be done with each field. An end date can be written only with a reason, and a number
/// only given to somebody new.
fn capabilities(settings: &Settings) -> Capabilities {
    use StandardField::{
        Address, AddressCity, AddressCountry, AddressPostcode, AddressStreet, Department, Email,
        EmployeeNumber, EmploymentKind, EndDate, FamilyName, GivenName, Id, Identifications, LastWorkingDay,
        Location, RawStatus, StartDate, Status, WorkPhone,
    };
    let read = FieldCapability::readable;
    let mut capabilities = Capabilities::read_only(VENDOR, &[], LeaverSignals::new(true, true));
    capabilities.custom_fields = true;
    capabilities.max_page_size = u32::MAX;
    let readable = [Id, Status, RawStatus, LastWorkingDay, EmploymentKind, Location, Department];
    capabilities.fields = readable.map(read).to_vec();
    capabilities.fields.extend([
        read(Email).writable().required().unique(),
        read(GivenName).writable().required(),
        read(FamilyName).writable().required(),
        read(StartDate).writable(),
        // Once there, it stays.
        read(Identifications).writable(),
        match settings.new_employee_number {
            NewEmployeeNumber::Source => read(EmployeeNumber).writable().required().unique(),
            _ => read(EmployeeNumber).unique(),
        },
        match settings.enddate_reason {
            Some(_) => read(EndDate).writable().clearable(),
            None => read(EndDate),
        },
    ]);
    let clearable = [Address, AddressStreet, AddressPostcode, AddressCity, AddressCountry, WorkPhone];
    capabilities.fields.extend(clearable.map(|field| read(field).writable().clearable()));
    capabilities
}

#[async_trait]
impl Directory for TwentyFourSevenOffice {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn settings(&self) -> SourceSettings {
        self.digests.clone()
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        preflight::check(&self.api.begin_run(Some(request)), &self.settings, request, self.plain_http).await
    }

    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        let (snapshot, lists) = self.read(&self.api.begin_run(Some(request)), request).await?;
        let mut infos = FieldInfo::count(snapshot.employees(), &self.capabilities);
        for definition in lists.custom_fields.read().into_iter().flatten() {
            let Some(id) = definition.notes.id.clone() else { continue };
            let kind = match definition.kind.as_deref().value() {
                Some("1") => "list",
                _ => "text",
            };
            let field = SourceField::CustomId(id);
            if let Some(info) = infos.iter_mut().find(|info| info.field == field) {
                info.kind = kind.to_owned();
            }
        }
        Ok(infos)
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        Ok(self.read(&self.api.begin_run(Some(request)), request).await?.0)
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
        if !is_number(id) {
            // 24SevenOffice numbers people. What it says of anything else says nothing of a person.
            return Ok(Lookup::NotVisible);
        }
        let api = self.api.begin_run(Some(request));
        let person = match api.employee(id, |_, person| Ok(person)).await {
            Ok(person) => person,
            Err(error) => return Lookup::of_refusal(error),
        };
        if person.notes.repeated {
            return Err(convert::unreadable("read employee: the record says the same thing twice"));
        }
        let lists = self.lists(&api, request).await?;
        let employments = match needs_work(request) {
            true => Some(api.employments(id, |_, rows| Ok(rows)).await?),
            false => None,
        };
        let reader = Reader::new(&lists, &self.settings, Some(request), Some(request.today()))?;
        let employee = reader.employee(person, employments.as_deref(), &mut Tally::default());
        Ok(Lookup::Found(Box::new(employee)))
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        Some(self)
    }
}

/// Whether this can be a number of 24SevenOffice's: the addresses take whole numbers only.
pub(crate) fn is_number(id: &EmployeeId) -> bool {
    let text = id.as_str();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
