//! Typesets the cells of a table: content, alignment, background, borders.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc};

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{Alignment, HAlignment, Sides},
    model::{StrongElem, TableCell},
    visualize::Stroke,
};

use super::{Grid, PADDING, model::PlacedCell, own_padding};
use crate::{
    content::{Place, Typesetter, box_style, color, fit, lengths, opacity, text_style},
    css::{self, Style},
};

/// In font sizes; base.css has the same.
const LINE_HEIGHT: f64 = 1.38;

impl Typesetter<'_> {
    pub(super) fn cell_place(&self, cell: &PlacedCell<'_>, style: Option<&Style>, place: Place) -> Place {
        let mut around = place;
        for outer in [cell.part, Some(cell.row)].into_iter().flatten() {
            around = self.within(outer, around, self.style(outer));
        }
        let mut inner = Place { spans: 0, ..self.within(cell.element, around, style) };
        inner.face.bold |= cell.element.value().name() == "th";
        inner
    }

    pub(super) fn cell(&self, cell: &PlacedCell<'_>, grid: &Grid<'_>, place: Place) -> Packed<TableCell> {
        let style = self.style(cell.element);
        let (row, part) = (self.style(cell.row), cell.part.and_then(|part| self.style(part)));
        let mut inner = self.cell_place(cell, style, place);
        let width = grid.width(cell);
        let padding = match style.filter(|style| style.padding.left.is_some() || style.padding.right.is_some()) {
            Some(style) => own_padding(style, grid.plan.padding.unwrap_or(PADDING), place) * grid.plan.own_padding,
            None => 2.0 * grid.plan.padding.unwrap_or(PADDING),
        };
        inner.width = (width - padding).max(1.0);
        let mut content = self.anchored(cell.element, self.inside(cell.element, inner));
        let begins_row = cell.row.child_elements().find(|other| !self.is_hidden(*other)) == Some(cell.element);
        if begins_row {
            content = self.anchored(cell.row, content);
        }
        if cell.element.value().name() == "th" && style.and_then(|style| style.font_weight).is_none() {
            content = StrongElem::new(content).pack();
        }
        for style in [style, row, part].into_iter().flatten() {
            content =
                text_style::decorated(content, style).styled_with_map(text_style::styles(style, place, self.fonts));
        }
        let opacity = opacity([style, row, part]);
        if opacity < 1.0 {
            content = fit::faded(content, opacity);
        }
        let height = [style, row].into_iter().flatten().filter_map(|style| Some((style, style.height?)));
        let height = height.map(|(style, height)| lengths::points(height, style, place)).fold(0.0, f64::max);
        let frame = style.filter(|style| style.border_box == Some(true));
        let frame = frame.map_or(0.0, |style| lengths::frame_height(style, place));
        if height > frame {
            content = fit::with_min_height(content, (height - frame).min(place.height));
        }
        self.cell_element(cell, content, grid, place, [style, row, part])
    }

    /// How high the rows of a head are about, in points.
    pub(super) fn head_height(&self, cells: &[&PlacedCell<'_>], grid: &Grid<'_>, place: Place) -> f64 {
        let height = |cell: &PlacedCell<'_>| {
            let inner = self.cell_place(cell, self.style(cell.element), place);
            let width = grid.width(cell);
            let text: String = cell.element.text().collect();
            let lines = (self.text_width(&text, inner) / width.max(1.0)).ceil().max(1.0);
            lines * LINE_HEIGHT * inner.size
        };
        let rows: BTreeSet<usize> = cells.iter().map(|cell| cell.y).collect();
        let row = |y: usize| cells.iter().filter(|cell| cell.y == y).map(|cell| height(cell)).fold(0.0, f64::max);
        rows.into_iter().map(row).sum()
    }

    /// `styles`: of the cell, its row, its part.
    fn cell_element(
        &self,
        cell: &PlacedCell<'_>,
        content: Content,
        grid: &Grid<'_>,
        place: Place,
        styles: [Option<&Style>; 3],
    ) -> Packed<TableCell> {
        let span = |count: usize| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        let mut typeset = TableCell::new(content)
            .with_x(Smart::Custom(cell.x))
            .with_y(Smart::Custom(cell.y))
            .with_colspan(span(cell.colspan))
            .with_rowspan(span(cell.rowspan));
        if let Some(alignment) = alignment(cell, styles) {
            typeset = typeset.with_align(Smart::Custom(alignment));
        }
        let column = grid.column_styles.get(cell.x).copied().flatten();
        let backgrounds = styles.into_iter().chain([column, grid.style]).flatten();
        let painted = [Some(cell.element), Some(cell.row)]
            .into_iter()
            .flatten()
            .find_map(|element| color::from_attribute(element.attr("bgcolor")?));
        if let Some(mut fill) = backgrounds.into_iter().find_map(box_style::fill).or(painted) {
            opacity::fade_paint(&mut fill, opacity(styles));
            typeset = typeset.with_fill(Smart::Custom(Some(fill)));
        }
        if let Some(style) = styles[0].filter(|style| style.padding != css::Sides::default()) {
            let mut inset = box_style::inset(style, place);
            for side in [&mut inset.left, &mut inset.right].into_iter().flatten() {
                *side *= grid.plan.own_padding;
            }
            typeset = typeset.with_inset(Smart::Custom(inset));
        }
        typeset = typeset.with_stroke(strokes(cell, grid, styles[0]));
        Packed::new(typeset)
    }
}

/// Of a cell, its row and its part together.
fn opacity(styles: [Option<&Style>; 3]) -> f64 {
    styles.into_iter().flatten().filter_map(box_style::opacity).product()
}

/// A cell's borders; where borders collapse, those that win against its neighbours'.
fn strokes(cell: &PlacedCell<'_>, grid: &Grid<'_>, style: Option<&Style>) -> Sides<Option<Option<Arc<Stroke>>>> {
    let own = match &grid.borders {
        Some(borders) => borders.of(cell),
        None => style.map(|style| style.border).unwrap_or_default(),
    };
    let stroke = |border| box_style::stroke(border).map(|stroke| stroke.map(Arc::new));
    let css::Sides { top, right, bottom, left } = own;
    Sides { left: stroke(left), right: stroke(right), top: stroke(top), bottom: stroke(bottom) }
}

/// A cell's alignment across and down: each by the nearest style or attribute that specifies it.
fn alignment(cell: &PlacedCell<'_>, styles: [Option<&Style>; 3]) -> Option<Alignment> {
    let elements = [Some(cell.element), Some(cell.row), cell.part];
    let found = elements.into_iter().zip(styles).flat_map(|(element, style)| {
        [style.and_then(text_style::alignment), element.and_then(attribute)].into_iter().flatten()
    });
    let (mut across, mut down) = (None, None);
    for alignment in found {
        across = across.or(alignment.x());
        down = down.or(alignment.y());
    }
    match (across, down) {
        (Some(across), Some(down)) => Some(Alignment::Both(across, down)),
        (across, down) => across.map(Alignment::H).or(down.map(Alignment::V)),
    }
}

/// `align` of a cell, as in GitHub's tables.
fn attribute(cell: ElementRef<'_>) -> Option<Alignment> {
    Some(Alignment::H(match cell.attr("align")? {
        "left" => HAlignment::Left,
        "center" => HAlignment::Center,
        "right" => HAlignment::Right,
        _ => return None,
    }))
}
