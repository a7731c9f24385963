//! The embedding model that `models/e5/to_gguf.py` makes tokenizes and embeds as the program does that comes with its
//! weights: `models/e5/vectors.json` has that program's vectors. Tested where the model was fetched: tests must not need
//! it.

#![cfg(feature = "chat")]

use llama_cpp_2::model::{LlamaModel, params::LlamaModelParams};
use ruche_services::testing::multilingual_model;

use crate::minilm::{Known, backend, cosine, embed};

/// The lowest cosine between the vectors of both.
const ALIKE: f32 = 0.999;

#[test]
fn the_made_model_reads_and_embeds_as_the_program_that_has_its_weights() {
    let Some(file) = multilingual_model() else { return };
    let model = LlamaModel::load_from_file(backend(), file, &LlamaModelParams::default()).expect("a model");
    let known: Vec<Known> =
        serde_json::from_str(include_str!("../../models/e5/vectors.json")).expect("the known vectors");
    for known in &known {
        let tokens = model.vocab().tokenize(known.text.as_bytes(), true, false);
        let tokens: Vec<i32> = tokens.into_iter().map(|token| token.0).collect();
        assert_eq!(tokens, known.tokens, "{:?}", known.text);
        let alike = cosine(&embed(&model, &[known])[0], &known.vector);
        assert!(alike >= ALIKE, "{alike} for {:?}", known.text);
    }
}
