//! What a request needs: which members, which lists beside the people, and whether everybody's own
//! record.

use hris_core::wire::Record;
use hris_core::{ReadRequest, SourceField, StandardField};

use crate::lists::Resource;
use crate::wire::Person;

/// Members that only a person's own record has, and that a mapping names as `custom.NAME`.
pub(crate) const DETAIL: [&str; 22] = [
    "cost_center_id",
    "employment_end_date",
    "hire_reason",
    "job_code",
    "legal_name",
    "level",
    "notice_end_date",
    "notice_period",
    "notice_start_date",
    "original_hire_date",
    "previous_exit_date",
    "previous_joining_date",
    "previous_name",
    "probation_end_date",
    "probation_start_date",
    "rehire_eligibility",
    "rehire_status",
    "scheduled_weekly_hours",
    "secondary_business_email",
    "secondary_last_name",
    "user_function_id",
    "work_hours",
];

/// Units that a mapping names as `custom.NAME`, because no standard field is theirs.
pub(super) const UNITS: [(&str, Resource); 3] = [
    ("business_unit", Resource::BUSINESS_UNITS),
    ("level", Resource::LEVELS),
    ("sub_department", Resource::SUB_DEPARTMENTS),
];

/// What a request needs.
pub(crate) struct Need<'a> {
    /// Members that are read only when they are asked for.
    pub(crate) members: Vec<&'a str>,
    /// The lists of named units.
    pub(crate) units: Vec<Resource>,
    /// Whether something is asked for that only a person's own record has.
    pub(crate) details: bool,
    /// Whether the person's roles are.
    pub(crate) roles: bool,
    /// Fields of the customer's own that are asked for by name.
    pub(crate) customs: Vec<&'a str>,
    /// Whether every field of the customer's own is wanted.
    pub(crate) all_customs: bool,
}

impl<'a> Need<'a> {
    pub(crate) fn of(request: &'a ReadRequest) -> Self {
        let named: Vec<&str> = request.named_fields().filter_map(SourceField::custom).collect();
        let is_unit = |word: &str| UNITS.iter().any(|(name, _)| *name == word);
        let is_member = |word: &str| Person::ASKED.contains(&word);
        let customs: Vec<&str> =
            named.iter().copied().filter(|word| !is_unit(word) && !is_member(word)).collect();
        let all = request.wants_everything();
        let mut units = Vec::new();
        for (of, fields) in [
            (Resource::DEPARTMENTS, &[StandardField::Department][..]),
            (Resource::BRANCHES, &[StandardField::Location]),
            (Resource::TEAMS, &[StandardField::Team, StandardField::Teams]),
        ] {
            if fields.iter().any(|field| request.wants(*field)) {
                units.push(of);
            }
        }
        units.extend(UNITS.into_iter().filter(|(name, _)| all || named.contains(name)).map(|(_, of)| of));
        let roles = request.wants(StandardField::AccessRole);
        let details = roles || all || !customs.is_empty() || named.iter().any(|word| DETAIL.contains(word));
        let members = named.into_iter().filter(|word| is_member(word)).collect();
        Self { members, units, details, roles, customs, all_customs: all }
    }

    /// What `include` asks a person's own record to hold besides.
    pub(crate) fn include(&self) -> &'static [&'static str] {
        if self.roles { &["roles"] } else { &[] }
    }

    /// Whether a unit that no standard field holds is wanted under this name.
    pub(super) fn wants_unit(&self, of: Resource) -> bool {
        self.units.contains(&of)
    }
}

/// Whether a field is one that only a person's own record has, at a request for each person.
pub(crate) fn is_detail(field: &SourceField) -> bool {
    match field {
        SourceField::Standard(field) => *field == StandardField::AccessRole,
        _ => field.custom().is_some_and(|word| {
            let in_list = Person::ASKED.contains(&word) || UNITS.iter().any(|(name, _)| *name == word);
            DETAIL.contains(&word) || !in_list
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hris_core::Date;

    /// The fields of a mapping, and what they take: the lists, and whether everybody's own record.
    #[track_caller]
    fn check(fields: &[&str], units: &[Resource], details: bool) {
        let mut request = ReadRequest::new(Date::new(2026, 11, 23).unwrap_or_else(|_| panic!("a day")));
        for field in fields {
            let field: SourceField = field.parse().unwrap_or_else(|_| panic!("{field}"));
            assert_eq!(is_detail(&field), details && fields.len() == 1, "{field}");
            request = request.with_field(field);
        }
        let need = Need::of(&request);
        assert_eq!((need.units.as_slice(), need.details), (units, details), "{fields:?}");
    }

    #[test]
    fn only_what_is_mapped_causes_requests() {
        check(&[], &[], false);
        check(&["email", "given_name", "start_date", "manager", "manager_email", "work_phone"], &[], false);
        check(&["department"], &[Resource::DEPARTMENTS], false);
        check(&["team", "teams", "location"], &[Resource::BRANCHES, Resource::TEAMS], false);
        check(&["custom.business_unit"], &[Resource::BUSINESS_UNITS], false);
        check(&["custom.sub_department"], &[Resource::SUB_DEPARTMENTS], false);
        check(&["custom.date_of_birth"], &[], false);
        check(&["custom.level"], &[Resource::LEVELS], true);
        check(&["custom.legal_name"], &[], true);
        check(&["custom.locker_no_cf_str01"], &[], true);
        check(&["custom.#locker_no_cf_str01"], &[], true);
        check(&["access_role"], &[], true);
    }
}
