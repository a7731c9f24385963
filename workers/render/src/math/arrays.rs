//! Converts matrices, cases and aligned equations: all are grids with alignment points between columns.

use ratex_parser::parse_node::{AlignType, ArrayTag, Mode, ParseNode};
use typst::foundations::{Content, NativeElement, Smart};
use typst::layout::{Em, Length, Rel};
use typst::math::{AlignPointElem, Augment, AugmentOffsets, LrElem, MatElem};

use super::builder::Builder;
use super::{MathError, symbols};

pub(super) struct Array<'a> {
    pub body: &'a [Vec<ParseNode>],
    pub hlines: &'a [Vec<bool>],
    pub columns: Vec<Column>,
    pub kind: Kind,
    pub tags: Option<&'a [ArrayTag]>,
    pub stretch: f64,
}

/// A column of the specification, or a line between two.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Column {
    Left,
    Center,
    Right,
    Line,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Plain,
    /// `align`: pairs of columns that meet at a sign.
    Align,
    /// `alignat`: without space between the pairs.
    AlignAt,
    /// `gather`, `multline`: one centred column.
    Gather,
    /// `smallmatrix`, `substack`.
    Small,
}

impl<'a> Array<'a> {
    pub(super) fn of(node: &'a ParseNode) -> Option<Self> {
        let ParseNode::Array { body, hlines_before_row, cols, col_separation_type, tags, arraystretch, .. } = node
        else {
            return None;
        };
        let columns = cols
            .iter()
            .flatten()
            .map(|spec| match (&spec.align_type, spec.align.as_deref()) {
                (AlignType::Separator, _) => Column::Line,
                (AlignType::Align, Some("l")) => Column::Left,
                (AlignType::Align, Some("r")) => Column::Right,
                (AlignType::Align, _) => Column::Center,
            })
            .collect();
        let kind = match col_separation_type.as_deref() {
            Some("align") => Kind::Align,
            Some("alignat") => Kind::AlignAt,
            Some("gather") => Kind::Gather,
            Some("small") => Kind::Small,
            _ => Kind::Plain,
        };
        Some(Self { body, hlines: hlines_before_row, columns, kind, tags: tags.as_deref(), stretch: *arraystretch })
    }

    fn pairs(&self) -> bool {
        matches!(self.kind, Kind::Align | Kind::AlignAt)
    }
}

impl Builder {
    pub(super) fn array(&mut self, array: &Array<'_>) -> Result<Content, MathError> {
        let aligns: Vec<Column> = array.columns.iter().copied().filter(|c| *c != Column::Line).collect();
        let mut rows = Vec::with_capacity(array.body.len());
        for (index, row) in array.body.iter().enumerate() {
            let mut cells = Vec::with_capacity(row.len());
            for cell in row {
                cells.push(self.node(cell)?);
            }
            let mut cells = if array.pairs() { pair(cells) } else { aligned(cells, &aligns) };
            if let Some(tag) = array.tags.and_then(|tags| tags.get(index)) {
                cells.push(self.array_tag(tag)?);
            }
            rows.push(cells);
        }
        // A trailing `\\` makes no row.
        if array.body.last().is_some_and(|row| row.iter().all(is_empty)) && rows.len() > 1 {
            rows.pop();
        }
        let width = rows.iter().map(Vec::len).max().unwrap_or_default();
        for row in &mut rows {
            row.resize(width, Content::empty());
        }
        if width == 0 {
            return Ok(Content::empty());
        }
        let augment = augment(array, rows.len(), width);
        let (row_gap, column_gap) = match array.kind {
            Kind::Plain => (0.2 + (array.stretch.clamp(0.0, 10.0) - 1.0).max(0.0), 1.0),
            Kind::Align => (0.5, 2.0),
            Kind::AlignAt => (0.5, 0.0),
            Kind::Gather => (0.5, 1.0),
            Kind::Small => (0.2, 0.4),
        };
        let mut grid = MatElem::new(rows).with_row_gap(em(row_gap)).with_column_gap(em(column_gap));
        grid.delim.set(symbols::no_delimiters()?);
        if augment.is_some() {
            grid.augment.set(augment);
        }
        Ok(grid.pack())
    }

    /// `\tag{...}`. The parser's automatic numbers are left out: they restart in each formula.
    fn array_tag(&mut self, tag: &ArrayTag) -> Result<Content, MathError> {
        match tag {
            ArrayTag::Explicit(nodes) if !nodes.is_empty() && !is_counted(nodes) => self.tag(nodes),
            _ => Ok(Content::empty()),
        }
    }

    /// Delimiters that grow with the body.
    pub(super) fn fenced(&mut self, left: &str, body: Content, right: &str) -> Result<Content, MathError> {
        let (left, right) = (symbols::delimiter(left)?, symbols::delimiter(right)?);
        if left.is_none() && right.is_none() {
            return Ok(body);
        }
        let parts = [left, Some(body), right].into_iter().flatten();
        Ok(LrElem::new(Content::sequence(parts)).pack())
    }
}

fn em(number: f64) -> Rel<Length> {
    Length::from(Em::new(number)).into()
}

/// Right and left cells meet at an alignment point.
fn pair(cells: Vec<Content>) -> Vec<Content> {
    let mut out = Vec::with_capacity(cells.len().div_ceil(2));
    let mut cells = cells.into_iter();
    while let Some(right) = cells.next() {
        let left = cells.next().unwrap_or_default();
        out.push(Content::sequence([right, AlignPointElem::shared().clone(), left]));
    }
    out
}

fn aligned(cells: Vec<Content>, columns: &[Column]) -> Vec<Content> {
    let point = || AlignPointElem::shared().clone();
    let cells = cells.into_iter().enumerate();
    cells
        .map(|(index, cell)| match columns.get(index) {
            Some(Column::Left) => Content::sequence([point(), cell]),
            Some(Column::Right) => Content::sequence([cell, point()]),
            _ => cell,
        })
        .collect()
}

fn augment(array: &Array<'_>, rows: usize, width: usize) -> Option<Augment> {
    let offset = |n: usize| isize::try_from(n).unwrap_or_default();
    let horizontal = array.hlines.iter().enumerate().filter(|(at, lines)| !lines.is_empty() && *at <= rows);
    let hline: Vec<isize> = horizontal.map(|(at, _)| offset(at)).collect();
    let mut vline = Vec::new();
    let mut before = 0;
    for column in &array.columns {
        if *column != Column::Line {
            before += 1;
        } else if before <= width && !vline.contains(&offset(before)) {
            vline.push(offset(before));
        }
    }
    if hline.is_empty() && vline.is_empty() {
        return None;
    }
    let offsets = |lines: Vec<isize>| AugmentOffsets(lines.into_iter().collect());
    Some(Augment { hline: offsets(hline), vline: offsets(vline), stroke: Smart::Auto })
}

fn is_empty(node: &ParseNode) -> bool {
    match node {
        ParseNode::Styling { body, .. } | ParseNode::OrdGroup { body, .. } => {
            body.is_empty()
                || (body.len() == 1 && matches!(&body[0], ParseNode::OrdGroup { body, .. } if body.is_empty()))
        }
        _ => false,
    }
}

/// Whether the parser made a tag by counting: what is written in `\tag{3}` is no identifier.
fn is_counted(nodes: &[ParseNode]) -> bool {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(
        nodes,
        [ParseNode::MathOrd { text: open, .. }, ParseNode::MathOrd { mode: Mode::Math, text, .. }, ParseNode::MathOrd { .. }]
            if open == "(" && is_number(text)
    )
}
