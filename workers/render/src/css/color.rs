//! Reads colours in all of CSS's notations, as sRGB.

use cssparser::color::PredefinedColorSpace;
use cssparser_color::{Color, ColorFunction, hsl_to_rgb, hwb_to_rgb};

use super::style::Rgba;

/// A specified colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SpecifiedColor {
    Rgba(Rgba),
    /// `currentcolor`.
    Current,
}

pub(super) const CLEAR: Rgba = Rgba(0, 0, 0, 0);

pub(super) fn named(ident: &str) -> Option<SpecifiedColor> {
    match ident {
        "currentcolor" => Some(SpecifiedColor::Current),
        "transparent" => Some(SpecifiedColor::Rgba(CLEAR)),
        _ => cssparser::color::parse_named_color(ident).ok().map(|(r, g, b)| SpecifiedColor::Rgba(Rgba(r, g, b, 255))),
    }
}

pub(super) fn hash(digits: &str) -> Option<SpecifiedColor> {
    let (r, g, b, alpha) = cssparser::color::parse_hash_color(digits.as_bytes()).ok()?;
    Some(SpecifiedColor::Rgba(Rgba(r, g, b, unit(alpha))))
}

pub(super) fn is_function(name: &str) -> bool {
    matches!(name, "rgb" | "rgba" | "hsl" | "hsla" | "hwb" | "lab" | "lch" | "oklab" | "oklch" | "color")
}

/// To sRGB; `None` for unknown colour spaces.
pub(super) fn from(color: &Color) -> Option<SpecifiedColor> {
    let given = |value: Option<f32>| value.unwrap_or(0.0);
    let ((r, g, b), alpha) = match color {
        Color::CurrentColor => return Some(SpecifiedColor::Current),
        Color::Rgba(c) => return Some(SpecifiedColor::Rgba(Rgba(c.red, c.green, c.blue, unit(c.alpha)))),
        Color::Hsl(c) => {
            let hue = given(c.hue).rem_euclid(360.0) / 360.0;
            (hsl_to_rgb(hue, given(c.saturation), given(c.lightness)), c.alpha)
        }
        Color::Hwb(c) => {
            let hue = given(c.hue).rem_euclid(360.0) / 360.0;
            (hwb_to_rgb(hue, given(c.whiteness), given(c.blackness)), c.alpha)
        }
        Color::Oklab(c) => (oklab(given(c.lightness), given(c.a), given(c.b)), c.alpha),
        Color::Oklch(c) => {
            let (sin, cos) = given(c.hue).to_radians().sin_cos();
            (oklab(given(c.lightness), given(c.chroma) * cos, given(c.chroma) * sin), c.alpha)
        }
        Color::ColorFunction(ColorFunction { color_space: PredefinedColorSpace::Srgb, c1, c2, c3, alpha }) => {
            ((given(*c1), given(*c2), given(*c3)), *alpha)
        }
        Color::Lab(_) | Color::Lch(_) | Color::ColorFunction(_) => return None,
    };
    Some(SpecifiedColor::Rgba(Rgba(unit(r), unit(g), unit(b), unit(alpha.unwrap_or(1.0)))))
}

/// Maps 0..1 to 0..255.
fn unit(value: f32) -> u8 {
    cssparser::color::clamp_unit_f32(if value.is_finite() { value } else { 0.0 })
}

/// Björn Ottosson's Oklab, with the sRGB transfer curve.
fn oklab(lightness: f32, a: f32, b: f32) -> (f32, f32, f32) {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    (
        curved(4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s),
        curved(-1.268_438 * l + 2.609_757_4 * m - 0.341_319_38 * s),
        curved(-0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s),
    )
}

fn curved(linear: f32) -> f32 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}
