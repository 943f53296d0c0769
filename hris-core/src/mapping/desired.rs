//! What a mapping makes of people: a row each, in the order in which an account has its values.

use std::collections::BTreeSet;
use std::fmt;

use super::Rule;
use super::apply::Column;
use crate::{Employee, Field, Problem, SourceField, StandardField, TargetField, canon};

/// What each person of a snapshot should look like in the target.
///
/// The values of all people stand in one text, in which the values of one person are next to each other, in the order
/// in which an account has them. `Debug` shows sizes only.
#[derive(Clone)]
pub struct Desired<'a> {
    columns: &'a [Column],
    employees: &'a [Employee],
    /// How many places a row has.
    width: usize,
    text: String,
    /// Where each row begins in the text, and where the last one ends.
    rows: Vec<usize>,
    /// Where each value ends, counted from the beginning of its row.
    ends: Vec<usize>,
    states: Vec<State>,
    filled: Vec<u64>,
    problems: Vec<Problem>,
}

/// What is known of one value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Cleared,
    NotPermitted,
    NotProvided,
    /// The source has a value that the field cannot hold.
    Refused,
    Value,
}

impl<'a> Desired<'a> {
    /// A table of these people, which has no row yet, with so many places in a row.
    pub(super) fn of((columns, width): (&'a [Column], usize), employees: &'a [Employee]) -> Self {
        let people = employees.len();
        let cells = people.saturating_mul(width);
        let mut rows = Vec::with_capacity(people.saturating_add(1));
        rows.push(0);
        Self {
            columns,
            employees,
            width,
            text: String::new(),
            rows,
            ends: Vec::with_capacity(cells),
            states: Vec::with_capacity(cells),
            filled: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Adds the value at the next place of the row that is being filled.
    pub(super) fn push(&mut self, state: State, value: &str) {
        self.text.push_str(value);
        let start = self.rows.last().copied().unwrap_or_default();
        self.ends.push(self.text.len() - start);
        self.states.push(state);
    }

    pub(super) fn end_row(&mut self) {
        self.rows.push(self.text.len());
    }

    /// With how many people had a value in each column, and with what could not be used.
    pub(super) fn found(mut self, filled: Vec<u64>, problems: Vec<Problem>) -> Self {
        (self.filled, self.problems) = (filled, problems);
        self
    }

    /// The place of a field in each row.
    fn place(&self, field: &TargetField) -> Option<usize> {
        field.slot().or_else(|| {
            let own = self.columns.iter().filter(|column| column.target.slot().is_none());
            Some(TargetField::COUNT + own.map(|column| &column.target).position(|target| target == field)?)
        })
    }

    /// The values of one row in one text, and where each of them ends: the standard fields first, as in an account.
    pub(crate) fn texts(&self, row: usize) -> (&str, &[usize]) {
        let text = self.rows.get(row).zip(self.rows.get(row + 1));
        let text = text.and_then(|(start, end)| self.text.get(*start..*end)).unwrap_or_default();
        let cells = row.saturating_mul(self.width)..(row + 1).saturating_mul(self.width);
        (text, self.ends.get(cells).unwrap_or_default())
    }

    fn cell(&self, row: usize, place: usize) -> (State, &str) {
        let cell = row.saturating_mul(self.width).saturating_add(place);
        let state = self.states.get(cell).copied().unwrap_or(State::NotProvided);
        if state != State::Value {
            return (state, "");
        }
        let begin = self.rows.get(row).copied().unwrap_or_default();
        let before = place.checked_sub(1).map_or(0, |_| self.ends.get(cell - 1).copied().unwrap_or_default());
        let end = self.ends.get(cell).copied().unwrap_or_default();
        (state, self.text.get(begin + before..begin + end).unwrap_or_default())
    }

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
        let cell = self.place(field).map(|place| self.cell(row, place));
        match cell {
            Some((State::Value, value)) => Field::Value(value),
            Some((State::Cleared, _)) => Field::Cleared,
            Some((State::NotPermitted, _)) => Field::NotPermitted,
            Some((State::NotProvided | State::Refused, _)) | None => Field::NotProvided,
        }
    }

    /// Whether the source has a value for `field` of the person at `row` that the field cannot hold. It is
    /// among [`Desired::problems`], and [`Desired::value`] says that it was not provided.
    #[must_use]
    pub fn is_refused(&self, row: usize, field: &TargetField) -> bool {
        self.place(field).is_some_and(|place| self.cell(row, place).0 == State::Refused)
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

    /// Whether a manager is called in the target by the same id as in a person's record: both are taken as they are.
    pub(crate) fn calls_people_by_id(&self) -> bool {
        let takes = |target: TargetField, source: StandardField| {
            let column = self.columns.iter().find(|column| column.target == target);
            column.is_some_and(|column| {
                column.sources == [SourceField::Standard(source)]
                    && column.rule == Rule { from: column.rule.from.clone(), ..Rule::default() }
            })
        };
        takes(TargetField::ExternalId, StandardField::Id)
            && takes(TargetField::ManagerExternalId, StandardField::Manager)
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
    pub(super) fn of(table: Desired<'a>) -> Self {
        Self(table)
    }

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
