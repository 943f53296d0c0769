//! Everybody once, and nobody whose records contradict each other.

use std::cmp::Ordering;

use super::*;

/// What is left of a crowd: its rows with their names, and the ids of those who can be believed.
fn shown(crowd: &Crowd<Person>) -> (Vec<String>, Vec<String>) {
    let row = |row: &Person| {
        format!("{} {}", row.notes.id.as_deref().unwrap_or("?"), row.name.as_deref().value().unwrap_or("-"))
    };
    let sound = crowd.ids(|_| true).iter().map(ToString::to_string).collect();
    (crowd.rows().iter().map(row).collect(), sound)
}

fn later(one: &Person, other: &Person) -> Option<Ordering> {
    Some(one.changed.as_deref().value()?.cmp(other.changed.as_deref().value()?))
}

#[tokio::test]
async fn of_two_records_of_one_person_in_two_lists_the_later_counts_and_otherwise_neither() {
    let row = |name: &str, changed: Value| json!([{"id": "a", "name": name, "changed": changed}]);
    for (case, first, second, rows, sound) in [
        ("the same", row("Ada", json!("1")), row("Ada", json!("1")), "a Ada", &["a"][..]),
        ("a later one", row("Ada", json!("1")), row("Bea", json!("2")), "a Bea", &["a"]),
        ("an earlier one", row("Ada", json!("2")), row("Bea", json!("1")), "a Ada", &["a"]),
        ("of one age", row("Ada", json!("1")), row("Bea", json!("1")), "a Ada", &[]),
        ("of no age", row("Ada", json!(null)), row("Bea", json!("2")), "a Ada", &[]),
    ] {
        let crowd = Crowd::joined([listed(first).await, listed(second).await], later);
        let (found, believed) = shown(&crowd);
        assert_eq!(found, [rows], "{case}");
        assert_eq!(believed, sound, "{case}");
    }
}

#[tokio::test]
async fn a_contradiction_inside_one_list_is_not_healed_by_another_list() {
    let twice = json!([{"id": "a", "name": "Ada"}, {"id": "a", "name": "Bea"}, {"id": "b", "name": "Cid"}]);
    let once = json!([{"id": "a", "name": "Bea", "changed": "9"}]);
    for lists in [[twice.clone(), once.clone()], [once, twice]] {
        let [first, second] = lists;
        let crowd = Crowd::joined([listed(first).await, listed(second).await], later);
        assert_eq!(shown(&crowd).1, ["b"]);
        assert!(crowd.rows().iter().any(|row| row.notes.id.as_deref() == Some("a")), "the person is present");
    }
}

#[tokio::test]
async fn people_of_all_lists_stay_in_order_and_those_without_an_id_are_kept() {
    let first = listed(json!([{"id": "a", "name": "Ada"}, {"name": "?"}])).await;
    let second = listed(json!([{"name": "?"}, {"id": "b", "name": "Bea"}, {"id": "a", "name": "Ada"}])).await;
    let crowd = Crowd::joined([first, second], |_, _| None);
    let (rows, sound) = shown(&crowd);
    assert_eq!(rows, ["a Ada", "? ?", "? ?", "b Bea"]);
    assert_eq!(sound, ["a", "b"]);
}

#[tokio::test]
async fn who_is_set_aside_or_says_one_thing_twice_is_not_asked_about() {
    let (client, _) = vendor(|_| {
        let body =
            r#"[{"id":"a","name":"Ada"},{"id":"b","name":"Bea","name":"Bee"},{"id":"c","name":"Cid"}]"#;
        Response::new(200).with_body(body)
    });
    let mut crowd = Crowd::of(read(&client, &list(Paging::WHOLE)).await.unwrap());
    crowd.set_aside(&"c".into(), "the record may not be read");
    assert_eq!(shown(&crowd).1, ["a"]);
    assert_eq!(crowd.rows().len(), 3, "all are present");
}
