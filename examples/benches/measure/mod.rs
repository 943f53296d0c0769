//! What the benchmarks share: figures of this process and thread, and work in processes of its own, in rounds that take
//! turns. The figures are the operating system's own account (Linux).

#![allow(dead_code, reason = "each benchmark uses its own part")]

use std::collections::BTreeMap;
use std::error::Error;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hris_core::{RateLimit, Secret};
use hris_humaans::Humaans;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What one piece of work cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cost {
    /// Seconds by the clock of the work itself, without the start of its process.
    pub(crate) wall: f64,
    /// Seconds on processors, of all threads, from the start of the process.
    pub(crate) cpu: f64,
    /// The most memory it held, in MiB.
    pub(crate) peak: f64,
}

/// Reports the cost of this process to the one that asked for it.
pub(crate) fn tell(wall: f64) -> Result<()> {
    println!("cost {wall} {} {}", processor_seconds()?, memory("VmHWM")? / 1024.0);
    Ok(())
}

/// The seconds since an instant.
pub(crate) fn since(began: Instant) -> f64 {
    began.elapsed().as_secs_f64()
}

/// Does a piece of work in a process of its own: this program with these arguments.
pub(crate) fn apart(arguments: &[&str]) -> Result<Cost> {
    let done = Command::new(std::env::current_exe()?)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(done.stdout)?;
    let line = text.lines().find_map(|line| line.strip_prefix("cost "));
    let (true, Some(line)) = (done.status.success(), line) else {
        return Err(format!("{arguments:?} failed: {text}").into());
    };
    let figures: Vec<f64> = line.split(' ').map(str::parse).collect::<std::result::Result<_, _>>()?;
    match figures[..] {
        [wall, cpu, peak] => Ok(Cost { wall, cpu, peak }),
        _ => Err(format!("{arguments:?} told {line}").into()),
    }
}

/// The costs of each kind of work, by its name.
#[derive(Debug, Default)]
pub(crate) struct Rounds(BTreeMap<&'static str, Vec<Cost>>);

impl Rounds {
    pub(crate) fn enter(&mut self, name: &'static str, cost: Cost) {
        self.0.entry(name).or_default().push(cost);
    }

    /// A median over the rounds.
    pub(crate) fn median(&self, name: &str, of: impl Fn(&Cost) -> f64) -> f64 {
        median(&self.0.get(name).into_iter().flatten().map(of).collect::<Vec<_>>())
    }

    /// The largest figure over the smallest.
    fn spread(&self, name: &str) -> f64 {
        let walls = || self.0.get(name).into_iter().flatten().map(|cost| cost.wall);
        walls().fold(f64::NAN, f64::max) / walls().fold(f64::NAN, f64::min)
    }

    /// A line for each kind of work. `each` is how many of what it did.
    pub(crate) fn print(&self, names: &[&str], (each, what): (usize, &str)) {
        println!("{:<40} {:>9} {:>7} {:>9} {:>9} {:>11}", "", "wall s", "spread", "CPU s", "peak MiB", what);
        for name in names {
            let wall = self.median(name, |cost| cost.wall);
            println!(
                "{name:<40} {wall:>9.3} {:>7.2} {:>9.3} {:>9.0} {:>11.0}",
                self.spread(name),
                self.median(name, |cost| cost.cpu),
                self.median(name, |cost| cost.peak),
                each as f64 / wall,
            );
        }
    }
}

/// What this process has used of processors so far.
fn processor_seconds() -> Result<f64> {
    /// What the kernel counts in, whatever its own tick is.
    const TICKS: f64 = 100.0;
    let account = std::fs::read_to_string("/proc/self/stat")?;
    let after = account.rsplit(')').next().unwrap_or_default();
    let mut ticks = after.split_whitespace().skip(11).take(2);
    let (user, system) = (ticks.next().unwrap_or_default(), ticks.next().unwrap_or_default());
    Ok((user.parse::<f64>()? + system.parse::<f64>()?) / TICKS)
}

/// An amount of memory of this process, in KiB: `VmRSS` now, `VmHWM` at most.
pub(crate) fn memory(name: &str) -> Result<f64> {
    let account = std::fs::read_to_string("/proc/self/status")?;
    let line = account.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let amount = line.and_then(|line| line.split_whitespace().next()).ok_or("the system does not say")?;
    Ok(amount.parse()?)
}

/// How long this thread has run on a processor.
pub(crate) fn processor_time() -> Result<Duration> {
    let account = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = account.split_whitespace().next().ok_or("the account of this thread is empty")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

pub(crate) fn median(figures: &[f64]) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A connector to a fake vendor, which no pace slows down.
pub(crate) fn connector(url: &str, token: &str) -> hris_humaans::Builder {
    Humaans::builder()
        .base_url(url)
        .allow_http_loopback()
        .token(Secret::from(token.to_owned()))
        .rate_limit(RateLimit::per_second(100_000).burst(100_000))
}
