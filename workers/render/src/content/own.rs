//! Styles without what an element draws itself, or turned round.

use crate::css::{self, Style};

/// A table's style without what its cells draw.
pub(super) fn bare(style: &Style) -> Style {
    Style { background: None, border: Default::default(), padding: Default::default(), height: None, ..style.clone() }
}

/// A list's style without the indent, which its items have.
pub(super) fn unindented(style: &Style) -> Style {
    let margin = css::Sides { left: None, ..style.margin };
    Style { margin, padding: css::Sides { left: None, ..style.padding }, ..style.clone() }
}

/// A style whose left is at the right.
pub(super) fn mirrored(style: &Style) -> Style {
    let mut style = style.clone();
    std::mem::swap(&mut style.border.left, &mut style.border.right);
    std::mem::swap(&mut style.padding.left, &mut style.padding.right);
    std::mem::swap(&mut style.margin.left, &mut style.margin.right);
    style
}
