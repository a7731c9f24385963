//! Puts words on their rows.

use super::words::{SOFT_HYPHEN, SPACE, VALUE, Word, is_dense};

/// Words whose baselines differ by less than this fraction of the larger size, and of the smaller one, share a row: so
/// an index is on the row of its letter.
const LEVEL: (f64, f64) = (0.5, 0.8);
/// Texts whose sizes differ by this factor, and that are apart by this, in the larger one, are not of one row.
const SIZES: f64 = 1.6;
const FAR: f64 = 2.0;
/// The same word within this fraction of the size is drawn twice, to be bold.
const TWICE: f64 = 0.25;

/// Words on one baseline, from left to right; never empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) words: Vec<Word>,
    pub(super) y: f64,
    /// Font size of most of its letters.
    pub(super) size: f64,
}

impl Row {
    fn new(mut words: Vec<Word>, y: f64) -> Self {
        words.sort_by(|a, b| a.left.total_cmp(&b.left));
        let near = |a: f64, b: f64, size: f64| (a - b).abs() < TWICE * size;
        words.dedup_by(|b, a| a.text == b.text && near(a.left, b.left, a.size) && near(a.y, b.y, a.size));
        let longest = words.iter().max_by_key(|word| word.text.len()).map_or(1.0, |word| word.size);
        Self { words, y, size: longest }
    }

    pub(super) fn left(&self) -> f64 {
        self.words.first().map_or(0.0, |word| word.left)
    }

    pub(super) fn right(&self) -> f64 {
        self.words.iter().fold(f64::MIN, |right, word| right.max(word.right))
    }

    /// The size by which it may be a heading. One with the value of a form field is none.
    pub(super) fn rank(&self) -> f64 {
        let of_value = |size: f64, word: &Word| if word.font == VALUE { size.min(word.size) } else { size };
        self.words.iter().fold(self.size, of_value)
    }

    /// Whether most of it is set in a typewriter font.
    pub(super) fn is_fixed(&self) -> bool {
        let count = |fixed: bool| {
            let words = self.words.iter().filter(|word| word.text.len() > 3 && word.fixed == fixed);
            words.map(|word| word.text.len()).sum::<usize>()
        };
        count(true) > count(false)
    }

    pub(super) fn text(&self) -> String {
        text(&self.words)
    }

    /// Its words in cells: those that are further apart than `gap`.
    pub(super) fn cells(&self, gap: f64) -> Vec<&[Word]> {
        let mut right = f64::MIN;
        let mut starts = Vec::new();
        for (index, word) in self.words.iter().enumerate() {
            if word.left - right > gap {
                starts.push(index);
            }
            right = right.max(word.right);
        }
        starts.push(self.words.len());
        starts.windows(2).filter_map(|ends| self.words.get(ends[0]..ends[1])).collect()
    }
}

/// The text of neighbours, with a space where they are apart.
pub(super) fn text(words: &[Word]) -> String {
    let mut out = String::new();
    let mut before: Option<&Word> = None;
    for word in words {
        if before.is_some_and(|before| is_apart(before, word)) {
            out.push(' ');
        } else if out.ends_with(SOFT_HYPHEN) {
            out.pop();
        }
        out.push_str(&word.text);
        before = Some(word);
    }
    logical(out)
}

pub(super) fn is_apart(before: &Word, word: &Word) -> bool {
    let gap = (word.left - before.right) / before.size.max(word.size);
    let dense = before.text.ends_with(is_dense) && word.text.starts_with(is_dense);
    match dense {
        true => gap > 0.5,
        // Raised and lowered letters belong to the word.
        false => gap > SPACE || (before.space && gap > -0.5) || gap < -1.5,
    }
}

fn is_right_to_left(c: char) -> bool {
    matches!(u32::from(c), 0x590..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff)
}

/// Text that is read from right to left is drawn in visual order; this turns it round.
fn logical(text: String) -> String {
    if !text.chars().any(is_right_to_left) {
        return text;
    }
    let is_turned = |word: &str| word.chars().any(is_right_to_left);
    let words: Vec<&str> = text.split(' ').collect();
    let turn = |word: &&str| if is_turned(word) { word.chars().rev().collect() } else { (*word).to_owned() };
    let most = words.iter().filter(|word| is_turned(word)).count() * 2 > words.len();
    let turned: Vec<String> = match most {
        true => words.iter().rev().map(turn).collect(),
        false => words.iter().map(turn).collect(),
    };
    turned.join(" ")
}

/// Rows from top to bottom.
pub(super) fn rows(mut words: Vec<Word>) -> Vec<Row> {
    words.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut rows = Vec::new();
    let mut row: Vec<Word> = Vec::new();
    let (mut y, mut size) = (0.0, 0.0);
    for word in words {
        let reach = (LEVEL.0 * word.size.max(size)).min(LEVEL.1 * word.size.min(size));
        if !row.is_empty() && word.y - y > reach {
            rows.extend(by_size(Row::new(std::mem::take(&mut row), y)));
        }
        if row.is_empty() || word.size > size * 1.1 {
            (y, size) = (word.y, word.size);
        }
        row.push(word);
    }
    if !row.is_empty() {
        rows.extend(by_size(Row::new(row, y)));
    }
    rows
}

/// Texts of very different sizes that stand far apart, such as a title and an address beside it, are rows of their own.
fn by_size(row: Row) -> Vec<Row> {
    let sizes = || row.words.iter().map(|word| word.size);
    let (least, most) = (sizes().fold(f64::MAX, f64::min), sizes().fold(0.0, f64::max));
    if most < SIZES * least {
        return vec![row];
    }
    let cells: Vec<Row> = row.cells(FAR * most).into_iter().map(|words| Row::new(words.to_vec(), row.y)).collect();
    let size = |pick: fn(f64, f64) -> f64, first: f64| cells.iter().map(|cell| cell.size).fold(first, pick);
    match size(f64::max, 0.0) < SIZES * size(f64::min, f64::MAX) {
        true => vec![row],
        false => cells,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A word of letters of half an em.
    pub(in crate::text::pdf) fn word(text: &str, left: f64, y: f64, size: f64) -> Word {
        let right = left + 0.5 * size * text.chars().count() as f64;
        Word { text: text.to_owned(), left, right, y, size, angle: 0, space: false, fixed: false, font: 0 }
    }

    /// The words of a text on one line, a space apart.
    pub(in crate::text::pdf) fn line(text: &str, left: f64, y: f64) -> Vec<Word> {
        let mut left = left;
        let each = |part: &str| {
            let word = word(part, left, y, 10.0);
            left = word.right + 2.5;
            word
        };
        text.split(' ').map(each).collect()
    }

    #[test]
    fn indices_stay_on_their_row_and_gaps_are_spaces() {
        let words = vec![
            word("next", 10.0, 112.0, 10.0),
            word("x", 10.0, 100.0, 10.0),
            word("2", 15.0, 96.0, 7.0),
            word("far", 40.0, 100.0, 10.0),
            word("far", 40.5, 100.0, 10.0),
        ];
        let rows = rows(words);
        assert_eq!(rows.iter().map(Row::text).collect::<Vec<_>>(), ["x2 far", "next"]);
        assert_eq!(rows[0].cells(10.0).len(), 2);
    }

    #[test]
    fn a_title_far_from_small_text_is_a_row_of_its_own() {
        let title = |left: f64| vec![word("Lane", 10.0, 100.0, 9.0), word("Invoice", left, 102.0, 20.0)];
        assert_eq!(rows(title(200.0)).iter().map(Row::text).collect::<Vec<_>>(), ["Lane", "Invoice"]);
        assert_eq!(rows(title(40.0)).len(), 1);
    }

    #[test]
    fn words_that_are_read_from_right_to_left_are_turned_round() {
        assert_eq!(logical("12 abc םולש".to_owned()), "12 abc שלום");
        assert_eq!(logical("בג אה".to_owned()), "הא גב");
        assert_eq!(logical("abc".to_owned()), "abc");
    }
}
