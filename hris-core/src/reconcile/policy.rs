//! What to do in which situation, and how much at once. Every default is the safe one.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words;
use crate::mapping::FieldMap;
use crate::{
    Assignment, AssignmentKind, Capabilities, Date, ReadRequest, SettingValue, SourceField, StandardField,
    TargetField, Timestamp,
};

settings! {
    /// What to do in which situation.
    ///
    /// ```
    /// use hris_core::reconcile::{Leavers, Policy};
    ///
    /// let mut policy = Policy::default();
    /// policy.leavers = Leavers::Status;
    /// assert!(policy.invite);
    /// ```
    Policy {
        /// The keys by which people without a link are matched, in order.
        match_keys: Vec<MatchKey> = vec![MatchKey::ExternalId, MatchKey::EmployeeNumber, MatchKey::Email],
        /// What is given to whom.
        assignments: Assignments = Assignments::default(),
        /// Who counts as a leaver.
        leavers: Leavers = Leavers::Vendor,
        /// An end date in the past while the status says employed.
        past_end_date: PastEndDate = PastEndDate::Keep,
        /// Accounts that no employee was ever linked to.
        unlinked_users: UnlinkedUsers = UnlinkedUsers::Ignore,
        /// People who start later.
        future_starters: FutureStarters = FutureStarters::InviteOnStart,
        /// Whether new accounts are invited.
        invite: bool = true,
        /// After how many days an invitation that was not accepted is sent again; 0 is never.
        reinvite_after_days: u32 = 30,
        /// How often a person is invited at most; 0 is no limit.
        max_invites: u32 = 3,
        /// People who come back.
        rehire: Rehire = Rehire::Reactivate,
        /// E-mail addresses or account ids that are never deactivated or stripped, only reported. An account once
        /// found under an entry stays protected when its address changes.
        protected: Vec<String> = Vec::new(),
        /// How both sides are kept in step; `None` where data flows from the source alone.
        #[serde(skip_serializing_if = "Option::is_none")]
        two_way: Option<TwoWay> = None,
    }
}

settings! {
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
    TwoWay {
        /// Who wins where both sides changed one field.
        conflict: Conflicts = Conflicts::default(),
        /// The same for single fields.
        fields: BTreeMap<TargetField, Conflicts> = BTreeMap::new(),
        /// What to do where one side has no value and the two were never in step.
        missing_value: MissingValue = MissingValue::default(),
        /// People who are not in the target.
        missing_in_target: MissingPeople = MissingPeople::default(),
        /// Accounts of people who are not in the source.
        missing_in_source: MissingAccounts = MissingAccounts::default(),
    }
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

settings! {
    /// What is given to whom: permission level, locations, areas of work.
    Assignments {
        /// Whether assignments are ever taken away.
        mode: AssignmentMode = AssignmentMode::Additive,
        /// The permission level of those whose role is not listed.
        default_role: Option<String> = Some("employee".to_owned()),
        /// Access role or job title in the source to permission level in the target.
        roles: BTreeMap<String, String> = BTreeMap::new(),
        /// Location in the source to location in the target.
        locations: BTreeMap<String, String> = BTreeMap::new(),
        /// Where areas come from: teams, groups or department.
        areas_from: AreaSource = AreaSource::Teams,
        /// Team, group or department in the source to area in the target.
        areas: BTreeMap<String, String> = BTreeMap::new(),
    }
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

    /// What to ask a directory of these capabilities for, so that a plan can be made under this policy: the fields that
    /// the mapping takes, and those that the policy itself reads.
    #[must_use]
    pub fn request(&self, map: &FieldMap, capabilities: &Capabilities, today: Date) -> ReadRequest {
        let own = self.sources().into_iter().filter(|field| capabilities.can_read(*field));
        ReadRequest::new(today).with_fields(map.sources()).with_fields(own.map(SourceField::from))
    }
}

settings! {
    /// How much a run may do without a person looking at it first.
    Safeguards {
        /// The most accounts a run may deactivate.
        max_deactivations: u64 = 100,
        /// The same as a percentage of the linked accounts that are in use, rounded down; three are
        /// always within it.
        max_deactivations_percent: u64 = 10; most 100,
        /// The days within which at most twice a run's limit may be deactivated; 0 is no such limit.
        window_days: u32 = 7,
        /// The least percentage of linked accounts that must remain in use.
        min_remaining_percent: u64 = 50; most 100,
        /// The most accounts a run may create, as a percentage of the linked ones; 0 is no limit.
        max_creations_percent: u64 = 0,
        /// The least size of the source, as a percentage of its size at the last complete run.
        min_source_percent: u64 = 50; most 100,
        /// The most sign-in addresses of linked accounts that a run may change, as a percentage of those accounts;
        /// five are always within it.
        max_email_changes_percent: u64 = 20; most 100,
        /// Of those who have a field, an assignment of one kind or a permission level, the most that may lose it in
        /// a run, as a percentage; three are always within it. More wait, and everything else goes on.
        max_taken_away_percent: u64 = 10; most 100,
        /// What happens when a limit is passed.
        on_breach: OnBreach = OnBreach::Refuse,
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

impl Safeguards {
    /// Names the limits that let more pass than the defaults do, so that nobody forgets them. `None` if there are none.
    ///
    /// ```
    /// use hris_core::reconcile::Safeguards;
    ///
    /// let mut safeguards = Safeguards::default();
    /// assert_eq!(safeguards.loosened(), None);
    /// safeguards.window_days = 1;
    /// let said = safeguards.loosened().unwrap_or_default();
    /// assert_eq!(said, "safeguards are looser than the default: window_days = 1 (default 7)");
    /// ```
    #[must_use]
    pub fn loosened(&self) -> Option<String> {
        let all = |it: &Self| {
            // Limits, then floors.
            let limits = [
                ("max_deactivations", it.max_deactivations),
                ("max_deactivations_percent", it.max_deactivations_percent),
                ("max_email_changes_percent", it.max_email_changes_percent),
                ("max_taken_away_percent", it.max_taken_away_percent),
            ];
            let floors = [
                ("window_days", u64::from(it.window_days)),
                ("min_remaining_percent", it.min_remaining_percent),
                ("min_source_percent", it.min_source_percent),
            ];
            (limits, floors)
        };
        let ((limits, floors), (most, least)) = (all(self), all(&Self::default()));
        let limits = limits.into_iter().zip(most).filter(|((_, now), (_, default))| now > default);
        let floors = floors.into_iter().zip(least).filter(|((_, now), (_, default))| now < default);
        let named = limits.chain(floors);
        let names: Vec<String> =
            named.map(|((name, now), (_, default))| format!("{name} = {now} (default {default})")).collect();
        (!names.is_empty()).then(|| format!("safeguards are looser than the default: {}", names.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_of_settings_knows_their_names_words_bounds_and_help() {
        let schema = Safeguards::schema();
        let defaults = serde_json::to_value(Safeguards::default()).unwrap_or_default();
        let names =
            |value: &Value| value.as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
        assert_eq!(names(&schema["properties"]), names(&defaults));
        let share = &schema["properties"]["min_remaining_percent"];
        assert_eq!((&share["minimum"], &share["maximum"]), (&0.into(), &100.into()));
        assert_eq!(share["description"], "The least percentage of linked accounts that must remain in use.");
        assert_eq!(schema["properties"]["on_breach"]["enum"], serde_json::json!(["hold", "refuse"]));
        let policy = Policy::schema();
        assert_eq!(policy["properties"]["match_keys"]["items"]["enum"][1], "employee_number");
        assert_eq!(policy["properties"]["assignments"]["properties"]["areas_from"]["enum"][2], "teams");
        assert_eq!(policy["properties"]["two_way"]["properties"]["conflict"]["enum"][0], "ask");
    }

    #[test]
    fn settings_that_were_stored_before_are_read_and_written_as_they_were() {
        let stored = r#"{"match_keys":["email"],"assignments":{"mode":"exact","default_role":null,"roles":{},
            "locations":{},"areas_from":"groups","areas":{"Ops":"ops"}},"leavers":"status","past_end_date":"keep",
            "unlinked_users":"ignore","future_starters":"skip","invite":false,"reinvite_after_days":7,"max_invites":2,
            "rehire":"conflict","protected":["owner@acme.example"]}"#;
        let stored: Value = serde_json::from_str(stored).unwrap_or_default();
        let read: Policy = serde_json::from_value(stored.clone()).unwrap_or_default();
        assert_eq!(read.assignments.areas_from, AreaSource::Groups);
        assert_eq!(serde_json::to_value(&read).unwrap_or_default(), stored);
    }
}
