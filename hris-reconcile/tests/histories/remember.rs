//! What an onlooker remembers of a run, and how a report is said in one line.

use hris_core::Timestamp;
use hris_core::reconcile::Side;
use hris_reconcile::report::{ActionResult, Outcome, Report};

use crate::accounts::{COLUMNS, Row};
use crate::facts::{Person, Said};
use crate::laws::Look;
use crate::runs::Command;
use crate::world::{Book, Pinned};

/// What an onlooker remembers of a run.
pub(crate) struct Remembered {
    table: usize,
    owner: Vec<(String, usize)>,
    made: Vec<(String, usize)>,
    invited: Vec<(String, (Timestamp, Option<String>))>,
    claimed: Vec<(String, usize)>,
    /// Whose run says anew what it holds and what it waits for.
    said: Option<usize>,
    /// Which accounts this connection knows as somebody's.
    company: usize,
    linked: Vec<String>,
    pinned: Pinned,
}

pub(crate) fn remember(look: &Look<'_>) -> Remembered {
    let mut remembered = Remembered {
        table: look.table,
        owner: Vec::new(),
        made: Vec::new(),
        invited: Vec::new(),
        claimed: Vec::new(),
        said: None,
        company: look.company,
        linked: look.links.1.iter().map(|link| link.user.to_string()).collect(),
        pinned: look.pinned.clone(),
    };
    let whole = matches!(look.outcome(), Some(Outcome::Completed | Outcome::Partial));
    if whole && matches!(look.command, Command::Sync | Command::Approve | Command::Match) {
        remembered.said = Some(look.company);
    }
    for row in look.after {
        let old = look.before.iter().find(|old| old.id == row.id);
        if row.external_id().is_some() && old.and_then(Row::external_id) != row.external_id() {
            remembered.owner.push((row.id.clone(), look.company));
        }
        if old.is_none() {
            remembered.made.push((row.id.clone(), look.company));
        }
        if row.invitations > old.map_or(0, |old| old.invitations) {
            remembered.invited.push((row.id.clone(), (look.now, row.get("email").map(str::to_owned))));
        }
        // Somebody whose link is in question waits for no other account until that is answered.
        let said = |person: &Person| {
            look.told.report.iter().flat_map(|report| &report.problems).any(|problem| {
                problem.code.as_str() == "held_elsewhere"
                    && problem.about().any(|id| id.as_str() == person.id)
            })
        };
        let employed = look.seen.iter().filter(|person| !person.left && said(person));
        let waits = look.owner(row) == Some(1 - look.company)
            && employed.into_iter().any(|person| Said::of(row, person).two_agree());
        if waits && remembered.said.is_some() {
            remembered.claimed.push((row.id.clone(), look.company));
        }
    }
    // A run that held its removals back is no run to compare the next one with.
    let held = look.told.report.as_ref().is_some_and(|report| report.refusal.is_some());
    let pins = whole && !held && matches!(look.command, Command::Sync | Command::Approve);
    if pins {
        let pinned = &mut remembered.pinned;
        let approved = *look.command == Command::Approve;
        if let Some(organisation) = &look.fingerprint.organisation
            && (approved || pinned.organisation.is_none())
        {
            pinned.organisation = Some(organisation.clone());
        }
        let same = pinned.organisation == look.fingerprint.organisation;
        if let Some(credential) = look.fingerprint.credential.as_ref().filter(|_| same) {
            pinned.credential = Some(credential.clone());
        }
    }
    remembered
}

impl Remembered {
    pub(crate) fn apply(self, book: &mut Book, pinned: &mut Pinned) {
        let table = self.table;
        book.owner.extend(self.owner.into_iter().map(|(row, by)| ((table, row), by)));
        book.made.extend(self.made.into_iter().map(|(row, by)| ((table, row), by)));
        book.invited.extend(self.invited.into_iter().map(|(row, at)| ((table, row), at)));
        book.known[self.company].extend(self.linked.into_iter().map(|row| (table, row)));
        if let Some(company) = self.said {
            book.claimed.retain(|(_, _, by)| *by != company);
        }
        book.claimed.extend(self.claimed.into_iter().map(|(row, by)| (table, row, by)));
        *pinned = self.pinned;
    }
}

/// One line of a report: `; update e-1 (job_title)`.
pub(crate) fn summary(report: &Report) -> String {
    let mut text = String::new();
    for line in report.actions.iter().filter(|line| line.result != ActionResult::Planned) {
        let who = line.employee.as_ref().map_or("-", |id| id.as_str());
        let user = line.user.as_ref().map_or("-", |id| id.as_str());
        let side = if line.side == Side::Source { " source" } else { "" };
        text.push_str(&format!(
            "; {}{side} {who} at {user} ({}) {}",
            line.action.as_str(),
            line.fields.join(" "),
            line.result.as_str()
        ));
    }
    for problem in &report.problems {
        let who = problem.employee.as_ref().map_or("-", |id| id.as_str());
        text.push_str(&format!("; ! {} {who}", problem.code.as_str()));
    }
    text
}

/// Whether a column of this name is among those that are looked at.
pub(crate) fn is_column(name: &str) -> bool {
    COLUMNS.iter().any(|field| field.to_string() == name)
}
