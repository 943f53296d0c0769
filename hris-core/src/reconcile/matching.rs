//! Correlation: which account is this person, for people without a link. Never a guess.
//!
//! The match keys find accounts; [`super::identity`] says what the facts say about each. An account moves
//! by itself only where the facts suffice. Wherever a key agrees and they do not, it is a question that a
//! person answers, and until then nothing is done to either.
//!
//! One case is no question: an address alone agrees with the account of somebody who is gone or has left, and
//! number and name say that these are two people. A mailbox that passes from a leaver to a newcomer is everyday
//! business. The leaver's account is closed as it would be anyway and gives up the address, and the newcomer gets an
//! account of their own: nobody is given somebody else's account.

mod look;
mod spare;

use std::collections::HashSet;

use super::bonds::{Bond, Bonds};
use super::evidence::{Evidence, Opinion};
use super::identity::Identity;
use super::index::{Marks, Place, at};
use super::inputs::Inputs;
use super::leaver::{Standing, standing};
use super::pairs::Pairs;
use super::policy::{MatchKey, Policy, UnlinkedUsers};
use super::unchanged::Unchanged;
use crate::{Date, Lookup, TargetField, User, canon};

/// What was found for each person without a link who may have an account.
#[derive(Debug, Default)]
pub(super) struct Matches {
    seekers: Rows,
    /// What was found for each of the seekers.
    of_seeker: Vec<Match>,
    /// Accounts that were found to be somebody's.
    pub(super) found: Marks,
    /// Accounts that some person may be: nothing is done to them as unlinked ones.
    pub(super) claimed: Marks,
    /// Accounts of which it is asked whether they are somebody's who has another link, or no link.
    pub(super) asked: HashSet<usize>,
    /// Links whose account goes to another record of the same person, or may.
    pub(super) superseded: HashSet<usize>,
    /// People who seek no account as long as nobody knows whether they work here, and the account of theirs that
    /// another connection holds: they wait for it all the same.
    pub(super) waiting: Vec<(usize, usize)>,
    /// People whose own account is lost or closed, and the account of an ended record that may be theirs: it stays
    /// open.
    pub(super) spared: Vec<(usize, usize)>,
    /// Whether somebody's keys cannot be seen, so that nobody knows whose an account without a link is.
    pub(super) hidden: bool,
}

/// What was found for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Match {
    /// Several accounts are this person's by the facts.
    Ambiguous(Vec<usize>),
    /// Another person claims the same account.
    Claimed { user: usize },
    /// Another person in the source has the same key.
    Contested(MatchKey),
    /// The person's account is one that another connection holds.
    Elsewhere { user: usize },
    /// Nothing matches.
    None,
    /// Exactly one account is this person's.
    One { user: usize, by: Found },
    /// A key agrees with these accounts, and the facts do not suffice to say whose they are.
    Open { users: Vec<usize>, recycled: bool },
    /// The account of another record of the same person, which has ended, and that record's link.
    Returned { user: usize, link: usize },
    /// The account that another connection closed when its record of the same person ended.
    Reopened { user: usize },
}

/// How an account was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    Key(MatchKey),
    /// The name, of somebody who is gone: never enough, but a question.
    Name,
    /// A key by which the policy does not match, of somebody who is gone or has left: never enough, but a
    /// question. The match keys say which accounts are taken over, not whose account may be closed.
    Unmatched,
    /// A person decided it.
    Decided,
}

impl Match {
    /// The account that the person takes by it.
    fn taken(&self) -> Option<usize> {
        match self {
            Self::One { user, .. } | Self::Returned { user, .. } | Self::Reopened { user } => Some(*user),
            _ => None,
        }
    }
}

impl Matches {
    pub(super) fn of_row(&self, row: usize) -> Match {
        self.seekers.place(row).and_then(|place| self.of_seeker.get(place)).cloned().unwrap_or(Match::None)
    }
}

impl MatchKey {
    pub(super) fn field(self) -> TargetField {
        match self {
            Self::Email => TargetField::Email,
            Self::EmployeeNumber => TargetField::EmployeeNumber,
            Self::ExternalId => TargetField::ExternalId,
        }
    }
}

pub(super) fn correlate<'i>(
    inputs: &Inputs<'i>,
    policy: &Policy,
    today: Date,
    (pairs, unchanged): (&Pairs<'i>, &Unchanged),
    identity: &Identity<'_, 'i>,
    bonds: &Bonds,
) -> Matches {
    let search = Search { inputs, policy, today, pairs, unchanged, identity, bonds };
    let linked = |row: usize| {
        // Of several records of one id the first one has the link.
        let several = pairs.has_repeated().then(|| inputs.snapshot.employees().get(row)).flatten();
        let first = several.and_then(|person| pairs.row(person.id().as_str()));
        pairs.link_of(first.unwrap_or(row)).is_some()
    };
    let seeks = |row: &usize| {
        !linked(*row)
            && inputs.snapshot.employees().get(*row).is_some_and(|person| !person.is_sample())
            && (pairs.contested.contains(row)
                || matches!(search.stands(*row), Some(Standing::Employed { .. } | Standing::PreHire)))
    };
    let seekers = Rows::of(inputs, pairs.rows().filter(seeks));
    let accounts = inputs.users.len();
    let mut matches =
        Matches { found: Marks::none_of(accounts), claimed: Marks::none_of(accounts), ..Matches::default() };
    if policy.unlinked_users == UnlinkedUsers::Deactivate {
        (matches.claimed, matches.hidden) = search.bystanders();
    }
    search.spare_the_present(&seekers, &mut matches);
    if seekers.is_empty() {
        return matches;
    }

    let (contested, mut candidates) = search.look(&seekers);
    let mut claims = Sole::of(accounts);
    matches.of_seeker.reserve(seekers.rows.len());
    for (row, candidates) in seekers.iter().zip(&mut candidates) {
        if let Some(decided) = search.decided(row) {
            candidates.retain(|candidate| candidate.user != decided.user);
            candidates.push(decided);
        }
        candidates.iter().for_each(|candidate| matches.claimed.insert(candidate.user));
        let found = match contested.get(&row) {
            // An account belongs to the person whose id it carries, even if others share a key.
            Some(key) if *key != MatchKey::ExternalId && !pairs.contested.contains(&row) => {
                search.by_id(row, candidates).unwrap_or(Match::Contested(*key))
            }
            Some(key) => Match::Contested(*key),
            // Of two records of one id nobody knows which is right; either may be the one behind an account.
            None if pairs.contested.contains(&row) => Match::Contested(MatchKey::ExternalId),
            None => search.decide(row, candidates),
        };
        if let Some(user) = found.taken() {
            claims.enter(user);
        }
        matches.of_seeker.push(found);
    }
    matches.seekers = seekers;
    let doubted = search.doubted(&matches);
    for found in &mut matches.of_seeker {
        let Some(user) = found.taken() else { continue };
        if claims.is_sole(user) && !doubted.contains(&user) {
            matches.found.insert(user);
        } else {
            *found = Match::Claimed { user };
        }
    }
    matches.asked = doubted;
    for (place, candidates) in candidates.iter().enumerate() {
        search.spare(place, candidates, &mut matches);
    }
    matches
}

/// How many people claim each account: none, one, or more.
struct Sole {
    claimed: Marks,
    twice: Marks,
}

impl Sole {
    fn of(accounts: usize) -> Self {
        Self { claimed: Marks::none_of(accounts), twice: Marks::none_of(accounts) }
    }

    fn enter(&mut self, user: usize) {
        if self.claimed.contains(user) {
            self.twice.insert(user);
        }
        self.claimed.insert(user);
    }

    fn is_sole(&self, user: usize) -> bool {
        self.claimed.contains(user) && !self.twice.contains(user)
    }
}

/// Some of the people, in their order.
#[derive(Debug, Default)]
struct Rows {
    rows: Vec<usize>,
    /// Which of them each row is.
    places: Vec<Place>,
}

impl Rows {
    fn of(inputs: &Inputs<'_>, rows: impl Iterator<Item = usize>) -> Self {
        let rows: Vec<usize> = rows.collect();
        let mut places = vec![Place::NOWHERE; inputs.snapshot.employees().len()];
        for (place, row) in rows.iter().enumerate() {
            if let Some(at) = places.get_mut(*row) {
                *at = Place::of(Some(place));
            }
        }
        Self { rows, places }
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().copied()
    }

    /// Which of them a row is, if it is one of them.
    fn place(&self, row: usize) -> Option<usize> {
        at(&self.places, row)
    }

    fn contains(&self, row: usize) -> bool {
        self.place(row).is_some()
    }

    fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// An account that may be a person's, and how it was found.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    user: usize,
    by: Found,
}

/// What makes an account the person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    /// A person decided it, whatever else the keys say.
    Decided,
    /// The facts suffice.
    Facts,
    /// It carries the person's id: accounts of which only a key speaks hinder nothing.
    Id,
}

/// What one candidate comes to.
enum Verdict {
    /// It is the person's.
    Is(Match, Ground),
    /// A key agrees, and nobody knows.
    Open { recycled: bool },
    /// It is somebody else's, and the key says nothing.
    IsNot,
}

struct Search<'s, 'd, 'i> {
    inputs: &'s Inputs<'i>,
    policy: &'s Policy,
    today: Date,
    pairs: &'s Pairs<'i>,
    unchanged: &'s Unchanged,
    identity: &'s Identity<'d, 'i>,
    bonds: &'s Bonds,
}

impl Search<'_, '_, '_> {
    fn stands(&self, row: usize) -> Option<Standing> {
        let person = self.inputs.snapshot.employees().get(row)?;
        Some(standing(person, self.policy, self.today))
    }

    fn has_left(&self, row: usize) -> bool {
        self.identity.has_left(row)
    }

    /// The account that a person decided to be this employee's, whatever its keys.
    fn decided(&self, row: usize) -> Option<Candidate> {
        let person = self.inputs.snapshot.employees().get(row)?;
        let (user, _) = self.identity.decided(person.id())?;
        Some(Candidate { user, by: Found::Decided })
    }

    /// The link that an account belongs to, or takes the place in.
    fn holder_of(&self, user: usize) -> Option<usize> {
        self.pairs.holder_of(user).or_else(|| self.bonds.remade(user))
    }

    fn evidence(&self, row: usize, user: &User) -> Evidence {
        self.identity.evidence(row, user)
    }

    /// Looks at all candidates at once: two accounts that are both the person's by the facts are a question.
    fn decide(&self, row: usize, candidates: &[Candidate]) -> Match {
        if let [candidate] = candidates
            && let Some(user) = self.inputs.users.get(candidate.user)
        {
            return match self.verdict(row, *candidate, user) {
                Verdict::Is(found, _) => found,
                Verdict::Open { recycled } => Match::Open { users: vec![candidate.user], recycled },
                Verdict::IsNot => Match::None,
            };
        }
        let mut sure: Vec<(usize, Match, Ground)> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut is_recycled = false;
        let mut candidates = candidates.to_vec();
        // Nothing may depend on the order of the accounts.
        let id = |candidate: &Candidate| self.inputs.users.get(candidate.user).map(|user| &user.id);
        candidates.sort_by(|left, right| id(left).cmp(&id(right)));
        for candidate in candidates {
            let Some(user) = self.inputs.users.get(candidate.user) else { continue };
            match self.verdict(row, candidate, user) {
                Verdict::Is(found, ground) => sure.push((candidate.user, found, ground)),
                Verdict::Open { recycled } => {
                    is_recycled |= recycled;
                    open.push(candidate.user);
                }
                Verdict::IsNot => {}
            }
        }
        // Another account of which only one fact speaks, and speaks against the rest, hinders nobody.
        let stands_alone = || {
            let mut others = open.iter().filter_map(|user| self.inputs.users.get(*user));
            others.all(|user| self.evidence(row, user).speaks_against())
        };
        match sure.as_slice() {
            [] if open.is_empty() => Match::None,
            [] => Match::Open { users: open, recycled: is_recycled },
            [(_, one, ground)] if open.is_empty() || *ground != Ground::Facts || stands_alone() => {
                one.clone()
            }
            several => {
                match several
                    .iter()
                    .filter(|(_, _, ground)| *ground == Ground::Decided)
                    .collect::<Vec<_>>()
                    .as_slice()
                {
                    [(_, one, _)] => one.clone(),
                    _ => Match::Ambiguous(several.iter().map(|(user, _, _)| *user).chain(open).collect()),
                }
            }
        }
    }

    /// The only account that carries the person's own id, if it is theirs by that.
    fn by_id(&self, row: usize, candidates: &[Candidate]) -> Option<Match> {
        let mut found = candidates.iter().filter_map(|candidate| {
            let user = self.inputs.users.get(candidate.user)?;
            match self.verdict(row, *candidate, user) {
                Verdict::Is(found, Ground::Id) => Some(found),
                _ => None,
            }
        });
        let one = found.next()?;
        found.next().is_none().then_some(one)
    }

    fn verdict(&self, row: usize, Candidate { user: index, by }: Candidate, user: &User) -> Verdict {
        let Some(person) = self.inputs.snapshot.employees().get(row) else { return Verdict::IsNot };
        let found = Match::One { user: index, by };
        let evidence = || self.evidence(row, user);
        let judged = self.identity.judged(Some(row), person.id(), user);
        let owner = self.identity.decided_owner(index);
        if judged == Some(false) || owner.is_some_and(|owner| owner != person.id().as_str()) {
            return Verdict::IsNot;
        }
        let judged = judged == Some(true);
        let ground = if judged { Ground::Decided } else { Ground::Facts };
        let when = |suffices: bool, found: Match| {
            if suffices { Verdict::Is(found, ground) } else { Verdict::Open { recycled: false } }
        };
        let held = self.pairs.elsewhere.holder_of(index);
        // An account that takes the place of a linked one is this connection's.
        if let Some(held) = held.filter(|_| self.bonds.remade(index).is_none()) {
            // External ids mean something within their connection only.
            let evidence = evidence();
            let facts = evidence.suffices_against_another() || judged;
            return match (facts, held.is_over(user)) {
                // A link of this connection that is not believed says nothing good of it.
                (true, true) if self.pairs.holder_of(index).is_some() => Verdict::Open { recycled: false },
                (true, true) => Verdict::Is(Match::Reopened { user: index }, ground),
                (true, false) => Verdict::Is(Match::Elsewhere { user: index }, ground),
                (false, _) if !evidence.has_key() => Verdict::IsNot,
                (false, _) => Verdict::Open { recycled: false },
            };
        }
        if let Some(link) = self.holder_of(index) {
            let over = match self.pairs.row_of(link) {
                Some(old) => self.has_left(old),
                None => self.is_gone(link),
            };
            let free = over
                && !self.pairs.shared.contains(&index)
                && matches!(self.bonds.of_link(link), Bond::Holds(_));
            let evidence = evidence();
            let facts = evidence.suffices_against_another() || judged;
            // An address passes on: two other facts say that its new owner is somebody else.
            let others = [evidence.employee_number, evidence.name];
            let passes_on = evidence.speaks_against() && !others.contains(&Opinion::Agrees);
            if free && passes_on && !judged {
                return Verdict::IsNot;
            }
            return when(free && facts && by != Found::Unmatched, Match::Returned { user: index, link });
        }
        let carried = user.value(&TargetField::ExternalId);
        let wanted = self.inputs.desired.value(row, &TargetField::ExternalId).value();
        match (carried, wanted) {
            (Some(carried), Some(wanted)) if canon::same(&TargetField::ExternalId, carried, wanted) => {
                if self.identity.is_recycled(row, user) && !judged {
                    Verdict::Open { recycled: true }
                } else {
                    Verdict::Is(found, if judged { ground } else { Ground::Id })
                }
            }
            // It takes the place of another person's account.
            _ if self.bonds.remade(index).is_some() => when(false, found),
            (Some(_), _) if self.identity.is_anothers(person.id(), user) => when(false, found),
            (Some(_), _) => {
                // A person who is missing from a listing that proves nothing may still be there.
                let facts = self.inputs.snapshot.absence_counts() && evidence().suffices_against_another();
                when(facts || judged, found)
            }
            (None, _) => when(evidence().suffices() || judged, found),
        }
    }

    /// Whether a linked person who is not listed is gone, as far as this listing and the question by id say.
    fn is_gone(&self, link: usize) -> bool {
        let Some(link) = self.inputs.links.get(link) else { return false };
        let set_aside = self.inputs.snapshot.set_aside().contains(&link.employee);
        let answer = self.inputs.absent.get(&link.employee);
        let asked = matches!(answer, Some(Lookup::Found(_) | Lookup::NotVisible));
        self.inputs.snapshot.absence_counts() && !set_aside && !asked
    }
}
