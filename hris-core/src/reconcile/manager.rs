//! References to other people, resolved once everybody is known.

use std::cell::RefCell;
use std::collections::HashMap;

use super::inputs::Inputs;
use super::pairs::Pairs;
use crate::{Field, StandardField, TargetField};

/// Who manages whom, by row.
#[derive(Debug)]
pub(super) struct Managers {
    state: Vec<Manager>,
    /// How many managers stand above each row; as far as it was asked for.
    depths: RefCell<HashMap<usize, u32>>,
}

/// What is known of one person's manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// The manager's row.
    Known(u32),
    /// The person is part of a circle.
    Cycle,
    /// Nobody of this id can be seen.
    Unknown,
    /// The source says that there is none.
    Nobody,
    /// The source says nothing.
    Unseen,
}

impl Managers {
    pub(super) fn of(inputs: &Inputs<'_>, pairs: &Pairs<'_>) -> Self {
        let referenced =
            (0..inputs.desired.targets().len()).any(|column| inputs.desired.is_reference(column));
        let mut managers = Self { state: Vec::new(), depths: RefCell::default() };
        if !referenced {
            return managers;
        }
        let people = inputs.snapshot.employees();
        managers.state.reserve(people.len());
        fn named(person: &crate::Employee) -> Field<&str> {
            person.text(StandardField::Manager)
        }
        let unnamed = |person: &crate::Employee| match named(person) {
            Field::Value(_) | Field::Cleared => Manager::Nobody,
            Field::NotPermitted | Field::NotProvided => Manager::Unseen,
        };
        managers.state.extend(people.iter().map(unnamed));
        let with = || people.iter().enumerate().filter_map(|(row, one)| Some((row, named(one).value()?)));
        let mut rows = with().map(|(row, _)| row);
        let state = &mut managers.state;
        pairs.rows_of(with().map(|(_, id)| id), |found| {
            // Of two records of one id nobody knows which is the manager.
            let found = found.filter(|found| pairs.contested.is_empty() || !pairs.contested.contains(found));
            let known = found.and_then(|found| u32::try_from(found).ok());
            if let Some(place) = rows.next().and_then(|row| state.get_mut(row)) {
                *place = known.map_or(Manager::Unknown, Manager::Known);
            }
        });
        managers.mark_cycles();
        managers
    }

    /// Follows each chain upwards once. A chain that meets itself has found a circle; everybody in
    /// the circle is marked, those below it are not.
    fn mark_cycles(&mut self) {
        const UNSEEN: u32 = u32::MAX;
        let mut seen_in = vec![UNSEEN; self.state.len()];
        for start in 0..self.state.len() {
            let (mut row, chain) = (start, u32::try_from(start).unwrap_or(UNSEEN));
            while let (Some(mark), Some(Manager::Known(next))) =
                (seen_in.get_mut(row), self.state.get(row).copied())
            {
                if *mark == chain {
                    self.mark_cycle(row);
                    break;
                }
                if *mark != UNSEEN {
                    break;
                }
                *mark = chain;
                row = next as usize;
            }
        }
    }

    fn mark_cycle(&mut self, start: usize) {
        let mut row = start;
        while let Some(place) = self.state.get_mut(row) {
            let Manager::Known(next) = *place else { return };
            *place = Manager::Cycle;
            row = next as usize;
        }
    }

    pub(super) fn of_row(&self, row: usize) -> Manager {
        self.state.get(row).copied().unwrap_or(Manager::Unseen)
    }

    /// How many managers stand above a row.
    pub(super) fn depth(&self, row: usize) -> u32 {
        let mut depths = self.depths.borrow_mut();
        let mut below = Vec::new();
        let mut at = row;
        // No chain is walked twice, and none of them is a circle.
        let mut depth = loop {
            if let Some(depth) = depths.get(&at) {
                break *depth;
            }
            let Manager::Known(next) = self.of_row(at) else { break 0 };
            below.push(at);
            at = next as usize;
        };
        for row in below.into_iter().rev() {
            depth += 1;
            depths.insert(row, depth);
        }
        depth
    }

    /// What a row should have in a column: of a column that names a manager, what that one is called in the target.
    pub(super) fn wanted<'i>(
        &self,
        inputs: &'i Inputs<'_>,
        row: usize,
        (column, target): (usize, &TargetField),
    ) -> Field<&'i str> {
        if inputs.desired.is_reference(column) {
            self.external_id(inputs, row)
        } else {
            inputs.desired.value(row, target)
        }
    }

    /// The external id that a row's manager has in the target.
    pub(super) fn external_id<'i>(&self, inputs: &'i Inputs<'_>, row: usize) -> Field<&'i str> {
        match self.of_row(row) {
            Manager::Known(manager) => match inputs.desired.value(manager as usize, &TargetField::ExternalId)
            {
                Field::Value(id) => Field::Value(id),
                _ => Field::NotProvided,
            },
            Manager::Nobody => Field::Cleared,
            Manager::Cycle | Manager::Unknown | Manager::Unseen => Field::NotProvided,
        }
    }
}
