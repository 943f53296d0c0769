//! What one vendor knows, and what the kit makes of it.

use std::fmt;

use async_trait::async_trait;

use super::{Checks, Config, CustomField, Defaults, Run, Wiring};
use crate::http::Client;
use crate::wire::Record;
use crate::{
    Capabilities, Cost, DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, Field, FieldInfo, Finding,
    Fingerprint, Level, Lookup, Preflight, ReadRequest, Result, Snapshot, SourceField, SourceSettings,
    StandardField,
};

/// What the kit has to know of a connector to run it.
#[derive(Clone, Debug)]
pub struct Vendor {
    /// What the vendor can show and take.
    pub capabilities: Capabilities,
    /// Digests of what decides who is listed and how people are written.
    pub settings: SourceSettings,
    /// The client that sends everything.
    pub client: Client,
    /// Requests under way at once, at most.
    pub concurrency: usize,
    /// Says what a refusal may mean.
    pub explain: super::Explain,
    /// The setting that holds the address, and what to say of one that is encrypted.
    pub address: (&'static str, String),
    /// What the credential is called, and how to replace one that is refused.
    pub credential: (&'static str, &'static str),
}

/// What one vendor knows. The kit does the rest.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync + 'static {
    /// A person's record on the wire.
    type Row: Record;

    /// What is read beside the people, such as job roles and the definitions of custom fields.
    type Around: Send + Sync;

    /// What the kit has to know.
    fn vendor(&self) -> &Vendor;

    /// Reads everybody, and what stands beside them.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole.
    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, Self::Around)>;

    /// Reads one person's own record. The kit makes a [`Lookup`] of a refusal: [`ErrorKind::NotFound`] says that the
    /// vendor knows nobody of this id, [`ErrorKind::Permission`] and [`ErrorKind::Rejected`] that it does not say.
    ///
    /// # Errors
    /// As above, and whatever kept the question from being answered.
    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<Self::Row>;

    /// Confirms that a vendor that knows nobody of an id still shows the organisation, where a lost organisation would
    /// look the same: in it everybody would be gone. Employment Hero needs this.
    ///
    /// # Errors
    /// Whatever keeps the organisation from being seen.
    async fn confirm_gone(&self, run: &Run<'_>) -> Result<()> {
        let _ = run;
        Ok(())
    }

    /// Reads what else is needed about that person, and converts the record. No error of this step says that the
    /// person is gone.
    ///
    /// # Errors
    /// Whatever kept the rest from being read.
    async fn complete(&self, run: &Run<'_>, row: Self::Row) -> Result<Employee>;

    /// The work e-mail in a record, for [`StandardField::ManagerEmail`] of one person.
    fn work_email(&self, row: Self::Row) -> Field<String> {
        drop(row);
        Field::NotProvided
    }

    /// Asks the vendor's own questions, in order, and stops where nothing further can work. The kit judges the
    /// address and a refused credential by itself.
    ///
    /// # Errors
    /// Whatever kept the vendor from answering; a refusal is a finding.
    async fn check(&self, checks: &mut Checks<'_>) -> Result<()>;

    /// The customer's own fields, as they were read beside the people.
    fn custom_fields(&self, around: &Self::Around) -> Vec<CustomField> {
        let _ = around;
        Vec::new()
    }

    /// Reads what the catalogue of fields counts: by default everybody.
    ///
    /// # Errors
    /// As [`Source::read`].
    async fn sample(&self, run: &Run<'_>) -> Result<(Snapshot, Self::Around)> {
        self.read(run).await
    }

    /// Corrects the catalogue of fields after the kit counted them and added the customer's own.
    fn correct_catalogue(&self, fields: &mut Vec<FieldInfo>, around: &Self::Around) {
        let _ = (fields, around);
    }

    /// What reading everybody takes; `None` where the vendor does not say how many people there are.
    ///
    /// # Errors
    /// Whatever kept the question from being answered.
    async fn cost(&self, run: &Run<'_>) -> Result<Option<Cost>> {
        let _ = run;
        Ok(None)
    }

    /// The organisation and the credential, where the vendor shows them without a list of people. `None`
    /// where it does not.
    ///
    /// # Errors
    /// Whatever kept the question from being answered.
    async fn fingerprint(&self, run: &Run<'_>) -> Result<Option<Fingerprint>> {
        let _ = run;
        Ok(None)
    }

    /// As [`Directory::settle`](crate::Directory::settle).
    ///
    /// # Errors
    /// As there.
    async fn settle(&self) -> Result<()> {
        Ok(())
    }

    /// The power to write, for vendors that can be written.
    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        None
    }
}

impl Vendor {
    /// What a vendor's defaults and the settings of one connection say. `client` sends to `base_url`.
    pub fn new<C: Config>(
        of: &Defaults,
        wiring: &Wiring,
        config: &C,
        base_url: &str,
        capabilities: Capabilities,
        client: Client,
    ) -> Self {
        Self {
            capabilities,
            settings: config.digests(of.vendor, base_url, of.base_url),
            client,
            concurrency: wiring.concurrency(of),
            explain: of.explain,
            address: ("base_url", "https".to_owned()),
            credential: of.credential,
        }
    }

    /// Begins to read what `request` asks for.
    #[must_use]
    pub fn run<'r>(&self, request: &'r ReadRequest) -> Run<'r> {
        Run::new(&self.client, self.concurrency, self.explain, request)
    }
}

/// [`Directory::check`](crate::Directory::check) of a source.
///
/// # Errors
/// As there.
pub async fn check<S: Source>(source: &S, request: &ReadRequest) -> Result<Preflight> {
    let vendor = source.vendor();
    let mut checks = Checks::new(vendor.run(request), &vendor.capabilities);
    let (subject, encrypted) = &vendor.address;
    checks.address(subject, encrypted, !vendor.client.is_encrypted());
    match source.check(&mut checks).await {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::Auth => {
            let (subject, remedy) = &vendor.credential;
            let finding = Finding::new(Level::Refused, *subject, error.to_string())
                .cost("nothing can be read; nothing is changed")
                .remedy(*remedy);
            checks.push(finding);
        }
        Err(error) => return Err(error),
    }
    Ok(checks.into_preflight())
}

/// [`Directory::fields`](crate::Directory::fields) of a source.
///
/// # Errors
/// As there.
pub async fn catalogue<S: Source>(source: &S, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
    let run = source.vendor().run(request);
    let (snapshot, around) = source.sample(&run).await?;
    let mut fields = FieldInfo::count(snapshot.employees(), &source.vendor().capabilities);
    for defined in source.custom_fields(&around) {
        let field = SourceField::CustomId(defined.id.to_string());
        let kind = match defined.is_sensitive {
            true => format!("{}, read only by id", defined.kind),
            false => defined.kind,
        };
        match fields.iter_mut().find(|info| info.field == field) {
            Some(info) => info.kind = kind,
            None => {
                let mut info = FieldInfo::new(field, kind);
                info.people = snapshot.employees().len() as u64;
                info.label = (!defined.name.is_empty()).then(|| defined.name.to_string());
                fields.push(info);
            }
        }
    }
    source.correct_catalogue(&mut fields, &around);
    Ok(fields)
}

/// [`Directory::snapshot`](crate::Directory::snapshot) of a source.
///
/// # Errors
/// As there.
pub async fn snapshot<S: Source>(source: &S, request: &ReadRequest) -> Result<Snapshot> {
    let run = source.vendor().run(request);
    let (snapshot, _) = source.read(&run).await?;
    tracing::debug!(
        people = snapshot.people(),
        problems = snapshot.problems().len(),
        requests = run.client().requests(),
        "read the directory"
    );
    Ok(snapshot.with_requests(run.client().requests()).with_answered_at(run.client().answered_at()))
}

/// [`Directory::get`](crate::Directory::get) of a source.
///
/// # Errors
/// As there.
pub async fn ask<S: Source>(source: &S, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
    let run = source.vendor().run(request);
    let row = match source.person(&run, id).await {
        Ok(row) => row,
        Err(error) => {
            if error.kind() == ErrorKind::NotFound {
                source.confirm_gone(&run).await?;
            }
            return Lookup::of_refusal(error);
        }
    };
    let mut employee = source.complete(&run, row).await?;
    if request.wants(StandardField::ManagerEmail)
        && let Field::Value(manager) = employee.manager().map(EmployeeId::from)
    {
        // Of the manager no more is read than the address.
        let mut little = ReadRequest::new(request.today());
        if let Some(waiting) = request.waiting() {
            little = little.with_waiting(waiting.clone());
        }
        let email = match source.person(&source.vendor().run(&little), &manager).await {
            Ok(row) => source.work_email(row),
            Err(error) if is_serious(&error) => return Err(error),
            Err(_) => Field::NotProvided,
        };
        employee.put(StandardField::ManagerEmail, email);
    }
    Ok(Lookup::Found(Box::new(employee)))
}

/// Whether an error says something of the connection, not of one record.
fn is_serious(error: &Error) -> bool {
    error.kind() == ErrorKind::Auth || error.is_transient()
}

/// [`Directory::cost`](crate::Directory::cost) of a source.
///
/// # Errors
/// As there.
pub async fn cost<S: Source>(source: &S, request: &ReadRequest) -> Result<Option<Cost>> {
    let run = source.vendor().run(request);
    Ok(source.cost(&run).await?.map(|cost| cost.with_asked(run.client().requests())))
}

/// [`Directory::fingerprint`](crate::Directory::fingerprint) of a source.
///
/// # Errors
/// As there.
pub async fn fingerprint<S: Source>(source: &S, request: &ReadRequest) -> Result<Option<Fingerprint>> {
    source.fingerprint(&source.vendor().run(request)).await
}

/// Makes a [`Directory`](crate::Directory) of a tuple struct whose first field implements
/// [`Source`](crate::connector::Source): `pub struct Acme(Api);` becomes one with `connector!(Acme)`.
#[macro_export]
macro_rules! connector {
    ($name:ty) => {
        #[$crate::connector::async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl $crate::Directory for $name {
            fn capabilities(&self) -> &$crate::Capabilities {
                &$crate::connector::Source::vendor(&self.0).capabilities
            }
            fn settings(&self) -> $crate::SourceSettings {
                $crate::connector::Source::vendor(&self.0).settings.clone()
            }
            async fn check(&self, request: &$crate::ReadRequest) -> $crate::Result<$crate::Preflight> {
                $crate::connector::check(&self.0, request).await
            }
            async fn fields(
                &self,
                request: &$crate::ReadRequest,
            ) -> $crate::Result<::std::vec::Vec<$crate::FieldInfo>> {
                $crate::connector::catalogue(&self.0, request).await
            }
            async fn snapshot(&self, request: &$crate::ReadRequest) -> $crate::Result<$crate::Snapshot> {
                $crate::connector::snapshot(&self.0, request).await
            }
            async fn get(
                &self,
                id: &$crate::EmployeeId,
                request: &$crate::ReadRequest,
            ) -> $crate::Result<$crate::Lookup> {
                $crate::connector::ask(&self.0, id, request).await
            }
            async fn cost(
                &self,
                request: &$crate::ReadRequest,
            ) -> $crate::Result<::std::option::Option<$crate::Cost>> {
                $crate::connector::cost(&self.0, request).await
            }
            async fn fingerprint(
                &self,
                request: &$crate::ReadRequest,
            ) -> $crate::Result<::std::option::Option<$crate::Fingerprint>> {
                $crate::connector::fingerprint(&self.0, request).await
            }
            async fn settle(&self) -> $crate::Result<()> {
                $crate::connector::Source::settle(&self.0).await
            }
            fn writer(&self) -> ::std::option::Option<&dyn $crate::DirectoryWriter> {
                $crate::connector::Source::writer(&self.0)
            }
        }
    };
}
