//! One canonical form per field: what "equal" means when people are matched, compared and kept
//! unique. What is stored stays as it was written.

use std::borrow::Cow;

use crate::fields::Same;
use crate::unicode::{ascii_domain, compatible, composed, folded};
use crate::value::BETWEEN;
use crate::{Address, TargetField};

/// Whether two values of a field mean the same.
pub(crate) fn same(field: &TargetField, left: &str, right: &str) -> bool {
    left == right || canonical(field, left) == canonical(field, right)
}

/// The canonical form of a value. Applying it twice changes nothing.
///
/// - e-mail: trimmed; the domain in its ASCII form (IDNA), in the local part A to Z small. No other letter
///   is folded there: `K` (U+212A) is not `k`, because targets compare without regard to ASCII case only.
/// - phone: digits and a leading `+` (`00` means `+`); spaces, dots, dashes and brackets go.
/// - address: each part as text; street, city and region whatever their case, the country in capitals, the
///   postcode without blanks.
/// - everything else: Unicode composed, runs of white space one space, trimmed. Case counts.
pub(crate) fn canonical<'a>(field: &TargetField, value: &'a str) -> Cow<'a, str> {
    match field.same() {
        Same::Address => address(value),
        Same::Email => email(value),
        Same::Id if is_plain(value, false) => Cow::Borrowed(value),
        Same::Id => Cow::Borrowed(value.trim()),
        Same::Phone => phone(value),
        Same::Text => text(value),
    }
}

/// Whether a text has nothing but visible ASCII characters, and none of A to Z where these count as small ones. Such
/// a text is its own canonical form, and nearly all ids, numbers and addresses are such texts.
fn is_plain(value: &str, small: bool) -> bool {
    value
        .bytes()
        .fold(true, |plain, byte| plain & byte.is_ascii_graphic() & !(small & byte.is_ascii_uppercase()))
}

/// The domain in its ASCII form (IDNA), the local part with A to Z small. An address without an `@` is
/// folded as a local part is.
fn email(value: &str) -> Cow<'_, str> {
    if is_plain(value, true) {
        return Cow::Borrowed(value);
    }
    let trimmed = value.trim();
    let domain = trimmed.rsplit_once('@').map(|(_, domain)| domain).filter(|domain| !domain.is_ascii());
    if let Some(domain) = domain
        && let Some(ascii) = ascii_domain(domain)
    {
        let local = trimmed.strip_suffix(domain).unwrap_or_default();
        return Cow::Owned(local.to_ascii_lowercase() + &ascii);
    }
    if trimmed.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(trimmed.to_ascii_lowercase())
    } else {
        Cow::Borrowed(trimmed)
    }
}

/// A word of a rule or of a value that is held against one: compatibility form, every kind of blank one
/// space, case folded letter by letter. `İ` and `i`, `ı` and `i`, `ß` and `ss`, and dashes of different
/// kinds stay apart.
pub(crate) fn word(value: &str) -> Cow<'_, str> {
    if value.is_ascii() && !is_spaced(value) && !value.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Borrowed(value);
    }
    let small: String = compatible(value).chars().map(folded).collect();
    Cow::Owned(spaced(&compatible(&small)))
}

/// The names of a list that is kept as one text, in an order of their own: in which a vendor sends them
/// says nothing.
pub(crate) fn list(value: &str) -> Vec<Cow<'_, str>> {
    let mut names: Vec<_> = value.split(BETWEEN).map(text).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn phone(value: &str) -> Cow<'_, str> {
    let ignored = |letter: char| letter.is_whitespace() || matches!(letter, '-' | '.' | '(' | ')' | '/');
    let mut digits: String = value.chars().filter(|letter| !ignored(*letter)).collect();
    if digits.starts_with("00") {
        digits.replace_range(..2, "+");
    }
    Cow::Owned(digits)
}

fn address(value: &str) -> Cow<'_, str> {
    let Ok(address) = serde_json::from_str::<Address>(value) else { return text(value) };
    fn part(part: Option<String>, form: impl Fn(&str) -> Cow<'_, str>) -> Option<String> {
        part.map(|part| form(&part).into_owned()).filter(|part| !part.is_empty())
    }
    let canonical = Address {
        street: part(address.street, word),
        city: part(address.city, word),
        region: part(address.region, word),
        postcode: part(address.postcode, |text| text.split_whitespace().collect::<String>().into()),
        country: part(address.country, |country| Cow::Owned(text(country).to_ascii_uppercase())),
    };
    serde_json::to_string(&canonical).map_or(Cow::Borrowed(value), Cow::Owned)
}

fn text(value: &str) -> Cow<'_, str> {
    if is_plain(value, false) {
        return Cow::Borrowed(value);
    }
    if value.is_ascii() && !is_spaced(value) {
        return Cow::Borrowed(value);
    }
    Cow::Owned(spaced(&composed(value)))
}

/// The same words with one space between them.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an ASCII text has blanks at an end, several in a row, or others than a space.
fn is_spaced(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_whitespace)
        || bytes.last().is_some_and(u8::is_ascii_whitespace)
        || bytes.windows(2).any(|pair| pair.iter().all(u8::is_ascii_whitespace))
        || bytes.iter().any(|byte| byte.is_ascii_whitespace() && *byte != b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same() {
        let equal = [
            (TargetField::Email, " Ada@Mill.Example", "ada@mill.example"),
            (TargetField::Email, "anna@b\u{fc}cher.example", "anna@xn--bcher-kva.example"),
            (TargetField::Email, "Anna@B\u{dc}CHER.Example", "anna@XN--BCHER-KVA.example"),
            (TargetField::Phone, "+44 (20) 7946-0117", "00442079460117"),
            (TargetField::GivenName, "Zoe\u{308}", "Zo\u{eb}"),
            (TargetField::FamilyName, " van  Dyck ", "van Dyck"),
            (
                TargetField::Address,
                r#"{"city":" Leeds","street":"4 Yard"}"#,
                r#"{"street":"4 Yard","city":"Leeds"}"#,
            ),
            (
                TargetField::Address,
                r#"{"street":"\u00c5sveien 3B","city":"Troms\u00f8","region":"Troms","postcode":"SW1A 1AA","country":"no"}"#,
                r#"{"street":"\u00c5SVEIEN 3b","city":"TROMS\u00d8","region":"TROMS","postcode":"SW1A1AA","country":"NO"}"#,
            ),
        ];
        for (field, left, right) in equal {
            assert!(same(&field, left, right), "{field}: {left:?} {right:?}");
        }
    }

    #[test]
    fn what_does_not() {
        let different = [
            (TargetField::Email, "mi\u{212a}e@x.example", "mike@x.example"),
            (TargetField::Email, "d\u{131}na@x.example", "dina@x.example"),
            (TargetField::Email, "gro\u{df}@x.example", "gross@x.example"),
            (TargetField::Email, "\u{430}nna@x.example", "anna@x.example"),
            (TargetField::Email, "b\u{fc}cher@x.example", "xn--bcher-kva@x.example"),
            (TargetField::Email, "anna@gro\u{df}.example", "anna@gross.example"),
            (TargetField::GivenName, "maria", "Maria"),
            (TargetField::EmployeeNumber, "07", "7"),
            (TargetField::Phone, "+4420794", "+4420795"),
            (TargetField::Address, r#"{"city":"Oslo"}"#, r#"{"city":"Osl\u00f8"}"#),
            (TargetField::Address, r#"{"street":"4 Yard"}"#, r#"{"street":"4Yard"}"#),
        ];
        for (field, left, right) in different {
            assert!(!same(&field, left, right), "{field}: {left:?} {right:?}");
        }
    }

    #[test]
    fn words_that_are_one_and_words_that_are_not() {
        for (left, right) in [
            ("Z\u{fc}rich HQ", "Zu\u{308}rich\u{a0}HQ"),
            ("Z\u{fc}rich HQ", " Z\u{dc}RICH \t hq "),
            ("Z\u{fc}rich HQ", "Z\u{fc}rich\u{2003}HQ"),
            ("Office 1", "\u{ff2f}ffice \u{ff11}"),
            ("\u{39f}\u{394}\u{39f}\u{3a3}", "\u{3bf}\u{3b4}\u{3bf}\u{3c2}"),
            ("STRA\u{1e9e}E", "stra\u{df}e"),
            ("", " \t\u{a0}"),
        ] {
            assert_eq!(word(left), word(right), "{left:?} {right:?}");
        }
        for (left, right) in [
            ("\u{130}zmir", "izmir"),
            ("\u{131}zmir", "izmir"),
            ("Stra\u{df}e", "Strasse"),
            ("North-West", "North\u{2013}West"),
            ("North-West", "North\u{2010}West"),
            ("Z\u{fc}rich", "Zurich"),
            ("\u{410}", "A"),
            ("Store Manager", "StoreManager"),
        ] {
            assert_ne!(word(left), word(right), "{left:?} {right:?}");
        }
    }

    #[test]
    fn plain_words_and_addresses_cost_nothing() {
        assert!(matches!(word("store manager"), Cow::Borrowed(_)));
        assert!(matches!(email(" ada@mill.example"), Cow::Borrowed("ada@mill.example")));
    }

    proptest::proptest! {
        #[test]
        fn a_word_twice_is_the_word(value in "\\PC{0,24}|[ \\t\u{a0}A-Za-z\u{130}\u{131}\u{df}\u{300}\u{308}\u{345}\u{3c2}]{0,16}") {
            let once = word(&value).into_owned();
            let twice = word(&once).into_owned();
            proptest::prop_assert_eq!(once, twice);
        }

        #[test]
        fn an_address_twice_is_the_address(part in "\\PC{0,16}|[ \\tA-Za-z\u{130}\u{131}\u{df}\u{300}\u{345}]{0,12}") {
            let part = Some(part);
            let (street, city, region) = (part.clone(), part.clone(), part.clone());
            let address = Address { street, city, region, postcode: part.clone(), country: part };
            let value = serde_json::to_string(&address).unwrap();
            let once = canonical(&TargetField::Address, &value).into_owned();
            let twice = canonical(&TargetField::Address, &once).into_owned();
            proptest::prop_assert_eq!(once, twice);
        }

        #[test]
        fn canonical_twice_is_canonical(value in "\\PC{0,24}|[ \\tA-Za-z0-9+()@.\u{300}\u{308}\u{212a}\u{131}]{0,16}") {
            for field in TargetField::STANDARD {
                let once = canonical(&field, &value).into_owned();
                let twice = canonical(&field, &once).into_owned();
                proptest::prop_assert_eq!(once, twice);
            }
        }
    }
}
