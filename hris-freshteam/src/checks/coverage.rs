//! Warnings from the first pages.

use std::collections::HashSet;

use hris_core::{Field, Finding, Level, StandardField};

use super::Check;
use crate::wire::Person;

impl Check<'_, '_> {
    /// Work e-mails, which every account needs, and numbers, where they are a match key.
    pub(super) fn coverage(&mut self, rows: &[Person]) {
        if rows.is_empty() {
            return;
        }
        let of = rows.len();
        let filled = rows.iter().filter(|row| row.email.is_value()).count();
        let seen = format!("{filled} of the first {of} employees have one");
        let finding = match filled {
            0 => Finding::missing("field email", format!("official_email: {seen}"))
                .cost("nobody can be matched by e-mail, and nobody gets an account")
                .remedy("fill in the official e-mails in Freshteam, or show them to the key's user"),
            few if few < of => Finding::warning("field email", format!("official_email: {seen}"))
                .cost("the others get no account")
                .remedy("fill in their official e-mails in Freshteam"),
            _ => Finding::passed("field email", format!("official_email: {seen}")),
        };
        self.checks.push(finding);
        if self.checks.request().wants(StandardField::EmployeeNumber) {
            self.numbers(rows);
        }
    }

    fn numbers(&mut self, rows: &[Person]) {
        let numbers: Vec<&str> =
            rows.iter().filter_map(|row| row.employee_number.as_deref().value()).collect();
        let different: HashSet<&str> = numbers.iter().copied().collect();
        let (of, repeated) = (rows.len(), numbers.len() - different.len());
        let outcome =
            format!("employee_id: {} of the first {of} employees have one, {repeated} repeat", numbers.len());
        let level = if repeated > 0 || numbers.len() < of { Level::Warning } else { Level::Passed };
        let mut finding = Finding::new(level, "field employee_number", outcome);
        if level == Level::Warning {
            finding = finding
                .cost("as a match key it matches only people who have one, and is a problem where it repeats")
                .remedy("give everybody a number of their own in Freshteam");
        }
        self.checks.push(finding);
    }

    /// Whether a leaver's record shows the date.
    pub(super) fn dates(&mut self, left: &[Person]) {
        let hidden = |row: &Person| !matches!(row.termination, Field::Value(_));
        if !left.is_empty() && left.iter().all(hidden) {
            let finding = Finding::warning("field end_date", "no inactive employee shows a termination date")
                .cost("a person who becomes inactive counts as having left at once, before the last day too")
                .remedy(
                    "show the section Termination Information to the key's user: Settings › Profile Fields › \
                         Employee Record",
                );
            self.checks.push(finding);
        }
    }
}
