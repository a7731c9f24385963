//! Typesets figures: pictures and tables with their captions.

use scraper::{ElementRef, Node};
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{BlockBody, BlockElem, Ratio},
    model::{FigureCaption, FigureElem},
};

use super::{Place, Typesetter, box_style, boxes, fit, flow::Flow, text_style};

impl Typesetter<'_> {
    pub(super) fn only_picture<'e>(&self, element: ElementRef<'e>) -> Option<ElementRef<'e>> {
        let mut found = None;
        for child in element.children() {
            match child.value() {
                Node::Text(text) if text.trim().is_empty() => {}
                Node::Element(child_element) if child_element.name() == "img" && found.is_none() => {
                    found = ElementRef::wrap(child);
                }
                _ => return None,
            }
        }
        found
    }

    /// A picture alone in its paragraph: its title becomes its caption.
    pub(super) fn captioned(&self, element: ElementRef<'_>, place: Place) -> Content {
        let Some(picture) = self.block_picture(element, place) else { return Content::empty() };
        let title = element.attr("title").map(str::trim).filter(|title| !title.is_empty());
        let Some(title) = title else { return picture };
        let mut caption = Vec::new();
        self.text(title, place, &mut caption);
        let caption = FigureCaption::new(Content::sequence(caption)).pack();
        self.labelled(element, with_caption(picture, caption.into_packed::<FigureCaption>().ok(), place))
    }

    pub(super) fn figure(&self, element: ElementRef<'_>, place: Place) -> Content {
        let inner = Place { boxed: true, in_relayout: true, blocks: place.blocks + 1, ..place };
        let is_caption = |child: &ElementRef<'_>| child.value().name() == "figcaption" && !self.is_hidden(*child);
        let caption = element.child_elements().find(is_caption);
        let mut flow = Flow::new(inner);
        let others = element.children().filter(|child| Some(child.id()) != caption.map(|caption| caption.id()));
        self.add_nodes(others, inner, &mut flow);
        let caption = caption.map(|caption| FigureCaption::new(self.caption(caption, inner)).pack());
        let caption = caption.and_then(|caption| caption.into_packed::<FigureCaption>().ok());
        with_caption(flow.finish(), caption, place)
    }

    /// A caption with its generated text and its style.
    pub(super) fn caption(&self, caption: ElementRef<'_>, place: Place) -> Content {
        let style = self.style(caption);
        let inner = self.within(caption, place, style);
        let line = self.anchored(caption, self.with_generated(caption, self.line(*caption, inner), inner));
        let Some(style) = style else { return line };
        let line = text_style::decorated(line, style);
        let is_block = style.text_align.is_some() || box_style::is_box(style);
        let line = match is_block {
            true => {
                let block = BlockElem::new().with_body(Some(BlockBody::Content(line)));
                boxes::block(block.with_width(Smart::Custom(Ratio::one().into())).pack(), style, place)
            }
            false => line,
        };
        line.styled_with_map(text_style::styles(style, place, self.fonts))
    }
}

/// A figure, on one page with its caption.
pub(super) fn with_caption(body: Content, caption: Option<Packed<FigureCaption>>, place: Place) -> Content {
    let figure = FigureElem::new(body).with_caption(caption).pack();
    match place.in_relayout {
        true => figure,
        false => fit::keep_together(figure),
    }
}
