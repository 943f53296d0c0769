//! What a token and its maker need, computed from what is read: to be shown before set-up.

use std::fmt;

use hris_core::{LeaverSignals, ReadRequest, SourceField, StandardField};

pub(crate) const PUBLIC_READ: &str = "public:read";
pub(crate) const PRIVATE_READ: &str = "private:read";

/// Where scopes are chosen.
const TOKEN_DIALOG: &str =
    "menu at your name › API access tokens › Generate new token (or edit an existing one)";
const WORKSPACE: &str = "Settings › Permissions › the role › Workspace permissions";
const PROFILES: &str = "Settings › Permissions › the role › Profile permissions";
const MANAGEMENT: &str = "Settings › Permissions › the role › Profile management";

/// What a connection needs in Humaans before it can work.
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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requirements {
    /// Scopes of the token first, then permissions of its maker's role.
    pub needs: Vec<Need>,
    /// How the person who sets it up sees that they may make a token at all.
    pub self_checks: Vec<&'static str>,
}

/// One thing that has to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// To whom it is granted.
    pub kind: NeedKind,
    /// Its name in Humaans: `private:read`, `API Access`.
    pub name: String,
    /// What the dialog calls it, where that is known and differs.
    pub label: Option<&'static str>,
    /// Where it is granted.
    pub place: &'static str,
    /// What it is for: fields, or words.
    pub uses: Vec<String>,
    /// Whether something that was asked for fails without it; else it is advisable.
    pub required: bool,
}

/// To whom something is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NeedKind {
    /// To the role of the person who makes the token.
    Permission,
    /// To the token.
    Scope,
}

impl Requirements {
    /// The scopes of the token.
    pub fn scopes(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| need.kind == NeedKind::Scope)
    }

    /// The permissions of its maker's role.
    pub fn permissions(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| need.kind == NeedKind::Permission)
    }

    fn need(&mut self, kind: NeedKind, name: &str, place: &'static str, uses: Vec<String>, required: bool) {
        let label = match name {
            PUBLIC_READ => Some("View public data"),
            PRIVATE_READ => Some("View public and private data"),
            "API Access" => Some("Create and use API access tokens"),
            _ => None,
        };
        self.needs.push(Need { kind, name: name.to_owned(), label, place, uses, required });
    }
}

/// What reading `request` needs, if leaving is told by `leavers`. Nothing is asked of Humaans.
///
/// An owner or admin has the permissions already; everybody else needs a role that has them.
#[must_use]
pub fn requirements(request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
    let mut found = Requirements {
        needs: Vec::new(),
        self_checks: vec![
            "the menu at your name shows API access tokens",
            "the page API access tokens shows the button Generate new token",
        ],
    };
    let customs: Vec<String> = request
        .named_fields()
        .filter(|field| !matches!(field, SourceField::Standard(_)))
        .map(ToString::to_string)
        .collect();
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
        found.need(NeedKind::Scope, PUBLIC_READ, TOKEN_DIALOG, public, true);
    }
    found.need(NeedKind::Scope, PRIVATE_READ, TOKEN_DIALOG, uses, required);

    let permission = NeedKind::Permission;
    found.need(permission, "API Access", WORKSPACE, vec!["anything".to_owned()], true);
    let everybody = vec!["everybody is seen, not a group of people".to_owned()];
    found.need(permission, "all profiles", PROFILES, everybody, true);
    let mut basics = wanted(request, &BASICS);
    basics.extend(wanted(request, &PRIVATE_BASICS));
    for (name, fields) in [
        ("Basics", basics),
        ("Employment › Details", wanted(request, &DETAILS)),
        ("Employment › Role", wanted(request, &ROLE)),
    ] {
        if !fields.is_empty() {
            found.need(permission, name, PROFILES, fields, true);
        }
    }
    if custom {
        let fields = if customs.is_empty() { vec!["custom fields".to_owned()] } else { customs };
        found.need(permission, "each custom field that is used", PROFILES, fields, true);
    }
    let leaver = vec!["leavers".to_owned()];
    found.need(permission, "Offboarded: see", MANAGEMENT, leaver, leavers.status);
    let starter = vec!["people who will start".to_owned()];
    found.need(permission, "new hires: see", MANAGEMENT, starter, false);
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

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            NeedKind::Permission => "permission",
            NeedKind::Scope => "scope",
        };
        write!(f, "{kind} {}", self.name)?;
        if let Some(label) = self.label {
            write!(f, " ({label})")?;
        }
        let word = if self.required { "needed" } else { "advisable" };
        write!(f, ", {word} for {}; granted at {}", self.uses.join(", "), self.place)
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for need in &self.needs {
            writeln!(f, "{need}")?;
        }
        for check in &self.self_checks {
            writeln!(f, "you may make a token if {check}")?;
        }
        Ok(())
    }
}
