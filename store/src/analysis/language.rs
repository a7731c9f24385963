//! Languages: how their words are stemmed (Snowball), which words carry no meaning, and which one a text is in.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ruche_schemas::language::LANGUAGES;
use snowball_stemmers_rs::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization as _;
use whatlang::{Detector, Info, Lang, Script};

use super::{
    token::{Form, Token},
    tokens::tokens,
};

/// Bytes of a text that its language is detected by.
const SAMPLE: usize = 4_096;
/// Different stop words of a language that a text too short for its letters to tell must have.
const STOP_WORDS: usize = 2;
/// Different words of a sentence without a stop word.
const PROSE: usize = 4;
/// How sure the letters of a sentence without a stop word must make its language, of 1.
const SURE: f64 = 0.6;
/// With what English words end, and words of other languages in ASCII seldom do; beside an `s` behind a consonant.
const ENDINGS: [&str; 9] = ["ing", "ed", "ly", "th", "ck", "sh", "gh", "ght", "ness"];
/// One of so many words of a text must be a stop word of its language.
const SHARE: usize = 7;
/// The Arabic article, also after "and", "with", "as", "then" and "for".
const ARTICLES: [&str; 6] = ["ال", "وال", "بال", "كال", "فال", "لل"];
/// No language: words are not stemmed, and none is a stop word.
pub const SIMPLE: &str = "simple";

/// The language of a text, or [`SIMPLE`] if it is not clear. Codes and numbers do not count.
#[must_use]
pub fn detect(text: &str) -> &'static str {
    let sample = &text[..text.floor_char_boundary(SAMPLE)];
    // Letters and digits at full and at half width count as Korean ones else.
    let usual: Cow<'_, str> = if sample.is_ascii() { sample.into() } else { sample.nfkc().collect() };
    let sample = &*usual;
    // Few languages share another script than the Latin one.
    if let Some(info) = DETECTOR.detect(sample).filter(|info| info.script() != Script::Latin) {
        return name(info.lang()).unwrap_or(SIMPLE);
    }
    let words = Words::of(sample);
    let guess = DETECTOR.detect(&words.different.join(" "));
    let named = |info: &Info| Some((name(info.lang())?, info.is_reliable()));
    let found = match guess.as_ref().and_then(named) {
        Some((language, true)) if words.functional(language).different > 0 => Some(language),
        // Polish and Czech have no list of stop words here, and sentences in Turkish often have none.
        Some((language, true)) if words.are_prose(sample) => return language,
        guess => by_stop_words(&words, guess.map(|(language, _)| language)),
    };
    // Prose has stop words; a list of names and codes looks like any language.
    let found = found.filter(|language| words.functional(language).all * SHARE >= words.all);
    found.or_else(|| words.of_statement(sample, guess.as_ref())).unwrap_or(SIMPLE)
}

/// The words outside of compounds, without numbers.
struct Words<'t> {
    all: usize,
    different: Vec<&'t str>,
    /// Those that may be stop words, folded: no names and abbreviations.
    candidates: Vec<String>,
}

/// Stop words of a language.
struct Functional {
    all: usize,
    different: usize,
}

impl<'t> Words<'t> {
    fn of(text: &'t str) -> Self {
        let all = tokens(text);
        let compounds: HashSet<u32> =
            all.iter().filter(|token| token.form.is_joined()).map(|token| token.group).collect();
        let is_word = |token: &&Token| {
            token.form == Form::Word
                && !compounds.contains(&token.group)
                && text[token.range.clone()].chars().all(char::is_alphabetic)
        };
        let words: Vec<&Token> = all.iter().filter(is_word).collect();
        let has_lower = text.contains(char::is_lowercase);
        let is_candidate = |token: &&&Token| !has_lower || may_be_functional(text, token);
        let mut known = HashSet::new();
        let different = words.iter().map(|token| &text[token.range.clone()]);
        Self {
            all: words.len(),
            different: different.filter(|word| known.insert(word.to_lowercase())).collect(),
            candidates: words.iter().filter(is_candidate).map(|token| token.term.clone()).collect(),
        }
    }

    /// Whether they are a sentence in letters beyond ASCII: most words have no capital, and a mark ends the text.
    fn are_prose(&self, text: &str) -> bool {
        self.has_sentence()
            && self.different.iter().any(|word| !word.is_ascii())
            && text.trim_end().ends_with(['.', '!', '?'])
    }

    fn has_sentence(&self) -> bool {
        let lower = self.different.iter().filter(|word| word.starts_with(char::is_lowercase)).count();
        self.different.len() >= PROSE && lower * 2 > self.different.len()
    }

    /// Whether they are a sentence, and no question, list or table. A question has words of asking.
    fn is_statement(&self, text: &str) -> bool {
        self.has_sentence() && text.trim_end().ends_with(['.', '!']) && !text.contains([';', '|', '\t'])
    }

    /// The language of a sentence with too few stop words: the one that the letters point to surely, or English by the
    /// endings of its words.
    fn of_statement(&self, text: &str, guess: Option<&Info>) -> Option<&'static str> {
        if !self.is_statement(text) {
            return None;
        }
        let sure = guess.filter(|guess| guess.confidence() >= SURE).and_then(|guess| name(guess.lang()));
        sure.or_else(|| self.are_english().then_some("english"))
    }

    /// One of five words has an English ending, and few end with another vowel than `e`.
    fn are_english(&self) -> bool {
        let words = || self.different.iter().map(|word| word.to_lowercase());
        let is_english = |word: &String| {
            let before = word.strip_suffix('s').and_then(|word| word.chars().next_back());
            before.is_some_and(|before| !"aeious".contains(before)) || ENDINGS.iter().any(|end| word.ends_with(end))
        };
        let english = words().filter(is_english).count();
        let vowels = words().filter(|word| word.ends_with(['a', 'i', 'o', 'u'])).count();
        words().all(|word| word.is_ascii()) && english * 5 >= self.different.len() && vowels * 4 < self.different.len()
    }

    fn functional(&self, language: &str) -> Functional {
        let found: Vec<&String> = self.candidates.iter().filter(|word| is_stop_word(word, language)).collect();
        Functional { all: found.len(), different: found.iter().collect::<HashSet<_>>().len() }
    }
}

/// Whether a word can be a stop word where it stands: not with a capital, as in `Las Vegas`, unless it begins a sentence,
/// and not if it is a consonant alone.
fn may_be_functional(text: &str, token: &Token) -> bool {
    let (before, word) = (&text[..token.range.start], &text[token.range.clone()]);
    let after = &text[token.range.end..];
    let begins = || {
        let goes_on = after.strip_prefix([' ', '\u{a0}']).is_some_and(|after| after.starts_with(char::is_alphabetic));
        let line = before.trim_end_matches(|c: char| c != '\n' && !c.is_alphanumeric() && !".?!".contains(c));
        goes_on && (line.is_empty() || line.ends_with(['.', '?', '!', '\n']))
    };
    let is_letter = token.term.len() == 1 && !"aeiouy".contains(&token.term);
    !is_letter && (!word.starts_with(char::is_uppercase) || begins())
}

static DETECTOR: LazyLock<Detector> =
    LazyLock::new(|| Detector::with_allowlist(DETECTED.iter().map(|(lang, _)| *lang).collect()));

const DETECTED: [(Lang, &str); 31] = [
    (Lang::Ara, "arabic"),
    (Lang::Cat, "catalan"),
    (Lang::Ces, "czech"),
    (Lang::Cmn, "chinese"),
    (Lang::Dan, "danish"),
    (Lang::Deu, "german"),
    (Lang::Ell, "greek"),
    (Lang::Eng, "english"),
    (Lang::Est, "estonian"),
    (Lang::Fin, "finnish"),
    (Lang::Fra, "french"),
    (Lang::Hin, "hindi"),
    (Lang::Hun, "hungarian"),
    (Lang::Hye, "armenian"),
    (Lang::Ind, "indonesian"),
    (Lang::Ita, "italian"),
    (Lang::Jpn, "japanese"),
    (Lang::Kor, "korean"),
    (Lang::Lit, "lithuanian"),
    (Lang::Nld, "dutch"),
    (Lang::Nob, "norwegian"),
    (Lang::Pes, "persian"),
    (Lang::Pol, "polish"),
    (Lang::Por, "portuguese"),
    (Lang::Ron, "romanian"),
    (Lang::Rus, "russian"),
    (Lang::Spa, "spanish"),
    (Lang::Swe, "swedish"),
    (Lang::Tam, "tamil"),
    (Lang::Tur, "turkish"),
    (Lang::Ukr, "ukrainian"),
];

fn name(lang: Lang) -> Option<&'static str> {
    DETECTED.iter().find(|(known, _)| *known == lang).map(|(_, name)| *name)
}

/// The language most of whose stop words are in the text, if there is one. Of the language that the letters point to,
/// one is enough.
fn by_stop_words(words: &Words<'_>, guess: Option<&'static str>) -> Option<&'static str> {
    let mut counted: Vec<_> = LANGUAGES.iter().map(|(name, _)| (words.functional(name).different, *name)).collect();
    counted.sort_unstable_by(|one, other| other.cmp(one));
    match counted[..] {
        [(most, name), (next, _), ..] if most >= STOP_WORDS && most > next => Some(name),
        // A word alone is a stop word of some language.
        [(most, _), ..] if most > 0 && words.different.len() > STOP_WORDS => {
            guess.filter(|guess| words.functional(guess).different == most)
        }
        _ => None,
    }
}

/// The languages that write compounds as one word, which begin with words that are sought.
#[must_use]
pub(super) fn compounds(language: &str) -> bool {
    matches!(language, "danish" | "dutch" | "estonian" | "finnish" | "german" | "hungarian" | "norwegian" | "swedish")
}

/// The word without its ending, as Snowball's algorithm of the language cuts it. The word is folded.
#[must_use]
pub(super) fn stem<'w>(word: &'w str, language: &str) -> Cow<'w, str> {
    let word = if language == "arabic" { without_article(word) } else { word };
    match algorithm(language) {
        Some(algorithm) if word.chars().all(char::is_alphabetic) => Stemmer::create(algorithm).stem(word),
        _ => Cow::Borrowed(word),
    }
}

/// Without the article, before which Snowball's algorithm also cuts other letters: كتاب of الكتاب, as light10 does.
fn without_article(word: &str) -> &str {
    let rest = ARTICLES.iter().find_map(|article| word.strip_prefix(article));
    rest.filter(|rest| rest.chars().count() >= 3).unwrap_or(word)
}

fn algorithm(language: &str) -> Option<Algorithm> {
    Some(match language {
        "arabic" => Algorithm::Arabic,
        "armenian" => Algorithm::Armenian,
        "basque" => Algorithm::Basque,
        "catalan" => Algorithm::Catalan,
        "czech" => Algorithm::Czech,
        "danish" => Algorithm::Danish,
        "dutch" => Algorithm::Dutch,
        "english" => Algorithm::English,
        "estonian" => Algorithm::Estonian,
        "finnish" => Algorithm::Finnish,
        "french" => Algorithm::French,
        "german" => Algorithm::German,
        "greek" => Algorithm::Greek,
        "hindi" => Algorithm::Hindi,
        "hungarian" => Algorithm::Hungarian,
        "indonesian" => Algorithm::Indonesian,
        "irish" => Algorithm::Irish,
        "italian" => Algorithm::Italian,
        "lithuanian" => Algorithm::Lithuanian,
        "nepali" => Algorithm::Nepali,
        "norwegian" => Algorithm::Norwegian,
        "persian" => Algorithm::Persian,
        "polish" => Algorithm::Polish,
        "portuguese" => Algorithm::Portuguese,
        "romanian" => Algorithm::Romanian,
        "russian" => Algorithm::Russian,
        "serbian" => Algorithm::Serbian,
        "spanish" => Algorithm::Spanish,
        "swedish" => Algorithm::Swedish,
        "tamil" => Algorithm::Tamil,
        "turkish" => Algorithm::Turkish,
        "ukrainian" => Algorithm::Ukrainian,
        "yiddish" => Algorithm::Yiddish,
        _ => return None,
    })
}

/// Whether the folded word is on the language's list.
#[must_use]
pub(super) fn is_stop_word(word: &str, language: &str) -> bool {
    LISTS.get(language).is_some_and(|list| list.contains(word))
}

/// Whether a word is a stop word of any language.
pub(super) fn is_stop_word_of_any(word: &str) -> bool {
    LISTS.values().any(|list| list.contains(word))
}

/// Suffixes of stop words that make them look like other words if they are written as one.
const CLITICS: [&str; 2] = ["'d", "'ll"];

static LISTS: LazyLock<HashMap<&'static str, HashSet<String>>> = LazyLock::new(|| {
    let folded = |word: &&str| tokens(word).into_iter().map(|token| token.term);
    // `she'd` and `I'll` are not `shed` and `ill`.
    let is_word = |word: &&&str| !CLITICS.iter().any(|end| word.replace('’', "'").ends_with(end));
    let list =
        |code: &str| stop_words::lookup(code).unwrap_or_default().iter().filter(is_word).flat_map(folded).collect();
    LANGUAGES.iter().filter(|(_, code)| !code.is_empty()).map(|(name, code)| (*name, list(code))).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_detected() {
        for (text, expected) in [
            ("Refunds are paid within five business days. Companies receive a credit note instead.", "english"),
            ("L'eau du robinet est potable. L’été, l’arrosage des jardins est interdit.", "french"),
            ("Die Hauptstraße ist gesperrt. Größere Fahrzeuge parken in der Kühlschrankstraße 5.", "german"),
            ("Музей открыт ежедневно, кроме понедельника.", "russian"),
            ("图书馆每周一闭馆。", "chinese"),
            ("図書館は月曜日に休みます。", "japanese"),
            ("The brass nozzle AX-4401/B fits hoses of 10 mm and costs 4.00 euros.", "english"),
            ("Zwroty przyjmujemy w ciągu czternastu dni od zakupu.", "polish"),
            ("Kütüphane pazartesi günleri kapalıdır, diğer günler açıktır.", "turkish"),
            ("Knihovna je v pondělí zavřená, ostatní dny otevřená.", "czech"),
            ("a,b,c", "simple"),
            ("# Refunds\n\nRefunds are paid on Fridays.", "english"),
            ("Refunds are paid on Fridays", "english"),
            ("Le remboursement se fait sous huit jours.", "french"),
            ("Das Büro schließt um fünf.", "german"),
            ("| part | price |\n|---|---|\n| AX-4401/B | 4.00 |\n| AX-4401/C | 4.30 |\n| AX-4402/B | 5.10 |", "simple"),
            ("Code;Menge;Preis\nAX-1;4;2.50\nBX-2;7;3.10", "simple"),
            ("Los Angeles; San Diego; Las Vegas; El Paso; Santa Fe", "simple"),
            ("Mo 9-17\nDi 9-17\nMi 9-12\nDo 9-17\nFr 9-15", "simple"),
            ("git commit -m fix\ngit push origin main\nmake test", "simple"),
            ("Miller S, Brown T, Davis A, Wilson K, Moore J", "simple"),
            ("Name: Anna Müller; Ort: Bonn; Tel: 0228 1234\nName: Jan de Boer; Ort: Kleve; Tel: 02821 99", "simple"),
            (
                "Preis: 4 €; Name: Die Biene; Autor: Karl Frisch\nPreis: 9 €; Name: Der Honig; Autor: Eva Crane",
                "simple",
            ),
            ("Part: PN-1; Name: Bracket; Price: 1.50\nPart: PN-2; Name: Screw; Price: 0.10", "simple"),
            ("Jensen\nNielsen\nHansen\nPedersen\nAndersen", "simple"),
            ("- Barcelona\n- Girona\n- Lleida\n- Tarragona\n- Sabadell", "simple"),
            ("Frage: Wie setze ich die Pumpe zurück?; Antwort: Halten Sie den roten Knopf zehn Sekunden.", "german"),
            ("Wir liefern am Montag.", "german"),
            ("Les remboursements sont payés le vendredi.", "french"),
            ("La tienda abre a las nueve.", "spanish"),
            ("La spedizione è gratuita.", "italian"),
            ("De bestelling wordt morgen geleverd.", "dutch"),
            ("O envio é gratuito.", "portuguese"),
            ("THE OFFICE CLOSES AT FIVE.", "english"),
            ("Blue kettle boils water fast.", "english"),
            ("Customers receive invoices monthly.", "english"),
            ("Steel pans conduct heat well.", "english"),
            ("Machines washing clothes quickly!", "english"),
            ("Spedizione gratuita oltre cento euro.", "italian"),
            ("Chaussures rouges coutent trente euros.", "french"),
            ("Zapatos rojos cuestan treinta euros.", "simple"),
            ("Rode schoenen kosten dertig euro.", "simple"),
            ("Blue kettle; red mugs; green cups; tall lamps.", "simple"),
            ("Boots, Socks, Gloves, Hats.", "simple"),
            ("１２３ code", "simple"),
            ("ＡＸ－４４１０", "simple"),
            ("ｺｰﾋｰﾒｰｶｰ", "japanese"),
            ("1\n2,3,4", "simple"),
            ("OK", "simple"),
            ("No", "simple"),
            ("AX-4410/B", "simple"),
            ("", "simple"),
        ] {
            assert_eq!(detect(text), expected, "{text}");
        }
    }

    #[test]
    fn words_are_stemmed_by_their_language() {
        for (language, one, other) in [
            ("english", "companies", "company"),
            ("french", "oeufs", "oeuf"),
            ("german", "grossere", "groessere"),
            ("russian", "билеты", "билет"),
            ("spanish", "casas", "casa"),
            ("arabic", "الكتاب", "كتاب"),
            ("arabic", "المكتبه", "مكتبه"),
            ("arabic", "الطلاب", "طلاب"),
            ("arabic", "والبيت", "بيت"),
            ("arabic", "للبيت", "بيت"),
        ] {
            assert_eq!(stem(one, language), stem(other, language), "{language}");
        }
        assert_eq!(stem("companies", SIMPLE), "companies");
        assert_eq!(stem("ax4410s", "english"), "ax4410s");
    }

    #[test]
    fn every_language_is_known_here() {
        let unstemmed = ["simple", "chinese", "japanese", "korean"];
        for (name, _) in LANGUAGES {
            assert_eq!(algorithm(name).is_none(), unstemmed.contains(&name), "{name}");
        }
        for (_, name) in DETECTED {
            assert!(LANGUAGES.iter().any(|(known, _)| *known == name), "{name}");
        }
        assert!(is_stop_word("the", "english") && is_stop_word("ete", "french") && !is_stop_word("shed", "english"));
        assert!(!is_stop_word("the", "simple"));
    }

    #[test]
    fn no_word_makes_a_stemmer_fail() {
        let letters = [
            "a", "e", "é", "ß", "ı", "ي", "ا", "я", "ь", "ा", "ੳ", "ம", "ய", "ו", "ա", "s", "ing", "lar", "ё",
            "\u{301}",
        ];
        for (language, _) in LANGUAGES {
            for one in 0..letters.len().pow(3) {
                let word: String = [one, one / 20, one / 400].map(|at| letters[at % 20]).concat();
                let _ = stem(&word, language);
            }
        }
    }
}
