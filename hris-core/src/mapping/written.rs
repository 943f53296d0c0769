//! A rule as files hold it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Transform;
use crate::SettingValue;

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "the name of a source field, or a table of default, empty, from, map, transform"
)]
pub(super) enum Rule {
    Field(String),
    Table(Table),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    from: OneOrMany,
    #[serde(default)]
    transform: Vec<Transform>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    #[serde(default)]
    default: Option<String>,
    #[serde(default)]
    empty: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<Rule> for super::Rule {
    fn from(rule: Rule) -> Self {
        match rule {
            Rule::Field(name) => super::from(&name),
            Rule::Table(Table { from, transform, map, default, empty }) => {
                let from = match from {
                    OneOrMany::One(name) => vec![name],
                    OneOrMany::Many(names) => names,
                };
                Self { from, transform, map, default, empty }
            }
        }
    }
}

impl SettingValue for super::Rule {
    type Input = Self;

    fn put(&mut self, value: Self) {
        *self = value;
    }

    fn schema() -> Value {
        let transforms = Transform::ALL.map(|(word, _)| word);
        json!({ "anyOf": [
            { "type": "string", "description": "The name of a source field." },
            {
                "type": "object",
                "description": "A source field, changed, looked up, or a default.",
                "properties": {
                    "from": {
                        "description": "A source field, or several of which the first that has a value counts.",
                        "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }],
                    },
                    "transform": {
                        "description": "Changes to the value, in order; lowercase and uppercase change the letters A to Z alone.",
                        "type": "array",
                        "items": { "type": "string", "enum": transforms },
                    },
                    "default": {
                        "description": "The value where the source says there is none.",
                        "type": "string",
                    },
                    "map": {
                        "description": "Value in the source = value in the target, without regard to case and kinds of blanks.",
                        "type": "object",
                        "additionalProperties": { "type": "string" },
                    },
                    "empty": {
                        "description": "Words that mean no value, such as \"N/A\" and \"-\", without regard to case and kinds of blanks.",
                        "type": "array",
                        "items": { "type": "string" },
                    },
                },
                "required": ["from"],
                "additionalProperties": false,
            },
        ] })
    }
}
