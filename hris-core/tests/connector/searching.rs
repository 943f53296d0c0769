//! Lists that are searches: a `POST` whose body holds the terms and the page, judged and repeated as a `GET`.

use std::sync::atomic::{AtomicUsize, Ordering};

use hris_core::ErrorKind;
use hris_core::http::{Listing, Position};

use super::*;

fn search(paging: Paging) -> List<Person> {
    let terms = json!({"active": true, "page": "of the terms"}).as_object().unwrap().clone();
    list(paging).searching(terms).query("v", 2)
}

#[tokio::test]
async fn terms_and_page_stand_in_the_body() {
    let paging = Paging::by_number("page", 1).size("size").rows_in(&["data"]).total_in("total");
    let (client, sent) = vendor(|outgoing| {
        let body: Value = serde_json::from_slice(outgoing.body().unwrap()).unwrap();
        let rows = if body["page"] == 1 { people(1, 2) } else { people(3, 1) };
        ok(&json!({"total": 3, "data": rows}))
    });
    assert_eq!(outcome(&read(&client, &search(paging)).await), "p1 p2 p3 Total");
    let asked =
        |page: u32| ("POST", "/people?v=2".to_owned(), json!({"active": true, "page": page, "size": 2}));
    assert_eq!(*sent.lock().unwrap(), [asked(1), asked(2)]);
    assert!(search(paging).request(&Position::default()).is_read());
}

#[tokio::test]
async fn a_cursor_stands_in_the_body_from_the_second_page_on() {
    let (client, sent) = vendor(|outgoing| {
        let body: Value = serde_json::from_slice(outgoing.body().unwrap()).unwrap();
        match body.get("after") {
            None => ok(&json!({"items": people(1, 2), "next": "c2"})),
            Some(_) => ok(&json!({"items": people(3, 1)})),
        }
    });
    let paging = Paging::by_cursor("after", &["next"]).rows_in(&["items"]);
    assert_eq!(outcome(&read(&client, &search(paging)).await), "p1 p2 p3 End");
    let bodies: Vec<Value> = sent.lock().unwrap().iter().map(|(_, _, body)| body.clone()).collect();
    assert_eq!(bodies[0], json!({"active": true, "page": "of the terms"}));
    assert_eq!(bodies[1], json!({"active": true, "page": "of the terms", "after": "c2"}));
}

#[tokio::test(start_paused = true)]
async fn a_search_is_repeated_after_a_failure_and_judged_as_a_reading() {
    for (first, expected, requests) in [
        (503, "p1 p2 End", 2),
        (429, "p1 p2 End", 2),
        (201, "Protocol", 1),
        (202, "Protocol", 1),
        (403, "Permission", 1),
    ] {
        let asked = AtomicUsize::new(0);
        let (client, sent) = vendor(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => Response::new(first).with_body(json!(people(1, 2)).to_string()),
            _ => ok(&json!(people(1, 2))),
        });
        let result = read(&client, &search(Paging::WHOLE)).await;
        assert!(outcome(&result).starts_with(expected), "{first}: {}", outcome(&result));
        assert_eq!(sent.lock().unwrap().len(), requests, "{first}");
        assert!(result.err().is_none_or(|error| error.kind() != ErrorKind::UnknownOutcome), "{first}");
    }
}
