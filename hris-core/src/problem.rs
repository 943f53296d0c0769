//! What is wrong with a record, and how to correct it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{EmployeeId, UserId};

/// A problem that a person should look at: which record, which field, what to do. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// Whether the record was left undone because of it.
    pub severity: Severity,
    /// The kind, a fixed word that programs may rely on.
    pub code: ProblemCode,
    /// The employee in the source.
    #[serde(default)]
    pub employee: Option<EmployeeId>,
    /// All employees, where one problem concerns several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub employees: Vec<EmployeeId>,
    /// The account in the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// The field, by its name in the mapping or the target.
    #[serde(default)]
    pub field: Option<String>,
    /// What happened and what to do, in words without any personal data.
    pub message: String,
}

impl Problem {
    /// A problem that leaves its record undone; the run ends with exit code 2.
    pub fn error(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            employee: None,
            employees: Vec::new(),
            user: None,
            field: None,
            message: message.into(),
        }
    }

    /// A warning: everything was done, and a person should know of it.
    pub fn warning(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Names the employee in the source.
    #[must_use]
    pub fn employee(mut self, id: &EmployeeId) -> Self {
        self.employee = Some(id.clone());
        self
    }

    /// Names all employees that it concerns. One employee is named as by [`Problem::employee`].
    #[must_use]
    pub fn people<'a>(mut self, ids: impl IntoIterator<Item = &'a EmployeeId>) -> Self {
        self.employees = ids.into_iter().cloned().collect();
        self.employee = self.employees.first().cloned();
        if self.employees.len() == 1 {
            self.employees.clear();
        }
        self
    }

    /// All employees that it concerns.
    pub fn about(&self) -> impl Iterator<Item = &EmployeeId> {
        let one = self.employee.iter().filter(|_| self.employees.is_empty());
        one.chain(&self.employees)
    }

    /// Names the account in the target.
    #[must_use]
    pub fn user(mut self, id: &UserId) -> Self {
        self.user = Some(id.clone());
        self
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }
}

/// One line: severity, code, field, message, and the ids of the people it concerns; of more than five the first
/// five and how many more. [`Problem::about`] has them all.
///
/// ```
/// use hris_core::{EmployeeId, Problem, ProblemCode};
///
/// let problem = Problem::error(ProblemCode::MissingEmail, "give this person a work e-mail");
/// let problem = problem.employee(&EmployeeId::from("e-17")).field("email");
/// assert_eq!(
///     problem.to_string(),
///     "error: missing_email, email: give this person a work e-mail (employee e-17)"
/// );
/// let ids: Vec<EmployeeId> = (1..=8).map(|n| EmployeeId::from(format!("e-{n}"))).collect();
/// let problem = problem.people(&ids);
/// assert!(problem.to_string().ends_with("(employee e-1, employee e-2, employee e-3, employee e-4, employee e-5, 3 more)"));
/// ```
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grave = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{grave}: {}", self.code.as_str())?;
        if let Some(field) = &self.field {
            write!(f, ", {field}")?;
        }
        write!(f, ": {}", self.message)?;
        const NAMED: usize = 5;
        let mut whom: Vec<String> = self.about().take(NAMED).map(|id| format!("employee {id}")).collect();
        let others = self.about().skip(NAMED).count();
        if others > 0 {
            whom.push(format!("{others} more"));
        }
        whom.extend(self.user.iter().map(|id| format!("user {id}")));
        if whom.is_empty() { Ok(()) } else { write!(f, " ({})", whom.join(", ")) }
    }
}

/// The severity of a [`Problem`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The record was left undone.
    Error,
    /// Everything was done, and a person should know of it.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// The fixed words of problems. New ones may be added.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum ProblemCode { $($(#[$doc])* $variant,)* }

        impl ProblemCode {
            /// The word used in reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// A linked account does not carry the external id that it was given.
    AccountReplaced = "account_replaced";
    /// Another connection of this state reads the same organisation.
    AlreadyConnected = "already_connected";
    /// Match keys lead to several accounts, or several people to one account.
    AmbiguousMatch = "ambiguous_match";
    /// A value is gone in the source and the target cannot clear it.
    CannotUnset = "cannot_unset";
    /// The clock of this machine and that of the source show different days.
    ClockDiffers = "clock_differs";
    /// Two systems differ, and this run does not change it.
    Divergence = "divergence";
    /// Several people have one e-mail address.
    DuplicateEmail = "duplicate_email";
    /// Several people have one employee number.
    DuplicateEmployeeNumber = "duplicate_employee_number";
    /// Several records have one id.
    DuplicateExternalId = "duplicate_external_id";
    /// Another connection holds the account.
    HeldElsewhere = "held_elsewhere";
    /// An invalid date, or an end before the start.
    InvalidDate = "invalid_date";
    /// An invalid e-mail address.
    InvalidEmail = "invalid_email";
    /// An unreadable record, or a value that no field can hold. It is left out.
    InvalidRecord = "invalid_record";
    /// People manage each other in a circle.
    ManagerCycle = "manager_cycle";
    /// The e-mail address is missing, so the person cannot get an account.
    MissingEmail = "missing_email";
    /// The external id is missing, so the person cannot get an account.
    MissingExternalId = "missing_external_id";
    /// The credential may not see or do something.
    NotPermitted = "not_permitted";
    /// A protected account was to be deactivated or stripped.
    Protected = "protected";
    /// An entry of the protected accounts matches no account.
    ProtectedUnknown = "protected_unknown";
    /// A known id that now belongs to another person.
    RecycledId = "recycled_id";
    /// The report of a run could not be sent or stored.
    ReportNotSent = "report_not_sent";
    /// The vendor's sample person.
    SamplePerson = "sample_person";
    /// The vendor is retiring this source.
    SourceRetiring = "source_retiring";
    /// State was missing or older than the target: this run only matched.
    StateMissing = "state_missing";
    /// The target refused one record.
    TargetRejected = "target_rejected";
    /// The target did not work when this record was to be written.
    TargetUnavailable = "target_unavailable";
    /// Both sides of a two-way field changed.
    TwoWayConflict = "two_way_conflict";
    /// Another account in the target has a value that must be unique.
    UniquenessConflict = "uniqueness_conflict";
    /// The manager is not visible.
    UnknownManager = "unknown_manager";
    /// An unknown status.
    UnknownStatus = "unknown_status";
    /// A value that no rule of the mapping or the assignments covers.
    UnmappedValue = "unmapped_value";
    /// A person or field that was visible before is hidden now.
    VisibilityLost = "visibility_lost";
}
