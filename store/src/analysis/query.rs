//! What a query asks for, as in a web search: phrases in quotes must occur, words after a minus must not, and any of
//! the others may; the rank decides. A minus before a digit is the sign of a number.

use std::collections::HashMap;

use super::{
    heads::without_prefix,
    index::{quoted, term},
    language::{compounds, is_stop_word, stem},
    token::{Form, Token},
    tokens::tokens,
};

/// What stands for a minus, also as phones write it.
const MINUS: [char; 4] = ['-', '\u{2010}', '\u{2013}', '\u{2212}'];
/// Maximal number of phrases, and of excluded words.
const MARKED: usize = 8;
/// Words of fewer characters do not also find compounds that begin with them.
const PREFIX: usize = 6;
/// What all parts of a number in groups count, and all its neighbouring parts: less than the whole, because other numbers
/// have most of its groups.
const GROUPS_WEIGHT: f64 = 0.25;
/// What the beginning of a word counts beside the word.
const PREFIX_WEIGHT: f64 = 0.4;

/// A word, a part of a compound, or its joined form.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// Its spellings in the languages of the texts; any of them may occur.
    pub forms: Vec<Lexeme>,
    /// What it counts in the score, from 0 to 1.
    pub weight: f64,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lexeme {
    pub text: String,
    /// Whether longer words that begin with it count too.
    pub is_prefix: bool,
}

impl Lexeme {
    fn matches(&self, term: &str) -> bool {
        if self.is_prefix { term.starts_with(&self.text) } else { term == self.text }
    }

    /// As a `tsquery`.
    #[must_use]
    pub fn sql(&self) -> String {
        format!("{}{}", quoted(&self.text), if self.is_prefix { ":*" } else { "" })
    }
}

impl Asked {
    #[must_use]
    pub fn matches(&self, term: &str) -> bool {
        self.forms.iter().any(|form| form.matches(term))
    }

    /// As a `tsquery`.
    #[must_use]
    pub fn sql(&self) -> String {
        self.forms.iter().map(Lexeme::sql).collect::<Vec<_>>().join(" | ")
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    pub words: Vec<Asked>,
    /// All of them must occur.
    pub phrases: Vec<Phrase>,
    /// None of them may occur.
    pub without: Vec<Phrase>,
}

/// Words one after the other: in each language of the texts, and written as one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase(Vec<Vec<Step>>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    lexeme: Lexeme,
    /// From the first word, in words.
    offset: u32,
}

impl Phrase {
    /// As a `tsquery`.
    #[must_use]
    pub fn sql(&self) -> String {
        let row = |steps: &Vec<Step>| {
            let mut query = String::new();
            let mut before = 0;
            for (number, Step { lexeme, offset }) in steps.iter().enumerate() {
                if number > 0 {
                    query.push_str(&format!(" <{}> ", offset - before));
                }
                before = *offset;
                query.push_str(&lexeme.sql());
            }
            format!("({query})")
        };
        self.0.iter().map(row).collect::<Vec<_>>().join(" | ")
    }

    /// Whether it occurs among these terms, each at its position.
    #[must_use]
    pub fn occurs(&self, terms: &[(String, u32)]) -> bool {
        let is_at = |Step { lexeme, offset }: &Step, start: u32| {
            terms.iter().any(|(term, position)| *position == start + offset && lexeme.matches(term))
        };
        let starts = || terms.iter().map(|(_, position)| *position);
        self.0.iter().any(|steps| starts().any(|start| steps.iter().all(|step| is_at(step, start))))
    }
}

/// Reads a query to texts in these languages.
#[must_use]
pub fn parse(text: &str, languages: &[String]) -> Query {
    let marked = marked(text);
    let phrase = |text: &String| phrase(text, languages);
    Query {
        words: words(&marked.words, languages),
        phrases: marked.phrases.iter().filter_map(phrase).collect(),
        without: marked.without.iter().filter_map(phrase).collect(),
    }
}

/// The query without its marks and what it excludes, to be embedded; all of it if nothing is left.
#[must_use]
pub fn plain(text: &str) -> String {
    let marked = marked(text);
    if marked.phrases.is_empty() && marked.without.is_empty() {
        return text.to_owned();
    }
    let words = marked.words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.is_empty() { text.to_owned() } else { words }
}

/// Whether a query says only what must not occur.
#[must_use]
pub fn only_excludes(text: &str) -> bool {
    let marked = marked(text);
    !marked.without.is_empty() && tokens(&marked.words).is_empty()
}

fn words(text: &str, languages: &[String]) -> Vec<Asked> {
    let mut tokens = tokens(text);
    tokens.extend(named_by_last(text, &tokens));
    let mut sizes: HashMap<u32, Size> = HashMap::new();
    for token in &tokens {
        sizes.entry(token.group).or_default().count(token);
    }
    let is_alone = |token: &Token| sizes[&token.group].words == 1 && sizes[&token.group].joined == 0;
    let stops = stop_languages(&tokens, languages);
    // In `PX 310 A`, the letter is a part of the code.
    let is_of_code = |token: &Token| {
        let before = |other: &&Token| other.form == Form::Word && other.position + 1 == token.position;
        let is_number = |other: &Token| other.term.bytes().all(|b| b.is_ascii_digit());
        token.term.len() == 1 && tokens.iter().find(before).is_some_and(is_number)
    };
    let is_stop = |token: &Token| {
        is_alone(token) && !is_of_code(token) && stops.iter().any(|stop| is_stop_word(&token.term, stop))
    };
    let only_stops = tokens.iter().all(is_stop);
    let mut asked: Vec<Asked> = Vec::new();
    let mut put = |one: Asked| match asked.iter_mut().find(|known| known.forms == one.forms) {
        Some(known) => known.weight = known.weight.max(one.weight),
        None => asked.push(one),
    };
    for token in tokens.iter().filter(|token| only_stops || !is_stop(token)) {
        if token.form == Form::Last && sizes[&token.group].words > 1 {
            continue;
        }
        let weight = weight(token, &sizes[&token.group]);
        put(Asked { forms: forms(token, languages), weight });
        let beginnings = beginnings(token, languages);
        if !beginnings.is_empty() {
            put(Asked { forms: beginnings, weight: weight * PREFIX_WEIGHT });
        }
    }
    asked
}

/// `model y`, as the texts write it with a capital: a letter at the end of a question is no word.
fn named_by_last(text: &str, tokens: &[Token]) -> Option<Token> {
    let mut words = tokens.iter().filter(|token| token.form == Form::Word).rev();
    let (last, before) = (words.next()?, words.next()?);
    let is_word = |token: &Token| token.term.chars().all(char::is_alphabetic);
    let is_named =
        last.term.chars().count() == 1 && before.term.chars().count() > 1 && is_word(last) && is_word(before);
    let is_space = text.get(before.range.end..last.range.start) == Some(" ");
    (is_named && is_space).then(|| Token {
        term: format!("{}{}", before.term, last.term),
        form: Form::Spaced,
        position: before.position,
        range: before.range.start..last.range.end,
        group: tokens.iter().map(|token| token.group).max().unwrap_or_default() + 1,
    })
}

/// The languages in which the query has the most stop words.
fn stop_languages<'l>(tokens: &[Token], languages: &'l [String]) -> Vec<&'l str> {
    let words = || tokens.iter().filter(|token| token.form == Form::Word);
    let count = |language: &str| words().filter(|token| is_stop_word(&token.term, language)).count();
    let counted: Vec<_> = languages.iter().map(|language| (count(language), language.as_str())).collect();
    let most = counted.iter().map(|(count, _)| *count).max().unwrap_or_default();
    counted.into_iter().filter(|(count, _)| *count == most && most > 0).map(|(_, language)| language).collect()
}

/// How many forms a group has.
#[derive(Debug, Default)]
struct Size {
    words: usize,
    joined: usize,
    plain: usize,
    /// Of the longest form in bytes.
    longest: usize,
}

impl Size {
    fn count(&mut self, token: &Token) {
        match token.form {
            Form::Joined | Form::Spaced => self.joined += 1,
            Form::Plain => self.plain += 1,
            Form::Word | Form::Pair | Form::Last => self.words += 1,
        }
        self.longest = self.longest.max(token.range.len());
    }
}

/// The parts of a compound count together as much as the whole, and its joined parts too.
fn weight(token: &Token, size: &Size) -> f64 {
    let all = if size.joined > 0 && size.plain > 0 { GROUPS_WEIGHT } else { 1.0 };
    match token.form {
        Form::Joined | Form::Spaced if token.range.len() < size.longest => all / size.joined as f64,
        Form::Word if size.joined > 0 || size.plain > 0 => all / size.words as f64,
        _ => 1.0,
    }
}

fn forms(token: &Token, languages: &[String]) -> Vec<Lexeme> {
    if token.form == Form::Last {
        return vec![Lexeme { text: token.term.clone(), is_prefix: true }];
    }
    let bare = without_prefix(&token.term).filter(|_| token.form == Form::Word).map(str::to_owned);
    let all = languages.iter().map(|language| term(token, language)).chain(bare);
    distinct(all.map(|text| Lexeme { text, is_prefix: false }))
}

/// The beginning of longer compounds, in languages that write those as one word: the stem, or the word if that is short,
/// as that of `Garten` is.
fn beginnings(token: &Token, languages: &[String]) -> Vec<Lexeme> {
    let is_long = |word: &str| word.chars().count() >= PREFIX;
    let of = languages.iter().filter(|language| token.form == Form::Word && compounds(language));
    let begin = |language: &String| {
        let stem = stem(&token.term, language);
        if is_long(&stem) { stem.into_owned() } else { token.term.clone() }
    };
    distinct(of.map(begin).filter(|text| is_long(text)).map(|text| Lexeme { text, is_prefix: true }))
}

fn distinct(lexemes: impl Iterator<Item = Lexeme>) -> Vec<Lexeme> {
    let mut all: Vec<Lexeme> = lexemes.collect();
    all.sort_unstable_by(|one, other| one.text.cmp(&other.text));
    all.dedup();
    all
}

fn phrase(text: &str, languages: &[String]) -> Option<Phrase> {
    let tokens = tokens(text);
    let is_last_of_many = |token: &Token| {
        token.form == Form::Last && tokens.iter().any(|other| other.group == token.group && other.form == Form::Pair)
    };
    let row: Vec<&Token> = tokens.iter().filter(|token| !token.form.is_joined() && !is_last_of_many(token)).collect();
    let step = |token: &Token, language: &str| Step {
        lexeme: Lexeme { text: term(token, language), is_prefix: token.form == Form::Last },
        offset: token.position,
    };
    let is_one = tokens.iter().all(|token| token.group == 0);
    let longest = tokens.iter().map(|token| token.range.len()).max();
    let is_whole = |token: &&Token| is_one && token.form.is_joined() && Some(token.range.len()) == longest;
    let mut forms: Vec<Vec<Step>> = Vec::new();
    for language in languages {
        forms.push(row.iter().map(|token| step(token, language)).collect());
        forms.extend(tokens.iter().filter(is_whole).map(|whole| vec![step(whole, language)]));
    }
    forms.retain(|steps| !steps.is_empty());
    forms.sort_unstable();
    forms.dedup();
    (!forms.is_empty()).then_some(Phrase(forms))
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Marked {
    /// All words that are not excluded.
    words: String,
    phrases: Vec<String>,
    without: Vec<String>,
}

/// Parses a query. An unclosed quote, or a minus before a space or a digit, has no effect.
fn marked(text: &str) -> Marked {
    let mut marked = Marked::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let starts_word = marked.words.chars().next_back().is_none_or(char::is_whitespace);
        let minus = rest.strip_prefix(MINUS).filter(|after| {
            starts_word && after.starts_with(|c: char| c.is_alphabetic() || c == '"') && marked.without.len() < MARKED
        });
        if let Some(after) = minus {
            let (out, left) = phrase_in_quotes(after).unwrap_or_else(|| after.split_at(word_end(after)));
            marked.without.push(out.to_owned());
            rest = left;
        } else if let Some((phrase, left)) = phrase_in_quotes(rest).filter(|_| marked.phrases.len() < MARKED) {
            marked.phrases.push(phrase.to_owned());
            marked.words.push_str(&format!(" {phrase} "));
            rest = left;
        } else {
            marked.words.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    marked
}

/// The quoted text at the start, and the rest.
fn phrase_in_quotes(text: &str) -> Option<(&str, &str)> {
    let pairs = [('"', '"'), ('\u{201c}', '\u{201d}'), ('\u{201e}', '\u{201c}'), ('«', '»')];
    let (open, close) = pairs.into_iter().find(|(open, _)| text.starts_with(*open))?;
    text[open.len_utf8()..].split_once(close)
}

fn word_end(text: &str) -> usize {
    text.find(char::is_whitespace).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::index::terms;

    fn parts(text: &str) -> (String, Vec<String>, Vec<String>) {
        let Marked { words, phrases, without } = marked(text);
        (words.split_whitespace().collect::<Vec<_>>().join(" "), phrases, without)
    }

    fn asked(text: &str, languages: &[&str]) -> Vec<(String, f64)> {
        let languages: Vec<String> = languages.iter().map(|language| (*language).to_owned()).collect();
        parse(text, &languages).words.iter().map(|word| (word.sql(), word.weight)).collect()
    }

    #[test]
    fn quotes_and_a_minus_are_marks_as_in_a_web_search() {
        let text = |text: &str| text.to_owned();
        assert_eq!(parts("when are refunds paid?"), (text("when are refunds paid?"), vec![], vec![]));
        assert_eq!(
            parts("\"make run\" starts what -docker"),
            (text("make run starts what"), vec![text("make run")], vec![text("docker")])
        );
        assert_eq!(parts("x -\"a b\" «c d» y"), (text("x c d y"), vec![text("c d")], vec![text("a b")]));
        assert_eq!(plain("\"make run\" starts -docker"), "make run starts");
        assert_eq!(plain("-docker"), "-docker");
    }

    #[test]
    fn a_minus_before_a_number_is_its_sign() {
        for text in ["vaccine -20 °C", "-20", "\u{2212}20 °C", "\u{2013}5"] {
            assert_eq!(marked(text), Marked { words: text.to_owned(), ..Marked::default() }, "{text}");
        }
        assert_eq!(marked("vaccine -\"20\"").without, ["20"]);
        for text in ["shoes \u{2013}red", "shoes \u{2212}red", "shoes \u{2010}red", "shoes -red"] {
            assert_eq!(marked(text).without, ["red"], "{text}");
        }
        assert!(only_excludes("-red \u{2013}\"light blue\" !") && !only_excludes("-20") && !only_excludes("a -red"));
        assert!(!only_excludes("") && !only_excludes("?"));
    }

    #[test]
    fn a_letter_at_the_end_names_what_stands_before_it() {
        let has =
            |text: &str, term: &str| parse(text, &["simple".to_owned()]).words.iter().any(|one| one.matches(term));
        assert!(has("model y", "modely") && has("Model Y range", "modely") && has("type a", "typea"));
        assert!(!has("type a b", "typea") && !has("can I pay", "cani") && !has("y", "y y"));
    }

    #[test]
    fn what_only_looks_like_a_mark_is_text() {
        for text in ["an \"open quote", "a - b", "what does --json do", "well-known", "-", "\"", "-é\"", "日本-語"]
        {
            let (_, phrases, without) = parts(text);
            assert!(phrases.is_empty() && (without.is_empty() || text == "-é\""), "{text}");
        }
        let many = "-x ".repeat(100);
        assert_eq!(marked(&many).without.len(), MARKED);
    }

    #[test]
    fn words_are_stemmed_in_each_language_of_the_texts() {
        let one = |text: &str, weight: f64| (text.to_owned(), weight);
        assert_eq!(asked("companies", &["english", "simple"]), [one("'compani' | 'companies'", 1.0)]);
        assert_eq!(asked("e-mail", &["simple"]), [one("'e'", 0.5), one("'mail'", 0.5), one("'email'", 1.0)]);
        assert_eq!(asked("借书证 书", &["simple"]), [one("'借书'", 1.0), one("'书证'", 1.0), one("'书':*", 1.0)]);
        assert_eq!(asked("Kühlschrank", &["german"]), [one("'kuhlschrank'", 1.0), one("'kuhlschrank':*", 0.4)]);
        assert_eq!(asked("Garten", &["german"]), [one("'gart'", 1.0), one("'garten':*", 0.4)]);
        assert_eq!(asked("Haus", &["german"]), [one("'haus'", 1.0)]);
    }

    #[test]
    fn a_letter_behind_a_number_is_no_stop_word() {
        let english = ["english".to_owned()];
        let has_a = |text: &str| parse(text, &english).words.iter().any(|word| word.matches("a"));
        assert!(has_a("What does PX 310 A cost?") && !has_a("What does a PX 310 cost?"));
    }

    #[test]
    fn stop_words_count_only_alone() {
        let terms = |text, languages| asked(text, languages).into_iter().map(|(term, _)| term).collect::<Vec<_>>();
        assert_eq!(terms("what is the price of an AX-1", &["english"]), ["'price'", "'ax'", "'1'", "'ax1'"]);
        assert_eq!(terms("to be or not to be", &["english"]), ["'to'", "'be'", "'or'", "'not'"]);
        assert_eq!(terms("the die", &["english", "german"]), ["'the'", "'die'"]);
        assert_eq!(terms("the top of the die", &["english", "german"]), ["'top'", "'die'"]);
    }

    #[test]
    fn phrases_are_in_order() {
        let languages = ["english".to_owned(), "simple".to_owned()];
        let sql = |phrases: Vec<Phrase>| phrases.iter().map(Phrase::sql).collect::<Vec<_>>();
        let query = parse("\"run the tests\" -e-mail -\"a b\"", &languages);
        assert_eq!(sql(query.phrases), ["('run' <1> 'the' <1> 'test') | ('run' <1> 'the' <1> 'tests')"]);
        assert_eq!(sql(query.without), ["('e' <1> 'mail') | ('email')", "('a' <1> 'b')"]);
        assert_eq!(sql(parse("\"借书证\" \"茶\"", &languages[1..]).phrases), ["('借书' <1> '书证')", "('茶':*)"]);
        assert_eq!(parse("\"...\"", &languages).phrases, []);
    }

    #[test]
    fn a_phrase_occurs_where_its_words_follow_each_other() {
        let occurs = |phrase: &str, text: &str| {
            let query = parse(&format!("\"{phrase}\""), &["english".to_owned()]);
            query.phrases[0].occurs(&terms(text, "english"))
        };
        assert!(occurs("run tests", "He runs the run test") && !occurs("run tests", "run the tests"));
        assert!(occurs("e-mail", "my email") && occurs("书证", "借书证") && occurs("茶", "绿茶"));
    }
}
