//! Story 3: the connection flow for Humaans.
//!
//! What a token needs is listed before anybody makes one, computed from what is mapped, and verified
//! afterwards: scopes of the token and permissions of its owner's role. What is missing is named.

use std::error::Error;

use hris_core::mapping::{Mapping, from};
use hris_core::{Date, Directory, LeaverSignals, Level, Preflight, ReadRequest, Secret, SourceField};
use hris_examples::story::{Told, chapter, expect, say};
use hris_humaans::sandbox::{Role, Sandbox, Scope, Token};
use hris_humaans::{Humaans, Requirements, requirements};

#[tokio::main]
async fn main() -> Told {
    let company = Sandbox::builder().employees(60).start().await?;
    before_set_up()?;
    a_public_token(&company).await?;
    a_role_that_sees_no_leavers(&company).await?;
    a_role_that_lacks_a_field(&company).await?;
    the_remedy(&company).await?;
    more_than_needed(&company).await?;
    access_is_taken_away(&company).await?;
    chapter("All promises kept.");
    Ok(())
}

fn before_set_up() -> Told {
    chapter("Before set-up: what is needed, computed from the mapping");
    let names = needs(&["email", "given_name", "family_name"], false)?;
    expect(scopes(&names, true) == ["public:read"], "names and e-mail need no more than public data")?;
    let all = needs(&["email", "employee_number", "job_title", "work_phone"], true)?;
    for line in all.to_string().lines() {
        say(line);
    }
    expect(
        scopes(&all, true).contains(&"private:read"),
        "a mapping that reads more needs private data, and says for what",
    )?;
    let permission = |name: &str| all.permissions().any(|need| need.name == name);
    expect(permission("API Access"), "the permission to create and use API access tokens comes with it")?;
    expect(
        permission("Employment › Role") && permission("Employment › Details"),
        "so do the permissions of the role, per section of the profile",
    )?;
    expect(
        !names.permissions().any(|need| need.name == "Employment › Role"),
        "and only those that the mapping uses",
    )?;
    expect(
        all.self_checks.len() == 2,
        "two signs show whether a person may create a token: the menu entry and the button",
    )
}

async fn a_public_token(company: &Sandbox) -> Told {
    chapter("A token with public data only");
    let seen = check(company, Token::public()).await?;
    tell(&seen);
    let named = seen.findings.iter().find(|finding| finding.subject.contains("private:read"));
    let named = named.ok_or("the missing scope is not named")?;
    expect(named.level >= Level::Warning, "the scope that is missing is named")?;
    expect(named.cost.is_some(), "with what lacking it costs")?;
    expect(named.remedy.as_deref().is_some_and(|remedy| !remedy.is_empty()), "and how to grant it")
}

async fn a_role_that_sees_no_leavers(company: &Sandbox) -> Told {
    chapter("The right scopes, made by somebody whose role does not see people who have left");
    let seen = check(company, Token::private().role(Role::everything().without_offboarded())).await?;
    tell(&seen);
    expect(mentions(&seen, "ffboarded"), "the permission is named: scopes alone are not enough")
}

async fn a_role_that_lacks_a_field(company: &Sandbox) -> Told {
    chapter("A role that may not see a mapped field");
    let role = Role::everything().without_member("employeeId").without_path("/job-roles");
    let seen = check(company, Token::private().role(role)).await?;
    tell(&seen);
    expect(mentions(&seen, "employee_number"), "a field that nobody shows is named by what was not visible")?;
    expect(mentions(&seen, "Employment › Role"), "a list that is refused is named by the section to grant")?;
    expect(seen.level() >= Level::Missing || seen.level() == Level::Warning, "before anything is synced")
}

async fn the_remedy(company: &Sandbox) -> Told {
    chapter("The remedy: a custom role with what was listed, or an administrator");
    let seen = check(company, Token::private()).await?;
    tell(&seen);
    seen.require()?;
    expect(seen.organisation.is_some(), "with it every check passes, and the organisation is shown")
}

async fn more_than_needed(company: &Sandbox) -> Told {
    chapter("A token that may do too much");
    let scopes = [Scope::PublicRead, Scope::PrivateRead, Scope::CompensationsRead, Scope::PrivateWrite];
    let seen = check(company, Token::new(scopes)).await?;
    tell(&seen);
    expect(seen.level() == Level::Warning, "works, and is warned of")?;
    expect(mentions(&seen, "compensations:read"), "each scope that is not needed is named")?;
    expect(company.strayed().is_empty(), "nothing was asked for that the mapping does not need")
}

async fn access_is_taken_away(company: &Sandbox) -> Told {
    chapter("Permissions can change under a live connection");
    let token = company.issue_token(Token::private());
    let humaans = connect(company, &token)?;
    let request = request(&["email", "employee_number", "job_title"])?;
    humaans.check(&request).await?.require()?;
    company.revoke(&token)?;
    let seen = humaans.check(&request).await?;
    tell(&seen);
    expect(seen.level() == Level::Refused, "each check looks anew: a token that was revoked is seen at once")
}

/// What reading these fields needs.
fn needs(fields: &[&str], leavers: bool) -> Result<Requirements, Box<dyn Error>> {
    Ok(requirements(&request(fields)?, LeaverSignals::new(leavers, true)))
}

fn scopes(needs: &Requirements, required: bool) -> Vec<&str> {
    needs.scopes().filter(|need| need.required == required).map(|need| need.name.as_str()).collect()
}

/// What a sync with these fields mapped would ask for.
fn request(fields: &[&str]) -> Result<ReadRequest, Box<dyn Error>> {
    let mapping = fields.iter().fold(Mapping::new(), |mapping, field| mapping.field(field, from(field)));
    let sources: Result<Vec<SourceField>, _> =
        mapping.rules().flat_map(|(_, rule)| rule.sources().map(str::parse)).collect();
    Ok(ReadRequest::new(Date::new(2026, 11, 24)?).with_fields(sources?))
}

async fn check(company: &Sandbox, token: Token) -> Result<Preflight, Box<dyn Error>> {
    let token = company.issue_token(token);
    Ok(connect(company, &token)?.check(&request(&["email", "employee_number", "job_title"])?).await?)
}

fn connect(company: &Sandbox, token: &str) -> Result<Humaans, Box<dyn Error>> {
    let builder = Humaans::builder().base_url(company.url()).allow_http_loopback();
    Ok(builder
        .rate_limit(hris_core::RateLimit::per_second(1000).burst(1000))
        .token(Secret::from(token.to_owned()))
        .build()?)
}

fn tell(seen: &Preflight) {
    for finding in &seen.findings {
        let mark = match finding.level {
            Level::Passed => "ok",
            Level::Warning => "warning",
            Level::Missing => "missing",
            Level::Refused => "refused",
        };
        say(format!("{mark}: {finding}"));
    }
}

fn mentions(seen: &Preflight, word: &str) -> bool {
    let lacking = seen.findings.iter().filter(|finding| finding.level >= Level::Warning);
    lacking.map(ToString::to_string).any(|line| line.contains(word))
}
