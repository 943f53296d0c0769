//! What of a directory's settings decides who is read, as digests.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest as _, Sha256};

/// Digests of a directory's settings: what decides who is listed, and what decides how it is written.
///
/// The first run after the listing digest changed removes nobody before a person has looked at it, so an
/// edit of a setting cannot be taken for people who left. After a write that lost fields nothing more is
/// written until one of the two digests changes.
///
/// Both are lower-case hex of SHA-256. What is no such setting belongs in neither: the credential and
/// the speed (page size, requests at once, pace, timeouts) may be changed at any time.
///
/// ```
/// use hris_core::SourceSettings;
///
/// let of = |people_status: &str| {
///     SourceSettings::of("acme").listing("people_status", people_status, "all").build()
/// };
/// assert_eq!(of("all"), SourceSettings::of("acme").build(), "a default that is written out is no change");
/// assert_ne!(of("all").listing, of("split").listing);
/// assert_eq!(of("all").writing, of("split").writing);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// Of what decides who is listed, which of somebody's records is current, and who counts as gone.
    pub listing: String,
    /// Of what decides how people are written; where nothing can be written, of nothing.
    pub writing: String,
}

impl SourceSettings {
    /// Begins with the vendor's name and no setting.
    pub fn of(vendor: &str) -> SourceSettingsBuilder {
        SourceSettingsBuilder {
            vendor: vendor.to_owned(),
            listing: BTreeMap::new(),
            writing: BTreeMap::new(),
        }
    }
}

/// Collects settings for [`SourceSettings`]. A setting with its default value is left out, so that a new
/// setting changes no digest.
#[derive(Clone, Debug)]
#[must_use]
pub struct SourceSettingsBuilder {
    vendor: String,
    listing: BTreeMap<String, String>,
    writing: BTreeMap<String, String>,
}

impl SourceSettingsBuilder {
    /// A setting that decides who is listed, which record is current, or who counts as gone: its name, its
    /// value and its default.
    pub fn listing(mut self, name: &str, value: impl fmt::Display, default: impl fmt::Display) -> Self {
        put(&mut self.listing, name, &value, &default);
        self
    }

    /// The server that people are read from: its address and the default. The port and the path do not count,
    /// since one host lists the same people wherever it answers.
    pub fn server(self, base_url: &str, default: &str) -> Self {
        let host = |address: &str| {
            let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let is_port = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            let host = host.rsplit_once(':').filter(|(_, port)| is_port(port)).map_or(host, |(host, _)| host);
            host.to_ascii_lowercase()
        };
        self.listing("base_url", host(base_url), host(default))
    }

    /// A setting that decides how people are written: its name, its value and its default.
    pub fn writing(mut self, name: &str, value: impl fmt::Display, default: impl fmt::Display) -> Self {
        put(&mut self.writing, name, &value, &default);
        self
    }

    /// The digests.
    #[must_use]
    pub fn build(self) -> SourceSettings {
        let digest = |settings: &BTreeMap<String, String>| {
            // Two texts and a map of texts can always be written as JSON.
            let text = serde_json::to_string(&(&self.vendor, settings)).unwrap_or_default();
            crate::hex(&Sha256::digest(text))
        };
        SourceSettings { listing: digest(&self.listing), writing: digest(&self.writing) }
    }
}

fn put(
    settings: &mut BTreeMap<String, String>,
    name: &str,
    value: &dyn fmt::Display,
    default: &dyn fmt::Display,
) {
    let (value, default) = (value.to_string(), default.to_string());
    if value == default {
        settings.remove(name);
    } else {
        settings.insert(name.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_never_mixed_up() {
        let of = |pairs: &[(&str, &str)]| {
            let begin = SourceSettings::of("v");
            pairs.iter().fold(begin, |all, (name, value)| all.listing(name, value, "")).build().listing
        };
        assert_eq!(of(&[("a", "1"), ("b", "2")]), of(&[("b", "2"), ("a", "1")]));
        assert_ne!(of(&[("a", "1"), ("b", "2")]), of(&[("a", "1\",\"b\":\"2")]));
        assert_ne!(of(&[("a", "1")]), of(&[("b", "1")]));
        assert_ne!(SourceSettings::of("v").build().listing, SourceSettings::of("w").build().listing);
        assert_eq!(of(&[]).len(), 64);
    }
}
