//! One person: names, dates, units, fields of the customer's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use hris_core::connector::{count_unreadable, fill, keep, work_email};
use hris_core::{
    CustomValue, Employee, Field, ProblemCode, ReadRequest, SourceField, StandardField, Status, Tally,
    custom_fields_called, nearest_custom_field, wire,
};

use super::contact::{PERSONAL, WORK, address, phone};
use super::need::UNITS;
use super::status::standing;
use super::{Need, Units};
use crate::config::DEFAULTS;
use crate::lists::Resource;
use crate::wire::Person;

/// Reads people, with everything beside them at hand.
pub(super) struct Reader<'a> {
    units: &'a Units,
    need: &'a Need<'a>,
    request: &'a ReadRequest,
    /// Keys of the customer's own fields that somebody's record has.
    seen: BTreeSet<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(units: &'a Units, need: &'a Need<'a>, request: &'a ReadRequest) -> Self {
        Self { units, need, request, seen: BTreeSet::new() }
    }

    /// The person of a listing, with what only their own record has.
    pub(super) fn employee(
        &mut self,
        mut row: Person,
        detail: Option<Person>,
        tally: &mut Tally,
    ) -> Employee {
        if let Some(detail) = detail {
            // The list wins for every member that it shows, so that two moments are not mixed.
            (row.level, row.roles) = (detail.level, detail.roles);
            (row.custom, row.custom_too) = (detail.custom, detail.custom_too);
            for (name, value) in detail.notes.asked {
                if !row.notes.asked.iter().any(|(known, _)| *known == name) {
                    row.notes.asked.push((name, value));
                }
            }
        }
        self.whole(row, tally)
    }

    /// The person of a record that says everything.
    pub(super) fn whole(&mut self, mut person: Person, tally: &mut Tally) -> Employee {
        let id = person.notes.id.clone().unwrap_or_default();
        count_unreadable(&person, DEFAULTS.title, str::to_owned, &["termination_date"], tally);
        let mut employee = Employee::new(id);
        let draft = self.put_status(&mut employee, &person, tally);
        employee.put(StandardField::Email, work_email(std::mem::take(&mut person.email)));
        employee.put(StandardField::WorkPhone, phone(&person.work_phones, &WORK));
        let teams = self.put_units(&mut employee, &person, tally);
        self.put_customs(&mut employee, &person);
        for (name, value) in person.notes.asked.drain(..) {
            let name: Arc<str> = name.into();
            employee.put_custom(CustomValue { id: Arc::clone(&name), name, value });
        }
        let nick_name =
            if person.nick_name == Field::NotProvided { &mut person.nickname } else { &mut person.nick_name };
        employee.put(StandardField::PreferredName, std::mem::take(nick_name));
        keep(&mut employee, self.request, StandardField::PersonalPhone, phone(&person.phones, &PERSONAL));
        for (field, part) in address(&person) {
            keep(&mut employee, self.request, field, part);
        }
        fill(&mut employee, &mut person, self.request);
        let employee = employee.with_teams(teams).with_extra(person.notes.extra);
        if draft { employee.as_sample() } else { employee }
    }

    /// The requested custom fields that nobody's record has, each with a hint at the nearest one.
    pub(super) fn unseen_customs(&self) -> Vec<(SourceField, String)> {
        let seen: Vec<&str> = self.seen.iter().map(String::as_str).collect();
        let lacks = |key: &&&str| custom_fields_called(key, &seen, |seen| Some(*seen)).len() != 1;
        let lacking = self.need.customs.iter().filter(lacks);
        let named = lacking.map(|key| SourceField::CustomName((*key).to_owned()));
        named.map(|field| (field.clone(), nearest_custom_field(&field, seen.iter().copied()))).collect()
    }

    /// Whether the record is a draft.
    fn put_status(&self, employee: &mut Employee, person: &Person, tally: &mut Tally) -> bool {
        let found = standing(person, self.request.today());
        let id = employee.id().to_string();
        if let Some(words) = found.odd {
            tally.count(ProblemCode::Divergence, "status", words, &id);
        }
        // A day before the first one belongs to an earlier employment.
        employee.put_end(found.end, tally);
        employee.put_date(StandardField::StartDate, person.joining);
        match person.status.as_deref() {
            Field::Value(raw) => {
                if found.status == Status::Unknown && found.odd.is_none() {
                    tally.unknown_status(raw);
                }
                employee.put_status(found.status, raw);
            }
            other => {
                let hidden = other.map(str::to_owned);
                match found.status {
                    Status::Unknown => tally.unknown_status(""),
                    status => employee.put_status(status, ""),
                }
                employee.put(StandardField::RawStatus, hidden);
            }
        }
        if found.draft {
            let words =
                "saved as a draft or still in onboarding; present, and gets no account until that ends";
            tally.count(ProblemCode::SamplePerson, "", words, &id);
        }
        found.draft
    }

    /// Sets the names of all units except teams, which it returns.
    fn put_units(&self, employee: &mut Employee, person: &Person, tally: &mut Tally) -> Field<Vec<String>> {
        let id = employee.id().to_string();
        let mut name = |of, unit: &Field<String>, field| self.units.name(of, unit, field, &id, &mut *tally);
        let department = name(Resource::DEPARTMENTS, &person.department, "department");
        let location = name(Resource::BRANCHES, &person.branch, "location");
        let team = name(Resource::TEAMS, &person.team, "team");
        let customs = UNITS.map(|(field, of)| {
            let unit = match of {
                Resource::BUSINESS_UNITS => &person.business_unit,
                Resource::LEVELS => &person.level,
                _ => &person.sub_department,
            };
            (field, self.need.wants_unit(of).then(|| name(of, unit, field)))
        });
        employee.put(StandardField::Department, department);
        employee.put(StandardField::Location, location);
        for (field, value) in customs {
            if let Some(value) = value {
                employee.put_custom(CustomValue { id: field.into(), name: field.into(), value });
            }
        }
        team.map(|team| vec![team])
    }

    fn put_customs(&mut self, employee: &mut Employee, person: &Person) {
        for json in [&person.custom, &person.custom_too] {
            let Field::Value(json) = json.as_deref() else { continue };
            for (key, value) in wire::members(json).unwrap_or_default() {
                let called =
                    |wanted: &&str| !custom_fields_called(wanted, &[&*key], |key| Some(*key)).is_empty();
                let wanted = self.need.all_customs || self.need.customs.iter().any(called);
                if wanted && !employee.custom().iter().any(|known| *known.name == *key) {
                    let name: Arc<str> = key.as_str().into();
                    employee.put_custom(CustomValue { id: Arc::clone(&name), name, value });
                }
                self.seen.insert(key);
            }
        }
    }
}
