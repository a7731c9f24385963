//! Traces the pen that draws a page: where each string begins and ends (ISO 32000-1, 9.4).

use lopdf::Object;

use super::{fonts::Fonts, lines::Line};
use crate::text::extracted::MAX_TEXT_BYTES;

/// Depth of the graphics state stack.
const STATES: usize = 64;
/// A gap of this fraction of the font size is a space.
const SPACE: f64 = 0.17;
/// A step down by these fractions of the font size is a new line, and a new paragraph.
const STEP: (f64, f64) = (0.4, 1.75);

/// A matrix `[a b c d e f]`.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Matrix([f64; 6]);

impl Matrix {
    const ONE: Self = Self([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    /// Applies this matrix first, then the other.
    fn then(self, other: Self) -> Self {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (self.0, other.0);
        Self([a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l])
    }

    fn moved(self, x: f64, y: f64) -> Self {
        Self([1.0, 0.0, 0.0, 1.0, x, y]).then(self)
    }
}

#[derive(Debug, Clone)]
struct State {
    page: Matrix,
    font: Vec<u8>,
    size: f64,
    leading: f64,
    letter_space: f64,
    word_space: f64,
}

impl Default for State {
    fn default() -> Self {
        let (page, font) = (Matrix::ONE, Vec::new());
        Self { page, font, size: 1.0, leading: 0.0, letter_space: 0.0, word_space: 0.0 }
    }
}

#[derive(Debug)]
pub(super) struct Pen {
    state: State,
    states: Vec<State>,
    text: Matrix,
    line: Matrix,
    end: Option<(f64, f64)>,
    lines: Vec<Line>,
    bytes: usize,
}

impl Default for Pen {
    fn default() -> Self {
        let (state, text, line) = (State::default(), Matrix::ONE, Matrix::ONE);
        Self { state, states: Vec::new(), text, line, end: None, lines: Vec::new(), bytes: 0 }
    }
}

fn numbers<const N: usize>(operands: &[Object]) -> Option<[f64; N]> {
    let mut all = [0.0; N];
    for (place, operand) in all.iter_mut().zip(operands.get(..N)?) {
        *place = f64::from(operand.as_float().ok()?);
    }
    all.iter().all(|number| number.is_finite()).then_some(all)
}

impl Pen {
    pub(super) fn lines(self) -> Vec<Line> {
        self.lines.into_iter().filter(|line| !line.text.trim().is_empty()).collect()
    }

    /// Whether the text exceeds the limit of a document.
    pub(super) fn is_full(&self) -> bool {
        self.bytes > MAX_TEXT_BYTES
    }

    /// Draws a form, transformed by its matrix.
    pub(super) fn within(&mut self, matrix: Option<&Object>, draw: impl FnOnce(&mut Self)) {
        let (state, states) = (self.state.clone(), std::mem::take(&mut self.states));
        if let Some(matrix) = matrix.and_then(|matrix| numbers(matrix.as_array().ok()?)) {
            self.state.page = Matrix(matrix).then(self.state.page);
        }
        draw(self);
        (self.state, self.states) = (state, states);
    }

    pub(super) fn step(&mut self, operator: &str, operands: &[Object], fonts: &mut Fonts<'_>) {
        match operator {
            "BT" => (self.text, self.line) = (Matrix::ONE, Matrix::ONE),
            "Tm" => {
                if let Some(matrix) = numbers(operands) {
                    (self.text, self.line) = (Matrix(matrix), Matrix(matrix));
                }
            }
            "Td" | "TD" => {
                let Some([x, y]) = numbers(operands) else { return };
                if operator == "TD" {
                    self.state.leading = -y;
                }
                self.next_line(x, y);
            }
            "T*" => self.next_line(0.0, -self.state.leading),
            "Tj" => self.show_all(operands.iter().take(1), fonts),
            "TJ" => {
                if let Some(Ok(parts)) = operands.first().map(Object::as_array) {
                    self.show_all(parts.iter(), fonts);
                }
            }
            "'" | "\"" => {
                if let Some([word, letter]) = numbers(operands).filter(|_| operator == "\"") {
                    (self.state.word_space, self.state.letter_space) = (word, letter);
                }
                self.next_line(0.0, -self.state.leading);
                self.show_all(operands.iter().rev().take(1), fonts);
            }
            _ => self.set(operator, operands),
        }
    }

    fn set(&mut self, operator: &str, operands: &[Object]) {
        match (operator, numbers::<1>(operands)) {
            ("q", _) if self.states.len() < STATES => self.states.push(self.state.clone()),
            ("Q", _) => self.state = self.states.pop().unwrap_or_else(|| self.state.clone()),
            ("cm", _) => {
                if let Some(matrix) = numbers(operands) {
                    self.state.page = Matrix(matrix).then(self.state.page);
                }
            }
            ("Tf", _) => {
                if let (Some(Ok(name)), Some(Ok(size))) =
                    (operands.first().map(Object::as_name), operands.get(1).map(Object::as_float))
                {
                    (self.state.font, self.state.size) = (name.to_vec(), f64::from(size));
                }
            }
            ("TL", Some([leading])) => self.state.leading = leading,
            ("Tc", Some([space])) => self.state.letter_space = space,
            ("Tw", Some([space])) => self.state.word_space = space,
            _ => {}
        }
    }

    fn next_line(&mut self, x: f64, y: f64) {
        self.line = self.line.moved(x, y);
        self.text = self.line;
    }

    /// Strings, and moves back between them in thousandths of the font size.
    fn show_all<'o>(&mut self, parts: impl Iterator<Item = &'o Object>, fonts: &mut Fonts<'_>) {
        for part in parts {
            match part {
                Object::String(string, _) => self.show(string, fonts),
                step => {
                    let step = f64::from(step.as_float().unwrap_or(0.0));
                    self.text = self.text.moved(-step / 1000.0 * self.state.size, 0.0);
                }
            }
        }
    }

    fn show(&mut self, string: &[u8], fonts: &mut Fonts<'_>) {
        let name = std::mem::take(&mut self.state.font);
        let font = fonts.get(&name);
        let (text, (width, glyphs, spaces)) =
            font.map_or_else(|| (String::new(), (0.0, 0, 0)), |font| (font.text(string), font.width(string)));
        self.state.font = name;
        let State { size, letter_space, word_space, page, .. } = self.state;
        let [a, b, _, d, x, y] = self.text.then(page).0;
        // The size on the page, whether it is set by the font or by a matrix.
        let seen = size.abs() * a.hypot(b).max(d.abs()).max(f64::MIN_POSITIVE);
        self.place(&text, (x, y), seen);
        let advance = width / 1000.0 * size + letter_space * glyphs as f64 + word_space * spaces as f64;
        self.text = self.text.moved(advance, 0.0);
        let [.., x, y] = self.text.then(page).0;
        self.end = Some((x, y));
    }

    /// Appends a string to the text, after the space or line break that its position implies.
    fn place(&mut self, text: &str, (x, y): (f64, f64), size: f64) {
        if text.is_empty() {
            return;
        }
        self.bytes += text.len();
        let down = self.end.map(|(_, end)| (end - y) / size);
        let right = self.end.map_or(0.0, |(end, _)| (x - end) / size);
        match (self.lines.last_mut(), down) {
            (Some(line), Some(down)) if down.abs() < STEP.0 => {
                // A far step to the left is also a new line, and one to the right a column.
                if right.abs() > SPACE && !line.text.ends_with(char::is_whitespace) && !text.starts_with(' ') {
                    line.text.push(' ');
                }
                line.text.push_str(text);
                line.size = line.size.max(size);
            }
            (_, down) => {
                let paragraph = down.is_none_or(|down| !(0.0..STEP.1).contains(&down));
                self.lines.push(Line { text: text.to_owned(), size, paragraph });
            }
        }
    }
}
