//! What one token may see.

use std::collections::{BTreeSet, HashSet};

use super::table::{Row, View};
use super::token::{Profiles, Role, Token};
use super::world::{Issued, Resource, World};

/// A token at work, its role resolved against the present company.
pub(super) struct Reader {
    pub(super) issued: Issued,
    reports: HashSet<String>,
    hidden_fields: HashSet<String>,
}

impl Reader {
    pub(super) fn new(world: &World, issued: Issued) -> Self {
        let role = &issued.token.role;
        let wants_reports = [&role.people, &role.details].contains(&&Profiles::Reports);
        let reports = if wants_reports {
            let roles = world.job_roles.rows.iter();
            roles
                .filter(|row| row.str("reportingTo") == Some(&issued.maker))
                .filter(|row| row.str("endDate").is_none())
                .map(|row| row.person.clone())
                .collect()
        } else {
            HashSet::new()
        };
        let hidden_fields = role.hidden_custom_fields.iter();
        let hidden_fields = hidden_fields.filter_map(|name| world.custom_field_id(name)).collect();
        Self { issued, reports, hidden_fields }
    }

    pub(super) fn token(&self) -> &Token {
        &self.issued.token
    }

    fn role(&self) -> &Role {
        &self.issued.token.role
    }

    pub(super) fn reads_private(&self) -> bool {
        self.token().reads_private()
    }

    pub(super) fn sees_offboarded(&self) -> bool {
        self.reads_private() && self.role().offboarded
    }

    pub(super) fn sees_new_hires(&self) -> bool {
        self.reads_private() && self.role().new_hires
    }

    pub(super) fn sees_everybody(&self) -> bool {
        self.sees_new_hires() && self.sees_offboarded() && self.role().people == Profiles::Everybody
    }

    pub(super) fn hides_field(&self, id: &str) -> bool {
        // Asked for every row of the longest list: an empty set costs no hash.
        !self.hidden_fields.is_empty() && self.hidden_fields.contains(id)
    }

    /// Whether the person of this row is visible at all.
    pub(super) fn sees(&self, row: &Row) -> bool {
        let status = match row.status.as_str() {
            "offboarded" => self.sees_offboarded(),
            "newHire" => self.sees_new_hires(),
            _ => true,
        };
        status && self.within(&self.role().people, row)
    }

    fn within(&self, profiles: &Profiles, row: &Row) -> bool {
        let own = row.key == self.issued.maker;
        own || match profiles {
            Profiles::Department(name) => {
                let job = row.fields.get("jobRole");
                let department = job.and_then(|job| job.get("department"));
                department.and_then(|name| name.as_str()) == Some(name)
            }
            Profiles::Everybody => true,
            Profiles::Location(id) => row.str("locationId") == Some(id),
            Profiles::Own => false,
            Profiles::People(ids) => ids.contains(&row.key),
            Profiles::Reports => self.reports.contains(&row.key),
        }
    }

    /// The two ways this token sees rows of a list: in detail and from afar.
    pub(super) fn views(&self, world: &mut World, list: Resource) -> Views {
        let company = self.token().company.clone();
        if list != Resource::People {
            let mut view = View::full(company.clone());
            view.company_row = company.filter(|_| list == Resource::Companies);
            let numbered = world.number(view);
            return Views { detail: numbered.clone(), afar: numbered };
        }
        let public = world.behaviour().public_members.clone();
        let view = |only: Option<Vec<String>>, without: BTreeSet<String>| View {
            only,
            without,
            mode: world.behaviour().hidden,
            company: company.clone(),
            company_row: None,
        };
        let without = &self.role().hidden_members;
        let only = (!self.reads_private()).then(|| public.clone());
        let detail = view(only, without.clone());
        let afar = view(Some(public), without.clone());
        Views { detail: world.number(detail), afar: world.number(afar) }
    }
}

/// Numbered views, as rows keep their text by number.
pub(super) struct Views {
    detail: (usize, View),
    afar: (usize, View),
}

impl Views {
    pub(super) fn of(&self, reader: &Reader, row: &Row) -> (usize, &View) {
        let (number, view) =
            if reader.within(&reader.role().details, row) { &self.detail } else { &self.afar };
        (*number, view)
    }
}
