//! Puts the boxes of a flexible box below each other: `flex-direction: column`.

use typst::foundations::Content;

use super::{
    Part,
    cells::{Line, justified},
    distribute::{Piece, distributed},
    widths::Width,
};
use crate::{
    content::{Place, Typesetter, flow::Flow, margins::Margins},
    css::{Display, Items, Justify, Margin, Style},
};

/// A box of a column.
struct Boxed {
    content: Content,
    margins: (f64, f64),
    /// Whether the margins take the space that is left.
    auto: (bool, bool),
    /// `flex-grow`, if it is more than 0.
    grow: Option<f64>,
}

impl Typesetter<'_> {
    /// `gap`: between boxes, in points.
    pub(super) fn column(&self, parts: &[Part<'_>], style: &Style, place: Place, gap: f64) -> Content {
        let is_flex = style.display == Some(Display::Flex);
        let is_high = is_flex && place.is_high;
        let items = style.row.items.filter(|_| is_flex).unwrap_or(Items::Stretch);
        let boxes: Vec<Boxed> = parts.iter().map(|part| self.boxed(part, items, is_high, place)).collect();
        // The margins of the first and last box stay inside.
        let mut flow = Flow::new(Place { contains_margins: (true, true), ..place });
        for (i, one) in boxes.iter().enumerate() {
            let above = one.margins.0 + if i > 0 { gap } else { 0.0 };
            // Margins of the boxes of a column do not collapse.
            let before = if i > 0 { boxes[i - 1].margins.1 } else { 0.0 };
            let below = if i + 1 == boxes.len() { one.margins.1 } else { 0.0 };
            flow.block(one.content.clone(), Margins(above + before, below));
        }
        let natural = flow.finish();
        let justify = style.row.justify.unwrap_or(Justify::Start);
        match is_high {
            true => distributed(pieces(boxes, justify, gap), natural),
            false => natural,
        }
    }

    fn boxed(&self, part: &Part<'_>, items: Items, is_high: bool, place: Place) -> Boxed {
        let style = self.part_style(part);
        let grow = style.and_then(|style| style.row.grow).filter(|grow| is_high && *grow > 0.0);
        let blocks = place.blocks + 1;
        let place = Place { boxed: true, blocks, stretches: grow.is_some(), whole: None, ..place };
        let is_block = |part: &Part<'_>| !matches!(part, Part::Element(element) if element.value().name() == "img");
        let auto = self.auto_margins(part);
        let content = match (items, auto) {
            (Items::Stretch, (false, false)) => self.typeset_part(part, place, false),
            // As wide as its content.
            (_, auto) => {
                let measured = self.measured(part, place);
                let width = match (items, measured.is_specified()) {
                    (Items::Stretch, false) if is_block(part) && auto == (false, false) => Width::Share(1.0),
                    (_, true) => Width::Points(measured.preferred(place.width)),
                    (_, false) => Width::Content(measured.preferred(place.width)),
                };
                let across = match items {
                    Items::Center => Justify::Center,
                    Items::End => Justify::End,
                    Items::Start | Items::Stretch => Justify::Start,
                };
                let row = justified(vec![(Some(part), width)], across, |_| auto);
                self.typeset_row(&row, Place { stretches: false, ..place }, &Line::of(0.0, Items::Start))
            }
        };
        let is_auto = |margin: Option<Margin>| margin == Some(Margin::Auto);
        let margin = style.map(|style| style.margin).unwrap_or_default();
        let margins = match part {
            Part::Element(element) => self.margins(*element, place),
            _ => Margins::default(),
        };
        Boxed { content, margins: (margins.0, margins.1), auto: (is_auto(margin.top), is_auto(margin.bottom)), grow }
    }
}

/// What divides a space of known height, in order.
fn pieces(boxes: Vec<Boxed>, justify: Justify, gap: f64) -> Vec<Piece> {
    let has_growing = boxes.iter().any(|one| one.grow.is_some());
    let has_auto = boxes.iter().any(|one| one.auto.0 || one.auto.1);
    let (first, between, last) = match justify {
        _ if has_growing || has_auto => (false, false, false),
        Justify::Start | Justify::Stretch => (false, false, false),
        Justify::End => (true, false, false),
        Justify::Center => (true, false, true),
        Justify::Between => (false, true, false),
        Justify::Around => (true, true, true),
    };
    let count = boxes.len();
    let mut out = Vec::new();
    for (i, Boxed { content, margins, auto, grow }) in boxes.into_iter().enumerate() {
        out.push(Piece::Space(margins.0 + if i > 0 { gap } else { 0.0 }));
        if if i == 0 { first } else { between } || auto.0 {
            out.push(Piece::Free);
        }
        out.push(Piece::Box(content, grow));
        if (last && i + 1 == count) || auto.1 {
            out.push(Piece::Free);
        }
        out.push(Piece::Space(margins.1));
    }
    out
}
