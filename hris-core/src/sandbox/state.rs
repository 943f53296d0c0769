//! From a request to its answer.

use std::collections::VecDeque;
use std::time::Duration;

use super::fault::Strike;
use super::limit::Buckets;
use super::{Allowance, Answer, Fault, Injection, Received, RecordedRequest, World, damage, paging};

/// How many requests are remembered.
const LOG: usize = 10_000;

/// The sandbox behind its lock.
pub(super) struct State<W> {
    pub(super) world: W,
    pub(super) faults: Vec<Injection<W>>,
    pub(super) log: VecDeque<RecordedRequest>,
    /// What was added to the clock.
    pub(super) shift: Duration,
    /// How long every answer takes.
    pub(super) latency: Duration,
    started: tokio::time::Instant,
    buckets: Buckets,
    served: u64,
}

impl<W: World> State<W> {
    pub(super) fn new(world: W) -> Self {
        Self {
            world,
            faults: Vec::new(),
            log: VecDeque::new(),
            shift: Duration::ZERO,
            latency: Duration::ZERO,
            started: tokio::time::Instant::now(),
            buckets: Buckets::default(),
            served: 0,
        }
    }

    /// The path beneath the base, or one that begins with `..`.
    pub(super) fn path(&self, whole: &str) -> String {
        match whole.strip_prefix(self.world.base()) {
            Some(path) if path.starts_with('/') => path.to_owned(),
            _ => format!("..{whole}"),
        }
    }

    /// Whether the connection of this request is cut, which is then remembered.
    pub(super) fn cut(&mut self, request: &mut Received) -> bool {
        request.at = self.now();
        let struck = self.strike(request, true);
        let after = |strike: &Strike<W>| matches!(strike, Strike::Fault(Fault::DisconnectAfter));
        if struck.iter().any(after) {
            self.number(request);
            let (_, answer) = self.take(request, &[]);
            drop(answer);
        }
        if struck.is_empty() {
            return false;
        }
        self.remember(request.record(self.world.secrets()));
        true
    }

    /// The answer, and how long it takes.
    pub(super) fn respond(&mut self, request: &mut Received) -> (Answer, Duration) {
        self.number(request);
        let mut record = request.record(self.world.secrets());
        let (mut faults, mut changes) = (Vec::new(), Vec::new());
        for strike in self.strike(request, false) {
            match strike {
                Strike::Fault(fault) => faults.push(fault),
                Strike::Then(change) => changes.push(change),
            }
        }
        let (allowances, mut answer) = self.take(request, &faults);
        self.world.finish(request, &mut answer, &allowances);
        let mut delay = self.latency;
        for fault in &faults {
            match fault {
                Fault::Header(name, value) => answer.headers.push((name.clone(), value.clone())),
                Fault::Revoke => self.world.revoke(request),
                Fault::Slow(longer) => delay += *longer,
                _ => {}
            }
        }
        for change in changes {
            change(&mut self.world);
        }
        // Statuses below 200 and above 599 are no final answers of HTTP.
        answer.status = answer.status.clamp(200, 599);
        record.status = Some(answer.status);
        self.remember(record);
        (answer, delay)
    }

    /// Replaced, refused by a limit, or answered by the world.
    fn take(&mut self, request: &Received, faults: &[Fault]) -> (Vec<Allowance>, Answer) {
        let limits = self.world.limits(request);
        let replaced = faults.iter().find_map(|fault| damage::replacement(&self.world, request, fault));
        let answer = match (replaced, request.at) {
            (Some(answer), _) => answer,
            (None, now) => match self.buckets.take(&limits, now) {
                Err(seconds) => damage::too_many(&self.world, request, &self.world.retry_after(), seconds),
                Ok(()) => self.deserved(request, faults),
            },
        };
        (self.buckets.allowances(&limits, request.at), answer)
    }

    /// What the world answers, and what faults make of it.
    fn deserved(&mut self, request: &Received, faults: &[Fault]) -> Answer {
        let mut answer = paging::answer(&mut self.world, request, faults);
        if answer.is_success() {
            damage::apply(&mut answer, &self.world.envelope(), request, faults);
        }
        let after = faults.iter().find_map(|fault| match fault {
            Fault::StatusAfter(status) => Some(*status),
            _ => None,
        });
        after.map_or(answer, |status| self.world.refuse(request, status))
    }

    /// What happens to this request, each thing counted.
    fn strike(&mut self, request: &Received, cutting: bool) -> Vec<Strike<W>> {
        let envelope = self.world.envelope();
        let faults = self.faults.iter_mut().filter(|injection| injection.cuts() == cutting);
        faults.filter_map(|injection| injection.strike(request, &envelope)).collect()
    }

    fn number(&mut self, request: &mut Received) {
        self.served += 1;
        (request.number, request.at) = (self.served, self.now());
    }

    pub(super) fn now(&self) -> Duration {
        tokio::time::Instant::now().saturating_duration_since(self.started) + self.shift
    }

    fn remember(&mut self, record: RecordedRequest) {
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(record);
    }
}
