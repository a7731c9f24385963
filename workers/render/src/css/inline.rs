//! Parses `style="..."`: each different text once.

use std::collections::HashMap;

use cssparser::Parser;
use scraper::node::Element;

use super::blocks::block;
use super::rules::{Declaration, check_table_part, declarations};
use super::{Log, shorten};
use crate::Warnings;

/// The most different texts.
const TEXTS: usize = 20_000;

const SOURCE: &str = "markdown";

#[derive(Debug, Default)]
pub(super) struct Inline<'a> {
    numbers: HashMap<&'a str, u32>,
    pub read: Vec<Vec<Declaration>>,
}

impl<'a> Inline<'a> {
    pub fn number(&mut self, element: &'a Element, warnings: &mut Warnings) -> Option<u32> {
        let text = element.attr("style")?;
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let line = line(element);
        let mut log = Log { source: SOURCE, warnings };
        if self.read.len() == TEXTS {
            log.add(None, format!("up to {TEXTS} different `style` attributes are read; the others were left out"));
            return None;
        }
        let block = block(&mut Parser::new(text), false);
        for (_, message) in block.errors {
            log.add(line, message);
        }
        let mut raw = block.declarations;
        for declaration in &mut raw {
            declaration.line = line;
        }
        raw.retain(|declaration| {
            if declaration.name == "content" {
                let message = format!("`content: {}` has no effect on an element", shorten(&declaration.value));
                log.add(line, message);
            }
            declaration.name != "content"
        });
        let number = u32::try_from(self.read.len()).unwrap_or(u32::MAX);
        let declarations = declarations(raw, &mut log);
        check_table_part(&declarations, element.name(), &mut log);
        self.read.push(declarations);
        self.numbers.insert(text, number);
        Some(number)
    }
}

/// The line in the Markdown, from comrak's `data-sourcepos="3:1-3:20"`.
fn line(element: &Element) -> Option<u32> {
    element.attr("data-sourcepos")?.split(':').next()?.parse().ok()
}
