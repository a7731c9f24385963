//! `POST /v1/chat/completions`, OpenAI's operation.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use ruche_schemas::{
    Job as _, Lane, clock,
    kinds::chat::{Answer, Chat},
};
use tokio::time::Instant;

use crate::{
    chat::{
        openai::{
            request::ChatCompletionRequest,
            response::{ChatCompletion, ChatCompletionChunk, Head, completion_id},
        },
        running::{Running, tell_left_out},
        service::Chats,
    },
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        headers::text_header,
        json::JsonText,
        metrics::{Metrics, Open},
    },
    jobs::{
        service::Jobs,
        submission::Submission,
        wait::{Wait, Waited},
    },
};

/// Create a chat completion
///
/// The answer of a model or a bot, whole or as a stream of server-sent events that ends with `data: [DONE]`. A bot with
/// collections answers from passages of documents: `citations` of the message, or of the last piece of the stream, say
/// which passage each `[n]` of the text is. Messages that the model's context does not hold are left out, the oldest turns
/// first; the header `ruche-messages-left-out` and `usage` say how many. Response header `ruche-job` names the job behind it. When the client goes away first, the job is cancelled, unless
/// `cancel_on_disconnect` is false or there is an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "chat", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key is the same job, whenever it comes again")),
    request_body = ChatCompletionRequest,
    responses(
        (status = 200, description = "The answer", content(
            (ChatCompletion = "application/json"), (ChatCompletionChunk = "text/event-stream")),
            headers(("ruche-messages-left-out" = u32, description = "How many of the oldest messages were left out, if any"))),
        (status = "4XX", description = "The request is wrong; nothing was published", body = ErrorBody),
        (status = "5XX", description = "Not now, or not any more: see `code`", body = ErrorBody),
    )
)]
pub(crate) async fn chat_completions(
    State(chats): State<Arc<Chats>>,
    State(jobs): State<Arc<Jobs>>,
    State(metrics): State<Arc<Metrics>>,
    caller: Caller,
    headers: HeaderMap,
    JsonText(body): JsonText,
) -> Result<Response, ApiError> {
    let request = ChatCompletionRequest::parse(&body)?;
    let idempotency_key = text_header(&headers, "idempotency-key")?;
    let (stream, include_usage) = (request.stream.unwrap_or(false), request.include_usage());
    let cancel = request.cancel_on_disconnect.unwrap_or(idempotency_key.is_none());
    let mut chat = request.into_chat();
    chat.model = jobs.models.aliases.resolve(chat.model);
    let model = chat.model.clone();
    let mut submission = Submission::new(&caller.tenant, Lane::Interactive, idempotency_key);
    submission.options.follow = true;
    let mut accepted = chats.submit(chat, submission).await?;
    let mut guard = jobs.relays.guard(&accepted.job, cancel && !accepted.duplicate);
    let id = accepted.job.id;
    let head = Head {
        id: completion_id(id),
        created: clock::now().timestamp(),
        model: match model {
            Some(model) => model,
            None => jobs.models.default_name(&Chat::KIND).await,
        },
        conversation: accepted.conversation,
        include_usage,
        messages_left_out: 0,
    };
    let deadline = Instant::now() + jobs.waiter.longest();
    let mut response = if stream {
        let relay = accepted.relay(&jobs.relays).await?;
        let running = Running { waiter: jobs.waiter.clone(), relay, head, guard, deadline };
        running.stream(Open::new(&metrics.streams)).await?
    } else {
        let waited = jobs.waiter.wait(accepted, Wait { deadline: Some(deadline), cancel: false }).await;
        guard.disarm();
        match waited? {
            Waited::Ended(ended) => {
                let answer: Answer = ended.output()?;
                let left_out = answer.usage.messages_left_out;
                let mut response = Json(head.completion(answer)).into_response();
                tell_left_out(&mut response, left_out);
                response
            }
            Waited::Running(accepted) => return Err(ApiError::waited(accepted.job.id, jobs.waiter.seconds)),
        }
    };
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert("ruche-job", value);
    }
    Ok(response)
}
