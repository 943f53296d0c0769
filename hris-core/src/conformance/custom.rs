//! What a directory does when a customer's own field is out of reach: it never empties it, and never guesses which one
//! is meant.

use super::{Harness, Miss, Outcome, Person, Stage, Summary, ensure, faults::faults, request};
use crate::{ErrorKind, Field, Level, ReadRequest, Snapshot, SourceField, mapping};

/// The value that the person of these cases has.
const VALUE: &str = "Conformance-7";

/// What must come of a fault.
#[derive(Clone, Copy)]
enum Expect {
    /// The value, or that it cannot be seen, or a refusal; never that there is none.
    NotCleared,
    /// By its name nobody's value is delivered; by its id the right one.
    OnlyById,
}

faults! {
    /// A way in which a customer's own field can be out of reach. Before it, somebody has a value in the field that the
    /// harness defines.
    CustomFault, cases "Custom";
    /// The credential may no longer see custom fields: neither what defines them nor what they hold.
    Hidden => Expect::NotCleared;
    /// Another custom field has the same name.
    Twin => Expect::OnlyById;
}

pub(super) async fn run(harness: &dyn Harness, summary: &mut Summary) {
    let stage = harness.stage(&Person::some(2)).await;
    summary.enter("a_custom_field_that_is_not_there_is_told", missing(stage.as_ref()).await);
    for (fault, name, expect) in FAULTS.iter().copied() {
        let stage = harness.stage(&Person::some(2)).await;
        summary.enter(name, try_fault(stage.as_ref(), fault, expect).await);
    }
}

fn asking(field: &SourceField) -> ReadRequest {
    ReadRequest::new(request().today()).with_field(field.clone())
}

fn needs_custom_fields(stage: &dyn Stage) -> Outcome {
    match stage.directory().capabilities().custom_fields {
        true => Ok(()),
        false => Err(Miss::Skipped("the vendor has no custom fields".to_owned())),
    }
}

/// What the field is of those people of whom it can be seen.
fn seen(snapshot: &Snapshot, field: &SourceField) -> Vec<Field<String>> {
    let read = |person| mapping::read(person, field).map(std::borrow::Cow::into_owned);
    snapshot.employees().iter().map(read).filter(Field::is_visible).collect()
}

/// A mapping that names a field which is not there is corrected by a person, so a finding has to name it.
async fn missing(stage: &dyn Stage) -> Outcome {
    needs_custom_fields(stage)?;
    let field = SourceField::CustomName("Conformance nowhere".to_owned());
    let asked = asking(&field);
    match stage.directory().snapshot(&asked).await {
        Ok(snapshot) => ensure(seen(&snapshot, &field).is_empty(), || {
            "a field that is not there is delivered; where it counts as empty, accounts lose what they have"
                .to_owned()
        })?,
        Err(error) => ensure(error.kind() == ErrorKind::Config, || format!("{:?}: {error}", error.kind()))?,
    }
    told(stage, &asked).await
}

/// The check of a request names what has to be corrected.
async fn told(stage: &dyn Stage, asked: &ReadRequest) -> Outcome {
    match stage.directory().check(asked).await {
        Ok(preflight) => ensure(preflight.level() >= Level::Missing, || {
            "the check says nothing of it, so nobody corrects the mapping".to_owned()
        }),
        Err(error) => ensure(error.kind() == ErrorKind::Config, || format!("{:?}: {error}", error.kind())),
    }
}

async fn try_fault(stage: &dyn Stage, fault: CustomFault, expect: Expect) -> Outcome {
    needs_custom_fields(stage)?;
    let id = stage.add(&Person { custom: Some(VALUE.to_owned()), ..Person::number(9) }).await;
    let fields = stage.directory().fields(&request()).await?;
    let own = fields.into_iter().find(|info| info.field.custom().is_some() && info.filled > 0);
    let own = own.ok_or_else(|| Miss::Failed("no custom field is counted in fields()".to_owned()))?;
    let name = own.label.clone().or_else(|| own.field.custom().map(str::to_owned)).unwrap_or_default();
    stage.break_custom(own.field.custom().unwrap_or_default(), fault).await.map_err(Miss::Skipped)?;
    match expect {
        Expect::NotCleared => {
            for asked in [request(), asking(&own.field)] {
                match stage.directory().snapshot(&asked).await {
                    Ok(snapshot) => {
                        let person = snapshot.employees().iter().find(|person| *person.id() == id);
                        let value = person.map(|person| mapping::read(person, &own.field));
                        ensure(value != Some(Field::Cleared), || {
                            "what may not be seen counts as empty, so accounts lose what they have".to_owned()
                        })?;
                    }
                    Err(error) => {
                        let is_refusal = matches!(error.kind(), ErrorKind::Config | ErrorKind::Permission);
                        ensure(is_refusal, || format!("{:?}: {error}", error.kind()))?;
                    }
                }
            }
            Ok(())
        }
        Expect::OnlyById => {
            let named = SourceField::CustomName(name);
            match stage.directory().snapshot(&asking(&named)).await {
                Ok(snapshot) => ensure(seen(&snapshot, &named).is_empty(), || {
                    "two fields have the name, and one of them was chosen".to_owned()
                })?,
                Err(error) => {
                    ensure(error.kind() == ErrorKind::Config, || format!("{:?}: {error}", error.kind()))?;
                }
            }
            told(stage, &asking(&named)).await?;
            let snapshot = stage.directory().snapshot(&asking(&own.field)).await?;
            let found = seen(&snapshot, &own.field).into_iter().filter(Field::is_value);
            ensure(found.eq([Field::Value(VALUE.to_owned())]), || {
                "asked for by its id, the field is not delivered".to_owned()
            })
        }
    }
}
