//! Rows found by a text of theirs, and texts that are looked for: made for very many rows of which few matter.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

/// Rows by an id of theirs.
///
/// The ids are kept next to each other, because the rows themselves lie far apart in memory, which answers late. They
/// come from outside, so the hash is keyed.
#[derive(Debug)]
pub(super) struct Index {
    hash: Hash,
    slots: Slots,
    ids: Ids,
}

/// Ids in one text, one after the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    text: String,
    /// Where each id ends.
    ends: Vec<usize>,
}

impl Ids {
    /// Adds an id, and says which one it is. More than fit into 32 bits fit into no memory.
    pub(super) fn push(&mut self, id: &str) -> u32 {
        self.text.push_str(id);
        self.ends.push(self.text.len());
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, place: u32) -> &str {
        self.slice(self.range(place))
    }

    fn range(&self, place: u32) -> (usize, usize) {
        let place = place as usize;
        let start =
            place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        (start, self.ends.get(place).copied().unwrap_or(start))
    }

    fn slice(&self, (start, end): (usize, usize)) -> &str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Adds other ids after these.
    pub(super) fn append(&mut self, others: &Self) {
        let before = self.text.len();
        self.text.push_str(&others.text);
        self.ends.extend(others.ends.iter().map(|end| before + end));
    }
}

/// Which rows may have a text, by its hash: a table in which whatever finds its slot taken goes on to the next one.
#[derive(Debug)]
struct Slots(Vec<Slot>);

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// A part of the hash, so that hardly any text is looked at in vain.
    tag: u32,
    row: u32,
}

const FREE: Slot = Slot { tag: 0, row: u32::MAX };

impl Slot {
    fn is_free(self) -> bool {
        self.row == FREE.row
    }

    fn may_be_of(self, hash: u64) -> bool {
        !self.is_free() && self.tag == tag(hash)
    }
}

impl Slots {
    /// Free slots for so many rows, at most half of which are ever taken.
    fn for_rows(rows: usize) -> Self {
        Self(vec![FREE; rows.saturating_mul(2).max(8).next_power_of_two()])
    }

    fn start(&self, hash: u64) -> usize {
        (hash as usize) & (self.0.len() - 1)
    }

    /// Where the search for a text begins.
    fn first(&self, hash: u64) -> Slot {
        self.0.get(self.start(hash)).copied().unwrap_or(FREE)
    }

    /// The slot and the row that `is` accepts, or the free slot in which it would stand.
    fn walk(&self, hash: u64, is: impl Fn(u32) -> bool) -> (usize, Option<usize>) {
        let mut at = self.start(hash);
        loop {
            match self.0.get(at) {
                Some(slot) if slot.is_free() => return (at, None),
                Some(slot) if slot.may_be_of(hash) && is(slot.row) => return (at, Some(slot.row as usize)),
                _ => at = (at + 1) & (self.0.len() - 1),
            }
        }
    }

    /// Puts a row into a slot. More rows than fit into 32 bits fit into no memory.
    fn put(&mut self, at: usize, hash: u64, row: usize) {
        if let (Some(slot), Ok(row)) = (self.0.get_mut(at), u32::try_from(row)) {
            *slot = Slot { tag: tag(hash), row };
        }
    }

    fn is_half_full(&self, rows: usize) -> bool {
        rows.saturating_mul(2) >= self.0.len()
    }
}

/// A keyed hash of texts, for keys that nobody outside knows.
#[derive(Debug)]
struct Hash([u64; 2]);

impl Hash {
    fn new() -> Self {
        let keys = RandomState::new();
        Self([keys.hash_one(0), keys.hash_one(1)])
    }

    fn of(&self, text: &str) -> u64 {
        let Self([first, second]) = *self;
        let fold = |state: u64, word: u64| {
            let wide = u128::from(state ^ word) * u128::from(second | 1);
            (wide as u64) ^ ((wide >> 64) as u64)
        };
        let mut words = text.as_bytes().chunks_exact(8);
        let mut state = first ^ text.len() as u64;
        for word in &mut words {
            state = fold(state, word.try_into().map_or(0, u64::from_le_bytes));
        }
        let last = words.remainder().iter().fold(0, |last, byte| last << 8 | u64::from(*byte));
        fold(fold(state, last), first.rotate_left(32))
    }
}

/// A question under way.
#[derive(Clone, Copy)]
struct Asked<'q> {
    text: &'q str,
    hash: u64,
    slot: Slot,
    id: (usize, usize),
}

impl Index {
    /// The rows by their ids. For each row whose id an earlier row has, `again` is called with the first such row and
    /// this one, and returns which of the two the index finds from then on.
    pub(super) fn of<'t>(
        ids: impl ExactSizeIterator<Item = &'t str>,
        mut again: impl FnMut(usize, usize) -> usize,
    ) -> Self {
        let mut index = Self {
            hash: Hash::new(),
            slots: Slots::for_rows(ids.len()),
            ids: Ids {
                text: String::with_capacity(ids.len().saturating_mul(24)),
                ends: Vec::with_capacity(ids.len()),
            },
        };
        for (row, id) in ids.enumerate() {
            index.ids.push(id);
            let hash = index.hash.of(id);
            let (at, earlier) = index.walk(hash, id);
            let row = earlier.map_or(row, |earlier| again(earlier, row));
            index.slots.put(at, hash, row);
        }
        index
    }

    /// The ids of all rows.
    pub(super) fn into_ids(self) -> Ids {
        self.ids
    }

    /// The slot and the row of an id, or the free slot in which it would stand.
    fn walk(&self, hash: u64, text: &str) -> (usize, Option<usize>) {
        self.slots.walk(hash, |row| self.ids.get(row) == text)
    }

    /// The row of an id.
    pub(super) fn get(&self, id: &str) -> Option<usize> {
        self.walk(self.hash.of(id), id).1
    }

    /// The rows of many ids, in their order. Many questions are under way at a time, so that memory is waited for once and
    /// not for each of them.
    pub(super) fn get_each<'q>(
        &self,
        ids: impl Iterator<Item = &'q str>,
        mut found: impl FnMut(Option<usize>),
    ) {
        const UNDER_WAY: usize = 32;
        let mut ids = ids.fuse();
        let mut asked: Vec<Asked<'_>> = Vec::with_capacity(UNDER_WAY);
        loop {
            asked.extend(ids.by_ref().take(UNDER_WAY).map(|text| {
                let hash = self.hash.of(text);
                Asked { text, hash, slot: self.slots.first(hash), id: (0, 0) }
            }));
            if asked.is_empty() {
                return;
            }
            for one in &mut asked {
                one.id = self.ids.range(one.slot.row);
            }
            for Asked { text, hash, slot, id } in asked.drain(..) {
                if slot.may_be_of(hash) && self.ids.slice(id) == text {
                    found(Some(slot.row as usize));
                } else {
                    found(self.walk(hash, text).1);
                }
            }
        }
    }
}

/// A place that may be nowhere, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    pub(super) const NOWHERE: Self = Self(u32::MAX);

    pub(super) fn of(place: Option<usize>) -> Self {
        place.and_then(|place| u32::try_from(place).ok()).map_or(Self::NOWHERE, Self)
    }

    pub(super) fn get(self) -> Option<usize> {
        (self != Self::NOWHERE).then_some(self.0 as usize)
    }
}

/// What stands at a place of a list, if anything does.
pub(super) fn at(list: &[Place], place: usize) -> Option<usize> {
    list.get(place).copied().and_then(Place::get)
}

/// Some of many places.
#[derive(Debug, Default)]
pub(super) struct Marks(Vec<bool>);

impl Marks {
    /// None of so many places.
    pub(super) fn none_of(places: usize) -> Self {
        Self(vec![false; places])
    }

    pub(super) fn insert(&mut self, place: usize) {
        if let Some(mark) = self.0.get_mut(place) {
            *mark = true;
        }
    }

    pub(super) fn contains(&self, place: usize) -> bool {
        self.0.get(place).copied().unwrap_or(false)
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Values that are looked for among those of everybody, each with what is known of it.
///
/// Nearly all values that are held against it are not among them, so a few bits of each stand in front.
#[derive(Debug)]
pub(super) struct Sought<'v, T> {
    hash: Hash,
    slots: Slots,
    values: Vec<(Cow<'v, str>, T)>,
    bits: Vec<u64>,
}

impl<'v, T> Sought<'v, T> {
    /// Room for so many values.
    pub(super) fn with_capacity(values: usize) -> Self {
        let slots = Slots::for_rows(values);
        let words = (slots.0.len() / 8).max(16);
        Self { hash: Hash::new(), slots, values: Vec::new(), bits: vec![0; words] }
    }

    /// Looks for a value from now on. What is known of it is what was known before, or this.
    pub(super) fn seek(&mut self, value: Cow<'v, str>, known: T) -> &mut T {
        if self.slots.is_half_full(self.values.len()) {
            self.grow();
        }
        let hash = self.hash.of(&value);
        let place = match self.walk(hash, &value) {
            (_, Some(place)) => place,
            (at, None) => {
                let place = self.values.len();
                self.slots.put(at, hash, place);
                let (word, bit) = self.place(&value);
                if let Some(word) = self.bits.get_mut(word) {
                    *word |= bit;
                }
                self.values.push((value, known));
                place
            }
        };
        #[expect(clippy::indexing_slicing, reason = "the value was found there, or has just been put there")]
        &mut self.values[place].1
    }

    fn grow(&mut self) {
        self.slots = Slots::for_rows(self.values.len().saturating_mul(2));
        for (place, (value, _)) in self.values.iter().enumerate() {
            let hash = self.hash.of(value);
            // No value stands here twice, so none is the same as another.
            let (at, _) = self.slots.walk(hash, |_| false);
            self.slots.put(at, hash, place);
        }
    }

    fn walk(&self, hash: u64, value: &str) -> (usize, Option<usize>) {
        self.slots.walk(hash, |row| self.values.get(row as usize).is_some_and(|(one, _)| one == value))
    }

    fn find(&self, value: &str) -> Option<usize> {
        self.may_have(value).then(|| self.walk(self.hash.of(value), value).1).flatten()
    }

    /// What is known of a value, if it is looked for.
    pub(super) fn get(&self, value: &str) -> Option<&T> {
        self.values.get(self.find(value)?).map(|(_, known)| known)
    }

    pub(super) fn get_mut(&mut self, value: &str) -> Option<&mut T> {
        let place = self.find(value)?;
        self.values.get_mut(place).map(|(_, known)| known)
    }

    /// The values and what is known of them, in the order in which they were first looked for.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.values.iter().map(|(value, known)| (value.as_ref(), known))
    }

    /// What is known of the values.
    pub(super) fn into_known(self) -> impl Iterator<Item = T> {
        self.values.into_iter().map(|(_, known)| known)
    }

    fn may_have(&self, value: &str) -> bool {
        let (word, bit) = self.place(value);
        self.bits.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Where the bit of a value stands, by its length, its beginning and its end. It only says who need not be looked
    /// up, so it needs no key.
    fn place(&self, value: &str) -> (usize, u64) {
        let bytes = value.as_bytes();
        let word = |part: Option<&[u8; 8]>| part.map_or(0, |part| u64::from_le_bytes(*part));
        let mixed = match (bytes.first_chunk(), bytes.last_chunk()) {
            (Some(first), Some(last)) => word(Some(first)).rotate_left(29) ^ word(Some(last)),
            _ => bytes.iter().fold(0, |all, byte| all << 8 | u64::from(*byte)),
        };
        let middle = bytes.get(bytes.len() / 2..).and_then(|rest| rest.first_chunk()).copied();
        let middle = u64::from(middle.map_or(0, u32::from_le_bytes));
        let mixed = (mixed ^ middle.rotate_left(17) ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 32) as usize;
        ((place >> 6) & (self.bits.len() - 1), 1 << (place & 63))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    proptest::proptest! {
        #[test]
        fn rows_are_found_as_in_a_map(texts in proptest::collection::vec("[a-c]{0,3}", 0..40), asked in proptest::collection::vec("[a-c]{0,3}", 0..80)) {
            let mut map: HashMap<&str, usize> = HashMap::new();
            let mut again = Vec::new();
            for (row, text) in texts.iter().enumerate() {
                again.extend(map.insert(text, row).map(|earlier| (earlier, row)));
            }
            let mut told = Vec::new();
            let index = Index::of(texts.iter().map(String::as_str), |earlier, row| {
                told.push((earlier, row));
                row
            });
            proptest::prop_assert_eq!(told, again);
            let mut found = Vec::new();
            index.get_each(asked.iter().map(String::as_str), |row| found.push(row));
            proptest::prop_assert_eq!(found.len(), asked.len());
            for (text, found) in asked.iter().zip(found) {
                proptest::prop_assert_eq!(found, map.get(text.as_str()).copied());
                proptest::prop_assert_eq!(index.get(text), found);
            }
        }

        #[test]
        fn what_is_sought_is_found(values in proptest::collection::vec("\\PC{0,20}", 0..40), others in proptest::collection::vec("\\PC{0,20}", 0..40)) {
            let mut sought = Sought::with_capacity(0);
            for value in &values {
                *sought.seek(Cow::Borrowed(value.as_str()), 0) += 1;
            }
            for value in values.iter().chain(&others) {
                let times = values.iter().filter(|one| *one == value).count();
                proptest::prop_assert_eq!(sought.get(value).copied().unwrap_or(0), times);
            }
        }
    }
}
