//! What the embed worker, which makes indexes over vectors, and the gateway, which searches with them, agree on.

/// The most numbers of a vector that an index is made for: an HNSW index over half precision takes no more. Longer ones are
/// compared one by one.
pub const MAX_INDEXED_DIMENSIONS: u32 = 4_000;

/// The name of the index over the vectors of the model with this number. It is a partial one:
/// `((embedding::halfvec(n)) halfvec_cosine_ops) WHERE model_id = <number>`.
#[must_use]
pub fn index_name(model: i32) -> String {
    format!("chunks_embedding_{model}")
}
