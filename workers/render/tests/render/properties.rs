//! Properties of CSS where they begin to be read: inheritance from the root, generated text, colours of borders, opacity.

use super::{
    boxes::{LEFT, WIDTH, at, close},
    seen::{file, job, png, seen},
};

#[test]
fn the_root_hands_its_text_and_ground_down() {
    let css = "html { background: #eef; color: #123456; font-size: 15pt; text-align: center; line-height: 2 }";
    let seen = seen(&job("Words\n\nMore\n", css));
    assert_eq!(seen.color("Words"), [18, 52, 86]);
    assert!(seen.grounds([238, 238, 255]).iter().any(|ground| ground.width() > 595.0));
    let word = at(&seen, "Words");
    assert!(close((word.left + word.right) / 2.0, LEFT + WIDTH / 2.0, 0.5), "{word:?}");
    let step = at(&seen, "More").top - word.top;
    assert!(close(step, 30.0 + 0.4 * 15.0, 0.5), "{step}");
}

#[test]
fn the_body_aligns_and_indents_its_text() {
    let right = seen(&job("Words\n", "body { text-align: right }"));
    assert!(close(at(&right, "Words").right, LEFT + WIDTH, 0.5));
    let indented = seen(&job("Words apart\n", "body { text-indent: 20pt; word-spacing: 30pt }"));
    assert!(close(at(&indented, "Words").left, LEFT + 20.0, 0.5));
    assert!(at(&indented, "apart").left > at(&indented, "Words").right + 30.0);
}

#[test]
fn generated_text_stands_in_headings_code_summaries_and_captions() {
    let css = "h1::before { content: 'H1B' } h2::after { content: 'H2A' } pre::before { content: 'PREB' } summary::before { content: 'SUMB' } figcaption::before { content: 'CAPB' } dt::after { content: 'DTA' }";
    let markdown = "# One\n\n## Two\n\n```\ncode\n```\n\n<details><summary>sum</summary>body</details>\n\n<figure>x<figcaption>cap</figcaption></figure>\n\nTerm\n: Text\n";
    let text = seen(&job(markdown, css)).text();
    for part in ["H1BOne", "TwoH2A", "PREB", "SUMBsum", "CAPBcap", "TermDTA"] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

#[test]
fn a_border_without_a_colour_has_the_texts() {
    let seen = seen(&job("Words\n", "p { color: #f00; border: 1px solid }"));
    assert!(!seen.drawn([255, 0, 0]).is_empty() && seen.drawn([0, 0, 0]).is_empty(), "{:?}", seen.shapes);
}

#[test]
fn opacity_fades_blocks_words_cells_and_pictures() {
    let css = "p, div, h1, .o, td, hr, img { opacity: .2 }";
    let markdown =
        "# Head\n\nPara <span class=o>span</span>\n\n<div>Box</div>\n\n| a |\n|---|\n| cell |\n\n---\n\n![p](c.png)\n";
    let mut job = job(markdown, css);
    job.files = vec![file("c.png", png(20, 10))];
    let seen = seen(&job);
    let pdf = &seen.output.bytes;
    let faded = super::seen::alphas(pdf);
    assert!(faded.iter().filter(|alpha| close(**alpha, 0.2, 0.01)).count() >= 5, "{faded:?}");
    assert!(seen.pictures.len() == 1 && seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn code_in_its_block_has_the_box_of_css() {
    let css = "pre { background: none; padding: 0 } pre code { display: block; background: #f8f8f8; padding: 10pt; border: 2pt solid #00f }";
    let seen = seen(&job("```\ncode\n```\n", css));
    let ground = seen.grounds([248, 248, 248]);
    assert!(ground.len() == 1 && close(ground[0].width(), WIDTH, 2.5), "{ground:?}");
    assert!(close(at(&seen, "code").left, LEFT + 12.0, 0.5) && !seen.drawn([0, 0, 255]).is_empty());
    let plain = super::seen::seen(&job("```\ncode\n```\n\n<p><mark>bare</mark></p>\n", "mark { background: none }"));
    assert_eq!(plain.grounds([246, 246, 246]).len(), 1);
    assert!(plain.grounds([255, 243, 163]).is_empty(), "{:?}", plain.shapes);
}

#[test]
fn negative_margins_put_no_text_over_other_text_nor_off_the_paper() {
    let markdown = "Line A\n\n<p style=\"margin-top:-2000px\">Top B</p>\n\nLine C\n\n<p style=\"margin-left:-2000px\">Left D</p>\n\n<p style=\"margin-right:-2000px\">Right E</p>\n\n<p style=\"margin-bottom:-2000px\">Bottom F</p>\n\nLine G\n";
    let seen = seen(&job(markdown, ""));
    seen.assert_on_paper();
    assert!(seen.overlapping().is_none(), "{:?}", seen.overlapping());
    for letter in ["B", "D", "E", "F", "G"] {
        assert!(seen.words.iter().any(|word| word.text == letter), "{letter} in {}", seen.text());
    }
    assert!(
        seen.warnings().contains("over the text before it") && seen.warnings().contains("off the paper"),
        "{}",
        seen.warnings()
    );
}

#[test]
fn a_bodys_borders_are_those_of_its_first_and_last_row() {
    let css = "tbody { border-top: 2pt solid #f00; border-bottom: 2pt solid #00f }";
    let seen = seen(&job("| a |\n|---|\n| one |\n| two |\n| three |\n", css));
    assert_eq!((seen.drawn([255, 0, 0]).len(), seen.drawn([0, 0, 255]).len()), (1, 1), "{:?}", seen.shapes);
}

#[test]
fn a_clipped_picture_is_on_the_paper() {
    let mut job = job("![p](c.png)\n", "img { width: 100%; height: 80px; object-fit: cover }");
    job.files = vec![file("c.png", png(200, 400))];
    let seen = seen(&job);
    assert!(seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn headings_inherit_the_weight_around_them() {
    let bold = |css: &str| {
        let seen = seen(&job("# Head\n\n**strong**\n", css));
        seen.fonts.iter().filter(|(font, _)| font.contains("Bold")).map(|(_, text)| text.clone()).collect::<String>()
    };
    assert!(bold("").contains("Head"));
    assert_eq!(bold("h1, strong { font-weight: inherit }"), "");
}

#[test]
fn captions_and_descriptions_have_their_styles() {
    let css = "figcaption { color: #f00; text-align: left } dd { margin-left: 100pt; background: #eef; color: #00f }";
    let seen = seen(&job("<figure>picture<figcaption>Caption</figcaption></figure>\n\nTerm\n: Definition\n", css));
    assert_eq!((seen.color("Caption"), seen.color("Definition")), ([255, 0, 0], [0, 0, 255]));
    assert!(close(at(&seen, "Figure").left, LEFT, 0.5), "{:?}", at(&seen, "Figure"));
    assert!(seen.grounds([238, 238, 255])[0].holds(&at(&seen, "Definition")));
}

#[test]
fn text_align_holds_for_items_descriptions_and_figures() {
    let css = "li.r, dd { text-align: right } ol { text-align: center } figure { text-align: center; margin: 1em 40px } \
               .side dt { float: left; width: 100px; text-align: right } .side dd { margin-left: 120px; text-align: left }";
    let html = "<ul><li class=r>item</ul><ol><li>centred</ol><dl><dt>a<dd>described</dl>\
                <dl class=side><dt>Term<dd>Beside</dl><figure>picture</figure>";
    let seen = seen(&job(html, css));
    let end = LEFT + WIDTH;
    assert!(close(at(&seen, "item").right, end, 1.0) && close(at(&seen, "described").right, end, 1.0));
    let middle = |word: &str| (at(&seen, word).left + at(&seen, word).right) / 2.0;
    assert!(close(middle("picture"), LEFT + WIDTH / 2.0, 1.0), "{}", middle("picture"));
    assert!(close(middle("centred"), LEFT + WIDTH / 2.0, 15.0), "{}", middle("centred"));
    assert!(close(at(&seen, "Term").right, LEFT + 75.0, 0.5) && close(at(&seen, "Beside").left, LEFT + 90.0, 0.5));
}

#[test]
fn a_caption_is_aligned_in_the_width_of_its_table() {
    let table = "<table><caption>Own</caption><tr><td>cell</td><td>a longer cell than the caption</td></tr></table>";
    let seen = seen(&job(table, "caption { text-align: left }"));
    assert!(close(at(&seen, "Table").left, at(&seen, "cell").left, 10.0), "{:?}", seen.words);
}

#[test]
fn paragraphs_of_a_caption_stand_on_lines_of_their_own() {
    let seen = seen(&job("<figure>x<figcaption><p>first</p><p>second</p></figcaption></figure>", ""));
    assert!(at(&seen, "second").top > at(&seen, "first").top + 5.0, "{:?}", seen.words);
}

#[test]
fn floats_have_their_margins_above_and_below() {
    let css = ".f { float: left; width: 100px; background: #06c; margin-top: 20px; margin-bottom: 40px }";
    let seen = seen(&job("<p>above</p><div class=f>float</div><p style='clear: both'>below</p>", css));
    let ground = seen.grounds([0, 102, 204])[0];
    assert!(ground.top - at(&seen, "above").bottom > 14.0, "{ground:?}");
    assert!(at(&seen, "below").top - ground.bottom > 29.0, "{ground:?}");
}
