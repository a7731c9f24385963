//! What people say to a model without asking about documents.

use std::{collections::HashSet, sync::LazyLock};

use ruche_store::analysis::{index::terms, language::SIMPLE};

/// Messages of more words ask for something.
const WORDS: usize = 16;

/// The phrases, in words.
static PHRASES: LazyLock<HashSet<Vec<String>>> =
    LazyLock::new(|| include_str!("small_talk.txt").lines().map(words).filter(|words| !words.is_empty()).collect());

/// Whether the whole message is greetings, thanks and the like: `Hello, how are you?`, and not `Hello, where are you?`
pub(super) fn is_small_talk(message: &str) -> bool {
    let words = words(&message.chars().take(WORDS * WORDS).collect::<String>());
    if words.is_empty() || words.len() > WORDS || message.contains(char::is_numeric) {
        return false;
    }
    // Whether the words up to each place are phrases.
    let mut ends = vec![true];
    for end in 1..=words.len() {
        ends.push((0..end).any(|start| ends[start] && PHRASES.contains(&words[start..end])));
    }
    ends.last() == Some(&true)
}

/// The words without accents and capitals. What an apostrophe or a hyphen joins is several words.
fn words(text: &str) -> Vec<String> {
    let apart = text.replace(['\'', '’', '-'], " ");
    terms(&apart, SIMPLE).into_iter().map(|(term, _)| term).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_talk_is_the_whole_message() {
        for message in [
            "Hello",
            "hi!",
            "Hello, how are you?",
            "Ok, thank you very much. Bye!",
            "What’s up?",
            "Comment allez-vous ?",
            "Bonjour, enchanté",
            "Guten Tag",
            "¡Hola!",
            "who are you",
        ] {
            assert!(is_small_talk(message), "{message}");
        }
        for message in [
            "business day",
            "groessere",
            "größere Räder",
            "Was ist die Hauptstadt von Australien?",
            "Hello, when do you open?",
            "Good bread",
            "hello world",
            "",
            "?",
            "7",
            "Hi 5",
        ] {
            assert!(!is_small_talk(message), "{message}");
        }
        assert!(!is_small_talk(&"hello ".repeat(10_000)));
    }
}
