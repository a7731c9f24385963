//! Collects the lines and the grounds that a page draws.

use kurbo::{Affine, BezPath, PathEl, Point, Rect};

/// Lines at one place, and those that touch, differ by less than this, in points.
pub(super) const NEAR: f64 = 3.0;
/// A filled path that is thinner is a line, in points.
const THIN: f64 = 3.0;
/// A page with more lines has a drawing.
const LINES: usize = 4_000;
/// The parts of a path that is a ground.
const CORNERS: usize = 12;

/// A line along one direction: its place across it, and its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) at: f64,
    pub(super) from: f64,
    pub(super) to: f64,
}

/// The lines that a page draws, level and upright ones, and the grounds of what stands on it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Rules {
    level: Vec<Rule>,
    upright: Vec<Rule>,
    grounds: Vec<Rect>,
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
            } else if path.elements().len() <= CORNERS && bounds.is_finite() && self.grounds.len() < LINES {
                self.grounds.push(bounds);
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

    /// The level lines and the upright ones, those that touch each other joined; none if there are too many.
    pub(super) fn lines(&self) -> (Vec<Rule>, Vec<Rule>) {
        match self.level.len() + self.upright.len() > LINES {
            true => (Vec::new(), Vec::new()),
            false => (merged(&self.level), merged(&self.upright)),
        }
    }

    /// The upper and lower ends of grounds. Those of neighbours, as cells have them, are one.
    pub(super) fn edges(&self) -> Vec<Rule> {
        if self.grounds.len() >= LINES {
            return Vec::new();
        }
        let mut grounds = self.grounds.clone();
        grounds.sort_by(|a, b| a.y0.total_cmp(&b.y0).then(a.x0.total_cmp(&b.x0)));
        let mut wide: Vec<Rect> = Vec::new();
        for ground in grounds {
            let goes_on =
                |last: &&mut Rect| near(last.y0, ground.y0) && near(last.y1, ground.y1) && ground.x0 < last.x1 + NEAR;
            match wide.last_mut().filter(goes_on) {
                Some(last) => last.x1 = last.x1.max(ground.x1),
                None => wide.push(ground),
            }
        }
        let edge = |ground: &Rect, at: f64| Rule { at, from: ground.x0, to: ground.x1 };
        wide.iter().flat_map(|ground| [edge(ground, ground.y0), edge(ground, ground.y1)]).collect()
    }
}

pub(super) fn near(a: f64, b: f64) -> bool {
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
pub(super) fn alike(rules: &[Rule]) -> Vec<Vec<Rule>> {
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

pub(super) fn places(rules: &[Rule]) -> Vec<f64> {
    let mut places: Vec<f64> = rules.iter().map(|rule| rule.at).collect();
    places.sort_by(f64::total_cmp);
    // The two edges of a thick line, or the lines of neighbours.
    places.dedup_by(|b, a| near(*a, *b));
    places
}
