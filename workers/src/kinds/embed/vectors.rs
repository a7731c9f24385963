//! Computes the vectors of a document in slices, so that queries run in between.

use std::collections::{HashMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use ruche_schemas::{Failure, kinds::embed::Embed};
use ruche_store::documents::{Hash, Status};

use super::{
    chunking::Embeddable,
    failures::{NO_VECTOR, failed},
};
use crate::{
    inference::encoder::Encoder,
    runtime::{context::Context, job_error::JobError},
};

/// Chunks in one call of the encoder.
const SLICE: usize = 32;
/// Concurrent calls of the encoder: it tokenizes one slice while it computes another.
const SLICES: usize = 2;

/// Embeds the chunks that have no vector yet; returns the vectors by hash.
pub(super) async fn embed(
    encoder: &Encoder,
    prefix: &str,
    chunks: &[Embeddable],
    status: &Status,
    context: &Context<Embed>,
) -> Result<HashMap<Hash, Vec<f32>>, JobError> {
    let mut seen = HashSet::new();
    let is_new = |chunk: &&Embeddable| !status.vectors.contains_key(&chunk.hash) && seen.insert(chunk.hash);
    let wanted: Vec<(Hash, String)> =
        chunks.iter().filter(is_new).map(|chunk| (chunk.hash, chunk.embedded.clone())).collect();
    let total = Some(wanted.len() as u64);
    let mut vectors = HashMap::with_capacity(wanted.len());
    let slices: Vec<(Vec<Hash>, Vec<String>)> =
        wanted.chunks(SLICE).map(|slice| slice.iter().cloned().unzip()).collect();
    drop(wanted);
    let mut slices = stream::iter(slices)
        .map(|(hashes, texts)| async move {
            let encoded = encoder.encode(prefix.to_owned(), texts).await.map_err(failed)?;
            Ok::<_, JobError>(hashes.into_iter().zip(encoded))
        })
        .buffered(SLICES);
    context.steps(0, total, "embedding");
    while let Some(slice) = slices.try_next().await? {
        for (hash, encoded) in slice {
            let vector = encoded.vector.map_err(|error| {
                let message = format!("a chunk of the document has no vector, so nothing of it is kept: {error}");
                JobError::Reject(Failure::new(NO_VECTOR, message).with_param("document"))
            })?;
            vectors.insert(hash, vector);
        }
        context.steps(vectors.len() as u64, total, "embedding");
    }
    Ok(vectors)
}
