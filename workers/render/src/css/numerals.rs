//! Writes numbers in the styles of counters (CSS Counter Styles 3, 6), by Typst's numerals. A number that a style cannot
//! write is decimal.

use std::str::FromStr as _;

use typst::model::NumberingPattern;

use super::style::ListStyle;

/// The greatest Roman number without a line above its letters.
const ROMAN: u64 = 3999;

/// CSS counts with the letters; Typst's Greek numerals have a letter for each ten and hundred.
const GREEK: [char; 24] = [
    'α', 'β', 'γ', 'δ', 'ε', 'ζ', 'η', 'θ', 'ι', 'κ', 'λ', 'μ', 'ν', 'ξ', 'ο', 'π', 'ρ', 'σ', 'τ', 'υ', 'φ', 'χ', 'ψ',
    'ω',
];

/// Typst's pattern for a style, or CSS's name of one that Typst does not write as CSS does; decimal for styles without
/// numbers.
#[must_use]
pub fn pattern(style: &ListStyle) -> &'static str {
    match style {
        ListStyle::LowerAlpha => "a",
        ListStyle::UpperAlpha => "A",
        ListStyle::LowerRoman => "i",
        ListStyle::UpperRoman => "I",
        ListStyle::LowerGreek => "lower-greek",
        ListStyle::DecimalLeadingZero => "decimal-leading-zero",
        _ => "1",
    }
}

/// A number in a style.
#[must_use]
pub fn text(number: i32, style: &ListStyle) -> String {
    match style {
        ListStyle::None => String::new(),
        ListStyle::Disc => "\u{2022}".to_owned(),
        ListStyle::Circle => "\u{25e6}".to_owned(),
        ListStyle::Square => "\u{25aa}".to_owned(),
        ListStyle::Text(text) => text.clone(),
        ListStyle::DecimalLeadingZero => format!("{}{:02}", if number < 0 { "-" } else { "" }, number.unsigned_abs()),
        _ => written(number, style).unwrap_or_else(|| number.to_string()),
    }
}

/// `None` if the style cannot write the number.
fn written(number: i32, style: &ListStyle) -> Option<String> {
    let is_roman = matches!(style, ListStyle::LowerRoman | ListStyle::UpperRoman);
    let most = if is_roman { ROMAN } else { u64::MAX };
    let number = u64::try_from(number).ok().filter(|number| (1..=most).contains(number))?;
    if *style == ListStyle::LowerGreek {
        return Some(in_letters(number, &GREEK));
    }
    let pattern = NumberingPattern::from_str(pattern(style)).ok()?;
    pattern.apply(None, &[number]).ok().map(Into::into)
}

/// The first letter for 1, the last one, then two letters.
fn in_letters(number: u64, letters: &[char; 24]) -> String {
    let (mut left, mut text) = (number, Vec::new());
    while left > 0 {
        left -= 1;
        text.push(letters[(left % 24) as usize]);
        left /= 24;
    }
    text.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_css_says() {
        for (style, expected) in [
            (ListStyle::Decimal, ["-3", "0", "1", "26", "27", "1999"]),
            (ListStyle::DecimalLeadingZero, ["-03", "00", "01", "26", "27", "1999"]),
            (ListStyle::LowerAlpha, ["-3", "0", "a", "z", "aa", "bxw"]),
            (ListStyle::UpperAlpha, ["-3", "0", "A", "Z", "AA", "BXW"]),
            (ListStyle::LowerGreek, ["-3", "0", "α", "αβ", "αγ", "γλη"]),
            (ListStyle::UpperRoman, ["-3", "0", "I", "XXVI", "XXVII", "MCMXCIX"]),
            (ListStyle::Text("-".to_owned()), ["-"; 6]),
        ] {
            assert_eq!([-3, 0, 1, 26, 27, 1999].map(|number| text(number, &style)), expected, "{style:?}");
        }
        assert_eq!(text(4000, &ListStyle::LowerRoman), "4000");
    }
}
