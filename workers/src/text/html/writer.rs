//! Writes what a page says as Markdown, block after block.

use scraper::node::Element;

use super::{
    names::{HEADINGS, is_inline},
    ruby::Ruby,
    seam::Seam,
};
use crate::text::{
    extracted::{heading, plain_line},
    table::{Cell, Table},
};

/// Lists and quotes nested deeper are not distinguished.
const DEPTH: usize = 8;
/// Characters without a width: where a word may be broken.
const NO_WIDTH: [char; 4] = ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}'];

/// The next item's number in an ordered list.
type List = Option<u32>;

/// A table of values whose rows are collected.
#[derive(Default)]
struct Rows {
    table: Table,
    row: Option<Vec<Cell>>,
    /// The columns and rows of the cell that is read.
    cell: (usize, usize),
}

#[derive(Default)]
pub(super) struct Writer {
    out: String,
    line: String,
    lists: Vec<List>,
    quotes: usize,
    /// The list marker for the next block, used once.
    mark: Option<String>,
    heading: Option<usize>,
    program: Option<String>,
    /// The table that is collected. One that sets out the page is blocks.
    rows: Option<Rows>,
    /// How many tables are open, so that the collected one is ended by its own end.
    tables: Vec<bool>,
    seam: Seam,
    ruby: Ruby,
}

impl Writer {
    pub(super) fn finish(mut self) -> String {
        self.paragraph();
        self.out
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.ruby.takes(text) {
            return;
        }
        if let Some(program) = &mut self.program {
            program.push_str(text);
            return;
        }
        if text.is_empty() {
            return;
        }
        if self.seam.parts(&self.line, text) {
            self.line.push(' ');
        }
        for (number, word) in text.split(char::is_whitespace).enumerate() {
            if number > 0 && !self.line.is_empty() && !self.line.ends_with([' ', '\n']) {
                self.line.push(' ');
            }
            match word.contains(NO_WIDTH) {
                true => self.line.push_str(&word.replace(NO_WIDTH, "")),
                false => self.line.push_str(word),
            }
        }
    }

    /// `is_layout`: of a table that sets out the page.
    pub(super) fn open(&mut self, element: &Element, is_layout: bool) {
        let name = element.name();
        if self.ruby.open(name) {
            return;
        }
        match name {
            "br" => self.text_break(),
            "img" => {
                if let Some(words) = element.attr("alt") {
                    self.text(&format!(" {words} "));
                }
            }
            "table" => self.table(is_layout),
            "td" | "th" if self.in_row() => {
                self.line.clear();
                let span = |name: &str| element.attr(name).and_then(|span| span.trim().parse().ok()).unwrap_or(1);
                if let Some(rows) = &mut self.rows {
                    rows.cell = (span("colspan"), span("rowspan"));
                }
            }
            name if is_inline(name) && !is_block_by_style(element) => self.seam.open(name),
            // Blocks within a cell are joined to one line.
            _ if self.in_row() => self.text(" "),
            _ if self.program.is_some() => self.program_line(),
            _ => {
                self.paragraph();
                self.begin(name);
            }
        }
    }

    fn in_row(&self) -> bool {
        self.rows.as_ref().is_some_and(|rows| rows.row.is_some())
    }

    fn text_break(&mut self) {
        match &mut self.program {
            Some(program) => program.push('\n'),
            None => self.line.push('\n'),
        }
    }

    /// Blocks in a program are its lines.
    fn program_line(&mut self) {
        if let Some(program) = self.program.as_mut().filter(|program| !program.is_empty() && !program.ends_with('\n')) {
            program.push('\n');
        }
    }

    fn table(&mut self, is_layout: bool) {
        let collects = !is_layout && self.rows.is_none() && self.program.is_none();
        if collects {
            self.paragraph();
            self.rows = Some(Rows::default());
        }
        self.tables.push(collects);
    }

    fn begin(&mut self, name: &str) {
        match name {
            name if HEADINGS.contains(&name) => self.heading = name[1..].parse().ok(),
            "ul" | "menu" => self.lists.push(None),
            "ol" => self.lists.push(Some(1)),
            "li" => {
                self.mark = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                });
            }
            "blockquote" => self.quotes += 1,
            "pre" => self.program = Some(String::new()),
            "tr" => {
                if let Some(rows) = &mut self.rows {
                    rows.row = Some(Vec::new());
                }
            }
            _ => {}
        }
    }

    pub(super) fn close(&mut self, element: &Element) {
        let name = element.name();
        if let (true, reading) = self.ruby.close(name) {
            reading.iter().for_each(|reading| self.text(reading));
            return;
        }
        match name {
            "td" | "th" if self.in_row() => self.cell_ends(),
            "tr" if self.in_row() => {
                self.line.clear();
                if let Some(rows) = &mut self.rows {
                    rows.table.push(rows.row.take().unwrap_or_default());
                }
            }
            "table" => self.table_ends(),
            "pre" if self.program.is_some() => self.program_ends(),
            "br" | "img" => {}
            name if is_inline(name) && !is_block_by_style(element) => self.seam.close(name),
            _ if self.in_row() => self.text(" "),
            _ if self.program.is_some() => self.program_line(),
            _ => {
                self.paragraph();
                match name {
                    name if HEADINGS.contains(&name) => self.heading = None,
                    "ul" | "menu" | "ol" => drop(self.lists.pop()),
                    "li" => self.mark = None,
                    "blockquote" => self.quotes = self.quotes.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }

    fn cell_ends(&mut self) {
        let text = std::mem::take(&mut self.line);
        if let Some(rows) = &mut self.rows {
            let (columns, height) = rows.cell;
            if let Some(row) = &mut rows.row {
                row.push(Cell { text, columns, rows: height });
            }
        }
    }

    fn table_ends(&mut self) {
        match self.tables.pop() {
            Some(true) => {
                self.paragraph();
                let table = self.rows.take().and_then(|rows| rows.table.markdown());
                if let Some(table) = table {
                    self.block(&table);
                }
            }
            _ => self.paragraph(),
        }
    }

    fn paragraph(&mut self) {
        self.seam = Seam::default();
        let text = std::mem::take(&mut self.line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let block = match self.heading {
            Some(level) => heading(level, text),
            None => text.lines().map(|line| plain_line(line.trim())).collect::<Vec<_>>().join("\n"),
        };
        self.block(&block);
    }

    fn program_ends(&mut self) {
        let program = self.program.take().unwrap_or_default();
        if program.trim().is_empty() {
            return;
        }
        let longest = program.lines().map(|line| line.chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
        let fence = "`".repeat(longest.clamp(2, 64) + 1);
        self.block(&format!("{fence}\n{}\n{fence}", program.trim_matches('\n')));
    }

    /// The prefix of each line, from the enclosing lists and quotes.
    fn prefix(&self) -> String {
        let quotes = "> ".repeat(self.quotes.min(DEPTH));
        quotes + &"  ".repeat(self.lists.len().min(DEPTH))
    }

    fn block(&mut self, block: &str) {
        let prefix = self.prefix();
        let mark = self.mark.take();
        for (number, line) in block.lines().enumerate() {
            match (&mark, number) {
                // The marker replaces the list's indentation.
                (Some(mark), 0) => {
                    self.out.push_str(&format!("{}{mark}{line}", &prefix[..prefix.len() - 2.min(prefix.len())]))
                }
                _ => self.out.push_str(&format!("{prefix}{line}")),
            }
            self.out.push('\n');
        }
        self.out.push('\n');
    }
}

/// Whether an inline element is told to be a block.
fn is_block_by_style(element: &Element) -> bool {
    element.attr("style").is_some_and(|style| {
        let style: String = style.to_ascii_lowercase().split_whitespace().collect();
        ["display:block", "display:flex", "display:grid", "display:table"].iter().any(|display| style.contains(display))
    })
}
