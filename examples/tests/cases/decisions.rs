//! A person decides, and the next run does it.

use serde_json::Value;

use crate::case::{Case, Ran};
use crate::company::{Company, person};

/// Carl's account has Ann's number: a question.
fn asked() -> (Company, Case) {
    let company = Company::of(5);
    company.add(&person("ann", "14", "Ann Berg", "ann.berg@"));
    let case = Case::new(&company, "");
    case.carl();
    case.sync("2026-11-02").expect(2);
    (company, case)
}

fn questions(case: &Case) -> Vec<Value> {
    let listed = case.json("2026-11-02", &["resolve"]);
    let questions = listed.report["questions"].as_array().cloned().unwrap_or_default();
    assert_eq!(listed.code, if questions.is_empty() { 0 } else { 2 });
    questions
}

fn id(case: &Case) -> String {
    let questions = questions(case);
    assert_eq!(questions.len(), 1, "{questions:?}");
    assert_eq!(
        (questions[0]["employee"].as_str(), questions[0]["user"].as_str()),
        (Some("ann"), Some("carl"))
    );
    questions[0]["id"].as_str().expect("an id").to_owned()
}

fn decide(case: &Case, args: &[&str]) -> Ran {
    case.json("2026-11-02", args).expect(0)
}

#[test]
fn f_the_account_is_the_persons() {
    let (_company, case) = asked();
    let id = id(&case);
    decide(&case, &["resolve", &id, "--same"]);
    case.sync("2026-11-03").expect(0);
    assert_eq!(case.value("ann", "id"), "carl");
    case.quiet("2026-11-04");
    assert!(questions(&case).is_empty());
}

#[test]
fn f_the_account_is_not_the_persons() {
    let (_company, case) = asked();
    let before = case.account("carl");
    let id = id(&case);
    decide(&case, &["resolve", &id, "--different"]);
    let ran = case.sync("2026-11-03").expect(0);
    assert_eq!(ran.actions(), ["create ann", "invite ann"], "{:#}", ran.report);
    assert_eq!(case.account("carl"), before);
    case.quiet("2026-11-04");
}

#[test]
fn f_all_questions_at_once() {
    let (_company, case) = asked();
    decide(&case, &["resolve", "--all", "--same"]);
    case.sync("2026-11-03").expect(0);
    assert_eq!(case.value("ann", "id"), "carl");
    case.quiet("2026-11-04");
}

#[test]
fn f_a_decision_is_void_when_its_facts_change() {
    let (_company, case) = asked();
    let id = id(&case);
    decide(&case, &["resolve", &id, "--same"]);
    case.sql("update users set email = 'somebody.else@tallowmill.example' where id = 'carl';");
    case.sync("2026-11-03").expect(2);
    assert_eq!(case.user("ann"), None, "asked again");
}

#[test]
fn f_link_and_unlink() {
    let (_company, case) = asked();
    decide(&case, &["link", "ann", "carl"]);
    case.sync("2026-11-03").expect(0);
    assert_eq!(case.value("ann", "id"), "carl");
    case.quiet("2026-11-04");
    let unlinked = case.json("2026-11-05", &["unlink", "ann"]).expect(0);
    assert_eq!(unlinked.report["user"], "carl");
    assert_eq!(case.account("carl")["status"], "active", "it stays as it is");
    let said = case.json("2026-11-05", &["explain", "ann"]).expect(0);
    assert_eq!(said.report["employee"], "ann");
}

#[test]
fn f_unlinking_an_account_that_is_gone_says_so_and_the_person_gets_another() {
    let company = Company::of(5);
    company.add(&person("ann", "14", "Ann Berg", "ann@"));
    let case = Case::synced(&company, "", "2026-11-02");
    let account = case.value("ann", "id");
    case.sql(&format!("delete from users where id = '{account}'"));
    let ended = case.hris("2026-11-03", &["unlink", "ann"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.out.contains("does not have it any more"), "{}", ended.out);
    assert!(!ended.out.contains("stays as it is"), "{}", ended.out);
    case.sync("2026-11-04").expect(0);
    assert_ne!(case.value("ann", "id"), account, "an account of her own");
    case.quiet("2026-11-05");
}

#[test]
fn f_an_unlinked_account_is_not_taken_again() {
    let company = Company::of(5);
    company.add(&person("ann", "14", "Ann Berg", "ann@"));
    let case = Case::synced(&company, "", "2026-11-02");
    case.everybody_accepts("2026-11-02");
    let account = case.value("ann", "id");
    case.json("2026-11-03", &["unlink", "ann"]).expect(0);
    let before = case.account(&account);
    case.sync("2026-11-04");
    assert_eq!(case.account(&account), before);
    case.json("2026-11-05", &["link", "ann", &account]).expect(0);
    case.sync("2026-11-05").expect(0);
    case.quiet("2026-11-06");
}

#[test]
fn f_a_recycled_id_is_decided_by_a_person() {
    for same in [true, false] {
        let company = Company::of(20);
        company.add(&person("x1", "14", "Ann Berg", "ann@"));
        let case = Case::synced(&company, "", "2026-11-02");
        case.everybody_accepts("2026-11-02");
        let account = case.value("x1", "id");
        company.remove("x1");
        company.add(&crate::company::starts(person("x1", "77", "Bela Szabo", "bela@"), "2026-11-03"));
        let ran = case.sync("2026-11-03").expect(2);
        let message = ran.problem("recycled_id")["message"].as_str().expect("a message").to_owned();
        assert!(message.contains("hris resolve") || message.contains("hris link"), "{message}");
        assert_eq!(case.account(&account)["given_name"], "Ann");
        let listed = case.json("2026-11-03", &["resolve"]).expect(2);
        let id = listed.report["questions"][0]["id"].as_str().expect("a question").to_owned();
        case.json("2026-11-03", &["resolve", &id, if same { "--same" } else { "--different" }]).expect(0);
        let ran = case.sync("2026-11-04");
        if same {
            assert_eq!(ran.expect(0).count("updated"), 1);
            assert_eq!(case.account(&account)["given_name"], "Bela");
            case.quiet("2026-11-05");
        } else {
            assert_eq!(case.account(&account)["given_name"], "Ann", "{:#}", ran.report);
        }
    }
}

#[test]
fn f_what_cannot_be_decided_is_said() {
    let (_company, case) = asked();
    for (args, word) in [
        (&["link", "nobody", "carl"][..], "nobody of this id"),
        (&["link", "ann", "nothing"][..], "no account nothing"),
        (&["unlink", "ann"][..], "no link"),
        (&["resolve", "zzz", "--same"][..], "zzz"),
        (&["explain", "zzz"][..], "zzz"),
    ] {
        let ended = case.hris("2026-11-02", args);
        assert_eq!(ended.code, 1, "{args:?} {}", ended.err);
        assert!(ended.err.contains(word), "{args:?} {}", ended.err);
    }
}

#[test]
fn f_one_person_is_imported_under_the_rules_of_a_sync() {
    let (company, case) = asked();
    let ran = case.json("2026-11-02", &["import", "ann"]).expect(2);
    ran.problem("ambiguous_match");
    company.add(&person("new", "88", "New Comer", "new@"));
    let ran = case.json("2026-11-02", &["import", "new"]).expect(0);
    assert_eq!(ran.actions(), ["create new", "invite new"]);
    company.add(&person("t1", "91", "Twin One", "twin@"));
    company.add(&person("t2", "92", "Twin Two", "twin@"));
    case.json("2026-11-02", &["import", "t1"]);
    assert_eq!(case.user("t1"), None, "two people claim one address, for an import as for a sync");
}

#[test]
fn f_explain_says_why_now_and_then() {
    let (_company, case) = asked();
    let now = case.json("2026-11-02", &["explain", "ann"]).expect(0);
    assert!(now.report["problems"].to_string().contains("ambiguous_match"), "{:#}", now.report);
    let then = case.json("2026-11-02", &["explain", "ann", "--run", "latest"]).expect(0);
    assert!(then.report["problems"].to_string().contains("ambiguous_match"), "{:#}", then.report);
    let other = case.json("2026-11-02", &["explain", "o002", "--run", "latest"]).expect(0);
    assert_eq!(other.report["actions"][0]["action"], "create");
}
