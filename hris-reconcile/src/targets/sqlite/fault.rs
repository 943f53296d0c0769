//! What SQLite complains about, as errors of a target.

use std::path::Path;

use super::schema::column_names;
use crate::store::sqlite::{Fault, code};
use crate::target::{TargetError, TargetErrorKind};

/// The error of an action that was not done.
pub(super) fn of(doing: &str, path: &Path, error: &sqlx::Error) -> TargetError {
    let constraint = match code(error) {
        // A unique index, a primary key or a row id.
        2067 | 1555 | 2579 => Some((TargetErrorKind::Conflict, "is taken by another account")),
        // Another constraint of the table, a value of the wrong type, a value that is too long.
        code if matches!(code & 0xff, 18..=20) => {
            Some((TargetErrorKind::Rejected, "is refused by the table's own rules"))
        }
        _ => None,
    };
    let Some((kind, why)) = constraint else {
        let fault = Fault::of(error);
        let mut message = format!("{doing} in {}: {}", path.display(), fault.remedy());
        // These name tables and columns only.
        if let (Fault::Other, Some(error)) = (fault, error.as_database_error()) {
            message = format!("{message}: {}", error.message());
        }
        return TargetError::new(TargetErrorKind::Unavailable, message);
    };
    let message = error.as_database_error().map(|error| error.message()).unwrap_or_default();
    let rule = rule(code(error), message);
    let fields = match &rule {
        Some(Rule::Column(column)) => vec![*column],
        _ => fields(message),
    };
    let named = if fields.is_empty() { "a value".to_owned() } else { fields.join(", ") };
    let why = match rule {
        Some(Rule::Column(_)) => {
            "must have a value there, and has none; give the column a default, or map it".to_owned()
        }
        Some(Rule::Check(name)) => format!("{why} ({name})"),
        None => why.to_owned(),
    };
    let error = TargetError::new(kind, format!("{doing}: {named} {why}"));
    fields.into_iter().fold(error, TargetError::field)
}

/// A rule of a table that SQLite names. Its name comes from the table and is never a person's value.
enum Rule<'a> {
    /// A constraint of this name.
    Check(&'a str),
    /// A column that must have a value.
    Column(&'a str),
}

fn rule(code: u32, message: &str) -> Option<Rule<'_>> {
    let is_name = |name: &&str| {
        !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    match code {
        275 => message.strip_prefix("CHECK constraint failed: ").filter(is_name).map(Rule::Check),
        1299 => {
            let column = message.strip_prefix("NOT NULL constraint failed: ")?.rsplit('.').next();
            column.filter(is_name).map(Rule::Column)
        }
        _ => None,
    }
}

/// Names the triggers of the table, because SQLite does not say which one refused an action.
pub(super) fn of_triggers(mut error: TargetError, triggers: &[String]) -> TargetError {
    if !triggers.is_empty() {
        error.message = format!("{} (trigger {})", error.message, triggers.join(" or "));
    }
    error
}

/// Whether a trigger refused the action. Its message may hold values, so it is left out.
pub(super) fn is_trigger(error: &sqlx::Error) -> bool {
    code(error) == 1811
}

/// The error of an action that failed while it was committed. After a disk failure the outcome is unknown
/// until a restart.
pub(super) fn uncertain(doing: &str, path: &Path, error: &sqlx::Error) -> TargetError {
    let mut failure = of(doing, path, error);
    if Fault::of(error) == Fault::Disk {
        failure.kind = TargetErrorKind::UnknownOutcome;
    }
    failure
}

/// As [`of`], of a complaint of the file system.
pub(super) fn of_file(doing: &str, path: &Path, error: &std::io::Error) -> TargetError {
    let remedy = Fault::of_file(error).remedy();
    TargetError::new(TargetErrorKind::Unavailable, format!("{doing} in {}: {remedy}", path.display()))
}

/// The columns that a complaint names, by themselves or within the name of an index.
fn fields(message: &str) -> Vec<&'static str> {
    let words = || message.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let columns = column_names;
    let named: Vec<_> = columns().filter(|column| words().any(|word| word == *column)).collect();
    if !named.is_empty() {
        return named;
    }
    let within = columns().filter(|column| *column != "id" && words().any(|word| word.contains(column)));
    within.max_by_key(|column| column.len()).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_name_columns() {
        for (message, expected) in [
            ("UNIQUE constraint failed: users.email", vec!["email"]),
            (
                "UNIQUE constraint failed: users.given_name, users.family_name",
                vec!["given_name", "family_name"],
            ),
            ("UNIQUE constraint failed: index 'users_email_lower'", vec!["email"]),
            ("UNIQUE constraint failed: index 'u_manager_external_id'", vec!["manager_external_id"]),
            ("CHECK constraint failed: role IN ('a')", vec!["role"]),
            ("CHECK constraint failed: sane", vec![]),
        ] {
            assert_eq!(fields(message), expected, "{message}");
        }
        let named = |code, message| match rule(code, message) {
            Some(Rule::Check(name)) => format!("check {name}"),
            Some(Rule::Column(name)) => format!("column {name}"),
            None => String::new(),
        };
        assert_eq!(named(275, "CHECK constraint failed: sane"), "check sane");
        assert_eq!(named(275, "CHECK constraint failed: email <> 'boss@acme.example'"), "");
        assert_eq!(named(1299, "NOT NULL constraint failed: users.password_hash"), "column password_hash");
    }
}
