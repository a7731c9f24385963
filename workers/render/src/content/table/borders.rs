//! Resolves the borders of cells that collapse (CSS 2.1, 17.6.2): of those that meet at an edge, the widest is drawn.

use std::collections::HashMap;

use ego_tree::NodeRef;
use scraper::Node;

use super::model::PlacedCell;
use crate::{
    content::{Typesetter, lengths::border_width},
    css::{Border, Sides, Style},
};

/// The most edges that are compared with their neighbours.
const MAX_EDGES: usize = 1_000_000;

/// A side of one place in the grid: whether it is upright, its column and its row.
type Edge = (bool, usize, usize);

/// The borders of each cell, by its column and row.
#[derive(Debug, Default)]
pub(super) struct Borders(HashMap<(usize, usize), Sides<Option<Border>>>);

impl Borders {
    pub fn of(&self, cell: &PlacedCell<'_>) -> Sides<Option<Border>> {
        self.0.get(&(cell.x, cell.y)).copied().unwrap_or_default()
    }
}

impl Typesetter<'_> {
    /// `columns` and `rows`: the size of the table.
    pub(super) fn collapsed_borders(
        &self,
        cells: &[PlacedCell<'_>],
        table: Option<&Style>,
        (columns, rows): (usize, usize),
    ) -> Borders {
        let mut own: Vec<Sides<Option<Border>>> = Vec::with_capacity(cells.len());
        own.extend(cells.iter().map(|cell| self.own_borders(cell, table, (columns, rows))));
        if cells.iter().map(|cell| cell.colspan + cell.rowspan).sum::<usize>() > MAX_EDGES {
            return Borders(cells.iter().zip(own).map(|(cell, own)| ((cell.x, cell.y), own)).collect());
        }
        let mut widest: HashMap<Edge, Border> = HashMap::new();
        for (cell, own) in cells.iter().zip(&own) {
            for (edges, border) in sides(cell, own) {
                for edge in edges {
                    let Some(border) = border.filter(|border| border_width(Some(*border)) > 0.0) else { continue };
                    let known = widest.entry(edge).or_insert(border);
                    if border.width > known.width {
                        *known = border;
                    }
                }
            }
        }
        let shown = |(edges, own): (Vec<Edge>, Option<Border>)| {
            let mut found = edges.iter().map(|edge| widest.get(edge).copied());
            let first = found.next().flatten();
            // Typst draws one line along a side; where several meet it, each of them draws its own.
            if found.all(|other| other == first) { first } else { own }
        };
        let resolved = cells.iter().zip(&own).map(|(cell, own)| {
            let [top, right, bottom, left] = sides(cell, own).map(shown);
            ((cell.x, cell.y), Sides { top, right, bottom, left })
        });
        Borders(resolved.collect())
    }

    /// The borders of a cell, and at their edges those of its row, its part and the table.
    fn own_borders(
        &self,
        cell: &PlacedCell<'_>,
        table: Option<&Style>,
        (columns, rows): (usize, usize),
    ) -> Sides<Option<Border>> {
        let border = |style: Option<&Style>| style.map(|style| style.border).unwrap_or_default();
        let own = border(self.style(cell.element));
        let row = border(self.style(cell.row));
        let part = border(cell.part.and_then(|part| self.style(part)));
        let table = border(table);
        let is_row = |node: &NodeRef<'_, Node>| node.value().as_element().is_some_and(|element| element.name() == "tr");
        let is_first = cell.part.is_some() && !cell.row.prev_siblings().any(|node| is_row(&node));
        let is_last =
            cell.part.is_some() && cell.row.next_siblings().filter(is_row).take(cell.rowspan).count() < cell.rowspan;
        let (is_left, is_right) = (cell.x == 0, cell.x + cell.colspan >= columns);
        let (is_top, is_bottom) = (cell.y == 0, cell.y + cell.rowspan >= rows);
        let at = |is_edge: bool, border: Option<Border>| border.filter(|_| is_edge);
        Sides {
            top: widest([own.top, row.top, at(is_first, part.top), at(is_top, table.top)]),
            right: widest([own.right, at(is_right, row.right), at(is_right, part.right), at(is_right, table.right)]),
            bottom: widest([own.bottom, row.bottom, at(is_last, part.bottom), at(is_bottom, table.bottom)]),
            left: widest([own.left, at(is_left, row.left), at(is_left, part.left), at(is_left, table.left)]),
        }
    }
}

/// The first of the widest.
fn widest(borders: [Option<Border>; 4]) -> Option<Border> {
    let wider = |one: Border, other: Border| {
        if border_width(Some(other)) > border_width(Some(one)) { other } else { one }
    };
    borders.into_iter().flatten().reduce(wider)
}

/// The edges of a cell's sides with its borders: top, right, bottom, left.
fn sides(cell: &PlacedCell<'_>, own: &Sides<Option<Border>>) -> [(Vec<Edge>, Option<Border>); 4] {
    let across = |y: usize| (cell.x..cell.x + cell.colspan).map(|x| (false, x, y)).collect();
    let upright = |x: usize| (cell.y..cell.y + cell.rowspan).map(|y| (true, x, y)).collect();
    [
        (across(cell.y), own.top),
        (upright(cell.x + cell.colspan), own.right),
        (across(cell.y + cell.rowspan), own.bottom),
        (upright(cell.x), own.left),
    ]
}
