//! What is known about one field of one person.

use std::fmt;

/// What a source said about one field of one person: four different things, kept apart from the
/// wire to the plan.
///
/// Only [`Field::Cleared`] may clear a value in the target. A key that the vendor did not send is
/// not an empty value, and neither is one that the credential may not see.
///
/// `Debug` shows which of the four it is, never the value.
///
/// ```
/// use hris_core::Field;
///
/// let phone: Field<String> = Field::Value("+442079460117".into());
/// assert_eq!(format!("{phone:?}"), "Value(…)");
/// assert_eq!(phone.as_deref().value(), Some("+442079460117"));
/// assert!(Field::<String>::Cleared.is_visible());
/// assert!(!Field::<String>::NotProvided.is_visible());
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field<T> {
    /// The source says that there is no value: `null` or an empty text.
    Cleared,
    /// The credential may not see this field. It says nothing about the value.
    NotPermitted,
    /// The source did not send this field. It says nothing about the value.
    #[default]
    NotProvided,
    /// The source says that this is the value.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether there is a value.
    pub fn is_value(&self) -> bool {
        matches!(self, Self::Value(_))
    }

    /// Whether the source said anything: a value, or that there is none.
    pub fn is_visible(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Cleared)
    }

    /// The same state around a reference.
    pub fn as_ref(&self) -> Field<&T> {
        match self {
            Self::Value(value) => Field::Value(value),
            Self::Cleared => Field::Cleared,
            Self::NotProvided => Field::NotProvided,
            Self::NotPermitted => Field::NotPermitted,
        }
    }

    /// The same state around what the value dereferences to.
    pub fn as_deref(&self) -> Field<&T::Target>
    where
        T: std::ops::Deref,
    {
        self.as_ref().map(|value| &**value)
    }

    /// The same state with the value changed by `change`.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Value(value) => Field::Value(change(value)),
            Self::Cleared => Field::Cleared,
            Self::NotProvided => Field::NotProvided,
            Self::NotPermitted => Field::NotPermitted,
        }
    }
}

impl<T> From<Option<T>> for Field<T> {
    /// `None` is [`Field::Cleared`]: somebody looked and there was nothing.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Cleared, Self::Value)
    }
}

impl<T> fmt::Debug for Field<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cleared => "Cleared",
            Self::NotPermitted => "NotPermitted",
            Self::NotProvided => "NotProvided",
            Self::Value(_) => "Value(…)",
        })
    }
}
