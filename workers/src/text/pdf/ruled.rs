//! Tables with ruled lines around all cells: what stands between the lines is a cell, however many rows of text it has.
//! Where a line within is missing, cells are merged: the text stands in the first one.

use super::{
    divided::{Divided, has_rows},
    lines::Line,
    rules::{NEAR, Rule, Rules, near, places},
    tables::{self, Cell},
    words::Word,
};

/// The most tables of a page.
const GRIDS: usize = 100;
/// The most words of a cell on average: more are text in boxes.
const WORDS: usize = 30;
/// A row between lines has no more lines on which all cells have text.
const FULL: usize = 12;
/// The most places of cells of a table.
const PLACES: usize = 10_000;

/// The grids that lines make, from top to bottom: at least two columns and two rows within a frame.
pub(super) fn grids(rules: &Rules) -> Vec<Grid> {
    let (level, upright) = rules.lines();
    let mut grids: Vec<Grid> =
        connected(&level, &upright).iter().filter_map(|(level, upright)| Grid::new(level, upright)).collect();
    grids.sort_by(|a, b| a.rows[0].total_cmp(&b.rows[0]));
    grids.truncate(GRIDS);
    grids
}

/// Level and upright lines that touch each other, directly or by others.
fn connected(level: &[Rule], upright: &[Rule]) -> Vec<(Vec<Rule>, Vec<Rule>)> {
    let reaches = |along: &Rule, at: f64| (along.from - NEAR..=along.to + NEAR).contains(&at);
    let touches = |a: &Rule, b: &Rule| reaches(a, b.at) && reaches(b, a.at);
    let (mut level, mut upright) = (level.to_vec(), upright.to_vec());
    let mut found = Vec::new();
    while let Some(first) = upright.pop() {
        let mut group = (Vec::new(), vec![first]);
        let mut seen = (0, 0);
        // Each line takes those of the other direction that it touches.
        while seen.0 < group.0.len() || seen.1 < group.1.len() {
            if let Some(rule) = group.1.get(seen.1).copied() {
                group.0.extend(level.extract_if(.., |other| touches(&rule, other)));
                seen.1 += 1;
            } else if let Some(rule) = group.0.get(seen.0).copied() {
                group.1.extend(upright.extract_if(.., |other| touches(&rule, other)));
                seen.0 += 1;
            }
        }
        found.push(group);
    }
    found
}

/// Where the lines of a table are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    columns: Vec<f64>,
    rows: Vec<f64>,
    /// The row and the column of the cell that each place belongs to: its own ones unless cells are merged.
    owners: Vec<Vec<(usize, usize)>>,
}

impl Grid {
    /// Nothing if the lines have no frame, or if most places are merged: then it is a drawing, or a form.
    fn new(level: &[Rule], upright: &[Rule]) -> Option<Self> {
        let (columns, rows) = (places(upright), places(level));
        let (width, height) = (columns.len().checked_sub(1)?, rows.len().checked_sub(1)?);
        if width < 2 || height < 2 || width * height > PLACES {
            return None;
        }
        let spans = |rules: &[Rule], at: f64, along: &[f64]| {
            rules
                .iter()
                .any(|rule| near(rule.at, at) && near(rule.from, along[0]) && near(rule.to, along[along.len() - 1]))
        };
        let is_framed = [0, width].iter().all(|side| spans(upright, columns[*side], &rows))
            && [0, height].iter().all(|side| spans(level, rows[*side], &columns));
        let is_parted = |rules: &[Rule], at: f64, along: &[f64], place: usize| {
            let middle = f64::midpoint(along[place], along[place + 1]);
            rules.iter().any(|rule| near(rule.at, at) && rule.from < middle && rule.to > middle)
        };
        let mut owners: Vec<Vec<(usize, usize)>> = Vec::with_capacity(height);
        for row in 0..height {
            let mut line: Vec<(usize, usize)> = Vec::with_capacity(width);
            for column in 0..width {
                line.push(match (line.last(), owners.last()) {
                    (Some(left), _) if !is_parted(upright, columns[column], &rows, row) => *left,
                    (_, Some(above)) if !is_parted(level, rows[row], &columns, column) => above[column],
                    _ => (row, column),
                });
            }
            owners.push(line);
        }
        let grid = Self { columns, rows, owners };
        (is_framed && grid.count() * 2 > width * height).then_some(grid)
    }

    /// How many cells it has.
    fn count(&self) -> usize {
        let own = |(row, line): (usize, &Vec<(usize, usize)>)| {
            line.iter().enumerate().filter(|(column, owner)| **owner == (row, *column)).count()
        };
        self.owners.iter().enumerate().map(own).sum()
    }

    /// Whether a line lies within it.
    pub(super) fn covers(&self, rule: &Rule) -> bool {
        let (top, bottom) = (self.rows[0], self.rows[self.rows.len() - 1]);
        let (left, right) = (self.columns[0], self.columns[self.columns.len() - 1]);
        (top - NEAR..bottom + NEAR).contains(&rule.at) && rule.from < right && rule.to > left
    }

    /// The middle of a word's letters.
    fn height(word: &Word) -> f64 {
        word.y - 0.3 * word.size
    }

    fn is_above(&self, word: &Word) -> bool {
        self.rows.first().is_some_and(|top| Self::height(word) < *top)
    }

    fn is_below(&self, word: &Word) -> bool {
        self.rows.last().is_some_and(|bottom| Self::height(word) > *bottom)
    }

    /// The words of a page above it, its lines as a table, and the other words; nothing if it is none, or if words stand
    /// beside it.
    pub(super) fn divide(&self, words: &[Word]) -> Option<Divided> {
        let (mut above, mut inside, mut below) = (Vec::new(), Vec::new(), Vec::new());
        for word in words {
            match word {
                word if word.angle != 0 => &mut below,
                word if self.is_above(word) => &mut above,
                word if self.is_below(word) => &mut below,
                _ => &mut inside,
            }
            .push(word.clone());
        }
        let table = self.table(&inside)?;
        Some(Divided { top: self.rows[0], above, table, below })
    }

    fn table(&self, words: &[Word]) -> Option<Vec<Line>> {
        let (columns, height) = (self.columns.len() - 1, self.rows.len() - 1);
        let mut cells: Vec<Vec<Vec<Word>>> = vec![vec![Vec::new(); columns]; height];
        for word in words {
            let column = self.columns.partition_point(|line| *line < word.middle()).checked_sub(1)?;
            let row = self.rows.partition_point(|line| *line < Self::height(word)).checked_sub(1)?;
            let (row, column) = *self.owners.get(row)?.get(column)?;
            cells[row][column].push(word.clone());
        }
        let spans: Vec<(f64, f64)> = self.columns.windows(2).map(|ends| (ends[0], ends[1])).collect();
        if cells.iter().any(|row| has_rows(&row.concat(), &spans, FULL)) {
            return None;
        }
        let mut grid: Vec<Vec<Cell>> =
            cells.into_iter().map(|row| row.into_iter().map(Cell::new).collect()).collect::<Vec<_>>();
        let filled = grid.iter().flatten().filter(|cell| !cell.is_empty()).count();
        // A title over all columns stands above the table.
        let title = self.owners[0].iter().all(|owner| *owner == (0, 0)).then(|| grid.remove(0).swap_remove(0));
        self.repeat(&mut grid, usize::from(title.is_some()));
        grid.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let is_clear = grid.len() > 1
            && filled * 2 >= self.count()
            && words.len() <= WORDS * filled
            && grid[0].iter().filter(|cell| !cell.is_empty()).count() > 1;
        let size = words.first().map_or(1.0, |word| word.size);
        is_clear.then(|| {
            let title = title.filter(|title| !title.is_empty()).map(|title| title.lines(size));
            title.into_iter().flatten().chain(Line::table(tables::written_as(&grid), size)).collect()
        })
    }

    /// A short text of a cell over several rows stands in each, as in other documents.
    fn repeat(&self, grid: &mut [Vec<Cell>], first: usize) {
        for (row, line) in self.owners.iter().enumerate().skip(first) {
            for (column, owner) in line.iter().enumerate() {
                if owner.0 < row && owner.1 == column && owner.0 >= first {
                    let above = grid[owner.0 - first][column].clone();
                    if above.is_short() {
                        grid[row - first][column] = above;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kurbo::{Affine, BezPath, Shape};

    use super::{super::rows::tests::word, *};

    fn rules(level: &[f64], upright: &[f64]) -> Rules {
        let mut rules = Rules::default();
        let (left, right) = (upright[0], upright[upright.len() - 1]);
        let (top, bottom) = (level[0], level[level.len() - 1]);
        level.iter().for_each(|y| add(&mut rules, (left, *y), (right, *y)));
        upright.iter().for_each(|x| add(&mut rules, (*x, top), (*x, bottom)));
        rules
    }

    fn add(rules: &mut Rules, from: (f64, f64), to: (f64, f64)) {
        let mut path = BezPath::new();
        path.move_to(from);
        path.line_to(to);
        rules.draw(&path, Affine::IDENTITY, false);
    }

    #[test]
    fn merged_cells_keep_the_others_in_their_columns() {
        let mut rules = rules(&[80.0, 100.0, 120.0, 140.0, 160.0], &[40.0, 300.0]);
        for x in [100.0, 160.0, 230.0] {
            // The first row is a title, and the last one has a cell over two columns.
            add(&mut rules, (x, 100.0), (x, if x == 160.0 { 140.0 } else { 160.0 }));
        }
        let words = [
            ("The rota", 60.0, 94.0),
            ("Day", 50.0, 114.0),
            ("Early", 110.0, 114.0),
            ("Late", 170.0, 114.0),
            ("Night", 240.0, 114.0),
            ("Mon", 50.0, 134.0),
            ("Bob", 170.0, 134.0),
            ("Wed", 50.0, 154.0),
            ("Dora and Flo", 140.0, 154.0),
            ("Eve", 240.0, 154.0),
        ];
        let words: Vec<Word> = words.iter().map(|(text, left, y)| word(text, *left, *y, 10.0)).collect();
        let table = grids(&rules)[0].divide(&words).unwrap().table;
        let texts: Vec<&str> = table.iter().map(|line| line.text.as_str()).collect();
        let expected = [
            "The rota",
            "| Day | Early | Late | Night |",
            "| --- | --- | --- | --- |",
            "| Mon |  | Bob |  |",
            "| Wed | Dora and Flo |  | Eve |",
        ];
        assert_eq!(texts, expected);
    }

    #[test]
    fn a_cell_between_lines_may_have_several_rows() {
        let grids = grids(&rules(&[90.0, 110.0, 150.0, 190.0], &[40.0, 100.0, 300.0, 400.0]));
        let words = [
            ("Above", 50.0, 80.0),
            ("Part", 50.0, 104.0),
            ("About", 110.0, 104.0),
            ("Price", 310.0, 104.0),
            ("VX-1", 50.0, 134.0),
            ("A long text that", 110.0, 126.0),
            ("wraps", 110.0, 138.0),
            ("10.00", 310.0, 134.0),
            ("VX-2", 50.0, 166.0),
            ("Short", 110.0, 166.0),
            ("12.00", 310.0, 166.0),
            ("Below", 50.0, 210.0),
        ];
        let words: Vec<Word> = words.iter().map(|(text, left, y)| word(text, *left, *y, 10.0)).collect();
        let Divided { above, table, below, .. } = grids[0].divide(&words).unwrap();
        let texts: Vec<&str> = table.iter().map(|line| line.text.as_str()).collect();
        let expected = [
            "| Part | About | Price |",
            "| --- | --- | --- |",
            "| VX-1 | A long text that\nwraps | 10.00 |",
            "| VX-2 | Short | 12.00 |",
        ];
        assert_eq!(texts, expected);
        assert_eq!((above[0].text.as_str(), below[0].text.as_str()), ("Above", "Below"));
        // Words beside it may be those of another column of the page.
        let beside = [words, vec![word("beside", 450.0, 130.0, 10.0)]].concat();
        assert!(grids[0].divide(&beside).is_none());
    }

    #[test]
    fn boxes_of_cells_are_one_grid_and_other_lines_are_none() {
        let mut boxes = Rules::default();
        for (x, y) in [(10.0, 10.0), (60.0, 10.0), (10.0, 30.0), (60.0, 30.0)] {
            boxes.draw(&kurbo::Rect::new(x, y, x + 50.0, y + 20.0).to_path(0.1), Affine::IDENTITY, false);
        }
        let found = grids(&boxes);
        assert_eq!(
            (found[0].columns.clone(), found[0].rows.clone()),
            (vec![10.0, 60.0, 110.0], vec![10.0, 30.0, 50.0])
        );
        assert_eq!((found.len(), found[0].count()), (1, 4));
        assert_eq!(grids(&rules(&[10.0, 50.0], &[10.0, 50.0])), []);
        let mut divided = rules(&[10.0, 50.0, 90.0], &[10.0, 50.0, 90.0]);
        assert_eq!(grids(&divided)[0].count(), 4);
        add(&mut divided, (50.0, 30.0), (90.0, 30.0));
        assert_eq!(grids(&divided)[0].count(), 5);
        let mut filled = Rules::default();
        filled.draw(&kurbo::Rect::new(0.0, 0.0, 100.0, 1.0).to_path(0.1), Affine::IDENTITY, true);
        filled.draw(&kurbo::Rect::new(0.0, 0.0, 100.0, 50.0).to_path(0.1), Affine::IDENTITY, true);
        assert_eq!((filled.lines().0.len(), filled.lines().1.len()), (1, 0));
        let mut broken = Rules::default();
        broken.draw(&kurbo::Rect::new(0.0, 0.0, f64::NAN, f64::INFINITY).to_path(0.1), Affine::IDENTITY, false);
        assert_eq!(grids(&broken), []);
    }
}
