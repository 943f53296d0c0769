//! The scopes that an application needs, computed from what is read: to be chosen before set-up,
//! because Employment Hero lets nobody change them afterwards.

use std::fmt;

use hris_core::{ReadRequest, SourceField, StandardField};

use crate::convert::needs_lists;

/// Where scopes are chosen.
const PORTAL: &str = "Developer Portal › the application › scopes";

/// How scopes are written. Employment Hero publishes no list, and two notations are in use; the
/// one that the application's own page shows is right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ScopeNotation {
    /// `employees:list`.
    #[default]
    ResourceAction,
    /// `urn:mainapp:employees:read`.
    Urn,
}

/// What an application needs in Employment Hero before it can work.
///
/// ```
/// use hris_core::{Date, ReadRequest, StandardField};
/// use hris_employmenthero::{ScopeNotation, requirements};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::Teams);
/// let needs = requirements(&request);
/// assert_eq!(
///     needs.scopes(ScopeNotation::ResourceAction),
///     ["organisations:list", "organisations:show", "employees:list", "employees:show", "teams:list"],
/// );
/// assert_eq!(
///     needs.scopes(ScopeNotation::Urn),
///     ["urn:mainapp:organisations:read", "urn:mainapp:employees:read"],
/// );
/// println!("{needs}");
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requirements {
    /// Scopes of the application.
    pub needs: Vec<Need>,
}

/// One scope that has to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// Its name as `resource:action`, where it is known.
    pub name: Option<&'static str>,
    /// Its name as a URN, where it is known.
    pub urn: Option<&'static str>,
    /// What it is for: fields, or words.
    pub uses: Vec<String>,
    /// Whether something that was asked for fails without it; else it is advisable.
    pub required: bool,
}

impl Requirements {
    /// The names of the scopes, as far as they are known in this notation.
    #[must_use]
    pub fn scopes(&self, notation: ScopeNotation) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for need in &self.needs {
            let name = match notation {
                ScopeNotation::ResourceAction => need.name,
                ScopeNotation::Urn => need.urn,
            };
            if let Some(name) = name.filter(|name| !names.iter().any(|known| known == name)) {
                names.push(name.to_owned());
            }
        }
        names
    }
}

/// What reading `request` needs. Nothing is asked of Employment Hero.
#[must_use]
pub fn requirements(request: &ReadRequest) -> Requirements {
    let wanted = |fields: &[StandardField]| -> Vec<String> {
        fields.iter().filter(|field| request.wants(**field)).map(ToString::to_string).collect()
    };
    let words = |words: &str| vec![words.to_owned()];
    let organisations = Some("urn:mainapp:organisations:read");
    let employees = Some("urn:mainapp:employees:read");
    let mut needs = Vec::new();
    let mut need = |name, urn, uses: Vec<String>, required| {
        if !uses.is_empty() {
            needs.push(Need { name, urn, uses, required });
        }
    };
    need(Some("organisations:list"), organisations, words("choosing the organisation"), false);
    need(Some("organisations:show"), organisations, words("noticing that the list is a part"), false);
    need(Some("employees:list"), employees, words("everything"), true);
    need(Some("employees:show"), employees, words("asking about people who are missing"), true);
    let teams = wanted(&[StandardField::Team, StandardField::Teams, StandardField::Groups]);
    need(Some("teams:list"), None, teams, false);
    need(Some("work_locations:list"), None, wanted(&[StandardField::Location]), false);
    if needs_lists(request) {
        let customs: Vec<String> = request
            .named_fields()
            .filter(|field| !matches!(field, SourceField::Standard(_)))
            .map(ToString::to_string)
            .collect();
        let uses = if customs.is_empty() { words("custom fields") } else { customs };
        need(None, None, uses, !request.wants_everything());
    }
    Requirements { needs }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.name, self.urn) {
            (Some(name), Some(urn)) => write!(f, "scope {name} ({urn})")?,
            (Some(name), None) => write!(f, "scope {name}")?,
            _ => f.write_str(
                "the scopes for custom fields, whose names the portal shows (add them to `scopes`)",
            )?,
        }
        let word = if self.required { "needed" } else { "advisable" };
        write!(f, ", {word} for {}; chosen at {PORTAL}", self.uses.join(", "))
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for need in &self.needs {
            writeln!(f, "{need}")?;
        }
        f.write_str(
            "consent is given best by an owner or a full administrator who is nobody's employee record\n",
        )
    }
}
