//! Settings of a connector that are one word of a few.

/// A word that a setting does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {word:?} is not known; use {}", valid.join(" or "))]
pub struct UnknownWord {
    setting: &'static str,
    word: String,
    valid: &'static [&'static str],
}

impl UnknownWord {
    /// The setting, the word it was given, and those it knows.
    #[must_use]
    pub fn new(setting: &'static str, word: &str, valid: &'static [&'static str]) -> Self {
        Self { setting, word: word.to_owned(), valid }
    }
}

/// Declares a setting that is one word of a few, as an enum that reads its words and says them.
///
/// ```
/// hris_core::setting! {
///     "leave_as";
///     /// What people on leave are.
///     #[derive(Default)]
///     LeaveAs {
///         /// Employed.
///         #[default]
///         Active = "active",
///         /// On leave.
///         OnLeave = "on_leave",
///     }
/// }
///
/// assert_eq!("on_leave".parse(), Ok(LeaveAs::OnLeave));
/// assert_eq!(LeaveAs::default().to_string(), "active");
/// let error = "away".parse::<LeaveAs>().unwrap_err();
/// assert_eq!(error.to_string(), r#"leave_as: "away" is not known; use active or on_leave"#);
/// ```
#[macro_export]
macro_rules! setting {
    ($setting:literal; $(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The word of the configuration.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> ::std::result::Result<Self, $crate::UnknownWord> {
                match word {
                    $($text => Ok(Self::$variant),)*
                    _ => Err($crate::UnknownWord::new($setting, word, &[$($text),*])),
                }
            }
        }
    };
}
