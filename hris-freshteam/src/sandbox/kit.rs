//! The fake as a program starts it.

use async_trait::async_trait;
use hris_core::sandbox::{Fake, FakeKit, FakeOptions, TOO_FEW};
use hris_core::{TimeZone, Timestamp};

use super::{Person, PersonView, Sandbox};

/// Starts the fake.
#[derive(Debug)]
pub(crate) struct Starter;

#[async_trait]
impl FakeKit for Starter {
    async fn start(&self, options: FakeOptions) -> Result<Box<dyn Fake>, String> {
        let mut builder = Sandbox::builder()
            .port(options.port)
            .employees(options.employees as usize)
            .seed(options.seed)
            .today(options.now.date_in(&TimeZone::utc()))
            .latency(options.latency);
        if let Some(rate) = options.rate_limit {
            // Freshteam counts by the minute.
            builder = builder.per_minute(rate.saturating_mul(60));
        }
        let started = builder.start().await;
        started.map(|sandbox| Box::new(sandbox) as Box<dyn Fake>).map_err(|error| error.to_string())
    }
}

impl Fake for Sandbox {
    fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    fn token(&self) -> &str {
        self.key()
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        vec![("subdomain", format!("{:?}", self.subdomain()))]
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let today = now.date_in(&TimeZone::utc());
        self.change(|company| {
            let works = |person: &PersonView| {
                let started = person.joining_date.as_deref().is_some_and(|day| *day <= *today.to_string());
                person.status == "active" && person.email.is_some() && person.reports == 0 && started
            };
            let staff: Vec<PersonView> = company.people().into_iter().filter(works).collect();
            // The last of the list manage nobody, so exactly one person changes with each of them.
            let [.., promoted, leaver] = staff.as_slice() else {
                return Err(TOO_FEW.to_owned());
            };
            let joiner = company.hire(
                Person::new("Noor", "El-Amrani")
                    .email("noor.el-amrani.joins@lofotfisk.example")
                    .title("Buyer")
                    .starts(today.to_string())
                    .set("employee_id", "A-9001"),
            );
            company
                .set(&promoted.id, "designation", "Head of Good Ideas")
                .map_err(|error| error.to_string())?;
            company
                .deactivate(&leaver.id, Some(&today.plus_days(-1).to_string()))
                .map_err(|error| error.to_string())?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{} gets a new job title", promoted.id),
                format!("{} is made inactive; yesterday was the last day", leaver.id),
            ])
        })
    }
}
