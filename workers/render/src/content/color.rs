//! Turns CSS's colours into Typst's.

use typst::visualize::{Color, Paint};

use crate::css::{self, Rgba};

#[must_use]
pub fn paint(Rgba(r, g, b, a): Rgba) -> Paint {
    Paint::Solid(Color::from_u8(r, g, b, a))
}

pub(super) fn faded(Rgba(r, g, b, a): Rgba, opacity: Option<f64>) -> Rgba {
    let opacity = opacity.unwrap_or(1.0).clamp(0.0, 1.0);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Rgba(r, g, b, (f64::from(a) * opacity).round() as u8)
}

/// A colour in an attribute of older HTML.
pub(super) fn from_attribute(value: &str) -> Option<Paint> {
    css::color(value).map(paint)
}
