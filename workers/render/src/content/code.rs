//! Typesets code, in a line and as blocks; draws diagrams.

use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, Element, NativeElement, Smart},
    model::ParElem,
    text::{FontFamily, FontList, RawContent, RawElem, TextElem},
};

use super::{Place, Typesetter, boxes, lengths, show_rule, text, text_style};
use crate::{
    css::{Rgba, Style},
    diagram,
    fonts::{MONO, RulerFace, is_wide},
    ink,
};

/// Begins a line that continues the one above.
const CONTINUATION: &str = "\n\u{21aa} ";
/// Code over this many bytes is not highlighted: highlighting takes some milliseconds a kilobyte.
const MAX_HIGHLIGHTED: usize = 256 << 10;

impl Typesetter<'_> {
    pub(super) fn inline_code(&self, element: ElementRef<'_>, place: Place) -> Content {
        if let Some(kind) = element.attr("data-math-style") {
            return self.inline_formula(element, kind);
        }
        if element.child_elements().next().is_some() {
            return self.monospaced(self.line(*element, place));
        }
        let text: String = element.text().collect();
        let text = match place.keep_spaces {
            true => text,
            false => text.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
        };
        let raw = |text: &str| {
            let raw = RawElem::new(RawContent::Text(text.into())).with_block(false).pack();
            raw.spanned(ink::span(place.line))
        };
        let mut out = Vec::new();
        let mut whole = String::new();
        for word in text.split_inclusive(' ') {
            if !self.overflows(word.trim_end(), place) {
                whole.push_str(word);
                continue;
            }
            for piece in self.divided(word, place) {
                if !whole.is_empty() {
                    out.push(raw(&std::mem::take(&mut whole)));
                    out.push(text::soft_break());
                }
                whole.push_str(piece);
            }
        }
        if out.is_empty() || !whole.is_empty() {
            out.push(raw(&whole));
        }
        Content::sequence(out)
    }

    pub(super) fn monospaced(&self, content: Content) -> Content {
        let family = self.fonts.family("monospace").unwrap_or(MONO);
        content.set(TextElem::font, FontList(vec![FontFamily::new(family)]))
    }

    pub(super) fn pre(&self, element: ElementRef<'_>, place: Place, style: Option<&Style>) -> Content {
        let code = element.child_elements().next().filter(|_| {
            element.children().all(|child| match child.value() {
                Node::Text(text) => text.trim().is_empty(),
                Node::Element(element) => element.name() == "code",
                _ => true,
            }) && element.child_elements().count() == 1
        });
        let inner = code.unwrap_or(element);
        if inner.child_elements().next().is_some() {
            return self.marked_up(element, place);
        }
        let text: String = inner.text().collect();
        let text = text.strip_suffix('\n').unwrap_or(&text);
        if inner.attr("data-math-style").is_some() {
            return self.formula(inner, true);
        }
        let language = language(inner).or_else(|| language(element));
        if language.as_deref() == Some("mermaid") {
            return self.diagram(element, text, place);
        }
        let inner_style = code.and_then(|code| self.style(code));
        let place = Place { face: RulerFace { family: self.mono(), ..place.face }, ..place };
        let around = place;
        let mut place = code.map_or(place, |code| self.within(code, place, inner_style));
        if let Some(style) = inner_style {
            place.width = lengths::inner_width(style, around);
        }
        let mut raw = RawElem::new(RawContent::Text(self.wrapped(text, place).into())).with_block(true);
        if let Some(language) = language.filter(|_| text.len() <= MAX_HIGHLIGHTED) {
            raw = raw.with_lang(Some(language.into()));
        }
        let ground = |style: Option<&Style>| style.and_then(|style| style.background).filter(|color| color.3 > 0);
        if ground(inner_style).or(ground(style)).is_some_and(is_dark) {
            // The colours of the theme are made for a light background.
            raw = raw.with_theme(Smart::Custom(None));
        }
        let raw = raw.pack().spanned(ink::span(place.line));
        match inner_style {
            Some(style) => {
                let text = text_style::styles(style, place, self.fonts);
                boxes::block(show_rule::styled(Element::of::<RawElem>(), raw, text), style, around)
            }
            None => raw,
        }
    }

    /// Wraps lines of code that have words wider than the box. A mark begins each continued line.
    fn wrapped(&self, text: &str, place: Place) -> String {
        let one = self.text_width("0", place).max(0.1);
        let fit = (place.width / one).floor().max(4.0);
        let mut out = String::with_capacity(text.len());
        for (i, line) in text.split('\n').enumerate() {
            if i > 0 {
                out.push('\n');
            }
            #[allow(clippy::cast_precision_loss)]
            let is_long = line.len() as f64 > fit;
            match is_long && line.split(' ').any(|word| columns(word) > fit) {
                true => wrap(line, fit, &mut out),
                false => out.push_str(line),
            }
        }
        out
    }

    /// Preformatted text with elements in it.
    fn marked_up(&self, element: ElementRef<'_>, place: Place) -> Content {
        let content = self.line(*element, Place { keep_spaces: true, ..place });
        self.monospaced(ParElem::new(content).pack().set(ParElem::justify, false))
    }

    fn diagram(&self, element: ElementRef<'_>, source: &str, place: Place) -> Content {
        let drawn = diagram::mermaid(source).map_err(|error| error.to_string());
        let picture = drawn.and_then(|svg| self.drawn(svg, Some("diagram"), place));
        picture.unwrap_or_else(|error| {
            self.warn(*element, format!("the diagram is shown as its source: {error}"));
            RawElem::new(RawContent::Text(source.into())).with_block(true).pack()
        })
    }
}

pub(super) fn is_inline(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "code" | "kbd" | "samp" | "tt")
}

/// Whether a `<pre>` is a diagram or a formula, which has no background.
pub(super) fn is_drawn(element: ElementRef<'_>) -> bool {
    let code = element.child_elements().next().unwrap_or(element);
    code.attr("data-math-style").is_some() || language(code).as_deref() == Some("mermaid")
}

/// In characters of half an ideograph's width.
fn columns(text: &str) -> f64 {
    text.chars().map(|c| if is_wide(c) { 2.0 } else { 1.0 }).sum()
}

/// Fills lines, at spaces where there are some.
fn wrap(line: &str, fit: f64, out: &mut String) {
    let mut used = 0.0;
    for word in line.split_inclusive(' ') {
        let width = columns(word.trim_end_matches(' '));
        if used > 0.0 && used + width > fit && width <= fit - 2.0 {
            out.push_str(CONTINUATION);
            used = 2.0;
        }
        for c in word.chars() {
            let width = if is_wide(c) { 2.0 } else { 1.0 };
            if used + width > fit && c != ' ' {
                out.push_str(CONTINUATION);
                used = 2.0;
            }
            out.push(c);
            used += width;
        }
    }
}

fn is_dark(Rgba(r, g, b, a): Rgba) -> bool {
    let light = 0.299 * f64::from(r) + 0.587 * f64::from(g) + 0.114 * f64::from(b);
    a > 127 && light < 110.0
}

/// `class="language-rust"`, without what follows the name.
fn language(element: ElementRef<'_>) -> Option<String> {
    let class = element.attr("class")?;
    let name = class.split_ascii_whitespace().find_map(|class| class.strip_prefix("language-"))?;
    let name: String = name.chars().take_while(|c| c.is_alphanumeric() || "+#-_.".contains(*c)).take(40).collect();
    (!name.is_empty()).then(|| name.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(line: &str) -> Vec<String> {
        let mut out = String::new();
        wrap(line, 10.0, &mut out);
        out.split('\n').map(str::to_owned).collect()
    }

    #[test]
    fn long_lines_of_code_go_on_after_a_mark() {
        assert_eq!(wrapped("0123456789ABCDEFGHIJ"), ["0123456789", "\u{21aa} ABCDEFGH", "\u{21aa} IJ"]);
        assert_eq!(wrapped("ab 0123456789012"), ["ab 0123456", "\u{21aa} 789012"]);
        assert_eq!(wrapped("0123456789 ab cd"), ["0123456789 ", "\u{21aa} ab cd"]);
        assert_eq!(wrapped("\u{6f22}\u{6f22}\u{6f22}\u{6f22}\u{6f22}\u{6f22}").len(), 2);
    }
}
