//! What is wrong with one record, said so that somebody can mend it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{EmployeeId, UserId};

/// Something a person should look at: which record, which field, what to do. Never a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// Whether the record was left undone because of it.
    pub severity: Severity,
    /// The kind, a fixed word that programs may rely on.
    pub code: ProblemCode,
    /// Whom it concerns in the source.
    #[serde(default)]
    pub employee: Option<EmployeeId>,
    /// Everybody whom it concerns, where it is one problem of several people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub employees: Vec<EmployeeId>,
    /// Whom it concerns in the target.
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

    /// A problem that somebody should know of; everything was done.
    pub fn warning(code: ProblemCode, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Names the person in the source.
    #[must_use]
    pub fn employee(mut self, id: &EmployeeId) -> Self {
        self.employee = Some(id.clone());
        self
    }

    /// Names everybody whom it concerns; of one person as [`Problem::employee`] does.
    #[must_use]
    pub fn people<'a>(mut self, ids: impl IntoIterator<Item = &'a EmployeeId>) -> Self {
        self.employees = ids.into_iter().cloned().collect();
        self.employee = self.employees.first().cloned();
        if self.employees.len() == 1 {
            self.employees.clear();
        }
        self
    }

    /// Everybody whom it concerns in the source.
    pub fn about(&self) -> impl Iterator<Item = &EmployeeId> {
        let one = self.employee.iter().filter(|_| self.employees.is_empty());
        one.chain(&self.employees)
    }

    /// Names the person in the target.
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

/// One line: how grave, the code, the field, the message, and whom it concerns by id.
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
        let mut whom: Vec<String> = self.about().map(|id| format!("employee {id}")).collect();
        whom.extend(self.user.iter().map(|id| format!("user {id}")));
        if whom.is_empty() { Ok(()) } else { write!(f, " ({})", whom.join(", ")) }
    }
}

/// How grave a [`Problem`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Severity {
    /// The record was left undone.
    Error,
    /// Everything was done; somebody should know.
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
    /// Match keys point at several users, or several people at one.
    AmbiguousMatch = "ambiguous_match";
    /// A value is gone in the source and the target cannot take it away.
    CannotUnset = "cannot_unset";
    /// The clock of this machine and that of the source show different days.
    ClockDiffers = "clock_differs";
    /// Two systems differ and this run leaves it so.
    Divergence = "divergence";
    /// Several people have one e-mail address.
    DuplicateEmail = "duplicate_email";
    /// Several people have one employee number.
    DuplicateEmployeeNumber = "duplicate_employee_number";
    /// Several records have one id.
    DuplicateExternalId = "duplicate_external_id";
    /// Another connection holds the account.
    HeldElsewhere = "held_elsewhere";
    /// A date that no calendar has, or an end before the start.
    InvalidDate = "invalid_date";
    /// An e-mail address that cannot be one.
    InvalidEmail = "invalid_email";
    /// A record that could not be read, or a value in it that no text or field can hold: it is left out.
    InvalidRecord = "invalid_record";
    /// People manage each other in a circle.
    ManagerCycle = "manager_cycle";
    /// Nobody can be provisioned without an e-mail address.
    MissingEmail = "missing_email";
    /// Nobody can be provisioned without an external id.
    MissingExternalId = "missing_external_id";
    /// The credential may not see or do something.
    NotPermitted = "not_permitted";
    /// A protected account was to be deactivated or stripped.
    Protected = "protected";
    /// An entry of the protected accounts matches none.
    ProtectedUnknown = "protected_unknown";
    /// A known id that now belongs to somebody else.
    RecycledId = "recycled_id";
    /// The report of a run was not sent or stored where it should go.
    ReportNotSent = "report_not_sent";
    /// The vendor's sample person.
    SamplePerson = "sample_person";
    /// The vendor is retiring this source.
    SourceRetiring = "source_retiring";
    /// State was missing or older than the target: this run only matched.
    StateMissing = "state_missing";
    /// The target refused one record.
    TargetRejected = "target_rejected";
    /// The system that was to be written did not work when it was this record's turn.
    TargetUnavailable = "target_unavailable";
    /// Both sides of a two-way field changed.
    TwoWayConflict = "two_way_conflict";
    /// Somebody else in the target holds a value that must be unique.
    UniquenessConflict = "uniqueness_conflict";
    /// The manager is not among the people that can be seen.
    UnknownManager = "unknown_manager";
    /// A status that we do not know.
    UnknownStatus = "unknown_status";
    /// A value that no rule of the mapping or the assignments covers.
    UnmappedValue = "unmapped_value";
    /// Somebody or something that was visible before is not visible now.
    VisibilityLost = "visibility_lost";
}
