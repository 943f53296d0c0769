//! Computes what a token and its owner need, to be shown before set-up.

use hris_core::StandardField::{
    self, AccessRole, Address, AddressCity, AddressCountry, AddressPostcode, AddressRegion, AddressStreet,
    Department, Email, EmployeeNumber, EmploymentKind, EndDate, FamilyName, GivenName, JobTitle,
    LastWorkingDay, Location, Manager, ManagerEmail, MiddleName, PersonalEmail, PersonalPhone, PreferredName,
    RawStatus, StartDate, Team, Teams, TimeZone, WorkPhone,
};
use hris_core::{LeaverSignals, Need, NeedKind, ReadRequest, Requirements};

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
    let mut uses = wanted(request, &|section| section.is_private);
    uses.extend(customs.iter().cloned());
    let required = !uses.is_empty() || leavers.status || custom;
    if leavers.status {
        uses.push("leavers".to_owned());
    }
    uses.push("people who will start".to_owned());
    if !required {
        let public = vec!["names, work e-mail, teams and job roles".to_owned()];
        need(NeedKind::Scope, PUBLIC_READ, TOKEN_DIALOG, public, true);
    }
    need(NeedKind::Scope, PRIVATE_READ, TOKEN_DIALOG, uses, required);

    let permission = NeedKind::Permission;
    need(permission, "API Access", WORKSPACE, vec!["anything".to_owned()], true);
    let everybody = vec!["everybody is visible, not only a group of people".to_owned()];
    need(permission, "all profiles", PROFILES, everybody, true);
    for name in [BASICS, DETAILS, ROLE.name] {
        let fields = wanted(request, &|section| section.name == name);
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

/// A section of the role editor, and fields that are granted in it.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    /// Whether they are shown only to a token with `private:read`, as far as is known.
    pub(crate) is_private: bool,
    pub(crate) fields: &'static [StandardField],
}

const fn section(name: &'static str, is_private: bool, fields: &'static [StandardField]) -> Section {
    Section { name, is_private, fields }
}

const BASICS: &str = "Basics";
const DETAILS: &str = "Employment › Details";

/// Fields that need the history of jobs.
pub(crate) const ROLE: Section =
    section("Employment › Role", false, &[JobTitle, Department, Manager, ManagerEmail]);

/// Where each field is granted that Humaans has, but for id and status.
pub(crate) const SECTIONS: [Section; 7] = [
    section(BASICS, false, &[GivenName, MiddleName, FamilyName, PreferredName, Email, Team, Teams]),
    section(BASICS, false, &[AccessRole, TimeZone, RawStatus]),
    section(BASICS, true, &[PersonalEmail, WorkPhone, PersonalPhone]),
    section(BASICS, true, &[Address, AddressStreet, AddressCity, AddressRegion]),
    section(BASICS, true, &[AddressPostcode, AddressCountry]),
    section(DETAILS, true, &[EmployeeNumber, EmploymentKind, Location, StartDate, EndDate, LastWorkingDay]),
    ROLE,
];

/// The section in which a field is granted.
pub(crate) fn section_of(field: StandardField) -> &'static Section {
    SECTIONS.iter().find(|section| section.fields.contains(&field)).unwrap_or(&ROLE)
}

/// The requested fields of these sections.
fn wanted(request: &ReadRequest, of: &dyn Fn(&Section) -> bool) -> Vec<String> {
    let fields = SECTIONS.iter().filter(|section| of(section)).flat_map(|section| section.fields);
    fields.filter(|field| request.wants(**field)).map(ToString::to_string).collect()
}
