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
/// Returns the answer of a model or a bot, whole or as a stream of server-sent events that ends with `data: [DONE]`. A
/// bot with collections answers from passages of documents: `citations` of the message, or of the last chunk of the
/// stream, list the passage of each `[n]` in the text. The model does not read the
/// oldest turns that exceed its context, and a small one reads the last question of a bot's chat alone; the header
/// `ruche-messages-left-out` and `usage` have the number of messages. The response header `ruche-job` has the job's id. If the client disconnects, the job is cancelled, unless `cancel_on_disconnect` is
/// false or there is an `Idempotency-Key`.
#[utoipa::path(
    post, path = "/v1/chat/completions", tag = "chat", security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "A repeated request with the same key gets the same job")),
    request_body = ChatCompletionRequest,
    responses(
        (status = 200, description = "The answer", content(
            (ChatCompletion = "application/json"), (ChatCompletionChunk = "text/event-stream")),
            headers(("ruche-messages-left-out" = u32, description = "How many of the oldest messages the model did not read. Missing if it read all"))),
        (status = "4XX", description = "The request is not valid; no job was created", body = ErrorBody),
        (status = "5XX", description = "The request failed on the server or timed out: see `code`", body = ErrorBody),
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
    let chat = request.into_chat();
    let model = jobs.models.aliases.resolve(chat.model.clone());
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
