//! A directory whose calls go wrong.

use async_trait::async_trait;
use hris_core::{
    Capabilities, Cost, Directory, DirectoryWriter, Employee, EmployeeId, FieldChange, FieldInfo,
    Fingerprint, Lookup, Preflight, ReadRequest, Snapshot, SourceSettings,
};

use super::Faulty;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<D: Directory> Directory for Faulty<D> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    fn settings(&self) -> SourceSettings {
        self.inner.settings()
    }

    async fn check(&self, request: &ReadRequest) -> hris_core::Result<Preflight> {
        self.faults.call("check", self.inner.check(request)).await
    }

    async fn fields(&self, request: &ReadRequest) -> hris_core::Result<Vec<FieldInfo>> {
        self.faults.call("fields", self.inner.fields(request)).await
    }

    async fn snapshot(&self, request: &ReadRequest) -> hris_core::Result<Snapshot> {
        self.faults.call("snapshot", self.inner.snapshot(request)).await
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> hris_core::Result<Lookup> {
        self.faults.call("get", self.inner.get(id, request)).await
    }

    async fn cost(&self, request: &ReadRequest) -> hris_core::Result<Option<Cost>> {
        self.faults.call("cost", self.inner.cost(request)).await
    }

    async fn fingerprint(&self, request: &ReadRequest) -> hris_core::Result<Option<Fingerprint>> {
        self.faults.call("fingerprint", self.inner.fingerprint(request)).await
    }

    async fn settle(&self) -> hris_core::Result<()> {
        self.inner.settle().await
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.inner.writer().map(|_| self as &dyn DirectoryWriter)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<D: Directory> DirectoryWriter for Faulty<D> {
    async fn create(&self, values: &[FieldChange], key: &str) -> hris_core::Result<Employee> {
        self.faults.call("create person", self.writing()?.create(values, key)).await
    }

    async fn update(
        &self,
        id: &EmployeeId,
        values: &[FieldChange],
        key: &str,
    ) -> hris_core::Result<Employee> {
        self.faults.call("update person", self.writing()?.update(id, values, key)).await
    }
}

impl<D: Directory> Faulty<D> {
    fn writing(&self) -> hris_core::Result<&dyn DirectoryWriter> {
        let message = "write to the directory: it can only be read";
        self.inner.writer().ok_or_else(|| hris_core::Error::new(hris_core::ErrorKind::Permission, message))
    }
}
