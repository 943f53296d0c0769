//! 24SevenOffice's records, member by member, in 24SevenOffice's words.

use hris_core::record;

record! {
    /// An element of `/employee/v2`.
    pub(crate) struct Employee {
        id { "empId" }
        text {
            email = "email",
            first_name = "firstname",
            last_name = "lastname",
            phone = "telefon",
            street = "postaddress",
            postcode = "zipcode",
            city = "city",
            country = "countryCode",
            employee_date = "employee_date",
            // Older duplicates of `postaddress` and `zipcode`.
            old_street = "address",
            old_postcode = "postalcode",
        }
        object { international_id = "internationalID" }
        array { accounting = "accounting" }
        others Extra unless is_sensitive
    }
}

record! {
    /// The member `internationalID` of an employee.
    pub(crate) struct InternationalId {
        id { "ID" }
        text { country = "countryCode", kind = "type" }
        others Dropped
    }
}

record! {
    /// An element of the member `accounting` of an employee: it has no id.
    pub(crate) struct Share {
        id { "id" }
        text { percentage = "percentage" }
        array { dimensions = "dimensions" }
        others Dropped
    }
}

record! {
    /// Where a share goes: a dimension and its value.
    pub(crate) struct ShareOf {
        id { "dimid" }
        text { value = "value" }
        others Dropped
    }
}

record! {
    /// An element of `/employment/v2/{empId}`.
    pub(crate) struct Employment {
        id { "employment_id" }
        text {
            start = "startdate",
            end = "enddate",
            form = "employment_form",
            enterprise = "enterprise_number",
        }
        flag { primary = "primary_employment" }
        others Dropped
    }
}

record! {
    /// The answer of `/organization/v2`.
    pub(crate) struct Organisation {
        id { "orgno" }
        text { name = "name", country = "country_code" }
        others Dropped
    }
}

record! {
    /// An element of an organisation's `sites`.
    pub(crate) struct Site {
        id { "enterprise_number" }
        text { name = "name" }
        others Dropped
    }
}

record! {
    /// An element of `/employee_field/v2/`.
    pub(crate) struct CustomField {
        id { "id" }
        text { name = "name", kind = "type" }
        others Dropped
    }
}

record! {
    /// An element of `/dimension/v2`.
    pub(crate) struct Dimension {
        id { "dimid" }
        text { name = "name" }
        others Dropped
    }
}

record! {
    /// An element of `/dimension/v2/{dimid}`.
    pub(crate) struct DimensionValue {
        id { "value" }
        text { name = "name" }
        others Dropped
    }
}

/// The beginning of the member that holds a custom field; its id follows.
pub(crate) const CUSTOM: &str = "employee_field_";

/// Whether a member of an employee must never be held: national number, bank, pay, tax, children.
///
/// It goes by parts of names, because in a payroll an undocumented member is more likely pay than not.
pub(crate) fn is_sensitive(member: &str) -> bool {
    const NEVER: [&str; 16] = [
        "account", "bank", "bic", "birth", "child", "clearing", "garnish", "health", "iban", "pension",
        "personnr", "salary", "ssn", "tax", "union", "wage",
    ];
    const ALSO: [&str; 2] = ["continental_shelf", "period"];
    // The share of each department is not a bank account. A custom field is read if the customer requests
    // it.
    if member == "accounting" || member.starts_with(CUSTOM) {
        return false;
    }
    let member = member.to_ascii_lowercase();
    ALSO.contains(&&*member) || NEVER.iter().any(|part| member.contains(part))
}

#[cfg(test)]
mod tests {
    use super::is_sensitive;

    #[test]
    fn pay_tax_bank_and_national_numbers_are_never_held() {
        for member in [
            "personnr",
            "salary",
            "salary_type",
            "salary_valid_from",
            "period",
            "taxtable",
            "percentage_tax_main_employer",
            "percentage_tax_bi_employer",
            "tax_resident_country",
            "continental_shelf",
            "taxexemption",
            "account",
            "bic",
            "clearingno",
            "children",
            "bankAccount2",
        ] {
            assert!(is_sensitive(member), "{member}");
        }
        for member in
            ["hidden", "accounting", "employee_field_3", "email_copy", "employment_rate", "hours_per_week"]
        {
            assert!(!is_sensitive(member), "{member}");
        }
    }
}
