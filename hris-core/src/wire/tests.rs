#![allow(clippy::unwrap_used)]

use super::*;

record! {
    struct Row {
        id { "id" }
        text { name = "name" }
        loose { kind = "kind" }
        object { home = "home" }
        array { phones = "phones" }
        others Dropped
    }
}

fn row(members: &str) -> Row {
    one(&Response::new(200).with_body(format!(r#"{{"id":1,{members}}}"#)), &[]).unwrap()
}

#[test]
fn a_list_is_kept_to_be_read_later() {
    let json = |members: &str| row(members).phones.value();
    assert_eq!(json(r#""phones":[{"name":"Work"}]"#).as_deref(), Some(r#"[{"name":"Work"}]"#));
    assert_eq!(json(r#""phones":[]"#).as_deref(), Some("[]"));
    assert_eq!(row(r#""phones":null"#).phones, Field::Cleared);
    assert_eq!(row(r#""name":"x""#).phones, Field::NotProvided);
    for unfit in [r#""phones":{}"#, r#""phones":"x""#, r#""home":[]"#] {
        let row = row(unfit);
        assert_eq!(
            (row.phones, row.home, row.notes.unfit.len()),
            (Field::NotProvided, Field::NotProvided, 1)
        );
    }
    let rows = objects::<Row>(r#"[{"id":1,"name":"a"},7,{"id":2}]"#).unwrap();
    let names: Vec<Option<&str>> = rows.iter().map(|row| row.name.as_deref().value()).collect();
    assert_eq!(names, [Some("a"), None, None]);
    assert!(objects::<Row>("{}").is_none() && objects::<Row>("[").is_none());
}

#[test]
fn a_choice_is_its_value_not_its_number() {
    let kind = |json: &str| row(&format!(r#""kind":{json}"#)).kind;
    let text = |text: &str| Field::Value(text.to_owned());
    assert_eq!(kind(r#"{"id":41,"value":"39"}"#), text("39"));
    assert_eq!(kind(r#"{"value":39,"id":41}"#), text("39"));
    assert_eq!(kind(r#"{"id":0,"value":null}"#), Field::Cleared);
    assert_eq!(kind(r#"{"id":7,"name":"a","value":"b"}"#), text("a"));
    assert_eq!(kind(r#"{"id":7}"#), text("7"));
    assert_eq!(kind(r#"[{"id":1,"value":"a"},{"id":2,"value":null},"b"]"#), text("a; b"));
    assert_eq!(kind(r#"{"value":{}}"#), Field::NotProvided);
}

#[test]
fn members_of_any_name() {
    let found = members(
        r#"{"a":"x","b":null,"c":[1,2],"d":{"id":0,"value":null},"e":{"deep":{}},"f":12345678901234567890123}"#,
    );
    let found: Vec<(String, Field<String>)> = found.unwrap();
    let expected = [
        ("a", Field::Value("x".to_owned())),
        ("b", Field::Cleared),
        ("c", Field::Value("1; 2".to_owned())),
        ("d", Field::Cleared),
        ("e", Field::NotProvided),
        ("f", Field::Value("12345678901234567890123".to_owned())),
    ];
    assert_eq!(found, expected.map(|(name, value)| (name.to_owned(), value)));
    for none in ["[]", "7", r#"{"a":1,"a":2}"#, r#"{"a":"#] {
        assert!(members(none).is_none(), "{none}");
    }
}
