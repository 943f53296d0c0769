use std::collections::BTreeSet;

use hris_core::reconcile::{
    Action, ActionKind, AssignmentMode, Decision, Mode, Plan, Situation, UnlinkedUsers, guard,
};
use hris_core::{
    AssignmentKind, Employee, EmployeeId, Field, Lookup, ProblemCode, StandardField, TargetField, UserId,
};
use proptest::prelude::*;

use crate::support::{World, line_of, model, person};
use crate::worlds::{cases, worlds};

fn bytes(plan: &Plan) -> String {
    serde_json::to_string(plan).unwrap()
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(line_of).collect()
}

fn closed(plan: &Plan) -> BTreeSet<&UserId> {
    plan.of_kind(ActionKind::Deactivate).filter_map(|action| action.user.as_ref()).collect()
}

/// What a plan takes away beside accounts, of people who were linked before: values and assignments.
fn taken(world: &World, plan: &Plan) -> BTreeSet<String> {
    let mut taken = BTreeSet::new();
    // An account that carries the id of somebody whose link names another one is looked at by the laws of identity.
    let linked = |action: &Action| {
        world.links.iter().any(|link| {
            Some(&link.employee) == action.employee.as_ref() && Some(&link.user) == action.user.as_ref()
        })
    };
    for action in plan.actions.iter().filter(|action| !action.releases && linked(action)) {
        let user = action.user.as_ref().map_or("", |user| user.as_str());
        let emptied = action.changes.iter().filter(|change| change.to.is_none());
        taken.extend(emptied.map(|change| format!("{user} {}", change.field)));
        let back = action.assignments.iter().filter(|change| !change.given);
        taken.extend(back.map(|change| format!("{user} {:?}", change.assignment)));
    }
    taken
}

proptest! {
    #![proptest_config(cases(1000))]

    /// Carried out, a plan leaves nothing to do, and at each step no two accounts hold one address
    /// (the model objects). Taking over an account leaves its address for the next run, an address
    /// or id that was taken may be free by then, and whoever is protected by an address may get
    /// another.
    #[test]
    fn convergence(world in worlds()) {
        let mut now = world.clone();
        let first = now.plan();
        model::apply(&mut now, &first).map_err(TestCaseError::fail)?;
        let second = now.plan();
        let conflict = |plan: &Plan| plan.problems.iter().any(|one| one.code == ProblemCode::UniquenessConflict);
        // A fact that this plan writes may be one on which somebody decided something.
        let decided = !world.judgements.is_empty();
        let by_address = world.policy.protected.iter().any(|name| name.contains('@'));
        if first.of_kind(ActionKind::Link).next().is_none() && !conflict(&first) && !by_address && !decided {
            prop_assert_eq!(lines(&second), Vec::<String>::new(), "after {:?}", lines(&first));
        }
        let mut plan = second;
        for _ in 0..4 {
            model::apply(&mut now, &plan).map_err(TestCaseError::fail)?;
            plan = now.plan();
        }
        prop_assert_eq!(lines(&plan), Vec::<String>::new());
    }

    /// No plan contradicts itself, nor does what is left of it while removals wait.
    #[test]
    fn no_plan_has_a_flaw(world in worlds()) {
        let plan = world.plan();
        prop_assert_eq!(plan.lint(), Vec::new());
        prop_assert_eq!(plan.without_removals().lint(), Vec::new());
    }

    /// While removals wait, the rest can be carried out too.
    #[test]
    fn without_removals(world in worlds()) {
        let mut now = world.clone();
        let plan = now.plan().without_removals();
        prop_assert!(closed(&plan).is_empty());
        model::apply(&mut now, &plan).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn order_does_not_matter(world in worlds(), seeds in proptest::collection::vec(any::<u32>(), 40)) {
        let mut other = world.clone();
        shuffle(&mut other.people, &seeds);
        shuffle(&mut other.users, &seeds[10..]);
        shuffle(&mut other.links, &seeds[20..]);
        prop_assert_eq!(bytes(&world.plan()), bytes(&other.plan()));
        prop_assert_eq!(world.plan().digest().to_string(), other.plan().digest().to_string());
    }

    #[test]
    fn names_do_not_matter(world in worlds()) {
        let shown = |world: &World, name: &dyn Fn(&str) -> String| {
            let plan = world.plan();
            let id = |id: Option<&EmployeeId>| id.map(|id| name(id.as_str()));
            let actions: Vec<_> = plan.actions.iter().map(|action| {
                let values: Vec<_> = action.changes.iter().map(|change| {
                    let refers = matches!(change.field, TargetField::ExternalId | TargetField::ManagerExternalId);
                    let shown = |value: &Option<String>| value.as_deref().map(|text| if refers { name(text) } else { text.to_owned() });
                    (change.field.clone(), shown(&change.from), shown(&change.to))
                }).collect();
                (action.kind, id(action.employee.as_ref()), action.user.clone(), values, action.assignments.clone(), action.reason)
            }).collect();
            let people: Vec<_> = plan.people.iter().map(|one| one.to_verdict()).map(|one| (id(one.employee.as_ref()), one.user, one.situation, one.reason)).collect();
            let problems: Vec<_> = plan.problems.iter().map(|one| (one.severity, one.code, id(one.employee.as_ref()), one.user.clone(), one.field.clone())).collect();
            (actions, people, problems)
        };
        prop_assert_eq!(shown(&world, &|id| format!("e{id}")), shown(&renamed(&world), &str::to_owned));
    }

    /// Somebody new whom nothing ties to the others changes nothing for the others.
    #[test]
    fn locality(world in worlds()) {
        // Whoever has a key that nobody else is sent changes what is known of accounts without a link.
        let world = world.policy(|policy| policy.unlinked_users = UnlinkedUsers::Ignore);
        let mut more = world.clone();
        more.people.push(person("zz active email=zz@far.io number=99 given_name=Far family_name=Away"));
        let before: BTreeSet<String> = lines(&world.plan()).into_iter().collect();
        let all: BTreeSet<String> = lines(&more.plan()).into_iter().filter(|line| !line.contains(" zz ")).collect();
        prop_assert_eq!(before, all);
    }

    #[test]
    fn no_removal_without_proof(world in worlds(), premise in 0..6) {
        let mut world = world.remembered();
        match premise {
            0 => world.unidentified = 1,
            1 => world.no_absence = true,
            2 => world.config = "other".to_owned(),
            3 => {
                world.last.as_mut().unwrap().fingerprint.credential = Some("other".to_owned());
                world.fingerprint.credential.get_or_insert("e0".to_owned());
            }
            4 => world.hidden = Some("the organisation says that it has one more"),
            _ => {
                world.last.as_mut().unwrap().fingerprint.organisation = Some("other".to_owned());
                world.fingerprint.organisation = Some("one".to_owned());
            }
        }
        let plan = world.plan();
        let absent = plan.of_kind(ActionKind::Deactivate).any(|action| {
            format!("{:?}", action.reason).starts_with("Absent") || action.situation == Situation::Unassigned
        });
        if premise < 2 {
            prop_assert!(!absent);
        } else if !closed(&plan).is_empty() {
            prop_assert!(!matches!(guard(&plan, &world.safeguards), Decision::Go));
        }
    }

    /// A field that is hidden from everybody, in any of the three ways, takes nothing away and
    /// closes nothing that would have stayed open.
    #[test]
    fn seeing_less_never_destroys_more(
        world in worlds(),
        field in proptest::sample::select(vec![
            StandardField::Email, StandardField::EmployeeNumber, StandardField::GivenName,
            StandardField::FamilyName, StandardField::JobTitle, StandardField::Manager, StandardField::Teams,
        ]),
        how in 0..3,
    ) {
        // A decision is void once a fact changes, and then it is another account that is looked at.
        let world = world.with(|world| world.judgements.clear()).remembered();
        // An empty value says something, and what nobody is sent is no key, so both hide only what somebody had.
        let had = world.people.iter().any(|person| if field == StandardField::Teams { person.teams().is_value() } else { person.text(field).is_value() });
        let how = if had { how } else { 0 };
        let mut less = world.clone();
        for person in &mut less.people {
            *person = hidden(person.clone(), field, how);
        }
        let (seen, unseen) = (world.plan(), less.plan());
        // Whether an id was given to somebody else shows in these very fields.
        // What was decided is void when a fact cannot be seen any more.
        prop_assume!(world.judgements.is_empty());
        prop_assume!(seen.people.iter().all(|one| one.situation != Situation::Recycled));
        // While a question about an account is open, what tells people apart stays; it may rest on what is hidden.
        let asked = |taken: &String| {
            seen.questions.iter().any(|question| taken.starts_with(&format!("{} ", question.user)))
        };
        let (seen_taken, mut unseen_taken) = (taken(&world, &seen), taken(&less, &unseen));
        unseen_taken.retain(|taken| !asked(taken));
        prop_assert!(unseen_taken.is_subset(&seen_taken), "{seen_taken:?} {unseen_taken:?}");
        if guard(&unseen, &less.safeguards) == Decision::Go {
            prop_assert!(closed(&unseen).is_subset(&closed(&seen)));
        }
    }

    #[test]
    fn the_guard_is_never_exceeded(world in worlds(), most in 0..5_u64, percent in 0..100_u64) {
        let mut world = world;
        world.safeguards.max_deactivations = most;
        world.safeguards.max_deactivations_percent = percent;
        let plan = world.plan();
        prop_assert_eq!(plan.figures.removals, closed(&plan).len() as u64);
        prop_assert!(plan.figures.removals <= plan.figures.population);
        // Twice each who is closed for being in no list whose length somebody says, and unknown by id.
        let seen = |action: &&Action| {
            let listed = world.people.iter().any(|person| Some(person.id()) == action.employee.as_ref());
            let asked = action.employee.as_ref().and_then(|employee| world.absent.get(employee));
            listed || matches!(asked, Some(Lookup::Found(_)))
        };
        let listed = plan.of_kind(ActionKind::Deactivate).filter(seen).count() as u64;
        let counted = listed + (plan.figures.removals - listed) * if world.by_end { 2 } else { 1 };
        if guard(&plan, &world.safeguards) == Decision::Go {
            prop_assert!(counted <= world.safeguards.allowed_removals(plan.figures.population));
            prop_assert!(plan.figures.removals == 0 || plan.figures.population > 2);
        }
    }

    #[test]
    fn whom_nobody_may_touch(world in worlds()) {
        let plan = world.plan();
        for action in &plan.actions {
            let strips = action.kind == ActionKind::Deactivate || action.assignments.iter().any(|change| !change.given);
            let Some(user) = world.users.iter().find(|user| Some(&user.id) == action.user.as_ref()) else { continue };
            let email = user.value(&TargetField::Email).unwrap_or_default().to_ascii_lowercase();
            let named = world.policy.protected.iter().any(|name| *name == user.id.as_str() || name.to_ascii_lowercase() == email);
            let owner = world.fingerprint.credential.as_deref();
            let owns = owner.is_some() && action.employee.as_ref().map(EmployeeId::as_str) == owner;
            prop_assert!(!(strips && (named || owns)), "{}", line_of(action));
        }
    }

    /// Accounts without a link are written only if this plan links them, or closes them by policy.
    /// Links stay as they are, and each account and each person gets one at most.
    #[test]
    fn only_our_own(world in worlds()) {
        let plan = world.plan();
        let linked: BTreeSet<&UserId> = plan.of_kind(ActionKind::Link).filter_map(|action| action.user.as_ref()).collect();
        let mut gets: BTreeSet<&EmployeeId> = BTreeSet::new();
        let mut taken: BTreeSet<&UserId> = BTreeSet::new();
        for action in &plan.actions {
            let user = action.user.as_ref();
            let held = world.links.iter().find(|link| Some(&link.user) == user);
            if let (Some(user), None) = (user, held) {
                let closes = world.policy.unlinked_users == UnlinkedUsers::Deactivate
                    && (action.kind == ActionKind::Deactivate || action.releases);
                prop_assert!(closes || linked.contains(user), "{}", line_of(action));
            }
            if matches!(action.kind, ActionKind::Link | ActionKind::Create) {
                let employee = action.employee.as_ref().unwrap();
                prop_assert!(gets.insert(employee), "one account each");
                let remade = action.replaces.as_ref() == Some(employee);
                prop_assert!(remade || world.links.iter().all(|link| link.employee != *employee), "links stay");
                if !remade {
                    prop_assert_eq!(held.map(|link| &link.employee), action.replaces.as_ref());
                }
            }
            if action.kind == ActionKind::Link {
                prop_assert!(taken.insert(user.unwrap()), "one person each");
                let rewrites = plan.actions.iter().any(|other| {
                    other.user.as_ref() == user && other.changes.iter().any(|change| change.field == TargetField::Email && change.to.is_some())
                });
                let decided = world.judgements.iter().any(|one| one.same && Some(&one.user) == user);
                prop_assert!(!rewrites || decided, "no new address while an account is taken over");
            }
        }
    }

    #[test]
    fn assignments_are_taken_back_only_where_we_gave_them(world in worlds()) {
        let plan = world.plan();
        let exact = world.policy.assignments.mode == AssignmentMode::Exact;
        let base = world.policy.assignments.default_role.as_deref();
        for action in plan.of_kind(ActionKind::Assign) {
            let link = world.links.iter().find(|link| Some(&link.employee) == action.replaces.as_ref().or(action.employee.as_ref())
                || Some(&link.user) == action.user.as_ref());
            let user = world.users.iter().find(|user| Some(&user.id) == action.user.as_ref()).unwrap();
            let ours = |assignment: &hris_core::Assignment| link.is_some_and(|link| link.granted.contains(assignment));
            for change in &action.assignments {
                prop_assert!(change.given || (exact && ours(&change.assignment)));
                if let (AssignmentKind::Role, Some(current)) = (change.assignment.kind, user.role.as_deref()) {
                    let role = hris_core::Assignment { kind: AssignmentKind::Role, value: current.to_owned() };
                    prop_assert!(base == Some(current) || (exact && ours(&role)), "levels are not lowered");
                }
            }
        }
    }

    /// Everybody in the source or in a link is in exactly one situation, and every account in one
    /// at least.
    #[test]
    fn totality(world in worlds()) {
        let plan = world.plan();
        let people = world.people.iter().map(Employee::id).chain(&world.set_aside);
        let everybody: BTreeSet<&EmployeeId> = people.chain(world.links.iter().map(|link| &link.employee)).collect();
        let mut said: Vec<EmployeeId> = plan.people.iter().filter_map(|one| Some(one.employee?.into())).collect();
        said.sort();
        prop_assert_eq!(said, everybody.into_iter().cloned().collect::<Vec<_>>());
        for user in &world.users {
            prop_assert!(plan.people.iter().any(|one| one.is_about(&user.id)), "{:?}", user.id);
            let alone = plan.people.iter().filter(|one| one.employee.is_none() && one.is_about(&user.id));
            prop_assert!(alone.count() <= 1);
        }
        let keys: BTreeSet<_> = plan.actions.iter().map(|action| &action.key).collect();
        prop_assert_eq!(keys.len(), plan.actions.len(), "each action has a key of its own");
        prop_assert_eq!(serde_json::from_str::<Plan>(&bytes(&plan)).unwrap(), plan);
    }

    #[test]
    fn a_match_touches_nobodys_life(world in worlds()) {
        let mut world = world;
        world.mode = Mode::Match;
        for action in world.plan().actions {
            let marks = action.kind == ActionKind::Update
                && action.changes.iter().all(|change| change.field == TargetField::ExternalId);
            prop_assert!(marks || matches!(action.kind, ActionKind::Link | ActionKind::Assign), "{}", line_of(&action));
        }
    }
}

fn shuffle<T>(rows: &mut [T], seeds: &[u32]) {
    for place in (1..rows.len()).rev() {
        rows.swap(place, seeds[place % seeds.len()] as usize % (place + 1));
    }
}

fn hidden(person: Employee, field: StandardField, how: i32) -> Employee {
    fn state<T>(how: i32) -> Field<T> {
        match how {
            0 => Field::NotPermitted,
            1 => Field::NotProvided,
            _ => Field::Cleared,
        }
    }
    match field {
        StandardField::Teams => person.with_teams(state(how)),
        field => person.with(field, state(how)),
    }
}

/// The same world with other ids, in the same order.
fn renamed(world: &World) -> World {
    let name = |id: &EmployeeId| EmployeeId::from(format!("e{id}"));
    let mut other = world.clone();
    for person in &mut other.people {
        let mut copy =
            Employee::new(name(person.id())).with_status(person.status(), person.status().as_str());
        for field in [
            StandardField::Email,
            StandardField::EmployeeNumber,
            StandardField::GivenName,
            StandardField::FamilyName,
            StandardField::JobTitle,
        ] {
            copy.put(field, person.text(field).map(str::to_owned));
        }
        copy.put(StandardField::Manager, person.manager().map(|id| format!("e{id}")));
        for field in [StandardField::StartDate, StandardField::EndDate, StandardField::LastWorkingDay] {
            copy.put_date(field, person.date(field));
        }
        copy = copy.with_teams(person.teams().map(<[String]>::to_vec));
        *person = if person.is_sample() { copy.as_sample() } else { copy };
    }
    for user in &mut other.users {
        for field in [TargetField::ExternalId, TargetField::ManagerExternalId] {
            let value = user.value(&field).map(|id| format!("e{id}"));
            user.put(&field, value.as_deref());
        }
    }
    for link in &mut other.links {
        link.employee = name(&link.employee);
        link.external_id = link.external_id.as_ref().map(|id| format!("e{id}"));
    }
    for held in other.others.held.values_mut() {
        held.external_id = held.external_id.as_ref().map(|id| format!("e{id}"));
    }
    for id in &mut other.set_aside {
        *id = name(id);
    }
    let absent = std::mem::take(&mut other.absent);
    other.absent = absent
        .into_iter()
        .map(|(id, answer)| {
            let answer = match answer {
                hris_core::Lookup::Found(person) => {
                    let mut one =
                        renamed(&World { people: vec![*person], ..crate::support::world("", "", "") });
                    hris_core::Lookup::Found(Box::new(one.people.remove(0)))
                }
                other => other,
            };
            (name(&id), answer)
        })
        .collect();
    other.fingerprint.credential = other.fingerprint.credential.map(|id| format!("e{id}"));
    // The facts of a decision hold the external ids, so it is made anew; one that was void stays so.
    other.judgements.clear();
    for one in &world.judgements {
        let fits = |user: &hris_core::User| user.id == one.user;
        if !world.users.iter().any(fits) {
            continue;
        }
        let now = World { judgements: Vec::new(), ..world.clone() };
        let now = now.judged(one.employee.as_str(), one.user.as_str(), one.same).judgements.remove(0);
        other = other.judged(name(&one.employee).as_str(), one.user.as_str(), one.same);
        if now != *one {
            other.judgements.last_mut().unwrap().facts.clone_from(&one.facts);
        }
    }
    other
}
