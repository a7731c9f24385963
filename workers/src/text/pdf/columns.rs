//! Reading order: column after column where text is set in columns, row after row elsewhere.
//!
//! A gutter is a strip that no word of several consecutive rows touches. What stands on both sides of it is text in
//! columns if the rows on each side are filled like lines of a paragraph, or if they are not level with each other;
//! otherwise it is a table, a list or a form, and stays in rows.

use super::{
    blocks,
    rows::{Row, rows},
    words::Word,
    wrapped,
};

/// Width of a gutter, in sizes of the text.
const GUTTER: f64 = 0.8;
/// Strips are sought in steps of this fraction of the size.
const STEP: f64 = 0.1;
/// Limit of the steps across a page.
const STEPS: usize = 2_000;
/// Rows of text that a column has at least.
const ROWS: usize = 3;
/// Paragraphs are further apart than their lines, by this factor.
const APART: f64 = 1.2;
/// More rows than these are not searched for gutters.
const MOST_ROWS: usize = 5_000;
/// Columns within columns.
const DEPTH: usize = 12;

/// A row in reading order, and whether a column begins with it.
pub(super) type Ordered = (Row, bool);

pub(super) fn order(words: Vec<Word>) -> Vec<Ordered> {
    let mut out = Vec::new();
    add(words, 0, true, &mut out);
    out
}

fn add(words: Vec<Word>, depth: usize, mut begins: bool, out: &mut Vec<Ordered>) {
    let all = rows(words);
    let is_searched = depth < DEPTH && (ROWS..=MOST_ROWS).contains(&all.len());
    let words = |rows: Vec<Row>| rows.into_iter().flat_map(|row| row.words).collect::<Vec<_>>();
    if is_searched && let Some((first, count)) = wrapped::find(&all) {
        let mut above = all;
        let mut table = above.split_off(first);
        let below = table.split_off(count);
        if !above.is_empty() {
            add(words(above), depth + 1, std::mem::take(&mut begins), out);
        }
        out.extend(table.into_iter().map(|row| (row, std::mem::take(&mut begins))));
        if !below.is_empty() {
            add(words(below), depth + 1, begins, out);
        }
        return;
    }
    let found = if is_searched { band(&all) } else { None };
    let Some((first, last, gutter)) = found else {
        for row in all {
            out.push((row, std::mem::take(&mut begins)));
        }
        return;
    };
    let mut above = all;
    let mut middle = above.split_off(first);
    let below = middle.split_off(last + 1 - first);
    if !above.is_empty() {
        add(words(above), depth + 1, std::mem::take(&mut begins), out);
    }
    match columns(&middle, gutter) {
        Some(columns) => {
            for column in columns {
                add(column, depth + 1, true, out);
            }
            begins = true;
        }
        None => match blocks::find(&middle, gutter) {
            Some((first, count, blocks)) => {
                let mut before = middle;
                let after = before.split_off(first).split_off(count);
                if !before.is_empty() {
                    add(words(before), depth + 1, std::mem::take(&mut begins), out);
                }
                for block in blocks {
                    add(block, depth + 1, true, out);
                }
                begins = true;
                if !after.is_empty() {
                    add(words(after), depth + 1, std::mem::take(&mut begins), out);
                }
            }
            None => out.extend(middle.into_iter().map(|row| (row, std::mem::take(&mut begins)))),
        },
    }
    if !below.is_empty() {
        add(words(below), depth + 1, begins, out);
    }
}

/// Columns of steps that words cover.
struct Grid {
    left: f64,
    step: f64,
    steps: usize,
    gutter: usize,
}

impl Grid {
    fn new(rows: &[Row]) -> Option<Self> {
        let mut sizes: Vec<f64> = rows.iter().map(|row| row.size).collect();
        sizes.sort_by(f64::total_cmp);
        let size = sizes.get(sizes.len() / 2).copied()?;
        let left = rows.iter().map(Row::left).fold(f64::MAX, f64::min);
        let width = rows.iter().map(Row::right).fold(f64::MIN, f64::max) - left;
        let step = (size * STEP).max(width / STEPS as f64);
        // A rotated page of a broken file may have any coordinates.
        if !width.is_finite() || !step.is_finite() || step <= 0.0 || width < size * 4.0 {
            return None;
        }
        let gutter = ((GUTTER * size / step).floor() as usize).max(1);
        Some(Self { left, step, steps: (width / step).ceil() as usize + 1, gutter })
    }

    /// Which steps the words of a row cover. Spaces between words count as covered.
    fn cover(&self, row: &Row, covered: &mut [bool]) {
        let at = |x: f64| (((x - self.left) / self.step).max(0.0) as usize).min(self.steps - 1);
        for cell in row.cells(self.step * self.gutter as f64) {
            let right = cell.iter().fold(f64::MIN, |right, word| right.max(word.right));
            let Some(first) = cell.first() else { continue };
            let (first, last) = (at(first.left + self.step / 2.0), at(right - self.step / 2.0));
            covered[first..=last.max(first)].fill(true);
        }
    }
}

/// The rows that have the longest gutter, and the middle of the gutter.
fn band(rows: &[Row]) -> Option<(usize, usize, f64)> {
    #[derive(Clone, Copy, Default)]
    struct Run {
        first: usize,
        left: usize,
        right: usize,
    }
    let grid = Grid::new(rows)?;
    let mut runs = vec![Run::default(); grid.steps];
    let mut best = (ROWS - 1, 0, 0, 0, 0);
    let mut covered = vec![false; grid.steps];
    for index in 0..=rows.len() {
        covered.fill(index == rows.len());
        if let Some(row) = rows.get(index) {
            grid.cover(row, &mut covered);
        }
        let first = covered.iter().position(|is| *is).unwrap_or(grid.steps);
        let last = covered.iter().rposition(|is| *is).unwrap_or(0);
        let mut free = 0;
        for step in 0..grid.steps {
            free = if covered[step] { 0 } else { free + 1 };
            let run = &mut runs[step];
            if free >= grid.gutter {
                run.left += usize::from(first + grid.gutter <= step);
                run.right += usize::from(last > step);
                continue;
            }
            let score = run.left.min(run.right);
            if score > best.0 {
                best = (score, run.first, index - 1, step, step);
            } else if score == best.0
                && score >= ROWS
                && best.1 == run.first
                && best.2 == index - 1
                && best.4 + 1 == step
            {
                best.4 = step;
            }
            *run = Run { first: index + 1, left: 0, right: 0 };
        }
    }
    let (score, first, last, from, to) = best;
    let middle = (from + to) as f64 / 2.0 + 0.5 - grid.gutter as f64 / 2.0;
    (score >= ROWS).then_some((first, last, grid.left + middle * grid.step))
}

/// The words on each side of the gutters of a band, if they are text in columns.
fn columns(band: &[Row], gutter: f64) -> Option<Vec<Vec<Word>>> {
    let mut columns: Vec<Vec<Word>> = vec![Vec::new(), Vec::new()];
    for word in band.iter().flat_map(|row| &row.words) {
        columns[usize::from(word.middle() > gutter)].push(word.clone());
    }
    let sides: Vec<Vec<Row>> = columns.iter().map(|words| rows(words.clone())).collect();
    let (left, right) = (sides.first()?, sides.get(1)?);
    if left.len() < ROWS || right.len() < ROWS {
        return None;
    }
    let level = if left.len() < right.len() { share_of_level(left, right) } else { share_of_level(right, left) };
    let wide = |rows: &[Row]| median(rows.iter().map(|row| (row.right() - row.left()) / row.size)) > 5.0;
    let apart = level < 0.5 && wide(left) && wide(right);
    (apart || (is_prose(left, 0) && is_prose(right, 0))).then_some(columns)
}

fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = numbers.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
}

/// The share of rows that have a row of the other side on their level.
fn share_of_level(some: &[Row], others: &[Row]) -> f64 {
    let level = some.iter().filter(|row| {
        let next = others.partition_point(|other| other.y < row.y - 0.2 * row.size);
        others.get(next).is_some_and(|other| (other.y - row.y).abs() <= 0.2 * row.size)
    });
    level.count() as f64 / some.len().max(1) as f64
}

/// Whether rows are filled like the lines of paragraphs, or are columns of such rows.
fn is_prose(rows: &[Row], depth: usize) -> bool {
    if rows.len() < ROWS {
        return false;
    }
    if depth < 3
        && let Some((first, last, gutter)) = band(rows)
        && (last + 1 - first) * 3 > rows.len() * 2
    {
        let band = &rows[first..=last];
        return columns(band, gutter).is_some();
    }
    let left = rows.iter().map(Row::left).fold(f64::MAX, f64::min);
    let right = rows.iter().map(Row::right).fold(f64::MIN, f64::max);
    // Paragraphs that are apart may end anywhere.
    let steps = || rows.iter().zip(rows.iter().skip(1)).map(|(row, next)| next.y - row.y);
    let least = steps().fold(f64::MAX, f64::min).max(0.8 * rows[0].size);
    let inner: Vec<&Row> =
        rows.iter().zip(steps()).filter(|(_, step)| *step < APART * least).map(|(row, _)| row).collect();
    let is_fixed = rows.iter().filter(|row| row.is_fixed()).count() * 2 > rows.len();
    let is_divided = inner.len() + 1 < rows.len();
    let lines: Vec<&Row> =
        if !is_fixed && is_divided && inner.len() * 2 >= rows.len() { inner } else { rows.iter().collect() };
    let full = lines.iter().filter(|row| row.right() - left > 0.7 * (right - left)).count();
    let wide = median(rows.iter().map(|row| (row.right() - row.left()) / row.size)) > 8.0;
    let words = median(rows.iter().map(|row| row.text().split(' ').count() as f64));
    let dense = rows.iter().any(|row| row.words.iter().any(|word| word.text.chars().any(super::words::is_dense)));
    wide && (dense || words > 2.5) && full * 5 >= lines.len() * 3
}

#[cfg(test)]
mod tests {
    use super::{super::rows::tests::word, *};

    fn texts(words: Vec<Word>) -> Vec<String> {
        order(words).iter().map(|(row, _)| row.text()).collect()
    }

    fn line(text: &str, left: f64, y: f64) -> Vec<Word> {
        let mut left = left;
        text.split(' ')
            .map(|part| {
                let word = word(part, left, y, 10.0);
                left = word.right + 3.0;
                word
            })
            .collect()
    }

    #[test]
    fn columns_are_read_one_after_the_other_and_what_spans_them_before() {
        let mut words = line("A heading that goes over both columns of this page", 50.0, 80.0);
        let (left, right) = ("words of the left column", "words of the right one");
        for y in [100.0, 112.0, 124.0, 136.0] {
            words.extend(line(left, 50.0, y));
            words.extend(line(right, 190.0, y));
        }
        let expected = [&["A heading that goes over both columns of this page"][..], &[left; 4], &[right; 4]].concat();
        assert_eq!(texts(words), expected);
    }

    #[test]
    fn tables_and_lists_stay_in_rows() {
        let mut words = Vec::new();
        for y in [100.0, 112.0, 124.0, 136.0] {
            words.extend(line("Wax", 50.0, y));
            words.extend(line("12", 190.0, y));
            words.extend(line("in stock", 290.0, y));
        }
        assert_eq!(texts(words), ["Wax 12 in stock"; 4]);
        let mut words = Vec::new();
        for (number, y) in (1..).zip([100.0, 112.0, 124.0, 136.0]) {
            words.extend(line(&format!("{number}."), 50.0, y));
            words.extend(line("a rule of the house that goes on for a whole line", 70.0, y));
        }
        assert!(texts(words)[1].starts_with("2. a rule"));
    }

    #[test]
    fn short_paragraphs_in_columns_are_read_one_column_after_the_other() {
        let mut words = Vec::new();
        for at in 0..6 {
            for (left, above) in [(50.0, 106.0), (230.0, 100.0), (410.0, 100.0)] {
                let y = above + 36.0 * f64::from(at);
                words.extend(line("Item is a heron that walked", left, y));
                words.extend(line("along the bank", left, y + 12.0));
            }
        }
        let expected = ["Item is a heron that walked", "along the bank"].repeat(18);
        assert_eq!(texts(words), expected);
    }
}
