//! The scheduler with a scripted model: the rows of each batch, fairness, and the effect of errors.

use std::sync::Arc;

use crate::{
    engine::support::{Echo, Heard, Script, arrive, ask, hear, lock, says},
    until::until,
};
use futures::future::join_all;
use ruche_schemas::kinds::chat::{Delta, FinishReason};
use ruche_workers::inference::engine::{GenerateError, Request, StartError, Step};
use tokio::task::JoinHandle;

/// A message whose prompt has so many tokens.
fn long(tokens: usize) -> Request {
    says(&"x".repeat(tokens - 3))
}

fn limited(request: Request, max_tokens: u32) -> Request {
    Request { max_tokens: Some(max_tokens), ..request }
}

async fn all(tasks: Vec<JoinHandle<Heard>>) -> Vec<Heard> {
    join_all(tasks).await.into_iter().map(|heard| heard.expect("an answer")).collect()
}

#[tokio::test]
async fn an_answer_comes_whole_and_in_order() {
    let engine = Echo::start(&Arc::default(), 2, 256, 64);
    let heard = ask(&engine, says("Bonjour, où est la ruche ? 🐝")).await;
    assert_eq!(heard.text, "Bonjour, où est la ruche ? 🐝");
    assert_eq!(heard.published(), heard.text);
    assert_eq!(heard.tokens(), heard.text.bytes().map(i32::from).collect::<Vec<_>>());
    assert!(heard.deltas.iter().all(|delta| !delta.text.is_empty()), "{:?}", heard.deltas);
    assert_eq!(heard.finish_reason, Some(FinishReason::Stop));
    let bytes = u32::try_from(heard.text.len()).expect("few");
    assert_eq!((heard.usage.prompt_tokens, heard.usage.completion_tokens), (bytes + 3, bytes));
}

#[tokio::test]
async fn a_batch_has_a_token_for_each_answer_first_and_then_equal_parts_of_the_prompts() {
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 4, 256, 16);
    let requests = vec![long(10), long(25), long(7), long(60)];
    let tasks = arrive(&engine, &script, requests).await;
    script.release();
    all(tasks).await;
    let shapes = script.shapes();
    assert_eq!(shapes[0], [(0, 10)], "the first alone");
    assert_eq!(shapes[1], [(0, 1), (1, 5), (2, 5), (3, 6)], "an answer and three prompts that share 16");
    assert_eq!(shapes[2], [(0, 1), (1, 7), (2, 2), (3, 7)], "the short prompt leaves what it doesn't need");
    assert_eq!(shapes[3], [(0, 1), (1, 8), (2, 1), (3, 8)], "two answers and two prompts");
    for shape in &shapes {
        assert!(shape.iter().map(|(_, rows)| rows).sum::<usize>() <= 4 + 16, "{shape:?}");
    }
}

#[tokio::test]
async fn requests_get_slots_in_the_order_in_which_they_came() {
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 1, 64, 64);
    let tasks = arrive(&engine, &script, vec![says("a"), says("bb"), says("c"), says("dd")]).await;
    script.release();
    all(tasks).await;
    let batches = lock(&script.batches);
    let letters: String =
        batches.iter().flatten().filter_map(|row| u8::try_from(row.token).ok()).map(char::from).collect();
    assert_eq!(letters, "aabbbbccdddd");
}

#[tokio::test]
async fn one_who_leaves_frees_the_slot_within_one_decode() {
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 1, 256, 64);
    script.allow(3);
    let mut generation = engine.generate(long(50)).await.expect("a generation");
    for _ in 0..3 {
        assert!(matches!(generation.next().await, Some(Ok(Step::Delta(_)))));
    }
    until(|| script.is_waiting()).await;
    drop(generation);
    script.release();
    assert_eq!(ask(&engine, says("next")).await.text, "next");
    let of_the_first = script.shapes().iter().take_while(|shape| shape[0].1 == 1 || shape[0].1 == 50).count();
    assert!(of_the_first <= 4, "one decode was under way, none followed: {:?}", script.shapes());
}

#[tokio::test]
async fn one_who_leaves_the_queue_is_never_seated() {
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 1, 64, 64);
    let mut tasks = arrive(&engine, &script, vec![says("a"), says("b"), says("c")]).await;
    tasks.remove(1).abort();
    until(|| engine.metrics().snapshot().waiting == 1).await;
    script.release();
    all(tasks).await;
    let batches = lock(&script.batches);
    assert!(!batches.iter().flatten().any(|row| row.token == i32::from(b'b')), "{batches:?}");
}

#[tokio::test]
async fn a_slow_reader_pauses_only_itself_and_loses_nothing() {
    let engine = Echo::start(&Arc::default(), 2, 4096, 512);
    let words = "The quick bee flies over the lazy hive. ".repeat(10);
    let mut slow = engine.generate(says(&words)).await.expect("a generation");
    // Other requests get answers while nobody reads the first one's.
    for _ in 0..5 {
        assert_eq!(ask(&engine, says(&words)).await.text, words);
    }
    let decodes = engine.metrics().snapshot().generated_tokens;
    let others = 5 * words.len() as u64;
    assert!(decodes < others + 80, "the slow one stopped when its channel was full: {decodes} - {others}");
    let mut heard = Heard::default();
    while let Some(step) = slow.next().await {
        match step.expect("a step") {
            Step::Delta(delta) => heard.deltas.push(delta),
            Step::End { text, .. } => heard.text = text,
        }
    }
    assert_eq!(heard.published(), words);
    assert_eq!(heard.tokens().len(), words.len());
    assert_eq!(heard.text, words);
}

#[tokio::test]
async fn an_answer_goes_on_where_an_earlier_attempt_stopped() {
    let words = "Où est 🐝 ENd? Here EN.";
    let engine = Echo::start(&Arc::default(), 1, 256, 16);
    let request = || Request { stop: vec!["END".to_owned()], ..says(words) };
    let whole = ask(&engine, request()).await;
    assert_eq!(whole.text, words);
    let mut published = String::new();
    let mut emitted = Vec::new();
    for Delta { text, tokens, .. } in &whole.deltas {
        published.push_str(text);
        emitted.extend_from_slice(tokens);
        let rest = Request { emitted: emitted.clone(), emitted_text_bytes: published.len(), ..request() };
        let rest = ask(&engine, rest).await;
        assert_eq!(published.clone() + &rest.published(), words);
        assert_eq!([emitted.clone(), rest.tokens()].concat(), whole.tokens());
        assert_eq!((rest.text, rest.usage), (whole.text.clone(), whole.usage));
    }
    // Also if the tokens of unpublished text are known.
    for cut in 0..words.len() {
        let paused = Request { emitted: whole.tokens()[..cut].to_vec(), emitted_text_bytes: 0, ..request() };
        assert_eq!(ask(&engine, paused).await.published(), words, "cut at {cut}");
    }
}

#[tokio::test]
async fn an_attempt_that_died_just_before_its_end_ends_at_once() {
    let script = Arc::new(Script::default());
    let engine = Echo::start(&script, 1, 64, 16);
    let emitted = |words: &str, published: usize| Request {
        emitted: words.bytes().map(i32::from).collect(),
        emitted_text_bytes: published,
        stop: vec!["ok".to_owned()],
        ..limited(says("yes ok"), 5)
    };
    let stopped = ask(&engine, emitted("yes ok", 0)).await;
    assert_eq!((stopped.text.as_str(), stopped.finish_reason), ("yes ", Some(FinishReason::Stop)));
    assert_eq!(stopped.published(), "yes ");
    let full = ask(&engine, emitted("yes o", 4)).await;
    assert_eq!((full.text.as_str(), full.finish_reason), ("yes o", Some(FinishReason::Length)));
    assert_eq!(full.published(), "o", "what was held back is published");
    assert!(script.shapes().is_empty(), "nothing was decoded");
}

#[tokio::test]
async fn a_stop_string_ends_the_answer_and_never_leaks() {
    let engine = Echo::start(&Arc::default(), 1, 64, 16);
    let heard =
        ask(&engine, Request { stop: vec!["###".into(), "never".into()], ..says("one ## two ### three") }).await;
    assert_eq!((heard.text.as_str(), heard.finish_reason), ("one ## two ", Some(FinishReason::Stop)));
    assert_eq!(heard.published(), "one ## two ");
    assert_eq!(heard.tokens().len(), "one ## two ###".len(), "each token is in a delta, those of the stop string too");
    assert_eq!(heard.usage.completion_tokens as usize, heard.tokens().len());
}

#[tokio::test]
async fn max_tokens_and_the_context_end_an_answer_with_length() {
    let engine = Echo::start(&Arc::default(), 2, 40, 16);
    let heard = ask(&engine, limited(says("0123456789"), 4)).await;
    assert_eq!((heard.text.as_str(), heard.finish_reason), ("0123", Some(FinishReason::Length)));
    let heard = ask(&engine, long(30)).await;
    assert_eq!((heard.text.len(), heard.finish_reason), (10, Some(FinishReason::Length)));
    let heard = ask(&engine, long(39)).await;
    assert_eq!((heard.text.len(), heard.finish_reason), (1, Some(FinishReason::Length)));
    let error = engine.generate(long(40)).await.expect_err("no room for an answer");
    assert_eq!(error, GenerateError::PromptTooLong { tokens: 40, max: 39 });
}

#[tokio::test]
async fn the_next_turn_of_a_conversation_reads_only_what_is_new() {
    let engine = Echo::start(&Arc::default(), 4, 256, 64);
    let question = |text: &str| {
        let mut request = says("a long instruction that stays");
        request.messages.extend(says(text).messages);
        request
    };
    ask(&engine, question("1")).await;
    let before = engine.metrics().snapshot();
    ask(&engine, question("2")).await;
    let after = engine.metrics().snapshot();
    let same = "<a long instruction that stays><".len() as u64;
    assert_eq!(after.reused_tokens - before.reused_tokens, same);
    assert_eq!(after.prompt_tokens - before.prompt_tokens, 3, "the digit and the two marks");
    ask(&engine, question("2")).await;
    let again = engine.metrics().snapshot();
    assert_eq!(again.prompt_tokens - after.prompt_tokens, 1, "the last token is always read, for its logits");
}

#[tokio::test]
async fn an_unrelated_request_takes_the_slot_that_was_idle_for_longest() {
    let script = Arc::new(Script::default());
    let engine = Echo::start(&script, 3, 256, 64);
    for text in ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc", "aaaaaaaaaad", "zzzzzzzzzz"] {
        ask(&engine, says(text)).await;
    }
    let mut order: Vec<u32> = script.shapes().iter().map(|shape| shape[0].0).collect();
    order.dedup();
    assert_eq!(order, [0, 1, 2, 0, 1], "the fourth goes on in slot 0, so the fifth takes slot 1");
}

#[tokio::test]
async fn a_model_without_a_chat_template_is_refused_with_a_reason() {
    let start = |template| Echo { script: Arc::default(), slots: 1, context: 64, template }.try_start(16);
    let error = start(None).expect_err("no template");
    assert!(matches!(&error, StartError::NoTemplate(_)) && error.to_string().contains("echo has no chat template"));
    let error = start(Some("{% for %}")).expect_err("no Jinja");
    assert!(matches!(&error, StartError::Template { .. }), "{error}");
    let engine = start(Some("{{ raise_exception('only one message') }}")).expect("an engine");
    let error = engine.generate(says("x")).await.expect_err("refused");
    assert_eq!(error, GenerateError::Template("only one message".to_owned()));
}

#[test]
fn options_out_of_range_are_refused_by_name() {
    let start = |slots, chunk| {
        Echo { script: Arc::default(), slots, context: 64, template: None }
            .try_start(chunk)
            .expect_err("refused")
            .to_string()
    };
    assert_eq!(start(0, 16), "chat.slots = 0 is not allowed: 1 to 256");
    assert_eq!(start(257, 16), "chat.slots = 257 is not allowed: 1 to 256");
    assert_eq!(start(1, 0), "chat.prompt_chunk = 0 is not allowed: 1 to 8192");
}

#[tokio::test]
async fn readers_at_many_speeds_all_hear_everything() {
    let engine = Echo::start(&Arc::default(), 3, 2048, 16);
    let ask_slowly = |number: usize| {
        let engine = engine.clone();
        async move {
            let text = format!("{number}: {}", "é🐝".repeat(10 + number * 3));
            let mut generation = engine.generate(says(&text)).await.expect("a generation");
            let mut heard = String::new();
            while let Some(Ok(Step::Delta(delta))) = generation.next().await {
                heard.push_str(&delta.text);
                for _ in 0..number {
                    tokio::task::yield_now().await;
                }
            }
            assert_eq!(heard, text);
        }
    };
    join_all((0..20).map(ask_slowly)).await;
    let end = engine.metrics().snapshot();
    assert_eq!((end.waiting, end.failed_decodes), (0, 0));
}

#[tokio::test]
async fn a_seat_in_the_queue_is_counted_only_while_it_is_taken() {
    let script = Arc::new(Script::paused());
    let engine = Echo::start(&script, 1, 64, 16);
    let tasks = arrive(&engine, &script, vec![says("a"), says("b")]).await;
    let paused = engine.metrics().snapshot();
    assert_eq!((paused.active, paused.waiting), (1, 1));
    script.release();
    all(tasks).await;
    until(|| engine.metrics().snapshot().active == 0).await;
    let generation = engine.generate(says("c")).await.expect("a generation");
    hear(generation).await.expect("an answer");
    assert_eq!(engine.metrics().snapshot().waiting, 0);
}
