//! What differs between vendors: how a limit is stated, what a refusal means, how a credential is sent.

use std::fmt;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{Headers, Pace, Request, Response};
use crate::{Error, ErrorKind, Result, Secret};

/// A vendor's own rules. Every method has a default that suits most vendors.
///
/// ```
/// use hris_core::ErrorKind;
/// use hris_core::http::{Request, Response, Vendor, Verdict};
///
/// /// States its rate limit as 403, in words of its own.
/// #[derive(Debug)]
/// struct Example;
///
/// impl Vendor for Example {
///     fn classify(&self, _: &Request, response: &Response) -> Option<Verdict> {
///         let limited = response.status() == 403 && response.header("x-error") == Some("limit");
///         limited.then_some(Verdict::Throttled)
///     }
/// }
/// ```
pub trait Vendor: fmt::Debug + Send + Sync + 'static {
    /// What this answer means, where the common reading of its status would be wrong.
    fn classify(&self, request: &Request, response: &Response) -> Option<Verdict> {
        let _ = (request, response);
        None
    }

    /// What this answer says about the pace. The ready reading is [`Pace::of`].
    fn pace(&self, response: &Response) -> Option<Pace> {
        Pace::of(response)
    }

    /// The words about a refusal that may appear in an error: the vendor's name and code for it and a
    /// request id. Never the message or a value, because these quote people.
    ///
    /// The ready reading is "request id …" from `X-Request-Id`.
    fn words(&self, response: &Response) -> Option<String> {
        let id = code_word(response.header("x-request-id")?)?;
        Some(format!("request id {id}"))
    }
}

/// Returns the text if it looks like the name of an error, a member or a request: at most 64 letters,
/// digits and `-_.:$[]`. What [`Vendor::words`] takes from a refusal goes through this, so that no
/// sentence, address or e-mail gets into an error.
///
/// ```
/// use hris_core::http::code_word;
///
/// assert_eq!(code_word("missing_field"), Some("missing_field"));
/// assert_eq!(code_word("ada@acme.example is taken"), None);
/// ```
#[must_use]
pub fn code_word(text: &str) -> Option<&str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:$[]".contains(&byte);
    (!text.is_empty() && text.len() <= 64 && text.bytes().all(plain)).then_some(text)
}

/// The common reading of answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainVendor;

impl Vendor for PlainVendor {}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// Refused. The same request would be refused again.
    Refused(ErrorKind),
    /// Done as asked.
    Success,
    /// Not done because of too many requests. It may be repeated, writes included.
    Throttled,
    /// The server failed. It may or may not have done what was asked.
    Transient,
}

/// Reads a status in the common way.
pub(crate) fn classify(request: &Request, response: &Response) -> Verdict {
    match response.status() {
        200 => Verdict::Success,
        // A list with any status but 200 (partial, accepted, unchanged) may be incomplete.
        201..=299 if !request.is_read() => Verdict::Success,
        400 | 409 | 412 | 422 => Verdict::Refused(ErrorKind::Rejected),
        401 => Verdict::Refused(ErrorKind::Auth),
        403 => Verdict::Refused(ErrorKind::Permission),
        // A web page comes from a proxy or from another address, so it proves nothing about a record.
        // Neither does 410, which no vendor here documents.
        404 if !is_page(response) => Verdict::Refused(ErrorKind::NotFound),
        429 => Verdict::Throttled,
        408 | 425 | 500..=599 => Verdict::Transient,
        _ => Verdict::Refused(ErrorKind::Protocol),
    }
}

/// Whether the body is a page for people to look at, whatever its type says.
fn is_page(response: &Response) -> bool {
    let body = response.body();
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<')
}

/// Puts the credential on requests and renews it when it is refused.
///
/// The client calls [`Authorize::refresh`] for one request at a time and repeats each waiting
/// request once, so an implementation needs no lock of its own for that.
#[async_trait]
pub trait Authorize: fmt::Debug + Send + Sync + 'static {
    /// Adds the credential to the header fields of one request.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] or [`ErrorKind::Config`] when there is no usable credential.
    async fn authorize(&self, headers: &mut Headers) -> Result<()>;

    /// Obtains another credential after a 401; `false` when there is no other.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] when the renewal was refused; other kinds when it failed.
    async fn refresh(&self) -> Result<bool> {
        Ok(false)
    }
}

/// A token that never changes, sent as `Authorization: Bearer …`.
#[derive(Clone, Debug)]
pub struct Bearer(Secret);

impl Bearer {
    /// Sends `token`.
    #[must_use]
    pub fn new(token: Secret) -> Self {
        Self(token)
    }
}

#[async_trait]
impl Authorize for Bearer {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        if self.0.is_blank() {
            return Err(Error::new(ErrorKind::Config, "the token is empty"));
        }
        headers.set("authorization", format!("Bearer {}", self.0.expose()));
        Ok(())
    }
}

/// A user and a password that never change, sent as `Authorization: Basic …`. Some vendors want an API key as the
/// user and leave the password empty, or the other way round, so both are secrets.
///
/// ```
/// use hris_core::Secret;
/// use hris_core::http::{Basic, Client};
///
/// let key = Secret::from("api-key".to_owned());
/// let client = Client::builder("https://hr.example/api")
///     .authorization(Basic::new(key, Secret::from("x".to_owned())))
///     .build()?;
/// assert!(!format!("{client:?}").contains("api-key"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Basic {
    user: Secret,
    password: Secret,
}

impl Basic {
    /// Sends `user` and `password`.
    #[must_use]
    pub fn new(user: Secret, password: Secret) -> Self {
        Self { user, password }
    }
}

#[async_trait]
impl Authorize for Basic {
    async fn authorize(&self, headers: &mut Headers) -> Result<()> {
        let refuse = |words: &str| Err(Error::new(ErrorKind::Config, words));
        let (user, password) = (self.user.expose(), self.password.expose());
        if self.user.is_blank() && self.password.is_blank() {
            return refuse("the user and the password are empty");
        }
        // The first colon ends the user's name.
        if user.contains(':') {
            return refuse("the user holds a colon, which HTTP Basic cannot carry");
        }
        if user.chars().chain(password.chars()).any(char::is_control) {
            return refuse(
                "the user or the password holds a line break or a control character; copy it again",
            );
        }
        headers.set("authorization", format!("Basic {}", BASE64.encode(format!("{user}:{password}"))));
        Ok(())
    }
}
