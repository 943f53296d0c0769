//! Humaans' records, member by member, in Humaans' words.

use hris_core::record;

record! {
    /// An element of `/people`, the answer of `/people/{id}` and of `/me`.
    pub(crate) struct Person {
        id { "id" }
        text {
            company = "companyId",
            employee_number = "employeeId" => EmployeeNumber,
            first_name = "firstName" => GivenName,
            middle_name = "middleName" => MiddleName,
            last_name = "lastName" => FamilyName,
            preferred_name = "preferredName" => PreferredName,
            email = "email",
            personal_email = "personalEmail" => PersonalEmail,
            phone = "phoneNumber" => WorkPhone,
            personal_phone = "personalPhoneNumber" => PersonalPhone,
            location = "locationId",
            remote_time_zone = "remoteTimezone",
            time_zone = "timezone",
            street = "address" => AddressStreet,
            city = "city" => AddressCity,
            state = "state" => AddressRegion,
            postcode = "postcode" => AddressPostcode,
            country_code = "countryCode",
            country = "country",
            contract_type = "contractType" => EmploymentKind,
            status = "status",
            role = "role" => AccessRole,
            job_title = "jobTitle",
            manager = "managerId",
        }
        loose { department = "department" }
        list { teams = "teams" }
        date {
            employment_start = "employmentStartDate",
            first_day = "firstWorkingDay",
            employment_end = "employmentEndDate",
            last_day = "lastWorkingDay",
        }
        flag { demo = "demo" }
        kept_flag { email_hidden = "isWorkEmailHidden" }
        object { job_role = "jobRole" }
        asked {
            "linkedIn", "twitter", "github", "slack", "bio", "spokenLanguages", "payrollProvider",
            "publicHolidayCalendarId", "seenDocumentsAt", "birthday", "gender", "nationality",
            "nationalities",
        }
        dropped {
            // A bearer secret in everybody's record.
            "calendarFeedToken",
            "profilePhoto", "profilePhotoId",
            "taxId", "taxCode",
            "leavingReason", "leavingNote", "leavingFileId", "turnoverImpact",
            "foodAllergies", "dietaryPreference", "isBirthdayHidden",
            // The same numbers again, with blanks.
            "formattedPhoneNumber", "formattedPersonalPhoneNumber",
        }
        others Extra
    }
}

record! {
    /// An element of `/job-roles`: one line of one person's history.
    pub(crate) struct JobRole {
        id { "id" }
        text {
            person = "personId",
            title = "jobTitle",
            manager = "reportingTo",
            created_at = "createdAt",
        }
        loose { department = "department" }
        date { effective = "effectiveDate" }
        others Dropped
    }
}

record! {
    /// An element of `/locations`.
    pub(crate) struct Location {
        id { "id" }
        text { label = "label", name = "name", city = "city", country = "country" }
        others Dropped
    }
}

record! {
    /// An element of `/custom-fields`.
    pub(crate) struct CustomField {
        id { "id" }
        text { name = "name", section = "section", kind = "type" }
        others Dropped
    }
}

record! {
    /// An element of `/custom-values`.
    pub(crate) struct CustomValue {
        id { "id" }
        text { person = "personId", field = "customFieldId", resource = "resourceId" }
        loose { value = "value" }
        others Dropped
    }
}

record! {
    /// An element of `/companies`.
    pub(crate) struct Company {
        id { "id" }
        text { name = "name", status = "status" }
        others Dropped
    }
}

record! {
    /// The answer of `/token-info`.
    pub(crate) struct TokenInfo {
        id { "id" }
        text { person = "personId" }
        array { scopes = "scopes" }
        others Dropped
    }
}
