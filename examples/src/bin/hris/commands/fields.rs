//! `fields`: what there is to map.

use std::path::Path;

use hris_core::FieldInfo;
use serde_json::json;

use crate::args::Fields;
use crate::console::plain;
use crate::failure::{Result, exit};
use crate::grid::Grid;
use crate::{Shell, config, engine};

/// Lists every source field, how many people have it, and an example of its form.
pub(crate) async fn fields(path: &Path, args: &Fields, shell: &Shell) -> Result<u8> {
    let settings = config::load(path)?;
    let console = shell.console;
    let fields = engine::fields(&settings, shell).await?;
    let example = |field: &FieldInfo| {
        let shown = if args.values { field.sample.as_deref() } else { field.example.as_deref() };
        shown.map(str::to_owned)
    };
    let heading = if args.values { "a value" } else { "looks like" };
    let mut table = Grid::new(["field", "label", "kind", "people", heading]);
    for field in &fields {
        table.add_row([
            plain(&field.field.to_string()),
            plain(field.label.as_deref().unwrap_or("")),
            plain(&field.kind),
            format!("{} of {}", field.filled, field.people),
            plain(&example(field).unwrap_or_default()),
        ]);
    }
    console.show(&table)?;
    if args.values {
        console.remark("The last column holds personal data.")?;
    } else {
        console
            .remark("The examples are invented: x for a letter, 9 for a digit. --values shows real ones.")?;
    }
    let rows: Vec<_> = fields
        .iter()
        .map(|field| {
            json!({
                "field": field.field.to_string(), "label": field.label, "kind": field.kind,
                "filled": field.filled, "people": field.people, "example": example(field),
            })
        })
        .collect();
    console.document(&json!({
        "command": "fields", "connection": settings.connection, "outcome": "completed",
        "vendor": settings.vendor.name(), "real_values": args.values, "fields": rows,
    }))?;
    Ok(exit::DONE)
}
