//! Employment Hero's records, member by member, in its own words.

use hris_core::record;

record! {
    /// An element of `…/employees` and the answer of `…/employees/{id}`.
    pub(crate) struct Person {
        id { "id" }
        text {
            code = "code" => EmployeeNumber,
            account_email = "account_email",
            company_email = "company_email",
            email = "email",
            personal_email = "personal_email" => PersonalEmail,
            first_name = "first_name" => GivenName,
            middle_name = "middle_name",
            // The vendor's own client writes it so.
            middle_name_too = "MiddleName",
            last_name = "last_name" => FamilyName,
            known_as = "known_as" => PreferredName,
            full_name = "full_name" => DisplayName,
            company_mobile = "company_mobile",
            company_number = "company_number",
            company_landline = "company_landline",
            personal_mobile = "personal_mobile_number",
            home_phone = "home_phone",
            job_title = "job_title" => JobTitle,
            role = "role" => AccessRole,
            location = "location",
            status = "status",
            employment_type = "employment_type" => EmploymentKind,
            time_zone = "time_zone" => TimeZone,
            address = "address",
            // Dates that may carry a time of day, which is cut off as written.
            start_date = "start_date",
            termination_date = "termination_date",
        }
        list { teams = "teams" }
        object { primary_manager = "primary_manager", residential_address = "residential_address" }
        asked {
            "external_id", "primary_cost_centre", "secondary_cost_centres", "employing_entity",
            "work_country", "independent_contractor",
            "title", "pronouns", "full_legal_name", "legal_name", "date_of_birth", "gender",
            "marital_status", "martial_status", "nationality", "country", "biography", "previous_surname",
        }
        dropped {
            "avatar_url",
            "termination_summary",
            "aboriginal_torres_strait_islander",
            "uk_tax_and_national_insurance", "instapay_referral_opted_out", "payroll_type",
            "abn", "business_detail",
            // The postal address is not mapped, so it is not kept.
            "postal_address",
        }
        others Extra
    }
}

record! {
    /// A manager as a person's record names them; the name in it is for display only.
    pub(crate) struct Reference {
        id { "id" }
        others Dropped
    }
}

record! {
    /// An address inside a person's record. Which members are filled depends on the country.
    pub(crate) struct Address {
        id { "id" }
        text {
            line_1 = "line_1",
            line_2 = "line_2",
            line_3 = "line_3",
            unit = "unit_number",
            street = "street_name",
            suburb = "suburb",
            city = "city",
            state = "state",
            postcode = "postcode",
            country = "country",
        }
        others Dropped
    }
}

record! {
    /// An element of `/organisations`, and, with the counts, the answer of `/organisations/{id}`.
    pub(crate) struct Organisation {
        id { "id" }
        text {
            name = "name",
            employees = "employees_count",
            active = "active_employees_count",
            time_zone = "time_zone",
        }
        others Dropped
    }
}

record! {
    /// An element of a list of which the names are enough: teams, work locations.
    pub(crate) struct Named {
        id { "id" }
        text { name = "name" }
        others Dropped
    }
}

record! {
    /// An element of `…/custom_fields`.
    pub(crate) struct CustomField {
        id { "id" }
        text { name = "name", kind = "type" }
        others Dropped
    }
}

record! {
    /// An element of `…/employees/{id}/custom_fields`. What the member of the value is called is
    /// not documented, so everything is kept to be looked through.
    pub(crate) struct CustomValue {
        id { "id" }
        text { name = "name" }
        others Extra
    }
}
