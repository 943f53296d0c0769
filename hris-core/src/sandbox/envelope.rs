//! How a vendor's lists look.

use serde_json::{Value, json};

use super::{Answer, Received};

/// Where the rows of a list are, where its total is, and how a request names a page. Places in a
/// body are JSON pointers.
///
/// ```
/// use hris_core::sandbox::Envelope;
///
/// // {"data":{"items":[…],"total_items":…,"total_pages":…}}, pages counted from one.
/// let nested = Envelope::rows("/data/items")
///     .total_at("/data/total_items")
///     .pages_at("/data/total_pages")
///     .by_number("page_index", "item_per_page")
///     .page_size(20, 100);
/// // […] with headers.
/// let headers = Envelope::bare()
///     .total_header("total-objects")
///     .pages_header("total-pages")
///     .by_number("page", "per_page")
///     .page_size(50, 50)
///     .text("first_name");
/// // […] of everybody.
/// let whole = Envelope::bare().id("empId").text("firstname");
/// # let _ = (nested, headers, whole);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Envelope {
    pub(super) rows: &'static str,
    pub(super) total: Option<Place>,
    pub(super) pages: Option<Place>,
    pub(super) paging: Option<Paging>,
    pub(super) id: &'static str,
    pub(super) text: &'static str,
    size: usize,
    max: usize,
}

/// Where a number about the list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Body(&'static str),
    Header(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paging {
    at: &'static str,
    size: &'static str,
    numbered: bool,
}

impl Envelope {
    /// Rows at this JSON pointer, for example `/data`. Until more is said: no total, everybody in one
    /// answer, rows have an `id` and a text `firstName`.
    pub fn rows(pointer: &'static str) -> Self {
        Self {
            rows: pointer,
            total: None,
            pages: None,
            paging: None,
            id: "id",
            text: "firstName",
            size: 100,
            max: usize::MAX,
        }
    }

    /// A bare array of rows.
    pub fn bare() -> Self {
        Self::rows("")
    }

    /// The total number of rows stands at this JSON pointer.
    pub fn total_at(mut self, pointer: &'static str) -> Self {
        self.total = Some(Place::Body(pointer));
        self
    }

    /// The total number of rows stands in this header.
    pub fn total_header(mut self, name: &'static str) -> Self {
        self.total = Some(Place::Header(name));
        self
    }

    /// The number of pages stands at this JSON pointer. It follows the total when that is falsified.
    pub fn pages_at(mut self, pointer: &'static str) -> Self {
        self.pages = Some(Place::Body(pointer));
        self
    }

    /// The number of pages stands in this header.
    pub fn pages_header(mut self, name: &'static str) -> Self {
        self.pages = Some(Place::Header(name));
        self
    }

    /// A request says in parameter `skip` how many rows come before the page, and in `limit` how many
    /// it wants.
    pub fn by_offset(mut self, skip: &'static str, limit: &'static str) -> Self {
        self.paging = Some(Paging { at: skip, size: limit, numbered: false });
        self
    }

    /// A request says in parameter `page` which page it wants, counted from one, and in `size` how
    /// many rows a page has.
    pub fn by_number(mut self, page: &'static str, size: &'static str) -> Self {
        self.paging = Some(Paging { at: page, size, numbered: true });
        self
    }

    /// How many rows a page has when the request does not say, 100 otherwise, and the most it can.
    pub fn page_size(mut self, default: usize, max: usize) -> Self {
        (self.size, self.max) = (default, max);
        self
    }

    /// The member that holds a row's id.
    pub fn id(mut self, member: &'static str) -> Self {
        self.id = member;
        self
    }

    /// A member of a person's row that is a text, such as a name: what faults damage.
    pub fn text(mut self, member: &'static str) -> Self {
        self.text = member;
        self
    }

    /// How many rows the page of this request has at most.
    #[must_use]
    pub fn size(&self, request: &Received) -> usize {
        let asked = self.paging.and_then(|paging| number(request, paging.size));
        asked.unwrap_or(self.size).clamp(1, self.max.max(1))
    }

    /// How many rows come before the page of this request. `None` if the request does not say.
    #[must_use]
    pub fn skip(&self, request: &Received) -> usize {
        let Some(paging) = self.paging else { return 0 };
        let at = number(request, paging.at).unwrap_or_default();
        if paging.numbered { at.saturating_sub(1).saturating_mul(self.size(request)) } else { at }
    }

    /// The same request for the page before which `skip` rows come.
    pub(super) fn at(&self, request: &Received, skip: usize) -> Received {
        let Some(paging) = self.paging else { return request.clone() };
        let at = if paging.numbered { skip.div_ceil(self.size(request)) + 1 } else { skip };
        request.with_parameter(paging.at, at.to_string())
    }

    /// The rows of an answer, if it is a page.
    pub(super) fn rows_of<'a>(&self, body: &'a mut Value) -> Option<&'a mut Vec<Value>> {
        body.pointer_mut(self.rows).and_then(Value::as_array_mut)
    }

    /// The total that an answer states.
    pub(super) fn total_of(&self, answer: &Answer, body: &Value) -> Option<i64> {
        match self.total? {
            Place::Body(pointer) => body.pointer(pointer).and_then(Value::as_i64),
            Place::Header(name) => answer.header_value(name).and_then(|value| value.parse().ok()),
        }
    }

    /// Writes another total, and the number of pages that follows from it; `None` takes both away.
    pub(super) fn set_total(
        &self,
        answer: &mut Answer,
        body: &mut Value,
        total: Option<Value>,
        request: &Received,
    ) {
        let size = i64::try_from(self.size(request)).unwrap_or(i64::MAX);
        let pages = total.as_ref().map(|total| match total.as_i64() {
            Some(total) => json!(total.max(0).saturating_add(size - 1) / size),
            None => total.clone(),
        });
        for (place, value) in [(self.total, total), (self.pages, pages)] {
            if let Some(place) = place {
                place.set(answer, body, value);
            }
        }
    }
}

impl Place {
    fn set(self, answer: &mut Answer, body: &mut Value, value: Option<Value>) {
        match self {
            Self::Body(pointer) => {
                let (parent, member) = pointer.rsplit_once('/').unwrap_or(("", pointer));
                let parent = body.pointer_mut(parent).and_then(Value::as_object_mut);
                match (parent, value) {
                    (Some(parent), Some(value)) => {
                        parent.insert(member.to_owned(), value);
                    }
                    (Some(parent), None) => {
                        parent.remove(member);
                    }
                    (None, _) => {}
                }
            }
            Self::Header(name) => {
                let value = value.filter(|value| !value.is_null());
                answer.set_header(
                    name,
                    value.map(|value| match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    }),
                );
            }
        }
    }
}

fn number(request: &Received, name: &str) -> Option<usize> {
    request.parameter(name).and_then(|value| value.parse().ok())
}
