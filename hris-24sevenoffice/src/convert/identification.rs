//! The one number of an authority that 24SevenOffice keeps of a person.

use hris_core::wire;
use hris_core::{Field, Identification};

use crate::wire::InternationalId;

/// The words of 24SevenOffice and ours. The first kind that a person has is chosen.
const KINDS: [(&str, &str); 4] = [
    ("passnummer", "passport"),
    ("socialSecurityNumber", "national"),
    ("taxIdentificationNumber", "tax"),
    ("valueAddedTaxNumber", "value added tax"),
];

/// An international id as 24SevenOffice writes it: always whole.
#[derive(Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Identity {
    #[serde(rename = "countryCode")]
    pub(crate) country: String,
    #[serde(rename = "ID")]
    pub(crate) number: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
}

impl Identity {
    /// Whether both mean the same number.
    pub(crate) fn same(&self, other: &Self) -> bool {
        let number = |text: &str| -> String {
            text.chars().filter(|char| !char.is_whitespace()).flat_map(char::to_uppercase).collect()
        };
        self.kind == other.kind
            && self.country.trim().eq_ignore_ascii_case(other.country.trim())
            && number(&self.number) == number(&other.number)
    }
}

/// 24SevenOffice's word for a kind of number, and its rank among several.
pub(crate) fn kind_of(kind: Option<&str>) -> Option<(usize, &'static str)> {
    let Some(kind) = kind else { return Some((0, "passnummer")) };
    let same = |word: &str| word.eq_ignore_ascii_case(kind.trim());
    KINDS.iter().position(|(theirs, ours)| same(theirs) || same(ours)).and_then(|rank| {
        let (theirs, _) = KINDS.get(rank)?;
        Some((rank, *theirs))
    })
}

/// The member as a whole: `type` is there even where there is no number, so the number decides.
pub(crate) fn identity(member: &Field<Box<str>>) -> Field<Identity> {
    let json = match member.as_deref() {
        Field::Value(json) => json,
        other => {
            return other.map(|_| Identity {
                country: String::new(),
                number: String::new(),
                kind: String::new(),
            });
        }
    };
    let Some(read) = wire::object::<InternationalId>(json) else { return Field::NotProvided };
    if read.notes.repeated || read.notes.unfit.iter().any(|member| &**member == "ID") {
        return Field::NotProvided;
    }
    let text = |field: &Field<String>| field.as_deref().value().unwrap_or_default().to_owned();
    let kind = text(&read.kind);
    match read.notes.id {
        Some(number) => Field::Value(Identity {
            country: text(&read.country),
            number,
            kind: if kind.is_empty() { "passnummer".to_owned() } else { kind },
        }),
        None => Field::Cleared,
    }
}

/// The id in our words. An unknown kind keeps 24SevenOffice's word.
pub(super) fn told(identity: Identity) -> Vec<Identification> {
    let ours = KINDS.iter().find(|(theirs, _)| *theirs == identity.kind).map(|(_, ours)| (*ours).to_owned());
    let country = Some(identity.country.trim().to_ascii_uppercase()).filter(|country| !country.is_empty());
    vec![Identification { number: identity.number, kind: Some(ours.unwrap_or(identity.kind)), country }]
}
