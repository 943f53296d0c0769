//! The record of a person with all its members.

use hris_core::sandbox::CANARY;
use serde_json::{Map, Value, json};

use super::person::Person;
use super::world::World;

impl World {
    /// Every member of a new person, as a token that sees everything gets them.
    pub(super) fn person_fields(&mut self, id: &str, start: &str, person: Person) -> Map<String, Value> {
        let employee_id = person.employee_id.unwrap_or_else(|| {
            let number = self.next_employee_id;
            self.next_employee_id += 1;
            Some(number.to_string())
        });
        let email = person.email.unwrap_or_else(|| {
            let part = |name: &str| name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
            let (first, last) = (part(&person.first_name), part(&person.last_name));
            let number = employee_id.as_deref().unwrap_or("0");
            Some(format!("{first}.{last}.{number}@{}", self.domain))
        });
        let location = person.location.or_else(|| self.locations.rows.first().map(|row| row.key.clone()));
        let team_names: Vec<&str> = person.teams.iter().map(String::as_str).collect();
        let now = self.tick();
        let mut fields: Map<String, Value> =
            EMPTY.iter().map(|member| ((*member).to_owned(), Value::Null)).collect();
        let values = json!({
            "id": id, "companyId": self.company_id,
            "firstName": person.first_name, "lastName": person.last_name, "email": email,
            "isWorkEmailHidden": false, "isVerified": true,
            "personalEmail": format!("{}@home.example", id.to_lowercase()),
            "locationId": location, "timezone": "Europe/London",
            "employmentStartDate": start, "firstWorkingDay": start,
            "contractType": "Full time",
            "workingDays": (["monday", "tuesday", "wednesday", "thursday", "friday"])
                .map(|day| json!({ "day": day })),
            "employeeId": employee_id, "teams": teams(&team_names),
            "jobRole": { "jobTitle": person.job_title, "department": person.department },
            "status": person.status.as_str(), "role": "user", "demo": false,
            "spokenLanguages": [], "nationalities": [],
        });
        // Members a connector must drop while it reads, each with text that a
        // leak test can search for.
        let secrets = json!({
            "calendarFeedToken": canary("calendar"), "taxId": canary("tax-id"),
            "taxCode": canary("tax-code"),
            "profilePhoto": { "id": canary("photo-id"), "variants": {
                "64": format!("https://storage.example/{}.jpg", canary("photo")) } },
            "profilePhotoId": canary("photo-id"), "foodAllergies": [canary("allergy")],
            "dietaryPreference": canary("diet"), "isBirthdayHidden": true,
            "createdAt": now, "updatedAt": now,
        });
        // What the caller set comes last and wins.
        for part in [values, secrets, Value::Object(person.members)] {
            if let Value::Object(part) = part {
                fields.extend(part);
            }
        }
        fields
    }
}

/// Members that are empty until somebody fills them.
const EMPTY: [&str; 34] = [
    "address",
    "bio",
    "birthday",
    "city",
    "country",
    "countryCode",
    "employmentEndDate",
    "formattedPersonalPhoneNumber",
    "formattedPhoneNumber",
    "gender",
    "github",
    "lastWorkingDay",
    "leavingFileId",
    "leavingNote",
    "leavingReason",
    "linkedIn",
    "middleName",
    "nationality",
    "payrollProvider",
    "personalPhoneNumber",
    "phoneNumber",
    "postcode",
    "preferredName",
    "probationEndDate",
    "publicHolidayCalendarId",
    "remoteCity",
    "remoteCountryCode",
    "remoteRegionCode",
    "remoteTimezone",
    "seenDocumentsAt",
    "source",
    "sourceId",
    "state",
    "turnoverImpact",
];

pub(super) fn canary(what: &str) -> String {
    format!("{CANARY}-{what}")
}

pub(super) fn teams(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "name": name })).collect()
}
