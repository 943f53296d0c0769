//! Playing histories, making those that break a law short, and telling what was met.

use std::collections::BTreeMap;

use hris_core::ProblemCode;
use hris_core::reconcile::ActionKind;

use crate::accounts::Accounts;
use crate::kinds::{Kind, Tally};
use crate::laws::Breach;
use crate::runs::{Command, Trouble};
use crate::world::{Settings, World};

pub(crate) type Steps = Vec<[u8; 4]>;

/// Plays one history to its end, and then lets the world come to rest.
pub(crate) fn replay<A: Accounts>(start: [u8; 4], steps: &[[u8; 4]]) -> Result<Tally, Box<Breach>> {
    let in_memory = std::any::type_name::<A>().ends_with("Memory");
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    // A file answers from another thread, and meanwhile a paused clock would run ahead.
    let runtime = runtime.enable_time().start_paused(in_memory).build().unwrap();
    runtime.block_on(async {
        let mut world = World::<A>::new(Settings::drawn(start, in_memory)).await;
        for step in steps {
            world.step(*step).await?;
        }
        world.rest().await?;
        Ok(world.tally)
    })
}

impl<A: Accounts> World<A> {
    async fn step(&mut self, [high, low, which, how]: [u8; 4]) -> Result<(), Box<Breach>> {
        let kind = Kind::drawn(high, low);
        let line = match kind {
            Kind::Hour | Kind::Day | Kind::Days => {
                self.now = match kind {
                    Kind::Hour => self.now.plus_seconds(3600),
                    Kind::Day => self.now.plus_days(1),
                    _ => self.now.plus_days(1 + i32::from(which % 40)),
                };
                Some("it is later".to_owned())
            }
            _ if kind <= Kind::Fault => {
                if self.run_step(kind, which, how).await? {
                    *self.tally.kinds.entry(kind).or_default() += 1;
                }
                return Ok(());
            }
            _ => match self.hr(kind, which, how) {
                Some(line) => Some(line),
                None => match self.administrator(kind, which, how).await {
                    Some(line) => Some(line),
                    None => self.fate(kind, which).await,
                },
            },
        };
        if let Some(line) = line {
            *self.tally.kinds.entry(kind).or_default() += 1;
            self.say(line);
        }
        Ok(())
    }

    /// P10: where nothing changes any more, nothing is written any more, and the same is said.
    async fn rest(&mut self) -> Result<(), Box<Breach>> {
        let companies: &[usize] = if self.companies[1].registry.all().is_empty() { &[0] } else { &[0, 1] };
        // A morning, so that no day ends meanwhile.
        self.now = format!("{}T09:00:00Z", self.today().plus_days(1)).parse().unwrap();
        self.say("nothing happens any more");
        let mut last = BTreeMap::new();
        let mut written = 0;
        for round in 0..5 {
            for company in companies {
                self.now = self.now.plus_seconds(60);
                let before = self.accounts().rows().await;
                let report = self.run(*company, &Command::Sync, Trouble::None).await?;
                let after = self.accounts().rows().await;
                let Some(report) = report else { continue };
                // That a side cannot lose a value is told once, after what a lost state made both sides give each other.
                let mut problems = report.problems.clone();
                problems.retain(|problem| problem.code != ProblemCode::CannotUnset || !self.settings.two_way);
                let said = (report.outcome, problems);
                // What another connection wrote meanwhile may say something new of the same accounts.
                let same = last
                    .insert(*company, (said.clone(), round))
                    .is_none_or(|(last, at)| last == said || at <= written);
                if before != after {
                    written = round;
                }
                if round < 3 {
                    continue;
                }
                let done = report
                    .actions
                    .iter()
                    .any(|line| line.result.as_str() == "done" && line.action != ActionKind::Link);
                if before != after || done {
                    let what = "a quiet world is written".to_owned();
                    return Err(self
                        .breach("P10 a quiet world comes to rest", &what, &before, &after)
                        .into());
                }
                if !same {
                    let what = "outcome or problems are others than in the round before".to_owned();
                    return Err(self
                        .breach("P10 a quiet world says the same", &what, &before, &after)
                        .into());
                }
            }
        }
        Ok(())
    }
}

/// Bytes that are the same each time.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn four(&mut self) -> [u8; 4] {
        let [a, b, c, d, ..] = self.next().to_le_bytes();
        [a, b, c, d]
    }
}

/// The shortest history by leaving out steps that breaks the same law, with the plainest settings.
fn shrunk<A: Accounts>(mut start: [u8; 4], mut steps: Steps, found: Box<Breach>) -> (usize, Box<Breach>) {
    let mut breach = found;
    let mut size = steps.len().div_ceil(2);
    loop {
        let mut place = 0;
        let mut shorter = false;
        while place < steps.len() {
            let mut fewer = steps.clone();
            fewer.drain(place..(place + size).min(steps.len()));
            match replay::<A>(start, &fewer) {
                Err(again) if again.law == breach.law => {
                    (steps, breach, shorter) = (fewer, again, true);
                }
                _ => place += size,
            }
        }
        if size > 1 {
            size = size.div_ceil(2).min(size - 1);
        } else if !shorter {
            break;
        }
    }
    for (place, bits) in
        (0..4).flat_map(|place| [0xff, 0xf0, 0x0f, 0x01, 0x02, 0x04, 0x08].map(|bits| (place, bits)))
    {
        let mut plainer = start;
        plainer[place] &= !bits;
        if let Err(again) = replay::<A>(plainer, &steps)
            && again.law == breach.law
        {
            (start, breach) = (plainer, again);
        }
    }
    (steps.len(), breach)
}

/// Plays that many histories of 12 to 30 steps, the same each time, and then says which laws were broken, with
/// one short history of each.
pub(crate) fn deterministic<A: Accounts>(seed: u64, count: u64) {
    let mut bytes = Bytes(seed);
    let mut played = std::time::Duration::ZERO;
    let mut tally = Tally::default();
    let mut broken: BTreeMap<&'static str, (u64, usize, Box<Breach>)> = BTreeMap::new();
    for _ in 0..count {
        let start = bytes.four();
        let length = 12 + bytes.next() % 19;
        let steps: Steps = (0..length).map(|_| bytes.four()).collect();
        let began = std::time::Instant::now();
        let end = replay::<A>(start, &steps);
        played += began.elapsed();
        let breach = match end {
            Ok(met) => {
                tally.add(&met);
                continue;
            }
            Err(breach) => breach,
        };
        tally.add(&breach.tally);
        if let Some((seen, ..)) = broken.get_mut(breach.law) {
            *seen += 1;
        } else {
            let law = breach.law;
            let (length, breach) = shrunk::<A>(start, steps, breach);
            broken.insert(law, (1, length, breach));
        }
    }
    tally.print();
    println!("{} histories played in {} s", count, played.as_secs());
    let mut failures = String::new();
    for (seen, length, breach) in broken.values() {
        failures.push_str(&format!("\n[{seen} histories, the shortest has {length} steps] {breach}"));
    }
    assert!(broken.is_empty(), "{} laws are broken{failures}", broken.len());
    let missing: Vec<&str> = tally
        .missing()
        .into_iter()
        .filter(|word| !(word.contains("push") && std::any::type_name::<A>().ends_with("Sqlite")))
        .collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}
