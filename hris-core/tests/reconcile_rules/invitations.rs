//! Who is asked to join, when, how often, and at which address.

use hris_core::UserStatus;
use hris_core::reconcile::FutureStarters;

use crate::support::world;

#[test]
fn without_a_welcome_nobody_is_invited_now_or_later() {
    let mut world = world("a active @", "", "").policy(|policy| policy.invite = false);
    world.actions("create a - (NewEmployee)");
    let plan = world.plan();
    crate::support::model::apply(&mut world, &plan).unwrap();
    world.policy.invite = true;
    world.actions("");
}

#[test]
fn a_target_that_cannot_invite_is_not_asked_to() {
    world("a active @", "", "")
        .with(|world| world.target.invites = false)
        .actions("create a - (NewEmployee)");
}

#[test]
fn the_invitation_follows_on_the_first_day() {
    let world =
        world("a active @ start_date=2026-11-24", "ua pending for=a start_date=2026-11-24", "a>ua awaits");
    world.actions("").situations("a ua PreHire FutureStart");
    world.clone().on("2026-11-24").actions("invite a ua (FirstInvite)");
    world
        .policy(|policy| policy.future_starters = FutureStarters::InviteNow)
        .actions("invite a ua (FirstInvite)");
}

#[test]
fn an_invitation_is_sent_again_after_thirty_days() {
    let rows = [
        ("invited", "sent=2026-10-24", 30, "reinvite a ua (InviteExpired)"),
        ("invited", "sent=2026-10-25", 30, ""),
        ("invited", "sent=2026-01-01", 0, ""),
        ("invited", "sent=2026-01-01 accepted", 30, ""),
        ("invited", "", 30, ""),
        ("active", "sent=2026-01-01", 30, ""),
        ("pending", "sent=2026-01-01", 30, ""),
        ("deactivated", "sent=2026-01-01", 30, ""),
    ];
    for (status, sent, days, actions) in rows {
        world("a active @", &format!("ua {status} for=a {sent}"), "a>ua")
            .policy(|policy| policy.reinvite_after_days = days)
            .actions(actions);
    }
    world("a active @", "ua invited for=a sent=2026-01-01", "a>ua")
        .policy(|policy| policy.invite = false)
        .actions("");
}

/// The plan says until when an invitation is valid; a plan made a day later is the same plan all the same.
#[test]
fn an_invitation_says_when_it_ends() {
    let invited = "ua invited for=a sent=2026-10-24";
    for (users, links) in [("", ""), (invited, "a>ua")] {
        for (days, end) in [(30, Some("2026-12-23")), (7, Some("2026-11-30")), (0, None)] {
            let world = world("a active @", users, links).policy(|policy| policy.reinvite_after_days = days);
            let plan = world.plan();
            let ends = plan.actions.iter().filter_map(|action| action.expires_at);
            let ends: Vec<String> = ends.map(|end| end.to_string().chars().take(10).collect()).collect();
            let none_is_sent = end.is_none() && !users.is_empty();
            assert_eq!(ends, Vec::from_iter(end.filter(|_| !none_is_sent)), "{users:?} after {days} days");
            assert_eq!(plan.digest(), world.on("2026-11-24").plan().digest(), "{users:?} after {days} days");
        }
    }
}

#[test]
fn accounts_that_were_there_before_are_never_invited() {
    world("a active @", "ua pending for=a", "a>ua").actions("");
    world("a active @", "ua pending for=a", "").actions("link a ua (MatchedByExternalId)");
}

#[test]
fn a_corrected_address_is_invited_at_once_and_once() {
    let moves = |status: &str, more: &str| {
        world(
            "a active email=ann@tallowmill.io",
            &format!("ua {status} external_id=a email=ann@tallowmil.io {more}"),
            "a>ua id:a invites:1",
        )
    };
    let update = "update a ua email (FieldsDiffer)";
    let again = format!("{update}\nreinvite a ua (InviteMoved)");
    for days in [30, 0] {
        let invited = moves("invited", "sent=2026-11-22").policy(|policy| policy.reinvite_after_days = days);
        invited.actions(&again);
        let after = invited.carried_out();
        after.actions("");
        assert_eq!(after.links[0].invites, 2);
        // Whoever has joined, or was never asked, is not asked now.
        for (status, more) in
            [("active", "sent=2026-11-22 accepted"), ("invited", "sent=2026-11-22 accepted"), ("active", "")]
        {
            moves(status, more).policy(|policy| policy.reinvite_after_days = days).actions(update);
        }
    }
    moves("invited", "sent=2026-11-22").policy(|policy| policy.invite = false).actions(update);
    // Nor is somebody whom this connection never asked: the account was made again by hand.
    for more in ["", "sent=2026-11-22"] {
        moves("invited", more).with(|world| world.links[0].invites = 0).actions(update);
    }
    // Where the new address is not free nobody is asked at it.
    let taken = moves("invited", "sent=2026-11-22").with(|world| {
        world.users.push(crate::support::user("un active email=ann@tallowmill.io"));
    });
    taken.actions("").problems("error uniqueness_conflict a ua email");
    // Nor while it waits for a removal that waits.
    let waits = world(
        "a active email=b@x.io number=1\nb left email=b@x.io number=2",
        "ua invited external_id=a email=a@x.io number=1 sent=2026-11-22\nub active for=b number=2",
        "a>ua id:a invites:1\nb>ub id:b",
    );
    assert_eq!(waits.plan().of_kind(hris_core::reconcile::ActionKind::Reinvite).count(), 1);
    assert!(waits.plan().without_removals().actions.is_empty());
}

/// An older copy of the state was restored, so it does not know that the new address was invited today.
#[test]
fn a_restored_state_invites_nobody_twice_in_a_day() {
    let moves = |sent: &str| {
        let account = format!("ua invited external_id=a email=new@x.io sent={sent}");
        world("a active email=new@x.io", &account, "a>ua id:a invites:1")
            .with(|world| world.links[0].invited_to = Some("digest of the old address".to_owned()))
    };
    moves("2026-11-23").actions("");
    moves("2026-11-22").actions("reinvite a ua (InviteMoved)");
}

#[test]
fn whoever_never_accepts_is_invited_so_often_and_no_more() {
    for (most, sent) in [(3, 3), (1, 1), (0, 36)] {
        let mut world = world("a active @", "", "").beside(3).policy(|policy| policy.max_invites = most);
        let (mut invitations, mut told) = (0, 0);
        for _ in 0..36 {
            let plan = world.plan();
            invitations +=
                plan.actions.iter().filter(|action| action.kind.as_str().ends_with("invite")).count();
            told = plan.problems.iter().filter(|problem| problem.message.contains("max_invites")).count();
            world = world.carried_out();
            world.now = world.now.plus_days(31);
            world.today = world.today.plus_days(31);
        }
        assert_eq!((invitations, told), (sent, usize::from(most > 0)), "at most {most}");
    }
    // A state from before they were counted knows of one at least.
    world("a active @", "ua invited for=a sent=2026-01-01", "a>ua id:a")
        .policy(|policy| policy.max_invites = 1)
        .actions("")
        .problems("warning divergence a - -");
}

#[test]
fn whoever_waits_for_an_invitation_that_nobody_owes_is_named() {
    world("a active @\nb active @", "ua pending for=a\nub pending for=b", "a>ua id:a\nb>ub id:b awaits")
        .actions("invite b ub (FirstInvite)")
        .problems("warning divergence a - -");
    // A decision owes it one.
    let decided =
        world("a active @ number=1", "u1 pending email=a@x.io number=9 given_name=Bob family_name=Ray", "")
            .with(|world| {
                world.people[0] = crate::support::person("a active @ number=1 given_name=Ada family_name=Poe")
            })
            .judged("a", "u1", true)
            .carried_out();
    decided.with(|world| world.users[0].status = UserStatus::Pending).actions("invite a u1 (FirstInvite)");
}
