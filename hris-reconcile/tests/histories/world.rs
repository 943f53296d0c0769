//! Everything there is in a history, and what an onlooker remembers of it.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{
    AssignmentMode, FutureStarters, Leavers, MatchKey, OnBreach, Policy, Safeguards, TwoWay, UnlinkedUsers,
};
use hris_core::{Date, Employee, Fingerprint, TimeZone, Timestamp};
use hris_reconcile::store::MemoryStore;

use crate::accounts::{Accounts, Row};
use crate::kinds::Tally;
use crate::people::{Registry, person};

/// The two connections; both write the same table and keep the same state.
pub(crate) const NAMES: [&str; 2] = ["acme", "beta"];

/// How the product is set up.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) people: u32,
    pub(crate) small_ids: bool,
    pub(crate) two_way: bool,
    pub(crate) policy: Policy,
    pub(crate) safeguards: Safeguards,
    /// Whether accounts are matched by external id alone.
    pub(crate) by_id_only: bool,
    /// Accounts that were there before.
    pub(crate) beforehand: u8,
}

impl Settings {
    pub(crate) fn drawn([size, flags, more, rest]: [u8; 4], may_be_two_way: bool) -> Self {
        let flag = |n: u8| flags & (1 << n) != 0;
        let mut policy = Policy::default();
        policy.assignments.areas.insert("Weaving".to_owned(), "weaving".to_owned());
        let two_way = may_be_two_way && more & 3 == 3;
        if flag(1) {
            policy.unlinked_users = UnlinkedUsers::Deactivate;
        }
        if flag(3) {
            policy.assignments.mode = AssignmentMode::Exact;
        }
        if flag(4) {
            policy.leavers = Leavers::Status;
        }
        if flag(6) {
            policy.future_starters = FutureStarters::InviteNow;
        }
        let by_id_only = more & 0x1c == 0x1c;
        if by_id_only {
            policy.match_keys = vec![MatchKey::ExternalId];
        }
        policy.two_way = two_way.then(TwoWay::default);
        let mut safeguards = Safeguards::default();
        if flag(2) {
            safeguards.max_deactivations_percent = 100;
            safeguards.min_remaining_percent = 0;
            safeguards.window_days = 0;
        }
        if flag(5) {
            safeguards.on_breach = OnBreach::Hold;
        }
        let people = 4 + u32::from(size % 11);
        Self { people, small_ids: flag(0), two_way, policy, safeguards, by_id_only, beforehand: rest % 4 }
    }

    pub(crate) fn words(&self) -> String {
        let Policy { unlinked_users, assignments, leavers, future_starters, match_keys, .. } = &self.policy;
        format!(
            "{} people, small ids {}, two-way {}, unlinked {unlinked_users:?}, {:?}, leavers {leavers:?}, \
             {future_starters:?}, keys {match_keys:?}, removals {} %, on breach {:?}, {} accounts beforehand",
            self.people,
            self.small_ids,
            self.two_way,
            assignments.mode,
            self.safeguards.max_deactivations_percent,
            self.safeguards.on_breach,
            self.beforehand
        )
    }
}

/// What an onlooker remembers: never looked up in the engine's own state. Accounts are named by table and row.
#[derive(Clone, Default)]
pub(crate) struct Book {
    /// Which connection wrote the external id that the account carries.
    pub(crate) owner: BTreeMap<(usize, String), usize>,
    /// Which connection made the account.
    pub(crate) made: BTreeMap<(usize, String), usize>,
    /// When it was last invited, and under which address.
    pub(crate) invited: BTreeMap<(usize, String), (Timestamp, Option<String>)>,
    /// Which connection has seen that a person of its own has the account of another one.
    pub(crate) claimed: BTreeSet<(usize, String, usize)>,
    /// Accounts that each connection linked since a state was lost or an older one restored: of any other nobody knows
    /// whose it was.
    pub(crate) known: [BTreeSet<(usize, String)>; 2],
    /// Every id that the source of each connection ever listed.
    pub(crate) ids: [BTreeSet<String>; 2],
}

impl Book {
    /// Somebody took the account away; another one may come under its number.
    pub(crate) fn forget(&mut self, place: &(usize, String)) {
        self.owner.remove(place);
        self.made.remove(place);
        self.invited.remove(place);
        self.known.iter_mut().for_each(|known| known.retain(|other| other != place));
        self.claimed.retain(|(table, row, _)| (*table, row.as_str()) != (place.0, place.1.as_str()));
    }
}

/// One connection's source and what was first seen of it.
pub(crate) struct Company {
    pub(crate) registry: Registry,
    pub(crate) next_id: u32,
    pub(crate) pinned: Pinned,
}

/// Who answered at the runs that were carried out to the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pinned {
    pub(crate) organisation: Option<String>,
    pub(crate) credential: Option<String>,
}

pub(crate) struct World<A> {
    pub(crate) settings: Settings,
    pub(crate) tables: Vec<A>,
    pub(crate) table: usize,
    pub(crate) companies: [Company; 2],
    pub(crate) store: MemoryStore,
    pub(crate) backups: Vec<(MemoryStore, [Pinned; 2])>,
    pub(crate) now: Timestamp,
    pub(crate) next_person: u32,
    pub(crate) book: Book,
    pub(crate) log: Vec<String>,
    pub(crate) tally: Tally,
}

impl<A: Accounts> World<A> {
    pub(crate) async fn new(settings: Settings) -> Self {
        let company = |name: &str| Company {
            registry: {
                let registry = Registry::new(Vec::new());
                registry.veil().fingerprint = fingerprint(name, "first");
                registry
            },
            next_id: 0,
            pinned: Pinned::default(),
        };
        let mut world = Self {
            tables: vec![A::empty().await],
            table: 0,
            companies: NAMES.map(company),
            store: MemoryStore::new(),
            backups: Vec::new(),
            now: "2026-11-02T09:00:00Z".parse().unwrap(),
            next_person: 0,
            book: Book::default(),
            log: vec![settings.words()],
            tally: Tally::default(),
            settings,
        };
        for _ in 0..world.settings.people {
            let person = world.fresh(0);
            world.companies[0].registry.edit(|people| people.push(person));
        }
        // Some have an account already, as far as the product knows them.
        for (n, person) in
            world.companies[0].registry.all().iter().enumerate().take(world.settings.beforehand.into())
        {
            let mut row = world.account_of(person);
            row.set("external_id", None);
            if n > 0 {
                row.set("employee_number", None);
            }
            world.tables[0].insert(&row).await;
        }
        world
    }

    pub(crate) fn accounts(&self) -> &A {
        &self.tables[self.table]
    }

    pub(crate) fn place(&self, row: &str) -> (usize, String) {
        (self.table, row.to_owned())
    }

    pub(crate) fn today(&self) -> Date {
        self.now.date_in(&TimeZone::utc())
    }

    pub(crate) fn say(&mut self, what: impl Into<String>) {
        let line = format!("{} {}", self.now, what.into());
        self.log.push(line);
    }

    /// Somebody who was never seen before, under the next id of a company.
    pub(crate) fn fresh(&mut self, company: usize) -> Employee {
        self.next_person += 1;
        let id = self.next_id(company);
        person(self.next_person, &id)
    }

    pub(crate) fn next_id(&mut self, company: usize) -> String {
        let small = company == 1 || self.settings.small_ids;
        let of = &mut self.companies[company];
        of.next_id += 1;
        if small { of.next_id.to_string() } else { format!("e-{}", of.next_id) }
    }

    /// The account that the product would have of a person.
    pub(crate) fn account_of(&self, person: &Employee) -> Row {
        use hris_core::StandardField as From;
        let mut row = Row { status: "active".to_owned(), ..Row::default() };
        row.set("external_id", Some(person.id().as_str()));
        for (field, from) in [
            ("employee_number", From::EmployeeNumber),
            ("email", From::Email),
            ("given_name", From::GivenName),
            ("family_name", From::FamilyName),
            ("job_title", From::JobTitle),
        ] {
            row.set(field, person.text(from).value());
        }
        row
    }
}

pub(crate) fn fingerprint(organisation: &str, credential: &str) -> Fingerprint {
    Fingerprint {
        organisation: Some(organisation.to_owned()),
        credential: Some(format!("{organisation}-{credential}")),
        ..Fingerprint::default()
    }
}
