//! Employment Hero as a [`Source`], from which the kit builds a [`Directory`](hris_core::Directory).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::future::try_join3;
use hris_core::connector::{Checks, Crowd, CustomField, Run, Source, Vendor};
use hris_core::http::Part;
use hris_core::oauth::Session;
use hris_core::{
    Cost, Date, Employee, EmployeeId, ErrorKind, Field, Organisation, ReadRequest, Result, Snapshot, Tally,
};

use crate::checks;
use crate::config::{Builder, Config};
use crate::convert::{self, Chosen, Customs, Reader, asked_members, choose, meant, needs_lists};
use crate::lists;
use crate::wire::{self, Person};

/// One organisation's Employment Hero, read with one consent. It can only read.
///
/// Cheap to clone; clones share the tokens, the pace and the connections. `Debug` shows the host.
///
/// ```
/// use hris_core::{Directory, Secret};
/// use hris_employmenthero::EmploymentHero;
///
/// let token = Secret::from("an-access-token".to_owned());
/// let directory = EmploymentHero::builder().access_token(token).build()?;
/// assert_eq!(directory.capabilities().vendor, "employmenthero");
/// assert!(directory.writer().is_none());
/// assert!(!format!("{directory:?}").contains("an-access-token"));
/// # Ok::<(), hris_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EmploymentHero(pub(crate) Api);

hris_core::connector!(EmploymentHero);

impl EmploymentHero {
    /// A builder; a credential is the only setting that it needs.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The organisations that the credential sees, for a person to choose from.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`] and [`ErrorKind::Permission`] where they may not be listed; else what
    /// kept Employment Hero from answering.
    pub async fn organisations(&self) -> Result<Vec<Organisation>> {
        // The list of organisations does not depend on the day.
        let request = ReadRequest::new(Date::EPOCH);
        let run = self.0.vendor.run(&request);
        let seen = run.all(&self.0.organisations()).await?;
        let named = |one: wire::Organisation| {
            Some(Organisation::new(one.notes.id?, one.name.value().unwrap_or_default()))
        };
        Ok(seen.into_iter().filter_map(named).collect())
    }
}

/// The API as one credential sees it.
#[derive(Clone, Debug)]
pub(crate) struct Api {
    pub(crate) vendor: Arc<Vendor>,
    pub(crate) config: Arc<Config>,
    pub(crate) page_size: u32,
    /// The pace that is kept over a minute.
    pub(crate) per_minute: u32,
    pub(crate) session: Option<Session>,
    /// The last chosen organisation, so that reading one person does not choose again.
    pub(crate) chosen: Arc<Mutex<Option<String>>>,
}

impl Api {
    /// Chooses the organisation, and remembers it for reading one person.
    ///
    /// # Errors
    /// As [`choose`]; where organisations may not be listed, the setting has to be an id.
    pub(crate) async fn choose(&self, run: &Run<'_>) -> Result<Chosen> {
        let wanted = self.config.organisation.as_deref();
        let chosen = match run.all(&self.organisations()).await {
            Ok(organisations) => choose(&organisations, wanted)?,
            Err(error) if error.kind() == ErrorKind::Permission => match wanted.filter(|id| is_id(id)) {
                Some(id) => Chosen::unlisted(id),
                None => return Err(error),
            },
            Err(error) => return Err(error),
        };
        *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(chosen.id.clone());
        Ok(chosen)
    }

    /// The id of the organisation that was chosen last, or is chosen now.
    async fn remembered(&self, run: &Run<'_>) -> Result<String> {
        let known = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match known {
            Some(id) => Ok(id),
            None => Ok(self.choose(run).await?.id),
        }
    }

    /// The granted scopes, where a token answer names them.
    pub(crate) fn scopes(&self) -> Option<std::collections::BTreeSet<String>> {
        self.session.as_ref()?.scopes()
    }

    /// The definitions of custom fields, where a request needs them.
    async fn defined(&self, run: &Run<'_>, organisation: &str) -> Result<Part<Vec<CustomField>>> {
        let fields = self.custom_fields(organisation);
        Part::when(needs_lists(run.request()), run.custom_fields(&fields, convert::defined)).await
    }

    /// The custom fields and, with one request a person, their values. Empty where no custom field is
    /// requested.
    async fn customs(
        &self,
        run: &Run<'_>,
        organisation: &str,
        fields: Part<Vec<CustomField>>,
        ids: Vec<EmployeeId>,
    ) -> Result<Customs> {
        let is_needed = match fields.read() {
            Some(defined) => !meant(defined, run.request()).wanted()?.is_empty(),
            None => false,
        };
        let mut values = HashMap::new();
        if is_needed {
            let read = |id: EmployeeId| async move {
                Part::of(run.all(&self.custom_values(organisation, &id)).await)
            };
            run.each(ids, read, |id, read| read.map(|read| drop(values.insert(id, read)))).await?;
        }
        Ok(Customs { fields, values })
    }
}

/// Whether the text has the form of an organisation's id (a UUID, or a plain number), not of a name.
fn is_id(text: &str) -> bool {
    is_uuid(text) || (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether the text has the form of a UUID, as the ids of people have.
pub(crate) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    lengths == [8, 4, 4, 4, 12]
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[async_trait]
impl Source for Api {
    type Row = Person;
    type Around = Customs;

    fn vendor(&self) -> &Vendor {
        &self.vendor
    }

    async fn read(&self, run: &Run<'_>) -> Result<(Snapshot, Customs)> {
        let request = run.request();
        let chosen = self.choose(run).await?;
        let people = self.people(&chosen.id, &asked_members(request));
        let detail = lists::organisation(&chosen.id);
        let (people, detail, fields) = try_join3(
            run.people(&people),
            async { Part::of(run.one(&detail, Some("data"), &[], &chosen.id).await) },
            self.defined(run, &chosen.id),
        )
        .await?;
        let ids = people.rows.iter().filter_map(|person| person.notes.id.as_deref());
        let ids = ids.map(EmployeeId::from).collect();
        let customs = self.customs(run, &chosen.id, fields, ids).await?;
        let crowd = Crowd::of(people);
        let scopes = self.scopes();
        let snapshot = convert::snapshot(crowd, &customs, &chosen, &detail, scopes, request, &self.config)?;
        Ok((snapshot, customs))
    }

    async fn person(&self, run: &Run<'_>, id: &EmployeeId) -> Result<Person> {
        let organisation = self.remembered(run).await?;
        let request = lists::person(&organisation, id);
        run.one(&request, Some("data"), &asked_members(run.request()), id.as_str()).await
    }

    async fn confirm_gone(&self, run: &Run<'_>) -> Result<()> {
        let organisation = self.remembered(run).await?;
        run.first(&self.people(&organisation, &[]).page_size(1)).await.map(drop)
    }

    async fn complete(&self, run: &Run<'_>, person: Person) -> Result<Employee> {
        let organisation = self.remembered(run).await?;
        let fields = self.defined(run, &organisation).await?;
        let ids = person.notes.id.as_deref().map(EmployeeId::from).into_iter().collect();
        let customs = self.customs(run, &organisation, fields, ids).await?;
        let reader = Reader::new(&customs, run.request(), &self.config)?;
        Ok(reader.employee(person, &mut Tally::default()))
    }

    fn work_email(&self, mut person: Person) -> Field<String> {
        convert::email(&mut person)
    }

    fn custom_fields(&self, customs: &Customs) -> Vec<CustomField> {
        customs.fields.read().cloned().unwrap_or_default()
    }

    async fn check(&self, checks: &mut Checks<'_>) -> Result<()> {
        checks::everything(self, checks).await
    }

    async fn settle(&self) -> Result<()> {
        match &self.session {
            Some(session) => session.settle().await,
            None => Ok(()),
        }
    }

    async fn cost(&self, run: &Run<'_>) -> Result<Option<Cost>> {
        let organisation = self.choose(run).await?.id;
        let (_, people) = run.first(&self.people(&organisation, &[]).page_size(1)).await?;
        let Some(people) = people else { return Ok(None) };
        // The organisations, the chosen one with its counts, and the pages of people.
        let mut requests = 2 + people.div_ceil(self.page_size.into()).max(1);
        if needs_lists(run.request()) {
            requests += 1;
            let fields = self.defined(run, &organisation).await?;
            if let Some(defined) = fields.read()
                && !meant(defined, run.request()).wanted()?.is_empty()
            {
                requests = requests.saturating_add(people);
            }
        }
        Ok(Some(Cost::new(requests, self.per_minute)))
    }
}
