//! What a connection needs in the HR system before it can work, in the vendor's words.

use std::fmt;

/// What a connection needs in the HR system, to be shown before set-up. Each connector computes it from the
/// fields that are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Requirements {
    /// Scopes of the credential first, then permissions of its owner.
    pub needs: Vec<Need>,
    /// Completes the sentence "You can create a credential if you see that …".
    pub self_checks: Vec<&'static str>,
}

/// One thing that has to be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Need {
    /// Who gets the grant.
    pub kind: NeedKind,
    /// The vendor's name of it: `private:read`, `API Access`.
    pub name: String,
    /// What the dialog calls it, where that is known and differs.
    pub label: Option<&'static str>,
    /// Where it is granted.
    pub place: &'static str,
    /// What it is for: fields, or words.
    pub uses: Vec<String>,
    /// Whether something that was asked for fails without it; else it is advisable.
    pub required: bool,
}

/// Who gets a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NeedKind {
    /// The owner of the credential, or the owner's role.
    Permission,
    /// The credential itself.
    Scope,
}

impl Requirements {
    /// The scopes of the credential.
    pub fn scopes(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| need.kind == NeedKind::Scope)
    }

    /// The permissions of the credential's owner.
    pub fn permissions(&self) -> impl Iterator<Item = &Need> {
        self.needs.iter().filter(|need| need.kind == NeedKind::Permission)
    }
}

impl Need {
    /// Something needed for `uses`; [`Need::advisable`] makes it less.
    pub fn new(kind: NeedKind, name: impl Into<String>, place: &'static str, uses: Vec<String>) -> Self {
        Self { kind, name: name.into(), label: None, place, uses, required: true }
    }

    /// Adds what the dialog calls it.
    #[must_use]
    pub fn label(self, label: Option<&'static str>) -> Self {
        Self { label, ..self }
    }

    /// Nothing that was asked for fails without it.
    #[must_use]
    pub fn advisable(self) -> Self {
        Self { required: false, ..self }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            NeedKind::Permission => "permission",
            NeedKind::Scope => "scope",
        };
        write!(f, "{kind} {}", self.name)?;
        if let Some(label) = self.label {
            write!(f, " ({label})")?;
        }
        let word = if self.required { "needed" } else { "advisable" };
        write!(f, ", {word} for {}; granted at {}", self.uses.join(", "), self.place)
    }
}

impl fmt::Display for Requirements {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for need in &self.needs {
            writeln!(f, "{need}")?;
        }
        for check in &self.self_checks {
            writeln!(f, "you may make a credential if {check}")?;
        }
        Ok(())
    }
}
