//! Styles all elements of a kind within a content, as a show rule of Typst does.

use typst::foundations::{Content, Element, Recipe, Selector, Style, Styles, Transformation};
use typst::syntax::Span;

/// Styles elements by a rule, not their text: a table of contents does not repeat a heading's style, and the style
/// that Typst gives code would win over a style around it.
pub(super) fn styled(element: Element, content: Content, styles: Styles) -> Content {
    if styles.is_empty() {
        return content;
    }
    let selector = Selector::Elem(element, None);
    let recipe = Recipe::new(Some(selector), Transformation::Style(styles), Span::detached());
    let mut rule = Styles::new();
    rule.push(Style::Recipe(recipe));
    content.styled_with_map(rule)
}
