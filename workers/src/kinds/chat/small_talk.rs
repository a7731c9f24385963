//! What people say to a model without asking about documents.

use std::{collections::HashMap, sync::LazyLock};

use ruche_store::analysis::{index::terms, language::SIMPLE};

/// Messages of more words ask for something.
const WORDS: usize = 16;

/// What the demo model was trained to say to greetings and the like.
pub(super) const ENGLISH: [&str; 8] = [
    "Hello! I am a tiny demo model. Ask me something about your documents.",
    "I am fine, thank you. What would you like to find in your documents?",
    "I am a tiny demo model. I only quote sentences from the documents I am given.",
    "I can look for a sentence in the given documents and quote it with its number. I am a tiny demo model, so please replace me with a larger one for real work.",
    "You are welcome!",
    "Goodbye, and have a nice day!",
    "Glad to hear that. Is there anything else you would like to know?",
    "I know a little English and a little French.",
];
/// The same in French.
pub(super) const FRENCH: [&str; 8] = [
    "Bonjour ! Je suis un tout petit modèle de démonstration. Posez-moi une question sur vos documents.",
    "Je vais bien, merci. Que voulez-vous trouver dans vos documents ?",
    "Je suis un tout petit modèle de démonstration. Je cite seulement des phrases des documents qu'on me donne.",
    "Je peux chercher une phrase dans les documents fournis et la citer avec son numéro. Je suis un tout petit modèle de démonstration : remplacez-moi par un plus grand pour un vrai travail.",
    "Avec plaisir !",
    "Au revoir et bonne journée !",
    "Tant mieux. Voulez-vous savoir autre chose ?",
    "Je connais un peu le français et un peu l'anglais.",
];

/// Words that say nothing about documents, such as a greeting.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SmallTalk {
    /// [`SIMPLE`] if the words are of several languages.
    language: &'static str,
    /// What is answered in a language that the model does not speak.
    answer: &'static str,
}

impl SmallTalk {
    /// What may be answered, in the language of the words.
    pub(super) fn answers(&self) -> Vec<&'static str> {
        match self.language {
            "french" => FRENCH.to_vec(),
            _ if self.answer.is_empty() => ENGLISH.to_vec(),
            _ => vec![self.answer],
        }
    }
}

/// The phrases, in words.
static PHRASES: LazyLock<HashMap<Vec<String>, SmallTalk>> = LazyLock::new(|| {
    let (mut language, mut answer) = (SIMPLE, "");
    let mut phrases = HashMap::new();
    for line in include_str!("small_talk.txt").lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            (language, answer) = (name, "");
        } else if let Some(own) = line.strip_prefix("= ") {
            answer = own;
        } else if let Some(words) = Some(words(line)).filter(|words| !words.is_empty()) {
            phrases.entry(words).or_insert(SmallTalk { language, answer });
        }
    }
    phrases
});

/// What the whole message is, if it is greetings, thanks and the like: `Hello, how are you?`, and not `Hello, where are you?` Of
/// several phrases, the last in a language.
pub(super) fn small_talk(message: &str) -> Option<&'static SmallTalk> {
    let words = words(&message.chars().take(WORDS * WORDS).collect::<String>());
    if words.is_empty() || words.len() > WORDS || message.contains(char::is_numeric) {
        return None;
    }
    // What the words up to each place are, if they are phrases.
    let mut ends: Vec<Option<&SmallTalk>> = vec![Some(&NOTHING)];
    for end in 1..=words.len() {
        let phrase = |start: usize| {
            let before = ends[start]?;
            let own = PHRASES.get(&words[start..end])?;
            Some(if own.language == SIMPLE && before.language != SIMPLE { before } else { own })
        };
        let found = (0..end).find_map(phrase);
        ends.push(found);
    }
    ends.pop().flatten()
}

const NOTHING: SmallTalk = SmallTalk { language: SIMPLE, answer: "" };

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
            assert!(small_talk(message).is_some(), "{message}");
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
            assert!(small_talk(message).is_none(), "{message}");
        }
        assert_eq!(small_talk(&"hello ".repeat(10_000)), None);
    }

    #[test]
    fn it_is_answered_in_its_own_language() {
        for (message, expected) in [
            ("Hello", ENGLISH[0]),
            ("Merci beaucoup", FRENCH[0]),
            ("Guten Tag", "Guten Tag! Ich bin ein kleines Demo-Modell. Fragen Sie mich etwas zu Ihren Dokumenten."),
            ("Danke!", "Gern geschehen!"),
            ("Ok, danke", "Gern geschehen!"),
            ("¡Gracias!", "¡De nada!"),
            ("Grazie", "Prego!"),
            ("Hoi, dank je wel", "Graag gedaan!"),
            ("Dziękuję", "Proszę bardzo!"),
            ("Obrigado", "De nada!"),
            ("ok", ENGLISH[0]),
        ] {
            let answers = small_talk(message).expect("small talk").answers();
            assert_eq!(answers.first(), Some(&expected), "{message}");
        }
    }
}
