//! A customer's own fields: which ones a request means.

use std::sync::Arc;

use crate::http::Part;
use crate::{
    CustomValue, Employee, Error, ErrorKind, Field, Problem, ProblemCode, ReadRequest, Result, SourceField,
    custom_fields_called, nearest_custom_field, no_such_custom_fields,
};

/// Which custom fields a request means, by a vendor's own rules.
pub type Meant = for<'a> fn(&'a [CustomField], &'a ReadRequest) -> CustomFields<'a>;

/// One of a customer's own fields, as the vendor defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CustomField {
    /// The vendor's id of it.
    pub id: Arc<str>,
    /// Its name; empty where the vendor sends none.
    pub name: Arc<str>,
    /// Its kind in the vendor's word, `text` where the vendor sends none.
    pub kind: String,
    /// Whether it is read only when somebody asks for it by id, as for bank details and health.
    pub is_sensitive: bool,
}

impl CustomField {
    /// A field of this id and name, of the kind `text`.
    #[must_use]
    pub fn new(id: &str, name: &str) -> Self {
        Self { id: id.into(), name: name.into(), kind: "text".to_owned(), is_sensitive: false }
    }

    /// A field as a record defines it: the id, without which there is no field, the name, and the vendor's word for
    /// the kind.
    #[must_use]
    pub fn defined(id: Option<&str>, name: &Field<String>, kind: &Field<String>) -> Option<Self> {
        let field = Self::new(id?, name.as_deref().value().unwrap_or_default());
        Some(match kind.as_deref().value() {
            Some(kind) => field.of_kind(kind),
            None => field,
        })
    }

    /// Sets the vendor's word for its kind.
    #[must_use]
    pub fn of_kind(self, kind: &str) -> Self {
        Self { kind: kind.to_owned(), ..self }
    }

    /// Sets whether it is read only when somebody asks for it by id.
    #[must_use]
    pub fn sensitive(self, is_sensitive: bool) -> Self {
        Self { is_sensitive, ..self }
    }
}

/// The custom fields that a request means, among those that the vendor defines.
///
/// `is_member` says which words name a member of a person's own record. A mapping names such a member like
/// a custom field, and the member wins over a custom field of the same name.
///
/// ```
/// use hris_core::connector::{CustomField, CustomFields};
/// use hris_core::{Date, ReadRequest, SourceField};
///
/// let defined = [CustomField::new("cf-1", "Shirt size"), CustomField::new("cf-2", "Desk")];
/// let request = ReadRequest::new(Date::new(2026, 11, 23)?).with_field("custom.Desk".parse::<SourceField>()?);
/// let fields = CustomFields::of(&defined, &request, |_| false);
/// assert_eq!(&*fields.required()?[0].id, "cf-2");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct CustomFields<'a> {
    defined: &'a [CustomField],
    request: &'a ReadRequest,
    is_member: fn(&str) -> bool,
    ids_are_open: bool,
}

impl<'a> CustomFields<'a> {
    /// Those of `defined` that `request` means.
    #[must_use]
    pub fn of(defined: &'a [CustomField], request: &'a ReadRequest, is_member: fn(&str) -> bool) -> Self {
        Self { defined, request, is_member, ids_are_open: false }
    }

    /// Declares that a field may be asked for by an id that no definition has, as where people's records show it
    /// all the same.
    #[must_use]
    pub fn with_open_ids(self) -> Self {
        Self { ids_are_open: true, ..self }
    }

    /// Whether the definitions have to be read for a request.
    #[must_use]
    pub fn are_needed(request: &ReadRequest, is_member: fn(&str) -> bool) -> bool {
        request.wants_everything() || request.custom_fields().any(|field| !names_member(field, is_member))
    }

    /// The words of a request that name a member of a person's own record.
    pub fn members(request: &ReadRequest, is_member: fn(&str) -> bool) -> Vec<&str> {
        let members = request.custom_fields().filter(|field| names_member(field, is_member));
        members.filter_map(SourceField::custom).collect()
    }

    /// How many fields are defined.
    #[must_use]
    pub fn defined(&self) -> usize {
        self.defined.len()
    }

    /// The fields that are asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where the request names a field by a name that several have.
    pub fn wanted(&self) -> Result<Vec<&'a CustomField>> {
        for field in self.asked() {
            let SourceField::CustomName(name) = field else { continue };
            let ids: Vec<String> =
                self.called(name).into_iter().map(|field| format!("custom.#{}", field.id)).collect();
            if ids.len() > 1 {
                let words =
                    format!("{field}: several custom fields have this name; use one of {}", ids.join(", "));
                return Err(Error::new(ErrorKind::Config, words));
            }
        }
        Ok(self.defined.iter().filter(|field| self.is_wanted(field)).collect())
    }

    /// The fields that are asked for, all of which the vendor has.
    ///
    /// # Errors
    /// As [`CustomFields::wanted`], and [`ErrorKind::Config`] naming each field that the vendor does not have.
    pub fn required(&self) -> Result<Vec<&'a CustomField>> {
        let lacking = self.lacking();
        match no_such_custom_fields(lacking.into_iter().map(|field| (field, self.near(field)))) {
            Some(error) => Err(error),
            None => self.wanted(),
        }
    }

    /// The fields that are asked for and that no definition has.
    #[must_use]
    pub fn lacking(&self) -> Vec<&'a SourceField> {
        let answers = |asked: &SourceField, field: &CustomField| match asked {
            SourceField::CustomId(id) => *field.id == **id,
            SourceField::CustomName(_) => self.is_meant(asked, field) && !field.is_sensitive,
            SourceField::Standard(_) => true,
        };
        let is_open = |asked: &SourceField| self.ids_are_open && matches!(asked, SourceField::CustomId(_));
        self.asked()
            .filter(|asked| !is_open(asked) && !self.defined.iter().any(|field| answers(asked, field)))
            .collect()
    }

    /// The nearest name to one that no definition has, as the end of a sentence.
    #[must_use]
    pub fn near(&self, field: &SourceField) -> String {
        let open = self.defined.iter().filter(|field| !field.is_sensitive);
        nearest_custom_field(field, open.map(|field| &*field.name))
    }

    /// What is asked for, without the members of a person's own record.
    fn asked(&self) -> impl Iterator<Item = &'a SourceField> + use<'a> {
        let is_member = self.is_member;
        self.request.custom_fields().filter(move |field| !names_member(field, is_member))
    }

    fn is_wanted(&self, field: &CustomField) -> bool {
        if field.is_sensitive {
            return self.asked().any(|asked| *asked == SourceField::CustomId(field.id.to_string()));
        }
        self.request.wants_everything()
            || self.asked().any(|asked| match asked {
                SourceField::CustomId(id) => *field.id == **id,
                _ => self.is_meant(asked, field),
            })
    }

    fn called(&self, name: &str) -> Vec<&'a CustomField> {
        custom_fields_called(name, self.defined, |field| Some(&*field.name))
    }

    /// Whether a field that is asked for by name is this one.
    fn is_meant(&self, asked: &SourceField, field: &CustomField) -> bool {
        let SourceField::CustomName(name) = asked else { return false };
        self.called(name).iter().any(|found| std::ptr::eq(*found, field))
    }
}

/// The custom fields that are read of everybody, and those that may not be seen.
#[derive(Debug, Default)]
pub struct ReadFields {
    fields: Vec<CustomField>,
    hidden: Vec<CustomValue>,
    problem: Option<Problem>,
}

impl ReadFields {
    /// The fields of `defined` that a request means. Where the definitions may not be read, what is asked for is
    /// hidden, and a problem names `remedy`.
    ///
    /// # Errors
    /// As [`CustomFields::required`].
    pub fn of(
        defined: &Part<Vec<CustomField>>,
        request: &ReadRequest,
        meant: Meant,
        remedy: &str,
    ) -> Result<Self> {
        let mut read = Self::default();
        match defined {
            Part::Skipped => {}
            Part::Read(defined) => {
                read.fields = meant(defined, request).required()?.into_iter().cloned().collect();
            }
            Part::Hidden(status) => {
                read.hidden = meant(&[], request).asked().map(CustomValue::hidden).collect();
                let words = format!(
                    "custom fields may not be read (HTTP {status}): {remedy}; accounts keep what they have"
                );
                read.problem = Some(Problem::warning(ProblemCode::NotPermitted, words).field("custom"));
            }
        }
        Ok(read)
    }

    /// The fields that are read.
    #[must_use]
    pub fn fields(&self) -> &[CustomField] {
        &self.fields
    }

    /// That the definitions may not be read, where they may not.
    pub fn take_problem(&mut self) -> Option<Problem> {
        self.problem.take()
    }

    /// Sets a person's fields: `value` says what each is, and nothing where the record does not show it.
    pub fn put(&self, employee: &mut Employee, value: impl Fn(&CustomField) -> Option<Field<String>>) {
        self.hidden.iter().for_each(|value| employee.put_custom(value.clone()));
        for field in &self.fields {
            if let Some(value) = value(field) {
                let (id, name) = (Arc::clone(&field.id), Arc::clone(&field.name));
                employee.put_custom(CustomValue { id, name, value });
            }
        }
    }
}

fn names_member(field: &SourceField, is_member: fn(&str) -> bool) -> bool {
    field.custom().is_some_and(is_member)
}
