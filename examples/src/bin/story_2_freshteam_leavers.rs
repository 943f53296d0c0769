//! Story 2: a benefits platform connects Freshteam, where the employment status decides.
//!
//! An HR admin enters the subdomain and then the API key, maps, reviews and publishes. Afterwards each
//! active person has a membership and each inactive person is a leaver. A person who is missing from the
//! list stays, and so does one whose vendor account expires.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::MatchKey;
use hris_core::{Directory, Preflight, ReadRequest, Secret, StandardField, Timestamp, UserStatus};
use hris_examples::mail::Mailbox;
use hris_examples::story::{Told, chapter, expect, say};
use hris_freshteam::sandbox::{Ending, Person, PersonView, Role, Sandbox};
use hris_freshteam::{Freshteam, Subdomain};
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
    portal.subdomain_then_key(&mut connection).await?;
    portal.map(&mut connection).await?;
    portal.review_and_publish(&mut connection).await?;
    portal.first_sync(&connection).await?;
    portal.a_day_later(&connection).await?;
    portal.what_is_no_leaver(&connection).await?;
    portal.somebody_returns(&connection).await?;
    portal.what_the_admin_sees().await?;
    portal.import_on_demand(&connection).await?;
    portal.the_key_is_reset(&mut connection).await?;
    portal.the_account_ends(&connection).await?;
    chapter("All promises kept.");
    Ok(())
}

const NAME: &str = "acme-freshteam";

/// The benefits platform: its members, its state, its mail, and the HR system it is connected to.
struct Portal<'a> {
    company: &'a Sandbox,
    key: Mutex<String>,
    users: Arc<SqliteTarget>,
    state: Arc<SqliteStore>,
    mail: Mailbox,
    _folder: tempfile::TempDir,
}

impl<'a> Portal<'a> {
    async fn open(company: &'a Sandbox) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        Ok(Self {
            company,
            key: Mutex::new(company.key().to_owned()),
            users: Arc::new(SqliteTarget::open(folder.path().join("users.db")).await?),
            state: Arc::new(SqliteStore::open(folder.path().join("state.db")).await?),
            mail: Mailbox::open().await?,
            _folder: folder,
        })
    }

    async fn set_up_a_draft(&self) -> Result<Connection, Box<dyn Error>> {
        chapter("Settings: how often, and whether new members are welcomed");
        let mut draft = Connection::new(NAME, "Acme's Freshteam", "freshteam");
        draft.every_seconds = Some(24 * 60 * 60);
        draft.policy.invite = true;
        self.state.save_connection(&draft).await?;
        let early = self.runner(&draft)?.fields(at(9, 0)?).await;
        expect(
            matches!(&early, Err(error) if error.kind() == ErrorKind::Config)
                && self.company.requests().is_empty(),
            "nothing is read before authorisation",
        )?;
        Ok(draft)
    }

    async fn subdomain_then_key(&self, connection: &mut Connection) -> Told {
        chapter("Authorise: the subdomain first, then the API key");
        say("The subdomain is the part before .freshteam.com in the browser's address.");
        let host = self.company.subdomain();
        let pasted: Subdomain = format!("https://{}.freshteam.com/home", host.to_uppercase()).parse()?;
        expect(pasted.as_str() == host, "a pasted address of a page is understood")?;
        for elsewhere in
            ["acme.evil.example", "acme.freshteam.com@evil.example", "acme.freshdesk.com", "evil.example/#"]
        {
            let refused = Freshteam::builder().subdomain(elsewhere).api_key(key("k")).build();
            expect(refused.is_err(), "an address that would lead the key elsewhere is refused")?;
        }
        say(
            "The key: profile picture at the top right, API Key. Best of a user with the role HR Partner or Admin.",
        );
        let by = Attestation::new("admin-7", at(9, 0)?);
        let wrong = self.check("not-a-key").await?;
        let refused = connection.authorise(&wrong, by.clone());
        expect(
            matches!(&refused, Err(error) if error.kind() == ErrorKind::Auth)
                && connection.stage() == Stage::Draft,
            "a wrong key is refused, says where to find the right one, and changes nothing",
        )?;
        let narrow = self.company.change(|company| company.issue_key(Role::Nobody));
        let narrow = self.check(&narrow).await?;
        let told = narrow.require().err().map(|error| error.to_string()).unwrap_or_default();
        expect(told.contains("HR Partner or Admin"), "a key without the right names the role that has it")?;
        let checked = self.check(self.company.key()).await?;
        connection.authorise(&checked, by)?;
        self.state.save_connection(connection).await?;
        let organisation = checked.organisation.as_ref().ok_or("no organisation was shown")?;
        say(format!("connected to {}", organisation.name));
        let end = checked.findings.iter().find(|finding| finding.subject == "source_retiring");
        say(end.map(|finding| finding.outcome.as_str()).unwrap_or_default());
        expect(
            connection.stage() == Stage::Authorised && end.is_some(),
            "success is confirmed, and that the vendor closes the product is said",
        )
    }

    async fn map(&self, connection: &mut Connection) -> Told {
        chapter("Map: the fields there are, employee id and e-mail");
        let fields = self.runner(connection)?.fields(at(9, 5)?).await?;
        let own = fields.iter().filter(|field| field.field.to_string().contains("_cf_"));
        for field in own.take(3) {
            say(format!(
                "{} ({}), {} of the {} people looked at",
                field.field,
                field.label.as_deref().unwrap_or_default(),
                field.filled,
                field.people
            ));
        }
        expect(
            fields.len() > 25,
            "standard fields and the customer's own are shown, with how many have each",
        )?;
        let keys = &connection.policy.match_keys;
        expect(keys.contains(&MatchKey::EmployeeNumber), "the employee id identifies a member by default")?;
        let freshteam = self.freshteam(self.company.key())?;
        let without = Mapping::new().field("external_id", from("id"));
        let refused = connection.map(without, freshteam.capabilities());
        expect(refused.is_err(), "a mapping without e-mail is refused, as no account could be made")?;

        let dear = mapping().field("custom.locker", from("custom.locker_no_cf_str01"));
        let cost = |mapping: Mapping| self.cost(mapping);
        let (cheap, expensive) = (cost(mapping()).await?, cost(dear).await?);
        say(format!("this mapping: {cheap}; with a custom field: {expensive}"));
        expect(
            expensive.requests == cheap.requests + 58,
            "a custom field costs a request a person, and that is said before anything is read",
        )?;
        connection.map(mapping(), freshteam.capabilities())?;
        self.state.save_connection(connection).await?;
        expect(connection.stage() == Stage::Mapped, "any further field is optional")
    }

    async fn review_and_publish(&self, connection: &mut Connection) -> Told {
        chapter("Review, then publish");
        let runner = self.runner(connection)?;
        let planned = runner.plan(at(9, 10)?).await?;
        say(planned.report.headline());
        expect(runner.run(at(9, 10)?).await.is_err(), "nothing is written before publishing")?;
        expect(self.users.users(at(9, 0)?).await?.is_empty(), "and no account was made")?;
        connection.review(&planned)?;
        connection.publish()?;
        self.state.save_connection(connection).await?;
        expect(connection.stage() == Stage::Published, "after the review it goes live")
    }

    async fn first_sync(&self, connection: &Connection) -> Told {
        chapter("The first sync: two listings, active and inactive, each proven whole");
        self.company.forget_requests();
        let report = self.runner(connection)?.run(at(9, 15)?).await?;
        expect(
            report.source.complete && report.source.employees == 60,
            "the whole directory was read, and proven whole",
        )?;
        let users = self.users.users(at(9, 0)?).await?;
        let active = self.company.people().into_iter().filter(|person| person.status == "active").count();
        expect(
            users.len() == active && active < 60,
            "each active person has an account, each inactive person has none",
        )?;
        let records =
            self.company.requests().iter().filter(|one| one.path.starts_with("/employees/")).count();
        expect(records == 0, "and no single record was read, as no field of this mapping needs it")?;
        expect(self.mail.messages().len() == 1, "the person who set it up got one e-mail about it")?;
        let again = self.runner(connection)?.run(at(9, 30)?).await?;
        expect(again.actions.is_empty(), "known members never get a message again")
    }

    async fn a_day_later(&self, connection: &Connection) -> Told {
        chapter("A day later: one joins, one changes, one becomes inactive");
        let staff = self.staff();
        let [changed, .., left] = staff.as_slice() else { return Err("nobody works there".into()) };
        let joiner = self.company.hire(Person::new("Noor", "El-Amrani").title("Buyer").starts("2026-11-25"));
        self.company.change(|company| {
            company.set(changed, "designation", "Head of Good Ideas")?;
            company.deactivate(left, None)
        })?;
        let report = self.runner(connection)?.run(at(33, 15)?).await?;
        say(report.headline());
        expect(
            self.status(&joiner).await? == UserStatus::Invited,
            "a new active person gets an account and a welcome",
        )?;
        expect(
            self.status(left).await? == UserStatus::Deactivated,
            "an inactive person is a leaver, with or without a date",
        )?;
        let counts = &report.counts;
        expect(
            (counts.created, counts.invited, counts.updated, counts.deactivated) == (1, 1, 1, 1),
            "data that changed is overwritten silently, and nobody else is touched",
        )
    }

    async fn what_is_no_leaver(&self, connection: &Connection) -> Told {
        chapter("Who is no leaver: missing, leaving later, or of a status that nobody knows");
        let staff = self.staff();
        let [_, missing, later, unknown, ..] = staff.as_slice() else { return Err("too few people".into()) };
        self.company.change(|company| {
            company.delete_for_ever(missing)?;
            company.give_notice(later, "2026-12-31")?;
            company.set(unknown, "status", "sabbatical")
        })?;
        let report = self.runner(connection)?.run(at(34, 0)?).await?;
        expect(report.counts.deactivated == 0, "none of the three loses anything")?;
        for id in [missing, later, unknown] {
            expect(self.status(id).await? != UserStatus::Deactivated, "the account stays")?;
        }
        expect(report.to_csv().contains("unknown_status"), "and what was not understood is reported")
    }

    async fn somebody_returns(&self, connection: &Connection) -> Told {
        chapter("Somebody comes back");
        let inactive = self.company.people().into_iter().filter(|person| person.status == "inactive");
        let mut gone = None;
        for person in inactive {
            if self.users.user(By::ExternalId(&person.id), at(9, 0)?).await?.is_some() {
                gone = Some(person.id);
            }
        }
        let gone = gone.ok_or("nobody with an account has left")?;
        self.company.change(|company| company.rehire(&gone, "2026-11-25"))?;
        let report = self.runner(connection)?.run(at(34, 30)?).await?;
        expect(
            report.counts.reactivated == 1 && report.counts.created == 0 && report.counts.invited == 0,
            "the account that this connection closed opens again; no second account, no second welcome",
        )
    }

    async fn what_the_admin_sees(&self) -> Told {
        chapter("Afterwards: the e-mail and the history");
        let message = self.mail.messages().pop().ok_or("no message")?;
        say(message.lines().find(|line| line.starts_with("Subject:")).ok_or("no subject")?);
        expect(message.contains("To: hr-admin@acme.example"), "each sync is reported to who set it up")?;
        let history = self.state.history(NAME, 10).await?;
        expect(history.len() == 5, "the history lists every sync that ran")
    }

    async fn import_on_demand(&self, connection: &Connection) -> Told {
        chapter("Import now: started by hand, with progress, warnings and impact");
        self.company.hire(Person::new("Bram", "de Wit").starts("2026-11-25"));
        self.company.hire(Person::new("No", "Mail").starts("2026-11-25").without_email());
        let told = Lines::default();
        let runner = self.builder(connection)?.observer(told.clone()).build()?;
        let report = runner.run(at(35, 0)?).await?;
        for line in told.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            say(line);
        }
        expect(report.to_csv().contains("missing_email"), "the warnings can be downloaded")?;
        say(report.headline());
        expect(
            report.counts.created == 1 && report.outcome == Outcome::Partial,
            "a person without e-mail is set aside, the other one is in",
        )
    }

    async fn the_key_is_reset(&self, connection: &mut Connection) -> Told {
        chapter("Access can be revoked at any time: the key is reset in Freshteam");
        let before = self.users.users(at(9, 0)?).await?;
        self.company.change(|company| company.revoke(self.company.key()));
        let failed = self.runner(connection)?.run(at(57, 0)?).await;
        expect(
            matches!(&failed, Err(error) if error.kind() == ErrorKind::Auth && error.exit_code() == 4),
            "afterwards a sync fails for want of a credential",
        )?;
        expect(self.users.users(at(9, 0)?).await? == before, "and removes nobody")?;
        connection.lose_credential()?;
        let fresh = self.company.change(|company| company.issue_key(Role::Admin));
        fresh.clone_into(&mut *self.key.lock().unwrap_or_else(PoisonError::into_inner));
        connection.authorise(&self.check(&fresh).await?, Attestation::new("admin-7", at(58, 0)?))?;
        self.state.save_connection(connection).await?;
        let report = self.runner(connection)?.run(at(58, 0)?).await?;
        expect(
            connection.stage() == Stage::Published && report.counts.created + report.counts.deactivated == 0,
            "a new key brings the connection back as it was",
        )
    }

    async fn the_account_ends(&self, connection: &Connection) -> Told {
        chapter("The vendor retires the product: whatever an ended account answers, nobody is removed");
        let before = self.users.users(at(9, 0)?).await?;
        for (ending, what) in [
            (Ending::Page, "a web page in place of data"),
            (Ending::Redirect, "a redirect"),
            (Ending::Unauthorised, "401"),
            (Ending::Forbidden, "403"),
            (Ending::Empty, "an empty list"),
            (Ending::Frozen, "data that never changes again"),
        ] {
            self.company.change(|company| company.end(ending));
            let run = self.runner(connection)?.run(at(82, 0)?).await;
            match &run {
                Ok(report) => say(format!("{what}: {}", report.outcome.as_str())),
                Err(error) => say(format!("{what}: {error}")),
            }
            let stopped = match &run {
                Ok(report) => report.outcome == Outcome::Refused || ending == Ending::Frozen,
                Err(_) => true,
            };
            expect(stopped && self.users.users(at(9, 0)?).await? == before, "nobody is removed")?;
        }
        Ok(())
    }

    async fn check(&self, key: &str) -> Result<Preflight, Box<dyn Error>> {
        Ok(self.freshteam(key)?.check(&request(mapping())?).await?)
    }

    async fn cost(&self, mapping: Mapping) -> Result<hris_core::Cost, Box<dyn Error>> {
        let cost = self.freshteam(self.company.key())?.cost(&request(mapping)?).await?;
        Ok(cost.ok_or("the connector reported no cost")?)
    }

    /// People who work there, have an account and manage nobody.
    fn staff(&self) -> Vec<String> {
        let works = |person: &PersonView| {
            person.status == "active"
                && person.reports == 0
                && person.joining_date.as_deref() < Some("2026-11-24")
        };
        self.company.people().into_iter().filter(works).map(|person| person.id).collect()
    }

    async fn status(&self, employee: &str) -> Result<UserStatus, Box<dyn Error>> {
        Ok(self.users.user(By::ExternalId(employee), at(9, 0)?).await?.ok_or("there is no account")?.status)
    }

    fn freshteam(&self, secret: &str) -> Result<Freshteam, Box<dyn Error>> {
        let builder = Freshteam::builder().subdomain(self.company.subdomain()).api_key(key(secret));
        Ok(builder.base_url(self.company.url()).allow_http_loopback().build()?)
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
        let freshteam = self.freshteam(&self.key.lock().unwrap_or_else(PoisonError::into_inner))?;
        Ok(Runner::builder(freshteam, Arc::clone(&self.users), Arc::clone(&self.state))
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
        .field("department", from("department"))
}

fn request(mapping: Mapping) -> Result<ReadRequest, Box<dyn Error>> {
    let today = at(9, 0)?.date_in(&hris_core::TimeZone::utc());
    let mut request = ReadRequest::new(today).with_field(StandardField::Status);
    for (_, rule) in mapping.rules() {
        for name in rule.sources() {
            request = request.with_fields([name.parse()?]);
        }
    }
    Ok(request)
}

fn key(text: &str) -> Secret {
    Secret::from(text.to_owned())
}

/// So many hours and minutes into the story, which begins on 2026-11-24.
fn at(hours: i64, minutes: i64) -> Result<Timestamp, hris_core::InvalidTimestamp> {
    let start: Timestamp = "2026-11-24T00:00:00Z".parse()?;
    Ok(start.plus_seconds(hours * 3_600 + minutes * 60))
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

/// The progress that a waiting person sees.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<String>>>);

impl Observer for Lines {
    fn event(&self, event: &Event) {
        let line = match event {
            Event::Expected { cost } => format!("this reads {cost}"),
            Event::Applying { done, total } => format!("{done} of {total} done"),
            _ => return,
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lines")
    }
}
