//! The messages of the WebSocket. `gateway/WEBSOCKET.md` describes them for client authors; a test reads its
//! examples.

use ruche_schemas::{JobRef, Record, lenient, plain};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

use crate::{
    chat::openai::request::ChatCompletionRequest,
    http::{
        error::ApiError,
        ignored,
        json::{checked, parse_value},
        limits,
    },
    jobs::submission::Accepted,
};

/// The subprotocol. A browser, which can't set headers, offers it together with `bearer.<key>`.
pub const PROTOCOL: &str = "ruche.v1";

#[derive(Debug)]
pub enum Incoming {
    Auth {
        key: String,
    },
    Chat {
        /// As over HTTP.
        request: Box<ChatCompletionRequest>,
        /// A repeated key is the same job.
        idempotency_key: Option<String>,
    },
    Resume {
        job: String,
        /// The first `n` that is sent.
        from: u64,
    },
    Cancel {
        job: String,
    },
    Ping,
}

/// A message, with the client's reference to it.
#[derive(Debug)]
pub struct Request {
    /// `ref`: returned in the answer.
    pub reference: Option<String>,
    pub incoming: Result<Incoming, ApiError>,
    /// The paths of its unknown fields.
    pub ignored: Vec<String>,
}

#[derive(Deserialize)]
struct Auth {
    key: String,
}

#[derive(Deserialize)]
struct Resume {
    job: String,
    from: Option<u64>,
}

#[derive(Deserialize)]
struct Cancel {
    job: String,
}

#[derive(Deserialize)]
struct Ping {}

#[must_use]
pub fn parse(text: &str) -> Request {
    let not_json = |why: String| Request {
        reference: None,
        incoming: Err(ApiError::invalid("body", format!("the message is not a JSON object{why}")).code("invalid_json")),
        ignored: Vec::new(),
    };
    let mut fields = match serde_json::from_str(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return not_json(String::new()),
        Err(error) => return not_json(format!(": {}", plain::not_json(text, &error))),
    };
    match take_text(&mut fields, "ref") {
        Ok(reference) => {
            let read = || checked(text).and_then(|_| incoming(fields));
            let (incoming, found) = ignored::collect_now(read);
            let found = ignored::beside(incoming.as_ref().err(), found);
            Request { reference, incoming, ignored: lenient::shown(&found) }
        }
        Err(error) => Request { reference: None, incoming: Err(error), ignored: Vec::new() },
    }
}

fn incoming(mut fields: Map<String, Value>) -> Result<Incoming, ApiError> {
    let kind = take_text(&mut fields, "type")?;
    match kind.as_deref() {
        Some("auth") => read(fields).map(|Auth { key }| Incoming::Auth { key }),
        Some("chat") => {
            let idempotency_key = take_text(&mut fields, "idempotency_key")?;
            // A socket always streams.
            fields.remove("stream");
            let request = Box::new(ChatCompletionRequest::from_value(Value::Object(fields))?);
            Ok(Incoming::Chat { request, idempotency_key })
        }
        Some("resume") => {
            read(fields).map(|Resume { job, from }| Incoming::Resume { job, from: from.unwrap_or(1).max(1) })
        }
        Some("cancel") => read(fields).map(|Cancel { job }| Incoming::Cancel { job }),
        Some("ping") => read(fields).map(|Ping {}| Incoming::Ping),
        other => {
            let message =
                format!("{:?} is no type of message: use auth, chat, resume, cancel or ping", other.unwrap_or(""));
            Err(ApiError::invalid("type", message))
        }
    }
}

/// Removes and returns a short string.
fn take_text(fields: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, ApiError> {
    match fields.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.len() <= limits::IDEMPOTENCY_KEY_BYTES => Ok(Some(text)),
        Some(_) => {
            let message = format!("{name} is not a string of at most {} bytes", limits::IDEMPOTENCY_KEY_BYTES);
            Err(ApiError::invalid(name, message))
        }
    }
}

fn read<T: DeserializeOwned>(fields: Map<String, Value>) -> Result<T, ApiError> {
    parse_value(&Value::Object(fields))
}

/// The first message, after authentication.
#[must_use]
pub fn welcome() -> Value {
    json!({ "type": "welcome", "protocol": PROTOCOL })
}

#[must_use]
pub fn accepted(reference: Option<&str>, accepted: &Accepted) -> Value {
    let Accepted { job, duplicate, conversation, .. } = accepted;
    json!({ "type": "accepted", "ref": reference, "job": job.id, "conversation": conversation, "duplicate": duplicate })
}

/// The job is followed, or has ended and no event follows.
#[must_use]
pub fn resumed(reference: Option<&str>, job: &JobRef, ended: bool) -> Value {
    json!({ "type": "resumed", "ref": reference, "job": job.id, "ended": ended })
}

#[must_use]
pub fn cancelling(reference: Option<&str>, job: uuid::Uuid) -> Value {
    json!({ "type": "cancelling", "ref": reference, "job": job })
}

#[must_use]
pub fn pong(reference: Option<&str>) -> Value {
    json!({ "type": "pong", "ref": reference })
}

/// A message has unknown fields. It is answered by itself.
#[must_use]
pub fn ignored(reference: Option<&str>, fields: &[String]) -> Value {
    json!({ "type": "ignored", "ref": reference, "fields": fields })
}

/// A message was refused, or a job can't be followed further.
#[must_use]
pub fn error(reference: Option<&str>, job: Option<&JobRef>, error: &ApiError) -> Value {
    let detail = error.to_json()["error"].take();
    json!({ "type": "error", "ref": reference, "job": job.map(|job| job.id), "error": detail })
}

/// The only message with an `n`.
#[must_use]
pub fn event(job: &JobRef, record: &Record) -> Value {
    let Record { n, event, kind, attempt, at, data, claim } = record;
    let mut message =
        json!({ "job": job.id, "n": n, "type": event, "kind": kind, "attempt": attempt, "at": at, "data": data });
    if let Some(claim) = claim {
        message["claim"] = json!(claim);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_can_not_be_read_is_answered_with_its_own_ref() {
        for (text, reference, param) in [
            ("{", None, "body"),
            ("[]", None, "body"),
            (r#"{"ref":"a"}"#, Some("a"), "type"),
            (r#"{"type":"dance","ref":"a"}"#, Some("a"), "type"),
            (r#"{"type":"resume","ref":"a","job":7}"#, Some("a"), "job"),
            (r#"{"type":"resume","ref":"a"}"#, Some("a"), "job"),
            (r#"{"type":"resume","job":"x","from":-1}"#, None, "from"),
            (r#"{"type":"chat","ref":"a","messages":"hi"}"#, Some("a"), "messages"),
            (r#"{"type":"ping","ref":7}"#, None, "ref"),
        ] {
            let request = parse(text);
            let error = request.incoming.expect_err(text).to_json();
            assert_eq!(
                (request.reference.as_deref(), error["error"]["param"].as_str()),
                (reference, Some(param)),
                "{text}"
            );
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_told() {
        let text = r#"{"type":"chat","ref":"a","colour":1,"messages":[{"role":"user","content":"hi","mood":"x"}]}"#;
        let Request { incoming, ignored, .. } = parse(text);
        assert!(matches!(incoming, Ok(Incoming::Chat { .. })), "{incoming:?}");
        assert_eq!(ignored, ["colour", "messages[0].mood"]);
        let Request { incoming, ignored, .. } = parse(r#"{"type":"cancel","job":"x","now":true}"#);
        assert!(matches!(incoming, Ok(Incoming::Cancel { .. })), "{incoming:?}");
        assert_eq!(ignored, ["now"]);
    }

    #[test]
    fn the_examples_for_clients_can_be_read() {
        let document = include_str!("../../../WEBSOCKET.md");
        let examples: Vec<&str> = document.lines().filter_map(|line| line.strip_prefix("-> ")).map(str::trim).collect();
        assert!(examples.len() >= 5, "{examples:?}");
        for example in examples {
            assert!(parse(example).incoming.is_ok(), "{example}");
        }
    }
}
