//! What the units of a vendor are called: places of work, departments, teams.

use std::collections::HashMap;

use crate::Field;
use crate::http::Part;

/// Names by id, from a list that may be hidden or not asked for.
///
/// ```
/// use hris_core::Field;
/// use hris_core::connector::Names;
/// use hris_core::http::Part;
///
/// let office = Field::Value("o-7".to_owned());
/// let unknown = |id: &str| Field::Value(id.to_owned());
/// let names = Names::of(&Part::Read(vec![("o-7", "Oslo")]), |(id, name)| Some((*id, (*name).to_owned())));
/// assert_eq!(names.name(&office, unknown).as_deref(), Field::Value("Oslo"));
/// let hidden = Names::of(&Part::Hidden(403), |(id, name): &(&str, String)| Some((*id, name.clone())));
/// assert_eq!(hidden.name(&office, unknown), Field::NotPermitted);
/// ```
#[derive(Default)]
#[allow(missing_debug_implementations, reason = "it holds what a vendor said")]
pub struct Names(Part<HashMap<String, String>>);

impl Names {
    /// The names in a list; `named` returns the id and the name of a row that has both.
    pub fn of<'r, R>(list: &'r Part<Vec<R>>, named: impl Fn(&'r R) -> Option<(&'r str, String)>) -> Self {
        Self(match list {
            Part::Skipped => Part::Skipped,
            Part::Hidden(status) => Part::Hidden(*status),
            Part::Read(rows) => {
                let named = rows.iter().filter_map(named);
                Part::Read(named.map(|(id, name)| (id.to_owned(), name)).collect())
            }
        })
    }

    /// The name of the unit with this id: not permitted where the list is hidden, not provided where it was not read,
    /// and what `unknown` says of an id that is not in it.
    pub fn name(&self, id: &Field<String>, unknown: impl FnOnce(&str) -> Field<String>) -> Field<String> {
        let Field::Value(id) = id else { return id.clone() };
        match &self.0 {
            Part::Skipped => Field::NotProvided,
            Part::Hidden(_) => Field::NotPermitted,
            Part::Read(names) => names.get(id).map_or_else(|| unknown(id), |name| Field::Value(name.clone())),
        }
    }

    /// The status with which the list was refused, where it was.
    #[must_use]
    pub fn hidden(&self) -> Option<u16> {
        self.0.hidden()
    }
}
