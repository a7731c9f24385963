//! Parses a value into components: idents, strings, numbers, lengths, colours. Properties see no tokens.

use cssparser::{ParseErrorKind, Parser, Token};

use super::color::{self, SpecifiedColor};
use super::length::{self, Amount, Len, percent};
use super::reason::{Failure, Reason};

/// The most components of a value.
const PARTS: usize = 256;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Component {
    /// As written, and in lower case.
    Ident(String, String),
    String(String),
    Number(f64),
    Length(Len),
    /// A colour that is not a single ident.
    Color(SpecifiedColor),
    Url(String),
    Function(String, Vec<Component>),
    Comma,
    Slash,
}

impl Component {
    /// In lower case.
    pub fn ident(&self) -> Option<&str> {
        match self {
            Self::Ident(_, lower) => Some(lower),
            _ => None,
        }
    }

    /// A length; 0 counts as one.
    pub fn len(&self) -> Option<Len> {
        match self {
            Self::Length(len) => Some(*len),
            Self::Number(0.0) => Some(Len::default()),
            _ => None,
        }
    }

    pub fn color(&self) -> Option<SpecifiedColor> {
        match self {
            Self::Color(color) => Some(*color),
            Self::Ident(_, ident) => color::named(ident),
            _ => None,
        }
    }
}

pub(super) fn components(value: &str) -> Result<Vec<Component>, Reason> {
    let mut input = Parser::new(value);
    all(&mut input).map_err(|failure| match failure.kind {
        ParseErrorKind::Custom(reason) => reason,
        ParseErrorKind::Basic(_) => Reason::NotUnderstood,
    })
}

fn all(input: &mut Parser<'_>) -> Result<Vec<Component>, Failure> {
    let mut found = Vec::new();
    loop {
        input.skip_whitespace();
        let before = input.state();
        let token = match input.next() {
            Err(_) => return Ok(found),
            Ok(token) => token.clone(),
        };
        if found.len() == PARTS {
            return Reason::fails("it is too long");
        }
        found.push(match token {
            Token::Ident(ident) => Component::Ident(ident.to_string(), ident.to_ascii_lowercase()),
            Token::QuotedString(text) => Component::String(text.to_string()),
            Token::Number { value, .. } if value.is_finite() => Component::Number(decimal(value)),
            Token::Percentage { unit_value, .. } if unit_value.is_finite() => Component::Length(percent(unit_value)),
            Token::Dimension { value, unit, .. } if matches!(&*unit, "deg" | "grad" | "rad" | "turn" | "fr") => {
                Component::Ident(format!("{value}{unit}"), format!("{value}{unit}"))
            }
            Token::Dimension { value, unit, .. } if value.is_finite() => {
                Component::Length(Len::new(decimal(value), &unit)?)
            }
            Token::Hash(digits) | Token::IDHash(digits) => {
                let unknown = || Reason::new(format!("`#{digits}` is not a colour; it takes 3, 4, 6 or 8 digits"));
                Component::Color(color::hash(&digits).ok_or_else(unknown)?)
            }
            Token::UnquotedUrl(url) => Component::Url(url.to_string()),
            Token::Comma => Component::Comma,
            Token::Delim('/') => Component::Slash,
            Token::Function(name) => {
                let name = name.to_ascii_lowercase();
                if color::is_function(&name) {
                    input.reset(&before);
                    color_function(input)?
                } else {
                    function(name, input)?
                }
            }
            _ => return Err(Failure::unexpected_token()),
        });
    }
}

/// The decimal number as written: cssparser has it in 32 bits.
fn decimal(value: f32) -> f64 {
    format!("{value}").parse().unwrap_or_else(|_| f64::from(value))
}

fn color_function(input: &mut Parser<'_>) -> Result<Component, Failure> {
    let start = input.position();
    let color = cssparser_color::Color::parse(input);
    let text = super::shorten(input.slice_from(start));
    let Ok(color) = color else {
        return Reason::fails(&format!("`{text}` is not a colour"));
    };
    let unknown = || Reason::new(format!("the colour space of `{text}` is not supported; use `rgb()` or `oklch()`"));
    Ok(Component::Color(color::from(&color).ok_or_else(unknown)?))
}

fn function(name: String, input: &mut Parser<'_>) -> Result<Component, Failure> {
    match name.as_str() {
        "calc" | "min" | "max" | "clamp" => match length::function(&name, input) {
            Some(Ok(Amount::Number(value))) => Ok(Component::Number(value)),
            Some(Ok(Amount::Length(len))) => Ok(Component::Length(len)),
            Some(Err(failure)) => Err(failure),
            None => Reason::fails("it is not supported"),
        },
        "env" | "color-mix" | "light-dark" => Reason::fails(&format!("`{name}()` is not supported")),
        "url" => {
            let url = input.parse_nested_block(|input| Ok::<_, Failure>(input.expect_string()?.to_string()))?;
            Ok(Component::Url(url))
        }
        _ => Ok(Component::Function(name, input.parse_nested_block(all)?)),
    }
}
