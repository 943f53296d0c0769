//! Addresses that change hands: no two accounts ever hold one.

use hris_core::TargetField;
use hris_core::reconcile::FieldSupport;

use crate::support::{World, model, world};

fn carried_out(world: &World) -> World {
    let mut after = world.clone();
    model::apply(&mut after, &world.plan()).unwrap();
    after.actions("");
    after
}

#[test]
fn two_people_exchange_addresses() {
    let world = world(
        "a active email=b@x.io\nb active email=a@x.io",
        "ua active for=a\nub active for=b",
        "a>ua\nb>ub",
    );
    world.actions(
        "update a ua -email (FreesValueForNow)\nupdate b ub email (FieldsDiffer)\nupdate a ua email (FieldsDiffer)",
    );
    carried_out(&world);
}

#[test]
fn circles_of_up_to_seven() {
    for people in 2..=7 {
        let id = |n: u32| format!("p{}", n % people);
        let mut text = [String::new(), String::new(), String::new()];
        for n in 0..people {
            text[0] += &format!("{} active email={}@x.io job_title=New\n", id(n), id(n + 1));
            text[1] += &format!("u{} active for={}\n", n, id(n));
            text[2] += &format!("{}>u{}\n", id(n), n);
        }
        let [people_lines, users, links] = &text;
        let world = world(people_lines, users, links);
        assert_eq!(world.plan().actions.len(), people as usize + 1);
        carried_out(&world);
    }
}

#[test]
fn a_chain_that_ends_in_a_leaver() {
    let world = world(
        "a active email=b@x.io\nb active email=c@x.io\nc left email=c@x.io\nd active email=a@x.io",
        "ua active for=a\nub active for=b\nuc active for=c",
        "a>ua\nb>ub\nc>uc",
    );
    world.actions(
        "deactivate c uc (LeftByStatus)\nupdate c uc -email (FreesValue)\nupdate b ub email (FieldsDiffer)\n\
         update a ua email (FieldsDiffer)\ncreate d - (NewEmployee)\ninvite d - (FirstInvite)",
    );
    carried_out(&world);
}

#[test]
fn a_leavers_address_months_later() {
    // Number and name say that the newcomer is somebody else.
    let world = world(
        "a left @\nb active email=a@x.io number=2 given_name=Bob family_name=Ray",
        "ua deactivated for=a number=1 given_name=Ada family_name=Poe",
        "a>ua by_us",
    );
    world.actions("update a ua -email (FreesValue)\ncreate b - (NewEmployee)\ninvite b - (FirstInvite)");
    carried_out(&world);
}

#[test]
fn an_address_that_others_hold_is_not_taken() {
    for (users, links) in [
        ("ux active email=a@x.io external_id=x number=1", ""),
        ("ux deactivated email=a@x.io external_id=x number=1", ""),
    ] {
        world("a active @ number=2", users, links)
            .policy(|policy| policy.match_keys.retain(|key| *key != hris_core::reconcile::MatchKey::Email))
            .actions("")
            .situations("a - Contested NotUsable\n- ux Unassigned NoEmployee")
            .problems("error uniqueness_conflict a - email");
    }
    // Closed by somebody else: not ours to take from.
    world(
        "x left @\na active email=x@x.io number=2 given_name=Bob family_name=Ray",
        "ux deactivated for=x number=1 given_name=Ada family_name=Poe",
        "x>ux",
    )
    .actions("")
    .problems("error uniqueness_conflict a - email");
}

#[test]
fn other_changes_go_on_while_an_address_is_taken() {
    world("a active email=n@x.io job_title=New", "ua active for=a\nun active email=n@x.io", "a>ua")
        .actions("update a ua job_title (FieldsDiffer)")
        .problems("error uniqueness_conflict a ua email");
}

#[test]
fn an_address_that_two_people_have_changes_nobody() {
    let duplicate = "error duplicate_email";
    // Both are linked and both would change.
    world("a active email=z@x.io\nb active email=z@x.io", "ua active for=a\nub active for=b", "a>ua\nb>ub")
        .actions("")
        .problems(&format!("{duplicate} a ua email\n{duplicate} b ub email"));
    // One has it already.
    world("a active @\nb active email=a@x.io", "ua active for=a\nub active for=b", "a>ua\nb>ub")
        .actions("")
        .problems(&format!("{duplicate} b ub email"));
    // One has no account yet: nobody knows whose it is, so it is not moved.
    world("a active email=z@x.io\nb active email=z@x.io", "ua active for=a", "a>ua")
        .actions("")
        .problems(&format!("{duplicate} a ua email\n{duplicate} b - email"));
}

#[test]
fn a_target_that_cannot_empty_an_address() {
    let stubborn = |world: World| {
        world.with(|world| {
            world.target.set(TargetField::Email, FieldSupport::plain().unique().unclearable());
        })
    };
    stubborn(world(
        "a active email=b@x.io\nb active email=a@x.io",
        "ua active for=a\nub active for=b",
        "a>ua\nb>ub",
    ))
    .actions("")
    .problems("error uniqueness_conflict a ua email\nerror uniqueness_conflict b ub email");
    stubborn(world(
        "a left @\nb active email=a@x.io number=2 given_name=Bob family_name=Ray",
        "ua active for=a number=1 given_name=Ada family_name=Poe",
        "a>ua",
    ))
    .actions("deactivate a ua (LeftByStatus)")
    .problems("error uniqueness_conflict b - email");
}

#[test]
fn a_target_without_unique_addresses_needs_no_steps() {
    world("a active email=b@x.io\nb active email=a@x.io", "ua active for=a\nub active for=b", "a>ua\nb>ub")
        .with(|world| world.target.set(TargetField::Email, FieldSupport::plain()))
        .actions("update a ua email (FieldsDiffer)\nupdate b ub email (FieldsDiffer)");
}

#[test]
fn while_removals_wait_so_does_whoever_needs_their_addresses() {
    let plan = world(
        "a left @\nb active email=a@x.io\nc active email=b@x.io\nd active @",
        "ua active for=a\nub active for=b",
        "a>ua\nb>ub",
    )
    .plan();
    let left: Vec<_> = plan.without_removals().actions.iter().map(crate::support::line_of).collect();
    assert_eq!(left, ["create d - (NewEmployee)", "invite d - (FirstInvite)"]);
}

#[test]
fn an_external_id_that_another_account_has() {
    world(
        "a active email=n@x.io number=1\nb active @",
        "ux deactivated external_id=a email=x@x.io\nub active for=b",
        "b>ub",
    )
    .policy(|policy| policy.match_keys = vec![hris_core::reconcile::MatchKey::Email])
    .actions("")
    .problems("error uniqueness_conflict a - external_id");
}

#[test]
fn an_account_that_is_held_keeps_its_address() {
    // It is what tells the stranger from the one who had the id.
    world(
        "a active number=9 email=z@x.io family_name=Ray\nb active email=a@x.io",
        "ua deactivated for=a number=1 family_name=Poe",
        "a>ua by_us",
    )
    .actions("")
    .problems("error ambiguous_match b ua -\nerror recycled_id a ua -");
}
