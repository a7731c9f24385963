//! Holds the rules and declarations of a style sheet.

use super::blocks::Raw;
use super::font_face::FontFace;
use super::page_style::PageSelector;
use super::properties::{self, Specified};
use super::property::Property;
use super::select::Target;
use super::{Log, shorten};

/// The most rules of one sheet.
pub(super) const RULES: usize = 5_000;

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
    /// The selectors as written, shortened.
    pub text: String,
    /// The first line.
    pub line: u32,
    pub targets: Vec<Target>,
    pub declarations: Vec<Declaration>,
}

#[derive(Debug)]
pub(super) struct Declaration {
    pub name: String,
    /// Counted from 1.
    pub line: Option<u32>,
    pub important: bool,
    pub value: Value,
}

impl Declaration {
    /// `display` of a part of a table, with the elements that are such parts.
    pub fn table_part(&self) -> Option<(&'static str, &'static [&'static str])> {
        match &self.value {
            Value::Parsed(Specified::Properties(found)) => match found.as_slice() {
                [Property::TablePart(part, elements)] => Some((part, elements)),
                _ => None,
            },
            _ => None,
        }
    }
}

#[derive(Debug)]
pub(super) enum Value {
    Parsed(Specified),
    /// With `var()` in it: parsed when the variables are known.
    WithVariables(String),
    /// Of a custom property.
    Custom(String),
}

/// An `@page` rule, unparsed: its values may contain variables.
#[derive(Debug)]
pub(super) struct PageRule {
    pub selectors: Vec<PageSelector>,
    pub declarations: Vec<Raw>,
    /// Its margin boxes: name, line, declarations.
    pub boxes: Vec<(String, u32, Vec<Raw>)>,
}

/// Declarations without effect become warnings.
pub(super) fn declarations(raw: Vec<Raw>, log: &mut Log<'_>) -> Vec<Declaration> {
    let mut found = Vec::new();
    for Raw { name, value, important, line } in raw {
        let value = if name.starts_with("--") {
            Value::Custom(value)
        } else if has_variable(&value) {
            Value::WithVariables(value)
        } else {
            match properties::read(&name, &value) {
                Ok(specified) => {
                    if let Some(message) = properties::partly_ignored(&name, &value) {
                        log.add(line, message);
                    }
                    Value::Parsed(specified)
                }
                Err(problem) => {
                    log.problem(line, problem);
                    continue;
                }
            }
        };
        found.push(Declaration { name, line, important, value });
    }
    found
}

pub(super) fn has_variable(value: &str) -> bool {
    value.as_bytes().windows(4).any(|bytes| bytes.eq_ignore_ascii_case(b"var("))
}

/// Warns of `display: table-cell` and the like on an element that is no such part of a table.
pub(super) fn check_table_part(declarations: &[Declaration], name: &str, log: &mut Log<'_>) {
    for declaration in declarations {
        if let Some((part, elements)) = declaration.table_part()
            && !elements.contains(&name)
        {
            let message = format!("`display: {part}` has no effect: only tables of the text become tables");
            log.add(declaration.line, message);
        }
    }
}

/// Warns that `content` applies only to generated boxes.
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
