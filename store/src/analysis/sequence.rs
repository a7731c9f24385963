//! Numbers and codes of a question with what belongs to them there, and texts that have the same, more or less of it. What
//! belongs to a number is what the texts write beside it: `px 310 a` is `PX-310/A`, `3.3 V` is not `3.3 kV`, and `T-90` is
//! not `T-90 S`.

use std::{collections::HashSet, ops::Range};

use super::{
    asking::is_asking,
    identifier::names_one,
    language::{SIMPLE, is_stop_word, is_stop_word_of_any, stem},
    token::Token,
    tokens::tokens,
};

/// The most numbers and codes of a question.
const MOST: usize = 64;
/// The most words beside a number that belong to it.
const BESIDE: usize = 6;
/// Bytes between two words of one code: a space, also one of three bytes.
const SPACE: usize = 3;
/// The longest unit, or short form behind a code.
const SHORT: usize = 3;
/// Numbers of at most so many digits are amounts rather than names.
const BARE: usize = 2;
/// A sign in front of a number, in each spelling.
const SIGN: &str = "-";
/// The marks behind a name, and the signs in front of a number.
const MARKS: [char; 2] = ['+', '#'];
const SIGNS: [char; 3] = ['-', '\u{2212}', '\u{2013}'];
/// What a text that has another word beside the number must say beside one that has the same, of what it says.
const LIKELY_ANOTHER: f32 = 0.5;

/// What stands in front of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The same compound.
    Mark,
    Space,
    /// The beginning of the text, or a comma and the like.
    Break,
}

#[derive(Debug)]
struct Word {
    term: String,
    range: Range<usize>,
    before: Before,
    is_capital: bool,
    is_upper: bool,
}

impl Word {
    fn is_number(&self) -> bool {
        self.term.bytes().all(|b| b.is_ascii_digit())
    }

    fn is_letter(&self) -> bool {
        self.term.chars().count() == 1 && self.term.starts_with(char::is_alphabetic)
    }

    /// Whether it is the marks behind a name, as in `S21+` and `C#`.
    fn is_mark(&self) -> bool {
        self.term.starts_with(MARKS)
    }

    fn of_marks(term: &str, range: Range<usize>) -> Self {
        Self { term: term.to_owned(), range, before: Before::Mark, is_capital: false, is_upper: false }
    }

    /// Whether it is a number, a unit, a letter of a code and the like.
    fn is_short(&self) -> bool {
        self.is_number() || self.term.chars().count() <= SHORT
    }
}

/// The words of a text in order.
#[derive(Debug)]
pub struct Sequence {
    words: Vec<Word>,
    names_one: bool,
}

impl Sequence {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut tokens = tokens(text);
        tokens.retain(|token| !token.form.is_joined());
        let mut words: Vec<Word> = Vec::with_capacity(tokens.len());
        for token in tokens {
            let own = &text[token.range.clone()];
            let is_number = token.term.bytes().all(|b| b.is_ascii_digit());
            // `iPhone` is one word here.
            if let Some(last) = words.last_mut()
                && last.range.end == token.range.start
                && !is_number
                && !last.is_number()
            {
                last.term.push_str(&token.term);
                last.range.end = token.range.end;
                let end = last.range.end;
                words.extend(marks(text, end).map(|range| Word::of_marks(&text[range.clone()], range)));
                continue;
            }
            let mut before = words.last().map_or(Before::Break, |last| before(text, last, &token));
            let end = token.range.end;
            if let Some(sign) = sign(text, &token, before) {
                let before_sign = if words.is_empty() { Before::Break } else { Before::Space };
                words.push(Word { before: before_sign, ..Word::of_marks(SIGN, sign) });
                before = Before::Mark;
            }
            let is_upper = own.chars().all(char::is_uppercase);
            let is_capital = own.starts_with(char::is_uppercase);
            words.push(Word { term: token.term, range: token.range, before, is_capital, is_upper });
            words.extend(marks(text, end).map(|range| Word::of_marks(&text[range.clone()], range)));
        }
        Self { names_one: names_one(text), words }
    }

    /// Whether it has a number or a name with marks behind it.
    #[must_use]
    pub fn has_numbers(&self) -> bool {
        self.words.iter().any(|word| word.is_number() || word.is_mark())
    }

    /// Whether it names a code with marks behind it, or with a word behind it that is written as a part of its name, and none of
    /// the texts has that: `S21+` is not `S21`, and neither is `S21 Lite`.
    #[must_use]
    pub fn names_another(&self, texts: &[Self], language: &str) -> bool {
        let has = |range: Range<usize>| {
            let terms = self.terms(range);
            texts.iter().any(|text| text.places(&terms).next().is_some())
        };
        let is_other = |core: Range<usize>| {
            let own = &self.words[core.clone()];
            let is_code = own.iter().any(|word| word.term.contains(char::is_alphabetic) || word.term.len() > BARE);
            let bare = core.start..core.end - own.iter().rev().take_while(|word| word.is_mark()).count();
            let next = self.words.get(core.end).filter(|next| next.before == Before::Space);
            // German writes all nouns with a capital.
            let is_name = |next: &Word| next.is_capital && !next.is_number() && language != "german";
            let says_nothing = |word: &str| is_stop(word, language) || is_asking(word, language);
            let is_new = |next: &Word| !texts.iter().any(|text| text.words.iter().any(|word| word.term == next.term));
            is_code
                && has(bare.clone())
                && (!has(core.clone())
                    || next.is_some_and(|next| is_name(next) && is_new(next) && !says_nothing(&next.term)))
        };
        cores(self).take(MOST).any(is_other)
    }

    /// Where these words stand, one after the other.
    fn places<'s>(&'s self, terms: &'s [String]) -> impl Iterator<Item = Range<usize>> + 's {
        let is_row = move |row: &[Word]| {
            row.iter().zip(terms).all(|(word, term)| word.term == *term)
                && row[1..].iter().all(|word| word.before != Before::Break)
        };
        let rows = self.words.windows(terms.len().max(1)).enumerate();
        rows.filter(move |(_, row)| is_row(row)).map(|(at, row)| at..at + row.len())
    }

    /// Whether it has words of the same kinds as these one after the other, as `205/55 R 17` beside `205/50 R 16`.
    fn has_like(&self, terms: &[String], language: &str) -> bool {
        let is_like = |word: &Word, term: &String| {
            let both = [word.term.as_str(), term.as_str()];
            let are_numbers = both.map(|term| term.bytes().all(|b| b.is_ascii_digit()));
            let is_word = || is_stop(&word.term, language) && !word.is_upper;
            let are_short = both.iter().all(|term| term.chars().count() <= SHORT) && !is_word();
            both[0] == both[1] || are_numbers == [true, true] || (are_numbers == [false, false] && are_short)
        };
        let is_row = |row: &[Word]| {
            row.iter().zip(terms).all(|(word, term)| is_like(word, term))
                && row[1..].iter().all(|word| word.before != Before::Break)
        };
        self.words.windows(terms.len().max(1)).any(is_row)
    }

    /// The word at this place, if it stands behind the one before without a comma and the like.
    fn at(&self, at: usize) -> Option<String> {
        self.words.get(at).filter(|word| word.before != Before::Break).map(|word| word.term.clone())
    }

    fn terms(&self, range: Range<usize>) -> Vec<String> {
        self.words[range].iter().map(|word| word.term.clone()).collect()
    }
}

fn before(text: &str, last: &Word, token: &Token) -> Before {
    let Token { range, term, .. } = token;
    let gap = text.get(last.range.end..range.start).unwrap_or_default();
    let (end, begin) = (last.is_number(), text[range.start..].starts_with(|c: char| c.is_ascii_digit()));
    let is_joint = match gap {
        "" | "-" | "/" | "_" | "\u{2010}" | "\u{2011}" | "\u{2044}" => true,
        "." | "," | ":" | "·" => end && begin,
        _ => false,
    };
    // The sign of a size stands with or without spaces.
    let is_size = gap.len() == 1 && (last.term == "x" || term == "x");
    match gap {
        _ if is_joint || (is_size && (end || begin)) => Before::Mark,
        _ if gap.len() <= SPACE && gap.chars().count() == 1 && gap.chars().all(|c| c.is_whitespace() && c != '\n') => {
            Before::Space
        }
        _ => Before::Break,
    }
}

/// The marks behind a word that are a part of it.
fn marks(text: &str, end: usize) -> Option<Range<usize>> {
    let behind = text.get(end..)?;
    let rest = behind.trim_start_matches(MARKS);
    let is_end = !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
    (rest.len() < behind.len() && is_end).then(|| end..text.len() - rest.len())
}

/// The sign in front of a number that begins a word.
fn sign(text: &str, token: &Token, before: Before) -> Option<Range<usize>> {
    let start = token.range.start;
    let ahead = text.get(..start)?;
    let rest = ahead.strip_suffix(SIGNS)?;
    let begins = rest.is_empty() || rest.ends_with(|c: char| c.is_whitespace() || c == '(');
    (begins && before != Before::Mark && token.term.bytes().all(|b| b.is_ascii_digit())).then_some(rest.len()..start)
}

/// A number or code of a question, with what belongs to it.
#[derive(Debug)]
pub struct Run {
    terms: Vec<String>,
    /// The numbers in it.
    numbers: Vec<String>,
    /// Whether it is a code, a size or a number of several digits, and no measure.
    pub is_code: bool,
    /// What stands behind it in the texts; `None` is a comma and the like.
    behind: HashSet<Option<String>>,
    /// As [`Fit::Near`], for a text that has the number without what belongs to it.
    share: f32,
}

/// How much of a run a text has.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Fit {
    /// Nothing of it.
    Other,
    /// Something like it, the more the higher. A text with more comes first, if what it says about the question is at least this
    /// share of what this one says.
    Near(f32),
    /// The run, and not a longer one.
    Exact,
}

/// The runs of a question to these texts, none twice.
#[must_use]
pub fn runs(question: &Sequence, texts: &[Sequence], language: &str) -> Vec<Run> {
    let occurs = |range: &Range<usize>| {
        let terms = question.terms(range.clone());
        // `a 25` may be an article and a number, but not where a text has `A-25`.
        let is_code = |text: &Sequence, place: Range<usize>| {
            let first = &text.words[place.start];
            !first.is_letter() || first.is_upper || text.words[place.start + 1].before == Before::Mark
        };
        let is_free = |text: &Sequence| text.places(&terms).any(|place| place.len() < 2 || is_code(text, place));
        texts.iter().any(is_free)
    };
    let mut runs: Vec<Run> = Vec::new();
    let mut end = 0;
    for core in cores(question).take(MOST) {
        if core.start < end || !occurs(&core) {
            continue;
        }
        let mut range = core.clone();
        for _ in 0..BESIDE {
            let wider =
                [range.start.saturating_sub(1)..range.end, range.start..(range.end + 1).min(question.words.len())];
            let Some(wider) = wider
                .into_iter()
                .find(|wider| *wider != range && belongs(question, &range, wider, language) && occurs(wider))
            else {
                break;
            };
            range = wider;
        }
        end = range.end;
        runs.push(Run::new(question, &core, &range, texts));
    }
    runs
}

/// Compounds with digits.
fn cores(question: &Sequence) -> impl Iterator<Item = Range<usize>> {
    let words = &question.words;
    let starts = (0..words.len()).filter(|at| words[*at].before != Before::Mark);
    let core = |start: usize| {
        let after = words[start + 1..].iter().take_while(|word| word.before == Before::Mark).count();
        start..start + 1 + after
    };
    starts.map(core).filter(|core| words[core.clone()].iter().any(|word| word.is_number() || word.is_mark()))
}

/// Whether the word by which a range is wider may belong to it.
fn belongs(question: &Sequence, range: &Range<usize>, wider: &Range<usize>, language: &str) -> bool {
    let is_left = wider.start < range.start;
    let word = &question.words[if is_left { wider.start } else { range.end }];
    let next = &question.words[if is_left { range.start } else { range.end }];
    // In `PX 310 A`, the letter is a part of the code.
    let is_letter = word.is_letter();
    next.before != Before::Break && (!is_stop(&word.term, language) || is_letter)
}

fn is_stop(word: &str, language: &str) -> bool {
    if language == SIMPLE { is_stop_word_of_any(word) } else { is_stop_word(word, language) }
}

impl Run {
    fn new(question: &Sequence, core: &Range<usize>, range: &Range<usize>, texts: &[Sequence]) -> Self {
        let own = &question.words[range.clone()];
        let numbers: Vec<String> = own.iter().filter(|word| word.is_number()).map(|word| word.term.clone()).collect();
        let has_letters = question.words[core.clone()].iter().any(|word| !word.is_number());
        let is_number = core.len() == 1 && question.words[core.start].term.len() > 1;
        let left = &question.words[range.start..core.start];
        let beside = || left.iter().chain(&question.words[core.end..range.end]);
        let has_marks = question.words[core.clone()].iter().any(|word| word.is_mark() || word.term == SIGN);
        let share = match has_marks || beside().all(Word::is_short) || beside().any(Word::is_number) {
            true => 0.0,
            // Clause 42.
            false if is_number && question.words[core.end..range.end].iter().all(Word::is_short) => 0.0,
            false if has_letters => 1.0,
            false => LIKELY_ANOTHER,
        };
        // `205/50 R 16` and `PX 310`, not `3.3 V`.
        let is_of_code = |pair: &[Word]| !pair[0].is_number() && pair[0].is_short() && pair[1].is_number();
        let is_code = has_letters || is_number || own.windows(2).any(is_of_code);
        let terms = question.terms(range.clone());
        let behind = |text: &Sequence| text.places(&terms).map(|place| text.at(place.end)).collect::<Vec<_>>();
        let behind = texts.iter().flat_map(behind).collect();
        Self { terms, numbers, behind, is_code, share }
    }

    /// `asked` are the question's words: what stands behind a run and in the question is no other thing.
    #[must_use]
    pub fn fit(&self, text: &Sequence, asked: &Sequence, language: &str) -> Fit {
        let longer =
            |place: Range<usize>| match (self.before(text, place.start), self.behind(text, place.end, asked, language))
            {
                (None, None) => Fit::Exact,
                (one, other) => Fit::Near(one.unwrap_or(1.0).min(other.unwrap_or(1.0))),
            };
        let best = text.places(&self.terms).map(longer).reduce(|one, other| match (one, other) {
            (Fit::Near(one), Fit::Near(other)) => Fit::Near(one.max(other)),
            _ => Fit::Exact,
        });
        let has = |number: &String| text.words.iter().any(|word| word.term == *number);
        match best {
            Some(fit) => fit,
            None if self.numbers.iter().all(has) => Fit::Near(self.share),
            None if self.is_code
                && self.terms.len() > 1
                && (text.names_one || text.has_like(&self.terms, language)) =>
            {
                Fit::Near(0.0)
            }
            None => Fit::Other,
        }
    }

    /// Whether another number or code begins in front of it.
    fn before(&self, text: &Sequence, start: usize) -> Option<f32> {
        let first = &text.words[start];
        let last = &text.words[start.checked_sub(1)?];
        let is_longer = match first.before {
            // `Model-T90`.
            Before::Mark => last.is_short(),
            Before::Space => first.is_number() && (last.is_number() || (last.is_letter() && last.is_upper)),
            Before::Break => false,
        };
        is_longer.then_some(0.0)
    }

    /// Whether it goes on behind it.
    fn behind(&self, text: &Sequence, end: usize, asked: &Sequence, language: &str) -> Option<f32> {
        let next = text.words.get(end)?;
        let is_number = |at: usize| text.words.get(at).is_some_and(Word::is_number);
        let is_asked = || asked.words.iter().any(|word| stem(&word.term, language) == stem(&next.term, language));
        let goes_on = text.words.get(end + 1).is_some_and(|after| after.before == Before::Mark) && is_number(end + 1);
        match next.before {
            Before::Break => None,
            Before::Mark if next.is_short() => Some(0.0),
            Before::Space if next.is_number() => None,
            _ if is_asked() => None,
            // `S2`, `S`, `XL`.
            Before::Space if goes_on || (next.is_short() && next.is_upper) => Some(0.0),
            // German writes all nouns with a capital.
            _ if next.is_capital && language != "german" => Some(LIKELY_ANOTHER),
            // Beside `X-1 costs`, `X-1 mini costs` is another.
            _ => (!is_stop(&next.term, language) && self.behind.contains(&text.at(end + 1))).then_some(LIKELY_ANOTHER),
        }
    }
}

#[cfg(test)]
mod tests;
