//! The forms of a text that Unicode calls equal, and the ASCII form of a domain. A program that
//! embeds this crate takes in one table of letters and no more.

use std::borrow::Cow;
use std::iter;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick, is_nfkc_quick};

/// Letters and their marks composed (NFC).
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

/// The compatibility form, composed (NFKC): a full-width letter is the letter.
pub(crate) fn compatible(text: &str) -> Cow<'_, str> {
    match is_nfkc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfkc().collect()),
    }
}

/// A letter whatever its case, for one letter only: `ß` stays `ß`, and the Turkish `İ` and `ı` stay apart
/// from `i`. By way of the capital, because several small letters can share one, as `σ` and `ς` do.
pub(crate) fn folded(letter: char) -> char {
    const DOTLESS: char = '\u{131}';
    if letter == DOTLESS {
        return letter;
    }
    let capital = alone(letter.to_uppercase()).unwrap_or(letter);
    alone(capital.to_lowercase()).unwrap_or(letter)
}

fn alone(mut letters: impl Iterator<Item = char>) -> Option<char> {
    let first = letters.next()?;
    letters.next().is_none().then_some(first)
}

/// The ASCII form of a domain with other letters, as IDNA maps it (`ß` and `ς` are letters of their own).
/// It does not ask whether a name could be registered, so two spellings may stay apart that IDNA takes for
/// one or refuses; it never joins two that IDNA keeps apart. `None` where a letter stands for one that no
/// domain has, such as `/`.
pub(crate) fn ascii_domain(domain: &str) -> Option<String> {
    let small: String = domain.chars().flat_map(small).filter(|letter| !is_unseen(*letter)).collect();
    let small = compatible(&small);
    if small.chars().any(|letter| letter.is_ascii() && !is_of_a_domain(letter)) {
        return None;
    }
    let labels: Option<Vec<_>> = small.split('.').map(ascii_label).collect();
    Some(labels?.join("."))
}

/// A letter as IDNA maps it: a final sigma is kept, but what only looks like one is a sigma.
fn small(letter: char) -> impl Iterator<Item = char> {
    const SIGMA: char = '\u{3c3}';
    const FINAL_SIGMA: char = '\u{3c2}';
    const IDEOGRAPHIC_STOP: char = '\u{3002}';
    iter::once(letter).nfkc().flat_map(char::to_lowercase).map(move |small| match small {
        FINAL_SIGMA if letter != FINAL_SIGMA => SIGMA,
        IDEOGRAPHIC_STOP => '.',
        small => small,
    })
}

fn is_of_a_domain(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '_')
}

/// Letters that show nothing and count for nothing in a domain.
fn is_unseen(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

fn ascii_label(label: &str) -> Option<Cow<'_, str>> {
    if label.is_ascii() { Some(Cow::Borrowed(label)) } else { punycode(label).map(Cow::Owned) }
}

/// One label in Punycode (RFC 3492), with its prefix. `None` if its numbers would overflow.
fn punycode(label: &str) -> Option<String> {
    const BASE: u32 = 36;
    const LEAST: u32 = 1;
    const MOST: u32 = 26;
    let mut out = String::from("xn--");
    out.extend(label.chars().filter(char::is_ascii));
    let plain = u32::try_from(label.chars().filter(char::is_ascii).count()).ok()?;
    if plain > 0 {
        out.push('-');
    }
    let (mut next, mut delta, mut bias, mut done) = (128_u32, 0_u32, 72_u32, plain);
    while let Some(letter) = label.chars().map(u32::from).filter(|letter| *letter >= next).min() {
        delta = delta.checked_add((letter - next).checked_mul(done.checked_add(1)?)?)?;
        for other in label.chars().map(u32::from) {
            if other < letter {
                delta = delta.checked_add(1)?;
            }
            if other != letter {
                continue;
            }
            let (mut rest, mut place) = (delta, BASE);
            loop {
                let threshold = place.saturating_sub(bias).clamp(LEAST, MOST);
                if rest < threshold {
                    break;
                }
                out.push(digit(threshold + (rest - threshold) % (BASE - threshold))?);
                rest = (rest - threshold) / (BASE - threshold);
                place += BASE;
            }
            out.push(digit(rest)?);
            bias = adapted(delta, done + 1, done == plain);
            delta = 0;
            done += 1;
        }
        delta = delta.checked_add(1)?;
        next = letter + 1;
    }
    Some(out)
}

fn digit(number: u32) -> Option<char> {
    char::from_digit(number.checked_sub(26).unwrap_or(number + 10), 36)
}

/// The bias after a letter, as RFC 3492 adapts it.
fn adapted(delta: u32, letters: u32, is_first: bool) -> u32 {
    let mut delta = if is_first { delta / 700 } else { delta / 2 };
    delta += delta / letters;
    let mut steps = 0;
    while delta > 455 {
        delta /= 35;
        steps += 36;
    }
    steps + 36 * delta / (delta + 38)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use icu_casemap::CaseMapperBorrowed;
    use icu_normalizer::ComposingNormalizerBorrowed;

    use super::*;

    /// Every letter, and of those that are alike by the thousand one in fifty.
    fn all() -> impl Iterator<Item = char> {
        ('\0'..=char::MAX).filter(|letter| {
            let alike = matches!(letter, '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{e000}'..='\u{f8ff}'
                | '\u{17000}'..='\u{18cff}' | '\u{20000}'..='\u{2ebef}' | '\u{30000}'..);
            !alike || u32::from(*letter) % 50 == 0
        })
    }

    /// What this build of Rust knows as letters; the other implementation may know younger ones.
    fn letters() -> impl Iterator<Item = char> {
        all().filter(|letter| letter.is_alphanumeric())
    }

    #[test]
    fn every_letter_has_the_forms_of_another_implementation() {
        let (nfc, nfkc) = (ComposingNormalizerBorrowed::new_nfc(), ComposingNormalizerBorrowed::new_nfkc());
        for letter in all() {
            for text in [letter.to_string(), format!("e{letter}\u{301}")] {
                assert_eq!(composed(&text), nfc.normalize(&text), "{text:?}");
                assert_eq!(compatible(&text), nfkc.normalize(&text), "{text:?}");
            }
        }
    }

    #[test]
    fn letters_that_fold_to_one_are_those_of_another_implementation() {
        let case = CaseMapperBorrowed::new();
        let (mut theirs, mut ours) = (BTreeMap::new(), BTreeMap::new());
        // Only these are folded: `word` takes the compatibility form first.
        for letter in
            letters().filter(|letter| compatible(letter.encode_utf8(&mut [0; 4])).chars().eq([*letter]))
        {
            let (their, our) = (case.simple_fold(letter), folded(letter));
            assert_eq!(*theirs.entry(their).or_insert(our), our, "{letter:?}");
            assert_eq!(*ours.entry(our).or_insert(their), their, "{letter:?}");
        }
    }

    #[test]
    fn domains_with_a_letter_are_those_of_another_implementation() {
        let mut apart = 0;
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for letter in letters().filter(|letter| !letter.is_ascii()) {
            for domain in [format!("a{letter}b.example"), format!("z{letter}.d\u{fc}\u{df}")] {
                let (Some(our), Ok(their)) = (ascii_domain(&domain), idna::domain_to_ascii(&domain)) else {
                    continue;
                };
                apart += usize::from(our != their);
                let other = seen.entry(our).or_insert_with(|| their.clone());
                assert_eq!(*other, their, "{domain:?} is joined with another");
            }
        }
        assert!(apart < 600, "{apart} domains have another form");
    }

    #[test]
    fn domains_of_several_letters() {
        for domain in [
            "b\u{fc}cher.example",
            "B\u{dc}CHER.Example",
            "stra\u{df}e.example",
            "\u{4f8b}\u{3048}\u{3002}\u{30c6}\u{30b9}\u{30c8}",
            "\u{3b1}\u{3b2}\u{3b3}\u{3c2}.example",
            "\u{43f}\u{43e}\u{447}\u{442}\u{430}.\u{440}\u{444}",
            "xn--bcher-kva.b\u{fc}cher",
            "\u{ff41}\u{ff42}.example",
            "a\u{ad}\u{e9}\u{e8}\u{ea}-1.example",
        ] {
            assert_eq!(ascii_domain(domain), idna::domain_to_ascii(domain).ok(), "{domain}");
        }
        assert_eq!(ascii_domain("x\u{2100}y.example"), None);
    }

    proptest::proptest! {
        #[test]
        fn what_idna_accepts_has_its_form(label in "[a-z\u{e0}-\u{f6}\u{3b1}-\u{3c9}\u{430}-\u{44f}\u{4e00}-\u{4eff}]{1,12}") {
            let domain = label + ".example";
            if let Ok(their) = idna::domain_to_ascii(&domain) {
                proptest::prop_assert_eq!(ascii_domain(&domain), Some(their));
            }
        }
    }
}
