//! A word at its place on a page.

use unicode_normalization::UnicodeNormalization;

/// A gap of this fraction of an em is a space.
pub(super) const SPACE: f64 = 0.15;
pub(super) const SOFT_HYPHEN: char = '\u{ad}';

/// The font of the value of a form field, which no glyph draws.
pub(super) const VALUE: u32 = u32::MAX;

/// What is drawn without a gap. Coordinates are along the direction of writing; `y` is the baseline and grows
/// downwards.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) y: f64,
    /// Font size on the page.
    pub(super) size: f64,
    /// Direction of writing in degrees, clockwise.
    pub(super) angle: i16,
    /// A space is drawn after it.
    pub(super) space: bool,
    /// All its glyphs are equally wide.
    pub(super) fixed: bool,
    /// Which font of the document it is set in, by a hash; 0 if that is unknown.
    pub(super) font: u32,
}

impl Word {
    pub(super) fn middle(&self) -> f64 {
        f64::midpoint(self.left, self.right)
    }
}

/// Whether text is written without spaces between words.
pub(super) fn is_dense(c: char) -> bool {
    matches!(u32::from(c), 0x2e80..=0x30ff | 0x3400..=0x9fff | 0xac00..=0xd7af | 0xf900..=0xfaff | 0xff00..=0xffef | 0x2_0000..=0x3_ffff)
}

/// The combining form of an accent that is drawn as a glyph of its own, as old TeX fonts do.
pub(super) fn combining(accent: char) -> Option<char> {
    Some(match accent {
        '`' => '\u{300}',
        '\u{b4}' => '\u{301}',
        '^' | '\u{2c6}' => '\u{302}',
        '~' | '\u{2dc}' => '\u{303}',
        '\u{af}' => '\u{304}',
        '\u{2d8}' => '\u{306}',
        '\u{2d9}' => '\u{307}',
        '\u{a8}' => '\u{308}',
        '\u{2da}' => '\u{30a}',
        '\u{2dd}' => '\u{30b}',
        '\u{2c7}' => '\u{30c}',
        '\u{b8}' => '\u{327}',
        '\u{2db}' => '\u{328}',
        _ => return None,
    })
}

/// Ligatures and other compatibility forms as plain letters (NFKC), without control and private characters. A soft
/// hyphen stays where it ends the word: there it marks a divided word.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c {
            SOFT_HYPHEN if at + c.len_utf8() == text.len() => out.push(c),
            SOFT_HYPHEN | '\u{200b}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' => {
                // The bullet of symbol fonts.
                if c == '\u{f0b7}' {
                    out.push('•');
                }
            }
            '\u{2010}' | '\u{2011}' => out.push('-'),
            c if c.is_control() => {}
            // NFKC makes a space and a combining accent of it.
            c if combining(c).is_some() => out.push(c),
            c => out.push(c),
        }
    }
    match out.is_ascii() {
        true => out,
        false => compose(&out),
    }
}

/// NFKC of all but free-standing accents.
fn compose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| !c.is_ascii() && combining(c).is_some()) {
        let (before, after) = rest.split_at(at);
        out.extend(before.nfkc());
        let accent = after.chars().next();
        out.extend(accent);
        rest = &after[accent.map_or(0, char::len_utf8)..];
    }
    out.extend(rest.nfkc());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compatibility_forms_become_plain_letters() {
        for (drawn, read) in [
            ("o\u{fb03}ce", "office"),
            ("uni\u{ad}versity", "university"),
            ("accredi\u{ad}", "accredi\u{ad}"),
            ("e\u{2010}mail", "e-mail"),
            ("\u{f0b7}", "•"),
            ("x\u{b4}y", "x\u{b4}y"),
            ("e\u{301}", "é"),
            ("\u{0}a\u{1}", "a"),
        ] {
            assert_eq!(plain(drawn), read);
        }
    }
}
