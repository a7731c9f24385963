//! Places a table's cells in rows and columns, by HTML's table model.

use scraper::ElementRef;

pub(super) const COLUMNS: usize = 200;

#[derive(Clone, Copy)]
pub(super) struct PlacedCell<'a> {
    pub element: ElementRef<'a>,
    pub row: ElementRef<'a>,
    /// Its head, body or foot.
    pub part: Option<ElementRef<'a>>,
    pub x: usize,
    pub y: usize,
    pub colspan: usize,
    pub rowspan: usize,
}

/// Head, body or foot; no cell spans beyond it.
pub(super) struct Part<'a> {
    pub name: &'static str,
    pub element: Option<ElementRef<'a>>,
    pub rows: Vec<ElementRef<'a>>,
}

pub(super) fn parts<'a>(table: ElementRef<'a>, is_shown: &dyn Fn(ElementRef<'a>) -> bool) -> Vec<Part<'a>> {
    let rows = |part: ElementRef<'a>| -> Vec<ElementRef<'a>> {
        part.child_elements().filter(|row| row.value().name() == "tr" && is_shown(*row)).collect()
    };
    let mut parts: Vec<Part<'a>> = Vec::new();
    for child in table.child_elements().filter(|child| is_shown(*child)) {
        match child.value().name() {
            "tr" => parts.push(Part { name: "tbody", element: None, rows: vec![child] }),
            "thead" => parts.push(Part { name: "thead", element: Some(child), rows: rows(child) }),
            "tfoot" => parts.push(Part { name: "tfoot", element: Some(child), rows: rows(child) }),
            "tbody" => parts.push(Part { name: "tbody", element: Some(child), rows: rows(child) }),
            _ => {}
        }
    }
    // HTML allows heads and feet anywhere: a head is one only at the top, and feet are moved to the bottom.
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
pub(super) fn placed<'a>(
    parts: &[Part<'a>],
    is_shown: &dyn Fn(ElementRef<'a>) -> bool,
) -> (Vec<PlacedCell<'a>>, usize) {
    let (mut cells, mut columns, mut y) = (Vec::new(), 0, 0);
    for part in parts {
        // The row up to which each column is taken, counted in the section.
        let mut taken: Vec<usize> = Vec::new();
        for (i, row) in part.rows.iter().enumerate() {
            let mut x = 0;
            let is_cell = |cell: &ElementRef<'a>| matches!(cell.value().name(), "td" | "th") && is_shown(*cell);
            for element in row.child_elements().filter(is_cell) {
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

/// The `<col>` of each column.
pub(super) fn column_elements(table: ElementRef<'_>) -> Vec<ElementRef<'_>> {
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
