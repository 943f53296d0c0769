//! What a connector noticed about many people, said once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{EmployeeId, Problem, ProblemCode, Severity};

/// What happened: how grave it is, its code, the field, and the words.
type Kind = (Severity, ProblemCode, Cow<'static, str>, Cow<'static, str>);

/// Collects what a connector notices while it reads people: one problem a kind, with how many people it
/// concerns and who they are. Of one person a kind is counted once.
///
/// ```
/// use hris_core::{ProblemCode, Tally};
///
/// let mut tally = Tally::default();
/// tally.count(ProblemCode::InvalidDate, "start_date", "not a date; left out", "e-1");
/// tally.count(ProblemCode::InvalidDate, "start_date", "not a date; left out", "e-2");
/// let problems: Vec<_> = tally.problems().collect();
/// assert_eq!(problems[0].message, "2 people: not a date; left out");
/// assert_eq!(problems[0].about().count(), 2);
/// ```
#[derive(Debug, Default)]
pub struct Tally {
    kinds: BTreeMap<Kind, Vec<EmployeeId>>,
    unknown: BTreeMap<String, u64>,
    whole: Vec<Problem>,
}

impl Tally {
    /// Counts one more person with this warning about `field`.
    pub fn count(
        &mut self,
        code: ProblemCode,
        field: impl Into<Cow<'static, str>>,
        words: impl Into<Cow<'static, str>>,
        id: &str,
    ) {
        self.add((Severity::Warning, code, field.into(), words.into()), id);
    }

    /// Counts one more person with this error about `field`: something is left undone, and the run ends
    /// with exit code 2.
    pub fn fail(
        &mut self,
        code: ProblemCode,
        field: impl Into<Cow<'static, str>>,
        words: impl Into<Cow<'static, str>>,
        id: &str,
    ) {
        self.add((Severity::Error, code, field.into(), words.into()), id);
    }

    fn add(&mut self, kind: Kind, id: &str) {
        // People are read one after the other, so only the last can be this one.
        let people = self.kinds.entry(kind).or_default();
        if people.last().is_none_or(|last| last.as_str() != id) {
            people.push(EmployeeId::from(id));
        }
    }

    /// Counts one more person whose status is this word that we do not know; nothing where none can
    /// be seen.
    pub fn unknown_status(&mut self, word: &str) {
        let word: String = word.chars().take(40).collect();
        *self.unknown.entry(word).or_default() += 1;
    }

    /// Adds what is true of the whole directory.
    pub fn say(&mut self, problem: Problem) {
        self.whole.push(problem);
    }

    /// Says how many records came twice.
    pub fn repeated(&mut self, records: u64) {
        if records > 0 {
            let words = format!("{records} records were listed twice alike; each was taken once");
            self.say(Problem::warning(ProblemCode::DuplicateExternalId, words));
        }
    }

    /// Everything, what is true of the whole directory first.
    pub fn problems(self) -> impl Iterator<Item = Problem> {
        let unknown = self.unknown.into_iter().map(|(status, count)| {
            let noun = if count == 1 { "person has" } else { "people have" };
            let words = match status.as_str() {
                "" => format!("{count} {noun} no status that can be seen; nothing is decided about them"),
                _ => format!(
                    "{count} {noun} the status {status:?}, which is not known; nothing is decided about them"
                ),
            };
            Problem::warning(ProblemCode::UnknownStatus, words).field("status")
        });
        let counted = self.kinds.into_iter().map(|((severity, code, field, words), people)| {
            let noun = if people.len() == 1 { "person" } else { "people" };
            let mut problem =
                Problem::warning(code, format!("{} {noun}: {words}", people.len())).people(&people);
            problem.severity = severity;
            if field.is_empty() { problem } else { problem.field(field) }
        });
        self.whole.into_iter().chain(unknown).chain(counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_with_two_of_a_kind_is_one_person() {
        let mut tally = Tally::default();
        for id in ["e-1", "e-1", "e-2"] {
            tally.fail(ProblemCode::InvalidDate, "end_date", "cannot be read", id);
        }
        tally.count(ProblemCode::InvalidDate, "end_date", "cannot be read", "e-3");
        let told: Vec<_> = tally
            .problems()
            .map(|problem| {
                (problem.severity, problem.message.clone(), problem.about().cloned().collect::<Vec<_>>())
            })
            .collect();
        let ids = |ids: &[&str]| ids.iter().map(|id| EmployeeId::from(*id)).collect::<Vec<_>>();
        let expected = [
            (Severity::Error, "2 people: cannot be read".to_owned(), ids(&["e-1", "e-2"])),
            (Severity::Warning, "1 person: cannot be read".to_owned(), ids(&["e-3"])),
        ];
        assert_eq!(told, expected);
    }
}
