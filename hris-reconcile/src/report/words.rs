//! The words in which people read a report, and how hostile text is made harmless in them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hris_core::reconcile::{ActionKind, Rule};
use hris_core::{ProblemCode, Severity};

use super::headline::changed;
use super::{ActionLine, Outcome, Report};

/// The text with every character that cannot be seen, or that changes the order in which text is
/// shown, replaced by one that can: ids and messages come from other systems, and a name for a
/// thing must not be able to look like another.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match u32::from(character) {
            _ if is_plain(character) => shown.push(character),
            0x7F => shown.push('\u{2421}'),
            // Each control character has a picture of its own.
            code @ 0..=0x1F => shown.push(char::from_u32(0x2400 + code).unwrap_or('\u{FFFD}')),
            code => shown.push_str(&format!("⟨U+{code:04X}⟩")),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is seen where it stands and leaves its neighbours alone.
fn is_plain(character: char) -> bool {
    !matches!(u32::from(character),
        0..=0x1F | 0x7F..=0x9F                              // controls
        | 0x00AD | 0x034F | 0x061C | 0x115F | 0x1160        // soft hyphen, joiner, Arabic mark, fillers
        | 0x180B..=0x180F | 0x200B..=0x200F                 // separators and marks without width
        | 0x2028..=0x202E | 0x2060..=0x206F                 // line ends, embeddings, overrides, isolates
        | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0        // fillers, variation selectors, byte order mark
        | 0xFFF0..=0xFFFB | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// How the run ended, in a sentence.
pub(super) fn outcome(report: &Report) -> &'static str {
    match (report.outcome, report.command.as_str()) {
        (Outcome::Completed, "plan") => "A dry run. Nothing was written anywhere.",
        (Outcome::Completed, _) => "Everything was done.",
        (Outcome::Partial, "plan") => "A dry run. Some of it needs a person before it can be done.",
        (Outcome::Partial, _) if report.refusal.is_some() => {
            "Removals wait for a person to look at them; everything else went on."
        }
        (Outcome::Partial, _) => "Some records failed or are in conflict; everything else was done.",
        (Outcome::Refused, _) => "A safeguard refused this run. Nothing was changed.",
        (Outcome::Failed, _) if changed(report) => {
            "The run stopped part-way. What was done until then is listed here and is not done twice."
        }
        (Outcome::Failed, _) => "The run could not be done. Nothing was changed.",
    }
}

/// What one kind of action is called: what was done, and what would be.
pub(super) fn action(kind: ActionKind) -> (&'static str, &'static str) {
    match kind {
        ActionKind::Create => ("Joined", "Would join"),
        ActionKind::Reactivate => ("Came back", "Would come back"),
        ActionKind::Deactivate => ("Left", "Would leave"),
        ActionKind::Update => ("Updated", "Would be updated"),
        ActionKind::Assign => ("Given roles, locations or areas", "Would be given roles, locations or areas"),
        ActionKind::Invite => ("Invited", "Would be invited"),
        ActionKind::Reinvite => ("Invited again", "Would be invited again"),
        ActionKind::Link => ("Linked to an existing account", "Would be linked to an existing account"),
        _ => ("Other actions", "Other actions"),
    }
}

/// The kinds of action in the order in which people look at them: removals first.
pub(super) const ORDER: [ActionKind; 8] = [
    ActionKind::Deactivate,
    ActionKind::Create,
    ActionKind::Reactivate,
    ActionKind::Update,
    ActionKind::Assign,
    ActionKind::Link,
    ActionKind::Invite,
    ActionKind::Reinvite,
];

/// Why something was done, as a sentence about each of several people.
pub(super) fn each(reason: &str) -> String {
    let about_them = ["is ", "has ", "was "].iter().any(|begin| reason.starts_with(begin));
    if about_them { format!("Each {reason}.") } else { format!("For each, {reason}.") }
}

/// Which fields the lines write, and how many lines each, the most written first.
pub(super) fn fields<'a>(lines: impl IntoIterator<Item = &'a ActionLine>) -> Vec<(&'a str, u64)> {
    let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
    for field in lines.into_iter().flat_map(|line| &line.fields) {
        *counted.entry(field).or_default() += 1;
    }
    let mut sorted: Vec<(&str, u64)> = counted.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sorted
}

/// The heading of problems of one severity.
pub(super) fn severity(severity: Severity) -> (&'static str, &'static str) {
    match severity {
        Severity::Error => ("error", "Errors: these records were left undone"),
        _ => ("warning", "Warnings: done, but somebody should know"),
    }
}

/// What one kind of problem means, and how to correct it.
pub(super) fn problem(code: ProblemCode) -> (&'static str, &'static str) {
    match code {
        ProblemCode::AccountReplaced => (
            "A linked account is no longer the one that was linked",
            "`hris resolve` lists the accounts and takes the answer; `hris unlink` ends a link, and the next run looks \
             for another account.",
        ),
        ProblemCode::AlreadyConnected => (
            "Another connection reads the same organisation",
            "Remove one of the two connections. Accounts stay with the one that holds them.",
        ),
        ProblemCode::AmbiguousMatch => (
            "It is open whose account this is",
            "`hris resolve` lists the open questions and takes the answer; `hris link` gives a person another \
             account. \
             Neither the person nor the account is changed until then.",
        ),
        ProblemCode::CannotUnset => (
            "A value is gone and the target cannot clear it",
            "Clear it in the product itself, or leave it as it is.",
        ),
        ProblemCode::ClockDiffers => (
            "The clocks of this machine and of the source show different days",
            "Set the clock of this machine right. Until then the earlier day counts: nobody starts or leaves by a date \
             before both clocks say so.",
        ),
        ProblemCode::Divergence => {
            ("The two systems differ", "Correct the system that is wrong; nothing was changed because of it.")
        }
        ProblemCode::DuplicateEmail => (
            "Several people have one e-mail address",
            "Give each of them an address of their own in the HR system.",
        ),
        ProblemCode::DuplicateEmployeeNumber => (
            "Several people have one employee number",
            "Give each of them a number of their own in the HR system.",
        ),
        ProblemCode::DuplicateExternalId => (
            "Several records have one id",
            "Find the duplicate record in the HR system, and report it to the vendor.",
        ),
        ProblemCode::HeldElsewhere => (
            "Another connection holds the account",
            "Nothing has to be done: this connection takes the account when the person leaves the other. \
             `hris unlink` there releases it sooner.",
        ),
        ProblemCode::InvalidDate => ("A date is not valid", "Correct the date in the HR system."),
        ProblemCode::InvalidEmail => {
            ("An e-mail address is not valid", "Correct the address in the HR system.")
        }
        ProblemCode::InvalidRecord => {
            ("A record could not be read", "Open the record in the HR system and save it again.")
        }
        ProblemCode::ManagerCycle => {
            ("People manage each other in a circle", "Correct one of the managers in the HR system.")
        }
        ProblemCode::MissingEmail => {
            ("No e-mail address", "Add a work e-mail in the HR system, or map another field to it.")
        }
        ProblemCode::MissingExternalId => ("No id", "Map the external id to a field that everybody has."),
        ProblemCode::NotPermitted => (
            "The credential may not see or do this",
            "Grant the permission, or take the field out of the mapping.",
        ),
        ProblemCode::Protected => (
            "A protected account was left alone",
            "If the account should be closed after all, take it off the protected list.",
        ),
        ProblemCode::ProtectedUnknown => (
            "An entry of the protected list matches no account",
            "Write the e-mail address or the id of an account, as the product has it.",
        ),
        ProblemCode::RecycledId => (
            "A known id may belong to somebody else now",
            "`hris resolve ID --same` if the account still belongs to this person, `--different` if it does not.",
        ),
        ProblemCode::ReportNotSent => (
            "The report did not arrive",
            "`hris check` tries the mail server and says what to correct; `hris report` has the report.",
        ),
        ProblemCode::SamplePerson => {
            ("The vendor's sample person", "Delete the sample person in the HR system.")
        }
        ProblemCode::SourceRetiring => {
            ("The vendor is retiring this interface", "Plan the move that the message names.")
        }
        ProblemCode::StateMissing => (
            "The state is missing or old",
            "Bring back the state, or let this run's matches stand; removals begin again afterwards.",
        ),
        ProblemCode::TargetRejected => {
            ("The target refused the record", "Correct what the message names, then run again.")
        }
        ProblemCode::TargetUnavailable => {
            ("The target was not available", "Make sure that it works; the next run does what is left.")
        }
        ProblemCode::TwoWayConflict => (
            "Both sides changed",
            "`hris resolve` takes the decision which side is right; the field stays as it is until then.",
        ),
        ProblemCode::UniquenessConflict => {
            ("Another account has this value", "Change it for one of them; the next run goes on by itself.")
        }
        ProblemCode::UnknownManager => {
            ("The manager cannot be seen", "Check that the manager is listed and visible to the credential.")
        }
        ProblemCode::UnknownStatus => (
            "The status is unknown",
            "Check the person's status in the HR system; nobody is removed because of it.",
        ),
        ProblemCode::UnmappedValue => {
            ("No rule covers this value", "Add the value to the mapping or to the assignments.")
        }
        ProblemCode::VisibilityLost => (
            "Values that were visible before are hidden now",
            "Check the credential's permissions in the HR system. The product keeps the values; if they should go, \
             look at the plan and approve it.",
        ),
        _ => ("Something to look at", "See the message."),
    }
}

/// What a safeguard found, and what to do about it.
pub(super) fn rule(rule: Rule) -> (&'static str, &'static str) {
    const REMOVALS: &str = "Look at who would leave. If they have all left, approve exactly this plan; it \
         then passes once. If not, look in the HR system for a filter, a permission or an import that hides people.";
    const VISIBILITY: &str = "Give the credential back what it could see before. If the change is meant, \
         look at who would leave and approve exactly this plan.";
    match rule {
        Rule::MaxDeactivations | Rule::MaxDeactivationsPercent => {
            ("more people would leave than one run may remove", REMOVALS)
        }
        Rule::MaxDeactivationsWindow => ("too many people would have left within a few days", REMOVALS),
        Rule::MinRemainingPercent => ("too few accounts would remain", REMOVALS),
        Rule::MaxCreationsPercent => (
            "more accounts would be created than one run may create",
            "Look at who would join. If it is right, approve exactly this plan.",
        ),
        Rule::MinSourcePercent => ("the HR system lists far fewer people than last time", VISIBILITY),
        Rule::EmptySource => ("the HR system lists nobody", VISIBILITY),
        Rule::CoverageLost => ("fields or people are hidden from the credential", VISIBILITY),
        Rule::CredentialChanged => (
            "the credential is not the one of the last run",
            "If the credential was replaced on purpose, look at who would leave and approve exactly this plan.",
        ),
        Rule::OrganisationChanged => (
            "the organisation is not the one of the last run",
            "Put back the credential of the right organisation. A new organisation is a new connection.",
        ),
        Rule::UnidentifiedRecord => (
            "records without an id were listed, so nobody knows who is missing",
            "Run again later; if it happens again, report it to the vendor.",
        ),
        Rule::PlanStale => {
            ("the source or the target changed after the plan was made", "Make a new plan and look at it.")
        }
        Rule::ConfigChanged => (
            "the settings changed, and people would leave because of it",
            "Look at who would leave. If the change is meant, approve exactly this plan.",
        ),
        Rule::MaxEmailChanges => (
            "more sign-in addresses would change than one run may change",
            "Look at the addresses. If the change is meant, such as a new domain, approve exactly this plan; it then \
             passes once.",
        ),
        Rule::TargetChanged => (
            "the accounts are not the ones that were linked",
            "Point the target back at the accounts that were linked. If the accounts were moved for good, start with a \
             new state; the first run then only matches.",
        ),
        _ => ("a safeguard refused the run", "Look at the plan; approve it if it is right."),
    }
}

/// What to do about an action that failed without a reason.
pub(super) const RUN_AGAIN: &str = "Run again; what was done is not done twice.";

/// What kept the run from being done, and what to do about it.
pub(super) fn failure(kind: &str) -> (&'static str, &'static str) {
    match kind {
        "auth" => {
            ("a credential or permission is missing", "Replace the credential or grant the permission.")
        }
        "busy" => ("another run is still working", "Wait until the other run has ended."),
        "cancelled" => ("it was stopped", "Run again when ready; nothing is done twice."),
        "config" => ("a setting is wrong or does not allow it", "Correct the setting."),
        "source" => (
            "the HR system did not answer, or its answer could not be trusted",
            "Run again later. Nobody is removed because of an incomplete list.",
        ),
        "state" => ("the state cannot be used", "Do what the message says, then run again."),
        "target" => (
            "the target did not answer, or refused the request",
            "Run again later; it goes on where it stopped and does nothing twice.",
        ),
        _ => ("it could not be finished", "Run again later."),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use hris_core::ProblemCode;
    use hris_core::reconcile::Rule;
    use serde::Deserialize;
    use serde::de::IntoDeserializer as _;
    use serde::de::value::{Error, StrDeserializer};

    use super::{problem, rule, visible};

    /// Every word of an enumeration, read from its own error about an unknown word.
    fn known<T: for<'de> Deserialize<'de>>() -> Vec<T> {
        let other: StrDeserializer<'_, Error> = "no such word".into_deserializer();
        let Err(error) = T::deserialize(other) else { panic!("an unknown word was accepted") };
        let message = error.to_string();
        let words = message.split('`').skip(3).step_by(2);
        let parse = |word: &str| -> Result<T, Error> {
            let word: StrDeserializer<'_, Error> = word.into_deserializer();
            T::deserialize(word)
        };
        words.map(|word| parse(word).unwrap_or_else(|error| panic!("{error}"))).collect()
    }

    #[test]
    fn every_code_has_words_of_its_own() {
        let codes: Vec<ProblemCode> = known();
        assert!(codes.len() > 25, "{codes:?}");
        let mut titles = BTreeSet::new();
        for code in codes {
            let (title, remedy) = problem(code);
            assert_ne!(title, "Something to look at", "{}", code.as_str());
            assert!(titles.insert(title) && !remedy.is_empty(), "{}", code.as_str());
            assert!(!remedy.contains("by hand"), "{}: name the command", code.as_str());
        }
    }

    #[test]
    fn every_rule_has_words_of_its_own() {
        let rules: Vec<Rule> = known();
        assert!(rules.len() > 13, "{rules:?}");
        for one in rules {
            let (title, remedy) = rule(one);
            assert_ne!(title, "a safeguard refused the run", "{}", one.as_str());
            assert!(!remedy.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_seen_is_shown() {
        for (text, shown) in [
            ("Zoë Ng-Müller 李", "Zoë Ng-Müller 李"),
            ("a\r\nb\t\0", "a␍␊b␉␀"),
            ("x\u{7f}\u{85}y", "x␡⟨U+0085⟩y"),
            ("\u{202e}gpj.exe", "⟨U+202E⟩gpj.exe"),
            ("a\u{200b}b\u{feff}", "a⟨U+200B⟩b⟨U+FEFF⟩"),
            ("\u{2067}\u{e0041}", "⟨U+2067⟩⟨U+E0041⟩"),
        ] {
            assert_eq!(visible(text), shown);
        }
    }
}
