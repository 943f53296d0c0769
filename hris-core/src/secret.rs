//! Secrets that cannot be printed, stored or compared by accident.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A token, key or password.
///
/// Its memory is wiped when it is dropped. It has no `Display` and no `Serialize`, and its
/// `Debug` shows nothing, so the only way out is [`Secret::expose`]: searching for that word
/// finds every use.
///
/// ```
/// use hris_core::Secret;
///
/// let token = Secret::from("hunter2".to_owned());
/// assert_eq!(format!("{token:?}"), "Secret(…)");
/// assert_eq!(token.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret itself, for the moment it is sent to its owner.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// A credential as a connector needs it: there, and one word. `setting` is its name in the configuration; `how`
    /// says how a person gets one.
    ///
    /// ```
    /// # use hris_core::Secret;
    /// let missing = Secret::required("token", None, "make one under API tokens").unwrap_err();
    /// assert_eq!(missing.to_string(), "token: missing; make one under API tokens");
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) naming the setting.
    pub fn required(setting: &str, secret: Option<Self>, how: &str) -> crate::Result<Self> {
        match secret.filter(|secret| !secret.is_blank()) {
            None => Err(crate::Error::setting(setting, format!("missing; {how}"))),
            Some(secret) if secret.is_word() => Ok(secret),
            Some(_) => Err(crate::Error::setting(setting, "holds blanks or line breaks; copy it again")),
        }
    }

    /// Whether there is nothing in it but white space.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.expose().trim().is_empty()
    }

    /// Whether it is one word, without white space or control characters: what a token that was
    /// copied whole is, and what a header can carry.
    ///
    /// ```
    /// # use hris_core::Secret;
    /// assert!(Secret::from("hunter2".to_owned()).is_word());
    /// assert!(!Secret::from("hunter2\n".to_owned()).is_word());
    /// assert!(!Secret::from("Bearer hunter2".to_owned()).is_word());
    /// ```
    #[must_use]
    pub fn is_word(&self) -> bool {
        let torn = |char: char| char.is_whitespace() || char.is_control();
        !self.is_blank() && !self.expose().chars().any(torn)
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self(SecretString::from(value))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
