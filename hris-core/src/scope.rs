//! A directory that shows a part of another one, by a rule that its digest knows.

use std::borrow::Cow;
use std::collections::BTreeSet;

use async_trait::async_trait;

use crate::{
    Capabilities, Cost, Directory, DirectoryWriter, Employee, EmployeeId, Error, ErrorKind, Field, FieldInfo,
    Finding, Fingerprint, Level, Lookup, Preflight, Problem, ProblemCode, ReadRequest, Result, Snapshot,
    SourceField, SourceSettings, StandardField, canon, mapping,
};

/// A part of another directory: the people of some offices, or everybody but contractors.
///
/// People outside are not listed, so nobody gets an account because of them. They are not gone either: asked for by id,
/// they are who they are, so somebody who moves out of the scope keeps the account until a person decides. Somebody
/// whose field cannot be seen may belong to the scope or not: that person is set aside, which means present, and
/// nothing is done about them.
///
/// The rules are data, so [`Directory::settings`] knows them: the first run after an edit removes nobody.
///
/// ```
/// use hris_core::{Directory, Employee, Field, MemoryDirectory, ReadRequest, Scope, StandardField};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let at = |id: &str, place: &str| {
///     Employee::new(id).with(StandardField::Location, Field::Value(place.to_owned()))
/// };
/// let everybody = MemoryDirectory::new([at("a", "Oslo"), at("b", "Leeds"), Employee::new("c")]);
/// let oslo = Scope::new(everybody).only(StandardField::Location, ["Oslo", "Bergen"]);
/// let snapshot = oslo.snapshot(&ReadRequest::everything("2026-11-23".parse()?)).await?;
/// assert_eq!(snapshot.employees()[0].id().as_str(), "a");
/// assert_eq!(snapshot.set_aside()[0].as_str(), "c", "nobody knows where this person works");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Scope<D> {
    directory: D,
    rules: Vec<Rule>,
}

/// One field, and the values that let people in or keep them out.
#[derive(Clone, Debug)]
struct Rule {
    field: SourceField,
    words: BTreeSet<String>,
    lets_in: bool,
}

/// Where a person stands.
enum Side<'a> {
    In,
    Out,
    /// This field cannot be seen.
    Unknown(&'a SourceField),
}

impl<D: Directory> Scope<D> {
    /// All of `directory`, until a rule is added. Who is to be listed has to meet every rule.
    #[must_use]
    pub fn new(directory: D) -> Self {
        Self { directory, rules: Vec::new() }
    }

    /// Lists only people whose `field` is one of these values, whatever its case and blanks. Of teams and groups one
    /// is enough.
    #[must_use]
    pub fn only<S: AsRef<str>>(
        self,
        field: impl Into<SourceField>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.with(field.into(), values, true)
    }

    /// Does not list people whose `field` is one of these values. Somebody without a value is listed.
    #[must_use]
    pub fn without<S: AsRef<str>>(
        self,
        field: impl Into<SourceField>,
        values: impl IntoIterator<Item = S>,
    ) -> Self {
        self.with(field.into(), values, false)
    }

    fn with<S: AsRef<str>>(
        mut self,
        field: SourceField,
        values: impl IntoIterator<Item = S>,
        lets_in: bool,
    ) -> Self {
        let words = values.into_iter().map(|value| canon::word(value.as_ref()).into_owned()).collect();
        self.rules.push(Rule { field, words, lets_in });
        self
    }

    /// Why a rule cannot be followed.
    fn fault(&self) -> Option<Error> {
        let capabilities = self.directory.capabilities();
        self.rules.iter().find_map(|rule| {
            let why = match &rule.field {
                _ if rule.words.iter().all(String::is_empty) => {
                    "the rule of the scope names no value".to_owned()
                }
                SourceField::Standard(field) if !capabilities.can_read(*field) => {
                    format!("the scope needs this field, which {} does not have", capabilities.vendor)
                }
                SourceField::CustomId(_) | SourceField::CustomName(_) if !capabilities.custom_fields => {
                    format!("the scope needs this field, and {} has no custom fields", capabilities.vendor)
                }
                _ => return None,
            };
            Some(Error::new(ErrorKind::Config, format!("{}: {why}", rule.field)))
        })
    }

    fn request(&self, request: &ReadRequest) -> ReadRequest {
        request.clone().with_fields(self.rules.iter().map(|rule| rule.field.clone()))
    }

    fn side(&self, person: &Employee) -> Side<'_> {
        let mut side = Side::In;
        for rule in &self.rules {
            let is_named = match values(person, &rule.field) {
                Field::Value(values) => {
                    values.iter().any(|value| rule.words.contains(canon::word(value).as_ref()))
                }
                Field::Cleared => false,
                // Another rule may say more.
                Field::NotPermitted | Field::NotProvided => {
                    side = Side::Unknown(&rule.field);
                    continue;
                }
            };
            if is_named != rule.lets_in {
                return Side::Out;
            }
        }
        side
    }
}

/// The values of a field: of a list each.
fn values<'a>(person: &'a Employee, field: &SourceField) -> Field<Vec<Cow<'a, str>>> {
    let each = |list: &'a [String]| list.iter().map(|name| Cow::Borrowed(name.as_str())).collect();
    match field {
        SourceField::Standard(StandardField::Teams) => person.teams().map(each),
        SourceField::Standard(StandardField::Groups) => person.groups().map(each),
        other => mapping::read(person, other).map(|value| vec![value]),
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<D: Directory> Directory for Scope<D> {
    fn capabilities(&self) -> &Capabilities {
        self.directory.capabilities()
    }

    fn settings(&self) -> SourceSettings {
        let SourceSettings { listing, writing } = self.directory.settings();
        if self.rules.is_empty() {
            return SourceSettings { listing, writing };
        }
        // A text, a truth value and texts can always be written as JSON.
        let rule = |rule: &Rule| {
            serde_json::to_string(&(rule.field.to_string(), rule.lets_in, &rule.words)).unwrap_or_default()
        };
        let rules: BTreeSet<String> = self.rules.iter().map(rule).collect();
        let all = SourceSettings::of("scope").listing("of", &listing, "");
        let all = all.listing("rules", Vec::from_iter(rules).join("\n"), "");
        SourceSettings { listing: all.build().listing, writing }
    }

    async fn check(&self, request: &ReadRequest) -> Result<Preflight> {
        if let Some(fault) = self.fault() {
            let mut preflight = self.directory.check(request).await?;
            let finding = Finding::new(Level::Missing, "scope", fault.to_string());
            preflight.push(finding.cost("nobody can be read").remedy("correct the scope"));
            return Ok(preflight);
        }
        self.directory.check(&self.request(request)).await
    }

    /// Counts everybody, those outside the scope included.
    async fn fields(&self, request: &ReadRequest) -> Result<Vec<FieldInfo>> {
        self.directory.fields(request).await
    }

    async fn snapshot(&self, request: &ReadRequest) -> Result<Snapshot> {
        if let Some(fault) = self.fault() {
            return Err(fault);
        }
        let snapshot = self.directory.snapshot(&self.request(request)).await?;
        let mut unknown = Vec::new();
        let snapshot = snapshot.retain(|person| match self.side(person) {
            Side::In => true,
            Side::Out => false,
            Side::Unknown(field) => {
                unknown.push((person.id().clone(), field));
                false
            }
        });
        Ok(unknown.into_iter().fold(snapshot, |snapshot, (id, field)| {
            let words = "this field cannot be seen, so nobody knows whether the person belongs to the scope; \
                         nothing is done about this person";
            let problem =
                Problem::error(ProblemCode::NotPermitted, words).field(field.to_string()).employee(&id);
            snapshot.with_set_aside(id, problem)
        }))
    }

    async fn get(&self, id: &EmployeeId, request: &ReadRequest) -> Result<Lookup> {
        self.directory.get(id, &self.request(request)).await
    }

    async fn cost(&self, request: &ReadRequest) -> Result<Option<Cost>> {
        self.directory.cost(&self.request(request)).await
    }

    async fn fingerprint(&self, request: &ReadRequest) -> Result<Option<Fingerprint>> {
        self.directory.fingerprint(request).await
    }

    async fn settle(&self) -> Result<()> {
        self.directory.settle().await
    }

    fn writer(&self) -> Option<&dyn DirectoryWriter> {
        self.directory.writer()
    }
}
