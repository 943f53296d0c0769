//! Phone numbers with and without a country code.

use crate::config::PhoneRegion;

/// The number with its country code, where the country says how a number without one is completed.
/// Everything else stays unchanged.
pub(crate) fn complete(number: &str, region: Option<PhoneRegion>) -> String {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let plain = number.chars().all(|char| char.is_ascii_digit() || " -.()/\u{a0}".contains(char));
    match region {
        _ if !plain || digits.starts_with("00") => number.to_owned(),
        Some(PhoneRegion::Norway) if digits.len() == 8 && !digits.starts_with('0') => format!("+47{digits}"),
        Some(PhoneRegion::Sweden) if (8..=10).contains(&digits.len()) => match digits.strip_prefix('0') {
            Some(rest) => format!("+46{rest}"),
            None => number.to_owned(),
        },
        _ => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_without_a_country_code_is_completed_where_that_is_certain() {
        let (norway, sweden) = (Some(PhoneRegion::Norway), Some(PhoneRegion::Sweden));
        for (number, region, expected) in [
            ("405 55 141", norway, "+4740555141"),
            ("40555141", norway, "+4740555141"),
            ("40555141", None, "40555141"),
            ("+47 405 55 141", norway, "+47 405 55 141"),
            ("0047 40555141", norway, "0047 40555141"),
            ("02800", norway, "02800"),
            ("12345678 ext 3", norway, "12345678 ext 3"),
            ("070-174 06 05", sweden, "+46701740605"),
            ("1740605", sweden, "1740605"),
            ("", norway, ""),
        ] {
            assert_eq!(complete(number, region), expected, "{number:?}");
        }
    }
}
