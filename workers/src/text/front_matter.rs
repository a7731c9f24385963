//! Removes front matter from Markdown; only its title is used.

use ruche_schemas::front::{Front, split};

use super::extracted::Extracted;

/// Longest front matter, in bytes: a thematic break before a long text is none.
const BYTES: usize = 64 << 10;

#[must_use]
pub fn markdown(text: &str) -> Extracted {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parts = split(text);
    match parts.front.filter(is_front) {
        Some(front) => Extracted { title: title(front.text), markdown: parts.body.to_owned(), warnings: Vec::new() },
        None => Extracted { markdown: text.to_owned(), ..Extracted::default() },
    }
}

/// `---` is also a thematic break: only key-value pairs or comments after it are front matter.
fn is_front(front: &Front<'_>) -> bool {
    let sign = match front.language {
        "yaml" | "yml" => ':',
        "toml" => '=',
        _ => return false,
    };
    let first = front.text.lines().find(|line| !line.trim().is_empty());
    front.text.len() <= BYTES && first.is_none_or(|line| line.contains(sign) || line.starts_with('#'))
}

fn title(front: &str) -> Option<String> {
    let value = front.lines().find_map(|line| {
        let rest = line.strip_prefix("title")?.trim_start();
        rest.strip_prefix([':', '='])
    })?;
    let value = value.trim();
    let quoted = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    (!value.is_empty()).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Option<String>, String) {
        let extracted = markdown(text);
        (extracted.title, extracted.markdown)
    }

    #[test]
    fn front_matter_is_taken_off_and_its_title_read() {
        for (text, title, body) in [
            ("---\ntitle: \"Bees: a guide\"\ntags: [a]\n---\n# A\n", Some("Bees: a guide"), "# A\n"),
            ("+++\ntitle = 'Bees'\n+++\nText", Some("Bees"), "Text"),
            ("\u{feff}---\nauthor: me\n---\nText", None, "Text"),
            ("---\n---\nText", None, "Text"),
        ] {
            assert_eq!(of(text), (title.map(str::to_owned), body.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn what_is_none_is_text() {
        for text in ["# A\n", "---\nno names here\n---\nText", "---\ntitle: never ends", "--- x\n", ""] {
            assert_eq!(of(text), (None, text.to_owned()));
        }
    }
}
