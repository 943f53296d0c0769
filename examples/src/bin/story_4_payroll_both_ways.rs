//! Story 4: an HR product and a payroll system, both edited.
//!
//! The first sync shows what differs before it writes anything; somebody decides; people missing on
//! either side are made there; afterwards each edit goes to the other side: those of the product at
//! once, those of payroll with the next sync.

use std::sync::Arc;

use hris_24sevenoffice::TwentyFourSevenOffice;
use hris_24sevenoffice::sandbox::{Person, Sandbox};
use hris_core::RateLimit;
use hris_core::mapping::{Mapping, from};
use hris_core::reconcile::{MissingAccounts, Policy, Side, TwoWay};
use hris_core::{DirectoryExt as _, ReadRequest, Secret, TargetField, Timestamp, User, UserId, UserStatus};
use hris_examples::mail::Mailbox;
use hris_examples::story::{Told, chapter, expect, say};
use hris_examples::webhook::{Headers, Receiver, Refused};
use hris_reconcile::email::EmailSender;
use hris_reconcile::report::Report;
use hris_reconcile::store::SqliteStore;
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{ReportHook, Runner};

#[tokio::main]
async fn main() -> Told {
    let office = Office::open().await?;
    office.before_anything_is_written().await?;
    office.the_first_sync().await?;
    office.edits_on_both_sides().await?;
    office.at_once_and_one_way().await?;
    chapter("All promises kept.");
    Ok(())
}

struct Office {
    payroll: Sandbox,
    product: MemoryTarget,
    mail: Mailbox,
    runner: Runner,
    _folder: tempfile::TempDir,
}

/// Sends the result of each sync.
#[derive(Debug)]
struct Sender(EmailSender);

#[async_trait::async_trait]
impl ReportHook for Sender {
    async fn finished(&self, report: &Report) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.send(report).await?)
    }
}

fn at(time: &str) -> Result<Timestamp, Box<dyn std::error::Error>> {
    Ok(time.parse()?)
}

fn account(id: &str, given: &str, family: &str, phone: &str) -> User {
    let email = format!("{}.{}@fjordkaffe.example", given.to_lowercase(), family.to_lowercase());
    let user = User::new(id, UserStatus::Active)
        .with(TargetField::Email, &email)
        .with(TargetField::GivenName, given)
        .with(TargetField::FamilyName, family);
    if phone.is_empty() { user } else { user.with(TargetField::Phone, phone) }
}

impl Office {
    async fn open() -> Result<Self, Box<dyn std::error::Error>> {
        let payroll = Sandbox::builder().employees(0).today("2026-11-24").start().await?;
        payroll.change(|company| {
            for (given, family, phone) in [
                ("Ingrid", "Dahl", "+4740510001"),
                ("Jonas", "Lie", "+4740510002"),
                ("Kari", "Moe", "+4740510003"),
                ("Lars", "Berg", "+4740510004"),
            ] {
                let person = Person::new(given, family).starts("2024-01-02");
                company.hire(person.member("telefon", phone));
            }
        });
        let product = MemoryTarget::new().with_users([
            account("u-ingrid", "Ingrid", "Dahl", "405 10 001"),
            account("u-jonas", "Jonas", "Lie", ""),
            account("u-kari", "Kari", "Moe", "+4799999999"),
            account("u-maja", "Maja", "Vik", "+4740510005"),
        ]);
        let mail = Mailbox::open().await?;
        let directory = TwentyFourSevenOffice::builder()
            .token(Secret::from(payroll.token().to_owned()))
            .base_url(payroll.url())
            .allow_http_loopback()
            .rate_limit(RateLimit::per_second(500).burst(500))
            .build()?;
        let mut rules = TwoWay::default();
        rules.missing_in_source = MissingAccounts::Create;
        let mut policy = Policy::default();
        policy.two_way = Some(rules);
        policy.invite = false;
        policy.assignments.default_role = None;
        let mapping = Mapping::new()
            .field("external_id", from("id"))
            .field("email", from("email").trim().lowercase())
            .field("given_name", from("given_name"))
            .field("family_name", from("family_name"))
            .field("phone", from("work_phone"))
            .field("address", from("address"));

        chapter("The token is tried before anything else");
        let request = ReadRequest::new(at("2026-11-24T09:00:00Z")?.date_in(&hris_core::TimeZone::utc()));
        directory.check_required(&request).await?;
        say("the token reads this company");

        let folder = tempfile::tempdir()?;
        let store = Arc::new(SqliteStore::open(folder.path().join("state.db")).await?);
        let runner = Runner::builder(directory, product.clone(), store)
            .connection("fjordkaffe-payroll")
            .mapping(mapping)
            .policy(policy)
            .after_run(Sender(EmailSender::new(
                &Secret::from(mail.url()),
                Some("hris@mail.example"),
                "hr@fjordkaffe.example",
            )?))
            .build()?;
        Ok(Self { payroll, product, mail, runner, _folder: folder })
    }

    fn phone(&self, user: &str) -> Option<String> {
        let user = self.product.all().into_iter().find(|account| account.id.as_str() == user)?;
        user.value(&TargetField::Phone).map(str::to_owned)
    }

    fn telefon(&self, email: &str) -> Option<String> {
        self.payroll.change(|company| {
            let ids = company.ids();
            let id = ids.into_iter().find(|id| company.member(id, "email").as_deref() == Some(email))?;
            company.member(&id, "telefon")
        })
    }

    async fn before_anything_is_written(&self) -> Told {
        chapter("What the first sync would do, before it does it");
        let planned = self.runner.plan(at("2026-11-24T09:00:00Z")?).await?;
        for conflict in &planned.plan.conflicts {
            let field = conflict.field.as_ref().map(ToString::to_string).unwrap_or_default();
            say(format!("{}: {field}, {}", conflict.id, conflict.cause.as_str()));
        }
        let [conflict] = planned.plan.conflicts.as_slice() else {
            return Err("one conflict was expected".into());
        };
        expect(
            conflict.user == Some(UserId::from("u-kari")),
            "different: Kari's phone, and it is asked about",
        )?;
        let fills = |action: &hris_core::reconcile::Action| {
            action.user == Some(UserId::from("u-jonas"))
                && action.changes.iter().any(|c| c.field == TargetField::Phone)
        };
        expect(planned.plan.actions.iter().any(fills), "one side empty: Jonas gets payroll's number")?;
        let ingrid = |action: &&hris_core::reconcile::Action| action.user == Some(UserId::from("u-ingrid"));
        let touched = planned.plan.actions.iter().filter(ingrid).flat_map(|action| &action.changes);
        let numbers = touched.filter(|change| change.field == TargetField::Phone).count();
        say(format!("equal in another form: Ingrid's number is written {numbers} times"));
        expect(planned.report.counts.created == 2, "Lars is made in the product and Maja in payroll")?;
        expect(
            self.payroll.writes().is_empty() && self.product.writes() == 0,
            "nothing was written anywhere",
        )?;
        expect(planned.report.exit_code() == 2, "the exit code shows the open conflict")?;

        chapter("Somebody decides, seeing both values");
        self.runner.resolve(&[conflict.keep(Side::Target)]).await?;
        let again = self.runner.plan(at("2026-11-24T09:01:00Z")?).await?;
        expect(
            again.plan.conflicts.is_empty(),
            "the product's number stays; the next sync carries it to payroll",
        )
    }

    async fn the_first_sync(&self) -> Told {
        chapter("The first sync");
        let report = self.runner.run(at("2026-11-24T09:02:00Z")?).await?;
        say(report.headline());
        for problem in &report.problems {
            say(format!("{}: {}", problem.code.as_str(), problem.message));
        }
        expect(report.exit_code() == 0, "everything was done")?;
        expect(
            self.telefon("kari.moe@fjordkaffe.example").as_deref() == Some("+4799999999"),
            "payroll has Kari's number",
        )?;
        expect(self.phone("u-jonas").as_deref() == Some("+4740510002"), "the product has Jonas's")?;
        expect(self.telefon("maja.vik@fjordkaffe.example").is_some(), "Maja is in payroll")?;
        expect(self.product.all().len() == 5, "Lars is in the product")?;
        let sent = self.mail.messages();
        expect(sent.len() == 1, "the result was sent by mail")?;

        // The product has Maja's number in payroll already, and there is peace.
        let quiet = self.runner.plan(at("2026-11-24T09:20:00Z")?).await?;
        expect(quiet.plan.is_empty() && quiet.plan.conflicts.is_empty(), "afterwards there is nothing to do")
    }

    async fn edits_on_both_sides(&self) -> Told {
        chapter("A day later, both sides were edited");
        self.edit("u-ingrid", &TargetField::GivenName, "Ingrid Marie");
        self.set_telefon("jonas.lie@fjordkaffe.example", "+4741111111")?;
        let report = self.runner.run(at("2026-11-25T09:00:00Z")?).await?;
        say(report.headline());
        expect(self.phone("u-jonas").as_deref() == Some("+4741111111"), "payroll's edit is in the product")?;
        let given = self.payroll.change(|company| {
            let id = company
                .ids()
                .into_iter()
                .find(|id| company.member(id, "email").as_deref() == Some("ingrid.dahl@fjordkaffe.example"));
            id.and_then(|id| company.member(&id, "firstname"))
        });
        expect(given.as_deref() == Some("Ingrid Marie"), "the product's edit is in payroll")
    }

    async fn at_once_and_one_way(&self) -> Told {
        chapter("From now on the product's edits go to payroll at once");
        let secret = Secret::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let mut receiver = Receiver::new(&secret)?;
        self.edit("u-kari", &TargetField::Phone, "+4748888888");
        self.set_telefon("jonas.lie@fjordkaffe.example", "+4742222222")?;
        let now = at("2026-11-25T10:00:05Z")?;
        let body = br#"{"type":"user.updated","timestamp":"2026-11-25T10:00:00Z","data":{"id":"u-kari"}}"#;
        let sent = now.unix_seconds().to_string();
        let signature = receiver.sign("msg-1", &sent, body);
        let headers = Headers { id: "msg-1", timestamp: &sent, signature: &signature };
        let forged = Headers { signature: "v1,AA==", ..headers };
        expect(receiver.accept(forged, body, now) == Err(Refused::Signature), "a forged message is refused")?;
        let event = receiver.accept(headers, body, now).map_err(|refused| format!("{refused:?}"))?;
        expect(
            receiver.accept(headers, body, now).is_ok(),
            "until the push went through, the same message again is believed",
        )?;
        self.runner.push(&event.user, event.at, now).await?;
        receiver.done(headers.id, now);
        expect(
            self.telefon("kari.moe@fjordkaffe.example").as_deref() == Some("+4748888888"),
            "Kari's new number is in payroll",
        )?;
        expect(
            receiver.accept(headers, body, now) == Err(Refused::Repeated),
            "the same message again does nothing",
        )?;
        let old =
            self.runner.push(&event.user, at("2026-11-25T08:00:00Z")?, at("2026-11-25T10:01:00Z")?).await?;
        expect(old.actions.is_empty(), "an older event changes nothing")?;
        expect(
            self.phone("u-jonas").as_deref() == Some("+4741111111"),
            "payroll's edit of Jonas waits for the next sync",
        )?;
        self.runner.run(at("2026-11-26T09:00:00Z")?).await?;
        expect(self.phone("u-jonas").as_deref() == Some("+4742222222"), "and arrives with it")
    }

    fn edit(&self, user: &str, field: &TargetField, value: &str) {
        self.product.edit(|users| {
            if let Some(account) = users.get_mut(user) {
                account.put(field, Some(value));
            }
        });
    }

    fn set_telefon(&self, email: &str, phone: &str) -> Told {
        self.payroll.change(|company| {
            let ids = company.ids();
            let id = ids.into_iter().find(|id| company.member(id, "email").as_deref() == Some(email));
            company.set(&id.ok_or("nobody has this address")?, "telefon", phone)?;
            Ok(())
        })
    }
}
