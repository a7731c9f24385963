//! Typesets lists whose items have each a marker of their own: check boxes, what `::marker` generates, and numbers that
//! Typst writes in another way than CSS.

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement},
    layout::{AlignElem, Alignment, BoxElem, HAlignment, Length, Sizing},
    model::{ListElem, ListItem, ListMarker},
    text::TextElem,
};

use super::{
    is_checked, joined,
    markers::{Part, marker},
    packed,
};
use crate::{
    content::{Place, Typesetter, inline, lengths, text_style},
    css::{self, ListStyle},
    fonts::RulerFace,
};

impl Typesetter<'_> {
    /// A list of items with markers of their own; `None` if Typst has the markers. `numbers` are those of an ordered
    /// list.
    pub(super) fn marked(
        &self,
        part: &Part<'_>,
        numbers: Option<&[i32]>,
        tight: bool,
        place: Place,
    ) -> Option<Content> {
        let texts = self.texts_of_markers(part, numbers);
        let is_task = |item: &ElementRef<'_>| numbers.is_none() && is_checked(*item).is_some();
        if texts.is_none() && !part.items.iter().any(is_task) {
            return None;
        }
        let texts = texts.unwrap_or_else(|| vec![None; part.items.len()]);
        // A bold number is wider than the ruler says.
        let face = RulerFace { bold: true, ..place.face };
        let widths = texts.iter().flatten().map(|text| self.ruler.width(face, place.size, text));
        let width = widths.fold(0.0, f64::max).min(place.width / 2.0);
        // A usual marker has room as it is.
        let place = Place { width: (place.width - (width - place.size).max(0.0)).max(1.0), ..place };
        let lists = part.items.iter().zip(&texts).map(|(item, text)| {
            let task = is_checked(*item).filter(|_| text.is_none() && is_task(item));
            let content = match task {
                Some(_) => self.task(*item, place),
                None => self.item(*item, place),
            };
            let marker = match (text, task) {
                (Some(text), _) => Some(self.own_marker(*item, text, width, place)),
                (None, Some(is_checked)) => Some(inline::check_box(is_checked)),
                (None, None) => part.style.as_ref().map(marker),
            };
            let list = ListElem::new(vec![packed(ListItem::new(content))]).with_tight(tight || task.is_some());
            match marker {
                Some(marker) => list.with_marker(ListMarker::Content(vec![marker])).pack(),
                None => list.pack(),
            }
        });
        Some(joined(lists, self.spacing(&part.items, place).or(tight.then(Length::zero))))
    }

    /// The markers' texts; `None` for an item with the usual one, and if all have it.
    fn texts_of_markers(&self, part: &Part<'_>, numbers: Option<&[i32]>) -> Option<Vec<Option<String>>> {
        let generated = |item: &ElementRef<'_>| {
            let (_, text) = self.styles.marker(item.id(), item.value()).filter(|_| part.has_markers)?;
            // The space after it is the list's.
            text.map(|text| text.trim_end().to_owned())
        };
        let own: Vec<Option<String>> = part.items.iter().map(generated).collect();
        let style = part.style.as_ref().unwrap_or(&ListStyle::Decimal);
        let is_ours = numbers.is_some() && matches!(style, ListStyle::LowerGreek | ListStyle::DecimalLeadingZero);
        if !is_ours && own.iter().all(Option::is_none) {
            return None;
        }
        let numbers =
            numbers.unwrap_or_default().iter().map(|number| Some(format!("{}.", css::numeral(*number, style))));
        let numbers = numbers.chain(std::iter::repeat(None));
        Some(own.into_iter().zip(numbers).map(|(own, number)| own.or(number)).collect())
    }

    /// A marker at the right of the list's markers, whose width is in points.
    fn own_marker(&self, item: ElementRef<'_>, text: &str, width: f64, place: Place) -> Content {
        let styles = self.styles.marker(item.id(), item.value()).map(|(style, _)| style);
        let text = TextElem::packed(text);
        let text = match styles {
            Some(style) => text.styled_with_map(text_style::styles(style, place, self.fonts)),
            None => text,
        };
        let aligned = text.set(AlignElem::alignment, Alignment::H(HAlignment::End));
        BoxElem::new().with_body(Some(aligned)).with_width(Sizing::Rel(lengths::pt(width).into())).pack()
    }
}
