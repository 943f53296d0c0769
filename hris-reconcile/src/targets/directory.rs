//! Another HR system as the target.

use async_trait::async_trait;
use hris_core::mapping::{FieldMap, Mapping};
use hris_core::reconcile::{Change, FieldSupport};
use hris_core::{
    Date, Directory, DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, Field, FieldChange, Level,
    Lookup, ReadRequest, StandardField, Status, TargetField, TimeZone, Timestamp, User, UserId, UserStatus,
};

use crate::target::{
    By, Call, NewUser, Powers, Settles, Target, TargetCapabilities, TargetError, TargetErrorKind,
};

/// The people of an HR system as accounts, so that one system's data goes into another, such as from an HR
/// system into payroll.
///
/// Each field of an account is its [`TargetField::source`] there. Fields that
/// cannot be written there are not kept, and neither is the external id: people are found by number and
/// e-mail address, and then remembered. Nobody is invited or opened again, and permission levels, locations
/// and areas are not kept. A leaver gets yesterday as end date, unless there is an earlier one. Where end
/// dates cannot be written, closing is refused and has to be done in that system.
///
/// ```
/// use hris_core::{Employee, Field, MemoryDirectory, StandardField, Status};
/// use hris_reconcile::Runner;
/// use hris_reconcile::store::MemoryStore;
/// use hris_reconcile::targets::DirectoryTarget;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ada = Employee::new("e-1")
///     .with_status(Status::Active, "active")
///     .with(StandardField::Email, Field::Value("ada@mill.example".into()));
/// let payroll = MemoryDirectory::new([]);
/// let target = DirectoryTarget::new(payroll.clone())?;
/// let runner = Runner::builder(MemoryDirectory::new([ada]), target, MemoryStore::new()).build()?;
/// let report = runner.run("2026-11-23T09:00:00Z".parse()?).await?;
/// assert_eq!((report.counts.created, report.counts.invited), (1, 0));
/// payroll.edit(|people| assert_eq!(people[0].email(), Field::Value("ada@mill.example")));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct DirectoryTarget<D> {
    directory: D,
    /// From a person to an account.
    map: FieldMap,
    zone: TimeZone,
    side_by_side: usize,
}

/// How many people are written at once unless another number is set.
const SIDE_BY_SIDE: usize = 4;

impl<D: Directory> DirectoryTarget<D> {
    /// Takes a directory that can be written. People are read as they are on the day of each call, and a
    /// leaver's employment ends by that day: the day in UTC, unless [`DirectoryTarget::with_time_zone`]
    /// says otherwise.
    ///
    /// # Errors
    /// [`TargetErrorKind::Rejected`] if it can only be read, or cannot write the e-mail address, by which
    /// people are found again.
    pub fn new(directory: D) -> Result<Self, TargetError> {
        let capabilities = directory.capabilities();
        let refuse = |what: &str| {
            TargetError::new(TargetErrorKind::Rejected, format!("{} {what}", capabilities.vendor))
        };
        if directory.writer().is_none() {
            return Err(refuse("can only be read, so it cannot be the target"));
        }
        let map = Mapping::standard(capabilities).compile(capabilities);
        let map = map.map_err(|_| refuse("does not show e-mail addresses, so it cannot be the target"))?;
        let target = Self { directory, map, zone: TimeZone::utc(), side_by_side: SIDE_BY_SIDE };
        if !target.writes(StandardField::Email) {
            let message = "the directory cannot write e-mail addresses, so it cannot be the target";
            return Err(TargetError::new(TargetErrorKind::Rejected, message));
        }
        Ok(target)
    }

    /// The time zone that decides which day it is. Use the runner's zone.
    #[must_use]
    pub fn with_time_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// How many people are written at once: four, unless this says otherwise. The requests of all of them
    /// keep to the pace that the vendor allows.
    #[must_use]
    pub fn with_side_by_side(mut self, people: usize) -> Self {
        self.side_by_side = people.max(1);
        self
    }

    fn writes(&self, field: StandardField) -> bool {
        self.directory.capabilities().field(field).is_some_and(|capability| capability.writable)
    }

    fn day(&self, now: Timestamp) -> Date {
        now.date_in(&self.zone)
    }

    fn request(&self, today: Date) -> ReadRequest {
        ReadRequest::new(today).with_fields(self.map.sources())
    }

    fn writer(&self) -> Result<&dyn DirectoryWriter, TargetError> {
        let message = "write: the directory can only be read";
        self.directory.writer().ok_or_else(|| TargetError::new(TargetErrorKind::Rejected, message))
    }

    fn account(&self, person: &Employee, today: Date) -> User {
        let row = self.map.apply_one(person);
        let ended = matches!(person.end_date(), Field::Value(end) if end < today);
        let closed = ended || person.status() == Status::Terminated;
        let status = if closed { UserStatus::Deactivated } else { UserStatus::Active };
        let mut user = User::new(person.id().as_str(), status);
        user.changed_at = person.changed_at();
        for field in TargetField::STANDARD.iter().filter(|field| self.keeps(field)) {
            user.put(field, row.value(field).value());
        }
        user
    }

    fn keeps(&self, field: &TargetField) -> bool {
        source_of(field).is_some_and(|source| self.writes(source))
    }

    async fn person(&self, id: &UserId, today: Date) -> Result<Option<Employee>, TargetError> {
        let found = self.directory.get(&EmployeeId::from(id.as_str()), &self.request(today)).await;
        match found.map_err(|error| failed(&error))? {
            Lookup::Found(person) => Ok(Some(*person)),
            Lookup::Gone => Ok(None),
            _ => {
                let message = "read an account: the credential may not see whether the person is there";
                Err(TargetError::new(TargetErrorKind::Unavailable, message))
            }
        }
    }

    fn changes(&self, changes: &[Change]) -> Result<Vec<FieldChange>, TargetError> {
        let mut values = Vec::with_capacity(changes.len());
        for change in changes.iter().filter(|change| change.field != TargetField::ExternalId) {
            let source = source_of(&change.field).filter(|source| self.writes(*source));
            let Some(field) = source else {
                let message = format!("write {}: the directory cannot", change.field);
                let error = TargetError::new(TargetErrorKind::Rejected, message);
                return Err(error.field(change.field.to_string()));
            };
            values.push(FieldChange::of_text(field, change.to.as_deref()));
        }
        Ok(values)
    }
}

/// The field of a directory that a field of an account is; `None` for what a directory does not keep so.
fn source_of(field: &TargetField) -> Option<StandardField> {
    field.source().filter(|_| !field.is_id())
}

/// Converts an error of a directory into one of a target.
fn failed(error: &Error) -> TargetError {
    let kind = match error.kind() {
        ErrorKind::Auth | ErrorKind::Config | ErrorKind::Mismatch | ErrorKind::Permission => {
            TargetErrorKind::Auth
        }
        ErrorKind::FieldsLost => TargetErrorKind::Harmed,
        ErrorKind::NotFound => TargetErrorKind::NotFound,
        ErrorKind::Rejected => TargetErrorKind::Rejected,
        ErrorKind::UnknownOutcome => TargetErrorKind::UnknownOutcome,
        _ => TargetErrorKind::Unavailable,
    };
    TargetError::new(kind, error.to_string())
}

#[async_trait]
impl<D: Directory> Target for DirectoryTarget<D> {
    fn capabilities(&self) -> TargetCapabilities {
        let mut capabilities = TargetCapabilities::full();
        for field in TargetField::STANDARD {
            let plain = capabilities.support(&field);
            let there = source_of(&field).and_then(|source| self.directory.capabilities().field(source));
            let support = match there {
                Some(there) if there.writable && there.clearable => plain,
                Some(there) if there.writable => plain.unclearable(),
                _ => FieldSupport::plain().unkept(),
            };
            capabilities.set(field, support);
        }
        capabilities
    }

    fn powers(&self) -> Powers<'_> {
        Powers::none().settling(self).side_by_side(self.side_by_side)
    }

    async fn check(&self, now: Timestamp) -> Result<(), TargetError> {
        let request = self.request(self.day(now));
        let found = self.directory.check(&request).await.map_err(|error| failed(&error))?;
        match found.findings.iter().find(|finding| finding.level >= Level::Missing) {
            Some(finding) => Err(TargetError::new(TargetErrorKind::Auth, finding.to_string())),
            None => Ok(()),
        }
    }

    async fn users(&self, now: Timestamp) -> Result<Vec<User>, TargetError> {
        let today = self.day(now);
        let snapshot = self.directory.snapshot(&self.request(today)).await.map_err(|error| failed(&error))?;
        if !snapshot.set_aside().is_empty() || snapshot.unidentified() > 0 {
            let message =
                "list accounts: a person in the directory could not be read, so the list is incomplete";
            return Err(TargetError::new(TargetErrorKind::Unavailable, message));
        }
        Ok(snapshot.employees().iter().map(|person| self.account(person, today)).collect())
    }

    /// A directory keeps no external ids, so no account is found by one. A person who was created and not
    /// remembered is found by number or e-mail address.
    async fn user(&self, by: By<'_>, now: Timestamp) -> Result<Option<User>, TargetError> {
        let By::Id(id) = by else { return Ok(None) };
        let today = self.day(now);
        let person = self.person(id, today).await?;
        Ok(person.map(|person| self.account(&person, today)))
    }

    async fn create(&self, new: &NewUser, call: &Call<'_>) -> Result<UserId, TargetError> {
        let kept = new.changes().iter().filter(|change| self.keeps(&change.field)).cloned();
        let values = self.changes(&kept.collect::<Vec<_>>())?;
        let made = self.writer()?.create(&values, call.key.as_str()).await;
        Ok(UserId::from(made.map_err(|error| failed(&error))?.id().as_str()))
    }

    async fn update(&self, id: &UserId, changes: &[Change], call: &Call<'_>) -> Result<(), TargetError> {
        let values = self.changes(changes)?;
        let Some(person) = self.person(id, self.day(call.now)).await? else {
            return Err(TargetError::new(
                TargetErrorKind::NotFound,
                format!("update: nobody has the id {id}"),
            ));
        };
        // What cannot be seen would be written over unseen.
        let current = self.map.apply_one(&person);
        let hidden = changes.iter().find(|change| {
            let current = current.value(&change.field);
            change.field != TargetField::ExternalId && !current.is_visible()
        });
        if let Some(change) = hidden {
            let message =
                format!("update {}: the present value is hidden, so nothing is written", change.field);
            return Err(TargetError::new(TargetErrorKind::Rejected, message).field(change.field.to_string()));
        }
        let id = EmployeeId::from(id.as_str());
        self.writer()?.update(&id, &values, call.key.as_str()).await.map_err(|error| failed(&error))?;
        Ok(())
    }

    async fn deactivate(&self, seen: &User, call: &Call<'_>) -> Result<(), TargetError> {
        let (id, today) = (&seen.id, self.day(call.now));
        let Some(person) = self.person(id, today).await? else {
            return Err(TargetError::new(
                TargetErrorKind::NotFound,
                format!("close: nobody has the id {id}"),
            ));
        };
        if !self.account(&person, today).is_still(seen) {
            return Err(TargetError::changed());
        }
        // Never a day that would still count as employed when the person is read back.
        let yesterday = today.plus_days(-1);
        let ended = matches!(person.end_date(), Field::Value(end) if end <= yesterday);
        if person.status() == Status::Terminated || ended {
            return Ok(());
        }
        if !self.writes(StandardField::EndDate) {
            let message = "close: end dates cannot be written there; end the employment in that system";
            return Err(TargetError::new(TargetErrorKind::Rejected, message).field("end_date"));
        }
        let end = FieldChange { field: StandardField::EndDate, value: Some(yesterday.into()) };
        let id = EmployeeId::from(id.as_str());
        self.writer()?.update(&id, &[end], call.key.as_str()).await.map_err(|error| failed(&error))?;
        Ok(())
    }
}

#[async_trait]
impl<D: Directory> Settles for DirectoryTarget<D> {
    async fn settle(&self) -> Result<(), TargetError> {
        self.directory.settle().await.map_err(|error| failed(&error))
    }
}
