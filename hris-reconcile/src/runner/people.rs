//! What a person decides about one pair: this account is theirs, or it is not.

use hris_core::reconcile::Judgement;
use hris_core::{EmployeeId, Link, Lookup, Timestamp, User, UserId, UserStatus};

use super::calls::fatal;
use super::{Runner, Step};
use crate::store::{Settlement, State};
use crate::{Error, ErrorKind, Result};

/// The account of a link that [`Runner::unlink`] ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unlinked {
    /// The account's id.
    pub user: UserId,
    /// Whether the target does not have the account any more.
    pub is_gone: bool,
}

impl Runner {
    /// Remembers answers to [`questions`](hris_core::reconcile::Plan::questions) of a plan: see
    /// [`Question::answer`](hris_core::reconcile::Question::answer). The next run carries them out, unless a
    /// fact changed since. Where an account turns out not to be the linked person's, the link ends at once.
    ///
    /// # Errors
    /// [`ErrorKind::State`]; [`ErrorKind::Busy`] if a run holds the connection and a link is to end;
    /// [`ErrorKind::Config`] if the connection is not published.
    pub async fn judge(&self, judgements: &[Judgement], now: Timestamp) -> Result<()> {
        self.allow(Step::Write)?;
        let State { links, .. } = self.store.load(&self.connection).await?;
        let ends = |link: &&Link| {
            let is = |one: &&Judgement| !one.same && one.employee == link.employee && one.user == link.user;
            judgements.iter().any(|one| is(&one))
        };
        let over: Vec<EmployeeId> = links.iter().filter(ends).map(|link| link.employee.clone()).collect();
        self.store.judge(&self.connection, judgements).await?;
        if over.is_empty() {
            return Ok(());
        }
        let mut note = Settlement::note();
        note.unlinked = over;
        self.settle_alone("judge", note, now).await
    }

    /// Remembers that an account is a person's, because somebody decided it. The next run links them, or
    /// gives the person this account in place of another one. An account that waits for an invitation is owed
    /// one from then on, and invitations are counted anew.
    ///
    /// The decision is void when a number, an address, a name or a start date of either side changes before it
    /// is carried out.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if nobody of this id is in the source, if there is no such account, or if another
    /// connection holds it; else as [`Runner::run`].
    pub async fn link(&self, employee: &EmployeeId, user: &UserId, now: Timestamp) -> Result<()> {
        self.allow(Step::Write)?;
        let account = self.account(user, now).await?;
        let account = account.ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("link {employee}: the target has no account {user}"))
        })?;
        let target = self.calls.identity().await.map_err(|error| fatal("read the target", error))?;
        let others = self.store.others(&self.connection, target.as_deref()).await?;
        if let Some(held) = others.held.get(user).filter(|held| !held.closed) {
            let message = format!(
                "link {employee}: connection {:?} holds account {user}; `hris unlink` there first",
                held.connection
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let judgement = self.judgement(employee, &account, true, now).await?.ok_or_else(|| {
            let message = format!("link {employee}: the source shows nobody of this id");
            Error::new(ErrorKind::Config, message)
        })?;
        let State { links, .. } = self.store.load(&self.connection).await?;
        if let Some(other) = links.iter().find(|link| link.user == *user && link.employee != *employee) {
            let message = format!(
                "link {employee}: account {user} is linked to employee {}; `hris unlink {}` first",
                other.employee, other.employee
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        self.store.judge(&self.connection, &[judgement]).await?;
        match links.into_iter().find(|link| link.employee == *employee && link.user == *user) {
            Some(mut link) => {
                link.awaits_invite = account.status == UserStatus::Pending;
                link.invites = 0;
                self.settle_alone("link", Settlement::note().with_link(Some(link)), now).await
            }
            None => Ok(()),
        }
    }

    /// Ends the link of a person, because somebody decided that the account is not theirs. The account, if it is
    /// still there, stays as it is, and the next run does not match the two again while their facts are what they
    /// are now. It looks for another account, or makes one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the person has no link; else as [`Runner::run`].
    pub async fn unlink(&self, employee: &EmployeeId, now: Timestamp) -> Result<Unlinked> {
        self.allow(Step::Write)?;
        let State { links, .. } = self.store.load(&self.connection).await?;
        let link = links.into_iter().find(|link| link.employee == *employee).ok_or_else(|| {
            Error::new(ErrorKind::Config, format!("unlink {employee}: this person has no link"))
        })?;
        let account = self.account(&link.user, now).await?;
        if let Some(account) = &account
            && let Some(judgement) = self.judgement(employee, account, false, now).await?
        {
            self.store.judge(&self.connection, &[judgement]).await?;
        }
        let mut note = Settlement::note();
        note.unlinked = vec![employee.clone()];
        self.settle_alone("unlink", note, now).await?;
        Ok(Unlinked { user: link.user, is_gone: account.is_none() })
    }

    async fn account(&self, user: &UserId, now: Timestamp) -> Result<Option<User>> {
        let found = self.calls.user(user, now).await;
        found.map_err(|error| fatal("read the target", error))
    }

    /// What somebody decided, with the facts of the person as the source shows them now; `None` if it shows
    /// nobody.
    async fn judgement(
        &self,
        employee: &EmployeeId,
        account: &User,
        same: bool,
        now: Timestamp,
    ) -> Result<Option<Judgement>> {
        let request = self.request(now);
        let answer = self.unless_stopped(async { Ok(self.directory.get(employee, &request).await?) }).await;
        let answer = self.settled(answer).await?;
        let Lookup::Found(person) = answer else { return Ok(None) };
        let row = self.map.apply_one(&person);
        Ok(Some(Judgement::new(&self.connection, employee, Some((row.table(), 0)), account, same)))
    }

    /// Records one thing under a lease of its own.
    async fn settle_alone(&self, command: &'static str, note: Settlement, now: Timestamp) -> Result<()> {
        let lease = self.store.acquire(&self.connection, &self.draft(command, now).run).await?;
        let settled = self.store.settle(&lease, &[note]).await;
        // A lease that is not given back runs out by itself.
        let _ = self.store.release(&lease).await;
        settled
    }
}
