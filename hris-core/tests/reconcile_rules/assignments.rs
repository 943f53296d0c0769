//! Permission levels, locations and areas: added by rule, taken back only in `exact` mode and only
//! what this connection gave.

use hris_core::reconcile::{AreaSource, AssignmentMode};

use crate::support::{World, world};

fn ruled(people: &str, users: &str, links: &str) -> World {
    world(people, users, links)
        .policy(|policy| {
            let rules = &mut policy.assignments;
            rules.default_role = Some("employee".to_owned());
            rules.roles =
                [("Boss".to_owned(), "manager".to_owned()), ("Head".to_owned(), "admin".to_owned())].into();
            rules.areas_from = AreaSource::Teams;
            rules.areas = [("North".to_owned(), "n".to_owned()), ("South".to_owned(), "s".to_owned())].into();
            rules.locations = [("Oslo".to_owned(), "oslo".to_owned())].into();
        })
        .mapping(|mapping| {
            mapping
                .field("job_title", hris_core::mapping::from("custom.none"))
                .field("location", hris_core::mapping::from("custom.none"))
        })
}

fn exact(world: World) -> World {
    world.policy(|policy| policy.assignments.mode = AssignmentMode::Exact)
}

#[test]
fn a_new_account_gets_everything_with_it() {
    ruled("a active @ job_title=boss teams=North;South location=Oslo", "", "")
        .policy(|policy| policy.invite = false)
        .actions("create a - +area:n +area:s +location:oslo +role:manager (NewEmployee)");
    ruled("a active @", "", "")
        .policy(|policy| policy.invite = false)
        .actions("create a - +role:employee (NewEmployee)");
    ruled("a active @", "", "")
        .with(|world| world.target.assigns = false)
        .policy(|policy| policy.invite = false)
        .actions("create a - (NewEmployee)");
}

#[test]
fn what_is_lacking_is_added() {
    let assign = |change: &str| {
        if change.is_empty() { String::new() } else { format!("assign a ua {change} (AssignmentsDiffer)") }
    };
    let rows = [
        ("teams=North", "role=employee", "+area:n"),
        ("teams=North", "role=employee area:n", ""),
        ("teams=South", "role=employee area:n", "+area:s"),
        ("teams=", "role=employee area:n", ""),
        ("job_title=Boss", "", "+role:manager"),
        ("job_title=Boss", "role=employee", "+role:manager"),
        ("job_title=Boss", "role=admin", ""),
        ("job_title=Cook", "role=manager", ""),
        ("access_role=Head job_title=Boss", "role=employee", "+role:admin"),
        ("access_role=Guest job_title=Boss", "role=employee", "+role:manager"),
        ("", "", "+role:employee"),
    ];
    for (person, user, change) in rows {
        ruled(
            &format!("a active @ {person}"),
            &format!("ua active for=a {user}"),
            "a>ua area:n role:manager",
        )
        .actions(&assign(change));
    }
}

#[test]
fn exact_takes_back_what_we_gave_and_nothing_else() {
    let rows = [
        ("teams=South", "area:n", "area:n", "-area:n +area:s"),
        ("teams=South", "area:n", "", "+area:s"),
        ("teams=", "area:n location:oslo", "area:n location:oslo", "-area:n"),
        ("teams?", "area:n", "area:n", ""),
        ("teams!", "area:n", "area:n", ""),
        ("location=", "location:oslo", "location:oslo", "-location:oslo"),
    ];
    for (person, user, granted, change) in rows {
        let expected = if change.is_empty() {
            String::new()
        } else {
            format!("assign a ua {change} (AssignmentsDiffer)")
        };
        exact(ruled(
            &format!("a active @ {person}"),
            &format!("ua active for=a role=employee {user}"),
            &format!("a>ua {granted}"),
        ))
        .actions(&expected);
    }
}

#[test]
fn exact_exchanges_only_a_level_that_we_gave_and_only_for_one_that_was_seen() {
    let rows = [
        // A title that no rule names says nothing of a lower level.
        ("job_title=Cook access_role=", "role:manager", ""),
        ("job_title=Cook access_role=", "", ""),
        ("job_title=Head access_role=", "role:manager", "+role:admin"),
        ("job_title=Cook", "role:manager", ""),
        ("job_title! access_role=", "role:manager", ""),
    ];
    for (person, granted, change) in rows {
        let expected = if change.is_empty() {
            String::new()
        } else {
            format!("assign a ua {change} (AssignmentsDiffer)")
        };
        exact(ruled(
            &format!("a active @ {person}"),
            "ua active for=a role=manager",
            &format!("a>ua {granted}"),
        ))
        .actions(&expected);
    }
}

#[test]
fn a_protected_account_is_not_stripped() {
    exact(ruled("a active @ teams=South", "ua active for=a role=employee area:n", "a>ua area:n"))
        .policy(|policy| policy.protected = vec!["ua".to_owned()])
        .actions("assign a ua +area:s (AssignmentsDiffer)");
    exact(ruled("a active @ teams=South", "ua active for=a role=employee area:n", "a>ua area:n"))
        .with(|world| world.fingerprint.credential = Some("a".to_owned()))
        .actions("assign a ua +area:s (AssignmentsDiffer)");
}

#[test]
fn what_no_rule_names_is_reported_once() {
    ruled(
        "a active @ teams=East\nb active @ teams=East",
        "ua active for=a role=employee\nub active for=b role=employee",
        "a>ua\nb>ub",
    )
    .actions("")
    .problems("warning unmapped_value a - area");
}

#[test]
fn what_the_target_does_not_have_is_left_out_and_everything_else_given() {
    let target = |world: &mut World| {
        let level = |text: &str| text.split(' ').map(str::to_owned).collect();
        world.target.assignable.insert(hris_core::AssignmentKind::Role, level("employee admin"));
        world.target.assignable.insert(hris_core::AssignmentKind::Area, level("n"));
    };
    let world = ruled(
        "a active @ job_title=Boss teams=North;South\nb active @ job_title=Boss teams=\nc active @ teams=North",
        "ub active for=b role=employee",
        "b>ub",
    )
    .policy(|policy| policy.invite = false)
    .with(target);
    world
        .actions("create a - +area:n (NewEmployee)\ncreate c - +area:n +role:employee (NewEmployee)")
        .problems("error unmapped_value a - area\nerror unmapped_value a - role");
    let said = world.plan().problems.iter().map(|one| one.message.clone()).collect::<Vec<_>>().join("\n");
    for words in [
        "no role \"manager\", which 2 people would get (a, b)",
        "no area \"s\", which 1 person would get (a)",
    ] {
        assert!(said.contains(words), "{said}");
    }
    // Who has it already needs nothing, and nothing is taken away for it.
    exact(ruled(
        "a active @ job_title=Boss teams=South",
        "ua active for=a role=manager area:s",
        "a>ua area:s role:manager",
    ))
    .with(target)
    .actions("")
    .problems("");
}

#[test]
fn teams_that_nobody_has_any_more_are_not_taken_back() {
    let mut world =
        exact(ruled("a active @ teams=North", "ua active for=a role=employee area:n", "a>ua area:n"))
            .remembered();
    world.people = vec![crate::support::person("a active @ teams=")];
    world.actions("").problems("warning visibility_lost - - assignments.area");
}

#[test]
fn a_match_brings_assignments_in_line() {
    ruled("a active @ teams=North", "ua active for=a role=employee", "")
        .with(|world| world.mode = hris_core::reconcile::Mode::Match)
        .actions("link a ua (MatchedByExternalId)\nassign a ua +area:n (AssignmentsDiffer)");
}

/// A plan or a journal that an earlier version wrote is read and written again as it was.
#[test]
fn what_is_stored_of_an_assignment_keeps_its_spelling() {
    let stored = serde_json::json!({
        "key": "k", "kind": "assign", "employee": "e-1", "user": "u-1", "changes": [],
        "grants": [
            { "grant": { "kind": "area", "value": "weaving" }, "given": true },
            { "grant": { "kind": "role", "value": "admin" }, "given": false },
        ],
        "status": null, "situation": "confirmed", "reason": "fields_differ",
    });
    let action: hris_core::reconcile::Action = serde_json::from_value(stored.clone()).unwrap();
    let read: Vec<(&str, bool)> =
        action.assignments.iter().map(|change| (change.assignment.value.as_str(), change.given)).collect();
    assert_eq!(read, [("weaving", true), ("admin", false)]);
    let written = serde_json::to_value(&action).unwrap();
    assert_eq!(written["grants"], stored["grants"]);
}
