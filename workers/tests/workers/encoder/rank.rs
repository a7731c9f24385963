//! Scores of query and text with llama.cpp. The model's head is untrained, so `models/minilm/pairs.json` has the
//! expected numbers, computed in numpy by `reference.py` beside it.

use futures::future::join_all;
use ruche_services::testing::{embedding_model, reranker};
use ruche_workers::inference::{
    encoder::{EncodeError, Encoder, Metrics},
    llama::{EncoderOptions, Pooling, start_encoder},
};
use serde::Deserialize;

/// The tolerance of scores: weights of 16 bits, and llama.cpp's shorter GELU.
const ALIKE: f32 = 0.02;

#[derive(Deserialize)]
struct Known {
    query: String,
    text: String,
    tokens: u32,
    score: f32,
}

fn known() -> Vec<Known> {
    serde_json::from_str(include_str!("../../../models/minilm/pairs.json")).expect("the known scores")
}

fn options() -> EncoderOptions {
    EncoderOptions {
        model_path: reranker(),
        model_name: "tests-reranker".to_owned(),
        context_tokens: 0,
        batch_tokens: 256,
        threads: 1,
        gpu_layers: 0,
        pooling: Pooling::Rank,
    }
}

fn encoder() -> Encoder {
    start_encoder(options(), Metrics::default()).expect("the model")
}

async fn rank(encoder: &Encoder, query: &str, texts: &[&str]) -> Vec<(u32, f32)> {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    let encoded = encoder.rank(query.to_owned(), texts).await.expect("scores");
    let score = |numbers: Vec<f32>| match numbers[..] {
        [score] => score,
        _ => panic!("{numbers:?} is not one score"),
    };
    encoded.into_iter().map(|encoded| (encoded.tokens, score(encoded.vector.expect("a score")))).collect()
}

#[tokio::test]
async fn pairs_have_the_scores_of_the_reference_alone_and_among_others() {
    let encoder = encoder();
    let model = encoder.model();
    assert_eq!((model.dimensions, model.context_tokens), (1, 512));
    let all = known();
    let each = all.iter().map(async |known| rank(&encoder, &known.query, &[&known.text]).await);
    let alone = join_all(each).await;
    for (known, alone) in all.iter().zip(alone) {
        let (tokens, score) = alone[0];
        assert_eq!(tokens, known.tokens, "{:?}", known.text);
        assert!((score - known.score).abs() < ALIKE, "{score} is not {}: {:?}", known.score, known.text);
    }
    let first: Vec<&Known> = all.iter().filter(|known| known.query == all[0].query).collect();
    let texts: Vec<&str> = first.iter().map(|known| known.text.as_str()).collect();
    let together = rank(&encoder, &all[0].query, &texts.repeat(4)).await;
    assert_eq!(together.len(), 4 * first.len());
    for (number, (_, score)) in together.into_iter().enumerate() {
        let known = first[number % first.len()];
        assert!((score - known.score).abs() < ALIKE, "{number}: {score} is not {}", known.score);
    }
}

#[tokio::test]
async fn of_a_long_text_the_beginning_is_read_and_a_long_query_is_refused() {
    let encoder = encoder();
    let long = "bees ".repeat(600);
    let (tokens, score) = rank(&encoder, "bees", &[&long]).await[0];
    assert_eq!(tokens, 512);
    // One token of the query, three marks.
    assert_eq!(rank(&encoder, "bees", &[&"bees ".repeat(508)]).await, [(512, score)]);
    let error = encoder.rank("bees ".repeat(255), vec!["bees".to_owned()]).await.expect_err("too long");
    assert_eq!(error, EncodeError::LongQuery { tokens: 255, max: 254 });
    assert!(error.to_string().contains("255 tokens") && error.to_string().contains("at most 254"), "{error}");
    assert_eq!(rank(&encoder, &"bees ".repeat(254), &[&long]).await[0].0, 512);
}

#[tokio::test]
async fn what_ranks_does_not_embed_and_what_embeds_does_not_rank() {
    let start = |options: EncoderOptions| start_encoder(options, Metrics::default()).expect_err("refused").to_string();
    let error = start(EncoderOptions { model_path: embedding_model(), ..options() });
    assert!(error.contains("it does not rank pairs of texts"), "{error}");
    let error = start(EncoderOptions { pooling: Pooling::Model, ..options() });
    assert!(error.contains("it ranks pairs of texts") && error.contains("rerank.model_path"), "{error}");
    let error = start(EncoderOptions { context_tokens: 513, ..options() });
    assert!(error.contains("rerank.context_tokens = 513"), "{error}");
}
