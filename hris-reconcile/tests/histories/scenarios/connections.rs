//! Several connections on one table: one account, one holder.

use hris_reconcile::Approval;
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::store::{MemoryStore, StateStore as _};

use super::*;
use crate::accounts::Memory;
use crate::sqlite::Sqlite;
use crate::support::{day, leave, vanish};

/// Two companies, one product: everybody of both has an account that is in use.
struct Group {
    a: MemoryDirectory,
    b: MemoryDirectory,
    users: Memory,
    state: MemoryStore,
}

const MAIL: &str = "dora@group.example";

impl Group {
    async fn new() -> Self {
        let mut people = others('a', 20);
        people.push(worker("dirA", "1", "Dora Lind", MAIL));
        let group = Self {
            a: company(people),
            b: company(others('b', 20)),
            users: Memory::empty().await,
            state: MemoryStore::new(),
        };
        for n in [1, 2] {
            group.run_a(n).await;
            group.run_b(n).await;
        }
        everybody_accepts(&group.users).await;
        assert!(is_quiet(&group.run_a(2).await) && is_quiet(&group.run_b(2).await));
        group
    }

    async fn run_a(&self, n: u8) -> Report {
        sync_as("co-a", &self.a, &self.users, &self.state, day(n)).await
    }

    async fn run_b(&self, n: u8) -> Report {
        sync_as("co-b", &self.b, &self.users, &self.state, day(n)).await
    }

    fn dora_is_employed_by_b(&self) {
        join(&self.b, worker("dirB", "B1", "Dora Lind", MAIL));
    }

    async fn dora(&self) -> Row {
        let all = self.users.rows().await;
        let mut hers = all.into_iter().filter(|row| row.get("email") == Some(MAIL));
        let dora = hers.next().expect("Dora has an account");
        assert!(hers.next().is_none(), "Dora has one account");
        dora
    }

    async fn two_quiet_nights(&self, from: u8) {
        for n in [from, from + 1] {
            let (a, b) = (self.run_a(n).await, self.run_b(n).await);
            assert!(a.actions.is_empty() && b.actions.is_empty(), "{:?} {:?}", a.actions, b.actions);
        }
    }
}

#[tokio::test]
async fn a_move_to_another_company_new_one_first() {
    let group = Group::new().await;
    let before = group.dora().await;
    offboard(&group.a, "dirA", "2026-11-02");
    group.dora_is_employed_by_b();
    let waiting = group.run_b(3).await;
    assert!(has(&waiting, "held_elsewhere"), "{:?}", waiting.problems);
    let left = group.run_a(3).await;
    assert_eq!(left.counts.deactivated, 0, "handed over and not closed");
    assert!(group.dora().await.is_open());
    group.run_b(4).await;
    let after = group.dora().await;
    assert_eq!(
        (after.id.as_str(), after.external_id_text(), after.is_open()),
        (before.id.as_str(), "dirB", true)
    );
    assert_eq!(after.invitations, before.invitations);
    group.two_quiet_nights(5).await;
}

#[tokio::test]
async fn a_move_to_another_company_old_one_first() {
    let group = Group::new().await;
    let before = group.dora().await;
    offboard(&group.a, "dirA", "2026-11-02");
    group.dora_is_employed_by_b();
    group.run_a(3).await;
    group.run_b(3).await;
    let after = group.dora().await;
    assert_eq!((after.id.as_str(), after.is_open()), (before.id.as_str(), true), "open again the same night");
    group.run_a(4).await;
    group.run_b(4).await;
    let after = group.dora().await;
    assert_eq!((after.id.as_str(), after.external_id_text()), (before.id.as_str(), "dirB"));
    assert_eq!(after.invitations, before.invitations, "without an invitation");
    group.two_quiet_nights(5).await;
}

/// Dora's account was closed by one company and opened again by an administrator, who knows why. The other company,
/// which employs her too, waits until the first one has looked, and then gets it by a handover.
#[tokio::test]
async fn what_an_administrator_opened_again_is_not_taken_before_its_holder_has_looked() {
    let group = Group::new().await;
    offboard(&group.a, "dirA", "2026-11-02");
    group.run_a(3).await;
    let mut opened = group.dora().await;
    assert!(!opened.is_open());
    opened.status = "active".to_owned();
    group.users.put(&opened).await;
    group.dora_is_employed_by_b();
    let waiting = group.run_b(3).await;
    assert!(has(&waiting, "held_elsewhere"), "{:?}", waiting.problems);
    assert_eq!(group.dora().await, opened);
    assert_eq!(group.run_a(4).await.counts.deactivated, 0, "handed over and not closed");
    group.run_b(4).await;
    let after = group.dora().await;
    assert_eq!((after.external_id_text(), after.is_open()), ("dirB", true));
    assert_eq!(after.id, opened.id);
    group.two_quiet_nights(5).await;
}

#[tokio::test]
async fn employed_by_both_for_ten_nights() {
    let group = Group::new().await;
    group.dora_is_employed_by_b();
    let before = group.dora().await;
    for n in 3..13 {
        assert!(is_quiet(&group.run_a(n).await));
        let waiting = group.run_b(n).await;
        assert!(waiting.actions.is_empty(), "{:?}", waiting.actions);
        assert_eq!(times(&waiting, "held_elsewhere"), 1, "{:?}", waiting.problems);
        assert_eq!(group.dora().await, before);
    }
    leave(&group.b, "dirB");
    for n in [13, 14] {
        group.run_a(n).await;
        group.run_b(n).await;
        assert_eq!(group.dora().await, before, "nothing happens when the waiting employment ends");
    }
}

#[tokio::test]
async fn employed_by_both_and_the_holder_ends() {
    let group = Group::new().await;
    group.dora_is_employed_by_b();
    for n in [3, 4] {
        group.run_a(n).await;
        group.run_b(n).await;
    }
    leave(&group.a, "dirA");
    for n in [5, 6] {
        group.run_a(n).await;
        assert!(group.dora().await.is_open());
        group.run_b(n).await;
    }
    let dora = group.dora().await;
    assert_eq!((dora.external_id_text(), dora.is_open()), ("dirB", true));
    group.two_quiet_nights(7).await;
}

/// An external id means something within its connection only.
#[tokio::test]
async fn ids_that_are_small_numbers_collide_without_harm() {
    let small = |letter: char| {
        let people = others(letter, 6).into_iter().enumerate();
        people
            .map(|(n, person)| {
                let text = |field| person.text(field).value().unwrap().to_owned();
                let name = format!("{} {}", text(StandardField::GivenName), text(StandardField::FamilyName));
                let number = text(StandardField::EmployeeNumber);
                worker(&(n + 1).to_string(), &number, &name, &text(StandardField::Email))
            })
            .collect::<Vec<_>>()
    };
    let (a, b) = (company(small('a')), company(small('b')));
    let (users, state) = (Memory::empty().await, MemoryStore::new());
    sync_as("a", &a, &users, &state, day(1)).await;
    let before = users.rows().await;
    for n in [1, 2] {
        sync_as("b", &b, &users, &state, day(n)).await;
    }
    leave(&b, "1");
    for n in [3, 4] {
        sync_as("b", &b, &users, &state, day(n)).await;
    }
    let after = users.rows().await;
    for row in &before {
        assert!(after.contains(row), "{row}");
    }
    let links = state.load("b").await.unwrap().links;
    assert!(links.iter().all(|link| !before.iter().any(|row| row.id == link.user.as_str())), "{links:?}");
    vanish(&a, "2");
    assert_eq!(sync_as("a", &a, &users, &state, day(5)).await.counts.deactivated, 1);
}

/// Dora's account is deleted and made again while both companies employ her: it stays with the one whose id it
/// carries, and the other one waits on.
#[tokio::test]
async fn an_account_that_was_made_again_stays_with_its_connection() {
    let group = Group::new().await;
    group.dora_is_employed_by_b();
    group.run_b(3).await;
    let before = group.dora().await;
    group.users.delete(&before.id).await;
    let id = group.users.insert(&Row { id: String::new(), ..before }).await.unwrap();
    let again = group.dora().await;
    let waiting = group.run_b(3).await;
    assert!(has(&waiting, "held_elsewhere") && waiting.actions.is_empty(), "{waiting:?}");
    assert_eq!(group.dora().await, again);
    assert!(has(&group.run_b(4).await, "held_elsewhere"));
    group.run_a(4).await;
    let links = group.state.load("co-a").await.unwrap().links;
    assert!(links.iter().any(|link| link.employee.as_str() == "dirA" && link.user.as_str() == id));
    assert_eq!(group.dora().await.external_id_text(), "dirA");
    group.two_quiet_nights(5).await;
    // It goes over as ever when she leaves there.
    leave(&group.a, "dirA");
    group.run_a(7).await;
    group.run_b(7).await;
    let dora = group.dora().await;
    assert_eq!((dora.external_id_text(), dora.is_open()), ("dirB", true));
    group.two_quiet_nights(8).await;
}

/// Whatever puts in doubt who left holds what goes to another connection too.
#[tokio::test]
async fn a_handover_waits_where_a_removal_would() {
    use hris_core::reconcile::{OnBreach, Safeguards};
    for on_breach in [OnBreach::Refuse, OnBreach::Hold] {
        let group = Group::new().await;
        group.dora_is_employed_by_b();
        answers(&group.a, "co-a", "token-1");
        group.run_a(3).await;
        group.run_b(3).await;
        let before = group.dora().await;
        // Another credential, that does not see her.
        answers(&group.a, "co-a", "token-2");
        vanish(&group.a, "dirA");
        let mut safeguards = Safeguards::default();
        safeguards.on_breach = on_breach;
        let runner = builder("co-a", &group.a, group.users.target(), &group.state).safeguards(safeguards);
        let runner = runner.build().unwrap();
        let held = runner.run(day(4)).await.unwrap();
        assert_eq!(rule(&held), Some("credential_changed"));
        group.run_b(4).await;
        assert_eq!(group.dora().await, before, "{on_breach:?}");
        let links = group.state.load("co-a").await.unwrap().links;
        assert!(links.iter().any(|link| link.employee.as_str() == "dirA"), "{on_breach:?}");
        // Once somebody has looked and approved it, she goes over.
        let saved = runner.plan(day(5)).await.unwrap().save();
        runner.apply(&saved, hris_reconcile::Approval::Given, day(5)).await.unwrap();
        group.run_b(5).await;
        let dora = group.dora().await;
        assert_eq!((dora.external_id_text(), dora.is_open()), ("dirB", true), "{on_breach:?}");
    }
}

/// Ids that are small numbers, and a row number that is given again: two links name one account, and it carries
/// the id of both. Nobody's values are written over, and the account is not closed.
#[tokio::test]
async fn a_row_number_given_again_to_another_connection() {
    let numbered = |letter: char, ids: [u32; 4]| {
        let people = others(letter, 4).into_iter().zip(ids).map(|(person, id)| {
            let text = |field| person.text(field).value().unwrap().to_owned();
            let name = format!("{} {}", text(StandardField::GivenName), text(StandardField::FamilyName));
            let number = text(StandardField::EmployeeNumber);
            worker(&id.to_string(), &number, &name, &text(StandardField::Email))
        });
        company(people.collect())
    };
    let (a, b) = (numbered('a', [1, 2, 3, 4]), numbered('b', [11, 12, 13, 4]));
    let (users, state) = (Sqlite::empty().await, MemoryStore::new());
    let mut joiner = None;
    b.edit(|people| joiner = people.pop());
    let joiner = joiner.unwrap();
    sync_as("b", &b, &users, &state, day(1)).await;
    sync_as("a", &a, &users, &state, day(1)).await;
    let last = account(&users, "4").await;
    users.delete(&last.id).await;
    join(&b, joiner);
    sync_as("b", &b, &users, &state, day(2)).await;
    let made = account(&users, "4").await;
    assert_eq!(made.id, last.id, "the number is given again");
    for (name, source) in [("a", &a), ("b", &b), ("a", &a)] {
        let report = sync_as(name, source, &users, &state, day(3)).await;
        assert!(has(&report, "ambiguous_match") && report.actions.is_empty(), "{name} {report:?}");
    }
    leave(&a, "4");
    assert!(sync_as("a", &a, &users, &state, day(4)).await.actions.is_empty());
    assert_eq!(account(&users, "4").await, made);
    // `hris unlink` where it is not the person's.
    let runner = builder("a", &a, users.target(), &state).build().unwrap();
    runner.unlink(&"4".into(), day(5)).await.unwrap();
    for (name, source) in [("a", &a), ("b", &b)] {
        let report = sync_as(name, source, &users, &state, day(5)).await;
        assert!(report.actions.is_empty() && !has(&report, "ambiguous_match"), "{name} {report:?}");
    }
    assert_eq!(account(&users, "4").await, made);
}

/// The row number of a deleted account was given again to another connection, and its person comes over: the link that
/// was made for the deleted account holds nothing and hinders nobody.
#[tokio::test]
async fn an_account_handed_over_beside_a_link_to_a_deleted_one_of_its_number() {
    let (a, b, state) = (company(others('a', 6)), company(others('b', 3)), MemoryStore::new());
    let users = Sqlite::empty().await;
    sync_as("a", &a, &users, &state, day(1)).await;
    let last = account(&users, "a-6").await;
    users.delete(&last.id).await;
    b.edit(|people| people.insert(0, worker("dirB", "B1", "Dora Lind", MAIL)));
    b.edit(|people| people.truncate(1));
    sync_as("b", &b, &users, &state, day(1)).await;
    assert_eq!(account(&users, "dirB").await.id, last.id, "the number is given again");
    join(&a, worker("dirA", "1", "Dora Lind", MAIL));
    assert!(has(&sync_as("a", &a, &users, &state, day(2)).await, "held_elsewhere"));
    leave(&b, "dirB");
    b.edit(|people| people.extend(others('b', 3)));
    sync_as("b", &b, &users, &state, day(3)).await;
    for n in [3, 4] {
        let report = sync_as("a", &a, &users, &state, day(n)).await;
        assert!(
            has(&report, "account_replaced") && !has(&report, "ambiguous_match"),
            "{:?}",
            report.problems
        );
    }
    let dora = account(&users, "dirA").await;
    assert_eq!((dora.id.as_str(), dora.is_open()), (last.id.as_str(), true));
    leave(&a, "a-6");
    sync_as("a", &a, &users, &state, day(5)).await;
    assert_eq!(account(&users, "dirA").await, dora, "the other link closes nothing");
    leave(&a, "dirA");
    assert_eq!(sync_as("a", &a, &users, &state, day(6)).await.counts.deactivated, 1);
}

/// A run that closes an account is cut wherever it may be, and its person is back before the next one. Another
/// connection that employs her too takes the account only where it is known to have been closed.
#[tokio::test]
async fn a_closing_that_was_cut_gives_no_account_away() {
    let (mut call, mut unknown) = (0, 0);
    loop {
        call += 1;
        let group = Group::new().await;
        offboard(&group.a, "dirA", "2026-11-02");
        let faults = Faults::new().at(call, Fault::CutAfter);
        let target = Faulty::new(group.users.target(), faults.clone());
        let store = Faulty::new(group.state.clone(), faults.clone());
        let runner = Runner::builder(group.a.clone(), target, store).connection("co-a").build().unwrap();
        let whole = tokio::select! {
            biased;
            () = faults.cut() => false,
            report = runner.run(day(3)) => report.is_ok(),
        };
        // As another process would find it.
        let group = Group { state: group.state.backup(), ..group };
        crate::support::edit(&group.a, "dirA", |person| {
            person.put_status(Status::Active, "active");
            person.put_date(StandardField::LastWorkingDay, Field::Cleared);
        });
        let before = group.dora().await;
        group.dora_is_employed_by_b();
        group.run_b(3).await;
        let links = group.state.load("co-a").await.unwrap().links;
        let holds = links.iter().any(|link| link.employee.as_str() == "dirA" && !link.deactivated_by_us);
        if holds {
            assert_eq!(group.dora().await, before, "cut after call {call}");
            unknown += usize::from(!before.is_open());
        }
        for n in [4, 5] {
            group.run_a(n).await;
            group.run_b(n).await;
        }
        assert!(group.dora().await.is_open(), "cut after call {call}");
        group.two_quiet_nights(6).await;
        if whole {
            break;
        }
    }
    assert!(unknown > 0, "never cut between closing and recording it");
}

/// An account of the other connection that lost its e-mail address bears a number that is an id here too. Once the
/// state is lost nobody knows whose it is, and its number and names say that it is not the person's.
#[tokio::test]
async fn an_id_that_two_connections_have_takes_no_account_without_an_address() {
    let one = |id: &str, letter: char| {
        let (name, email) = (format!("{letter}given {letter}family"), format!("{letter}@group.example"));
        worker(id, &format!("{letter}1"), &name, &email)
    };
    let mut people = others('a', 5);
    people.push(one("2", 'm'));
    let (a, b, users) = (company(people), company(vec![one("2", 'z')]), Memory::empty().await);
    sync_as("b", &b, &users, &MemoryStore::new(), day(1)).await;
    let mut theirs = account(&users, "2").await;
    theirs.set("email", None);
    assert!(users.put(&theirs).await);
    let state = MemoryStore::new();
    for n in [2, 3, 4] {
        let report = sync_as("a", &a, &users, &state, day(n)).await;
        assert!(has(&report, "recycled_id"), "{:?}", report.problems);
        assert_eq!(account(&users, "2").await, theirs);
    }
}

/// What an approved run makes in another table is known to other connections, wherever that run is cut.
#[tokio::test]
async fn an_approved_run_that_is_cut_in_another_table() {
    let (mut call, mut made) = (0, 0);
    loop {
        call += 1;
        let (a, b, state) = (company(others('a', 6)), company(others('b', 2)), MemoryStore::new());
        sync_as("a", &a, &Sqlite::empty().await, &state, day(1)).await;
        let users = Sqlite::empty().await;
        for n in 0..6 {
            let mut stranger = Row { status: "active".to_owned(), ..Row::default() };
            stranger.set("email", Some(&format!("stranger{n}@group.example")));
            users.insert(&stranger).await.unwrap();
        }
        join(&a, worker("dirA", "1", "Dora Lind", MAIL));
        let saved =
            builder("a", &a, users.target(), &state).build().unwrap().plan(day(2)).await.unwrap().save();
        let faults = Faults::new().at(call, Fault::CutAfter);
        let target = Faulty::new(users.target(), faults.clone());
        let store = Faulty::new(state.clone(), faults.clone());
        let runner = Runner::builder(a.clone(), target, store).connection("a").build().unwrap();
        let report = tokio::select! {
            biased;
            () = faults.cut() => None,
            report = runner.apply(&saved, Approval::Given, day(2)) => Some(report.unwrap()),
        };
        users.calm().await;
        // As another process would find it.
        let state = state.backup();
        let before = find(&users, "dirA").await;
        join(&b, worker("dirB", "B1", "Dora Lind", MAIL));
        let waiting = sync_as("b", &b, &users, &state, day(2)).await;
        if before.is_some() {
            made += 1;
            assert_eq!(find(&users, "dirA").await, before, "cut after call {call}");
            assert!(has(&waiting, "held_elsewhere"), "cut after call {call}: {:?}", waiting.problems);
        }
        if let Some(report) = report {
            assert_eq!(report.counts.created, 1, "{report:?}");
            break;
        }
    }
    assert!(made > 3, "cut {made} times after the account was made");
}

#[tokio::test]
async fn one_organisation_under_two_names_is_told() {
    let (source, users, state) = (company(others('s', 8)), Memory::empty().await, MemoryStore::new());
    answers(&source, "co1", "token-1");
    sync_as("x", &source, &users, &state, day(1)).await;
    let before = users.rows().await;
    let report = sync_as("y", &source, &users, &state, day(2)).await;
    assert!(has(&report, "already_connected"), "{:?}", report.problems);
    assert_eq!(users.rows().await, before);
    assert!(state.load("y").await.unwrap().links.is_empty(), "nothing is linked twice");
}
