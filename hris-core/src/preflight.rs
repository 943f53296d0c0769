//! What a check of a connection found.

use std::fmt;

use crate::{Error, ErrorKind, Result};

/// The result of a preflight: what was tried, what is missing, what it costs.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Preflight {
    /// The organisation, as far as the credential shows it.
    pub organisation: Option<Organisation>,
    /// One line a thing tried, in order.
    pub findings: Vec<Finding>,
    /// Custom fields that are asked for and that the vendor does not have: what asks for them is to be corrected.
    pub unknown: Vec<Finding>,
}

/// The organisation whose people are read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Organisation {
    /// The vendor's id of it.
    pub id: String,
    /// Its name; empty where the credential does not show it.
    pub name: String,
}

impl Organisation {
    /// The organisation of this id and name.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self { id: id.into(), name: name.into() }
    }
}

impl Preflight {
    /// Nothing tried yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The worst level of any line.
    #[must_use]
    pub fn level(&self) -> Level {
        self.findings.iter().chain(&self.unknown).map(|finding| finding.level).max().unwrap_or(Level::Passed)
    }

    /// Fails unless everything that is asked for can be seen: as [`Preflight::require`], and for what a run only
    /// goes without.
    ///
    /// # Errors
    /// As [`Preflight::require`].
    pub fn require_all(&self) -> Result<()> {
        self.require()?;
        let withheld: Vec<String> =
            self.findings.iter().filter(|finding| finding.withholds).map(ToString::to_string).collect();
        if withheld.is_empty() { Ok(()) } else { Err(Error::new(ErrorKind::Permission, withheld.join("; "))) }
    }

    /// Fails unless nothing required is missing: what no run can do without. A field that cannot be seen is no
    /// such thing; [`Preflight::require_all`] looks for those too.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] naming each custom field that is asked for and not there; [`ErrorKind::Auth`] if the
    /// credential was refused, else [`ErrorKind::Permission`] naming each missing scope and permission and what
    /// lacking it costs.
    pub fn require(&self) -> Result<()> {
        if !self.unknown.is_empty() {
            let lines: Vec<String> = self.unknown.iter().map(ToString::to_string).collect();
            return Err(Error::new(ErrorKind::Config, lines.join("; ")));
        }
        let failed: Vec<&Finding> =
            self.findings.iter().filter(|finding| finding.level >= Level::Missing).collect();
        if failed.is_empty() {
            return Ok(());
        }
        let refused = failed.iter().any(|finding| finding.level == Level::Refused);
        let kind = if refused { ErrorKind::Auth } else { ErrorKind::Permission };
        let lines: Vec<String> = failed.iter().map(ToString::to_string).collect();
        Err(Error::new(kind, lines.join("; ")))
    }
}

/// One line of a [`Preflight`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// How grave it is.
    pub level: Level,
    /// What was looked at, in the vendor's words: ``scope `private:read` ``.
    pub subject: String,
    /// What was found.
    pub outcome: String,
    /// What lacking it costs, where it lacks.
    pub cost: Option<String>,
    /// What to do about it, and where.
    pub remedy: Option<String>,
    /// Whether it keeps something that is asked for from being seen. A run works without that.
    pub withholds: bool,
}

impl Finding {
    /// A line of this level.
    pub fn new(level: Level, subject: impl Into<String>, outcome: impl Into<String>) -> Self {
        Self {
            level,
            subject: subject.into(),
            outcome: outcome.into(),
            cost: None,
            remedy: None,
            withholds: false,
        }
    }

    /// All is well.
    pub fn passed(subject: impl Into<String>, outcome: impl fmt::Display) -> Self {
        Self::new(Level::Passed, subject, outcome.to_string())
    }

    /// It works, and somebody should know.
    pub fn warning(subject: impl Into<String>, outcome: impl fmt::Display) -> Self {
        Self::new(Level::Warning, subject, outcome.to_string())
    }

    /// Something required is missing.
    pub fn missing(subject: impl Into<String>, outcome: impl fmt::Display) -> Self {
        Self::new(Level::Missing, subject, outcome.to_string())
    }

    /// Says what lacking it costs.
    #[must_use]
    pub fn cost(mut self, cost: impl Into<String>) -> Self {
        self.cost = Some(cost.into());
        self
    }

    /// Says that something which is asked for cannot be seen because of it.
    #[must_use]
    pub fn withholding(mut self) -> Self {
        self.withholds = true;
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.outcome)?;
        if let Some(cost) = &self.cost {
            write!(f, ": {cost}")?;
        }
        if let Some(remedy) = &self.remedy {
            write!(f, " ({remedy})")?;
        }
        Ok(())
    }
}

/// How grave a [`Finding`] is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// All is well.
    Passed,
    /// It works, and somebody should know.
    Warning,
    /// Something required is missing.
    Missing,
    /// The credential itself was refused.
    Refused,
}
