//! Who has which key: the external ids, numbers and addresses of people and accounts.
//!
//! Only the keys of people of whom something is to be said are ever asked for, so only those are kept, and everybody
//! else is held against them once.

use std::cell::{Cell, OnceCell};

use super::index::Sought;
use super::inputs::Inputs;
use super::pairs::Pairs;
use super::unchanged::Unchanged;
use crate::{TargetField, canon};

/// By what people and accounts are found.
pub(super) const KEYS: [TargetField; 3] =
    [TargetField::ExternalId, TargetField::EmployeeNumber, TargetField::Email];

/// Who has the values of each key.
#[derive(Debug, Default)]
pub(super) struct Keys<'d> {
    /// The values of people of whom something is to be said.
    asked: OnceCell<Values<'d>>,
    /// The values of everybody, should another one be asked for.
    all: OnceCell<Values<'d>>,
}

/// Who has the values, of each of [`KEYS`].
type Values<'d> = [Sought<'d, Having>; KEYS.len()];

/// Who has one value: the rows of people, whether or not they have left, and the places of accounts.
#[derive(Debug, Default)]
pub(super) struct Having {
    rows: Few,
    accounts: Few,
    /// How many of the people have not left, once it was counted.
    holders: Cell<Option<u32>>,
}

/// A few places: mostly one.
#[derive(Debug, Default)]
enum Few {
    #[default]
    None,
    One([u32; 1]),
    // One more step to the places, in return for a value of half the size.
    #[expect(
        clippy::box_collection,
        reason = "there are as many values as people, and hardly any has several"
    )]
    Many(Box<Vec<u32>>),
}

impl Few {
    fn push(&mut self, place: usize) {
        let Ok(place) = u32::try_from(place) else { return };
        match self {
            Self::None => *self = Self::One([place]),
            Self::One([first]) => *self = Self::Many(Box::new(vec![*first, place])),
            Self::Many(several) => several.push(place),
        }
    }

    fn iter(&self) -> impl ExactSizeIterator<Item = usize> {
        let places: &[u32] = match self {
            Self::None => &[],
            Self::One(one) => one,
            Self::Many(several) => several,
        };
        places.iter().map(|place| *place as usize)
    }
}

impl Having {
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = usize> {
        self.rows.iter()
    }

    pub(super) fn accounts(&self) -> impl ExactSizeIterator<Item = usize> {
        self.accounts.iter()
    }

    /// What `count` counts, which is the same each time.
    pub(super) fn holders(&self, count: impl FnOnce() -> u32) -> u32 {
        let holders = self.holders.get().unwrap_or_else(count);
        self.holders.set(Some(holders));
        holders
    }
}

fn place(field: &TargetField) -> Option<usize> {
    KEYS.iter().position(|key| key == field)
}

impl<'d> Keys<'d> {
    /// The values of a key that people have of whom something is to be said, and who has them.
    pub(super) fn asked(
        &self,
        field: &TargetField,
        inputs: &'d Inputs<'_>,
        (pairs, unchanged): (&Pairs<'_>, &Unchanged),
    ) -> Option<&Sought<'d, Having>> {
        self.asked.get_or_init(|| values(inputs, (pairs, Some(unchanged)))).get(place(field)?)
    }

    /// Who has a value of a key, in its canonical form.
    pub(super) fn having(
        &self,
        field: &TargetField,
        value: &str,
        inputs: &'d Inputs<'_>,
        (pairs, unchanged): (&Pairs<'_>, &Unchanged),
    ) -> Option<&Having> {
        let found = self.asked(field, inputs, (pairs, unchanged))?.get(value);
        found
            .or_else(|| self.all.get_or_init(|| values(inputs, (pairs, None))).get(place(field)?)?.get(value))
    }
}

/// Who has the values of the keys that people have who are not unchanged; those of everybody, where nobody is.
fn values<'d>(inputs: &'d Inputs<'_>, (pairs, unchanged): (&Pairs<'_>, Option<&Unchanged>)) -> Values<'d> {
    let is_unchanged = |row: usize| unchanged.is_some_and(|unchanged| unchanged.row(row));
    let rows = || 0..inputs.snapshot.employees().len();
    let wanted =
        |row: usize, key: &TargetField| Some(canon::canonical(key, inputs.desired.value(row, key).value()?));
    let carried =
        |user: usize, key: &TargetField| Some(canon::canonical(key, inputs.users.get(user)?.value(key)?));
    let asked = rows().filter(|row| !is_unchanged(*row)).count();
    let mut values = KEYS.map(|_| Sought::with_capacity(asked));
    if asked == 0 {
        return values;
    }
    for row in rows().filter(|row| !is_unchanged(*row)) {
        for (key, values) in KEYS.iter().zip(&mut values) {
            if let Some(value) = wanted(row, key) {
                values.seek(value, Having::default()).rows.push(row);
            }
        }
    }
    for user in 0..inputs.users.len() {
        if unchanged.is_some_and(|unchanged| unchanged.account(user)) {
            continue;
        }
        for (key, values) in KEYS.iter().zip(&mut values) {
            if let Some(having) = carried(user, key).and_then(|value| values.get_mut(&value)) {
                having.accounts.push(user);
            }
        }
    }
    for row in rows().filter(|row| is_unchanged(*row)) {
        let account = || pairs.link_of(row).and_then(|(_, account)| account);
        for (key, values) in KEYS.iter().zip(&mut values) {
            // Both sides have the same value, unless the source says nothing of it or the target keeps none.
            match wanted(row, key) {
                Some(value) => {
                    if let Some(having) = values.get_mut(&value) {
                        having.rows.push(row);
                        let same = |account: &usize| carried(*account, key).as_ref() == Some(&value);
                        account().filter(same).into_iter().for_each(|account| having.accounts.push(account));
                    }
                }
                None => {
                    let value = account().and_then(|account| Some((account, carried(account, key)?)));
                    if let Some((account, value)) = value
                        && let Some(having) = values.get_mut(&value)
                    {
                        having.accounts.push(account);
                    }
                }
            }
        }
    }
    values
}
