//! Writes numbers in the styles of counters (CSS Counter Styles 3, 6). A number that a style cannot write is decimal.

use super::style::ListStyle;

const ROMAN: [(i32, &str); 13] = [
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
];
const GREEK: [char; 24] = [
    'α', 'β', 'γ', 'δ', 'ε', 'ζ', 'η', 'θ', 'ι', 'κ', 'λ', 'μ', 'ν', 'ξ', 'ο', 'π', 'ρ', 'σ', 'τ', 'υ', 'φ', 'χ', 'ψ',
    'ω',
];

pub(super) fn text(number: i32, style: &ListStyle) -> String {
    let latin: Vec<char> = ('a'..='z').collect();
    let written = match style {
        ListStyle::None => Some(String::new()),
        ListStyle::Disc => Some("\u{2022}".to_owned()),
        ListStyle::Circle => Some("\u{25e6}".to_owned()),
        ListStyle::Square => Some("\u{25aa}".to_owned()),
        ListStyle::Text(text) => Some(text.clone()),
        ListStyle::Decimal => None,
        ListStyle::DecimalLeadingZero => {
            Some(format!("{}{:02}", if number < 0 { "-" } else { "" }, number.unsigned_abs()))
        }
        ListStyle::LowerAlpha => alphabetic(number, &latin),
        ListStyle::UpperAlpha => alphabetic(number, &latin).map(|text| text.to_uppercase()),
        ListStyle::LowerGreek => alphabetic(number, &GREEK),
        ListStyle::LowerRoman => roman(number),
        ListStyle::UpperRoman => roman(number).map(|text| text.to_uppercase()),
    };
    written.unwrap_or_else(|| number.to_string())
}

/// a to z, then aa.
fn alphabetic(number: i32, letters: &[char]) -> Option<String> {
    let mut left = usize::try_from(number).ok().filter(|number| *number > 0)?;
    let mut text = Vec::new();
    while left > 0 {
        left -= 1;
        text.push(letters[left % letters.len()]);
        left /= letters.len();
    }
    Some(text.into_iter().rev().collect())
}

fn roman(number: i32) -> Option<String> {
    if !(1..=3999).contains(&number) {
        return None;
    }
    let (mut left, mut text) = (number, String::new());
    for (value, digits) in ROMAN {
        while left >= value {
            text.push_str(digits);
            left -= value;
        }
    }
    Some(text)
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
