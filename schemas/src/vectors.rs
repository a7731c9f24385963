//! What the embed worker, which creates vector indexes, and the gateway, which searches with them, share.

/// The most numbers of an indexed vector: the bound of an HNSW index over half precision. Longer vectors are compared
/// one by one.
pub const MAX_INDEXED_DIMENSIONS: u32 = 4_000;

/// The name of a model's partial index: `((embedding::halfvec(n)) halfvec_cosine_ops) WHERE model_id = <number>`.
#[must_use]
pub fn index_name(model: i32) -> String {
    format!("chunks_embedding_{model}")
}
