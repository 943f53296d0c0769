//! One canonical form per field: what "equal" means when people are matched, compared and kept
//! unique. What is stored stays as it was written.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;

use crate::{Address, TargetField};

/// Whether two values of a field mean the same.
pub(crate) fn same(field: &TargetField, left: &str, right: &str) -> bool {
    left == right || canonical(field, left) == canonical(field, right)
}

/// The canonical form of a value. Applying it twice changes nothing.
///
/// - e-mail: trimmed, A to Z small. No other letter is folded: `K` (U+212A) is not `k`, because
///   targets compare without regard to ASCII case only.
/// - phone: digits and a leading `+` (`00` means `+`); spaces, dots, dashes and brackets go.
/// - address: each part as text.
/// - everything else: Unicode composed, runs of white space one space, trimmed. Case counts.
pub(crate) fn canonical<'a>(field: &TargetField, value: &'a str) -> Cow<'a, str> {
    match field {
        TargetField::Email => email(value),
        TargetField::Phone => phone(value),
        TargetField::Address => address(value),
        TargetField::ExternalId => Cow::Borrowed(value.trim()),
        _ => text(value),
    }
}

fn email(value: &str) -> Cow<'_, str> {
    let trimmed = value.trim();
    if trimmed.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(trimmed.to_ascii_lowercase())
    } else {
        Cow::Borrowed(trimmed)
    }
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
    let part =
        |part: Option<String>| part.map(|part| text(&part).into_owned()).filter(|part| !part.is_empty());
    let canonical = Address {
        street: part(address.street),
        city: part(address.city),
        region: part(address.region),
        postcode: part(address.postcode),
        country: part(address.country),
    };
    serde_json::to_string(&canonical).map_or(Cow::Borrowed(value), Cow::Owned)
}

/// A word as people mean it: compatibility form, every kind of blank one space, case folded letter by
/// letter. Letters that fold to several, such as `ß` and `İ`, stay as they are.
pub(crate) fn word(value: &str) -> Cow<'_, str> {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    if value.bytes().all(|byte| plain(&byte)) {
        return Cow::Borrowed(value);
    }
    let composed = ComposingNormalizerBorrowed::new_nfkc().normalize(value);
    let fold = |letter: char| {
        let mut small = letter.to_lowercase();
        match (small.next(), small.next()) {
            (Some(small), None) => small,
            _ => letter,
        }
    };
    let spaced = composed.split_whitespace().collect::<Vec<_>>().join(" ");
    Cow::Owned(spaced.chars().map(fold).collect())
}

fn text(value: &str) -> Cow<'_, str> {
    let spaced = |text: &str| {
        let bytes = text.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_whitespace)
            || bytes.last().is_some_and(u8::is_ascii_whitespace)
            || bytes.windows(2).any(|pair| pair.iter().all(u8::is_ascii_whitespace))
            || bytes.iter().any(|byte| byte.is_ascii_whitespace() && *byte != b' ')
    };
    if value.is_ascii() && !spaced(value) {
        return Cow::Borrowed(value);
    }
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(value);
    Cow::Owned(composed.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same() {
        let equal = [
            (TargetField::Email, " Ada@Mill.Example", "ada@mill.example"),
            (TargetField::Phone, "+44 (20) 7946-0117", "00442079460117"),
            (TargetField::GivenName, "Zoe\u{308}", "Zo\u{eb}"),
            (TargetField::FamilyName, " van  Dyck ", "van Dyck"),
            (
                TargetField::Address,
                r#"{"city":" Leeds","street":"4 Yard"}"#,
                r#"{"street":"4 Yard","city":"Leeds"}"#,
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
            (TargetField::GivenName, "maria", "Maria"),
            (TargetField::EmployeeNumber, "07", "7"),
            (TargetField::Phone, "+4420794", "+4420795"),
        ];
        for (field, left, right) in different {
            assert!(!same(&field, left, right), "{field}: {left:?} {right:?}");
        }
    }

    proptest::proptest! {
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
