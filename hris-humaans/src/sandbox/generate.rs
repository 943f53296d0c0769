//! Invents the company: people, careers, offices and custom fields.

use hris_core::Date;
use hris_core::sandbox::names::{DEPARTMENTS, OFFICES, REMOTE, TEAMS};
use hris_core::sandbox::{CANARY, Names, Rng, day};
use serde_json::{Value, json};

use super::person::{CustomField, Job, Location, Person, Status};
use super::world::{Resource, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Lifelike,
    Plain,
}

/// Fills an empty world with `employees` people, at least one.
pub(super) fn fill(world: &mut World, kind: Kind, employees: usize) {
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
    let offices: Vec<String> = OFFICES
        .iter()
        .enumerate()
        .map(|(at, (label, city, country, _, zone))| {
            // The app asks for a country and a city only, so a label may be empty.
            let label = if at == 2 { "" } else { label };
            world.add_location(Location::new(label, *city, *country).timezone(*zone))
        })
        .collect();
    let fields = Fields::define(world, kind);

    // People draw from a generator of their own, so that a change in what the
    // world holds besides does not rename everybody.
    let mut rng = Rng::new(world.rng.number());
    let mut names = Names::default();
    let ids: Vec<String> = (0..employees).map(|_| rng.text(24)).collect();
    let statuses: Vec<Status> = (0..employees).map(|at| status(kind, at)).collect();
    for (at, (id, status)) in ids.iter().zip(&statuses).enumerate() {
        let manager = manager(&statuses, at).and_then(|at| ids.get(at));
        let leaver = statuses
            .iter()
            .take(at)
            .rposition(|status| *status == Status::Offboarded)
            .and_then(|at| ids.get(at));
        let mut draft = Draft { rng: &mut rng, today: world.today, at, status: *status };
        let person = draft.person(kind, &offices, &mut names, &world.domain);
        let career = draft.career(kind, manager, leaver, &person);
        enter(world, id, person, career);
        fields.answer(world, &mut rng, id);
    }
    world.admin = ids.into_iter().next().unwrap_or_default();
    let admin = world.admin.clone();
    world.people.edit(&admin, |fields| fields.insert("role".to_owned(), json!("admin")));
}

/// Three in a hundred have left, three in a hundred are yet to start.
fn status(kind: Kind, at: usize) -> Status {
    match (kind, at % 33) {
        (Kind::Lifelike, 11) => Status::Offboarded,
        (Kind::Lifelike, 22) => Status::NewHire,
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

/// One step of a career, with its last day unless it is the last step.
struct Step {
    job: Job,
    end: Option<String>,
}

/// Adds a person with the whole career instead of the single job role that
/// hiring brings.
fn enter(world: &mut World, id: &str, person: Person, career: Vec<Step>) {
    let key = world.hire_as(id, person);
    world.job_roles.rows.pop();
    for step in career {
        world.add_job_role(&key, &step.job, step.end);
    }
}

struct Draft<'a> {
    rng: &'a mut Rng,
    today: Date,
    at: usize,
    status: Status,
}

impl Draft<'_> {
    fn person(&mut self, kind: Kind, offices: &[String], names: &mut Names, domain: &str) -> Person {
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
        person = self.place(person, kind, offices);
        if self.status == Status::Offboarded {
            let day = self.last_day(start).to_string();
            person = person
                .member("employmentEndDate", day.clone())
                .member("lastWorkingDay", day)
                .member("leavingReason", format!("{CANARY}-reason"))
                .member("leavingNote", format!("{CANARY}-note"));
        }
        if kind == Kind::Lifelike {
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

    fn place(&mut self, person: Person, kind: Kind, offices: &[String]) -> Person {
        if kind == Kind::Lifelike && self.rng.chance(12) {
            let place = self.rng.pick(&REMOTE).copied();
            let (city, region, country, zone) = place.unwrap_or(("Cork", "CO", "IE", "Europe/Dublin"));
            return person
                .remote(city, country)
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

    /// The job roles in order: perhaps an earlier one, the present one, and
    /// perhaps one that is yet to begin.
    fn career(
        &mut self,
        kind: Kind,
        manager: Option<&String>,
        former_manager: Option<&String>,
        person: &Person,
    ) -> Vec<Step> {
        let start = person.start.clone().unwrap_or_default();
        let present = |from: String| Job {
            title: person.job_title.clone(),
            department: person.department.clone(),
            reports_to: manager.cloned(),
            from: Some(from),
        };
        let settled = kind == Kind::Lifelike && self.status == Status::Active;
        if !settled {
            return vec![Step { job: present(start), end: None }];
        }
        let mut steps = Vec::new();
        let mut from = start.clone();
        if self.rng.chance(30) {
            let promoted = self.today.plus_days(-30 - span(self.rng.below(300)));
            let mut job = Job::new("Trainee", person.department.clone()).from(start);
            job.reports_to = former_manager.or(manager).cloned();
            steps.push(Step { job, end: Some(promoted.plus_days(-1).to_string()) });
            from = promoted.to_string();
        }
        if self.rng.chance(4) {
            let ahead = self.today.plus_days(200 + span(self.rng.below(100)));
            let end = Some(ahead.plus_days(-1).to_string());
            steps.push(Step { job: present(from), end });
            let mut job = present(ahead.to_string());
            job.title = format!("Principal {}", job.title);
            steps.push(Step { job, end: None });
        } else {
            steps.push(Step { job: present(from), end: None });
        }
        steps
    }
}

fn span(days: usize) -> i32 {
    i32::try_from(days).unwrap_or(0)
}

/// The custom fields by id.
struct Fields {
    cost_centre: String,
    desk: Option<String>,
    review: Option<String>,
    bank: Option<String>,
    medical: Option<String>,
}

impl Fields {
    fn define(world: &mut World, kind: Kind) -> Self {
        let choices = ["100", "200", "300"];
        let cost_centre = world.add_custom_field(CustomField::select("Cost centre", choices));
        let mut more = |name: &str, kind_of: &str, section: &str| {
            (kind == Kind::Lifelike)
                .then(|| world.add_custom_field(CustomField::new(name, kind_of).section(section)))
        };
        Self {
            cost_centre,
            desk: more("Desk", "text", "basics"),
            review: more("Contract review", "date", "employment"),
            bank: more("Savings plan reference", "text", "banking"),
            medical: more("Workplace adjustment", "text", "health"),
        }
    }

    fn answer(&self, world: &mut World, rng: &mut Rng, person: &str) {
        let centre = rng.pick(&["100", "200", "300"]).copied().unwrap_or("100");
        world.add_custom_value(person, &self.cost_centre, json!(centre));
        let review = world.today.plus_days(span(rng.below(300)) - 150).to_string();
        let desk = format!("{}-{}", rng.below(6), rng.below(80));
        let mut answer = |field: &Option<String>, percent: usize, value: Value| {
            if let Some(field) = field
                && rng.chance(percent)
            {
                world.add_custom_value(person, field, value);
            }
        };
        answer(&self.desk, 50, json!(desk));
        answer(&self.review, 30, json!(review));
        answer(&self.bank, 25, json!(format!("{CANARY}-bank")));
        answer(&self.medical, 10, json!(format!("{CANARY}-health")));
    }
}
