//! Any mixture of edits, runs, pushes, cuts and lost answers.

use super::*;

fn step() -> impl Strategy<Value = Step> {
    let fault = proptest::option::of((1_u64..30, 0_u8..4));
    prop_oneof![
        5 => (any::<bool>(), 1_u8..=2, 0_usize..4, 0_u8..4).prop_map(|(paid, who, field, value)| Step::Edit(paid, who, field, value)),
        3 => fault.clone().prop_map(Step::Run),
        1 => (1_u8..=2, fault).prop_map(|(who, fault)| Step::Push(who, fault)),
        1 => any::<bool>().prop_map(Step::Decide),
    ]
}

fn value(field: usize, n: u8) -> Option<String> {
    match (field, n) {
        (2, 0) => some("Nobody"),
        (_, 0) => None,
        (1, n) => Some(format!("+47{n}2345678")),
        (_, n) => Some(format!("{}word", ["Mill", "Bake", "Dye", "Spin"][usize::from(n)])),
    }
}

async fn history(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let office = Office::new().await;
    let mut open = Open::new();
    let mut clock: i64 = day(2).unix_seconds();
    let at = |clock: i64| Timestamp::from_unix_seconds(clock);
    for step in steps {
        clock += 3600;
        let before = look(&office);
        let (who, fault) = match &step {
            Step::Edit(paid, who, field, n) => {
                let (id, new) = (format!("e-{who}"), value(*field, *n));
                let (target, source) = &FIELDS[*field];
                let old = if *paid { office.paid(&id, *source) } else { office.used(&id, target) };
                if old != new {
                    if *paid {
                        office.pay(&id, *source, new.as_deref());
                    } else {
                        office.use_product(&id, target, new.as_deref());
                    }
                    let other = if *paid { office.used(&id, target) } else { office.paid(&id, *source) };
                    // Who makes both sides say the same leaves no edit that a run could lose; who puts back what
                    // was in step has edited nothing.
                    if other == new {
                        open.remove(&(!*paid, *who, *field));
                        open.remove(&(*paid, *who, *field));
                    } else if office.in_step(&id, target, *paid).await == Some(new.clone()) {
                        open.remove(&(*paid, *who, *field));
                    } else {
                        open.insert((*paid, *who, *field), new);
                    }
                }
                continue;
            }
            Step::Decide(paid) => {
                let runner = office.runner();
                let keep = if *paid { Side::Source } else { Side::Target };
                let conflicts = runner.plan(at(clock)).await.unwrap().plan.conflicts;
                for conflict in &conflicts {
                    let number = conflict.employee.as_ref().unwrap().as_str()[2..].parse().unwrap();
                    let field =
                        FIELDS.iter().position(|(field, _)| Some(field) == conflict.field.as_ref()).unwrap();
                    // Whoever decided gave the other side's edit up, knowing it.
                    open.remove(&(!*paid, number, field));
                }
                let decisions: Vec<_> = conflicts.iter().map(|conflict| conflict.keep(keep)).collect();
                runner.resolve(&decisions).await.unwrap();
                continue;
            }
            Step::Run(fault) => (None, *fault),
            Step::Push(who, fault) => (Some(*who), *fault),
        };
        let faults = match fault {
            Some((call, kind)) => {
                let kinds = [Fault::CutBefore, Fault::CutAfter, Fault::LostBefore, Fault::LostAfter];
                Faults::new().at(call, kinds[usize::from(kind)])
            }
            None => Faults::new(),
        };
        let runner = faulty(&office, &faults);
        let user = who.map(|who| support::user(&office.product, &format!("e-{who}")).id);
        let work = async {
            match &user {
                Some(user) => runner.push(user, at(clock), at(clock)).await,
                None => runner.run(at(clock)).await,
            }
        };
        tokio::select! {
            biased;
            () = faults.cut() => {}
            _ = work => {}
        }
        tokio::time::advance(Duration::from_secs(61)).await;
        // An open edit is still there, or has arrived on the other side.
        let after = look(&office);
        let arrived: Vec<(bool, u8, usize)> = open
            .iter()
            .filter(|((paid, who, field), value)| {
                let there = &after[&(*paid, *who, *field)];
                let other = &after[&(!*paid, *who, *field)];
                there == *value && other == *value
            })
            .map(|(key, _)| *key)
            .collect();
        // A field of payroll that somebody emptied while nobody knew whether an update was done looks like a loss
        // of that update. It is filled again, and that is told.
        let told = told(&office).await;
        let lost: Vec<_> =
            open.iter().filter(|(key, value)| &after[*key] != *value).map(|(key, _)| *key).collect();
        for key in lost {
            let (paid, who, field) = key;
            let about = (Some(format!("e-{who}")), Some(FIELDS[field].0.to_string()));
            let is_told = paid && open[&key].is_none() && told.contains(&about);
            prop_assert!(is_told, "the edit {key:?} was written over: {before:?} {after:?}");
            open.remove(&key);
        }
        for key in arrived {
            open.remove(&key);
            open.remove(&(!key.0, key.1, key.2));
        }
    }
    // When it is quiet, somebody decides, and then there is nothing more to do and nobody disagrees.
    for n in 0..3 {
        clock += 3600 * (n + 1);
        let runner = office.runner();
        let conflicts = runner.plan(at(clock)).await.unwrap().plan.conflicts;
        let decisions: Vec<_> = conflicts.iter().map(|conflict| conflict.keep(Side::Source)).collect();
        runner.resolve(&decisions).await.unwrap();
        runner.run(at(clock)).await.unwrap();
    }
    let plan = office.runner().plan(at(clock)).await.unwrap().plan;
    prop_assert!(plan.is_empty() && plan.conflicts.is_empty(), "{:?} {:?}", plan.actions, plan.conflicts);
    // Where a lost answer left nobody knowing who wrote last, both sides keep what they have, and that
    // was told.
    let told = told(&office).await;
    let end = look(&office);
    for ((paid, who, field), value) in &end {
        let about = (Some(format!("e-{who}")), Some(FIELDS[*field].0.to_string()));
        let same = end[&(!*paid, *who, *field)] == *value;
        prop_assert!(same || told.contains(&about), "{about:?} differs, and nobody was told: {end:?}");
    }
    Ok(())
}

/// Of whom and of which field some run told that the sides differ.
async fn told(office: &Office) -> Vec<(Option<String>, Option<String>)> {
    let reports = office.store.history("acme", u32::MAX).await.unwrap();
    let problems = reports.into_iter().flat_map(|report| report.problems);
    let differs =
        problems.filter(|problem| matches!(problem.code, ProblemCode::CannotUnset | ProblemCode::Divergence));
    differs.map(|problem| (problem.employee.map(|id| id.to_string()), problem.field)).collect()
}

fn look(office: &Office) -> BTreeMap<(bool, u8, usize), Option<String>> {
    let mut all = BTreeMap::new();
    for who in 1_u8..=2 {
        let id = format!("e-{who}");
        for (field, (target, source)) in FIELDS.iter().enumerate() {
            all.insert((true, who, field), office.paid(&id, *source));
            all.insert((false, who, field), office.used(&id, target));
        }
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]
    #[test]
    fn no_edit_is_lost_silently(steps in proptest::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(history(steps))?;
    }
}

/// What somebody empties at payroll while nobody knows whether a push was done is filled again, and told.
#[tokio::test(start_paused = true)]
async fn a_field_emptied_beside_an_unclear_push_is_filled_and_told() {
    let steps = [
        Step::Edit(false, 1, 1, 0),
        Step::Push(1, Some((14, 0))),
        Step::Edit(true, 1, 0, 0),
        Step::Run(None),
    ];
    history(steps.to_vec()).await.unwrap();
}

/// Payroll is given by hand what a run that was cut was about to write there; then the product empties it. Of the
/// edits that followed each other the last one counts.
#[tokio::test(start_paused = true)]
async fn what_both_sides_said_by_hand_is_in_step_before_the_next_edit() {
    let steps = [
        Step::Edit(false, 2, 1, 3),
        Step::Run(Some((10, 0))),
        Step::Edit(true, 2, 1, 3),
        Step::Edit(false, 2, 1, 0),
        Step::Run(None),
    ];
    history(steps.to_vec()).await.unwrap();
}
