//! Humaans as a [`Source`], from which the kit builds a [`Directory`](hris_core::Directory).

use std::sync::Arc;

use async_trait::async_trait;
use futures_util::future::{try_join, try_join3, try_join4};
use hris_core::connector::{Checks, Crowd, CustomField, Run, Source, Vendor, work_email};
use hris_core::http::Part;
use hris_core::{Employee, EmployeeId, Field, Result, Snapshot, StandardField, Tally};

use crate::checks;
use crate::config::{Builder, Config, PeopleStatus};
use crate::convert::{self, Identity, Lists, Reader, asked_members, needs_lists};
use crate::lists::{self, STATUSES};
use crate::refusals::is_refusal;
use crate::requirements::ROLE;
use crate::wire::Person;

/// One company's Humaans, read with one access token. It can only read.
///
/// Cheap to clone; clones share the pace and the connections. `Debug` shows the host.
///
/// ```
/// use hris_core::{Directory, Secret};
/// use hris_humaans::Humaans;
///
/// let humaans = Humaans::builder().token(Secret::from("the-access-token".to_owned())).build()?;
/// assert_eq!(humaans.capabilities().vendor, "humaans");
/// assert!(humaans.writer().is_none());
/// assert!(!format!("{humaans:?}").contains("the-access-token"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Humaans(pub(crate) Api);

hris_core::connector!(Humaans);

impl Humaans {
    /// A builder; the token is the only setting that it needs.
    pub fn builder() -> Builder {
        Builder::default()
    }
}

/// The API as one token sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) config: Arc<Config>,
    pub(crate) page_size: u32,
}

/// A list of people, and what is missing from it.
pub(crate) struct People {
    pub(crate) crowd: Crowd<Person>,
    /// Statuses that Humaans refused to list.
    pub(crate) hidden: Vec<&'static str>,
    /// Whether the list has no filter, so that it is unknown which people it leaves out.
    pub(crate) unfiltered: bool,
}

impl Api {
    /// Everybody, in the way that is set or the next one that Humaans does not refuse.
    async fn everybody(&self, run: &Run<'_>) -> Result<People> {
        let asked = asked_members(run.request());
        if self.config.people_status == PeopleStatus::All {
            match run.people(&self.people(Some("all"), &asked)).await {
                Ok(list) => {
                    return Ok(People { crowd: Crowd::of(list), hidden: Vec::new(), unfiltered: false });
                }
                Err(error) if is_refusal(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if self.config.people_status != PeopleStatus::Omit
            && let Some(people) = self.by_status(run, &asked).await?
        {
            return Ok(people);
        }
        let list = run.people(&self.people(None, &asked)).await?;
        Ok(People { crowd: Crowd::of(list), hidden: Vec::new(), unfiltered: true })
    }

    /// Three lists, one for each status; `None` if Humaans refuses the filter itself.
    async fn by_status(&self, run: &Run<'_>, asked: &[&str]) -> Result<Option<People>> {
        let (mut lists, mut hidden, mut before) = (Vec::new(), Vec::new(), 0);
        for status in STATUSES {
            match run.more_people(&self.people(Some(status), asked), before).await {
                Ok(list) => {
                    before += list.rows.len() as u64;
                    lists.push(list);
                }
                Err(error) if error.status() == Some(403) && status != "active" => hidden.push(status),
                Err(error) if matches!(error.status(), Some(400 | 422)) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(People { crowd: Crowd::joined(lists, |_, _| None), hidden, unfiltered: false }))
    }

    /// The lists that a request needs beside the people, of everybody or of one person.
    async fn around(&self, run: &Run<'_>, person: Option<&EmployeeId>) -> Result<Lists> {
        let custom = needs_lists(run.request());
        let (roles, locations, custom_fields, custom_values) = try_join4(
            Part::when(custom || run.wants_any(ROLE.fields), run.all(&self.job_roles(run.today(), person))),
            Part::when(run.request().wants(StandardField::Location), run.all(&self.locations())),
            Part::when(custom, run.custom_fields(&self.custom_fields(), convert::defined)),
            Part::when(custom, run.all(&self.custom_values(person))),
        )
        .await?;
        Ok(Lists { roles, locations, custom_fields, custom_values })
    }
}

/// The token and its owner. Humaans may refuse either; a refused token is an error.
async fn identity(run: &Run<'_>) -> Result<Identity> {
    let token = async { Part::of(run.record(&lists::token_info()).await) };
    let me = async { Part::of(run.record(&lists::me()).await) };
    let (token, me) = try_join(token, me).await?;
    Ok(Identity { token: token.into_read(), me: me.into_read() })
}

#[async_trait]
impl Source for Api {
    type Row = Person;
    type Around = Lists;

    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, Lists)> {
        let (identity, people, lists) =
            try_join3(identity(run), self.everybody(run), self.around(run, None)).await?;
        let reader = Reader::new(&lists, run.request(), self.config.last_day)?;
        let snapshot = convert::snapshot(people, reader, &identity, run.request())?;
        Ok((snapshot, lists))
    }

    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<Person> {
        run.one(&lists::person(id), None, &asked_members(run.request()), id.as_str()).await
    }

    async fn complete(&self, run: &Run<'_>, person: Person) -> Result<Employee> {
        let id = person.notes.id.as_deref().map(EmployeeId::from);
        let lists = self.around(run, id.as_ref()).await?;
        let mut reader = Reader::new(&lists, run.request(), self.config.last_day)?;
        Ok(reader.employee(person, &mut Tally::default()))
    }

    fn work_email(&self, person: Person) -> Field<String> {
        work_email(person.email)
    }

    fn custom_fields(&self, lists: &Lists) -> Vec<CustomField> {
        lists.custom_fields.read().cloned().unwrap_or_default()
    }

    async fn check(&self, checks: &mut Checks<'_>) -> Result<()> {
        checks::everything(self, checks).await
    }
}
