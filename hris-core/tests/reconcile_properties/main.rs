//! What holds for every plan, whatever the world: random people, accounts, links and policies with
//! few names, so that everything that can collide does.

#[path = "../support/mod.rs"]
mod support;

mod hostile;
mod oracle;
mod plans;
mod worlds;
