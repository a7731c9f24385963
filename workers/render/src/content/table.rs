//! Tables. Cells are placed here, so that no span leaves its section.

use std::{num::NonZeroUsize, sync::Arc};

use ruche_schemas::Failure;
use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement, Packed, Smart},
    layout::{Alignment, Celled, Em, HAlignment, Length, OuterVAlignment, Ratio, Rel, Sides, Sizing, TrackSizings},
    model::{FigureCaption, StrongElem, TableCell, TableChild, TableElem, TableFooter, TableHeader, TableItem},
    text::{TextElem, TextSize},
    visualize::Stroke,
};

use super::{
    Place, Typesetter,
    columns::{self, Extent, Plan, Want},
    fit, look, picture, wrap,
};
use crate::css::{self, Margin, Style};

/// The most cells in a document's tables: Typst takes about 0.2 ms and 10 kB for each.
pub(super) const CELLS: usize = 60_000;
const COLUMNS: usize = 200;
/// The padding at the left and right of a cell without CSS, in points. ruche.typ says the same.
const PADDING: f64 = 7.0;

#[derive(Clone, Copy)]
pub(super) struct PlacedCell<'a> {
    element: ElementRef<'a>,
    row: ElementRef<'a>,
    /// Its head, body or foot.
    part: Option<ElementRef<'a>>,
    x: usize,
    y: usize,
    colspan: usize,
    rowspan: usize,
}

/// Head, body or foot. No cell reaches out of it.
struct Part<'a> {
    name: &'static str,
    element: Option<ElementRef<'a>>,
    rows: Vec<ElementRef<'a>>,
}

/// What all cells of a table share.
struct Grid<'a> {
    style: Option<&'a Style>,
    columns: usize,
    rows: usize,
    plan: Plan,
    /// Whether CSS draws its borders: the template's are not drawn then.
    is_ruled: bool,
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
        let style = self.style(element);
        let fills = style.is_some_and(|style| style.width.is_some()) || element.attr("width").is_some();
        let plan = columns::plan(&self.wants(element, &cells, columns, place), place.width, fills);
        if plan.scale < 1.0 {
            let percent = plan.scale * 100.0;
            self.warn(
                *element,
                format!("the table is wider than the page: its text is set at {percent:.0} % of its size"),
            );
        }
        let rows = parts.iter().map(|part| part.rows.len()).sum();
        let is_ruled = self.is_ruled(element, &cells);
        let grid = Grid { style, columns, rows, plan, is_ruled };
        let blocks = place.blocks + 1;
        let (size, scale) = (place.size * grid.plan.scale, place.scale * grid.plan.scale);
        let inner = Place { boxed: true, blocks, spans: 0, size, scale, ..place };
        let children = self.children(&parts, &cells, &grid, inner);
        let has_caption = element.child_elements().any(|child| child.value().name() == "caption");
        let table = self.table_element(children, &grid, place, has_caption);
        self.with_caption(element, table, inner)
    }

    fn children(&self, parts: &[Part<'_>], cells: &[PlacedCell<'_>], grid: &Grid<'_>, place: Place) -> Vec<TableChild> {
        let mut children = Vec::with_capacity(cells.len());
        let mut at = 0;
        for part in parts {
            at += part.rows.len();
            let items = cells.iter().filter(|cell| cell.y < at && cell.y + part.rows.len() >= at);
            let items = items.map(|cell| TableItem::Cell(self.cell(cell, grid, place)));
            match part.name {
                "thead" if part.rows.len() <= 10 => {
                    children.push(TableChild::Header(Packed::new(TableHeader::new(items.collect()))));
                }
                "tfoot" if at == grid.rows && part.rows.len() <= 10 => {
                    children
                        .push(TableChild::Footer(Packed::new(TableFooter::new(items.collect()).with_repeat(false))));
                }
                _ => children.extend(items.map(TableChild::Item)),
            }
        }
        children
    }

    fn table_element(&self, children: Vec<TableChild>, grid: &Grid<'_>, place: Place, has_caption: bool) -> Content {
        let share = |width: &f64| Sizing::Rel(Ratio::new(width / place.width.max(1.0)).into());
        let sizes = match grid.plan.is_free {
            true => std::iter::repeat_n(Sizing::Auto, grid.columns).collect(),
            false => grid.plan.widths.iter().map(share).collect(),
        };
        let mut table = TableElem::new(children).with_columns(TrackSizings(sizes));
        if grid.is_ruled {
            table = table.with_stroke(Celled::Value(Sides::splat(Some(None))));
        }
        if let Some(padding) = grid.plan.padding {
            let side: Option<Rel<Length>> = Some(look::pt(padding).into());
            table = table.with_inset(Celled::Value(Sides { left: side, right: side, top: None, bottom: None }));
        }
        if has_caption {
            // A figure stands in the middle, its cells' text does not.
            table = table.with_align(Celled::Value(Smart::Custom(Alignment::START)));
        }
        let is_centred = grid.style.is_some_and(|style| {
            style.margin.left == Some(Margin::Auto) && style.margin.right == Some(Margin::Auto) && style.width.is_none()
        });
        let table = match is_centred {
            // The cells do not follow.
            true => table.with_align(Celled::Value(Smart::Custom(Alignment::START))).pack().aligned(Alignment::CENTER),
            false => table.pack(),
        };
        match grid.plan.scale < 1.0 {
            true => table.set(TextElem::size, TextSize(Em::new(grid.plan.scale).into())),
            false => table,
        }
    }

    fn with_caption(&self, element: ElementRef<'_>, table: Content, place: Place) -> Content {
        let caption = element.child_elements().find(|child| child.value().name() == "caption");
        let Some(caption) = caption else { return table };
        let caption = FigureCaption::new(self.line(*caption, place)).with_position(OuterVAlignment::Top).pack();
        let caption = caption.into_packed::<FigureCaption>().ok();
        wrap::figure(table, caption, place)
    }

    /// What each column of a table asks for; the lines of its cells without padding.
    pub(super) fn column_extents(&self, element: ElementRef<'_>, place: Place) -> Vec<Want> {
        let (cells, columns) = placed(&parts(element));
        self.wants(element, &cells, columns, place)
    }

    fn wants(&self, element: ElementRef<'_>, cells: &[PlacedCell<'_>], columns: usize, place: Place) -> Vec<Want> {
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
                let padding = look::frame_width(style, place);
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
                let points = look::outer_width(width, style.unwrap_or(&nothing), place);
                want.width = Some(want.width.unwrap_or(0.0).max(points)).filter(|points| *points > 0.0);
            }
            None => {}
        }
    }

    fn cell_place(&self, cell: &PlacedCell<'_>, style: Option<&Style>, place: Place) -> Place {
        let mut around = place;
        for outer in [cell.part, Some(cell.row)].into_iter().flatten() {
            around = self.within(outer, around, self.style(outer));
        }
        let mut inner = Place { spans: 0, ..self.within(cell.element, around, style) };
        inner.face.bold |= cell.element.value().name() == "th";
        inner
    }

    fn is_ruled(&self, element: ElementRef<'_>, cells: &[PlacedCell<'_>]) -> bool {
        let ruled =
            |element: ElementRef<'_>| self.style(element).is_some_and(|style| style.border != css::Sides::default());
        ruled(element)
            || element.attr("border").is_some_and(|border| border.trim() == "0")
            || cells.iter().any(|cell| ruled(cell.element) || ruled(cell.row) || cell.part.is_some_and(ruled))
    }

    fn cell(&self, cell: &PlacedCell<'_>, grid: &Grid<'_>, place: Place) -> Packed<TableCell> {
        let style = self.style(cell.element);
        let (row, part) = (self.style(cell.row), cell.part.and_then(|part| self.style(part)));
        let mut inner = self.cell_place(cell, style, place);
        let width: f64 = grid.plan.widths[cell.x..(cell.x + cell.colspan).min(grid.columns)].iter().sum();
        let padding = match style.filter(|style| style.padding.left.is_some() || style.padding.right.is_some()) {
            Some(style) => look::frame_width(style, place),
            None => 2.0 * grid.plan.padding.unwrap_or(PADDING),
        };
        inner.width = (width - padding).max(1.0);
        let mut content = self.flow(*cell.element, inner);
        if cell.element.value().name() == "th" && style.and_then(|style| style.font_weight).is_none() {
            content = StrongElem::new(content).pack();
        }
        for style in [style, row, part].into_iter().flatten() {
            content = look::decorated(content, style).styled_with_map(look::text(style, place, self.fonts));
        }
        let height = [style, row].into_iter().flatten().filter_map(|style| Some((style, style.height?)));
        let height = height.map(|(style, height)| look::points(height, style, place)).fold(0.0, f64::max);
        let held = style.filter(|style| style.border_box == Some(true));
        let held = held.map_or(0.0, |style| look::frame_height(style, place));
        if height > held {
            content = fit::at_least(content, (height - held).min(place.height));
        }
        self.cell_element(cell, content, grid, place, [style, row, part])
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
        let said = styles.into_iter().flatten().find_map(look::alignment);
        if let Some(alignment) = said.or_else(|| attribute(cell.element)) {
            typeset = typeset.with_align(Smart::Custom(alignment));
        }
        let grounds = styles.into_iter().chain([grid.style]).flatten();
        let painted = [Some(cell.element), Some(cell.row)]
            .into_iter()
            .flatten()
            .find_map(|element| look::color(element.attr("bgcolor")?));
        if let Some(fill) = grounds.into_iter().find_map(look::fill).or(painted) {
            typeset = typeset.with_fill(Smart::Custom(Some(fill)));
        }
        if let Some(style) = styles[0].filter(|style| style.padding != css::Sides::default()) {
            typeset = typeset.with_inset(Smart::Custom(look::inset(style, place)));
        }
        typeset = typeset.with_stroke(strokes(cell, grid, styles));
        Packed::new(typeset)
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

/// The `<col>` of each column.
fn column_elements(table: ElementRef<'_>) -> Vec<ElementRef<'_>> {
    let groups = table.child_elements().filter(|child| child.value().name() == "colgroup");
    let mut columns = Vec::new();
    for column in groups.flat_map(|group| group.child_elements()).filter(|child| child.value().name() == "col") {
        let span = column.attr("span").and_then(|span| span.trim().parse::<usize>().ok()).unwrap_or(1);
        columns.extend(std::iter::repeat_n(column, span.clamp(1, COLUMNS)));
        if columns.len() >= COLUMNS {
            break;
        }
    }
    columns
}

/// A cell's borders; above and below also its row's and part's; at the table's edges also the table's.
fn strokes(cell: &PlacedCell<'_>, grid: &Grid<'_>, styles: [Option<&Style>; 3]) -> Sides<Option<Option<Arc<Stroke>>>> {
    let arc = |stroke: Option<Option<Stroke>>| stroke.map(|stroke| stroke.map(Arc::new));
    let [own, row, part] = styles.map(|style| style.map(look::strokes).unwrap_or_default());
    let table = grid.style.map(look::strokes).unwrap_or_default();
    let edge = |is_edge: bool, stroke: Option<Option<Stroke>>| stroke.filter(|_| is_edge);
    let (right, bottom) = (cell.x + cell.colspan, cell.y + cell.rowspan);
    Sides {
        left: arc(drawn([own.left, edge(cell.x == 0, table.left)])),
        right: arc(drawn([own.right, edge(right >= grid.columns, table.right)])),
        top: arc(drawn([own.top, row.top, part.top, edge(cell.y == 0, table.top)])),
        bottom: arc(drawn([own.bottom, row.bottom, part.bottom, edge(bottom >= grid.rows, table.bottom)])),
    }
}

/// The first line that is drawn, as where borders collapse; else whether one is said to be none.
fn drawn<const N: usize>(strokes: [Option<Option<Stroke>>; N]) -> Option<Option<Stroke>> {
    let none = strokes.iter().any(Option::is_some).then_some(None);
    strokes.into_iter().flatten().flatten().next().map(Some).or(none)
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
    fn rows(part: ElementRef<'_>) -> Vec<ElementRef<'_>> {
        part.child_elements().filter(|row| row.value().name() == "tr").collect()
    }
    let mut parts: Vec<Part<'_>> = Vec::new();
    for child in table.child_elements() {
        match child.value().name() {
            "tr" => parts.push(Part { name: "tbody", element: None, rows: vec![child] }),
            "thead" => parts.push(Part { name: "thead", element: Some(child), rows: rows(child) }),
            "tfoot" => parts.push(Part { name: "tfoot", element: Some(child), rows: rows(child) }),
            "tbody" => parts.push(Part { name: "tbody", element: Some(child), rows: rows(child) }),
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
                cells.push(PlacedCell { element, row: *row, part: part.element, x, y: y + i, colspan, rowspan });
                x += colspan;
            }
        }
        y += part.rows.len();
    }
    (cells, columns)
}
