//! Whoever is unchanged is passed over, and the plan is the same as if everybody were looked at.

use hris_core::reconcile::{BothWays, MissingAccounts, MissingPeople, Plan, TwoWay, plan_both_ways};
use hris_core::{Field, TargetField, User, UserStatus};
use proptest::prelude::*;

use crate::support::World;
use crate::worlds::{Dice, cases, draw};

/// A world in which most accounts are as their people should have them.
pub(crate) fn settled(bytes: Vec<u8>) -> World {
    let mut dice = Dice::new(bytes);
    let mut world = draw(&mut dice);
    let mut users = world.users.clone();
    {
        let (snapshot, map) = (world.snapshot(), world.map());
        let desired = map.apply(&snapshot);
        for link in &mut world.links {
            let row = snapshot.employees().iter().position(|person| *person.id() == link.employee);
            let user = users.iter_mut().find(|user| user.id == link.user);
            let (Some(row), Some(user)) = (row, user) else { continue };
            settle(user, |field| desired.value(row, field).map(str::to_owned), &mut dice);
            link.external_id = user.value(&TargetField::ExternalId).map(str::to_owned);
        }
    }
    world.users = users;
    world
}

fn settle(user: &mut User, wanted: impl Fn(&TargetField) -> Field<String>, dice: &mut Dice) {
    if !dice.one_in(8) {
        user.status = UserStatus::Active;
    }
    for field in TargetField::STANDARD {
        match wanted(&field) {
            _ if dice.one_in(40) => {}
            Field::Value(value) if dice.one_in(20) => user.put(&field, Some(&format!(" {value}"))),
            Field::Value(value) => user.put(&field, Some(&value)),
            Field::Cleared => user.put(&field, None),
            Field::NotPermitted | Field::NotProvided => {}
        }
    }
}

/// The plan of a world in which nobody is passed over: fields that both sides may change are held against what
/// they were, so everybody is looked at, and here there are none.
fn unabridged(world: &World) -> Plan {
    let mut rules = TwoWay::default();
    rules.missing_in_source = MissingAccounts::Ignore;
    rules.missing_in_target = MissingPeople::Create;
    world
        .with_inputs(|inputs| plan_both_ways(inputs, &BothWays::new(&rules, &[]), &world.policy, world.today))
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn nothing_is_passed_over_that_matters(bytes in proptest::collection::vec(any::<u8>(), 0..640)) {
        let world = settled(bytes);
        let (short, whole) = (world.plan(), unabridged(&world));
        prop_assert_eq!(serde_json::to_string(&short).unwrap(), serde_json::to_string(&whole).unwrap());
    }
}
