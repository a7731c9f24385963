//! The encoder's batches, with a scripted model.

use std::sync::Arc;

use futures::future::join_all;
use ruche_workers::inference::encoder::{EncodeError, Encoded, Encoder, Metrics, NoVector, StartError};

use crate::{
    encoder::support::{Script, start, try_start},
    until::until,
};

async fn encode(encoder: &Encoder, texts: &[&str]) -> Result<Vec<Encoded>, EncodeError> {
    encoder.encode(String::new(), texts.iter().map(|text| (*text).to_owned()).collect()).await
}

/// A blocked encoder with a first request in the model, so that the next requests wait together.
async fn paused(script: &Arc<Script>, budget: u32) -> (Encoder, Metrics, tokio::task::JoinHandle<()>) {
    let (encoder, metrics) = start(script, budget);
    script.pause(true);
    let of_task = encoder.clone();
    let first = tokio::spawn(async move { drop(encode(&of_task, &["first"]).await) });
    (encoder, metrics, first)
}

#[tokio::test]
async fn each_text_gets_its_own_vector_of_length_one() {
    let (encoder, metrics) = start(&Arc::default(), 50);
    let encoded = encode(&encoder, &["a", "bc", "a"]).await.expect("vectors");
    assert_eq!(encoded.iter().map(|encoded| encoded.tokens).collect::<Vec<_>>(), [1, 2, 1]);
    let vectors: Vec<_> = encoded.into_iter().map(|encoded| encoded.vector.expect("a vector")).collect();
    assert_eq!(vectors[0], vectors[2]);
    assert!(vectors[1][0] > vectors[0][0], "{vectors:?}");
    for vector in vectors {
        assert!((vector.iter().map(|n| n * n).sum::<f32>() - 1.0).abs() < 1e-6);
    }
    assert_eq!(metrics.texts(), 3);
    assert_eq!(encode(&encoder, &[]).await, Ok(Vec::new()));
}

#[tokio::test]
async fn a_prefix_is_read_and_counted() {
    let script = Arc::new(Script::default());
    let (encoder, _) = start(&script, 50);
    let encoded = encoder.encode("query: ".to_owned(), vec!["bees".to_owned()]).await.expect("a vector");
    assert_eq!((encoded[0].tokens, script.seen()[1].clone()), (11, vec!["query: bees".to_owned()]));
}

#[tokio::test]
async fn requests_that_wait_at_the_same_moment_share_a_batch() {
    let script = Arc::new(Script::default());
    let (encoder, _) = start(&script, 64);
    script.pause(true);
    let requests: Vec<_> = (0..20)
        .map(|number| {
            let encoder = encoder.clone();
            tokio::spawn(async move { encode(&encoder, &[&format!("{number:04}")]).await })
        })
        .collect();
    script.pause(false);
    for request in join_all(requests).await {
        assert_eq!(request.expect("no panic").expect("vectors").len(), 1);
    }
    let batches = &script.seen()[1..];
    assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), 20);
    assert!(batches.iter().all(|batch| batch.concat().len() <= 64), "{batches:?}");
}

#[tokio::test]
async fn what_a_caller_who_has_gone_wanted_is_not_computed() {
    let script = Arc::new(Script::default());
    let (encoder, metrics, first) = paused(&script, 10).await;
    let gone = tokio::spawn({
        let encoder = encoder.clone();
        async move { encode(&encoder, &["gone"; 50]).await }
    });
    let stays = tokio::spawn({
        let encoder = encoder.clone();
        async move { encode(&encoder, &["stays"]).await }
    });
    gone.abort();
    assert!(gone.await.is_err());
    script.pause(false);
    first.await.expect("no panic");
    assert_eq!(stays.await.expect("no panic").expect("vectors").len(), 1);
    // Aborted before or after it reached the queue; in neither case is all of it computed.
    assert!(script.seen().concat().iter().filter(|text| *text == "gone").count() < 50);
    assert!(metrics.abandoned() <= 1);
}

#[tokio::test]
async fn a_batch_that_fails_costs_only_the_texts_that_can_not_be_embedded() {
    let script = Arc::new(Script::default());
    let (encoder, _, first) = paused(&script, 100).await;
    let requests = ["fine", "bad!", "good"].map(|text| {
        let encoder = encoder.clone();
        tokio::spawn(async move { encode(&encoder, &[text, "also"]).await.expect("an answer") })
    });
    script.pause(false);
    first.await.expect("no panic");
    for (request, fails) in requests.into_iter().zip([false, true, false]) {
        let encoded = request.await.expect("no panic");
        let failed = Err(NoVector::Failed("the batch failed: as it was told".to_owned()));
        assert_eq!(encoded[0].vector == failed, fails, "{encoded:?}");
        assert!(encoded[1].vector.is_ok(), "{encoded:?}");
    }
}

#[tokio::test]
async fn a_vector_without_numbers_fails_its_text_alone() {
    let (encoder, _) = start(&Arc::default(), 100);
    let encoded = encode(&encoder, &["fine", "why?", "good"]).await.expect("an answer");
    let failed: Vec<_> = encoded.iter().map(|encoded| encoded.vector == Err(NoVector::NoNumbers)).collect();
    assert_eq!(failed, [false, true, false]);
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_with_both_numbers_and_nothing_is_computed() {
    let script = Arc::new(Script::default());
    let (encoder, _) = start(&script, 50);
    let long = "x".repeat(101);
    let error = encode(&encoder, &["fine", &long]).await.expect_err("too long");
    assert_eq!(error, EncodeError::TooLong { index: 1, tokens: 101, max: 100 });
    assert_eq!(encode(&encoder, &["~~"]).await, Err(EncodeError::NoTokens { index: 0 }));
    assert_eq!(script.seen().len(), 1, "only what it was tried out with");
    let whole = "x".repeat(100);
    assert!(encode(&encoder, &[&whole]).await.is_ok(), "longer than a batch, and alone");
}

#[tokio::test]
async fn a_panic_of_the_model_is_told_to_everybody_and_to_the_handle() {
    let script = Arc::new(Script::default());
    let (encoder, _, first) = paused(&script, 100).await;
    let requests = ["fine", "bad#"].map(|text| {
        let encoder = encoder.clone();
        tokio::spawn(async move { encode(&encoder, &[text]).await })
    });
    script.pause(false);
    first.await.expect("no panic of the caller");
    let answers = join_all(requests).await;
    assert!(answers.into_iter().any(|answer| answer.expect("no panic") == Err(EncodeError::Stopped)));
    encoder.ended().await;
    assert!(!encoder.is_alive());
    assert_eq!(encode(&encoder, &["late"]).await, Err(EncodeError::Stopped));
}

#[tokio::test]
async fn stop_ends_it_after_the_batch_that_is_computed() {
    let script = Arc::new(Script::default());
    let (encoder, _, first) = paused(&script, 100).await;
    encoder.stop();
    script.pause(false);
    first.await.expect("no panic");
    encoder.ended().await;
    assert_eq!(encode(&encoder, &["late"]).await, Err(EncodeError::Stopped));
    until(|| !encoder.is_alive()).await;
}

#[tokio::test]
async fn a_model_whose_vectors_are_not_what_it_says_does_not_start() {
    let error = try_start(&Arc::default(), 4, 50, Metrics::default()).expect_err("refused");
    assert!(matches!(error, StartError::Useless { .. }), "{error}");
    assert!(error.to_string().contains("3 numbers instead of 4"), "{error}");
}
