//! The fake as a program starts it.

use async_trait::async_trait;
use hris_core::sandbox::{Fake, FakeKit, FakeOptions, TOO_FEW};
use hris_core::{TimeZone, Timestamp};
use serde_json::Value;

use super::{Job, Person, Resource, Sandbox};

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
            .today(&options.now.date_in(&TimeZone::utc()).to_string())
            .latency(options.latency);
        if let Some(rate) = options.rate_limit {
            builder = builder.rate_limit(rate);
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
        self.token()
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        // A fake on this machine is nobody's to spare.
        vec![("rate_limit", "{ per_second = 200, burst = 200 }".to_owned())]
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let today = now.date_in(&TimeZone::utc());
        self.change(|company| {
            let staff: Vec<_> = company
                .people()
                .into_iter()
                .filter(|person| {
                    person.status == "active" && person.email.is_some() && person.id != company.admin()
                })
                .collect();
            // The last of the list manage nobody, so exactly one person changes with each of them.
            let [.., promoted, leaver] = staff.as_slice() else {
                return Err(TOO_FEW.to_owned());
            };
            let joiner = company.hire(
                Person::new("Noor", "El-Amrani")
                    .job("Buyer", "Operations")
                    .starts(today.to_string())
                    .team("Operations"),
            );
            let roles = company.rows(Resource::JobRoles);
            let current = roles.iter().find(|role| {
                role.get("personId").and_then(Value::as_str) == Some(&promoted.id)
                    && role.get("endDate").is_none_or(Value::is_null)
            });
            let mut job = Job::new("Head of Good Ideas", promoted.department.clone().unwrap_or_default());
            if let Some(manager) = current.and_then(|role| role.get("reportingTo")).and_then(Value::as_str) {
                job = job.reports_to(manager);
            }
            company.change_job(&promoted.id, job).map_err(|error| error.to_string())?;
            company
                .offboard(&leaver.id, &today.plus_days(-1).to_string())
                .map_err(|error| error.to_string())?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{} gets a new job title", promoted.id),
                format!("{} has left; yesterday was the last day", leaver.id),
            ])
        })
    }
}
