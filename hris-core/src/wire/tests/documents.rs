//! Lists, records inside others, and documents that are broken.

use super::*;

#[test]
fn rows_that_are_no_records_are_rows_all_the_same() {
    let body = r#"{"total":9,"data":[{"id":1},1,"x",null,true,[{"id":2}],-1,1.5,{"id":3}]}"#;
    let list = list::<Row>(&response(body), &["data"], &[]).unwrap();
    let shapes: Vec<_> = list.rows.iter().map(|row| (row.id(), row.notes.shapeless)).collect();
    let none = (None, true);
    assert_eq!(shapes, [(Some("1"), false), none, none, none, none, none, none, none, (Some("3"), false)]);
    for body in ["1", "null", "[]", r#""x""#, "true", "1.5"] {
        assert!(is_protocol(one::<Row>(&response(body), &[])), "{body}");
    }
}

#[test]
fn a_missing_list_is_never_an_empty_one() {
    let read =
        |body: &str, path: &[&str]| list::<Row>(&response(body), path, &[]).map(|list| list.rows.len());
    for (body, path, rows) in [
        ("[]", &[][..], 0),
        (r#"[{"id":1}]"#, &[], 1),
        (r#"{"data":[]}"#, &["data"], 0),
        (r#" {"x":{"data":5},"data" : [ {} , {} ] } "#, &["data"], 2),
        (r#"{"data":{"items":[{}],"data":[]}}"#, &["data", "items"], 1),
        ("\u{feff}[]", &[], 0),
    ] {
        assert_eq!(read(body, path).ok(), Some(rows), "{body}");
    }
    for (body, path) in [
        ("", &[][..]),
        ("null", &[]),
        ("{}", &[]),
        (r#"{"data":[]}"#, &[]),
        ("[", &[]),
        (r#"[{"id":1},"#, &[]),
        (r#"[{"id":1}"#, &[]),
        ("[]]", &[]),
        ("[][]", &[]),
        ("[] x", &[]),
        ("[{}{}]", &[]),
        ("[,]", &[]),
        ("[]", &["data"]),
        ("{}", &["data"]),
        (r#"{"data":null}"#, &["data"]),
        (r#"{"data":{}}"#, &["data"]),
        (r#"{"data":"x"}"#, &["data"]),
        (r#"{"Data":[]}"#, &["data"]),
        (r#"{"data":[],"data":[]}"#, &["data"]),
        (r#"{"data":[{"id":1}],"data":null}"#, &["data"]),
        (r#"{"data":[]}"#, &["data", "items"]),
        (r#"{"data":{"items":[]},"data":{"items":[]}}"#, &["data", "items"]),
        ("<!doctype html>", &["data"]),
    ] {
        assert!(is_protocol(list::<Row>(&response(body), path, &[])), "{body} {path:?}");
    }
    let latin = Response::new(200).with_body(*b"[{\"id\":\"1\",\"name\":\"Bj\xf6rn\"}]");
    let error = list::<Row>(&latin, &[], &[]).map(|_| ()).unwrap_err();
    assert!(error.to_string().ends_with("the body is not text in UTF-8, as JSON is"), "{error}");
}

#[test]
fn numbers_beside_the_list() {
    let body =
        r#"{"total":8,"text":"8","minus":-1,"half":8.0,"null":null,"data":{"rows":9,"items":[]},"after":2}"#;
    let list = list::<Row>(&response(body), &["data", "items"], &[]).unwrap();
    let counts =
        ["total", "text", "minus", "half", "null", "nothing", "rows", "after"].map(|name| list.count(name));
    assert_eq!(counts, [Some(8), None, None, Some(8), None, None, Some(9), Some(2)]);
    let totals = ["total", "text", "minus", "null", "nothing"].map(|name| list.total(name));
    use crate::http::Total::{Known, Missing, Unusable};
    assert_eq!(totals, [Known(8), Unusable, Unusable, Missing, Missing]);
}

#[test]
fn one_record_inside_a_member() {
    let read = |body: &str| one_in::<Row>(&response(body), "data", &["also"]);
    let row = read("\u{feff}{\"meta\":1,\"data\":{\"id\":9007199254740993,\"also\":1.0}}").unwrap();
    assert_eq!(row.id(), Some("9007199254740993"));
    assert_eq!(row.notes.asked.len(), 1);
    for body in ["{}", r#"{"data":null}"#, r#"{"data":[]}"#, "[]", "", r#"{"data":{}} x"#] {
        assert!(is_protocol(read(body)), "{body}");
    }
}

#[test]
fn members_that_customers_name() {
    let value = |name: &str, text: &str| (name.to_owned(), Field::Value(text.to_owned()));
    let read = members(r#"{"Kostenstelle \"x\"":12.50,"b":{"id":1,"value":"B"},"c":null,"d":[[]]}"#);
    let expected = [
        value("Kostenstelle \"x\"", "12.50"),
        value("b", "B"),
        ("c".to_owned(), Field::Cleared),
        ("d".to_owned(), Field::NotProvided),
    ];
    assert_eq!(read.unwrap(), expected);
    for json in ["[]", "null", "{", r#"{"a":1,"a":1}"#, r#"{"a":1} x"#] {
        assert_eq!(members(json), None, "{json}");
    }
}

#[test]
fn texts_that_are_no_texts() {
    // Half a surrogate pair spoils one name, not the page.
    let body = r#"[{"id":1,"text":"a\ud83db"},{"id":2,"text":"\ude00"},{"id":3,"text":"good"}]"#;
    let rows = list::<Row>(&response(body), &[], &[]).unwrap().rows;
    assert!(rows[0].text.as_deref().value().unwrap().starts_with("a\u{fffd}"));
    assert!(rows[1].text.as_deref().value().unwrap().starts_with('\u{fffd}'));
    assert_eq!(rows[2].text.as_deref(), Field::Value("good"));
    // Bytes that are no UTF-8 spoil the page, wherever they are read.
    for member in ["text", "id", "list", "flag", "object", "unknown"] {
        let body = [format!("[{{\"{member}\":\"").as_bytes(), b"\xC3\x28\xFF", b"\"}]"].concat();
        assert!(is_protocol(list::<Row>(&response(body), &[], &[])), "{member}");
    }
    let key = [&b"[{\"\xFF\":1}]"[..]].concat();
    assert!(is_protocol(list::<Row>(&response(key), &[], &[])));
    // A control character must be escaped in JSON.
    assert!(is_protocol(one::<Row>(&response("{\"text\":\"a\nb\"}"), &[])));
}

#[test]
fn nesting_without_end_breaks_nothing() {
    let depth = 100_000;
    for (open, close) in [("[", "]"), (r#"{"name":"#, "}")] {
        let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
        for member in
            ["id", "text", "loose", "list", "date", "flag", "object", "array", "secret", "unknown", "asked"]
        {
            let body = format!(r#"[{{"{member}":{nested}}},{{"id":2}}]"#);
            // The whole list, or an error: no rows are lost, and the stack is not.
            if let Ok(list) = list::<Row>(&response(body.as_str()), &[], &["asked"]) {
                assert_eq!(list.rows.len(), 2, "{member}");
                assert_eq!(list.rows[1].id(), Some("2"));
            }
        }
        let only = list::<Row>(&response(format!("[{nested}]")), &[], &[]);
        assert!(only.is_err() || only.is_ok_and(|list| list.rows.len() == 1));
        let _read = members(&nested);
    }
}
