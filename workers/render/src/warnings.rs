//! Collects warnings: each once, a bounded number, in order.

use std::collections::{HashMap, HashSet};

use ruche_schemas::kinds::render::{WARNINGS, Warning};

/// The source in warnings about the text.
pub const SOURCE: &str = "markdown";
/// The line of a conversation's first message; the next message is on the next line. No text is as long.
pub const MESSAGES: u32 = 8_000_000;

#[derive(Debug, Default)]
pub struct Warnings {
    seen: HashSet<Warning>,
    list: Vec<Warning>,
    /// Warnings of declarations without effect, by source and reason: their place in the list, and the declarations with
    /// their lines.
    alike: HashMap<(String, &'static str), (usize, Vec<Declaration>)>,
    more: usize,
}

/// A declaration without effect, with its line.
type Declaration = (String, Option<u32>);

/// The most declarations that a warning names, the most lines, and the most that are kept.
const NAMED: usize = 3;
const LINES: usize = 50;
const KEPT: usize = 1_000;

impl Warnings {
    /// Adds a warning once.
    pub fn add(&mut self, source: &str, line: Option<u32>, message: impl Into<String>) {
        if self.list.len() == WARNINGS {
            self.more += 1;
            return;
        }
        let message = message.into();
        let warning = match line.and_then(|line| line.checked_sub(MESSAGES)).filter(|_| source == SOURCE) {
            Some(number) => {
                Warning { source: "data".to_owned(), line: None, message: format!("messages[{number}]: {message}") }
            }
            None => Warning { source: source.to_owned(), line, message },
        };
        if self.seen.insert(warning.clone()) {
            self.list.push(warning);
        }
    }

    /// Adds a declaration without effect. Those of one source that have the same reason share a warning.
    pub fn add_alike(&mut self, source: &str, line: Option<u32>, declaration: String, why: &'static str) {
        if let Some((_, known)) = self.alike.get_mut(&(source.to_owned(), why)) {
            let found = (declaration, line);
            if known.len() < KEPT && !known.contains(&found) {
                known.push(found);
            }
            return;
        }
        let at = self.list.len();
        self.add(source, line, format!("{declaration} has no effect: {why}"));
        // The messages of a conversation have no lines to name.
        if self.list.len() > at && line.is_none_or(|line| line < MESSAGES) {
            self.alike.insert((source.to_owned(), why), (at, vec![(declaration, line)]));
        }
    }

    /// The last warning says if there were too many.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<Warning> {
        for ((_, why), (at, declarations)) in &self.alike {
            if let Some(warning) = self.list.get_mut(*at).filter(|_| declarations.len() > 1) {
                warning.message = together(declarations, why);
            }
        }
        if self.more > 0 {
            let message = format!("{} more warnings are not shown", self.more);
            self.list.push(Warning { source: "render".to_owned(), line: None, message });
        }
        self.list
    }
}

fn together(declarations: &[Declaration], why: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    let mut lines: Vec<u32> = Vec::new();
    for (name, line) in declarations {
        if !names.contains(&name.as_str()) && names.len() < NAMED {
            names.push(name);
        }
        lines.extend(line);
    }
    lines.sort_unstable();
    lines.dedup();
    let others = declarations.iter().filter(|(name, _)| !names.contains(&name.as_str())).count();
    let others = if others > 0 { format!(" and {others} more") } else { String::new() };
    let further = if lines.len() > LINES { ", …" } else { "" };
    let shown: Vec<String> = lines.iter().take(LINES).map(u32::to_string).collect();
    let places = match shown.as_slice() {
        [] | [_] => String::new(),
        _ => format!(" (lines {}{further})", shown.join(", ")),
    };
    let have = if names.len() == 1 && others.is_empty() { "has" } else { "have" };
    format!("{}{others}{places} {have} no effect: {why}", names.join(", "))
}
