//! Invents the company: people, careers, offices and custom fields.

use hris_core::Date;
use hris_core::sandbox::names::{DEPARTMENTS, OFFICES, REMOTE, TEAMS};
use hris_core::sandbox::{Names, Rng, day};
use serde_json::json;

use super::person::{CustomField, Job, Location, Person, Status};
use super::record::canary;
use super::world::{Resource, World};

/// Fills an empty world with `employees` people, at least one.
pub(super) fn fill(world: &mut World, plain: bool, employees: usize) {
    let employees = employees.max(1);
    let company = json!({
        "id": world.company_id, "name": "Tallow Mill Ltd", "domains": [world.domain],
        "status": "active", "paymentStatus": "ok", "trialEndDate": null, "package": "growth",
        "isTimesheetEnabled": false, "autogenerateEmployeeId": true,
        "autogenerateEmployeeIdForNewHires": true,
        "nextEmployeeId": 1_001usize.saturating_add(employees),
        "createdAt": "2018-01-08T09:00:00.000Z", "updatedAt": "2026-01-08T09:00:00.000Z",
    });
    world.insert(Resource::Companies, company);
    let office = |(at, (label, city, country, _, zone)): (usize, &(&str, &str, &str, &str, &str))| {
        // The app asks for a country and a city only, so a label may be empty.
        let label = if at == 2 { "" } else { *label };
        world.add_location(Location::new(label, *city, *country).timezone(*zone))
    };
    let offices: Vec<String> = OFFICES.iter().enumerate().map(office).collect();
    let fields = define(world, plain);

    // People draw from a generator of their own, so that a change in what the
    // world holds besides does not rename everybody.
    let mut rng = Rng::new(world.rng.number());
    let mut names = Names::default();
    let ids: Vec<String> = (0..employees).map(|_| rng.text(24)).collect();
    let statuses: Vec<Status> = (0..employees).map(|at| status(plain, at)).collect();
    for (at, (id, status)) in ids.iter().zip(&statuses).enumerate() {
        let manager = manager(&statuses, at).and_then(|at| ids.get(at));
        let leavers = statuses.iter().take(at).rposition(|status| *status == Status::Offboarded);
        let mut draft = Draft { rng: &mut rng, today: world.today, at, status: *status, plain };
        let person = draft.person(&offices, &mut names, world.domain);
        let career = draft.career(manager, leavers.and_then(|at| ids.get(at)), &person.job);
        world.enter(id, person);
        for (job, end) in career {
            world.add_job_role(id, &job, end);
        }
        answer(world, &mut rng, &fields, id);
    }
    world.admin = ids.into_iter().next().unwrap_or_default();
    let admin = world.admin.clone();
    let _invented_just_now = world.set_field(&admin, "role", "admin");
}

/// Three in a hundred have left, three in a hundred are yet to start.
fn status(plain: bool, at: usize) -> Status {
    match (plain, at % 33) {
        (false, 11) => Status::Offboarded,
        (false, 22) => Status::NewHire,
        _ => Status::Active,
    }
}

/// Everybody but the first reports to somebody earlier who is active, seven to
/// a manager at most: a tree.
fn manager(statuses: &[Status], at: usize) -> Option<usize> {
    let mut above = at.checked_sub(1)? / 7;
    while statuses.get(above) != Some(&Status::Active) {
        above = above.checked_sub(1)? / 7;
    }
    Some(above)
}

struct Draft<'a> {
    rng: &'a mut Rng,
    today: Date,
    at: usize,
    status: Status,
    plain: bool,
}

impl Draft<'_> {
    fn person(&mut self, offices: &[String], names: &mut Names, domain: &str) -> Person {
        let name = names.next(self.rng);
        let address = name.mailbox();
        let (title, department) = self.job();
        let start = self.start();
        let mut person = Person::new(name.given, name.family)
            .status(self.status)
            .job(title, department)
            .starts(start.to_string())
            .member("personalEmail", format!("{address}@home.example"));
        person = match self.status {
            Status::NewHire => person.without_email(),
            _ => person.email(format!("{address}@{domain}")),
        };
        person = self.place(person, offices);
        if self.status == Status::Offboarded {
            let day = self.last_day(start).to_string();
            person = person
                .member("employmentEndDate", day.clone())
                .member("lastWorkingDay", day)
                .member("leavingReason", canary("reason"))
                .member("leavingNote", canary("note"));
        }
        if !self.plain {
            person = person.team(department);
            if self.rng.chance(30)
                && let Some(team) = self.rng.pick(&TEAMS)
            {
                person = person.team(*team);
            }
            if self.rng.chance(15) {
                person = person.member("preferredName", name.given.chars().take(3).collect::<String>());
            }
        }
        self.details(person)
    }

    fn details(&mut self, person: Person) -> Person {
        let at = self.at;
        let birthday = day(1962, 1, 1).plus_days(span(self.rng.below(14_000)));
        let person = person
            .member("createdAt", "2019-01-15T09:00:00.000Z")
            .member("updatedAt", "2026-09-01T07:45:00.000Z")
            .member("birthday", birthday.to_string())
            .member("address", format!("{} Fuller's Yard", at % 90 + 1))
            .member("postcode", format!("LS{} 4XX", at % 20 + 1));
        if self.rng.chance(70) {
            // Numbers from the range reserved for fiction.
            let number = at % 1_000;
            person
                .member("phoneNumber", format!("+442079460{number:03}"))
                .member("formattedPhoneNumber", format!("+44 20 7946 0{number:03}"))
        } else {
            person
        }
    }

    fn place(&mut self, person: Person, offices: &[String]) -> Person {
        if !self.plain && self.rng.chance(12) {
            let place = self.rng.pick(&REMOTE).copied();
            let (city, region, country, zone) = place.unwrap_or(("Cork", "CO", "IE", "Europe/Dublin"));
            return person
                .location("remote")
                .member("remoteCity", city)
                .member("remoteCountryCode", country)
                .member("remoteRegionCode", region)
                .member("remoteTimezone", zone)
                .member("timezone", zone)
                .member("city", city)
                .member("countryCode", country);
        }
        let at = self.rng.below(offices.len());
        let (Some(office), Some((_, city, country, code, zone))) = (offices.get(at), OFFICES.get(at)) else {
            return person;
        };
        person
            .location(office)
            .member("timezone", *zone)
            .member("city", *city)
            .member("countryCode", *code)
            .member("country", *country)
    }

    fn job(&mut self) -> (&'static str, &'static str) {
        let (department, titles) = DEPARTMENTS
            .get(self.at % DEPARTMENTS.len())
            .copied()
            .unwrap_or(("Operations", ["Operations Assistant"; 3]));
        let [junior, senior, lead] = titles;
        // The first people of the tree are those with reports.
        let title = match self.at {
            0 => "Managing Director",
            1..=8 => lead,
            at if at % 3 == 0 => senior,
            _ => junior,
        };
        (title, department)
    }

    fn start(&mut self) -> Date {
        match self.status {
            Status::NewHire => self.today.plus_days(200 + span(self.rng.below(150))),
            _ => self.today.plus_days(-400 - span(self.rng.below(3_000))),
        }
    }

    fn last_day(&mut self, start: Date) -> Date {
        let ended = self.today.plus_days(-20 - span(self.rng.below(300)));
        ended.max(start)
    }

    /// The job roles in order, each with its last day unless it is the last: perhaps an earlier one, the present one,
    /// and perhaps one that is yet to begin.
    fn career(
        &mut self,
        manager: Option<&String>,
        former_manager: Option<&String>,
        job: &Job,
    ) -> Vec<(Job, Option<String>)> {
        let mut present = Job { reports_to: manager.cloned(), ..job.clone() };
        if self.plain || self.status != Status::Active {
            return vec![(present, None)];
        }
        let mut steps = Vec::new();
        if self.rng.chance(30) {
            let promoted = self.today.plus_days(-30 - span(self.rng.below(300)));
            let mut trainee = Job { title: "Trainee".to_owned(), ..job.clone() };
            trainee.reports_to = former_manager.or(manager).cloned();
            steps.push((trainee, Some(promoted.plus_days(-1).to_string())));
            present.from = Some(promoted.to_string());
        }
        if self.rng.chance(4) {
            let ahead = self.today.plus_days(200 + span(self.rng.below(100)));
            let mut principal = present.clone().from(ahead.to_string());
            principal.title = format!("Principal {}", principal.title);
            steps.extend([(present, Some(ahead.plus_days(-1).to_string())), (principal, None)]);
        } else {
            steps.push((present, None));
        }
        steps
    }
}

fn span(days: usize) -> i32 {
    i32::try_from(days).unwrap_or(0)
}

/// The custom fields by id: the cost centre and, unless the company is plain, one more of each section.
fn define(world: &mut World, plain: bool) -> Vec<String> {
    let centre =
        CustomField::new("Cost centre", "select").config(json!({ "choices": ["100", "200", "300"] }));
    let more = [
        CustomField::new("Desk", "text"),
        CustomField::new("Contract review", "date").section("employment"),
        CustomField::new("Savings plan reference", "text").section("banking"),
        CustomField::new("Workplace adjustment", "text").section("health"),
    ];
    let more = more.into_iter().filter(|_| !plain);
    std::iter::once(centre).chain(more).map(|field| world.add_custom_field(field)).collect()
}

fn answer(world: &mut World, rng: &mut Rng, fields: &[String], person: &str) {
    let centre = rng.pick(&["100", "200", "300"]).copied().unwrap_or("100").to_owned();
    let review = world.today.plus_days(span(rng.below(300)) - 150).to_string();
    let desk = format!("{}-{}", rng.below(6), rng.below(80));
    let answers = [
        (None, centre),
        (Some(50), desk),
        (Some(30), review),
        (Some(25), canary("bank")),
        (Some(10), canary("health")),
    ];
    for (field, (percent, value)) in fields.iter().zip(answers) {
        if percent.is_none_or(|percent| rng.chance(percent)) {
            world.add_custom_value(person, field, json!(value));
        }
    }
}
