//! What administrators do to accounts behind everybody's back, and what happens to state and table.

use hris_core::Employee;
use hris_reconcile::store::MemoryStore;

use crate::accounts::{Accounts, Row};
use crate::kinds::Kind;
use crate::people::person;
use crate::world::{Pinned, World};

fn pick<T: Clone>(list: &[T], which: u8) -> Option<T> {
    list.get(usize::from(which).checked_rem(list.len())?).cloned()
}

impl<A: Accounts> World<A> {
    pub(crate) async fn administrator(&mut self, kind: Kind, which: u8, how: u8) -> Option<String> {
        let rows = self.accounts().rows().await;
        let of = |open: bool| rows.iter().filter(|row| row.is_open() == open).cloned().collect::<Vec<_>>();
        Some(match kind {
            Kind::Open | Kind::Close => {
                let mut row = pick(&of(kind == Kind::Close), which)?;
                row.status = if kind == Kind::Open { "active" } else { "deactivated" }.to_owned();
                self.accounts().put(&row).await;
                format!("account {} is {} by hand", row.id, row.status)
            }
            Kind::Accept => {
                let waiting: Vec<Row> = rows.iter().filter(|row| row.status == "invited").cloned().collect();
                let mut row = pick(&waiting, which)?;
                "active".clone_into(&mut row.status);
                self.accounts().put(&row).await;
                format!("the invitation to account {} is accepted", row.id)
            }
            Kind::Delete => {
                let row = pick(&rows, which)?;
                self.delete(&row.id).await;
                format!("account {} is deleted", row.id)
            }
            Kind::Remake => {
                let row = pick(&rows, which)?;
                self.delete(&row.id).await;
                let highest = rows.iter().filter_map(|row| row.id.parse::<i64>().ok()).max();
                let new =
                    Row { id: highest.map(|id| (id + 1).to_string()).unwrap_or_default(), ..row.clone() };
                let id = self.accounts().insert(&new).await?;
                format!("account {} is deleted and made again as {id}", row.id)
            }
            Kind::StrangerMail | Kind::StrangerNumber | Kind::StrangerRow => {
                return self.stranger(kind, which, how, &rows).await;
            }
            Kind::Edit => {
                let mut row = pick(&rows, which)?;
                self.next_person += 1;
                let like = self.account_of(&person(self.next_person, "any"));
                let field = ["job_title", "given_name", "family_name", "employee_number", "email"]
                    [usize::from(how % 5)];
                let value = if how & 0x40 == 0 { like.get(field) } else { None };
                row.set(field, value);
                self.accounts()
                    .put(&row)
                    .await
                    .then(|| format!("{field} of account {} is {value:?}", row.id))?
            }
            Kind::ExternalId => {
                let mut row = pick(&rows, which)?;
                let value = (how & 1 == 0).then(|| format!("own-{}", how % 5));
                row.set("external_id", value.as_deref());
                if !self.accounts().put(&row).await {
                    return None;
                }
                let place = self.place(&row.id);
                self.book.owner.remove(&place);
                format!("the external id of account {} is {value:?}", row.id)
            }
            _ => return None,
        })
    }

    async fn delete(&mut self, row: &str) {
        self.accounts().delete(row).await;
        let place = self.place(row);
        self.book.forget(&place);
    }

    /// Somebody whom no HR system knows signs up.
    async fn stranger(&mut self, kind: Kind, which: u8, how: u8, rows: &[Row]) -> Option<String> {
        self.next_person += 1;
        let mut row = self.account_of(&person(self.next_person, "any"));
        row.set("external_id", None);
        row.set("employee_number", None);
        let people: Vec<Employee> = self.companies[0].registry.all();
        let line = match kind {
            Kind::StrangerRow => {
                // The row that was made last goes, and its number is given again.
                let last = rows.iter().max_by_key(|row| (row.id.parse::<i64>().ok(), row.id.clone()))?;
                let chosen = if how & 1 == 0 { last.clone() } else { pick(rows, which)? };
                self.delete(&chosen.id).await;
                row.id.clone_from(&chosen.id);
                format!("account {} is deleted, and a stranger is", chosen.id)
            }
            _ => {
                let somebody = self.account_of(&pick(&people, which)?);
                let field = if kind == Kind::StrangerMail { "email" } else { "employee_number" };
                row.set(field, somebody.get(field));
                if how & 1 == 1 {
                    row.set("given_name", somebody.get("given_name"));
                }
                format!("a stranger with the {field} of {:?} is", somebody.external_id().unwrap_or_default())
            }
        };
        if how & 2 == 2 {
            row.set("external_id", Some(&format!("z-{}", self.next_person)));
        }
        let id = self.accounts().insert(&row).await?;
        Some(format!("{line} account {id}"))
    }

    /// What happens to the state and to the table as a whole.
    pub(crate) async fn fate(&mut self, kind: Kind, which: u8) -> Option<String> {
        Some(match kind {
            Kind::Lose => {
                self.store = MemoryStore::new();
                self.book.known = Default::default();
                self.book.claimed.clear();
                for company in &mut self.companies {
                    company.pinned = Pinned::default();
                }
                "the state is lost".to_owned()
            }
            Kind::Backup => {
                let pinned = [self.companies[0].pinned.clone(), self.companies[1].pinned.clone()];
                self.backups.push((self.store.backup(), pinned));
                "a copy of the state is made".to_owned()
            }
            Kind::Restore => {
                let (store, pinned) = pick(&self.backups, which)?;
                self.store = store.backup();
                self.book.known = Default::default();
                self.book.claimed.clear();
                // Of two things at one instant nobody can tell which one the copy knows.
                let now = self.now;
                self.book.invited.retain(|_, (at, _)| *at < now);
                for (company, pinned) in self.companies.iter_mut().zip(pinned) {
                    company.pinned = pinned;
                }
                format!("copy {} of the state is restored", usize::from(which) % self.backups.len())
            }
            Kind::EmptyTarget => {
                for row in self.accounts().rows().await {
                    self.delete(&row.id).await;
                }
                "all accounts are deleted".to_owned()
            }
            Kind::SwapTarget if self.table > 0 => {
                self.table = 0;
                "the first table is there again".to_owned()
            }
            Kind::SwapTarget => {
                let rows = self.accounts().rows().await;
                let other = A::empty().await;
                for row in &rows {
                    self.next_person += 1;
                    let mut stranger = self.account_of(&person(self.next_person, "any"));
                    stranger.set("external_id", None);
                    stranger.set("employee_number", None);
                    stranger.id.clone_from(&row.id);
                    other.insert(&stranger).await;
                }
                self.tables.push(other);
                self.table = self.tables.len() - 1;
                format!("another table, with {} strangers under the same row numbers", rows.len())
            }
            _ => return None,
        })
    }
}
