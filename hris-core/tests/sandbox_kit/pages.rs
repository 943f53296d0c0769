//! Faults of pages follow from the envelope alone.

use super::*;

/// The totals an answer tells: of people, of pages.
fn totals(raw: &Raw) -> (Value, Value) {
    let body = value(raw);
    if body.is_array() {
        let told = |name| header(raw.as_ref().unwrap(), name).map_or(Value::Null, |text| json!(text));
        return (told("total-objects"), told("total-pages"));
    }
    (body["data"]["total_items"].clone(), body["data"]["total_pages"].clone())
}

/// The second page of eight people under one fault, as each envelope has it.
async fn second(fault: Fault) -> [Raw; 2] {
    let numbered = Vendor::of(NUMBERED, 8).start().await;
    let nested = Vendor::of(NESTED, 8).start().await;
    numbered.inject(fault.clone().on("/people").at_skip(3));
    nested.inject(fault.on("/people").at_skip(3));
    // Faults of another page leave the first as it is.
    assert_eq!(ids(&Way::memory(&numbered).people(&[]).await), [1, 2, 3]);
    [Way::memory(&numbered).people(&[("page", 2)]).await, Way::memory(&nested).people(&[("skip", 3)]).await]
}

#[tokio::test]
async fn rows_of_a_page() {
    let table: &[(Fault, &[u64])] = &[
        (Fault::DuplicateRow, &[4, 5, 4]),
        (Fault::DuplicateRowChanged, &[4, 5, 4]),
        (Fault::EmptyPage, &[]),
        (Fault::ExtraRows(2), &[4, 5, 6, 7, 8]),
        (Fault::ExtraRows(1), &[4, 5, 6, 7]),
        (Fault::IgnoreSkip, &[1, 2, 3]),
        (Fault::RepeatPage, &[1, 2, 3]),
        (Fault::RepeatRow, &[4, 5, 6, 4]),
        (Fault::RepeatRowChanged, &[4, 5, 6, 4]),
        (Fault::RowWithoutId, &[0, 5, 6]),
        (Fault::ShortPage, &[4, 5]),
        (Fault::edit_row(|row| row["id"] = json!(70)), &[70, 5, 6]),
        (Fault::edit_rows(|row| row["id"] = json!(70)), &[70, 70, 70]),
    ];
    for (fault, expected) in table {
        let [numbered, nested] = second(fault.clone()).await;
        assert_eq!(ids(&numbered), *expected, "{fault:?}");
        assert_eq!(ids(&nested), *expected, "{fault:?}");
        assert_eq!(totals(&numbered), (json!("8"), json!("3")), "{fault:?}");
        assert_eq!(totals(&nested), (json!(8), json!(3)), "{fault:?}");
    }
    let [contradicted, _] = second(Fault::RepeatRowChanged).await;
    let rows = value(&contradicted);
    assert_eq!(rows[3]["id"], rows[0]["id"]);
    assert_ne!(rows[3]["firstName"], rows[0]["firstName"]);
}

#[tokio::test]
async fn totals_and_the_number_of_pages_that_follows() {
    let none = (Value::Null, Value::Null);
    let table = [
        (Fault::TotalOff(3), (json!("11"), json!("4")), (json!(11), json!(4))),
        (Fault::TotalOff(-3), (json!("5"), json!("2")), (json!(5), json!(2))),
        (Fault::Total(json!("many")), (json!("many"), json!("many")), (json!("many"), json!("many"))),
        (Fault::Total(json!(-1)), (json!("-1"), json!("0")), (json!(-1), json!(0))),
        (Fault::NoTotal, none.clone(), none),
        (Fault::EmptyList, (json!("0"), json!("0")), (json!(0), json!(0))),
    ];
    for (fault, in_headers, in_body) in table {
        let [numbered, nested] = second(fault.clone()).await;
        assert_eq!(totals(&numbered), in_headers, "{fault:?}");
        assert_eq!(totals(&nested), in_body, "{fault:?}");
    }
    let vendor = Vendor::of(NUMBERED, 8).start().await;
    vendor.inject(Fault::GrowingTotal.on("/people"));
    let way = Way::memory(&vendor);
    for expected in ["8", "9", "10"] {
        assert_eq!(totals(&way.people(&[]).await).0, expected);
    }
}

#[tokio::test]
async fn lists_that_never_end_and_never_stay() {
    for (envelope, at) in [(NUMBERED, "page"), (NESTED, "skip")] {
        let vendor = Vendor::of(envelope, 8).start().await;
        let way = Way::memory(&vendor);
        vendor.inject(Fault::Endless);
        for (page, skip) in [(1, 0), (3, 6), (100, 297)] {
            let asked = if at == "page" { page } else { skip };
            let raw = way.people(&[(at, asked)]).await;
            let first = u64::try_from(skip % 8).unwrap();
            assert_eq!(ids(&raw), [first + 1, (first + 1) % 8 + 1, (first + 2) % 8 + 1]);
            let total = totals(&raw).0;
            let total = total.as_u64().unwrap_or_else(|| total.as_str().unwrap().parse().unwrap());
            assert!(total > skip as u64 + 3);
        }
        vendor.clear_faults();
        vendor.inject(Fault::Shuffle);
        let (one, other) = (way.people(&[]).await, way.people(&[]).await);
        assert_eq!((ids(&one).len(), ids(&other).len()), (3, 3));
        assert!(ids(&one) != [1, 2, 3] || ids(&other) != [1, 2, 3]);
        assert_ne!(ids(&one), ids(&other));
    }
}

#[tokio::test]
async fn a_list_that_comes_whole_has_no_pages_to_twist() {
    let vendor = Vendor::of(WHOLE, 5).start().await;
    let way = Way::memory(&vendor);
    for fault in
        [Fault::IgnoreSkip, Fault::RepeatPage, Fault::ExtraRows(3), Fault::TotalOff(3), Fault::NoTotal]
    {
        vendor.inject(fault.clone().once());
        assert_eq!(ids(&way.people(&[]).await), [1, 2, 3, 4, 5], "{fault:?}");
    }
    vendor.inject(Fault::Shuffle.once());
    let mut shuffled = ids(&way.people(&[]).await);
    assert_ne!(shuffled, [1, 2, 3, 4, 5]);
    shuffled.sort_unstable();
    assert_eq!(shuffled, [1, 2, 3, 4, 5]);
    vendor.inject(Fault::RepeatRow.at_skip(0).once());
    assert_eq!(ids(&way.people(&[]).await), [1, 2, 3, 4, 5, 1]);
}

#[tokio::test]
async fn envelopes_of_another_shape() {
    let shape = async |envelope: fn() -> Envelope, fault: Fault| {
        let vendor = Vendor::of(envelope, 1).start().await;
        vendor.inject(fault);
        value(&Way::memory(&vendor).people(&[]).await)
    };
    let row = json!({ "id": 1, "firstName": "P1" });
    assert_eq!(shape(WHOLE, Fault::WrongEnvelope).await, json!({ "data": [row] }));
    assert_eq!(shape(NESTED, Fault::WrongEnvelope).await, json!([row]));
    assert_eq!(shape(WHOLE, Fault::NoData).await, Value::Null);
    assert_eq!(shape(NESTED, Fault::NoData).await, json!({ "data": { "total_items": 1, "total_pages": 1 } }));
    assert_eq!(shape(WHOLE, Fault::Data(json!("x"))).await, json!("x"));
    assert_eq!(shape(NESTED, Fault::Data(json!("x"))).await["data"]["items"], "x");
    assert_eq!(shape(NESTED, Fault::ErrorBody(500)).await["message"], CANARY);
}
