//! Texts that nobody wrote in good faith, and days in many zones.

use hris_core::{Employee, Field, Link, StandardField, Status, TargetField, TimeZone, User, UserStatus};
use proptest::prelude::*;

use crate::worlds::cases;

use crate::support::world;

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn any_text_anywhere(
        texts in proptest::collection::vec("\\PC{0,12}|[\u{0}-\u{1f}@. \u{202e}\u{212a}]{0,8}|[ab]@[xX].io", 40),
        shape in proptest::collection::vec(any::<u8>(), 12),
    ) {
        let mut world = world("", "", "");
        let mut text = texts.iter().cycle();
        let mut next = || text.next().unwrap().clone();
        for kind in &shape {
            if kind % 3 == 0 {
                let mut person = Employee::new(next()).with_status(Status::Active, "active");
                for field in StandardField::ALL {
                    person.put(*field, Field::Value(next()));
                }
                person.put(StandardField::JobTitle, Field::Value("told-to-nobody".to_owned()));
                world.people.push(person.with_teams(Field::Value(vec![next(), next()])));
            } else {
                let mut user = User::new(next(), UserStatus::Active);
                for field in TargetField::STANDARD.into_iter().chain([TargetField::Custom(next())]) {
                    user.put(&field, Some(&next()));
                }
                if kind % 3 == 1 {
                    world.links.push(Link::new(next(), user.id.clone()));
                }
                world.users.push(user);
            }
        }
        world.policy.protected = vec![next(), next()];
        let plan = world.plan();
        let shown = format!("{plan:?} {:?} {:?}", plan.actions, plan.problems);
        prop_assert!(!shown.contains("told-to-nobody"));
        prop_assert_eq!(plan.digest(), world.plan().digest());
    }

}

/// Nobody's number of managers is too large: a chain, or a circle, of thousands.
#[test]
fn deep_chains_of_managers() {
    for circle in [false, true] {
        let people = 3_000;
        let mut world = world("", "", "");
        for n in 0..people {
            let above = if n + 1 < people {
                n + 1
            } else if circle {
                0
            } else {
                people
            };
            let person = Employee::new(format!("p{n}"))
                .with_status(Status::Active, "active")
                .with(StandardField::Email, Field::Value(format!("p{n}@x.io")))
                .with(StandardField::Manager, Field::Value(format!("p{above}")));
            world.people.push(person);
        }
        world.policy.invite = false;
        let plan = world.plan();
        assert_eq!(plan.actions.len(), people);
        if !circle {
            assert_eq!(plan.actions[0].employee.as_ref().unwrap().as_str(), format!("p{}", people - 1));
        }
    }
}

#[test]
fn a_last_day_ends_at_midnight_of_the_zone() {
    // Zone, day, and its last second: days of 23 and 25 hours and both halves of the earth too.
    let rows = [
        ("UTC", "2026-10-25", "2026-10-25T23:59:59Z"),
        ("Europe/Oslo", "2026-10-24", "2026-10-24T21:59:59Z"),
        ("Europe/Oslo", "2026-10-25", "2026-10-25T22:59:59Z"),
        ("Europe/London", "2026-03-28", "2026-03-28T23:59:59Z"),
        ("Europe/London", "2026-03-29", "2026-03-29T22:59:59Z"),
        ("America/New_York", "2026-11-01", "2026-11-02T04:59:59Z"),
        ("America/Los_Angeles", "2026-12-31", "2027-01-01T07:59:59Z"),
        ("America/Sao_Paulo", "2026-06-30", "2026-07-01T02:59:59Z"),
        ("Asia/Kathmandu", "2026-11-23", "2026-11-23T18:14:59Z"),
        ("Asia/Tokyo", "2028-02-29", "2028-02-29T14:59:59Z"),
        ("Pacific/Auckland", "2026-11-23", "2026-11-23T10:59:59Z"),
        ("Pacific/Auckland", "2026-06-30", "2026-06-30T11:59:59Z"),
        ("Pacific/Kiritimati", "2026-11-23", "2026-11-23T09:59:59Z"),
        ("Pacific/Pago_Pago", "2026-11-23", "2026-11-24T10:59:59Z"),
    ];
    for (zone, day, last_second) in rows {
        let zone: TimeZone = zone.parse().unwrap();
        let now: hris_core::Timestamp = last_second.parse().unwrap();
        let people = format!("a left @ last_working_day={day}\nb active @ start_date={day}");
        let mut world = world(&people, "ua active for=a", "a>ua");
        world.policy.invite = false;
        for (seconds, expected) in [
            (-90_000, "create b - (NewFutureStarter)"),
            (0, "create b - (NewEmployee)"),
            (1, "create b - (NewEmployee)\ndeactivate a ua (LeftByStatus)"),
        ] {
            world.now = now.plus_seconds(seconds);
            world.today = world.now.date_in(&zone);
            world.actions(expected);
        }
    }
}

#[test]
fn every_day_of_four_years_is_the_last_for_somebody() {
    let first: hris_core::Date = "2026-01-01".parse().unwrap();
    let mut world = world("a left @ last_working_day=2026-01-01", "ua active for=a", "a>ua");
    for day in 0..1461 {
        world.people[0].put_date(StandardField::LastWorkingDay, Field::Value(first.plus_days(day)));
        world.today = first.plus_days(day);
        assert!(world.plan().is_empty(), "{}", world.today);
        world.today = first.plus_days(day + 1);
        assert_eq!(world.plan().actions.len(), 1, "{}", world.today);
    }
}
