//! A compiled mapping, and what it makes of a snapshot.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use super::desired::{Desired, Row, State};
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
    /// Which column fills each place of a row: first a place for each standard field, as an account has them, then
    /// one for each of the product's own.
    places: Vec<Option<usize>>,
}

/// One target field and what it takes.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) target: TargetField,
    pub(super) sources: Vec<SourceField>,
    pub(super) rule: Rule,
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
    pub(super) fn is_list(&self) -> bool {
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
        let of_standard = |field: &TargetField| columns.iter().position(|column| column.target == *field);
        let mut places: Vec<Option<usize>> = TargetField::STANDARD.iter().map(of_standard).collect();
        let own = columns.iter().enumerate().filter(|(_, column)| column.target.slot().is_none());
        places.extend(own.map(|(place, _)| Some(place)));
        Self { columns, places }
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
        Row::of(self.applied(std::slice::from_ref(person)))
    }

    fn applied<'a>(&'a self, employees: &'a [Employee]) -> Desired<'a> {
        let mut desired = Desired::of((&self.columns, self.places.len()), employees);
        let mut unmapped: Vec<(u64, Option<&Employee>)> = vec![(0, None); self.columns.len()];
        let (mut filled, mut problems) = (vec![0; self.columns.len()], Vec::new());
        let names = Names::of(employees, &self.columns);
        let sources: Vec<_> = self.columns.iter().map(|column| names.resolve(&column.sources)).collect();
        for person in employees {
            for place in &self.places {
                let column = place.and_then(|place| {
                    let column = self.columns.get(place)?;
                    Some((column, sources.get(place)?, filled.get_mut(place)?, unmapped.get_mut(place)?))
                });
                let Some((column, sources, filled, missing)) = column else {
                    desired.push(State::NotProvided, "");
                    continue;
                };
                let mut refused = false;
                let cell = match column.read(person, sources) {
                    Field::Value(value) => {
                        *filled += 1;
                        match column.change(value) {
                            Ok(Field::Cleared) => column.default_cell(),
                            Ok(cell) => {
                                let cell = usable(&column.target, cell, person, &mut problems);
                                refused = !cell.is_value();
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
                match cell {
                    Field::Value(value) => desired.push(State::Value, &value),
                    Field::Cleared => desired.push(State::Cleared, ""),
                    Field::NotPermitted => desired.push(State::NotPermitted, ""),
                    Field::NotProvided if refused => desired.push(State::Refused, ""),
                    Field::NotProvided => desired.push(State::NotProvided, ""),
                }
            }
            desired.end_row();
        }
        for (column, (count, first)) in self.columns.iter().zip(unmapped) {
            if let Some(first) = first {
                let message = format!(
                    "{count} people have a value that `mapping.{}.map` does not list; add it there",
                    column.target
                );
                let problem = Problem::warning(ProblemCode::UnmappedValue, message);
                problems.push(problem.employee(first.id()).field(column.target.to_string()));
            }
        }
        desired.found(filled, problems)
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
