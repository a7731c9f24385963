//! Turns a LaTeX formula into Typst's math elements, on ratex: libraries that translate LaTeX to Typst write its markup, which
//! would let a formula run code.
//!
//! ratex-parser has KaTeX's grammar, and bounds nesting, macro expansion and the size of what
//! comes out; its tree is walked here. Each letter is an element of its own. What can't be
//! typeset is an error that names the command, so that the page can show the source and warn.

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

/// The longest formula that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024;

/// How many of KaTeX's own commands one formula may define anew.
const MAX_RENEWALS: usize = 16;

/// Why a formula can't be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MathError {
    /// Nothing in it.
    #[error("the formula is empty")]
    Empty,
    /// Over [`MAX_BYTES`].
    #[error("the formula has {0} bytes, more than the {MAX_BYTES} that are set; split it")]
    TooLong(usize),
    /// The grammar doesn't take it.
    #[error("{0}")]
    Syntax(String),
    /// LaTeX, but nothing that can be set here.
    #[error("{0} is not supported in formulas")]
    Unsupported(String),
    /// Nested deeper than the walk goes.
    #[error("the formula is nested too deeply")]
    TooDeep,
}

/// The element for `latex` (without its dollar signs): inline, or as a block of its own.
///
/// The source is its alternative text, for readers who can't see it.
///
/// # Errors
/// [`MathError`], which names the command or says what the grammar expected.
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

/// The tree. `\newcommand` may define what KaTeX defines by itself and LaTeX doesn't (`\R`): then it is a renewal.
fn parse(source: &str) -> Result<Vec<ParseNode>, MathError> {
    let mut source = Cow::Borrowed(source);
    for _ in 0..MAX_RENEWALS {
        // The last guard: the parser is foreign and reads what anybody wrote.
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
