//! The part of a passage that a small model reads: the sentences around the one that says most about the question.

use std::borrow::Cow;

use super::{
    candidate::Candidate,
    question::{Question, level},
    row::is_rule,
};

/// The whole passage, below what stands outside of it, if it fits, else whole sentences of it that fit, below their heading and the header of their table. Of a row
/// that does not fit, the values that the question asks for.
/// Where none says anything about the question, the passage is not shortened.
pub(super) fn excerpt<'p>(
    outside: &str,
    passage: &'p str,
    question: &Question,
    fits: &dyn Fn(&str) -> bool,
) -> Cow<'p, str> {
    if fits(passage) {
        return Cow::Borrowed(passage);
    }
    let candidates = question.candidates(outside, passage);
    let bonuses = question.bonuses(&candidates);
    // The first among equals.
    let best = (0..candidates.len()).rev().max_by(|a, b| bonuses[*a].total_cmp(&bonuses[*b]));
    let Some(best) = best.filter(|best| bonuses[*best] > 0.0) else { return Cow::Borrowed(passage) };
    let values = &candidates[best].values;
    if !values.is_empty() && !fits(&part(passage, &candidates[best..=best])) {
        return Cow::Owned(question.of_row(values, &|values| fits(&values.join("; "))).join("; "));
    }
    let (mut first, mut last) = (best, best);
    let text = |first: usize, last: usize| part(passage, &candidates[first..=last]);
    loop {
        if last + 1 < candidates.len() && fits(&text(first, last + 1)) {
            last += 1;
        } else if first > 0 && fits(&text(first - 1, last)) {
            first -= 1;
        } else {
            return Cow::Owned(text(first, last));
        }
    }
}

/// These sentences, below the headings of each level above the first and the header of its table.
fn part(passage: &str, candidates: &[Candidate]) -> String {
    let (Some(first), Some(last)) = (candidates.first(), candidates.last()) else { return String::new() };
    let (before, part) = (&passage[..first.range.start], &passage[first.range.start..last.range.end]);
    let mut above = String::new();
    let mut level = level(part);
    for line in before.lines().rev().filter(|line| line.starts_with('#')) {
        if self::level(line) < level {
            level = self::level(line);
            above = format!("{line}\n\n{above}");
        }
    }
    if part.starts_with('|') {
        let lines: Vec<&str> = before.lines().collect();
        let rows = lines.iter().rev().take_while(|line| line.starts_with('|')).count();
        if let [header, rule, ..] = lines[lines.len() - rows..]
            && is_rule(rule)
        {
            above += &format!("{header}\n{rule}\n");
        }
    }
    above + part
}

#[cfg(test)]
mod tests {
    use ruche_schemas::kinds::chat::{Message, Role};

    use super::*;

    /// With room for so many words.
    fn of(passage: &str, question: &str, words: usize) -> String {
        let question = Question::of(&[Message { role: Role::User, content: question.to_owned() }], &[]);
        excerpt("", passage, &question, &|text| text.split_whitespace().count() <= words).into_owned()
    }

    #[test]
    fn sentences_around_the_best_one_are_read() {
        let clauses: Vec<String> = (1..60).map(|n| format!("Clause {n} is about fee {n}.")).collect();
        let terms = format!("# Terms\n\n{}", clauses.join(" "));
        let found = of(&terms, "What does clause 42 say?", 20);
        assert_eq!(
            found,
            "# Terms\n\nClause 42 is about fee 42. Clause 43 is about fee 43. Clause 44 is about fee 44."
        );
        let found = of(&terms, "What does clause 59 say?", 15);
        assert_eq!(found, "# Terms\n\nClause 58 is about fee 58. Clause 59 is about fee 59.");
        assert_eq!(of(&terms, "What does clause 42 say?", 1_000), terms);
        assert_eq!(of(&terms, "Who?", 20), terms, "no sentence is better than another");
    }

    #[test]
    fn a_long_row_has_the_values_asked_for() {
        let values: Vec<String> = (1..60).map(|n| format!("Column {n}: value {n}")).collect();
        let row = |name: &str, price: u8| format!("Name: {name}; {}; Price: {price} euros; End: 0", values.join("; "));
        let rows = format!("{}\n{}\n", row("Wax", 3), row("Honey", 7));
        for (question, expected) in [
            ("What does the honey cost?", "Name: Honey; Column 1: value 1; Price: 7 euros"),
            ("What is column 42 of the wax?", "Column 42: value 42"),
        ] {
            let found = of(&rows, question, 60);
            assert!(found.contains(expected), "{question}: {found}");
        }
        let table = format!("| Name | Notes | Price |\n|---|---|---|\n| Wax | {} | 3 euros |\n", "dry ".repeat(99));
        assert_eq!(of(&table, "What does the wax cost?", 20).matches("Price: 3 euros").count(), 1);
    }

    #[test]
    fn a_row_keeps_the_header_of_its_table() {
        let rows: Vec<String> = (1..60).map(|n| format!("| AX-{n} | {n} euros |\n")).collect();
        let table = format!("# Parts\n\n| Part | Price |\n|---|---|\n{}\n# Other\n\nNothing.\n", rows.concat());
        let found = of(&table, "How much is AX-42?", 14);
        assert_eq!(found, "# Parts\n\n| Part | Price |\n|---|---|\n| AX-42 | 42 euros |");
    }
}
