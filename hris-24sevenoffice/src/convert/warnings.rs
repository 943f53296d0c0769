//! Warnings, one a kind, with a count.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hris_core::{EmployeeId, Problem, ProblemCode};

/// What happened: its code, the field, and the words.
type Kind = (ProblemCode, Cow<'static, str>, Cow<'static, str>);

/// What happened to how many people.
#[derive(Default)]
pub(crate) struct Warnings {
    kinds: BTreeMap<Kind, (u64, Option<EmployeeId>)>,
    whole: Vec<Problem>,
}

impl Warnings {
    /// Counts one more person for whom `words` are true, about `field`.
    pub(crate) fn count(
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

    /// Adds what is true of the whole directory.
    pub(crate) fn say(&mut self, problem: Problem) {
        self.whole.push(problem);
    }

    /// Says how many records came twice.
    pub(crate) fn repeat(&mut self, records: u64) {
        if records > 0 {
            let words = format!("{records} records were listed twice alike; each was taken once");
            self.say(Problem::warning(ProblemCode::DuplicateExternalId, words));
        }
    }

    pub(crate) fn problems(self) -> impl Iterator<Item = Problem> {
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
        self.whole.into_iter().chain(counted)
    }
}
