//! Code: highlighted by language; diagrams are drawn.

use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement},
    model::ParElem,
    text::{RawContent, RawElem},
};

use super::{Place, Typesetter};
use crate::diagram;

/// Code over this many bytes is not highlighted: that takes some milliseconds a kilobyte.
const COLOURED: usize = 256 << 10;

impl Typesetter<'_> {
    pub(super) fn pre(&self, element: ElementRef<'_>, place: Place) -> Content {
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
        let mut raw = RawElem::new(RawContent::Text(text.into())).with_block(true);
        if let Some(language) = language.filter(|_| text.len() <= COLOURED) {
            raw = raw.with_lang(Some(language.into()));
        }
        raw.pack()
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

/// `class="language-rust"`, without what follows the name.
fn language(element: ElementRef<'_>) -> Option<String> {
    let class = element.attr("class")?;
    let name = class.split_ascii_whitespace().find_map(|class| class.strip_prefix("language-"))?;
    let name: String = name.chars().take_while(|c| c.is_alphanumeric() || "+#-_.".contains(*c)).take(40).collect();
    (!name.is_empty()).then(|| name.to_lowercase())
}
