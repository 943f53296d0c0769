//! The kinds of steps, how often each is taken, and how often each was met.

use std::collections::BTreeMap;

macro_rules! kinds {
    ($($name:ident = $word:literal, $weight:literal;)*) => {
        /// One thing that happens.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Kind { $($name,)* }

        impl Kind {
            pub(crate) const ALL: &'static [(Self, &'static str, usize)] = &[$((Self::$name, $word, $weight),)*];
        }
    };
}

kinds! {
    Sync = "run: sync", 40;
    Plan = "run: plan only", 3;
    Match = "run: match", 4;
    Import = "run: import of a person", 6;
    Approve = "run: a plan is approved and applied", 4;
    Push = "run: push of an account", 6;
    SyncOther = "run: sync of the other connection", 18;
    Cut = "run: cut at a call", 8;
    Dropped = "run: dropped at an await", 3;
    Fault = "run: a call goes wrong", 6;
    Join = "HR: joins", 6;
    JoinRecycledNumber = "HR: joins with the number of somebody who left", 6;
    JoinLeaversMail = "HR: joins with the e-mail of somebody who left", 6;
    JoinLater = "HR: is hired for later", 4;
    Leave = "HR: leaves, no date", 6;
    LeaveToday = "HR: last day today", 3;
    LeavePast = "HR: last day in the past", 4;
    LeaveFuture = "HR: last day to come", 4;
    Return = "HR: comes back under the same id", 6;
    ReturnNewId = "HR: comes back under a new id", 6;
    SecondRecord = "HR: a second record while the first ends", 6;
    Marry = "HR: another family name and e-mail", 3;
    Title = "HR: another title", 2;
    RecycleId = "HR: an id is given to somebody else", 4;
    Vanish = "HR: is listed no more", 6;
    Rekey = "HR: new ids for everybody", 3;
    Hide = "HR: a field is hidden from most", 3;
    Empty = "HR: a field is empty for most", 3;
    StatusUnknown = "HR: a status that nobody knows", 2;
    Unreadable = "HR: a record that cannot be read, or can again", 3;
    Shown = "HR: everything is shown again", 2;
    OtherJoin = "HR: the other company employs somebody, maybe ours", 6;
    OtherLeave = "HR: somebody leaves the other company", 4;
    Open = "administrator: opens a closed account", 4;
    Close = "administrator: closes an account", 4;
    Delete = "administrator: deletes an account", 4;
    Remake = "administrator: deletes an account and makes it again", 4;
    StrangerMail = "administrator: a stranger's account with somebody's e-mail", 4;
    StrangerNumber = "administrator: a stranger's account with somebody's number", 4;
    StrangerRow = "administrator: a stranger's account under a row number given again", 4;
    Edit = "administrator: edits a value", 3;
    ExternalId = "administrator: changes an external id", 4;
    Accept = "product: an invitation is accepted", 3;
    Lose = "state: lost", 3;
    Backup = "state: a copy is made", 4;
    Restore = "state: an older copy is restored", 4;
    EmptyTarget = "target: emptied", 2;
    SwapTarget = "target: another table with the same row numbers", 3;
    Silent = "vendor: does not say who answers", 4;
    Credential = "vendor: another credential, that sees less", 3;
    Organisation = "vendor: another organisation", 4;
    Back = "vendor: as before", 4;
    Hour = "clock: an hour", 3;
    Day = "clock: a day", 8;
    Days = "clock: up to forty days", 6;
}

impl Kind {
    /// The kind that two bytes choose.
    pub(crate) fn drawn(high: u8, low: u8) -> Self {
        let total: usize = Self::ALL.iter().map(|(_, _, weight)| weight).sum();
        let mut place = (usize::from(high) * 256 + usize::from(low)) * total / 65_536;
        for (kind, _, weight) in Self::ALL {
            if place < *weight {
                return *kind;
            }
            place -= weight;
        }
        Self::Sync
    }
}

/// How often what was met.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) kinds: BTreeMap<Kind, u64>,
    pub(crate) runs: u64,
    pub(crate) outcomes: BTreeMap<String, u64>,
    pub(crate) actions: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: &Self) {
        self.runs += other.runs;
        for (kind, times) in &other.kinds {
            *self.kinds.entry(*kind).or_default() += times;
        }
        for (mine, theirs) in [(&mut self.outcomes, &other.outcomes), (&mut self.actions, &other.actions)] {
            for (word, times) in theirs {
                *mine.entry(word.clone()).or_default() += times;
            }
        }
    }

    pub(crate) fn missing(&self) -> Vec<&'static str> {
        let met = |kind| self.kinds.contains_key(kind);
        Kind::ALL.iter().filter(|(kind, ..)| !met(kind)).map(|(_, word, _)| *word).collect()
    }

    pub(crate) fn print(&self) {
        for (kind, word, _) in Kind::ALL {
            println!("{:>7}  {word}", self.kinds.get(kind).copied().unwrap_or_default());
        }
        println!("{:>7}  runs in all", self.runs);
        for (word, times) in self.outcomes.iter().chain(&self.actions) {
            println!("{times:>7}    {word}");
        }
    }
}
