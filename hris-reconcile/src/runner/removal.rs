//! The people that a plan would remove, for the person who decides about it.

use std::collections::HashMap;
use std::fmt;

use hris_core::reconcile::{ActionKind, Plan};
use hris_core::{EmployeeId, TargetField, User, UserId};
use serde::{Deserialize, Serialize};

/// Somebody whose account a plan would close, by the name under which the product knows them.
///
/// It is personal data for the person who decides about the plan. No report has it. `Debug` shows ids.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Removal {
    /// The employee; none for an account that no employee was ever linked to.
    pub employee: Option<EmployeeId>,
    /// The account.
    pub user: Option<UserId>,
    /// Given name and family name of the account, as far as it has them.
    pub name: Option<String>,
    /// The e-mail address of the account.
    pub email: Option<String>,
    /// Why the account would be closed, in words.
    pub reason: String,
}

impl fmt::Debug for Removal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Removal")
            .field("employee", &self.employee)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// The people that a plan would remove, in its order.
pub(super) fn removals(plan: &Plan, users: &[User]) -> Vec<Removal> {
    let accounts: HashMap<&UserId, &User> = users.iter().map(|user| (&user.id, user)).collect();
    plan.of_kind(ActionKind::Deactivate)
        .map(|action| {
            let account = action.user.as_ref().and_then(|id| accounts.get(id));
            let value = |field| account.and_then(|user| user.value(&field)).map(str::to_owned);
            let names = [value(TargetField::GivenName), value(TargetField::FamilyName)];
            let name = names.into_iter().flatten().collect::<Vec<_>>().join(" ");
            Removal {
                employee: action.employee.clone(),
                user: action.user.clone(),
                name: (!name.is_empty()).then_some(name),
                email: value(TargetField::Email),
                reason: action.reason.to_string(),
            }
        })
        .collect()
}
