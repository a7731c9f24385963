//! Tables. Cells are placed here, so that no span leaves its section.

use std::num::NonZeroUsize;

use ruche_schemas::Failure;
use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{Alignment, Fr, HAlignment, Sides, Sizing, TrackSizings},
    model::{FigureCaption, FigureElem, TableCell, TableChild, TableElem, TableFooter, TableHeader, TableItem},
    visualize::Stroke,
};

use super::{Place, Typesetter, look};
use crate::css::Style;

/// The most cells in a document's tables: Typst takes about 0.2 ms and 10 kB for each.
pub(super) const CELLS: usize = 60_000;
const COLUMNS: usize = 200;

struct PlacedCell<'a> {
    element: ElementRef<'a>,
    row: ElementRef<'a>,
    x: usize,
    y: usize,
    colspan: usize,
    rowspan: usize,
}

/// Head, body or foot. No cell reaches out of it.
struct Part<'a> {
    name: &'static str,
    rows: Vec<ElementRef<'a>>,
}

impl Typesetter<'_> {
    pub(super) fn table(&self, element: ElementRef<'_>, place: Place) -> Content {
        let parts = parts(element);
        let count: usize = parts.iter().flat_map(|part| &part.rows).map(|row| row.child_elements().count()).sum();
        self.cells.set(self.cells.get().saturating_add(count));
        if self.cells.get() > CELLS {
            let line = self.doc.line(*element).map_or_else(String::new, |line| format!("line {line}: "));
            let message = format!(
                "{line}the document's tables have more than {CELLS} cells: divide the document, or leave rows out"
            );
            self.fail(Failure::new(ruche_schemas::failure::codes::TOO_COMPLEX, message).with_param("markdown"));
            return Content::empty();
        }
        let (cells, columns) = placed(&parts);
        if columns == 0 {
            return Content::empty();
        }
        if columns == COLUMNS {
            self.warn(*element, format!("the table has {COLUMNS} columns or more: what is beyond is left out"));
        }
        let blocks = place.blocks + 1;
        #[allow(clippy::cast_precision_loss)]
        let width = (place.width / columns as f64 - 10.0).max(1.0);
        let inner = Place { boxed: true, blocks, spans: 0, width, ..place };
        let mut children = Vec::with_capacity(cells.len());
        let mut at = 0;
        for part in &parts {
            at += part.rows.len();
            let items = cells.iter().filter(|cell| cell.y < at && cell.y + part.rows.len() >= at);
            let items = items.map(|cell| TableItem::Cell(self.cell(cell, inner)));
            match part.name {
                "thead" if part.rows.len() <= 10 => {
                    children.push(TableChild::Header(Packed::new(TableHeader::new(items.collect()))));
                }
                "tfoot" if at == parts.iter().map(|part| part.rows.len()).sum::<usize>() && part.rows.len() <= 10 => {
                    children
                        .push(TableChild::Footer(Packed::new(TableFooter::new(items.collect()).with_repeat(false))));
                }
                _ => children.extend(items.map(TableChild::Item)),
            }
        }
        let fills = self.style(element).is_some_and(|style| style.width.is_some());
        let sizes = match fills {
            true => shares(&cells, columns),
            false => TrackSizings(std::iter::repeat_n(Sizing::Auto, columns).collect()),
        };
        let table = TableElem::new(children).with_columns(sizes).pack();
        self.with_caption(element, table, inner)
    }

    fn with_caption(&self, element: ElementRef<'_>, table: Content, place: Place) -> Content {
        let caption = element.child_elements().find(|child| child.value().name() == "caption");
        let Some(caption) = caption else { return table };
        let caption = FigureCaption::new(self.line(*caption, place)).pack().into_packed::<FigureCaption>().ok();
        FigureElem::new(table).with_caption(caption).pack()
    }

    fn cell(&self, cell: &PlacedCell<'_>, place: Place) -> Packed<TableCell> {
        let style = self.style(cell.element);
        let row = self.style(cell.row);
        let inner = Place { spans: 0, ..self.within(cell.element, place, style) };
        let mut content = self.flow(*cell.element, inner);
        if cell.element.value().name() == "th" && style.and_then(|style| style.font_weight).is_none() {
            content = typst::model::StrongElem::new(content).pack();
        }
        for style in [style, row].into_iter().flatten() {
            content = look::decorated(content, style).styled_with_map(look::text(style, self.fonts));
        }
        let span = |count: usize| NonZeroUsize::new(count).unwrap_or(NonZeroUsize::MIN);
        let mut typeset = TableCell::new(content)
            .with_x(Smart::Custom(cell.x))
            .with_y(Smart::Custom(cell.y))
            .with_colspan(span(cell.colspan))
            .with_rowspan(span(cell.rowspan));
        let said = [style, row].into_iter().flatten().find_map(look::alignment);
        if let Some(alignment) = said.or_else(|| attribute(cell.element)) {
            typeset = typeset.with_align(Smart::Custom(alignment));
        }
        if let Some(fill) = [style, row].into_iter().flatten().find_map(look::fill) {
            typeset = typeset.with_fill(Smart::Custom(Some(fill)));
        }
        if let Some(style) = style.filter(|style| style.padding != crate::css::Sides::default()) {
            typeset = typeset.with_inset(Smart::Custom(look::inset(style)));
        }
        typeset = typeset.with_stroke(strokes(style, row));
        Packed::new(typeset)
    }
}

/// The columns' shares of the width: by their longest texts, bounded on both sides.
fn shares(cells: &[PlacedCell<'_>], columns: usize) -> TrackSizings {
    let mut longest = vec![4_u32; columns];
    for cell in cells.iter().filter(|cell| cell.colspan == 1) {
        let length = cell.element.text().flat_map(str::chars).take(40).count();
        longest[cell.x] = longest[cell.x].max(u32::try_from(length).unwrap_or(40));
    }
    TrackSizings(longest.into_iter().map(|length| Sizing::Fr(Fr::new(f64::from(length)))).collect())
}

/// A cell's borders, and its row's above and below.
fn strokes(style: Option<&Style>, row: Option<&Style>) -> Sides<Option<Option<std::sync::Arc<Stroke>>>> {
    let arc = |stroke: Option<Option<Stroke>>| stroke.map(|stroke| stroke.map(std::sync::Arc::new));
    let own = style.map(look::strokes).unwrap_or_default();
    let row = row.map(look::strokes).unwrap_or_default();
    Sides {
        left: arc(own.left),
        right: arc(own.right),
        top: arc(own.top.or(row.top)),
        bottom: arc(own.bottom.or(row.bottom)),
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

fn parts(table: ElementRef<'_>) -> Vec<Part<'_>> {
    let rows = |element: ElementRef<'_>| element.value().name() == "tr";
    let mut parts: Vec<Part<'_>> = Vec::new();
    for child in table.child_elements() {
        match child.value().name() {
            "tr" => parts.push(Part { name: "tbody", rows: vec![child] }),
            "thead" => {
                parts.push(Part { name: "thead", rows: child.child_elements().filter(|row| rows(*row)).collect() })
            }
            "tfoot" => {
                parts.push(Part { name: "tfoot", rows: child.child_elements().filter(|row| rows(*row)).collect() })
            }
            "tbody" => {
                parts.push(Part { name: "tbody", rows: child.child_elements().filter(|row| rows(*row)).collect() })
            }
            _ => {}
        }
    }
    // HTML allows heads and feet anywhere: only the first head is one, and feet come last.
    parts.retain(|part| !part.rows.is_empty());
    let mut seen = false;
    for (i, part) in parts.iter_mut().enumerate() {
        let second = seen;
        seen |= part.name == "thead";
        if part.name == "thead" && (second || i > 0) {
            part.name = "tbody";
        }
    }
    parts.sort_by_key(|part| part.name == "tfoot");
    parts
}

/// Places the cells by HTML's table model; spans end with their section.
fn placed<'a>(parts: &[Part<'a>]) -> (Vec<PlacedCell<'a>>, usize) {
    let (mut cells, mut columns, mut y) = (Vec::new(), 0, 0);
    for part in parts {
        // The row up to which each column is taken, counted in the section.
        let mut taken: Vec<usize> = Vec::new();
        for (i, row) in part.rows.iter().enumerate() {
            let mut x = 0;
            for element in row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th")) {
                while taken.get(x).is_some_and(|until| *until > i) {
                    x += 1;
                }
                if x >= COLUMNS {
                    break;
                }
                let span =
                    |name: &str| element.attr(name).and_then(|span| span.trim().parse::<usize>().ok()).unwrap_or(1);
                let free = (x..COLUMNS).take_while(|x| taken.get(*x).is_none_or(|until| *until <= i)).count();
                let colspan = span("colspan").clamp(1, free.max(1));
                // 0 means to the end of the section.
                let left = part.rows.len() - i;
                let rowspan = match span("rowspan") {
                    0 => left,
                    rows => rows.min(left),
                };
                if taken.len() < x + colspan {
                    taken.resize(x + colspan, 0);
                }
                taken[x..x + colspan].fill(i + rowspan);
                columns = columns.max(x + colspan);
                cells.push(PlacedCell { element, row: *row, x, y: y + i, colspan, rowspan });
                x += colspan;
            }
        }
        y += part.rows.len();
    }
    (cells, columns)
}
