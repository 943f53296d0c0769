//! What it costs to plan for everybody, beside joins that know no rules: a plan of people who are linked, and a
//! first run that matches them. Prints medians of rounds that take turns, and their ratios.
//!
//! `cargo bench -p hris-examples --bench plan` measures 10,000, 100,000 and 1,000,000 people, which takes minutes
//! and 6 GB; sizes may be named after `--`. `--smoke` takes seconds and only shows that everything still runs.

#![allow(clippy::print_stdout, reason = "it prints what it measured")]
#![allow(clippy::indexing_slicing, reason = "a reference may be as plain as it is fast")]

mod company;
#[path = "../measure/mod.rs"]
mod measure;
mod reference;

use std::hint::black_box;
use std::time::Instant;

use company::Company;
use measure::{Result, median, memory, processor_time};

const ROUNDS: usize = 5;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [word, people, what] = &arguments[..]
        && word == "peak"
    {
        println!("{}", peak(people.parse()?, what)?);
        return Ok(());
    }
    if arguments.iter().any(|argument| argument == "--smoke") {
        return measure(2_000, 1).and_then(|_| handovers(200, 1));
    }
    let sizes: Vec<usize> =
        arguments.iter().map(|people| people.parse()).collect::<std::result::Result<_, _>>()?;
    let sizes = if sizes.is_empty() { vec![10_000, 100_000, 1_000_000] } else { sizes };
    let mut before: Option<Medians> = None;
    for people in sizes {
        let medians = measure(people, ROUNDS)?;
        if let Some(before) = before {
            let growth = |now: f64, before: f64| now / before;
            println!(
                "growth from the size before, against the reference's own: linked {:.2}, first run {:.2}",
                growth(medians.linked, before.linked) / growth(medians.arena, before.arena),
                growth(medians.first, before.first) / growth(medians.three_keys, before.three_keys),
            );
        }
        before = Some(medians);
    }
    handovers(8_000, ROUNDS)
}

struct Medians {
    arena: f64,
    three_keys: f64,
    linked: f64,
    first: f64,
}

/// One thing that is measured.
struct Row {
    name: &'static str,
    wall: Vec<f64>,
    processor: Vec<f64>,
}

impl Row {
    fn new(name: &'static str) -> Self {
        Self { name, wall: Vec::new(), processor: Vec::new() }
    }

    fn time<T>(&mut self, work: impl FnOnce() -> T) -> Result<T> {
        let (started, before) = (Instant::now(), processor_time()?);
        let made = black_box(work());
        self.processor.push((processor_time()? - before).as_secs_f64());
        self.wall.push(started.elapsed().as_secs_f64());
        Ok(made)
    }

    fn median(&self) -> f64 {
        median(&self.wall)
    }
}

fn measure(people: usize, rounds: usize) -> Result<Medians> {
    let company = Company::new(people)?;
    let (source, target) = company.sides();
    let mut rows = [
        Row::new("arena join"),
        Row::new("three keys for everybody"),
        Row::new("mapping"),
        Row::new("plan, linked"),
        Row::new("mapping and plan, linked"),
        Row::new("plan, first run"),
    ];
    for _ in 0..rounds {
        let [arena, three_keys, mapping, linked, both, first] = &mut rows;
        let found = arena.time(|| reference::arena(&source, &target))?;
        let matched = three_keys.time(|| reference::three_keys(&source, &target))?;
        if found != matched || found.changed.len() < people / 40 {
            return Err("the references disagree".into());
        }
        let desired = mapping.time(|| company.map.apply(&company.snapshot))?;
        let plan = linked.time(|| company.plan(&desired, false))??;
        // Changed people are updated, unless they left. Joiners are made and invited, and leavers' accounts are closed.
        let few = found.changed.len() + 3 * found.joined.len();
        if plan.actions.len() < few - people / 100 || plan.actions.len() > few + people / 100 {
            return Err(
                format!("{} actions are planned, and about {few} should be", plan.actions.len()).into()
            );
        }
        drop(plan);
        let plan = first.time(|| company.plan(&desired, true))??;
        if plan.actions.len() < people - people / 25 {
            return Err(format!("only {} people are matched", plan.actions.len()).into());
        }
        drop((plan, desired));
        both.time(|| company.plan(&company.map.apply(&company.snapshot), false))??;
    }
    println!("{people} people, {rounds} rounds");
    let [arena, three_keys, ..] = &rows;
    let (arena, three_keys) = (arena.median(), three_keys.median());
    for row in &rows {
        let spread =
            row.wall.iter().copied().fold(0.0, f64::max) / row.wall.iter().copied().fold(f64::MAX, f64::min);
        println!(
            "  {:26} {:10.2} ms, spread {spread:.2}, CPU {:10.2} ms; {:6.2} x arena, {:6.2} x three keys",
            row.name,
            row.median() * 1e3,
            median(&row.processor) * 1e3,
            row.median() / arena,
            row.median() / three_keys,
        );
    }
    drop(company);
    drop((source, target));
    for what in ["linked", "first"] {
        let program = std::env::current_exe()?;
        let output =
            std::process::Command::new(program).args(["peak", &people.to_string(), what]).output()?;
        print!("  {what}: {}", String::from_utf8_lossy(&output.stdout));
    }
    let [_, _, _, linked, _, first] = &rows;
    Ok(Medians { arena, three_keys, linked: linked.median(), first: first.median() })
}

/// What a plan takes at its peak beside its inputs, in a process of its own.
fn peak(people: usize, what: &str) -> Result<String> {
    let company = Company::new(people)?;
    let desired = company.map.apply(&company.snapshot);
    let inputs = memory("VmRSS")?;
    std::fs::write("/proc/self/clear_refs", "5")?;
    let plan = company.plan(&desired, what == "first")?;
    let extra = (memory("VmHWM")? - inputs).max(0.0);
    drop(plan);
    let (mebibytes, ratio) = (1024.0, extra / inputs);
    Ok(format!(
        "peak {:.0} MiB above the inputs' {:.0} MiB ({ratio:.3})",
        extra / mebibytes,
        inputs / mebibytes
    ))
}

/// Addresses that pass from leavers to joiners, and between colleagues: four times as many should take about four
/// times as long, and not sixteen.
fn handovers(people: usize, rounds: usize) -> Result<()> {
    let mut medians = Vec::new();
    for people in [people, 4 * people] {
        let company = Company::handing_over(people)?;
        let desired = company.map.apply(&company.snapshot);
        let mut row = Row::new("handovers");
        for _ in 0..rounds {
            let plan = row.time(|| company.plan(&desired, false))??;
            let waiting = plan.actions.iter().filter(|action| !action.waits_for.is_empty()).count();
            if waiting < people / 2 {
                return Err(format!("only {waiting} of {people} wait for an address").into());
            }
        }
        println!(
            "{people} addresses that pass on: {:.2} ms, CPU {:.2} ms",
            row.median() * 1e3,
            median(&row.processor) * 1e3
        );
        medians.push(row.median());
    }
    if let [few, many] = medians[..] {
        println!("  four times as many take {:.1} times as long", many / few);
    }
    Ok(())
}
