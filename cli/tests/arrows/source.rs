//! A simple tokenizer of Rust: a file's words without comments, strings and tests.

/// A file's code without comments and items under `#[cfg(test)]`; strings are empty unless `texts`.
pub(super) fn code(source: &str, texts: bool) -> String {
    without_tests(&without_comments(source, texts))
}

fn without_comments(source: &str, texts: bool) -> String {
    let mut code = String::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let (taken, kept) = match first {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), ""),
            '/' if rest.starts_with("/*") => (rest.find("*/").map_or(rest.len(), |end| end + 2), " "),
            '"' => (text_end(rest), "\"\""),
            'r' if is_raw(rest) && !code.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                (raw_end(rest), "\"\"")
            }
            '\'' => (character_end(rest), ""),
            _ => (first.len_utf8(), &rest[..first.len_utf8()]),
        };
        let is_text = kept == "\"\"";
        code.push_str(if is_text && texts { &rest[..taken] } else { kept });
        rest = &rest[taken..];
    }
    code
}

/// The end of the string that begins here.
fn text_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            _ => escaped = c == '\\' && !escaped,
        }
    }
    text.len()
}

fn is_raw(text: &str) -> bool {
    text[1..].trim_start_matches('#').starts_with('"')
}

fn raw_end(text: &str) -> usize {
    let hashes = text[1..].len() - text[1..].trim_start_matches('#').len();
    let begin = 1 + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    text[begin..].find(&close).map_or(text.len(), |at| begin + at + close.len())
}

/// The end of a character; of a lifetime, only its mark.
fn character_end(text: &str) -> usize {
    let mut chars = text.char_indices().skip(1);
    match (chars.next(), chars.next()) {
        (Some((_, '\\')), Some(_)) => text[3..].find('\'').map_or(1, |at| at + 4),
        (Some(_), Some((at, '\''))) => at + 1,
        _ => 1,
    }
}

fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        rest = &after[item_end(after)..];
    }
    kept + rest
}

/// The end of an item: its closing brace or its semicolon.
fn item_end(code: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && c == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// As in `crate`, `::`, `Kind`, `{`.
pub(super) fn words(code: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let end = match first {
            first if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            first => first.len_utf8(),
        };
        words.push(&rest[..end]);
        rest = rest[end..].trim_start();
    }
    words
}

#[test]
fn only_code_remains_of_a_source() {
    let source = r##"
        use a::B; // use x::Y;
        /* use x::Y; */
        fn f<'a>(c: char) -> &'a str { if c == '"' || c == '\'' { "use x::Y;" } else { r#"use "x""# } }
        #[cfg(test)]
        mod tests { use x::Y; }
        #[cfg(test)]
        mod more;
        fn g() { crate::h(); }
    "##;
    let code = code(source, false);
    assert!(!code.contains('x') && !code.contains("more"), "{code}");
    let words = words(&code);
    assert_eq!(&words[..5], ["use", "a", "::", "B", ";"]);
    assert!(words.windows(4).any(|four| four == ["crate", "::", "h", "("]), "{words:?}");
}
