use ruche_schemas::kinds::chat::{Grounding, Sampling};
use uuid::Uuid;

use super::*;
use ruche_schemas::bots::{Retrieval, RetrievalMode};
use ruche_store::search::Explanation;

fn hit(text: &str, score: f64, cosine: Option<f64>) -> Hit {
    Hit {
        chunk: 7,
        document: Uuid::nil(),
        collection: "faq".to_owned(),
        source: "shop.md".to_owned(),
        title: Some("Shop".to_owned()),
        url: Some("https://example.com/shop".to_owned()),
        path: vec!["Shop".to_owned()],
        text: text.to_owned(),
        metadata: serde_json::Map::new(),
        published_at: None,
        score,
        highlights: Vec::new(),
        also_in: Vec::new(),
        explanation: Some(Explanation { cosine, ..Explanation::default() }),
    }
}

fn bot(mode: RetrievalMode, min_score: Option<f64>) -> Bot {
    Bot { retrieval: Retrieval { mode, min_score, ..Retrieval::default() }, ..Bot::default() }
}

fn kept(bot: &Bot, mode: Mode, hits: Vec<Hit>) -> Vec<String> {
    let found = Found { mode, hits, ..Found::default() };
    passages("", found, bot, usize::MAX).into_iter().map(|passage| passage.text).collect()
}

#[test]
fn a_hit_is_a_passage_with_all_that_a_citation_tells() {
    let found = Found { hits: vec![hit("Nine.", 1.0, None)], ..Found::default() };
    let expected = Passage {
        text: "Nine.".to_owned(),
        title: Some("Shop".to_owned()),
        headings: None,
        url: Some("https://example.com/shop".to_owned()),
        source: Some("shop.md".to_owned()),
        collection: Some("faq".to_owned()),
        document: Some(Uuid::nil()),
        chunk: Some(7),
    };
    assert_eq!(passages("", found, &bot(RetrievalMode::Hybrid, None), usize::MAX), [expected]);
    let path = ["Shop", "Opening", "Sundays"].map(str::to_owned).to_vec();
    let found = Found { hits: vec![Hit { path, ..hit("Nine.", 1.0, None) }], ..Found::default() };
    let found = passages("", found, &bot(RetrievalMode::Hybrid, None), usize::MAX);
    assert_eq!(found[0].headings.as_deref(), Some("Opening\nSundays"));
}

#[test]
fn a_code_in_a_heading_comes_with_the_text_and_lookalikes_do_not() {
    let text = |question: &str, heading: &str, text: &str| {
        let hit = Hit { path: vec!["Parts".to_owned(), heading.to_owned()], ..hit(text, 1.0, None) };
        answering(question, &hit)
    };
    let question = "What does AX-4401/B cost?";
    assert_eq!(text(question, "AX-4401/B", "It costs 4.00 euros."), "## AX-4401/B\n\nIt costs 4.00 euros.");
    assert_eq!(text(question, "AX-4401/B", "AX-4401/B costs 4.00."), "AX-4401/B costs 4.00.");
    assert_eq!(text(question, "Nozzles", "AX-4401/B: 4.00\nAX-4401/C: 4.30\n"), "AX-4401/B: 4.00\n");
    assert_eq!(text("What does it cost?", "AX-4401/B", "It costs 4.00."), "It costs 4.00.");
}

#[test]
fn a_title_says_nothing_of_a_hit_below_another_codes_heading() {
    let below = |heading: &str| Hit {
        title: Some("RT-7000".to_owned()),
        path: vec![heading.to_owned()],
        ..hit("The filter costs 11.00 euros.", 1.0, None)
    };
    let question = "What does the filter of the RT-7000 cost?";
    let found = |hits: Vec<Hit>| without_lookalikes(question, Found { hits, ..Found::default() }).hits.len();
    assert_eq!(found(vec![below("RT-7000"), below("RT-7001")]), 1);
    assert_eq!(answering(question, &below("Filters")), "## RT-7000\n\nThe filter costs 11.00 euros.");
}

#[test]
fn a_code_alone_that_no_passage_names_finds_nothing() {
    let found = |question: &str| {
        let hits = ["The pump ZX-9 costs 49.90 euros.", "Filters fit all pumps."].map(|text| hit(text, 1.0, None));
        without_lookalikes(question, Found { hits: hits.to_vec(), ..Found::default() }).hits.len()
    };
    assert_eq!((found("ZX-9"), found("QQ-77"), found("QQ-77?")), (2, 0, 0));
    assert_eq!(found("Which pump replaces QQ-77?"), 2, "a model may know from the other words");
}

#[test]
fn what_is_not_near_enough_is_left_out() {
    let hits = || vec![hit("near", 0.03, Some(0.8)), hit("far", 0.02, Some(0.1)), hit("words", 0.01, None)];
    let hybrid = bot(RetrievalMode::Hybrid, Some(0.5));
    assert_eq!(kept(&hybrid, Mode::Hybrid, hits()), ["near"]);
    assert_eq!(kept(&hybrid, Mode::Text, hits()), ["near", "far", "words"], "no vectors could be searched");
    assert_eq!(kept(&bot(RetrievalMode::Vector, Some(0.5)), Mode::Vector, hits()), ["near"]);
    assert_eq!(kept(&bot(RetrievalMode::Hybrid, None), Mode::Hybrid, vec![hit(" \n", 1.0, None)]), [""; 0]);
}

#[test]
fn a_passage_about_a_lookalike_is_left_out() {
    let texts = ["AX-4401/C costs 4.30.", "AX-4401/B costs 4.00.", "Hoses have 10 mm."];
    let hits = texts.map(|text| hit(text, 1.0, None)).to_vec();
    let found = without_lookalikes("What does AX-4401/B cost?", Found { hits, ..Found::default() });
    let kept: Vec<_> = found.hits.iter().map(|hit| hit.text.as_str()).collect();
    assert_eq!(kept, texts[1..]);
}

#[test]
fn passages_never_make_a_job_too_large() {
    let huge = || vec![hit(&"\u{1}".repeat(20_000), 1.0, None); 32];
    let bot = bot(RetrievalMode::Hybrid, None);
    for length in [1, 100_000, 250_000] {
        let message = Message { role: Role::User, content: "x".repeat(length) };
        let mut chat = Chat {
            model: None,
            messages: vec![message],
            conversation: None,
            sampling: Sampling::default(),
            stop: Vec::new(),
            max_tokens: None,
            store: true,
            grounding: None,
            continues: false,
            messages_left_out: 0,
        };
        let found = Found { hits: huge(), ..Found::default() };
        let passages = passages("", found, &bot, space(&chat, &bot));
        assert!(passages.iter().all(|passage| passage.text.len() <= MAX_PASSAGE_BYTES));
        chat.grounding = Some(Grounding { passages, ..Grounding::default() });
        chat.check().expect("a chat that a worker takes");
        assert!(serde_json::to_string(&chat).expect("JSON").len() <= Chat::LIMITS.payload_bytes);
    }
}

#[test]
fn a_question_requires_and_excludes_nothing() {
    let plain = plain("-a \"b\" - --c d-e \"-f\" 5-6");
    assert_eq!(plain.split_whitespace().collect::<Vec<_>>(), ["a", "b", "c", "d-e", "f", "5-6"]);
}

#[test]
fn a_long_question_is_searched_for_by_its_end() {
    assert_eq!(end_of("short", 100), "short");
    assert_eq!(end_of("a long text. When?", 6), "When?");
    assert_eq!((end_of("é?", 2), end_of("é", 1)), ("?", ""));
}
