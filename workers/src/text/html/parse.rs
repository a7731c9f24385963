//! Parses a page (html5ever, as browsers do) and bounds how deep its elements are nested: for each tag the parser looks
//! through all open elements, so 200,000 nested ones take it half a minute.

use html5ever::{
    driver::{ParseOpts, parse_document},
    tendril::{StrTendril, TendrilSink as _},
};
use scraper::{Html, HtmlTreeSink};

/// Levels of elements. Blink (`kMaximumHTMLParserDOMTreeDepth`) nests no deeper than 512.
const DEPTH: usize = 3_000;
/// The bytes after which the depth is looked at.
const STEP: usize = 4 << 10;

/// # Errors
/// For a page whose elements are nested too deep; it comes after the document's name in a message.
pub(super) fn parse(html: &str) -> Result<Html, String> {
    let mut parser = parse_document(HtmlTreeSink::new(Html::new_document()), ParseOpts::default());
    let mut rest = html;
    while !rest.is_empty() {
        let (step, after) = rest.split_at(rest.floor_char_boundary(STEP));
        parser.process(StrTendril::from(step));
        if depth(&parser.tokenizer.sink.sink.0.borrow()) > DEPTH {
            return Err(format!("its elements are nested more than {DEPTH} levels deep: close them, or send its text"));
        }
        rest = after;
    }
    Ok(parser.finish())
}

/// Of the node that was made last.
fn depth(page: &Html) -> usize {
    page.tree.nodes().next_back().map_or(0, |last| last.ancestors().count())
}
