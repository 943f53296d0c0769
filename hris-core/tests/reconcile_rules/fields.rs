//! What is written and what is left: hidden, cleared and not sent are three things.

use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Baseline, FieldSupport, Leavers};
use hris_core::{Fingerprint, TargetField};

use crate::support::{World, world};

#[test]
fn only_what_was_seen_to_be_empty_is_emptied() {
    let fields = [
        ("number", "employee_number", "7", "8"),
        ("given_name", "given_name", "Ada", "Eve"),
        ("family_name", "family_name", "Poe", "Ray"),
        ("work_phone", "phone", "+4420", "+4421"),
        ("job_title", "job_title", "Cook", "Chef"),
        ("department", "department", "Sales", "Stock"),
        ("location", "location", "Oslo", "Bergen"),
        ("start_date", "start_date", "2020-01-01", "2020-02-01"),
        ("end_date", "end_date", "2030-01-01", "2030-02-01"),
    ];
    for (source, target, has, other) in fields {
        let user =
            format!("ua active for=a {}={has}", if target == "employee_number" { "number" } else { target });
        let emptied = format!("update a ua -{target} (FieldsDiffer)");
        let changed = format!("update a ua {target} (FieldsDiffer)");
        for (value, expected) in [
            (format!("{source}={has}"), ""),
            (format!("{source}={other}"), changed.as_str()),
            (format!("{source}="), emptied.as_str()),
            (format!("{source}?"), ""),
            (format!("{source}!"), ""),
            (String::new(), ""),
        ] {
            world(&format!("a active @ {value}"), &user, "a>ua").actions(expected);
        }
    }
}

#[test]
fn an_account_keeps_its_address_and_its_external_id() {
    world("a active email=", "ua active for=a", "a>ua")
        .actions("")
        .problems("warning missing_email a ua email");
    for hidden in ["email?", "email!"] {
        world(&format!("a active {hidden}"), "ua active for=a", "a>ua").actions("").problems("");
    }
    world("a active @ number=", "ua active for=a", "a>ua")
        .mapping(|mapping| mapping.field("external_id", from("employee_number")))
        .actions("");
}

#[test]
fn what_cannot_be_used_is_left_as_it_is() {
    world("a active email=nonsense", "ua active for=a", "a>ua")
        .actions("")
        .problems("warning invalid_email a - email");
    world("a active @ work_phone=soon", "ua active for=a start_date=2020-01-01", "a>ua")
        .mapping(|mapping| {
            mapping.field("start_date", from("work_phone")).field("phone", from("personal_phone"))
        })
        .actions("")
        .problems("warning invalid_date a - start_date");
}

#[test]
fn what_a_target_cannot_unset_is_reported() {
    world("a active @ work_phone=", "ua active for=a phone=1", "a>ua")
        .with(|world| {
            world.target.set(TargetField::Phone, FieldSupport::plain().unclearable());
        })
        .actions("")
        .problems("warning cannot_unset a ua phone");
}

#[test]
fn what_a_target_takes_only_when_an_account_is_made_is_reported_and_not_written() {
    let fixed = |world: &mut World| world.target.set(TargetField::Phone, FieldSupport::plain().fixed());
    for (person, had) in [("work_phone=2", "phone=1"), ("work_phone=", "phone=1"), ("work_phone=2", "")] {
        world(&format!("a active @ {person}"), &format!("ua active for=a {had}"), "a>ua")
            .with(fixed)
            .actions("")
            .problems("warning divergence a - phone");
    }
    world("a active @ work_phone=1", "ua active for=a phone=1", "a>ua").with(fixed).actions("").problems("");
    let made = world("a active @ work_phone=2", "", "").with(fixed).plan();
    assert!(made.actions.iter().any(|action| action.change_of(&TargetField::Phone).is_some()));
}

#[test]
fn what_is_too_long_for_a_target_is_left_out_and_reported() {
    let short = |world: &mut World| {
        world.target.set(TargetField::Department, FieldSupport::plain().at_most(4));
        world.target.set(TargetField::Email, FieldSupport::plain().unique().at_most(9));
    };
    let rows = [
        ("department=Weave @", "error target_rejected a - department", "update a ua phone (FieldsDiffer)"),
        ("department=\u{c6}\u{d8}\u{c5}x @", "", "update a ua department phone (FieldsDiffer)"),
        ("email=far.away@x.io", "error target_rejected a - email", "update a ua phone (FieldsDiffer)"),
    ];
    for (person, problems, actions) in rows {
        let person = format!("a active work_phone=1 {person}");
        world(&person, "ua active for=a", "a>ua").with(short).actions(actions).problems(problems);
    }
    let made = world("a active @ department=Weave", "", "").with(short).plan();
    let made: Vec<_> = made.actions.iter().flat_map(|action| action.fields()).collect();
    assert!(made.contains(&"email".to_owned()) && !made.contains(&"department".to_owned()), "{made:?}");
    world("a active email=far.away@x.io", "", "")
        .with(short)
        .actions("")
        .problems("error target_rejected a - email\nerror target_rejected a - email");
}

#[test]
fn nobody_gets_an_account_without_what_the_target_needs() {
    let needs = |world: &mut World| world.target.set(TargetField::Phone, FieldSupport::plain().required());
    world("a active @", "", "").with(needs).actions("").problems("error target_rejected a - phone");
    let made = world("a active @ work_phone=1", "", "").with(needs).plan();
    assert_eq!(made.of_kind(hris_core::reconcile::ActionKind::Create).count(), 1);
    world("a active @ work_phone=", "ua active for=a phone=1", "a>ua")
        .with(needs)
        .actions("")
        .problems("warning cannot_unset a ua phone");
}

#[test]
fn values_that_mean_the_same_are_not_written() {
    let user = "ua active for=a phone=+44207946 given_name=Zo\u{eb}";
    world("a active email=A@X.io work_phone=+44(207)-946 given_name=Zoe\u{308}", user, "a>ua").actions("");
}

fn department(rule: hris_core::mapping::Rule) -> impl FnOnce(Mapping) -> Mapping {
    |mapping| mapping.field("department", rule)
}

#[test]
fn the_first_that_has_a_value() {
    let rows = [
        ("department=A location=B", "", "department"),
        ("department= location=B", "", "department"),
        ("department? location=B", "", "department"),
        ("department= location=", "department=Z", "-department"),
        ("department= location?", "department=Z", ""),
        ("department! location=", "department=Z", ""),
    ];
    for (person, user, change) in rows {
        let expected =
            if change.is_empty() { String::new() } else { format!("update a ua {change} (FieldsDiffer)") };
        world(&format!("a active @ {person}"), &format!("ua active for=a {user}"), "a>ua")
            .mapping(|mapping| {
                mapping
                    .field("department", from("department").or("location"))
                    .field("location", from("custom.none"))
            })
            .actions(&expected);
    }
}

#[test]
fn a_default_stands_in_for_nothing_but_never_for_the_unseen() {
    let rows = [("department=", "department"), ("department?", ""), ("department!", ""), ("", "")];
    for (person, change) in rows {
        let expected = if change.is_empty() {
            String::new()
        } else {
            "update a ua department (FieldsDiffer)".to_owned()
        };
        world(&format!("a active @ {person}"), "ua active for=a department=Z", "a>ua")
            .mapping(department(from("department").default_value("None")))
            .actions(&expected);
    }
}

#[test]
fn a_look_up() {
    let sales = || from("department").map("100", "Sales");
    let rows = [
        ("department=100", sales(), "department=Sales", "", ""),
        ("department=100", sales(), "department=Z", "update a ua department (FieldsDiffer)", ""),
        ("department=200", sales(), "department=Z", "", "warning unmapped_value a - department"),
        (
            "department=200",
            sales().default_value("Other"),
            "department=Z",
            "update a ua department (FieldsDiffer)",
            "warning unmapped_value a - department",
        ),
        // A rule that maps to nothing empties the field, once.
        ("department=0", sales().map("0", ""), "department=Z", "update a ua -department (FieldsDiffer)", ""),
        ("department=0", sales().map("0", " "), "", "", ""),
        ("department=", from("department").default_value(" "), "", "", ""),
    ];
    for (person, rule, user, actions, problems) in rows {
        world(&format!("a active @ {person}"), &format!("ua active for=a {user}"), "a>ua")
            .mapping(department(rule))
            .actions(actions)
            .problems(problems);
    }
}

#[test]
fn managers() {
    let users = "ua active for=a manager_external_id=z\nub active for=b";
    let rows = [
        ("manager=b", "update a ua manager_external_id (FieldsDiffer)", ""),
        ("manager=", "update a ua -manager_external_id (FieldsDiffer)", ""),
        ("manager?", "", ""),
        ("manager=nobody", "", "warning unknown_manager a - manager_external_id"),
        ("manager=a", "", "warning manager_cycle a - manager_external_id"),
    ];
    for (manager, actions, problems) in rows {
        world(&format!("a active @ {manager}\nb active @"), users, "a>ua\nb>ub")
            .actions(actions)
            .problems(problems);
    }
}

#[test]
fn managers_are_made_before_those_they_manage() {
    world("a active @ manager=b\nb active @ manager=c\nc active @", "", "")
        .policy(|policy| policy.invite = false)
        .actions("create c - (NewEmployee)\ncreate b - (NewEmployee)\ncreate a - (NewEmployee)");
}

#[test]
fn a_circle_of_managers_is_reported_for_those_in_it_only() {
    world(
        "a active @ manager=b\nb active @ manager=c\nc active @ manager=b",
        "ua active for=a manager_external_id=b\nub active for=b\nuc active for=c",
        "a>ua\nb>ub\nc>uc",
    )
    .actions("")
    .problems("warning manager_cycle b - manager_external_id\nwarning manager_cycle c - manager_external_id");
}

#[test]
fn a_manager_of_whom_there_are_two_records_is_unknown() {
    let world =
        world("a active @ manager=b\nb active @ number=1 \nb active @ number=2", "ua active for=a", "a>ua")
            .mapping(|mapping| mapping.field("external_id", from("employee_number")));
    world
        .actions("")
        .problems("error duplicate_external_id b - -\nwarning unknown_manager a - manager_external_id");
}

const FULL: &str = "a active @ number=1 given_name=A family_name=A work_phone=1 job_title=J department=D location=L start_date=2020-01-01 end_date=2030-01-01 manager=b\nb active @";

fn full() -> World {
    let user = "ua active for=a number=1 given_name=A family_name=A phone=1 job_title=J department=D location=L \
                start_date=2020-01-01 end_date=2030-01-01 manager_external_id=b";
    world(FULL, &format!("{user}\nub active for=b\nuc active for=c"), "a>ua\nb>ub\nc>uc").remembered()
}

#[test]
fn a_field_that_nobody_has_any_more_is_not_emptied() {
    for source in [
        "number",
        "given_name",
        "family_name",
        "work_phone",
        "job_title",
        "department",
        "location",
        "manager",
    ] {
        for state in ["", "!", "?"] {
            let mut world = full().gone("c");
            let lines: Vec<String> = FULL
                .lines()
                .map(|line| {
                    let words = line.split(' ').map(|word| match word.split_once('=') {
                        Some((name, _)) if name == source => {
                            if state.is_empty() {
                                format!("{name}=")
                            } else {
                                format!("{name}{state}")
                            }
                        }
                        _ => word.to_owned(),
                    });
                    words.collect::<Vec<_>>().join(" ")
                })
                .collect();
            world.people = lines.iter().map(|line| crate::support::person(line)).collect();
            world.actions("deactivate c uc (AbsentAndGone)");
            world.guarded("refuse coverage_lost 1/0");
            // It is remembered, so the field is held until it comes back.
            assert_eq!(world.plan().baseline.filled, full().plan().baseline.filled);
        }
    }
}

#[test]
fn a_default_does_not_replace_what_can_no_longer_be_seen() {
    let rule = || from("department").default_value("Unassigned");
    let mut world = world("a active @ department=D", "ua active for=a department=D", "a>ua")
        .mapping(department(rule()))
        .remembered();
    world.people = vec![crate::support::person("a active @ department=")];
    world.actions("");
}

#[test]
fn less_visibility_stops_removals() {
    let print = |organisation: &str, credential: &str, role: &str, scopes: &[&str]| Fingerprint {
        organisation: Some(organisation.to_owned()).filter(|text| !text.is_empty()),
        credential: Some(credential.to_owned()).filter(|text| !text.is_empty()),
        role: Some(role.to_owned()).filter(|text| !text.is_empty()),
        scopes: Some(scopes.iter().map(|scope| (*scope).to_owned()).collect()),
        ..Fingerprint::default()
    };
    let before = print("o", "c", "admin", &["r", "w"]);
    let rows = [
        (before.clone(), "go"),
        (print("o", "c", "admin", &["r", "w", "x"]), "go"),
        (print("o", "c", "admin", &["r"]), "refuse coverage_lost 1/0"),
        (print("o", "c", "viewer", &["r", "w"]), "refuse coverage_lost 1/0"),
        (print("o", "d", "admin", &["r", "w"]), "refuse credential_changed 1/0"),
        (print("p", "c", "admin", &["r", "w"]), "refuse organisation_changed 1/0"),
        // Whoever no longer says who they are may be somebody else.
        (print("o", "", "admin", &["r", "w"]), "refuse coverage_lost 1/0"),
        (print("", "c", "admin", &["r", "w"]), "refuse coverage_lost 1/0"),
        (Fingerprint::default(), "refuse coverage_lost 1/0"),
    ];
    let mut world = world(
        "a left @\nb active @\nc active @",
        "ua active for=a\nub active for=b\nuc active for=c",
        "a>ua\nb>ub\nc>uc",
    );
    world.last = Some(Baseline::default()).map(|mut last| {
        last.fingerprint = before;
        last
    });
    for (now, expected) in rows {
        world.fingerprint = now;
        world.guarded(expected);
    }
    // Without removals only another organisation stops the run.
    let mut calm = world;
    calm.people[0] = crate::support::person("a active @");
    calm.guarded("go");
    calm.fingerprint = print("p", "d", "viewer", &[]);
    calm.guarded("refuse organisation_changed 0/0");
}

/// Nobody of those who are linked is there, and nobody who could be one of them: everybody else is a stranger.
#[test]
fn people_of_whom_not_one_was_linked_are_another_organisations() {
    let linked = |many: usize| {
        let lines = |line: fn(&str) -> String| {
            ["a", "b", "c"].iter().take(many).map(|id| line(id)).collect::<Vec<_>>().join("\n")
        };
        let account = |id: &str| format!("u{id} active for={id} given_name=N{id} family_name=Far");
        let world =
            world("x active @\ny active @", &lines(account), &lines(|id| format!("{id}>u{id} id:{id}")));
        world.policy(|policy| policy.leavers = Leavers::Status)
    };
    linked(3).guarded("refuse organisation_changed 2/0");
    linked(2).guarded("go");
    linked(3).with(|world| world.people.push(crate::support::person("c left @"))).guarded("go");
    linked(3).with(|world| world.set_aside.push("b".into())).guarded("go");
    linked(3).with(|world| world.people.clear()).guarded("refuse empty_source 0/1");
    linked(3).with(|world| world.users[0].status = hris_core::UserStatus::Deactivated).guarded("go");
    // The same people under new ids.
    let renamed = |id: &str| format!("{id}{id} active email={id}@x.io given_name=N{id} family_name=Far");
    linked(3)
        .with(|world| world.people.extend(["a", "b"].map(|id| crate::support::person(&renamed(id)))))
        .gone("a b c")
        .guarded("go");

    // One place is enough to know the organisation by.
    let places = |ids: &[&str]| Fingerprint {
        places: ids.iter().map(|id| (*id).to_owned()).collect(),
        ..Fingerprint::default()
    };
    let mut world = linked(1);
    world.people.push(crate::support::person("a active @"));
    let mut last = Baseline::default();
    last.fingerprint = places(&["1", "2"]);
    world.last = Some(last);
    for (now, expected) in
        [(&["2", "3"][..], "go"), (&[], "go"), (&["3", "4"], "refuse organisation_changed 0/0")]
    {
        world.fingerprint = places(now);
        world.guarded(expected);
    }
}

#[test]
fn a_changed_configuration_removes_nobody_unseen() {
    let mut world = world(
        "a left @\nb active @\nc active @",
        "ua active for=a\nub active for=b\nuc active for=c",
        "a>ua\nb>ub\nc>uc",
    );
    world.config = "new".to_owned();
    world.guarded("refuse config_changed 1/0");
    world.people[0] = crate::support::person("a active @");
    world.guarded("go");
}

#[test]
fn a_status_of_which_all_people_vanished() {
    let statuses = |left: u64| Fingerprint {
        statuses: [("active".to_owned(), 3), ("offboarded".to_owned(), left)].into(),
        ..Fingerprint::default()
    };
    let mut world = world(
        "a left @\nb active @\nc active @",
        "ua active for=a\nub active for=b\nuc active for=c",
        "a>ua\nb>ub\nc>uc",
    );
    let last = |people: u64| {
        let mut last = Baseline::default();
        last.fingerprint = statuses(9);
        last.people = people;
        Some(last)
    };
    world.safeguards.min_source_percent = 0;
    for (before, now, expected) in [(12, 0, "refuse coverage_lost 1/0"), (12, 1, "go"), (3, 0, "go")] {
        world.last = last(before);
        world.fingerprint = statuses(now);
        world.guarded(expected);
    }
}
