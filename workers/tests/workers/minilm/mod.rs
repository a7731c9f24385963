//! The embedding model that `models/minilm/to_gguf.py` makes without the hub tokenizes and embeds as the published
//! model does.
//!
//! `models/minilm/vectors.json` has the published model's vectors, computed in numpy by `reference.py` beside it. The
//! tests' set-up makes the model; see [`ruche_services::testing::embedding_model`].

#![cfg(feature = "chat")]
#![allow(clippy::unwrap_used, reason = "a test's helpers may")]

mod converter;

use std::num::NonZeroU32;

use llama_cpp_2::{
    context::params::LlamaContextParams,
    llama_backend::LlamaBackend,
    llama_batch::LlamaBatch,
    model::{LlamaModel, params::LlamaModelParams},
    token::LlamaToken,
};
use ruche_services::testing::embedding_model;
use ruche_workers::inference::llama;
use serde::Deserialize;

/// The lowest cosine between the vectors of both. Weights of 16 bits and llama.cpp's shorter GELU give slightly less
/// than 1.
const ALIKE: f32 = 0.9999;

/// A text, and the published model's result.
#[derive(Deserialize)]
pub(crate) struct Known {
    pub(crate) text: String,
    pub(crate) tokens: Vec<i32>,
    pub(crate) vector: Vec<f32>,
}

fn known() -> Vec<Known> {
    serde_json::from_str(include_str!("../../../models/minilm/vectors.json")).expect("the known vectors")
}

/// A process can have only one.
pub(crate) fn backend() -> &'static LlamaBackend {
    llama::backend().as_ref().expect("llama.cpp")
}

fn model() -> LlamaModel {
    let parameters = LlamaModelParams::default();
    LlamaModel::load_from_file(backend(), embedding_model(), &parameters).expect("llama.cpp takes the made model")
}

/// llama.cpp's vectors of these texts, computed in one batch.
pub(crate) fn embed(model: &LlamaModel, texts: &[&Known]) -> Vec<Vec<f32>> {
    let rows: usize = texts.iter().map(|known| known.tokens.len()).sum();
    let sequences = u32::try_from(texts.len()).unwrap();
    // llama.cpp tests its memory with equally many rows for each sequence, and aborts if they don't divide evenly.
    let rows = u32::try_from(rows).unwrap().next_multiple_of(sequences);
    let parameters = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(rows))
        .with_n_seq_max(sequences)
        // The whole text in one batch, because every token attends to later ones.
        .with_n_batch(rows)
        .with_n_ubatch(rows)
        .with_n_threads(2)
        .with_n_threads_batch(2)
        .with_embeddings(true);
    let mut context = model.new_context(backend(), parameters).expect("a context");
    let mut batch = LlamaBatch::new(rows as usize, 1);
    for (sequence, known) in (0..).zip(texts) {
        for (position, token) in (0..).zip(&known.tokens) {
            batch.add(LlamaToken(*token), position, &[sequence], true).expect("room for all");
        }
    }
    context.encode(&mut batch).expect("vectors");
    let vector =
        |sequence: usize| context.embeddings_seq_ith(i32::try_from(sequence).unwrap()).expect("one each").to_vec();
    (0..texts.len()).map(vector).collect()
}

pub(crate) fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

#[test]
fn the_made_model_reads_texts_as_the_published_one_does() {
    let model = model();
    for known in known() {
        let tokens = model.vocab().tokenize(known.text.as_bytes(), true, false);
        let tokens: Vec<i32> = tokens.into_iter().map(|token| token.0).collect();
        assert_eq!(tokens, known.tokens, "{:?}", known.text);
    }
}

#[test]
fn its_vectors_are_those_of_the_published_weights_alone_and_in_a_batch() {
    let (model, known) = (model(), known());
    let all: Vec<&Known> = known.iter().collect();
    let together = embed(&model, &all);
    let mut least = 1.0_f32;
    for (known, in_batch) in all.iter().zip(&together) {
        let alone = &embed(&model, &[known])[0];
        for found in [alone, in_batch] {
            assert_eq!(found.len(), known.vector.len());
            let alike = cosine(found, &known.vector);
            assert!(alike >= ALIKE, "{alike} for {:?}", known.text);
            least = least.min(alike);
        }
    }
    println!("the least cosine of {} texts is {least}", known.len());
}

#[test]
fn the_file_says_what_it_is_and_under_which_licence() {
    let model = model();
    assert_eq!((model.n_ctx_train(), model.n_embd()), (512, 384));
    for (key, value) in [
        ("general.architecture", "bert"),
        ("general.name", "all-MiniLM-L6-v2"),
        ("general.license", "apache-2.0"),
        ("sentence_transformers.max_seq_length", "256"),
        ("bert.pooling_type", "1"),
        ("bert.attention.causal", "false"),
    ] {
        assert_eq!(model.meta_val_str(key).expect(key), value);
    }
}
