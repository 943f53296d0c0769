//! The preflight names what is missing, in the vendor's words.

use std::collections::BTreeSet;
use std::sync::Arc;

use hris_core::{
    Directory, Finding, Level, MemoryTokens, Organisation, Preflight, ReadRequest, SourceField,
    StandardField, TokenStore,
};
use hris_employmenthero::sandbox::{CANARY, OWN_WORDS, Sandbox};
use hris_employmenthero::{EmploymentHero, ScopeNotation, scopes};

use super::{builder, directory, everything, sandbox, today};

fn finding<'p>(preflight: &'p Preflight, subject: &str) -> Option<&'p Finding> {
    preflight.findings.iter().find(|finding| finding.subject == subject && finding.level > Level::Passed)
}

fn mapping() -> ReadRequest {
    ReadRequest::new(today())
        .with_field(StandardField::Email)
        .with_field(StandardField::Location)
        .with_field(StandardField::Teams)
}

async fn connected(sandbox: &Sandbox, scopes: BTreeSet<String>) -> EmploymentHero {
    let kept = MemoryTokens::default();
    kept.replace(0, &sandbox.tokens_of(scopes)).await.unwrap();
    EmploymentHero::builder()
        .base_url(sandbox.url())
        .allow_http_loopback()
        .transport(sandbox.transport())
        .oauth(sandbox.oauth().transport(sandbox.transport()).build().unwrap(), Arc::new(kept))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_full_grant_passes() {
    let sandbox = Sandbox::builder().employees(60).start().await.unwrap();
    let scopes = scopes(&mapping(), ScopeNotation::ResourceAction).into_iter().collect();
    let preflight = connected(&sandbox, scopes).await.check(&mapping()).await.unwrap();
    let grave: Vec<&Finding> = preflight
        .findings
        .iter()
        .filter(|finding| finding.level > Level::Passed && finding.subject != "base_url")
        .collect();
    assert!(grave.is_empty(), "{grave:#?}");
    let organisation = Organisation::new(sandbox.organisation(), "Kererū Café Group");
    assert_eq!(preflight.organisation, Some(organisation));
    preflight.require().unwrap();
    let words = preflight.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    assert!(
        words.contains("places to be mapped") && words.contains("dedicated full administrator"),
        "{words}"
    );
}

#[tokio::test(start_paused = true)]
async fn each_missing_scope_is_named_and_what_it_costs() {
    let request = mapping().with_field("custom.Locker".parse::<SourceField>().unwrap());
    for (lost, subject, level) in [
        ("organisations:list", "organisation", Level::Missing),
        ("organisations:show", "scope organisations:show", Level::Warning),
        ("employees:list", "scope employees:list", Level::Missing),
        ("employees:show", "scope employees:show", Level::Warning),
        ("teams:list", "scope teams:list", Level::Warning),
        ("work_locations:list", "scope work_locations:list", Level::Warning),
        ("custom_fields:list", "custom fields", Level::Warning),
        ("employees:custom_fields:list", "custom fields", Level::Warning),
    ] {
        let sandbox = sandbox(2).await;
        sandbox.change(|world| world.add_custom_field("Locker"));
        let mut scopes = sandbox.tokens().scopes.unwrap();
        assert!(scopes.remove(lost));
        let preflight = connected(&sandbox, scopes).await.check(&request).await.unwrap();
        let found = finding(&preflight, subject).unwrap_or_else(|| panic!("{lost}: {preflight:#?}"));
        assert_eq!(found.level, level, "{lost}");
        assert!(found.cost.is_some(), "{found}");
        assert_eq!(preflight.require().is_err(), level == Level::Missing, "{lost}");
        assert!(![CANARY, OWN_WORDS].iter().any(|words| format!("{preflight:?}").contains(words)));
        if lost.starts_with("employees:list") || lost.starts_with("organisations:list") {
            assert!(found.to_string().contains(lost), "{found}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn several_organisations_and_none_chosen() {
    let sandbox = sandbox(1).await;
    let other = sandbox.add_organisation("Another", false);
    let preflight = directory(&sandbox).check(&mapping()).await.unwrap();
    let found = finding(&preflight, "organisation").unwrap();
    assert!(found.level == Level::Missing && found.outcome.contains(&other), "{found}");
    let chosen = builder(&sandbox).organisation("Another").build().unwrap();
    assert_eq!(chosen.check(&mapping()).await.unwrap().organisation.map(|one| one.id), Some(other));
}

#[tokio::test(start_paused = true)]
async fn people_who_are_hidden_are_noticed() {
    let sandbox = sandbox(10).await;
    let owner = sandbox.people()[0].id.clone();
    sandbox.hide([owner]);
    let preflight = directory(&sandbox).check(&mapping()).await.unwrap();
    let found = finding(&preflight, "everybody").unwrap();
    assert!(
        found.level == Level::Warning && found.outcome.contains('9') && found.outcome.contains("10"),
        "{found}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dead_grant_is_refused_and_says_the_way_back() {
    let sandbox = sandbox(1).await;
    let directory = connected(&sandbox, sandbox.tokens().scopes.unwrap()).await;
    sandbox.revoke_all();
    let preflight = directory.check(&mapping()).await.unwrap();
    let found = finding(&preflight, "grant").unwrap();
    assert!(found.level == Level::Refused && found.to_string().contains("reconnect"), "{found}");
}

#[tokio::test(start_paused = true)]
async fn what_custom_fields_cost_is_told_before() {
    let sandbox = sandbox(300).await;
    let preflight = directory(&sandbox).check(&everything()).await.unwrap();
    let found = finding(&preflight, "custom fields").unwrap();
    assert!(found.outcome.contains("300 requests, about 4 min at 95 a minute"), "{found}");
    for (request, expected) in [(mapping(), 5), (everything(), 306)] {
        let directory = directory(&sandbox);
        let cost = directory.cost(&request).await.unwrap().unwrap();
        assert_eq!((cost.requests, cost.per_minute), (expected, 95));
        // As many as were told, but for the empty page behind a full one.
        let snapshot = directory.snapshot(&request).await.unwrap();
        assert_eq!(snapshot.requests(), expected + 1);
    }
}
