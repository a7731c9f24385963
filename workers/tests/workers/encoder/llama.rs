//! The encoder on all-MiniLM-L6-v2 with llama.cpp: texts of similar meaning have near vectors.

use std::path::PathBuf;

use futures::future::join_all;
use ruche_services::testing::embedding_model;
use ruche_workers::inference::{
    encoder::{EncodeError, Encoder, Metrics, StartError, port::Loader},
    llama::{EncoderOptions, LlamaEmbedding, Pooling, start_encoder},
};

fn options() -> EncoderOptions {
    EncoderOptions {
        model_path: embedding_model(),
        model_name: "all-minilm-l6-v2".to_owned(),
        context_tokens: 0,
        batch_tokens: 256,
        // One, because llama.cpp's threads wait for each other, which is slow on busy processors.
        threads: 1,
        gpu_layers: 0,
        pooling: Pooling::Model,
    }
}

fn encoder() -> Encoder {
    start_encoder(options(), Metrics::default()).expect("the model")
}

async fn vectors(encoder: &Encoder, texts: &[&str]) -> Vec<Vec<f32>> {
    let texts = texts.iter().map(|text| (*text).to_owned()).collect();
    let encoded = encoder.encode(String::new(), texts).await.expect("vectors");
    encoded.into_iter().map(|encoded| encoded.vector.expect("a vector")).collect()
}

fn cosine(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

#[tokio::test]
async fn what_means_the_same_is_nearer_than_what_does_not() {
    let encoder = encoder();
    let model = encoder.model();
    assert_eq!((model.dimensions, model.context_tokens, model.gpu.as_deref()), (384, 512, None));
    assert!(model.description.contains("bert"), "{model:?}");
    let texts = [
        "How long does a refund take?",
        "When will I get my money back?",
        "The queen bee lays up to two thousand eggs a day.",
    ];
    let vectors = vectors(&encoder, &texts).await;
    let (near, far) = (cosine(&vectors[0], &vectors[1]), cosine(&vectors[0], &vectors[2]));
    assert!(near > 0.5 && far < 0.2, "near {near}, far {far}");
    for vector in &vectors {
        assert!((cosine(vector, vector) - 1.0).abs() < 1e-5);
    }
}

#[tokio::test]
async fn a_text_has_the_same_vector_alone_and_among_others() {
    let encoder = encoder();
    let long = "bees and flowers ".repeat(60);
    let texts = ["Hello", "How long does a refund take?", &long, "Merci beaucoup !", "日本語", "x"];
    let alone = join_all(texts.iter().map(|text| async { vectors(&encoder, &[text]).await.remove(0) })).await;
    let together = vectors(&encoder, &texts.repeat(5)).await;
    for (number, vector) in together.iter().enumerate() {
        let same = cosine(vector, &alone[number % texts.len()]);
        assert!(same > 0.999, "{number}: {same}");
    }
}

#[tokio::test]
async fn any_number_of_tokens_may_be_a_batch() {
    for batch_tokens in [1, 100, 515, 700] {
        let encoder =
            start_encoder(EncoderOptions { batch_tokens, ..options() }, Metrics::default()).expect("the model");
        assert_eq!(vectors(&encoder, &["Bees", "Hives"]).await.len(), 2, "{batch_tokens}");
    }
}

#[tokio::test]
async fn a_text_can_not_smuggle_in_the_models_marks_and_a_long_one_is_counted() {
    let encoder = encoder();
    let tokens =
        async |text: &str| encoder.encode(String::new(), vec![text.to_owned()]).await.map(|encoded| encoded[0].tokens);
    assert_eq!(tokens("bees").await, Ok(3), "with a mark before and one behind");
    assert!(tokens("[SEP]").await.expect("tokens") > 3, "it is text");
    assert_eq!(tokens(&"bees ".repeat(510)).await, Ok(512));
    let error = tokens(&"bees ".repeat(600)).await.expect_err("too long");
    assert_eq!(error, EncodeError::TooLong { index: 0, tokens: 602, max: 512 });
    assert!(error.to_string().contains("602 tokens") && error.to_string().contains("at most 512"), "{error}");
    let word = "a".repeat(100_000);
    assert!(tokens(&word).await.is_ok_and(|tokens| tokens == 3) || tokens(&word).await.is_err(), "one word");
}

#[tokio::test]
async fn a_file_that_is_no_embedding_model_is_refused_in_words() {
    let start = |path: PathBuf| {
        start_encoder(EncoderOptions { model_path: path, ..options() }, Metrics::default()).expect_err("refused")
    };
    let missing = start(PathBuf::from("no/such.gguf")).to_string();
    assert!(missing.contains("no/such.gguf") && missing.contains("set embed.model_path"), "{missing}");
    let chat = start(PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/tiny-chat.gguf"))).to_string();
    assert!(chat.contains("it is no embedding model") && chat.contains("embed.pooling"), "{chat}");
    let long = start_encoder(EncoderOptions { context_tokens: 513, ..options() }, Metrics::default());
    let error = long.expect_err("refused");
    assert!(matches!(error, StartError::Load(_)), "{error}");
    assert!(error.to_string().contains("embed.context_tokens = 513") && error.to_string().contains("512"), "{error}");
}

#[tokio::test]
async fn a_model_that_writes_can_embed_too_where_it_is_told_how() {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/models/tiny/tiny-chat.gguf"));
    let options = EncoderOptions { model_path: path, pooling: Pooling::Last, ..options() };
    let encoder = start_encoder(options, Metrics::default()).expect("an encoder");
    let first = vectors(&encoder, &["When are refunds paid?", "Hello"]).await;
    let again = vectors(&encoder, &["When are refunds paid?", "Hello"]).await;
    assert!(cosine(&first[0], &again[0]) > 0.999, "nothing is left of the batch before");
    assert!(cosine(&first[0], &first[1]) < 0.999);
}

#[test]
fn what_does_not_fit_a_batch_is_refused_and_the_model_goes_on() {
    let path = embedding_model();
    let (context_tokens, threads, gpu_layers, pooling) = (64, 1, 0, Pooling::Cls);
    let loader =
        LlamaEmbedding { path, context_tokens, batch_tokens: 100, batch_texts: 3, threads, gpu_layers, pooling };
    let body = Box::new(|_, _, model: &mut dyn ruche_workers::inference::encoder::port::Model| {
        let text = |tokens: usize| vec![2000; tokens];
        let mut encode = |texts: &[Vec<i32>]| {
            let texts: Vec<&[i32]> = texts.iter().map(Vec::as_slice).collect();
            model.encode(&texts).map(|vectors| vectors.len())
        };
        assert_eq!(encode(&[text(64), text(36)]), Ok(2));
        for wrong in
            [vec![], vec![text(65)], vec![text(0)], vec![text(1); 4], vec![text(60), text(60)], vec![vec![-7; 3]]]
        {
            assert!(encode(&wrong).is_err(), "{} texts", wrong.len());
        }
        assert_eq!(encode(&[text(5)]), Ok(1));
    });
    Box::new(loader).run(body).expect("the model");
}
