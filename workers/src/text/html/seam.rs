//! Where inline elements meet without a space between them: `<a>Menu</a><a>Contact</a>` are two words, as a page shows
//! them with a margin, and `H<sub>2</sub>O` is one.

#[derive(Debug, Default)]
pub(super) struct Seam {
    /// Whether an inline element has ended since the last text, and whether it was an item of its own.
    closed: Option<bool>,
    /// Whether another has begun after it, and whether that is an item of its own.
    opened: Option<bool>,
    /// How many elements of code are open: their words are as written.
    code: usize,
}

impl Seam {
    pub(super) fn open(&mut self, name: &str) {
        self.code += usize::from(is_code(name));
        if self.closed.is_some() {
            self.opened = Some(self.opened == Some(true) || is_item(name));
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        self.code = self.code.saturating_sub(usize::from(is_code(name)));
        self.closed = Some(self.closed == Some(true) || is_item(name));
    }

    /// Whether this text, which ends the seam, is another word than what is in front of it.
    pub(super) fn parts(&mut self, before: &str, text: &str) -> bool {
        let (closed, opened) = (self.closed.take(), self.opened.take());
        let (Some(before), Some(after)) = (before.chars().next_back(), text.chars().next()) else { return false };
        if before.is_whitespace() || after.is_whitespace() || self.code > 0 {
            return false;
        }
        match (closed, opened) {
            // `MenuContact` is two words, whatever it stands in.
            (Some(closed), Some(opened)) => (closed && opened) || (before.is_lowercase() && after.is_uppercase()),
            _ => false,
        }
    }
}

fn is_item(name: &str) -> bool {
    matches!(name, "a" | "label" | "button") || name.contains('-')
}

fn is_code(name: &str) -> bool {
    matches!(name, "code" | "kbd" | "samp" | "tt" | "var")
}
