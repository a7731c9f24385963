//! Converts words in formulas: `\text{...}`, `\operatorname{...}` and upright letters that form a word.

use ratex_parser::parse_node::{Mode, ParseNode};
use typst::foundations::Content;
use typst::math;
use typst::text::TextElem;

use super::builder::Builder;
use super::{MathError, symbols};

impl Builder {
    /// The body of `\text` and the like: words, with formulas in between.
    pub(super) fn text(&mut self, body: &[ParseNode], font: Option<&str>) -> Result<Content, MathError> {
        let mut out = Vec::new();
        let mut words = String::new();
        self.words(body, &mut words, &mut out)?;
        flush(&mut words, &mut out);
        let body = Content::sequence(out);
        Ok(match font {
            Some("\\textbf") => math::bold(body),
            Some("\\textit" | "\\textsl" | "\\emph") => math::italic(body),
            Some("\\texttt") => math::mono(body),
            Some("\\textsf") => math::sans(body),
            _ => body,
        })
    }

    fn words(&mut self, body: &[ParseNode], words: &mut String, out: &mut Vec<Content>) -> Result<(), MathError> {
        for node in body {
            match node {
                ParseNode::SpacingNode { .. } => words.push(' '),
                ParseNode::OrdGroup { mode: Mode::Text, body, .. } => {
                    self.deeper(|this| this.words(body, words, out))?;
                }
                ParseNode::Accent { mode: Mode::Text, label, base, .. } => {
                    let Some((mark, _)) = symbols::accent(label) else {
                        return Err(MathError::Unsupported(label.clone()));
                    };
                    self.deeper(|this| this.words(std::slice::from_ref(base.as_ref()), words, out))?;
                    words.push(mark);
                }
                ParseNode::MathOrd { mode: Mode::Text, text, .. }
                | ParseNode::TextOrd { mode: Mode::Text, text, .. }
                | ParseNode::AccentToken { mode: Mode::Text, text, .. }
                | ParseNode::Atom { mode: Mode::Text, text, .. } => {
                    words.push_str(&symbols::characters(text, Mode::Text)?);
                }
                other => {
                    flush(words, out);
                    out.push(self.node(other)?);
                }
            }
        }
        Ok(())
    }
}

/// Ends a run of words. Typst drops spaces at the ends of a run, so these become unbreakable.
fn flush(words: &mut String, out: &mut Vec<Content>) {
    if words.is_empty() {
        return;
    }
    let inner = words.trim_matches(' ');
    let start = words.len() - words.trim_start_matches(' ').len();
    let end = if inner.is_empty() { 0 } else { words.len() - words.trim_end_matches(' ').len() };
    let text = format!("{}{inner}{}", "\u{a0}".repeat(start), "\u{a0}".repeat(end));
    out.push(TextElem::packed(text.as_str()));
    words.clear();
}

/// The letters and digits of a group, if it has nothing else.
pub(super) fn word(body: &[ParseNode]) -> Option<String> {
    let mut word = String::new();
    for node in body {
        match node {
            ParseNode::MathOrd { text, .. } | ParseNode::TextOrd { text, .. }
                if text.chars().all(char::is_alphanumeric) =>
            {
                word.push_str(text);
            }
            // A hyphen or a thin space in an operator's name.
            ParseNode::Atom { text, .. } | ParseNode::TextOrd { text, .. } if text == "-" || text == "*" => {
                word.push_str(text);
            }
            ParseNode::Kern { dimension, .. } if dimension.number > 0.0 => word.push('\u{2009}'),
            ParseNode::SpacingNode { .. } => word.push('\u{2009}'),
            ParseNode::OrdGroup { body, .. } if body.len() == 1 && !matches!(body[0], ParseNode::OrdGroup { .. }) => {
                word.push_str(&self::word(body)?);
            }
            _ => return None,
        }
    }
    (!word.is_empty()).then_some(word)
}
