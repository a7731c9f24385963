//! A worker with two models: which of them embeds a document, and the error if it lacks the right one.

use ruche_schemas::{
    EventType,
    failure::codes,
    kinds::embed::{Document, Embed, Output},
};
use ruche_store::ledger::Ledger;

use crate::documents::support::{Place, document, model, tenant};

fn of(document: Document, model: Option<&str>) -> Embed {
    Embed { document: Some(document), model: model.map(str::to_owned), ..Embed::default() }
}

/// Which of these models have chunks of a document.
fn by<'a>(place: &Place, document: &Document, models: &[&'a str]) -> Vec<&'a str> {
    let id = document.id(&tenant());
    models.iter().copied().filter(|model| place.ledger.indexed_by(&tenant(), id, model).is_some()).collect()
}

#[tokio::test]
async fn a_document_goes_to_the_model_that_its_collection_is_searched_with() {
    let place = Place::without_worker().await;
    let alone = place.work();
    place.done(&document("a.md", "A.")).await;
    alone.shutdown_background();
    let worker = place.work_with("next", Some("counter"));
    let told = place.done(&document("b.md", "B.")).await;
    assert_eq!((told.model.as_str(), told.version.as_deref(), &told.next_model), ("counter", Some("1"), &None));
    let elsewhere = Document { collection: "elsewhere".into(), ..document("a.md", "A.") };
    assert_eq!(place.done(&elsewhere).await.model, "next", "the first, where there is none");
    worker.shutdown_background();
}

#[tokio::test]
async fn while_a_collection_goes_to_another_model_its_documents_are_embedded_by_both() {
    let place = Place::without_worker().await;
    let worker = place.work_with("counter", Some("next"));
    let before = document("before.md", "One.");
    place.done(&before).await;
    place.ledger.put_in_use(&tenant(), "handbook", model("counter"), Some(model("next")));
    let both = ["counter", "next"];
    let after = document("after.md", "# A\n\nOne.\n\n# B\n\nTwo.");
    let told = place.done(&after).await;
    assert_eq!((told.model.as_str(), told.next_model.as_deref(), told.embedded), ("counter", Some("next"), 2));
    assert_eq!((by(&place, &before, &both), by(&place, &after, &both)), (vec!["counter"], both.to_vec()));
    // If the next model can't embed a document, the document is stored all the same.
    let told = place.done(&document("odd.md", "It ~ fails there.")).await;
    assert_eq!((told.chunks, &told.next_model), (1, &None));
    assert!(told.warnings[0].contains("\"next\", to which the collection goes, can't embed it"), "{:?}", told.warnings);
    // Documents from before are embedded again by id.
    let stored = Embed { stored: Some(before.id(&tenant())), model: Some("next".into()), ..Embed::default() };
    assert_eq!(place.output(stored.clone()).await.model, "next");
    assert_eq!(by(&place, &before, &both), both);
    assert_eq!(place.output(stored).await.embedded, 0, "they are there");
    worker.shutdown_background();
}

#[tokio::test]
async fn a_document_that_would_not_be_found_is_refused() {
    let place = Place::without_worker().await;
    let worker = place.work_with("counter", Some("next"));
    let bees = document("a.md", "A.");
    place.done(&bees).await;
    let failure = place.failure(of(document("b.md", "B."), Some("next"))).await;
    assert_eq!((failure.code.as_str(), failure.param.as_deref()), (codes::INVALID, Some("model")));
    assert!(failure.message.contains("ruche embed migrate --to next"), "{}", failure.message);
    place.ledger.put_in_use(&tenant(), "handbook", model("counter"), Some(model("next")));
    let told = place.output(of(document("b.md", "B."), Some("next"))).await;
    assert_eq!(
        (told.model.as_str(), told.next_model.as_deref()),
        ("counter", Some("next")),
        "it is found now and then"
    );
    worker.shutdown_background();
}

#[tokio::test]
async fn a_worker_without_the_collections_model_hands_the_job_to_one_that_has_it() {
    let place = Place::without_worker().await;
    let first = place.work();
    place.done(&document("a.md", "A.")).await;
    first.shutdown_background();
    let without = place.work_with("next", None);
    let failure = place.failed(&document("b.md", "B.")).await;
    assert_eq!(failure.code, codes::UNKNOWN_MODEL);
    for words in ["searched with \"counter\"", "ruche embed migrate --to next", "ruche dead replay", "next_model_path"]
    {
        assert!(failure.message.contains(words), "{words} is missing in {}", failure.message);
    }
    let job = place.submit(of(document("b.md", "B."), None)).await;
    place.event(&job, EventType::Retrying).await;
    without.shutdown_background();
    let with = place.work();
    assert_eq!(place.end(&job).await.event, EventType::Done);
    with.shutdown_background();
}

#[tokio::test]
async fn texts_go_to_the_model_that_is_named() {
    let place = Place::without_worker().await;
    let worker = place.work_with("counter", Some("next"));
    for (asked, expected) in [(None, "counter"), (Some("counter"), "counter"), (Some("next"), "next")] {
        let embed = Embed { texts: vec!["A.".into()], model: asked.map(str::to_owned), ..Embed::default() };
        let job = place.submit(embed).await;
        let Output::Vectors(embedded) = place.end(&job).await.parse().unwrap() else { panic!("no vectors") };
        assert_eq!((embedded.model.as_str(), embedded.version.as_deref()), (expected, Some("1")));
    }
    worker.shutdown_background();
}

#[tokio::test]
async fn a_document_whose_collection_is_switched_meanwhile_is_embedded_once_more() {
    let place = Place::without_worker().await;
    let worker = place.work_with("counter", Some("next"));
    let first = document("a.md", "A.");
    place.done(&first).await;
    let stored = Embed { stored: Some(first.id(&tenant())), model: Some("next".into()), ..Embed::default() };
    place.output(stored).await;
    place.forget_embedded();
    place.pause(true);
    let job = place.submit(of(document("b.md", "B."), None)).await;
    place.asked().await;
    place.ledger.put_in_use(&tenant(), "handbook", model("next"), None);
    place.pause(false);
    let Output::Document(told) = place.end(&job).await.parse().unwrap() else { panic!("no document") };
    assert_eq!((told.model.as_str(), by(&place, &document("b.md", ""), &["counter", "next"])), ("next", vec!["next"]));
    assert!(place.ledger.ended(&job).await.unwrap().unwrap().attempt > 1);
    worker.shutdown_background();
}
