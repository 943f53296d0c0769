//! What `check` says about the token and the company, and that a run agrees with it.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use hris_core::{Date, Directory, Finding, Level, ReadRequest, Secret};
use hris_humaans::Humaans;
use hris_humaans::sandbox::{Fault, Sandbox};

async fn company() -> Sandbox {
    Sandbox::builder().employees(12).plain().today("2026-11-24").start().await.expect("a free port")
}

fn connect(sandbox: &Sandbox) -> Humaans {
    let builder = Humaans::builder().transport(sandbox.transport()).base_url(sandbox.url());
    let token = Secret::from(sandbox.token().to_owned());
    builder.allow_http_loopback().token(token).build().expect("right settings")
}

fn everything() -> ReadRequest {
    ReadRequest::everything("2026-11-24".parse::<Date>().expect("a day"))
}

#[tokio::test(start_paused = true)]
async fn the_company_is_named_so_that_another_one_s_token_shows() {
    for (company, level, said) in [
        (None, Level::Passed, "Tallow Mill Ltd; its account is active"),
        (
            Some(r#"{"name":"Brass Mill","status":"suspended"}"#),
            Level::Warning,
            "Brass Mill; its account is suspended",
        ),
        (Some(r#"{"name":"Brass Mill"}"#), Level::Passed, "Brass Mill"),
        (Some(r#"{"status":"trial"}"#), Level::Passed, "its name is not given; its account is trial"),
    ] {
        let sandbox = self::company().await;
        if let Some(company) = company {
            let body = format!(r#"{{"total":1,"limit":100,"skip":0,"data":[{company}]}}"#);
            sandbox.inject(Fault::Body(body.into_bytes()).on("/companies"));
        }
        let check = connect(&sandbox).check(&everything()).await.expect("an answer");
        let found: Vec<&Finding> =
            check.findings.iter().filter(|finding| finding.subject == "company").collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].level, found[0].outcome.as_str()), (level, said));
    }
}

#[tokio::test(start_paused = true)]
async fn scopes_that_are_no_list_of_texts_are_found_out_by_trying() {
    for scopes in [
        r#"[1,2]"#,
        r#"["private:read",1]"#,
        r#"[["private:read"]]"#,
        r#"[{"name":"x"}]"#,
        r#""private:read""#,
        "null",
        "{}",
        "7",
        "true",
        "[]",
        "[null]",
    ] {
        let sandbox = company().await;
        let body = format!(r#"{{"id":"t","scopes":{scopes}}}"#);
        sandbox.inject(Fault::Body(body.into_bytes()).on("/token-info"));
        let humaans = connect(&sandbox);
        let check = humaans.check(&everything()).await.expect("an answer");
        let told = check.findings.iter().find(|finding| finding.subject == "token scopes");
        assert!(told.is_some_and(|finding| finding.outcome.contains("tries each one")), "{scopes}");
        assert!(check.level() < Level::Missing, "{scopes}: {check:?}");
        let snapshot = humaans.snapshot(&everything()).await.expect("a whole directory");
        assert_eq!((snapshot.people(), snapshot.fingerprint().scopes.is_none()), (12, true), "{scopes}");
    }
}
