//! What the stories share: saying what is shown, holding a promise, a mail server to look into, and a receiver
//! of webhooks.

pub mod mail;
pub mod story;
pub mod webhook;
