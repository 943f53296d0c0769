//! How much a plan may do without a person looking at it first.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::plan::Plan;
use super::policy::{OnBreach, Safeguards};
use super::takings::{self, Taken};
use crate::{Problem, ProblemCode};

/// Whether a plan may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It may.
    Go,
    /// Its removals wait; everything else may be carried out.
    Hold(Refusal),
    /// It may not; nothing is changed.
    Refuse(Refusal),
}

/// Why a plan may not be carried out as it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The first rule that was breached.
    pub rule: Rule,
    /// How much the rule allows.
    pub limit: u64,
    /// How much was planned.
    pub planned: u64,
    /// What happened and what to do; the other rules that were breached.
    pub message: String,
}

impl Refusal {
    /// A refusal by `rule`, which allows `limit` where `planned` was planned.
    pub fn new(rule: Rule, limit: u64, planned: u64, message: impl Into<String>) -> Self {
        Self { rule, limit, planned, message: message.into() }
    }
}

/// One line: the rule and the message.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.rule.as_str(), self.message)
    }
}

/// The rules that can refuse a run, in the order in which they are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// A record had no id.
    UnidentifiedRecord,
    /// Another organisation answers.
    OrganisationChanged,
    /// Another credential answers.
    CredentialChanged,
    /// The accounts behind the links are not the ones that were linked.
    TargetChanged,
    /// The source is empty.
    EmptySource,
    /// The source is much smaller than last time.
    MinSourcePercent,
    /// Fields or people that were visible before are hidden now, or fewer people are listed than the
    /// organisation says it has. The latter alone lets removals wait and the rest go on.
    CoverageLost,
    /// Mapping, match keys, policy or source settings changed.
    ConfigChanged,
    /// The plan that was approved is not the plan that would be made now.
    PlanStale,
    /// More removals than the absolute limit.
    MaxDeactivations,
    /// More removals than the percentage.
    MaxDeactivationsPercent,
    /// More removals within the window than twice a run's limit.
    MaxDeactivationsWindow,
    /// Too few accounts would remain.
    MinRemainingPercent,
    /// More new accounts than the percentage.
    MaxCreationsPercent,
    /// More sign-in addresses would change than the percentage.
    MaxEmailChanges,
}

impl Rule {
    /// The word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MaxDeactivations => "max_deactivations",
            Self::MaxDeactivationsPercent => "max_deactivations_percent",
            Self::MaxDeactivationsWindow => "max_deactivations_window",
            Self::MinRemainingPercent => "min_remaining_percent",
            Self::MaxCreationsPercent => "max_creations_percent",
            Self::MinSourcePercent => "min_source_percent",
            Self::EmptySource => "empty_source",
            Self::CoverageLost => "coverage_lost",
            Self::CredentialChanged => "credential_changed",
            Self::OrganisationChanged => "organisation_changed",
            Self::UnidentifiedRecord => "unidentified_record",
            Self::PlanStale => "plan_stale",
            Self::ConfigChanged => "config_changed",
            Self::MaxEmailChanges => "max_email_changes",
            Self::TargetChanged => "target_changed",
        }
    }
}

impl Safeguards {
    /// How many of `population` accounts a run may deactivate.
    ///
    /// ```
    /// use hris_core::reconcile::Safeguards;
    ///
    /// let safeguards = Safeguards::default();
    /// assert_eq!(safeguards.allowed_removals(10), 3);
    /// assert_eq!(safeguards.allowed_removals(250), 25);
    /// assert_eq!(safeguards.allowed_removals(100_000), 100);
    /// ```
    #[must_use]
    pub fn allowed_removals(&self, population: u64) -> u64 {
        self.max_deactivations.min(self.percent_removals(population))
    }

    fn percent_removals(&self, population: u64) -> u64 {
        share(population, self.max_deactivations_percent).max(3)
    }
}

/// `percent` of `whole`, rounded down.
fn share(whole: u64, percent: u64) -> u64 {
    u64::try_from(u128::from(whole) * u128::from(percent) / 100).unwrap_or(u64::MAX)
}

/// Holds a plan against the safeguards. A refused plan changes nothing; a held one goes on without
/// its removals, and without what many people lose by it.
///
/// All rules are looked at; the first in order of [`Rule`] is named and the others are in the
/// message.
#[must_use]
pub fn guard(plan: &Plan, safeguards: &Safeguards) -> Decision {
    let breaches = breaches(plan, safeguards);
    // Letting removals wait helps neither against another company's people, nor against accounts that are not
    // the ones that were linked, nor against new accounts and new addresses.
    let fatal = |refusal: &Refusal| {
        matches!(
            refusal.rule,
            Rule::MaxCreationsPercent
                | Rule::MaxEmailChanges
                | Rule::OrganisationChanged
                | Rule::TargetChanged
        )
    };
    let fatal = breaches.iter().any(fatal);
    // Who does not see everybody may still add and update those who are seen; so may who no longer sees a field,
    // where nobody would be removed.
    let removed = plan.figures.gone();
    let partial = breaches.iter().all(|refusal| refusal.rule == Rule::CoverageLost)
        && (plan.figures.coverage_lost.is_empty() || removed == 0)
        && plan.figures.visibility_lost.is_none();
    let mut breaches = breaches.into_iter();
    let Some(mut first) = breaches.next() else { return Decision::Go };
    for other in breaches {
        first.message = format!("{}; also {}: {}", first.message, other.rule.as_str(), other.message);
    }
    first.message.push_str("; look at `hris plan`, and approve that plan if it is right");
    match safeguards.on_breach {
        OnBreach::Hold if !fatal => Decision::Hold(first),
        _ if partial => Decision::Hold(first),
        _ => Decision::Refuse(first),
    }
}

/// What a held plan lets wait because many people would lose it at once, a problem each.
#[must_use]
pub fn withheld(plan: &Plan, safeguards: &Safeguards) -> Vec<Problem> {
    let over = plan.figures.taken.iter().filter(|(_, taken)| safeguards.takes_too_much(**taken));
    let problem = |(name, taken): (&String, &Taken)| {
        let left = taken.had.saturating_sub(taken.lose);
        let message = format!(
            "{} people had {name} and {left} would have it after this run; the others keep it for now, and nobody \
             is removed. Check what the credential may see; if it is right, save the plan with `hris plan --out` \
             and approve it",
            taken.had
        );
        Problem::warning(ProblemCode::VisibilityLost, message).field(name.clone())
    };
    over.map(problem).collect()
}

impl Figures {
    /// How many people count as gone, whatever becomes of their accounts.
    fn gone(&self) -> u64 {
        self.removals.saturating_add(self.withheld_removals).saturating_add(self.handovers)
    }
}

impl Safeguards {
    fn takes_too_much(&self, taken: Taken) -> bool {
        taken.lose > share(taken.had, self.max_taken_away_percent).max(takings::A_FEW)
    }
}

/// Every rule that a plan breaches, in order.
#[must_use]
pub fn breaches(plan: &Plan, safeguards: &Safeguards) -> Vec<Refusal> {
    let figures = &plan.figures;
    let mut found = Vec::new();
    causes(figures, safeguards, &mut found);
    measures(figures, safeguards, &mut found);
    found
}

/// Why nobody should lose anything by this run, whatever the amount.
fn causes(figures: &Figures, safeguards: &Safeguards, found: &mut Vec<Refusal>) {
    let mut breach =
        |rule, limit, planned, message: String| found.push(Refusal::new(rule, limit, planned, message));
    let taken: u64 = figures.taken.values().map(|taken| taken.lose).sum();
    let moved = if figures.email_changes > FEW_ADDRESSES { figures.email_changes } else { 0 };
    let removed = figures.gone();
    let anything = removed.saturating_add(taken).saturating_add(moved);
    if figures.unidentified > 0 && removed > 0 {
        let message = format!("{} records have no id, so nobody knows who is missing", figures.unidentified);
        breach(Rule::UnidentifiedRecord, 0, removed, message);
    }
    if figures.organisation_changed {
        let message =
            "another organisation answers than at the last complete run; check the credential".to_owned();
        breach(Rule::OrganisationChanged, 0, anything, message);
    } else if let Some(linked) = figures.strangers {
        let message = format!(
            "not one of the {linked} linked people is in the source any more, so another organisation may answer; check \
             the credential"
        );
        breach(Rule::OrganisationChanged, 0, anything.saturating_add(figures.creations), message);
    }
    if figures.credential_changed && anything > 0 {
        let message = "another credential answers than at the last complete run".to_owned();
        breach(Rule::CredentialChanged, 0, anything, message);
    }
    if let Some(message) = target_changed(figures) {
        breach(Rule::TargetChanged, few_links(figures), figures.replaced, message);
    }
    let people = figures.source_people;
    if people == 0 && figures.linked {
        breach(Rule::EmptySource, 1, 0, "the source is empty".to_owned());
    }
    if let Some(last) = figures.last_source_people {
        let percent = safeguards.min_source_percent.min(100);
        let least = last - share(last, 100 - percent);
        if people < least {
            let message = format!("the source has {people} people, {last} at the last complete run");
            breach(Rule::MinSourcePercent, least, people, message);
        }
    }
    let many = figures.taken.iter().filter(|(_, taken)| safeguards.takes_too_much(**taken));
    let many: Vec<String> =
        many.map(|(name, taken)| format!("{} of {} would lose {name}", taken.lose, taken.had)).collect();
    let lost =
        !figures.coverage_lost.is_empty() || figures.visibility_lost.is_some() || figures.hidden.is_some();
    if !many.is_empty() || (lost && anything > 0) {
        let fields = figures.coverage_lost.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut causes = many;
        if !fields.is_empty() {
            causes.push(format!("nobody has {fields} any more"));
        }
        causes.extend(figures.visibility_lost.clone());
        causes.extend(figures.hidden.clone());
        breach(Rule::CoverageLost, 0, anything, causes.join("; "));
    }
    if figures.config_changed && anything > 0 {
        let message =
            "mapping, match keys, policy or source settings changed since the last complete run".to_owned();
        breach(Rule::ConfigChanged, 0, anything, message);
    }
}

/// So many addresses may change in a run whatever the size of the company.
const FEW_ADDRESSES: u64 = 5;

/// So many links may name another account than the one that was linked.
fn few_links(figures: &Figures) -> u64 {
    share(figures.links, 10).max(3)
}

/// Why the accounts behind the links are not the ones that were linked, in words.
fn target_changed(figures: &Figures) -> Option<String> {
    let what = if figures.target_changed {
        "the target is another one than at the last complete run".to_owned()
    } else if figures.none_listed {
        "the target lists none of the linked accounts: it is another table, or an emptied one".to_owned()
    } else if figures.replaced > few_links(figures) {
        format!(
            "{} of {} linked accounts do not carry the external id that they were given: it is another table, or \
             one that was made anew",
            figures.replaced, figures.links
        )
    } else {
        return None;
    };
    Some(format!(
        "{what}. Correct `[target]`; if the accounts were moved for good, start with a new state file, and the first \
         run only matches"
    ))
}

/// Whether more is done than a run may.
fn measures(figures: &Figures, safeguards: &Safeguards, found: &mut Vec<Refusal>) {
    let Figures { population, removals, weak_removals, .. } = *figures;
    let counted = removals.saturating_add(weak_removals);
    let planned = match weak_removals {
        0 => format!("{removals} removals planned"),
        weak => format!(
            "{removals} removals planned, {weak} of which rest on a list that nothing but its end proves whole and \
             count twice"
        ),
    };
    let mut breach =
        |rule, limit, planned, message: String| found.push(Refusal::new(rule, limit, planned, message));
    if counted > safeguards.max_deactivations {
        let limit = safeguards.max_deactivations;
        breach(Rule::MaxDeactivations, limit, counted, format!("{planned}, {limit} allowed a run"));
    }
    let limit = safeguards.percent_removals(population);
    if counted > limit {
        let percent = safeguards.max_deactivations_percent;
        let message = format!("{planned}, {limit} allowed a run ({percent} % of {population}, at least 3)");
        breach(Rule::MaxDeactivationsPercent, limit, counted, message);
    }
    if safeguards.window_days > 0 && removals > 0 {
        let allowed = safeguards.allowed_removals(population).saturating_mul(2);
        let within = figures.removed_in_window.saturating_add(counted);
        if within > allowed {
            let days = safeguards.window_days;
            let message = format!(
                "{planned} and {} done within {days} days, {allowed} allowed (twice a run's limit)",
                figures.removed_in_window
            );
            breach(Rule::MaxDeactivationsWindow, allowed, within, message);
        }
    }
    if removals > 0 {
        let remaining = population.saturating_sub(removals);
        let percent = safeguards.min_remaining_percent;
        let least = population - share(population, 100 - percent.min(100));
        if population <= 2 {
            let message = format!("with {population} accounts in use any removal needs approval");
            breach(Rule::MinRemainingPercent, 0, removals, message);
        } else if remaining < least {
            let message = format!("{remaining} of {population} accounts would remain, {percent} % must");
            breach(Rule::MinRemainingPercent, population - least, removals, message);
        }
    }
    if safeguards.max_creations_percent > 0 && figures.linked {
        let limit = share(population, safeguards.max_creations_percent);
        if figures.creations > limit {
            let creations = figures.creations;
            breach(
                Rule::MaxCreationsPercent,
                limit,
                creations,
                format!("{creations} new accounts planned, {limit} allowed"),
            );
        }
    }
    let (changes, percent) = (figures.email_changes, safeguards.max_email_changes_percent);
    let limit = share(figures.linked_accounts, percent).max(FEW_ADDRESSES);
    if changes > limit {
        let message = format!(
            "{changes} people would sign in with another address, {limit} allowed a run ({percent} % of {}, at least \
             {FEW_ADDRESSES})",
            figures.linked_accounts
        );
        breach(Rule::MaxEmailChanges, limit, changes, message);
    }
}
