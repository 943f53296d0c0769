//! The fields of an employee and of an account: one table each, and nothing else lists them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// An [`Address`](crate::Address).
    Address,
    /// A [`Date`](crate::Date).
    Date,
    /// A text that follows from something else: an employee's id, status and first team. Nothing sets it.
    Derived,
    /// Numbers given by authorities, each an [`Identification`](crate::Identification).
    Identifications,
    /// Names, in no particular order.
    List,
    /// One text.
    Text,
}

/// By what rule two values of an account's field mean the same.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Same {
    /// The parts of an address, each by a rule of its own.
    Address,
    /// E-mail addresses: the case of A to Z does not count, a domain is what it is in ASCII.
    Email,
    /// Ids: whatever is not white space around them counts.
    Id,
    /// Phone numbers: digits and the prefix count.
    Phone,
    /// Texts: the form of a character and the amount of white space do not count.
    Text,
}

/// The rows: what an employee's field holds, and its name in configuration and reports.
macro_rules! source_fields {
    ($($(#[$doc:meta])* $field:ident: $kind:ident = $name:literal;)*) => {
        /// A field that every vendor calls by the same name here: the words of a mapping.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum StandardField { $($(#[$doc])* $field,)* }

        impl StandardField {
            /// Every field, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$field,)*];

            /// The name used in configuration and reports.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$field => $name,)* }
            }

            /// What the field holds.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$field => Kind::$kind,)* }
            }

            const fn count(kind: Kind) -> usize {
                0 $(+ (Kind::$kind as usize == kind as usize) as usize)*
            }
        }
    };
}

source_fields! {
    // Texts first and dates next: see `StandardField::text_slot`.
    /// The company's number for the person.
    EmployeeNumber: Text = "employee_number";
    /// Given name.
    GivenName: Text = "given_name";
    /// Middle name.
    MiddleName: Text = "middle_name";
    /// Family name.
    FamilyName: Text = "family_name";
    /// The name the person wants to be called.
    PreferredName: Text = "preferred_name";
    /// The whole name, as the vendor shows it.
    DisplayName: Text = "display_name";
    /// Work e-mail.
    Email: Text = "email";
    /// Personal e-mail.
    PersonalEmail: Text = "personal_email";
    /// Work phone.
    WorkPhone: Text = "work_phone";
    /// Personal phone.
    PersonalPhone: Text = "personal_phone";
    /// Street and number of the home address.
    AddressStreet: Text = "address.street";
    /// City of the home address.
    AddressCity: Text = "address.city";
    /// State, county or province of the home address.
    AddressRegion: Text = "address.region";
    /// Postcode of the home address.
    AddressPostcode: Text = "address.postcode";
    /// Country of the home address.
    AddressCountry: Text = "address.country";
    /// The vendor's own word for the status.
    RawStatus: Text = "raw_status";
    /// Kind of employment, the vendor's word.
    EmploymentKind: Text = "employment_kind";
    /// Job title.
    JobTitle: Text = "job_title";
    /// Department.
    Department: Text = "department";
    /// Place of work.
    Location: Text = "location";
    /// The manager's employee id.
    Manager: Text = "manager";
    /// The manager's work e-mail.
    ManagerEmail: Text = "manager_email";
    /// The person's role or permission level in the HR system itself.
    AccessRole: Text = "access_role";
    /// IANA time zone.
    TimeZone: Text = "time_zone";
    /// First day of employment.
    StartDate: Date = "start_date";
    /// End of employment.
    EndDate: Date = "end_date";
    /// Last day worked, inclusive.
    LastWorkingDay: Date = "last_working_day";
    /// The immutable id.
    Id: Derived = "id";
    /// Our status: pending, active, on_leave, terminated, unknown.
    Status: Derived = "status";
    /// The whole address.
    Address: Address = "address";
    /// The first team.
    Team: Derived = "team";
    /// All teams.
    Teams: List = "teams";
    /// All groups.
    Groups: List = "groups";
    /// Numbers given by authorities.
    Identifications: Identifications = "identifications";
}

impl StandardField {
    /// The parts of an address, in the order of [`Address`](crate::Address).
    pub(crate) const ADDRESS: [Self; 5] = [
        Self::AddressStreet,
        Self::AddressCity,
        Self::AddressRegion,
        Self::AddressPostcode,
        Self::AddressCountry,
    ];
    /// How many fields hold one text.
    pub(crate) const TEXTS: usize = Self::count(Kind::Text);
    /// How many fields hold a date.
    pub(crate) const DATES: usize = Self::count(Kind::Date);

    /// Where an employee keeps the field among the texts.
    pub(crate) fn text_slot(self) -> Option<usize> {
        (self.kind() == Kind::Text).then_some(self as usize)
    }

    /// Where an employee keeps the field among the dates.
    pub(crate) fn date_slot(self) -> Option<usize> {
        (self.kind() == Kind::Date).then(|| (self as usize).saturating_sub(Self::TEXTS))
    }
}

impl fmt::Display for StandardField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The rows: what an account's field holds, its name, the employee's field that it takes where no mapping says
/// otherwise, the rule by which two values are the same, and what else is true of it:
///
/// - `id`: it holds the id of an employee, so another directory, which has ids of its own, has no such field;
/// - `kept`: no account loses the value;
/// - `unique`: no two accounts have the same value;
/// - `shared`: people of one kind have the same value.
macro_rules! account_fields {
    ($($(#[$doc:meta])* $field:ident: $kind:ident = $name:literal, from $source:ident, same by $same:ident
        $(, $flag:ident)*;)*) => {
        /// A field of an account: the words of a mapping's left side.
        ///
        /// ```
        /// use hris_core::TargetField;
        ///
        /// assert_eq!("job_title".parse(), Ok(TargetField::JobTitle));
        /// assert_eq!(TargetField::Custom("shirt_size".into()).to_string(), "custom.shirt_size");
        /// ```
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum TargetField {
            $($(#[$doc])* $field,)*
            /// A field of the product's own. It holds a text.
            Custom(String),
        }

        /// Where an account keeps each field.
        enum Slot { $($field,)* }

        impl TargetField {
            /// The fields every account has.
            pub const STANDARD: [Self; Self::COUNT] = [$(Self::$field,)*];

            pub(crate) const COUNT: usize = [$(Slot::$field,)*].len();

            /// The column's name; for a custom field its own name without the prefix.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$field => $name,)*
                    Self::Custom(name) => name,
                }
            }

            /// What the field holds.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self {
                    $(Self::$field => Kind::$kind,)*
                    Self::Custom(_) => Kind::Text,
                }
            }

            /// The employee's field that it takes where no mapping says otherwise; `None` for a custom field.
            #[must_use]
            pub const fn source(&self) -> Option<StandardField> {
                match self {
                    $(Self::$field => Some(StandardField::$source),)*
                    Self::Custom(_) => None,
                }
            }

            pub(crate) const fn same(&self) -> Same {
                match self {
                    $(Self::$field => Same::$same,)*
                    Self::Custom(_) => Same::Text,
                }
            }

            pub(crate) fn slot(&self) -> Option<usize> {
                match self {
                    $(Self::$field => Some(Slot::$field as usize),)*
                    Self::Custom(_) => None,
                }
            }

            #[allow(clippy::needless_update, reason = "a field may have every flag")]
            const fn flags(&self) -> Flags {
                match self {
                    $(Self::$field => Flags { $($flag: true,)* ..Flags::NONE },)*
                    Self::Custom(_) => Flags::NONE,
                }
            }
        }
    };
}

account_fields! {
    /// The employee's id as the product keeps it; unique.
    ExternalId: Text = "external_id", from Id, same by Id, id, kept, unique;
    /// The company's number for the person.
    EmployeeNumber: Text = "employee_number", from EmployeeNumber, same by Text;
    /// The address the person signs in with; unique without regard to case.
    Email: Text = "email", from Email, same by Email, kept, unique;
    /// Given name.
    GivenName: Text = "given_name", from GivenName, same by Text;
    /// Family name.
    FamilyName: Text = "family_name", from FamilyName, same by Text;
    /// Phone.
    Phone: Text = "phone", from WorkPhone, same by Phone;
    /// Job title.
    JobTitle: Text = "job_title", from JobTitle, same by Text, shared;
    /// Department.
    Department: Text = "department", from Department, same by Text, shared;
    /// Place of work.
    Location: Text = "location", from Location, same by Text, shared;
    /// The manager's external id.
    ManagerExternalId: Text = "manager_external_id", from Manager, same by Text, id;
    /// First day of employment.
    StartDate: Date = "start_date", from StartDate, same by Text;
    /// End of employment.
    EndDate: Date = "end_date", from EndDate, same by Text;
    /// Postal address.
    Address: Address = "address", from Address, same by Address;
}

/// What a row of an account's field says besides.
#[derive(Clone, Copy)]
struct Flags {
    id: bool,
    kept: bool,
    unique: bool,
    shared: bool,
}

impl Flags {
    const NONE: Self = Self { id: false, kept: false, unique: false, shared: false };
}

impl TargetField {
    /// Whether the field holds the id of an employee. Another directory has ids of its own, so it has no such
    /// field.
    #[must_use]
    pub const fn is_id(&self) -> bool {
        self.flags().id
    }

    /// Whether an account can be without the value once it has one.
    #[must_use]
    pub const fn is_clearable(&self) -> bool {
        !self.flags().kept
    }

    /// Whether no two accounts have the same value.
    #[must_use]
    pub const fn is_unique(&self) -> bool {
        self.flags().unique
    }

    /// Whether people of one kind have the same value, as those of one department do. A field of the product's
    /// own may be such a one.
    pub(crate) const fn is_shared(&self) -> bool {
        self.flags().shared || matches!(self, Self::Custom(_))
    }
}

/// The text names no target field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no target field {name:?}")]
pub struct UnknownTargetField {
    /// The text that was given.
    pub name: String,
}

impl FromStr for TargetField {
    type Err = UnknownTargetField;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if let Some(custom) = name.strip_prefix("custom.").filter(|custom| !custom.is_empty()) {
            return Ok(Self::Custom(custom.to_owned()));
        }
        let known = Self::STANDARD.into_iter().find(|field| field.name() == name);
        known.ok_or_else(|| UnknownTargetField { name: name.to_owned() })
    }
}

impl fmt::Display for TargetField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom(name) => write!(f, "custom.{name}"),
            standard => f.write_str(standard.name()),
        }
    }
}

impl Serialize for TargetField {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TargetField {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_first_and_dates_next() {
        let kinds = StandardField::ALL.iter().map(|field| field.kind());
        let order: Vec<Kind> = kinds.take(StandardField::TEXTS + StandardField::DATES).collect();
        let (texts, dates) = order.split_at(StandardField::TEXTS);
        assert!(texts.iter().all(|kind| *kind == Kind::Text), "{texts:?}");
        assert!(dates.iter().all(|kind| *kind == Kind::Date), "{dates:?}");
    }

    #[test]
    fn every_field_is_found_by_its_name() {
        for field in TargetField::STANDARD {
            assert_eq!(field.name().parse(), Ok(field.clone()));
            assert_eq!(TargetField::STANDARD.get(field.slot().unwrap_or(usize::MAX)), Some(&field));
        }
        assert!("shirt_size".parse::<TargetField>().is_err());
    }
}
