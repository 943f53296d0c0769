//! Lists: filters, order, visibility and the page that was asked for.

use std::collections::HashSet;

use serde_json::Value;

use super::behaviour::{AllStatus, Behaviour, Hidden, OverLimit, StatusFilter};
use super::reader::Reader;
use super::refusal::Refusal;
use super::table::Row;
use super::world::{Resource, World};

/// A request for a list, understood.
pub(super) struct Query {
    limit: usize,
    skip: usize,
    sort: Option<(String, bool)>,
    as_of: Option<String>,
    status: Option<StatusFilter>,
    filters: Vec<Filter>,
}

struct Filter {
    member: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Equal,
    Greater,
    In,
    Less,
    NotIn,
}

impl Query {
    pub(super) fn parse(
        list: Resource,
        pairs: &[(String, String)],
        behaviour: &Behaviour,
    ) -> Result<Self, Refusal> {
        let mut query = Self {
            limit: behaviour.default_limit,
            skip: 0,
            sort: None,
            as_of: None,
            status: None,
            filters: Vec::new(),
        };
        for (key, value) in pairs {
            let refused = || Refusal::of(422, key);
            let (member, operator) = split(key).ok_or_else(refused)?;
            match (member, operator) {
                ("$limit", None) => query.limit = value.parse().map_err(|_| refused())?,
                ("$skip", None) => query.skip = value.parse().map_err(|_| refused())?,
                ("$sort", Some(field)) if ["1", "-1"].contains(&value.as_str()) => {
                    query.sort = Some((field.to_owned(), value == "-1"));
                }
                ("$asOf", None) if list == Resource::JobRoles => query.as_of = Some(value.clone()),
                ("status", None) if list == Resource::People => {
                    let status = StatusFilter::parse(value).ok_or_else(refused)?;
                    query.status = Some(status);
                }
                _ if filterable(list).contains(&member) => {
                    let operator = Operator::parse(operator).ok_or_else(refused)?;
                    query.add(member, operator, value);
                }
                _ => return Err(refused()),
            }
        }
        if query.limit > behaviour.max_limit {
            match behaviour.over_limit {
                OverLimit::Clamp => query.limit = behaviour.max_limit,
                OverLimit::Refuse => return Err(Refusal::of(422, "$limit")),
            }
        }
        Ok(query)
    }

    fn add(&mut self, member: &str, operator: Operator, value: &str) {
        let several = matches!(operator, Operator::In | Operator::NotIn);
        let same = |known: &&mut Filter| known.member == member && known.operator == operator;
        match self.filters.iter_mut().find(same) {
            Some(known) if several => known.values.push(value.to_owned()),
            _ => self.filters.push(Filter {
                member: member.to_owned(),
                operator,
                values: vec![value.to_owned()],
            }),
        }
    }

    fn admits(&self, row: &Row) -> bool {
        let in_force = |day: &String| {
            let begun = row.str("effectiveDate").is_some_and(|from| from <= day.as_str());
            begun && row.str("endDate").is_none_or(|end| end >= day.as_str())
        };
        self.as_of.as_ref().is_none_or(in_force) && self.filters.iter().all(|filter| filter.admits(row))
    }

    /// The status filter in force, or why it is refused.
    fn status(&self, reader: &Reader, behaviour: &Behaviour) -> Result<StatusFilter, Refusal> {
        let Some(status) = self.status else {
            return Ok(behaviour.default_status);
        };
        if let (StatusFilter::All, AllStatus::Refused(code)) = (status, behaviour.all_status) {
            return Err(Refusal::of(code, "status"));
        }
        let allowed = match status {
            StatusFilter::Active => true,
            StatusFilter::All => reader.sees_new_hires() && reader.sees_offboarded(),
            StatusFilter::NewHire => reader.sees_new_hires(),
            StatusFilter::Offboarded => reader.sees_offboarded(),
        };
        if behaviour.hidden == Hidden::Forbidden && !allowed {
            return Err(Refusal::of(403, "status"));
        }
        Ok(status)
    }
}

impl Filter {
    fn admits(&self, row: &Row) -> bool {
        let actual = texts(row.fields.get(&self.member));
        let one = |wanted: &String| actual.iter().any(|text| text == wanted);
        let holds = |test: fn(&str, &str) -> bool| {
            self.values.iter().all(|wanted| actual.iter().any(|text| test(text, wanted)))
        };
        match self.operator {
            Operator::Equal => self.values.iter().all(one),
            Operator::In => self.values.iter().any(one),
            Operator::NotIn => !self.values.iter().any(one),
            Operator::Greater => holds(|a, b| a > b),
            Operator::AtLeast => holds(|a, b| a >= b),
            Operator::Less => holds(|a, b| a < b),
            Operator::AtMost => holds(|a, b| a <= b),
        }
    }
}

impl Operator {
    fn parse(text: Option<&str>) -> Option<Self> {
        Some(match text {
            None => Self::Equal,
            Some("$in") => Self::In,
            Some("$nin") => Self::NotIn,
            Some("$gt") => Self::Greater,
            Some("$gte") => Self::AtLeast,
            Some("$lt") => Self::Less,
            Some("$lte") => Self::AtMost,
            Some(_) => return None,
        })
    }
}

/// Splits `field[$op]`, also in the spellings `field[$op][]` and
/// `field[$op][0]` that clients use for lists.
fn split(key: &str) -> Option<(&str, Option<&str>)> {
    let Some((member, rest)) = key.split_once('[') else {
        return Some((key, None));
    };
    let (inner, tail) = rest.split_once(']')?;
    let index = tail.strip_prefix('[').and_then(|tail| tail.strip_suffix(']'));
    let list = index.is_some_and(|index| index.chars().all(|c| c.is_ascii_digit()));
    (tail.is_empty() || list).then_some((member, Some(inner)))
}

/// The members each list can be filtered by.
fn filterable(list: Resource) -> &'static [&'static str] {
    match list {
        Resource::People => {
            &["id", "firstName", "lastName", "preferredName", "email", "personalEmail", "spaceId", "teams"]
        }
        Resource::JobRoles => &["id", "personId", "effectiveDate", "endDate"],
        Resource::CustomValues => &["id", "personId", "customFieldId"],
        Resource::Companies | Resource::CustomFields | Resource::Locations => &["id"],
    }
}

/// What a filter compares: the text of a plain value, names and ids of teams.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().flat_map(|item| texts(Some(item))).collect(),
        Some(Value::Object(fields)) => {
            ["name", "id"].iter().flat_map(|name| texts(fields.get(*name))).collect()
        }
        Some(plain) => vec![plain.to_string()],
    }
}

/// The page as text.
pub(super) fn render(
    world: &mut World,
    list: Resource,
    query: &Query,
    reader: &Reader,
) -> Result<String, Refusal> {
    let mut chosen = choose(world, list, query, reader)?;
    if let Some((member, falling)) = &query.sort {
        let rows = &world.table(list).rows;
        let key = |at: &usize| rows.get(*at).and_then(|row| row.str(member));
        chosen.sort_by(|a, b| key(a).cmp(&key(b)));
        if *falling {
            chosen.reverse();
        }
    }
    let (total, limit, skip) = (chosen.len(), query.limit, query.skip);
    let mut body = format!("{{\"total\":{total},\"limit\":{limit},\"skip\":{skip},\"data\":[");
    let views = reader.views(world, list);
    let table = world.table_mut(list);
    for (count, at) in chosen.into_iter().skip(skip).take(limit).enumerate() {
        if let Some(row) = table.rows.get_mut(at) {
            if count > 0 {
                body.push(',');
            }
            let (number, view) = views.of(reader, row);
            body.push_str(row.text(number, view));
        }
    }
    body.push_str("]}");
    Ok(body)
}

/// The positions of the rows that match and may be seen.
fn choose(world: &World, list: Resource, query: &Query, reader: &Reader) -> Result<Vec<usize>, Refusal> {
    let behaviour = world.behaviour();
    let rows = world.table(list).rows.iter().enumerate();
    let matching = rows.filter(|(_, row)| query.admits(row));
    let hidden_field = |row: &&Row| match list {
        Resource::CustomFields => reader.hides_field(&row.key),
        Resource::CustomValues => row.str("customFieldId").is_some_and(|id| reader.hides_field(id)),
        _ => false,
    };
    match list {
        Resource::People => {
            let status = query.status(reader, behaviour)?;
            Ok(matching
                .filter(|(_, row)| status.admits(&row.status) && reader.sees(row))
                .map(|(at, _)| at)
                .collect())
        }
        Resource::CustomFields | Resource::CustomValues if !reader.reads_private() => {
            match behaviour.hidden {
                Hidden::Null => Ok(Vec::new()),
                Hidden::Absent | Hidden::Forbidden => Err(Refusal::of(403, "customFieldId")),
            }
        }
        Resource::CustomValues | Resource::JobRoles if !reader.sees_everybody() => {
            let people = world.people.rows.iter().filter(|row| reader.sees(row));
            let people: HashSet<&str> = people.map(|row| row.key.as_str()).collect();
            Ok(matching
                .filter(|(_, row)| people.contains(row.person.as_str()) && !hidden_field(row))
                .map(|(at, _)| at)
                .collect())
        }
        _ => Ok(matching.filter(|(_, row)| !hidden_field(row)).map(|(at, _)| at).collect()),
    }
}
