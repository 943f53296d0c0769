//! What follows in the product from people who were made in the source.

use hris_core::reconcile::{ActionKind, Plan};
use hris_core::{Employee, Problem, ProblemCode};

use super::apply::Apply;
use super::fetch::World;
use super::seen::Seen;

impl Apply<'_> {
    /// Their accounts get the id and whatever else the
    /// source gave them, and what everybody is assigned. The pairs are planned as if there were nobody else.
    pub(super) async fn after_joining(&mut self, world: &World, problems: &mut Vec<Problem>) -> Option<Plan> {
        let people: Vec<Employee> = std::mem::take(&mut self.joined);
        if people.is_empty() {
            return None;
        }
        let (mut links, mut users) = (Vec::new(), Vec::new());
        for person in &people {
            let Some(link) = self.links.of_employee(person.id()) else { continue };
            // An account that cannot be read now waits for the next run.
            if let Ok(Some(user)) = self.runner.calls.user(&link.user, self.order.now).await {
                links.push(link.clone());
                self.seen.insert(user.id.clone(), Seen::of(&user));
                users.push(user);
            }
        }
        let mut plan = self.runner.plan_alone(world, people, (links, users), self.order.now);
        plan.actions.retain(|action| {
            action.side.is_target() && matches!(action.kind, ActionKind::Assign | ActionKind::Update)
        });
        let told = |problem: &Problem| {
            matches!(problem.code, ProblemCode::CannotUnset | ProblemCode::Divergence)
                && problem.user.is_some()
        };
        plan.problems.retain(told);
        problems.extend(plan.problems.iter().cloned());
        Some(plan)
    }
}
