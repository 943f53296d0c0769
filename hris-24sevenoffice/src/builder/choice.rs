//! Settings with a word for each choice.

use std::fmt;
use std::str::FromStr;

/// A word that a setting does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting}: {word:?} is not known; use {}", valid.join(" or "))]
pub struct UnknownWord {
    setting: &'static str,
    word: String,
    valid: &'static [&'static str],
}

macro_rules! words {
    ($setting:literal; $(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name { $($(#[$vdoc])* $variant,)* }

        impl $name {
            /// The word of the configuration.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(UnknownWord { setting: $setting, word: word.to_owned(), valid: &[$($text),*] }),
                }
            }
        }
    };
}

words! {
    "update_body";
    /// What an update sends.
    ///
    /// ```
    /// use hris_24sevenoffice::UpdateBody;
    ///
    /// assert_eq!("full".parse(), Ok(UpdateBody::Full));
    /// ```
    #[derive(Default)]
    UpdateBody {
        /// The members that change. Whether the others survive is not documented, so it is looked
        /// at after every update.
        #[default]
        Changed = "changed",
        /// Everything that was just read, with the changes. This sends pay, bank and tax back as they
        /// were; they are in memory for that moment only.
        Full = "full",
    }
}

words! {
    "new_employee_number";
    /// Where a new person's number comes from.
    ///
    /// ```
    /// use hris_24sevenoffice::NewEmployeeNumber;
    ///
    /// assert_eq!("next".parse(), Ok(NewEmployeeNumber::Next));
    /// ```
    #[derive(Default)]
    NewEmployeeNumber {
        /// One more than the highest.
        #[default]
        Next = "next",
        /// 24SevenOffice chooses. Whether it does is not documented.
        Server = "server",
        /// The employee number of the source; a whole number that nobody has.
        Source = "source",
    }
}

words! {
    "end_dates";
    /// What somebody without an employment is.
    ///
    /// ```
    /// use hris_24sevenoffice::EndDates;
    ///
    /// assert_eq!("required".parse(), Ok(EndDates::Required));
    /// ```
    #[derive(Default)]
    EndDates {
        /// Employed.
        #[default]
        Optional = "optional",
        /// Unknown: nothing is decided about them.
        Required = "required",
    }
}

words! {
    "phone_region";
    /// The countries in which 24SevenOffice Payroll is offered.
    ///
    /// ```
    /// use hris_24sevenoffice::PhoneRegion;
    ///
    /// assert_eq!("NO".parse(), Ok(PhoneRegion::Norway));
    /// ```
    PhoneRegion {
        /// Norway, +47.
        Norway = "NO",
        /// Sweden, +46.
        Sweden = "SE",
    }
}
