//! As fast as allowed, and no faster.

use super::*;

/// A vendor of `people` that takes 50 ms a request, and notes when each arrived and how many
/// were under way at once.
fn slow(
    people: u64,
    rate: Option<Rate>,
    concurrency: usize,
) -> (Client, Arc<Mutex<Vec<Duration>>>, Arc<AtomicUsize>) {
    let (arrivals, peak, under_way) =
        (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let started = Instant::now();
    let (noted, highest) = (arrivals.clone(), peak.clone());
    let world = Arc::new(World::of(people));
    let transport = FnTransport::new(move |outgoing: Outgoing| {
        let (world, under_way, noted, highest) =
            (world.clone(), under_way.clone(), noted.clone(), highest.clone());
        async move {
            noted.lock().unwrap().push(started.elapsed());
            highest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(50)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            let asked = Asked {
                number: 0,
                skip: number(&outgoing, "skip").unwrap(),
                limit: number(&outgoing, "limit").unwrap(),
            };
            Ok(Response::new(200).with_body(world.honest(asked).to_string()))
        }
    });
    let mut builder = Client::builder("https://hr.example").concurrency(concurrency).transport(transport);
    if let Some(rate) = rate {
        builder = builder.rate(rate);
    }
    (builder.build().unwrap(), arrivals, peak)
}

#[tokio::test(start_paused = true)]
async fn four_at_a_time_take_eleven_round_trips_for_forty_pages() {
    // 39 pages follow the first one: ten rounds of four, so 11 × 50 ms against 40 × 50 ms.
    let mut took = Vec::new();
    for concurrency in [1, 4] {
        let started = Instant::now();
        let (client, _, peak) = slow(999, None, concurrency);
        let listed = list_all(&client, &PEOPLE, &Options::default().concurrency(concurrency)).await.unwrap();
        assert_eq!((listed.rows.len(), listed.requests), (999, 40));
        assert_eq!(peak.load(Ordering::SeqCst), concurrency);
        took.push(started.elapsed().as_millis());
    }
    assert_eq!(took, [2_000, 550]);
}

#[tokio::test(start_paused = true)]
async fn the_clients_own_bound_holds_below_that_of_the_listing() {
    let (client, _, peak) = slow(999, None, 2);
    list_all(&client, &PEOPLE, &Options::default().concurrency(16)).await.unwrap();
    assert_eq!(peak.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_rate_is_never_passed_and_nearly_all_of_it_is_used() {
    for (rate, burst) in [(5, 1), (20, 1), (50, 1), (20, 10), (3, 1)] {
        let (client, arrivals, _) = slow(4_999, Some(Rate::per_second(rate).burst(burst)), 8);
        list_all(&client, &PEOPLE, &Options::default().concurrency(8)).await.unwrap();
        let arrivals = arrivals.lock().unwrap();
        assert_eq!(arrivals.len(), 200);
        let second = Duration::from_secs(1);
        for (first, at) in arrivals.iter().enumerate() {
            let window = arrivals[first..].iter().take_while(|later| **later < *at + second).count();
            assert!(
                window <= (rate + burst - 1) as usize,
                "{window} in one second at {rate} a second, burst {burst}"
            );
        }
        let (all, time) = (arrivals.len() as f64 - 1.0, arrivals.last().unwrap().as_secs_f64());
        assert!(all / time >= 0.95 * f64::from(rate), "{:.2} used of {rate}", all / time);
    }
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_429_holds_everybody_and_loses_nobody() {
    // The vendor allows ten requests in each second, and says so only by refusing.
    let windows = Arc::new(Mutex::new(BTreeMap::<u64, u64>::new()));
    let refusals = Arc::new(AtomicU64::new(0));
    let (seen, refused) = (windows.clone(), refusals.clone());
    let started = Instant::now();
    let client = Client::builder("https://hr.example")
        .concurrency(4)
        .seed(7)
        .transport(FnTransport::new(move |outgoing: Outgoing| {
            let (seen, refused) = (seen.clone(), refused.clone());
            async move {
                let count = *seen
                    .lock()
                    .unwrap()
                    .entry(started.elapsed().as_secs())
                    .and_modify(|n| *n += 1)
                    .or_insert(1);
                sleep(Duration::from_millis(20)).await;
                if count > 10 {
                    refused.fetch_add(1, Ordering::Relaxed);
                    return Ok(Response::new(429).with_header("retry-after", "1"));
                }
                Ok(honest_of(&outgoing, 1_490))
            }
        }))
        .build()
        .unwrap();
    let listed = list_all(&client, &PEOPLE, &Options::default()).await.unwrap();
    assert_eq!(listed.rows.len(), 1_490);
    // In each second at most the four under way are refused, then all wait together.
    let refusals = refusals.load(Ordering::Relaxed);
    assert!(refusals <= 4 * windows.lock().unwrap().len() as u64, "{refusals}");
    assert_eq!(client.requests(), 60 + refusals);
}

fn honest_of(outgoing: &Outgoing, people: u64) -> Response {
    let asked = Asked { number: 0, skip: number(outgoing, "skip").unwrap(), limit: 25 };
    Response::new(200).with_body(World::of(people).honest(asked).to_string())
}
