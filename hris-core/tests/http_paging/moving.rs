//! Lists that change while they are read.

use super::*;

#[tokio::test]
async fn rows_inserted_or_deleted_while_listing_are_seen_and_listed_again() {
    for place in [0, 30, 60] {
        let insert = fault(move |world, asked| {
            if asked.number == 3 {
                world.people.insert(place, json!({ "id": "new", "name": "New" }));
            }
            world.honest(asked)
        });
        let listed = list(World::of(100), 4, insert).await.unwrap();
        assert_eq!((listed.rows.len(), listed.listings, listed.repeated.len()), (101, 2, 0));
        let delete = fault(move |world, asked| {
            if asked.number == 3 {
                world.people.remove(place);
            }
            world.honest(asked)
        });
        let listed = list(World::of(100), 4, delete).await.unwrap();
        assert_eq!((listed.rows.len(), listed.listings), (99, 2));
    }
}

#[tokio::test]
async fn a_list_that_never_rests_is_refused() {
    let grows = fault(|world, asked| {
        world.people.push(json!({ "id": format!("q{}", asked.number), "name": "Q" }));
        world.honest(asked)
    });
    check("grows", 100, grows, &format!("{REFUSED}the total changed from …")).await;
}

#[tokio::test]
async fn an_order_that_changes_is_refused() {
    let shuffled = fault(|world, asked| {
        world.people.rotate_left(13);
        json!({ "total": 100, "data": world.rows(asked) })
    });
    check("order changes", 100, shuffled, &format!("{REFUSED}…")).await;
}

#[derive(Clone, Debug)]
enum Change {
    Add(usize),
    Remove(usize),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![(0..200_usize).prop_map(Change::Add), (0..200_usize).prop_map(Change::Remove),]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(1_000), failure_persistence: None, ..ProptestConfig::default() })]

    /// With at most one change between two requests, and each vendor total true at its moment:
    /// a listing holds everybody who was there all the time, or it is refused.
    #[test]
    fn people_who_were_there_all_the_time_are_never_missing(
        people in 0_u64..120,
        size in 1_u64..40,
        concurrency in 1_usize..6,
        numbered: bool,
        changes in prop::collection::btree_map(1_u64..30, change(), 0..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let always = Arc::new(Mutex::new((0..people).map(|n| format!("p{n:04}")).collect::<BTreeSet<_>>()));
        let ever = Arc::new(Mutex::new(always.lock().unwrap().clone()));
        let (still, known) = (always.clone(), ever.clone());
        let wrong = fault(move |world, asked| {
            let length = world.people.len();
            match changes.get(&asked.number) {
                Some(Change::Add(place)) => {
                    let id = format!("n{:04}", asked.number);
                    known.lock().unwrap().insert(id.clone());
                    world.people.insert(place % (length + 1), json!({ "id": id, "name": "New" }));
                }
                Some(Change::Remove(place)) if length > 0 => {
                    let gone = world.people.remove(place % length);
                    still.lock().unwrap().remove(gone["id"].as_str().unwrap());
                }
                _ => {}
            }
            json!({ "total": world.people.len(), "data": world.rows(asked) })
        });
        let listing = People { size, numbered };
        let client = client(World::of(people), concurrency, wrong);
        match runtime.block_on(list_all(&client, &listing, &Options::default().concurrency(concurrency))) {
            Ok(listed) => {
                let ids: BTreeSet<_> = listed.rows.iter().filter_map(|row| row.id.clone()).collect();
                prop_assert_eq!(ids.len(), listed.rows.len());
                prop_assert_eq!(Some(ids.len() as u64), listed.total);
                prop_assert!(listed.repeated.is_empty());
                prop_assert_eq!(listed.proof, Proof::Total);
                let always = always.lock().unwrap();
                prop_assert!(always.is_subset(&ids), "missing {:?}", always.difference(&ids).collect::<Vec<_>>());
                prop_assert!(ids.is_subset(&ever.lock().unwrap()));
            }
            Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Incomplete),
        }
    }

    /// Whatever sizes a vendor gives its pages, and however many are asked for at once, the same
    /// list comes out.
    #[test]
    fn pages_of_any_size_give_the_same_list(
        people in 0_u64..150,
        size in 1_u64..40,
        concurrency in 1_usize..6,
        sizes in prop::collection::vec(20_usize..60, 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let uneven = fault(move |world, asked| {
            // The size hangs on the place alone, as it must for the same answer twice.
            let limit = sizes[asked.skip % sizes.len()].min(asked.limit + 5);
            world.honest(Asked { limit, ..asked })
        });
        let listing = People { size, numbered: false };
        let run = |concurrency| {
            let client = client(World::of(people), concurrency, uneven.clone());
            runtime.block_on(list_all(&client, &listing, &Options::default().concurrency(concurrency)))
        };
        let (one, many) = (run(1), run(concurrency));
        prop_assert_eq!(outcome(&one), outcome(&many));
        if let Ok(listed) = one {
            let ids: Vec<_> = listed.rows.iter().filter_map(|row| row.id.clone()).collect();
            prop_assert_eq!(ids, (0..people).map(|n| format!("p{n:04}")).collect::<Vec<_>>());
        }
    }
}
