//! Freshteam's records, member by member, in Freshteam's words.

use hris_core::record;

record! {
    /// An element of `/employees`, and the answer of `/employees/{id}`, which says more.
    pub(crate) struct Person {
        id { "id" }
        text {
            employee_number = "employee_id" => EmployeeNumber,
            first_name = "first_name" => GivenName,
            middle_name = "middle_name" => MiddleName,
            last_name = "last_name" => FamilyName,
            nick_name = "nick_name",
            nickname = "nickname",
            email = "official_email",
            personal_email = "personal_email" => PersonalEmail,
            title = "designation" => JobTitle,
            branch = "branch_id",
            department = "department_id",
            sub_department = "sub_department_id",
            business_unit = "business_unit_id",
            team = "team_id",
            level = "level_id",
            manager = "reporting_to_id" => Manager,
            updated_at = "updated_at",
        }
        loose {
            employee_type = "employee_type" => EmploymentKind,
            status = "status",
            category = "user_category",
            roles = "roles" => AccessRole,
        }
        date { joining = "joining_date", termination = "termination_date" }
        flag { deleted = "deleted", terminated = "terminated", draft = "draft" }
        object {
            address = "address",
            other_address = "communication_address",
            custom = "custom_field_values",
            custom_too = "custom_fields",
        }
        array { work_phones = "work_numbers", phones = "phone_numbers" }
        asked {
            // In the list.
            "confirmed", "date_of_birth", "gender", "hr_incharge_id", "shift_id",
            // With one person only; see `convert::DETAIL`.
            "cost_center_id", "employment_end_date", "hire_reason", "job_code", "legal_name",
            "notice_end_date", "notice_period", "notice_start_date", "original_hire_date",
            "previous_exit_date", "previous_joining_date", "previous_name", "probation_end_date",
            "probation_start_date", "rehire_eligibility", "rehire_status",
            "scheduled_weekly_hours", "secondary_business_email", "secondary_last_name",
            "user_function_id", "work_hours",
        }
        dropped {
            "avatar_url", "background_verification_details", "bank_accounts", "blood_group",
            "bonuses", "compensation_details", "dependents", "emergency_contacts",
            "government_documents", "stocks", "termination_category", "termination_category_id",
            "termination_reason", "visas",
        }
        others Extra unless is_never_kept
    }
}

/// Whether a member must not be held whatever its exact name: answers about equal opportunities.
fn is_never_kept(member: &str) -> bool {
    member.starts_with("eeo_")
}

record! {
    /// An element of `work_numbers` and `phone_numbers`.
    pub(crate) struct Phone {
        id { "id" }
        text { name = "name", number = "number" }
        flag { masked = "masked" }
        others Dropped
    }
}

record! {
    /// `address`, or `communication_address` with its prefix and, at times, without.
    pub(crate) struct Address {
        id { "id" }
        text {
            street = "street",
            city = "city",
            state = "state",
            zip_code = "zip_code",
            country_code = "country_code",
            country = "country",
            other_street = "communication_street",
            other_city = "communication_city",
            other_state = "communication_state",
            other_zip_code = "communication_zip_code",
            other_country_code = "communication_country_code",
            other_country = "communication_country",
        }
        others Dropped
    }
}

record! {
    /// An element of `/branches`, `/departments`, `/teams` and the other lists of named units.
    pub(crate) struct Unit {
        id { "id" }
        text { name = "name" }
        others Dropped
    }
}

record! {
    /// An element of `/employee_fields`: a field of the employee form, or a section of it.
    pub(crate) struct FormField {
        id { "id" }
        text {
            name = "name",
            label = "label",
            kind = "field_type",
            section = "section_label",
            viewable_by = "viewable_by",
        }
        flag { built_in = "default", deleted = "deleted" }
        others Dropped
    }
}
