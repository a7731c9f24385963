//! Nothing is lost: what is too wide or too tall is broken, wrapped or scaled down, and reported with its line.

use super::seen::{file, job, png, seen};

/// The right edge of the text on A4 with margins of 22 mm, and the height of its text.
const RIGHT: f64 = 595.28 - 62.36;
const HEIGHT: f64 = 841.89 - 2.0 * 68.03;

#[test]
fn a_table_of_many_columns_is_scaled_down_and_its_words_stay_whole() {
    let head = "|Shipment|Consignee|Destination|Merchandise|Packages|Gross weight|Insurance|Declared value|Departure|Arrangement|Coordinator|";
    let row = "|S-2001|Harbour Logistics|Switzerland|Chestnut flour 1 kg|12|14.80|6 %|1,101.46|2026-04-01|outstanding|Procurement|";
    let markdown =
        format!("# Shipments\n\n{head}\n{}\n{}\nEnd.\n", "|---".repeat(11) + "|", format!("{row}\n").repeat(4));
    let seen = seen(&job(&markdown, ""));
    for word in ["Merchandise", "Arrangement", "Coordinator", "outstanding", "Procurement", "Switzerland"] {
        assert!(seen.word(word).area.right < RIGHT, "{word}");
    }
    assert!(seen.warnings().contains("markdown:3: the table's words do not fit"), "{}", seen.warnings());
    let size = seen.word("Procurement").area.height() / seen.word("End.").area.height();
    assert!(size < 1.0 && size > 0.59, "{size}");
}

#[test]
fn long_words_in_cells_are_divided_and_stay_in_their_column() {
    let tokens = [
        "services/billing/pipelines/2026/reconciliation/step_07_match_by_reference_and_amount.yaml",
        "https://intranet.example.org/reports/monthly/2026/q2/final/with-appendices/and-annexes/index.html?download=true",
        "org.example.platform.billing.pipeline.ReconciliationStepConfigurationFactoryBean",
        "3f786850e387550fdab836ed7e6dc881de23001b8a5c1b3a2d4f5e6978123456abcdefab",
    ];
    let markdown = format!(
        "| Name | Where it is kept | Note |\n|---|---|---|\n| path | {} | Alpha |\n| url | {} | Beta |\n| code | `{}` | Gamma |\n| hash | {} | Delta |\n",
        tokens[0], tokens[1], tokens[2], tokens[3]
    );
    let seen = seen(&job(&markdown, ""));
    let letters = seen.letters();
    let note = seen.word("Alpha").area.left;
    for (token, note_word) in tokens.iter().zip(["Alpha", "Beta", "Gamma", "Delta"]) {
        // The note stands in the first line of the row, so it is read among the token's lines.
        let letters = letters.replacen(note_word, "", 1);
        assert!(letters.contains(token), "{token} in {letters}");
    }
    for word in seen.words.iter().filter(|word| word.text.len() > 12) {
        assert!(word.area.right < note, "{word:?} leaves its column at {note}");
    }
    assert!(seen.word("Delta").area.right < RIGHT);
    assert!((seen.word("Alpha").area.height() - seen.word("Name").area.height()).abs() < 1.0, "nothing is smaller");
}

#[test]
fn a_space_follows_a_divided_word() {
    let long = "https://example.org/".to_owned() + &"segment/".repeat(20);
    let seen = seen(&job(&format!("First {long} second {long} {long} third\n"), ""));
    let text = seen.text();
    for word in [" second ", "/ third"] {
        assert!(text.contains(word), "{word:?} in {text}");
    }
}

#[test]
fn a_long_word_of_a_paragraph_is_divided() {
    let word: String = (0..60).map(|i| format!("{i:03}x")).collect();
    let seen = seen(&job(&format!("Before {word} after.\n\n- `{word}`\n"), ""));
    seen.assert_on_paper();
    assert!(seen.words.iter().all(|word| word.area.right < RIGHT + 1.0));
    assert_eq!(seen.letters().matches(&word).count(), 2);
}

#[test]
fn code_without_spaces_wraps_with_a_mark() {
    let word: String = (0..50).map(|i| format!("{i:03}Z")).collect();
    let words = "docker run --rm --name collector -e QUEUE_URL=amqp://user@broker.internal:5672/vhost -e LOG_LEVEL=debug -v /srv/data/collector:/var/lib/collector registry.internal/team/collector:2026.03.1 --dry-run-last";
    let seen = seen(&job(&format!("```\n{word}END\n```\n\n```sh\n{words}\n```\n"), ""));
    assert!(seen.text().contains('\u{21aa}') && seen.letters().contains(&format!("{word}END")), "{}", seen.text());
    assert!(seen.letters().contains(&words.replace(' ', "")));
    assert!(seen.words.iter().all(|word| word.area.right < RIGHT + 1.0));
}

#[test]
fn what_must_not_break_breaks_if_it_is_taller_than_a_page() {
    let lines: String = (0..150).map(|i| format!("line_{i}_\n")).collect();
    let css = "pre, blockquote, table, ul { page-break-inside: avoid }";
    for markdown in [
        format!("# A\n\n```py\n{lines}```\n"),
        lines.lines().map(|line| format!("> {line}\n>\n")).collect(),
        lines.lines().map(|line| format!("- {line}\n")).collect(),
        format!("| a |\n|---|\n{}", lines.lines().map(|line| format!("| {line} |\n")).collect::<String>()),
    ] {
        let seen = seen(&job(&markdown, css));
        seen.assert_on_paper();
        assert!(seen.pages.len() > 1);
        for i in 0..150 {
            assert!(seen.words.iter().any(|word| word.text.contains(&format!("line_{i}_"))), "{i}: {}", seen.text());
        }
    }
}

#[test]
fn what_must_not_break_begins_on_the_next_page_if_it_fits_there() {
    let before = "Word\n\n".repeat(35);
    let lines: String = (0..20).map(|i| format!("line_{i}_\n")).collect();
    let seen = seen(&job(&format!("{before}```\n{lines}```\n"), "pre { break-inside: avoid }"));
    assert_eq!((seen.word("Word").area.page, seen.word("line_0_").area.page), (0, 1));
    assert_eq!(seen.word("line_19_").area.page, 1);
}

#[test]
fn pictures_and_diagrams_are_scaled_to_the_page() {
    let steps: String = (1..40).map(|i| format!("  n{i}[Step {i}] --> n{}[Step {}]\n", i + 1, i + 1)).collect();
    let markdown = format!(
        "# Tall\n\n![tall](tall.png)\n\nAfter.\n\n![wide](wide.png)\n\n| A | B |\n|---|---|\n| ![wide](wide.png) | {} |\n\n```mermaid\nflowchart TD\n{steps}```\n\nEnd.\n",
        "some words of a cell ".repeat(10)
    );
    let mut job = job(&markdown, "");
    job.files = vec![file("tall.png", png(200, 3000)), file("wide.png", png(3000, 200))];
    let seen = seen(&job);
    let [tall, wide, cell] = seen.pictures[..] else { panic!("{:?}", seen.pictures) };
    assert!(tall.height() <= HEIGHT && (tall.height() / tall.width() - 15.0).abs() < 0.1, "{tall:?}");
    assert!((wide.width() - (RIGHT - 62.36)).abs() < 1.0 && (wide.width() / wide.height() - 15.0).abs() < 0.1);
    assert!(cell.width() > 50.0 && cell.width() < 400.0, "{cell:?}");
    for area in &seen.pictures {
        assert!(seen.pages[area.page].holds(area), "{area:?}");
    }
    assert!(seen.shapes.iter().all(|shape| seen.pages[shape.area.page].holds(&shape.area)), "a part of the diagram");
    for word in ["After.", "End."] {
        seen.word(word);
    }
}

#[test]
fn width_with_height_stretches_as_in_browsers() {
    let cases = [
        ("<img src=\"c.png\" width=\"100\" height=\"100\">", (75.0, 75.0)),
        ("<img src=\"c.png\" width=\"100\">", (75.0, 37.5)),
        ("<img src=\"c.png\" height=\"40\">", (60.0, 30.0)),
        ("<img src=\"c.png\" style=\"width:100px;height:100px\">", (75.0, 75.0)),
        ("<img src=\"c.png\" style=\"width:100px;height:100px;object-fit:contain\">", (75.0, 37.5)),
        ("<img src=\"c.png\" style=\"max-height:20px\">", (30.0, 15.0)),
        ("<img src=\"c.png\" style=\"max-width:10%\">", (47.06, 23.53)),
        ("<img src=\"c.png\" height=\"100%\">", (150.0, 75.0)),
        ("<img src=\"c.png\" width=\"50%\" height=\"40\">", (235.3, 30.0)),
        ("![](c.png){width=3cm}", (85.04, 42.52)),
        ("![](c.png){width=200px height=50px}", (150.0, 37.5)),
        ("<img src=\"c.png\" width=\"4000\">", (470.55, 235.28)),
    ];
    for (markdown, (width, height)) in cases {
        let mut job = job(markdown, "");
        job.files = vec![file("c.png", png(200, 100))];
        let area = seen(&job).pictures[0];
        assert!((area.width() - width).abs() < 0.2 && (area.height() - height).abs() < 0.2, "{markdown}: {area:?}");
    }
}

#[test]
fn spans_of_tables_share_their_columns() {
    let seen = seen(&job(
        "<table><thead><tr><th rowspan=2>Region</th><th colspan=2>Year-one-and-a-long-heading</th></tr><tr><th>H1</th><th>H2</th></tr></thead><tbody><tr><td rowspan=2>North</td><td>first</td><td>two</td></tr><tr><td colspan=2>both</td></tr></tbody></table>",
        "",
    ));
    let at = |text: &str| seen.word(text).area;
    assert!((at("both").left - at("first").left).abs() < 0.5 && (at("H2").left - at("two").left).abs() < 0.5);
    assert!(at("two").left > at("first").right && at("Year").right < RIGHT);
}

#[test]
fn margins_that_leave_no_room_are_reduced_and_reported() {
    let markdown = "Before.\n\n<div style=\"margin-left: 180mm\">\n\n| Gallery | Exhibition |\n|---|---|\n| first | second |\n\n</div>\n\nAfter.\n";
    let seen = seen(&job(markdown, ""));
    seen.assert_on_paper();
    for word in ["Gallery", "Exhibition", "second", "After."] {
        assert!(seen.word(word).area.right < RIGHT + 1.0, "{word}");
    }
    assert!(seen.warnings().contains("leave no room for the text"), "{}", seen.warnings());
}

#[test]
fn what_leaves_the_paper_is_scaled_down_and_reported() {
    let markdown = "Before.\n\n<p style=\"text-indent: -60mm\">Leftmost words of a paragraph</p>\n\nAfter.\n";
    let seen = seen(&job(markdown, ""));
    seen.assert_on_paper();
    let letters = seen.letters();
    for word in ["Leftmost", "paragraph", "After."] {
        assert!(letters.contains(word), "{word} in {letters}");
    }
    assert!(
        seen.warnings().contains("markdown:3: this did not fit on the page, so it was scaled down"),
        "{}",
        seen.warnings()
    );
}

#[test]
fn letters_with_space_between_them_are_divided_too() {
    let word = "abcdefghij".repeat(6);
    let css = "p { letter-spacing: .5em } a { display: inline-block } td { letter-spacing: 6pt }";
    let cells = "| One | Two |\n|---|---|\n| Settlement | Arrangement |\n";
    let seen = seen(&job(&format!("See [{word}](https://a.org) end.\n\n{cells}"), css));
    assert!(seen.overlapping().is_none() && seen.letters().contains(&word), "{:?}", seen.overlapping());
    assert!(seen.words.iter().all(|word| word.area.right < RIGHT + 6.0), "{:?}", seen.words);
}
