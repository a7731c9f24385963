//! Documents in a worker: what is embedded, stored and refused. In memory, with a scripted model.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use ruche_schemas::{
    Base64, Failure, clock,
    failure::codes,
    ids::collection_id,
    kinds::embed::{Document, Embed, Format, Indexed},
};
use ruche_store::ledger::Ledger;
use support::{Place, document, tenant};

mod models;
mod support;

fn texts(place: &Place, document: &Document) -> Vec<(Vec<String>, String)> {
    let indexed = place.indexed(document).expect("it is kept");
    indexed.chunks.iter().map(|piece| (piece.path.clone(), piece.text.clone())).collect()
}

fn counts(told: &Indexed) -> (u32, u32, u32, u32) {
    (told.chunks, told.embedded, told.kept, told.removed)
}

#[tokio::test]
async fn a_document_is_kept_as_chunks_with_their_headings_and_vectors() {
    let place = Place::start().await;
    let bees = Document {
        language: Some("en".into()),
        ..document("bees.md", "---\ntitle: On bees\n---\n# Bees\n\nThey fly.\n\n## Hives\n\nOf wood.\n")
    };
    let told = place.done(&bees).await;
    assert_eq!(
        (counts(&told), told.title.as_deref(), told.language.as_str()),
        ((2, 2, 0, 0), Some("On bees"), "english")
    );
    assert_eq!(told.document, bees.id(&tenant()));
    let path = |headings: &[&str]| headings.iter().map(|heading| (*heading).to_owned()).collect::<Vec<_>>();
    let expected = [(path(&["Bees"]), "They fly.".to_owned()), (path(&["Bees", "Hives"]), "Of wood.".to_owned())];
    assert_eq!(texts(&place, &bees), expected);
    let kept = place.indexed(&bees).unwrap();
    assert!(kept.chunks.iter().all(|piece| (piece.vector.iter().map(|n| n * n).sum::<f32>() - 1.0).abs() < 1e-6));
    assert_eq!(kept.meta.content, "# Bees\n\nThey fly.\n\n## Hives\n\nOf wood.\n");
    assert_eq!(place.embedded(), ["On bees\nBees\nThey fly.", "On bees\nBees > Hives\nOf wood."]);
}

#[tokio::test]
async fn what_is_unchanged_is_not_embedded_again() {
    let place = Place::start().await;
    let section = |name: &str, text: &str| format!("# {name}\n\n{text}\n\n");
    let before = document("bees.md", &(section("A", "One.") + &section("B", "Two.") + &section("C", "Three.")));
    assert_eq!(counts(&place.done(&before).await), (3, 3, 0, 0));
    place.forget_embedded();
    let after = document("bees.md", &(section("B", "Two.") + &section("A", "One.") + &section("D", "Four.")));
    assert_eq!(counts(&place.done(&after).await), (3, 1, 2, 1));
    assert_eq!(place.embedded(), ["D\nFour."]);
    let order: Vec<_> = texts(&place, &after).into_iter().map(|(_, text)| text).collect();
    assert_eq!(order, ["Two.", "One.", "Four."]);
    place.forget_embedded();
    assert_eq!(counts(&place.done(&after).await), (3, 0, 3, 0));
    assert_eq!(place.embedded(), [""; 0]);
    let twice = document("twice.md", "Same.\n\n# A\n\nx\n\n# A\n\nx\n");
    assert_eq!(counts(&place.done(&twice).await), (3, 3, 0, 0));
    assert_eq!(place.embedded().len(), 2, "the same text is embedded once");
}

#[tokio::test]
async fn plain_text_and_html_are_read_as_what_they_are() {
    let place = Place::start().await;
    let plain = Document { format: Format::Text, ..document("a.txt", "# not a heading\n\nText.") };
    place.done(&plain).await;
    assert_eq!(texts(&place, &plain), [(vec![], "# not a heading\n\nText.".to_owned())]);
    let page = "<title>T</title><nav>Menu</nav><h1>Bees</h1><p>They fly.</p><script>x()</script>";
    let html = Document { format: Format::Html, ..document("a.html", page) };
    assert_eq!(place.done(&html).await.title.as_deref(), Some("T"));
    assert_eq!(texts(&place, &html), [(vec!["Bees".to_owned()], "They fly.".to_owned())]);
    assert_eq!(place.indexed(&html).unwrap().meta.content.trim(), "# Bees\n\nThey fly.");
}

#[tokio::test]
async fn rows_are_never_cut_and_a_table_has_its_header_in_each_chunk() {
    let place = Place::start().await;
    let rows: String = (0..30).map(|n| format!("PN-{n:03};Bracket;{n}.50\n")).collect();
    let csv = Document { format: Format::Csv, ..document("parts.csv", &format!("Part;Name;Price\n{rows}")) };
    place.done(&csv).await;
    let found = texts(&place, &csv);
    let lines: Vec<&str> = found.iter().flat_map(|(_, text)| text.lines()).collect();
    assert!(found.len() > 10 && lines.len() == 30, "{found:?}");
    assert_eq!(lines[7], "Part: PN-007; Name: Bracket; Price: 7.50");
    let again = place.output(Embed { stored: Some(csv.id(&tenant())), ..Embed::default() }).await;
    assert_eq!((again.chunks, again.kept), (again.kept, again.chunks), "it is cut as before");
    let table: String = (0..30).map(|n| format!("| PN-{n:03} | {n}.50 |\n")).collect();
    let page = document("parts.md", &format!("| Part | Price |\n|---|---|\n{table}"));
    place.done(&page).await;
    let found = texts(&place, &page);
    assert!(found.len() > 5 && found.iter().all(|(_, text)| text.starts_with("| Part | Price |\n|")), "{found:?}");
}

#[tokio::test]
async fn what_can_not_be_read_or_embedded_is_refused_and_nothing_of_it_is_kept() {
    let place = Place::start().await;
    let pdf = |bytes: &[u8]| Document {
        format: Format::Pdf,
        text: None,
        data: Some(Base64(bytes.to_vec())),
        ..document("x", "")
    };
    for (refused, code, param, words) in [
        (document("x", "Good.\n\n# A\n\nNot a number?"), "no_vector", "document", "no usable number"),
        (document("x", "It fails!"), "no_vector", "document", "told"),
        (document("x", "---\ntitle: nothing else\n---\n"), codes::UNREADABLE_DOCUMENT, "document", "no text"),
        (document("x", "a\0b"), codes::INVALID, "document.text", "NUL"),
        (pdf(b"%PDF-1.7\nbroken"), codes::UNREADABLE_DOCUMENT, "document", "broken"),
        (
            Document { chunk_tokens: Some(101), ..document("x", "A.") },
            codes::INVALID,
            "document.chunk_tokens",
            "100 tokens",
        ),
        (
            Document { language: Some("klingon".into()), ..document("x", "A.") },
            codes::INVALID,
            "document.language",
            "klingon",
        ),
        (
            Document { format: Format::Html, ..document("x", "<script>x</script>") },
            codes::UNREADABLE_DOCUMENT,
            "document",
            "no text",
        ),
    ] {
        let Failure { code: found, message, param: field } = place.failed(&refused).await;
        assert_eq!((found.as_str(), field.as_deref()), (code, Some(param)), "{message}");
        assert!(message.contains(words), "{message}");
        assert!(place.indexed(&refused).is_none());
    }
    let other = Embed { model: Some("other".into()), ..Embed::default() };
    let failure = place.failure(Embed { document: Some(document("x", "A.")), ..other }).await;
    assert_eq!(failure.code, codes::UNKNOWN_MODEL);
}

#[tokio::test]
async fn a_word_without_an_end_and_a_long_document_are_cut() {
    let place = Place::start().await;
    let word = document("word.txt", &"a".repeat(20_000));
    let told = place.done(&word).await;
    assert!(told.chunks >= 200 && place.embedded().len() < 10, "{told:?}: the same pieces are embedded once");
    let whole: String = texts(&place, &word).into_iter().map(|(_, text)| text).collect();
    assert_eq!(whole, "a".repeat(20_000));
    let long: String = (0..6_000).map(|n| format!("Sentence number {n}.\n\n")).collect();
    let told = place.done(&document("long.md", &long)).await;
    assert!(told.chunks > 1_200, "{told:?}");
    let events = place.progress().await;
    assert!(events.iter().any(|(done, total)| done == total && *total == u64::from(told.chunks)), "{events:?}");
}

#[tokio::test]
async fn an_ephemeral_job_keeps_no_document() {
    let place = Place::start().await;
    let bees = document("bees.md", "They fly.");
    let failure = place.failure_of(Embed { document: Some(bees.clone()), ..Embed::default() }, true).await;
    assert_eq!((failure.code.as_str(), failure.param.as_deref()), (codes::INVALID, Some("document")));
    assert!(place.indexed(&bees).is_none());
}

#[tokio::test]
async fn what_was_sent_or_deleted_later_is_left_alone() {
    let place = Place::start().await;
    let (old, new) = (document("bees.md", "Old."), document("bees.md", "New."));
    place.done(&new).await;
    let told = place.done_as_of(&old, -60).await;
    assert!(told.superseded && counts(&told) == (0, 0, 0, 0), "{told:?}");
    assert_eq!(texts(&place, &new), [(vec![], "New.".to_owned())]);
    let id = new.id(&tenant());
    for deleted in [id, collection_id(&tenant(), &new.collection)] {
        place.ledger.tombstone(deleted, clock::now());
        assert!(place.done_as_of(&old, -60).await.superseded);
        assert!(place.indexed(&old).is_none());
    }
    let told = place.done_as_of(&old, 60).await;
    assert!(!told.superseded && place.indexed(&old).is_some());
}

#[tokio::test]
async fn a_stored_document_is_embedded_again_from_its_text() {
    let place = Place::start().await;
    let bees = Document { title: Some("Bees".into()), ..document("bees.md", "# A\n\nThey fly.") };
    place.done(&bees).await;
    let id = bees.id(&tenant());
    let again = Embed { stored: Some(id), ..Embed::default() };
    let told = place.output(again.clone()).await;
    assert_eq!((counts(&told), told.document, told.source.as_str()), ((1, 0, 1, 0), id, "bees.md"));
    assert_eq!(place.indexed(&bees).unwrap().meta.title.as_deref(), Some("Bees"));
    let small = Document { chunk_tokens: Some(20), ..document("small.md", "They fly. They rest. They sleep.") };
    let chunks = counts(&place.done(&small).await).0;
    assert!(chunks > 1);
    let told = place.output(Embed { stored: Some(small.id(&tenant())), ..Embed::default() }).await;
    assert_eq!(counts(&told), (chunks, 0, chunks, 0), "cut as it was asked for");
    let other = Place::start().await;
    let failure = other.failure(again).await;
    assert_eq!((failure.code.as_str(), failure.param.as_deref()), (codes::UNKNOWN_DOCUMENT, Some("stored")));
}

#[tokio::test]
async fn a_worker_that_dies_before_the_commit_leaves_nothing_and_the_next_attempt_all() {
    let place = Place::without_worker().await;
    let bees = document("bees.md", "# A\n\nOne.\n\n# B\n\nTwo.");
    let first = place.work();
    place.pause(true);
    let job = place.submit(Embed { document: Some(bees.clone()), ..Embed::default() }).await;
    place.asked().await;
    first.shutdown_background();
    place.pause(false);
    assert!(place.indexed(&bees).is_none());
    let second = place.work();
    place.end(&job).await;
    assert_eq!(texts(&place, &bees).len(), 2);
    assert_eq!(place.ledger.ended(&job).await.unwrap().unwrap().attempt, 2);
    second.shutdown_background();
}
