//! Access tokens, their scopes, and the role of the person who made them.

use std::collections::BTreeSet;

/// What a token was allowed to do when it was made, in the vendor's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// `compensations:read`
    CompensationsRead,
    /// `documents:read`
    DocumentsRead,
    /// `private:read`
    PrivateRead,
    /// `private:write`
    PrivateWrite,
    /// `public:read`
    PublicRead,
}

impl Scope {
    /// The scope as `/token-info` spells it, for example `private:read`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CompensationsRead => "compensations:read",
            Self::DocumentsRead => "documents:read",
            Self::PrivateRead => "private:read",
            Self::PrivateWrite => "private:write",
            Self::PublicRead => "public:read",
        }
    }
}

/// An access token to be issued by [`World::issue_token`](super::World::issue_token).
///
/// ```
/// use hris_humaans::sandbox::{Role, Scope, Token};
///
/// let narrow = Token::new([Scope::PublicRead]).role(Role::everything().without_offboarded());
/// ```
#[derive(Clone)]
#[must_use]
pub struct Token {
    pub(super) scopes: BTreeSet<Scope>,
    pub(super) maker: Option<String>,
    pub(super) role: Role,
    pub(super) company: Option<String>,
}

impl Token {
    /// A token with these scopes, made by the company's administrator, whose role sees everything.
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self { scopes: scopes.into_iter().collect(), maker: None, role: Role::everything(), company: None }
    }

    /// The recommended token: `public:read` and `private:read`.
    pub fn private() -> Self {
        Self::new([Scope::PublicRead, Scope::PrivateRead])
    }

    /// The smallest usable token: `public:read` alone.
    pub fn public() -> Self {
        Self::new([Scope::PublicRead])
    }

    /// The id of the person who made it, whom `/me` shows.
    pub fn maker(mut self, person: impl Into<String>) -> Self {
        self.maker = Some(person.into());
        self
    }

    /// What the maker's role allows. Scopes cut this further.
    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// Makes it a token of another company: the same people, but every `companyId` and the company record carry
    /// this id.
    pub fn company(mut self, id: impl Into<String>) -> Self {
        self.company = Some(id.into());
        self
    }

    pub(super) fn has(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("scopes", &self.scopes)
            .field("maker", &self.maker)
            .finish_non_exhaustive()
    }
}

/// The role of a token's maker: which people and which data points it shows.
#[derive(Debug, Clone)]
#[must_use]
pub struct Role {
    pub(super) api_refusal: Option<u16>,
    pub(super) people: Profiles,
    pub(super) offboarded: bool,
    pub(super) hidden_members: BTreeSet<String>,
    pub(super) refused_paths: BTreeSet<String>,
}

impl Role {
    /// An owner's role: nothing is hidden.
    pub fn everything() -> Self {
        Self {
            api_refusal: None,
            people: Profiles::Everybody,
            offboarded: true,
            hidden_members: BTreeSet::new(),
            refused_paths: BTreeSet::new(),
        }
    }

    /// Takes the permission *API Access* away: every request is answered with this status, 401 or 403.
    pub fn without_api_access(mut self, status: u16) -> Self {
        self.api_refusal = Some(status);
        self
    }

    /// Shows no offboarded people, whatever the token's scopes say.
    pub fn without_offboarded(mut self) -> Self {
        self.offboarded = false;
        self
    }

    /// Shows these people only. The others are missing altogether.
    pub fn people(mut self, profiles: Profiles) -> Self {
        self.people = profiles;
        self
    }

    /// Hides one member of every person, for example `email`.
    pub fn without_member(mut self, member: impl Into<String>) -> Self {
        self.hidden_members.insert(member.into());
        self
    }

    /// Answers 403 on one list, for example `/job-roles`.
    pub fn without_path(mut self, path: impl Into<String>) -> Self {
        self.refused_paths.insert(path.into());
        self
    }
}

/// A group of people that a role may see.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Profiles {
    /// Everybody.
    Everybody,
    /// The maker alone.
    Own,
}
