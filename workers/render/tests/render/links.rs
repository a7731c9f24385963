//! Links within the document.

use super::seen::{Seen, file, job, png, run, seen};

/// The targets of the links: what the PDF's annotations have.
fn links(seen: &Seen) -> usize {
    run(&seen.output.bytes, "mutool", &["show", "-g"], Some("grep")).matches("/Subtype/Link").count()
}

#[test]
fn pictures_are_targets_of_links() {
    for picture in ["<img id=p src=a.png>", "![](a.png){#p}", "text <img id=p src=a.png> text"] {
        let mut job = job(&format!("[to](#p)\n\n{picture}\n\nend\n"), "");
        job.files.push(file("a.png", png(30, 30)));
        let seen = seen(&job);
        assert_eq!((links(&seen), seen.warnings()), (1, String::new()), "{picture}");
    }
}

#[test]
fn links_lead_to_the_top_and_to_githubs_ids() {
    let seen = seen(&job("[a](#) [b](#top) [c](#proj)\n\n<h2 id=user-content-proj>Project</h2>\n", ""));
    assert_eq!((links(&seen), seen.warnings()), (3, String::new()));
}

#[test]
fn a_link_without_text_does_not_show_what_is_hidden() {
    let css = ".n { display: none }";
    let shown = seen(&job("a [](#h1) b\n\n<h2 id=h1 class=n>Hidden</h2>\n", css));
    assert_eq!(shown.text(), "a b");
    assert!(shown.warnings().contains("#h1"), "{}", shown.warnings());
    let shown = seen(&job("a [](#h2) b\n\n<h2 id=h2>Shown <span class=n>not</span></h2>\n", css));
    assert_eq!(shown.text(), "a Shown b Shown");
}

#[test]
fn an_item_with_a_class_that_is_hidden_is_not_shown() {
    let seen = seen(&job("- one\n- two {.n}\n- three\n", ".n { display: none }"));
    assert_eq!(seen.text(), "• one • three");
}

#[test]
fn warnings_of_left_out_elements_have_their_line() {
    let names = ["dialog", "canvas", "map", "math", "video"];
    for name in names {
        for before in ["text ", ""] {
            let seen = seen(&job(&format!("first\n\n{before}<{name}>x</{name}> more\n"), ""));
            assert!(seen.warnings().starts_with("markdown:3:"), "{name}: {}", seen.warnings());
        }
    }
    let page = seen(&job("<title>My title</title>\n<meta charset=utf-8>\n\n# Heading\n", ""));
    assert_eq!((page.warnings(), page.output.title.as_deref()), (String::new(), Some("My title")));
    assert_eq!(page.text(), "Heading");
    let page = seen(&job("---\ntitle: Front\n---\n<title>My title</title>\n", ""));
    assert_eq!(page.output.title.as_deref(), Some("Front"));
    let note = seen(&job("a\n\nb^[see [x](ftp://y.example)]\n", ""));
    assert!(note.warnings().starts_with("markdown:3:"), "{}", note.warnings());
}
