//! A passage as one line of the prompt. It can't pass for another passage or for the block's head.

/// Heads the passages in the prompt.
pub(super) const HEAD: &str = "Passages:";

/// A passage's text on one line, without anything that looks like a mark of the block.
pub(super) fn line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    without_heads(&without_numbers(&words.join(" ")))
}

/// Writes `(9)` for `[9]` and `(1, 2)` for `[1, 2]`, also with invisible characters in between.
fn without_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let inside = &rest[at + 1..];
        let end = inside.find(|c: char| !is_of_number(c)).unwrap_or(inside.len());
        let number = inside[..end].chars().any(char::is_numeric) && inside[end..].starts_with(']');
        out.push_str(&rest[..at]);
        match number {
            true => {
                out.extend(["(", &inside[..end], ")"]);
                rest = &inside[end + 1..];
            }
            false => {
                out.push('[');
                rest = inside;
            }
        }
    }
    out + rest
}

/// Writes `Passages -` for `Passages:`.
fn without_heads(text: &str) -> String {
    let word = HEAD.trim_end_matches(':');
    // ASCII lower case keeps byte offsets.
    let lower = text.to_ascii_lowercase();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (at, _) in lower.match_indices(&word.to_ascii_lowercase()) {
        let end = at + word.len();
        let behind = text[end..].trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c));
        if let Some(behind) = behind.strip_prefix([':', '：']) {
            out.push_str(&text[from..end]);
            out.push_str(" -");
            from = text.len() - behind.len();
        }
    }
    out + &text[from..]
}

fn is_of_number(c: char) -> bool {
    c.is_numeric() || c.is_whitespace() || is_invisible(c) || matches!(c, ',' | ';' | '-' | '–' | '^')
}

/// Invisible characters (some of Unicode's Cf, and variation selectors).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{e0000}'..='\u{e01ef}'
    )
}
