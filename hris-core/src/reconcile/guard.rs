//! How much a plan may do without a person looking at it first.

use serde::{Deserialize, Serialize};

use super::coverage;
use super::plan::{Figures, Plan};
use super::policy::{OnBreach, Safeguards};

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
    /// organisation says it employs. The latter alone lets removals wait and the rest go on.
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
/// its removals.
///
/// All rules are looked at; the first in order of [`Rule`] is named and the others are in the
/// message.
#[must_use]
pub fn guard(plan: &Plan, safeguards: &Safeguards) -> Decision {
    let breaches = breaches(&plan.figures, safeguards);
    // Letting removals wait helps neither against another company's people nor against new accounts.
    let fatal = breaches
        .iter()
        .any(|refusal| matches!(refusal.rule, Rule::MaxCreationsPercent | Rule::OrganisationChanged));
    // Who does not see everybody may still add and update those who are seen.
    let partial = breaches.iter().all(|refusal| refusal.rule == Rule::CoverageLost)
        && plan.figures.coverage_lost.is_empty()
        && plan.figures.visibility_lost.is_none();
    let mut breaches = breaches.into_iter();
    let Some(mut first) = breaches.next() else { return Decision::Go };
    for other in breaches {
        first.message = format!("{}; also {}: {}", first.message, other.rule.as_str(), other.message);
    }
    first.message.push_str("; look at `plan`, and approve that plan if it is right");
    match safeguards.on_breach {
        OnBreach::Hold if !fatal => Decision::Hold(first),
        _ if partial => Decision::Hold(first),
        _ => Decision::Refuse(first),
    }
}

/// Every rule that is breached, in order.
fn breaches(figures: &Figures, safeguards: &Safeguards) -> Vec<Refusal> {
    let Figures { population, removals, .. } = *figures;
    let mut found = Vec::new();
    let mut breach =
        |rule, limit, planned, message: String| found.push(Refusal::new(rule, limit, planned, message));

    if removals > safeguards.max_deactivations {
        let limit = safeguards.max_deactivations;
        breach(
            Rule::MaxDeactivations,
            limit,
            removals,
            format!("{removals} removals planned, {limit} allowed a run"),
        );
    }
    let limit = safeguards.percent_removals(population);
    if removals > limit {
        let percent = safeguards.max_deactivations_percent;
        let message = format!(
            "{removals} removals planned, {limit} allowed a run ({percent} % of {population}, at least 3)"
        );
        breach(Rule::MaxDeactivationsPercent, limit, removals, message);
    }
    if safeguards.window_days > 0 && removals > 0 {
        let allowed = safeguards.allowed_removals(population).saturating_mul(2);
        let within = figures.removed_in_window.saturating_add(removals);
        if within > allowed {
            let days = safeguards.window_days;
            let message =
                format!("{within} removals within {days} days, {allowed} allowed (twice a run's limit)");
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
    let people = figures.source_people;
    if let Some(last) = figures.last_source_people {
        let percent = safeguards.min_source_percent.min(100);
        let least = last - share(last, 100 - percent);
        if people < least {
            let message = format!("the source has {people} people, {last} at the last complete run");
            breach(Rule::MinSourcePercent, least, people, message);
        }
    }
    if people == 0 && figures.linked {
        breach(Rule::EmptySource, 1, 0, "the source is empty".to_owned());
    }
    let anyone = removals.saturating_add(figures.withheld_removals);
    if anyone > 0 {
        let hidden = coverage::hidden(figures.listed, figures.employed);
        if !figures.coverage_lost.is_empty() || figures.visibility_lost.is_some() || hidden.is_some() {
            let fields = figures.coverage_lost.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let mut causes = Vec::new();
            if !fields.is_empty() {
                causes.push(format!("nobody has {fields} any more"));
            }
            causes.extend(figures.visibility_lost.clone());
            causes.extend(hidden);
            breach(Rule::CoverageLost, 0, anyone, causes.join("; "));
        }
        if figures.credential_changed {
            let message = "another credential answers than at the last complete run".to_owned();
            breach(Rule::CredentialChanged, 0, anyone, message);
        }
    }
    if figures.organisation_changed {
        let message =
            "another organisation answers than at the last complete run; check the credential".to_owned();
        breach(Rule::OrganisationChanged, 0, anyone, message);
    }
    if figures.unidentified > 0 && anyone > 0 {
        let message = format!("{} records have no id, so nobody knows who is missing", figures.unidentified);
        breach(Rule::UnidentifiedRecord, 0, anyone, message);
    }
    if figures.config_changed && anyone > 0 {
        let message =
            "mapping, match keys, policy or source settings changed since the last complete run".to_owned();
        breach(Rule::ConfigChanged, 0, anyone, message);
    }
    found
}
