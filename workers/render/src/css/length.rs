//! Reads lengths in every unit that has a meaning on paper, computes `calc()`, and converts to points.

use cssparser::{Parser, Token};

use super::reason::{Failure, Reason};
use super::style::Length;

/// The longest length, in points: 35 metres.
const MOST: f64 = 100_000.0;

/// A length as written: the sum of its parts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Len {
    pub pt: f64,
    pub em: f64,
    pub rem: f64,
    /// 100 is the whole.
    pub percent: f64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// The element's font size, in points.
    pub em: f64,
    pub rem: f64,
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
            "vw" | "vh" | "vmin" | "vmax" | "vi" | "vb" | "dvh" | "dvw" | "svh" | "svw" | "lvh" | "lvw" => {
                return Err(Reason::new(format!("`{unit}` measures a window; use `%` or `mm`")));
            }
            _ => {
                return Err(Reason::new(format!(
                    "there is no unit `{unit}` here; use px, pt, mm, cm, in, pc, q, em, rem, ex, ch or %"
                )));
            }
        };
        Ok(len)
    }

    pub fn has_percent(&self) -> bool {
        self.percent != 0.0
    }

    /// Whether it is surely below zero.
    pub fn is_negative(&self) -> bool {
        [self.pt, self.em, self.rem, self.percent].iter().all(|part| *part <= 0.0) && *self != Self::default()
    }

    fn with(self, other: Self, operation: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            pt: operation(self.pt, other.pt),
            em: operation(self.em, other.em),
            rem: operation(self.rem, other.rem),
            percent: operation(self.percent, other.percent),
        }
    }

    fn scaled(self, factor: f64) -> Self {
        self.with(self, |part, _| part * factor)
    }

    /// In points; 100 % is `whole`.
    pub fn points(&self, by: Measure, whole: f64) -> f64 {
        bounded(self.pt + self.em * by.em + self.rem * by.rem + self.percent / 100.0 * whole)
    }

    pub fn resolved(&self, by: Measure) -> Length {
        if self.has_percent() && (self.pt, self.em, self.rem) != (0.0, 0.0, 0.0) {
            Length::Sum(bounded(self.percent), Self { percent: 0.0, ..*self }.points(by, 0.0))
        } else if self.has_percent() {
            Length::Percent(bounded(self.percent))
        } else if self.em != 0.0 && self.pt == 0.0 && self.rem == 0.0 {
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
        let sign = match input.next() {
            Err(_) => return checked(total),
            Ok(Token::Delim('+')) => 1.0,
            Ok(Token::Delim('-')) => -1.0,
            // `1em -2pt` is two values: CSS requires spaces around the sign.
            Ok(_) => return Err(Failure::unexpected_token()),
        };
        total = match (total, product(input)?) {
            (Amount::Number(left), Amount::Number(right)) => Amount::Number(left + sign * right),
            (Amount::Length(left), Amount::Length(right)) => Amount::Length(left.with(right, |l, r| l + sign * r)),
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
        Token::Function(name) if name.eq_ignore_ascii_case("calc") => input.parse_nested_block(sum),
        _ => Err(Failure::unexpected_token()),
    }
}

fn checked(total: Amount) -> Result<Amount, Failure> {
    match total {
        Amount::Number(value) if !value.is_finite() => Reason::fails("it divides by zero"),
        Amount::Length(Len { pt, em, rem, percent }) if !(pt + em + rem + percent).is_finite() => {
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
