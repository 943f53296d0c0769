//! What the facts say about whether an account is a person's, and what that is enough for.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What one fact says about whether an account is a person's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opinion {
    /// Both sides have the same.
    Agrees,
    /// Each side has another.
    Contradicts,
    /// A side has no usable value.
    #[default]
    Unknown,
}

/// What the facts say about whether an account is a person's.
///
/// ```
/// use hris_core::reconcile::{Evidence, Opinion};
///
/// let mut facts = Evidence::default();
/// facts.email = Opinion::Agrees;
/// assert!(facts.suffices());
/// facts.name = Opinion::Contradicts;
/// facts.employee_number = Opinion::Contradicts;
/// assert!(!facts.suffices(), "one agrees and two contradict");
/// assert_eq!(facts.to_string(), "e-mail agrees; employee number and name differ");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct Evidence {
    /// The employee number.
    pub employee_number: Opinion,
    /// The e-mail address.
    pub email: Opinion,
    /// The full name.
    pub name: Opinion,
}

impl Evidence {
    fn facts(self) -> [(&'static str, Opinion); 3] {
        [("employee number", self.employee_number), ("e-mail", self.email), ("name", self.name)]
    }

    fn count(self, opinion: Opinion) -> usize {
        self.facts().iter().filter(|(_, said)| *said == opinion).count()
    }

    /// Whether an account of nobody's may become this person's by itself: two facts agree; or the e-mail
    /// agrees and at most one other fact contradicts; or the number agrees and nothing contradicts.
    #[must_use]
    pub fn suffices(self) -> bool {
        let contradicts = self.count(Opinion::Contradicts);
        self.suffices_against_another()
            || (self.email == Opinion::Agrees && contradicts <= 1)
            || (self.employee_number == Opinion::Agrees && contradicts == 0)
    }

    /// Whether an account that bears somebody else's external id may become this person's by itself, where
    /// that other person is gone: two facts agree.
    #[must_use]
    pub fn suffices_against_another(self) -> bool {
        self.count(Opinion::Agrees) >= 2
    }

    /// Whether a number or an address agrees. A name alone is not a key.
    pub(super) fn has_key(self) -> bool {
        self.employee_number == Opinion::Agrees || self.email == Opinion::Agrees
    }

    /// Whether the facts say plainly that the account is somebody else's: at least two contradict, and at
    /// most one agrees.
    #[must_use]
    pub fn speaks_against(self) -> bool {
        self.count(Opinion::Contradicts) >= 2 && self.count(Opinion::Agrees) <= 1
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |opinion: Opinion| {
            let named = self.facts().into_iter().filter(move |(_, said)| *said == opinion);
            named.map(|(name, _)| name).collect::<Vec<_>>()
        };
        let (agree, differ) = (named(Opinion::Agrees), named(Opinion::Contradicts));
        let mut parts = Vec::new();
        if !agree.is_empty() {
            parts.push(format!("{} agree{}", agree.join(" and "), if agree.len() == 1 { "s" } else { "" }));
        }
        if !differ.is_empty() {
            parts.push(format!(
                "{} differ{}",
                differ.join(" and "),
                if differ.len() == 1 { "s" } else { "" }
            ));
        }
        if parts.is_empty() {
            parts.push("no fact is known on both sides".to_owned());
        }
        f.write_str(&parts.join("; "))
    }
}
