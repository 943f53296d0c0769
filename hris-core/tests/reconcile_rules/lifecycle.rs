//! Who joins, stays, leaves and comes back.

use hris_core::reconcile::{FutureStarters, Leavers, Mode, PastEndDate, Rehire, UnlinkedUsers};
use hris_core::{Employee, LeaverSignals, Lookup, Status};

use crate::support::{person, world};

#[test]
fn a_joiner_is_created_and_invited() {
    world("a active @", "", "")
        .actions("create a - (NewEmployee)\n invite a - (FirstInvite)")
        .situations("a - Joiner NewEmployee")
        .problems("");
}

#[test]
fn nobody_is_created_without_email_or_external_id() {
    world("a active\nb active email=\nc active email!\nd pending", "", "")
        .actions("")
        .situations(
            "a - Invalid NotUsable\nb - Invalid NotUsable\nc - Invalid NotUsable\nd - Invalid NotUsable",
        )
        .problems(
            "error missing_email a - email\nerror missing_email b - email\nerror missing_email c - email\n\
             warning missing_email d - email",
        );
    let by_number = |mapping: hris_core::mapping::Mapping| {
        mapping.field("external_id", hris_core::mapping::from("employee_number"))
    };
    world("a active @", "", "")
        .mapping(by_number)
        .actions("")
        .problems("error missing_external_id a - external_id");
}

#[test]
fn whoever_needs_no_account_gets_none() {
    world("a left @\nb unknown @\nc sample @\nd left @ last_working_day=2026-11-23", "", "")
        .actions("")
        .situations(
            "a - Ignored NeverProvisioned\nb - Ignored UnknownStatus\nc - Ignored Sample\n\
             d - Ignored LeavingLater",
        )
        .problems("");
}

#[test]
fn the_last_working_day_counts_as_worked() {
    let world = world("a left @ last_working_day=2026-11-23 end_date=2026-12-31", "ua active for=a", "a>ua");
    let world = world.mapping(|mapping| mapping.field("end_date", hris_core::mapping::from("custom.none")));
    for (today, action, reason) in [
        ("2026-11-22", "", "Confirmed LeavingLater"),
        ("2026-11-23", "", "Confirmed LeavingLater"),
        ("2026-11-24", "deactivate a ua (LeftByStatus)", "Leaver LeftByStatus"),
    ] {
        world.clone().on(today).actions(action).situations(&format!("a ua {reason}"));
    }
}

#[test]
fn where_there_is_no_last_working_day_the_end_date_is_it() {
    let world = world("a left @ end_date=2026-11-23", "ua active for=a end_date=2026-11-23", "a>ua");
    world.clone().on("2026-11-23").actions("").situations("a ua Confirmed LeavingLater");
    world.on("2026-11-24").actions("deactivate a ua (LeftByStatus)");
}

#[test]
fn whoever_is_still_working_is_kept_up_to_date() {
    world("a left @ job_title=New last_working_day=2026-11-30", "ua active for=a job_title=Old", "a>ua")
        .actions("update a ua job_title (FieldsDiffer)");
}

#[test]
fn a_leaver_without_dates_leaves_now() {
    world("a left @", "ua active for=a", "a>ua").actions("deactivate a ua (LeftByStatus)");
}

#[test]
fn an_end_date_alone_removes_nobody() {
    let world = world("a active @ end_date=2026-11-22", "ua active for=a end_date=2026-11-22", "a>ua");
    world.actions("").situations("a ua Confirmed Unchanged").problems("warning divergence a - end_date");
    let strict = world.policy(|policy| policy.past_end_date = PastEndDate::Leaver);
    strict.actions("deactivate a ua (EndDatePassed)").situations("a ua Leaver EndDatePassed");
    strict.clone().on("2026-11-22").actions("").problems("");
}

#[test]
fn which_sign_of_leaving_counts() {
    use Leavers::{Absence, Never, Status, Vendor};
    let both = LeaverSignals::new(true, true);
    let rows = [
        (Vendor, both, true, true),
        (Vendor, LeaverSignals::new(true, false), true, false),
        (Vendor, LeaverSignals::new(false, true), false, true),
        (Vendor, LeaverSignals::new(false, false), false, false),
        (Absence, LeaverSignals::new(false, false), true, true),
        (Status, LeaverSignals::new(false, true), true, false),
        (Never, both, false, false),
    ];
    for (leavers, signals, by_status, by_absence) in rows {
        let world = world("a left @", "ua active for=a\nub active for=b", "a>ua\nb>ub")
            .policy(|policy| policy.leavers = leavers)
            .with(|world| world.leavers = signals)
            .gone("b");
        let mut actions = String::new();
        if by_status {
            actions += "deactivate a ua (LeftByStatus)\n";
        }
        if by_absence {
            actions += "deactivate b ub (AbsentAndGone)\n";
        }
        world.actions(&actions);
    }
}

#[test]
fn never_means_nobody_by_date_either() {
    world("a active @ end_date=2026-11-01", "ua active for=a end_date=2026-11-01", "a>ua")
        .policy(|policy| {
            policy.leavers = Leavers::Never;
            policy.past_end_date = PastEndDate::Leaver;
        })
        .actions("")
        .situations("a ua Leaver PolicyKeeps");
}

#[test]
fn a_missing_person_is_asked_about() {
    let record = |line: &str| Lookup::Found(Box::new(person(line)));
    let rows = [
        (Some(Lookup::Gone), "deactivate a ua (AbsentAndGone)", "SourceMissing AbsentAndGone", ""),
        (None, "deactivate a ua (AbsentUnasked)", "SourceMissing AbsentUnasked", ""),
        (Some(Lookup::NotVisible), "", "SourceUnseen NotVisible", "warning visibility_lost a ua -"),
        (Some(record("a active @")), "", "SourceUnseen Unchanged", "warning visibility_lost a ua -"),
        (
            Some(record("a left @")),
            "deactivate a ua (LeftByStatus)",
            "Leaver LeftByStatus",
            "warning visibility_lost a ua -",
        ),
        (
            Some(record("a left @ last_working_day=2026-11-23")),
            "",
            "SourceUnseen Unchanged",
            "warning visibility_lost a ua -",
        ),
    ];
    for (answer, actions, situation, problems) in rows {
        let mut world = world("b active @", "ua active for=a\nub active for=b", "a>ua\nb>ub");
        world.absent.extend(answer.map(|answer| ("a".into(), answer)));
        world
            .actions(actions)
            .situations(&format!("a ua {situation}\nb ub Confirmed Unchanged"))
            .problems(problems);
    }
}

#[test]
fn an_answer_about_one_person_is_not_taken_for_another() {
    let mut world = world("b active @", "ua active for=a\nub active for=b", "a>ua\nb>ub");
    world.absent.insert("a".into(), Lookup::Found(Box::new(person("b left @"))));
    world.actions("").situations("a ua SourceUnseen Unchanged\nb ub Confirmed Unchanged");
}

#[test]
fn absence_means_nothing_where_the_listing_proves_nothing() {
    let linked = world("b active @", "ua active for=a\nub active for=b", "a>ua\nb>ub").gone("a");
    for proven in [
        linked.clone().with(|world| world.unidentified = 1),
        linked.clone().with(|world| world.no_absence = true),
    ] {
        proven.actions("").situations("a ua SourceUnseen AbsenceUnproven\nb ub Confirmed Unchanged");
        assert_eq!(proven.plan().figures.withheld_removals, 1);
    }
    linked.with(|world| world.unidentified = 1).guarded("refuse unidentified_record 1/0");
}

#[test]
fn a_record_set_aside_is_present() {
    world("b active @", "ua active for=a\nub active for=b", "a>ua\nb>ub")
        .with(|world| world.set_aside.push("a".into()))
        .actions("")
        .situations("a ua Invalid NotUsable\nb ub Confirmed Unchanged");
}

#[test]
fn whoever_starts_later_waits() {
    let rows = [
        (FutureStarters::InviteOnStart, "create a - (NewFutureStarter)", "PreHire NewFutureStarter"),
        (
            FutureStarters::InviteNow,
            "create a - (NewFutureStarter)\ninvite a - (FirstInvite)",
            "PreHire NewFutureStarter",
        ),
        (FutureStarters::Skip, "", "PreHire FutureStart"),
    ];
    for (starters, actions, situation) in rows {
        for people in ["a active @ start_date=2026-11-24", "a pending @", "a pending @ start_date=2026-01-01"]
        {
            world(people, "", "")
                .policy(|policy| policy.future_starters = starters)
                .actions(actions)
                .situations(&format!("a - {situation}"));
        }
        world("a active @ start_date=2026-11-23", "", "")
            .policy(|policy| policy.future_starters = starters)
            .actions("create a - (NewEmployee)\ninvite a - (FirstInvite)");
    }
}

#[test]
fn a_start_moved_into_the_future_closes_nothing() {
    world("a active @ start_date=2027-01-01", "ua active for=a start_date=2026-01-01", "a>ua")
        .actions("update a ua start_date (FieldsDiffer)")
        .situations("a ua PreHire FieldsDiffer");
}

#[test]
fn whoever_will_never_start_loses_the_unused_account() {
    world(
        "a left @\nc active @",
        "ua pending for=a\nub pending for=b\nuc active for=c",
        "a>ua awaits\nb>ub awaits\nc>uc",
    )
    .gone("b")
    .actions("deactivate a ua (WillNotStart)\ndeactivate b ub (AbsentAndGone)")
    .situations("a ua Rescinded WillNotStart\nb ub Rescinded AbsentAndGone\nc uc Confirmed Unchanged");
}

#[test]
fn whoever_comes_back_gets_the_account_back() {
    world("a active @ job_title=New", "ua deactivated for=a job_title=Old", "a>ua by_us")
        .actions("reactivate a ua (Returned)\nupdate a ua job_title (FieldsDiffer)")
        .situations("a ua Rehire Returned")
        .problems("");
}

#[test]
fn whoever_comes_back_later_waits_for_the_day() {
    let world =
        world("a active @ start_date=2026-11-24", "ua deactivated for=a start_date=2026-11-24", "a>ua by_us");
    world.actions("").situations("a ua PreHire FutureStart");
    world.on("2026-11-24").actions("reactivate a ua (Returned)");
}

#[test]
fn only_what_we_closed_do_we_open() {
    let rows = [
        ("a>ua", Rehire::Reactivate, true, "ReturnedToOthers", "warning divergence a ua -"),
        ("a>ua by_us", Rehire::Conflict, true, "ReturnedConflict", "error ambiguous_match a ua -"),
        ("a>ua by_us", Rehire::Reactivate, false, "ReturnedConflict", "error ambiguous_match a ua -"),
    ];
    for (link, rehire, opens, reason, problem) in rows {
        world("a active @", "ua deactivated for=a", link)
            .policy(|policy| policy.rehire = rehire)
            .with(|world| world.target.reactivates = opens)
            .actions("")
            .situations(&format!("a ua Rehire {reason}"))
            .problems(problem);
    }
}

#[test]
fn the_same_person_under_a_new_record_keeps_the_account() {
    let world = world(
        "old left number=7 email=a@x.io\nnew active number=7 email=a@x.io",
        "ua active external_id=old number=7 email=a@x.io",
        "old>ua",
    );
    world
        .actions("link new ua replaces:old (ReturnedUnderNewId)\nupdate new ua external_id (FieldsDiffer)")
        .situations("new ua Rehire ReturnedUnderNewId\nold ua Superseded SupersededRecord")
        .problems("");
    let mut closed = world;
    closed.users[0].status = hris_core::UserStatus::Deactivated;
    closed.clone().actions("").problems("error ambiguous_match new ua -");
    closed.links[0].deactivated_by_us = true;
    closed.actions(
        "link new ua replaces:old (ReturnedUnderNewId)\nreactivate new ua (Returned)\n\
         update new ua external_id (FieldsDiffer)",
    );
    closed
        .policy(|policy| policy.rehire = Rehire::Conflict)
        .actions("")
        .situations("new ua Rehire ReturnedConflict\nold ua Superseded SupersededRecord");
}

#[test]
fn an_ended_record_closes_no_account_that_others_claim() {
    // Two new records of one person: which one is right is for people to say, and the account that
    // is at stake stays open meanwhile.
    world(
        "old left number=7\nn1 active @ number=7\nn2 active @ number=7",
        "ua active number=7 email=a@x.io external_id=old",
        "old>ua",
    )
    .actions("")
    .situations("n1 - Contested SharedKey\nn2 - Contested SharedKey\nold ua Superseded SupersededRecord");
    // The new record also matches an account of nobody's.
    world(
        "old left number=7\nnew active number=7 email=n@x.io",
        "ua active number=7 email=a@x.io external_id=old\nun active email=n@x.io",
        "old>ua",
    )
    .actions("")
    .situations(
        "new - Ambiguous SeveralMatch\nold ua Superseded SupersededRecord\n- un Unassigned NoEmployee",
    );
}

#[test]
fn a_new_id_for_a_missing_person_is_proposed_not_acted_upon() {
    world("new active @ number=7", "ua active for=old number=7", "old>ua")
        .gone("old")
        .actions("")
        .situations("new ua FoundAlreadyLinked OpenQuestion\nold ua SourceMissing AbsentAndRekeyed")
        .problems("error ambiguous_match new ua -");
    // The same where the number is shared, so that nobody is found.
    world("n1 active @ number=7\nn2 active @ number=7", "ua active for=old number=7", "old>ua")
        .gone("old")
        .actions("")
        .situations(
            "n1 - Contested SharedKey\nn2 - Contested SharedKey\nold ua SourceMissing AbsentAndRekeyed",
        );
}

#[test]
fn a_recycled_id_is_held() {
    let users = "ua active for=a number=1 given_name=Ada family_name=Poe start_date=2020-01-01";
    let stranger = "number=9 email=z@x.io given_name=Zed family_name=Ray start_date=2026-01-01";
    let problem = "error recycled_id a ua -";
    world(&format!("a active {stranger}"), users, "a>ua")
        .actions("")
        .situations("a ua Recycled RecycledId")
        .problems(problem);
    // Never renamed, and never removed either: who has left is not who had the account.
    world(&format!("a left {stranger}"), users, "a>ua").actions("").problems(problem);
    // One thing that stayed is enough for the same person.
    world(&stranger.replace("number=9", "number=1").replacen("", "a active ", 1), users, "a>ua")
        .actions("update a ua email family_name given_name start_date (FieldsDiffer)");
    // A new address alone is a new address.
    world("a active email=z@x.io", "ua active for=a", "a>ua").actions("update a ua email (FieldsDiffer)");
}

#[test]
fn accounts_removed_by_others_are_not_made_again() {
    let situations = "a - TargetMissing AccountGone\nb - Gone BothGone\nc - Gone BothGone";
    world("a active @\nb left @\nd active @", "ud active for=d", "a>ua\nb>ub\nc>uc\nd>ud")
        .gone("c")
        .actions("")
        .situations(&format!("{situations}\nd ud Confirmed Unchanged"))
        .problems("warning divergence a ua -");
    // Where not one is listed the accounts are elsewhere. The refusal says so once, and nobody is told to unlink all.
    world("a active @\nb left @", "", "a>ua\nb>ub\nc>uc")
        .gone("c")
        .actions("")
        .situations(situations)
        .problems("")
        .guarded("refuse target_changed 0/3");
}

#[test]
fn accounts_of_nobody_are_left_alone_unless_the_policy_says_otherwise() {
    let users = "ua active for=a\nun active email=n@x.io\nuo deactivated email=o@x.io";
    let world = world("a active @", users, "a>ua");
    world
        .actions("")
        .situations("a ua Confirmed Unchanged\n- un Unassigned NoEmployee\n- uo Unassigned NoEmployee");
    assert_eq!(world.plan().figures.population, 1);
    let strict = world.policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate);
    strict.actions("deactivate - un (NoEmployeePolicy)");
    assert_eq!(strict.plan().figures.population, 2);
    strict.clone().with(|world| world.no_absence = true).actions("");
    strict.clone().with(|world| world.mode = Mode::Match).actions("");
    strict
        .policy(|policy| policy.protected = vec!["N@x.io".to_owned()])
        .actions("")
        .problems("error protected - un -");
}

#[test]
fn accounts_of_people_who_are_there_are_not_accounts_of_nobody() {
    for people in ["a unknown @", "a left @ last_working_day=2026-11-23", "a active @\na active @ number=1"] {
        world(people, "ua active for=a", "")
            .policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate)
            .actions("");
    }
    world("", "ua active external_id=a", "")
        .policy(|policy| policy.unlinked_users = UnlinkedUsers::Deactivate)
        .with(|world| world.set_aside.push("a".into()))
        .actions("");
}

#[test]
fn a_run_that_only_matches_creates_invites_and_removes_nobody() {
    world(
        "a active email=z@x.io\nb active @\nc left @\nd active @\ng active @",
        "ua active for=a\nuc active for=c\nud deactivated for=d\nue active for=e\nug pending for=g",
        "c>uc\nd>ud by_us\ne>ue\ng>ug awaits",
    )
    .gone("e")
    .with(|world| world.mode = Mode::Match)
    .actions("link a ua (MatchedByExternalId)")
    .situations(
        "a ua Found MatchedByExternalId\nb - Joiner MatchOnly\nc uc Leaver MatchOnly\nd ud Rehire MatchOnly\n\
         e ue SourceMissing MatchOnly\ng ug Confirmed Unchanged",
    );
}

#[test]
fn an_unreadable_record_does_not_stop_a_run_that_only_matches() {
    world("a active @", "ua active for=a\nub active for=b", "b>ub")
        .gone("b")
        .with(|world| {
            world.mode = Mode::Match;
            world.unidentified = 1;
        })
        .actions("link a ua (MatchedByExternalId)")
        .guarded("go");
}

#[test]
fn lost_memory_beside_known_accounts_only_matches() {
    let lost = world("a active @\nb active @", "ua active for=a", "").with(|world| world.last = None);
    lost.actions("link a ua (MatchedByExternalId)").problems("warning state_missing - - -");
    assert_eq!(lost.plan().mode, Mode::Match);
    // Accounts without external ids are a first run beside existing users.
    world("a active @\nb active @", "ua active email=a@x.io", "").with(|world| world.last = None).actions(
        "link a ua (MatchedByEmail)\nupdate a ua external_id (FieldsDiffer)\n\
             create b - (NewEmployee)\ninvite b - (FirstInvite)",
    );
}

#[test]
fn an_older_state_makes_no_second_account() {
    // The account of a was made after the backup from which the state was restored.
    world("a active @\nb active @", "new-a pending for=a\nub active for=b", "b>ub")
        .actions("link a new-a (MatchedByExternalId)");
}

#[test]
fn an_unknown_status_changes_nobodys_life() {
    world(
        "a unknown @ job_title=New\nb unknown @",
        "ua active for=a\nub deactivated for=b",
        "a>ua\nb>ub by_us",
    )
    .actions("update a ua job_title (FieldsDiffer)")
    .situations("a ua Confirmed FieldsDiffer\nb ub Confirmed UnknownStatus");
}

#[test]
fn two_records_of_one_id() {
    world("a active @\na active @", "", "").actions("create a - (NewEmployee)\ninvite a - (FirstInvite)");
    world("a active @\na active @ number=1", "ua active for=a", "a>ua")
        .actions("")
        .situations("a ua Contested SharedKey")
        .problems("error duplicate_external_id a - -");
}

#[test]
fn everybody_leaves_only_once() {
    // A person without any sign: on leave is employed.
    world("a on_leave @", "ua active for=a", "a>ua").actions("");
    assert!(Status::OnLeave.is_employed());
    assert!(!Employee::new("a").status().is_employed());
}

#[test]
fn an_account_of_a_leaver_that_nobody_linked_is_kept_and_named() {
    let users = "ua active for=a\nub deactivated for=b\nuc active for=x number:3";
    world("a left @\nb left @\nc left @ number=3", users, "")
        .actions("")
        .problems("warning divergence a ua -");
    world("a left @", "ua active for=a", "a>ua").actions("deactivate a ua (LeftByStatus)").problems("");
}

#[test]
fn accounts_kept_because_absence_means_nothing_are_counted() {
    let (users, links) = ("ua active for=a\nub active for=b\nuc deactivated for=c", "a>ua\nb>ub\nc>uc");
    let listed = |people: &str| world(people, users, links).with(|world| world.no_absence = true);
    listed("").actions("").problems("warning visibility_lost - - -");
    listed("a active @\nb active @").actions("").problems("");
}
