//! Requests: as they come, and as they are remembered.

use std::fmt;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use url::form_urlencoded;

const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// A request at the moment of its answer, credential included.
#[derive(Clone)]
#[non_exhaustive]
pub struct Received {
    /// The method, in capitals.
    pub method: String,
    /// The path beneath the base, for example `/people`, as it was sent. A path outside of it begins
    /// with `..`.
    pub path: String,
    /// Decoded query pairs in the order of the request.
    pub query: Vec<(String, String)>,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Which request it is, counted from one: for request ids.
    pub number: u64,
    /// Time since the server began, including what [`Server::advance`](super::Server::advance) added:
    /// for tokens that age.
    pub at: Duration,
}

impl Received {
    /// The first value of a query parameter.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// The first value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }

    /// The token of `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The parts of the path, decoded: `["people", "a/b"]` for `/people/a%2Fb`.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        self.path.split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// The body as JSON, when it is of this type.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The pairs of a form body. Empty if the request has another content type.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        if !self.is_form() {
            return Vec::new();
        }
        form_urlencoded::parse(&self.body).into_owned().collect()
    }

    fn is_form(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        kind.to_ascii_lowercase().starts_with("application/x-www-form-urlencoded")
    }

    /// The same request with one query parameter put in the place of those of its name.
    pub(super) fn with_parameter(&self, name: &str, value: String) -> Self {
        let mut request = self.clone();
        request.query.retain(|(known, _)| known != name);
        request.query.push((name.to_owned(), value));
        request
    }

    /// What may be remembered of it.
    pub(super) fn record(&self, secrets: &[&str]) -> RecordedRequest {
        let open = |name: &str| {
            let name = name.to_ascii_lowercase();
            !CREDENTIALS.contains(&name.as_str()) && !secrets.contains(&name.as_str())
        };
        let pairs = |pairs: &[(String, String)]| -> Vec<(String, String)> {
            pairs.iter().filter(|(name, _)| open(name)).cloned().collect()
        };
        let body = match self.json::<Value>() {
            _ if self.is_form() => Vec::new(),
            Some(Value::Object(mut members)) if members.keys().any(|name| !open(name)) => {
                members.retain(|name, _| open(name));
                Value::Object(members).to_string().into_bytes()
            }
            _ => self.body.clone(),
        };
        RecordedRequest {
            method: self.method.clone(),
            path: self.path.clone(),
            query: pairs(&self.query),
            headers: pairs(&self.headers),
            form: pairs(&self.form()),
            body,
            status: None,
        }
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &names(&self.query))
            .finish_non_exhaustive()
    }
}

/// A request as the sandbox received it. Credentials are not kept.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordedRequest {
    /// The method, in capitals.
    pub method: String,
    /// The path beneath the base address, for example `/people`. A path
    /// outside of it begins with `..`.
    pub path: String,
    /// Decoded query pairs in the order of the request, without those that the
    /// vendor names as secrets.
    pub query: Vec<(String, String)>,
    /// Headers other than `Authorization` and cookies, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The pairs of a form body, without secrets.
    pub form: Vec<(String, String)>,
    /// A body that is no form, without secrets.
    pub body: Vec<u8>,
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

    /// The body as JSON, when it is of this type.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for RecordedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedRequest")
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &names(&self.query))
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

fn names(pairs: &[(String, String)]) -> Vec<&str> {
    pairs.iter().map(|(name, _)| name.as_str()).collect()
}

fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut pairs = pairs.iter();
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// One part of a path, decoded. The decoder at hand is that of forms, so what means something in
/// forms only is hidden from it.
fn decoded(part: &str) -> String {
    let plain = part.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    form_urlencoded::parse(plain.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}
