//! Stores that are wrong in one way each.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use hris_core::reconcile::{AccountClaim, Baseline, Judgement, Others, Resolution};
use hris_core::{Secret, Timestamp};
use hris_reconcile::conformance::{self, StoreHarness, StoreStage};
use hris_reconcile::report::Report;
use hris_reconcile::store::{Intent, Lease, MemoryStore, Settlement, State, StateStore};
use hris_reconcile::{Connection, Result};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bug {
    AmendmentIsLost,
    AnybodyMayWrite,
    ApprovedRemovalsCount,
    BaselineIsLost,
    CountsWhatWasNotDone,
    CredentialsOutliveTheirConnection,
    DecisionsNeverEnd,
    EverybodyGetsTheLease,
    ForgetsWhileARunHolds,
    HalfASettlementWhenCut,
    HalfTheIntentsWhenCut,
    HandsOverToNobody,
    HistoryIsOldestFirst,
    HistoryIsWhole,
    JournalIsReversed,
    KeepsTheOldHolder,
    LastRunOfAnyCommand,
    LinksLoseWhatWasLearned,
    NamesAreUnsorted,
    ReportWithoutBaselineWhenCut,
    SettledStaysOpen,
    SharesCredentials,
    SharesLinks,
    TakesEveryTarget,
    TellsOfItself,
}

/// Each bug, and the case that finds it.
const FOUND: [(Bug, &str); 25] = [
    (Bug::AmendmentIsLost, "what_is_known_after_a_run_is_added_to_its_record"),
    (Bug::AnybodyMayWrite, "a_late_run_writes_nothing"),
    (Bug::ApprovedRemovalsCount, "only_removals_that_were_done_and_not_approved_count"),
    (Bug::BaselineIsLost, "a_baseline_stays_until_the_next_whole_run"),
    (Bug::CountsWhatWasNotDone, "only_removals_that_were_done_and_not_approved_count"),
    (Bug::CredentialsOutliveTheirConnection, "credentials_go_with_their_connection"),
    (Bug::DecisionsNeverEnd, "judgements_are_kept_until_they_are_over"),
    (Bug::EverybodyGetsTheLease, "one_run_at_a_time_holds_a_connection"),
    (Bug::ForgetsWhileARunHolds, "a_connection_is_forgotten_as_a_whole"),
    (Bug::HalfASettlementWhenCut, "settlements_that_are_cut_are_there_whole_or_not_at_all"),
    (Bug::HalfTheIntentsWhenCut, "intents_that_are_cut_are_there_whole_or_not_at_all"),
    (Bug::HandsOverToNobody, "an_account_is_handed_over_in_one_step"),
    (Bug::HistoryIsOldestFirst, "history_is_newest_first_and_no_longer_than_asked"),
    (Bug::HistoryIsWhole, "history_is_newest_first_and_no_longer_than_asked"),
    (Bug::JournalIsReversed, "the_journal_keeps_what_is_open_in_order"),
    (Bug::KeepsTheOldHolder, "only_a_closed_account_is_taken_over"),
    (Bug::LastRunOfAnyCommand, "the_last_run_of_a_command_is_found"),
    (Bug::LinksLoseWhatWasLearned, "a_link_keeps_all_it_knows"),
    (Bug::NamesAreUnsorted, "connections_are_listed_in_order"),
    (Bug::ReportWithoutBaselineWhenCut, "a_report_that_is_cut_is_there_with_its_baseline_or_not_at_all"),
    (Bug::SettledStaysOpen, "a_settled_action_is_open_no_more"),
    (Bug::SharesCredentials, "credentials_are_kept_by_connection_and_name"),
    (Bug::SharesLinks, "links_follow_settlements"),
    (Bug::TakesEveryTarget, "holders_in_the_same_target_are_told"),
    (Bug::TellsOfItself, "holders_in_the_same_target_are_told"),
];

#[tokio::test(start_paused = true)]
async fn each_wrong_store_is_found_by_the_case_that_looks_for_it() {
    for (bug, case) in FOUND {
        let summary = conformance::store(&Harness(bug)).await;
        let failed: Vec<&str> = summary.failed.iter().map(|(name, _)| *name).collect();
        assert!(failed.contains(&case), "{bug:?} is not found by {case}: {summary}");
    }
}

struct Harness(Bug);

#[async_trait]
impl StoreHarness for Harness {
    async fn stage(&self) -> Box<dyn StoreStage> {
        Box::new(Stage(Bad { inner: MemoryStore::new(), bug: self.0, last: Mutex::default() }))
    }
}

struct Stage(Bad);

impl StoreStage for Stage {
    fn store(&self) -> &dyn StateStore {
        &self.0
    }
}

#[derive(Debug)]
struct Bad {
    inner: MemoryStore,
    bug: Bug,
    /// The newest lease.
    last: Mutex<Option<Lease>>,
}

impl Bad {
    fn is(&self, bug: Bug) -> bool {
        self.bug == bug
    }

    fn last(&self) -> Option<Lease> {
        self.last.lock().unwrap().clone()
    }

    /// The lease by which is written.
    fn by(&self, lease: &Lease) -> Lease {
        let newest =
            self.last().filter(|last| self.is(Bug::AnybodyMayWrite) && last.connection == lease.connection);
        newest.unwrap_or_else(|| lease.clone())
    }
}

#[async_trait]
impl StateStore for Bad {
    async fn acquire(&self, connection: &str, holder: &str) -> Result<Lease> {
        if self.is(Bug::EverybodyGetsTheLease)
            && let Some(last) = self.last()
        {
            self.inner.release(&last).await?;
        }
        let lease = self.inner.acquire(connection, holder).await?;
        *self.last.lock().unwrap() = Some(lease.clone());
        Ok(lease)
    }

    async fn renew(&self, lease: &Lease) -> Result<()> {
        self.inner.renew(&self.by(lease)).await
    }

    async fn holds(&self, lease: &Lease) -> Result<()> {
        self.inner.holds(&self.by(lease)).await
    }

    async fn release(&self, lease: &Lease) -> Result<()> {
        self.inner.release(lease).await
    }

    async fn load(&self, connection: &str) -> Result<State> {
        let connection = if self.is(Bug::SharesLinks) { "acme" } else { connection };
        let mut state = self.inner.load(connection).await?;
        match self.bug {
            Bug::JournalIsReversed => state.unsettled.reverse(),
            Bug::LinksLoseWhatWasLearned => state.links.iter_mut().for_each(|link| link.learned.clear()),
            _ => {}
        }
        Ok(state)
    }

    async fn intend(&self, lease: &Lease, intents: &[Intent]) -> Result<()> {
        let mut intents = intents.to_vec();
        match self.bug {
            Bug::ApprovedRemovalsCount => intents.iter_mut().for_each(|intent| intent.approved = false),
            Bug::HalfTheIntentsWhenCut => {
                for intent in &intents {
                    self.inner.intend(lease, std::slice::from_ref(intent)).await?;
                    tokio::task::yield_now().await;
                }
                return Ok(());
            }
            _ => {}
        }
        self.inner.intend(&self.by(lease), &intents).await
    }

    async fn settle(&self, lease: &Lease, outcomes: &[Settlement]) -> Result<()> {
        let mut outcomes = outcomes.to_vec();
        for outcome in &mut outcomes {
            match self.bug {
                Bug::CountsWhatWasNotDone => outcome.done = true,
                Bug::DecisionsNeverEnd => outcome.decided.clear(),
                Bug::HandsOverToNobody => outcome.hand_over = None,
                Bug::KeepsTheOldHolder => outcome.takes_over = None,
                Bug::SettledStaysOpen => outcome.key = Settlement::note().key,
                _ => {}
            }
        }
        if self.is(Bug::HalfASettlementWhenCut) {
            for outcome in &outcomes {
                self.inner.settle(lease, std::slice::from_ref(outcome)).await?;
                tokio::task::yield_now().await;
            }
            return Ok(());
        }
        self.inner.settle(&self.by(lease), &outcomes).await
    }

    async fn finish(
        &self,
        lease: &Lease,
        report: &Report,
        baseline: Option<&Baseline>,
        claims: Option<&[AccountClaim]>,
    ) -> Result<()> {
        if self.is(Bug::ReportWithoutBaselineWhenCut) {
            self.inner.finish(lease, report, None, claims).await?;
            tokio::task::yield_now().await;
            let mut again = report.clone();
            again.run.push('b');
            return self.inner.finish(lease, &again, baseline, claims).await;
        }
        let none = Baseline::default();
        let baseline = if self.is(Bug::BaselineIsLost) { Some(&none) } else { baseline };
        self.inner.finish(&self.by(lease), report, baseline, claims).await
    }

    async fn amend(&self, report: &Report) -> Result<()> {
        if self.is(Bug::AmendmentIsLost) {
            return Ok(());
        }
        self.inner.amend(report).await
    }

    async fn others(&self, connection: &str, target: Option<&str>) -> Result<Others> {
        let connection = if self.is(Bug::TellsOfItself) { "nobody" } else { connection };
        let target = if self.is(Bug::TakesEveryTarget) { None } else { target };
        self.inner.others(connection, target).await
    }

    async fn last_started(&self, connection: &str, command: &str) -> Result<Option<Timestamp>> {
        if self.is(Bug::LastRunOfAnyCommand) {
            let newest = self.inner.history(connection, 1).await?;
            return Ok(newest.first().map(|report| report.started_at));
        }
        self.inner.last_started(connection, command).await
    }

    async fn removals_since(&self, connection: &str, since: Timestamp) -> Result<u64> {
        self.inner.removals_since(connection, since).await
    }

    async fn history(&self, connection: &str, limit: u32) -> Result<Vec<Report>> {
        let limit = if self.is(Bug::HistoryIsWhole) { u32::MAX } else { limit };
        let mut reports = self.inner.history(connection, limit).await?;
        if self.is(Bug::HistoryIsOldestFirst) {
            reports.reverse();
        }
        Ok(reports)
    }

    async fn run(&self, connection: &str, run: &str) -> Result<Option<Report>> {
        self.inner.run(connection, run).await
    }

    async fn decide(&self, connection: &str, decisions: &[Resolution]) -> Result<()> {
        self.inner.decide(connection, decisions).await
    }

    async fn judge(&self, connection: &str, judgements: &[Judgement]) -> Result<()> {
        self.inner.judge(connection, judgements).await
    }

    async fn save_connection(&self, connection: &Connection) -> Result<()> {
        self.inner.save_connection(connection).await
    }

    async fn connection(&self, name: &str) -> Result<Option<Connection>> {
        self.inner.connection(name).await
    }

    async fn connections(&self) -> Result<Vec<String>> {
        let mut names = self.inner.connections().await?;
        if self.is(Bug::NamesAreUnsorted) {
            names.reverse();
        }
        Ok(names)
    }

    async fn save_credential(&self, connection: &str, name: &str, credential: &Secret) -> Result<()> {
        let connection = if self.is(Bug::SharesCredentials) { "acme" } else { connection };
        self.inner.save_credential(connection, name, credential).await
    }

    async fn credentials(&self, connection: &str) -> Result<BTreeMap<String, Secret>> {
        self.inner.credentials(connection).await
    }

    async fn forget_credential(&self, connection: &str, name: &str) -> Result<bool> {
        self.inner.forget_credential(connection, name).await
    }

    async fn forget(&self, connection: &str) -> Result<bool> {
        if self.is(Bug::CredentialsOutliveTheirConnection) {
            let kept = self.inner.credentials(connection).await?;
            let was_kept = self.inner.forget(connection).await?;
            for (name, credential) in kept {
                self.inner.save_credential(connection, &name, &credential).await?;
            }
            return Ok(was_kept);
        }
        if self.is(Bug::ForgetsWhileARunHolds)
            && let Some(last) = self.last()
        {
            self.inner.release(&last).await?;
        }
        self.inner.forget(connection).await
    }
}
