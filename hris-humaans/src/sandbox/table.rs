//! Rows of one resource, with their JSON text kept ready for each kind of
//! reader: a page is then only a join of strings.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use super::behaviour::Hidden;

/// What one kind of reader sees of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// `None` shows every member, otherwise only these.
    pub(super) only: Option<Vec<String>>,
    /// Members the role hides.
    pub(super) without: BTreeSet<String>,
    pub(super) mode: Hidden,
    /// Replaces `companyId`, for a token of another company.
    pub(super) company: Option<String>,
    /// Replaces `id`, for the company record itself.
    pub(super) company_row: Option<String>,
}

impl View {
    pub(super) fn full(company: Option<String>) -> Self {
        Self { only: None, without: BTreeSet::new(), mode: Hidden::Absent, company, company_row: None }
    }

    fn shows(&self, member: &str, fields: &Map<String, Value>) -> bool {
        if self.without.contains(member) {
            return false;
        }
        let Some(only) = &self.only else { return true };
        if member == "email" && fields.get("isWorkEmailHidden") == Some(&Value::Bool(true)) {
            return false;
        }
        only.iter().any(|name| name == member)
    }

    fn render(&self, fields: &Map<String, Value>) -> String {
        if self.only.is_none() && self.without.is_empty() && self.company.is_none() {
            return Value::Object(fields.clone()).to_string();
        }
        let mut seen = Map::new();
        for (member, value) in fields {
            if self.shows(member, fields) {
                let other = match member.as_str() {
                    "companyId" => self.company.as_ref(),
                    "id" => self.company_row.as_ref(),
                    _ => None,
                };
                let value = other.map_or_else(|| value.clone(), |id| Value::String(id.clone()));
                seen.insert(member.clone(), value);
            } else if self.mode == Hidden::Null {
                seen.insert(member.clone(), Value::Null);
            }
        }
        Value::Object(seen).to_string()
    }
}

pub(super) struct Row {
    /// The name of the row inside the sandbox. It equals the served `id` until
    /// somebody edits that.
    pub(super) key: String,
    pub(super) fields: Map<String, Value>,
    /// The person the row belongs to: itself, for a person.
    pub(super) person: String,
    pub(super) status: String,
    texts: Vec<Option<String>>,
}

impl Row {
    fn new(key: String, fields: Map<String, Value>) -> Self {
        let mut row = Self { key, fields, person: String::new(), status: String::new(), texts: Vec::new() };
        row.refresh();
        row
    }

    fn refresh(&mut self) {
        self.texts.clear();
        let text = |member: &str| self.fields.get(member).and_then(Value::as_str).map(str::to_owned);
        self.person = text("personId").unwrap_or_else(|| self.key.clone());
        self.status = text("status").unwrap_or_default();
    }

    /// The row as this view shows it, rendered once until it changes.
    pub(super) fn text(&mut self, number: usize, view: &View) -> &str {
        if self.texts.len() <= number {
            self.texts.resize_with(number + 1, || None);
        }
        let fields = &self.fields;
        match self.texts.get_mut(number) {
            Some(slot) => slot.get_or_insert_with(|| view.render(fields)),
            None => "{}",
        }
    }

    pub(super) fn str(&self, member: &str) -> Option<&str> {
        self.fields.get(member).and_then(Value::as_str)
    }
}

#[derive(Default)]
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    index: HashMap<String, usize>,
}

impl Table {
    /// Adds a row and answers its key: its `id`, unless that is missing or
    /// taken, in which case `spare` becomes the key.
    pub(super) fn insert(&mut self, fields: Map<String, Value>, spare: String) -> String {
        let key = match fields.get("id").and_then(Value::as_str) {
            Some(id) if !self.index.contains_key(id) => id.to_owned(),
            _ => spare,
        };
        self.index.insert(key.clone(), self.rows.len());
        self.rows.push(Row::new(key.clone(), fields));
        key
    }

    pub(super) fn find(&self, key: &str) -> Option<&Row> {
        self.index.get(key).and_then(|at| self.rows.get(*at))
    }

    pub(super) fn position(&self, key: &str) -> Option<usize> {
        self.index.get(key).copied()
    }

    /// Changes the members of one row; `None` when there is no such row.
    pub(super) fn edit<T>(
        &mut self,
        key: &str,
        change: impl FnOnce(&mut Map<String, Value>) -> T,
    ) -> Option<T> {
        let row = self.index.get(key).and_then(|at| self.rows.get_mut(*at))?;
        let done = change(&mut row.fields);
        row.refresh();
        Some(done)
    }

    pub(super) fn remove(&mut self, key: &str) -> bool {
        let known = self.index.contains_key(key);
        self.retain(|row| row.key != key);
        known
    }

    pub(super) fn retain(&mut self, keep: impl FnMut(&Row) -> bool) {
        self.rows.retain(keep);
        self.index = self.rows.iter().enumerate().map(|(at, row)| (row.key.clone(), at)).collect();
    }
}
