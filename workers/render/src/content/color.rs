//! Turns CSS's colours into Typst's.

use typst::visualize::{Color, Paint};

use crate::css::{self, Rgba, Style};

#[must_use]
pub fn paint(Rgba(r, g, b, a): Rgba) -> Paint {
    Paint::Solid(Color::from_u8(r, g, b, a))
}

fn faded(Rgba(r, g, b, a): Rgba, opacity: f64) -> Rgba {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    Rgba(r, g, b, (f64::from(a) * opacity.clamp(0.0, 1.0)).round() as u8)
}

/// A style of words with its opacity in its colours. Text without a colour is black.
pub(super) fn faded_style(style: &Style, opacity: f64) -> Style {
    let mut style = style.clone();
    let fade = |color: Rgba| faded(color, opacity);
    style.color = Some(fade(style.color.unwrap_or(Rgba(0, 0, 0, 255))));
    style.background = style.background.map(fade);
    style.line_color = style.line_color.map(fade);
    let css::Sides { top, right, bottom, left } = &mut style.border;
    for border in [top, right, bottom, left].into_iter().flatten() {
        border.color = border.color.map(fade);
    }
    style
}

/// A colour in an attribute of older HTML.
pub(super) fn from_attribute(value: &str) -> Option<Paint> {
    css::color(value).map(paint)
}
