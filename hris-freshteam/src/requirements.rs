//! Computes what the key's user needs in Freshteam, to be shown before set-up.

use hris_core::{LeaverSignals, Need, NeedKind, ReadRequest, Requirements, StandardField};

use crate::convert::{DETAIL, is_detail};

const ROLES: &str = "Settings › Roles and the user's record";
const VISIBILITY: &str = "Settings › Profile Fields › Employee Record › the section's view permission";

/// How a person revokes an API key. No program can.
pub const HOW_TO_REVOKE: &str = "The API key stays valid in Freshteam until its user resets it: open the \
    profile picture (top right), API Key.";

/// Returns what reading `request` needs, with `leavers` as the signs of leaving. Nothing is sent.
///
/// An API key can do what its user can. An Admin or HR Partner sees everything that is read here; the
/// role Employee sees active people and public fields only, and a Limited HR Partner sees everybody
/// with few fields.
///
/// ```
/// use hris_core::{Date, LeaverSignals, ReadRequest, StandardField};
///
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field(StandardField::Email);
/// let needs = hris_freshteam::requirements(&request, LeaverSignals::new(true, false));
/// assert!(needs.permissions().any(|need| need.name == "role HR Partner or Admin"));
/// println!("{needs}");
/// # Ok::<(), hris_core::InvalidDate>(())
/// ```
#[must_use]
pub fn requirements(request: &ReadRequest, leavers: LeaverSignals) -> Requirements {
    let permission = NeedKind::Permission;
    let mut found = Requirements::default();
    found.self_checks = vec!["the menu at your profile picture (top right) shows API Key"];
    let mut uses = vec!["everybody and every field is visible".to_owned()];
    if leavers.status {
        uses.push("leavers, who are the inactive employees".to_owned());
    }
    found.needs.push(Need::new(permission, "role HR Partner or Admin", ROLES, uses));
    let dates = [StandardField::EndDate, StandardField::LastWorkingDay];
    let dates: Vec<String> =
        dates.into_iter().filter(|field| request.wants(*field)).map(|field| field.to_string()).collect();
    if !dates.is_empty() {
        let label = Some("shown to HR only, unless it was changed");
        let need = Need::new(permission, "section Termination Information", VISIBILITY, dates).label(label);
        found.needs.push(need.advisable());
    }
    let details: Vec<String> =
        request.named_fields().filter(|field| is_detail(field)).map(ToString::to_string).collect();
    if !details.is_empty() {
        found.needs.push(Need::new(permission, "the section of each field", VISIBILITY, details));
    } else if request.wants_everything() {
        let fields = vec![format!("the customer's own fields and {}", DETAIL.join(", "))];
        found.needs.push(Need::new(permission, "the section of each field", VISIBILITY, fields).advisable());
    }
    found
}
