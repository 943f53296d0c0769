//! What a mapping makes of values: words that are one, words that mean none, lists, values that no field can
//! hold.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot be set up has failed")]

use hris_core::mapping::{FieldMap, Mapping, Rule, from};
use hris_core::{
    CustomValue, Directory, Employee, Field, MemoryDirectory, ProblemCode, Snapshot, StandardField,
    TargetField,
};

fn compile(target: &str, rule: Rule) -> FieldMap {
    let mapping = Mapping::new().field("external_id", from("id")).field("email", from("email"));
    mapping.field(target, rule).compile(MemoryDirectory::new([]).capabilities()).unwrap()
}

fn person(field: StandardField, value: &str) -> Snapshot {
    let person = Employee::new("e-1")
        .with(StandardField::Email, Field::Value("anna@mill.example".to_owned()))
        .with(field, Field::Value(value.to_owned()));
    Snapshot::new("memory", vec![person])
}

#[test]
fn a_pair_is_found_in_whatever_characters_the_word_is_written() {
    let rule = from("location").map("Z\u{fc}rich HQ", "zrh").map("\u{130}zmir", "izm").map("zrh hq", "no");
    let map = compile("location", rule);
    for (value, expected) in [
        ("Z\u{fc}rich HQ", Some("zrh")),
        ("Z\u{fc}rich\u{a0}HQ", Some("zrh")),
        ("  z\u{dc}rich \t hq", Some("zrh")),
        ("Zu\u{308}rich  HQ", Some("zrh")),
        ("\u{130}zmir", Some("izm")),
        ("Izmir", None),
        ("Z\u{fc}rich-HQ", None),
    ] {
        let snapshot = person(StandardField::Location, value);
        let desired = map.apply(&snapshot);
        assert_eq!(desired.value(0, &TargetField::Location).value(), expected, "{value:?}");
        assert_eq!(desired.problems().is_empty(), expected.is_some(), "{value:?}");
    }
}

#[test]
fn a_word_that_means_no_value_leaves_the_field_to_the_next_source_and_to_the_default() {
    let rule = from("work_phone").or("personal_phone").empty("N/A").empty("-").default_value("none");
    let map = compile("phone", rule);
    for (work, personal, expected) in [
        (Some("n/a "), Some("+4722"), "+4722"),
        (Some("-"), Some("N/A"), "none"),
        (Some("\u{2013}"), None, "\u{2013}"),
        (Some("+4733"), None, "+4733"),
        (None, None, "none"),
    ] {
        let text = |text: Option<&str>| Field::from(text.map(str::to_owned));
        let person = Employee::new("e-1")
            .with(StandardField::WorkPhone, text(work))
            .with(StandardField::PersonalPhone, text(personal));
        let snapshot = Snapshot::new("memory", vec![person]);
        let desired = map.apply(&snapshot);
        assert_eq!(desired.value(0, &TargetField::Phone), Field::Value(expected), "{work:?}");
    }
    // Without a default the field is empty, as if the source had said so.
    let map = compile("phone", from("work_phone").empty("N/A"));
    let snapshot = person(StandardField::WorkPhone, "N/A");
    assert_eq!(map.apply(&snapshot).value(0, &TargetField::Phone), Field::Cleared);
}

#[test]
fn the_order_of_teams_says_nothing() {
    let map = compile("custom.teams", from("teams"));
    let field = TargetField::Custom("teams".to_owned());
    let value = |teams: &[&str]| {
        let teams = teams.iter().map(|team| (*team).to_owned()).collect();
        let snapshot = Snapshot::new("memory", vec![Employee::new("e-1").with_teams(Field::Value(teams))]);
        map.apply(&snapshot).value(0, &field).map(str::to_owned)
    };
    assert_eq!(value(&["Weaving", "Dyeing"]), Field::Value("Dyeing; Weaving".to_owned()));
    assert_eq!(value(&["Dyeing", "Weaving"]), value(&["Weaving", "Dyeing"]));
    let snapshot = person(StandardField::GivenName, "Anna");
    let desired = map.apply(&snapshot);
    let place = |field: &TargetField| desired.targets().position(|target| target == field).unwrap();
    let column = place(&field);
    for (current, agrees) in [
        ("Weaving; Dyeing", true),
        ("Dyeing;  Weaving", true),
        ("Dyeing", false),
        ("Dyeing; Weaving; Carding", false),
        ("Dyeing Weaving", false),
    ] {
        assert_eq!(desired.agrees(column, "Dyeing; Weaving", current), agrees, "{current}");
    }
    assert!(!desired.agrees(place(&TargetField::ExternalId), "a; b", "b; a"), "an id is no list");
}

#[test]
fn a_value_that_no_field_can_hold_is_left_out_with_one_problem() {
    let map = compile("given_name", from("given_name"));
    let snapshot = person(StandardField::GivenName, "An\u{0}na");
    let desired = map.apply(&snapshot);
    assert_eq!(desired.value(0, &TargetField::GivenName), Field::NotProvided);
    assert!(desired.is_refused(0, &TargetField::GivenName));
    assert!(!desired.is_refused(0, &TargetField::Email));
    let told: Vec<_> =
        desired.problems().iter().map(|problem| (problem.code, problem.field.as_deref())).collect();
    assert_eq!(told, [(ProblemCode::InvalidRecord, Some("given_name"))]);

    let snapshot = person(StandardField::Email, "anna@mill.example\u{200b}");
    let desired = map.apply(&snapshot);
    assert!(desired.is_refused(0, &TargetField::Email));
    assert!(!desired.is_refused(0, &TargetField::GivenName), "a value that is missing is not refused");
    let [problem] = desired.problems() else { panic!("one problem: {:?}", desired.problems()) };
    assert_eq!(problem.code, ProblemCode::InvalidEmail);
    assert!(problem.message.contains("an invisible character"), "{}", problem.message);
}

#[test]
fn a_custom_field_is_found_by_its_name_if_it_can_be_one_field_only() {
    let custom = |id: &str, name: &str| CustomValue {
        id: id.into(),
        name: name.into(),
        value: Field::Value(format!("value of {name}")),
    };
    let size = TargetField::Custom("size".to_owned());
    for (wanted, names, expected) in [
        ("custom.Cost centre", &["Cost centre "][..], Some("value of Cost centre ")),
        ("custom.COST\u{a0}CENTRE", &["Cost centre"], Some("value of Cost centre")),
        ("custom.Cost centre", &["Cost centre", "Cost centre "], Some("value of Cost centre")),
        ("custom.COST CENTRE", &["Cost centre", "Cost centre "], None),
        ("custom.Cost center", &["Cost centre"], None),
    ] {
        let map = compile("custom.size", from(wanted));
        // Nobody has all of them: which field is meant does not depend on the person.
        let person = |(n, name): (usize, &&str)| {
            Employee::new(format!("e-{n}")).with_custom(custom(&n.to_string(), name))
        };
        let snapshot = Snapshot::new("memory", names.iter().enumerate().map(person).collect());
        let found = map.apply(&snapshot).value(0, &size).map(str::to_owned).value();
        assert_eq!(found.as_deref(), expected, "{wanted} of {names:?}");
    }
}

#[test]
fn one_person_alone_gets_the_row_that_they_get_among_others() {
    let custom = |value: &str| CustomValue {
        id: "c1".into(),
        name: "Cost  Centre".into(),
        value: Field::Value(value.to_owned()),
    };
    let people = ["Store", "", "Unknown"].map(|title| {
        Employee::new(format!("e-{title}").as_str())
            .with(StandardField::Email, Field::Value(format!("{title} x@mill.example")))
            .with(StandardField::JobTitle, Field::Value(title.to_owned()))
            .with_custom(custom(title))
    });
    let mapping = Mapping::new()
        .field("external_id", from("id"))
        .field("email", from("email"))
        .field("job_title", from("job_title").map("Store", "shop").default_value("none"))
        .field("custom.centre", from("custom.cost centre"));
    let map = mapping.compile(MemoryDirectory::new([]).capabilities()).unwrap();
    let snapshot = Snapshot::new("memory", people.to_vec());
    let all = map.apply(&snapshot);
    for (place, person) in people.iter().enumerate() {
        let alone = map.apply_one(person);
        for field in map.targets() {
            assert_eq!(alone.value(field), all.value(place, field), "{field}");
            assert_eq!(alone.is_refused(field), all.is_refused(place, field), "{field}");
        }
        assert!(alone.problems().iter().all(|problem| all.problems().contains(problem)));
    }
}
