//! Scopes, roles and what they hide.

use std::collections::BTreeSet;

use hris_humaans::sandbox::{Hidden, Profiles, Role, Scope, Token};
use serde_json::{Value, json};

use super::{Api, ids, small, text};

fn keys(row: &Value) -> BTreeSet<&str> {
    row.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_public_token_sees_the_documented_members_of_active_people() {
    let sandbox = small().await;
    let api = Api::issued(&sandbox, Token::public());
    let rows = api.all("/people?status=all").await;
    let active = sandbox.people().iter().filter(|p| p.status == "active").count();
    assert_eq!(rows.len(), active);
    let public = BTreeSet::from([
        "id",
        "companyId",
        "firstName",
        "lastName",
        "preferredName",
        "email",
        "phoneNumber",
        "locationId",
        "timezone",
        "teams",
        "status",
    ]);
    assert!(rows.iter().all(|row| keys(row) == public));
    assert_eq!(keys(&api.get("/me").await), public);
    assert_eq!(api.total("/people?status=newHire").await, 0);
    assert_eq!(api.total("/people?status=offboarded").await, 0);
    assert_eq!(api.status("/custom-fields").await, 403);
    assert_eq!(api.status("/custom-values?$limit=1").await, 403);
    assert_eq!(api.status("/locations").await, 200);
    // Roles of people who are hidden are hidden with them.
    let visible: BTreeSet<String> = ids(&rows).into_iter().collect();
    let roles = api.all("/job-roles").await;
    assert!(!roles.is_empty());
    assert!(roles.iter().all(|role| visible.contains(text(role, "personId"))));
}

#[tokio::test]
async fn hidden_values_are_absent_null_or_forbidden() {
    let sandbox = small().await;
    let api = Api::issued(&sandbox, Token::public());
    let me = |row: &Value| (row.get("employeeId").cloned(), row.get("calendarFeedToken").cloned());
    assert_eq!(me(&api.get("/me").await), (None, None));

    sandbox.behave(|behaviour| behaviour.hidden = Hidden::Null);
    assert_eq!(me(&api.get("/me").await), (Some(Value::Null), Some(Value::Null)));
    assert_eq!(api.total("/custom-fields").await, 0);
    assert_eq!(api.total("/custom-values").await, 0);

    sandbox.behave(|behaviour| behaviour.hidden = Hidden::Forbidden);
    assert_eq!(me(&api.get("/me").await), (None, None));
    for path in [
        "/people?status=all",
        "/people?status=newHire",
        "/people?status=offboarded",
        "/custom-fields",
        "/custom-values",
    ] {
        assert_eq!(api.status(path).await, 403, "{path}");
    }
    assert_eq!(api.status("/people?status=active").await, 200);
    assert_eq!(Api::new(&sandbox).status("/people?status=all").await, 200);
}

#[tokio::test]
async fn a_hidden_person_does_not_exist_or_is_forbidden() {
    let sandbox = small().await;
    let api = Api::issued(&sandbox, Token::public());
    let people = sandbox.people();
    let leaver = people.iter().find(|p| p.status == "offboarded").unwrap();
    let path = format!("/people/{}", leaver.id);
    assert_eq!(api.status(&path).await, 404);
    sandbox.behave(|behaviour| behaviour.hidden_person_status = 403);
    assert_eq!(api.status(&path).await, 403);
    assert_eq!(api.status("/people/000000000000000000000000").await, 404);
    assert_eq!(Api::new(&sandbox).status(&path).await, 200);
}

#[tokio::test]
async fn a_token_without_a_read_scope_only_knows_itself() {
    let sandbox = small().await;
    let scopes = [Scope::CompensationsRead, Scope::DocumentsRead, Scope::PrivateWrite];
    let api = Api::issued(&sandbox, Token::new(scopes));
    let info = api.get("/token-info").await;
    let told = json!(["compensations:read", "documents:read", "private:write"]);
    assert_eq!(info["scopes"], told);
    for path in ["/me", "/people", "/job-roles", "/companies", "/custom-values"] {
        assert_eq!(api.status(path).await, 403, "{path}");
    }
}

#[tokio::test]
async fn a_role_hides_people_members_and_lists() {
    let sandbox = small().await;
    let maker = sandbox.people()[1].id.clone();
    let role = Role::everything().without_offboarded().without_member("email").without_path("/locations");
    let api = Api::issued(&sandbox, Token::private().role(role));
    assert_eq!(api.total("/people?status=offboarded").await, 0);
    assert!(api.total("/people?status=newHire").await > 0);
    assert_eq!(api.status("/locations").await, 403);
    let rows = api.all("/people?status=all").await;
    assert!(rows.iter().all(|row| row.get("email").is_none() && row.get("employeeId").is_some()));
    sandbox.behave(|behaviour| behaviour.hidden = Hidden::Null);
    assert_eq!(api.get("/me").await.get("email"), Some(&Value::Null));

    let own = Token::private().maker(&maker).role(Role::everything().people(Profiles::Own));
    let api = Api::issued(&sandbox, own);
    assert_eq!(ids(&api.all("/people?status=all").await), [maker.as_str()]);
    assert_eq!(text(&api.get("/me").await, "id"), maker);
    let values = api.all("/custom-values").await;
    assert!(!values.is_empty() && values.iter().all(|value| text(value, "personId") == maker));
}

#[tokio::test]
async fn a_role_without_api_access_is_refused_everywhere() {
    let sandbox = small().await;
    for status in [401, 403] {
        let role = Role::everything().without_api_access(status);
        let api = Api::issued(&sandbox, Token::private().role(role));
        for path in ["/token-info", "/me", "/people"] {
            assert_eq!(api.status(path).await, status);
        }
    }
}

#[tokio::test]
async fn a_hidden_work_email_needs_private_read() {
    let sandbox = small().await;
    let id = sandbox.people()[4].id.clone();
    sandbox.set_field(&id, "isWorkEmailHidden", true).unwrap();
    let path = format!("/people/{id}");
    let public = Api::issued(&sandbox, Token::public());
    assert_eq!(public.get(&path).await.get("email"), None);
    assert!(Api::new(&sandbox).get(&path).await["email"].is_string());
}

#[tokio::test]
async fn a_token_of_another_company_shows_another_company() {
    let sandbox = small().await;
    let api = Api::issued(&sandbox, Token::private().company("x9Lp2XwQe7Rt5YuIo1AsDf3G"));
    let other = json!("x9Lp2XwQe7Rt5YuIo1AsDf3G");
    assert_eq!(api.get("/me").await["companyId"], other);
    assert_eq!(api.get("/companies").await["data"][0]["id"], other);
    let rows = api.all("/people?status=all").await;
    assert!(rows.iter().all(|row| row["companyId"] == other));
    assert_ne!(Api::new(&sandbox).get("/me").await["companyId"], other);
}

#[tokio::test]
async fn tokens_come_go_and_change() {
    let sandbox = small().await;
    let secret = sandbox.issue_token(Token::private());
    let api = Api::with(&sandbox, &secret);
    assert!(api.get("/me").await.get("employeeId").is_some());
    sandbox.change(|world| world.edit_token(&secret, |_| Token::public())).unwrap();
    assert_eq!(api.get("/token-info").await["scopes"], json!(["public:read"]));
    assert_eq!(api.get("/me").await.get("employeeId"), None);
    sandbox.revoke(&secret).unwrap();
    assert_eq!(api.status("/me").await, 401);
    let gone = sandbox.revoke(&secret).unwrap_err().to_string();
    assert!(!gone.contains(&secret));
}
