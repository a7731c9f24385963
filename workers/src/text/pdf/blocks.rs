//! A block of text beside one of names with their values, such as an address beside the date and number of a letter.

use super::{rows::Row, shape, words::Word};

/// Rows of a block at least.
const ROWS: usize = 3;
/// Rows of blocks are apart by less than this, in sizes of the text.
const STEP: f64 = 2.2;
/// Blocks are apart by more than this, in sizes of the text.
const GAP: f64 = 3.0;
/// Blocks are further apart than names and values, by this factor.
const APART: f64 = 3.0;
/// A value is apart from its name by more than this, in sizes of the text: more than a space.
const VALUE: f64 = 0.7;
/// Values begin at one place, but for this, in sizes of the text.
const LEVEL: f64 = 0.15;
/// The most words of a name.
const NAME: usize = 3;

/// The first rows that are two blocks on both sides of a gutter: where they begin, how many rows they have, and the
/// words of each block.
pub(super) fn find(rows: &[Row], gutter: f64) -> Option<(usize, usize, [Vec<Word>; 2])> {
    let mut first = 0;
    for block in rows.chunk_by(|row, next| next.y - row.y < STEP * row.size.max(next.size)) {
        let count = block.len();
        // Columns of a program are code and its comments.
        if count >= ROWS
            && !block.iter().any(Row::is_fixed)
            && let Some(sides) = sides(block, gutter)
        {
            return Some((first, count, sides));
        }
        first += count;
    }
    None
}

fn sides(rows: &[Row], gutter: f64) -> Option<[Vec<Word>; 2]> {
    let side = |is_right: bool| {
        let of = |row: &Row| row.words.iter().filter(|word| (word.middle() > gutter) == is_right).cloned().collect();
        rows.iter().map(of).filter(|words: &Vec<Word>| !words.is_empty()).collect::<Vec<_>>()
    };
    let (left, right) = (side(false), side(true));
    let end = left.iter().flatten().fold(f64::MIN, |end, word| end.max(word.right));
    let apart = right.iter().flatten().fold(f64::MAX, |start, word| start.min(word.left)) - end;
    let size = rows.first()?.size;
    let is_pair = match (pairs(&left), pairs(&right)) {
        (Some(gap), None) | (None, Some(gap)) => apart > APART * gap,
        _ => false,
    };
    let are_full = left.len().min(right.len()) >= ROWS;
    (is_pair && are_full && apart > GAP * size).then(|| [left.concat(), right.concat()])
}

/// The widest gap between names and values, if all rows have both and the values begin at one place.
fn pairs(rows: &[Vec<Word>]) -> Option<f64> {
    let starts = rows.first()?.iter().skip(1).map(|word| word.left);
    let at = |row: &[Word], left: f64| row.iter().position(|word| (word.left - left).abs() < LEVEL * word.size);
    let gap = |row: &Vec<Word>, left: f64| {
        let value = at(row, left).filter(|at| (1..=NAME).contains(at))?;
        let (name, word) = (&row[..value], &row[value]);
        let end = name.iter().fold(f64::MIN, |end, word| end.max(word.right));
        let text = super::rows::text(name);
        let is_name = text.chars().any(char::is_alphabetic) && !shape::is_number(&text);
        Some(word.left - end).filter(|gap| is_name && *gap > VALUE * word.size)
    };
    starts
        .filter_map(|left| rows.iter().map(|row| gap(row, left)).try_fold(0.0_f64, |most, gap| Some(most.max(gap?))))
        .next()
}

#[cfg(test)]
mod tests {
    use super::{
        super::rows::{rows, tests::word},
        *,
    };

    fn of(right: [[&str; 2]; 3]) -> Option<[Vec<String>; 2]> {
        let left = ["To", "Halloway Farm", "2 Oat Lane"];
        let words = left.iter().zip(right).enumerate().flat_map(|(at, (text, [name, value]))| {
            let y = 100.0 + 13.0 * at as f64;
            let name_left = 440.0 - 5.0 * name.len() as f64;
            [word(text, 60.0, y, 10.0), word(name, name_left, y, 10.0), word(value, 450.0, y, 10.0)]
        });
        let found = find(&rows(words.collect()), 250.0)?;
        Some(found.2.map(|words| rows(words).iter().map(Row::text).collect()))
    }

    #[test]
    fn an_address_beside_names_and_values_is_a_block() {
        let [left, right] = of([["No.", "TT-71"], ["Date", "May 12"], ["Due", "11 June"]]).expect("blocks");
        assert_eq!(left, ["To", "Halloway Farm", "2 Oat Lane"]);
        assert_eq!(right, ["No. TT-71", "Date May 12", "Due 11 June"]);
        // Rows of a table.
        assert_eq!(of([["2", "3.50"], ["1", "4.50"], ["12", "8.75"]]), None);
    }
}
