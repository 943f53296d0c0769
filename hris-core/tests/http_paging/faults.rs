//! Lists that lie, repeat or never end.

use super::*;

#[tokio::test]
async fn a_total_that_lies_is_refused() {
    for (told, reason) in [
        (110, "the total is 110, there were 100 different rows"),
        (1_000_000, "the total is 1000000, there were 100 different rows"),
        (90, "more rows than the total of 90"),
        (75, "more rows than the total of 75"),
        (60, "more rows than the total of 60"),
        (0, "more rows than the total of 0"),
        (u64::MAX, "the total is 18446744073709551615, there were 100 different rows"),
    ] {
        let lies = fault(move |world, asked| json!({ "total": told, "data": world.rows(asked) }));
        check("total lies", 100, lies, &refused(reason)).await;
    }
}

#[tokio::test]
async fn without_a_total_the_list_is_read_to_an_empty_page_and_the_proof_is_weaker_and_an_odd_one_is_refused()
{
    let mute = fault(|world, asked| json!({ "total": null, "data": world.rows(asked) }));
    let weaker = "100 rows, total None, End, listing 1, repeated [], no id 0, oversized 0";
    check("no total", 100, mute, weaker).await;
    for told in [json!(-1), json!("100"), json!(1.5), json!([100]), json!(true)] {
        let odd = fault(move |world, asked| json!({ "total": told, "data": world.rows(asked) }));
        check("not a number of rows", 100, odd, &refused("the total is not a number of rows")).await;
    }
    let half = fault(|world, asked| match asked.skip {
        0 => world.honest(asked),
        _ => json!({ "data": world.rows(asked) }),
    });
    check("total on the first page only", 100, half, &refused("the total changed from 100 to none")).await;
}

#[tokio::test]
async fn past_the_end_the_total_may_be_left_out() {
    let silent = fault(|world, asked| match world.rows(asked) {
        rows if rows.is_empty() => json!({ "data": rows }),
        _ => world.honest(asked),
    });
    check("silent end", 100, silent, WHOLE).await;
}

#[tokio::test]
async fn a_short_page_in_the_middle_is_not_the_end() {
    // Ten rows where 25 were asked for; the next page must begin after the ten.
    let short = fault(|world, asked| {
        let limit = if asked.skip == 25 { 10 } else { asked.limit };
        world.honest(Asked { limit, ..asked })
    });
    check("short page", 100, short, WHOLE).await;
    let first = fault(|world, asked| {
        let limit = if asked.skip == 0 { 1 } else { asked.limit };
        world.honest(Asked { limit, ..asked })
    });
    check("short first page", 100, first, WHOLE).await;
}

#[tokio::test]
async fn an_empty_page_before_the_total_is_refused_unless_it_passes() {
    let early =
        fault(
            |world, asked| {
                if asked.skip == 50 { json!({ "total": 100, "data": [] }) } else { world.honest(asked) }
            },
        );
    check("empty early", 100, early, &refused("the total is 100, there were 50 different rows")).await;
    let never = fault(|_, _| json!({ "total": 100, "data": [] }));
    check("empty at once", 100, never, &refused("the total is 100, there were 0 different rows")).await;
    let once =
        fault(
            |world, asked| {
                if asked.number == 3 { json!({ "total": 100, "data": [] }) } else { world.honest(asked) }
            },
        );
    check("empty once", 100, once, "100 rows, total Some(100), Total, listing 2…").await;
    let promised = fault(|world, asked| {
        let rows = world.rows(asked);
        json!({ "total": 100, "last": false, "data": rows })
    });
    check("promises more", 100, promised, &refused("an empty page that is not the last")).await;
}

#[tokio::test]
async fn a_short_page_that_is_said_not_to_be_the_last_does_not_end_the_list() {
    let wary = fault(|world, asked| {
        let rows = world.rows(asked);
        json!({ "total": 90, "last": rows.is_empty(), "data": rows })
    });
    let listed = list(World::of(90), 4, wary).await.unwrap();
    assert_eq!((listed.rows.len(), listed.requests), (90, 5));
}

#[tokio::test]
async fn a_clamped_page_size_is_followed() {
    for clamp in [1, 7, 10, 24] {
        let clamped =
            fault(move |world, asked| world.honest(Asked { limit: asked.limit.min(clamp), ..asked }));
        check("clamp", 100, clamped, WHOLE).await;
    }
    // A clamp together with a total that lies too low must not end the list at the clamp.
    let both = fault(|world, asked| {
        let rows = world.rows(Asked { limit: asked.limit.min(10), ..asked });
        json!({ "total": 50, "data": rows })
    });
    check("clamp and lie", 100, both, &refused("more rows than the total of 50")).await;
}

#[tokio::test]
async fn more_rows_than_asked_for_are_taken_and_noted() {
    let large = fault(|world, asked| world.honest(Asked { limit: 40, ..asked }));
    let noted = "100 rows, total Some(100), Total, listing 1, repeated [], no id 0, oversized 2";
    check("large pages", 100, large, noted).await;
    let everything = fault(|world, asked| world.honest(Asked { limit: 1_000, ..asked }));
    let noted = "100 rows, total Some(100), Total, listing 1, repeated [], no id 0, oversized 1";
    check("everything at once", 100, everything, noted).await;
}

#[tokio::test]
async fn pages_that_come_back_are_refused() {
    let ignored =
        fault(|world, asked| json!({ "total": 100, "data": world.rows(Asked { skip: 0, ..asked }) }));
    check("offset ignored", 100, ignored, &refused("page 2 brought no new row")).await;
    let cyclic = fault(|world, asked| {
        let skip = asked.skip % 50;
        json!({ "total": 100, "data": world.rows(Asked { skip, ..asked }) })
    });
    check("A-B-A-B", 100, cyclic, &refused("page 3 brought no new row")).await;
    let mute = fault(|world, asked| json!({ "data": world.rows(Asked { skip: asked.skip % 50, ..asked }) }));
    check("A-B-A-B without a total", 100, mute, &refused("page 3 brought no new row")).await;
    let told = fault(|world, asked| world.honest(Asked { skip: 0, ..asked }));
    check("offset ignored and told", 100, told, "Mismatch: list people: page 2 answers another request")
        .await;
}

#[tokio::test]
async fn a_page_number_that_answers_another_page_is_a_mismatch() {
    let crossed = fault(|world, asked| {
        let page = asked.skip / 25;
        json!({ "total": 100, "page": if page == 2 { 3 } else { page }, "data": world.rows(asked) })
    });
    let numbered = People { numbered: true, ..PEOPLE };
    let error =
        list_all(&client(World::of(100), 4, crossed), &numbered, &Options::default()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::Mismatch, "list people: page 3 answers another request")
    );
}

#[tokio::test]
async fn endless_lists_end() {
    let endless = fault(|_, asked| {
        let rows: Vec<_> = (0..2).map(|n| person(asked.skip as u64 + n)).collect();
        json!({ "data": rows })
    });
    check("endless", 0, endless, &refused("no end after 10000 pages")).await;
    // Without ids nothing repeats, so only the count of rows can tell.
    let nameless = fault(|_, _| json!({ "data": [{ "name": "x" }] }));
    check("endless without ids", 0, nameless, &refused("no end after 10000 pages")).await;
    // Each page one known person and one new one: always something new, never the end.
    let crawling = fault(|_, asked| {
        let n = asked.number;
        json!({ "total": 100, "data": [person(0), { "id": "dup", "name": "x" }, person(9_000 + n)] })
    });
    check("crawling", 0, crawling, &format!("{REFUSED}…")).await;
}

#[tokio::test]
async fn an_id_that_stays_twice_is_accepted_once_its_total_agrees() {
    let same = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 25 {
            rows.insert(1, person(3));
        }
        // The vendor counts people, and its pages begin after people.
        json!({ "total": 100, "data": rows })
    });
    // By rows received the next page would begin one too late, so such a list is not provable
    // unless the page is numbered.
    let numbered = People { numbered: true, ..PEOPLE };
    let listed = list_all(&client(World::of(100), 4, same), &numbered, &Options::default()).await;
    let twice = "100 rows, total Some(100), Total, listing 2, repeated [\"p0003\"], no id 0, oversized 1";
    assert_eq!(outcome(&listed), twice);
}

#[tokio::test]
async fn rows_that_disagree_under_one_id_are_both_given_and_named() {
    let differs = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 75 {
            rows.push(json!({ "id": "p0099", "name": "Somebody else" }));
        }
        json!({ "total": 100, "data": rows })
    });
    let listed = list(World::of(100), 4, differs.clone()).await.unwrap();
    assert_eq!(listed.rows.len(), 101);
    assert_eq!(listed.listings, 2);
    assert_eq!(listed.rows.iter().filter(|row| row.id.as_deref() == Some("p0099")).count(), 2);
    assert!(listed.repeated[0].conflicting && listed.repeated[0].id == "p0099");
    assert_eq!(outcome(&list(World::of(100), 1, differs).await), outcome(&Ok(listed)));
}

#[tokio::test]
async fn rows_that_disagree_and_are_counted_in_the_total_prove_less() {
    let twice = |name: &'static str| {
        fault(move |world, asked| {
            world.people[60] = json!({ "id": "p0003", "name": name });
            world.honest(asked)
        })
    };
    let listed = list(World::of(100), 4, twice("Somebody else")).await.unwrap();
    assert_eq!((listed.rows.len(), listed.listings, listed.proof), (100, 2, Proof::Rows));
    assert!(listed.repeated[0].conflicting && listed.repeated[0].id == "p0003");
    // A row that says the same is a page that overlaps, and somebody is left out.
    let same = refused("the total is 100, there were 99 different rows");
    check("the same again", 100, twice("Name 3"), &same).await;
}

#[tokio::test]
async fn an_id_that_takes_the_place_of_another_is_refused() {
    let instead = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 25 {
            rows[0] = person(3);
        }
        json!({ "total": 100, "data": rows })
    });
    check("instead", 100, instead, &refused("the total is 100, there were 99 different rows")).await;
}

#[tokio::test]
async fn rows_without_an_id_are_kept_and_counted() {
    let nameless = fault(|world, asked| {
        let mut rows = world.rows(asked);
        if asked.skip == 25 {
            rows[0]["id"] = json!(null);
        }
        json!({ "total": 100, "data": rows })
    });
    check(
        "no id",
        100,
        nameless,
        "100 rows, total Some(100), Total, listing 1, repeated [], no id 1, oversized 0",
    )
    .await;
}

#[tokio::test]
async fn numbered_pages_may_be_clamped_too() {
    let clamped = fault(|world, asked| {
        let page = asked.skip / asked.limit;
        json!({ "total": 100, "page": page, "data": world.rows(Asked { skip: page * 10, limit: 10, ..asked }) })
    });
    let numbered = People { numbered: true, ..PEOPLE };
    for concurrency in [1, 4] {
        let client = client(World::of(100), concurrency, clamped.clone());
        let listed = list_all(&client, &numbered, &Options::default().concurrency(concurrency)).await;
        assert_eq!(outcome(&listed), WHOLE);
    }
}
