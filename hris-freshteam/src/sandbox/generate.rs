//! Invents the company.

use hris_core::sandbox::names::{DEPARTMENTS, OFFICES, TEAMS};
use serde_json::{Value, json};

use super::company::{Company, Units};
use super::person::Person;

pub(super) const SUBDOMAIN: &str = "lofotfisk";
pub(super) const DOMAIN: &str = "lofotfisk.example";

/// The roles that every account has. Everybody here is an Employee, the last of them.
const ROLES: [&str; 9] = [
    "Account Admin",
    "Admin",
    "HR Partner",
    "Limited HR Partner",
    "Recruiter",
    "Limited Recruiter",
    "Hiring Manager",
    "Onboarding specialist",
    "Employee",
];

/// Fills an account with units, a form and so many people.
pub(super) fn fill(company: &mut Company, employees: usize) {
    let branches: Vec<u64> =
        OFFICES.iter().map(|(name, ..)| company.add_unit(Units::Branches, name)).collect();
    let departments: Vec<u64> =
        DEPARTMENTS.iter().map(|(name, _)| company.add_unit(Units::Departments, name)).collect();
    let teams: Vec<u64> = TEAMS.iter().map(|name| company.add_unit(Units::Teams, name)).collect();
    let units: Vec<u64> =
        ["Fresh", "Frozen"].iter().map(|name| company.add_unit(Units::BusinessUnits, name)).collect();
    let parts: Vec<u64> =
        ["Filleting", "Packing"].iter().map(|name| company.add_unit(Units::SubDepartments, name)).collect();
    let levels: Vec<u64> =
        ["IC3", "IC4", "M1"].iter().map(|name| company.add_unit(Units::Levels, name)).collect();
    for role in ROLES {
        company.add_unit(Units::Roles, role);
    }
    let functions: Vec<u64> = ["Administration", "Production"]
        .iter()
        .map(|name| company.add_unit(Units::UserFunctions, name))
        .collect();
    company.form = form();

    let mut ids: Vec<String> = Vec::with_capacity(employees);
    for at in 0..employees {
        let mut rng = company.rng.clone();
        let name = company.names.next(&mut rng);
        let department = rng.below(departments.len());
        let titles = DEPARTMENTS.get(department).map_or(["Staff"; 3], |(_, titles)| *titles);
        let pick = |list: &[u64], at: usize| list.get(at % list.len().max(1)).copied();
        let year = 2014 + rng.below(11);
        let joined = format!("{year}-{:02}-{:02}", 1 + rng.below(12), 1 + rng.below(28));
        let mut person = Person::new(name.given, name.family)
            .email(format!("{}@{DOMAIN}", name.mailbox()))
            .title(rng.pick(&titles).copied().unwrap_or("Staff"))
            .starts(joined)
            .set("branch_id", pick(&branches, rng.below(branches.len())))
            .set("department_id", pick(&departments, department))
            .set("team_id", pick(&teams, rng.below(teams.len())))
            .set("business_unit_id", pick(&units, at))
            .set("sub_department_id", if at % 3 == 0 { pick(&parts, at) } else { None })
            .set("work_numbers", json!([{ "name": "Work", "number": format!("+47 22 {:06}", 100_000 + at) }]))
            .set("phone_numbers", if at % 2 == 0 { Value::Null } else { json!([]) })
            .set_detail("level_id", pick(&levels, at))
            .set_detail("user_function_id", pick(&functions, at))
            .custom("locker_no_cf_str01", format!("B-{}", 1 + at))
            .custom("shoe_size_cf_str02", json!({ "id": 41, "value": format!("{}", 36 + at % 10) }))
            .custom("fresher_cf_boolean01", at % 7 == 0);
        // One in twenty has no number, as happens.
        if at % 20 != 19 {
            person = person.set("employee_id", format!("A-{:04}", 1 + at));
        }
        if at % 4 == 1 {
            let street = format!("Fjordgata {}", 1 + at);
            let home = json!({ "street": street, "state": "", "city": "Trondheim", "country_code": "NO", "zip_code": "7010" });
            person = person.set("address", home);
        }
        // Everybody reports to somebody before them, so nobody at the end of the list leads anybody.
        if let Some(manager) = ids.get(at / 8).filter(|_| at > 0) {
            person = person.reports_to(manager);
        }
        person = match at % 100 {
            31 | 54 | 76 | 93 => person.set("status", "inactive").set("terminated", true).set(
                "termination_date",
                company.today.plus_days(-30 - i32::try_from(at).unwrap_or(0)).to_string(),
            ),
            45 | 85 => person.starts(company.today.plus_days(40).to_string()),
            _ => person,
        };
        company.rng = rng;
        ids.push(company.hire(person));
    }
}

/// The employee form: sections and fields.
fn form() -> Vec<Value> {
    let section = |id: u64, name: &str, label: &str, viewers: &str| {
        json!({
            "id": id, "employee_form_id": 6_000_100_001_u64, "name": name, "label": label,
            "field_type": "field_group", "default": true, "viewable_by": viewers, "editable_by": "hr", "tab": "job",
            "field_scopes": [],
        })
    };
    let field = |id: u64, name: &str, label: &str, kind: &str, section: &str, built_in: bool| {
        json!({
            "id": id, "employee_form_id": 6_000_100_001_u64, "name": name, "label": label, "field_type": kind,
            "required": false, "default": built_in, "section_label": section, "picklist_values": [],
        })
    };
    vec![
        section(6_000_400_001, "general_info", "General Information", "all"),
        section(6_000_400_002, "work_info", "Work Information", "all"),
        section(6_000_400_003, "termination_info", "Termination Information", "hr"),
        field(6_000_400_011, "first_name", "First name", "text", "General Information", true),
        field(6_000_400_012, "termination_date", "Last day", "date_time", "Termination Information", true),
        field(6_000_400_077, "locker_no_cf_str01", "Locker no", "text", "Work Information", false),
        field(6_000_400_078, "shoe_size_cf_str02", "Shoe size", "dropdown", "Work Information", false),
        field(6_000_400_079, "fresher_cf_boolean01", "Fresher", "checkbox", "Work Information", false),
    ]
}
