//! Measures the columns of a table.

use scraper::ElementRef;

use super::{
    PADDING,
    model::{PlacedCell, column_elements, parts, placed},
    own_padding,
};
use crate::{
    content::{
        Place, Typesetter,
        columns::{self, Column, ContentWidth},
        lengths, picture, row,
    },
    css::{self, Style},
};

/// The width of a letter, in font sizes; few are wider.
const LETTER: f64 = 1.1;

impl Typesetter<'_> {
    /// The columns of a table that is not typeset yet.
    pub(in crate::content) fn measured_columns(&self, element: ElementRef<'_>, place: Place) -> Vec<Column> {
        let is_shown = |child: ElementRef<'_>| !self.is_hidden(child);
        let (cells, columns) = placed(&parts(element, &is_shown), &is_shown);
        self.columns(element, &cells, columns, place)
    }

    pub(super) fn columns(
        &self,
        element: ElementRef<'_>,
        cells: &[PlacedCell<'_>],
        columns: usize,
        place: Place,
    ) -> Vec<Column> {
        let mut measured = vec![Column { padding: 2.0 * PADDING, ..Column::default() }; columns];
        for (column, element) in measured.iter_mut().zip(column_elements(element)) {
            self.add_specified_width(element, place, column);
        }
        let mut wide = Vec::new();
        for cell in cells {
            let style = self.style(cell.element);
            let inner = self.cell_place(cell, style, place);
            let mut width = self.content_width(cell.element, inner);
            if !inner.wraps {
                width.min_content = width.max_content;
            }
            let letter = &mut measured[cell.x].letter;
            *letter = letter.max(LETTER * inner.size);
            if let Some(style) = style.filter(|style| style.padding.left.is_some() || style.padding.right.is_some()) {
                let padding = own_padding(style, PADDING, place);
                let column = &mut measured[cell.x];
                column.padding = if column.has_own_padding { column.padding.max(padding) } else { padding };
                column.has_own_padding = true;
            }
            if cell.colspan > 1 {
                wide.push((cell, width));
                continue;
            }
            let column = &mut measured[cell.x];
            column.content = column.content.max(width);
            self.add_specified_width(cell.element, place, column);
        }
        for (cell, width) in wide {
            widen(&mut measured[cell.x..cell.x + cell.colspan], width);
        }
        measured
    }

    /// Whether each column has something that is as wide as the space around it.
    pub(super) fn filled_columns(&self, cells: &[PlacedCell<'_>], columns: usize) -> Vec<bool> {
        let mut is_filled = vec![false; columns];
        for cell in cells {
            if self.style(cell.element).is_some_and(row::has_items) || self.is_filling(cell.element) {
                is_filled[cell.x..(cell.x + cell.colspan).min(columns)].fill(true);
            }
        }
        is_filled
    }

    /// Adds the width that CSS or an attribute specifies for a cell or column; the largest of a column counts.
    fn add_specified_width(&self, element: ElementRef<'_>, place: Place, column: &mut Column) {
        let style = self.style(element);
        let specified = style.and_then(|style| style.width).or_else(|| picture::attribute(element, "width"));
        let nothing = Style::default();
        match specified {
            Some(css::Length::Percent(percent)) if percent > 0.0 => {
                column.share = Some(column.share.unwrap_or(0.0).max(percent / 100.0));
            }
            // What is added to a share of the table's width is too little to count.
            Some(css::Length::Sum(percent, _)) if percent > 0.0 => {
                column.share = Some(column.share.unwrap_or(0.0).max(percent / 100.0));
            }
            Some(width) => {
                let points = lengths::outer_width(width, style.unwrap_or(&nothing), place);
                column.width = Some(column.width.unwrap_or(0.0).max(points)).filter(|points| *points > 0.0);
            }
            None => {}
        }
    }
}

/// Widens columns until a cell over all of them has its content width.
fn widen(columns: &mut [Column], width: ContentWidth) {
    #[allow(clippy::cast_precision_loss)]
    let count = columns.len().max(1) as f64;
    let sum = columns::sum(columns);
    let padding = columns.first().map_or(0.0, |column| column.padding);
    let more = |needed: f64, present: f64| ((needed + padding - present) / count).max(0.0);
    let more = ContentWidth {
        max_content: more(width.max_content, sum.max_content),
        min_content: more(width.min_content, sum.min_content),
        min_divided: more(width.min_divided, sum.min_divided),
    };
    for column in columns {
        column.content = ContentWidth {
            max_content: column.content.max_content + more.max_content,
            min_content: column.content.min_content + more.min_content,
            min_divided: column.content.min_divided + more.min_divided,
        };
    }
}
