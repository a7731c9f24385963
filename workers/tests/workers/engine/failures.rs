//! A failing model fails the requests concerned, never others and never the process.

use std::sync::Arc;

use crate::{
    engine::support::{Echo, Script, arrive, ask, hear, lock, says},
    until::until,
};
use futures::future::join_all;
use ruche_workers::inference::engine::{Engine, EngineError, GenerateError, port::DecodeError};

fn refused() -> DecodeError {
    DecodeError::Refused("as it was told".to_owned())
}

fn half_done() -> DecodeError {
    DecodeError::HalfDone("as it was told".to_owned())
}

async fn at_once(engine: &Engine, messages: &[&str]) -> Vec<Result<String, EngineError>> {
    let one = async |message: &str| hear(engine.generate(says(message)).await.expect("a generation")).await;
    join_all(messages.iter().map(|message| one(message))).await.into_iter().map(|heard| heard.map(|h| h.text)).collect()
}

#[tokio::test]
async fn a_sequence_that_cannot_be_decoded_fails_alone() {
    for error in [refused(), half_done()] {
        let script = Script { fails: Some((i32::from(b'!'), error.clone())), ..Script::default() };
        let engine = Echo::start(&Arc::new(script), 4, 128, 16);
        let answers = at_once(&engine, &["good morning", "bad!", "good evening", "good night, bees"]).await;
        assert_eq!(answers[1], Err(EngineError::Decode(error.to_string())));
        for (answer, expected) in [(0, "good morning"), (2, "good evening"), (3, "good night, bees")] {
            assert_eq!(answers[answer].as_deref(), Ok(expected), "after {error}");
        }
        assert_eq!(ask(&engine, says("the slot works again")).await.text, "the slot works again");
        assert!(engine.metrics().snapshot().failed_decodes >= 2);
    }
}

#[tokio::test]
async fn a_failure_that_passes_costs_nothing() {
    for error in [refused(), half_done()] {
        let script = Arc::new(Script::paused());
        let engine = Echo::start(&script, 3, 128, 16);
        let messages = ["one", "two, two", "three, three, three"];
        let tasks = arrive(&engine, &script, messages.map(says).to_vec()).await;
        script.allow(1);
        until(|| script.is_waiting() && script.shapes().len() == 1).await;
        lock(&script.fail_next).push(error.clone());
        script.release();
        for (task, message) in tasks.into_iter().zip(messages) {
            assert_eq!(task.await.expect("an answer").text, message, "after {error}");
        }
        assert_eq!(script.shapes()[1].len(), 3, "all three were in the batch that failed");
        assert_eq!(engine.metrics().snapshot().failed_decodes, 1);
    }
}

#[tokio::test]
async fn logits_that_are_no_numbers_fail_the_sequence_only() {
    let script = Script { numbless: Some(i32::from(b'!')), ..Script::default() };
    let engine = Echo::start(&Arc::new(script), 2, 128, 16);
    let answers = at_once(&engine, &["fine", "not! fine"]).await;
    assert_eq!(answers, [Ok("fine".to_owned()), Err(EngineError::NoLogits)]);
}

#[tokio::test]
async fn a_panic_of_the_model_is_told_to_every_reader_and_to_the_handle() {
    let script = Script { panics: Some(i32::from(b'!')), ..Script::paused() };
    let script = Arc::new(script);
    let engine = Echo::start(&script, 2, 128, 16);
    let first = engine.generate(says("fine")).await.expect("a generation");
    until(|| script.is_waiting()).await;
    let waiting = tokio::spawn({
        let engine = engine.clone();
        async move { (engine.generate(says("bad!")).await, engine.generate(says("late")).await.map(|_| ())) }
    });
    until(|| engine.metrics().snapshot().waiting == 1).await;
    script.release();
    assert_eq!(hear(first).await.map(|heard| heard.text), Err(EngineError::Stopped));
    let (second, late) = waiting.await.expect("both are told");
    if let Ok(generation) = second {
        assert_eq!(hear(generation).await.map(|heard| heard.text), Err(EngineError::Stopped));
    }
    assert!(late.is_err() || !engine.is_alive());
    engine.ended().await;
    assert!(!engine.is_alive());
    assert_eq!(engine.generate(says("later")).await.map(|_| ()), Err(GenerateError::Stopped));
}

#[tokio::test]
async fn stop_ends_everything_at_once() {
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 1, 128, 16);
    let running = engine.generate(says("a running answer")).await.expect("a generation");
    until(|| script.is_waiting()).await;
    let queued = tokio::spawn({
        let engine = engine.clone();
        async move { engine.generate(says("a waiting one")).await.map(|_| ()) }
    });
    until(|| engine.metrics().snapshot().waiting == 1).await;
    engine.stop();
    assert!(!engine.is_alive());
    script.release();
    assert_eq!(queued.await.expect("it is told"), Err(GenerateError::Stopped));
    assert_eq!(hear(running).await.map(|heard| heard.text), Err(EngineError::Stopped));
    engine.ended().await;
}

#[tokio::test]
async fn dropping_the_last_handle_stops_the_engine() {
    let engine = Echo::start(&Arc::new(Script::paused()), 1, 128, 16);
    let other = engine.clone();
    drop(engine);
    assert!(other.is_alive());
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 1, 128, 16);
    let generation = engine.generate(says("a running answer")).await.expect("a generation");
    until(|| script.is_waiting()).await;
    drop(engine);
    script.release();
    assert_eq!(hear(generation).await.map(|heard| heard.text), Err(EngineError::Stopped));
}
