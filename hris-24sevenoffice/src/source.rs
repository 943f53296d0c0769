//! 24SevenOffice as a [`Source`], from which the kit builds a [`Directory`](hris_core::Directory).

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{try_join, try_join3};
use hris_core::connector::{Checks, Crowd, CustomField, Run, Source, Vendor};
use hris_core::http::Part;
use hris_core::{
    Capabilities, DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, FieldCapability, LeaverSignals,
    Result, Snapshot, StandardField, Tally,
};
use tokio::sync::Mutex;

use crate::checks;
use crate::config::{Builder, Config, DEFAULTS, NewEmployeeNumber};
use crate::convert::{self, Departments, Lists, Reader, needs_custom_fields, needs_work};
use crate::lists::{self, Calls};
use crate::wire::{self, Employment};
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
pub struct TwentyFourSevenOffice(pub(crate) Api);

hris_core::connector!(TwentyFourSevenOffice);

impl TwentyFourSevenOffice {
    /// A builder; the token is the only setting that it needs.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

/// The API as one token sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) config: Arc<Config>,
    pub(crate) writing: Arc<Mutex<State>>,
}

impl Api {
    /// What a request needs beside the people. The company is always read: it identifies the organisation.
    async fn around(&self, run: &Run<'_>) -> Result<Lists> {
        let dimension = self.config.department_dimension.as_deref();
        let departments = dimension.filter(|_| run.request().wants(StandardField::Department));
        let calls = Calls::of(run);
        let (company, custom_fields, departments) = try_join3(
            Part::when(true, calls.company()),
            Part::when(
                needs_custom_fields(run.request()),
                run.custom_fields(&lists::custom_fields(), convert::defined),
            ),
            Part::when(departments.is_some(), self::departments(run, departments.unwrap_or_default())),
        )
        .await?;
        Ok(Lists { company, custom_fields, departments })
    }

    /// Everybody's employments where they are needed, with one request a person, some side by side. If one
    /// person's fail, that person is set aside. If more fail, the listing is incomplete.
    async fn work(
        &self,
        run: &Run<'_>,
        crowd: &mut Crowd<wire::Employee>,
    ) -> Result<HashMap<EmployeeId, Vec<Employment>>> {
        let ids = if needs_work(run.request()) { crowd.ids(|_| true) } else { Vec::new() };
        let calls = &Calls::of(run);
        let (mut work, mut failed) = (HashMap::with_capacity(ids.len()), None);
        let read = |id: EmployeeId| async move { calls.employments(&id, |_, rows| Ok(rows)).await };
        run.each(ids, read, |id, answer| {
            match answer {
                Ok(employments) => drop(work.insert(id, employments)),
                // This error is about one person only. Every other error is about everybody.
                Err(error) if is_personal(&error) && failed.is_none() => failed = Some(id),
                Err(error) if is_personal(&error) => {
                    let words =
                        format!("list employments: those of more than one person cannot be read: {error}");
                    return Err(Error::new(ErrorKind::Incomplete, words));
                }
                Err(error) => return Err(error),
            }
            Ok(())
        })
        .await?;
        if let Some(id) = failed {
            let words =
                "the employments of this person cannot be read; nothing is done about them in this run";
            crowd.set_aside(&id, words);
        }
        Ok(work)
    }
}

/// Whether a failure to read one person's employments concerns that person only.
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
pub(crate) async fn departments(run: &Run<'_>, dimension: &str) -> Result<Departments> {
    let known = run.all(&lists::dimensions()).await?;
    let found = known
        .iter()
        .find(|known| known.notes.id.as_deref() == Some(dimension))
        .or_else(|| known.iter().find(|known| known.name.as_deref().value() == Some(dimension)));
    let Some(id) = found.and_then(|found| found.notes.id.clone()) else {
        let words = format!("24SevenOffice has no dimension {dimension:?}");
        return Err(Error::setting("department_dimension", words));
    };
    let values = run.all(&lists::dimension_values(&id)).await?;
    Ok(Departments::new(id, values))
}

/// The powers of each field. An end date can be written only with a reason, and a number only on creation.
pub(crate) fn capabilities(config: &Config) -> Capabilities {
    use StandardField::{
        Address, AddressCity, AddressCountry, AddressPostcode, AddressStreet, Department, Email,
        EmployeeNumber, EmploymentKind, EndDate, FamilyName, GivenName, Id, Identifications, LastWorkingDay,
        Location, RawStatus, StartDate, Status, WorkPhone,
    };
    let read = FieldCapability::readable;
    let mut capabilities = DEFAULTS.capabilities(LeaverSignals::new(true, true));
    let readable = [Id, Status, RawStatus, LastWorkingDay, EmploymentKind, Location, Department];
    capabilities.fields = readable.map(read).to_vec();
    capabilities.fields.extend([
        read(Email).writable().required().unique(),
        read(GivenName).writable().required(),
        read(FamilyName).writable().required(),
        read(StartDate).writable(),
        // Once there, it stays.
        read(Identifications).writable(),
        match config.new_employee_number {
            NewEmployeeNumber::Source => read(EmployeeNumber).writable().required().unique(),
            _ => read(EmployeeNumber).unique(),
        },
        match config.enddate_reason {
            Some(_) => read(EndDate).writable().clearable(),
            None => read(EndDate),
        },
    ]);
    let clearable = [Address, AddressStreet, AddressPostcode, AddressCity, AddressCountry, WorkPhone];
    capabilities.fields.extend(clearable.map(|field| read(field).writable().clearable()));
    capabilities
}

#[async_trait]
impl Source for Api {
    type Row = wire::Employee;
    type Around = Lists;

    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, Lists)> {
        let employees = lists::employees();
        let (people, lists) = try_join(run.people(&employees), self.around(run)).await?;
        let mut crowd = Crowd::of(people);
        let work = self.work(run, &mut crowd).await?;
        let reader = Reader::new(&lists, &self.config, Some(run.request()), Some(run.today()))?;
        let snapshot = convert::snapshot(crowd, work, reader, run.request());
        Ok((snapshot, lists))
    }

    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<wire::Employee> {
        if !is_number(id) {
            // 24SevenOffice numbers people. Its answer to any other id proves nothing about a person.
            return Err(Error::new(ErrorKind::Rejected, "read employee: the id is not a number"));
        }
        let person = Calls::of(run).employee(id, |_, person| Ok(person)).await?;
        if person.notes.repeated {
            return Err(convert::unreadable("read employee: the record has one member twice"));
        }
        Ok(person)
    }

    async fn complete(&self, run: &Run<'_>, person: wire::Employee) -> Result<Employee> {
        let lists = self.around(run).await?;
        let id = person.notes.id.as_deref().map(EmployeeId::from).filter(|_| needs_work(run.request()));
        let employments = match id {
            Some(id) => Some(Calls::of(run).employments(&id, |_, rows| Ok(rows)).await?),
            None => None,
        };
        let reader = Reader::new(&lists, &self.config, Some(run.request()), Some(run.today()))?;
        Ok(reader.employee(person, employments.as_deref(), &mut Tally::default()))
    }

    fn custom_fields(&self, lists: &Lists) -> Vec<CustomField> {
        lists.custom_fields.read().cloned().unwrap_or_default()
    }

    async fn check(&self, checks: &mut Checks<'_>) -> Result<()> {
        checks::everything(self, checks).await
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        Some(self)
    }
}

/// Whether this is a valid employee number: the addresses take whole numbers only.
pub(crate) fn is_number(id: &EmployeeId) -> bool {
    let text = id.as_str();
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
