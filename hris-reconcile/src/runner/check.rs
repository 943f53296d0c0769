//! Whether a run could work, found out beforehand.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::TargetCapabilities;
use hris_core::{Finding, Level, Link, Preflight, SourceField, TargetField, Timestamp, User, UserId};

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
    blocked: Option<ErrorKind>,
}

impl Check {
    /// All findings: source, mapping, target, state.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.source.findings.iter().chain(&self.mapping).chain([&self.target, &self.state])
    }

    /// The worst level of any finding.
    #[must_use]
    pub fn level(&self) -> Level {
        self.findings().map(|finding| finding.level).max().unwrap_or(Level::Passed)
    }

    /// Fails unless nothing required is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] naming what the source's credential lacks, else [`ErrorKind::Target`],
    /// [`ErrorKind::Auth`] or [`ErrorKind::State`] for target and state.
    pub fn require(&self) -> Result<()> {
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
    let target = match runner.calls.check().await {
        Ok(()) => Finding::new(Level::Passed, "target", "it can be reached and written"),
        Err(error) => {
            let auth = error.kind == TargetErrorKind::Auth;
            blocked = Some(if auth { ErrorKind::Auth } else { ErrorKind::Target });
            let level = if auth { Level::Refused } else { Level::Missing };
            Finding::new(level, "target", error.to_string())
        }
    };
    let mut target = target;
    let state = match runner.store.load(&runner.connection).await {
        Ok(state) => {
            if blocked.is_none()
                && let Some(finding) = other_accounts(runner, &state).await
            {
                blocked = Some(ErrorKind::Target);
                target = finding;
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
    let mut mapping = mapping(runner);
    // A target that does not answer has been told of already.
    if let Ok(capabilities) = runner.calls.capabilities().await {
        mapping.extend(unknown(runner, &capabilities));
    }
    Ok(Check { source, mapping, target, state, blocked })
}

/// That the accounts behind the links are not the ones that were linked; `None` if they are, or where that
/// cannot be found out.
async fn other_accounts(runner: &Runner, state: &State) -> Option<Finding> {
    let was = state.baseline.as_ref().and_then(|last| last.target.as_deref());
    let is = runner.calls.identity().await.ok()?;
    let users = runner.calls.users().await.ok()?;
    let keeps_ids = !runner.calls.capabilities().await.ok()?.unkept.contains(&TargetField::ExternalId);
    let outcome = what_differs(&state.links, &users, (was, is.as_deref()), keeps_ids)?;
    Some(
        Finding::new(Level::Missing, "target", outcome)
            .cost("the links are about other accounts, so a run changes nothing and is refused")
            .remedy(
                "put the old database back under [target]; if the move is meant, start with a new state file: the \
                 first run then only matches",
            ),
    )
}

fn what_differs(
    links: &[Link],
    users: &[User],
    (was, is): (Option<&str>, Option<&str>),
    keeps_ids: bool,
) -> Option<String> {
    if links.is_empty() {
        return None;
    }
    if was.is_some() && was != is {
        return Some("it is another one than at the last whole run: its own id is not the same".to_owned());
    }
    let accounts: BTreeMap<&UserId, &User> = users.iter().map(|user| (&user.id, user)).collect();
    let found = |link: &&Link| accounts.contains_key(&link.user);
    if !links.iter().any(|link| found(&link)) {
        return Some(format!("it lists none of the {} linked accounts", links.len()));
    }
    let carries_another = |link: &&Link| {
        let carried = accounts.get(&link.user).map(|user| user.value(&TargetField::ExternalId));
        link.external_id.is_some() && carried.is_some_and(|carried| carried != link.external_id.as_deref())
    };
    let replaced = links.iter().filter(carries_another).count();
    let most = (links.len() / 10).max(3);
    (keeps_ids && replaced > most).then(|| {
        let all = links.len();
        format!("{replaced} of {all} linked accounts do not carry the external id that they were given")
    })
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

/// What the rules of assignments would give and the target does not have.
fn unknown(runner: &Runner, target: &TargetCapabilities) -> Option<Finding> {
    let missing: BTreeSet<String> = runner
        .policy
        .assignments
        .values()
        .filter(|grant| target.assigns && !target.knows(grant))
        .map(|grant| format!("{} {:?}", grant.kind.as_str(), grant.value))
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
