//! What no rule of the engine may break, told without its rules: nothing is done to an account through a
//! belief that its own values do not bear out, and nobody loses what they have because something is less sure
//! than before.

use std::collections::{BTreeMap, BTreeSet};

use hris_core::reconcile::{
    Action, ActionKind, AssignmentMode, Decision, Held, Judgement, PastEndDate, Plan, Situation, breaches,
    guard,
};
use hris_core::{
    AssignmentKind, Employee, EmployeeId, Link, Lookup, ProblemCode, Status, TargetField, User, UserId,
};
use proptest::prelude::*;

use crate::support::{World, line_of};
use crate::worlds::{cases, worlds};

/// What is written down of one person and one account, side by side.
#[derive(Clone, Copy, Default)]
struct Facts {
    agree: usize,
    differ: usize,
    number: Option<bool>,
    email: Option<bool>,
}

fn fold(text: &str) -> String {
    text.trim().replace("e\u{308}", "\u{eb}").to_lowercase()
}

/// Words of these worlds that stand for nothing.
fn told(value: Option<&str>) -> Option<String> {
    value.map(fold).filter(|value| !["n/a", "0"].contains(&value.as_str()))
}

impl World {
    fn left(&self, person: &Employee) -> bool {
        let last = person.last_working_day().value().or(person.end_date().value());
        let twice = self.people.iter().any(|other| other.id() == person.id() && other != person);
        let ended = match person.status() {
            Status::Terminated => last.is_none_or(|day| day < self.today),
            Status::Active | Status::OnLeave => {
                let later = person.start_date().value().is_some_and(|start| start > self.today);
                let past = self.policy.past_end_date == PastEndDate::Leaver;
                past && !later && last.is_some_and(|day| day < self.today)
            }
            _ => false,
        };
        ended && !twice
    }

    fn person(&self, id: &EmployeeId) -> Option<&Employee> {
        self.people.iter().find(|person| person.id() == id)
    }

    /// Whether somebody is there and has not left, as far as the list says.
    fn is_there(&self, id: &EmployeeId) -> bool {
        self.set_aside.contains(id) || self.people.iter().any(|one| one.id() == id && !self.left(one))
    }

    fn account(&self, id: &UserId) -> &User {
        self.users.iter().find(|user| user.id == *id).unwrap()
    }

    fn link_to(&self, user: &UserId) -> Option<&Link> {
        self.links.iter().find(|link| link.user == *user)
    }

    fn link_of(&self, employee: &EmployeeId) -> Option<&Link> {
        self.links.iter().find(|link| link.employee == *employee)
    }

    /// How many people who have not left have this number or address.
    fn holders(&self, value: &str, of: impl Fn(&Employee) -> Option<String>) -> usize {
        let people = self.people.iter().filter(|one| !self.left(one) && of(one).as_deref() == Some(value));
        people.map(Employee::id).collect::<BTreeSet<_>>().len()
    }

    fn facts(&self, person: &Employee, user: &User) -> Facts {
        let number = |one: &Employee| told(one.employee_number().value());
        let email = |one: &Employee| told(one.email().value());
        let compare = |mine: Option<String>, of: &dyn Fn(&Employee) -> Option<String>, field| {
            let (mine, theirs) = (mine?, told(user.value(&field))?);
            (self.holders(&mine, of) < 2).then_some(mine == theirs)
        };
        let number = compare(number(person), &number, TargetField::EmployeeNumber);
        let email = compare(email(person), &email, TargetField::Email);
        let part = |mine: Option<&str>, field| Some(fold(mine?) == fold(user.value(&field)?));
        let given = part(person.given_name().value(), TargetField::GivenName);
        let family = part(person.family_name().value(), TargetField::FamilyName);
        let name = if given == Some(false) || family == Some(false) {
            Some(false)
        } else {
            given.zip(family).map(|_| true)
        };
        let all = [number, email, name];
        let count = |said: bool| all.iter().filter(|one| **one == Some(said)).count();
        Facts { agree: count(true), differ: count(false), number, email }
    }

    /// Whether somebody decided, on the facts as they are, that this account is this person's.
    fn decided(&self, employee: &EmployeeId, user: &UserId) -> bool {
        let is = |one: &&Judgement| one.same && one.employee == *employee && one.user == *user;
        let Some(one) = self.judgements.iter().find(is) else { return false };
        let anew = World { judgements: Vec::new(), ..self.clone() };
        anew.judged(employee.as_str(), user.as_str(), true).judgements[0] == *one
    }

    /// The external ids that an account of this employee may carry.
    fn is_own_id(&self, employee: &EmployeeId, id: &str) -> bool {
        let given = self.link_of(employee).and_then(|link| link.external_id.as_deref());
        given == Some(id) || (given.is_none() || self.person(employee).is_some()) && employee.as_str() == id
    }

    fn has_key_of(&self, user: &User, person: &Employee) -> bool {
        let facts = self.facts(person, user);
        facts.number == Some(true) || facts.email == Some(true)
    }
}

fn of_user(plan: &Plan) -> BTreeMap<&UserId, Vec<&Action>> {
    let mut all: BTreeMap<&UserId, Vec<&Action>> = BTreeMap::new();
    for action in &plan.actions {
        if let Some(user) = &action.user {
            all.entry(user).or_default().push(action);
        }
    }
    all
}

fn relinked(plan: &Plan) -> BTreeMap<&UserId, &EmployeeId> {
    let links = plan.of_kind(ActionKind::Link);
    links.filter_map(|action| Some((action.user.as_ref()?, action.employee.as_ref()?))).collect()
}

proptest! {
    #![proptest_config(cases(1500))]

    /// Through a link nothing is done to an account that is not, by what it carries, the one that was linked.
    #[test]
    fn a_link_is_believed_by_what_the_account_carries(world in worlds()) {
        let plan = world.plan();
        let links = relinked(&plan);
        for (user, actions) in of_user(&plan) {
            if links.contains_key(user) {
                continue;
            }
            let account = world.account(user);
            for action in actions {
                let Some(link) = world.link_to(user) else { continue };
                prop_assert!(action.employee.as_ref() == Some(&link.employee), "{}", line_of(action));
                let borne_out = match account.value(&TargetField::ExternalId) {
                    Some(id) => world.is_own_id(&link.employee, id),
                    None => link.external_id.is_none() && world.person(&link.employee).is_some_and(|person| {
                        let Facts { agree, differ, number, email } = world.facts(person, account);
                        agree >= 2 || (email == Some(true) && differ < 2) || (number == Some(true) && differ == 0)
                    }),
                };
                prop_assert!(borne_out || world.decided(&link.employee, user), "{}", line_of(action));
            }
        }
    }

    /// Nobody who is there loses an account that bears their id or a key of theirs.
    #[test]
    fn nobody_who_is_there_loses_an_account(world in worlds()) {
        let plan = world.plan();
        for action in plan.of_kind(ActionKind::Deactivate) {
            let account = world.account(action.user.as_ref().unwrap());
            let carried = account.value(&TargetField::ExternalId);
            let tied = world.link_to(&account.id).is_some()
                || action.employee.as_ref().is_some_and(|id| carried.is_some_and(|carried| world.is_own_id(id, carried)));
            for person in world.people.iter().filter(|person| !world.left(person)) {
                let decided = action.employee.as_ref().is_some_and(|id| world.decided(id, &account.id));
                let bears = account.value(&TargetField::ExternalId) == Some(person.id().as_str());
                prop_assert!(!bears || decided, "{} is {}", line_of(action), person.id());
                if !world.has_key_of(account, person) || decided {
                    continue;
                }
                // The ended contract of somebody else: two facts say so, or they have an account of their own.
                let against = world.facts(person, account).differ >= 2;
                let found = plan.of_kind(ActionKind::Link).any(|one| one.employee.as_ref() == Some(person.id()));
                // Somebody decided which account is theirs, though another connection may hold that one.
                let decided = world.users.iter().any(|one| one.id != account.id && world.decided(person.id(), &one.id));
                let own = found || decided || world.link_of(person.id()).is_some() || !matches!(person.status(), Status::Active | Status::OnLeave);
                // Decided to be another's, or not theirs.
                let other = world.judgements.iter().any(|one| one.same != (one.employee == *person.id()) && one.user == account.id);
                let ended = tied && (against || own || other || person.is_sample());
                prop_assert!(ended, "{} is {}", line_of(action), person.id());
            }
        }
    }

    /// What carries another person's id is taken over on two facts or a decision, and never while that person
    /// is there; what others hold, only once they closed it.
    #[test]
    fn accounts_of_others_are_taken_over_on_two_facts(world in worlds()) {
        let plan = world.plan();
        for action in plan.of_kind(ActionKind::Link) {
            let (employee, user) = (action.employee.as_ref().unwrap(), action.user.as_ref().unwrap());
            let account = world.account(user);
            if let Some(old) = world.link_to(user) {
                prop_assert!(!world.is_there(&old.employee), "{}", line_of(action));
                let answer = world.absent.get(&old.employee);
                let listed = world.person(&old.employee).is_some();
                prop_assert!(listed || !matches!(answer, Some(Lookup::Found(_) | Lookup::NotVisible)));
            }
            if let Some(held) = world.others.held.get(user) {
                prop_assert!(held.closed && !account.is_live(), "{}", line_of(action));
            }
            let Some(id) = account.value(&TargetField::ExternalId) else { continue };
            // Somebody else's account of this id is not there any more.
            let lost = world.others.held.iter().filter(|(named, held)| {
                let named = world.users.iter().find(|one| one.id == **named);
                let carries = named.is_some_and(|one| one.value(&TargetField::ExternalId) == Some(id));
                held.external_id.as_deref() == Some(id) && !carries
            });
            let lost: Vec<_> = lost.map(|(_, held)| held.closed).collect();
            let linked = world.link_to(user).is_some_and(|link| world.is_own_id(&link.employee, id));
            let again = linked || world.link_of(employee).is_some_and(|_| world.is_own_id(employee, id));
            prop_assert!(again || lost.iter().all(|closed| *closed), "{}", line_of(action));
            let held = world.others.held.contains_key(user) || !lost.is_empty();
            let mine = world.is_own_id(employee, id) && !held;
            if mine && world.link_to(user).is_none() {
                continue;
            }
            let two = world.person(employee).is_some_and(|person| world.facts(person, account).agree >= 2);
            prop_assert!(two || world.decided(employee, user), "{}", line_of(action));
            let owner = EmployeeId::from(id);
            let elsewhere = held;
            prop_assert!(owner == *employee || elsewhere || !world.is_there(&owner), "{}", line_of(action));
        }
    }

    /// Everything that anybody loses is in the figures of the safeguards, and within them where they agree.
    #[test]
    fn every_taking_away_is_counted_and_within_its_limit(world in worlds(), percent in 0..60_u64) {
        let mut world = world;
        world.safeguards.max_taken_away_percent = percent;
        world.safeguards.max_email_changes_percent = percent;
        let plan = world.plan();
        let base = world.policy.assignments.default_role.as_deref();
        let mut losers: BTreeMap<String, BTreeSet<&UserId>> = BTreeMap::new();
        let (mut removals, mut moves) = (0, BTreeSet::new());
        for action in plan.actions.iter().filter(|action| action.side.is_target()) {
            let Some(user) = &action.user else { continue };
            let account = world.account(user);
            removals += u64::from(action.kind == ActionKind::Deactivate);
            for change in &action.changes {
                let is_email = change.field == TargetField::Email;
                if is_email && change.to.is_some() {
                    moves.insert(user);
                }
                // An address given up is another's gain; it is counted with the account's closing.
                if change.to.is_none() && account.value(&change.field).is_some() && !(is_email && action.releases) {
                    losers.entry(change.field.to_string()).or_default().insert(user);
                }
            }
            for change in &action.assignments {
                let lower = change.assignment.kind == AssignmentKind::Role
                    && account.role.as_deref().is_some_and(|role| Some(role) != base && role != change.assignment.value);
                if !change.given || lower {
                    losers.entry(format!("assignments.{}", change.assignment.kind.as_str())).or_default().insert(user);
                }
            }
        }
        prop_assert_eq!(plan.figures.removals, removals);
        prop_assert_eq!(plan.figures.email_changes, moves.len() as u64);
        let counted: BTreeMap<String, u64> = plan.figures.taken.iter().map(|(name, taken)| (name.clone(), taken.lose)).collect();
        let lost: BTreeMap<String, u64> = losers.iter().map(|(name, users)| (name.clone(), users.len() as u64)).collect();
        prop_assert_eq!(counted, lost.clone());
        for (name, taken) in &plan.figures.taken {
            prop_assert!(taken.had as usize <= world.users.len(), "{name}");
        }
        if guard(&plan, &world.safeguards) == Decision::Go {
            for (name, lose) in lost {
                prop_assert!(lose <= 3.max(plan.figures.taken[&name].had * percent / 100), "{name}");
            }
            let ours = |user: &&User| world.link_to(&user.id).is_some() || relinked(&plan).contains_key(&user.id);
            let linked = world.users.iter().filter(|user| user.is_live()).filter(ours).count() as u64;
            prop_assert!(moves.len() as u64 <= 5.max(linked * percent / 100));
        }
        // What waits for a person is all that many lose.
        let rest = plan.without_removals();
        for (name, taken) in &plan.figures.taken {
            let still = rest.actions.iter().any(|action| {
                let field = action.changes.iter().any(|change| change.to.is_none() && change.field.to_string() == *name);
                field && !action.releases
            });
            prop_assert!(!still || taken.lose <= 3, "{name}");
        }
        prop_assert_eq!(breaches(&plan, &world.safeguards).is_empty(), guard(&plan, &world.safeguards) == Decision::Go);
    }

    /// Whoever works keeps the account that they have.
    #[test]
    fn whoever_works_keeps_the_account(world in worlds()) {
        let plan = world.plan();
        let links = relinked(&plan);
        for link in &world.links {
            if !world.is_there(&link.employee) {
                continue;
            }
            if let Some(to) = links.get(&link.user) {
                prop_assert_eq!(*to, &link.employee);
            }
            let closes = plan.of_kind(ActionKind::Deactivate).any(|action| action.user.as_ref() == Some(&link.user));
            prop_assert!(!closes, "{}", link.user);
            prop_assert!(plan.handovers.iter().all(|one| one.user != link.user));
        }
    }

    /// While a question is open nothing is done to the person, nor to the account, but for what a link that is
    /// beyond doubt has its own person do with it.
    #[test]
    fn while_a_question_is_open_nothing_is_done(world in worlds()) {
        let plan = world.plan();
        for question in &plan.questions {
            let person = &question.employee;
            let acts = plan.actions.iter().find(|action| action.employee.as_ref() == Some(person));
            prop_assert!(acts.is_none(), "{}", line_of(acts.unwrap()));
            let account = world.account(&question.user);
            for action in plan.actions.iter().filter(|action| action.user.as_ref() == Some(&question.user)) {
                // Whose it is: the person of its link, or the one whose id it carries.
                let carried = account.value(&TargetField::ExternalId);
                let owner = match (world.link_to(&question.user), &action.employee) {
                    (Some(link), Some(employee)) => link.employee == *employee,
                    (None, Some(employee)) => carried.is_some_and(|id| world.is_own_id(employee, id)),
                    (_, None) => false,
                };
                // Or the one whose it becomes, on facts that suffice, while they speak against the one who is asked.
                let becomes = relinked(&plan).get(&question.user).copied() == action.employee.as_ref();
                let against = world.person(person).is_some_and(|person| world.facts(person, account).differ >= 2);
                let owner = (owner || (becomes && against)) && action.employee.as_ref() != Some(person);
                let closing = matches!(action.kind, ActionKind::Deactivate | ActionKind::Link)
                    && world.person(person).is_some_and(|person| world.facts(person, account).differ >= 2);
                let works = action.employee.as_ref().is_some_and(|id| world.is_there(id)) && action.kind != ActionKind::Deactivate && !action.releases;
                prop_assert!(owner && (closing || works), "{}", line_of(action));
            }
        }
        let ids: BTreeSet<&String> = plan.questions.iter().map(|one| &one.id).collect();
        prop_assert_eq!(ids.len(), plan.questions.len(), "each has an id of its own");
        for question in &plan.questions {
            let answered = |same| world.judgements.iter().any(|one| *one == question.answer(same));
            prop_assert!(!answered(false) || world.link_of(&question.employee).is_some(), "it was answered");
        }
    }

    /// What another connection holds is left alone.
    #[test]
    fn what_others_hold_is_left_alone(world in worlds()) {
        let plan = world.plan();
        for (user, held) in world.others.held.iter().filter(|(_, held)| !held.closed) {
            let acts = plan.actions.iter().find(|action| action.user.as_ref() == Some(user));
            let Some(account) = world.users.iter().find(|one| one.id == *user) else { continue };
            let carried = account.value(&TargetField::ExternalId);
            // Two links of which each may be right by what the account carries.
            let both = carried.is_none_or(|carried| held.external_id.as_deref() == Some(carried));
            prop_assert!(!both || acts.is_none(), "{held:?} {}", line_of(acts.unwrap()));
            // A link that is beyond doubt is this connection's, whatever the other one thinks.
            let ours = acts.and_then(|action| world.link_to(action.user.as_ref()?));
            let ours = ours.is_some_and(|link| carried.is_some_and(|id| world.is_own_id(&link.employee, id)));
            prop_assert!(acts.is_none() || ours, "{held:?} {}", line_of(acts.unwrap()));
        }
        for handover in &plan.handovers {
            prop_assert!(plan.actions.iter().all(|action| action.user.as_ref() != Some(&handover.user)));
            prop_assert!(world.others.claimed.contains_key(&handover.user));
            prop_assert!(!world.is_there(&handover.employee));
        }
        for claim in &plan.claims {
            prop_assert!(world.is_there(&claim.employee));
            let account = world.account(&claim.user);
            let carried = account.value(&TargetField::ExternalId);
            let of_id = |held: &Held| carried.is_some() && held.external_id.as_deref() == carried;
            let held = world.others.held.contains_key(&claim.user) || world.others.held.values().any(of_id);
            let two = world.person(&claim.employee).is_some_and(|one| world.facts(one, account).agree >= 2);
            prop_assert!(held && (two || world.decided(&claim.employee, &claim.user)), "{claim:?}");
            prop_assert!(plan.actions.iter().all(|action| action.employee.as_ref() != Some(&claim.employee)));
        }
    }

    /// Whoever is held for an account that was replaced is asked about it, and assignments stay unless the mode is exact.
    #[test]
    fn a_replaced_account_is_always_a_question(world in worlds()) {
        let plan = world.plan();
        let asked: BTreeSet<_> = plan.questions.iter().map(|one| (&one.employee, &one.user)).collect();
        for one in plan.people.iter().filter(|one| one.situation == Situation::AccountReplaced) {
            let one = one.to_verdict();
            let (employee, user) = (one.employee.as_ref().unwrap(), one.user.as_ref().unwrap());
            // What another connection holds is not this one's to ask about.
            let told = plan.problems.iter().any(|one| {
                one.code == ProblemCode::AccountReplaced && one.employee.as_ref() == Some(employee)
            });
            prop_assert!(told && (asked.contains(&(employee, user)) || !world.others.held.is_empty()));
        }
        let exact = world.policy.assignments.mode == AssignmentMode::Exact;
        prop_assert!(exact || plan.actions.iter().all(|action| action.assignments.iter().all(|one| one.given)));
    }
}
