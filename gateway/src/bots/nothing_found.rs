//! The answer of a bot that finds nothing: its own sentence, or the default one in the language of the chat.

use ruche_schemas::bots::{Bot, Retrieval, nothing_found};
use ruche_store::analysis::{
    asking,
    identifier::{self, words},
    language::{SIMPLE, detect},
    named::{self, Terms},
};

/// The bot's own sentence. The default one is in the language of the question, else of the first text that has one, if there is a
/// translation.
pub(super) fn sentence<'t>(bot: &Bot, question: &str, texts: impl Iterator<Item = &'t str>) -> String {
    let own = &bot.retrieval.nothing_found;
    if *own != Retrieval::default().nothing_found {
        return own.clone();
    }
    let is_clear = |language: &&str| *language != SIMPLE;
    let language = Some(asking::language(question)).filter(is_clear);
    let language = language.or_else(|| texts.map(detect).find(is_clear));
    nothing_found(language.unwrap_or(SIMPLE)).to_owned()
}

/// Whether a question has product codes and the like and no other word. It has no language and asks nothing else, so a
/// model that gets passages about other things can only guess.
pub(super) fn is_code(question: &str) -> bool {
    let mut words = words(question).peekable();
    words.peek().is_some() && words.all(|word| identifier::names_one(word) || is_number(word))
}

/// Whether a text names one of the codes in a question, in any spelling.
pub(super) fn names(question: &str, text: &str) -> bool {
    let (names, terms) = (named::names(question), Terms::of(text));
    match names.is_empty() {
        // Numbers too short to be a name.
        true => words(question).any(|word| is_number(word) && text.contains(word)),
        false => names.iter().any(|name| terms.has(name)),
    }
}

/// Whether a word is several numbers, such as 0042-77, which search takes for no identifier.
fn is_number(word: &str) -> bool {
    word.contains(['-', '/']) && word.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '/' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_alone_is_no_question_in_a_language() {
        for code in ["ZX-9", " ZX-9 ?", "AX-4401/B, AX-4401/C", "v2.14.3", "\"ax4401b\"", "0042-77."] {
            assert!(is_code(code), "{code}");
        }
        for other in ["", "?", "ZX-9 price", "What is ZX-9?", "42", "9.50", "well-known", "price"] {
            assert!(!is_code(other), "{other}");
        }
        for (code, text, expected) in [
            ("ZX-9", "Pump zx9", true),
            ("ZX-9", "Pump ZX-99", false),
            ("0042-77?", "Hose 0042-77: 4 m", true),
            ("0042-77", "Hose 0042-78: 4 m", false),
            ("v1.0.0", "Version 1.0.0 is the first", true),
            ("0421-555-0110", "Call +49 421 5550110", true),
            ("5-6", "Clause 5-6", true),
        ] {
            assert_eq!(names(code, text), expected, "{code}: {text}");
        }
    }

    #[test]
    fn the_default_sentence_is_in_the_first_language_that_is_clear() {
        let of = |own: Option<&str>, texts: &[&str]| {
            let mut bot = Bot::default();
            if let Some(own) = own {
                own.clone_into(&mut bot.retrieval.nothing_found);
            }
            let (question, texts) = texts.split_first().unwrap_or((&"", &[]));
            sentence(&bot, question, texts.iter().copied())
        };
        let french = "Combien coûte la pompe, et quand est-elle livrée ?";
        let german = "Die Pumpe kostet neunzig Euro und wird in drei Tagen geliefert.";
        let english = "The pump costs ninety euros, and it is delivered in three days.";
        assert!(of(None, &["ZX-9", french, english]).starts_with("Je n'ai pas trouvé"));
        assert!(of(None, &["ZX-9", german]).starts_with("Das habe ich"));
        for (question, expected) in [
            ("¿Hay guardarropa?", "No he encontrado"),
            ("Wat kost boter?", "Dat heb ik niet"),
            ("Was kostet Butter?", "Das habe ich"),
            ("Ile kosztuje masło?", "Nie znalaz"),
            ("Quanto costa il burro?", "Non l'ho"),
            ("Quanto custa a manteiga?", "Não encontrei"),
        ] {
            assert!(of(None, &[question, english]).starts_with(expected), "{question}");
        }
        for texts in [&["ZX-9", english, french][..], &["ZX-9"], &[]] {
            assert_eq!(of(None, texts), "I could not find that in the documents.");
        }
        assert_eq!(of(Some("Nothing."), &[french]), "Nothing.");
    }
}
