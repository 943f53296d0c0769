//! References to other people, resolved once everybody is known.

use super::inputs::Inputs;
use super::pairs::Pairs;
use crate::{Field, StandardField, TargetField};

/// Who manages whom, by row.
#[derive(Debug)]
pub(super) struct Managers {
    state: Vec<Manager>,
}

/// What is known of one person's manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manager {
    /// The manager's row.
    Known(usize),
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
        if !referenced {
            return Self { state: Vec::new() };
        }
        let find = |person: &crate::Employee| match person.text(StandardField::Manager) {
            // Of two records of one id nobody knows which is the manager.
            Field::Value(id) => {
                let row = pairs.row(id).filter(|row| !pairs.contested.contains(row));
                row.map_or(Manager::Unknown, Manager::Known)
            }
            Field::Cleared => Manager::Nobody,
            Field::NotPermitted | Field::NotProvided => Manager::Unseen,
        };
        let mut managers = Self { state: inputs.snapshot.employees().iter().map(find).collect() };
        managers.mark_cycles();
        managers
    }

    /// Follows each chain upwards once. A chain that meets itself has found a circle; everybody in
    /// the circle is marked, those below it are not.
    fn mark_cycles(&mut self) {
        let mut seen_in = vec![usize::MAX; self.state.len()];
        for start in 0..self.state.len() {
            let mut row = start;
            while let (Some(mark), Some(Manager::Known(next))) =
                (seen_in.get_mut(row), self.state.get(row).copied())
            {
                if *mark == start {
                    self.mark_cycle(row);
                    break;
                }
                if *mark != usize::MAX {
                    break;
                }
                *mark = start;
                row = next;
            }
        }
    }

    fn mark_cycle(&mut self, start: usize) {
        let mut row = start;
        while let Some(place) = self.state.get_mut(row) {
            let Manager::Known(next) = *place else { return };
            *place = Manager::Cycle;
            row = next;
        }
    }

    pub(super) fn of_row(&self, row: usize) -> Manager {
        self.state.get(row).copied().unwrap_or(Manager::Unseen)
    }

    /// How many managers stand above a row.
    pub(super) fn depth(&self, row: usize) -> u32 {
        let mut depth = 0;
        let mut at = row;
        while let Manager::Known(next) = self.of_row(at) {
            depth += 1;
            at = next;
            if depth as usize > self.state.len() {
                break;
            }
        }
        depth
    }

    /// The external id that a row's manager has in the target.
    pub(super) fn external_id<'i>(&self, inputs: &'i Inputs<'_>, row: usize) -> Field<&'i str> {
        match self.of_row(row) {
            Manager::Known(manager) => match inputs.desired.value(manager, &TargetField::ExternalId) {
                Field::Value(id) => Field::Value(id),
                _ => Field::NotProvided,
            },
            Manager::Nobody => Field::Cleared,
            Manager::Cycle | Manager::Unknown | Manager::Unseen => Field::NotProvided,
        }
    }
}
