//! What a connector noticed about many people, said once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::{EmployeeId, Problem, ProblemCode};

/// What happened: its code, the field, and the words.
type Kind = (ProblemCode, Cow<'static, str>, Cow<'static, str>);

/// Collects what a connector notices while it reads people: one warning a kind, with a count, and
/// the person where it is only one.
///
/// ```
/// use hris_core::{ProblemCode, Tally};
///
/// let mut tally = Tally::default();
/// tally.count(ProblemCode::InvalidDate, "start_date", "not a date; left out", "e-1");
/// tally.count(ProblemCode::InvalidDate, "start_date", "not a date; left out", "e-2");
/// let problems: Vec<_> = tally.problems().collect();
/// assert_eq!(problems[0].message, "2 people: not a date; left out");
/// ```
#[derive(Debug, Default)]
pub struct Tally {
    kinds: BTreeMap<Kind, (u64, Option<EmployeeId>)>,
    unknown: BTreeMap<String, u64>,
    whole: Vec<Problem>,
}

impl Tally {
    /// Counts one more person for whom `words` are true, about `field`.
    pub fn count(
        &mut self,
        code: ProblemCode,
        field: impl Into<Cow<'static, str>>,
        words: impl Into<Cow<'static, str>>,
        id: &str,
    ) {
        let kind = self.kinds.entry((code, field.into(), words.into())).or_default();
        kind.0 += 1;
        kind.1.get_or_insert_with(|| EmployeeId::from(id));
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
        let counted = self.kinds.into_iter().map(|((code, field, words), (count, first))| {
            let noun = if count == 1 { "person" } else { "people" };
            let mut problem = Problem::warning(code, format!("{count} {noun}: {words}"));
            if !field.is_empty() {
                problem = problem.field(field);
            }
            match first {
                Some(id) if count == 1 => problem.employee(&id),
                _ => problem,
            }
        });
        self.whole.into_iter().chain(unknown).chain(counted)
    }
}
