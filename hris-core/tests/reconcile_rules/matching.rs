//! Which account is whose.

use hris_core::ProblemCode;
use hris_core::reconcile::MatchKey;

use crate::support::{World, world};

#[test]
fn each_key_finds_an_account() {
    let rows = [
        ("external_id=a", "MatchedByExternalId", "email employee_number"),
        ("number=7", "MatchedByEmployeeNumber", "email external_id"),
        ("email=A@X.io", "MatchedByEmail", "employee_number external_id"),
    ];
    for (account, reason, _) in rows {
        let world = world("a active @ number=7", &format!("u1 active {account}"), "");
        world.situations(&format!("a u1 Found {reason}"));
        let plan = world.plan();
        assert!(
            plan.actions.iter().all(|action| action
                .changes
                .iter()
                .all(|change| { change.field != hris_core::TargetField::Email })),
            "taking over an account does not rewrite its address"
        );
    }
}

#[test]
fn the_first_key_that_finds_is_named() {
    world("a active @ number=7", "u1 active for=a number=7", "").situations("a u1 Found MatchedByExternalId");
    world("a active @ number=7", "u1 active for=a number=7", "")
        .policy(|policy| policy.match_keys = vec![MatchKey::Email, MatchKey::ExternalId])
        .situations("a u1 Found MatchedByEmail");
    world("a active @", "u1 active for=a", "")
        .policy(|policy| policy.match_keys = vec![MatchKey::EmployeeNumber])
        .situations("a - Contested NotUsable\n- u1 Unassigned NoEmployee");
}

#[test]
fn keys_that_point_at_two_accounts_are_no_match() {
    for users in [
        "u1 active external_id=a\nu2 active email=a@x.io",
        "u1 active number=7\nu2 active email=a@x.io",
        "u1 active number=7\nu2 active number=7",
    ] {
        world("a active @ number=7", users, "")
            .actions("")
            .situations("a - Ambiguous SeveralMatch\n- u1 Unassigned NoEmployee\n- u2 Unassigned NoEmployee")
            .problems("error ambiguous_match a u1 -\nerror ambiguous_match a u2 -");
    }
}

#[test]
fn a_key_shared_by_two_people_finds_nobody() {
    world("a active @ number=7\nb active @ number=7", "u1 active number=7", "")
        .actions("")
        .situations("a - Contested SharedKey\nb - Contested SharedKey\n- u1 Unassigned NoEmployee")
        .problems(
            "error duplicate_employee_number a - employee_number\n\
             error duplicate_employee_number b - employee_number",
        );
    for email in ["a@x.io", "A@X.IO"] {
        world(&format!("a active @\nb active email={email}"), "", "")
            .actions("")
            .problems("error duplicate_email a - email\nerror duplicate_email b - email");
    }
}

/// After a state was lost: the account that carries somebody's id is theirs, whoever else has their number.
#[test]
fn a_key_that_two_people_share_keeps_nobody_from_the_account_that_carries_their_id() {
    let both = |account: &str| {
        let people = "a active @ number=7 given_name=Ada family_name=Mill\nb active @ number=7";
        world(people, account, "")
    };
    both("ua active for=a number=7 given_name=Ada family_name=Mill")
        .actions("link a ua (MatchedByExternalId)")
        .problems("error duplicate_employee_number b - employee_number");
    // Not where everything else says that the id is somebody else's.
    both("ua active external_id=a email=z@x.io number=9 given_name=Zed family_name=Ray")
        .actions("")
        .problems(
            "error duplicate_employee_number a - employee_number\n\
         error duplicate_employee_number b - employee_number",
        );
}

#[test]
fn of_two_with_one_key_the_one_still_employed_counts() {
    world("a active @ number=7\nb left email=a@x.io number=7", "", "")
        .actions("create a - (NewEmployee)\ninvite a - (FirstInvite)")
        .problems("");
    world("a active email=s@x.io\nb left email=s@x.io", "ub deactivated external_id=b", "b>ub by_us")
        .actions("create a - (NewEmployee)\ninvite a - (FirstInvite)")
        .problems("");
}

#[test]
fn a_newcomer_with_a_colleagues_key_waits_and_the_colleague_does_not() {
    world("a active @ number=7 job_title=New\nb active @ number=7", "ua active for=a number=7", "a>ua")
        .actions("update a ua job_title (FieldsDiffer)")
        .situations("a ua Confirmed FieldsDiffer\nb - Contested SharedKey")
        .problems("error duplicate_employee_number b - employee_number");
}

#[test]
fn two_people_who_claim_one_account_by_different_keys() {
    world("a active email=z@x.io number=7\nb active email=u@x.io", "u1 active number=7 email=u@x.io", "")
        .actions("")
        .situations("a - Ambiguous OpenQuestion\nb - Contested SharedKey\n- u1 Unassigned NoEmployee")
        .problems("error ambiguous_match a u1 -\nerror ambiguous_match b u1 -");
}

#[test]
fn an_account_that_names_another_person_is_not_taken_by_its_address() {
    // The memory is lost; the address of one who has left went to a newcomer.
    world("old left number=1\nnew active email=old@x.io number=2", "uo deactivated for=old", "")
        .actions("")
        .situations(
            "old - Ignored NeverProvisioned\nnew - Ambiguous OpenQuestion\n- uo Unassigned NoEmployee",
        )
        .problems("error ambiguous_match new uo -");
    // Two people exchanged addresses meanwhile: each is known by the external id.
    world("a active email=b@x.io\nb active email=a@x.io", "ua active for=a\nub active for=b", "")
        .actions("link a ua (MatchedByExternalId)\nlink b ub (MatchedByExternalId)");
}

#[test]
fn a_number_that_is_about_to_change_hands_holds_nobody_up() {
    world("a active @ number=8\nb active @ number=7", "ua active for=a number=7", "a>ua").actions(
        "update a ua employee_number (FieldsDiffer)\ncreate b - (NewEmployee)\ninvite b - (FirstInvite)",
    );
}

#[test]
fn an_account_with_a_number_that_others_keep_is_taken() {
    world("a active @\nb active @ number=7", "ua active for=a number=7", "a>ua")
        .actions("")
        .situations("a ua Confirmed Unchanged\nb ua FoundAlreadyLinked OpenQuestion")
        .problems("error ambiguous_match b ua -");
}

#[test]
fn an_address_passes_from_a_leaver_to_a_newcomer_of_the_same_night() {
    // Number and name say that they are two people.
    world(
        "a left email=s@x.io number=1\nb active email=s@x.io number=2 given_name=Bob family_name=Ray",
        "ua active external_id=a email=s@x.io number=1 given_name=Ada family_name=Poe",
        "a>ua",
    )
    .actions(
        "deactivate a ua (LeftByStatus)\nupdate a ua -email (FreesValue)\n\
         create b - (NewEmployee)\ninvite b - (FirstInvite)",
    );
}

#[test]
fn same_address_and_names_are_the_same_person_where_a_number_is_unknown() {
    world(
        "a left email=s@x.io given_name=Ada family_name=Poe\nb active email=s@x.io given_name=Ada family_name=Poe",
        "ua active external_id=a email=s@x.io given_name=Ada family_name=Poe",
        "a>ua",
    )
    .situations("a ua Superseded SupersededRecord\nb ua Rehire ReturnedUnderNewId");
}

#[test]
fn links_go_by_id_whatever_changes() {
    world("a active email=z@x.io number=1", "ua active for=a number=1\nuz active number=9", "a>ua")
        .actions("update a ua email (FieldsDiffer)");
}

#[test]
fn letters_that_only_look_alike_match_nobody() {
    for email in ["mi\u{212a}e@x.io", "m\u{131}ke@x.io", "m\u{ff49}ke@x.io"] {
        let world = world(&format!("a active email={email}"), "u1 active email=mike@x.io", "");
        assert!(world.plan().situations().keys().all(|one| format!("{one:?}") != "Found"), "{email}");
    }
}

#[test]
fn a_match_that_somebody_closed_stays_closed() {
    world("a active @", "ua deactivated for=a", "")
        .actions("link a ua (MatchedByExternalId)")
        .problems("warning divergence a ua -");
}

#[test]
fn an_account_that_may_be_one_of_several_of_somebody_is_nobody_elses_yet() {
    world(
        "a active email=n@x.io number=4\nb active email=f@x.io",
        "u1 active number=4\nu2 active number=4 email=f@x.io",
        "",
    )
    .actions("")
    .situations(
        "a - Ambiguous SeveralMatch\nb - Contested SharedKey\n- u1 Unassigned NoEmployee\n- u2 Unassigned NoEmployee",
    );
}

/// A record ended while the account of the person's other record is lost: they have no other account than this.
#[test]
fn an_ended_record_whose_person_lost_the_other_account_keeps_its_own() {
    let ada = "given_name=Ada family_name=Mill";
    let first = format!("ua active external_id=c number=1 email=ada@x.io {ada}");
    for old in [format!("c left number=1 {ada} email=ada@x.io\n"), String::new()] {
        let second = |facts: &str, own: &str| {
            let people = format!("{old}e active {facts}");
            world(&people, &format!("{first}\n{own}"), "c>ua id:c\ne>ub id:e").gone("c").beside(8)
        };
        let she = format!("number=1 email=ada2@x.io {ada}");
        // Deleted, somebody else's by now, or closed by somebody else.
        for own in [
            "",
            "ub active email=zed@x.io given_name=Zed family_name=Ray",
            &format!("ub deactivated external_id=e {she}"),
        ] {
            let world = second(&she, own);
            let plan = world.actions("").plan();
            let told = plan.problems.iter().any(|one| {
                one.code == ProblemCode::AmbiguousMatch
                    && one.user == Some("ua".into())
                    && one.message.contains("hris unlink e")
            });
            assert!(told, "{own:?} {old:?} {:?}", plan.problems);
        }
        // Where she has an account in use, or the facts say that it is somebody else's, it is closed.
        let closed = |world: World| assert_eq!(world.plan().figures.removals, 1, "{old:?}");
        closed(second(&she, &format!("ub active external_id=e {she}")));
        closed(second("number=2 email=zed@x.io given_name=Zed family_name=Ray", ""));
        // And where a person decided that it is not hers.
        closed(second(&she, "").judged("e", "ua", false));
    }
}
