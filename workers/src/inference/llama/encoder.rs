//! An embedding model or a reranker behind the encoder's port. Models without a KV cache (such as BERT) attend to the
//! whole batch at once, so a batch must be one micro-batch, or llama.cpp aborts: `n_batch` = `n_ubatch` >= the
//! longest text. It also allocates unused logits per token: 4 bytes times the vocabulary size.

use std::{num::NonZeroU32, path::PathBuf, sync::Arc};

use llama_cpp_2::{
    context::{
        LlamaContext,
        params::{LlamaContextParams, LlamaPoolingType},
    },
    llama_batch::LlamaBatch,
    model::LlamaModel,
    token::LlamaToken,
};

use super::load::{self, ModelFile};
use crate::inference::encoder::port::{BatchError, Body, LoadError, Loader, Model, ModelInfo, Tokenizer};

/// Upper bound of the context taken from the model by default.
const DEFAULT_CONTEXT: u32 = 2048;
/// The model file's key for the length of its training texts: Sentence Transformers' setting, kept by our converter.
const TRAINED: &str = "sentence_transformers.max_seq_length";
const MOST_TEXTS: u32 = 256;

/// How a text's token vectors become one vector.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Pooling {
    /// One score, from a reranker's head over a query-text pair.
    Rank,
    /// As in the model's file.
    #[default]
    Model,
    Mean,
    Cls,
    Last,
}

impl Pooling {
    const fn section(self) -> &'static str {
        match self {
            Self::Rank => "rerank",
            _ => "embed",
        }
    }
}

#[derive(Debug, Clone)]
pub struct LlamaEmbedding {
    pub path: PathBuf,
    /// Limit of a text; 0 takes the model's own, at most [`DEFAULT_CONTEXT`].
    pub context_tokens: u32,
    pub batch_tokens: u32,
    /// 1 to 256.
    pub batch_texts: u32,
    /// CPU threads; 0 takes the number of cores.
    pub threads: u32,
    pub gpu_layers: u32,
    pub pooling: Pooling,
}

impl Loader for LlamaEmbedding {
    fn run(self: Box<Self>, body: Body<'_>) -> Result<(), LoadError> {
        let file = ModelFile { path: &self.path, section: self.pooling.section(), gpu_layers: self.gpu_layers };
        let (backend, model) = file.load()?;
        let pooling = pooling(self.pooling, &model).map_err(|reason| file.refused(reason))?;
        let trained = model.n_ctx_train();
        let longest = if self.context_tokens == 0 { trained.clamp(1, DEFAULT_CONTEXT) } else { self.context_tokens };
        if longest > trained {
            return Err(file.refused(format!(
                "{}.context_tokens = {longest}, but the model was trained for {trained}: set it to 0 to {trained}",
                file.section
            )));
        }
        let texts = self.batch_texts.clamp(1, MOST_TEXTS);
        // llama.cpp aborts if the tokens are not divisible by the number of texts.
        let tokens = self.batch_tokens.max(longest).next_multiple_of(texts);
        let threads = load::threads(self.threads);
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(tokens.next_multiple_of(256)))
            .with_n_batch(tokens)
            .with_n_ubatch(tokens)
            .with_n_seq_max(texts)
            .with_kv_unified(true)
            .with_embeddings(true)
            .with_pooling_type(pooling)
            .with_n_threads(threads)
            .with_n_threads_batch(threads)
            .with_no_perf(true);
        let context = model.new_context(backend, parameters).map_err(|error| {
            file.refused(format!(
                "{error}: batches of {tokens} tokens may need more memory than there is; lower {0}.batch_tokens or \
                 {0}.context_tokens",
                file.section
            ))
        })?;
        let ranks = self.pooling == Pooling::Rank;
        let info = ModelInfo {
            description: load::description(&model),
            parameters: model.n_params(),
            context_tokens: longest,
            trained_tokens: model.meta_val_str(TRAINED).ok().and_then(|tokens| tokens.parse().ok()),
            dimensions: if ranks { model.n_cls_out() } else { u32::try_from(model.n_embd_out()).unwrap_or(0) },
            ranks,
            gpu: file.gpu(),
        };
        let rows = usize::try_from(tokens).unwrap_or(usize::MAX);
        let batch = LlamaBatch::new(rows, 1);
        let mut encoder = LlamaEncoder { context, batch, texts, longest };
        body(info, Arc::new(LlamaTokenizer::new(Arc::clone(&model))), &mut encoder);
        Ok(())
    }
}

fn pooling(asked: Pooling, model: &LlamaModel) -> Result<LlamaPoolingType, String> {
    let value = |key: &str| model.meta_val_str(key).unwrap_or_default();
    let architecture = value("general.architecture");
    let own = value(&format!("{architecture}.pooling_type")).parse::<i32>().map_or(LlamaPoolingType::None, Into::into);
    match (asked, own) {
        (Pooling::Rank, LlamaPoolingType::Rank) => check_head(model, &architecture).map(|()| LlamaPoolingType::Rank),
        (Pooling::Rank, _) => Err("it does not rank pairs of texts: take a reranker that was made for llama.cpp \
            (pooling_type 4), such as bge-reranker-v2-m3"
            .to_owned()),
        (_, LlamaPoolingType::Rank) => Err("it ranks pairs of texts and gives no vectors (a reranker): take an \
            embedding model, such as all-MiniLM-L6-v2 or multilingual-e5-small, and this one as rerank.model_path"
            .to_owned()),
        (Pooling::Mean, _) => Ok(LlamaPoolingType::Mean),
        (Pooling::Cls, _) => Ok(LlamaPoolingType::Cls),
        (Pooling::Last, _) => Ok(LlamaPoolingType::Last),
        (Pooling::Model, LlamaPoolingType::None | LlamaPoolingType::Unspecified) => Err(format!(
            "it does not say how to make one vector of a text ({architecture}.pooling_type), so it is no embedding model: \
             take one, such as all-MiniLM-L6-v2 or multilingual-e5-small, or set embed.pooling if you know better"
        )),
        (Pooling::Model, own) => Ok(own),
    }
}

/// Checks that the model's head gives one score per pair.
fn check_head(model: &LlamaModel, architecture: &str) -> Result<(), String> {
    let labels = model.n_cls_out();
    if labels != 1 {
        return Err(format!(
            "it gives {labels} numbers for a pair of texts, and a reranker gives one: take one whose head has one, such as \
             bge-reranker-v2-m3"
        ));
    }
    let kinds = model.meta_val_str("tokenizer.ggml.token_type_count").unwrap_or_default();
    if architecture == "bert" && kinds.parse().is_ok_and(|kinds: u32| kinds > 1) {
        // llama.cpp's BERT graph uses the first token type for all tokens.
        tracing::warn!(
            token.types = kinds,
            "the reranker's file has several types of token, which tell query and text apart, and llama.cpp reads all as one: if \
             the model was trained with them, as those of MS MARCO were, its order is worse than it could be"
        );
    }
    Ok(())
}

/// The model's tokenizer, with the special tokens around texts.
struct LlamaTokenizer {
    model: Arc<LlamaModel>,
    begin: Vec<i32>,
    end: Vec<i32>,
    /// The separator between query and text of a pair.
    between: Vec<i32>,
}

impl LlamaTokenizer {
    fn new(model: Arc<LlamaModel>) -> Self {
        let vocabulary = model.vocab();
        let mut begin: Vec<i32> = vocabulary.tokenize(b"", true, false).into_iter().map(|token| token.0).collect();
        let end = match begin.first() {
            Some(first) if *first == vocabulary.bos().0 => begin.split_off(1),
            _ => std::mem::take(&mut begin),
        };
        // RoBERTa-like models use two separators, BERT one (Hugging Face's TemplateProcessing of pairs).
        let sentencepiece = model.meta_val_str("tokenizer.ggml.model").is_ok_and(|name| name == "t5");
        let double = vocabulary.should_add_eos() && (vocabulary.should_add_sep() || sentencepiece);
        let between = if double { [end.clone(), end.clone()].concat() } else { end.clone() };
        Self { model, begin, end, between }
    }

    fn tokens(&self, text: &str, marks: bool) -> Vec<i32> {
        self.model.vocab().tokenize(text.as_bytes(), marks, false).into_iter().map(|token| token.0).collect()
    }
}

impl Tokenizer for LlamaTokenizer {
    fn tokenize(&self, text: &str) -> Vec<i32> {
        self.tokens(text, true)
    }

    fn plain(&self, text: &str) -> Vec<i32> {
        self.tokens(text, false)
    }

    fn pair(&self, query: &[i32], text: &[i32]) -> Vec<i32> {
        [&self.begin, query, &self.between, text, &self.end].concat()
    }
}

struct LlamaEncoder<'model> {
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    texts: u32,
    longest: u32,
}

impl LlamaEncoder<'_> {
    /// Checks everything that would make llama.cpp abort.
    fn fill(&mut self, texts: &[&[i32]]) -> Result<(), BatchError> {
        let longest = usize::try_from(self.longest).unwrap_or(usize::MAX);
        if texts.is_empty() || texts.len() > usize::try_from(self.texts).unwrap_or(0) {
            return Err(BatchError(format!("it has {} texts: 1 to {} fit", texts.len(), self.texts)));
        }
        self.batch.clear();
        for (sequence, tokens) in (0..).zip(texts) {
            if tokens.is_empty() || tokens.len() > longest {
                return Err(BatchError(format!("a text has {} tokens: 1 to {longest} fit", tokens.len())));
            }
            for (position, token) in (0..).zip(*tokens) {
                let added = self.batch.add(LlamaToken(*token), position, &[sequence], true);
                added.map_err(|error| BatchError(format!("it has too many tokens: {error}")))?;
            }
        }
        Ok(())
    }
}

impl Model for LlamaEncoder<'_> {
    fn encode(&mut self, texts: &[&[i32]]) -> Result<Vec<Vec<f32>>, BatchError> {
        self.fill(texts)?;
        // Clears the KV cache, which would otherwise continue the previous batch; no effect on models without one.
        self.context.clear_kv_cache();
        // Encodes if the model has no KV cache.
        self.context.decode(&mut self.batch).map_err(|error| BatchError(error.to_string()))?;
        let vector = |sequence| self.context.embeddings_seq_ith(sequence).map(<[f32]>::to_vec);
        let vectors = (0..).zip(texts).map(|(sequence, _)| vector(sequence));
        vectors.collect::<Result<_, _>>().map_err(|error| BatchError(error.to_string()))
    }
}
