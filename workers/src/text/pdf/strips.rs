//! Tables without upright lines whose rows are told by level lines, or by grounds that change from row to row: what
//! stands between two of these is one row, however many lines of text it has. Columns are where no word stands.

use super::{
    divided::{Divided, has_rows},
    lines::Line,
    rows::{Row, rows},
    ruled::Grid,
    rules::{Rule, Rules, alike, places},
    shape,
    tables::{self, Cell},
    words::Word,
};

/// Columns are apart by more than this, in sizes of the text.
const GAP: f64 = 0.8;
/// The most words of a cell on average: more are text in columns.
const WORDS: usize = 30;
/// A row outside the lines is that near to them, in sizes of its text.
const OUTSIDE: f64 = 2.2;
/// Lines of one cell are apart by less than this, in sizes of the text.
const STEP: f64 = 1.6;
/// A row of text in columns has no more lines on which all cells have text.
const FULL: usize = 2;
/// Places of tables that are tried.
const TRIED: usize = 100;

/// Borders of rows with the same ends, from top to bottom.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Strips {
    borders: Vec<f64>,
    from: f64,
    to: f64,
}

/// The lines and grounds that may part rows, without those of tables with upright lines.
pub(super) fn strips(rules: &Rules, grids: &[Grid]) -> Vec<Strips> {
    let mut borders = rules.lines().0;
    borders.extend(rules.edges());
    borders.retain(|border| !grids.iter().any(|grid| grid.covers(border)));
    let of = |group: Vec<Rule>| {
        let (from, to) = group.first().map(|rule| (rule.from, rule.to))?;
        let borders = places(&group);
        (borders.len() > 2).then_some(Strips { borders, from, to })
    };
    alike(&borders).into_iter().filter_map(of).take(TRIED).collect()
}

/// What stands in a strip.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Empty,
    Row,
    /// One line over several columns.
    Title,
    Text,
}

fn height(word: &Word) -> f64 {
    word.y - 0.3 * word.size
}

fn size(words: &[Word]) -> f64 {
    words.iter().max_by_key(|word| word.text.len()).map_or(1.0, |word| word.size)
}

/// Where words stand, apart by more than a gap.
fn columns(words: &[Word]) -> Vec<(f64, f64)> {
    let gap = GAP * size(words);
    let mut spans: Vec<(f64, f64)> = words.iter().map(|word| (word.left, word.right)).collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut columns: Vec<(f64, f64)> = Vec::new();
    for span in spans {
        match columns.last_mut() {
            Some(last) if span.0 < last.1 + gap => last.1 = last.1.max(span.1),
            _ => columns.push(span),
        }
    }
    columns
}

fn kind(words: &[Word]) -> Kind {
    match columns(words).len() {
        0 => Kind::Empty,
        1 if rows(words.to_vec()).len() == 1 => Kind::Title,
        1 => Kind::Text,
        _ => Kind::Row,
    }
}

impl Strips {
    /// The first table between its lines.
    pub(super) fn divide(&self, words: &[Word]) -> Option<Divided> {
        let level: Vec<&Word> = words.iter().filter(|word| word.angle == 0).collect();
        let within = |word: &Word| (self.from..=self.to).contains(&word.middle());
        let mut strips: Vec<Vec<Word>> = vec![Vec::new(); self.borders.len() + 1];
        for word in level.iter().filter(|word| within(word)) {
            strips[self.borders.partition_point(|border| *border < height(word))].push((*word).clone());
        }
        let kinds: Vec<Kind> = strips.iter().map(|strip| kind(strip)).collect();
        let last = self.borders.len() - 1;
        let mut at = 1;
        while at <= last {
            let end = (at..=last).find(|strip| kinds[*strip] == Kind::Text).unwrap_or(last + 1);
            let is_row = |strip: &usize| kinds[*strip] == Kind::Row;
            let ends = (at..end).find(is_row).zip((at..end).rev().find(is_row));
            if let Some((first, last)) = ends.filter(|(first, last)| last > first) {
                let found = self.table(&strips, (first, last), &kinds).and_then(|table| divided(words, table));
                if found.is_some() {
                    return found;
                }
            }
            at = end + 1;
        }
        None
    }

    /// The words of each row of a table, by column. Its header may stand above the lines, and its last row below them.
    fn table(&self, strips: &[Vec<Word>], (first, last): (usize, usize), kinds: &[Kind]) -> Option<Found> {
        let inner: Vec<Word> =
            (first..=last).filter(|at| kinds[*at] == Kind::Row).flat_map(|at| strips[at].clone()).collect();
        let columns = columns(&inner);
        let mut lines: Vec<Vec<Word>> =
            strips[first..=last].iter().filter(|strip| !strip.is_empty()).cloned().collect();
        if columns.len() < 2 || lines.iter().any(|line| has_rows(line, &columns, FULL)) {
            return None;
        }
        let mut all = inner;
        let above: Vec<Row> = rows(strips[first - 1].clone()).into_iter().rev().collect();
        if let Some(header) = outside(&above, self.borders[first - 1], &mut all, columns.len()) {
            lines.insert(0, header);
        }
        let below = rows(strips[last + 1].clone());
        if let Some(row) = outside(&below, self.borders[last], &mut all, columns.len()) {
            lines.push(row);
        }
        Found::new(lines, &all)
    }
}

/// The words of a row that stands beyond the outer line of a table in its columns: that of a header above it, or of a
/// last row below. `rows` begin with the one next to the line.
fn outside(rows: &[Row], border: f64, all: &mut Vec<Word>, count: usize) -> Option<Vec<Word>> {
    let usual = size(all);
    let first = rows.first()?;
    let is_near = (first.y - 0.3 * first.size - border).abs() < OUTSIDE * usual;
    let mut words: Vec<Word> = Vec::new();
    let mut y = first.y;
    for row in rows {
        let with = [all.as_slice(), &words, &row.words].concat();
        let is_alike = (0.75..1.34).contains(&(row.size / usual)) && (row.y - y).abs() < STEP * usual;
        if !is_alike || columns(&with).len() != count {
            break;
        }
        y = row.y;
        words.extend(row.words.clone());
    }
    let filled = columns(&words).len();
    (is_near && filled > 1 && filled * 2 >= count).then(|| {
        all.extend(words.clone());
        words
    })
}

/// The words of a table by row and column.
struct Found {
    cells: Vec<Vec<Vec<Word>>>,
    top: f64,
    bottom: f64,
}

impl Found {
    /// Nothing if the rows are not filled as those of a table.
    fn new(lines: Vec<Vec<Word>>, all: &[Word]) -> Option<Self> {
        let columns = columns(all);
        let (mut cells, mut top, mut bottom) = (Vec::new(), f64::MAX, f64::MIN);
        for line in lines {
            let is_title = kind(&line) == Kind::Title;
            let mut row = vec![Vec::new(); columns.len()];
            for word in line {
                (top, bottom) = (top.min(height(&word)), bottom.max(height(&word)));
                let column = columns.partition_point(|column| column.1 < word.middle()).min(columns.len() - 1);
                row[if is_title && word.left < columns[0].1 { 0 } else { column }].push(word);
            }
            cells.push(row);
        }
        let found = Self { cells, top, bottom };
        found.is_table(columns.len()).then_some(found)
    }

    fn is_table(&self, columns: usize) -> bool {
        let filled = |row: &Vec<Vec<Word>>| row.iter().filter(|cell| !cell.is_empty()).count();
        let all: usize = self.cells.iter().map(filled).sum();
        let words: usize = self.cells.iter().flatten().map(Vec::len).sum();
        let has_leader = self.cells.iter().flatten().flatten().any(|word| shape::is_leader(&word.text));
        self.cells.len() >= shape::LEAST.1
            && !self.is_fixed()
            && self.cells.iter().filter(|row| filled(row) > 1).count() * 10 >= self.cells.len() * 7
            && all * 2 >= self.cells.len() * columns
            && words <= WORDS * all
            && !has_leader
            && (0..columns).all(|column| self.is_aligned(column))
    }

    /// Whether most of it is set in a typewriter font: spaces of programs look like gaps.
    fn is_fixed(&self) -> bool {
        let count = |fixed: bool| {
            let words = self.cells.iter().flatten().flatten().filter(|word| word.text.len() > 3 && word.fixed == fixed);
            words.map(|word| word.text.len()).sum::<usize>()
        };
        count(true) > count(false)
    }

    /// Whether the lines of a column share an end, or their middle.
    fn is_aligned(&self, column: usize) -> bool {
        let lines: Vec<Row> = self.cells.iter().flat_map(|row| rows(row[column].clone())).collect();
        let size = lines.first().map_or(1.0, |row| row.size);
        shape::is_level(lines.iter().map(|row| (row.left(), row.right())), size)
    }
}

/// The words of a page by the table; nothing if words stand beside it.
fn divided(words: &[Word], found: Found) -> Option<Divided> {
    let (mut above, mut below, mut inside) = (Vec::new(), Vec::new(), 0);
    for word in words {
        match height(word) {
            _ if word.angle != 0 => below.push(word.clone()),
            height if height < found.top => above.push(word.clone()),
            height if height > found.bottom => below.push(word.clone()),
            _ => inside += 1,
        }
    }
    let count: usize = found.cells.iter().flatten().map(Vec::len).sum();
    let size = found.cells.iter().flatten().flatten().next().map_or(1.0, |word| word.size);
    let grid: Vec<Vec<Cell>> = found.cells.into_iter().map(|row| row.into_iter().map(Cell::new).collect()).collect();
    let table = Line::table(tables::written_as(&grid), size).collect();
    (count == inside).then_some(Divided { top: found.top, above, table, below })
}

#[cfg(test)]
mod tests {
    use kurbo::{Affine, Rect, Shape};

    use super::{super::rows::tests::line, *};

    /// A title, a header, three rows of two lines each, and a paragraph.
    fn page() -> Vec<Word> {
        let mut words = line("Parts of the engine that wear", 50.0, 80.0);
        for (text, left) in [("Part", 50.0), ("What it is", 100.0), ("Price", 250.0)] {
            words.extend(line(text, left, 110.0));
        }
        for (n, y) in [(1, 132.0), (2, 166.0), (3, 200.0)] {
            words.extend(line(&format!("SP-{n}"), 50.0, y));
            words.extend(line("A bearing with a long", 100.0, y));
            words.extend(line("text that wraps", 100.0, y + 12.0));
            words.extend(line(&format!("{n}.50"), 250.0, y));
        }
        words.extend(line("They are sent within a week to all who keep a machine of ours.", 50.0, 240.0));
        words
    }

    fn filled(rules: &mut Rules, top: f64, bottom: f64) {
        rules.draw(&Rect::new(45.0, top, 280.0, bottom).to_path(0.1), Affine::IDENTITY, true);
    }

    fn read(rules: &Rules) -> Option<Vec<String>> {
        let found = strips(rules, &[]).iter().find_map(|strips| strips.divide(&page()))?;
        assert_eq!((found.above.len(), found.below.len()), (6, 14));
        Some(found.table.into_iter().map(|line| line.text).collect())
    }

    #[test]
    fn level_lines_and_grounds_tell_rows() {
        let row = |n: usize| format!("| SP-{n} | A bearing with a long\ntext that wraps | {n}.50 |");
        let expected: Vec<String> = ["| Part | What it is | Price |".to_owned(), "| --- | --- | --- |".to_owned()]
            .into_iter()
            .chain((1..4).map(row))
            .collect();
        let mut lines = Rules::default();
        [117.0, 151.0, 185.0, 219.0].iter().for_each(|y| filled(&mut lines, *y, *y + 0.5));
        assert_eq!(read(&lines).as_ref(), Some(&expected));
        // The grounds of the header and of the second row.
        let mut grounds = Rules::default();
        filled(&mut grounds, 97.0, 117.0);
        filled(&mut grounds, 151.0, 185.0);
        assert_eq!(read(&grounds).as_ref(), Some(&expected));
        // The lines of other things.
        let mut lines = Rules::default();
        [90.0, 117.0, 219.0].iter().for_each(|y| filled(&mut lines, *y, *y + 0.5));
        assert_eq!(read(&lines), None);
    }
}
