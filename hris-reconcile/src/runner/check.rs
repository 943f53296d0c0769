//! Whether a run could work, found out beforehand.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{self, Rule, TargetCapabilities};
use hris_core::{
    Finding, Level, Link, Preflight, ProblemCode, SourceField, TargetField, Timestamp, User, UserId,
};

use super::Runner;
use crate::store::State;
use crate::target::TargetErrorKind;
use crate::{Error, ErrorKind, Result};

/// What a run needs, and whether it is there.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Check {
    /// The source: credential, scopes, permissions, organisation.
    pub source: Preflight,
    /// The mapping and the policy: what they read and the source does not have.
    pub mapping: Vec<Finding>,
    /// The target.
    pub target: Finding,
    /// The state.
    pub state: Finding,
    /// What each run would warn of: protected accounts that nobody finds, another connection of the same
    /// organisation.
    pub warnings: Vec<Finding>,
    /// The rule that would refuse a run, as far as that shows without one.
    pub refused: Option<Rule>,
    blocked: Option<ErrorKind>,
}

impl Check {
    /// All findings: source, mapping, target, state, warnings.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        let first = self.source.findings.iter().chain(&self.mapping);
        first.chain([&self.target, &self.state]).chain(&self.warnings)
    }

    /// The worst level of any finding.
    #[must_use]
    pub fn level(&self) -> Level {
        self.findings().map(|finding| finding.level).max().unwrap_or(Level::Passed)
    }

    /// Fails unless everything that the mapping reads can be seen: as [`Check::require`], and for each scope and
    /// permission without which a field or people stay out.
    ///
    /// # Errors
    /// As [`Check::require`].
    pub fn require_all(&self) -> Result<()> {
        self.require()?;
        Ok(self.source.require_all()?)
    }

    /// Fails unless nothing required is missing: what no run can do without. A field that cannot be seen is no
    /// such thing; [`Check::require_all`] looks for those too.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming what the mapping asks for and the source does not have; [`ErrorKind::Auth`] naming what the source's credential lacks, else [`ErrorKind::Target`],
    /// [`ErrorKind::Auth`] or [`ErrorKind::State`] for target and state.
    pub fn require(&self) -> Result<()> {
        let unknown: Vec<String> = self
            .mapping
            .iter()
            .filter(|finding| finding.level >= Level::Missing)
            .map(ToString::to_string)
            .collect();
        if !unknown.is_empty() {
            return Err(Error::new(ErrorKind::Config, format!("read the mapping: {}", unknown.join("; "))));
        }
        self.source.require()?;
        for finding in [&self.target, &self.state] {
            if finding.level >= Level::Missing {
                let kind = self.blocked.unwrap_or(ErrorKind::Target);
                return Err(Error::new(kind, finding.to_string()));
            }
        }
        Ok(())
    }
}

pub(super) async fn check(runner: &Runner, now: Timestamp) -> Result<Check> {
    let request = runner.request(now);
    let source = runner.unless_stopped(async { Ok(runner.directory.check(&request).await?) }).await?;
    let mut blocked = None;
    let target = match runner.calls.check(now).await {
        Ok(()) => Finding::new(Level::Passed, "target", "it can be reached and written"),
        Err(error) => {
            let auth = error.kind == TargetErrorKind::Auth;
            blocked = Some(if auth { ErrorKind::Auth } else { ErrorKind::Target });
            let level = if auth { Level::Refused } else { Level::Missing };
            Finding::new(level, "target", error.to_string())
        }
    };
    let mut target = target;
    let (mut refused, mut warnings) = (None, Vec::new());
    let state = match readable(runner).await {
        Ok(state) => {
            if blocked.is_none()
                && let Some(accounts) = Accounts::read(runner, now).await
            {
                if let Some(outcome) = accounts.differ(&state) {
                    blocked = Some(ErrorKind::Target);
                    refused = Some(Rule::TargetChanged);
                    target = other_accounts(&outcome);
                }
                warnings.extend(accounts.unknown_protected(runner, &state.links));
                warnings.extend(accounts.already_connected(runner, &source).await);
            }
            let at = state.baseline.and_then(|last| last.at);
            let last = at.map_or_else(|| "no whole run yet".to_owned(), |at| format!("last whole run {at}"));
            let open = match state.unsettled.len() {
                0 => String::new(),
                open => format!(", {open} actions of an interrupted run open"),
            };
            Finding::new(Level::Passed, "state", format!("{} links, {last}{open}", state.links.len()))
        }
        Err(error) => {
            blocked = blocked.or(Some(error.kind()));
            Finding::new(Level::Missing, "state", error.to_string())
        }
    };
    let mut source = source;
    let mut mapping = mapping(runner);
    mapping.append(&mut source.unknown);
    // A target that does not answer is in the findings already.
    if let Ok(capabilities) = runner.calls.capabilities().await {
        mapping.extend(unknown(runner, &capabilities));
        mapping.extend(unmapped(runner, &capabilities));
    }
    Ok(Check { source, mapping, target, state, warnings, refused, blocked })
}

/// The state, if a run could write it too.
async fn readable(runner: &Runner) -> Result<State> {
    runner.store.check().await?;
    runner.store.load(&runner.connection).await
}

/// The accounts, as far as they can be seen.
struct Accounts {
    users: Vec<User>,
    id: Option<String>,
    keeps_ids: bool,
}

impl Accounts {
    /// `None` where they cannot be read: a run finds out more.
    async fn read(runner: &Runner, now: Timestamp) -> Option<Self> {
        let target = runner.calls.capabilities().await.ok()?;
        let id = runner.calls.identity().await.ok()?;
        let users = runner.calls.users(now).await.ok()?;
        Some(Self { users, id, keeps_ids: target.keeps(&TargetField::ExternalId) })
    }

    /// Why these are not the accounts that were linked, in words; `None` if they are.
    fn differ(&self, State { links, baseline, .. }: &State) -> Option<String> {
        if links.is_empty() {
            return None;
        }
        let was = baseline.as_ref().and_then(|last| last.target.as_deref());
        if was.is_some() && was != self.id.as_deref() {
            return Some(
                "it is another one than at the last whole run: its own id is not the same".to_owned(),
            );
        }
        let accounts: BTreeMap<&UserId, &User> = self.users.iter().map(|user| (&user.id, user)).collect();
        if !links.iter().any(|link| accounts.contains_key(&link.user)) {
            return Some(format!("it lists none of the {} linked accounts", links.len()));
        }
        let carries_another = |link: &&Link| {
            let carried = accounts.get(&link.user).map(|user| user.value(&TargetField::ExternalId));
            link.external_id.is_some()
                && carried.is_some_and(|carried| carried != link.external_id.as_deref())
        };
        let replaced = links.iter().filter(carries_another).count();
        let most = (links.len() / 10).max(3);
        (self.keeps_ids && replaced > most).then(|| {
            let all = links.len();
            format!("{replaced} of {all} linked accounts do not carry the external id that they were given")
        })
    }

    /// Entries of the protected accounts that protect nobody. An account that was found under one stays so
    /// when its address changes.
    fn unknown_protected(&self, runner: &Runner, links: &[Link]) -> Option<Finding> {
        let live: BTreeSet<&UserId> = self.users.iter().map(|user| &user.id).collect();
        let remembered = links.iter().filter(|link| live.contains(&link.user));
        let remembered: Vec<&str> = remembered.filter_map(|link| link.protected_by.as_deref()).collect();
        let found = |entry: &str| {
            let is = |name: &str| reconcile::is_same(&TargetField::Email, Some(entry), Some(name));
            let has = |user: &User| is(user.id.as_str()) || user.value(&TargetField::Email).is_some_and(is);
            remembered.iter().any(|name| is(name)) || self.users.iter().any(has)
        };
        let entries = runner.policy.protected.iter().enumerate();
        let unknown: Vec<String> =
            entries.filter(|(_, entry)| !found(entry)).map(|(place, _)| (place + 1).to_string()).collect();
        let (noun, verb) = if unknown.len() == 1 { ("entry", "matches") } else { ("entries", "match") };
        let outcome = format!(
            "{}: {noun} {} {verb} no account",
            ProblemCode::ProtectedUnknown.as_str(),
            unknown.join(", ")
        );
        (!unknown.is_empty()).then(|| {
            Finding::new(Level::Warning, "safeguards.protected", outcome)
                .cost("the accounts that are meant can be closed")
                .remedy("write the e-mail address or the id of an account, as the target has it")
        })
    }

    /// Another connection that reads the same organisation: both would look after the same people.
    async fn already_connected(&self, runner: &Runner, source: &Preflight) -> Option<Finding> {
        let organisation = &source.organisation.as_ref()?.id;
        let others = runner.store.others(&runner.connection, self.id.as_deref()).await.ok()?;
        let vendor = runner.directory.capabilities().vendor;
        let same = |(theirs, other): &(String, String)| *theirs == *vendor && other == organisation;
        let (name, _) = others.organisations.iter().find(|(_, one)| same(one))?;
        let outcome = format!(
            "{}: connection {name:?} already reads this organisation",
            ProblemCode::AlreadyConnected.as_str()
        );
        Some(
            Finding::new(Level::Warning, "organisation", outcome)
                .cost("accounts that it holds stay with it, and this connection does nothing for them")
                .remedy("remove one of the two connections"),
        )
    }
}

fn other_accounts(outcome: &str) -> Finding {
    Finding::new(Level::Missing, "target", format!("{}: {outcome}", Rule::TargetChanged.as_str()))
        .cost("the links are about other accounts, so a run changes nothing and is refused")
        .remedy(
            "put the old database back under [target]; if the move is meant, start with a new state file: the \
             first run then only matches",
        )
}

fn mapping(runner: &Runner) -> Vec<Finding> {
    let capabilities = runner.directory.capabilities();
    let outcome = format!(
        "{} target fields are filled from {} source fields",
        runner.map.targets().count(),
        runner.map.sources().len()
    );
    let mut findings = vec![Finding::new(Level::Passed, "mapping", outcome)];
    let missing: Vec<String> = runner
        .policy
        .sources()
        .into_iter()
        .filter(|field| *field != hris_core::StandardField::Status && !capabilities.can_read(*field))
        .map(|field| SourceField::from(field).to_string())
        .collect();
    if !missing.is_empty() {
        let outcome = format!("{} does not have {}", capabilities.vendor, missing.join(", "));
        findings.push(
            Finding::new(Level::Warning, "policy", outcome)
                .cost("rules that read these fields have no effect"),
        );
    }
    findings
}

/// What the target needs for an account and the mapping does not fill.
fn unmapped(runner: &Runner, target: &TargetCapabilities) -> Option<Finding> {
    let unfilled = target.required().filter(|field| !runner.map.targets().any(|filled| filled == *field));
    let unfilled = unfilled.map(ToString::to_string).collect::<Vec<_>>().join(", ");
    (!unfilled.is_empty()).then(|| {
        Finding::new(Level::Missing, "mapping", format!("the target makes no account without {unfilled}"))
            .cost("nobody who joins gets an account")
            .remedy("fill each of these fields in the mapping")
    })
}

/// What the rules of assignments would give and the target does not have.
fn unknown(runner: &Runner, target: &TargetCapabilities) -> Option<Finding> {
    let missing: BTreeSet<String> = runner
        .policy
        .assignments
        .values()
        .filter(|assignment| target.assigns && !target.knows(assignment))
        .map(|assignment| format!("{} {:?}", assignment.kind.as_str(), assignment.value))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let missing = missing.into_iter().collect::<Vec<_>>().join(", ");
    let finding = Finding::new(Level::Warning, "assignments", format!("the target does not have {missing}"));
    Some(
        finding
            .cost("nobody is given these; each run names the people they concern")
            .remedy("make them in the product, or correct the rules of `assignments`"),
    )
}
