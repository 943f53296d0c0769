//! What the machine allows: the joins that a plan is held against, without any rule of ours.

use std::collections::HashMap;

/// The rows of one side, made beforehand: all bytes in one arena, and the three keys of each row.
#[derive(Default)]
pub(crate) struct Side {
    bytes: Vec<u8>,
    at: Vec<u32>,
    keys: [Keys; 3],
}

/// One key of every row.
#[derive(Default)]
struct Keys {
    bytes: Vec<u8>,
    at: Vec<u32>,
}

impl Keys {
    fn push(&mut self, key: &str) {
        self.at.push(place(self.bytes.len()));
        self.bytes.extend_from_slice(key.as_bytes());
    }

    fn get(&self, row: usize) -> &[u8] {
        slice(&self.bytes, &self.at, row)
    }
}

fn place(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn slice<'a>(bytes: &'a [u8], at: &[u32], row: usize) -> &'a [u8] {
    let end = at.get(row + 1).map_or(bytes.len(), |end| *end as usize);
    at.get(row).and_then(|start| bytes.get(*start as usize..end)).unwrap_or_default()
}

impl Side {
    /// Adds a row: its values, and its id, address and number.
    pub(crate) fn push<'v>(&mut self, values: impl Iterator<Item = &'v str>, keys: [&str; 3]) {
        self.at.push(place(self.bytes.len()));
        for value in values {
            self.bytes.extend_from_slice(value.as_bytes());
            self.bytes.push(0);
        }
        for (all, key) in self.keys.iter_mut().zip(keys) {
            all.push(key);
        }
    }

    fn row(&self, row: usize) -> &[u8] {
        slice(&self.bytes, &self.at, row)
    }

    fn len(&self) -> usize {
        self.at.len()
    }
}

/// What a join found: rows that differ, rows of the source alone, rows of the target alone.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) changed: Vec<u32>,
    pub(crate) joined: Vec<u32>,
    pub(crate) left: Vec<u32>,
}

/// A hash that is as fast as any, and keyed with a constant: for a reference only.
fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ bytes.len() as u64;
    let mut fold = |word: u64| {
        let wide = u128::from(state ^ word) * 0x2d35_8dcc_aa6c_78a5_u128;
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let folded = (wide as u64) ^ (wide >> 64) as u64;
        state = folded;
    };
    let mut words = bytes.chunks_exact(8);
    for word in &mut words {
        fold(word.try_into().map_or(0, u64::from_le_bytes));
    }
    let mut last = [0; 8];
    for (place, byte) in last.iter_mut().zip(words.remainder()) {
        *place = *byte;
    }
    fold(u64::from_le_bytes(last));
    state
}

/// The arena join: rows in one arena a side, one table of hashes, 64 probes under way at a time.
pub(crate) fn arena(source: &Side, target: &Side) -> Found {
    const BATCH: usize = 64;
    const FREE: u32 = u32::MAX;
    let slots = (target.len() * 2).next_power_of_two();
    let mut table: Vec<(u32, u32)> = vec![(0, FREE); slots];
    let slot = |hash: u64| usize::try_from(hash).unwrap_or_default() & (slots - 1);
    let tag = |hash: u64| u32::try_from(hash >> 32).unwrap_or_default();
    for row in 0..target.len() {
        let hash = hash(target.keys[0].get(row));
        let mut at = slot(hash);
        while table[at].1 != FREE {
            at = (at + 1) & (slots - 1);
        }
        table[at] = (tag(hash), place(row));
    }
    let mut found = Found::default();
    let mut met = vec![false; target.len()];
    let mut start = 0;
    while start < source.len() {
        let end = (start + BATCH).min(source.len());
        let mut under_way = [(0_u64, (0, FREE)); BATCH];
        for (row, probe) in (start..end).zip(&mut under_way) {
            let hash = hash(source.keys[0].get(row));
            *probe = (hash, table[slot(hash)]);
        }
        let mut places = [FREE; BATCH];
        for ((row, (hash, first)), place) in (start..end).zip(under_way).zip(&mut places) {
            let (mut at, mut entry) = (slot(hash), first);
            while entry.1 != FREE {
                if entry.0 == tag(hash) && target.keys[0].get(entry.1 as usize) == source.keys[0].get(row) {
                    *place = entry.1;
                    break;
                }
                at = (at + 1) & (slots - 1);
                entry = table[at];
            }
        }
        for (row, other) in (start..end).zip(places) {
            if other == FREE {
                found.joined.push(place(row));
                continue;
            }
            met[other as usize] = true;
            if target.row(other as usize) != source.row(row) {
                found.changed.push(place(row));
            }
        }
        start = end;
    }
    found.left = (0..target.len()).filter(|row| !met[*row]).map(place).collect();
    found
}

/// Three keys for everybody, each in a map of its own: the plain way to match without stored links.
pub(crate) fn three_keys(source: &Side, target: &Side) -> Found {
    let map = |keys: usize| -> HashMap<&[u8], u32> {
        (0..target.len()).map(|row| (target.keys[keys].get(row), place(row))).collect()
    };
    let maps = [map(0), map(1), map(2)];
    let mut found = Found::default();
    let mut met = vec![false; target.len()];
    for row in 0..source.len() {
        let looked_up = [0, 1, 2].map(|key| maps[key].get(source.keys[key].get(row)).copied());
        let Some(other) = looked_up.into_iter().flatten().next() else {
            found.joined.push(place(row));
            continue;
        };
        met[other as usize] = true;
        if target.row(other as usize) != source.row(row) {
            found.changed.push(place(row));
        }
    }
    found.left = (0..target.len()).filter(|row| !met[*row]).map(place).collect();
    found
}
