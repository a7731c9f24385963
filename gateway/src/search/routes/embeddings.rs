//! `POST /v1/embeddings`, OpenAI's operation.

use std::sync::Arc;

use axum::{Json, extract::State};
use ruche_schemas::kinds::embed::Embed;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        json::JobText,
    },
    search::{
        embed::Embedder,
        openai::{EmbeddingList, EmbeddingRequest, EncodingFormat},
    },
};

/// Create embeddings
///
/// A vector of length 1 for each text, in their order: what means the same lies near, by dot product. The texts are
/// embedded in several jobs at once, which leave nothing behind; when the client goes away, they are cancelled.
#[utoipa::path(
    post, path = "/v1/embeddings", tag = "embeddings", security(("bearer" = [])),
    request_body(content = EmbeddingRequest, example = json!({ "input": ["When are refunds paid?"], "purpose": "query" })),
    responses(
        (status = 200, description = "The vectors", body = EmbeddingList),
        (status = 400, description = "The request is wrong: `param` names what; `context_length_exceeded` for a text that is \
            longer than the model can read", body = ErrorBody),
        (status = 404, description = "No worker has this model: `model_not_found`", body = ErrorBody),
        (status = "4XX", description = "Refused", body = ErrorBody),
        (status = "5XX", description = "Not now: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn embeddings(
    State(embedder): State<Arc<Embedder>>,
    caller: Caller,
    JobText { text, permit: _permit }: JobText,
) -> Result<Json<EmbeddingList>, ApiError> {
    let (request, input) = EmbeddingRequest::parse(&text)?;
    drop(text);
    let EmbeddingRequest { model, encoding_format, dimensions, purpose, .. } = request;
    let asked = Embed { purpose: purpose.map(Into::into), model, dimensions, ..Embed::default() };
    let embedded = Box::pin(embedder.embed(&caller.tenant, &input, asked)).await?;
    let format = encoding_format.unwrap_or(EncodingFormat::Float);
    Ok(Json(EmbeddingList::new(embedded.model, embedded.vectors, embedded.tokens, format)))
}
