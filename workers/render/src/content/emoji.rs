//! Divides text by emoji presentation: a character with U+FE0F is drawn in colour, with U+FE0E as text; without them, as
//! Unicode says for it.

use unicode_properties::{EmojiStatus, UnicodeEmoji as _};

/// Requests the emoji presentation: a picture in colour.
const EMOJI: char = '\u{fe0f}';
/// Requests the text presentation.
const TEXT: char = '\u{fe0e}';
const KEYCAP: char = '\u{20e3}';

/// How a part of a text is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presentation {
    Any,
    Emoji,
    Text,
    /// As text if a font of text has it.
    UsuallyText,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part<'a> {
    pub text: &'a str,
    pub presentation: Presentation,
}

/// Divides a text at the characters that request or have a presentation. `None` if there are none.
pub(super) fn parts(text: &str) -> Option<Vec<Part<'_>>> {
    let is_ascii = text.is_ascii();
    (!is_ascii && text.contains(|c| matches!(c, EMOJI | TEXT) || is_usually_text(c))).then(|| {
        let mut parts = Vec::new();
        let mut from = 0;
        let chars: Vec<(usize, char)> = text.char_indices().collect();
        let mut i = 0;
        while let Some((at, _)) = chars.get(i) {
            match length(&chars[i..]) {
                Some((count, presentation)) => {
                    let end = chars.get(i + count).map_or(text.len(), |(end, _)| *end);
                    if from < *at {
                        parts.push(Part { text: &text[from..*at], presentation: Presentation::Any });
                    }
                    parts.push(Part { text: &text[*at..end], presentation });
                    (from, i) = (end, i + count);
                }
                None => i += 1,
            }
        }
        if from < text.len() {
            parts.push(Part { text: &text[from..], presentation: Presentation::Any });
        }
        parts
    })
}

/// The number of characters of the sequence that begins here, and its presentation.
fn length(chars: &[(usize, char)]) -> Option<(usize, Presentation)> {
    let mut count = 1;
    let mut presentation = None;
    while let Some((_, c)) = chars.get(count) {
        match *c {
            EMOJI | TEXT => {
                presentation = Some(if *c == EMOJI { Presentation::Emoji } else { Presentation::Text });
                count += 1;
            }
            KEYCAP | '\u{1f3fb}'..='\u{1f3ff}' => count += 1,
            // Joined with what follows: a flag, a couple.
            '\u{200d}' if chars.len() > count + 1 => count += 2,
            _ => break,
        }
    }
    let is_alone = count == 1 && chars.first().is_some_and(|(_, c)| is_usually_text(*c));
    let presentation = presentation.or_else(|| is_alone.then_some(Presentation::UsuallyText));
    presentation.map(|presentation| (count, presentation))
}

/// Whether a character is an emoji on request only. Each font has those of Latin-1.
fn is_usually_text(c: char) -> bool {
    matches!(c, '\u{203c}'..='\u{3299}' | '\u{1f000}'..='\u{1faff}')
        && matches!(c.emoji_status(), EmojiStatus::EmojiOther | EmojiStatus::EmojiModifierBase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_with_a_presentation_stand_alone() {
        let found = |text: &'static str| {
            let parts = parts(text).unwrap_or_default();
            parts.into_iter().map(|part| (part.text, part.presentation == Presentation::Emoji)).collect::<Vec<_>>()
        };
        assert_eq!(found("a \u{26a0}\u{fe0f} b"), [("a ", false), ("\u{26a0}\u{fe0f}", true), (" b", false)]);
        assert_eq!(found("1\u{fe0f}\u{20e3}2"), [("1\u{fe0f}\u{20e3}", true), ("2", false)]);
        let flag = "\u{1f3f3}\u{fe0f}\u{200d}\u{1f308}";
        assert_eq!(found(flag), [(flag, true)]);
        let couple = "\u{1f469}\u{200d}\u{2764}\u{fe0f}\u{200d}\u{1f468}";
        assert_eq!(found(couple), [(couple, true)]);
        assert!(found("\u{201c}\u{1f600}\u{2757}\u{201d}").is_empty());
        let usual = parts("a \u{260e}\u{2666}\u{1f600}").unwrap_or_default();
        let usual: Vec<_> = usual.iter().map(|part| (part.text, part.presentation)).collect();
        let (any, text) = (Presentation::Any, Presentation::UsuallyText);
        assert_eq!(usual, [("a ", any), ("\u{260e}", text), ("\u{2666}", text), ("\u{1f600}", any)]);
        // With a colour of skin.
        assert!(found("\u{261d}\u{1f3fb}").iter().all(|(text, _)| *text != "\u{261d}"));
        let letter = parts("\u{260e}\u{fe0e}").unwrap_or_default();
        assert_eq!(letter, [Part { text: "\u{260e}\u{fe0e}", presentation: Presentation::Text }]);
        assert_eq!(found("\u{fe0f}"), [("\u{fe0f}", false)]);
    }
}
