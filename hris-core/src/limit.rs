//! A directory that shows the first people of another one, for trials.

use async_trait::async_trait;

use crate::{
    Capabilities, Cost, Directory, DirectoryWriter, EmployeeId, FieldInfo, Fingerprint, Lookup, Preflight,
    ReadRequest, Result, Snapshot, SourceSettings,
};

/// The first people of another directory, in the order in which it lists them: for a trial with a few accounts.
///
/// Being absent from it never counts, so nobody leaves because the list is short. Somebody whose record says that they
/// have left still leaves.
///
/// ```
/// use hris_core::{Directory, Employee, Limit, MemoryDirectory, ReadRequest};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let everybody = MemoryDirectory::new(["a", "b", "c"].map(Employee::new));
/// let snapshot = Limit::new(everybody, 2).snapshot(&ReadRequest::everything("2026-11-23".parse()?)).await?;
/// assert_eq!(snapshot.people(), 2);
/// assert!(!snapshot.absence_counts());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Limit<D> {
    directory: D,
    people: usize,
}

impl<D: Directory> Limit<D> {
    /// The first `people` of `directory`. Records that cannot be read come in addition: nothing is done about them.
    #[must_use]
    pub fn new(directory: D, people: usize) -> Self {
        Self { directory, people }
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<D: Directory> Directory for Limit<D> {
    fn capabilities(&self) -> &Capabilities {
        self.directory.capabilities()
    }

    fn settings(&self) -> SourceSettings {
        let SourceSettings { listing, writing } = self.directory.settings();
        let all = SourceSettings::of("limit").listing("of", &listing, "").listing("people", self.people, "");
        SourceSettings { listing: all.build().listing, writing }
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        self.directory.check(request).await
    }

    /// Counts everybody, those past the limit included.
    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        self.directory.fields(request).await
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        let mut left = self.people;
        let snapshot = self.directory.snapshot(request).await?.retain(|_| {
            let is_in = left > 0;
            left = left.saturating_sub(1);
            is_in
        });
        Ok(match snapshot.absence_reason() {
            Some(_) => snapshot,
            None => snapshot.without_absence(format!("only the first {} people are shown", self.people)),
        })
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
        self.directory.get(id, request).await
    }

    async fn cost(&self, request: &ReadRequest) -> Result<Option<Cost>> {
        self.directory.cost(request).await
    }

    async fn fingerprint(&self, request: &ReadRequest) -> Result<Option<Fingerprint>> {
        self.directory.fingerprint(request).await
    }

    async fn settle(&self) -> Result<()> {
        self.directory.settle().await
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.directory.writer()
    }
}
