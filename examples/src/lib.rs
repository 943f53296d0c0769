//! What the stories share: saying what is shown, holding a promise, and a mail server to look into.

pub mod mail;
pub mod story;
