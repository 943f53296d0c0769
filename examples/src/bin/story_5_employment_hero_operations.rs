//! Story 5: an operations app connects Employment Hero.
//!
//! A café group consents; two of its organisations become two labelled connections. Accounts that are
//! there already are matched, everybody else is created and invited, a month goes by, somebody sees
//! less than before, and a connection is revoked, comes back and is removed.

#[path = "story_5_employment_hero_operations/app.rs"]
mod app;

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::{Simulated, area, location, mapping_of_the_app, pairs};
use hris_core::oauth::OAuth;
use hris_core::reconcile::{AreaSource, AssignmentMode, Rule, TargetCapabilities};
use hris_core::{
    AssignmentKind, Directory, Preflight, ReadRequest, Severity, TargetField, Timestamp, TokenStore as _,
    User, UserStatus,
};
use hris_employmenthero::sandbox::{Person, Sandbox};
use hris_employmenthero::{EmploymentHero, ScopeNotation, scopes};
use hris_examples::story::{Told, chapter, expect, say};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::schedule::{Clock, Schedule, run_every};
use hris_reconcile::store::{SqliteStore, StateStore as _};
use hris_reconcile::targets::MemoryTarget;
use hris_reconcile::{Approval, Attestation, Connection, ErrorKind, Runner, Stage, Stop};

/// The connections, by their labels.
const CAFE: &str = "Kererū Café Group";
const BAKERY: &str = "Tūī Bakery";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[tokio::main]
async fn main() -> Told {
    let vendor = Sandbox::builder().employees(40).plain().rate_limit(0).start().await?;
    let people = Staff::hire(&vendor)?;
    let app = App::open(&vendor).await?;

    app.consent().await?;
    app.several_connections(&people).await?;
    app.mapped_and_published().await?;
    app.matched(&people).await?;
    app.synchronised(&people).await?;
    app.a_month_goes_by(&people).await?;
    app.teams_change(&people).await?;
    app.somebody_sees_less(&people).await?;
    app.the_tokens_are_refused().await?;
    app.removed().await?;
    chapter("All promises kept.");
    Ok(())
}

/// The people whom the story is about, by their ids.
struct Staff {
    owner: String,
    manager: String,
    roaster: String,
    leaver: String,
    bakery: String,
}

impl Staff {
    fn hire(vendor: &Sandbox) -> Result<Self, Box<dyn Error>> {
        let owner = vendor.people().first().ok_or("a company without an owner")?.id.clone();
        let hire = |name: &str, job: &str, role: &str, place: &str, team: &str| {
            let email = format!("{}@kererucafe.example", name.to_lowercase());
            let person = Person::new(name, "Tautahi").email(email).job(job).role(role);
            vendor.hire(person.location(place).team(team).starts("2025-02-03"))
        };
        let manager = hire("Aroha", "Store Manager", "manager", "Mill House", "Night shift");
        let roaster = hire("Rangi", "Roaster", "employee", "Kajen", "Nordics");
        let leaver = hire("Ngaire", "Barista", "employee", "Mill House", "Night shift");
        let bakery = vendor.add_organisation(BAKERY, true);
        let baker = Person::new("Mere", "Parata").email("mere@tuibakery.example").job("Baker");
        vendor.change(|company| company.hire_into(&bakery, baker))?;
        Ok(Self { owner, manager, roaster, leaver, bakery })
    }
}

/// The operations app: its accounts, its state, and the application it registered with the vendor.
struct App<'a> {
    vendor: &'a Sandbox,
    oauth: OAuth,
    store: Arc<SqliteStore>,
    users: MemoryTarget,
    levels: Mutex<Vec<&'static str>>,
    clock: Simulated<'a>,
    _folder: tempfile::TempDir,
}

impl<'a> App<'a> {
    async fn open(vendor: &'a Sandbox) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        // The app keeps the key, so a copy of the file shows no token.
        let key = hris_core::Secret::from("the key of this story, kept elsewhere".to_owned());
        let store = SqliteStore::builder(folder.path().join("state.db")).seal_with(key).open().await?;
        let request = ReadRequest::new("2026-11-24".parse()?).with_fields(mapping_of_the_app().0);
        let scopes = scopes(&request, ScopeNotation::ResourceAction);
        Ok(Self {
            vendor,
            oauth: vendor.oauth().scopes(scopes).build()?,
            store: Arc::new(store),
            users: MemoryTarget::new(),
            levels: Mutex::new(vec!["crew", "manager", "admin"]),
            clock: Simulated {
                now: Mutex::new("2026-11-24T06:00:00Z".parse()?),
                vendor,
                until: Mutex::new(None),
            },
            _folder: folder,
        })
    }

    async fn consent(&self) -> Told {
        chapter("Consent: who is asked for what, and how the answer is recognised");
        let consent = self.oauth.consent()?;
        let scope = |wanted: &str| {
            let scopes = consent.address().query_pairs().find(|(name, _)| name == "scope");
            scopes.is_some_and(|(_, scopes)| scopes.split(' ').any(|scope| scope == wanted))
        };
        expect(scope("employees:list") && scope("teams:list"), "it names the scopes that the mapping needs")?;
        expect(!scope("employees:custom_fields:list"), "and no others")?;
        let stranger = "https://product.example/callback?code=stolen&state=guessed";
        let refused = self.oauth.exchange(consent, stranger).await;
        expect(refused.is_err(), "an answer to another consent is refused")?;

        self.connect(CAFE).await?;
        let kept = self.store.tokens(CAFE);
        let before = kept.load().await?.ok_or("no tokens")?.version;
        self.vendor.advance(Duration::from_secs(20 * 60));
        let seen = self.directory(CAFE)?.organisations().await?;
        expect(
            seen.iter().any(|one| one.name == CAFE),
            "the organisations it sees are listed, to choose from",
        )?;
        let after = kept.load().await?.ok_or("no tokens")?.version;
        expect(
            after > before,
            "a token that ended after 15 minutes was renewed, and the new one stored first",
        )
    }

    async fn several_connections(&self, staff: &Staff) -> Told {
        chapter("Several labelled connections in one state");
        // One consent covers one organisation with single sign-on: that in which the person logged in.
        self.vendor.sign_in(&staff.bakery);
        self.connect(BAKERY).await?;
        self.vendor.sign_in(&self.vendor.organisation());
        for label in [CAFE, BAKERY] {
            let mut connection = Connection::new(label, label, "employmenthero");
            connection.every_seconds = Some(DAY.as_secs());
            let rules = &mut connection.policy.assignments;
            rules.default_role = Some("crew".to_owned());
            rules.roles = pairs(&[("owner", "admin"), ("manager", "manager"), ("Roaster", "roaster")]);
            rules.locations = pairs(&[("Mill House", "mill"), ("Kajen", "quay")]);
            rules.areas_from = AreaSource::Groups;
            rules.areas =
                pairs(&[("Night shift", "night"), ("Nordics", "nordics"), ("Onboarding buddies", "buddies")]);
            connection.authorise(&self.check(&connection).await?, self.attestation())?;
            self.store.save_connection(&connection).await?;
        }
        let organisation = async |label| {
            Ok::<_, Box<dyn Error>>(self.stored(label).await?.organisation().map(str::to_owned))
        };
        let (cafe, bakery) = (organisation(CAFE).await?, organisation(BAKERY).await?);
        expect(
            cafe.is_some() && bakery.is_some() && cafe != bakery,
            "each keeps its own tokens and organisation",
        )
    }

    async fn mapped_and_published(&self) -> Told {
        chapter("Permission levels, locations and areas, held against what exists");
        for label in [CAFE, BAKERY] {
            let mut connection = self.stored(label).await?;
            connection.map(mapping_of_the_app().1, self.directory(label)?.capabilities())?;
            let runner = self.runner(&connection)?;
            let check = runner.check(self.now()).await?;
            let unknown = check.mapping.iter().find(|finding| finding.subject == "assignments");
            expect(
                unknown.is_some_and(|finding| finding.to_string().contains("role \"roaster\"")),
                &format!("{label}: a level that the app does not have is named before anything is done"),
            )?;
            connection.review(&runner.plan(self.now()).await?)?;
            connection.publish()?;
            self.store.save_connection(&connection).await?;
        }
        expect(self.users.all().is_empty(), "and nothing was done yet")
    }

    async fn matched(&self, staff: &Staff) -> Told {
        chapter("The match operation: accounts that are there already");
        let mut aroha = User::new("u-aroha", UserStatus::Active);
        aroha.put(&TargetField::Email, Some("aroha@kererucafe.example"));
        aroha.role = Some("crew".to_owned());
        aroha.assignments.insert(area("by-hand"));
        self.users.edit(|users| drop(users.insert(aroha.id.clone(), aroha)));

        let report = self.runner_of(CAFE).await?.match_users(self.now()).await?;
        say(report.headline());
        expect(
            (report.counts.linked, report.counts.created, report.counts.invited) == (1, 0, 0),
            "one is linked, nobody is created or invited",
        )?;
        let aroha = self.user(&staff.manager).or_else(|| self.user_called("u-aroha")).ok_or("she is gone")?;
        expect(aroha.role.as_deref() == Some("manager"), "the permission level is brought in line")?;
        expect(
            [area("night"), area("by-hand"), location("mill")]
                .iter()
                .all(|given| aroha.assignments.contains(given)),
            "so are location and areas, and what somebody gave by hand stays",
        )?;
        let again = self.runner_of(CAFE).await?.match_users(self.now()).await?;
        expect(again.actions.is_empty(), "doing it again does nothing")
    }

    async fn synchronised(&self, staff: &Staff) -> Told {
        chapter("The synchronise operation: create, invite, and one level that is missing");
        let report = self.runner_of(CAFE).await?.run(self.now()).await?;
        say(report.headline());
        expect(
            report.counts.created == 42 && report.counts.invited == 42,
            "everybody else is created and invited",
        )?;
        let missing: Vec<_> =
            report.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
        let named = missing.iter().any(|problem| problem.message.contains(&staff.roaster));
        expect(
            missing.len() == 1 && named && report.outcome == Outcome::Partial,
            "the level that does not exist is named, with the people it concerns",
        )?;
        let rangi = self.user(&staff.roaster).ok_or("he has no account")?;
        expect(
            rangi.role.is_none() && rangi.assignments.contains(&area("nordics")),
            "and stops only itself: he has an account, a location and an area",
        )?;
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).push("roaster");
        let report = self.runner_of(CAFE).await?.run(self.now()).await?;
        let rangi = self.user(&staff.roaster).ok_or("he has no account")?;
        expect(
            rangi.role.as_deref() == Some("roaster") && report.outcome == Outcome::Completed,
            "once it is made, he gets it",
        )?;
        let report = self.runner_of(BAKERY).await?.match_users(self.now()).await?;
        expect(report.counts.linked == 0, "the other connection finds nobody of its own among them")?;
        let report = self.runner_of(BAKERY).await?.run(self.now()).await?;
        expect(report.counts.created == 1, "and creates its own")
    }

    async fn a_month_goes_by(&self, staff: &Staff) -> Told {
        chapter("Every 24 hours, for 31 days");
        let ids: Vec<_> =
            self.users.all().into_iter().filter(|user| user.invite.is_some()).map(|user| user.id).collect();
        let accepted = ids.len() / 2;
        let now = self.now();
        self.users.edit(|users| {
            for id in ids.iter().take(accepted) {
                if let Some(user) = users.get_mut(id) {
                    user.status = UserStatus::Active;
                    user.invite = user.invite.map(|invite| invite.accepted(Some(now)));
                }
            }
        });
        say(format!("{accepted} of {} accept their invitations", ids.len()));
        self.vendor.update(&staff.leaver, |members| {
            members.insert("status".to_owned(), "inactive".into());
        })?;
        let sent = self.users.invited().len();
        let reports = self.days(CAFE, 31).await?;
        let of = |count: fn(&Report) -> u64| reports.iter().map(count).collect::<Vec<u64>>();
        expect(reports.len() == 31, "one run a day, and never two at once")?;
        let again = of(|report| report.counts.reinvited);
        let expected = self.users.invited().len() - sent;
        // One of the 42 left before the month was over, and one belongs to the bakery's connection.
        say(format!("{expected} invitations are sent again"));
        let days: Vec<usize> =
            again.iter().enumerate().filter(|(_, count)| **count > 0).map(|(day, _)| day + 1).collect();
        expect(days == [30], "invitations that nobody accepted are sent again after 30 days, once")?;
        expect(
            expected > 10 && expected < ids.len() - accepted + 1,
            "to those who did not accept, and to nobody else",
        )?;
        expect(
            of(|report| report.counts.deactivated).iter().sum::<u64>() == 1,
            "each person who became inactive is deactivated, once",
        )?;
        let ngaire = self.user(&staff.leaver).ok_or("closed, not deleted")?;
        expect(ngaire.status == UserStatus::Deactivated, "and kept")
    }

    async fn teams_change(&self, staff: &Staff) -> Told {
        chapter("Additive, unless exact");
        let moves = |team: &str| {
            self.vendor.update(&staff.manager, |members| {
                members.insert(
                    "teams".to_owned(),
                    serde_json::json!([{ "id": format!("t-{team}"), "name": team }]),
                );
            })
        };
        moves("Nordics")?;
        self.runner_of(CAFE).await?.run(self.now()).await?;
        let has = |wanted: &[&str]| {
            let aroha = self.user(&staff.manager);
            aroha.is_some_and(|aroha| wanted.iter().all(|name| aroha.assignments.contains(&area(name))))
        };
        expect(has(&["night", "nordics", "by-hand"]), "a new group adds its area and takes nothing away")?;

        let mut connection = self.stored(CAFE).await?;
        connection.policy.assignments.mode = AssignmentMode::Exact;
        self.store.save_connection(&connection).await?;
        moves("Onboarding buddies")?;
        let runner = self.runner_of(CAFE).await?;
        let planned = runner.plan(self.now()).await?;
        expect(
            planned.report.refusal.as_ref().is_some_and(|refusal| refusal.rule == Rule::ConfigChanged),
            "a new setting that takes something away is looked at by a person first",
        )?;
        runner.apply(&planned.save(), Approval::Given, self.now()).await?;
        expect(
            has(&["buddies", "by-hand"]),
            "exact gives the new one and leaves alone what somebody gave by hand",
        )?;
        expect(!has(&["night"]) && !has(&["nordics"]), "and takes back what this connection gave")
    }

    async fn somebody_sees_less(&self, staff: &Staff) -> Told {
        chapter("Somebody who does not see everybody consents");
        self.vendor.hide([staff.owner.clone()]);
        self.connect(CAFE).await?;
        let report = self.runner_of(CAFE).await?.run(self.now()).await?;
        let refusal = report.refusal.as_ref().ok_or("nothing was held back")?;
        say(&refusal.message);
        expect(
            refusal.rule == Rule::CoverageLost && report.outcome == Outcome::Partial,
            "removals wait, and the rest goes on",
        )?;
        let owner = self.user(&staff.owner).ok_or("the owner is gone")?;
        expect(owner.is_live(), "nobody goes for being hidden")?;
        self.vendor.hide(Vec::<String>::new());
        self.connect(CAFE).await?;
        let report = self.runner_of(CAFE).await?.run(self.now()).await?;
        expect(
            report.refusal.is_none() && report.counts.deactivated == 0,
            "with a consent that sees everybody all is well",
        )
    }

    async fn the_tokens_are_refused(&self) -> Told {
        chapter("The tokens are refused");
        self.vendor.revoke_all();
        let died = self.runner_of(CAFE).await?.run(self.now()).await.err().ok_or("it should have failed")?;
        say(died.to_string());
        expect(
            died.kind() == ErrorKind::Auth && self.stored(CAFE).await?.stage() == Stage::ReconnectNeeded,
            "a run finds out, and the connection waits for a new one",
        )?;
        let asked = self.vendor.requests().len();
        let waits = self.runner_of(CAFE).await?.run(self.now()).await;
        expect(
            waits.is_err() && self.vendor.requests().len() == asked,
            "a refused refresh token is not sent again",
        )?;

        let known = self.store.load(CAFE).await?.links.len();
        self.connect(CAFE).await?;
        let mut connection = self.stored(CAFE).await?;
        connection.authorise(&self.check(&connection).await?, self.attestation())?;
        self.store.save_connection(&connection).await?;
        expect(connection.stage() == Stage::Published, "consent brings it back as it was")?;
        let report = self.runner_of(CAFE).await?.run(self.now()).await?;
        expect(
            report.counts.created == 0 && self.store.load(CAFE).await?.links.len() == known,
            "with its links: nobody is created twice",
        )?;
        expect(self.store.history(CAFE, 100).await?.len() > 31, "and its history")
    }

    async fn removed(&self) -> Told {
        chapter("A connection is removed");
        let mut connection = self.stored(CAFE).await?;
        connection.remove();
        self.store.save_connection(&connection).await?;
        expect(self.store.tokens(CAFE).forget().await?, "its tokens are forgotten")?;
        expect(self.store.tokens(CAFE).load().await?.is_none(), "all of them")?;
        expect(!self.store.history(CAFE, 1).await?.is_empty(), "its history stays")?;
        let refused = self.runner_of(CAFE).await?.run(self.now()).await;
        expect(refused.is_err(), "it never runs again")?;
        say(
            "Employment Hero offers no way for a program to revoke a consent: a person removes the application's access there.",
        );
        expect(self.store.tokens(BAKERY).load().await?.is_some(), "the other connection keeps its tokens")
    }

    /// Somebody consents, and what comes of it replaces what was there.
    async fn connect(&self, label: &str) -> Told {
        let consent = self.oauth.consent()?;
        let returned = self.vendor.consent(consent.address())?;
        let tokens = self.oauth.exchange(consent, returned.as_str()).await?;
        let kept = self.store.tokens(label);
        let version = kept.load().await?.map_or(0, |stored| stored.version);
        expect(kept.replace(version, &tokens).await?, &format!("{label} is connected"))
    }

    fn directory(&self, label: &str) -> Result<EmploymentHero, Box<dyn Error>> {
        let builder = EmploymentHero::builder().base_url(self.vendor.url()).allow_http_loopback();
        let kept = Arc::new(self.store.tokens(label));
        Ok(builder
            .rate_limit(hris_core::RateLimit::per_second(1000).per_minute(60_000))
            .organisation(label)
            .oauth(self.oauth.clone(), kept)
            .build()?)
    }

    fn runner(&self, connection: &Connection) -> Result<Runner, Box<dyn Error>> {
        let mut can = TargetCapabilities::full();
        let levels = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        can.assignable.insert(AssignmentKind::Role, levels.iter().map(|level| (*level).to_owned()).collect());
        let users = self.users.clone().with_capabilities(can);
        let builder = Runner::builder(self.directory(&connection.label)?, users, Arc::clone(&self.store));
        Ok(builder.for_connection(connection).stop(Stop::new()).build()?)
    }

    async fn runner_of(&self, label: &str) -> Result<Runner, Box<dyn Error>> {
        self.runner(&self.stored(label).await?)
    }

    async fn check(&self, connection: &Connection) -> Result<Preflight, Box<dyn Error>> {
        let request = ReadRequest::new("2026-11-24".parse()?).with_fields(mapping_of_the_app().0);
        Ok(self.directory(&connection.label)?.check(&request).await?)
    }

    async fn stored(&self, label: &str) -> Result<Connection, Box<dyn Error>> {
        self.store.connection(label).await?.ok_or_else(|| format!("{label} is not there").into())
    }

    /// Lets so many days pass with the connection's own schedule.
    async fn days(&self, label: &str, days: u32) -> Result<Vec<Report>, Box<dyn Error>> {
        let connection = self.stored(label).await?;
        let every = Schedule::every(Duration::from_secs(connection.every_seconds.unwrap_or(DAY.as_secs())));
        let runner = self.runner(&connection)?;
        let end = self.now().plus_days(i32::try_from(days)?).plus_seconds(60);
        *self.clock.until.lock().unwrap_or_else(PoisonError::into_inner) = Some((end, runner.stop().clone()));
        let mut reports = Vec::new();
        let mut failed = None;
        let each = |done: hris_reconcile::Result<Report>| match done {
            Ok(report) => reports.push(report),
            Err(error) => failed = Some(error),
        };
        run_every(&runner, &every, &self.clock, each).await?;
        failed.map_or(Ok(reports), |error| Err(error.into()))
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn attestation(&self) -> Attestation {
        Attestation::new("admin-7", self.now())
    }

    /// The account of an employee.
    fn user(&self, employee: &str) -> Option<User> {
        let mut users = self.users.all().into_iter();
        users.find(|user| user.value(&TargetField::ExternalId) == Some(employee))
    }

    fn user_called(&self, id: &str) -> Option<User> {
        self.users.all().into_iter().find(|user| user.id.as_str() == id)
    }
}
