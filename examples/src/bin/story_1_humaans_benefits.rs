//! Story 1: a benefits platform connects Humaans.
//!
//! An HR admin walks through set-up step by step, publishes, and lives with it: every sync, the
//! message afterwards, the history, an import on demand, and the day the token is revoked.

use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{Leavers, MatchKey};
use hris_core::{Directory, ReadRequest, Secret, SourceField, StandardField, Timestamp, UserStatus};
use hris_examples::mail::Mailbox;
use hris_examples::story::{Told, chapter, expect, say};
use hris_humaans::Humaans;
use hris_humaans::sandbox::{Job, Person, Sandbox};
use hris_reconcile::email::EmailSender;
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::{SqliteStore, StateStore as _};
use hris_reconcile::target::{By, Target as _};
use hris_reconcile::targets::SqliteTarget;
use hris_reconcile::{Attestation, Connection, ErrorKind, Event, Observer, ReportHook, Runner, Stage};

#[tokio::main]
async fn main() -> Told {
    let company = Sandbox::builder().employees(60).start().await?;
    let portal = Portal::open(&company).await?;

    let mut connection = portal.set_up_a_draft().await?;
    portal.authorise(&mut connection).await?;
    portal.map(&mut connection).await?;
    portal.review_and_publish(&mut connection).await?;
    portal.first_sync(&connection).await?;
    portal.a_day_later(&connection).await?;
    portal.what_the_admin_sees().await?;
    portal.import_on_demand(&connection).await?;
    portal.the_token_is_revoked(&mut connection).await?;
    chapter("All promises kept.");
    Ok(())
}

/// The benefits platform: its accounts, its state, its mail, and the HR system it is connected to.
struct Portal<'a> {
    company: &'a Sandbox,
    token: RwLock<String>,
    users: Arc<SqliteTarget>,
    state: Arc<SqliteStore>,
    mail: Mailbox,
    _folder: tempfile::TempDir,
}

const NAME: &str = "acme-humaans";

impl<'a> Portal<'a> {
    async fn open(company: &'a Sandbox) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        Ok(Self {
            company,
            token: RwLock::new(company.token().to_owned()),
            users: Arc::new(SqliteTarget::open(folder.path().join("users.db")).await?),
            state: Arc::new(SqliteStore::open(folder.path().join("state.db")).await?),
            mail: Mailbox::open().await?,
            _folder: folder,
        })
    }

    async fn set_up_a_draft(&self) -> Result<Connection, Box<dyn Error>> {
        chapter("Settings: how often, and whether new members are welcomed");
        let mut draft = Connection::new(NAME, "Acme's Humaans", "humaans");
        draft.every_seconds = Some(24 * 60 * 60);
        draft.policy.invite = true;
        draft.policy.leavers = Leavers::Absence;
        self.state.save_connection(&draft).await?;
        let saved = self.state.connection(NAME).await?.ok_or("the draft is gone")?;
        expect(
            saved == draft && saved.stage() == Stage::Draft,
            "each stage is saved: the draft can be taken up again",
        )?;

        let early = self.runner(&draft)?.fields(at(9, 0)?).await;
        expect(
            matches!(&early, Err(error) if error.kind() == ErrorKind::Config),
            "nothing may be read before authorisation",
        )?;
        expect(self.company.requests().is_empty(), "and Humaans was not asked for anything")?;
        Ok(saved)
    }

    async fn authorise(&self, connection: &mut Connection) -> Told {
        chapter("Authorise: an access token, verified before set-up goes on");
        say(
            "In Humaans: menu at your name, API access tokens, Generate new token, View public and private data.",
        );
        let request = ReadRequest::new(today(at(9, 0)?)).with_fields(wanted(&mapping())?);
        let wrong = humaans(self.company, "not-a-token")?.check(&request).await?;
        let by = Attestation::new("admin-7", at(9, 0)?);
        let refused = connection.authorise(&wrong, by.clone());
        expect(
            matches!(&refused, Err(error) if error.kind() == ErrorKind::Auth)
                && connection.stage() == Stage::Draft,
            "a wrong token is refused and changes nothing",
        )?;
        let checked = self.humaans()?.check(&request).await?;
        connection.authorise(&checked, by)?;
        self.state.save_connection(connection).await?;
        let organisation = checked.organisation.as_ref().ok_or("no organisation was shown")?;
        say(format!("connected to {}", organisation.name));
        expect(
            connection.stage() == Stage::Authorised,
            "a good token is confirmed with the organisation it belongs to",
        )
    }

    async fn map(&self, connection: &mut Connection) -> Told {
        chapter("Map: the fields there are, employee id and e-mail");
        let fields = self.runner(connection)?.fields(at(9, 5)?).await?;
        for field in fields.iter().filter(|field| field.filled > 0).take(6) {
            let example = field.example.as_deref().unwrap_or_default();
            say(format!("{} ({} of {} people), such as {example}", field.field, field.filled, field.people));
        }
        expect(fields.len() > 20, "the fields that can be mapped are shown, with how many people have each")?;
        let keys = &connection.policy.match_keys;
        expect(keys.contains(&MatchKey::EmployeeNumber), "the employee id identifies a member by default")?;
        let capabilities = self.humaans()?.capabilities().clone();
        let without = Mapping::new().field("external_id", from("id"));
        let refused = connection.map(without, &capabilities);
        expect(
            matches!(&refused, Err(error) if error.to_string().contains("email")),
            "a mapping without e-mail is refused, as no account could be made",
        )?;
        connection.map(mapping(), &capabilities)?;
        self.state.save_connection(connection).await?;
        expect(connection.stage() == Stage::Mapped, "any further field is optional")
    }

    async fn review_and_publish(&self, connection: &mut Connection) -> Told {
        chapter("Review, then publish");
        let runner = self.runner(connection)?;
        expect(connection.publish().is_err(), "it cannot go live before somebody has seen what it would do")?;
        let planned = runner.plan(at(9, 10)?).await?;
        say(format!(
            "would create {} accounts and invite {}",
            planned.report.counts.created, planned.report.counts.invited
        ));
        let early = runner.run(at(9, 10)?).await;
        expect(
            matches!(&early, Err(error) if error.kind() == ErrorKind::Config),
            "nothing is written before publishing",
        )?;
        expect(self.users.users(at(9, 0)?).await?.is_empty(), "and no account was made")?;
        connection.review(&planned)?;
        connection.publish()?;
        self.state.save_connection(connection).await?;
        expect(connection.stage() == Stage::Published, "after the review it goes live")
    }

    async fn first_sync(&self, connection: &Connection) -> Told {
        chapter("The first sync: the whole directory");
        let report = self.runner(connection)?.run(at(9, 15)?).await?;
        expect(
            report.source.complete && report.source.employees == 60,
            "the whole directory was read, and proven whole",
        )?;
        let users = self.users.users(at(9, 0)?).await?;
        expect(
            report.counts.created == users.len() as u64 && users.len() > 50,
            "every employee with an e-mail has an account",
        )?;
        expect(report.counts.invited == report.counts.created, "each is welcomed once")?;
        expect(self.mail.messages().len() == 1, "the person who set it up got one e-mail about it")?;

        let again = self.runner(connection)?.run(at(9, 30)?).await?;
        expect(
            again.actions.is_empty() && again.counts.invited == 0,
            "known members never get a message again",
        )
    }

    async fn a_day_later(&self, connection: &Connection) -> Told {
        chapter("A day later: one joins, one changes, one is gone from the list");
        let staff: Vec<String> = self.staff();
        let [changed, .., gone] = staff.as_slice() else { return Err("nobody works there".into()) };
        let joiner = self
            .company
            .hire(Person::new("Noor", "El-Amrani").job("Buyer", "Operations").starts("2026-11-25"));
        self.company.change_job(changed, Job::new("Head of Good Ideas", "Operations"))?;
        self.company.delete(gone)?;

        let report = self.runner(connection)?.run(at(33, 15)?).await?;
        let counts = &report.counts;
        say(format!(
            "{} created, {} invited, {} updated, {} deactivated",
            counts.created, counts.invited, counts.updated, counts.deactivated
        ));
        let new = self.account(&joiner).await?.ok_or("the joiner has no account")?;
        expect(new.status == UserStatus::Invited, "a new record makes an account and sends the welcome")?;
        let title = self.account(changed).await?;
        let title = title.as_ref().and_then(|user| user.value(&hris_core::TargetField::JobTitle));
        expect(
            title == Some("Head of Good Ideas"),
            "a known record overwrites the platform's values, silently",
        )?;
        let left = self.account(gone).await?.ok_or("the account is gone")?;
        expect(
            left.status == UserStatus::Deactivated,
            "an account missing from the directory is closed, not deleted",
        )?;
        expect(
            counts.created == 1 && counts.invited == 1 && counts.deactivated == 1,
            "and nobody else is touched",
        )
    }

    async fn what_the_admin_sees(&self) -> Told {
        chapter("Afterwards: the e-mail, the history, the file of errors");
        let message = self.mail.messages().pop().ok_or("no message")?;
        let subject = message.lines().find(|line| line.starts_with("Subject:")).ok_or("no subject")?;
        say(subject);
        expect(
            message.contains("To: hr-admin@acme.example"),
            "the e-mail goes to the person who set it up, after every sync",
        )?;

        let twin = self.twin()?;
        let live = self.state.connection(NAME).await?.ok_or("no connection")?;
        let report = self.runner(&live)?.run(at(34, 0)?).await?;
        expect(
            report.outcome == Outcome::Partial,
            "two people with one address are set aside; the rest goes on",
        )?;
        let file = report.to_csv();
        for line in file.lines().take(3) {
            say(line);
        }
        expect(
            file.contains("duplicate_email") && file.contains(&twin),
            "the file of errors names record, field and what to do",
        )?;
        self.company.delete(&twin)?;

        let history = self.state.history(NAME, 10).await?;
        expect(history.len() == 4, "the history lists every sync that ran")?;
        expect(history.is_sorted_by(|later, earlier| later.started_at >= earlier.started_at), "newest first")
    }

    async fn import_on_demand(&self, connection: &Connection) -> Told {
        chapter("Import now: started by hand, with progress, warnings and impact");
        self.company.hire(Person::new("Bram", "de Wit").starts("2026-11-25"));
        self.company.hire(Person::new_hire("Ola", "Nordmann").starts("2027-03-01"));
        let bar = Bar::default();
        let runner = self.builder(connection)?.observer(bar.clone()).build()?;
        let report = runner.run(at(35, 0)?).await?;
        let (done, total) = (bar.done.load(Ordering::Relaxed), bar.total.load(Ordering::Relaxed));
        say(format!("progress went to {done} of {total}"));
        expect(total > 0 && done == total, "a progress bar shows the run to its end")?;
        let warnings = report.to_csv();
        expect(warnings.contains("missing_email"), "the warnings can be downloaded")?;
        say(report.headline());
        expect(report.counts.created == 1, "the impact is shown in numbers")
    }

    async fn the_token_is_revoked(&self, connection: &mut Connection) -> Told {
        chapter("Access can be revoked at any time");
        let before = self.users.users(at(9, 0)?).await?;
        self.company.revoke(self.company.token())?;
        let failed = self.runner(connection)?.run(at(57, 0)?).await;
        expect(
            matches!(&failed, Err(error) if error.kind() == ErrorKind::Auth && error.exit_code() == 4),
            "afterwards a sync fails for want of a credential",
        )?;
        expect(self.users.users(at(9, 0)?).await? == before, "and removes nobody")?;
        connection.lose_credential()?;
        self.state.save_connection(connection).await?;

        let fresh = self.company.issue_token(hris_humaans::sandbox::Token::private());
        fresh.clone_into(&mut *self.token.write().unwrap_or_else(PoisonError::into_inner));
        let request = ReadRequest::new(today(at(58, 0)?)).with_fields(wanted(&mapping())?);
        connection
            .authorise(&self.humaans()?.check(&request).await?, Attestation::new("admin-7", at(58, 0)?))?;
        self.state.save_connection(connection).await?;
        expect(connection.stage() == Stage::Published, "a new token brings the connection back as it was")?;
        let report = self.runner(connection)?.run(at(58, 0)?).await?;
        expect(report.counts.created == 0 && report.counts.deactivated == 0, "with its links and its history")
    }

    /// Makes two people share one address. Returns the id of the second.
    fn twin(&self) -> Result<String, Box<dyn Error>> {
        let first = self.staff().into_iter().next().ok_or("nobody works there")?;
        let email = self.company.person(&first).and_then(|person| person.email).ok_or("no address")?;
        Ok(self.company.hire(Person::new("Ana", "Twin").email(email).starts("2026-11-25")))
    }

    /// People who work there and have an address, in the order of the list, the administrator apart.
    fn staff(&self) -> Vec<String> {
        let admin = self.company.change(|company| company.admin().to_owned());
        let works = |person: &hris_humaans::sandbox::PersonView| {
            person.status == "active" && person.email.is_some() && person.id != admin
        };
        self.company.people().into_iter().filter(works).map(|person| person.id).collect()
    }

    async fn account(&self, employee: &str) -> Result<Option<hris_core::User>, Box<dyn Error>> {
        Ok(self.users.user(By::ExternalId(employee), at(9, 0)?).await?)
    }

    fn humaans(&self) -> Result<Humaans, Box<dyn Error>> {
        humaans(self.company, &self.token.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn runner(&self, connection: &Connection) -> Result<Runner, Box<dyn Error>> {
        Ok(self.builder(connection)?.build()?)
    }

    fn builder(&self, connection: &Connection) -> Result<hris_reconcile::RunnerBuilder, Box<dyn Error>> {
        let sender = EmailSender::new(
            &Secret::from(self.mail.url()),
            Some("hris@mail.example"),
            "hr-admin@acme.example",
        )?;
        Ok(Runner::builder(self.humaans()?, Arc::clone(&self.users), Arc::clone(&self.state))
            .for_connection(connection)
            .after_run(Mailer(sender)))
    }
}

/// The mapping of this customer.
fn mapping() -> Mapping {
    Mapping::new()
        .field("external_id", from("id"))
        .field("employee_number", from("employee_number"))
        .field("email", from("email").trim().lowercase())
        .field("given_name", from("given_name"))
        .field("family_name", from("family_name"))
        .field("job_title", from("job_title"))
        .field("start_date", from("start_date"))
}

/// The source fields of a mapping.
fn wanted(mapping: &Mapping) -> Result<Vec<SourceField>, Box<dyn Error>> {
    let mut fields = vec![SourceField::from(StandardField::Status)];
    for (_, rule) in mapping.rules() {
        for name in rule.sources() {
            fields.push(name.parse()?);
        }
    }
    Ok(fields)
}

fn humaans(company: &Sandbox, token: &str) -> Result<Humaans, Box<dyn Error>> {
    let builder = Humaans::builder().base_url(company.url()).allow_http_loopback();
    Ok(builder
        .rate_limit(hris_core::RateLimit::per_second(1000).burst(1000))
        .token(Secret::from(token.to_owned()))
        .build()?)
}

/// So many hours and minutes into the story, which begins on 2026-11-24.
fn at(hours: i64, minutes: i64) -> Result<Timestamp, hris_core::InvalidTimestamp> {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse()?;
    Ok(start.plus_seconds(hours * 3_600 + minutes * 60))
}

fn today(now: Timestamp) -> hris_core::Date {
    now.date_in(&hris_core::TimeZone::utc())
}

/// Sends each report to the admin.
#[derive(Debug)]
struct Mailer(EmailSender);

#[async_trait]
impl ReportHook for Mailer {
    async fn finished(&self, report: &Report) -> Result<(), Box<dyn Error + Send + Sync>> {
        Ok(self.0.send(report).await?)
    }
}

/// Where a progress bar would be.
#[derive(Clone, Default)]
struct Bar {
    done: Arc<AtomicU64>,
    total: Arc<AtomicU64>,
}

impl Observer for Bar {
    fn event(&self, event: &Event) {
        if let Event::Applying { done, total } = event {
            self.done.store(*done, Ordering::Relaxed);
            self.total.store(*total, Ordering::Relaxed);
        }
    }
}

impl fmt::Debug for Bar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bar")
    }
}
