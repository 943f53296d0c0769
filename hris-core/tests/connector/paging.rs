//! Lists by offset, by number, by cursor and whole: each proven whole, or an error.

use hris_core::http::Listing;

use super::*;

const REFUSED: &str = "Incomplete: list people: not proven whole in 3 listings, the last: ";

fn number(outgoing: &Outgoing, name: &str) -> usize {
    outgoing.query(name).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn page(rows: usize, skip: usize, size: usize) -> Vec<Value> {
    people(1, rows).into_iter().skip(skip).take(size).collect()
}

#[tokio::test]
async fn pages_by_offset_say_where_they_begin_and_how_many_rows_there_are() {
    const PAGING: Paging =
        Paging::by_offset("limit", "skip").rows_in(&["data"]).total_in("total").offset_in("skip");
    let answer = |total: Value, shift: usize| {
        move |outgoing: &Outgoing| {
            let (skip, limit) = (number(outgoing, "skip"), number(outgoing, "limit"));
            let told = if skip == 0 { 0 } else { skip + shift };
            ok(&json!({"total": total, "skip": told, "data": page(5, skip, limit)}))
        }
    };
    for (case, total, shift, expected) in [
        ("as documented", json!(5), 0, "p1 p2 p3 p4 p5 Total".to_owned()),
        ("the total says more", json!(7), 0, format!("{REFUSED}the total is 7, there were 5 different rows")),
        ("the total says less", json!(3), 0, format!("{REFUSED}more rows than the total of 3")),
        ("the total is a text", json!("many"), 0, format!("{REFUSED}the total is not a number of rows")),
        ("the total is negative", json!(-1), 0, format!("{REFUSED}the total is not a number of rows")),
        ("no total", json!(null), 0, "p1 p2 p3 p4 p5 End".to_owned()),
        ("another page", json!(5), 2, "Mismatch: list people: page 2 answers another request".to_owned()),
    ] {
        let (client, sent) = vendor(answer(total, shift));
        assert_eq!(outcome(&read(&client, &list(PAGING)).await), expected, "{case}");
        let second = sent.lock().unwrap().get(1).map(|(_, path, _)| path.clone());
        assert!(
            matches!(case, "the total is a text" | "the total is negative")
                || second.as_deref() == Some("/people?limit=2&skip=2"),
            "{case}"
        );
    }
}

#[tokio::test]
async fn numbered_pages_count_from_where_the_vendor_does() {
    for first in [0, 1] {
        let paging = Paging::by_number("page", first)
            .size("per_page")
            .rows_in(&["data"])
            .total_in("count")
            .page_in("page", "pages");
        let (client, sent) = vendor(move |outgoing| {
            let (at, size) = (number(outgoing, "page"), number(outgoing, "per_page"));
            let skip = (at - usize::try_from(first).unwrap()) * size;
            ok(&json!({"count": 5, "page": at, "pages": 3, "data": page(5, skip, size)}))
        });
        assert_eq!(outcome(&read(&client, &list(paging)).await), "p1 p2 p3 p4 p5 Total");
        assert_eq!(sent.lock().unwrap()[0].1, format!("/people?per_page=2&page={first}"));
    }
    let (client, _) = vendor(|outgoing| {
        let skip = (number(outgoing, "page") - 1) * 2;
        ok(&json!(page(4, skip, 2))).with_header("x-total", "4")
    });
    let paging = Paging::by_number("page", 1).total_header("x-total");
    assert_eq!(outcome(&read(&client, &list(paging)).await), "p1 p2 p3 p4 Total");
}

#[tokio::test]
async fn a_page_with_another_number_is_not_taken_for_the_one_that_was_asked_for() {
    for told in [0, 1, 5] {
        let paging = Paging::by_number("page", 1).rows_in(&["data"]).page_in("page", "pages");
        let (client, _) = vendor(move |outgoing| {
            let at = number(outgoing, "page");
            let told = if at == 2 { told } else { at };
            ok(&json!({"page": told, "pages": 3, "data": page(5, (at - 1) * 2, 2)}))
        });
        let expected = "Mismatch: list people: page 2 answers another request";
        assert_eq!(outcome(&read(&client, &list(paging)).await), expected, "{told}");
    }
}

/// What a vendor that pages by cursor answers to each cursor.
fn by_cursor(pages: Value) -> impl Fn(&Outgoing) -> Response + Send + Sync {
    move |outgoing| ok(&pages[outgoing.query("after").unwrap_or_else(|| "first".to_owned())])
}

const CURSOR: Paging = Paging::by_cursor("after", &["paging", "next"]).rows_in(&["items"]).total_in("total");

#[tokio::test]
async fn pages_by_cursor_are_followed_until_one_has_none() {
    let two = || people(1, 2);
    let rest = || people(3, 1);
    for (case, pages, expected) in [
        (
            "null ends it",
            json!({"first": {"total": 3, "items": two(), "paging": {"next": "c2"}},
                   "c2": {"total": 3, "items": rest(), "paging": {"next": null}}}),
            "p1 p2 p3 Total".to_owned(),
        ),
        (
            "a number is a cursor",
            json!({"first": {"items": two(), "paging": {"next": 7}}, "7": {"items": rest()}}),
            "p1 p2 p3 End".to_owned(),
        ),
        (
            "an empty page with a cursor does not end it",
            json!({"first": {"items": two(), "paging": {"next": "c2"}},
                   "c2": {"items": [], "paging": {"next": "c3"}}, "c3": {"items": rest(), "paging": {}}}),
            "p1 p2 p3 End".to_owned(),
        ),
        (
            "a total that is higher than the rows",
            json!({"first": {"total": 9, "items": two(), "paging": {"next": "c2"}},
                   "c2": {"total": 9, "items": rest()}}),
            format!("{REFUSED}the total is 9, there were 3 different rows"),
        ),
        (
            "a cursor that is missing too early is noticed by the total",
            json!({"first": {"total": 3, "items": two()}}),
            format!("{REFUSED}the total is 3, there were 2 different rows"),
        ),
        (
            "a total that comes later",
            json!({"first": {"items": two(), "paging": {"next": "c2"}}, "c2": {"total": 3, "items": rest()}}),
            format!("{REFUSED}the total changed from none to 3"),
        ),
        (
            "a circle",
            json!({"first": {"items": two(), "paging": {"next": "c2"}},
                   "c2": {"items": rest(), "paging": {"next": "c3"}},
                   "c3": {"items": people(4, 1), "paging": {"next": "c2"}}}),
            format!("{REFUSED}a cursor came again"),
        ),
        (
            "the same page again",
            json!({"first": {"items": two(), "paging": {"next": "c2"}},
                   "c2": {"items": two(), "paging": {"next": "c3"}}}),
            format!("{REFUSED}page 2 brought no new row"),
        ),
        (
            "one row again",
            json!({"first": {"items": two(), "paging": {"next": "c2"}}, "c2": {"items": people(2, 2)}}),
            "p1 p2 p3 End".to_owned(),
        ),
    ] {
        let (client, _) = vendor(by_cursor(pages));
        assert_eq!(outcome(&read(&client, &list(CURSOR)).await), expected, "{case}");
    }
}

#[tokio::test]
async fn a_cursor_of_another_shape_is_an_error_and_no_end() {
    for next in [json!({"after": "c2"}), json!(["c2"]), json!(true)] {
        for paging in [json!({ "next": next }), next] {
            let (client, _) = vendor(by_cursor(json!({"first": {"items": people(1, 2), "paging": paging}})));
            let result = read(&client, &list(CURSOR)).await;
            // An object without the member has no cursor; anything else where the object belongs is none.
            if paging == json!({"after": "c2"}) {
                assert_eq!(outcome(&result), "p1 p2 End");
                continue;
            }
            let expected =
                "Protocol: list people: the cursor of the next page is neither a text nor a number";
            assert_eq!(outcome(&result), expected, "{paging}");
        }
    }
}

#[tokio::test]
async fn a_list_that_should_come_whole_has_no_further_page() {
    const NEXT: &str = r#"</people?page=2>; rel="next""#;
    for (case, links, expected) in [
        ("no link", &[][..], "p1 p2 p3 End"),
        ("the page itself", &[r#"</people?page=1>; rel="self""#], "p1 p2 p3 End"),
        (
            "one further",
            &[NEXT],
            "Protocol: list people: the answer has further pages, which are not documented",
        ),
        (
            "another header with it",
            &[r#"</people?page=1>; rel="self""#, NEXT],
            "Protocol: list people: the answer has further pages, which are not documented",
        ),
    ] {
        let (client, _) = vendor(move |_| {
            let answer = ok(&json!(people(1, 3)));
            links.iter().fold(answer, |answer, link| answer.with_header("link", *link))
        });
        assert_eq!(outcome(&read(&client, &list(Paging::WHOLE)).await), expected, "{case}");
    }
}

#[tokio::test]
async fn rows_may_stand_in_another_place_and_nowhere_else() {
    const PAGING: Paging = Paging::WHOLE.rows_in(&["data", "items"]).or_rows_in(&["data"]);
    for (body, expected) in [
        (json!({"data": {"items": people(1, 1)}}), "p1 End"),
        (json!({"data": people(1, 2)}), "p1 p2 End"),
        (json!({"data": []}), " End"),
        (json!({"data": {}}), "Protocol: list people: no list where one is documented"),
        (json!({"data": null}), "Protocol: list people: no list where one is documented"),
        (json!(people(1, 1)), "Protocol: list people: no list where one is documented"),
    ] {
        let shown = body.to_string();
        let (client, _) = vendor(move |_| ok(&body));
        assert_eq!(outcome(&read(&client, &list(PAGING)).await), expected, "{shown}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_found_is_no_empty_one() {
    let (client, _) = vendor(|_| Response::new(404).with_body("{}"));
    let request = everything();
    let run = Run::new(&client, 1, as_it_is, &request);
    for paging in [Paging::WHOLE, CURSOR, Paging::by_number("page", 1)] {
        let list = list(paging);
        let errors =
            [run.people(&list).await.err(), run.first(&list).await.err(), run.all(&list).await.err()];
        for error in errors {
            assert_eq!(error.map(|error| error.kind()), Some(hris_core::ErrorKind::Protocol), "{list:?}");
        }
    }
}

#[tokio::test]
async fn an_address_says_what_is_asked_for_and_debug_does_not() {
    let list: List<Person> = List::new("list notes", ["people", "Ada/1", "notes"], Paging::WHOLE)
        .query("q", "Ada & Bea")
        .query_if("none", None::<u32>)
        .trailing_slash();
    let (client, sent) = vendor(|_| ok(&json!([])));
    read(&client, &list).await.unwrap();
    assert_eq!(sent.lock().unwrap()[0].1, "/people/Ada%2F1/notes/?q=Ada+%26+Bea");
    let shown = format!("{list:?} {:?}", list.request(&hris_core::http::Position::default()));
    assert!(!shown.contains("Ada"), "{shown}");
}
