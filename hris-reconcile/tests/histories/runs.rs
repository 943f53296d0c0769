//! Runs, whole or cut, and what is looked at before and after each.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use hris_core::{EmployeeId, UserId};
use hris_reconcile::faults::{Fault, Faults, Faulty};
use hris_reconcile::report::{Outcome, Report};
use hris_reconcile::store::{MemoryStore, StateStore};
use hris_reconcile::{Approval, Runner};

use crate::accounts::{Accounts, Row};
use crate::kinds::Kind;
use crate::laws::{self, Breach, Look};
use crate::world::{NAMES, World};

/// What a run is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Approve,
    Import(EmployeeId),
    Match,
    Plan,
    Push(UserId),
    Sync,
}

/// What goes wrong with it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Trouble {
    At(u64, Fault),
    /// Dropped after so many polls.
    Dropped(u32),
    None,
}

/// What came of a run, as far as anybody was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) report: Option<Report>,
    /// Everything of it that somebody could print.
    pub(crate) printed: String,
}

impl<A: Accounts> World<A> {
    fn runner(&self, company: usize, faults: &Faults, trouble: Trouble) -> Runner {
        // A store whose code panics is no store.
        let only_target = matches!(trouble, Trouble::At(_, Fault::PanicAfter | Fault::PanicBefore));
        let of_store = if only_target { Faults::new() } else { faults.clone() };
        let target = Faulty::new(self.accounts().target(), faults.clone());
        let store = Faulty::new(self.store.clone(), of_store);
        Runner::builder(self.companies[company].registry.clone(), target, store)
            .connection(NAMES[company])
            .policy(self.settings.policy.clone())
            .safeguards(self.settings.safeguards.clone())
            .build()
            .unwrap()
    }

    /// Runs as a step says.
    pub(crate) async fn run_step(&mut self, kind: Kind, which: u8, how: u8) -> Result<bool, Breach> {
        let people = self.companies[0].registry.seen(self.today());
        let rows = self.accounts().rows().await;
        let chosen = |count: usize| usize::from(which).checked_rem(count);
        let mut trouble = Trouble::None;
        let mut company = 0;
        let command = match kind {
            Kind::Plan => Command::Plan,
            Kind::Match => Command::Match,
            Kind::Approve => Command::Approve,
            Kind::Import => match chosen(people.len()) {
                Some(place) => Command::Import(EmployeeId::from(people[place].id.as_str())),
                None => return Ok(false),
            },
            Kind::Push => match chosen(rows.len()) {
                Some(place) if self.settings.two_way => Command::Push(UserId::from(rows[place].id.as_str())),
                _ => return Ok(false),
            },
            Kind::SyncOther => {
                company = 1;
                if self.companies[1].registry.all().is_empty() {
                    for how in [1, 0, 2] {
                        let line = self.hr(Kind::OtherJoin, which, how);
                        line.into_iter().for_each(|line| self.say(line));
                    }
                }
                Command::Sync
            }
            Kind::Cut => {
                let fault = if how & 1 == 0 { Fault::CutBefore } else { Fault::CutAfter };
                trouble = Trouble::At(u64::from(which % 48) + 1, fault);
                Command::Sync
            }
            Kind::Dropped => {
                trouble = Trouble::Dropped(u32::from(which % 64) + 1);
                Command::Sync
            }
            Kind::Fault => {
                let faults = [
                    Fault::Rejected,
                    Fault::Conflict,
                    Fault::Unavailable,
                    Fault::LostAfter,
                    Fault::LostBefore,
                    Fault::PanicAfter,
                ];
                trouble = Trouble::At(u64::from(which % 48) + 1, faults[usize::from(how) % faults.len()]);
                Command::Sync
            }
            _ => Command::Sync,
        };
        self.run(company, &command, trouble).await?;
        Ok(true)
    }

    /// Runs once, and looks at what it did.
    pub(crate) async fn run(
        &mut self,
        company: usize,
        command: &Command,
        trouble: Trouble,
    ) -> Result<Option<Report>, Breach> {
        let today = self.today();
        let before = self.accounts().rows().await;
        let people = self.companies[company].registry.all();
        let listed = [0, 1].map(|n| self.companies[n].registry.listed(today));
        let seen = self.companies[company].registry.seen(today);
        let links = self.links(company).await;
        let fingerprint = self.companies[company].registry.veil().fingerprint.clone();
        let answers = self.companies[company].registry.veil().foreign.is_none();
        let pinned = &self.companies[company].pinned.organisation;
        let answers = answers || pinned.is_none() || *pinned == fingerprint.organisation;
        if answers || *command == Command::Approve {
            self.book.ids[company].extend(listed[company].iter().map(|person| person.id.clone()));
        }

        let told = self.told(company, command, trouble).await;
        self.accounts().calm().await;
        if told.report.as_ref().is_none_or(|report| report.outcome == Outcome::Failed) {
            // As another process would find it, once the lease has run out.
            self.store = self.store.backup();
        }
        let after = self.accounts().rows().await;
        self.note(company, command, trouble, &told);

        let look = Look {
            company,
            command,
            quiet: matches!(trouble, Trouble::None),
            before: &before,
            after: &after,
            told: &told,
            listed: [&listed[0], &listed[1]],
            seen: &seen,
            fingerprint: &fingerprint,
            pinned: &self.companies[company].pinned,
            settings: &self.settings,
            book: &self.book,
            table: self.table,
            now: self.now,
            people_changed: people != self.companies[company].registry.all(),
            links: (&links, &self.links(company).await),
        };
        if let Some((law, what)) = laws::broken(&look) {
            return Err(self.breach(law, &what, &before, &after));
        }
        crate::remember::remember(&look).apply(&mut self.book, &mut self.companies[company].pinned);
        Ok(told.report)
    }

    async fn told(&self, company: usize, command: &Command, trouble: Trouble) -> Told {
        let faults = match trouble {
            Trouble::At(call, fault) => Faults::new().at(call, fault),
            _ => Faults::new(),
        };
        let runner = self.runner(company, &faults, trouble);
        let work = async {
            match command {
                Command::Sync => runner.run(self.now).await,
                Command::Match => runner.match_users(self.now).await,
                Command::Import(person) => runner.import(person, self.now).await,
                Command::Push(user) => runner.push(user, self.now, self.now).await,
                Command::Plan => runner.plan(self.now).await.map(|planned| planned.report),
                Command::Approve => {
                    let saved = runner.plan(self.now).await?.save();
                    runner.apply(&saved, Approval::Given, self.now).await
                }
            }
        };
        let polls = if let Trouble::Dropped(polls) = trouble { polls } else { u32::MAX };
        let done = tokio::select! {
            biased;
            () = faults.cut() => None,
            done = (Impatient { work: pin!(work), polls }) => done,
        };
        match done {
            None => Told { report: None, printed: String::new() },
            Some(Ok(report)) => {
                let printed = format!("{report:?} {}", report.to_json());
                Told { report: Some(report), printed }
            }
            Some(Err(error)) => {
                let report = error.report().cloned();
                let json = report.as_ref().map(Report::to_json);
                Told { printed: format!("{error} {error:?} {report:?} {json:?}"), report }
            }
        }
    }

    async fn links(&self, company: usize) -> Vec<hris_core::Link> {
        // Through a copy, as somebody else would look.
        let copy: MemoryStore = self.store.backup();
        copy.load(NAMES[company]).await.map(|state| state.links).unwrap_or_default()
    }

    fn note(&mut self, company: usize, command: &Command, trouble: Trouble, told: &Told) {
        self.tally.runs += 1;
        let outcome = told.report.as_ref().map_or("cut", |report| report.outcome.as_str());
        *self.tally.outcomes.entry(format!("outcome {outcome}")).or_default() += 1;
        let mut line = format!("RUN {} {command:?}", NAMES[company]);
        if !matches!(trouble, Trouble::None) {
            line.push_str(&format!(" with {trouble:?}"));
        }
        line.push_str(&format!(": {outcome}"));
        if let Some(report) = &told.report {
            for action in &report.actions {
                let word = format!("action {} {}", action.action.as_str(), action.result.as_str());
                *self.tally.actions.entry(word).or_default() += 1;
            }
            if let Some(refusal) = &report.refusal {
                line.push_str(&format!(" ({})", refusal.rule.as_str()));
            }
            line.push_str(&crate::remember::summary(report));
        }
        self.say(line);
    }

    pub(crate) fn breach(&self, law: &'static str, what: &str, before: &[Row], after: &[Row]) -> Breach {
        Breach {
            law,
            what: what.to_owned(),
            log: self.log.clone(),
            before: before.iter().map(ToString::to_string).collect(),
            after: after.iter().map(ToString::to_string).collect(),
            tally: self.tally.clone(),
        }
    }
}

/// A future that is polled so many times and then given up.
struct Impatient<'a, F> {
    work: Pin<&'a mut F>,
    polls: u32,
}

impl<F: Future> Future for Impatient<'_, F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls == 0 {
            return Poll::Ready(None);
        }
        self.polls -= 1;
        self.work.as_mut().poll(context).map(Some)
    }
}
