//! Typesets text: collapses or preserves its white space, and divides words that are wider than their line.

use typst::{
    foundations::{Content, NativeElement},
    layout::{Abs, HElem, Length},
    text::{FontFamily, FontList, LinebreakElem, SpaceElem, TextElem},
};

use super::{Place, Typesetter, emoji, word_breaks};
use crate::{
    css::Transform,
    fonts::{EMOJI, MONO},
    ink,
};

/// The width of a place to break, in points: Typst skips spaces without one.
const BREAK: f64 = 0.001;

/// The widest character, in font sizes. A word that fits by this bound is not measured.
const WIDEST: f64 = 1.3;

/// The longest word of which each part is measured, in bytes; a longer one is divided into parts that fit for sure.
const MAX_DIVIDED: usize = 20_000;

/// The width of a tab stop in preformatted text, in characters.
const TAB: usize = 4;

impl Typesetter<'_> {
    /// Collapses white space as HTML does.
    pub(super) fn text(&self, text: &str, place: Place, out: &mut Vec<Content>) {
        if place.keep_spaces {
            return self.preserved(text, place, out);
        }
        let white = |c: char| c.is_ascii_whitespace();
        if text.starts_with(white) {
            out.push(SpaceElem::shared().clone());
        }
        let mut words = String::with_capacity(text.len());
        for (i, word) in text.split(white).filter(|word| !word.is_empty()).enumerate() {
            match words.is_empty() {
                // The word before was divided.
                true if i > 0 => out.push(SpaceElem::shared().clone()),
                true => {}
                false => words.push(' '),
            }
            match self.overflows(word, place) {
                true => {
                    push_text(&mut words, place, out);
                    self.push_divided(word, place, out);
                }
                false => words.push_str(word),
            }
        }
        let any = !words.is_empty() || text.chars().any(|c| !white(c));
        push_text(&mut words, place, out);
        if any && text.ends_with(white) {
            out.push(SpaceElem::shared().clone());
        }
    }

    /// Whether a word is wider than the available width.
    pub(super) fn overflows(&self, word: &str, place: Place) -> bool {
        #[allow(clippy::cast_precision_loss)]
        let most = word.len() as f64 * (place.size * WIDEST + place.letter_spacing.max(0.0));
        most > place.width && self.text_width(word, place) > place.width
    }

    /// The width of a text in one line, in points.
    pub(super) fn text_width(&self, text: &str, place: Place) -> f64 {
        let width = self.ruler.width(place.face, place.size, text);
        match place.letter_spacing {
            0.0 => width,
            #[allow(clippy::cast_precision_loss)]
            spacing => width + spacing * text.chars().count() as f64,
        }
    }

    fn push_divided(&self, word: &str, place: Place, out: &mut Vec<Content>) {
        for (i, piece) in self.divided(word, place).into_iter().enumerate() {
            if i > 0 {
                out.push(soft_break());
            }
            push_text(&mut piece.to_owned(), place, out);
        }
    }

    /// A word in pieces that fit the available width.
    pub(super) fn divided<'w>(&self, word: &'w str, place: Place) -> Vec<&'w str> {
        if word.len() > MAX_DIVIDED {
            let widest = (place.size * WIDEST + place.letter_spacing.max(0.0)).max(0.1);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            return word_breaks::parts(word, (place.width / widest) as usize);
        }
        word_breaks::divided(word, |piece| !self.overflows(piece, place))
    }

    fn preserved(&self, text: &str, place: Place, out: &mut Vec<Content>) {
        for (i, line) in text.split('\n').enumerate() {
            if i > 0 {
                out.push(LinebreakElem::shared().clone());
            }
            let line = line.strip_suffix('\r').unwrap_or(line);
            let line = line.replace('\t', &" ".repeat(TAB));
            let mut words = String::with_capacity(line.len());
            for word in line.split_inclusive(' ') {
                match self.overflows(word.trim_end(), place) {
                    true => {
                        push_text(&mut words, place, out);
                        self.push_divided(word, place, out);
                    }
                    false => words.push_str(word),
                }
            }
            push_text(&mut words, place, out);
        }
    }
}

pub(super) fn soft_break() -> Content {
    HElem::new(Length::from(Abs::pt(BREAK)).into()).pack()
}

fn push_text(text: &mut String, place: Place, out: &mut Vec<Content>) {
    if text.is_empty() {
        return;
    }
    let text = transformed(&std::mem::take(text), place.transform);
    let run = |text: &str| TextElem::packed(text).spanned(ink::span(place.line));
    let Some(parts) = emoji::parts(&text) else { return out.push(run(&text)) };
    for part in parts {
        let own = place.face.family.resolve();
        let families: &[&str] = match part.presentation {
            emoji::Presentation::Any => &[],
            emoji::Presentation::Emoji => &[EMOJI, MONO],
            emoji::Presentation::Text => &[MONO],
            emoji::Presentation::UsuallyText => &[own.as_str(), MONO, EMOJI],
        };
        out.push(match families.is_empty() {
            true => run(part.text),
            false => {
                let families = families.iter().map(|family| FontFamily::new(family)).collect();
                run(part.text).set(TextElem::font, FontList(families))
            }
        });
    }
}

pub(super) fn transformed(text: &str, transform: Transform) -> String {
    match transform {
        Transform::None => text.to_owned(),
        Transform::Uppercase => text.to_uppercase(),
        Transform::Lowercase => text.to_lowercase(),
        Transform::Capitalize => {
            let mut begins = true;
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                match begins && c.is_alphanumeric() {
                    true => out.extend(c.to_uppercase()),
                    false => out.push(c),
                }
                begins = c.is_whitespace() || (begins && !c.is_alphanumeric());
            }
            out
        }
    }
}
