//! Measures the columns of a table.

use scraper::ElementRef;

use super::{
    PADDING,
    model::{PlacedCell, column_elements, parts, placed},
};
use crate::{
    content::{
        Place, Typesetter,
        columns::{self, Extent, Want},
        lengths, picture,
    },
    css::{self, Style},
};

impl Typesetter<'_> {
    /// What each column of a table asks for; the lines of its cells without padding.
    pub(in crate::content) fn column_extents(&self, element: ElementRef<'_>, place: Place) -> Vec<Want> {
        let (cells, columns) = placed(&parts(element));
        self.wants(element, &cells, columns, place)
    }

    pub(super) fn wants(
        &self,
        element: ElementRef<'_>,
        cells: &[PlacedCell<'_>],
        columns: usize,
        place: Place,
    ) -> Vec<Want> {
        let mut wants = vec![Want { padding: 2.0 * PADDING, ..Want::default() }; columns];
        for (want, column) in wants.iter_mut().zip(column_elements(element)) {
            self.say_width(column, place, want);
        }
        let mut wide = Vec::new();
        for cell in cells {
            let style = self.style(cell.element);
            let inner = self.cell_place(cell, style, place);
            let extent = self.extent(cell.element, inner);
            if let Some(style) = style.filter(|style| style.padding.left.is_some() || style.padding.right.is_some()) {
                let padding = lengths::frame_width(style, place);
                let want = &mut wants[cell.x];
                want.padding = if want.is_said { want.padding.max(padding) } else { padding };
                want.is_said = true;
            }
            if cell.colspan > 1 {
                wide.push((cell, extent));
                continue;
            }
            let want = &mut wants[cell.x];
            want.text = want.text.max(extent);
            self.say_width(cell.element, place, want);
        }
        for (cell, extent) in wide {
            spread(&mut wants[cell.x..cell.x + cell.colspan], extent);
        }
        wants
    }

    /// The width of a cell or column that CSS or an attribute sets; the largest of a column counts.
    fn say_width(&self, element: ElementRef<'_>, place: Place, want: &mut Want) {
        let style = self.style(element);
        let said = style.and_then(|style| style.width).or_else(|| picture::attribute(element, "width"));
        let nothing = Style::default();
        match said {
            Some(css::Length::Percent(percent)) if percent > 0.0 => {
                want.share = Some(want.share.unwrap_or(0.0).max(percent / 100.0));
            }
            Some(width) => {
                let points = lengths::outer_width(width, style.unwrap_or(&nothing), place);
                want.width = Some(want.width.unwrap_or(0.0).max(points)).filter(|points| *points > 0.0);
            }
            None => {}
        }
    }
}

/// Gives columns what a cell over all of them needs beyond what they ask for.
fn spread(wants: &mut [Want], extent: Extent) {
    #[allow(clippy::cast_precision_loss)]
    let count = wants.len().max(1) as f64;
    let sum = columns::sum(wants);
    let padding = wants.first().map_or(0.0, |want| want.padding);
    let more = |asked: f64, have: f64| ((asked + padding - have) / count).max(0.0);
    let (line, word, part) = (more(extent.line, sum.line), more(extent.word, sum.word), more(extent.part, sum.part));
    for want in wants {
        want.text = Extent { line: want.text.line + line, word: want.text.word + word, part: want.text.part + part };
    }
}
