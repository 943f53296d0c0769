//! Digests as text.

use std::fmt::Write as _;

/// Bytes as hexadecimal digits, two each and in lower case, as digests are written.
///
/// ```
/// assert_eq!(hris_core::hex(&[0, 10, 255]), "000aff");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len().saturating_mul(2)), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
