//! Emoji: a character with U+FE0F is one in colour, with U+FE0E a letter.

/// Asks for a colour picture.
const PICTURE: char = '\u{fe0f}';
/// Asks for a letter.
const LETTER: char = '\u{fe0e}';
const KEYCAP: char = '\u{20e3}';

/// What a part of a text asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Any,
    Picture,
    Letter,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub text: &'a str,
    pub look: Look,
}

/// Divides a text at the characters that ask for a colour picture or a letter. `None` if there are none.
pub(super) fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    text.contains([PICTURE, LETTER]).then(|| {
        let mut parts = Vec::new();
        let mut from = 0;
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let mut i = 0;
        while let Some((at, _)) = chars.get(i) {
            match length(&chars[i..]) {
                Some((count, look)) => {
                    let end = chars.get(i + count).map_or(text.len(), |(end, _)| *end);
                    if from < *at {
                        parts.push(Part { text: &text[from..*at], look: Look::Any });
                    }
                    parts.push(Part { text: &text[*at..end], look });
                    (from, i) = (end, i + count);
                }
                None => i += 1,
            }
        }
        if from < text.len() {
            parts.push(Part { text: &text[from..], look: Look::Any });
        }
        parts
    })
}

/// The characters of the sequence that begins here, and what it asks for.
fn length(chars: &[(usize, char)]) -> Option<(usize, Look)> {
    let mut count = 1;
    let mut look = None;
    while let Some((_, c)) = chars.get(count) {
        match *c {
            PICTURE | LETTER => {
                look = Some(if *c == PICTURE { Look::Picture } else { Look::Letter });
                count += 1;
            }
            KEYCAP | '\u{1f3fb}'..='\u{1f3ff}' => count += 1,
            // Joined with what follows: a flag, a couple.
            '\u{200d}' if chars.len() > count + 1 => count += 2,
            _ => break,
        }
    }
    look.map(|look| (count, look))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_ask_for_colour_stand_alone() {
        let found = |text: &'static str| {
            let parts = parts(text).unwrap_or_default();
            parts.into_iter().map(|part| (part.text, part.look == Look::Picture)).collect::<Vec<_>>()
        };
        assert_eq!(found("a \u{26a0}\u{fe0f} b"), [("a ", false), ("\u{26a0}\u{fe0f}", true), (" b", false)]);
        assert_eq!(found("1\u{fe0f}\u{20e3}2"), [("1\u{fe0f}\u{20e3}", true), ("2", false)]);
        let flag = "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}";
        assert_eq!(found(flag), [(flag, true)]);
        let couple = "\u{1f469}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f468}";
        assert_eq!(found(couple), [(couple, true)]);
        assert!(found("\u{260e} \u{1f600}").is_empty());
        let letter = parts("\u{260e}\u{fe0e}").unwrap_or_default();
        assert_eq!(letter, [Part { text: "\u{260e}\u{fe0e}", look: Look::Letter }]);
        assert_eq!(found("\u{fe0f}"), [("\u{fe0f}", false)]);
    }
}
