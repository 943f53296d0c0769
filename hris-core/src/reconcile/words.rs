//! How the settings of the engine are declared: once, as types that code fills, files hold and schemas describe.

use serde_json::{Map, Value, json};

use crate::setting::{described, help_of};

/// Declares a setting that is one word of a few.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every choice, by its word in configuration.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)*];
        }

        impl SettingValue for $name {
            type Input = Self;

            fn put(&mut self, value: Self) {
                *self = value;
            }

            fn schema() -> Value {
                words::one_of(Self::ALL)
            }
        }
    };
}

/// Declares a table of settings, each with its default and, for some numbers, the most that it can be.
macro_rules! settings {
    ($(#[$meta:meta])* $name:ident {
        $($(#[doc = $doc:literal])+ $(#[serde($($serde:tt)+)])? $field:ident: $type:ty
            = $default:expr $(; most $most:literal)?,)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name { $($(#[doc = $doc])+ $(#[serde($($serde)+)])? pub $field: $type,)* }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)* }
            }
        }

        impl SettingValue for $name {
            type Input = Self;

            fn put(&mut self, value: Self) {
                *self = value;
            }

            fn schema() -> Value {
                let default = Self::default();
                words::table([$((
                    stringify!($field),
                    concat!($($doc, "\n"),+),
                    <$type as SettingValue>::schema(),
                    { let most: &[u32] = &[$($most)?]; most.first().copied() },
                    serde_json::to_value(&default.$field).unwrap_or_default(),
                )),*])
            }
        }
    };
}

/// The JSON Schema of one word of these.
pub(super) fn one_of<T>(words: &[(&str, T)]) -> Value {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    json!({ "type": "string", "enum": words })
}

/// The JSON Schema of a table: the name, the documentation, the schema, the largest number and the default of each
/// setting.
pub(super) fn table<const N: usize>(settings: [(&str, &str, Value, Option<u32>, Value); N]) -> Value {
    let mut properties = Map::new();
    for (name, docs, mut schema, most, default) in settings {
        if let Some(members) = schema.as_object_mut() {
            members.extend(most.map(|most| ("maximum".to_owned(), most.into())));
        }
        properties.insert(name.to_owned(), described(schema, help_of(docs), default));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}
