//! Values of settings: what a file may hold for each, and settings that are one word of a few.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::Status;

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

/// A value that a setting can have.
pub trait SettingValue: Sized {
    /// What code hands over to set it.
    type Input;

    /// Sets it.
    fn put(&mut self, value: Self::Input);

    /// The JSON Schema of it.
    fn schema() -> Value;
}

macro_rules! setting_value {
    ($($type:ty: $schema:tt,)*) => {$(
        impl SettingValue for $type {
            type Input = Self;

            fn put(&mut self, value: Self) {
                *self = value;
            }

            fn schema() -> Value {
                json!($schema)
            }
        }
    )*};
}

setting_value! {
    bool: {"type": "boolean"},
    f64: {"type": "number"},
    String: {"type": "string"},
    u32: {"type": "integer", "minimum": 0},
    u64: {"type": "integer", "minimum": 0},
}

impl SettingValue for Status {
    type Input = Self;

    fn put(&mut self, value: Self) {
        *self = value;
    }

    fn schema() -> Value {
        let all = [Self::Active, Self::OnLeave, Self::Pending, Self::Terminated, Self::Unknown];
        json!({"enum": all.map(Self::as_str)})
    }
}

impl<T: SettingValue> SettingValue for Vec<T> {
    type Input = Self;

    fn put(&mut self, value: Self) {
        *self = value;
    }

    fn schema() -> Value {
        json!({"type": "array", "items": T::schema()})
    }
}

impl<K: Ord, T: SettingValue> SettingValue for BTreeMap<K, T> {
    type Input = Self;

    fn put(&mut self, value: Self) {
        *self = value;
    }

    fn schema() -> Value {
        json!({"type": "object", "additionalProperties": T::schema()})
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    type Input = T;

    fn put(&mut self, value: T) {
        *self = Some(value);
    }

    fn schema() -> Value {
        T::schema()
    }
}

/// The documentation of a setting, line by line, as one text.
pub(crate) fn help_of(docs: &str) -> String {
    let lines: Vec<&str> = docs.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" ")
}

/// The schema of a setting with what it does, and its default where it has one.
pub(crate) fn described(mut schema: Value, help: String, default: Value) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.insert("description".to_owned(), help.into());
        members.extend((!default.is_null()).then(|| ("default".to_owned(), default)));
    }
    schema
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

        impl $crate::SettingValue for $name {
            type Input = Self;

            fn put(&mut self, value: Self) {
                *self = value;
            }

            fn schema() -> $crate::__private::serde_json::Value {
                $crate::__private::serde_json::json!({"enum": [$($text),*]})
            }
        }

        impl $crate::__private::serde::Serialize for $name {
            fn serialize<S: $crate::__private::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> $crate::__private::serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__private::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::std::result::Result<Self, D::Error> {
                let word = <::std::string::String as $crate::__private::serde::Deserialize>::deserialize(deserializer)?;
                word.parse().map_err($crate::__private::serde::de::Error::custom)
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
