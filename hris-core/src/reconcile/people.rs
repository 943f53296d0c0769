//! Where everybody stands: a line each, kept small because nearly all lines say that nothing happens.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::index::Ids;
use super::situation::{Reason, Situation};
use crate::{EmployeeId, UserId};

/// What was decided about one person, and why, whether or not anything is done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verdict {
    /// The person in the source.
    pub employee: Option<EmployeeId>,
    /// The account in the target.
    pub user: Option<UserId>,
    /// What they are to each other.
    pub situation: Situation,
    /// Why.
    pub reason: Reason,
}

/// A [`Verdict`] among those of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct VerdictRef<'a> {
    /// The id of the person in the source.
    pub employee: Option<&'a str>,
    /// The id of the account in the target.
    pub user: Option<&'a str>,
    /// What they are to each other.
    pub situation: Situation,
    /// Why.
    pub reason: Reason,
}

impl Verdict {
    fn borrowed(&self) -> VerdictRef<'_> {
        VerdictRef {
            employee: self.employee.as_ref().map(EmployeeId::as_str),
            user: self.user.as_ref().map(UserId::as_str),
            situation: self.situation,
            reason: self.reason,
        }
    }
}

impl VerdictRef<'_> {
    /// The same on its own.
    #[must_use]
    pub fn to_verdict(self) -> Verdict {
        Verdict {
            employee: self.employee.map(EmployeeId::from),
            user: self.user.map(UserId::from),
            situation: self.situation,
            reason: self.reason,
        }
    }

    /// Whether it is about this person.
    #[must_use]
    pub fn is_of(&self, employee: &EmployeeId) -> bool {
        self.employee == Some(employee.as_str())
    }

    /// Whether it is about this account.
    #[must_use]
    pub fn is_about(&self, user: &UserId) -> bool {
        self.user == Some(user.as_str())
    }
}

/// The verdicts of a plan: one for everybody in the source, in a link, or in the target without one.
///
/// It is written as a list of [`Verdict`]s, ordered by employee and account.
///
/// ```
/// use hris_core::reconcile::{People, Verdict};
///
/// let people = People::default();
/// let everybody: Vec<Verdict> = people.iter().map(|one| one.to_verdict()).collect();
/// assert_eq!(everybody.into_iter().collect::<People>(), people);
/// ```
#[derive(Clone, Default)]
pub struct People {
    employees: Ids,
    users: Ids,
    lines: Vec<Line>,
}

/// Whose ids a verdict names, and what it says.
#[derive(Clone, Copy)]
struct Line {
    employee: u32,
    user: u32,
    situation: Situation,
    reason: Reason,
}

impl Line {
    /// In place of an id: there is none.
    const NOBODY: u32 = u32::MAX;
}

impl People {
    pub(super) fn push(&mut self, verdict: VerdictRef<'_>) {
        self.lines.push(Line {
            employee: verdict.employee.map_or(Line::NOBODY, |id| self.employees.push(id)),
            user: verdict.user.map_or(Line::NOBODY, |id| self.users.push(id)),
            situation: verdict.situation,
            reason: verdict.reason,
        });
    }

    /// These, and what is said of those who are unchanged: the places of their ids among those of all people and all
    /// accounts.
    pub(super) fn with_unchanged(self, mut employees: Ids, mut users: Ids, unchanged: &[(u32, u32)]) -> Self {
        let after = |place: u32, before: usize| match place {
            Line::NOBODY => Line::NOBODY,
            place => u32::try_from(before).map_or(u32::MAX, |before| place.saturating_add(before)),
        };
        let (rows, accounts) = (employees.len(), users.len());
        let mut lines = Vec::with_capacity(self.lines.len() + unchanged.len());
        lines.extend(self.lines.iter().map(|line| Line {
            employee: after(line.employee, rows),
            user: after(line.user, accounts),
            ..*line
        }));
        lines.extend(unchanged.iter().map(|(employee, user)| Line {
            employee: *employee,
            user: *user,
            situation: Situation::Confirmed,
            reason: Reason::Unchanged,
        }));
        employees.append(&self.employees);
        users.append(&self.users);
        Self { employees, users, lines }
    }

    fn verdict(&self, line: &Line) -> VerdictRef<'_> {
        VerdictRef {
            employee: (line.employee != Line::NOBODY).then(|| self.employees.get(line.employee)),
            user: (line.user != Line::NOBODY).then(|| self.users.get(line.user)),
            situation: line.situation,
            reason: line.reason,
        }
    }

    /// How many verdicts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there is nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The verdicts in no particular order, which costs less than [`People::iter`].
    pub fn unordered(&self) -> impl ExactSizeIterator<Item = VerdictRef<'_>> {
        self.lines.iter().map(|line| self.verdict(line))
    }

    /// The verdicts, ordered by employee and account.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = VerdictRef<'_>> {
        let mut all: Vec<VerdictRef<'_>> = self.unordered().collect();
        all.sort_unstable();
        all.into_iter()
    }

    /// The verdict about a person.
    #[must_use]
    pub fn of(&self, employee: &EmployeeId) -> Option<VerdictRef<'_>> {
        self.unordered().filter(|verdict| verdict.is_of(employee)).min()
    }

    /// Keeps these verdicts and forgets all others.
    pub fn retain(&mut self, keep: impl Fn(&VerdictRef<'_>) -> bool) {
        let mut kept = Self::default();
        self.unordered().filter(|verdict| keep(verdict)).for_each(|verdict| kept.push(verdict));
        *self = kept;
    }

    /// Says something else of these people.
    pub(super) fn change(&mut self, of: impl Fn(&str) -> bool, situation: Situation, reason: Reason) {
        for line in self.lines.iter_mut().filter(|line| line.employee != Line::NOBODY) {
            if of(self.employees.get(line.employee)) {
                (line.situation, line.reason) = (situation, reason);
            }
        }
    }
}

impl FromIterator<Verdict> for People {
    fn from_iter<V: IntoIterator<Item = Verdict>>(verdicts: V) -> Self {
        let mut people = Self::default();
        verdicts.into_iter().for_each(|verdict| people.push(verdict.borrowed()));
        people
    }
}

impl PartialEq for People {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl fmt::Debug for People {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "People({})", self.len())
    }
}

impl Serialize for People {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for People {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Lines;

        impl<'de> Visitor<'de> for Lines {
            type Value = People;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of verdicts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<People, A::Error> {
                let mut people = People::default();
                while let Some(verdict) = all.next_element::<Verdict>()? {
                    people.push(verdict.borrowed());
                }
                Ok(people)
            }
        }

        deserializer.deserialize_seq(Lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict<'a>(employee: Option<&'a str>, user: Option<&'a str>) -> VerdictRef<'a> {
        VerdictRef { employee, user, situation: Situation::Confirmed, reason: Reason::Unchanged }
    }

    #[test]
    fn people_are_written_in_order_and_read_again() {
        let all = [
            verdict(Some("b"), Some("u1")),
            verdict(None, Some("u2")),
            verdict(Some("a"), None),
            verdict(Some(""), Some("")),
        ];
        let mut people = People::default();
        all.iter().for_each(|one| people.push(*one));
        let mut sorted = all.to_vec();
        sorted.sort_unstable();
        assert_eq!(people.iter().collect::<Vec<_>>(), sorted);
        let text = serde_json::to_string(&people).unwrap();
        assert_eq!(text, serde_json::to_string(&sorted).unwrap());
        let again: People = serde_json::from_str(&text).unwrap();
        assert_eq!(again, people);
        let mut fewer = again.clone();
        fewer.retain(|one| one.employee != Some("b"));
        assert_ne!(fewer, people);
        fewer.push(verdict(Some("b"), Some("u1")));
        assert_eq!(fewer, people, "in whatever order they were decided");
        fewer.change(|employee| employee == "a", Situation::Contested, Reason::NotUsable);
        let both = fewer.clone();
        let mut all = Ids::default();
        for id in ["x", "y"] {
            all.push(id);
        }
        let whole = both.with_unchanged(all.clone(), all, &[(1, 0)]);
        assert_eq!(whole.len(), fewer.len() + 1);
        assert!(
            fewer
                .iter()
                .chain([verdict(Some("y"), Some("x"))])
                .all(|one| whole.iter().any(|other| one == other))
        );
        assert_eq!(fewer.of(&EmployeeId::from("a")).map(|one| one.situation), Some(Situation::Contested));
    }
}
