//! A compiled mapping, and what it makes of a snapshot.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use super::fault::fault_of;
use super::{Rule, Transform, read};
use crate::reconcile::SharedField;
use crate::{
    Capabilities, Employee, Field, Problem, ProblemCode, Snapshot, SourceField, StandardField, TargetField,
    canon,
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
    /// The pairs of the rule by their words, as far as these differ.
    pairs: HashMap<String, String>,
    /// The words that mean no value.
    empty: HashSet<String>,
}

impl Column {
    pub(super) fn new(target: TargetField, sources: Vec<SourceField>, rule: Rule) -> Self {
        let mut pairs = HashMap::with_capacity(rule.map.len());
        for (value, replacement) in &rule.map {
            pairs.entry(canon::word(value).into_owned()).or_insert_with(|| replacement.clone());
        }
        let empty = rule.empty.iter().map(|word| canon::word(word).into_owned()).collect();
        Self { target, sources, rule, pairs, empty }
    }

    /// Whether a value is one of a list of names, whose order says nothing.
    fn is_list(&self) -> bool {
        let list = |field: &SourceField| {
            matches!(field, SourceField::Standard(StandardField::Teams | StandardField::Groups))
        };
        self.sources.iter().any(list)
    }

    /// The first source that has a value. Where none has, the field is cleared only if every source
    /// was seen to be empty.
    fn read<'a>(&self, person: &'a Employee, sources: &[SourceField]) -> Field<Cow<'a, str>> {
        let mut state = Field::Cleared;
        for source in sources {
            match read(person, source) {
                Field::Value(value) if self.is_empty(&value) => {}
                Field::Value(value) => return Field::Value(value),
                Field::Cleared => {}
                hidden => state = hidden,
            }
        }
        state
    }

    fn is_empty(&self, value: &str) -> bool {
        !self.empty.is_empty() && self.empty.contains(&*canon::word(value))
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
        let exact = self.rule.map.get(value.trim());
        let found = exact.or_else(|| self.pairs.get(&*canon::word(&value)));
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

    /// The fields that both sides may change: every mapped one but the external id. Those flow back from the
    /// target that take one standard field as it is, but for white space and case, which the vendor can write;
    /// all others have no [`SharedField::source`].
    #[must_use]
    pub fn shared(&self, capabilities: &Capabilities) -> Vec<SharedField> {
        let written = |column: &Column| {
            let [SourceField::Standard(source)] = column.sources.as_slice() else { return None };
            let plain =
                column.rule.map.is_empty() && column.rule.default.is_none() && column.empty.is_empty();
            let own = column.target == TargetField::ManagerExternalId;
            // Several names in one text cannot be separated again.
            let list = matches!(source, StandardField::Team | StandardField::Teams | StandardField::Groups);
            let capability = capabilities.field(*source).filter(|capability| capability.writable)?;
            (plain && !own && !list).then(|| {
                let mut shared = SharedField::new(column.target.clone(), *source);
                shared.clears = capability.clearable;
                shared.unique = capability.unique;
                shared
            })
        };
        let own = self.columns.iter().filter(|column| column.target != TargetField::ExternalId);
        own.map(|column| written(column).unwrap_or_else(|| SharedField::one_way(column.target.clone())))
            .collect()
    }

    /// What each person of the snapshot should look like in the target.
    ///
    /// It cannot fail: a value that cannot be used is left out, so that the target keeps what it
    /// has, and is reported in [`Desired::problems`].
    #[must_use]
    pub fn apply<'a>(&'a self, snapshot: &'a Snapshot) -> Desired<'a> {
        self.applied(snapshot.employees())
    }

    /// What one person should look like in the target, whatever other people there are.
    ///
    /// ```
    /// use hris_core::mapping::Mapping;
    /// use hris_core::{Directory, Employee, Field, MemoryDirectory, StandardField, TargetField};
    ///
    /// let capabilities = MemoryDirectory::new([]);
    /// let map = Mapping::standard(capabilities.capabilities()).compile(capabilities.capabilities())?;
    /// let person = Employee::new("e-1").with(StandardField::Email, Field::Value("Ada@mill.example".into()));
    /// let row = map.apply_one(&person);
    /// assert_eq!(row.value(&TargetField::Email), Field::Value("ada@mill.example"));
    /// assert_eq!(row.value(&TargetField::Phone), Field::NotProvided);
    /// # Ok::<(), hris_core::mapping::MappingError>(())
    /// ```
    #[must_use]
    pub fn apply_one<'a>(&'a self, person: &'a Employee) -> Row<'a> {
        Row(self.applied(std::slice::from_ref(person)))
    }

    fn applied<'a>(&'a self, employees: &'a [Employee]) -> Desired<'a> {
        let mut desired = Desired {
            columns: &self.columns,
            employees,
            cells: Vec::with_capacity(employees.len().saturating_mul(self.columns.len())),
            filled: vec![0; self.columns.len()],
            problems: Vec::new(),
            refused: HashSet::new(),
        };
        let mut unmapped: Vec<(u64, Option<&Employee>)> = vec![(0, None); self.columns.len()];
        let names = Names::of(employees, &self.columns);
        let sources: Vec<_> = self.columns.iter().map(|column| names.resolve(&column.sources)).collect();
        for (row, person) in employees.iter().enumerate() {
            let columns = self.columns.iter().zip(&sources).zip(&mut desired.filled).zip(&mut unmapped);
            for (place, (((column, sources), filled), missing)) in columns.enumerate() {
                let cell = match column.read(person, sources) {
                    Field::Value(value) => {
                        *filled += 1;
                        match column.change(value) {
                            Ok(Field::Cleared) => column.default_cell(),
                            Ok(cell) => {
                                let cell = usable(&column.target, cell, person, &mut desired.problems);
                                if !cell.is_value() {
                                    desired.refused.insert((row, place));
                                }
                                cell
                            }
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

/// The names of the custom fields that the people of a snapshot have.
struct Names<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Names<'a> {
    /// Those of `employees`, if a column takes one by name.
    fn of(employees: &'a [Employee], columns: &[Column]) -> Self {
        let by_name = |field: &SourceField| matches!(field, SourceField::CustomName(_));
        if !columns.iter().any(|column| column.sources.iter().any(by_name)) {
            return Self(Vec::new());
        }
        let all: BTreeSet<(&str, &str)> =
            employees.iter().flat_map(Employee::custom).map(|value| (&*value.name, &*value.id)).collect();
        Self(all.into_iter().collect())
    }

    /// The fields under the names that they have: a name that only differs in case, blanks and the form of
    /// its characters is the one field's that it means.
    fn resolve<'s>(&self, sources: &'s [SourceField]) -> Cow<'s, [SourceField]> {
        let own = |field: &SourceField| {
            let SourceField::CustomName(wanted) = field else { return None };
            match crate::custom_fields_called(wanted, &self.0, |(name, _)| Some(*name)).as_slice() {
                [(name, _)] if name != wanted => Some(SourceField::CustomName((*name).to_owned())),
                _ => None,
            }
        };
        if sources.iter().all(|field| own(field).is_none()) {
            return Cow::Borrowed(sources);
        }
        Cow::Owned(sources.iter().map(|field| own(field).unwrap_or_else(|| field.clone())).collect())
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
    /// Row and column of the values that the target field cannot hold.
    refused: HashSet<(usize, usize)>,
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

    /// Whether the source has a value for `field` of the person at `row` that the field cannot hold. It is
    /// among [`Desired::problems`], and [`Desired::value`] says that it was not provided.
    #[must_use]
    pub fn is_refused(&self, row: usize, field: &TargetField) -> bool {
        let column = self.columns.iter().position(|column| column.target == *field);
        column.is_some_and(|column| self.refused.contains(&(row, column)))
    }

    /// Whether a value of an account means what the mapping wants in the column at this place among
    /// [`Desired::targets`]: as values of the field do, and of a list of teams or groups in any order.
    #[must_use]
    pub fn agrees(&self, column: usize, wanted: &str, current: &str) -> bool {
        let Some(column) = self.columns.get(column) else { return wanted == current };
        canon::same(&column.target, wanted, current)
            || (column.is_list() && canon::list(wanted) == canon::list(current))
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

    /// The target fields that take nothing but these.
    pub(crate) fn taking_only(
        &self,
        fields: &BTreeSet<StandardField>,
    ) -> impl Iterator<Item = &'a TargetField> {
        let only = |column: &&Column| {
            column
                .sources
                .iter()
                .all(|source| matches!(source, SourceField::Standard(one) if fields.contains(one)))
        };
        self.columns.iter().filter(only).map(|column| &column.target)
    }

    /// Whether a column holds several names.
    pub(crate) fn is_list(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(Column::is_list)
    }

    /// Whether a column holds the employee id of a manager, which the engine must look up.
    pub(crate) fn is_reference(&self, column: usize) -> bool {
        let manager = SourceField::Standard(StandardField::Manager);
        self.columns.get(column).is_some_and(|column| {
            column.target == TargetField::ManagerExternalId && column.sources.contains(&manager)
        })
    }
}

/// What one person should look like in the target: a [`Desired`] of nobody else.
///
/// `Debug` shows sizes only.
#[derive(Clone, Debug)]
pub struct Row<'a>(Desired<'a>);

impl<'a> Row<'a> {
    /// What the person should have in `field`; not provided for a field that is not mapped.
    #[must_use]
    pub fn value(&self, field: &TargetField) -> Field<&str> {
        self.0.value(0, field)
    }

    /// Whether the source has a value for `field` that the field cannot hold; see [`Desired::is_refused`].
    #[must_use]
    pub fn is_refused(&self, field: &TargetField) -> bool {
        self.0.is_refused(0, field)
    }

    /// What the mapping could not use.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        self.0.problems()
    }

    /// The same as the table of a snapshot that holds this person alone.
    #[must_use]
    pub fn table(&self) -> &Desired<'a> {
        &self.0
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
