//! Settings before the start.

use std::time::Duration;

use hris_core::Date;
use hris_core::sandbox::{RateLimit, Server, day};

use super::{Behaviour, Peculiarity, Sandbox, SandboxError, Token, World, generate};

/// Settings of a [`Sandbox`] before it starts.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    employees: usize,
    seed: u64,
    port: u16,
    today: Date,
    kind: generate::Kind,
    peculiar: bool,
    behaviour: Behaviour,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            employees: 250,
            seed: 7,
            port: 0,
            today: day(2026, 11, 24),
            kind: generate::Kind::Lifelike,
            peculiar: false,
            behaviour: Behaviour::default(),
        }
    }
}

impl Builder {
    /// The number of people, new hires and leavers among them; 250 when not
    /// said. There is always one, the administrator who made the token.
    pub fn employees(mut self, number: usize) -> Self {
        self.employees = number;
        self
    }

    /// The seed of all that is invented; 7 when not said.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A fixed port; 0, the default, takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The day the company lives on, `YYYY-MM-DD`: new hires start half a year
    /// and more after it, leavers left before it. 2026-11-24 when not said.
    /// What is no day is ignored.
    pub fn today(mut self, day: &str) -> Self {
        self.today = day.parse().unwrap_or(self.today);
        self
    }

    /// A uniform company for measurements: everybody is active and complete,
    /// with one job and one custom field.
    pub fn plain(mut self) -> Self {
        self.kind = generate::Kind::Plain;
        self
    }

    /// Adds one of each [`Peculiarity`].
    pub fn peculiarities(mut self) -> Self {
        self.peculiar = true;
        self
    }

    /// So many requests a second for each token, beyond which the answer is
    /// 429; 0 for no limit.
    pub fn rate_limit(mut self, per_second: u32) -> Self {
        self.behaviour.rate_limit = (per_second > 0).then(|| RateLimit::per_second(per_second));
        self
    }

    /// How long every answer takes, in real time.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.behaviour.latency = latency;
        self
    }

    /// Any of the open choices.
    pub fn behaviour(mut self, change: impl FnOnce(&mut Behaviour)) -> Self {
        change(&mut self.behaviour);
        self
    }

    /// Invents the company and opens the port.
    ///
    /// # Errors
    /// When the port cannot be opened, for example because it is taken.
    pub async fn start(self) -> Result<Sandbox, SandboxError> {
        let mut world = World::empty(self.seed, self.today);
        world.behaviour = self.behaviour;
        generate::fill(&mut world, self.kind, self.employees);
        let token = world.issue_token(Token::private());
        if self.peculiar {
            for case in Peculiarity::ALL {
                world.add(case);
            }
        }
        let started = Server::start(world, self.port).await;
        let server = started.map_err(|source| SandboxError::Port { port: self.port, source })?;
        Ok(Sandbox { server, token })
    }
}
