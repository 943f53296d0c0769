//! The cost of a read, known before it begins.

use std::fmt;
use std::time::Duration;

/// How many requests a read takes at which pace, returned beforehand by
/// [`Directory::cost`](crate::Directory::cost).
///
/// ```
/// use hris_core::Cost;
///
/// let cost = Cost::new(5_102, 50);
/// assert_eq!(cost.to_string(), "5,102 requests, about 1 h 43 min at 50 a minute");
/// assert_eq!(Cost::new(9, 40).to_string(), "9 requests, less than a minute at 40 a minute");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cost {
    /// Requests that the read takes. Repeats cannot be foreseen.
    pub requests: u64,
    /// Requests a minute, the pace that will be kept. Never none.
    pub per_minute: u32,
    /// Requests that it took to find this out.
    pub asked: u64,
}

impl Cost {
    /// So many requests at so many a minute; none a minute is read as one.
    #[must_use]
    pub fn new(requests: u64, per_minute: u32) -> Self {
        Self { requests, per_minute: per_minute.max(1), asked: 0 }
    }

    /// Adds the requests that it took to find this out.
    #[must_use]
    pub fn with_asked(self, asked: u64) -> Self {
        Self { asked, ..self }
    }

    /// How long that takes.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.requests.saturating_mul(60).div_ceil(u64::from(self.per_minute.max(1))))
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.duration().as_secs().div_ceil(60);
        let noun = if self.requests == 1 { "request" } else { "requests" };
        write!(f, "{} {noun}, ", thousands(self.requests))?;
        match (minutes / 60, minutes % 60) {
            (0, 0 | 1) => write!(f, "less than a minute")?,
            (0, minutes) => write!(f, "about {minutes} min")?,
            (hours, minutes) => write!(f, "about {hours} h {minutes} min")?,
        }
        write!(f, " at {} a minute", thousands(self.per_minute.into()))
    }
}

/// A number with a comma before every third digit from the end.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
