//! Values that a target field cannot hold.

use crate::{Kind, ProblemCode, TargetField};

/// Why a value is none that the field can hold.
pub(crate) fn fault_of(target: &TargetField, value: &str) -> Option<(ProblemCode, &'static str)> {
    match target {
        TargetField::Email if is_email(value) => None,
        TargetField::Email => Some((ProblemCode::InvalidEmail, why_no_email(value))),
        _ if target.kind() == Kind::Date && value.parse::<crate::Date>().is_err() => Some((
            ProblemCode::InvalidDate,
            "this is not a date of the form YYYY-MM-DD; correct it or its mapping",
        )),
        _ if holds_control(target, value) => Some((
            ProblemCode::InvalidRecord,
            "a control character that no text can hold is in it; type it again in the HR system",
        )),
        _ => None,
    }
}

/// Whether a character is in a text that none can hold: every control character but the ones that count as
/// blanks.
fn holds_control(target: &TargetField, value: &str) -> bool {
    let refused = |char: char| char.is_control() && !matches!(char, '\t' | '\n' | '\r');
    let control = |text: &str| text.chars().any(refused);
    if control(value) {
        return true;
    }
    // An address is one text of JSON, in which they are written as escapes.
    target.kind() == Kind::Address
        && value.contains('\\')
        && serde_json::from_str::<crate::Address>(value).is_ok_and(|address| {
            [address.street, address.city, address.region, address.postcode, address.country]
                .iter()
                .flatten()
                .any(|part| control(part))
        })
}

fn why_no_email(text: &str) -> &'static str {
    let domain = text.rsplit_once('@').map(|(_, domain)| domain);
    if text.chars().any(is_invisible) {
        "an invisible character is in this e-mail address; type it again in the HR system"
    } else if text.len() > MAX_EMAIL {
        "this e-mail address is longer than 254 bytes; correct it in the HR system"
    } else if text.rsplit_once('@').is_some_and(|(local, _)| local.len() > MAX_LOCAL) {
        "the part before the @ of this e-mail address is longer than 64 bytes; correct it in the HR system"
    } else if domain.is_some_and(is_literal) {
        "the domain of this e-mail address is the number of a machine; correct it in the HR system"
    } else if domain.is_some_and(|domain| !domain.contains('.')) {
        "the domain of this e-mail address has no dot; correct it in the HR system"
    } else {
        "this is not an e-mail address; correct it in the HR system"
    }
}

/// Bytes of an address, and of its part before the `@`, at most (RFC 5321).
const MAX_EMAIL: usize = 254;
const MAX_LOCAL: usize = 64;

/// Characters that nobody sees: control characters, zero-width ones, marks of direction, the soft hyphen,
/// the byte order mark.
fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Whether a domain is the number of a machine: `[192.0.2.1]`, or `192.0.2.1`.
fn is_literal(domain: &str) -> bool {
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.starts_with('[') || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_email(text: &str) -> bool {
    // Nearly every address is of this plain form, which needs no grammar.
    let word = |part: &str, more: &[u8]| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = part.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && part.len() <= 63
            && !part.contains("..")
            && bytes.iter().all(|b| allowed(*b))
    };
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    if text.len() > MAX_EMAIL || local.len() > MAX_LOCAL || !domain.contains('.') || is_literal(domain) {
        return false;
    }
    if word(local, b".-_+") && domain.split('.').all(|label| word(label, b"-")) {
        return true;
    }
    let plain = !text.chars().any(|letter| is_invisible(letter) || letter.is_whitespace());
    plain && email_address::EmailAddress::is_valid(text) && !text.ends_with('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of an address; nothing where it is one.
    fn told(address: &str) -> &'static str {
        fault_of(&TargetField::Email, address).map_or("", |(code, message)| {
            assert_eq!(code, ProblemCode::InvalidEmail);
            message
        })
    }

    #[test]
    fn what_is_an_address_and_what_is_wrong_with_the_others() {
        let long = |local: usize, label: usize| {
            let labels = vec!["d".repeat(label); 4].join(".");
            format!("{}@{labels}.example", "l".repeat(local))
        };
        let invisible = ["\u{200b}", "\u{feff}", "\u{0}", "\u{ad}", "\u{202e}", "\u{2060}", "\t", "\u{7f}"];
        for char in invisible {
            for address in [format!("anna@mill.example{char}"), format!("an{char}na@mill.example")] {
                assert!(told(&address).contains("an invisible character"), "{address:?}");
            }
        }
        for (address, word) in [
            ("anna@mill.example", ""),
            ("Anna.O'Neill+hr@mill.example", ""),
            ("anna@b\u{fc}cher.example", ""),
            ("anna@xn--bcher-kva.example", ""),
            (&long(64, 40), ""),
            (&long(65, 20), "longer than 64 bytes"),
            (&long(60, 50), "longer than 254 bytes"),
            ("anna@localhost", "has no dot"),
            ("anna@[192.0.2.1]", "number of a machine"),
            ("anna@[IPv6:2001:db8::1]", "number of a machine"),
            ("anna@192.0.2.1", "number of a machine"),
            ("anna", "not an e-mail address"),
            ("anna@@mill.example", "not an e-mail address"),
            ("an na@mill.example", "not an e-mail address"),
            ("Anna <anna@mill.example>", "not an e-mail address"),
            ("anna@mill..example", "not an e-mail address"),
        ] {
            let told = told(address);
            assert!(
                if word.is_empty() { told.is_empty() } else { told.contains(word) },
                "{address:?}: {told}"
            );
        }
    }

    #[test]
    fn what_no_text_can_hold() {
        for (field, value, refused) in [
            (TargetField::GivenName, "An\u{0}na", true),
            (TargetField::GivenName, "An\u{1b}na", true),
            (TargetField::Custom("note".to_owned()), "\u{85}", true),
            (TargetField::Address, r#"{"street":"4 \u0000 Yard"}"#, true),
            (TargetField::Address, r#"{"street":"4 \"Fuller's\" Yard\nLeeds"}"#, false),
            (TargetField::GivenName, "An\tna\nMaria", false),
            (TargetField::FamilyName, "Zo\u{eb} \u{200d}", false),
        ] {
            assert_eq!(fault_of(&field, value).is_some(), refused, "{value:?}");
        }
    }
}
