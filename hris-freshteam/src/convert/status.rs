//! Who is employed and who has left: the status decides, with the flags beside it.

use hris_core::connector::is_undated;
use hris_core::{Date, End, Field, Status};

use crate::wire::Person;

/// The state of employment that a record shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) status: Status,
    /// Saved without hiring the person: present, and never given an account.
    pub(super) draft: bool,
    /// The believable day of leaving. A day before the first one belongs to an earlier employment.
    pub(super) end: End,
    /// The contradiction in the record, if there is one.
    pub(super) odd: Option<&'static str>,
}

/// Whether this record says that the person has left.
pub(crate) fn has_left(person: &Person, today: Date) -> bool {
    standing(person, today).status == Status::Terminated
}

/// Reads a record from top to bottom; the first rule that fits decides.
pub(super) fn standing(person: &Person, today: Date) -> Standing {
    let is = |flag: Field<bool>| flag == Field::Value(true);
    let word = person.status.as_deref().value().map(|word| word.trim().to_ascii_lowercase());
    let end = End::of(person.termination, person.joining, is_undated(person, "termination_date"));
    let to_come = end.usable().value().is_some_and(|day| day >= today);
    let regular = |word: &str| word.trim().eq_ignore_ascii_case("regular");
    let of = |status| Standing { status, draft: false, end, odd: None };
    let odd = |status, words| Standing { odd: Some(words), ..of(status) };
    match word.as_deref() {
        _ if is(person.deleted) && !to_come => of(Status::Terminated),
        Some("inactive") if !to_come => of(Status::Terminated),
        Some("inactive") => odd(
            Status::Terminated,
            "inactive in Freshteam though the last day is still to come; the account stays until then",
        ),
        _ if is(person.deleted) => odd(
            Status::Terminated,
            "deleted in Freshteam though the last day is still to come; the account stays until then",
        ),
        Some("active") if is(person.terminated) && to_come => of(Status::Active),
        Some("active") if is(person.terminated) && end == End::BeforeStart => odd(
            Status::Active,
            "terminated before the first day, so from an earlier employment; the status says employed",
        ),
        Some("active") if is(person.terminated) && end == End::Unreadable => odd(
            Status::Unknown,
            "terminated on a day that cannot be read, and active; nothing is decided; correct the date",
        ),
        Some("active") if is(person.terminated) => {
            odd(Status::Terminated, "terminated in Freshteam though still active there; taken as having left")
        }
        _ if is(person.draft) || person.category.as_deref().value().is_some_and(|word| !regular(word)) => {
            Standing { draft: true, ..of(Status::Pending) }
        }
        Some("active") if person.joining.value().is_some_and(|day| day > today) => of(Status::Pending),
        Some("active") => of(Status::Active),
        _ => of(Status::Unknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hris_core::http::Response;
    use hris_core::wire;

    /// The members of a record on 2026-11-23, where the person stands, and whether that is odd.
    #[track_caller]
    fn check(members: &str, status: Status, is_odd: bool) -> Standing {
        let response = Response::new(200).with_body(format!(r#"{{"id":1,{members}}}"#));
        let person: Person = wire::one(&response, &[]).unwrap_or_else(|error| panic!("{members}: {error}"));
        let today = Date::new(2026, 11, 23).unwrap_or_else(|_| panic!("a day"));
        let found = standing(&person, today);
        assert_eq!((found.status, found.odd.is_some()), (status, is_odd), "{members}");
        assert_eq!(has_left(&person, today), status == Status::Terminated, "{members}");
        found
    }

    #[test]
    fn deleted() {
        check(r#""deleted":true,"status":"active""#, Status::Terminated, false);
        check(r#""deleted":true,"status":"inactive","draft":true"#, Status::Terminated, false);
        check(r#""deleted":true"#, Status::Terminated, false);
        check(
            r#""deleted":true,"status":"active","termination_date":"2026-12-31""#,
            Status::Terminated,
            true,
        );
        check(r#""deleted":null,"status":"active""#, Status::Active, false);
        check(r#""deleted":"perhaps","status":"active""#, Status::Active, false);
    }

    #[test]
    fn inactive() {
        check(r#""status":"inactive""#, Status::Terminated, false);
        check(r#""status":"Inactive ","terminated":false"#, Status::Terminated, false);
        check(r#""status":{"id":2,"value":"Inactive"}"#, Status::Terminated, false);
        check(
            r#""status":"inactive","terminated":true,"termination_date":"2026-11-22""#,
            Status::Terminated,
            false,
        );
        check(r#""status":"inactive","termination_date":"2026-11-23""#, Status::Terminated, true);
        check(r#""status":"inactive","termination_date":"2027-01-31""#, Status::Terminated, true);
        check(r#""status":"inactive","draft":true"#, Status::Terminated, false);
        let old = check(
            r#""status":"inactive","joining_date":"2026-06-01","termination_date":"2026-01-31""#,
            Status::Terminated,
            false,
        );
        assert_eq!(old.end, End::BeforeStart, "the day does not say when this employment ended");
    }

    #[test]
    fn terminated_and_active() {
        let active = |more: &str| format!(r#""status":"active","terminated":true,{more}"#);
        check(&active(r#""termination_date":"2026-12-01""#), Status::Active, false);
        check(&active(r#""termination_date":"2026-11-23""#), Status::Active, false);
        check(&active(r#""termination_date":"2026-11-22""#), Status::Terminated, true);
        check(&active(r#""termination_date":null"#), Status::Terminated, true);
        check(&active(r#""draft":true"#), Status::Terminated, true);
        check(&active(r#""termination_date":"2026-02-31""#), Status::Unknown, true);
        check(&active(r#""termination_date":"1970-01-01""#), Status::Unknown, true);
        check(&active(r#""termination_date":"9999-12-31""#), Status::Terminated, true);
        check(
            &active(r#""termination_date":"2025-06-30","joining_date":"2026-11-01""#),
            Status::Active,
            true,
        );
    }

    #[test]
    fn drafts_and_other_categories() {
        assert!(check(r#""status":"active","draft":true"#, Status::Pending, false).draft);
        assert!(check(r#""status":"active","user_category":"onboarding""#, Status::Pending, false).draft);
        assert!(check(r#""draft":true"#, Status::Pending, false).draft);
        assert!(!check(r#""status":"active","user_category":"Regular""#, Status::Active, false).draft);
        assert!(!check(r#""status":"active","user_category":null"#, Status::Active, false).draft);
    }

    #[test]
    fn active() {
        check(r#""status":"active""#, Status::Active, false);
        check(r#""status":"ACTIVE","joining_date":"2020-01-06""#, Status::Active, false);
        check(r#""status":"active","joining_date":"2026-11-23""#, Status::Active, false);
        check(r#""status":"active","joining_date":"2026-11-24""#, Status::Pending, false);
        // A day that has passed removes nobody; the engine says that the two differ.
        check(r#""status":"active","termination_date":"2026-11-01""#, Status::Active, false);
        check(r#""status":"active","termination_date":"2026-02-31""#, Status::Active, false);
        // Back after a while: the old day is still there.
        let back = check(
            r#""status":"active","joining_date":"2026-10-01","termination_date":"2025-06-30""#,
            Status::Active,
            false,
        );
        assert_eq!(back.end, End::BeforeStart);
    }

    #[test]
    fn what_nobody_knows() {
        for members in [
            r#""status":"sabbatical""#,
            r#""status":"sabbatical","terminated":true,"termination_date":"2026-01-01""#,
            r#""status":"""#,
            r#""status":null"#,
            r#""status":7"#,
            r#""first_name":"Ada""#,
        ] {
            check(members, Status::Unknown, false);
        }
    }
}
