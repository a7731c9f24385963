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
/// Returns a vector of length 1 for each text, in order. Texts of similar meaning have a high dot product. The texts
/// are embedded by several concurrent jobs, whose results are not stored. If the client disconnects, the jobs are
/// cancelled.
#[utoipa::path(
    post, path = "/v1/embeddings", tag = "embeddings", security(("bearer" = [])),
    request_body(content = EmbeddingRequest, example = json!({ "input": ["When are refunds paid?"], "purpose": "query" })),
    responses(
        (status = 200, description = "The vectors", body = EmbeddingList),
        (status = 400, description = "The request is not valid: `param` names the field; `context_length_exceeded` for a text that is \
            longer than the model can read", body = ErrorBody),
        (status = 404, description = "No embed worker has this model, or it is a bot: `model_not_found`", body = ErrorBody),
        (status = "4XX", description = "The request is refused: see `code`", body = ErrorBody),
        (status = "5XX", description = "Temporarily unavailable: see `code`", body = ErrorBody),
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
