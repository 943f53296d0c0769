//! Which of a customer's own fields a request means.

use hris_core::connector::{CustomField, CustomFields};
use hris_core::{ErrorKind, SourceField};

use super::*;

fn defined() -> [CustomField; 5] {
    [
        CustomField::new("1", "Shirt size"),
        CustomField::new("2", "Desk"),
        CustomField::new("3", "Desk"),
        CustomField::new("4", "Bank account").sensitive(true),
        CustomField::new("5", ""),
    ]
}

fn asking(fields: &[&str]) -> ReadRequest {
    let request = ReadRequest::new("2026-11-23".parse().unwrap());
    request.with_fields(fields.iter().map(|field| field.parse::<SourceField>().unwrap()))
}

#[test]
fn a_field_is_meant_by_its_id_or_by_a_name_that_no_other_has() {
    let defined = defined();
    for (asked, wanted) in [
        (&["custom.Shirt size"][..], Ok(&["1"][..])),
        (&["custom.#2"], Ok(&["2"])),
        (&["custom.#2", "custom.#1"], Ok(&["1", "2"])),
        (&["custom.#4"], Ok(&["4"])),
        (&["custom.badge"], Ok(&[])),
        (&[], Ok(&[])),
        (&["custom.Desk"], Err("several custom fields have this name; use one of custom.#2, custom.#3")),
        (&["custom.Bank account"], Err("custom.Bank account")),
        (&["custom.#9"], Err("custom.#9")),
        (&["custom.Shirt sise"], Err("Shirt size")),
    ] {
        let request = asking(asked);
        let fields = CustomFields::of(&defined, &request, |word| word == "badge");
        match (fields.required(), wanted) {
            (Ok(found), Ok(wanted)) => {
                assert_eq!(found.iter().map(|field| &*field.id).collect::<Vec<_>>(), wanted, "{asked:?}");
            }
            (Err(error), Err(words)) => {
                assert_eq!(error.kind(), ErrorKind::Config, "{asked:?}");
                assert!(error.to_string().contains(words), "{asked:?}: {error}");
            }
            (found, _) => panic!("{asked:?}: {found:?}"),
        }
    }
}

#[test]
fn everything_means_every_field_but_those_that_are_read_by_id_only() {
    let (defined, request) = (defined(), everything());
    let fields = CustomFields::of(&defined, &request, |_| false);
    let ids: Vec<&str> = fields.required().unwrap().iter().map(|field| &*field.id).collect();
    assert_eq!(ids, ["1", "2", "3", "5"]);
}

#[test]
fn an_open_id_may_be_asked_for_without_a_definition_and_a_name_may_not() {
    let defined = defined();
    let request = asking(&["custom.#9", "custom.Height"]);
    let fields = CustomFields::of(&defined, &request, |_| false);
    let names =
        |fields: &CustomFields<'_>| fields.lacking().iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(names(&fields), ["custom.#9", "custom.Height"]);
    assert_eq!(names(&fields.with_open_ids()), ["custom.Height"]);
}

#[test]
fn definitions_are_read_only_where_a_request_needs_them() {
    let is_member = |word: &str| word == "badge";
    for (request, needed, members) in [
        (everything(), true, &[][..]),
        (asking(&["email"]), false, &[]),
        (asking(&["custom.badge"]), false, &["badge"]),
        (asking(&["custom.badge", "custom.Desk"]), true, &["badge"]),
    ] {
        assert_eq!(CustomFields::are_needed(&request, is_member), needed, "{request:?}");
        assert_eq!(CustomFields::members(&request, is_member), members, "{request:?}");
    }
}
