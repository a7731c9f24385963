//! A style sheet, parsed.

use std::collections::HashSet;

use cssparser::{Parser, StyleSheetParser};

use super::at_rules::{self, Reader};
use super::blocks::Raw;
use super::page::PageRule;
use super::properties::{self, Said};
use super::select::Target;
use super::style::FontFace;
use super::{Log, shorten};
use crate::Warnings;

/// Bytes of one sheet.
const BYTES: usize = 512 * 1024;

/// Rules of one sheet.
pub(super) const RULES: usize = 5_000;

/// A parsed style sheet.
#[derive(Debug, Default)]
pub struct Sheet {
    pub(super) source: String,
    pub(super) rules: Vec<Rule>,
    pub(super) pages: Vec<PageRule>,
    pub(super) fonts: Vec<FontFace>,
    pub(super) quiet: bool,
}

#[derive(Debug)]
pub(super) struct Rule {
    /// Its selectors as they were written, shortened.
    pub text: String,
    /// Where it begins.
    pub line: u32,
    /// Its selectors.
    pub targets: Vec<Target>,
    pub declarations: Vec<Declaration>,
}

#[derive(Debug)]
pub(super) struct Declaration {
    /// The property.
    pub name: String,
    /// From 1, where it is known.
    pub line: Option<u32>,
    /// Whether `!important`.
    pub important: bool,
    pub value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// Read and typed.
    Said(Said),
    /// With `var()` in it: read when the variables are known.
    Open(String),
    Custom(String),
}

impl Sheet {
    /// Parses a style sheet. Warnings carry `source` ("css") and the line.
    ///
    /// Whatever is wrong in it takes away only itself; over 512 KiB and over 5,000 rules, the rest is left out.
    #[must_use]
    pub fn parse(css: &str, source: &str, warnings: &mut Warnings) -> Self {
        let mut log = Log { source, warnings };
        let css = cut(css.strip_prefix('\u{feff}').unwrap_or(css), &mut log);
        let mut sheet = Self { source: source.to_owned(), ..Self::default() };
        let mut input = Parser::new(css);
        let mut reader = Reader::new(&mut sheet, &mut log);
        let mut faults = Vec::new();
        for rule in StyleSheetParser::new(&mut input, &mut reader) {
            if let Err((error, text, place)) = rule {
                faults.push((place.line + 1, at_rules::explain(&error, text)));
            }
        }
        let dropped = reader.dropped;
        for (line, message) in faults {
            log.add(Some(line), message);
        }
        if dropped > 0 {
            log.add(None, format!("a style sheet has up to {RULES} rules; {dropped} rules after them were left out"));
        }
        sheet
    }

    /// The same sheet, which says nothing of rules that match no element: for sheets that the writer of the document did
    /// not write.
    #[must_use]
    pub fn quiet(mut self) -> Self {
        self.quiet = true;
        self
    }
}

/// The fonts of all sheets' `@font-face` rules, in order.
#[must_use]
pub fn fonts(sheets: &[Sheet]) -> Vec<FontFace> {
    let mut seen = HashSet::new();
    let all = sheets.iter().flat_map(|sheet| &sheet.fonts);
    all.filter(|face| seen.insert((face.family.to_lowercase(), face.file.clone()))).cloned().collect()
}

/// At most [`BYTES`], up to the end of a block.
fn cut<'a>(css: &'a str, log: &mut Log<'_>) -> &'a str {
    if css.len() <= BYTES {
        return css;
    }
    let mut end = BYTES;
    while !css.is_char_boundary(end) {
        end -= 1;
    }
    let kept = &css[..end];
    let kept = kept.rfind('}').map_or(kept, |brace| &kept[..=brace]);
    let message = format!(
        "a style sheet has up to {} KiB, this one has {}; the rest was left out",
        BYTES / 1024,
        css.len().div_ceil(1024)
    );
    log.add(Some(kept.matches('\n').count() as u32 + 1), message);
    kept
}

/// Reads declarations; those that have no effect become warnings.
pub(super) fn declarations(raw: Vec<Raw>, log: &mut Log<'_>) -> Vec<Declaration> {
    let mut found = Vec::new();
    for Raw { name, value, important, line } in raw {
        let value = if name.starts_with("--") {
            Value::Custom(value)
        } else if has_variable(&value) {
            Value::Open(value)
        } else {
            match properties::read(&name, &value) {
                Ok(said) => Value::Said(said),
                Err(message) => {
                    log.add(line, message);
                    continue;
                }
            }
        };
        found.push(Declaration { name, line, important, value });
    }
    found
}

/// Whether a value may hold `var()`.
pub(super) fn has_variable(value: &str) -> bool {
    value.as_bytes().windows(4).any(|bytes| bytes.eq_ignore_ascii_case(b"var("))
}

/// Says that `content` is for generated boxes only.
pub(super) fn check_content(rule: &Rule, log: &mut Log<'_>) {
    if rule.targets.iter().any(|target| target.pseudo.is_some()) {
        return;
    }
    for declaration in rule.declarations.iter().filter(|declaration| declaration.name == "content") {
        let selector = shorten(&rule.text);
        log.add(
            declaration.line,
            format!("`content` has no effect on `{selector}`; it works in `::before`, `::after` and margin boxes"),
        );
    }
}
