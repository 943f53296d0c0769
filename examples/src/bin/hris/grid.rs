//! Rows with headings, as a table where the words fit side by side, and one under the other where not.

use comfy_table::{ColumnConstraint, ContentArrangement, LineStyle, Table, TableStyle, Width};

/// Rows with headings. A column without a heading holds one sign a row.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn new<const N: usize>(headings: [&str; N]) -> Self {
        Self { headings: headings.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    pub(crate) fn add_row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    /// The rows within so many columns. No word is broken.
    pub(crate) fn text(&self, width: usize) -> String {
        let filled = self.filled();
        filled.table(width).unwrap_or_else(|| filled.stack(width))
    }

    /// Without the columns in which nothing stands.
    fn filled(&self) -> Self {
        let is_filled =
            |column: usize| self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()));
        let kept: Vec<usize> = (0..self.headings.len()).filter(|column| is_filled(*column)).collect();
        let only =
            |cells: &Vec<String>| kept.iter().filter_map(|column| cells.get(*column).cloned()).collect();
        Self { headings: only(&self.headings), rows: self.rows.iter().map(only).collect() }
    }

    /// Returns `None` if a word would have to be broken.
    fn table(&self, width: usize) -> Option<String> {
        const PADDING: usize = 2;
        let longest = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).chain(self.headings.get(column));
            let words = cells.flat_map(|cell| cell.split_whitespace());
            words.map(letters).max().unwrap_or_default() + PADDING
        };
        let least: Vec<usize> = (0..self.headings.len()).map(longest).collect();
        if least.iter().sum::<usize>() > width {
            return None;
        }
        let line = LineStyle::none().fill('─').junction('─');
        let mut table = Table::new();
        table.load_style(TableStyle::new().top_border(line).header_separator(line).bottom_border(line));
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        table.set_header(&self.headings);
        for row in &self.rows {
            table.add_row(row);
        }
        for (column, least) in least.into_iter().enumerate() {
            if let Some(column) = table.column_mut(column) {
                let least = u16::try_from(least).unwrap_or(u16::MAX);
                column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
            }
        }
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        // A table that is wider all the same would be broken by the terminal.
        lines.iter().all(|line| letters(line) <= width).then(|| lines.join("\n"))
    }

    /// Each row as a paragraph of `heading value` lines, without the empty ones.
    fn stack(&self, width: usize) -> String {
        let label = self.headings.iter().map(|heading| letters(heading)).max().unwrap_or_default() + 2;
        let has_sign = self.headings.iter().any(String::is_empty);
        let mut paragraphs = Vec::new();
        for row in &self.rows {
            let (signs, cells): (Vec<_>, Vec<_>) =
                self.headings.iter().zip(row).partition(|(heading, _)| heading.is_empty());
            let mut sign = signs.first().map_or("", |(_, sign)| sign.as_str());
            let mut lines = Vec::new();
            for (heading, cell) in cells.into_iter().filter(|(_, cell)| !cell.is_empty()) {
                let before = if has_sign { 2 } else { 0 };
                let room = width.saturating_sub(label + before).max(20);
                let mut heading = heading.as_str();
                for line in cell.lines().flat_map(|line| wrapped(line, room)) {
                    let margin = if has_sign { format!("{sign:<2}") } else { String::new() };
                    lines.push(format!("{margin}{heading:<label$}{line}").trim_end().to_owned());
                    (sign, heading) = ("", "");
                }
            }
            paragraphs.push(lines.join("\n"));
        }
        paragraphs.join("\n\n")
    }
}

/// A line in parts of at most so many letters, broken between words; a longer word is a part of its own.
fn wrapped(line: &str, room: usize) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        match parts.last_mut() {
            Some(part) if letters(part) + 1 + letters(word) <= room => {
                part.push(' ');
                part.push_str(word);
            }
            _ => parts.push(word.to_owned()),
        }
    }
    parts
}

fn letters(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new(["", "employee", "user", "fields", "why", "result"]);
        for n in 0..3 {
            grid.add_row([
                "✗".to_owned(),
                format!("0190c2a4-77aa-7bbb-8ccc-00000000000{n}"),
                format!("u-{n}"),
                "start_date, department, manager_external_id".to_owned(),
                "the source has other values\nand one more line".to_owned(),
                "completed".to_owned(),
            ]);
        }
        grid
    }

    #[test]
    fn no_word_is_broken_at_any_width() {
        for width in [20, 40, 60, 80, 100, 140, 200] {
            let text = grid().text(width);
            let words: Vec<&str> = text.split_whitespace().collect();
            let cells = grid().rows.concat();
            for word in cells.iter().flat_map(|cell| cell.split_whitespace()) {
                assert!(words.contains(&word), "{word} at {width}:\n{text}");
            }
            if width >= 60 {
                assert!(text.lines().all(|line| letters(line) <= width), "{width}:\n{text}");
            }
        }
        assert!(grid().text(140).contains('─') && !grid().text(60).contains('─'));
    }

    #[test]
    fn what_is_empty_takes_no_line_where_rows_are_stacked() {
        let mut grid = Grid::new(["code", "field", "what"]);
        grid.add_row(["divergence".to_owned(), String::new(), "a".repeat(60)]);
        assert_eq!(grid.text(40), format!("code  divergence\nwhat  {}", "a".repeat(60)));
    }
}
