//! Runs that are cut anywhere.

use super::*;

/// A day on which both sides were busy.
async fn busy() -> Office {
    let office = Office::new().await;
    office.use_product("e-1", &TargetField::JobTitle, Some("Baker"));
    office.pay("e-2", StandardField::JobTitle, Some("Smith"));
    office.use_product("e-3", &TargetField::Phone, None);
    office.pay("e-3", StandardField::GivenName, Some("Greta"));
    office.pay("e-4", StandardField::JobTitle, Some("Dyer"));
    office.use_product("e-4", &TargetField::JobTitle, Some("Dyer"));
    let bo = User::new("u-bo", UserStatus::Active)
        .with(TargetField::Email, "bo@mill.example")
        .with(TargetField::GivenName, "Bo");
    office.product.edit(|users| {
        users.insert(bo.id.clone(), bo);
    });
    office
}

/// What both sides have, person by person by address, and what is remembered.
async fn end(office: &Office) -> Vec<String> {
    let state = office.store.load("acme").await.unwrap();
    assert!(state.unsettled.is_empty());
    let mut lines = Vec::new();
    office.payroll.people.edit(|people| {
        for person in people {
            lines.push(format!(
                "{:?}",
                FIELDS.map(|(_, field)| person.text(field).value().map(str::to_owned))
            ));
        }
    });
    lines.extend(
        office
            .product
            .all()
            .iter()
            .map(|user| format!("{:?}", FIELDS.map(|(field, _)| user.value(&field).map(str::to_owned)))),
    );
    for link in &state.links {
        let known =
            link.bases.iter().map(|(field, base)| format!("{field}={:?}/{:?}", base.source, base.target));
        lines.push(format!("{} {}", link.user, known.collect::<Vec<_>>().join(" ")));
    }
    lines.sort();
    lines
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cut_anywhere_ends_as_the_uncut_one() {
    let office = busy().await;
    let faults = Faults::new();
    faulty(&office, &faults).run(day(2)).await.unwrap();
    let calls = faults.calls();
    office.run(3).await;
    assert!(office.is_quiet(3).await);
    let expected = end(&office).await;
    assert!(calls > 15, "{calls}");
    for fault in [Fault::CutBefore, Fault::CutAfter, Fault::LostBefore, Fault::LostAfter, Fault::PanicAfter] {
        for call in 1..=calls {
            let office = busy().await;
            let faults = Faults::new().at(call, fault);
            if fault == Fault::PanicAfter && is_kept_out(call).await {
                continue;
            }
            let runner = faulty(&office, &faults);
            tokio::select! {
                biased;
                () = faults.cut() => {}
                _ = runner.run(day(2)) => {}
            }
            tokio::time::advance(Duration::from_secs(61)).await;
            office.run(2).await;
            office.run(3).await;
            assert!(office.is_quiet(3).await, "{fault:?} at {call}: {:?}", faults.names().last());
            assert_eq!(end(&office).await, expected, "{fault:?} at {call}: {:?}", faults.names().last());
        }
    }
}

/// Whether the call of this number is one of the store or a reading one of the directory, whose panics
/// nobody keeps in.
async fn is_kept_out(call: u64) -> bool {
    let office = busy().await;
    let names = Faults::new();
    faulty(&office, &names).run(day(2)).await.unwrap();
    let name = names.names()[usize::try_from(call).unwrap() - 1];
    !matches!(
        name,
        "user" | "users" | "find" | "create" | "update" | "assign" | "update person" | "create person"
    )
}
