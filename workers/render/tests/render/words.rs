//! Every word of a document is in its PDF, on the paper and on no other word, whatever the style sheet.
//!
//! `WORDS=9000 cargo test --release -p ruche-render --test render words` tries more pairs of documents and sheets.

use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};

use super::seen::{job, seen};

const DOCUMENTS: usize = 300;
const SHEETS: usize = 30;

/// Words are numbered, so that each is looked for by itself. No hyphen divides them.
struct Writer {
    count: usize,
    words: Vec<String>,
}

impl Writer {
    fn word(&mut self, long: bool) -> String {
        self.count += 1;
        let word = match long {
            true => format!("q{}{}q", self.count, "x7".repeat(20 + self.count % 60)),
            false => format!("q{}q", self.count),
        };
        self.words.push(word.clone());
        word
    }

    fn words(&mut self, count: usize, long: bool) -> String {
        (0..count).map(|i| self.word(long && i == 1)).collect::<Vec<_>>().join(" ")
    }

    fn block(&mut self, kind: u8, size: usize, long: bool) -> String {
        match kind {
            0 => format!("## {}", self.words(size.min(6), long)),
            1 => self.words(size * 3, long),
            2 => (0..size).map(|_| format!("- {}\n", self.words(3, long))).collect(),
            3 => (0..size).map(|i| format!("{}. **{}**\n", i + 1, self.words(2, long))).collect(),
            4 => format!("> {}\n>\n> {}", self.words(size, long), self.words(2, false)),
            5 => format!("```\n{}\n{}\n```", self.words(size * 2, long), self.word(long)),
            6 => {
                let columns = 1 + size % 12;
                let row = |writer: &mut Self| {
                    (0..columns).map(|_| format!("| {} ", writer.words(1 + size % 3, long))).collect::<String>() + "|\n"
                };
                let head = row(self);
                head + &"|---".repeat(columns) + "|\n" + &(0..3).map(|_| row(self)).collect::<String>()
            }
            7 => format!("<div class=\"box\"><p>{}</p><div>{}</div></div>", self.words(size, long), self.word(false)),
            8 => format!("See `{}` and [{}](https://a.org).", self.words(2, long), self.word(long)),
            _ => format!("> [!NOTE]\n> {}", self.words(size, long)),
        }
    }
}

fn documents() -> impl Strategy<Value = Vec<(u8, usize, bool)>> {
    prop::collection::vec((0_u8..10, 1_usize..14, prop::bool::weighted(0.3)), 1..9)
}

const SELECTORS: &[&str] = &[
    "*",
    "p",
    "h2",
    "ul",
    "li",
    "ol",
    "blockquote",
    "pre",
    "code",
    "table",
    "td",
    "th",
    ".box",
    "body",
    "div",
    "a",
    "strong",
];
const DECLARATIONS: &[&str] = &[
    "margin: 0",
    "padding: 0",
    "margin: 2em 10%",
    "padding: 1em 2em",
    "width: 50%",
    "max-width: 300px",
    "width: 900px",
    "font-size: 130%",
    "font-size: 7pt",
    "line-height: 1",
    "line-height: 2.2",
    "border: 3px solid red",
    "background: #eee",
    "break-inside: avoid",
    "page-break-inside: avoid",
    "columns: 2",
    "height: 40px",
    "text-align: right",
    "display: block",
    "display: inline-block",
    "display: flex",
    "float: right",
    "margin-left: 60mm",
    "margin: 0 auto",
    "letter-spacing: .2em",
    "white-space: pre-wrap",
    "border-radius: 8px",
    "min-height: 3cm",
    "break-after: avoid",
    "font-family: monospace",
    "justify-content: space-between",
    "padding-left: 30mm",
    "text-indent: 3em",
];
const PAGES: &[&str] = &[
    "",
    "",
    "",
    "@page { size: A5; margin: 12mm }",
    "@page { size: A4 landscape }",
    "@page { size: 90mm 120mm; margin: 8mm }",
];

fn sheets() -> impl Strategy<Value = String> {
    let rule = (prop::sample::select(SELECTORS), prop::collection::vec(prop::sample::select(DECLARATIONS), 1..4))
        .prop_map(|(selector, declarations)| format!("{selector} {{ {} }}\n", declarations.join("; ")));
    (prop::sample::select(PAGES), prop::collection::vec(rule, 1..8))
        .prop_map(|(page, rules)| format!("{page}\n{}", rules.concat()))
        .boxed()
}

fn lost(document: &[(u8, usize, bool)], css: &str) -> Option<String> {
    let mut writer = Writer { count: 0, words: Vec::new() };
    let blocks: Vec<String> = document.iter().map(|(kind, size, long)| writer.block(*kind, *size, *long)).collect();
    let markdown = blocks.join("\n\n");
    let seen = seen(&job(&markdown, css));
    let letters = seen.letters();
    // Words that are divided in a table have other columns' lines between their parts: their letters are counted.
    let has_table = document.iter().any(|(kind, ..)| *kind == 6);
    let is_short = |word: &&String| word.len() < 20 && !has_table;
    let missing: Vec<&String> =
        writer.words.iter().filter(is_short).filter(|word| !letters.contains(word.as_str())).collect();
    let outside = seen.words.iter().find(|word| !seen.pages[word.area.page].holds(&word.area));
    let count = |text: &str| text.chars().filter(|c| matches!(c, 'q' | 'x')).count();
    let expected: usize = writer.words.iter().map(|word| count(word)).sum();
    // Heads of tables are there on each page.
    let found = count(&letters);
    let overlapping = seen.overlapping();
    // Words begin and end with this letter. Boxes beside each other may touch.
    let has_row = has_table || ["flex", "float", "inline-block"].iter().any(|row| css.contains(row));
    let joined = seen.words.iter().find(|word| !has_row && word.text.contains("qq"));
    (!missing.is_empty() || outside.is_some() || overlapping.is_some() || joined.is_some() || found < expected).then(|| {
        format!(
            "missing {missing:?}, outside {outside:?}, overlapping {overlapping:?}, joined {joined:?}, {found} of {expected} letters\n\
             {css}\n{markdown}"
        )
    })
}

#[test]
fn every_word_is_on_the_paper() {
    let pairs = std::env::var("WORDS").ok().and_then(|pairs| pairs.parse().ok()).unwrap_or(DOCUMENTS);
    let mut runner = TestRunner::deterministic();
    let documents: Vec<_> =
        (0..DOCUMENTS).map(|_| documents().new_tree(&mut runner).expect("a document").current()).collect();
    let sheets: Vec<_> = (0..SHEETS).map(|_| sheets().new_tree(&mut runner).expect("a sheet").current()).collect();
    let lost: Vec<String> =
        (0..pairs).filter_map(|i| lost(&documents[i % DOCUMENTS], &sheets[(i + i / DOCUMENTS) % SHEETS])).collect();
    assert!(
        lost.is_empty(),
        "{} of {pairs}:\n{}",
        lost.len(),
        lost.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n")
    );
}
