//! What people and programs read of a run: JSON, CSV, HTML, the headline.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

use hris_reconcile::report::Report;
use proptest::prelude::*;
use serde_json::{Value, json};

/// A report with `change` laid over an ordinary one.
fn report(change: Value) -> Report {
    let mut base = json!({
        "run": "01JDC0000000000000000000AA", "connection": "acme-humaans", "command": "sync",
        "outcome": "completed", "started_at": "2026-11-23T09:00:00Z", "finished_at": "2026-11-23T09:00:04Z",
        "source": { "vendor": "humaans", "employees": 251, "complete": true, "requests": 4 },
        "counts": { "created": 0, "invited": 0, "reinvited": 0, "updated": 0, "unchanged": 0, "deactivated": 0,
                    "reactivated": 0, "linked": 0, "conflicts": 0, "skipped": 0, "failed": 0 },
        "actions": [], "problems": [], "refusal": null,
    });
    merge(&mut base, change);
    serde_json::from_value(base).expect("a report")
}

fn merge(base: &mut Value, change: Value) {
    match (base, change) {
        (Value::Object(base), Value::Object(change)) => {
            for (key, value) in change {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, change) => *base = change,
    }
}

fn action(kind: &str, n: usize, result: &str, reason: &str, fields: &[&str]) -> Value {
    json!({ "action": kind, "employee": format!("e{n}"), "user": format!("u{n}"), "fields": fields,
            "reason": reason, "result": result })
}

fn refused() -> Report {
    let gone = "is missing from the whole list and unknown when asked for by id";
    let leavers: Vec<_> = (0..38).map(|n| action("deactivate", n, "skipped", gone, &[])).collect();
    report(json!({
        "outcome": "refused", "counts": { "unchanged": 213 }, "actions": leavers,
        "refusal": {
            "rule": "max_deactivations_percent", "limit": 25, "planned": 38,
            "message": "38 removals planned, 25 allowed a run (10 % of 251, at least 3); \
                        look at `plan`, and approve that plan if it is right"
        },
    }))
}

fn with_problems() -> Report {
    let (new, differ) = ("is employed and has no account", "the source has other values");
    let left = "the status says that the person has left, and the last working day has passed";
    report(json!({
        "outcome": "partial",
        "counts": { "created": 3, "invited": 3, "updated": 12, "deactivated": 1, "unchanged": 232,
                    "conflicts": 1, "failed": 2 },
        "actions": [
            action("create", 1, "done", new, &["email", "given_name"]),
            action("create", 2, "done", new, &["email"]),
            action("create", 3, "failed", new, &["email", "phone"]),
            action("update", 4, "failed", differ, &["job_title"]),
            action("deactivate", 5, "done", left, &[]),
            action("update", 6, "done", differ, &["department", "manager_external_id"]),
        ],
        "problems": [
            { "severity": "error", "code": "target_rejected", "employee": "e3", "field": "phone",
              "message": "the target refused phone: too long" },
            { "severity": "warning", "code": "missing_email", "employee": "e9", "field": "email",
              "message": "no e-mail address in email" },
            { "severity": "warning", "code": "missing_email", "employee": "e10", "field": "email",
              "message": "no e-mail address in email" },
            { "severity": "warning", "code": "unknown_manager", "employee": "e4", "user": "u4",
              "field": "manager", "message": "the manager is not in the list" },
        ],
        "situations": { "confirmed": 245, "joiner": 3, "leaver": 1, "invalid": 2 },
    }))
}

fn large() -> Report {
    let actions: Vec<_> = (0..500)
        .map(|n| match n % 5 {
            0 => action("create", n, "done", "is employed and has no account", &["email", "given_name"]),
            1 => action("assign", n, "done", "the source gives other assignments", &["location"]),
            _ => action("update", n, "done", "the source has other values", &["job_title"]),
        })
        .collect();
    report(json!({
        "counts": { "created": 100, "invited": 100, "updated": 400, "unchanged": 1200 }, "actions": actions,
        "source": { "employees": 1700, "requests": 18 }, "finished_at": "2026-11-23T09:03:41Z",
    }))
}

/// A report in which every text that comes from elsewhere is `text`.
fn everywhere(text: &str) -> Report {
    report(json!({
        "run": text, "connection": text, "command": text, "outcome": "failed",
        "source": { "vendor": text },
        "refusal": { "rule": "empty_source", "limit": 1, "planned": 0, "message": text },
        "error": { "kind": text, "message": text },
        "situations": { text: 1 }, "notices": [text],
        "actions": [{ "action": "update", "employee": text, "user": text, "fields": [text, text],
                      "reason": text, "result": "failed" }],
        "problems": [{ "severity": "warning", "code": "invalid_record", "employee": text, "user": text,
                       "field": text, "message": text }],
    }))
}

#[test]
fn the_headline_says_it_in_plain_words() {
    let refusal = json!({ "rule": "empty_source", "limit": 1, "planned": 0, "message": "m" });
    let failure = |kind: &str| json!({ "kind": kind, "message": "m" });
    for (change, headline) in [
        (
            json!({ "counts": { "created": 3, "invited": 3, "deactivated": 1, "unchanged": 248 } }),
            "3 people joined, 1 left, 248 unchanged",
        ),
        (json!({ "counts": { "deactivated": 1, "unchanged": 1 } }), "1 person left, 1 unchanged"),
        (json!({ "counts": { "unchanged": 248 } }), "Nothing to do: all 248 people are up to date"),
        (json!({ "counts": { "unchanged": 1 } }), "Nothing to do: the one person is up to date"),
        (json!({}), "Nothing to do"),
        (
            json!({ "command": "plan", "counts": { "created": 2, "updated": 1, "unchanged": 9 } }),
            "2 people would join, 1 update, 9 unchanged",
        ),
        (
            json!({ "command": "match", "counts": { "linked": 12, "unchanged": 3 } }),
            "12 people linked, 3 unchanged",
        ),
        (json!({ "counts": { "reinvited": 4, "unchanged": 3 } }), "4 people invited again, 3 unchanged"),
        (
            json!({ "outcome": "partial", "counts": { "updated": 4, "failed": 2, "conflicts": 1, "unchanged": 7 } }),
            "4 updates, 2 failures, 1 conflict to decide, 7 unchanged",
        ),
        (
            json!({ "outcome": "partial", "counts": { "unchanged": 233 },
                    "problems": [{ "severity": "error", "code": "protected", "employee": "e1", "message": "m" }] }),
            "1 error to look at, 233 unchanged",
        ),
        (
            json!({ "counts": { "unchanged": 233 },
                    "problems": [{ "severity": "warning", "code": "divergence", "employee": "e1", "message": "m" }] }),
            "Nothing to do: all 233 people are up to date",
        ),
        (
            json!({ "outcome": "refused", "refusal": refusal }),
            "Nothing was changed: the HR system lists nobody",
        ),
        (
            json!({ "outcome": "failed", "error": failure("auth") }),
            "The run failed: a credential or permission is missing",
        ),
        (
            json!({ "outcome": "failed", "counts": { "created": 2 }, "error": failure("target") }),
            "The run failed: the target did not answer, or refused the request; before that, 2 people joined",
        ),
    ] {
        assert_eq!(report(change).headline(), headline);
    }
}

#[test]
fn json_has_the_members_that_programs_rely_on() {
    let report = with_problems();
    let value: Value = serde_json::from_str(&report.to_json()).expect("JSON");
    let keys = |value: &Value| {
        let mut keys: Vec<_> = value.as_object().expect("object").keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(
        keys(&value),
        "actions command connection counts finished_at outcome problems refusal run situations source started_at"
    );
    assert_eq!(keys(&value["source"]), "complete employees requests vendor");
    assert_eq!(
        keys(&value["counts"]),
        "conflicts created deactivated failed invited linked reactivated reinvited skipped unchanged updated"
    );
    assert_eq!(keys(&value["actions"][0]), "action employee fields reason result user");
    assert_eq!(keys(&value["problems"][0]), "code employee field message severity");
    assert_eq!(value["refusal"], Value::Null);
    assert_eq!(value["started_at"], "2026-11-23T09:00:00Z");
    let refusal: Value = serde_json::from_str(&refused().to_json()).expect("JSON");
    assert_eq!(keys(&refusal["refusal"]), "limit message planned rule");
    assert_eq!(serde_json::from_str::<Report>(&report.to_json()).expect("the same"), report);
}

fn table(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

#[test]
fn csv_has_a_row_for_each_error_and_warning() {
    let rows = table(&with_problems().to_csv());
    assert_eq!(rows[0].join(","), "severity,code,employee,user,field,message,what_to_do,run");
    let short: Vec<_> = rows[1..].iter().map(|row| row[..5].join("|")).collect();
    assert_eq!(
        short,
        [
            "error|target_rejected|e3||phone",
            "warning|missing_email|e9||email",
            "warning|missing_email|e10||email",
            "warning|unknown_manager|e4|u4|manager",
            // The failed creation is told of above already; the failed update is not.
            "error|action_failed|e4|u4|job_title",
        ]
    );
    assert_eq!(rows[5][5], "update failed: the source has other values");
    assert!(rows[1..].iter().all(|row| !row[6].is_empty() && row[7] == "01JDC0000000000000000000AA"));
    let refusal = table(&refused().to_csv());
    assert_eq!((refusal[1][1].as_str(), refusal.len()), ("max_deactivations_percent", 2));
    let failed =
        report(json!({ "outcome": "failed", "error": { "kind": "source", "message": "no answer" } }));
    assert_eq!(table(&failed.to_csv())[1][..2], ["error", "source"]);
    assert_eq!(table(&report(json!({})).to_csv()).len(), 1, "a header even when there is nothing to say");
}

#[test]
fn no_cell_is_a_formula() {
    for (hostile, cell) in [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'␉=1"),
        ("\r=1", "'␍=1"),
        ("＝1", "'＝1"),
        ("a\"b,c\nd", "a\"b,c␊d"),
        ("\u{202e}1+", "⟨U+202E⟩1+"),
    ] {
        let rows = table(&everywhere(hostile).to_csv());
        assert_eq!(rows[3][2..6], [cell; 4], "{hostile:?}");
    }
}

/// The tags of a page in order, with the text between them left out.
fn tags(html: &str) -> Vec<String> {
    html.split('<')
        .skip(1)
        .map(|part| part.split([' ', '>', '\n']).next().unwrap_or_default().to_owned())
        .collect()
}

fn assert_sound(html: &str) {
    let mut open = Vec::new();
    for tag in tags(html) {
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "closed in order"),
            None if ["!DOCTYPE", "meta"].contains(&tag.as_str()) => {}
            None => open.push(tag),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
    for loading in
        ["<script", "<link", "<img", "<iframe", "<form", "http:", "https:", "url(", "@import", "src="]
    {
        assert!(!html.contains(loading), "{loading} would load or run something");
    }
}

#[test]
fn the_page_tells_everything_and_loads_nothing() {
    let quiet = report(json!({ "counts": { "unchanged": 251 } }));
    let refusal = json!({ "rule": "coverage_lost", "limit": 0, "planned": 2, "message": "hidden" });
    let held = report(json!({ "outcome": "partial", "refusal": refusal }));
    for (report, expected) in [
        (
            quiet,
            &["Nothing to do: all 251 people are up to date", "no account needed a change", "4 requests"][..],
        ),
        (
            refused(),
            &[
                "Refused: more people would leave than one run may remove",
                "planned <strong>38</strong> · allowed <strong>25</strong>",
                "What to do:",
                "e37",
            ],
        ),
        (
            with_problems(),
            &[
                "3 people joined, 1 left, 12 updates",
                "None came back, invited again, linked or skipped.",
                "Add a work e-mail",
                "e10",
                "1 failed",
                "245 confirmed",
            ],
        ),
        (large(), &["100 people joined", "e499", "took 3 min 41 s", "1700 people, 18 requests"]),
        (held, &["Removals wait: fields or people"]),
    ] {
        let html = report.to_html();
        assert_sound(&html);
        for text in expected {
            assert!(html.contains(text), "{text} is missing");
        }
        assert_eq!(
            html.matches("<tr><td ").count(),
            report.actions.len() + report.problems.len(),
            "a row each"
        );
    }
}

#[test]
fn hostile_text_is_shown_and_does_nothing() {
    let html = everywhere("<script>alert(1)</script>\"' onload=x \u{202e}evil\r\n{{ page }}").to_html();
    assert_sound(&html);
    assert!(html.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt;&quot;&#x27;"), "escaped");
    assert!(html.contains("⟨U+202E⟩evil␍␊{{ page }}"), "shown");
    assert!(!html.contains('\u{202e}'));
}

#[test]
fn a_product_may_bring_its_own_page() {
    let report = everywhere("<b>");
    assert_eq!(report.to_html_with("<p>{{ page.connection }}</p>").expect("renders"), "<p>&lt;b&gt;</p>");
    for broken in ["{{ page.", "{{ page.no_such.thing }}"] {
        let error = report.to_html_with(broken).expect_err("cannot render");
        assert_eq!(error.kind(), hris_reconcile::ErrorKind::Config);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn text_never_changes_the_shape_of_a_page_or_a_table(
        text in "\\PC{1,20}|[<>&\"'=+@\\-,;\r\n\t\u{202e}\u{0}{}%#]{1,12}",
    ) {
        let report = everywhere(&text);
        prop_assert_eq!(tags(&report.to_html()), tags(&everywhere("x").to_html()));
        let rows = table(&report.to_csv());
        prop_assert_eq!(rows.len(), 5);
        for row in rows {
            prop_assert_eq!(row.len(), 8);
            prop_assert!(row.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])));
        }
    }
}
