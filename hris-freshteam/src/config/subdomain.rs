//! The name of an account, and the one host that its key may go to.

use std::fmt;
use std::str::FromStr;

/// The domain beneath which every account has its own name.
const DOMAIN: &str = ".freshteam.com";

/// The longest label of a host name.
const LONGEST: usize = 63;

/// Names that belong to the vendor, not to an account.
const RESERVED: [&str; 8] = ["www", "app", "api", "support", "help", "blog", "developers", "status"];

/// The name of a Freshteam account: `acme` of `acme.freshteam.com`, in lower case.
///
/// What people paste is understood: the name, the host, or the address of a page. Everything that
/// would send the key to another host is refused.
///
/// ```
/// use hris_freshteam::{InvalidSubdomain, Subdomain};
///
/// let subdomain: Subdomain = "https://Acme.freshteam.com/home".parse()?;
/// assert_eq!(subdomain.as_str(), "acme");
/// assert_eq!(subdomain.host(), "acme.freshteam.com");
/// assert_eq!("acme.freshdesk.com".parse::<Subdomain>(), Err(InvalidSubdomain::OtherProduct));
/// # Ok::<(), InvalidSubdomain>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Subdomain(String);

/// Why a text is not the name of a Freshteam account. The text is not repeated: it may be a key that was
/// pasted into the wrong field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSubdomain {
    /// Nothing was given.
    #[error("is empty; it is the part before .freshteam.com in the browser's address when you are logged in")]
    Empty,
    /// A character other than a letter, a digit or a hyphen, or a hyphen at an end.
    #[error("is not a subdomain, which has letters, digits and inner hyphens only, 63 at most")]
    Malformed,
    /// The address of the Freshworks organisation.
    #[error(
        "is the address of the Freshworks organisation; open Freshteam and take the part before .freshteam.com"
    )]
    Organisation,
    /// A host that has nothing to do with Freshteam.
    #[error("is not an address of Freshteam; the key goes to SUBDOMAIN.freshteam.com and nowhere else")]
    OtherHost,
    /// Another product of the vendor.
    #[error(
        "is the address of another Freshworks product; open Freshteam and take the part before .freshteam.com"
    )]
    OtherProduct,
    /// A port other than the one of https.
    #[error("names a port; leave it out")]
    Port,
    /// A name that the vendor uses itself.
    #[error("is a name of the vendor's own, not of an account")]
    Reserved,
    /// A user name or password.
    #[error("holds a user name or a password; leave it out")]
    UserInfo,
}

impl Subdomain {
    /// The name alone.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host that the key goes to.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}{DOMAIN}", self.0)
    }
}

impl FromStr for Subdomain {
    type Err = InvalidSubdomain;

    fn from_str(text: &str) -> Result<Self, InvalidSubdomain> {
        let text = text.trim().to_ascii_lowercase();
        let address = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or(&text);
        let host = address.split('/').next().unwrap_or_default();
        if host.contains('@') {
            return Err(InvalidSubdomain::UserInfo);
        }
        let host = host.strip_suffix(":443").unwrap_or(host);
        if host.contains(':') {
            return Err(InvalidSubdomain::Port);
        }
        if host.is_empty() {
            return Err(InvalidSubdomain::Empty);
        }
        let label = match host.strip_suffix(DOMAIN) {
            Some(label) => label,
            None if host.contains('.') => return Err(other(host)),
            None => host,
        };
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let right = (1..=LONGEST).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-');
        match right {
            false => Err(InvalidSubdomain::Malformed),
            true if RESERVED.contains(&label) => Err(InvalidSubdomain::Reserved),
            true => Ok(Self(label.to_owned())),
        }
    }
}

/// Why a host is not one of Freshteam's.
fn other(host: &str) -> InvalidSubdomain {
    let beneath = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    if beneath("myfreshworks.com") {
        InvalidSubdomain::Organisation
    } else if ["freshservice.com", "freshdesk.com", "freshworks.com"].into_iter().any(beneath) {
        InvalidSubdomain::OtherProduct
    } else if beneath("freshteam.com") {
        InvalidSubdomain::Malformed
    } else {
        InvalidSubdomain::OtherHost
    }
}

impl fmt::Display for Subdomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&str, InvalidSubdomain>) {
        let read = text.parse::<Subdomain>();
        assert_eq!(read.as_ref().map(Subdomain::as_str).map_err(|error| *error), expected, "{text:?}");
    }

    #[test]
    fn what_people_paste() {
        for text in [
            "acme",
            "Acme",
            " acme\n",
            "acme/",
            "acme.freshteam.com",
            "Acme.FRESHTEAM.com",
            "https://acme.freshteam.com",
            "https://acme.freshteam.com/home",
            "https://acme.freshteam.com:443/employees/12?tab=job#top",
            "http://acme.freshteam.com/",
        ] {
            check(text, Ok("acme"));
        }
        check("acme-46292682", Ok("acme-46292682"));
        check("3m", Ok("3m"));
        let longest = "a".repeat(63);
        check(&longest, Ok(longest.as_str()));
    }

    #[test]
    fn what_would_lead_elsewhere() {
        use InvalidSubdomain::{
            Empty, Malformed, Organisation, OtherHost, OtherProduct, Port, Reserved, UserInfo,
        };
        for (text, why) in [
            ("", Empty),
            ("  ", Empty),
            ("https://", Empty),
            ("https:///home", Empty),
            ("evil.example/#", OtherHost),
            ("evil.example", OtherHost),
            ("https://evil.example/acme.freshteam.com", OtherHost),
            ("acme.freshteam.com.evil.example", OtherHost),
            ("acmefreshteam.com", OtherHost),
            ("a@b", UserInfo),
            ("https://acme.freshteam.com@evil.example/", UserInfo),
            ("https://user:word@acme.freshteam.com", UserInfo),
            ("acme.freshteam.com:8443", Port),
            ("acme:80", Port),
            ("ftp://acme.freshteam.com", Port),
            ("a.b.freshteam.com", Malformed),
            (".freshteam.com", Malformed),
            ("freshteam.com", Malformed),
            ("-acme", Malformed),
            ("acme-", Malformed),
            ("ac me", Malformed),
            ("acme#x", Malformed),
            ("acme?x", Malformed),
            ("acme\\evil", Malformed),
            ("acme%2eevil", Malformed),
            ("acmé", Malformed),
            ("аcme", Malformed),
            ("acme\u{0}", Malformed),
            ("evil.example\\.freshteam.com", Malformed),
            ("acme.freshteam.com.", OtherHost),
            ("acme.myfreshworks.com", Organisation),
            ("acme.freshservice.com", OtherProduct),
            ("acme.freshdesk.com", OtherProduct),
            ("acme.freshworks.com", OtherProduct),
            ("www", Reserved),
            ("api.freshteam.com", Reserved),
            ("developers.freshteam.com", Reserved),
            ("STATUS", Reserved),
        ] {
            check(text, Err(why));
        }
        check(&"a".repeat(64), Err(Malformed));
    }
}
