//! A new connector from nothing: Birch, a vendor that does not exist, in one file, a fake of it, and the suite that
//! every connector passes. Offline. The page "a new connector" of `hris-core` goes through `new_connector/birch.rs`.
#![allow(clippy::panic, clippy::print_stdout, reason = "it shows what happens, and ends where it cannot")]

#[path = "new_connector/birch.rs"]
mod birch;
#[path = "new_connector/fake.rs"]
mod fake;

use hris_core::conformance::{self, Person};
use hris_core::connector::{Kit as _, Secrets, Table};
use hris_core::{Directory as _, Lookup, ReadRequest, Secret, Status};
use hris_examples::story::{Told, chapter, expect, say};

use birch::BirchKit;
use fake::{BirchHarness, BirchStage};

#[tokio::main]
async fn main() -> Told {
    chapter("What a program asks a person for, before there is a connector");
    for line in BirchKit.how_to_connect(&Table::new()).iter().chain(&[BirchKit.template()]) {
        line.lines().for_each(say);
    }
    let settings = Table::from_iter([("former".to_owned(), "perhaps".into())]);
    let refused = BirchKit.connect(&settings, Secrets::default().with("key", Secret::from("k".to_owned())));
    let key = refused.err().and_then(|error| error.setting_name().map(str::to_owned));
    expect(key.as_deref() == Some("former"), "a setting that cannot be right is refused by its key")?;

    chapter("Everybody, and one person");
    let request = ReadRequest::everything(conformance::TODAY.parse()?);
    let mut people = Person::some(7);
    if let Some(last) = people.last_mut() {
        last.status = Status::Terminated;
    }
    let stage = BirchStage::start(&people).await?;
    for finding in stage.birch.check(&request).await?.findings {
        say(finding.to_string());
    }
    let snapshot = stage.birch.snapshot(&request).await?;
    say(format!("{} people in {} requests", snapshot.people(), snapshot.requests()));
    let left = |status| snapshot.employees().iter().filter(|person| person.status() == status).count();
    expect((left(Status::Active), left(Status::Terminated)) == (6, 1), "six work there, one has left")?;
    let shown = format!("{:?} {snapshot:?}", stage.birch);
    expect(
        !shown.contains("secret") && !shown.contains("person1@"),
        "neither the key nor a person is in Debug",
    )?;
    let gone = stage.birch.get(&"b99".into(), &request).await?;
    expect(matches!(gone, Lookup::Gone), "Birch's own 404 says that nobody has this id")?;

    chapter("The suite that every connector passes");
    let summary = conformance::run(&BirchHarness).await;
    summary.to_string().lines().for_each(say);
    expect(summary.failed.is_empty(), "no case fails")?;
    expect(summary.passed.len() >= 115, "and none was left out for want of a harness")
}
