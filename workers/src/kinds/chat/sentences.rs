//! Sentences and words of prose and Markdown. Boundaries are Unicode's (UAX #29), which know "3.5" and a full stop before
//! a lower-case letter. Abbreviations and parentheses are added here. A wrapped line ends no sentence; a paragraph, a
//! heading, a list item, a table row and a row of named values do.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use unicode_segmentation::UnicodeSegmentation as _;

use super::row::{is_row, named_values};

/// The abbreviations of each kind.
static ABBREVIATIONS: LazyLock<HashMap<&'static str, HashSet<&'static str>>> = LazyLock::new(|| {
    let mut all: HashMap<&str, HashSet<&str>> = HashMap::new();
    let lines = include_str!("abbreviations.txt").lines().filter(|line| !line.starts_with('#'));
    for (kind, words) in lines.filter_map(|line| line.split_once(' ')) {
        all.entry(kind).or_default().extend(words.split(' '));
    }
    all
});
/// Words for "and" in the names of companies.
const AND: [&str; 6] = ["&", "and", "und", "et", "y", "en"];
/// What German puts in front of an ordinal, as in `am 14. Juli` and `im 3. Stock`.
const BEFORE_ORDINALS: [&str; 17] = [
    "am", "vom", "zum", "im", "der", "die", "das", "den", "dem", "des", "ab", "bis", "seit", "jeden", "und", "oder",
    "–",
];
/// A parenthesis that is longer is no remark within a sentence, or is never closed.
const PARENTHESIS: usize = 200;

/// Byte ranges of the sentences, in order, without surrounding space.
pub(super) fn sentences(text: &str) -> Vec<Range<usize>> {
    let unwrapped = unwrapped(text);
    let mut joined: Vec<Range<usize>> = Vec::new();
    let (mut goes_on, mut open, mut row) = (false, None, 0);
    for (at, piece) in unwrapped.split_sentence_bound_indices() {
        let end = at + piece.len();
        match joined.last_mut().filter(|_| goes_on) {
            Some(last) => last.end = end,
            None => {
                joined.push(at..end);
                open = None;
                row = row_end(text, at).unwrap_or_default();
            }
        }
        for (place, mark) in piece.match_indices(['(', ')']) {
            open = (mark == "(").then_some(at + place);
        }
        let after = &unwrapped[end..];
        let is_within = || open.is_some_and(|open| is_closed(&unwrapped[open + 1..], end - open - 1));
        goes_on = !piece.ends_with('\n')
            && (end < row || is_abbreviated(&unwrapped[joined[joined.len() - 1].start..end], after) || is_within());
    }
    let trimmed = |range: Range<usize>| {
        let sentence = &unwrapped[range.clone()];
        let start = range.end - sentence.trim_start().len();
        let end = start + sentence.trim().len();
        (start < end).then_some(start..end)
    };
    joined.into_iter().filter_map(trimmed).collect()
}

/// Where the row ends that begins at this place.
fn row_end(text: &str, at: usize) -> Option<usize> {
    let begins = text[..at].trim_end_matches(' ').chars().next_back().is_none_or(|before| before == '\n');
    let line = text[at..].lines().next().filter(|line| begins && is_row(line))?;
    Some(at + line.trim_end().len())
}

/// Whether a parenthesis ends soon, in the same block, and behind this place.
fn is_closed(inside: &str, place: usize) -> bool {
    let near = &inside[..inside.floor_char_boundary(PARENTHESIS)];
    near.find(['(', ')', '\n']).is_some_and(|at| at >= place && near[at..].starts_with(')'))
}

/// Whether the last full stop is that of an abbreviation.
fn is_abbreviated(before: &str, after: &str) -> bool {
    let Some(before) = before.trim_end().strip_suffix('.') else { return false };
    let mut words = before.rsplit(char::is_whitespace);
    let (word, earlier) = (words.next().unwrap_or_default(), words.find(|word| !word.is_empty()).unwrap_or_default());
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    // `USt-IdNr.`, `Art.-Nr.`
    let last = word.rsplit('-').next().unwrap_or_default().to_lowercase();
    let mut letters = word.chars();
    let is_ordinal = word.len() <= 2 && word.bytes().all(|b| b.is_ascii_digit());
    if is_ordinal && BEFORE_ORDINALS.contains(&earlier.to_lowercase().as_str()) {
        return true;
    }
    let next = after.split_whitespace().next().unwrap_or_default();
    let is_before_number = next.contains(|c: char| c.is_ascii_digit());
    // `5 m.` and `5 hr.` have units.
    if earlier.ends_with(|c: char| c.is_ascii_digit()) {
        return is_numbered(&last) && is_before_number;
    }
    if let (Some(letter), None) = (letters.next(), letters.next())
        && letter.is_alphabetic()
    {
        // `z. B.`, `J. Smith` and `M. Dupont`, not `plan B.`
        return letter.is_lowercase() || letter == 'M' || earlier.is_empty() || is_short(earlier);
    }
    is_listed("always", &last)
        || last.ends_with("nr")
        || (last == "ex" && earlier == "p.")
        || (is_listed("company", &last) && AND.contains(&earlier.to_lowercase().as_str()))
        || (is_numbered(&last) && (is_before_number || is_letter(next)))
}

fn is_listed(kind: &str, word: &str) -> bool {
    ABBREVIATIONS.get(kind).is_some_and(|words| words.contains(word))
}

fn is_numbered(word: &str) -> bool {
    is_listed("numbered", word) || word.ends_with("str")
}

/// Whether a word is one letter with a full stop: `L.`
fn is_letter(word: &str) -> bool {
    word.strip_suffix('.').is_some_and(|word| word.chars().count() == 1)
}

/// Whether a word is one letter with a full stop, or a title.
fn is_short(word: &str) -> bool {
    let Some(word) = word.strip_suffix('.') else { return false };
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let lower = word.to_lowercase();
    word.chars().count() == 1 || is_listed("always", &lower) || is_numbered(&lower)
}

/// In lower case.
pub(super) fn words(text: &str) -> HashSet<String> {
    text.unicode_words().map(str::to_lowercase).collect()
}

/// Replaces the line ends of wrapped lines by spaces; byte offsets stay the same.
fn unwrapped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before: Option<&str> = None;
    for line in text.split('\n') {
        if let Some(before) = before {
            let wraps = !ends_block(before) && !begins_block(line) && !is_next_row(before, line);
            out.push(if wraps { ' ' } else { '\n' });
        }
        // Unicode counts `\r` as a paragraph end.
        out.extend(line.chars().map(|c| if c == '\r' { ' ' } else { c }));
        before = Some(line);
    }
    out
}

/// Whether two lines begin with the same name of a column, as in `Name: Wax; Price: 3`, or each with a code or a time.
fn is_next_row(before: &str, line: &str) -> bool {
    let is_code = |line: &str| {
        let word = line.split_whitespace().next().unwrap_or_default();
        let word = word.trim_end_matches(|c: char| !c.is_alphanumeric());
        word.contains(|c: char| c.is_ascii_digit()) && word.contains(|c: char| !c.is_ascii_digit())
    };
    if is_code(before) && is_code(line) {
        return true;
    }
    let name = |line: &str| line.find(": ").map(|end| line[..end].trim().to_owned());
    name(line).is_some_and(|own| !own.is_empty() && name(before).as_ref() == Some(&own))
}

/// Whether the block ends with this line.
fn ends_block(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with(['#', '|']) || line.starts_with("```")
}

/// Whether a block begins with this line.
fn begins_block(line: &str) -> bool {
    let line = line.trim();
    let marker = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let bullet = |text: &str| text.starts_with(['-', '*', '+']) && text[1..].starts_with(' ');
    let number = |text: &str| text.len() < line.len() && text.starts_with(['.', ')']) && text[1..].starts_with(' ');
    ends_block(line) || line.starts_with('>') || bullet(line) || number(marker) || named_values(line).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        sentences(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_sentence_ends_where_a_reader_says_so() {
        let text = "Refunds take 5.5 days, e.g. by card. Really?  Yes!\r\nWrapped lines\nare one. Là.";
        let expected = ["Refunds take 5.5 days, e.g. by card.", "Really?", "Yes!", "Wrapped lines\nare one.", "Là."];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn an_abbreviation_ends_no_sentence() {
        for one in [
            "Die Lieferung dauert ca. 3 Tage.",
            "Dr. Meyer leitet die Praxis.",
            "Le produit réf. 4711-0815 coûte 2 euros.",
            "La réf. AX-44 est rouge.",
            "Call 55012 (Mr. Smith) today.",
            "The pump (model no. X-5) is red.",
            "Die USt-IdNr. DE123456789 gilt.",
            "Art.-Nr. 55 und Bestellnr. AB.",
            "Pregunte a la Sra. García.",
            "Das ist z. B. Honig, d. h. Nahrung, zzgl. MwSt. 5 €.",
            "Der Preis z.B. Montag inkl. MwSt. bzw. Versand.",
            "Siehe Hauptstr. 5, Tel. 0421 55.",
            "Voir p. ex. Paris.",
            "We met Dr. J. Smith.",
            "It fits (see page 5. Then turn) well.",
            "M. Dupont parle.",
            "Die Messe beginnt am 14. Juli 2026 im 3. Stock.",
            "About approx.\n3 days.",
            "Smith & Co. KG liefert.",
            "Voir art. L. 121-3 du code.",
            "Der Preis pro Std. 50 Euro, ca. 2 Std. 30 Min.",
            "Das Modell Nr. Vier kostet 5 Euro.",
            "Das ist z. B. Honig bzw. Wachs.",
            "Hable con el Sr. García, 5 euros por Ud. Incluye IVA.",
            "Dieren, bijv. Honden en o.a. Katten.",
            "Sklep przy ul. Długiej, tel. 22 555 01 40, np. Anna.",
            "Call Smith & Co. Ltd.",
        ] {
            assert_eq!(split(one), [one]);
        }
        for (text, count) in [
            ("The answer is no. We are closed.", 2),
            ("It is made of art. Nice.", 2),
            ("The hose has 5 m. It fits.", 2),
            ("Take plan B. We go.", 2),
            ("It takes 2 Std. Then it is done.", 2),
            ("Die Frist beträgt 5 min. Danach ist zu.", 2),
            ("It costs 14. July is hot.", 2),
            ("(It is open. The door is red. We", 3),
            ("Dr.\n\nMeyer", 2),
            (". . ( ) ).", 2),
        ] {
            assert_eq!(split(text).len(), count, "{text}: {:?}", split(text));
        }
        let open = "(A bee. ".repeat(5_000);
        assert!(split(&open).len() > 1);
    }

    #[test]
    fn blocks_of_markdown_end_sentences_without_a_full_stop() {
        let text = "# Title\nText that wraps\nto here\n\n- one\n- two\n1. three\n| a | b |\nend";
        let expected = ["# Title", "Text that wraps\nto here", "- one", "- two", "1. three", "| a | b |", "end"];
        assert_eq!(split(text), expected);
    }

    #[test]
    fn a_row_of_named_values_is_a_sentence() {
        let rows = "Name: Wax; Price: 3\nName: Honey; Price: 7\nOther: x\ny";
        assert_eq!(split(rows), ["Name: Wax; Price: 3", "Name: Honey; Price: 7\nOther: x\ny"]);
        assert_eq!(
            split("4711-0815 Ring, 2\n4711-0816 Hose, 3\nof 5 m"),
            ["4711-0815 Ring, 2", "4711-0816 Hose, 3\nof 5 m"]
        );
    }

    #[test]
    fn a_row_is_not_torn_at_a_full_stop_and_no_part_of_its_title() {
        let rows = [
            "Name: Wax; Notes: \"leaflet no. 110; keep dry\"; Stock: 4",
            "Name: Honey. Raw!; Notes: See p. 3. Keep cool. It is 5 p.m. Now; Stock: 5",
            "Name: Tea; Notes: Who? Me. Ok.; Stock: 6",
            "| Wax | See no. 3. Keep dry. Now | 4 |",
        ];
        let text = format!("Stock of May\n{}\nHoney is good. It is sweet.", rows.join("\n"));
        let expected = [&["Stock of May"][..], &rows, &["Honey is good.", "It is sweet."]].concat();
        assert_eq!(split(&text), expected);
        assert_eq!(split(rows[1]), [rows[1]]);
    }

    #[test]
    fn nothing_has_no_sentences_and_what_has_no_border_is_one() {
        assert_eq!(split(" \n\r\n "), Vec::<&str>::new());
        let word = "é".repeat(5_000);
        assert_eq!(split(&word), [word.as_str()]);
        assert_eq!(words("Été, ÉTÉ: 3 étés!"), HashSet::from(["été", "3", "étés"].map(str::to_owned)));
    }
}
