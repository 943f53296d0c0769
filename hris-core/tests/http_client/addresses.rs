//! Where requests go, and where they never go.

use super::*;

fn redirect(code: u16, location: &str) -> Answer {
    Ok(Response::new(code).with_header("location", location))
}

#[tokio::test(start_paused = true)]
async fn redirects_stay_on_the_origin_are_few_and_only_for_reads() {
    for code in [301, 302, 303, 307, 308] {
        let script = Script::new([redirect(code, "/elsewhere?a=b")]);
        script.client().send(&read()).await.unwrap();
        assert_eq!(script.sent.lock().unwrap()[1].1.url().as_str(), "https://hr.example/elsewhere?a=b");
    }
    for location in [
        "https://evil.example/api/people",
        "//evil.example/",
        "http://hr.example/api/people",
        "https://hr.example:8443/",
        "https://user@hr.example/",
        "https://login.hr.example/",
        "javascript:alert(1)",
        "https://",
    ] {
        let script = Script::new([redirect(302, location)]);
        let error = script.client().send(&read()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Protocol, 1), "{location}");
        assert!(!error.to_string().contains("evil"), "{error}");
    }
    let script = Script::new((0..9).map(|_| redirect(302, "/api/people")));
    assert_eq!(script.client().send(&read()).await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(script.count(), 4);
    for (code, kind) in
        [(307, ErrorKind::Protocol), (308, ErrorKind::Protocol), (302, ErrorKind::UnknownOutcome)]
    {
        let script = Script::new([redirect(code, "/elsewhere")]);
        let error = script.client().send(&write()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (kind, 1), "{code}");
    }
}

#[test]
fn a_link_gives_its_path_and_query_only() {
    let client = Script::default().client();
    assert!(client.link("next page", "https://hr.example/api/people?cursor=a%2Fb").is_ok());
    assert!(client.link("next page", "/api/people?cursor=c").is_ok());
    for link in [
        "https://evil.example/api",
        "//evil.example",
        "http://hr.example/",
        "https://hr.example@evil.example/",
        "https://a@hr.example/",
        "data:x",
    ] {
        assert_eq!(client.link("next page", link).unwrap_err().kind(), ErrorKind::Protocol, "{link}");
    }
}

#[tokio::test]
async fn a_link_is_sent_to_our_own_address() {
    let script = Script::default();
    let client = script.client();
    let next = client.link("next page", "https://hr.example/v2/people?cursor=a%2Fb&x=1#top").unwrap();
    client.send(&next).await.unwrap();
    assert_eq!(
        script.sent.lock().unwrap()[0].1.url().as_str(),
        "https://hr.example/v2/people?cursor=a%2Fb&x=1"
    );
}

#[tokio::test]
async fn addresses_are_built_not_joined() {
    for (id, path) in [
        ("a b", "/api/people/a%20b"),
        ("a/../b", "/api/people/a%2F..%2Fb"),
        ("a?b#c", "/api/people/a%3Fb%23c"),
        ("%2e%2e", "/api/people/%252e%252e"),
        ("é", "/api/people/%C3%A9"),
    ] {
        let script = Script::default();
        script.client().send(&Request::get("read person").segments(["people", id])).await.unwrap();
        assert_eq!(script.sent.lock().unwrap()[0].1.url().path(), path);
    }
    for id in ["", ".", ".."] {
        let script = Script::default();
        let error =
            script.client().send(&Request::get("read person").segments(["people", id])).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Config, 0), "{id:?}");
    }
    let script = Script::default();
    script.client().send(&read().trailing_slash()).await.unwrap();
    assert_eq!(script.sent.lock().unwrap()[0].1.url().path(), "/api/people/");
    let script = Script::default();
    script.client().send(&read().query("$limit", 250).query("q", "a&b=c ü")).await.unwrap();
    let url = script.sent.lock().unwrap()[0].1.url().clone();
    assert_eq!(
        url.query_pairs().collect::<Vec<_>>(),
        [("$limit".into(), "250".into()), ("q".into(), "a&b=c ü".into())]
    );
}

#[test]
fn addresses_that_cannot_be_meant_are_refused_before_anything_is_sent() {
    for (base, plain, loopback) in [
        ("https://hr.example", true, true),
        ("https://hr.example/api/", true, true),
        ("https://127.0.0.1:8443", true, true),
        ("http://127.0.0.1:8080", false, true),
        ("http://[::1]:8080", false, true),
        ("http://localhost", false, true),
        ("http://hr.example", false, false),
        ("http://localhost.evil.example", false, false),
        ("http://192.168.0.1", false, false),
        ("http://0.0.0.0", false, false),
        ("https://user@hr.example", false, false),
        ("https://user:pass@hr.example", false, false),
        ("https://hr.example/?a=b", false, false),
        ("https://evil.example/#.hr.example", false, false),
        ("ftp://hr.example", false, false),
        ("data:text/plain,x", false, false),
        ("hr.example", false, false),
        ("", false, false),
    ] {
        let built = |builder: ClientBuilder| match builder.build() {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Config);
                // Names the method that allows what can be allowed.
                let told = error.to_string().contains("allow_http_loopback()");
                assert_eq!(told, loopback && !plain, "{base}: {error}");
                false
            }
        };
        assert_eq!(built(Client::builder(base)), plain, "{base}");
        assert_eq!(built(Client::builder(base).allow_http_loopback()), loopback, "{base} with loopback");
    }
}
