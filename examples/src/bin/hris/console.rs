//! What is written, and where: results to standard output, everything else to standard error.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use owo_colors::Style;
use serde::Serialize;

use crate::failure::Result;
use crate::grid::Grid;

/// Where a command writes. Standard output carries results only: with `--json` exactly one
/// document, otherwise text for people.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    json: bool,
    quiet: bool,
    color: bool,
    /// Whether logs go to standard error as well.
    logs: bool,
}

impl Console {
    pub(crate) fn new(json: bool, quiet: bool, no_color: bool) -> Self {
        let wanted = !no_color && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { json, quiet, color: wanted && !json && io::stdout().is_terminal(), logs: false }
    }

    /// The same where logs are written: no bar is drawn between their lines.
    pub(crate) fn beside_logs(self, logs: bool) -> Self {
        Self { logs, ..self }
    }

    pub(crate) fn is_json(self) -> bool {
        self.json
    }

    /// Whether results go to somebody's eyes, rather than into a file or another program.
    pub(crate) fn is_seen(self) -> bool {
        !self.json && io::stdout().is_terminal()
    }

    /// Whether a progress bar has somewhere to be.
    pub(crate) fn shows_progress(self) -> bool {
        !self.quiet && !self.logs && io::stderr().is_terminal()
    }

    /// A line of the result, for people. With `--json` the document says it instead.
    pub(crate) fn say(self, line: impl AsRef<str>) -> Result<()> {
        if self.json {
            return Ok(());
        }
        self.raw(&format!("{}\n", line.as_ref()))
    }

    /// A line that `--quiet` leaves out.
    pub(crate) fn remark(self, line: impl AsRef<str>) -> Result<()> {
        if self.quiet { Ok(()) } else { self.say(line) }
    }

    /// The one document of `--json`.
    pub(crate) fn document(self, document: &impl Serialize) -> Result<()> {
        if !self.json {
            return Ok(());
        }
        let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
        self.raw(&format!("{text}\n"))
    }

    /// Text as it is, such as a CSV file or a schema.
    pub(crate) fn raw(self, text: &str) -> Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok(())
    }

    /// Something a person should know besides the result. A closed standard error is the caller's choice,
    /// so a failure to write is ignored.
    pub(crate) fn note(self, line: impl AsRef<str>) {
        if !self.quiet {
            self.tell(line);
        }
    }

    /// As [`Console::note`], even with `--quiet`: warnings and errors.
    pub(crate) fn tell(self, line: impl AsRef<str>) {
        let _ = writeln!(io::stderr().lock(), "{}", line.as_ref());
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint(text, Style::new().bold())
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint(text, Style::new().dimmed())
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint(text, Style::new().green())
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint(text, Style::new().yellow())
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint(text, Style::new().red())
    }

    fn paint(self, text: &str, style: Style) -> String {
        if self.color { style.style(text).to_string() } else { text.to_owned() }
    }

    /// Writes rows so that they fit the terminal. Their marks get their colours here, so that colours never
    /// count as width.
    pub(crate) fn show(self, grid: &Grid) -> Result<()> {
        let width =
            terminal::Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| usize::from(columns));
        let text = grid.text(width);
        let text = text.replace('✓', &self.green("✓")).replace('✗', &self.red("✗"));
        self.say(text)
    }
}

/// The columns of a table that goes to a file or another program.
const WIDTH: usize = 140;

/// The text with every control character and every character that changes the direction of writing
/// shown as an escape, so that what comes from an HR system or a file cannot move the cursor,
/// colour the screen or hide itself.
pub(crate) fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        let steers = matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if letter.is_control() || steers {
            // Writing to a string cannot fail.
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

/// `1 person`, `2 people`.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown_and_not_obeyed() {
        assert_eq!(plain("e\u{1b}[31mvil\u{7}\r\n"), "e\\u{1b}[31mvil\\u{7}\\u{d}\\u{a}");
        assert_eq!(plain("a\u{202e}b"), "a\\u{202e}b");
        assert_eq!(plain("Zoë Łuk"), "Zoë Łuk");
    }
}
