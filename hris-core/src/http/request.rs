//! Requests are built as plain values first and sent second, so that building them is tested
//! without a socket.

use std::fmt;

use serde::Serialize;
use url::Url;

use super::Headers;
use super::retry::Effect;
use crate::{Error, ErrorKind, Result};

/// What a request does to the record it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Removes.
    Delete,
    /// Reads.
    Get,
    /// Changes in part.
    Patch,
    /// Creates or acts.
    Post,
    /// Replaces.
    Put,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// One request, not yet bound to a host or a credential.
///
/// The label says what is being done ("list people"). It begins every error message and names
/// the span in traces, so it must not hold anything about a person.
///
/// ```
/// use hris_core::http::Request;
///
/// let request = Request::get("list people").segments(["people"]).query("$limit", 250).query("$skip", 0);
/// assert_eq!(format!("{request:?}"), r#"Request { method: Get, label: "list people", path: "/…", query: ["$limit", "$skip"], headers: [], body: 0 }"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    label: &'static str,
    method: Method,
    address: Address,
    query: Vec<(String, String)>,
    headers: Headers,
    body: Option<Vec<u8>>,
    effect: Effect,
    reads: bool,
}

#[derive(Clone, PartialEq, Eq)]
enum Address {
    /// Path segments beneath the base address.
    Segments { segments: Vec<String>, slash: bool },
    /// Path and query on the origin of the base address, already encoded.
    Link { path: String, query: Option<String> },
}

impl Request {
    /// A request that reads.
    #[must_use]
    pub fn get(label: &'static str) -> Self {
        Self::new(Method::Get, label)
    }

    /// A request that creates or acts.
    #[must_use]
    pub fn post(label: &'static str) -> Self {
        Self::new(Method::Post, label)
    }

    /// A request that reads, although it is sent as a `POST`: a search whose terms stand in the body. It is
    /// classified and repeated like a `GET`.
    ///
    /// ```
    /// use hris_core::http::Request;
    ///
    /// let search = Request::search("search people").segments(["people", "search"]);
    /// assert!(search.is_read());
    /// assert!(!Request::post("create a person").is_read());
    /// ```
    #[must_use]
    pub fn search(label: &'static str) -> Self {
        Self { effect: Effect::Repeatable, reads: true, ..Self::new(Method::Post, label) }
    }

    /// A request that replaces.
    #[must_use]
    pub fn put(label: &'static str) -> Self {
        Self::new(Method::Put, label)
    }

    /// A request that changes in part.
    #[must_use]
    pub fn patch(label: &'static str) -> Self {
        Self::new(Method::Patch, label)
    }

    /// A request that removes.
    #[must_use]
    pub fn delete(label: &'static str) -> Self {
        Self::new(Method::Delete, label)
    }

    fn new(method: Method, label: &'static str) -> Self {
        Self {
            label,
            method,
            address: Address::Segments { segments: Vec::new(), slash: false },
            query: Vec::new(),
            headers: Headers::new(),
            body: None,
            effect: if method == Method::Get { Effect::Repeatable } else { Effect::Write },
            reads: method == Method::Get,
        }
    }

    /// A request that reads the page a link in an answer points to; `path` and `query` are
    /// already encoded. Only [`Client::link`](super::Client::link) makes one, after it has
    /// compared the origins.
    pub(crate) fn link(label: &'static str, path: &str, query: Option<&str>) -> Self {
        let address = Address::Link { path: path.to_owned(), query: query.map(str::to_owned) };
        Self { address, ..Self::new(Method::Get, label) }
    }

    /// Appends path segments. Each is percent-encoded, so an id that holds a slash, a question
    /// mark or dots stays one segment.
    #[must_use]
    pub fn segments<S: Into<String>>(mut self, segments: impl IntoIterator<Item = S>) -> Self {
        if let Address::Segments { segments: known, .. } = &mut self.address {
            known.extend(segments.into_iter().map(Into::into));
        }
        self
    }

    /// Ends the path with a slash, for vendors whose lists are found under that address only.
    #[must_use]
    pub fn trailing_slash(mut self) -> Self {
        if let Address::Segments { slash, .. } = &mut self.address {
            *slash = true;
        }
        self
    }

    /// Appends one query parameter.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl fmt::Display) -> Self {
        self.query.push((name.to_owned(), value.to_string()));
        self
    }

    /// Sets one header field, over the client's own of that name.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.set(name, value);
        self
    }

    /// Gives the request a JSON body.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when `body` cannot be written as JSON, such as a map whose keys are not texts.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Result<Self> {
        // The cause is left out: a failing serialiser may quote the value.
        let body = serde_json::to_vec(body).map_err(|_| {
            Error::new(ErrorKind::Config, format!("{}: the body cannot be written as JSON", self.label))
        })?;
        self.headers.set("content-type", "application/json");
        self.body = Some(body);
        Ok(self)
    }

    /// Gives the request a form body (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn form<'a>(mut self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        self.headers.set("content-type", "application/x-www-form-urlencoded");
        self.body = Some(body.finish().into_bytes());
        self
    }

    /// Declares a write that has the same effect when sent twice, so that it is retried like a read. Use it
    /// only where the vendor documents it, such as for a key that makes a request idempotent.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.effect = Effect::Repeatable;
        self
    }

    /// Declares a write that spends a single-use value, such as a refresh token. It is sent again if
    /// nothing was sent, or if the server answered that it is busy or failed. It is not sent again after
    /// silence, because the missing answer may hold the only replacement of the spent value.
    #[must_use]
    pub fn spending(mut self) -> Self {
        self.effect = Effect::Spending;
        self
    }

    /// What is being done, in words for errors and traces.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// What it does to the record it names.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// Whether it only reads.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.reads
    }

    pub(crate) fn effect(&self) -> Effect {
        self.effect
    }

    /// The request on the wire, beneath `base`, with `common` under its own header fields.
    pub(crate) fn outgoing(&self, base: &Url, common: &Headers) -> Result<Outgoing> {
        let mut url = base.clone();
        match &self.address {
            Address::Segments { segments, slash } => {
                // Url drops "." and ".." as segments even when they are pushed one by one, which
                // would send the request to another record than the one named.
                if segments.iter().any(|segment| matches!(segment.as_str(), "" | "." | "..")) {
                    let words = format!("{}: an id in the address is empty or made of dots", self.label);
                    return Err(Error::new(ErrorKind::Config, words));
                }
                if let Ok(mut path) = url.path_segments_mut() {
                    path.pop_if_empty().extend(segments);
                    if *slash {
                        path.push("");
                    }
                }
            }
            Address::Link { path, query } => {
                url.set_path(path);
                url.set_query(query.as_deref());
            }
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        let mut headers = common.clone();
        for (name, value) in self.headers.iter() {
            headers.set(name, value);
        }
        Ok(Outgoing { label: self.label, method: self.method, url, headers, body: self.body.clone() })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An id in a path may be an e-mail address, so only the shape of the path is shown.
        let path = match &self.address {
            Address::Segments { segments, .. } => "/…".repeat(segments.len()),
            Address::Link { path, .. } => "/…".repeat(path.split('/').skip(1).count()),
        };
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("label", &self.label)
            .field("path", &path)
            .field("query", &self.query.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("headers", &self.headers)
            .field("body", &self.body.as_ref().map_or(0, Vec::len))
            .finish()
    }
}

/// A request with its address and credential, on its way to a [`Transport`](super::Transport).
///
/// `Debug` shows the label and shapes, never the address, header values or the body.
#[derive(Clone)]
pub struct Outgoing {
    label: &'static str,
    method: Method,
    url: Url,
    headers: Headers,
    body: Option<Vec<u8>>,
}

impl Outgoing {
    /// What is being done, in words for errors and traces.
    #[must_use]
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// What it does to the record it names.
    #[must_use]
    pub fn method(&self) -> Method {
        self.method
    }

    /// The whole address.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The first value of a query parameter, decoded.
    ///
    /// ```
    /// # async fn example(outgoing: hris_core::http::Outgoing) {
    /// let skip: u64 = outgoing.query("$skip").and_then(|text| text.parse().ok()).unwrap_or(0);
    /// # }
    /// ```
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }

    /// The header fields, the credential among them.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The body, where there is one.
    #[must_use]
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    pub(crate) fn redirect(&mut self, url: Url) {
        self.url = url;
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("method", &self.method)
            .field("label", &self.label)
            .field("headers", &self.headers)
            .field("body", &self.body.as_ref().map_or(0, Vec::len))
            .finish_non_exhaustive()
    }
}
