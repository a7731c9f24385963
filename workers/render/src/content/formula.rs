//! Typesets formulas: LaTeX, in a line or as a block.

mod lines;

use scraper::ElementRef;
use typst::{
    foundations::{Content, NativeElement},
    layout::BoxElem,
    math::EquationElem,
    text::{RawContent, RawElem},
};

use super::{Typesetter, fit};
use crate::{ink, math};

impl Typesetter<'_> {
    /// A formula among words. In a paragraph, Typst drops blocks that are in no box.
    pub(super) fn inline_formula(&self, element: ElementRef<'_>, kind: &str) -> Content {
        let formula = self.formula(element, kind == "display");
        match kind {
            "display" => BoxElem::new().with_body(Some(formula)).pack(),
            _ => formula,
        }
    }

    /// A formula; its source if it can't be typeset.
    pub(super) fn formula(&self, element: ElementRef<'_>, block: bool) -> Content {
        let latex: String = element.text().collect();
        match math::equation(&latex, block) {
            Ok(content) if block => {
                match content.spanned(ink::span(self.doc.line(*element))).into_packed::<EquationElem>() {
                    Ok(equation) => fit::squeezed(lines::divided(equation)),
                    Err(content) => content,
                }
            }
            Ok(content) => content,
            Err(error) => {
                self.warn(*element, format!("the formula is shown as its source: {error}"));
                RawElem::new(RawContent::Text(latex.into())).with_block(block).pack()
            }
        }
    }
}
