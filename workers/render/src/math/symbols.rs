//! Maps commands to characters, classes and accents, and converts TeX lengths.

use ratex_font::Mode as Table;
use ratex_parser::parse_node::{AtomFamily, Measurement, Mode};
use typst::foundations::{Array, Content, IntoValue, NativeElement, Packed, SymbolElem, Value};
use typst::layout::{Abs, Em, HElem, Length, Spacing};
use typst::math::{ClassElem, DelimiterPair};
use typst::utils::default_math_class;
use typst::visualize::Color;
use unicode_math_class::MathClass;

use super::MathError;

/// The characters for a symbol's name (`\alpha`, `-`, `x`).
pub(super) fn characters(name: &str, mode: Mode) -> Result<String, MathError> {
    if let Some(own) = own(name) {
        return Ok(own.to_owned());
    }
    let table = if mode == Mode::Math { Table::Math } else { Table::Text };
    if let Some(c) = ratex_font::get_symbol(name, table).and_then(|symbol| symbol.codepoint) {
        return Ok(c.to_string());
    }
    if name.starts_with('\\') && name.len() > 1 {
        return Err(MathError::Unsupported(name.to_owned()));
    }
    Ok(name.to_owned())
}

/// Names that KaTeX draws from private glyphs or from pieces, and text ligatures.
fn own(name: &str) -> Option<&'static str> {
    Some(match name {
        "\\prime" => "′",
        "--" => "–",
        "---" => "—",
        "``" => "“",
        "''" => "”",
        "`" => "‘",
        "\\varnothing" => "⌀",
        "\\smallint" => "∫",
        "\\oiint" => "∯",
        "\\oiiint" => "∰",
        "\\iint" => "∬",
        "\\iiint" => "∭",
        "\\lvert" | "\\rvert" | "\\vert" => "|",
        "\\lVert" | "\\rVert" | "\\Vert" | "\\|" => "‖",
        _ => return None,
    })
}

/// A character in math, with TeX's class if Unicode's differs.
pub(super) fn atom(name: &str, family: AtomFamily) -> Result<Content, MathError> {
    let text = characters(name, Mode::Math)?;
    let symbol = SymbolElem::packed(text.as_str());
    let class = match family {
        AtomFamily::Bin => MathClass::Binary,
        AtomFamily::Close => MathClass::Closing,
        AtomFamily::Open => MathClass::Opening,
        AtomFamily::Punct => MathClass::Punctuation,
        AtomFamily::Rel => MathClass::Relation,
        AtomFamily::Inner => return Ok(symbol),
    };
    let usual = text.chars().next().and_then(default_math_class);
    // `Vary` is binary between operands and a sign elsewhere, as in TeX.
    if usual == Some(class) || (class == MathClass::Binary && usual == Some(MathClass::Vary)) {
        return Ok(symbol);
    }
    Ok(ClassElem::new(class, symbol).pack())
}

/// `.` is none.
pub(super) fn delimiter(name: &str) -> Result<Option<Content>, MathError> {
    let c = match name {
        "." | "" => return Ok(None),
        "<" | "\\lt" | "\\langle" => "⟨".to_owned(),
        ">" | "\\gt" | "\\rangle" => "⟩".to_owned(),
        "\\{" | "\\lbrace" => "{".to_owned(),
        "\\}" | "\\rbrace" => "}".to_owned(),
        "\\lbrack" => "[".to_owned(),
        "\\rbrack" => "]".to_owned(),
        "/" => "/".to_owned(),
        "\\backslash" => "\\".to_owned(),
        name => characters(name, Mode::Math)?,
    };
    Ok(Some(SymbolElem::packed(c.as_str())))
}

/// The combining character, and whether it grows with its base.
pub(super) fn accent(label: &str) -> Option<(char, bool)> {
    Some(match label {
        "\\acute" | "\\'" => ('\u{301}', false),
        "\\grave" | "\\`" => ('\u{300}', false),
        "\\ddot" | "\\\"" => ('\u{308}', false),
        "\\tilde" | "\\~" => ('\u{303}', false),
        "\\bar" | "\\=" => ('\u{304}', false),
        "\\breve" | "\\u" => ('\u{306}', false),
        "\\check" | "\\v" => ('\u{30c}', false),
        "\\hat" | "\\^" => ('\u{302}', false),
        "\\vec" => ('\u{20d7}', false),
        "\\dot" | "\\." => ('\u{307}', false),
        "\\mathring" | "\\r" => ('\u{30a}', false),
        "\\H" => ('\u{30b}', false),
        "\\c" => ('\u{327}', false),
        "\\textcircled" => ('\u{20dd}', false),
        "\\dddot" => ('\u{20db}', false),
        "\\ddddot" => ('\u{20dc}', false),
        "\\widecheck" => ('\u{30c}', true),
        "\\widehat" => ('\u{302}', true),
        "\\widetilde" => ('\u{303}', true),
        "\\overrightarrow" => ('\u{20d7}', true),
        "\\overleftarrow" => ('\u{20d6}', true),
        "\\Overrightarrow" => ('⇒', true),
        "\\overleftrightarrow" => ('\u{20e1}', true),
        "\\overgroup" => ('⏠', true),
        "\\overlinesegment" => ('\u{305}', true),
        "\\overleftharpoon" => ('\u{20d0}', true),
        "\\overrightharpoon" => ('\u{20d1}', true),
        "\\underleftarrow" => ('\u{20ee}', true),
        "\\underrightarrow" => ('\u{20ef}', true),
        "\\underleftrightarrow" => ('\u{34d}', true),
        "\\undergroup" => ('⏡', true),
        "\\underlinesegment" => ('\u{332}', true),
        "\\utilde" => ('\u{330}', true),
        _ => return None,
    })
}

/// `\xrightarrow` and the like.
pub(super) fn arrow(label: &str) -> Option<char> {
    Some(match label {
        "\\xleftarrow" => '←',
        "\\xrightarrow" => '→',
        "\\xLeftarrow" => '⇐',
        "\\xRightarrow" => '⇒',
        "\\xleftrightarrow" => '↔',
        "\\xLeftrightarrow" => '⇔',
        "\\xhookleftarrow" => '↩',
        "\\xhookrightarrow" => '↪',
        "\\xmapsto" => '↦',
        "\\xrightharpoondown" => '⇁',
        "\\xrightharpoonup" => '⇀',
        "\\xleftharpoondown" => '↽',
        "\\xleftharpoonup" => '↼',
        "\\xrightleftharpoons" | "\\xrightequilibrium" => '⇌',
        "\\xleftrightharpoons" | "\\xleftequilibrium" => '⇋',
        "\\xlongequal" => '=',
        "\\xtwoheadrightarrow" => '↠',
        "\\xtwoheadleftarrow" => '↞',
        "\\xtofrom" | "\\xrightleftarrows" => '⇄',
        _ => return None,
    })
}

/// The character after `\not`.
pub(super) fn negated(text: &str) -> String {
    let whole = match text {
        "=" => "≠",
        "<" => "≮",
        ">" => "≯",
        "≤" => "≰",
        "≥" => "≱",
        "∈" => "∉",
        "∋" => "∌",
        "⊂" => "⊄",
        "⊃" => "⊅",
        "⊆" => "⊈",
        "⊇" => "⊉",
        "∼" => "≁",
        "≃" => "≄",
        "≅" => "≇",
        "≈" => "≉",
        "≡" => "≢",
        "∃" => "∄",
        "∣" => "∤",
        "∥" => "∦",
        "→" => "↛",
        "←" => "↚",
        "↔" => "↮",
        "⇒" => "⇏",
        "⇔" => "⇎",
        _ => return format!("{text}\u{338}"),
    };
    whole.to_owned()
}

/// Bounded, so that no formula leaves the page.
pub(super) fn length(measure: &Measurement) -> Length {
    let number = if measure.number.is_finite() { measure.number } else { 0.0 };
    let em = |n: f64| Length::from(Em::new(n.clamp(-50.0, 50.0)));
    let pt = |n: f64| Length::from(Abs::pt(n.clamp(-500.0, 500.0)));
    match measure.unit.as_str() {
        "mu" => em(number / 18.0),
        "ex" => em(number * 0.431),
        "pt" => pt(number * 72.0 / 72.27),
        "bp" => pt(number),
        "px" => pt(number * 0.75),
        "mm" => pt(number * 72.0 / 25.4),
        "cm" => pt(number * 720.0 / 25.4),
        "in" => pt(number * 72.0),
        "pc" => pt(number * 12.0),
        "dd" => pt(number * 1.07),
        "cc" => pt(number * 12.84),
        "sp" => pt(number / 65536.0),
        _ => em(number),
    }
}

pub(super) fn space(length: Length) -> Content {
    HElem::new(Spacing::Rel(length.into())).pack()
}

/// By CSS name, `#rgb` or `#rrggbb`.
pub(super) fn color(name: &str) -> Result<Color, MathError> {
    let rgb = match name.strip_prefix('#') {
        Some(hex) => cssparser::color::parse_hash_color(hex.as_bytes()).map(|(r, g, b, _)| (r, g, b)),
        None => cssparser::color::parse_named_color(name),
    };
    let (r, g, b) = rgb.map_err(|()| MathError::Unsupported(format!("the colour {name}")))?;
    Ok(Color::from_u8(r, g, b, 255))
}

/// A grid has no delimiters: `\left` and `\right` set them outside.
pub(super) fn no_delimiters() -> Result<DelimiterPair, MathError> {
    let none = || Value::None;
    Array::from_iter([none(), none()])
        .into_value()
        .cast()
        .map_err(|_| MathError::Unsupported("an array without delimiters".to_owned()))
}

/// `\mathrel` and the like.
pub(super) fn classed(class: &str, body: Content) -> Content {
    let class = match class {
        "mord" => MathClass::Normal,
        "mbin" => MathClass::Binary,
        "mrel" => MathClass::Relation,
        "mopen" => MathClass::Opening,
        "mclose" => MathClass::Closing,
        "mpunct" => MathClass::Punctuation,
        _ => return body,
    };
    if body.to_packed::<ClassElem>().is_some_and(|inner: &Packed<ClassElem>| inner.class == class) {
        return body;
    }
    ClassElem::new(class, body).pack()
}
