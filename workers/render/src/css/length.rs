//! Reads lengths in every unit that has a meaning on paper, computes `calc()`, and converts to points.

use cssparser::{Parser, Token};

use super::reason::{Failure, Reason};
use super::style::Length;

/// The longest length, in points: 35 metres.
const MOST: f64 = 100_000.0;

/// A length as written: the sum of its parts, within bounds that `min()`, `max()` and `clamp()` set.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Len {
    pub pt: f64,
    pub em: f64,
    pub rem: f64,
    /// 100 is the whole.
    pub percent: f64,
    /// 100 is the page's width or height between its margins.
    pub vw: f64,
    pub vh: f64,
    /// The least and the most; the least wins.
    pub bounds: (Option<Sum>, Option<Sum>),
}

/// A sum of points, `em`, `rem`, percent, `vw` and `vh`.
pub(super) type Sum = [f64; 6];

#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// The element's font size, in points.
    pub em: f64,
    pub rem: f64,
    /// The page's width and height between its margins, in points.
    pub view: (f64, f64),
}

impl Len {
    pub fn pt(pt: f64) -> Self {
        Self { pt, ..Self::default() }
    }

    pub fn new(value: f64, unit: &str) -> Result<Self, Reason> {
        let zero = Self::default();
        let len = match unit.to_ascii_lowercase().as_str() {
            "px" => Self::pt(value * 0.75),
            "pt" => Self::pt(value),
            "pc" => Self::pt(value * 12.0),
            "in" => Self::pt(value * 72.0),
            "cm" => Self::pt(value * 72.0 / 2.54),
            "mm" => Self::pt(value * 72.0 / 25.4),
            "q" => Self::pt(value * 72.0 / 101.6),
            "em" => Self { em: value, ..zero },
            "ex" | "ch" => Self { em: value * 0.5, ..zero },
            "rem" => Self { rem: value, ..zero },
            // A page is what a window is.
            "vw" | "vi" | "dvw" | "svw" | "lvw" => Self { vw: value, ..zero },
            "vh" | "vb" | "dvh" | "svh" | "lvh" => Self { vh: value, ..zero },
            "vmin" | "vmax" if value >= 0.0 => {
                let height = Some(Self { vh: value, ..zero }.sum());
                let bounds = if unit.eq_ignore_ascii_case("vmin") { (None, height) } else { (height, None) };
                Self { vw: value, bounds, ..zero }
            }
            _ => {
                return Err(Reason::new(format!(
                    "there is no unit `{unit}` here; use px, pt, mm, cm, in, pc, q, em, rem, ex, ch or %"
                )));
            }
        };
        Ok(len)
    }

    fn sum(&self) -> Sum {
        [self.pt, self.em, self.rem, self.percent, self.vw, self.vh]
    }

    fn of([pt, em, rem, percent, vw, vh]: Sum) -> Self {
        Self { pt, em, rem, percent, vw, vh, bounds: (None, None) }
    }

    fn is_bounded(&self) -> bool {
        self.bounds != (None, None)
    }

    /// The sum and its bounds.
    fn sums(&self) -> impl Iterator<Item = Sum> {
        [Some(self.sum()), self.bounds.0, self.bounds.1].into_iter().flatten()
    }

    pub fn has_percent(&self) -> bool {
        self.sums().any(|sum| sum[3] != 0.0)
    }

    /// Whether it depends on the page.
    pub fn has_view(&self) -> bool {
        self.sums().any(|sum| sum[4] != 0.0 || sum[5] != 0.0)
    }

    /// Whether it is surely below zero.
    pub fn is_negative(&self) -> bool {
        let is_negative = |sum: Sum| sum.iter().all(|part| *part <= 0.0) && sum != Sum::default();
        self.sums().all(is_negative)
    }

    /// `None` if both have bounds.
    fn with(self, other: Self, operation: impl Fn(f64, f64) -> f64) -> Option<Self> {
        let both = |left: Sum, right: Sum| std::array::from_fn(|part| operation(left[part], right[part]));
        let (left, right) = (self.sum(), other.sum());
        let bounds = match (self.is_bounded(), other.is_bounded()) {
            (true, true) => return None,
            (_, false) => (self.bounds.0.map(|least| both(least, right)), self.bounds.1.map(|most| both(most, right))),
            (false, true) => {
                (other.bounds.0.map(|least| both(left, least)), other.bounds.1.map(|most| both(left, most)))
            }
        };
        Some(Self { bounds, ..Self::of(both(left, right)) })
    }

    fn scaled(self, factor: f64) -> Self {
        let scaled = |sum: Sum| sum.map(|part| part * factor);
        let (least, most) = (self.bounds.0.map(scaled), self.bounds.1.map(scaled));
        let bounds = if factor < 0.0 { (most, least) } else { (least, most) };
        Self { bounds, ..Self::of(scaled(self.sum())) }
    }

    /// In points; 100 % is `whole`.
    pub fn points(&self, by: Measure, whole: f64) -> f64 {
        let points = |[pt, em, rem, percent, vw, vh]: Sum| {
            let view = vw / 100.0 * by.view.0 + vh / 100.0 * by.view.1;
            bounded(pt + em * by.em + rem * by.rem + percent / 100.0 * whole + view)
        };
        let most = self.bounds.1.map_or(f64::INFINITY, points);
        let least = self.bounds.0.map_or(f64::NEG_INFINITY, points);
        points(self.sum()).min(most).max(least)
    }

    /// Of a bounded length that is a share of the width in one part only, the parts that are none: how wide the box
    /// around is, is not known here.
    fn without_bounds(&self, by: Measure) -> Self {
        let is_share = |sum: &Sum| sum[3] != 0.0;
        if !self.sums().any(|sum| is_share(&sum)) {
            return Self::pt(self.points(by, 0.0));
        }
        let (least, most) = self.bounds;
        match (least, most) {
            // Between two lengths, a share most often is what it says.
            (Some(_), Some(_)) => Self::of(self.sum()),
            _ => Self::of(self.sums().find(|sum| !is_share(sum)).unwrap_or_else(|| self.sum())),
        }
    }

    pub fn resolved(&self, by: Measure) -> Length {
        if self.is_bounded() {
            return self.without_bounds(by).resolved(by);
        }
        if self.has_percent() && (*self != Self { percent: self.percent, ..Self::default() }) {
            Length::Sum(bounded(self.percent), Self { percent: 0.0, ..*self }.points(by, 0.0))
        } else if self.has_percent() {
            Length::Percent(bounded(self.percent))
        } else if self.em != 0.0 && *self == (Self { em: self.em, ..Self::default() }) {
            Length::Em(bounded(self.em))
        } else {
            Length::Pt(self.points(by, 0.0))
        }
    }
}

fn bounded(value: f64) -> f64 {
    if value.is_finite() { value.clamp(-MOST, MOST) } else { 0.0 }
}

/// An operand of `calc()`.
#[derive(Debug, Clone, Copy)]
pub(super) enum Amount {
    Number(f64),
    Length(Len),
}

/// The sum inside `calc(`.
pub(super) fn sum(input: &mut Parser<'_>) -> Result<Amount, Failure> {
    let mut total = product(input)?;
    loop {
        let before = input.state();
        let sign = match input.next() {
            Err(_) => return checked(total),
            Ok(Token::Comma) => {
                input.reset(&before);
                return checked(total);
            }
            Ok(Token::Delim('+')) => 1.0,
            Ok(Token::Delim('-')) => -1.0,
            // `1em -2pt` is two values: CSS requires spaces around the sign.
            Ok(_) => return Err(Failure::unexpected_token()),
        };
        total = match (total, product(input)?) {
            (Amount::Number(left), Amount::Number(right)) => Amount::Number(left + sign * right),
            (Amount::Length(left), Amount::Length(right)) => {
                let right = right.scaled(sign);
                Amount::Length(left.with(right, |left, right| left + right).ok_or_else(mixed)?)
            }
            _ => return Reason::fails("a number can't be added to a length"),
        };
    }
}

fn product(input: &mut Parser<'_>) -> Result<Amount, Failure> {
    let mut total = factor(input)?;
    loop {
        let before = input.state();
        let divides = match input.next() {
            Ok(Token::Delim('*')) => false,
            Ok(Token::Delim('/')) => true,
            _ => {
                input.reset(&before);
                return Ok(total);
            }
        };
        total = match (total, factor(input)?, divides) {
            (Amount::Number(left), Amount::Number(right), false) => Amount::Number(left * right),
            (Amount::Number(left), Amount::Number(right), true) => Amount::Number(left / right),
            (Amount::Length(len), Amount::Number(by), false) | (Amount::Number(by), Amount::Length(len), false) => {
                Amount::Length(len.scaled(by))
            }
            (Amount::Length(len), Amount::Number(by), true) => Amount::Length(len.scaled(1.0 / by)),
            _ => return Reason::fails("lengths can't be multiplied by lengths, nor divided by them"),
        };
    }
}

fn factor(input: &mut Parser<'_>) -> Result<Amount, Failure> {
    match input.next()?.clone() {
        Token::Number { value, .. } => Ok(Amount::Number(f64::from(value))),
        Token::Percentage { unit_value, .. } => Ok(Amount::Length(percent(unit_value))),
        Token::Dimension { value, unit, .. } => Ok(Amount::Length(Len::new(f64::from(value), &unit)?)),
        Token::ParenthesisBlock => input.parse_nested_block(sum),
        Token::Function(name) => function(&name, input).unwrap_or_else(|| Err(Failure::unexpected_token())),
        _ => Err(Failure::unexpected_token()),
    }
}

/// `calc()`, `min()`, `max()` or `clamp()`; `None` for other functions.
pub(super) fn function(name: &str, input: &mut Parser<'_>) -> Option<Result<Amount, Failure>> {
    let choice = match name.to_ascii_lowercase().as_str() {
        "calc" => return Some(input.parse_nested_block(whole)),
        "min" => Choice::Least,
        "max" => Choice::Most,
        "clamp" => Choice::Between,
        _ => return None,
    };
    Some(input.parse_nested_block(|input| {
        let amounts = input.parse_comma_separated(sum)?;
        chosen(choice, &amounts).map_err(Failure::from)
    }))
}

/// A sum with nothing after it.
fn whole(input: &mut Parser<'_>) -> Result<Amount, Failure> {
    let total = sum(input)?;
    input.expect_exhausted()?;
    Ok(total)
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice {
    Least,
    Most,
    Between,
}

fn mixed() -> Reason {
    Reason::new("`min()`, `max()` and `clamp()` compare two lengths; use fewer")
}

fn chosen(choice: Choice, amounts: &[Amount]) -> Result<Amount, Reason> {
    let pick = |choice, left: Amount, right: Amount| match (left, right) {
        (Amount::Number(left), Amount::Number(right)) => {
            Ok(Amount::Number(if choice == Choice::Least { left.min(right) } else { left.max(right) }))
        }
        (Amount::Length(left), Amount::Length(right)) => limited(choice, left, right).map(Amount::Length),
        _ => Err(Reason::new("a number can't be compared with a length")),
    };
    match (choice, amounts) {
        (Choice::Between, [least, amount, most]) => pick(Choice::Most, pick(Choice::Least, *amount, *most)?, *least),
        (Choice::Between, _) => Err(Reason::new("`clamp()` takes three lengths")),
        (_, [first, rest @ ..]) => rest.iter().try_fold(*first, |left, right| pick(choice, left, *right)),
        (_, []) => Err(Reason::NotUnderstood),
    }
}

/// The lesser or greater of two lengths: at once where they differ in one unit, else where the sizes are known.
fn limited(choice: Choice, left: Len, right: Len) -> Result<Len, Reason> {
    let is_least = choice == Choice::Least;
    if !left.is_bounded() && !right.is_bounded() {
        let differ: Vec<f64> = left.sum().iter().zip(right.sum()).map(|(l, r)| l - r).filter(|by| *by != 0.0).collect();
        if let [] | [_] = differ.as_slice() {
            let is_left = differ.first().is_none_or(|by| (*by < 0.0) == is_least);
            return Ok(if is_left { left } else { right });
        }
    }
    let (inner, limit) = if right.is_bounded() { (right, left) } else { (left, right) };
    if limit.is_bounded() {
        return Err(mixed());
    }
    let limit = Some(limit.sum());
    match (inner.bounds, is_least) {
        ((None, None), true) => Ok(Len { bounds: (None, limit), ..inner }),
        // The least wins, so it can be added to the most, not the other way round.
        ((None, most), false) => Ok(Len { bounds: (limit, most), ..inner }),
        _ => Err(mixed()),
    }
}

fn checked(total: Amount) -> Result<Amount, Failure> {
    match total {
        Amount::Number(value) if !value.is_finite() => Reason::fails("it divides by zero"),
        Amount::Length(len) if len.sums().any(|sum| !sum.iter().sum::<f64>().is_finite()) => {
            Reason::fails("it divides by zero")
        }
        total => Ok(total),
    }
}

/// A percentage; cssparser gives hundredths.
pub(super) fn percent(unit_value: f32) -> Len {
    // Through the decimal text, so that 33.3 % is 33.3 and not 33.29999923.
    let value = format!("{}", f64::from(unit_value) * 100.0);
    let value = value.parse::<f64>().map_or(0.0, |value| (value * 1e5).round() / 1e5);
    Len { percent: value, ..Len::default() }
}
