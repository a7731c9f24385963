//! Finds the direction of a text: by `dir`, or by its first letter that has one (Unicode's rules P2 and P3).

use ego_tree::NodeRef;
use scraper::{ElementRef, Node};
use typst::layout::Dir;

/// The most characters that are searched.
const LONG: usize = 400;

/// `None`: that of the parent.
pub(super) fn of(element: ElementRef<'_>) -> Option<Dir> {
    match element.attr("dir").map(str::to_ascii_lowercase).as_deref() {
        Some("rtl") => return Some(Dir::RTL),
        Some("ltr") => return Some(Dir::LTR),
        _ => {}
    }
    let mut left = LONG;
    first(*element, &mut left)
}

/// Code has no direction, and the title of an alert, which is in English, has that of its alert.
fn first(node: NodeRef<'_, Node>, left: &mut usize) -> Option<Dir> {
    match node.value() {
        Node::Text(text) => {
            for c in text.chars() {
                *left = left.checked_sub(1)?;
                if is_right_to_left(c) {
                    return Some(Dir::RTL);
                }
                if c.is_alphabetic() {
                    return Some(Dir::LTR);
                }
            }
            None
        }
        Node::Element(element) if matches!(element.name(), "code" | "pre" | "svg") => None,
        Node::Element(element) if element.classes().any(|class| class == "markdown-alert-title") => None,
        _ => node.children().find_map(|child| first(child, left)),
    }
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko and their neighbours.
fn is_right_to_left(c: char) -> bool {
    matches!(u32::from(c), 0x5be..=0x8ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff)
        && c.is_alphabetic()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn direction(html: &str) -> Option<Dir> {
        let html = scraper::Html::parse_fragment(html);
        let paragraph = html.select(&scraper::Selector::parse("p").unwrap()).next().unwrap();
        of(paragraph)
    }

    #[test]
    fn the_first_letter_decides() {
        assert_eq!(direction("<p>1. \u{5e9}\u{5dc} English"), Some(Dir::RTL));
        assert_eq!(direction("<p>English \u{5e9}"), Some(Dir::LTR));
        assert_eq!(direction("<p><b>\u{645}\u{631}</b> PDF"), Some(Dir::RTL));
        assert_eq!(direction("<p><code>x</code> \u{5e9}"), Some(Dir::RTL));
        assert_eq!(direction("<p>123 ..."), None);
        assert_eq!(direction("<p dir=rtl>abc"), Some(Dir::RTL));
        assert_eq!(direction("<p class=markdown-alert-title>Note"), None);
    }
}
