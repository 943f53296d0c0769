//! What becomes of every kind of value in every kind of place.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot be set up has failed")]

mod documents;
mod properties;

use serde_json::{Map, Value};

use super::*;

crate::record! {
    /// One of each kind of member.
    struct Row {
        id { "id" }
        text { text = "text" }
        loose { loose = "loose" }
        list { list = "list" }
        date { date = "date" }
        flag { flag = "flag" }
        kept_flag { kept = "kept" }
        object { object = "object" }
        array { array = "array" }
        asked { "asked", "also" }
        dropped { "secret", "photo" }
        others Extra unless forbidden
    }
}

crate::record! {
    /// Holds nothing that it does not name.
    struct Bare {
        id { "key" }
        others Dropped
    }
}

fn forbidden(member: &str) -> bool {
    member.starts_with("bank")
}

fn response(body: impl Into<Vec<u8>>) -> Response {
    Response::new(200).with_body(body)
}

fn row(body: &str) -> Row {
    one(&response(body), &[]).unwrap_or_else(|error| panic_with(body, &error))
}

#[allow(clippy::panic)]
fn panic_with(body: &str, error: &Error) -> Row {
    panic!("{body}: {error}")
}

/// The record with this JSON as the value of one member.
fn with(member: &str, json: &str) -> Row {
    row(&format!(r#"{{"id":"1","{member}":{json}}}"#))
}

fn names(list: &[Box<str>]) -> Vec<&str> {
    list.iter().map(|name| &**name).collect()
}

fn is_protocol<T>(result: Result<T>) -> bool {
    result.err().is_some_and(|error| error.kind() == ErrorKind::Protocol)
}

#[test]
fn what_is_not_sent_says_nothing() {
    let row = row("{}");
    assert!(row.notes.id.is_none() && row.notes.extra.is_none() && row.notes.asked.is_empty());
    assert!(row == Row::default());
}

#[test]
fn texts() {
    let value = |text: &str| Field::Value(text.to_owned());
    for (json, expected) in [
        ("null", Field::Cleared),
        (r#""""#, Field::Cleared),
        (r#"" \t\n""#, Field::Cleared),
        (r#""Ada""#, value("Ada")),
        (r#"" Ada ""#, value(" Ada ")),
        (r#""\u00c5sa \"x\" \\ \/ \ud83d\ude00""#, value("Åsa \"x\" \\ / 😀")),
        ("0", value("0")),
        ("-0", value("-0")),
        ("126", value("126")),
        ("-7", value("-7")),
        ("12.50", value("12.50")),
        ("1E5", value("1E5")),
        ("1e400", value("1e400")),
        ("0.1000000000000000055511151231257827", value("0.1000000000000000055511151231257827")),
        ("18446744073709551616", value("18446744073709551616")),
        ("true", value("true")),
        ("false", value("false")),
    ] {
        let row = with("text", json);
        assert_eq!(row.text, expected, "{json}");
        assert!(row.notes.unfit.is_empty() && !row.notes.repeated, "{json}");
    }
    for json in ["{}", "[]", r#"{"name":"Ada"}"#, r#"["Ada"]"#, "[[[]]]"] {
        let row = with("text", json);
        assert_eq!(row.text, Field::NotProvided, "{json}");
        assert_eq!(names(&row.notes.unfit), ["text"], "{json}");
        assert_eq!(row.notes.id.as_deref(), Some("1"), "the rest is read: {json}");
    }
}

#[test]
fn ids_are_kept_digit_by_digit() {
    for (json, expected) in [
        ("7", Some("7")),
        (r#""7""#, Some("7")),
        ("9007199254740993", Some("9007199254740993")),
        ("123456789012345678901234567890", Some("123456789012345678901234567890")),
        ("7.0", Some("7.0")),
        (r#""a/b c""#, Some("a/b c")),
        ("null", None),
        (r#""""#, None),
        (r#""  ""#, None),
        ("{}", None),
        ("[7]", None),
    ] {
        assert_eq!(row(&format!(r#"{{"id":{json}}}"#)).notes.id.as_deref(), expected, "{json}");
    }
    // One number that needs care makes the whole list be read with care, and changes nothing else.
    let body = r#"[{"id":1,"text":1.50},{"id":9007199254740993,"text":"x"}]"#;
    let rows = list::<Row>(&response(body), &[], &[]).unwrap().rows;
    let read: Vec<_> = rows.iter().map(|row| (row.id(), row.text.as_deref())).collect();
    assert_eq!(read, [(Some("1"), Field::Value("1.50")), (Some("9007199254740993"), Field::Value("x"))]);
}

#[test]
fn dates() {
    for (json, expected) in [
        (r#""2026-02-28""#, Field::Value(Date::new(2026, 2, 28).unwrap())),
        (r#""2024-02-29""#, Field::Value(Date::new(2024, 2, 29).unwrap())),
        ("null", Field::Cleared),
        (r#""""#, Field::Cleared),
        (r#""2026-02-28T00:00:00.000Z""#, Field::Value(Date::new(2026, 2, 28).unwrap())),
        (r#""9999-12-31""#, Field::Cleared),
    ] {
        let row = with("date", json);
        assert_eq!(row.date, expected, "{json}");
        assert!(row.notes.undated.is_empty(), "{json}");
    }
    for json in [
        r#""2026-02-29""#,
        r#""2026-13-01""#,
        r#""2026-2-3""#,
        r#""03.02.2026""#,
        r#""2026-02-03T09:00:00Z""#,
        r#""0001-01-01""#,
        r#""tomorrow""#,
        "20260203",
        "1.5",
        "true",
        "{}",
        "[]",
    ] {
        let row = with("date", json);
        assert_eq!(row.date, Field::NotProvided, "{json}");
        assert_eq!(names(&row.notes.undated), ["date"], "{json}");
    }
}

#[test]
fn flags() {
    for (json, expected) in [
        ("true", Field::Value(true)),
        (r#""true""#, Field::Value(true)),
        ("1", Field::Value(true)),
        (r#""1""#, Field::Value(true)),
        ("false", Field::Value(false)),
        (r#""false""#, Field::Value(false)),
        ("0", Field::Value(false)),
        (r#""0""#, Field::Value(false)),
        ("null", Field::Cleared),
        (r#""""#, Field::Cleared),
    ] {
        let (plain, kept) = (with("flag", json), with("kept", json));
        assert_eq!((&plain.flag, &kept.kept), (&expected, &expected), "{json}");
        assert_eq!(plain.notes.extra, None);
        let extra = kept.notes.extra.unwrap();
        assert_eq!(&*extra, format!(r#"{{"kept":{json}}}"#), "kept as it was sent");
    }
    for json in [r#""yes""#, "2", "1.0", "{}", "[true]"] {
        let row = with("flag", json);
        assert_eq!((&row.flag, names(&row.notes.unfit)), (&Field::NotProvided, vec!["flag"]), "{json}");
    }
}

#[test]
fn loose_values_and_lists_of_names() {
    let value = |text: &str| Field::Value(text.to_owned());
    // The value; as a loose text; as a list, which can be no value at all.
    type Case<'a> = (&'a str, Field<String>, Option<&'a [&'a str]>);
    let table: &[Case<'_>] = &[
        (r#""Ops""#, value("Ops"), Some(&["Ops"])),
        ("7.50", value("7.50"), Some(&["7.50"])),
        (
            r#"["Ops",{"name":"Sales"},{"value":"HR"},{"id":9007199254740993},4.0,null,""," "]"#,
            value("Ops; Sales; HR; 9007199254740993; 4.0"),
            Some(&["Ops", "Sales", "HR", "9007199254740993", "4.0"]),
        ),
        (r#"{"id":3,"name":"Ops"}"#, value("Ops"), Some(&["Ops"])),
        (r#"{"name":"Ops","value":"other","id":3}"#, value("Ops"), Some(&["Ops"])),
        (r#"{"id":3,"value":"Full time"}"#, value("Full time"), Some(&["Full time"])),
        (r#"{"id":3}"#, value("3"), Some(&["3"])),
        (r#"{"id":3,"value":null}"#, Field::Cleared, None),
        (r#"{"id":3,"name":"","value":""}"#, Field::Cleared, None),
        ("[]", Field::Cleared, Some(&[])),
        ("[null]", Field::Cleared, Some(&[])),
        ("null", Field::Cleared, None),
        (r#"" ""#, Field::Cleared, None),
    ];
    for (json, loose, list) in table {
        let row = with("loose", json);
        assert_eq!(row.loose, *loose, "{json}");
        assert!(row.notes.unfit.is_empty(), "{json}");
        let row = with("list", json);
        let expected =
            list.map_or(Field::Cleared, |list| Field::Value(list.iter().map(ToString::to_string).collect()));
        assert_eq!(row.list, expected, "{json}");
    }
    // Half of a list is no list.
    for json in
        ["{}", r#"{"label":"Ops"}"#, r#"["Ops",["Sales"]]"#, r#"[{"name":{"de":"x"}}]"#, r#"{"name":["x"]}"#]
    {
        let (loose, list) = (with("loose", json), with("list", json));
        assert_eq!((&loose.loose, names(&loose.notes.unfit)), (&Field::NotProvided, vec!["loose"]), "{json}");
        assert_eq!((&list.list, names(&list.notes.unfit)), (&Field::NotProvided, vec!["list"]), "{json}");
    }
}

#[test]
fn objects_and_arrays_are_kept_as_sent() {
    let kept = |json: &str| Field::Value(Box::<str>::from(json));
    let (object, array) = (r#"{ "a" : [1.50, 2] }"#, r#"[ {"a":1e3} ,null]"#);
    assert_eq!(with("object", object).object, kept(object));
    assert_eq!(with("array", array).array, kept(array));
    assert_eq!(
        (with("object", "null").object, with("array", "null").array),
        (Field::Cleared, Field::Cleared)
    );
    for json in ["5", r#""{}""#, "true"] {
        assert_eq!(names(&with("object", json).notes.unfit), ["object"], "{json}");
        assert_eq!(names(&with("array", json).notes.unfit), ["array"], "{json}");
    }
    assert_eq!(with("object", "[]").object, Field::NotProvided);
    assert_eq!(with("array", "{}").array, Field::NotProvided);

    assert_eq!(super::object::<Row>(r#"{"id":5}"#).unwrap().notes.id.as_deref(), Some("5"));
    assert!(super::object::<Row>("[]").is_none() && super::object::<Row>("{").is_none());
    assert_eq!(objects::<Row>(r#"[{"id":5},{"id":6}]"#).unwrap().len(), 2);
    assert!(objects::<Row>("{}").is_none() && objects::<Row>("[").is_none());
}

#[test]
fn unknown_members_are_one_text_of_json() {
    let body =
        r#"{"id":1,"plain":[1, 2.50],"q\"uote":"\u00e5","nul\u0000":null,"ünï":{},"text":"x","back\\":true}"#;
    let row = row(body);
    let extra = row.notes.extra.unwrap();
    assert!(extra.contains("[1, 2.50]"), "numbers as they were: {extra}");
    let read: Map<String, Value> = serde_json::from_str(&extra).unwrap();
    let mut expected: Map<String, Value> = serde_json::from_str(body).unwrap();
    expected.retain(|name, _| !["id", "text"].contains(&name.as_str()));
    assert_eq!(read, expected);
}

#[test]
fn what_is_dropped_is_never_held() {
    for (member, json) in [
        ("secret", r#""canary""#),
        ("photo", r#"{"url":"canary","n":[{"canary":1}]}"#),
        ("bankAccount", r#""canary""#),
        ("asked", r#""canary""#),
    ] {
        let row = with(member, json);
        assert_eq!(row.notes.extra, None, "{member}");
        assert!(row.notes.asked.is_empty() && row.notes.unfit.is_empty() && !row.notes.repeated);
        assert!(row == with("secret", "1"), "it looks like another one: {member}");
    }
    let bare: Bare = one(&response(r#"{"key":1,"anything":"canary"}"#), &[]).unwrap();
    assert_eq!((bare.id(), &bare.notes.extra), (Some("1"), &None));
}

#[test]
fn members_are_asked_for_by_name() {
    assert_eq!(Row::ASKED, ["asked", "also"]);
    let body = r#"{"asked":["a",{"name":"b"}],"also":1.50,"text":"x"}"#;
    let read = |asked: &[&str]| -> Vec<(Box<str>, Field<String>)> {
        one::<Row>(&response(body), asked).unwrap().notes.asked
    };
    let value = |name: &str, text: &str| (Box::from(name), Field::Value(text.to_owned()));
    assert_eq!(read(&[]), []);
    assert_eq!(read(&["also"]), [value("also", "1.50")]);
    assert_eq!(read(&["also", "asked"]), [value("asked", "a; b"), value("also", "1.50")]);
    assert_eq!(read(&["text", "nothing"]), [], "only what the table offers");
    let unfit: Row = one(&response(r#"{"asked":[[1]]}"#), &["asked"]).unwrap();
    assert_eq!(
        (unfit.notes.asked, names(&unfit.notes.unfit)),
        (vec![("asked".into(), Field::NotProvided)], vec!["asked"])
    );
}

#[test]
fn what_is_said_twice_is_noticed() {
    for body in [
        r#"{"id":1,"id":1}"#,
        r#"{"id":1,"id":2}"#,
        r#"{"text":"a","text":"a"}"#,
        r#"{"text":"a","text":null}"#,
        r#"{"text":null,"text":"a"}"#,
        r#"{"text":{},"text":"a"}"#,
        r#"{"text":"a","text":{}}"#,
        r#"{"text":{},"text":{}}"#,
        r#"{"date":"x","date":"2026-01-01"}"#,
        r#"{"date":"2026-01-01","date":"x"}"#,
        r#"{"date":"x","date":"y"}"#,
        r#"{"flag":true,"flag":false}"#,
        r#"{"kept":true,"kept":2}"#,
        r#"{"list":[],"list":["a"]}"#,
        r#"{"loose":[[]],"loose":"a"}"#,
        r#"{"object":{},"object":{}}"#,
        r#"{"object":{},"object":5}"#,
        r#"{"object":5,"object":{}}"#,
        r#"{"array":[1],"array":null}"#,
        r#"{"array":5,"array":5}"#,
        r#"{"asked":"a","asked":"b"}"#,
        r#"{"te\u0078t":"a","text":"b"}"#,
    ] {
        let row: Row = one(&response(body), &["asked"]).unwrap();
        assert!(row.notes.repeated, "{body}");
    }
    assert_eq!(row(r#"{"id":1,"id":1}"#).notes.id, None, "none of two ids can be believed");
    for body in [r#"{"secret":1,"secret":2}"#, r#"{"text":"a","Text":"b"}"#, r#"{"asked":1,"asked":2}"#] {
        assert!(!row(body).notes.repeated, "{body}");
    }
}
