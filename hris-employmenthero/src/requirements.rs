//! Computes the scopes that an application needs. They are chosen at set-up, because Employment Hero does
//! not allow a change afterwards.

use hris_core::{Need, NeedKind, ReadRequest, Requirements, StandardField, setting};

use crate::convert::needs_lists;

/// Where scopes are chosen.
const PORTAL: &str = "Developer Portal › the application › scopes";

setting! {
    "scope_notation";
    /// How scopes are written. Employment Hero publishes no list, and two notations are in use; the
    /// one that the application's own page shows is right.
    #[derive(Default)]
    ScopeNotation {
        /// `employees:list`.
        #[default]
        ResourceAction = "resource_action",
        /// `urn:mainapp:employees:read`.
        Urn = "urn",
    }
}

/// One scope, by its names as far as they are known.
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) urn: Option<&'static str>,
    uses: Vec<String>,
    required: bool,
}

/// The scopes whose names are known.
pub(crate) fn known(request: &ReadRequest) -> Vec<Scope> {
    let wanted = |fields: &[StandardField]| -> Vec<String> {
        fields.iter().filter(|field| request.wants(**field)).map(ToString::to_string).collect()
    };
    let words = |words: &str| vec![words.to_owned()];
    let organisations = Some("urn:mainapp:organisations:read");
    let employees = Some("urn:mainapp:employees:read");
    let teams = wanted(&[StandardField::Team, StandardField::Teams, StandardField::Groups]);
    let places = wanted(&[StandardField::Location]);
    let mut scopes = Vec::new();
    for (name, urn, uses, required) in [
        ("organisations:list", organisations, words("choosing the organisation"), false),
        ("organisations:show", organisations, words("noticing that the list is a part"), false),
        ("employees:list", employees, words("everything"), true),
        ("employees:show", employees, words("asking about people who are missing"), true),
        ("teams:list", None, teams, false),
        ("work_locations:list", None, places, false),
    ] {
        if !uses.is_empty() {
            scopes.push(Scope { name, urn, uses, required });
        }
    }
    scopes
}

/// The scopes that a consent names, as far as their names are known in this notation.
///
/// ```
/// use hris_core::{Date, ReadRequest, StandardField};
/// use hris_employmenthero::{ScopeNotation, scopes};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::Teams);
/// assert_eq!(
///     scopes(&request, ScopeNotation::ResourceAction),
///     ["organisations:list", "organisations:show", "employees:list", "employees:show", "teams:list"],
/// );
/// assert_eq!(
///     scopes(&request, ScopeNotation::Urn),
///     ["urn:mainapp:organisations:read", "urn:mainapp:employees:read"],
/// );
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[must_use]
pub fn scopes(request: &ReadRequest, notation: ScopeNotation) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for scope in known(request) {
        let name = match notation {
            ScopeNotation::ResourceAction => Some(scope.name),
            ScopeNotation::Urn => scope.urn,
        };
        if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// How a person revokes a consent. No program can.
pub const HOW_TO_REVOKE: &str = "Employment Hero has no way for a program to revoke them: remove the application's access there, or delete the \
                                 application in the Developer Portal.";

/// Returns what reading `request` needs. Nothing is sent.
///
/// ```
/// use hris_core::{Date, ReadRequest, StandardField};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::Location);
/// let needs = hris_employmenthero::requirements(&request);
/// assert!(needs.scopes().any(|need| need.name == "work_locations:list" && !need.required));
/// println!("{needs}");
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[must_use]
pub fn requirements(request: &ReadRequest) -> Requirements {
    let mut found = Requirements::default();
    for Scope { name, urn, uses, required } in known(request) {
        let need = Need::new(NeedKind::Scope, name, PORTAL, uses).label(urn);
        found.needs.push(if required { need } else { need.advisable() });
    }
    if needs_lists(request) {
        let customs: Vec<String> = request.custom_fields().map(ToString::to_string).collect();
        let uses = if customs.is_empty() { vec!["custom fields".to_owned()] } else { customs };
        let name = "for custom fields, by the name that the portal shows (add it to `scopes`)";
        let need = Need::new(NeedKind::Scope, name, PORTAL, uses);
        found.needs.push(if request.wants_everything() { need.advisable() } else { need });
    }
    let everybody = vec!["everybody is visible, not only a part".to_owned()];
    let place = "Employment Hero, by the person who gives consent; best one without an employee record";
    found.needs.push(Need::new(NeedKind::Permission, "owner or full administrator", place, everybody));
    found.self_checks = vec![
        "the plan is Platinum or above, and the Developer Portal shows the button for a new application",
    ];
    found
}
