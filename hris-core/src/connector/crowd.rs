//! Everybody in a vendor's list, each once, and the people whose records are not believable.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use crate::EmployeeId;
use crate::http::Listed;
use crate::wire::Record;

/// Everybody in a vendor's list.
///
/// A row whose id came with another record that says something else is contradicted: nothing is done about
/// that person. Such rows stay here, so that the person counts as present.
#[allow(missing_debug_implementations, reason = "it holds what a vendor said about people")]
pub struct Crowd<R> {
    pub(super) rows: Vec<R>,
    pub(super) contradicted: HashSet<String>,
    pub(super) unreadable: HashMap<String, Cow<'static, str>>,
    pub(super) repeated: u64,
    pub(super) doubt: Option<&'static str>,
    pub(super) is_weak: bool,
}

impl<R: Record> Crowd<R> {
    /// The people of one list.
    #[must_use]
    pub fn of(list: Listed<R>) -> Self {
        Self::joined([list], |_, _| None)
    }

    /// The people of several lists that were read one after the other. A person in two lists moved from one to the
    /// other meanwhile. `age` compares the two records: the greater one is the later one, and it counts. Where it
    /// returns `None` for records that differ, neither counts.
    #[must_use]
    pub fn joined(
        lists: impl IntoIterator<Item = Listed<R>>,
        age: impl Fn(&R, &R) -> Option<Ordering>,
    ) -> Self {
        let mut crowd = Self {
            rows: Vec::new(),
            contradicted: HashSet::new(),
            unreadable: HashMap::new(),
            repeated: 0,
            doubt: None,
            is_weak: false,
        };
        let lists: Vec<Listed<R>> = lists.into_iter().collect();
        let several = lists.len() > 1;
        // The place of each id, and the list in which it came first.
        let mut places: HashMap<String, (usize, usize)> = HashMap::new();
        for (number, list) in lists.into_iter().enumerate() {
            crowd.doubt = crowd.doubt.or(list.doubt());
            crowd.is_weak |= list.is_weak();
            for repeated in list.repeated {
                if repeated.conflicting {
                    crowd.contradicted.insert(repeated.id);
                } else {
                    crowd.repeated += 1;
                }
            }
            if !several {
                crowd.rows = list.rows;
                continue;
            }
            for row in list.rows {
                match row.id().and_then(|id| places.get(id)) {
                    Some((place, first)) if *first != number => crowd.meet(*place, row, &age),
                    Some(_) => crowd.rows.push(row),
                    None => {
                        if let Some(id) = row.id() {
                            places.insert(id.to_owned(), (crowd.rows.len(), number));
                        }
                        crowd.rows.push(row);
                    }
                }
            }
        }
        crowd
    }

    /// Takes the later of two records of one person.
    fn meet(&mut self, place: usize, row: R, age: &impl Fn(&R, &R) -> Option<Ordering>) {
        let Some(known) = self.rows.get_mut(place) else { return };
        if *known == row {
            return;
        }
        match age(known, &row) {
            Some(Ordering::Less) => *known = row,
            Some(Ordering::Greater) => {}
            _ => self.contradicted.extend(row.id().map(str::to_owned)),
        }
    }

    /// The rows, in the vendor's order.
    #[must_use]
    pub fn rows(&self) -> &[R] {
        &self.rows
    }

    /// Whether this row can be believed: it has an id, and neither itself nor another row contradicts it.
    #[must_use]
    pub fn is_sound(&self, row: &R) -> bool {
        !row.notes().repeated
            && row.id().is_some_and(|id| !self.contradicted.contains(id) && !self.unreadable.contains_key(id))
    }

    /// The ids of the believable rows that `wanted` accepts: the people to be read one by one.
    pub fn ids(&self, wanted: impl Fn(&R) -> bool) -> Vec<EmployeeId> {
        let wanted = self.rows.iter().filter(|row| self.is_sound(row) && wanted(row));
        wanted.filter_map(|row| row.id()).map(EmployeeId::from).collect()
    }

    /// Sets a person aside because something needed could not be read. The reason follows the person's id
    /// in the message.
    pub fn set_aside(&mut self, id: &EmployeeId, why: impl Into<Cow<'static, str>>) {
        self.unreadable.insert(id.to_string(), why.into());
    }
}
