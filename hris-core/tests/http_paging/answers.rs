//! Answers that are no page of a list.

use super::*;

fn answering(answer: impl Fn(u64, &Outgoing) -> Response + Send + Sync + 'static) -> Client {
    let count = AtomicU64::new(0);
    Client::builder("https://hr.example")
        .seed(1)
        .transport(FnTransport::new(move |outgoing| {
            let answer = answer(count.fetch_add(1, Ordering::Relaxed) + 1, &outgoing);
            async move { Ok(answer) }
        }))
        .build()
        .unwrap()
}

fn honest(outgoing: &Outgoing) -> Response {
    let asked = Asked { number: 0, skip: number(outgoing, "skip").unwrap(), limit: 25 };
    Response::new(200).with_body(World::of(100).honest(asked).to_string())
}

#[tokio::test]
async fn a_later_page_that_is_refused_begins_the_listing_again() {
    for (status, number_of_refusals, expected) in
        [(410, 1, "100 rows, total Some(100), Total, listing 2…"), (400, 9, REFUSED)]
    {
        let refusals = AtomicU64::new(number_of_refusals);
        let client = answering(move |_, outgoing| {
            let later = number(outgoing, "skip") == Some(50);
            let left = |left: u64| left.checked_sub(1);
            if later && refusals.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok() {
                return Response::new(status);
            }
            honest(outgoing)
        });
        let told = outcome(&list_all(&client, &PEOPLE, &Options::default()).await);
        assert!(told.starts_with(expected.trim_end_matches('…')), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_list_is_never_an_empty_one() {
    for (status, body, kind) in [
        (404, "", ErrorKind::Protocol),
        (400, "{}", ErrorKind::Rejected),
        (401, "", ErrorKind::Auth),
        (403, "", ErrorKind::Permission),
        (201, r#"{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (202, r#"{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (204, "", ErrorKind::Protocol),
        (206, r#"{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (304, "", ErrorKind::Protocol),
        (302, "", ErrorKind::Protocol),
        (200, "", ErrorKind::Protocol),
        (200, "null", ErrorKind::Protocol),
        (200, "{}", ErrorKind::Protocol),
        (200, "[]", ErrorKind::Protocol),
        (200, r#"{"error":"no"}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":null}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":{}}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":[]}{"total":0,"data":[]}"#, ErrorKind::Protocol),
        (200, r#"{"total":0,"data":["#, ErrorKind::Protocol),
        (200, "  <html>Sign in</html>", ErrorKind::Protocol),
    ] {
        let client = answering(move |_, _| Response::new(status).with_body(body));
        let error = list_all(&client, &PEOPLE, &Options::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn pages_that_fail_end_alike_one_at_a_time_and_four_at_a_time() {
    for concurrency in [1, 4] {
        let client = answering(|_, outgoing| match number(outgoing, "skip") {
            Some(50) => Response::new(403),
            Some(75) => Response::new(500),
            _ => honest(outgoing),
        });
        let listed = list_all(&client, &PEOPLE, &Options::default().concurrency(concurrency)).await;
        assert_eq!(listed.unwrap_err().to_string(), "list people: HTTP 403", "{concurrency} at once");
    }
}

#[test]
fn listing_can_be_awaited_on_any_thread() {
    fn send<T: Send>(_: &T) {}
    let client = answering(|_, outgoing| honest(outgoing));
    let options = Options::default();
    send(&list_all(&client, &PEOPLE, &options));
    send(&client.send(&Request::get("read")));
    let _ = RetryPolicy::never();
}
