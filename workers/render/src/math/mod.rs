//! Turns a LaTeX formula into Typst's math elements, on ratex. Libraries that translate LaTeX to Typst's markup would
//! let a formula run code.
//!
//! ratex-parser has KaTeX's grammar, and bounds nesting, macro expansion and output. What can't be typeset is an
//! error that names the command; the page then shows the source.

mod arrays;
mod build;
mod builder;
mod groups;
mod symbols;
mod text;

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ratex_parser::ParseNode;
use typst::foundations::{Content, NativeElement};
use typst::math::EquationElem;

/// The longest formula, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// The most KaTeX commands that one formula may redefine.
const MAX_RENEWALS: usize = 16;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MathError {
    #[error("the formula is empty")]
    Empty,
    /// Over [`MAX_BYTES`].
    #[error("the formula has {0} bytes, more than the {MAX_BYTES} that are set; split it")]
    TooLong(usize),
    #[error("{0}")]
    Syntax(String),
    #[error("{0} is not supported in formulas")]
    Unsupported(String),
    #[error("the formula is nested too deeply")]
    TooDeep,
}

/// The element for `latex` (without dollar signs), inline or as a block.
///
/// The source is its alternative text.
///
/// # Errors
/// [`MathError`] names the command, or what the grammar expected.
pub fn equation(latex: &str, block: bool) -> Result<Content, MathError> {
    let source = latex.trim();
    if source.is_empty() {
        return Err(MathError::Empty);
    }
    if source.len() > MAX_BYTES {
        return Err(MathError::TooLong(source.len()));
    }
    let body = builder::Builder::new(block).nodes(&parse(source)?)?;
    Ok(EquationElem::new(body).with_block(block).with_alt(Some(source.into())).pack())
}

/// `\newcommand` may define what KaTeX has and LaTeX doesn't (`\R`): then it is a renewal.
fn parse(source: &str) -> Result<Vec<ParseNode>, MathError> {
    let mut source = Cow::Borrowed(source);
    for _ in 0..MAX_RENEWALS {
        // The parser is foreign and reads untrusted input: catch its panics.
        let parsed = catch_unwind(AssertUnwindSafe(|| ratex_parser::parse(&source)));
        let error = match parsed {
            Ok(Ok(nodes)) => return Ok(nodes),
            Ok(Err(error)) => error.message,
            Err(_) => return Err(MathError::Syntax("the formula could not be read".to_owned())),
        };
        let taken = error.strip_prefix("\\newcommand{").and_then(|rest| rest.split_once("} attempting to redefine"));
        let Some((name, _)) = taken else { return Err(MathError::Syntax(error)) };
        let (bare, braced) = (format!("\\newcommand{name}"), format!("\\newcommand{{{name}}}"));
        let renewed = source.replace(&braced, &format!("\\renewcommand{{{name}}}"));
        let renewed = renewed.replace(&bare, &format!("\\renewcommand{name}"));
        if renewed == source {
            return Err(MathError::Syntax(error));
        }
        source = Cow::Owned(renewed);
    }
    Err(MathError::Syntax(format!("it redefines more than {MAX_RENEWALS} commands")))
}

#[cfg(test)]
mod tests;
