//! A company in Humaans' words that says exactly what a test says: each record is JSON, each member may be
//! null or missing.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Map, Value, json};

/// Everything that the server answers with.
#[derive(Debug)]
pub(crate) struct Records {
    pub(crate) company: String,
    pub(crate) people: Vec<Value>,
    pub(crate) job_roles: Vec<Value>,
    pub(crate) locations: Vec<Value>,
    pub(crate) custom_fields: Vec<Value>,
    pub(crate) custom_values: Vec<Value>,
    /// The person who made the token.
    pub(crate) me: String,
    pub(crate) token: String,
}

/// A server of such records, until it is dropped with its process.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) address: String,
    records: Arc<Mutex<Records>>,
}

impl Company {
    /// A company without anybody.
    pub(crate) fn empty(id: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let records = Arc::new(Mutex::new(Records {
            company: id.to_owned(),
            people: Vec::new(),
            job_roles: Vec::new(),
            locations: Vec::new(),
            custom_fields: Vec::new(),
            custom_values: Vec::new(),
            me: "maker".to_owned(),
            token: format!("token-of-{id}"),
        }));
        let shared = Arc::clone(&records);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let records = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &records));
            }
        });
        Self { address, records }
    }

    /// A company `co1` of so many people besides those whom a test adds: distinct in everything.
    pub(crate) fn of(others: usize) -> Self {
        let company = Self::empty("co1");
        for n in 1..=others {
            company.add(&other(n));
        }
        company
    }

    pub(crate) fn edit<T>(&self, change: impl FnOnce(&mut Records) -> T) -> T {
        change(&mut self.lock())
    }

    /// Adds a person; the first becomes the maker of the token.
    pub(crate) fn add(&self, person: &Value) {
        self.edit(|records| {
            if records.people.is_empty() {
                records.me = text(person, "id").to_owned();
            }
            records.people.push(person.clone());
        });
    }

    /// Sets members of a person.
    pub(crate) fn set(&self, id: &str, members: Value) {
        self.edit(|records| {
            let mut people = records.people.iter_mut();
            merge(people.find(|person| person["id"] == id).expect("somebody"), members);
        });
    }

    /// Sets members of everybody.
    pub(crate) fn set_all(&self, members: impl Fn(&Value) -> Value) {
        self.edit(|records| {
            for person in &mut records.people {
                let members = members(person);
                merge(person, members);
            }
        });
    }

    /// Somebody has left, with that last day.
    pub(crate) fn offboard(&self, id: &str, day: &str) {
        self.set(id, json!({ "status": "offboarded", "lastWorkingDay": day, "employmentEndDate": day }));
    }

    /// Nobody of this id is known any more.
    pub(crate) fn remove(&self, id: &str) {
        self.edit(|records| records.people.retain(|person| person["id"] != id));
    }

    /// The job of a person: `jobTitle`, `department`, `reportingTo`.
    pub(crate) fn job(&self, id: &str, members: Value) {
        self.edit(|records| {
            let found = records.job_roles.iter().position(|role| role["personId"] == id);
            let at = found.unwrap_or_else(|| {
                records.job_roles.push(json!({
                    "id": format!("role-{id}"), "personId": id, "effectiveDate": "2020-01-01",
                    "jobTitle": null, "department": null, "reportingTo": null, "endDate": null,
                }));
                records.job_roles.len() - 1
            });
            merge(&mut records.job_roles[at], members);
        });
    }

    /// An office.
    pub(crate) fn office(&self, id: &str, label: &str) {
        let office = json!({ "id": id, "label": label, "city": "Leeds", "country": "United Kingdom" });
        self.edit(|records| {
            records.locations.retain(|known| known["id"] != id);
            records.locations.push(office);
        });
    }

    fn lock(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the people who are there besides.
pub(crate) fn other(n: usize) -> Value {
    let (given, family) = (format!("Other{n}"), format!("Person{n}"));
    person(
        &format!("o{n:03}"),
        &format!("{}", 900 + n),
        &format!("{given} {family}"),
        &format!("other{n}@tallowmill.example"),
    )
}

/// A person who is employed since 2020. An empty number is none; an address that ends in `@` is at
/// tallowmill.example.
pub(crate) fn person(id: &str, number: &str, name: &str, email: &str) -> Value {
    let (given, family) = name.split_once(' ').unwrap_or((name, ""));
    let email = if email.ends_with('@') { format!("{email}tallowmill.example") } else { email.to_owned() };
    json!({
        "id": id, "companyId": "co1", "firstName": given, "lastName": family, "email": email,
        "employeeId": (!number.is_empty()).then_some(number), "status": "active",
        "employmentStartDate": "2020-01-01", "firstWorkingDay": "2020-01-01",
        "employmentEndDate": null, "lastWorkingDay": null,
        "phoneNumber": null, "locationId": null, "teams": [], "role": "user", "demo": false,
    })
}

/// The same person with other members.
pub(crate) fn with(mut person: Value, members: Value) -> Value {
    merge(&mut person, members);
    person
}

/// The same person, who starts on that day.
pub(crate) fn starts(person: Value, day: &str) -> Value {
    with(person, json!({ "employmentStartDate": day, "firstWorkingDay": day }))
}

fn merge(record: &mut Value, members: Value) {
    let record = record.as_object_mut().expect("an object");
    for (name, value) in members.as_object().cloned().unwrap_or_default() {
        record.insert(name, value);
    }
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn serve(stream: TcpStream, records: &Mutex<Records>) {
    let Ok(mut out) = stream.try_clone() else { return };
    let mut lines = BufReader::new(stream).lines();
    while let Some(Ok(first)) = lines.next() {
        let head: Vec<String> =
            lines.by_ref().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let target = first.split(' ').nth(1).unwrap_or_default();
        let url = url::Url::parse(&format!("http://company{target}")).expect("an address");
        let (status, body) = {
            let records = records.lock().unwrap_or_else(PoisonError::into_inner);
            let bearer = format!("bearer {}", records.token);
            let known = head.iter().any(|line| {
                let line = line.to_ascii_lowercase();
                line.strip_prefix("authorization: ").is_some_and(|value| value == bearer)
            });
            if known { answer(&records, &url) } else { (401, refusal(401, "NotAuthenticated")) }
        };
        let body = body.to_string();
        let answer = format!(
            "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        if out.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn refusal(code: u16, name: &str) -> Value {
    json!({ "id": "req_1", "code": code, "name": name, "message": "no" })
}

fn answer(records: &Records, url: &url::Url) -> (u16, Value) {
    let query: Map<String, Value> =
        url.query_pairs().map(|(key, value)| (key.into(), json!(value))).collect();
    let asked = |name: &str| query.get(name).and_then(Value::as_str);
    let one = |id: &str| match records.people.iter().find(|person| person["id"] == id) {
        Some(person) => (200, person.clone()),
        None => (404, refusal(404, "NotFound")),
    };
    let path = url.path().strip_prefix("/api").unwrap_or_default();
    let company = [json!({ "id": records.company, "name": "Tallow Mill Ltd", "status": "active" })];
    let list = match path {
        "/token-info" => {
            let scopes = ["public:read", "private:read"];
            return (200, json!({ "id": "t1", "personId": records.me, "scopes": scopes }));
        }
        "/me" => return one(&records.me),
        "/companies" => &company[..],
        "/people" => &records.people,
        "/job-roles" => &records.job_roles,
        "/locations" => &records.locations,
        "/custom-fields" => &records.custom_fields,
        "/custom-values" => &records.custom_values,
        _ => return path.strip_prefix("/people/").map_or((404, refusal(404, "NotFound")), one),
    };
    let status = asked("status").filter(|status| *status != "all");
    let rows: Vec<&Value> = list
        .iter()
        .filter(|row| status.is_none_or(|status| row["status"] == status))
        .filter(|row| asked("personId").is_none_or(|id| row["personId"] == id))
        .collect();
    let number =
        |name: &str, default: usize| asked(name).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (limit, skip) = (number("$limit", 100).min(250), number("$skip", 0));
    let page: Vec<&Value> = rows.iter().skip(skip).take(limit).copied().collect();
    (200, json!({ "total": rows.len(), "limit": limit, "skip": skip, "data": page }))
}
