//! Somebody to be hired.

use std::fmt;

use serde_json::{Map, Value, json};

/// A person as the payroll department enters them.
#[derive(Clone)]
#[must_use]
pub struct Person {
    pub(super) members: Map<String, Value>,
    pub(super) employments: Vec<Map<String, Value>>,
    pub(super) number: Option<String>,
}

impl Person {
    /// Somebody of this name, with an address of `fjordkaffe.example` and no employment yet.
    pub fn new(given: impl Into<String>, family: impl Into<String>) -> Self {
        let (given, family) = (given.into(), family.into());
        let mailbox = |name: &str| -> String {
            name.to_lowercase().chars().filter(char::is_ascii_alphanumeric).collect()
        };
        let email = format!("{}.{}@fjordkaffe.example", mailbox(&given), mailbox(&family));
        let person = Self { members: Map::new(), employments: Vec::new(), number: None };
        person.member("firstname", given).member("lastname", family).member("email", email)
    }

    /// Sets a member by its name on the wire.
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// The work e-mail address; an empty one is none.
    pub fn email(self, email: impl Into<String>) -> Self {
        self.member("email", email.into())
    }

    /// The employee number, in place of the next free one.
    pub fn number(mut self, number: impl Into<String>) -> Self {
        self.number = Some(number.into());
        self
    }

    /// The first day, with an employment that has no end.
    pub fn starts(self, day: impl Into<String>) -> Self {
        let day = day.into();
        self.member("employee_date", day.as_str()).employment(&[("startdate", &day)])
    }

    /// The last day of the last employment.
    pub fn ends(mut self, day: impl Into<String>) -> Self {
        if let Some(employment) = self.employments.last_mut() {
            employment.insert("enddate".to_owned(), json!(day.into()));
            employment.insert("enddate_reason".to_owned(), json!("arbeidstakerHarSagtOppSelv"));
        }
        self
    }

    /// One more employment with these members; what is not said is usual.
    pub fn employment(mut self, members: &[(&str, &str)]) -> Self {
        let mut employment = Map::new();
        for (name, value) in [
            ("primary_employment", "1"),
            ("enddate", ""),
            ("enddate_reason", ""),
            ("employment_form", "fast"),
            ("profession_code", "5131103"),
            ("employment_rate", "100.00"),
            ("employment_type", "ordinaertArbeidsforhold"),
            ("enterprise_number", "999000111"),
            ("working_times", "ikkeSkift"),
        ]
        .iter()
        .chain(members)
        {
            employment.insert((*name).to_owned(), json!(value));
        }
        self.employments.push(employment);
        self
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("members", &self.members.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
