//! The proof that a listing is complete, page by page, independent of how pages are fetched.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::paginate::{Listed, Listing, Next, Page, Position, Proof, Repeated, Total};

/// Pages a list without a total may have.
const PAGES: u64 = 10_000;

/// Pages a list may have beyond those that its total asks for.
const SPARE_PAGES: u64 = 10;

/// Why a listing is not believable, in counts only.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Disagreement(pub(super) String);

/// Whether a listing has ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Done,
    More,
}

/// One listing under way.
pub(super) struct Sweep<'l, L: Listing> {
    listing: &'l L,
    rows: Vec<L::Row>,
    /// Where the first row of each id stands in `rows`.
    seen: HashMap<String, usize>,
    /// Ids that came more than once, and whether their rows differ.
    repeated: BTreeMap<String, bool>,
    total: Option<u64>,
    pages: u64,
    received: u64,
    unidentified: u64,
    oversized: u64,
    /// Rows of the first page, which shows the page size that the vendor really uses.
    first: u64,
    largest: u64,
    /// Where the next page begins, for vendors that page by cursor, and the cursors that came so far.
    cursor: Option<String>,
    cursors: HashSet<String>,
}

impl<'l, L: Listing> Sweep<'l, L> {
    pub(super) fn new(listing: &'l L) -> Self {
        Self {
            listing,
            rows: Vec::new(),
            seen: HashMap::new(),
            repeated: BTreeMap::new(),
            total: None,
            pages: 0,
            received: 0,
            unidentified: 0,
            oversized: 0,
            first: 0,
            largest: 0,
            cursor: None,
            cursors: HashSet::new(),
        }
    }

    /// Where the next page begins.
    pub(super) fn next(&self) -> Position {
        Position { page: self.pages, offset: self.received, cursor: self.cursor.clone() }
    }

    /// The next page, and those after it as far as the total and the size of the pages so far
    /// let us guess. It reaches to the total itself: there the empty page is expected which ends
    /// a list whose last page is full.
    pub(super) fn plan(&self) -> impl Iterator<Item = Position> + Send + use<L> {
        let (start, step) = (self.next(), self.largest);
        let ahead = match self.total {
            // A cursor cannot be guessed.
            Some(total) if self.pages > 0 && start.cursor.is_none() => {
                total.saturating_sub(start.offset) / step.max(1)
            }
            _ => 0,
        };
        let ahead = ahead.min(self.cap().saturating_sub(self.pages));
        (0..=ahead).map(move |n| Position {
            page: start.page.saturating_add(n),
            offset: start.offset.saturating_add(n.saturating_mul(step)),
            cursor: start.cursor.clone(),
        })
    }

    /// Takes the next page in order.
    pub(super) fn take(&mut self, page: Page<L::Row>) -> Result<Step, Disagreement> {
        self.check_total(&page)?;
        let count = count(page.rows.len());
        // What a full page is: as asked for, or, once more pages had to follow a smaller first
        // one, as the vendor gives them.
        let asked = self.listing.page_size();
        let full = if self.pages == 0 { asked } else { asked.min(self.first) };
        if self.pages == 0 {
            self.first = count;
        }
        self.pages += 1;
        if self.pages > self.cap() {
            return Err(Disagreement(format!("no end after {} pages", self.cap())));
        }
        match page.next {
            Next::Counted if self.cursor.is_some() => {
                return Err(Disagreement(format!("page {} has no cursor", self.pages)));
            }
            Next::Counted => {}
            next => return self.follow(page.rows, next),
        }
        if count == 0 {
            return match page.last {
                Some(false) => Err(Disagreement("an empty page that is not the last".to_owned())),
                _ => self.finish(),
            };
        }
        self.received = self.received.saturating_add(count);
        self.largest = self.largest.max(count);
        self.oversized += u64::from(count > asked && !page.whole);
        self.add(page.rows)?;
        if page.whole {
            return self.finish();
        }
        match self.total {
            Some(total) if self.unique() > total => {
                Err(Disagreement(format!("more rows than the total of {total}")))
            }
            Some(total) if count < full && self.received >= total && page.last != Some(false) => {
                self.finish()
            }
            _ => Ok(Step::More),
        }
    }

    /// Takes a page of a list that is paged by cursor: it ends where a page has none. A cursor that comes again
    /// would lead in a circle.
    fn follow(&mut self, rows: Vec<L::Row>, next: Next) -> Result<Step, Disagreement> {
        if !rows.is_empty() {
            self.received = self.received.saturating_add(count(rows.len()));
            self.oversized += u64::from(count(rows.len()) > self.listing.page_size());
            self.add(rows)?;
        }
        match next {
            Next::Cursor(cursor) if self.cursors.insert(cursor.clone()) => {
                self.cursor = Some(cursor);
                Ok(Step::More)
            }
            Next::Cursor(_) => Err(Disagreement("a cursor came again".to_owned())),
            _ => self.finish(),
        }
    }

    /// Different rows so far. A row without an id counts as different from all others.
    pub(super) fn unique(&self) -> u64 {
        count(self.seen.len()).saturating_add(self.unidentified)
    }

    pub(super) fn total(&self) -> Option<u64> {
        self.total
    }

    pub(super) fn repeated(&self) -> &BTreeMap<String, bool> {
        &self.repeated
    }

    pub(super) fn into_repeated(self) -> BTreeMap<String, bool> {
        self.repeated
    }

    pub(super) fn listed(self, requests: u64, listings: u32) -> Listed<L::Row> {
        let proof = match self.total {
            Some(total) if total == self.unique() => Proof::Total,
            Some(_) => Proof::Rows,
            None => Proof::End,
        };
        let repeated = self.repeated.into_iter().map(|(id, conflicting)| Repeated { id, conflicting });
        Listed {
            rows: self.rows,
            total: self.total,
            proof,
            repeated: repeated.collect(),
            unidentified: self.unidentified,
            oversized: self.oversized,
            requests,
            listings,
        }
    }

    fn check_total(&mut self, page: &Page<L::Row>) -> Result<(), Disagreement> {
        if self.pages == 0 {
            self.total = page.total.rows();
            return Ok(());
        }
        // Some vendors leave out the total after the end.
        let silent = page.rows.is_empty() && page.total == Total::Missing;
        if silent || page.total.rows() == self.total {
            return Ok(());
        }
        let words = |total: Option<u64>| total.map_or_else(|| "none".to_owned(), |total| total.to_string());
        Err(Disagreement(format!(
            "the total changed from {} to {}",
            words(self.total),
            words(page.total.rows())
        )))
    }

    fn add(&mut self, rows: Vec<L::Row>) -> Result<(), Disagreement> {
        let before = self.unique();
        for row in rows {
            let Some(id) = self.listing.id(&row) else {
                self.unidentified += 1;
                self.rows.push(row);
                continue;
            };
            let known = self.seen.get(id).and_then(|place| self.rows.get(*place));
            match known.map(|known| self.listing.same(known, &row)) {
                None => {
                    self.seen.insert(id.to_owned(), self.rows.len());
                    self.rows.push(row);
                }
                Some(true) => {
                    self.repeated.entry(id.to_owned()).or_insert(false);
                }
                Some(false) => {
                    self.repeated.insert(id.to_owned(), true);
                    self.rows.push(row);
                }
            }
        }
        if self.unique() == before {
            return Err(Disagreement(format!("page {} brought no new row", self.pages)));
        }
        Ok(())
    }

    fn finish(&self) -> Result<Step, Disagreement> {
        match self.total {
            Some(total) if self.unique() != total && !self.only_contradicts(total) => Err(Disagreement(
                format!("the total is {total}, there were {} different rows", self.unique()),
            )),
            _ => Ok(Step::Done),
        }
    }

    /// Whether the rows are as many as the total, and all that is wrong is ids whose rows contradict each
    /// other. Overlapping pages give equal rows, and leave a person out.
    fn only_contradicts(&self, total: u64) -> bool {
        self.received == total && self.repeated.values().all(|conflicting| *conflicting)
    }

    fn cap(&self) -> u64 {
        self.total.map_or(PAGES, |total| (total / self.first.max(1)).saturating_add(SPARE_PAGES))
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
