//! From a request to its answer.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;
use wiremock::http::{HeaderName, HeaderValue};
use wiremock::matchers::any;
use wiremock::{Match, Mock, MockServer, Request, Respond, ResponseTemplate};

use super::behaviour::RateLimit;
use super::damage::{self, Answer};
use super::fault::{Fault, Injection};
use super::page::{self, Query};
use super::reader::Reader;
use super::refusal::Refusal;
use super::world::{Issued, Resource, World};

/// How many requests are remembered.
const LOG: usize = 10_000;

/// The sandbox behind its lock.
pub(super) struct State {
    pub(super) world: World,
    pub(super) faults: Vec<Injection>,
    pub(super) log: VecDeque<RecordedRequest>,
    buckets: HashMap<String, Bucket>,
    served: u64,
}

/// A request as the sandbox received it. The access token is not kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path beneath the base address, for example `/people`. A path
    /// outside of it begins with `..`.
    pub path: String,
    /// Decoded query pairs in the order of the request.
    pub query: Vec<(String, String)>,
    /// Headers other than `Authorization`, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The status it was answered with; `None` when the connection was cut.
    pub status: Option<u16>,
}

impl RecordedRequest {
    /// The first value of a query parameter, for example of `$skip`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    fn of(request: &Request) -> Self {
        let whole = request.url.path();
        let path = match whole.strip_prefix("/api") {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => format!("..{whole}"),
        };
        let kept = |name: &HeaderName| !["authorization", "cookie"].contains(&name.as_str());
        let headers = request.headers.iter().filter(|(name, _)| kept(name));
        Self {
            method: request.method.to_string(),
            path,
            query: request.url.query_pairs().into_owned().collect(),
            headers: headers
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
                    (name.as_str().to_owned(), value)
                })
                .collect(),
            status: None,
        }
    }

    fn skip(&self) -> usize {
        let skip = self.parameter("$skip").and_then(|skip| skip.parse().ok());
        skip.unwrap_or(0)
    }
}

impl std::fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = self.query.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &names)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// Whether a reader of the directory has business there.
pub(super) fn is_served(path: &str) -> bool {
    let single = path.strip_prefix("/people/");
    ["/me", "/token-info"].contains(&path)
        || Resource::of_path(path).is_some()
        || single.is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

/// The one responder behind every path.
pub(super) struct Router(Arc<Mutex<State>>);

impl Router {
    pub(super) async fn mount(state: &Arc<Mutex<State>>, server: &MockServer) {
        Mock::given(Cut(Arc::clone(state)))
            .respond_with_err(|_: &Request| io::Error::from(io::ErrorKind::ConnectionReset))
            .with_priority(1)
            .mount(server)
            .await;
        Mock::given(any()).respond_with(Self(Arc::clone(state))).mount(server).await;
    }
}

impl Respond for Router {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.respond(request)
    }
}

/// Matches the requests whose connection a fault cuts.
struct Cut(Arc<Mutex<State>>);

impl Match for Cut {
    fn matches(&self, request: &Request) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let record = RecordedRequest::of(request);
        let cut = !state.strike(&record, |fault| matches!(fault, Fault::Disconnect)).is_empty();
        if cut {
            state.remember(record);
        }
        cut
    }
}

impl State {
    pub(super) fn new(world: World) -> Self {
        Self { world, faults: Vec::new(), log: VecDeque::new(), buckets: HashMap::new(), served: 0 }
    }

    fn respond(&mut self, request: &Request) -> ResponseTemplate {
        self.served += 1;
        let mut record = RecordedRequest::of(request);
        let faults = self.strike(&record, |fault| !matches!(fault, Fault::Disconnect));
        let bearer = request
            .headers
            .get("authorization")
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let answer = self.answer(&record, bearer, &faults);
        for fault in &faults {
            match fault {
                Fault::Revoke => {
                    let tokens = &mut self.world.tokens;
                    tokens.retain(|known| Some(known.secret.as_str()) != bearer);
                }
                Fault::Then(change) => change(&mut self.world),
                _ => {}
            }
        }
        let longer = faults.iter().filter_map(|fault| match fault {
            Fault::Slow(delay) => Some(*delay),
            _ => None,
        });
        let delay = self.world.behaviour().latency + longer.sum::<Duration>();
        record.status = Some(answer.status);
        self.remember(record);
        template(answer, delay)
    }

    fn answer(&mut self, record: &RecordedRequest, bearer: Option<&str>, faults: &[Fault]) -> Answer {
        let shape = self.world.behaviour().error_shape;
        let request = self.served;
        let mut instead = faults.iter();
        let instead = instead.find_map(|fault| damage::replacement(fault, shape, request));
        if let Some(answer) = instead {
            return answer;
        }
        let known = self.world.tokens.iter();
        let issued = bearer.and_then(|bearer| known.clone().find(|known| known.secret == bearer));
        let Some(issued) = issued.cloned() else {
            return Answer::refusal(&Refusal::new(401), shape, request);
        };
        if let Some(seconds) = self.wait(&issued.secret) {
            let retry_after = &self.world.behaviour().retry_after;
            return Answer::too_many(retry_after, seconds, shape, request);
        }
        match self.route(record, issued, faults) {
            Ok(body) => {
                let mut answer = Answer::json(body);
                damage::apply(&mut answer, faults);
                answer
            }
            Err(refusal) => Answer::refusal(&refusal, shape, request),
        }
    }

    fn route(
        &mut self,
        record: &RecordedRequest,
        issued: Issued,
        faults: &[Fault],
    ) -> Result<String, Refusal> {
        if let Some(status) = issued.token.role.api_refusal {
            return Err(Refusal::new(status));
        }
        if !is_served(&record.path) {
            return Err(Refusal::new(404));
        }
        if record.method != "GET" {
            return Err(Refusal::new(405));
        }
        if issued.token.role.refused_paths.contains(&record.path) {
            return Err(Refusal::new(403));
        }
        if record.path == "/token-info" {
            return Ok(token_info(&issued));
        }
        if !issued.token.reads_anything() {
            return Err(Refusal::new(403));
        }
        let reader = Reader::new(&self.world, issued);
        if let Some(list) = Resource::of_path(&record.path) {
            let query = Query::parse(list, &record.query, self.world.behaviour())?;
            return page::render(&mut self.world, list, &query, &reader, faults, self.served);
        }
        if let Some(id) = record.path.strip_prefix("/people/") {
            let row = self.world.people.find(id).ok_or(Refusal::new(404))?;
            if !reader.sees(row) {
                return Err(Refusal::new(self.world.behaviour().hidden_person_status));
            }
            return self.person(id, &reader);
        }
        let maker = reader.issued.maker.clone();
        self.person(&maker, &reader)
    }

    /// One person as this reader sees one, visible or not.
    fn person(&mut self, key: &str, reader: &Reader) -> Result<String, Refusal> {
        let views = reader.views(&mut self.world, Resource::People);
        let people = &mut self.world.people;
        let at = people.position(key);
        let row = at.and_then(|at| people.rows.get_mut(at));
        let row = row.ok_or(Refusal::new(404))?;
        let (number, view) = views.of(reader, row);
        Ok(row.text(number, view).to_owned())
    }

    /// The faults of a kind that meet this request, each counted.
    fn strike(&mut self, record: &RecordedRequest, kind: fn(&Fault) -> bool) -> Vec<Fault> {
        let skip = record.skip();
        let faults = self.faults.iter_mut();
        faults
            .filter(|injection| kind(&injection.fault))
            .filter_map(|injection| {
                let met = injection.strike(&record.path, skip);
                met.then(|| injection.fault.clone())
            })
            .collect()
    }

    fn remember(&mut self, record: RecordedRequest) {
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(record);
    }

    /// Whole seconds until this token may ask again; `None` for now.
    fn wait(&mut self, secret: &str) -> Option<u64> {
        let limit = self.world.behaviour().rate_limit?;
        let bucket = self.buckets.entry(secret.to_owned());
        bucket.or_insert_with(|| Bucket::full(limit)).take(limit)
    }
}

fn token_info(issued: &Issued) -> String {
    let scopes = issued.token.scopes.iter();
    let scopes: Vec<&str> = scopes.map(|scope| scope.as_str()).collect();
    json!({
        "id": issued.id, "personId": issued.maker, "label": issued.token.label, "scopes": scopes,
    })
    .to_string()
}

fn template(answer: Answer, delay: Duration) -> ResponseTemplate {
    // Statuses below 200 and above 599 are no final answers of HTTP.
    let status = answer.status.clamp(200, 599);
    let mut template = ResponseTemplate::new(status);
    if !answer.body.is_empty() {
        template = template.set_body_raw(answer.body, answer.content_type);
    }
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
            template = template.insert_header(name, value);
        }
    }
    if delay.is_zero() { template } else { template.set_delay(delay) }
}

/// A token bucket in real time.
struct Bucket {
    level: f64,
    at: Instant,
}

impl Bucket {
    fn full(limit: RateLimit) -> Self {
        Self { level: f64::from(limit.burst.max(1)), at: Instant::now() }
    }

    fn take(&mut self, limit: RateLimit) -> Option<u64> {
        let now = Instant::now();
        let grown = now.duration_since(self.at).as_secs_f64() * limit.per_second;
        self.level = (self.level + grown).min(f64::from(limit.burst.max(1)));
        self.at = now;
        if self.level >= 1.0 {
            self.level -= 1.0;
            return None;
        }
        let wait = ((1.0 - self.level) / limit.per_second).min(86_400.0);
        Some(Duration::from_secs_f64(wait).as_secs() + 1)
    }
}
