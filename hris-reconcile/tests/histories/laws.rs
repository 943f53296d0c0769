//! What must hold after every run, whatever the engine's rules are.

use std::collections::BTreeSet;
use std::fmt;

use hris_core::{Fingerprint, Link, Timestamp};
use hris_reconcile::report::Outcome;

use crate::accounts::Row;
use crate::facts::{Person, Said, is_recycled};
use crate::kinds::Tally;
use crate::people::CANARY;
use crate::runs::{Command, Told};
use crate::world::{Book, Pinned, Settings};

/// A law that was broken, and the history up to there.
#[derive(Clone, Debug)]
pub(crate) struct Breach {
    pub(crate) law: &'static str,
    pub(crate) what: String,
    pub(crate) log: Vec<String>,
    pub(crate) before: Vec<String>,
    pub(crate) after: Vec<String>,
    /// What was met until then.
    pub(crate) tally: Tally,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.law, self.what)?;
        for line in &self.log {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "  rows before (-) and after (+) the last run, those that differ twice:")?;
        for row in &self.before {
            let same = self.after.contains(row);
            writeln!(f, "   {} {row}", if same { ' ' } else { '-' })?;
        }
        for row in self.after.iter().filter(|row| !self.before.contains(row)) {
            writeln!(f, "   + {row}")?;
        }
        Ok(())
    }
}

/// One run, from outside.
pub(crate) struct Look<'a> {
    pub(crate) company: usize,
    pub(crate) command: &'a Command,
    /// Whether nothing was made to go wrong.
    pub(crate) quiet: bool,
    pub(crate) before: &'a [Row],
    pub(crate) after: &'a [Row],
    pub(crate) told: &'a Told,
    /// Everybody in each source, with what they really have.
    pub(crate) listed: [&'a [Person]; 2],
    /// Everybody in this source who can be read, with what can be seen.
    pub(crate) seen: &'a [Person],
    pub(crate) fingerprint: &'a Fingerprint,
    pub(crate) pinned: &'a Pinned,
    pub(crate) settings: &'a Settings,
    pub(crate) book: &'a Book,
    pub(crate) table: usize,
    pub(crate) now: Timestamp,
    pub(crate) people_changed: bool,
    pub(crate) links: (&'a [Link], &'a [Link]),
}

pub(crate) type Broken = Option<(&'static str, String)>;

/// The first law that this run broke.
pub(crate) fn broken(look: &Look<'_>) -> Broken {
    look.refused_and_planned()
        .or_else(|| look.another_vendor())
        .or_else(|| look.taken_over())
        .or_else(|| look.still_employed())
        .or_else(|| look.strangers())
        .or_else(|| look.open_before())
        .or_else(|| look.one_each())
        .or_else(|| look.invitations())
        .or_else(|| crate::said::broken(look))
        .or_else(|| look.canary())
}

impl Look<'_> {
    pub(crate) fn place(&self, row: &Row) -> (usize, String) {
        (self.table, row.id.clone())
    }

    fn now_of(&self, row: &Row) -> Option<&Row> {
        self.after.iter().find(|other| other.id == row.id)
    }

    /// Rows that were there before, each with what became of it.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&Row, &Row)> {
        self.before.iter().filter_map(|row| Some((row, self.now_of(row)?)))
    }

    pub(crate) fn new_rows(&self) -> impl Iterator<Item = &Row> {
        self.after.iter().filter(|row| !self.before.iter().any(|old| old.id == row.id))
    }

    pub(crate) fn owner(&self, row: &Row) -> Option<usize> {
        self.book.owner.get(&self.place(row)).copied()
    }

    /// Whether the row's external id is one that means somebody in this connection's source.
    fn is_ours(&self, row: &Row) -> bool {
        let known = row.external_id().is_some_and(|id| self.book.ids[self.company].contains(id));
        known && self.owner(row).is_none_or(|owner| owner == self.company)
    }

    /// Whether an account that carries this id is this person's, as far as anybody knows.
    fn bears(&self, row: &Row, company: usize, person: &Person) -> bool {
        let owned = self.owner(row).unwrap_or(self.company) == company;
        owned && row.external_id() == Some(person.id.as_str())
    }

    fn records<'a>(&'a self, id: Option<&'a str>) -> impl Iterator<Item = &'a Person> {
        self.seen.iter().filter(move |person| id == Some(person.id.as_str()))
    }

    /// Whether a connection has linked the account since a state was last lost.
    fn is_known(&self, company: usize, row: &Row) -> bool {
        self.book.known[company].contains(&self.place(row))
    }

    /// Whether the account of somebody who had left went over to this connection, which waited for it, before this
    /// run. That person may be back since.
    fn was_handed_over(&self, row: &Row) -> bool {
        row.external_id().is_some_and(|carried| {
            self.links.0.iter().any(|link| {
                link.user.as_str() == row.id
                    && link.given_id() == carried
                    && link.employee.as_str() != carried
            })
        })
    }

    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.told.report.as_ref().map(|report| report.outcome)
    }

    /// P8.
    fn refused_and_planned(&self) -> Broken {
        let changed = self.before != self.after || (self.people_changed && self.settings.two_way);
        if *self.command == Command::Plan && (changed || self.links.0 != self.links.1) {
            return Some(("P8 a plan changes nothing", "rows, people or links differ".to_owned()));
        }
        (self.outcome() == Some(Outcome::Refused) && changed)
            .then(|| ("P8 a refused run changes nothing", "rows or people differ".to_owned()))
    }

    /// P9.
    fn another_vendor(&self) -> Broken {
        if matches!(self.command, Command::Approve) {
            return None;
        }
        let differs = |pinned: &Option<String>, now: &Option<String>| {
            pinned.as_ref().zip(now.as_ref()).is_some_and(|(pinned, now)| pinned != now)
        };
        let organisation = differs(&self.pinned.organisation, &self.fingerprint.organisation);
        let credential = differs(&self.pinned.credential, &self.fingerprint.credential);
        if organisation && (self.before != self.after || self.people_changed) {
            let law = match self.command {
                Command::Push(_) => "P9 another organisation, push",
                Command::Import(_) => "P9 another organisation, import",
                _ => "P9 another organisation, sync",
            };
            return Some((law, "something was written".to_owned()));
        }
        if !credential {
            return None;
        }
        for (old, new) in self.pairs() {
            let passed_on = |field: &str| {
                let others = self.after.iter().filter(|row| row.id != old.id);
                field == "email" && others.map(|row| row.get(field)).any(|value| value == old.get(field))
            };
            let emptied = old.values.keys().find(|field| new.get(field).is_none() && !passed_on(field));
            let stripped = old.given.difference(&new.given).find(|given| !given.starts_with("role:"));
            if old.is_open() && !new.is_open() {
                return Some(("P9 another credential removes nobody", format!("account {}", old.id)));
            }
            if let Some(what) = emptied.or(stripped) {
                return Some((
                    "P9 another credential takes nothing away",
                    format!("{what} of account {}", old.id),
                ));
            }
        }
        None
    }

    /// P3, and what P1 says of accounts that change hands.
    fn taken_over(&self) -> Broken {
        for (old, new) in self.pairs() {
            let (Some(was), is) = (old.external_id(), new.external_id()) else { continue };
            if is == Some(was) {
                continue;
            }
            let what = format!("account {} of {was} is {is:?}'s now", old.id);
            if self.was_handed_over(old) {
                continue;
            }
            if !self.records(is).any(|person| Said::of(old, person).two_agree()) {
                return Some(("P3 an account of somebody else was taken over", what));
            }
            let company = self.owner(old).unwrap_or(self.company);
            // What the other connection had closed is nobody's there: whoever is the same person by two facts may have
            // it, also where they came back to the other company meanwhile and are employed by both.
            if company != self.company && !old.is_open() {
                continue;
            }
            let there = self.listed[company]
                .iter()
                .any(|person| person.id == was && !person.left && !is_recycled(old, person));
            if there && (company == self.company || self.is_known(company, old)) {
                return Some(("P3 the account of an employed person was taken over", what));
            }
        }
        None
    }

    /// P2.
    fn still_employed(&self) -> Broken {
        for (old, new) in self.pairs().filter(|(old, new)| old.is_open() && !new.is_open()) {
            let employed = |company: usize| self.listed[company].iter().filter(|person| !person.left);
            for person in employed(self.company) {
                let what = format!("account {} was closed, and {} is employed", new.id, person.id);
                if self.bears(old, self.company, person) {
                    return Some(("P2 closed, and the id is employed", what));
                }
                let said = Said::of(old, person);
                // The account of somebody who has left may have a number that was given again.
                if self.is_ours(old) {
                    // A record that cannot be read and was never linked may be anybody's: it keeps no leaver's account
                    // open, or one broken record would keep everybody's.
                    let readable = self.records(Some(&person.id)).next().is_some();
                    if said.two_agree() && readable {
                        return Some(("P2 closed, and another record of the person is employed", what));
                    }
                } else if said.key_agrees() {
                    return Some(("P2 closed, and a key belongs to somebody employed", what));
                }
            }
            let other = 1 - self.company;
            let claimed = self.book.claimed.contains(&(self.table, old.id.clone(), other));
            let here = employed(other).find(|person| Said::of(old, person).two_agree());
            if let Some(person) = here.filter(|_| claimed) {
                let what =
                    format!("account {} was closed, and the other company employs {}", new.id, person.id);
                return Some(("P2 closed, and another connection waits for it", what));
            }
        }
        None
    }

    /// P1.
    fn strangers(&self) -> Broken {
        for old in self.before {
            let Some(new) = self.now_of(old) else {
                return Some(("P1 an account is gone", old.id.clone()));
            };
            if old == new {
                continue;
            }
            let closed = old.is_open() && !new.is_open();
            if self.is_ours(old) {
                let moved = old.external_id() != new.external_id();
                if !moved
                    && self.records(old.external_id()).next().is_some_and(|person| is_recycled(old, person))
                {
                    return Some((
                        "P1 the id is somebody else's now, and the account was written",
                        old.id.clone(),
                    ));
                }
                continue;
            }
            // Whose it is now, by its id or, where somebody else has that id already, by the link.
            let link = self.links.1.iter().find(|link| link.user.as_str() == old.id);
            let ids = [new.external_id(), link.map(|link| link.employee.as_str())];
            let owners = ids.into_iter().flat_map(|id| self.records(id)).map(|one| Said::of(old, one));
            let owners: Vec<Said> = owners.collect();
            let two = owners.iter().any(|said| said.two_agree());
            let enough = owners.iter().any(|said| said.suffices());
            let nobodys = old.external_id().is_none();
            // After a state was lost nobody knows that another connection gave the id, which means somebody here too.
            let linked = self.links.0.iter().any(|link| link.user.as_str() == old.id);
            let forgotten = self.owner(old).is_some_and(|owner| !self.is_known(owner, old));
            let allowed = two
                || (linked && forgotten)
                || self.was_handed_over(old)
                || (nobodys && enough)
                || (nobodys
                    && self.settings.policy.unlinked_users
                        == hris_core::reconcile::UnlinkedUsers::Deactivate);
            if !allowed {
                let law = match (closed, nobodys) {
                    (true, true) => "P1 an account that is nobody's was closed",
                    (true, false) => "P1 an account of somebody else was closed",
                    (false, true) => "P1 an account that is nobody's was written",
                    (false, false) => "P1 an account of somebody else was written",
                };
                return Some((law, format!("account {}", old.id)));
            }
        }
        None
    }

    /// P4.
    fn open_before(&self) -> Broken {
        // After a state was lost nobody knows what the other connection held until it links the account again: the same
        // person may change over.
        for company in [self.company, 1 - self.company] {
            for person in self.listed[company].iter().filter(|person| !person.left) {
                // An id that the other connection would ask about names nobody who has the account.
                let is_theirs = |row: &Row| company == self.company || !is_recycled(row, person);
                let theirs = |row: &&Row| row.is_open() && self.bears(row, company, person) && is_theirs(row);
                let known = |row: &Row| company == self.company || self.is_known(company, row);
                let had =
                    self.before.iter().any(|row| theirs(&row) && known(row) && !self.was_handed_over(row));
                let after = |row: &Row| row.is_open() && row.external_id() == Some(person.id.as_str());
                if had && !self.after.iter().any(after) {
                    return Some(("P4 an employed person lost their account", person.id.clone()));
                }
            }
        }
        None
    }

    /// P5.
    fn one_each(&self) -> Broken {
        let mut ids = BTreeSet::new();
        for id in self.after.iter().filter_map(Row::external_id) {
            if !ids.insert(id) {
                return Some(("P5 two accounts carry one external id", id.to_owned()));
            }
        }
        let mut users = BTreeSet::new();
        // A link whose account carries another id than it was given holds nothing: the row's number was given again.
        for link in self.links.1 {
            let is_it =
                |row: &&Row| row.id == link.user.as_str() && row.external_id() == Some(link.given_id());
            let there = self.after.iter().any(|row| is_it(&row));
            if there && !users.insert(&link.user) {
                return Some(("P5 two people have one account", link.user.to_string()));
            }
        }
        if self.settings.by_id_only {
            return None;
        }
        for new in self.new_rows() {
            for person in self.records(new.external_id()) {
                let second =
                    self.before.iter().find(|row| row.is_open() && Said::of(row, person).two_agree());
                if let Some(first) = second {
                    let what = format!("{} has account {} and was given {}", person.id, first.id, new.id);
                    return Some(("P5 a second account for one person", what));
                }
            }
        }
        None
    }

    /// P6.
    fn invitations(&self) -> Broken {
        for row in self.after {
            let before = self.before.iter().find(|old| old.id == row.id);
            let sent = row.invitations.saturating_sub(before.map_or(0, |old| old.invitations));
            if sent == 0 {
                continue;
            }
            let place = self.place(row);
            if sent > 1 {
                return Some(("P6 invited twice in one run", row.id.clone()));
            }
            // An account that was handed over is its new holder's to ask.
            let made = before.is_none() || self.book.made.contains_key(&place);
            if !made {
                return Some(("P6 an account that this connection did not make was invited", row.id.clone()));
            }
            let email = row.get("email").map(str::to_owned);
            if let Some((at, address)) = self.book.invited.get(&place)
                && self.now < at.plus_days(1)
                && *address == email
            {
                return Some(("P6 a second invitation within a day", row.id.clone()));
            }
        }
        None
    }

    /// P11.
    fn canary(&self) -> Broken {
        let links = if self.settings.two_way { String::new() } else { format!("{:?}", self.links.1) };
        for (what, text) in [("report or error", &self.told.printed), ("state", &links)] {
            if let Some(place) = text.to_lowercase().find(CANARY) {
                let around: String = text.chars().skip(place.saturating_sub(80)).take(160).collect();
                return Some(("P11 a person's value is shown", format!("{what}: {around}")));
            }
        }
        None
    }
}
