//! Computes what a token and its owner need, to be shown before set-up.

use hris_core::{LeaverSignals, Need, NeedKind, ReadRequest, Requirements, StandardField};

pub(crate) const PUBLIC_READ: &str = "public:read";
pub(crate) const PRIVATE_READ: &str = "private:read";

/// Where scopes are chosen.
const TOKEN_DIALOG: &str =
    "menu at your name › API access tokens › Generate new token (or edit an existing one)";
const WORKSPACE: &str = "Settings › Permissions › the role › Workspace permissions";
const PROFILES: &str = "Settings › Permissions › the role › Profile permissions";
const MANAGEMENT: &str = "Settings › Permissions › the role › Profile management";

/// How a person revokes a token. No program can.
pub const HOW_TO_REVOKE: &str =
    "Revoke the token in Humaans: open the menu at your name (top left) and choose API access tokens.";

/// Returns what reading `request` needs, with `leavers` as the signs of leaving. Nothing is sent.
///
/// An owner or admin has the permissions already; everybody else needs a role that has them.
///
/// ```
/// use hris_core::{Date, LeaverSignals, ReadRequest, StandardField};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::JobTitle);
/// let needs = hris_humaans::requirements(&request, LeaverSignals::new(true, true));
/// let scopes: Vec<&str> = needs.scopes().map(|need| need.name.as_str()).collect();
/// assert_eq!(scopes, ["private:read"]);
/// assert!(needs.permissions().any(|need| need.name == "Employment › Role"));
/// println!("{needs}");
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[must_use]
pub fn requirements(request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
    let mut found = Requirements::default();
    found.self_checks = vec![
        "the menu at your name shows API access tokens",
        "the page API access tokens shows the button Generate new token",
    ];
    let mut need = |kind, name: &str, place, uses, required: bool| {
        let label = match name {
            PUBLIC_READ => Some("View public data"),
            PRIVATE_READ => Some("View public and private data"),
            "API Access" => Some("Create and use API access tokens"),
            _ => None,
        };
        let need = Need::new(kind, name, place, uses).label(label);
        found.needs.push(if required { need } else { need.advisable() });
    };
    let customs: Vec<String> = request.custom_fields().map(ToString::to_string).collect();
    let custom = !customs.is_empty() || request.wants_everything();
    let mut private = wanted(request, &PRIVATE_BASICS);
    private.extend(wanted(request, &DETAILS));
    private.extend(customs.iter().cloned());
    let mut uses = private.clone();
    if leavers.status {
        uses.push("leavers".to_owned());
    }
    uses.push("people who will start".to_owned());
    let required = !private.is_empty() || leavers.status || custom;
    if !required {
        let public = vec!["names, work e-mail, teams and job roles".to_owned()];
        need(NeedKind::Scope, PUBLIC_READ, TOKEN_DIALOG, public, true);
    }
    need(NeedKind::Scope, PRIVATE_READ, TOKEN_DIALOG, uses, required);

    let permission = NeedKind::Permission;
    need(permission, "API Access", WORKSPACE, vec!["anything".to_owned()], true);
    let everybody = vec!["everybody is visible, not only a group of people".to_owned()];
    need(permission, "all profiles", PROFILES, everybody, true);
    let mut basics = wanted(request, &BASICS);
    basics.extend(wanted(request, &PRIVATE_BASICS));
    for (name, fields) in [
        ("Basics", basics),
        ("Employment › Details", wanted(request, &DETAILS)),
        ("Employment › Role", wanted(request, &ROLE)),
    ] {
        if !fields.is_empty() {
            need(permission, name, PROFILES, fields, true);
        }
    }
    if custom {
        let fields = if customs.is_empty() { vec!["custom fields".to_owned()] } else { customs };
        need(permission, "each custom field that is used", PROFILES, fields, true);
    }
    let leaver = vec!["leavers".to_owned()];
    need(permission, "Offboarded: see", MANAGEMENT, leaver, leavers.status);
    let starter = vec!["people who will start".to_owned()];
    need(permission, "new hires: see", MANAGEMENT, starter, false);
    found
}

/// Whether a field is shown only to a token with `private:read`, as far as is known.
pub(crate) fn is_private(field: StandardField) -> bool {
    PRIVATE_BASICS.contains(&field) || DETAILS.contains(&field)
}

/// The section of the role editor in which a field is granted.
pub(crate) fn section(field: StandardField) -> &'static str {
    if DETAILS.contains(&field) {
        "Employment › Details"
    } else if ROLE.contains(&field) {
        "Employment › Role"
    } else {
        "Basics"
    }
}

const BASICS: [StandardField; 10] = [
    StandardField::GivenName,
    StandardField::MiddleName,
    StandardField::FamilyName,
    StandardField::PreferredName,
    StandardField::Email,
    StandardField::Team,
    StandardField::Teams,
    StandardField::AccessRole,
    StandardField::TimeZone,
    StandardField::RawStatus,
];

const PRIVATE_BASICS: [StandardField; 9] = [
    StandardField::PersonalEmail,
    StandardField::WorkPhone,
    StandardField::PersonalPhone,
    StandardField::Address,
    StandardField::AddressStreet,
    StandardField::AddressCity,
    StandardField::AddressRegion,
    StandardField::AddressPostcode,
    StandardField::AddressCountry,
];

const DETAILS: [StandardField; 6] = [
    StandardField::EmployeeNumber,
    StandardField::EmploymentKind,
    StandardField::Location,
    StandardField::StartDate,
    StandardField::EndDate,
    StandardField::LastWorkingDay,
];

const ROLE: [StandardField; 4] =
    [StandardField::JobTitle, StandardField::Department, StandardField::Manager, StandardField::ManagerEmail];

fn wanted(request: &ReadRequest, fields: &[StandardField]) -> Vec<String> {
    fields.iter().filter(|field| request.wants(**field)).map(|field| field.to_string()).collect()
}
