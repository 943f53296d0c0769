//! Whether an edit of a setting counts as what it is: who is listed, how people are written, or neither.

use serde_json::Value;

use super::{Harness, Miss, Outcome, Summary, ensure};
use crate::connector::{Kit, Role, Secrets, Table};
use crate::{Error, Secret, SourceSettings};

/// A value for every setting of a vendor that its default is not, and what such an edit may change.
///
/// The case that uses it fails for a setting without an edit, so a new setting has to say what it decides.
#[derive(Debug)]
pub struct Edits {
    kit: &'static dyn Kit,
    base: Table,
    edits: Vec<(Role, &'static str, Value)>,
}

impl Edits {
    /// Of no setting yet.
    #[must_use]
    pub fn of(kit: &'static dyn Kit) -> Self {
        Self { kit, base: Table::new(), edits: Vec::new() }
    }

    /// Sets what every connection of this vendor needs.
    #[must_use]
    pub fn base(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.base.insert(name.to_owned(), value.into());
        self
    }

    /// With this value other people are listed, or other people count as gone.
    #[must_use]
    pub fn listing(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with(Role::Listing, name, value.into())
    }

    /// With this value people are written otherwise.
    #[must_use]
    pub fn writing(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with(Role::Writing, name, value.into())
    }

    /// With this value the same people are listed and written as before.
    #[must_use]
    pub fn neither(self, name: &'static str, value: impl Into<Value>) -> Self {
        self.with(Role::Neither, name, value.into())
    }

    fn with(mut self, role: Role, name: &'static str, value: Value) -> Self {
        self.edits.push((role, name, value));
        self
    }

    /// Looks at every edit: which digest it changes, whether each setting has one, and whether a default that is written
    /// out, or another credential, counts as an edit.
    ///
    /// # Errors
    /// [`Miss::Failed`] naming the setting.
    pub fn check(&self) -> Outcome {
        let plain = self.digests(&self.base, "one")?;
        ensure(self.digests(&self.base, "two")? == plain, || {
            "another credential counts as another setting".to_owned()
        })?;
        for setting in self.kit.settings() {
            let has_edit = self.edits.iter().any(|(_, name, _)| *name == setting.name);
            ensure(has_edit, || format!("the harness has no edit of {}", setting.name))?;
            if setting.default.is_null() || self.base.contains_key(setting.name) {
                continue;
            }
            let mut written = self.base.clone();
            written.insert(setting.name.to_owned(), setting.default);
            ensure(self.digests(&written, "one")? == plain, || {
                format!("the default of {} counts as an edit where it is written out", setting.name)
            })?;
        }
        for (role, name, value) in &self.edits {
            let mut edited = self.base.clone();
            edited.insert((*name).to_owned(), value.clone());
            let found = self.digests(&edited, "one")?;
            let changed = (found.listing != plain.listing, found.writing != plain.writing);
            let expected = (*role == Role::Listing, *role == Role::Writing);
            ensure(changed == expected, || {
                format!("an edit of {name} changes (listing, writing) by {changed:?}, not {expected:?}")
            })?;
        }
        Ok(())
    }

    fn digests(&self, settings: &Table, secret: &str) -> Result<SourceSettings, Error> {
        let secret = |name: &str| (name.to_owned(), Secret::from(secret.to_owned()));
        let secrets: Secrets = self.kit.credentials().iter().map(|known| secret(known.name)).collect();
        Ok(self.kit.connect(settings, secrets)?.settings())
    }
}

pub(super) fn run(harness: &dyn Harness, summary: &mut Summary) {
    let name = "settings: an edit of each counts as what it decides";
    let outcome = match harness.edits() {
        Some(edits) => edits.check(),
        None => Err(Miss::Skipped("the harness names no settings".to_owned())),
    };
    summary.enter(name, outcome);
}
