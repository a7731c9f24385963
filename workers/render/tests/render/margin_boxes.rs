//! The boxes around a page stay apart and on the paper.

use super::{
    boxes::{at, close},
    seen::{job, seen},
};

#[test]
fn long_texts_of_margin_boxes_wrap_in_their_thirds() {
    let css = "@page { @top-left { content: 'Company name is quite long Incorporated Ltd. and Sons' }\n@top-center { content: string(title) }\n@top-right { content: 'Confidential: do not distribute outside the house' } }";
    let seen = seen(&job(
        "# Quarterly harvest report of the orchard, the apiary and the press room for the year 2026\n\ntext\n",
        css,
    ));
    assert!(seen.overlapping().is_none(), "{:?}", seen.overlapping());
    seen.assert_on_paper();
    let text = seen.text();
    for word in ["Incorporated", "Sons", "distribute", "house"] {
        assert!(text.contains(word), "{word} in {text}");
    }
}

#[test]
fn a_margin_box_that_does_not_fit_is_reduced_or_cut_off_and_named() {
    let token = "X".repeat(120);
    let css = format!(
        "@page {{ @bottom-left {{ content: 'one\\A two\\A three\\A four\\A five\\A six\\A seven\\A eight' }}\n\
         @bottom-right {{ content: '{token}END' }}\n\
         @left-middle {{ content: 'left side text that is long and does not fit in the margin' }} }}"
    );
    let seen = seen(&job("text\n", &css));
    seen.assert_on_paper();
    assert!(seen.overlapping().is_none(), "{:?}", seen.overlapping());
    assert!(seen.letters().contains("END"), "{}", seen.text());
    assert!(seen.warnings().contains("css:1: `@bottom-left`: its text does not fit"), "{}", seen.warnings());
}

#[test]
fn margins_without_room_leave_their_boxes_out() {
    let none = seen(&job("text\n", "@page { margin: 0; @bottom-center { content: 'foot' } }"));
    assert!(!none.text().contains("foot"), "{}", none.text());
    assert!(
        none.warnings().contains("`@bottom-center`: its text does not fit into the page's margin, so it was left out"),
        "{}",
        none.warnings()
    );
    let small = seen(&job("text\n", "@page { margin: 5mm; @top-center { content: 'head'; font-size: 20pt } }"));
    small.assert_on_paper();
    assert!(small.warnings().contains("`@top-center`"), "{}", small.warnings());
}

#[test]
fn margin_boxes_have_borders_grounds_padding_and_alignment() {
    let css = "@page { @bottom-center { content: 'Foot'; background: #eef; border-top: 2pt solid #f00; padding-top: 5pt; text-align: left } }";
    let seen = seen(&job("text\n", css));
    let ground = seen.grounds([238, 238, 255]);
    assert!(ground.len() == 1 && ground[0].holds(&at(&seen, "Foot")), "{ground:?}");
    assert!(!seen.drawn([255, 0, 0]).is_empty());
    assert!(close(at(&seen, "Foot").left, super::boxes::LEFT, 0.5) && at(&seen, "Foot").top > ground[0].top + 4.0);
    assert!(seen.warnings().is_empty(), "{}", seen.warnings());
}

#[test]
fn a_box_without_a_text_has_nothing_to_fit() {
    let css = "@page { margin: 8mm; @bottom-center { content: '' } @top-center { content: '' } @bottom-left { content: counter(page) } }";
    let seen = seen(&job("text", css));
    assert!(seen.output.warnings.is_empty(), "{:?}", seen.output.warnings);
}
