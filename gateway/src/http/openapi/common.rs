//! What many operations share, said once: the errors that any request can get, the shape of server-sent events, and
//! that a parameter which is left out is not `null`.

use serde_json::{Map, Value, json};

/// Statuses of every operation below `/v1`, and what they mean.
const ALWAYS: [(&str, &str); 6] = [
    ("400", "A parameter, a header or a field is not valid: `param` names it"),
    ("401", "The key is missing or not valid"),
    ("403", "The key may not do this: it belongs to another tenant, or does not have the role `admin`"),
    ("429", "A limit of the tenant is reached: try again after `Retry-After`"),
    ("500", "Internal error; the gateway's log has the cause"),
    ("503", "NATS or Postgres is not reachable: try again after `Retry-After`"),
];

/// Statuses of every operation that has a body, too.
const WITH_BODY: [(&str, &str); 3] = [
    ("408", "The body did not arrive in time"),
    ("413", "The body is too large, as it is or decoded"),
    ("415", "The content type or the content encoding is not supported"),
];

/// Calls for each operation, with its path and method.
pub(super) fn each_operation(document: &mut Value, mut act: impl FnMut(&str, &str, &mut Map<String, Value>)) {
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                act(path, method, operation);
            }
        }
    }
}

pub(super) fn add(document: &mut Value) {
    each_operation(document, |path, _, operation| {
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            without_null(&mut parameter["schema"]);
        }
        let has_body = operation.contains_key("requestBody");
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
        for response in responses.values_mut() {
            describe_events(response);
        }
        if path.starts_with("/v1/") {
            let statuses = ALWAYS.iter().chain(WITH_BODY.iter().filter(|_| has_body));
            for (status, description) in statuses {
                responses.entry(*status).or_insert_with(|| error(description));
            }
        }
    });
}

fn error(description: &str) -> Value {
    let content = json!({ "application/json": { "schema": { "$ref": "#/components/schemas/ErrorBody" } } });
    json!({ "description": description, "content": content })
}

/// The schema of an event stream is that of each event, whose data is JSON in a text.
fn describe_events(response: &mut Value) {
    let Some(stream) = response.pointer_mut("/content/text~1event-stream") else { return };
    let data = stream["schema"].take();
    let json = json!({ "type": "string", "contentMediaType": "application/json", "contentSchema": data });
    // OpenAI's streams end with a text that is no JSON.
    let data = match data["$ref"].as_str().is_some_and(|name| name.ends_with("ChatCompletionChunk")) {
        true => json!({ "anyOf": [{ "const": "[DONE]" }, json] }),
        false => json,
    };
    let properties = json!({ "id": { "type": "string" }, "event": { "type": "string" }, "data": data });
    stream["schema"] = json!({ "type": "object", "required": ["data"], "properties": properties });
}

fn without_null(schema: &mut Value) {
    if let Some(types) = schema["type"].as_array() {
        let kept: Vec<&Value> = types.iter().filter(|kind| *kind != "null").collect();
        if let [only] = kept.as_slice() {
            schema["type"] = (*only).clone();
        }
    }
}
