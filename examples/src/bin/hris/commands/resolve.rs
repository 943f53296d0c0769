//! `resolve`: what both sides changed, or only one side has, until somebody decides.

use std::path::Path;

use hris_core::reconcile::{Conflict, Resolution};
use hris_reconcile::report::ConflictLine;
use serde_json::json;

use crate::args::Resolve;
use crate::failure::{Failure, Result, exit};
use crate::{Shell, config, engine, render};

/// Lists open conflicts, or decides them. A decision is carried out by the next run, unless a value
/// changed by then.
pub(crate) async fn resolve(path: &Path, args: &Resolve, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let console = shell.console;
    // A state that cannot be used is told here as everywhere.
    engine::history(&settings, 1).await?;
    let open = match &settings.policy.two_way {
        Some(_) => engine::plan(&settings, shell).await?.plan.conflicts,
        None => Vec::new(),
    };
    let (decided, rest) = chosen(open, args)?;
    let decisions: Vec<Resolution> = match args.keep {
        Some(keep) => decided.iter().map(|conflict| conflict.keep(keep.into())).collect(),
        None => Vec::new(),
    };
    if !decisions.is_empty() {
        engine::resolve(&settings, shell, &decisions).await?;
        let kept = args.keep.map_or("", |keep| hris_core::reconcile::Side::from(keep).as_str());
        for conflict in &decided {
            console.say(format!("{}: the {kept} stays; the next sync carries it out.", conflict.id))?;
        }
    }
    if rest.is_empty() {
        console.say("No open conflicts.")?;
    } else {
        render::conflicts(console, &rest)?;
        console.remark(
            "`hris resolve ID --keep source` or `--keep target` decides one; `--all --keep …` decides all.",
        )?;
    }
    if settings.policy.two_way.is_none() {
        console.remark("Data flows one way here, so the source decides every field; ambiguous matches are in the problems of a run.")?;
    }
    let lines = |conflicts: &[Conflict]| conflicts.iter().map(ConflictLine::new).collect::<Vec<_>>();
    let outcome = if rest.is_empty() { "completed" } else { "partial" };
    console.document(&json!({
        "command": "resolve", "connection": settings.connection, "outcome": outcome,
        "conflicts": lines(&rest), "decided": lines(&decided),
    }))?;
    Ok(if rest.is_empty() { exit::DONE } else { exit::PARTIAL })
}

/// The conflicts that are to be decided, and the others.
fn chosen(open: Vec<Conflict>, args: &Resolve) -> Result<(Vec<Conflict>, Vec<Conflict>)> {
    let Some(id) = &args.id else {
        return Ok(if args.all { (open, Vec::new()) } else { (Vec::new(), open) });
    };
    if args.keep.is_none() {
        let message = format!("{id}: say which side stays with --keep source or --keep target");
        return Err(Failure::config(message));
    }
    let (one, rest): (Vec<_>, Vec<_>) = open.into_iter().partition(|conflict| conflict.id == *id);
    if one.is_empty() {
        return Err(Failure::config(format!("there is no open conflict {id:?}; `hris resolve` lists them")));
    }
    Ok((one, rest))
}
