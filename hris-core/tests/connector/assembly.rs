//! One snapshot of everything that was read, with the doubts that belong to it.

use hris_core::{Field, ProblemCode, Snapshot, StandardField, Status};

use super::*;

/// A snapshot of these lists, each converted after the other.
async fn assembled(lists: &[Value], before: impl FnOnce(&mut Assembly<'_>)) -> Snapshot {
    let request = everything();
    let mut assembly = Assembly::new("acme", "Acme", &request);
    before(&mut assembly);
    for rows in lists {
        let crowd = Crowd::of(listed(rows.clone()).await);
        assembly.convert(crowd, |row| row.status.as_deref().value(), employee);
    }
    assembly.finish()
}

fn employee(row: Person, _: &mut hris_core::Tally) -> Employee {
    let word = row.status.as_deref().value().unwrap_or("made up").to_owned();
    Employee::new(row.notes.id.as_deref().unwrap_or_default())
        .with_status(Status::Active, &word)
        .with(StandardField::GivenName, row.name)
}

#[tokio::test]
async fn statuses_are_counted_of_everybody_with_an_id_in_the_vendors_spelling() {
    let rows = json!([
        {"id": "a", "status": "Active"}, {"id": "b", "status": "active"}, {"id": "c"}, {"status": "Active"},
        {"id": "d", "name": "Dan", "status": "Active"}, {"id": "d", "name": "Dora", "status": "Left"},
    ]);
    let snapshot = assembled(&[rows], |_| {}).await;
    let counted: Vec<(&str, u64)> =
        snapshot.fingerprint().statuses.iter().map(|(word, people)| (word.as_str(), *people)).collect();
    assert_eq!(counted, [("Active", 2), ("Left", 1), ("active", 1), ("made up", 1)]);
}

#[tokio::test]
async fn whose_records_cannot_be_believed_is_present_and_nothing_else() {
    let request = everything();
    let (client, _) = vendor(|_| {
        let body = r#"[{"id":"a","name":"Ada"},{"id":"a","name":"Bea"},{"id":"b","name":"B","name":"C"},
                       {"id":"c","name":"Cid"},{"id":"d","name":"Dan"},{"name":"Eve"}]"#;
        Response::new(200).with_body(body)
    });
    let mut crowd = Crowd::of(read(&client, &list(Paging::WHOLE)).await.unwrap());
    crowd.set_aside(&"c".into(), "the own record may not be read");
    let mut assembly = Assembly::new("acme", "Acme", &request);
    assembly.convert(crowd, |row| row.status.as_deref().value(), employee);
    assert_eq!((assembly.people(), assembly.unread()), (5, 4));
    let snapshot = assembly.finish();
    let aside: Vec<&str> = snapshot.set_aside().iter().map(hris_core::EmployeeId::as_str).collect();
    assert_eq!(aside, ["a", "b", "c"]);
    assert_eq!(snapshot.employees().len(), 1);
    assert!(!snapshot.absence_counts(), "somebody has no id");
    let told: Vec<(ProblemCode, &str)> =
        snapshot.problems().iter().map(|problem| (problem.code, problem.message.as_str())).collect();
    let [first, second, third, fourth] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(first.0, ProblemCode::DuplicateExternalId);
    assert!(first.1.ends_with("nothing is done about this person; correct it in Acme"), "{}", first.1);
    assert_eq!(second.0, ProblemCode::InvalidRecord);
    assert_eq!(*third, (ProblemCode::InvalidRecord, "the own record may not be read"));
    assert_eq!(fourth.0, ProblemCode::MissingExternalId);
}

#[tokio::test]
async fn a_doubt_stays_whatever_is_read_afterwards() {
    // Two records of one id, and a total that counts both: somebody's place may be taken.
    let (client, _) = vendor(|_| {
        ok(&json!({"total": 2, "rows": [{"id": "a", "name": "Ada"}, {"id": "a", "name": "Bea"}]}))
    });
    let doubtful = list(Paging::by_number("page", 1).rows_in(&["rows"]).total_in("total")).page_size(9);
    let doubtful = async || Crowd::of(read(&client, &doubtful).await.unwrap());
    let sound = async || Crowd::of(listed(json!([{"id": "z"}])).await);
    let request = everything();
    for (case, crowds, declared) in [
        ("the first list", vec![doubtful().await, sound().await], None),
        ("the last list", vec![sound().await, doubtful().await], None),
        ("declared beforehand", vec![sound().await], Some("a guest list")),
    ] {
        let mut assembly = Assembly::new("acme", "Acme", &request);
        if let Some(why) = declared {
            assembly.doubt_absence(why);
        }
        for crowd in crowds {
            assembly.convert(crowd, |_| None, employee);
        }
        let snapshot = assembly.finish();
        assert!(!snapshot.absence_counts(), "{case}");
        assert!(snapshot.is_weakly_proven(), "{case}: a list without a total");
    }
    let snapshot = assembled(&[json!([{"id": "z"}])], |assembly| assembly.hide("it says 3")).await;
    assert_eq!((snapshot.absence_counts(), snapshot.hidden()), (true, Some("it says 3")));
}

#[tokio::test]
async fn distrust_takes_what_is_empty_of_everybody_for_hidden() {
    let rows = json!([{"id": "a", "name": null}, {"id": "b", "name": null}]);
    let some = json!([{"id": "a", "name": null}, {"id": "b", "name": "Bea"}]);
    for (rows, distrusts, expected) in
        [(&rows, false, Field::Cleared), (&rows, true, Field::NotPermitted), (&some, true, Field::Cleared)]
    {
        let request = everything();
        let mut assembly = Assembly::new("acme", "Acme", &request);
        assembly.convert(Crowd::of(listed(rows.clone()).await), |_| None, employee);
        if distrusts {
            assembly.distrust_empty_fields();
        }
        let snapshot = assembly.finish();
        assert_eq!(snapshot.employees()[0].given_name(), expected);
        let hidden = snapshot.unseen().contains(&StandardField::GivenName);
        assert_eq!(hidden, expected == Field::NotPermitted, "{rows}");
    }
}
