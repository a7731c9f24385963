//! Collects warnings: each once, a bounded number, in order.

use std::collections::HashSet;

use ruche_schemas::kinds::render::{WARNINGS, Warning};

/// The source in warnings about the text.
pub const SOURCE: &str = "markdown";
/// The line of a conversation's first message; the next message is on the next line. No text is as long.
pub const MESSAGES: u32 = 8_000_000;

#[derive(Debug, Default)]
pub struct Warnings {
    seen: HashSet<Warning>,
    list: Vec<Warning>,
    more: usize,
}

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

    /// The last warning says if there were too many.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<Warning> {
        if self.more > 0 {
            let message = format!("{} more warnings are not shown", self.more);
            self.list.push(Warning { source: "render".to_owned(), line: None, message });
        }
        self.list
    }
}
