//! Credentials are renewed once, and neither they nor people are shown.

use super::*;

/// A credential that is renewed once it is refused.
#[derive(Debug)]
struct Renewing {
    token: AtomicU64,
    renewals: Arc<AtomicU64>,
    may: bool,
}

#[async_trait]
impl Authorize for Renewing {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        headers.set("authorization", format!("Bearer {}", self.token.load(Ordering::SeqCst)));
        Ok(())
    }

    async fn refresh(&self) -> Result<bool> {
        sleep(Duration::from_millis(100)).await;
        self.renewals.fetch_add(1, Ordering::SeqCst);
        self.token.fetch_add(1, Ordering::SeqCst);
        Ok(self.may)
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_credential_is_renewed_once_for_all_and_each_request_repeated_once() {
    for (accepted, may, sent, ends) in [
        ("Bearer 1", true, 8, None),
        ("never", true, 8, Some(ErrorKind::Auth)),
        ("never", false, 4, Some(ErrorKind::Auth)),
    ] {
        let (renewals, count) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = count.clone();
        let client = Client::builder("https://hr.example")
            .authorization(Renewing { token: AtomicU64::new(0), renewals: renewals.clone(), may })
            .transport(FnTransport::new(move |outgoing: Outgoing| {
                counted.fetch_add(1, Ordering::SeqCst);
                async move {
                    sleep(Duration::from_millis(10)).await;
                    if outgoing.headers().value("authorization") == Some(accepted) {
                        ok()
                    } else {
                        status(401)
                    }
                }
            }))
            .build()
            .unwrap();
        let request = write();
        for result in join_all((0..4).map(|_| client.send(&request))).await {
            assert_eq!(result.err().map(|error| error.kind()), ends);
        }
        assert_eq!((renewals.load(Ordering::SeqCst), count.load(Ordering::SeqCst)), (1, sent), "{accepted}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_cannot_be_renewed_is_refused_at_once() {
    let script = Script::new([status(401)]);
    let client = script.builder().authorization(Bearer::new(Secret::from(TOKEN.to_owned()))).build().unwrap();
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Auth, 1));
    let sent = script.sent.lock().unwrap()[0].1.clone();
    assert_eq!(sent.headers().value("Authorization"), Some("Bearer canary-token-5f1c"));
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_a_setting_to_correct() {
    for token in ["", "  ", "a\r\nx-evil: 1", "a\nb", "a\0"] {
        let script = Script::default();
        let client =
            script.builder().authorization(Bearer::new(Secret::from(token.to_owned()))).build().unwrap();
        let error = client.send(&read()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Config, 0), "{token:?}");
    }
    assert!(Client::builder("https://hr.example").header("a b", "c").build().is_err());
}

fn basic(user: &str, password: &str) -> Basic {
    Basic::new(Secret::from(user.to_owned()), Secret::from(password.to_owned()))
}

#[tokio::test(start_paused = true)]
async fn a_user_and_a_password_are_sent_as_http_basic_does_and_never_shown() {
    // The first two are the examples of RFC 7617.
    for (user, password, sent) in [
        ("Aladdin", "open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ("test", "123\u{a3}", "Basic dGVzdDoxMjPCow=="),
        ("key", "", "Basic a2V5Og=="),
        ("", "key", "Basic OmtleQ=="),
        ("ada", "a:b", "Basic YWRhOmE6Yg=="),
    ] {
        let script = Script::default();
        let client = script.builder().authorization(basic(user, password)).build().unwrap();
        client.send(&read()).await.unwrap();
        let outgoing = script.sent.lock().unwrap()[0].1.clone();
        assert_eq!(outgoing.headers().value("authorization"), Some(sent));
        let shown = format!("{:?} {client:?} {outgoing:?}", basic(user, password));
        assert!(!shown.contains("Aladdin") && !shown.contains("sesame") && !shown.contains("QWx"), "{shown}");
    }
    let script = Script::new([status(401)]);
    let client = script.builder().authorization(basic("ada", "old")).build().unwrap();
    let error = client.send(&read()).await.unwrap_err();
    assert_eq!((error.kind(), script.count()), (ErrorKind::Auth, 1), "it cannot be renewed");
}

#[tokio::test]
async fn a_user_or_a_password_that_http_basic_cannot_carry_is_a_setting_to_correct() {
    for (user, password) in
        [("", ""), (" ", ""), ("a:b", "c"), ("a\nb", "c"), ("a", "c\r\nx-evil: 1"), ("a", "\0")]
    {
        let script = Script::default();
        let client = script.builder().authorization(basic(user, password)).build().unwrap();
        let error = client.send(&read()).await.unwrap_err();
        assert_eq!((error.kind(), script.count()), (ErrorKind::Config, 0), "{user:?} {password:?}");
        assert!(!error.to_string().contains("evil"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn neither_token_nor_person_is_in_any_debug_or_error() {
    const PERSON: &str = "canary-person-77aa";
    let request = || {
        Request::post("create person")
            .segments(["people", PERSON])
            .query("email", PERSON)
            .header("x-key", TOKEN)
            .json(&serde_json::json!({ "name": PERSON, "secret": TOKEN }))
            .unwrap()
    };
    let list = || Request::get("list people").query("email", PERSON).header("x-key", TOKEN);
    let body = format!("{{\"name\":\"{PERSON}\",\"token\":\"{TOKEN}\"}}");
    let page = |code: u16| Response::new(code).with_header("x-echo", TOKEN).with_body(body.clone());
    let mut shown = vec![format!("{:?} {:?} {:?}", request(), list(), page(200))];
    let bearer = || Bearer::new(Secret::from(TOKEN.to_owned()));
    for code in [200, 201, 302, 307, 400, 401, 403, 404, 409, 418, 422, 429, 500, 503] {
        for request in [request(), list()] {
            let answers = (0..9).map(|_| {
                Ok(page(code)
                    .with_header("location", format!("https://evil.example/{PERSON}"))
                    .with_header("x-request-id", format!("{PERSON} {TOKEN}")))
            });
            let script = Script::new(answers);
            let builder = script.builder().authorization(bearer()).header("x-static", TOKEN);
            shown.push(format!("{builder:?}"));
            let client = builder.build().unwrap();
            shown.push(format!("{client:?}"));
            // The body is an object, so reading it as a list of numbers fails and may quote it.
            shown.extend(client.json::<Vec<u8>>(&request).await.err().iter().flat_map(all_of));
            shown.push(format!("{:?}", script.sent.lock().unwrap()));
        }
    }
    shown.extend(
        Script::default()
            .client()
            .link("next page", &format!("https://{PERSON}.example"))
            .err()
            .iter()
            .flat_map(all_of),
    );
    let refused = Client::builder(&format!("https://{TOKEN}:{TOKEN}@hr.example/{PERSON}"))
        .proxy(format!("http://u:{TOKEN}@127.0.0.1:1").parse().unwrap());
    shown.push(format!("{refused:?}"));
    let refused = refused.build();
    shown.extend(refused.err().iter().flat_map(all_of));
    let form = Request::post("refresh").form([("refresh_token", TOKEN)]);
    shown.push(format!("{form:?}"));
    assert!(shown.len() > 80);
    for text in shown {
        assert!(!text.contains(TOKEN) && !text.contains(PERSON), "{text}");
    }
}

fn all_of(error: &Error) -> Vec<String> {
    let mut all = vec![format!("{error} {error:?} {error:#?}")];
    let mut source = error.source();
    while let Some(cause) = source {
        all.push(format!("{cause} {cause:?}"));
        source = cause.source();
    }
    all
}
