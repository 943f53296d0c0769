//! The merge of one field, in tables, over all patterns, and over histories.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up has failed"
)]

use hris_core::reconcile::{Base, Cause, Conflicts, Merge, MissingValue, Rules, Side, merge};
use hris_core::{TargetField, Timestamp};
use proptest::prelude::*;

const FIELD: TargetField = TargetField::JobTitle;

fn at() -> Timestamp {
    "2026-11-23T09:00:00Z".parse().unwrap()
}

fn value(word: &str) -> Option<&str> {
    (word != "-").then_some(word)
}

fn rules() -> Rules {
    Rules { source_clears: true, target_clears: true, ..Rules::default() }
}

/// `base source target` in words, `-` is no value, `?` no base.
fn merged(line: &str, rules: &Rules) -> Merge {
    let words: Vec<&str> = line.split_whitespace().collect();
    let base = (words[0] != "?").then(|| Base::new(&FIELD, value(words[0]), value(words[0]), at()));
    merge(&FIELD, base.as_ref(), value(words[1]), value(words[2]), rules)
}

#[test]
fn what_follows_from_three_values() {
    let table = [
        ("a a a", Merge::Nothing),
        ("- - -", Merge::Nothing),
        ("a b b", Merge::Agree),
        ("a - -", Merge::Agree),
        ("? a a", Merge::Agree),
        ("? - -", Merge::Agree),
        ("a b a", Merge::Write(Side::Target)),
        ("a - a", Merge::Write(Side::Target)),
        ("- b -", Merge::Write(Side::Target)),
        ("a a b", Merge::Write(Side::Source)),
        ("a a -", Merge::Write(Side::Source)),
        ("- - b", Merge::Write(Side::Source)),
        ("a b c", Merge::Conflict(Cause::BothChanged)),
        ("a - c", Merge::Conflict(Cause::BothChanged)),
        ("a b -", Merge::Conflict(Cause::BothChanged)),
        ("- b c", Merge::Conflict(Cause::BothChanged)),
        ("? a b", Merge::Conflict(Cause::FirstContact)),
        ("? a -", Merge::Write(Side::Target)),
        ("? - b", Merge::Write(Side::Source)),
    ];
    for (line, expected) in table {
        assert_eq!(merged(line, &rules()), expected, "{line}");
    }
}

#[test]
fn what_the_policy_says() {
    let with = |change: fn(&mut Rules)| {
        let mut rules = rules();
        change(&mut rules);
        rules
    };
    let table = [
        ("a b c", with(|r| r.conflict = Conflicts::SourceWins), Merge::Write(Side::Target)),
        ("a b c", with(|r| r.conflict = Conflicts::TargetWins), Merge::Write(Side::Source)),
        ("a b c", with(|r| r.conflict = Conflicts::NewestWins), Merge::Conflict(Cause::BothChanged)),
        (
            "a b c",
            with(|r| (r.conflict, r.newer) = (Conflicts::NewestWins, Some(Side::Target))),
            Merge::Write(Side::Source),
        ),
        ("a b c", with(|r| r.newer = Some(Side::Target)), Merge::Conflict(Cause::BothChanged)),
        ("a b c", with(|r| r.keep = Some(Side::Source)), Merge::Write(Side::Target)),
        (
            "a b c",
            with(|r| (r.conflict, r.keep) = (Conflicts::SourceWins, Some(Side::Target))),
            Merge::Write(Side::Source),
        ),
        ("? a -", with(|r| r.missing_value = MissingValue::Leave), Merge::Leave),
        ("? a -", with(|r| r.missing_value = MissingValue::Ask), Merge::Conflict(Cause::MissingValue)),
        // A rule for conflicts does not answer a question about missing values.
        (
            "? - a",
            with(|r| (r.missing_value, r.conflict) = (MissingValue::Ask, Conflicts::SourceWins)),
            Merge::Conflict(Cause::MissingValue),
        ),
        ("a a -", with(|r| r.source_clears = false), Merge::Diverge(Side::Source)),
        ("a - a", with(|r| r.target_clears = false), Merge::Diverge(Side::Target)),
        (
            "a - c",
            with(|r| (r.conflict, r.target_clears) = (Conflicts::SourceWins, false)),
            Merge::Diverge(Side::Target),
        ),
    ];
    for (line, rules, expected) in table {
        assert_eq!(merged(line, &rules), expected, "{line} {rules:?}");
    }
}

#[test]
fn a_field_that_the_source_cannot_be_written_is_written_over_on_neither_side() {
    let stays = Merge::Diverge(Side::Source);
    let table = [
        ("a a a", Merge::Nothing),
        ("a b b", Merge::Agree),
        ("a b a", Merge::Write(Side::Target)),
        ("a - a", Merge::Write(Side::Target)),
        ("- b -", Merge::Write(Side::Target)),
        ("a a b", stays),
        ("a a -", stays),
        ("- - b", stays),
        ("a b c", stays),
        ("a - c", stays),
        ("a b -", stays),
        ("? a b", stays),
        ("? - b", stays),
        ("? a -", Merge::Write(Side::Target)),
    ];
    for conflict in [Conflicts::Ask, Conflicts::SourceWins, Conflicts::TargetWins, Conflicts::NewestWins] {
        let rules = Rules { source_refuses: true, conflict, newer: Some(Side::Source), ..rules() };
        for (line, expected) in table {
            assert_eq!(merged(line, &rules), expected, "{line} {conflict:?}");
        }
        // Told already; what the source changes then is told as well, and goes over once the two are equal again.
        let apart = Base::new(&FIELD, Some("a"), Some("b"), at());
        let later = |source, target| merge(&FIELD, Some(&apart), Some(source), Some(target), &rules);
        assert_eq!(later("a", "b"), Merge::Nothing);
        assert_eq!(later("c", "b"), stays);
        assert_eq!(later("b", "b"), Merge::Agree);
        // What the target made of a value that it was given is no edit.
        let own =
            Base::after_write(&FIELD, None, Side::Target, (Some("old"), Some("new")), Some("old"), at());
        assert_eq!(merge(&FIELD, Some(&own), Some("newer"), Some("old"), &rules), Merge::Write(Side::Target));
    }
}

#[test]
fn what_one_side_makes_of_a_value_is_no_edit() {
    let table = [
        (TargetField::Phone, "+47 22 12 34 56", "22123456"),
        (TargetField::Phone, "+4722123456", "0047 22 12 34 56"),
        (TargetField::GivenName, "Ada", "ADA"),
        (TargetField::JobTitle, "Head of the spinning department", "Head of the spinning"),
        (
            TargetField::Address,
            r#"{"street":"4 Yard","city":"Oslo","region":"Viken"}"#,
            r#"{"street":"4 Yard","city":"OSLO"}"#,
        ),
    ];
    for (field, written, found) in table {
        let base =
            Base::after_write(&field, None, Side::Source, (Some("old"), Some(written)), Some(found), at());
        let next = merge(&field, Some(&base), Some(found), Some(written), &rules());
        assert_eq!(next, Merge::Nothing, "{field} {found}");
        assert!(!base.is_divergent(&field), "{field}");
    }
}

#[test]
fn a_number_without_its_prefix_is_the_same_at_first_contact() {
    let first = |source, target| merge(&TargetField::Phone, None, Some(source), Some(target), &rules());
    assert_eq!(first("+4740510001", "405 10 001"), Merge::Agree);
    assert_eq!(first("40510001", "+47 405 10 001"), Merge::Agree);
    assert_eq!(first("+4740510001", "+4740510002"), Merge::Conflict(Cause::FirstContact));
}

#[test]
fn an_edit_between_the_write_and_the_reading_back_is_an_edit() {
    let base = Base::after_write(&FIELD, None, Side::Source, (Some("a"), Some("b")), Some("c"), at());
    assert_eq!(merge(&FIELD, Some(&base), Some("c"), Some("b"), &rules()), Merge::Write(Side::Target));
}

/// A side that kept a longer text, or an address with a part, does not cut by itself what it keeps.
#[test]
fn an_edit_that_shortens_between_the_write_and_the_reading_back_is_an_edit() {
    let address = TargetField::Address;
    let (full, city) = (r#"{"street":"4 Yard","city":"Leeds"}"#, r#"{"city":"Leeds"}"#);
    let table = [
        (FIELD, "Master of all the looms", "Head of spinning and weaving", "Head of spinning"),
        (FIELD, "Müllermeister in der Spinnerei", "Müllermeister und Weber", "Müllermeister"),
        (address.clone(), r#"{"street":"1 Mill","city":"Leeds"}"#, full, city),
        (
            address,
            r#"{"street":"17 Old Mill Lane North"}"#,
            r#"{"street":"Weaving Yard 4, third door"}"#,
            r#"{"street":"Weaving Yard 4"}"#,
        ),
    ];
    for (field, before, written, edited) in table {
        for side in [Side::Source, Side::Target] {
            let write = (Some(before), Some(written));
            let base = Base::after_write(&field, None, side, write, Some(edited), at());
            let (source, target) = match side {
                Side::Source => (edited, written),
                Side::Target => (written, edited),
            };
            let next = merge(&field, Some(&base), Some(source), Some(target), &rules());
            assert_eq!(next, Merge::Write(side.other()), "{field} {edited}");
            // It is not carried over where the same may be the side's own doing.
            let base = Base::after_write(&field, None, side, (None, Some(written)), Some(edited), at());
            let next = merge(&field, Some(&base), Some(source), Some(target), &rules());
            assert_eq!(next, Merge::Nothing, "{field} {edited}");
        }
    }
}

/// A side that counts bytes keeps fewer letters of one text than of another.
#[test]
fn a_text_that_is_cut_at_so_many_bytes_is_no_edit() {
    let before = "Head of spinn";
    for written in ["Øåæøåæøåæ", "Øåæ øåæ øåæ", "Chief of dyes and looms"] {
        let mut end = before.len();
        while !written.is_char_boundary(end) {
            end -= 1;
        }
        let found = written[..end].trim_end();
        let base =
            Base::after_write(&FIELD, None, Side::Target, (Some(before), Some(written)), Some(found), at());
        let next = merge(&FIELD, Some(&base), Some(written), Some(found), &rules());
        assert_eq!(next, Merge::Nothing, "{found}");
    }
}

#[test]
fn a_write_without_effect_is_told_and_never_reverses_the_edit() {
    for found in [Some("a"), None] {
        let base = Base::after_write(&FIELD, None, Side::Source, (Some("a"), Some("b")), found, at());
        assert!(base.is_divergent(&FIELD));
        assert_eq!(merge(&FIELD, Some(&base), found, Some("b"), &rules()), Merge::Nothing);
        assert_eq!(merge(&FIELD, Some(&base), found, Some("c"), &rules()), Merge::Write(Side::Source));
    }
}

/// Each side puts its own value back whenever it was overwritten.
#[test]
fn systems_that_undo_each_other_are_held() {
    let mut base = Base::new(&FIELD, Some("a"), Some("a"), at());
    let (mut source, mut target) = ("b", "a");
    let mut writes = 0;
    let held = loop {
        match merge(&FIELD, Some(&base), Some(source), Some(target), &rules()) {
            Merge::Write(side) => {
                let (before, written) =
                    if side == Side::Source { (source, target) } else { (target, source) };
                let pair = (Some(before), Some(written));
                base = Base::after_write(&FIELD, Some(&base), side, pair, Some(written), at());
                writes += 1;
                // The other system does not like it.
                (source, target) = ("b", "a");
            }
            other => break other,
        }
        assert!(writes < 10, "nobody notices");
    };
    assert_eq!(held, Merge::Conflict(Cause::Undone));
    assert_eq!(writes, 4);
    // The rule for conflicts does not set them on each other again; a decision does, once.
    let mut rules = rules();
    rules.conflict = Conflicts::SourceWins;
    assert_eq!(
        merge(&FIELD, Some(&base), Some(source), Some(target), &rules),
        Merge::Conflict(Cause::Undone)
    );
    rules.keep = Some(Side::Source);
    assert_eq!(merge(&FIELD, Some(&base), Some(source), Some(target), &rules), Merge::Write(Side::Target));
    rules.keep = Some(Side::Target);
    assert_eq!(merge(&FIELD, Some(&base), Some(source), Some(target), &rules), Merge::Write(Side::Source));
}

/// Somebody who changes a mind at one side is no quarrel.
#[test]
fn a_value_that_goes_to_and_fro_at_one_side_is_not_held() {
    let mut base = Base::new(&FIELD, Some("a"), Some("a"), at());
    for turn in 0..20 {
        let (source, target) = if turn % 2 == 0 { ("b", "a") } else { ("a", "b") };
        let next = merge(&FIELD, Some(&base), Some(source), Some(target), &rules());
        assert_eq!(next, Merge::Write(Side::Target), "turn {turn}");
        let pair = (Some(target), Some(source));
        base = Base::after_write(&FIELD, Some(&base), Side::Target, pair, Some(source), at());
    }
}

fn swapped(rules: Rules) -> Rules {
    let conflict = match rules.conflict {
        Conflicts::SourceWins => Conflicts::TargetWins,
        Conflicts::TargetWins => Conflicts::SourceWins,
        other => other,
    };
    Rules {
        conflict,
        source_clears: rules.target_clears,
        target_clears: rules.source_clears,
        newer: rules.newer.map(Side::other),
        keep: rules.keep.map(Side::other),
        ..rules
    }
}

fn mirrored(merged: Merge) -> Merge {
    match merged {
        Merge::Write(side) => Merge::Write(side.other()),
        Merge::Diverge(side) => Merge::Diverge(side.other()),
        other => other,
    }
}

fn every_rule() -> Vec<Rules> {
    let sides = [None, Some(Side::Source), Some(Side::Target)];
    let mut all = Vec::new();
    for conflict in Conflicts::ALL {
        for missing in MissingValue::ALL {
            for clears in 0..4 {
                for newer in sides {
                    for keep in sides {
                        all.push(Rules {
                            conflict: conflict.1,
                            missing_value: missing.1,
                            source_refuses: false,
                            source_clears: clears & 1 == 1,
                            target_clears: clears & 2 == 2,
                            newer,
                            keep,
                        });
                    }
                }
            }
        }
    }
    all
}

/// All patterns of values under all rules: symmetric, and nobody's edit is written over unless a rule
/// or a decision says so.
#[test]
fn every_pattern_under_every_rule() {
    let values = [None, Some("a"), Some("b"), Some("c")];
    let mut bases = vec![None];
    for source in values {
        for target in values {
            bases.push(Some((source, target)));
        }
    }
    let mut looked = 0;
    for rules in every_rule() {
        for known in &bases {
            let base = known.map(|(source, target)| Base::new(&FIELD, source, target, at()));
            let turned = known.map(|(source, target)| Base::new(&FIELD, target, source, at()));
            for source in values {
                for target in values {
                    let done = merge(&FIELD, base.as_ref(), source, target, &rules);
                    let other = merge(&FIELD, turned.as_ref(), target, source, &swapped(rules));
                    assert_eq!(done, mirrored(other), "{known:?} {source:?} {target:?} {rules:?}");
                    let edited = |side: Side| match (side, known) {
                        (_, None) => true,
                        (Side::Source, Some(known)) => known.0 != source,
                        (Side::Target, Some(known)) => known.1 != target,
                    };
                    let decided = rules.keep.is_some() || rules.conflict != Conflicts::Ask;
                    if let Merge::Write(side) = done {
                        assert_ne!(source, target);
                        let held = if side == Side::Source { source } else { target };
                        let lost = edited(side) && held.is_some() && known.is_some();
                        assert!(!lost || decided, "{known:?} {source:?} {target:?} {rules:?}");
                        assert!(edited(side.other()) || decided);
                    }
                    if known.is_some()
                        && edited(Side::Source)
                        && edited(Side::Target)
                        && source != target
                        && !decided
                    {
                        assert_eq!(done, Merge::Conflict(Cause::BothChanged));
                    }
                    looked += 1;
                }
            }
        }
    }
    assert_eq!(looked, 4 * 3 * 4 * 9 * 17 * 16);
}

/// Where the source cannot be written, the target's own value goes only if a person decided so, seeing that the
/// source has none.
#[test]
fn no_pattern_writes_over_what_the_source_cannot_take() {
    let values = [None, Some("a"), Some("b")];
    let mut bases = vec![None];
    for source in values {
        bases.extend(values.map(|target| Some((source, target))));
    }
    for rules in every_rule().into_iter().map(|rules| Rules { source_refuses: true, ..rules }) {
        for known in &bases {
            let base = known.map(|(source, target)| Base::new(&FIELD, source, target, at()));
            for (source, target) in values.iter().flat_map(|source| values.map(|target| (*source, target))) {
                match merge(&FIELD, base.as_ref(), source, target, &rules) {
                    Merge::Write(Side::Target) => {
                        let follows = known.is_some_and(|known| known == (target, target));
                        let decided = known.is_none() && source.is_none() && rules.keep == Some(Side::Source);
                        assert!(follows || target.is_none() || decided, "{known:?} {source:?} {target:?}");
                    }
                    Merge::Write(Side::Source) => panic!("{known:?} {source:?} {target:?} {rules:?}"),
                    _ => {}
                }
            }
        }
    }
}

proptest! {
    /// Whatever people do on either side: a value that somebody set stays on that side, arrives on the
    /// other one, or is part of a conflict, until somebody sets another.
    #[test]
    fn no_edit_is_lost_in_any_history(steps in proptest::collection::vec((0_u8..3, 0_u8..4), 1..40)) {
        let rules = rules();
        let words = ["a", "b", "c", "d"];
        let (mut source, mut target): (Option<String>, Option<String>) = (None, None);
        let mut base: Option<Base> = None;
        // The last edit of each side that nobody has seen arrive.
        let mut open: [Option<Option<String>>; 2] = [None, None];
        for (who, what) in steps {
            let word = (what > 0).then(|| words[usize::from(what)].to_owned());
            // Whoever puts back what was in step has edited nothing.
            let in_step = |kept: fn(&Base) -> &Option<String>| base.as_ref().is_some_and(|base| *kept(base) == word);
            match who {
                0 => {
                    source.clone_from(&word);
                    open[0] = (!in_step(|base| &base.source)).then_some(word);
                }
                1 => {
                    target.clone_from(&word);
                    open[1] = (!in_step(|base| &base.target)).then_some(word);
                }
                _ => {
                    let first = base.is_none();
                    match merge(&FIELD, base.as_ref(), source.as_deref(), target.as_deref(), &rules) {
                        Merge::Write(side) => {
                            let (before, written) = if side == Side::Source {
                                (source.clone(), target.clone())
                            } else {
                                (target.clone(), source.clone())
                            };
                            let place = usize::from(side == Side::Target);
                            let lost = open[place].clone().filter(|value| *value != written);
                            prop_assert!(lost.is_none() || (first && lost == Some(None)), "an edit is written over");
                            base = Some(Base::after_write(&FIELD, base.as_ref(), side, (before.as_deref(), written.as_deref()), written.as_deref(), at()));
                            if side == Side::Source { source = written } else { target = written }
                            open = [None, None];
                        }
                        Merge::Agree => {
                            prop_assert_eq!(&source, &target);
                            base = Some(Base::new(&FIELD, source.as_deref(), target.as_deref(), at()));
                            open = [None, None];
                        }
                        Merge::Conflict(_) => prop_assert_ne!(&source, &target),
                        Merge::Nothing => prop_assert!(open.iter().all(|edit| edit.as_ref().is_none_or(|value| *value == source)), "an edit is forgotten"),
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
            }
        }
    }
}
