//! Header fields of a request or an answer.

use std::fmt;

/// Header fields in the order they were added; names compare without regard to case.
///
/// `Debug` shows names only, because a value may be a credential.
///
/// ```
/// use hris_core::http::Headers;
///
/// let mut headers = Headers::new();
/// headers.set("X-Key", "s3cret");
/// assert_eq!(headers.value("x-key"), Some("s3cret"));
/// assert_eq!(format!("{headers:?}"), r#"["x-key"]"#);
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

impl Headers {
    /// No header fields at all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `name` to `value` and removes its earlier values.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.add(name, value);
    }

    /// Adds one more value of `name`.
    pub fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// The first value of `name`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every value of `name`, in order.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Every field as name (in lower case) and value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The name of the first field that an HTTP message cannot carry: its name is not a token, or its value
    /// has a control character, which could forge further fields.
    pub(crate) fn unsendable(&self) -> Option<&str> {
        self.iter()
            .find(|(name, value)| {
                let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
                let text = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
                name.is_empty() || !name.bytes().all(token) || !value.bytes().all(text)
            })
            .map(|(name, _)| name)
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
