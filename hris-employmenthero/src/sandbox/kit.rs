//! The fake as a program starts it.

use async_trait::async_trait;
use hris_core::sandbox::{Fake, FakeKit, FakeOptions, TOO_FEW};
use hris_core::{TimeZone, Timestamp};
use serde_json::json;

use super::{Person, Rotation, Sandbox};

/// Starts the fake.
#[derive(Debug)]
pub(crate) struct Starter;

#[async_trait]
impl FakeKit for Starter {
    async fn start(&self, options: FakeOptions) -> Result<Box<dyn Fake>, String> {
        let started = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(&options.now.date_in(&TimeZone::utc()).to_string())
            .latency(options.latency)
            .rate_limit(options.rate_limit.unwrap_or_default())
            // A fake that is started again knows the token that it began with and no later one.
            .behaviour(|behaviour| {
                behaviour.rotation = Rotation::Silent;
                behaviour.loopback_refused = false;
            })
            .start()
            .await;
        started.map(|sandbox| Box::new(sandbox) as Box<dyn Fake>).map_err(|error| error.to_string())
    }
}

impl Fake for Sandbox {
    fn url(&self) -> String {
        self.url().to_owned()
    }

    fn token(&self) -> &str {
        self.refresh_token()
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        // A fake on this machine is nobody's to spare.
        vec![("rate_limit", "{ per_second = 200, per_minute = 12000 }".to_owned())]
    }

    fn client(&self) -> Option<(&str, &str, String)> {
        Some((self.client_id(), self.client_secret(), self.redirect_uri()))
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let today = now.date_in(&TimeZone::utc());
        self.change(|company| {
            let managers: Vec<_> = company.people().into_iter().filter_map(|person| person.manager).collect();
            let staff: Vec<_> = company
                .people()
                .into_iter()
                .filter(|person| {
                    person.status == "active" && person.email.is_some() && !managers.contains(&person.id)
                })
                .collect();
            let [.., promoted, leaver] = staff.as_slice() else {
                return Err(TOO_FEW.to_owned());
            };
            let joiner = company.hire(
                Person::new("Noor", "El-Amrani")
                    .email("noor.el-amrani@kererucafe.example")
                    .job("Buyer")
                    .location("Cuba Street")
                    .starts(today.to_string()),
            );
            company
                .update(&promoted.id, |members| {
                    members.insert("job_title".to_owned(), json!("Head of Good Ideas"));
                })
                .map_err(|error| error.to_string())?;
            company
                .terminate(&leaver.id, &today.plus_days(-1).to_string())
                .map_err(|error| error.to_string())?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{} gets a new job title", promoted.id),
                format!("{} has left; yesterday was the last day", leaver.id),
            ])
        })
    }
}
