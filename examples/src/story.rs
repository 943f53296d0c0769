//! Saying what a story shows, and failing when it does not hold.

#![allow(clippy::print_stdout, reason = "a story is printed to standard output")]

use std::error::Error;

/// How a story ends.
pub type Told = Result<(), Box<dyn Error>>;

/// Opens a chapter.
pub fn chapter(title: &str) {
    println!("\n== {title}");
}

/// Says what happens.
pub fn say(text: impl AsRef<str>) {
    println!("   {}", text.as_ref());
}

/// Holds a promise: says it if it is kept, and fails with it if it is not.
///
/// ```
/// use hris_examples::story::expect;
///
/// assert!(expect(1 + 1 == 2, "numbers add up").is_ok());
/// assert!(expect(1 + 1 == 3, "numbers add up").is_err());
/// ```
///
/// # Errors
/// The promise that was not kept.
pub fn expect(kept: bool, promise: &str) -> Told {
    if !kept {
        return Err(format!("not so: {promise}").into());
    }
    println!("   ✓ {promise}");
    Ok(())
}
