//! Settings of the connector, checked once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hris_core::http::{Bearer, Client, RetryPolicy, Transport};
use hris_core::oauth::{OAuth, Session};
use hris_core::{Error, ErrorKind, Result, Secret, SourceSettings, Status, TokenStore};
use url::Url;

use crate::client::{Api, Vendor};
use crate::convert::VENDOR;
use crate::directory::EmploymentHero;

/// Where the API is, unless [`Builder::base_url`] says otherwise.
pub(crate) const BASE_URL: &str = "https://api.employmenthero.com";

/// The most rows Employment Hero gives on one page.
pub(crate) const MAX_PAGE_SIZE: u32 = 100;

/// Hosts of the payroll product, which is another system with other ids.
const PAYROLL: [&str; 2] = ["yourpayroll.com.au", "keypay.com.au"];

/// Builds an [`EmploymentHero`]. Every setting but the credential has a default.
///
/// ```
/// use std::sync::Arc;
/// use hris_core::{MemoryTokens, Secret};
/// use hris_employmenthero::{EmploymentHero, oauth};
///
/// let secret = |text: &str| Secret::from(text.to_owned());
/// let application = oauth::application("the client id", secret("the client secret")).build()?;
/// let directory = EmploymentHero::builder()
///     .oauth(application, Arc::new(MemoryTokens::default()))
///     .refresh_token(secret("a refresh token from elsewhere"))
///     .organisation("Kererū Café Group")
///     .build()?;
/// assert!(EmploymentHero::builder().build().is_err(), "there is no default credential");
/// # Ok::<(), hris_core::Error>(())
/// ```
#[must_use]
pub struct Builder {
    access: Option<Access>,
    seed: Option<Secret>,
    base_url: String,
    organisation: Option<String>,
    page_size: u32,
    concurrency: usize,
    per_second: u32,
    per_minute: u32,
    retry: RetryPolicy,
    words: StatusWords,
    loopback: bool,
    transport: Option<Arc<dyn Transport>>,
}

enum Access {
    Tokens(OAuth, Arc<dyn TokenStore>),
    Token(Secret),
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            access: None,
            seed: None,
            base_url: BASE_URL.to_owned(),
            organisation: None,
            page_size: MAX_PAGE_SIZE,
            concurrency: 4,
            per_second: 15,
            per_minute: 95,
            retry: RetryPolicy::default(),
            words: StatusWords::default(),
            loopback: false,
            transport: None,
        }
    }
}

impl Builder {
    /// Reads with the tokens that are kept in `tokens`, and renews them there.
    pub fn oauth(mut self, oauth: OAuth, tokens: Arc<dyn TokenStore>) -> Self {
        self.access = Some(Access::Tokens(oauth, tokens));
        self
    }

    /// A refresh token to begin with where no tokens are kept yet. Kept tokens win.
    pub fn refresh_token(mut self, token: Secret) -> Self {
        self.seed = Some(token);
        self
    }

    /// Reads with one access token, which ends after 15 minutes: for tests and single questions.
    pub fn access_token(mut self, token: Secret) -> Self {
        self.access = Some(Access::Token(token));
        self
    }

    /// The organisation, by its id or its exact name. Needed where the credential sees several.
    pub fn organisation(mut self, id_or_name: impl Into<String>) -> Self {
        self.organisation = Some(id_or_name.into());
        self
    }

    /// Where the API is. `https://api.employmenthero.com`; the token goes to this origin only.
    pub fn base_url(mut self, address: impl Into<String>) -> Self {
        self.base_url = address.into();
        self
    }

    /// Allows `http` to this machine itself, for sandboxes and tests.
    pub fn allow_http_loopback(mut self) -> Self {
        self.loopback = true;
        self
    }

    /// Rows asked for on a page, 1 to 100. 100.
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = rows;
        self
    }

    /// Requests under way at once, at most. 4.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests;
        self
    }

    /// The pace kept: requests in any second and in any minute. 15 and 95; the vendor allows 20
    /// and 100, and nobody knows whether other connections of the application count with ours.
    pub fn rate_limit(mut self, per_second: u32, per_minute: u32) -> Self {
        (self.per_second, self.per_minute) = (per_second, per_minute);
        self
    }

    /// How often and how long a request is tried.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// What the status `archived` means. [`Archived::Leaver`].
    pub fn archived(mut self, meaning: Archived) -> Self {
        self.words.archived = meaning;
        self
    }

    /// What a further word of `status` means, without regard to case. Employment Hero publishes no list of them,
    /// and one that nobody explained is [`Status::Unknown`]: nothing is decided about the person.
    ///
    /// ```
    /// use hris_core::{Secret, Status};
    /// use hris_employmenthero::EmploymentHero;
    ///
    /// let token = || Secret::from("an-access-token".to_owned());
    /// let builder = EmploymentHero::builder().access_token(token());
    /// builder.status_word("onboarding", Status::Pending).build()?;
    /// let builder = EmploymentHero::builder().access_token(token());
    /// assert!(builder.status_word("active", Status::Terminated).build().is_err(), "its meaning is known");
    /// # Ok::<(), hris_core::Error>(())
    /// ```
    pub fn status_word(mut self, word: impl AsRef<str>, meaning: Status) -> Self {
        self.words.own.insert(word.as_ref().trim().to_ascii_lowercase(), meaning);
        self
    }

    /// Sends through `transport` in place of the network, for tests and simulations. The token
    /// endpoint has its own: [`OAuthBuilder::transport`](hris_core::oauth::OAuthBuilder::transport).
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// The connector, if every setting can be right. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming the setting: no credential, an address that is not `https` or
    /// that of the payroll product, a page above 100, another meaning for a status whose meaning is known.
    pub fn build(self) -> Result<EmploymentHero> {
        let refuse = |words: &str| Err(Error::new(ErrorKind::Config, words));
        if !(1..=MAX_PAGE_SIZE).contains(&self.page_size) {
            return refuse("page_size: must be between 1 and 100, the most that Employment Hero gives");
        }
        if self.concurrency == 0 {
            return refuse("concurrency: must be at least 1");
        }
        if self.per_second == 0 || self.per_minute == 0 {
            return refuse("rate_limit: must be at least 1");
        }
        if self.organisation.as_deref().is_some_and(|name| name.trim().is_empty()) {
            return refuse("organisation: must be an id or a name; leave it out to take the only one");
        }
        if let Some(word) = self.words.own.keys().find(|word| word.is_empty() || known(word).is_some()) {
            let words =
                format!("status_words: {word:?} has a fixed meaning; only further words can be given one");
            return refuse(&words);
        }
        if self.words.own.contains_key("archived") {
            return refuse("status_words: what \"archived\" means is said by `archived`");
        }
        if is_payroll(&self.base_url) {
            return refuse(
                "base_url: this is the payroll product (formerly KeyPay), which is another system; the HR platform is at \
                 https://api.employmenthero.com",
            );
        }
        let settings = self.settings();
        let mut client = Client::builder(&self.base_url)
            .name("employmenthero")
            .vendor(Vendor)
            .window(self.per_second, Duration::from_secs(1))
            .window(self.per_minute, Duration::from_secs(60))
            .retry(self.retry)
            .concurrency(self.concurrency);
        let mut session = None;
        client = match self.access {
            None => {
                return refuse("credential: missing; connect by OAuth 2.0, with a client id and secret");
            }
            Some(Access::Token(token)) if !token.is_word() => {
                return refuse("access token: is empty, or holds blanks or line breaks");
            }
            Some(Access::Token(token)) => client.authorization(Bearer::new(token)),
            Some(Access::Tokens(oauth, tokens)) => {
                let own = Session::new(oauth, tokens, self.seed);
                session = Some(own.clone());
                client.authorization(own)
            }
        };
        if self.loopback {
            client = client.allow_http_loopback();
        }
        if let Some(transport) = self.transport {
            client = client.transport(transport);
        }
        let api = Api::new(
            client.build()?,
            self.page_size,
            self.concurrency,
            self.per_minute,
            self.organisation,
            session,
        );
        Ok(EmploymentHero::new(api, self.words, settings, !self.base_url.starts_with("https")))
    }

    /// What decides who is listed and who counts as gone; nothing is ever written.
    fn settings(&self) -> SourceSettings {
        let archived = |meaning| if meaning == Archived::Leaver { "leaver" } else { "unknown" };
        SourceSettings::of(VENDOR)
            .server(&self.base_url, BASE_URL)
            .listing("organisation", self.organisation.as_deref().unwrap_or_default(), "")
            .listing("archived", archived(self.words.archived), archived(Archived::default()))
            .listing("status_words", self.words.listed(), "")
            .build()
    }
}

fn is_payroll(address: &str) -> bool {
    let host = Url::parse(address).ok().and_then(|url| url.host_str().map(str::to_ascii_lowercase));
    host.is_some_and(|host| {
        PAYROLL.iter().any(|payroll| {
            host.strip_suffix(payroll).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    })
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address is not shown: until it is checked it may hold a password.
        f.debug_struct("Builder")
            .field("organisation", &self.organisation)
            .field("page_size", &self.page_size)
            .field("concurrency", &self.concurrency)
            .field("words", &self.words)
            .finish_non_exhaustive()
    }
}

/// What the status `archived` means, which Employment Hero does not document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Archived {
    /// The person has left.
    #[default]
    Leaver,
    /// Nobody knows: nothing is decided about the person.
    Unknown,
}

/// What the words of `status` mean.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatusWords {
    archived: Archived,
    /// Further words, in lower case.
    own: BTreeMap<String, Status>,
}

impl StatusWords {
    /// What a word means; none for one that nobody explained.
    pub(crate) fn meaning(&self, word: &str) -> Option<Status> {
        let word = word.trim().to_ascii_lowercase();
        match (word.as_str(), self.archived) {
            ("archived", Archived::Leaver) => Some(Status::Terminated),
            ("archived", Archived::Unknown) => Some(Status::Unknown),
            _ => known(&word).or_else(|| self.own.get(&word).copied()),
        }
    }

    /// The further words in one line.
    fn listed(&self) -> String {
        let pairs = self.own.iter().map(|(word, meaning)| format!("{word:?}={meaning:?}"));
        pairs.collect::<Vec<_>>().join(" ")
    }
}

/// The words whose meaning is known, in lower case.
fn known(word: &str) -> Option<Status> {
    match word {
        "active" => Some(Status::Active),
        "pending" => Some(Status::Pending),
        "inactive" | "terminated" => Some(Status::Terminated),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use hris_core::Directory as _;

    use super::*;

    fn some() -> Builder {
        EmploymentHero::builder().access_token(Secret::from("one".to_owned()))
    }

    fn once() -> RetryPolicy {
        let mut policy = RetryPolicy::default();
        policy.attempts = 1;
        policy
    }

    fn digests(builder: Builder) -> SourceSettings {
        builder.build().unwrap_or_else(|error| unreachable!("{error}")).settings()
    }

    #[test]
    fn what_decides_who_is_listed_changes_the_digest_and_speed_and_credential_do_not() {
        let plain = digests(some());
        for (setting, changed) in [
            ("base_url", some().base_url("https://api.eu.employmenthero.com")),
            ("organisation", some().organisation("Mill")),
            ("archived", some().archived(Archived::Unknown)),
            ("status_words", some().status_word("Onboarding", Status::Pending)),
        ] {
            let changed = digests(changed);
            assert_ne!(changed.listing, plain.listing, "{setting}");
            assert_eq!(changed.writing, plain.writing, "{setting}");
        }
        for (setting, same) in [
            ("access_token", some().access_token(Secret::from("two".to_owned()))),
            ("page_size", some().page_size(7)),
            ("concurrency", some().concurrency(1)),
            ("rate_limit", some().rate_limit(1, 10)),
            ("retry", some().retry(once())),
            (
                "a default, written out",
                some().base_url("https://api.employmenthero.com/").archived(Archived::Leaver),
            ),
        ] {
            assert_eq!(digests(same), plain, "{setting}");
        }
    }
}
