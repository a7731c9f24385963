//! What stands around content: rules of style, figures, breaks of paragraphs.

use typst::{
    foundations::{
        Content, Element, NativeElement, Packed, Recipe, Selector, Style as TypstStyle, Styles, Transformation,
    },
    model::{FigureCaption, FigureElem, ParbreakElem},
    syntax::Span,
};

use super::{Place, fit};

/// Kept on one page with its caption.
pub(super) fn figure(body: Content, caption: Option<Packed<FigureCaption>>, place: Place) -> Content {
    let figure = FigureElem::new(body).with_caption(caption).pack();
    match place.kept {
        true => figure,
        false => fit::kept(figure),
    }
}

/// Styles elements by a rule, not in their text: a table of contents does not repeat a heading's style, and code has
/// one of its own that would count more.
pub(super) fn rule(element: Element, content: Content, styles: Styles) -> Content {
    if styles.is_empty() {
        return content;
    }
    let selector = Selector::Elem(element, None);
    let recipe = Recipe::new(Some(selector), Transformation::Style(styles), Span::detached());
    let mut rule = Styles::new();
    rule.push(TypstStyle::Recipe(recipe));
    content.styled_with_map(rule)
}

pub(super) fn between() -> Content {
    ParbreakElem::shared().clone()
}
