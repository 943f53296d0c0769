//! From an employee's fields to an account's fields.

mod read;

pub(crate) use read::read;
