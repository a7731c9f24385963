//! The sentences that a small model may answer with.

use ruche_schemas::{bots::nothing_found, kinds::chat::Grounding};

use super::{
    candidate::Candidate,
    covering::Source,
    line::line,
    passages::{Shown, outside},
    prose::of_values,
    question::{BONUS, Question},
    row::beginning,
};
use crate::inference::engine::Quote;

/// What the demo model answers where no passage fits.
const NOTHING_FOUND: [&str; 2] =
    ["I could not find that in the documents.", "Je n'ai pas trouvé cela dans les documents."];

/// A sentence with this share of the question's words answers it.
const CLEAR: f32 = 0.85;

/// A sentence whose bonus is less than that of the best by this is not offered: what a small model prefers says less.
const FAR: f32 = 3.0;

/// What a small model may answer.
#[derive(Debug)]
pub(super) struct Quoted {
    pub(super) quotes: Vec<Quote>,
    /// Whether no sentence is about what is asked for, so that the model needs not be asked.
    pub(super) is_elsewhere: bool,
}

/// Each sentence of the shown passages with its citation, and what the model says to greetings and where none fits. No answer begins
/// like a heading. Where the question names several identifiers, one quote has a sentence about each. What does not fit an
/// answer is shortened in front of its citation: a row to the values that the question asks for.
pub(super) fn quotes(
    grounding: &Grounding,
    shown: &[Shown],
    question: &Question,
    fits: &dyn Fn(&str) -> bool,
) -> Quoted {
    let numbered = shown.iter().enumerate().flat_map(|(n, shown)| {
        let outside = grounding.passages.get(shown.place).map(outside).unwrap_or_default();
        let candidates = question.candidates(&outside, &shown.text);
        candidates.into_iter().map(move |candidate| (n, candidate))
    });
    let (numbers, candidates): (Vec<usize>, Vec<Candidate>) = numbered.unzip();
    let bonuses = question.preferences(&candidates, &numbers, &sources(grounding, shown, question.language()));
    let mut quotes = sentences(question, &candidates, &numbers, &bonuses, fits);
    let (is_found, small_talk) = (bonuses.iter().any(|bonus| bonus.is_finite()), question.small_talk());
    if quotes.iter().all(|quote| quote.bonus < CLEAR * BONUS) {
        if let Some(small_talk) = small_talk {
            quotes.extend(small_talk.answers().into_iter().map(|text| Quote { text: text.to_owned(), bonus: 0.0 }));
        } else if !is_found {
            quotes.push(Quote { text: nothing_found(question.language()).to_owned(), bonus: 0.0 });
        } else if !question.is_sure() {
            quotes.extend(known_sentences(grounding));
        }
    }
    Quoted { quotes, is_elsewhere: !is_found && small_talk.is_none() }
}

/// The passages that are shown, with all of their text.
fn sources(grounding: &Grounding, shown: &[Shown], language: &str) -> Vec<Source> {
    let source = |shown: &Shown| match grounding.passages.get(shown.place) {
        Some(passage) => Source::of(&outside(passage), &passage.text, language),
        None => Source::of("", &shown.text, language),
    };
    shown.iter().map(source).collect()
}

fn sentences(
    question: &Question,
    candidates: &[Candidate],
    numbers: &[usize],
    bonuses: &[f32],
    fits: &dyn Fn(&str) -> bool,
) -> Vec<Quote> {
    let cited = |n: usize, text: &str| format!("{} [{}]", line(text), numbers[n] + 1);
    let each = question.best_of_each(candidates, bonuses);
    let mut quotes = Vec::new();
    if each.len() > 1 {
        let texts: Vec<String> = each.iter().map(|&n| cited(n, &question.with_heading(&candidates[n]))).collect();
        // Together they may have all words of the question.
        let bonus = each.iter().map(|n| bonuses[*n]).sum::<f32>().min(BONUS);
        quotes.extend(Some(texts.join(" ")).filter(|text| fits(text)).map(|text| Quote { text, bonus }));
    }
    let most = bonuses.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let is_far = |bonus: f32| question.is_sure() && bonus < most - FAR;
    let all = quotes.first().map(|quote: &Quote| quote.text.clone()).unwrap_or_default();
    for (n, (candidate, bonus)) in candidates.iter().zip(bonuses).enumerate() {
        let cited = |text: &str| cited(n, text);
        let whole = [candidate.quoted(), candidate.text.clone()].map(|text| cited(&text));
        let text = whole.into_iter().find(|text| fits(text));
        let text = text.unwrap_or_else(|| cited(&shortened(candidate, question, &|text| fits(&cited(text)))));
        // What the longer quote begins with would end the answer before it.
        if !all.starts_with(&text) {
            let bonus = if all.is_empty() && !is_far(*bonus) { *bonus } else { f32::NEG_INFINITY };
            quotes.push(Quote { text, bonus });
        }
    }
    quotes
}

/// A sentence that fits; the whole one if nothing does.
fn shortened(candidate: &Candidate, question: &Question, fits: &dyn Fn(&str) -> bool) -> String {
    let of_row = question.of_row(&candidate.values, &|values| of_values(values).is_some_and(|text| fits(&text)));
    let text = of_values(&of_row).or_else(|| beginning(&candidate.text, fits));
    text.unwrap_or_else(|| candidate.text.clone())
}

/// In the language that the bot's own sentence is in, if the model speaks it.
fn known_sentences(grounding: &Grounding) -> [Quote; 2] {
    let own = grounding.nothing_found.as_deref().filter(|own| NOTHING_FOUND.contains(own));
    NOTHING_FOUND.map(|text| {
        let bonus = if own.is_some_and(|own| own != text) { f32::NEG_INFINITY } else { 0.0 };
        Quote { text: text.to_owned(), bonus }
    })
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::{Message, Role};

    use super::{
        super::small_talk::{ENGLISH, FRENCH},
        *,
    };

    fn of(text: &str, question: &str) -> Vec<Quote> {
        let shown = [Shown { place: 0, text: text.to_owned() }];
        let question = Message { role: Role::User, content: question.to_owned() };
        quotes(&Grounding::default(), &shown, &Question::of(&[question], &[]), &|_| true).quotes
    }

    #[test]
    fn a_long_row_is_quoted_with_its_citation() {
        let values: Vec<String> = (1..60).map(|n| format!("Column {n}: value {n}")).collect();
        let rows =
            |name: &str, price: u8| format!("Name: {name}; {}; Price: {price} euros; End: 0\n", values.join("; "));
        let text = rows("Wax", 3) + &rows("Honey", 7) + &"It is so and so. ".replace(". ", " ").repeat(30);
        let shown = [Shown { place: 0, text }];
        let question = Message { role: Role::User, content: "What does the honey cost?".to_owned() };
        let fits = |text: &str| text.split_whitespace().count() <= 40;
        let found = quotes(&Grounding::default(), &shown, &Question::of(&[question], &[]), &fits).quotes;
        let best = found.iter().max_by(|one, other| one.bonus.total_cmp(&other.bonus)).expect("a quote");
        assert_eq!(best.text, "Name: Honey, Column 1: value 1, Price: 7 euros. [1]");
        let sentences = found.iter().filter(|quote| quote.text.contains("Name") || quote.text.contains("so and"));
        for quote in sentences {
            assert!(quote.text.ends_with(" [1]") && fits(&quote.text), "{quote:?}");
        }
    }

    #[test]
    fn each_sentence_has_its_citation() {
        let hours = "# Opening\n- Saturday: 9:00\n- Sunday: closed [2]";
        let found = of(hours, "Are you open at noon on Sunday?");
        let texts: Vec<_> = found.iter().map(|quote| quote.text.as_str()).collect();
        assert_eq!(texts[..3], ["Opening. [1]", "Saturday: 9:00. [1]", "Sunday: closed (2). [1]"]);
        assert_eq!(texts.len(), 3, "one is about it");
        let greeted = of(hours, "Hello");
        assert!(greeted[..3].iter().all(|quote| quote.bonus == f32::NEG_INFINITY), "{greeted:?}");
        assert_eq!(greeted[3..].iter().map(|quote| quote.text.as_str()).collect::<Vec<_>>(), ENGLISH);
        assert_eq!(of(hours, "Merci !")[3..].iter().map(|quote| quote.text.as_str()).collect::<Vec<_>>(), FRENCH);
        assert_eq!(of(hours, "Guten Tag")[3..].len(), 1);
        let texts = |question: &str| of(hours, question)[3..].iter().map(|one| one.text.clone()).collect::<Vec<_>>();
        assert_eq!(texts("Was kostet Butter?"), [nothing_found("german")]);
        assert_eq!(texts("Kan jag parkera här?"), [NOTHING_FOUND[0]]);
    }

    #[test]
    fn a_question_with_digits_is_no_greeting() {
        for question in ["+49 30 12345678", "14. Juli 2026", "7"] {
            let found = of("The shop opens at nine.", question);
            assert!(found.iter().all(|quote| !ENGLISH.contains(&quote.text.as_str())), "{question}: {found:?}");
            assert!(found.iter().any(|quote| quote.text == NOTHING_FOUND[0]), "{question}");
        }
    }

    #[test]
    fn two_names_are_answered_with_a_sentence_about_each() {
        let umbrellas = "# U-7\n\nIt is red. The price is 12 euros.\n\n# U-9\n\nIt is blue. The U-9 costs 19 euros.\n";
        let found = of(umbrellas, "Is the U-7 or the U-9 cheaper?");
        assert_eq!(found[0].text, "U-7. The price is 12 euros. [1] The U-9 costs 19 euros. [1]");
        assert!(found[0].bonus > 5.0, "{found:?}");
        assert!(
            found[1..].iter().filter(|quote| quote.text.contains("[1]")).all(|quote| quote.bonus == f32::NEG_INFINITY),
            "{found:?}"
        );
        let found = of("Order 10054 was sent. Order 10099 was lost.", "Status of orders 10054 and 10099?");
        assert_eq!(found[0].text, "Order 10054 was sent. [1] Order 10099 was lost. [1]");
        let found = of("Order 10054 was sent in 2026. It is 2026.", "Was order 10054 sent in 2026?");
        assert_eq!(found[0].text, "Order 10054 was sent in 2026. [1]");
        let found = of("The U-7 is red. It is light. The U-9 is blue.", "Which colour is U-7, and which U-9?");
        assert_eq!(found[0].text, "The U-7 is red. [1] The U-9 is blue. [1]");
        assert!(found.iter().all(|quote| quote.text != "The U-7 is red. [1]"), "it would end the answer");
    }

    #[test]
    fn nothing_is_found_in_the_language_of_the_chat() {
        let bonuses = |own: Option<&str>| {
            let own = Grounding { nothing_found: own.map(str::to_owned), ..Grounding::default() };
            known_sentences(&own).map(|quote| quote.bonus)
        };
        assert_eq!(bonuses(Some(NOTHING_FOUND[0])), [0.0, f32::NEG_INFINITY]);
        assert_eq!(bonuses(Some(NOTHING_FOUND[1])), [f32::NEG_INFINITY, 0.0]);
        assert_eq!((bonuses(Some("No idea.")), bonuses(None)), ([0.0, 0.0], [0.0, 0.0]));
    }
}
