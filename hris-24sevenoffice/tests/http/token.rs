//! The two tokens, and a 401 that means two things.

use std::time::Duration;

use hris_24sevenoffice::sandbox::{CANARY, ExpiresOn, Fault, OWN_WORDS};
use hris_core::{Directory, ErrorKind, Level, Secret};

use super::support::{builder, everything, id, payroll, sandbox, three};

#[tokio::test(start_paused = true)]
async fn one_access_token_serves_many_requests_until_a_minute_before_its_end() {
    for (told, lives) in [
        (ExpiresOn::Offset("+01:00".into()), 3600),
        (ExpiresOn::Offset("+02:00".into()), 3600),
        // Not told, or absurd: ten minutes.
        (ExpiresOn::Missing, 600),
        (ExpiresOn::Text(String::new()), 600),
        (ExpiresOn::Text("2026-11-24".into()), 600),
        (ExpiresOn::Text("2099-01-01T00:00:00+01:00".into()), 600),
        (ExpiresOn::Text("2020-01-01T00:00:00+01:00".into()), 600),
    ] {
        let sandbox = sandbox(10).await;
        sandbox.behave(|behaviour| behaviour.expires_on = told.clone());
        let payroll = payroll(&sandbox);
        payroll.snapshot(&everything()).await.unwrap();
        payroll.snapshot(&everything()).await.unwrap();
        assert_eq!(sandbox.requests_to("/auth"), 1, "{told:?}");
        tokio::time::advance(Duration::from_secs(lives - 65)).await;
        payroll.snapshot(&everything()).await.unwrap();
        assert_eq!(sandbox.requests_to("/auth"), 1, "{told:?}");
        tokio::time::advance(Duration::from_secs(6)).await;
        payroll.snapshot(&everything()).await.unwrap();
        assert_eq!(sandbox.requests_to("/auth"), 2, "{told:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_access_token_that_ends_in_mid_run_is_renewed_once() {
    let sandbox = sandbox(10).await;
    let payroll = payroll(&sandbox);
    sandbox.inject(
        hris_24sevenoffice::sandbox::Injection::then(|company| company.expire_access())
            .on("/employment/v2/44")
            .once(),
    );
    let snapshot = payroll.snapshot(&everything()).await.unwrap();
    assert_eq!((snapshot.employees().len(), snapshot.set_aside().len()), (10, 0));
    assert_eq!(sandbox.requests_to("/auth"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_dead_token_ends_the_connection_and_a_bad_day_does_not() {
    let sandbox = sandbox(3).await;
    let wrong = builder(&sandbox).token(Secret::from("mistyped".to_owned())).build().unwrap();
    let error = wrong.snapshot(&everything()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Auth, "{error}");
    assert!(error.to_string().contains("create a new one"), "{error}");
    assert_eq!(wrong.check(&everything()).await.unwrap().level(), Level::Refused);

    for status in [400, 403, 404, 500] {
        let payroll = payroll(&sandbox);
        sandbox.inject(Fault::Status(status).on("/auth"));
        let error = payroll.snapshot(&everything()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{status}: {error}");
        assert!(error.is_transient());
        sandbox.clear_faults();
        payroll.snapshot(&everything()).await.unwrap();
    }

    let payroll = payroll(&sandbox);
    payroll.snapshot(&everything()).await.unwrap();
    let token = sandbox.token().to_owned();
    sandbox.change(|company| company.revoke_token(&token)).unwrap();
    assert_eq!(payroll.snapshot(&everything()).await.unwrap_err().kind(), ErrorKind::Auth);
}

#[tokio::test(start_paused = true)]
async fn a_401_on_a_record_is_about_the_record() {
    let sandbox = three().await;
    let payroll = payroll(&sandbox);
    sandbox.inject(Fault::Status(401).on("/employment/v2/42"));
    let snapshot = payroll.snapshot(&everything()).await.unwrap();
    assert_eq!(snapshot.set_aside(), [id("42")]);
    assert_eq!(snapshot.employees().len(), 2);
    assert!(snapshot.absence_counts());
    // Asked twice, with a renewal between, and never again.
    assert_eq!((sandbox.requests_to("/employment/v2/42"), sandbox.requests_to("/auth")), (2, 2));

    // More than one person, and the directory is not whole.
    sandbox.inject(Fault::Status(401).on("/employment/v2/43"));
    assert_eq!(payroll.snapshot(&everything()).await.unwrap_err().kind(), ErrorKind::Incomplete);
    sandbox.clear_faults();

    // A list is nobody's record.
    sandbox.inject(Fault::Status(401).on("/employee/v2"));
    assert_eq!(payroll.snapshot(&everything()).await.unwrap_err().kind(), ErrorKind::Protocol);
    sandbox.clear_faults();
    assert_eq!(payroll.snapshot(&everything()).await.unwrap().employees().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn neither_token_is_in_a_request_log_an_error_or_a_debug_output() {
    let sandbox = three().await;
    let elsewhere = "https://evil.example/api/auth".to_owned();
    let mut shown = Vec::new();
    for fault in [
        Fault::Status(401),
        Fault::Status(500),
        Fault::LoginPage,
        Fault::Redirect(302, elsewhere.clone()),
        Fault::Redirect(302, format!("{}/auth?token=again", sandbox.url())),
        Fault::Body(br#"{"accessToken":""}"#.to_vec()),
        Fault::Body(b"7".to_vec()),
        Fault::Truncated,
        Fault::Disconnect,
    ] {
        for path in ["/auth", "/employee/v2"] {
            let payroll = builder(&sandbox).build().unwrap();
            sandbox.inject(fault.clone().on(path));
            let error = payroll.snapshot(&everything()).await.unwrap_err();
            shown.push(format!("{error} {error:?} {payroll:?} {:?}", payroll.check(&everything()).await));
            sandbox.clear_faults();
        }
    }
    for request in sandbox.requests() {
        shown.push(format!("{request:?} {:?} {:?} {:?}", request.path, request.query, request.headers));
    }
    shown.push(format!("{:?}", builder(&sandbox)));
    for text in &shown {
        for secret in [sandbox.token(), "fjordkaffe%2Btoken", "fjordkaffe-access-", CANARY, OWN_WORDS] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
        assert!(!text.contains("token="), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_header_of_the_token_can_be_another() {
    let sandbox = three().await;
    let payroll = builder(&sandbox).auth_header("authorization2").build().unwrap();
    // The sandbox looks at Authorization, so nobody is signed in.
    let error = payroll.snapshot(&everything()).await.unwrap_err();
    assert_ne!(error.kind(), ErrorKind::Auth, "a refused record never ends a connection");
    let carried =
        sandbox.requests().iter().filter(|request| request.header("authorization2").is_some()).count();
    assert!(carried >= 2);
}
