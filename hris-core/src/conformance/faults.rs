//! One shape for everything that the suite breaks: an enum of faults, and a table with the name of each fault's case
//! and with what must come of it.

macro_rules! faults {
    (
        $(#[$meta:meta])*
        $name:ident, cases $prefix:literal;
        $($(#[$doc:meta])* $variant:ident => $expect:expr;)*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum $name { $($(#[$doc])* $variant,)* }

        /// Each fault, the name of its case, and what must come of it.
        const FAULTS: &[($name, &str, Expect)] =
            &[$(($name::$variant, concat!($prefix, stringify!($variant)), $expect)),*];
    };
}

pub(super) use faults;
