//! Documents for programs in other languages that use Ruche over NATS: a JSON Schema per kind and version, and one
//! AsyncAPI document that says where each message goes.
//!
//! They are generated from the types that gateways and workers read, and committed in `schemas/json/`: a test fails
//! if a type has changed and its document has not. A published version is never edited; raise [`crate::Job::VERSION`]
//! instead.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::{
    Lane, Record,
    kinds::{self, Descriptor},
    metrics::Measure,
    topology::subjects,
};

/// The documents by file name: `chat.v1.json` and so on, `event.json`, `asyncapi.json`.
#[must_use]
pub fn documents() -> Vec<(String, Value)> {
    let generator = || SchemaSettings::draft2020_12().into_generator();
    let kinds = kinds::all();
    let mut all: Vec<_> = kinds
        .iter()
        .map(|kind| (file(kind), with_id(kind.envelope(&mut generator()).to_value(), &file(kind))))
        .collect();
    all.push(("event.json".to_owned(), with_id(generator().into_root_schema_for::<Record>().to_value(), "event.json")));
    all.push(("asyncapi.json".to_owned(), asyncapi(&kinds)));
    all
}

#[must_use]
pub fn file(kind: &Descriptor) -> String {
    format!("{}.v{}.json", kind.kind, kind.version)
}

/// The page `docs/kinds.md`.
#[must_use]
pub fn kinds_page() -> String {
    let mut page = "# The kinds of job\n\nWritten from the kinds' descriptors: [how to add one](new-kind.md).\n\n\
        | kind | does | settings | models | `ruche up` starts a worker | schema |\n|---|---|---|---|---|---|\n"
        .to_owned();
    for kind in kinds::all() {
        let name = &kind.kind;
        let settings = if kind.defaults.is_empty() { "none".to_owned() } else { format!("`[{name}]`") };
        let models = kind.models.iter().map(|slot| format!("`models.{}`", slot.name)).collect::<Vec<_>>().join(", ");
        let started = if kind.optional { "if its model is configured" } else { "always" };
        let (about, file) = (kind.about, file(&kind));
        page += &format!(
            "| `{name}` | {about} | {settings} | {} | {started} | [{file}](../schemas/json/{file}) |\n",
            if models.is_empty() { "none" } else { &models }
        );
    }
    page += "\n## Metrics\n\nWhat the workers of a kind export at `/metrics`, beside `ruche_jobs_*`, which every kind has. A \
        histogram adds `_bucket`, `_sum` and `_count`.\n\n| metric | type | counts |\n|---|---|---|\n";
    for kind in kinds::all() {
        for metric in kind.metrics {
            let measure = if metric.measure == Measure::Counter { "counter" } else { "histogram" };
            page += &format!("| `{}` | {measure} | {} |\n", metric.full_name(kind.kind.as_str()), metric.help);
        }
    }
    page
}

fn with_id(mut schema: Value, file: &str) -> Value {
    if let Some(fields) = schema.as_object_mut() {
        fields.shift_insert(1.min(fields.len()), "$id".to_owned(), json!(format!("urn:ruche:schema:{file}")));
    }
    schema
}

/// AsyncAPI 3.0.0: channels, messages and who sends what. Addresses begin with the configured prefix.
fn asyncapi(kinds: &[Descriptor]) -> Value {
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for kind in kinds {
        let name = &kind.kind;
        messages.insert(format!("{name}Job"), job_message(kind));
        channels.insert(format!("{name}Jobs"), job_channel(kind));
        operations.insert(
            format!("submit-{name}"),
            json!({
                "action": "send",
                "channel": {"$ref": format!("#/channels/{name}Jobs")},
                "summary": format!("Submit a {name} job"),
                "description": "Publish with JetStream and wait for its acknowledgement (PubAck): from then on the job \
                    is not lost any more. Without one within some seconds, publish the same message again: the same \
                    `Nats-Msg-Id` adds nothing.",
            }),
        );
    }
    messages.insert("event".to_owned(), event_message());
    channels.insert("events".to_owned(), events_channel());
    operations.insert(
        "follow".to_owned(),
        json!({
            "action": "receive",
            "channel": {"$ref": "#/channels/events"},
            "summary": "Follow a job: its events, from the first to `done`, `failed` or `cancelled`",
        }),
    );
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ruche on NATS",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs straight onto NATS JetStream, and their events. A job that breaks its schema is \
                kept as a dead letter with the reason.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "nats": {"host": "127.0.0.1:4222", "protocol": "nats", "security": [{"type": "userPassword"}]},
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    })
}

fn job_channel(kind: &Descriptor) -> Value {
    let name = &kind.kind;
    json!({
        "address": subjects::JOB.address(&[("kind", name.as_str())]),
        "description": "A work queue. The server lets a producer publish under its own tenant only.",
        "parameters": {
            "prefix": {"description": "The setting nats.prefix", "default": "ruche"},
            "lane": {"enum": ["interactive", "normal", "bulk"], "default": "normal", "description": "How urgent it is"},
            "shard": {
                "default": "0",
                "enum": (0..Lane::Bulk.shards()).map(|shard| shard.to_string()).collect::<Vec<_>>(),
                "description": format!(
                    "0 in the lanes interactive and normal. In bulk, the CRC-32 of the tenant's name (as in gzip; in \
                     Python zlib.crc32), modulo {}: the others are not this tenant's",
                    Lane::Bulk.shards()
                ),
            },
            "tenant": {"description": "Whose job it is"},
        },
        "messages": {"job": {"$ref": format!("#/components/messages/{name}Job")}},
    })
}

fn job_message(kind: &Descriptor) -> Value {
    json!({
        "name": format!("{} job, version {}", kind.kind, kind.version),
        "headers": {
            "type": "object",
            "required": ["Nats-Msg-Id"],
            "properties": {
                "Nats-Msg-Id": {"type": "string", "description": "`<tenant>.<id>`: the same job twice is one"},
                "ruche-job": {"type": "string", "format": "uuid", "description": "The job's id, as in the envelope"},
                "traceparent": {"type": "string", "description": "W3C Trace Context: the job's spans join that trace"},
            },
        },
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": format!("./{}", file(kind))},
        },
    })
}

fn events_channel() -> Value {
    json!({
        "address": subjects::LIVE.address(&[]),
        "description": "Events once they are stored, for those who listen. What was said before is in the stream \
            EVENTS, subject {prefix}.event.{tenant}.{job}.",
        "parameters": {
            "prefix": {"description": "The setting nats.prefix", "default": "ruche"},
            "tenant": {"description": "Whose job it is"},
            "job": {"description": "The job's id"},
        },
        "messages": {"event": {"$ref": "#/components/messages/event"}},
    })
}

fn event_message() -> Value {
    json!({
        "name": "event",
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": "./event.json"},
        },
    })
}
