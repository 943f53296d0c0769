//! A compiled mapping, and what it makes of a snapshot.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::{Rule, Transform, read};
use crate::reconcile::SharedField;
use crate::{
    Capabilities, Employee, Field, Problem, ProblemCode, Snapshot, SourceField, StandardField, TargetField,
};

/// A mapping that was held against a vendor's fields.
#[derive(Clone, Debug)]
pub struct FieldMap {
    columns: Vec<Column>,
}

/// One target field and what it takes.
#[derive(Clone, Debug)]
pub(super) struct Column {
    target: TargetField,
    sources: Vec<SourceField>,
    rule: Rule,
}

impl Column {
    pub(super) fn new(target: TargetField, sources: Vec<SourceField>, rule: Rule) -> Self {
        Self { target, sources, rule }
    }

    /// The first source that has a value. Where none has, the field is cleared only if every source
    /// was seen to be empty.
    fn read<'a>(&self, person: &'a Employee) -> Field<Cow<'a, str>> {
        let mut state = Field::Cleared;
        for source in &self.sources {
            match read(person, source) {
                Field::Value(value) => return Field::Value(value),
                Field::Cleared => {}
                hidden => state = hidden,
            }
        }
        state
    }

    /// The value after transforms and lookup; `Err` where the lookup does not list it.
    fn change<'a>(&'a self, value: Cow<'a, str>) -> Result<Field<Cow<'a, str>>, ()> {
        let mut value = value;
        for transform in &self.rule.transform {
            value = transform.apply(value);
        }
        if self.rule.map.is_empty() {
            return Ok(if value.trim().is_empty() { Field::Cleared } else { Field::Value(value) });
        }
        let wanted = value.trim();
        let exact = self.rule.map.get(wanted);
        let found = exact.or_else(|| {
            let mut pairs = self.rule.map.iter();
            pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(wanted)).map(|(_, replacement)| replacement)
        });
        found.map(|replacement| filled_or_cleared(replacement)).ok_or(())
    }
}

impl Transform {
    fn apply(self, value: Cow<'_, str>) -> Cow<'_, str> {
        match self {
            Self::Trim => match value {
                Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
                Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
            },
            Self::Lowercase if value.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Cow::Owned(value.to_ascii_lowercase())
            }
            Self::Uppercase if value.bytes().any(|byte| byte.is_ascii_lowercase()) => {
                Cow::Owned(value.to_ascii_uppercase())
            }
            Self::CollapseSpaces => Cow::Owned(value.split_whitespace().collect::<Vec<_>>().join(" ")),
            Self::Lowercase | Self::Uppercase => value,
        }
    }
}

impl FieldMap {
    pub(super) fn new(columns: Vec<Column>) -> Self {
        Self { columns }
    }

    /// The source fields that are read.
    #[must_use]
    pub fn sources(&self) -> BTreeSet<SourceField> {
        self.columns.iter().flat_map(|column| column.sources.iter().cloned()).collect()
    }

    /// The target fields that are filled.
    pub fn targets(&self) -> impl Iterator<Item = &TargetField> {
        self.columns.iter().map(|column| &column.target)
    }

    /// The fields that can flow back from the target: those that take one standard field as it is, but
    /// for white space and case, which the vendor can write.
    #[must_use]
    pub fn shared(&self, capabilities: &Capabilities) -> Vec<SharedField> {
        let shared = |column: &Column| {
            let [SourceField::Standard(source)] = column.sources.as_slice() else { return None };
            let plain = column.rule.map.is_empty() && column.rule.default.is_none();
            let own = matches!(column.target, TargetField::ExternalId | TargetField::ManagerExternalId);
            // Several names in one text cannot be told apart again.
            let list = matches!(source, StandardField::Team | StandardField::Teams | StandardField::Groups);
            let capability = capabilities.field(*source).filter(|capability| capability.writable)?;
            (plain && !own && !list).then(|| {
                let mut shared = SharedField::new(column.target.clone(), *source);
                shared.clears = capability.clearable;
                shared.unique = capability.unique;
                shared
            })
        };
        self.columns.iter().filter_map(shared).collect()
    }

    /// What each person of the snapshot should look like in the target.
    ///
    /// It cannot fail: a value that cannot be used is left out, so that the target keeps what it
    /// has, and is reported in [`Desired::problems`].
    #[must_use]
    pub fn apply<'a>(&'a self, snapshot: &'a Snapshot) -> Desired<'a> {
        let employees = snapshot.employees();
        let mut desired = Desired {
            columns: &self.columns,
            employees,
            cells: Vec::with_capacity(employees.len().saturating_mul(self.columns.len())),
            filled: vec![0; self.columns.len()],
            problems: Vec::new(),
        };
        let mut unmapped: Vec<(u64, Option<&Employee>)> = vec![(0, None); self.columns.len()];
        for person in employees {
            for ((column, filled), missing) in self.columns.iter().zip(&mut desired.filled).zip(&mut unmapped)
            {
                let cell = match column.read(person) {
                    Field::Value(value) => {
                        *filled += 1;
                        match column.change(value) {
                            Ok(Field::Cleared) => column.default_cell(),
                            Ok(cell) => usable(&column.target, cell, person, &mut desired.problems),
                            Err(()) => {
                                missing.0 += 1;
                                missing.1 = [missing.1, Some(person)]
                                    .into_iter()
                                    .flatten()
                                    .min_by_key(|one| one.id());
                                column
                                    .rule
                                    .default
                                    .as_deref()
                                    .map_or(Field::NotProvided, |_| column.default_cell())
                            }
                        }
                    }
                    Field::Cleared => column.default_cell(),
                    hidden => hidden,
                };
                desired.cells.push(cell);
            }
        }
        for (column, (count, first)) in self.columns.iter().zip(unmapped) {
            if let Some(first) = first {
                let message = format!(
                    "{count} people have a value that `mapping.{}.map` does not list; add it there",
                    column.target
                );
                let problem = Problem::warning(ProblemCode::UnmappedValue, message);
                desired.problems.push(problem.employee(first.id()).field(column.target.to_string()));
            }
        }
        desired
    }
}

impl Column {
    fn default_cell(&self) -> Field<Cow<'_, str>> {
        self.rule.default.as_deref().map_or(Field::Cleared, filled_or_cleared)
    }
}

/// A blank text is no value: an account cannot hold one, so it would be written again in each run.
fn filled_or_cleared(text: &str) -> Field<Cow<'_, str>> {
    if text.trim().is_empty() { Field::Cleared } else { Field::Value(Cow::Borrowed(text)) }
}

/// Leaves out a value that the target field cannot hold, and says so.
fn usable<'a>(
    target: &TargetField,
    cell: Field<Cow<'a, str>>,
    person: &Employee,
    problems: &mut Vec<Problem>,
) -> Field<Cow<'a, str>> {
    let Field::Value(value) = &cell else { return cell };
    let Some((code, message)) = fault_of(target, value) else { return cell };
    let problem = Problem::warning(code, format!("{message}; the target keeps what it has"));
    problems.push(problem.employee(person.id()).field(target.to_string()));
    Field::NotProvided
}

/// Why a value is none that the field can hold.
pub(crate) fn fault_of(target: &TargetField, value: &str) -> Option<(ProblemCode, &'static str)> {
    match target {
        TargetField::Email if !is_email(value) => {
            Some((ProblemCode::InvalidEmail, "this is not an e-mail address; correct it in the HR system"))
        }
        TargetField::StartDate | TargetField::EndDate if value.parse::<crate::Date>().is_err() => Some((
            ProblemCode::InvalidDate,
            "this is not a date of the form YYYY-MM-DD; correct it or its mapping",
        )),
        _ => None,
    }
}

fn is_email(text: &str) -> bool {
    // Nearly every address is of this plain form, which needs no grammar.
    let word = |part: &str, more: &[u8]| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = part.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && part.len() <= 63
            && !part.contains("..")
            && bytes.iter().all(|b| allowed(*b))
    };
    let split = text.split_once('@');
    if split.is_some_and(|(local, domain)| {
        word(local, b".-_+") && domain.split('.').all(|label| word(label, b"-"))
    }) {
        return true;
    }
    let plain = !text.chars().any(|letter| letter.is_control() || letter.is_whitespace());
    plain && email_address::EmailAddress::is_valid(text) && !text.ends_with('>')
}

/// What each person of a snapshot should look like in the target.
///
/// Values are borrowed from the snapshot where the mapping left them as they were. `Debug` shows
/// sizes only.
#[derive(Clone)]
pub struct Desired<'a> {
    columns: &'a [Column],
    employees: &'a [Employee],
    cells: Vec<Field<Cow<'a, str>>>,
    filled: Vec<u64>,
    problems: Vec<Problem>,
}

impl<'a> Desired<'a> {
    /// The people, in the order of the snapshot.
    #[must_use]
    pub fn employees(&self) -> &'a [Employee] {
        self.employees
    }

    /// What a mapping could not use.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What the person at `row` should have in `field`; not provided for a field that is not mapped.
    #[must_use]
    pub fn value(&self, row: usize, field: &TargetField) -> Field<&str> {
        let column = self.columns.iter().position(|column| column.target == *field);
        column.and_then(|column| self.row(row).get(column)).map_or(Field::NotProvided, Field::as_deref)
    }

    /// The target fields, in the order of the cells of a row.
    pub fn targets(&self) -> impl ExactSizeIterator<Item = &'a TargetField> {
        self.columns.iter().map(|column| &column.target)
    }

    /// Per target field, how many people had a value in the source.
    pub fn filled(&self) -> impl Iterator<Item = (&'a TargetField, u64)> {
        self.targets().zip(self.filled.iter().copied())
    }

    /// The cells of one person.
    pub(crate) fn row(&self, row: usize) -> &[Field<Cow<'a, str>>] {
        let width = self.columns.len();
        let start = row.saturating_mul(width);
        self.cells.get(start..start.saturating_add(width)).unwrap_or_default()
    }

    /// What a target field gets where its sources are empty, if that is something.
    pub(crate) fn fallback(&self, field: &TargetField) -> Option<&'a str> {
        let column = self.columns.iter().find(|column| column.target == *field)?;
        column.rule.default.as_deref()
    }

    /// Whether a column holds the employee id of a manager, which the engine must look up.
    pub(crate) fn is_reference(&self, column: usize) -> bool {
        let manager = SourceField::Standard(StandardField::Manager);
        self.columns.get(column).is_some_and(|column| {
            column.target == TargetField::ManagerExternalId && column.sources.contains(&manager)
        })
    }
}

impl fmt::Debug for Desired<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Desired({} people, {} fields, {} problems)",
            self.employees.len(),
            self.columns.len(),
            self.problems.len()
        )
    }
}
