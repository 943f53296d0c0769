//! The trait that every HR system implements.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::{
    Capabilities, Cost, Date, Employee, EmployeeId, Error, ErrorKind, Field, FieldInfo, Fingerprint,
    Preflight, Result, Snapshot, SourceField, SourceSettings, StandardField, Value,
};

/// An HR system from which people are read: implement it to read one that has no connector yet, or around another
/// directory to show less or more of it. [`Scope`](crate::Scope) and [`Limit`](crate::Limit) are such.
///
/// Its methods are `async`. Write them as such in an `impl` under `#[async_trait]`, of the crate
/// [`async-trait`](https://docs.rs/async-trait): the signatures below are what that makes of them. One around
/// another, which shows the people of one office:
///
/// ```
/// use async_trait::async_trait;
/// use hris_core::{
///     Capabilities, Directory, EmployeeId, Employee, Field, FieldInfo, Fingerprint, Lookup, MemoryDirectory,
///     Preflight, ReadRequest, Result, Snapshot, SourceSettings, StandardField,
/// };
///
/// #[derive(Debug)]
/// struct Office<D>(D, &'static str);
///
/// fn with_place(request: &ReadRequest) -> ReadRequest {
///     request.clone().with_field(StandardField::Location)
/// }
///
/// #[async_trait]
/// impl<D: Directory> Directory for Office<D> {
///     fn capabilities(&self) -> &Capabilities {
///         self.0.capabilities()
///     }
///     fn settings(&self) -> SourceSettings {
///         let SourceSettings { listing, writing } = self.0.settings();
///         let all = SourceSettings::of("office").listing("of", &listing, "").listing("office", self.1, "");
///         SourceSettings { listing: all.build().listing, writing }
///     }
///     async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
///         self.0.check(&with_place(request)).await
///     }
///     async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
///         self.0.fields(&with_place(request)).await
///     }
///     async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
///         // Where the place is not known the person stays: nobody is left out for that.
///         let here = |person: &Employee| person.location().value().is_none_or(|place| place == self.1);
///         Ok(self.0.snapshot(&with_place(request)).await?.retain(here))
///     }
///     async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
///         // Who has moved to another office is there still, and keeps the account.
///         self.0.get(id, &with_place(request)).await
///     }
///     async fn fingerprint(&self, request: &ReadRequest) -> Result<Option<Fingerprint>> {
///         self.0.fingerprint(request).await
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let place = |id: &str, place: &str| {
///     Employee::new(id).with(StandardField::Location, Field::Value(place.to_owned()))
/// };
/// let whole = MemoryDirectory::new([place("a", "Oslo"), place("b", "Leeds")]);
/// let oslo = Office(whole, "Oslo");
/// let snapshot = oslo.snapshot(&ReadRequest::everything("2026-11-23".parse()?)).await?;
/// assert_eq!(snapshot.people(), 1);
/// # Ok(())
/// # }
/// ```
///
/// The trait is small and object-safe: `Box<dyn Directory>` and `Arc<dyn Directory>` are
/// directories too. Methods here are for implementors; conveniences live in [`DirectoryExt`].
/// Every implementation passes the suite in the `conformance` module (feature `conformance`).
#[async_trait]
pub trait Directory: fmt::Debug + Send + Sync + 'static {
    /// What this vendor can do.
    fn capabilities(&self) -> &Capabilities;

    /// Digests of the settings that decide who is listed and how people are written, so that an edit of
    /// one is never taken for people who left. Neither the credential nor the speed is among them.
    fn settings(&self) -> SourceSettings;

    /// Looks whether the credential may read what `request` needs, and names what is missing.
    ///
    /// # Errors
    /// Only where nothing could be found out at all; a refused credential or a missing permission
    /// is a [`Finding`](crate::Finding), not an error.
    async fn check(&self, request: &ReadRequest) -> Result<Preflight>;

    /// The standard and custom fields, how many people have each, and the form of its values.
    ///
    /// # Errors
    /// As [`Directory::snapshot`].
    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>>;

    /// Everybody, proven complete.
    ///
    /// # Errors
    /// Whatever keeps the listing from being whole. Nothing may be concluded from an error; least
    /// of all that somebody is gone.
    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot>;

    /// One person, by id.
    ///
    /// # Errors
    /// Whatever kept the question from being answered. Not being there is an answer:
    /// [`Lookup::Gone`].
    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup>;

    /// Returns what a snapshot of `request` will cost, for vendors whose pace makes that worth knowing
    /// beforehand. `None` where it is unknown.
    ///
    /// # Errors
    /// As [`Directory::snapshot`].
    async fn cost(&self, request: &ReadRequest) -> Result<Option<Cost>> {
        let _ = request;
        Ok(None)
    }

    /// Returns the organisation and the credential, where the vendor shows them without a list of people.
    /// `None` where only a snapshot shows them.
    ///
    /// # Errors
    /// As [`Directory::snapshot`].
    async fn fingerprint(&self, request: &ReadRequest) -> Result<Option<Fingerprint>> {
        let _ = request;
        Ok(None)
    }

    /// Finishes what an earlier call began and must not abandon: a renewal that spends the credential. Call
    /// it after a call was dropped and before the process ends; it returns at once where there is nothing.
    ///
    /// A connector whose credential renews itself keeps the renewal when the call that began it is dropped. It
    /// bounds it in time, and needs no task for it: this is who polls it.
    ///
    /// # Errors
    /// If what a renewal brought could not be stored. It is lost when the process ends; the message says what
    /// follows. A renewal that failed is no error here: the next call meets it.
    async fn settle(&self) -> Result<()> {
        Ok(())
    }

    /// The power to write, for vendors that can be written.
    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        None
    }
}

/// What is asked of a directory: for which day, and which fields.
///
/// ```
/// use hris_core::{Date, ReadRequest, StandardField};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::Email);
/// assert!(request.wants(StandardField::Email));
/// assert!(!request.wants(StandardField::Manager));
/// assert!(!request.wants_custom());
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[derive(Clone)]
pub struct ReadRequest {
    today: Date,
    fields: Option<BTreeSet<SourceField>>,
    progress: Option<Progress>,
    waiting: Option<Waiting>,
}

/// Called with the progress of a listing: people read so far and, once known, people in all.
pub type Progress = Arc<dyn Fn(u64, Option<u64>) + Send + Sync>;

/// Called at the beginning of each wait of a second or more that a vendor's limit or fault causes.
pub type Waiting = Arc<dyn Fn(Duration) + Send + Sync>;

impl ReadRequest {
    /// Asks for people as they are on `today`, and for no field beyond id and status yet.
    #[must_use]
    pub fn new(today: Date) -> Self {
        Self { today, fields: Some(BTreeSet::new()), progress: None, waiting: None }
    }

    /// Asks for everything the vendor has, custom fields included.
    #[must_use]
    pub fn everything(today: Date) -> Self {
        Self { today, fields: None, progress: None, waiting: None }
    }

    /// Asks for one more field.
    #[must_use]
    pub fn with_field(mut self, field: impl Into<SourceField>) -> Self {
        if let Some(fields) = &mut self.fields {
            fields.insert(field.into());
        }
        self
    }

    /// Asks for more fields.
    #[must_use]
    pub fn with_fields(mut self, more: impl IntoIterator<Item = SourceField>) -> Self {
        if let Some(fields) = &mut self.fields {
            fields.extend(more);
        }
        self
    }

    /// Sets the function that gets the progress of the listing.
    #[must_use]
    pub fn with_progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }

    /// Sets the function that gets long waits.
    #[must_use]
    pub fn with_waiting(mut self, waiting: Waiting) -> Self {
        self.waiting = Some(waiting);
        self
    }

    /// The day for which people are read: it decides which of several job roles is current.
    #[must_use]
    pub fn today(&self) -> Date {
        self.today
    }

    /// Whether this standard field is asked for.
    #[must_use]
    pub fn wants(&self, field: StandardField) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.contains(&SourceField::Standard(field)))
    }

    /// Whether this custom field is asked for, by id or by name.
    #[must_use]
    pub fn wants_custom_field(&self, id: &str, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| {
            fields.iter().any(|field| match field {
                SourceField::CustomId(wanted) => wanted == id,
                SourceField::CustomName(wanted) => wanted == name,
                SourceField::Standard(_) => false,
            })
        })
    }

    /// Whether any custom field is asked for.
    #[must_use]
    pub fn wants_custom(&self) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|field| field.custom().is_some()))
    }

    /// Whether everything is asked for.
    #[must_use]
    pub fn wants_everything(&self) -> bool {
        self.fields.is_none()
    }

    /// The fields asked for by name; empty when everything is.
    pub fn named_fields(&self) -> impl Iterator<Item = &SourceField> {
        self.fields.iter().flatten()
    }

    /// The custom fields asked for by name or id; empty when everything is asked for.
    pub fn custom_fields(&self) -> impl Iterator<Item = &SourceField> {
        self.named_fields().filter(|field| field.custom().is_some())
    }

    /// Reports the progress of the listing: people read so far and, once known, in all. With
    /// [`list_all`](crate::http::list_all) it is handed `|so_far| request.tell(so_far.rows, so_far.total)`.
    pub fn tell(&self, read: u64, total: Option<u64>) {
        if let Some(progress) = &self.progress {
            progress(read, total);
        }
    }

    /// The function that gets the progress of the listing.
    #[must_use]
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// The function that gets long waits. A connector hands it to its client, as
    /// `client.begin_run().on_wait(request.waiting().cloned())`.
    #[must_use]
    pub fn waiting(&self) -> Option<&Waiting> {
        self.waiting.as_ref()
    }
}

impl fmt::Debug for ReadRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadRequest")
            .field("today", &self.today)
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

/// The answer to a question about one person.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Lookup {
    /// This is the person's record.
    Found(Box<Employee>),
    /// The vendor knows nobody of this id.
    Gone,
    /// The vendor does not say: the credential may not see the answer.
    NotVisible,
}

impl Lookup {
    /// What a refusal to show one person says of them: [`Lookup::Gone`] of [`ErrorKind::NotFound`] alone, which
    /// the HTTP kit gives for the vendor's own 404 and for nothing else; [`Lookup::NotVisible`] of a credential that
    /// may not see the person and of an id that the vendor does not take.
    ///
    /// ```
    /// use hris_core::{Error, ErrorKind, Lookup};
    ///
    /// let of = |kind| Lookup::of_refusal(Error::new(kind, "read a person"));
    /// assert!(matches!(of(ErrorKind::NotFound), Ok(Lookup::Gone)));
    /// assert!(matches!(of(ErrorKind::Permission), Ok(Lookup::NotVisible)));
    /// assert!(of(ErrorKind::Protocol).is_err(), "a broken answer says nothing of a person");
    /// ```
    ///
    /// # Errors
    /// Every other error as it is: the question was not answered.
    pub fn of_refusal(error: Error) -> Result<Self> {
        match error.kind() {
            ErrorKind::NotFound => Ok(Self::Gone),
            ErrorKind::Permission | ErrorKind::Rejected => Ok(Self::NotVisible),
            _ => Err(error),
        }
    }
}

/// The power to write to an HR system.
///
/// Both methods answer with the record as it was read back after the write: what the vendor made of
/// the values, not what was sent.
#[async_trait]
pub trait DirectoryWriter: fmt::Debug + Send + Sync {
    /// Creates a person. Called again with the same `key`, it finds the person that was created and
    /// creates nobody.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if the vendor refuses a value; [`ErrorKind::UnknownOutcome`] if
    /// nobody knows whether it was applied: read back before anything else.
    async fn create(&self, values: &[FieldChange], key: &str) -> Result<Employee>;

    /// Changes the named fields of one person and leaves all others alone.
    ///
    /// # Errors
    /// As [`DirectoryWriter::create`]; [`ErrorKind::NotFound`]; and [`ErrorKind::FieldsLost`] if
    /// the read-back shows that fields changed which were not sent.
    async fn update(&self, id: &EmployeeId, values: &[FieldChange], key: &str) -> Result<Employee>;
}

/// One field to be written.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Which field.
    pub field: StandardField,
    /// The new value; `None` takes the value away.
    pub value: Option<Value>,
}

impl FieldChange {
    /// Writes a value that is known as a text (see [`Value::of`]), or takes the value away.
    ///
    /// ```
    /// use hris_core::{FieldChange, Kind, StandardField};
    ///
    /// let start = FieldChange::of_text(StandardField::StartDate, Some("2026-11-23"));
    /// assert_eq!(start.value.map(|value| value.kind()), Some(Kind::Date));
    /// ```
    #[must_use]
    pub fn of_text(field: StandardField, text: Option<&str>) -> Self {
        Self { field, value: text.map(|text| Value::of(field.kind(), text)) }
    }
}

impl fmt::Debug for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.field, Field::from(self.value.as_ref()))
    }
}

/// Conveniences over any [`Directory`].
#[async_trait]
pub trait DirectoryExt: Directory {
    /// Runs the preflight and fails unless nothing required is missing.
    ///
    /// # Errors
    /// As [`Directory::check`] and [`Preflight::require`].
    async fn check_required(&self, request: &ReadRequest) -> Result<Preflight> {
        let preflight = self.check(request).await?;
        preflight.require()?;
        Ok(preflight)
    }
}

impl<D: Directory + ?Sized> DirectoryExt for D {}

macro_rules! forward {
    ($($pointer:ident)*) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<D: Directory + ?Sized> Directory for $pointer<D> {
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            fn settings(&self) -> SourceSettings {
                (**self).settings()
            }
            async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
                (**self).check(request).await
            }
            async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
                (**self).fields(request).await
            }
            async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
                (**self).snapshot(request).await
            }
            async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
                (**self).get(id, request).await
            }
            async fn cost(&self, request: &ReadRequest) -> Result<Option<Cost>> {
                (**self).cost(request).await
            }
            async fn fingerprint(&self, request: &ReadRequest) -> Result<Option<Fingerprint>> {
                (**self).fingerprint(request).await
            }
            async fn settle(&self) -> Result<()> {
                (**self).settle().await
            }
            fn writer(&self) -> Option<&dyn DirectoryWriter> {
                (**self).writer()
            }
        }
    )*};
}
forward!(Box Arc);
