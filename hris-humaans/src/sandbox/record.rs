//! The record of a person with all its members.

use hris_core::sandbox::CANARY;
use serde_json::{Map, Value, json};

use super::person::Person;
use super::world::{Resource, World};

/// Members that are empty until somebody fills them.
const EMPTY: &str = "address bio birthday city country countryCode employmentEndDate formattedPersonalPhoneNumber \
    formattedPhoneNumber gender github lastWorkingDay leavingFileId leavingNote leavingReason linkedIn middleName \
    nationality payrollProvider personalPhoneNumber phoneNumber postcode preferredName probationEndDate \
    publicHolidayCalendarId remoteCity remoteCountryCode remoteRegionCode remoteTimezone seenDocumentsAt source \
    sourceId state turnoverImpact";

impl World {
    /// Every member of a new person, as a token that sees everything gets them.
    pub(super) fn person_fields(&mut self, id: &str, start: &str, person: Person) -> Map<String, Value> {
        let own = |name: &str| person.members.get(name).cloned();
        let employee_id = own("employeeId").unwrap_or_else(|| {
            let number = self.next_employee_id;
            self.next_employee_id += 1;
            json!(number.to_string())
        });
        let email = own("email").unwrap_or_else(|| {
            let part = |name: &str| {
                let name = own(name).and_then(|name| Some(name.as_str()?.to_lowercase())).unwrap_or_default();
                name.replace(|c: char| !c.is_ascii_alphanumeric(), "")
            };
            let number = employee_id.as_str().unwrap_or("0");
            json!(format!("{}.{}.{number}@{}", part("firstName"), part("lastName"), self.domain))
        });
        let office = self.table(Resource::Locations).first().map(|row| row.key.clone());
        let now = self.tick();
        let mut fields: Map<String, Value> =
            EMPTY.split_whitespace().map(|member| (member.to_owned(), Value::Null)).collect();
        let values = json!({
            "id": id, "companyId": self.company_id, "email": email,
            "isWorkEmailHidden": false, "isVerified": true,
            "personalEmail": format!("{}@home.example", id.to_lowercase()),
            "locationId": office, "timezone": "Europe/London",
            "employmentStartDate": start, "firstWorkingDay": start,
            "contractType": "Full time",
            "workingDays": (["monday", "tuesday", "wednesday", "thursday", "friday"])
                .map(|day| json!({ "day": day })),
            "employeeId": employee_id,
            "teams": person.teams.iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
            "jobRole": person.job.brief(), "role": "user", "demo": false,
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

pub(super) fn canary(what: &str) -> String {
    format!("{CANARY}-{what}")
}
