//! Finds a Markdown document's front matter: data in YAML (`---`) or TOML (`+++`) before its text. Does not parse it.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'a> {
    pub front: Option<Front<'a>>,
    /// The text after the front matter, without a byte order mark.
    pub body: &'a str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Front<'a> {
    /// `yaml`, `toml`, or the word after `---`.
    pub language: &'a str,
    pub text: &'a str,
    /// Number of lines, both fences included.
    pub lines: u32,
}

/// A block without an end is part of the text. A block between two thematic breaks looks like front matter; only its
/// reader can tell.
#[must_use]
pub fn split(markdown: &str) -> Split<'_> {
    let body = markdown.strip_prefix('\u{feff}').unwrap_or(markdown);
    found(body).unwrap_or(Split { front: None, body })
}

fn found(markdown: &str) -> Option<Split<'_>> {
    let (first, rest) = markdown.split_once('\n')?;
    let (fence, language) = match first.trim_end() {
        "---" => ("---", "yaml"),
        "+++" => ("+++", "toml"),
        word => ("---", word.strip_prefix("---").filter(|word| is_word(word))?),
    };
    let (mut at, mut lines) = (0, 1);
    for line in rest.split_inclusive('\n') {
        lines += 1;
        let end = at + line.len();
        let trimmed = line.trim_end();
        if trimmed == fence || (fence == "---" && trimmed == "...") {
            return Some(Split { front: Some(Front { language, text: &rest[..at], lines }), body: &rest[end..] });
        }
        at = end;
    }
    None
}

fn is_word(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(markdown: &str) -> (Option<(&str, &str, u32)>, &str) {
        let Split { front, body } = split(markdown);
        (front.map(|front| (front.language, front.text, front.lines)), body)
    }

    #[test]
    fn a_block_between_two_fences_is_front_matter() {
        assert_eq!(parts("---\na: b\n---\ntext\n"), (Some(("yaml", "a: b\n", 3)), "text\n"));
        assert_eq!(parts("\u{feff}+++ \r\na = 1\r\n+++"), (Some(("toml", "a = 1\r\n", 3)), ""));
        assert_eq!(parts("---yml\n...\nx"), (Some(("yml", "", 2)), "x"));
    }

    #[test]
    fn all_else_is_text() {
        for text in ["", "-", "é", "---", "---\n", "---\nx\n", "+++\nx\n---\n", "--- x\n---\n", "# a\n---\nb: c\n---\n"]
        {
            assert_eq!(parts(text), (None, text));
        }
        assert_eq!(parts("\u{feff}x"), (None, "x"));
    }
}
