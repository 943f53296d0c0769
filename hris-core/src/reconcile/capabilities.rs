//! What a target can do and keep: data, not code.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Assignment, AssignmentKind, TargetField};

/// What a target can do, and how it keeps each field.
///
/// ```
/// use hris_core::TargetField;
/// use hris_core::reconcile::{FieldSupport, TargetCapabilities};
///
/// let target = TargetCapabilities::full()
///     .with(TargetField::Phone, FieldSupport::plain().unkept())
///     .with(TargetField::JobTitle, FieldSupport::plain().at_most(40));
/// assert!(!target.keeps(&TargetField::Phone));
/// assert!(target.clears(&TargetField::Department));
/// assert_eq!(target.support(&TargetField::JobTitle).longest, Some(40));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetCapabilities {
    /// It can invite.
    pub invites: bool,
    /// It can open a closed account again.
    pub reactivates: bool,
    /// It keeps permission levels, locations and areas.
    pub assigns: bool,
    /// The permission levels, locations and areas that exist, by kind. Of a kind that is not listed any value
    /// will do. Of a kind that is listed no other value is given, and the people who would get one are reported.
    pub assignable: BTreeMap<AssignmentKind, BTreeSet<String>>,
    /// The fields that are not plain.
    fields: BTreeMap<TargetField, FieldSupport>,
}

/// How a target keeps one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FieldSupport {
    /// Whether it is kept at all. A field that is not kept is never written to an account that exists, and
    /// each run reports that it is mapped. The external id is the exception: it then lives in the links alone.
    pub kept: bool,
    /// Whether a value can be changed later. A field that cannot is written when an account is made, and a
    /// later difference is only reported.
    pub changeable: bool,
    /// Whether a value can be taken away again.
    pub clearable: bool,
    /// Whether an account needs a value. Nobody gets an account without one, and the value is never taken away.
    pub required: bool,
    /// Whether two accounts cannot have the same value, closed accounts included. Changes of e-mail addresses
    /// are put in an order in which no two accounts ever share one. A clash in any other field is reported
    /// when the target refuses it.
    pub unique: bool,
    /// The most characters that a value may have. A longer value is not written, and is reported.
    pub longest: Option<usize>,
}

impl FieldSupport {
    /// A field that is kept, changed and cleared without any condition.
    #[must_use]
    pub const fn plain() -> Self {
        Self { kept: true, changeable: true, clearable: true, required: false, unique: false, longest: None }
    }

    /// The field is not kept.
    #[must_use]
    pub const fn unkept(mut self) -> Self {
        self.kept = false;
        self
    }

    /// The field is written only when an account is made.
    #[must_use]
    pub const fn fixed(mut self) -> Self {
        self.changeable = false;
        self
    }

    /// A value of the field cannot be taken away.
    #[must_use]
    pub const fn unclearable(mut self) -> Self {
        self.clearable = false;
        self
    }

    /// An account needs a value.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Two accounts cannot have the same value.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }

    /// A value has at most so many characters.
    #[must_use]
    pub const fn at_most(mut self, characters: usize) -> Self {
        self.longest = Some(characters);
        self
    }

    /// Whether a value is short enough.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        // A text has at most as many characters as bytes.
        self.longest.is_none_or(|longest| value.len() <= longest || value.chars().count() <= longest)
    }
}

impl TargetCapabilities {
    /// A target that can do everything. It keeps all fields, and external ids and e-mail addresses are unique.
    #[must_use]
    pub fn full() -> Self {
        let unique = FieldSupport::plain().unique();
        Self {
            invites: true,
            reactivates: true,
            assigns: true,
            assignable: BTreeMap::new(),
            fields: [(TargetField::Email, unique), (TargetField::ExternalId, unique)].into(),
        }
    }

    /// How a field is kept.
    #[must_use]
    pub fn support(&self, field: &TargetField) -> FieldSupport {
        self.fields.get(field).copied().unwrap_or(FieldSupport::plain())
    }

    /// Says how a field is kept, in place of what was said before.
    pub fn set(&mut self, field: TargetField, support: FieldSupport) {
        self.fields.insert(field, support);
    }

    /// The same with how a field is kept.
    #[must_use]
    pub fn with(mut self, field: TargetField, support: FieldSupport) -> Self {
        self.set(field, support);
        self
    }

    /// Whether a field is kept.
    #[must_use]
    pub fn keeps(&self, field: &TargetField) -> bool {
        self.support(field).kept
    }

    /// Whether a field of an account that exists can be written.
    #[must_use]
    pub fn changes(&self, field: &TargetField) -> bool {
        let support = self.support(field);
        support.kept && support.changeable
    }

    /// Whether a value of an account that exists can be taken away.
    #[must_use]
    pub fn clears(&self, field: &TargetField) -> bool {
        let support = self.support(field);
        self.changes(field) && support.clearable && !support.required
    }

    /// The fields without which there is no account.
    pub fn required(&self) -> impl Iterator<Item = &TargetField> {
        self.fields.iter().filter(|(_, support)| support.required && support.kept).map(|(field, _)| field)
    }

    /// Whether this can be given, as far as the target says.
    ///
    /// ```
    /// use hris_core::reconcile::TargetCapabilities;
    /// use hris_core::{Assignment, AssignmentKind::Role};
    ///
    /// let level = |value: &str| Assignment { kind: Role, value: value.to_owned() };
    /// let mut target = TargetCapabilities::full();
    /// assert!(target.knows(&level("manager")));
    /// target.assignable.insert(Role, ["employee".to_owned()].into());
    /// assert!(!target.knows(&level("manager")));
    /// ```
    #[must_use]
    pub fn knows(&self, assignment: &Assignment) -> bool {
        self.assignable.get(&assignment.kind).is_none_or(|values| values.contains(&assignment.value))
    }
}
