//! Packs rows into pieces, as many in each as fit: a row is never cut, unless it alone is too long.

use std::ops::Range;

use super::{
    count::Count,
    pieces::{ChunkBudget, Piece, split},
};

pub(super) struct Rows<'a> {
    pub(super) text: &'a str,
    /// In order, each without the line break after it.
    pub(super) rows: Vec<Range<usize>>,
    /// What stands in front of the first row, from here, goes with it.
    pub(super) begin: usize,
    /// Repeated in front of the rows of each further piece; empty for none.
    pub(super) header: String,
}

/// The rows of a text that has one in each line.
pub(super) fn of_lines(text: &str, budget: ChunkBudget, count: &dyn Count) -> Vec<Piece> {
    let mut at = 0;
    let mut rows = Vec::new();
    for line in text.split_inclusive('\n') {
        let end = at + line.trim_end().len();
        if end > at {
            rows.push(at..end);
        }
        at += line.len();
    }
    let begin = rows.first().map_or(0, |row| row.start);
    Rows { text, rows, begin, header: String::new() }.pack(budget, count)
}

impl Rows<'_> {
    pub(super) fn pack(&self, budget: ChunkBudget, count: &dyn Count) -> Vec<Piece> {
        let mut found = Vec::new();
        let mut next = self.rows.as_slice();
        // The first piece has the header where it stands.
        let (mut begin, mut header) = (self.begin, "");
        while let Some(first) = next.first() {
            let taken = self.fitting(next, begin, header, budget.tokens, count);
            match taken.checked_sub(1) {
                Some(last) => found.push(self.piece(begin..next[last].end, header)),
                // Not even one row fits: what is in front of it stands alone, or the row is cut.
                None if begin < first.start => found.extend(self.cut(begin..first.start, "", budget, count)),
                None => found.extend(self.cut_row(first.clone(), header, budget, count)),
            }
            next = &next[if taken == 0 && begin < first.start { 0 } else { taken.max(1) }..];
            (begin, header) = (next.first().map_or(0, |row| row.start), self.header.as_str());
        }
        found
    }

    /// How many rows fit into a piece.
    fn fitting(&self, rows: &[Range<usize>], begin: usize, header: &str, most: usize, count: &dyn Count) -> usize {
        let front = rows.first().map_or("", |row| &self.text[begin..row.start]);
        let mut tokens = count.count(front) + count.count(header);
        let mut taken = 0;
        for row in rows {
            // The line break is a token in some vocabularies.
            tokens += count.count(&self.text[row.clone()]) + 1;
            if tokens > most + 1 {
                break;
            }
            taken += 1;
        }
        // Together they may have more tokens than one by one.
        while taken > 0 && count.count(&self.piece(begin..rows[taken - 1].end, header).text) > most {
            taken -= 1;
        }
        taken
    }

    fn piece(&self, range: Range<usize>, header: &str) -> Piece {
        Piece { text: format!("{header}{}", &self.text[range.clone()]), range }
    }

    /// A row without a header that names its columns, `Name: Wax; About: ...`, is known in each part by its first value.
    fn cut_row(&self, row: Range<usize>, header: &str, budget: ChunkBudget, count: &dyn Count) -> Vec<Piece> {
        let reserved = budget.tokens / 4;
        if !header.is_empty() || first_value(&self.text[row.clone()]).is_none() || reserved == 0 {
            return self.cut(row, header, budget, count);
        }
        let mut parts = self.cut(row.clone(), "", ChunkBudget { tokens: budget.tokens - reserved, ..budget }, count);
        for part in parts.iter_mut().skip(1) {
            let text = &self.text[part.range.clone()];
            let own = text.trim_start_matches([';', ' ']);
            // A part that begins with the `;` behind a value begins with the next column.
            let begin = part.range.end - own.len();
            part.text = own.to_owned();
            part.range.start = begin;
            let front = front(&self.text[row.start..begin]);
            if let Some(front) = front.filter(|front| count.count(front) < reserved) {
                part.text.insert_str(0, &front);
            }
        }
        parts
    }

    fn cut(&self, range: Range<usize>, header: &str, budget: ChunkBudget, count: &dyn Count) -> Vec<Piece> {
        let tokens = budget.tokens.saturating_sub(count.count(header) + usize::from(!header.is_empty())).max(1);
        let parts = split(self.text, range, ChunkBudget { tokens, overlap: 0, ..budget }, count);
        parts.into_iter().map(|part| self.piece(part, header)).collect()
    }
}

/// The first value of a row with its column's name.
fn first_value(row: &str) -> Option<&str> {
    row.split_once("; ").map(|(value, _)| value).filter(|value| value.contains(": "))
}

/// The first value of a row, and the name of the column in which this beginning of the row ends.
fn front(beginning: &str) -> Option<String> {
    let first = first_value(beginning)?;
    let (_, last) = beginning.rsplit_once("; ")?;
    let name = last.strip_suffix(':').or_else(|| last.split_once(": ").map(|(name, _)| name));
    let name = name.map_or(String::new(), |name| format!("{name}: "));
    Some(format!("{first}; {name}"))
}
