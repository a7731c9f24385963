//! Parses a style sheet within bounds.

use std::collections::HashSet;

use cssparser::{Parser, StyleSheetParser};

use super::Log;
use super::at_rules::{self, Reader};
use super::font_face::FontFace;
use super::rules::{RULES, Sheet};
use crate::Warnings;

/// The most bytes of one sheet.
const BYTES: usize = 512 * 1024;

impl Sheet {
    /// Parses a style sheet. Warnings carry `source` ("css") and the line.
    ///
    /// A mistake drops only its own rule or declaration. What exceeds 512 KiB or 5,000 rules is left out.
    #[must_use]
    pub fn parse(css: &str, source: &str, warnings: &mut Warnings) -> Self {
        let mut log = Log { source, warnings };
        let css = truncated(css.strip_prefix('\u{feff}').unwrap_or(css), &mut log);
        let mut sheet = Self { source: source.to_owned(), ..Self::default() };
        let mut input = Parser::new(css);
        let mut reader = Reader::new(&mut sheet, &mut log);
        let mut errors = Vec::new();
        for rule in StyleSheetParser::new(&mut input, &mut reader) {
            if let Err((error, text, place)) = rule {
                errors.push((place.line + 1, at_rules::explain(&error, text)));
            }
        }
        let dropped = reader.dropped;
        for (line, message) in errors {
            log.add(Some(line), message);
        }
        if dropped > 0 {
            log.add(None, format!("a style sheet has up to {RULES} rules; {dropped} rules after them were left out"));
        }
        sheet
    }

    /// Turns off warnings of rules without a match, for sheets that are not the document's own.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}

#[must_use]
pub fn fonts(sheets: &[Sheet]) -> Vec<FontFace> {
    let mut seen = HashSet::new();
    let all = sheets.iter().flat_map(|sheet| &sheet.fonts);
    all.filter(|face| seen.insert((face.family.to_lowercase(), face.file.clone()))).cloned().collect()
}

/// At most [`BYTES`], up to the end of a block.
fn truncated<'a>(css: &'a str, log: &mut Log<'_>) -> &'a str {
    if css.len() <= BYTES {
        return css;
    }
    let mut end = BYTES;
    while !css.is_char_boundary(end) {
        end -= 1;
    }
    let prefix = &css[..end];
    let prefix = prefix.rfind('}').map_or(prefix, |brace| &prefix[..=brace]);
    let message = format!(
        "a style sheet has up to {} KiB, this one has {}; the rest was left out",
        BYTES / 1024,
        css.len().div_ceil(1024)
    );
    log.add(Some(prefix.matches('\n').count() as u32 + 1), message);
    prefix
}
