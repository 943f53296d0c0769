//! The fake as a program starts it.

use async_trait::async_trait;
use hris_core::sandbox::{Fake, FakeKit, FakeOptions, TOO_FEW};
use hris_core::{TimeZone, Timestamp};
use serde_json::Value;

use super::{Person, Sandbox};

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
            .now(options.now)
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
        vec![
            ("department_dimension", format!("{:?}", "Department")),
            // A fake on this machine is nobody's to spare.
            ("concurrency", "8".to_owned()),
            ("rate_limit", "{ per_second = 500, burst = 500 }".to_owned()),
        ]
    }

    fn a_day_passes(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let today = now.date_in(&TimeZone::utc());
        self.change(|company| {
            let staff: Vec<String> = company
                .ids()
                .into_iter()
                .filter(|id| {
                    let open = |employment: &serde_json::Map<String, Value>| {
                        let day =
                            |member: &str| employment.get(member).and_then(Value::as_str).unwrap_or_default();
                        day("enddate").is_empty() && day("startdate") < today.to_string().as_str()
                    };
                    company.employments(id).iter().any(open)
                })
                .collect();
            let [.., mover, leaver] = staff.as_slice() else {
                return Err(TOO_FEW.to_owned());
            };
            let joiner = company.hire(Person::new("Noor", "El-Amrani").starts(today.to_string()));
            company.set(mover, "telefon", "+47 405 99 999").map_err(|error| error.to_string())?;
            company.leave(leaver, &today.plus_days(-1).to_string()).map_err(|error| error.to_string())?;
            Ok(vec![
                format!("{joiner} is hired and starts today"),
                format!("{mover} gets a new phone number"),
                format!("{leaver} has left; yesterday was the last day"),
            ])
        })
    }
}
