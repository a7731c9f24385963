//! The built-in templates write numbers, money and dates in the document's language, and messages as Markdown.

use serde_json::json;

use super::seen::{Seen, job, seen};

fn with(template: &str, data: &serde_json::Value, lang: &str) -> Seen {
    let mut job = job("", "");
    job.template.name = template.to_owned();
    job.data = data.as_object().cloned().expect("a map");
    job.options.lang = Some(lang.to_owned());
    job.options.date = chrono::NaiveDate::from_ymd_opt(2026, 3, 9);
    seen(&job)
}

#[test]
fn an_invoice_is_written_in_its_language() {
    let data = |currency: &str| {
        json!({ "due": "2026-04-08", "currency": currency, "tax": 7.7,
            "items": [{ "description": "Oak", "quantity": 1234.5, "price": 1000 }, { "description": "Less", "price": -2.5 }] })
    };
    for (lang, currency, expected) in [
        ("en-US", "EUR", ["March 9, 2026", "April 8, 2026", "1,234.5", "\u{20ac}1,234,500.00", "-\u{20ac}2.50", "7.7"]),
        (
            "de",
            "EUR",
            ["9. M\u{e4}rz 2026", "8. April 2026", "1.234,5", "1.234.500,00 \u{20ac}", "-2,50 \u{20ac}", "7,7"],
        ),
        (
            "de-CH",
            "CHF",
            [
                "9. M\u{e4}rz 2026",
                "8. April 2026",
                "1\u{2019}234.5",
                "CHF 1\u{2019}234\u{2019}500.00",
                "-CHF 2.50",
                "7.7",
            ],
        ),
        ("ja", "JPY", ["3\u{6708}9\u{65e5}", "4\u{6708}8\u{65e5}", "1,234.5", "\u{a5}1,234,500", "-\u{a5}3", "7.7"]),
    ] {
        let text = with("invoice", &data(currency), lang).text().replace(['\u{a0}', '\u{202f}'], " ");
        for part in expected {
            let part = part.replace('\'', "\u{2019}");
            assert!(text.replace('\'', "\u{2019}").contains(&part), "{lang}: {part} in {text}");
        }
    }
}

#[test]
fn messages_are_markdown_in_bubbles() {
    let long =
        "word ".repeat(40) + "[link](https://example.org)\n\n| Col | Other |\n|---|---|\n| **bold** | x |\n\n- item";
    let data = json!({ "messages": [
        { "role": "user", "content": "Why `code`?", "at": "2026-03-09T14:05:00+01:00" },
        { "role": "assistant", "content": long },
        { "role": "assistant", "content": "<video></video> <div> open" },
        { "role": "user", "content": "Last" },
    ] });
    let seen = with("conversation", &data, "de");
    let text = seen.text();
    assert!(text.contains("Benutzer \u{b7} 9. M\u{e4}rz 2026 um 14:05"), "{text}");
    assert!(!text.contains('|') && !text.contains("**") && text.contains("\u{2022} item"), "{text}");
    let (mine, answer) = (seen.grounds([232, 240, 251]), seen.grounds([245, 245, 245]));
    assert!(mine.len() == 2 && answer.len() == 2, "{mine:?} {answer:?}");
    assert!(answer[0].holds(&seen.word("Col").area) && mine[1].holds(&seen.word("Last").area));
    assert!(mine[0].left > answer[0].left + 20.0 && mine[0].right > answer[0].right + 20.0, "{mine:?} {answer:?}");
    assert!(seen.warnings().contains("data: messages[2]: <video> is left out"), "{}", seen.warnings());
}

#[test]
fn headings_of_each_level_differ() {
    let markdown = (1..=6).map(|level| format!("{} Hg{level}\n\n", "#".repeat(level))).collect::<String>();
    for template in ["plain", "report", "letter"] {
        let mut job = job(&markdown, "");
        job.template.name = template.to_owned();
        let seen = seen(&job);
        let size = |level: usize| {
            let shown: Vec<f64> = seen
                .words
                .iter()
                .filter(|word| word.text == format!("Hg{level}"))
                .map(|word| word.area.height())
                .collect();
            *shown.last().expect("a heading")
        };
        for level in 1..6 {
            assert!(
                size(level) > size(level + 1) * 1.05,
                "{template}: {level} is {} and {}",
                size(level),
                size(level + 1)
            );
        }
    }
}

#[test]
fn long_words_of_titles_addresses_and_numbers_stay_on_the_paper() {
    let token = format!("Title{}END", "X".repeat(150));
    for template in ["plain", "report", "letter", "conversation"] {
        let mut job = job(&format!("# {token}\n\ntext\n"), "");
        job.template.name = template.to_owned();
        let data = json!({ "messages": [{ "role": "user", "content": "hello" }], "from": token, "to": token });
        job.data = data.as_object().cloned().expect("a map");
        let seen = seen(&job);
        seen.assert_on_paper();
        assert!(seen.overlapping().is_none(), "{template}: {:?}", seen.overlapping());
        assert!(seen.letters().contains("END"), "{template}: {}", seen.text());
    }
}

#[test]
fn an_invoice_with_long_words_stays_on_the_paper() {
    let token = |end: &str| format!("{}{end}", "0123456789".repeat(15));
    let data = json!({ "from": token("F1"), "to": token("T1"), "number": token("N1"), "tax": 19, "footer": token("E2"),
        "items": [{ "description": token("D1"), "quantity": 1, "price": 1_234_567_890_123.45 }] });
    for lang in ["en", "ar"] {
        let seen = with("invoice", &data, lang);
        seen.assert_on_paper();
        assert!(seen.overlapping().is_none(), "{lang}: {:?}", seen.overlapping());
        for end in ["F1", "T1", "N1", "D1", "E2"] {
            assert!(seen.letters().contains(end), "{lang}: {end} in {}", seen.text());
        }
    }
}

#[test]
fn title_and_chapter_stand_apart_in_a_reports_header() {
    let title = "Quarterly harvest report of the orchard, the apiary and the press room for the year 2026";
    let markdown = format!(
        "# {title}\n\n## Deliveries\n\ntext\n\n# Deliveries of acacia honey, chestnut honey and lime honey to customers in Northern Europe\n"
    );
    let mut job = job(&markdown, "");
    job.template.name = "report".to_owned();
    let seen = seen(&job);
    assert!(seen.overlapping().is_none(), "{:?}", seen.overlapping());
    let last = seen.pages.len() - 1;
    let header: Vec<_> = seen.words.iter().filter(|word| word.area.page == last && word.area.bottom < 75.0).collect();
    let (title, chapter): (Vec<&super::seen::Word>, Vec<&super::seen::Word>) =
        header.into_iter().partition(|word| word.area.left < 595.28 / 2.0);
    assert!(title.iter().all(|word| word.area.right < 595.28 / 2.0) && !chapter.is_empty(), "{title:?} {chapter:?}");
}
