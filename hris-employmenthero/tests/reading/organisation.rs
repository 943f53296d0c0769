//! Which organisation is read.

use hris_core::http::{FnTransport, Response};
use hris_core::{Directory, ErrorKind, Organisation, ReadRequest};
use hris_employmenthero::EmploymentHero;
use hris_employmenthero::sandbox::{Fault, Person};

use super::{builder, directory, sandbox, today};

#[tokio::test(start_paused = true)]
async fn one_is_chosen_by_id_or_exact_name_and_never_guessed() {
    let sandbox = sandbox(3).await;
    let first = sandbox.organisation().to_owned();
    let second = sandbox.add_organisation("Tūī Bakery", false);
    let twin = sandbox.add_organisation("Tūī Bakery", false);
    let baker = sandbox.change(|world| world.hire_into(&second, Person::new("Bo", "Bun"))).unwrap();
    for (wanted, expected) in [
        (None, Err((ErrorKind::Config, &first))),
        (Some("Kererū Café Group"), Ok((&first, 3))),
        (Some(first.as_str()), Ok((&first, 3))),
        (Some(second.as_str()), Ok((&second, 1))),
        (Some("Tūī Bakery"), Err((ErrorKind::Config, &twin))),
        (Some("tūī bakery"), Err((ErrorKind::Permission, &first))),
        (Some("0b0c7a52-4e86-4a4b-9a55-58a0e5c1d2f3"), Err((ErrorKind::Permission, &second))),
    ] {
        let builder = builder(&sandbox);
        let builder = match wanted {
            Some(wanted) => builder.organisation(wanted),
            None => builder,
        };
        let result = builder.build().unwrap().snapshot(&ReadRequest::new(today())).await;
        match (result, expected) {
            (Ok(snapshot), Ok((id, people))) => {
                assert_eq!(snapshot.fingerprint().organisation.as_ref(), Some(id));
                assert_eq!(snapshot.people(), people);
            }
            (Err(error), Err((kind, named))) => {
                assert_eq!(error.kind(), kind, "{wanted:?}: {error}");
                assert!(error.to_string().contains(named.as_str()), "{error}");
            }
            (result, _) => panic!("{wanted:?}: {result:?}"),
        }
    }
    assert!(sandbox.change(|world| world.delete(&baker)).is_ok());
    let seen = directory(&sandbox).organisations().await.unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen.contains(&Organisation::new(second, "Tūī Bakery")));
}

#[tokio::test(start_paused = true)]
async fn a_grant_shows_one_organisation_with_single_sign_on_at_most() {
    let sandbox = sandbox(1).await;
    let own = sandbox.organisation().to_owned();
    let secure = sandbox.add_organisation("Secure", true);
    let other = sandbox.add_organisation("Secure too", true);
    assert_eq!(directory(&sandbox).organisations().await.unwrap().len(), 1);
    sandbox.sign_in(&secure);
    let seen: Vec<String> =
        directory(&sandbox).organisations().await.unwrap().into_iter().map(|one| one.id).collect();
    assert_eq!(seen, [own, secure]);
    let wanted = builder(&sandbox).organisation(other).build().unwrap();
    let error = wanted.snapshot(&ReadRequest::new(today())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Permission);
}

#[tokio::test(start_paused = true)]
async fn where_organisations_may_not_be_listed_an_id_is_enough() {
    let sandbox = sandbox(2).await;
    sandbox.inject(Fault::Status(403).on("/api/v1/organisations"));
    let request = ReadRequest::new(today());
    let by_id = builder(&sandbox).organisation(sandbox.organisation()).build().unwrap();
    let snapshot = by_id.snapshot(&request).await.unwrap();
    assert_eq!((snapshot.people(), snapshot.fingerprint().credential.clone()), (2, None));
    for directory in
        [builder(&sandbox).organisation("Kererū Café Group").build().unwrap(), directory(&sandbox)]
    {
        let error = directory.snapshot(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        assert!(error.to_string().contains("organisations:list"), "{error}");
    }
}

/// Some organisations are addressed by a plain number, which may come as a number or as text.
#[tokio::test(start_paused = true)]
async fn an_organisation_whose_id_is_a_number() {
    for (listed, wanted) in
        [(true, None), (true, Some("450790")), (true, Some("Mill")), (false, Some("450790"))]
    {
        let vendor = FnTransport::new(move |request| async move {
            let page = |items: &str| {
                format!(
                    r#"{{"data":{{"items":[{items}],"page_index":1,"item_per_page":100,"total_items":1,"total_pages":1}}}}"#
                )
            };
            let (status, body) = match request.url().path() {
                "/api/v1/organisations" if listed => (200, page(r#"{"id":450790,"name":"Mill"}"#)),
                "/api/v1/organisations" => (403, "{}".to_owned()),
                "/api/v1/organisations/450790" => (
                    200,
                    r#"{"data":{"id":450790,"name":"Mill","employees_count":1,"active_employees_count":1}}"#
                        .to_owned(),
                ),
                "/api/v1/organisations/450790/employees" => {
                    (200, page(r#"{"id":"e-1","status":"active","first_name":"Ada"}"#))
                }
                _ => (404, "{}".to_owned()),
            };
            Ok(Response::new(status).with_header("content-type", "application/json").with_body(body))
        });
        let mut builder = EmploymentHero::builder()
            .transport(vendor)
            .access_token(hris_core::Secret::from("token".to_owned()));
        if let Some(wanted) = wanted {
            builder = builder.organisation(wanted);
        }
        let snapshot = builder.build().unwrap().snapshot(&ReadRequest::new(today())).await.unwrap();
        assert_eq!(snapshot.fingerprint().organisation.as_deref(), Some("450790"), "{listed} {wanted:?}");
        assert_eq!((snapshot.people(), snapshot.hidden()), (1, None));
    }
}

#[tokio::test(start_paused = true)]
async fn the_organisations_that_are_seen_tell_one_credential_from_another() {
    let sandbox = sandbox(1).await;
    let request = ReadRequest::new(today());
    let read = || async {
        let directory = builder(&sandbox).organisation(sandbox.organisation()).build().unwrap();
        directory.snapshot(&request).await.unwrap().fingerprint().credential.clone()
    };
    let before = read().await;
    assert_eq!(before, read().await);
    sandbox.add_organisation("Another", false);
    assert_ne!(before, read().await);
}

#[test]
fn settings_that_cannot_be_right() {
    let token = || hris_core::Secret::from("token".to_owned());
    let with = || EmploymentHero::builder().access_token(token());
    for (builder, says) in [
        (EmploymentHero::builder(), "credential"),
        (EmploymentHero::builder().access_token(hris_core::Secret::from(" ".to_owned())), "access token"),
        (with().page_size(0), "page_size"),
        (with().page_size(101), "page_size"),
        (with().concurrency(0), "concurrency"),
        (with().rate_limit(hris_core::RateLimit::per_second(0).per_minute(5)), "rate_limit"),
        (with().organisation(" "), "organisation"),
        (with().base_url("https://api.yourpayroll.com.au"), "payroll product"),
        (with().base_url("https://api.keypay.com.au/api/v2"), "payroll product"),
        (with().base_url("https://YOURPAYROLL.com.au"), "payroll product"),
        (with().base_url("http://api.employmenthero.com"), "https"),
        (with().base_url("https://a@b.example"), "user name"),
    ] {
        let shown = format!("{builder:?}");
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(says), "{error}");
        assert!(!shown.contains("token"), "{shown}");
    }
    assert!(with().base_url("https://notkeypay.com.au").build().is_ok(), "another host that ends alike");
}
