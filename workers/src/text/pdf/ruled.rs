//! Tables with ruled lines around all cells: what stands between the lines is a cell, however many rows of text it has.

use kurbo::{Affine, BezPath, PathEl, Point};

use super::{
    lines::Line,
    tables::{self, Cell},
    words::Word,
};

/// Lines at one place, and those that touch, differ by less than this, in points.
const NEAR: f64 = 3.0;
/// A filled path that is thinner is a line, in points.
const THIN: f64 = 3.0;
/// A page with more lines has a drawing.
const LINES: usize = 4_000;
/// The most tables of a page.
const GRIDS: usize = 100;
/// The most words of a cell on average: more are text in boxes.
const WORDS: usize = 30;

/// A line along one direction: its place across it, and its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Rule {
    at: f64,
    from: f64,
    to: f64,
}

/// The lines that a page draws, level and upright ones.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rules {
    level: Vec<Rule>,
    upright: Vec<Rule>,
}

impl Rules {
    pub(super) fn draw(&mut self, path: &BezPath, transform: Affine, is_filled: bool) {
        if self.level.len() + self.upright.len() > LINES {
            return;
        }
        if is_filled {
            let bounds = transform.transform_rect_bbox(path.control_box());
            if bounds.width().min(bounds.height()) < THIN {
                self.add(Point::new(bounds.x0, bounds.y0), Point::new(bounds.x1, bounds.y1));
            }
            return;
        }
        let (mut first, mut last) = (Point::ZERO, Point::ZERO);
        for element in path.elements().iter().take(LINES) {
            let to = match element {
                PathEl::MoveTo(to) => {
                    (first, last) = (*to, *to);
                    continue;
                }
                PathEl::LineTo(to) => *to,
                PathEl::ClosePath => first,
                PathEl::QuadTo(_, to) | PathEl::CurveTo(_, _, to) => {
                    last = *to;
                    continue;
                }
            };
            self.add(transform * last, transform * to);
            last = to;
        }
    }

    fn add(&mut self, a: Point, b: Point) {
        let (width, height) = ((a.x - b.x).abs(), (a.y - b.y).abs());
        // Not a number is neither.
        if height < THIN && width > THIN && width.is_finite() {
            self.level.push(Rule { at: f64::midpoint(a.y, b.y), from: a.x.min(b.x), to: a.x.max(b.x) });
        } else if width < THIN && height > THIN && height.is_finite() {
            self.upright.push(Rule { at: f64::midpoint(a.x, b.x), from: a.y.min(b.y), to: a.y.max(b.y) });
        }
    }

    /// The grids that they make, from top to bottom: at least two columns and two rows, all lines from end to end.
    pub(super) fn grids(&self) -> Vec<Grid> {
        if self.level.len() + self.upright.len() > LINES {
            return Vec::new();
        }
        let level = merged(&self.level);
        let mut grids: Vec<Grid> = Vec::new();
        let upright = merged(&self.upright);
        for group in alike(&upright) {
            let columns = places(&group);
            let (Some(first), Some(left), Some(right)) = (group.first(), columns.first(), columns.last()) else {
                continue;
            };
            let spans = |rule: &&Rule| near(rule.from, *left) && near(rule.to, *right);
            let within = |rule: &&Rule| rule.at > first.from - NEAR && rule.at < first.to + NEAR;
            let rows = places(&level.iter().filter(spans).filter(within).copied().collect::<Vec<_>>());
            let ends = rows.first().is_some_and(|top| near(*top, first.from))
                && rows.last().is_some_and(|bottom| near(*bottom, first.to));
            let grid = Grid { columns, rows };
            if ends && grid.columns.len() > 2 && grid.rows.len() > 2 && !grid.is_divided(&level, &upright) {
                grids.push(grid);
            }
        }
        grids.sort_by(|a, b| a.rows[0].total_cmp(&b.rows[0]));
        grids.truncate(GRIDS);
        grids
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < NEAR
}

/// Lines in one place that touch each other are one.
fn merged(rules: &[Rule]) -> Vec<Rule> {
    let mut rules = rules.to_vec();
    rules.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut found: Vec<Rule> = Vec::new();
    for place in rules.chunk_by(|a, b| b.at - a.at < NEAR / 2.0) {
        let mut place = place.to_vec();
        place.sort_by(|a, b| a.from.total_cmp(&b.from));
        let begin = found.len();
        for rule in place {
            match found[begin..].last_mut() {
                Some(last) if rule.from < last.to + NEAR => last.to = last.to.max(rule.to),
                _ => found.push(rule),
            }
        }
    }
    found
}

/// Lines with the same ends.
fn alike(rules: &[Rule]) -> Vec<Vec<Rule>> {
    let mut groups: Vec<Vec<Rule>> = Vec::new();
    for rule in rules.iter().copied() {
        let same =
            |group: &&mut Vec<Rule>| group.first().is_some_and(|a| near(a.from, rule.from) && near(a.to, rule.to));
        match groups.iter_mut().find(same) {
            Some(group) => group.push(rule),
            None => groups.push(vec![rule]),
        }
    }
    groups
}

fn places(rules: &[Rule]) -> Vec<f64> {
    let mut places: Vec<f64> = rules.iter().map(|rule| rule.at).collect();
    places.sort_by(f64::total_cmp);
    // The two edges of a thick line, or the lines of neighbours.
    places.dedup_by(|b, a| near(*a, *b));
    places
}

/// Where the lines of a table are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Grid {
    columns: Vec<f64>,
    rows: Vec<f64>,
}

impl Grid {
    /// The middle of a word's letters.
    fn height(word: &Word) -> f64 {
        word.y - 0.3 * word.size
    }

    /// Whether lines from one of its lines to another go through only some of its rows or columns: then cells are merged.
    fn is_divided(&self, level: &[Rule], upright: &[Rule]) -> bool {
        let at = |places: &[f64], x: f64| places.iter().position(|place| near(*place, x));
        let part = |across: &[f64], along: &[f64], rule: &Rule| {
            let within = rule.at > across[0] && rule.at < across[across.len() - 1];
            let ends = at(along, rule.from).zip(at(along, rule.to));
            within && ends.is_some_and(|(from, to)| to > from && to - from + 1 < along.len())
        };
        level.iter().any(|rule| part(&self.rows, &self.columns, rule))
            || upright.iter().any(|rule| part(&self.columns, &self.rows, rule))
    }

    fn is_above(&self, word: &Word) -> bool {
        self.rows.first().is_some_and(|top| Self::height(word) < *top)
    }

    fn is_below(&self, word: &Word) -> bool {
        self.rows.last().is_some_and(|bottom| Self::height(word) > *bottom)
    }

    /// The words of a page above it, its lines as a table, and the other words; nothing if it is none, or if words stand
    /// beside it.
    pub(super) fn divide(&self, words: &[Word]) -> Option<(Vec<Word>, Vec<Line>, Vec<Word>)> {
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
        Some((above, table, below))
    }

    fn table(&self, words: &[Word]) -> Option<Vec<Line>> {
        let (columns, height) = (self.columns.len() - 1, self.rows.len() - 1);
        let mut cells: Vec<Vec<Vec<Word>>> = vec![vec![Vec::new(); columns]; height];
        for word in words {
            let column = self.columns.partition_point(|line| *line < word.middle()).checked_sub(1)?;
            let row = self.rows.partition_point(|line| *line < Self::height(word)).checked_sub(1)?;
            cells.get_mut(row)?.get_mut(column)?.push(word.clone());
        }
        let mut grid: Vec<Vec<Cell>> =
            cells.into_iter().map(|row| row.into_iter().map(Cell::new).collect()).collect::<Vec<_>>();
        grid.retain(|row| row.iter().any(|cell| !cell.is_empty()));
        let filled = grid.iter().flatten().filter(|cell| !cell.is_empty()).count();
        let is_clear = grid.len() > 1
            && filled * 2 >= grid.len() * columns
            && words.len() <= WORDS * filled
            && grid[0].iter().filter(|cell| !cell.is_empty()).count() > 1;
        let size = words.first().map_or(1.0, |word| word.size);
        is_clear.then(|| Line::table(tables::written_as(&grid), size).collect())
    }
}

#[cfg(test)]
mod tests {
    use kurbo::Shape;

    use super::{super::rows::tests::word, *};

    fn rules(level: &[f64], upright: &[f64]) -> Rules {
        let mut rules = Rules::default();
        let (left, right) = (upright[0], upright[upright.len() - 1]);
        let (top, bottom) = (level[0], level[level.len() - 1]);
        let mut line = |from: (f64, f64), to: (f64, f64)| {
            let mut path = BezPath::new();
            path.move_to(from);
            path.line_to(to);
            rules.draw(&path, Affine::IDENTITY, false);
        };
        level.iter().for_each(|y| line((left, *y), (right, *y)));
        upright.iter().for_each(|x| line((*x, top), (*x, bottom)));
        rules
    }

    #[test]
    fn a_cell_between_lines_may_have_several_rows() {
        let grids = rules(&[90.0, 110.0, 150.0, 190.0], &[40.0, 100.0, 300.0, 400.0]).grids();
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
        let (above, table, below) = grids[0].divide(&words).unwrap();
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
        assert_eq!(grids[0].divide(&beside), None);
    }

    #[test]
    fn boxes_of_cells_are_one_grid_and_other_lines_are_none() {
        let mut boxes = Rules::default();
        for (x, y) in [(10.0, 10.0), (60.0, 10.0), (10.0, 30.0), (60.0, 30.0)] {
            boxes.draw(&kurbo::Rect::new(x, y, x + 50.0, y + 20.0).to_path(0.1), Affine::IDENTITY, false);
        }
        assert_eq!(boxes.grids(), [Grid { columns: vec![10.0, 60.0, 110.0], rows: vec![10.0, 30.0, 50.0] }]);
        assert_eq!(rules(&[10.0, 50.0], &[10.0, 50.0]).grids(), []);
        let mut divided = rules(&[10.0, 50.0, 90.0], &[10.0, 50.0, 90.0]);
        assert_eq!(divided.grids().len(), 1);
        divided.level.push(Rule { at: 30.0, from: 50.0, to: 90.0 });
        assert_eq!(divided.grids(), []);
        let mut filled = Rules::default();
        filled.draw(&kurbo::Rect::new(0.0, 0.0, 100.0, 1.0).to_path(0.1), Affine::IDENTITY, true);
        filled.draw(&kurbo::Rect::new(0.0, 0.0, 100.0, 50.0).to_path(0.1), Affine::IDENTITY, true);
        assert_eq!((filled.level.len(), filled.upright.len()), (1, 0));
        let mut broken = Rules::default();
        broken.draw(&kurbo::Rect::new(0.0, 0.0, f64::NAN, f64::INFINITY).to_path(0.1), Affine::IDENTITY, false);
        assert_eq!(broken.grids(), []);
    }
}
