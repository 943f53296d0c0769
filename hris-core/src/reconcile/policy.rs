//! What to do in which situation, and how much at once. Every default is the safe one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Assignment, AssignmentKind, StandardField, TargetField, Timestamp};

/// What to do in which situation.
///
/// ```
/// use hris_core::reconcile::{Leavers, Policy};
///
/// let mut policy = Policy::default();
/// policy.leavers = Leavers::Status;
/// assert!(policy.invite);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Policy {
    /// The keys by which people without a link are matched, in order.
    pub match_keys: Vec<MatchKey>,
    /// The rules of assignments.
    pub assignments: Assignments,
    /// Who counts as a leaver.
    pub leavers: Leavers,
    /// An end date in the past while the status says employed.
    pub past_end_date: PastEndDate,
    /// Accounts that no employee was ever linked to.
    pub unlinked_users: UnlinkedUsers,
    /// People who start later.
    pub future_starters: FutureStarters,
    /// Whether new accounts are invited.
    pub invite: bool,
    /// After how many days an invitation that was not accepted is sent again; 0 is never.
    pub reinvite_after_days: u32,
    /// How often a person is invited at most; 0 is no limit.
    pub max_invites: u32,
    /// People who come back.
    pub rehire: Rehire,
    /// E-mail addresses or account ids that are never deactivated or stripped, only reported. An account once
    /// found under an entry stays protected when its address changes.
    pub protected: Vec<String>,
    /// How both sides are kept equal. `None` where data flows from the source alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub two_way: Option<TwoWay>,
}

/// How two systems are kept in step that are both edited.
///
/// ```
/// use hris_core::TargetField;
/// use hris_core::reconcile::{Conflicts, Policy, TwoWay};
///
/// let mut both = TwoWay::default();
/// both.fields.insert(TargetField::Phone, Conflicts::SourceWins);
/// assert_eq!(both.conflict_of(&TargetField::JobTitle), Conflicts::Ask);
///
/// let mut policy = Policy::default();
/// policy.two_way = Some(both);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TwoWay {
    /// Who wins where both sides changed one field.
    pub conflict: Conflicts,
    /// The same for single fields.
    pub fields: BTreeMap<TargetField, Conflicts>,
    /// What to do where one side has no value and the two were never in step.
    pub missing_value: MissingValue,
    /// People who are not in the target.
    pub missing_in_target: MissingPeople,
    /// Accounts of people who are not in the source.
    pub missing_in_source: MissingAccounts,
}

impl TwoWay {
    /// Who wins where both sides changed `field`.
    #[must_use]
    pub fn conflict_of(&self, field: &TargetField) -> Conflicts {
        self.fields.get(field).copied().unwrap_or(self.conflict)
    }
}

impl Policy {
    /// When an invitation that is sent at an instant stops being valid; `None` if it never does.
    ///
    /// ```
    /// use hris_core::reconcile::Policy;
    ///
    /// let mut policy = Policy::default();
    /// policy.reinvite_after_days = 7;
    /// let end = policy.invitation_ends("2026-11-23T09:00:00Z".parse()?);
    /// assert_eq!(end, Some("2026-11-30T09:00:00Z".parse()?));
    /// policy.reinvite_after_days = 0;
    /// assert_eq!(policy.invitation_ends("2026-11-23T09:00:00Z".parse()?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn invitation_ends(&self, sent: Timestamp) -> Option<Timestamp> {
        let days = i32::try_from(self.reinvite_after_days).unwrap_or(i32::MAX);
        (days > 0).then(|| sent.plus_days(days))
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            match_keys: vec![MatchKey::ExternalId, MatchKey::EmployeeNumber, MatchKey::Email],
            assignments: Assignments::default(),
            leavers: Leavers::Vendor,
            past_end_date: PastEndDate::Keep,
            unlinked_users: UnlinkedUsers::Ignore,
            future_starters: FutureStarters::InviteOnStart,
            invite: true,
            reinvite_after_days: 30,
            max_invites: 3,
            rehire: Rehire::Reactivate,
            protected: Vec::new(),
            two_way: None,
        }
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// Every choice, by its word in configuration.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($word, Self::$variant),)*];
        }
    };
}

words! {
    /// A key by which an employee without a link is matched to an account without one.
    MatchKey {
        /// The e-mail address: trimmed, the letters A to Z without regard to case.
        Email = "email",
        /// The employee number.
        EmployeeNumber = "employee_number",
        /// The external id.
        ExternalId = "external_id",
    }
}
words! {
    /// Who wins where both sides changed one field.
    #[derive(Default)]
    Conflicts {
        /// Nobody: somebody decides.
        #[default]
        Ask = "ask",
        /// The side that changed the record later, if both sides have credible times and nothing else in
        /// that record changed: its time is then the time of this change. Otherwise a person decides.
        NewestWins = "newest_wins",
        /// The source.
        SourceWins = "source_wins",
        /// The target.
        TargetWins = "target_wins",
    }
}
words! {
    /// What to do where one side has no value and the two were never in step.
    #[derive(Default)]
    MissingValue {
        /// Somebody decides.
        Ask = "ask",
        /// The empty side gets the value.
        #[default]
        Fill = "fill",
        /// Nothing; later edits are carried over.
        Leave = "leave",
    }
}
words! {
    /// People who are not in the target, under a two-way policy.
    #[derive(Default)]
    MissingPeople {
        /// Somebody decides.
        Ask = "ask",
        /// An account is made.
        #[default]
        Create = "create",
        /// Nothing is done.
        Ignore = "ignore",
    }
}
words! {
    /// Accounts of people who are not in the source, under a two-way policy.
    #[derive(Default)]
    MissingAccounts {
        /// Somebody decides.
        Ask = "ask",
        /// A person is made in the source.
        Create = "create",
        /// Nothing is done.
        #[default]
        Ignore = "ignore",
    }
}
words! {
    /// Who counts as a leaver.
    Leavers {
        /// People missing from the whole list, and people listed with a leaver's status.
        Absence = "absence",
        /// Nobody.
        Never = "never",
        /// People listed with a leaver's status.
        Status = "status",
        /// As the vendor's signs say.
        Vendor = "vendor",
    }
}
words! {
    /// An end date in the past while the status says employed.
    PastEndDate {
        /// The account stays; a warning is given.
        Keep = "keep",
        /// The person counts as a leaver.
        Leaver = "leaver",
    }
}
words! {
    /// Accounts that no employee was ever linked to.
    UnlinkedUsers {
        /// They are closed, under the safeguards.
        Deactivate = "deactivate",
        /// They are left alone.
        Ignore = "ignore",
    }
}
words! {
    /// People who start later.
    FutureStarters {
        /// The account is made and invited at once.
        InviteNow = "invite_now",
        /// The account is made at once and invited on the first day.
        InviteOnStart = "invite_on_start",
        /// Nothing is done before the first day.
        Skip = "skip",
    }
}
words! {
    /// People who come back.
    Rehire {
        /// It is reported and left to a person.
        Conflict = "conflict",
        /// The account that this connection deactivated is opened again.
        Reactivate = "reactivate",
    }
}
words! {
    /// Whether assignments are ever taken away.
    AssignmentMode {
        /// Only ever added.
        Additive = "additive",
        /// What this connection gave is taken back when the source no longer says it.
        Exact = "exact",
    }
}

/// The rules of assignments: permission level, locations, areas of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Assignments {
    /// Whether assignments are ever taken away.
    pub mode: AssignmentMode,
    /// The permission level of those whose role is not listed.
    pub default_role: Option<String>,
    /// Access role or job title in the source to permission level in the target.
    pub roles: BTreeMap<String, String>,
    /// Location in the source to location in the target.
    pub locations: BTreeMap<String, String>,
    /// Where areas come from: teams, groups or department.
    pub areas_from: AreaSource,
    /// Team, group or department in the source to area in the target.
    pub areas: BTreeMap<String, String>,
}

impl Assignments {
    /// Everything that these rules can give.
    pub fn values(&self) -> impl Iterator<Item = Assignment> {
        let of = |kind| move |value: &String| Assignment { kind, value: value.clone() };
        let roles = self.default_role.iter().chain(self.roles.values()).map(of(AssignmentKind::Role));
        let locations = self.locations.values().map(of(AssignmentKind::Location));
        roles.chain(locations).chain(self.areas.values().map(of(AssignmentKind::Area)))
    }
}

impl Default for Assignments {
    fn default() -> Self {
        Self {
            mode: AssignmentMode::Additive,
            default_role: Some("employee".to_owned()),
            roles: BTreeMap::new(),
            locations: BTreeMap::new(),
            areas_from: AreaSource::Teams,
            areas: BTreeMap::new(),
        }
    }
}

words! {
    /// Where areas of work come from.
    AreaSource {
        /// The department.
        Department = "department",
        /// The groups.
        Groups = "groups",
        /// The teams.
        Teams = "teams",
    }
}

impl Policy {
    /// The source fields that the policy itself reads, beside those of the mapping.
    #[must_use]
    pub fn sources(&self) -> Vec<StandardField> {
        let mut fields = vec![
            StandardField::Status,
            StandardField::StartDate,
            StandardField::EndDate,
            StandardField::LastWorkingDay,
        ];
        if !self.assignments.roles.is_empty() {
            fields.extend([StandardField::AccessRole, StandardField::JobTitle]);
        }
        if !self.assignments.locations.is_empty() {
            fields.push(StandardField::Location);
        }
        if !self.assignments.areas.is_empty() {
            fields.push(match self.assignments.areas_from {
                AreaSource::Department => StandardField::Department,
                AreaSource::Groups => StandardField::Groups,
                AreaSource::Teams => StandardField::Teams,
            });
        }
        fields
    }
}

/// How much a run may do without a person looking at it first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Safeguards {
    /// The most accounts a run may deactivate.
    pub max_deactivations: u64,
    /// The same as a percentage of the linked accounts that are in use, rounded down; three are
    /// always within it.
    pub max_deactivations_percent: u64,
    /// The days within which at most twice a run's limit may be deactivated; 0 is no such limit.
    pub window_days: u32,
    /// The least percentage of linked accounts that must remain in use.
    pub min_remaining_percent: u64,
    /// The most accounts a run may create, as a percentage of the linked ones; 0 is no limit.
    pub max_creations_percent: u64,
    /// The least size of the source, as a percentage of its size at the last complete run.
    pub min_source_percent: u64,
    /// The most sign-in addresses of linked accounts that a run may change, as a percentage of those accounts;
    /// five are always within it.
    pub max_email_changes_percent: u64,
    /// Of those who have a field, an assignment of one kind or a permission level, the most that may lose it in
    /// a run, as a percentage; three are always within it. More wait, and everything else goes on.
    pub max_taken_away_percent: u64,
    /// What happens when a limit is passed.
    pub on_breach: OnBreach,
}

impl Default for Safeguards {
    fn default() -> Self {
        Self {
            max_deactivations: 100,
            max_deactivations_percent: 10,
            window_days: 7,
            min_remaining_percent: 50,
            max_creations_percent: 0,
            min_source_percent: 50,
            max_email_changes_percent: 20,
            max_taken_away_percent: 10,
            on_breach: OnBreach::Refuse,
        }
    }
}

words! {
    /// What happens when a safeguard is breached.
    OnBreach {
        /// Removals wait; everything else goes on.
        Hold = "hold",
        /// The run changes nothing.
        Refuse = "refuse",
    }
}
