//! Typesets tables.

mod borders;
mod cells;
mod model;
mod spacing;
mod widths;

use std::ops::Range;

use ruche_schemas::Failure;
use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{Alignment, Celled, Em, Length, OuterVAlignment, Ratio, Rel, Sides, Sizing, TrackSizings},
    model::{FigureCaption, TableChild, TableElem, TableFooter, TableHeader, TableItem},
    text::{TextElem, TextSize},
};

use self::{
    borders::Borders,
    model::{COLUMNS, Part, PlacedCell, column_elements, parts, placed},
    spacing::Spacing,
};
use super::{
    Place, Typesetter,
    columns::{self, Plan},
    figure, lengths,
    names::is_block_name,
};
use crate::css::{self, Margin, Style};

/// The most cells in a document's tables: Typst takes about 0.2 ms and 10 kB for each.
pub(super) const CELLS: usize = 60_000;

/// The padding at the left and right of a cell without CSS, in points. ruche.typ has the same.
const PADDING: f64 = 7.0;

/// The highest head that is repeated on each page, as a part of the page, as in browsers.
const MAX_HEAD: f64 = 0.25;

/// What all cells of a table share.
struct Grid<'a> {
    style: Option<&'a Style>,
    columns: usize,
    rows: usize,
    plan: Plan,
    /// Whether CSS draws its borders; then the template's are not drawn.
    is_ruled: bool,
    /// Between cells whose borders do not collapse.
    spacing: Option<Spacing>,
    /// Where they collapse, and CSS draws them.
    borders: Option<Borders>,
    /// Whether each column has something that is as wide as the space around it: only a column of known width holds it.
    is_filled: Vec<bool>,
    /// Of each `<col>`.
    column_styles: Vec<Option<&'a Style>>,
}

impl Grid<'_> {
    /// How wide a cell is, in points.
    fn width(&self, cell: &PlacedCell<'_>) -> f64 {
        let widths = &self.plan.widths[cell.x..(cell.x + cell.colspan).min(self.columns)];
        widths.iter().sum::<f64>() + self.spacing.map_or(0.0, |spacing| spacing.between(widths.len()))
    }
}

/// The borders and padding at the left and right of a cell whose CSS specifies a padding, in points; a side without one
/// has the `usual` padding.
fn own_padding(style: &Style, usual: f64, place: Place) -> f64 {
    let missing = usize::from(style.padding.left.is_none()) + usize::from(style.padding.right.is_none());
    lengths::frame_width(style, place) + f64::from(u8::try_from(missing).unwrap_or(0)) * usual
}

/// Whether it may be higher than its text is as lines.
fn is_tall(element: ElementRef<'_>) -> bool {
    is_block_name(element.value().name()) || matches!(element.value().name(), "br" | "img" | "svg" | "picture")
}

impl Typesetter<'_> {
    pub(super) fn table(&self, element: ElementRef<'_>, place: Place) -> Content {
        let parts = parts(element, &|child| !self.is_hidden(child));
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
        let (cells, columns) = placed(&parts, &|child| !self.is_hidden(child));
        if columns == 0 {
            return Content::empty();
        }
        if columns == COLUMNS {
            self.warn(
                *element,
                format!("the table has {COLUMNS} columns or more; those beyond are left out: divide it"),
            );
        }
        let style = self.style(element);
        let spacing = style.and_then(|style| Spacing::of(style, columns, place));
        let gaps = spacing.map_or(0.0, |spacing| spacing.between(columns) + spacing.around());
        let fills = style.is_some_and(|style| style.width.is_some()) || element.attr("width").is_some();
        let plan = columns::plan(&self.columns(element, &cells, columns, place), place.width - gaps, fills);
        if plan.scale < 1.0 {
            let percent = plan.scale * 100.0;
            let wider = match place.width < place.height {
                true => "put it on a landscape page (`::: landscape`, or `@page { size: landscape }`)",
                false => "use larger paper (`@page { size: A3 landscape }`)",
            };
            self.warn(
                *element,
                format!(
                    "the table's words do not fit beside each other, so its text was reduced to {percent:.0} % of its \
                     size: shorten them, divide the table, or {wider}"
                ),
            );
        }
        let rows = parts.iter().map(|part| part.rows.len()).sum();
        let is_ruled = self.is_ruled(element, &cells);
        let borders = (is_ruled && spacing.is_none()).then(|| self.collapsed_borders(&cells, style, (columns, rows)));
        let column_styles = column_elements(element).into_iter().map(|column| self.style(column)).collect();
        let is_filled = self.filled_columns(&cells, columns);
        let grid = Grid { style, columns, rows, plan, is_ruled, spacing, borders, is_filled, column_styles };
        let blocks = place.blocks + 1;
        let (size, scale) = (place.size * grid.plan.scale, place.scale * grid.plan.scale);
        let inner = Place { boxed: true, blocks, spans: 0, size, scale, ..place };
        let children = self.children(&parts, &cells, &grid, inner);
        let is_caption = |child: ElementRef<'_>| child.value().name() == "caption" && !self.is_hidden(child);
        let has_caption = element.child_elements().any(is_caption);
        let table = self.table_element(children, &grid, place, has_caption);
        let width = grid.plan.widths.iter().sum::<f64>() + gaps;
        self.with_caption(element, table, width, inner)
    }

    fn children(&self, parts: &[Part<'_>], cells: &[PlacedCell<'_>], grid: &Grid<'_>, place: Place) -> Vec<TableChild> {
        let mut children = Vec::with_capacity(cells.len());
        let end = self.end(parts, cells, grid, place);
        let item = |cell: &PlacedCell<'_>| TableItem::Cell(self.cell(cell, grid, place));
        let mut at = 0;
        for part in parts {
            at += part.rows.len();
            let own: Vec<&PlacedCell<'_>> = cells
                .iter()
                .filter(|cell| cell.y < at && cell.y + part.rows.len() >= at && !end.contains(&cell.y))
                .collect();
            // Typst breaks no head; one that takes most of a page would leave no room for rows on any page.
            let is_head = part.name == "thead"
                && part.rows.len() <= 10
                && self.head_height(&own, grid, place) <= place.height * MAX_HEAD;
            let items = own.into_iter().map(item);
            match is_head {
                true => children.push(TableChild::Header(Packed::new(TableHeader::new(items.collect())))),
                false => children.extend(items.map(TableChild::Item)),
            }
        }
        let items: Vec<TableItem> = cells.iter().filter(|cell| end.contains(&cell.y)).map(item).collect();
        if !items.is_empty() {
            children.push(TableChild::Footer(Packed::new(TableFooter::new(items).with_repeat(false))));
        }
        children
    }

    /// The rows that stay on one page: the last two, so that none is alone, and the foot. Typst has no other way to keep
    /// rows together than a foot that is not repeated.
    fn end(&self, parts: &[Part<'_>], cells: &[PlacedCell<'_>], grid: &Grid<'_>, place: Place) -> Range<usize> {
        let rows =
            |name: &str| parts.iter().filter(|part| part.name == name).map(|part| part.rows.len()).sum::<usize>();
        let foot = parts.last().filter(|part| part.name == "tfoot").map_or(0, |part| part.rows.len());
        let least = if foot > 10 { grid.rows } else { grid.rows - foot };
        let start = least.min(grid.rows.saturating_sub(2)).max(rows("thead"));
        let own: Vec<&PlacedCell<'_>> = cells.iter().filter(|cell| cell.y >= start).collect();
        let is_cut = cells.iter().any(|cell| cell.y < start && cell.y + cell.rowspan > start);
        let is_text = own.iter().all(|cell| !cell.element.descendent_elements().skip(1).any(is_tall));
        let fits = is_text && !is_cut && self.head_height(&own, grid, place) <= place.height * MAX_HEAD;
        if fits { start..grid.rows } else { least..grid.rows }
    }

    fn table_element(&self, children: Vec<TableChild>, grid: &Grid<'_>, place: Place, has_caption: bool) -> Content {
        let available = place.width - grid.spacing.map_or(0.0, Spacing::around);
        let share = |width: &f64| Sizing::Rel(Ratio::new(width / available.max(1.0)).into());
        let sizes = grid
            .plan
            .widths
            .iter()
            .zip(&grid.is_filled)
            .map(|(width, is_filled)| if grid.plan.is_auto && !is_filled { Sizing::Auto } else { share(width) });
        let mut table = TableElem::new(children).with_columns(TrackSizings(sizes.collect()));
        if let Some(spacing) = grid.spacing {
            table = spacing.apply(table);
        }
        if grid.is_ruled {
            table = table.with_stroke(Celled::Value(Sides::splat(Some(None))));
        }
        if let Some(padding) = grid.plan.padding {
            let side: Option<Rel<Length>> = Some(lengths::pt(padding).into());
            table = table.with_inset(Celled::Value(Sides { left: side, right: side, top: None, bottom: None }));
        }
        if has_caption {
            // A figure is centred, but the text of its cells is not.
            table = table.with_align(Celled::Value(Smart::Custom(Alignment::START)));
        }
        let is_centred = grid.style.is_some_and(|style| {
            style.margin.left == Some(Margin::Auto) && style.margin.right == Some(Margin::Auto) && style.width.is_none()
        });
        if is_centred {
            // The cells do not follow.
            table = table.with_align(Celled::Value(Smart::Custom(Alignment::START)));
        }
        let table = match grid.spacing.zip(grid.style) {
            Some((spacing, style)) => spacing.boxed(table.pack(), style, place),
            None => table.pack(),
        };
        let table = if is_centred { table.aligned(Alignment::CENTER) } else { table };
        match grid.plan.scale < 1.0 {
            true => table.set(TextElem::size, TextSize(Em::new(grid.plan.scale).into())),
            false => table,
        }
    }

    /// `width`: of the table, in points.
    fn with_caption(&self, element: ElementRef<'_>, table: Content, width: f64, place: Place) -> Content {
        let is_caption = |child: &ElementRef<'_>| child.value().name() == "caption" && !self.is_hidden(*child);
        let caption = element.child_elements().find(is_caption);
        let Some(caption) = caption else { return table };
        let has_number = self.has_number(caption);
        let lines = self.caption_lines(Some(caption), lengths::pt(width).into());
        let caption = FigureCaption::new(self.caption(caption, place)).with_position(OuterVAlignment::Top).pack();
        let caption = caption.into_packed::<FigureCaption>().ok();
        figure::with_caption(table, caption, has_number, lines, place)
    }

    fn is_ruled(&self, element: ElementRef<'_>, cells: &[PlacedCell<'_>]) -> bool {
        let ruled =
            |element: ElementRef<'_>| self.style(element).is_some_and(|style| style.border != css::Sides::default());
        ruled(element)
            || element.attr("border").is_some_and(|border| border.trim() == "0")
            || cells.iter().any(|cell| ruled(cell.element) || ruled(cell.row) || cell.part.is_some_and(ruled))
    }
}
