//! Creates streams and consumers, or updates them; never deletes a stream, nor a job.
//!
//! Gateways do both. A worker only creates what is missing: whoever may change a stream can empty it, and two
//! programs with different settings would overwrite each other's.
//!
//! Settings that the topology does not name stay as they are on the server. So do a stream's subjects that don't
//! overlap with ours: a gateway with fewer kinds than another must not remove the others' advisories. Overlapping
//! subjects and obsolete consumers are from an earlier version: both are replaced, and the new consumers deliver the
//! jobs of the old ones.

use std::time::Duration;

use backon::{ConstantBuilder, Retryable};
use ruche_schemas::{
    Kind,
    topology::{
        bounds::REQUIRED_SERVER,
        server::{Consumer, Stream},
        streams::{pool_consumers, streams},
    },
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    codes::{NO_CONSUMER, NO_STREAM},
    connection::{ApiError, RequestError},
    shared::Shared,
};

/// How often a request without an answer is sent: a cluster that elects leaders, or whose disks are busy, needs more
/// than one wait. Every request here may be repeated.
const ATTEMPTS: usize = 6;

/// Streams and consumers can't be created or updated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopologyError {
    /// The server lacks a needed feature.
    #[error(
        "the NATS server is version {found}, but {}.{} or later is needed: upgrade nats-server",
        REQUIRED_SERVER.0,
        REQUIRED_SERVER.1
    )]
    TooOld {
        /// The server's version.
        found: String,
    },
    #[error("NATS refuses {what}: {reason}")]
    Refused {
        /// The stream or consumer.
        what: String,
        reason: String,
    },
    /// The server can't be reached or JetStream is off.
    #[error(
        "NATS can't create {what}: {reason}. Is JetStream enabled (nats-server -js), and may this user do that \
         (nats/roles.conf)?"
    )]
    Unavailable {
        /// The stream or consumer.
        what: String,
        reason: String,
    },
}

fn failed(what: &str, error: RequestError) -> TopologyError {
    let what = what.to_owned();
    match error {
        RequestError::Api(error) => TopologyError::Refused { what, reason: RequestError::Api(error).to_string() },
        other => TopologyError::Unavailable { what, reason: other.to_string() },
    }
}

#[derive(Deserialize)]
struct Info {
    config: Value,
}

/// Who ensures the streams.
#[derive(Debug, Clone, Copy)]
pub(super) enum Keeper<'a> {
    /// A gateway creates and updates all of them.
    Gateway,
    /// A worker creates missing ones, with the queues of its own kinds only.
    Worker(&'a [Kind]),
}

impl Shared {
    /// Returns how many streams and consumers were created or changed.
    pub(super) async fn ensure(&self, kinds: &[Kind], keeper: Keeper<'_>) -> Result<usize, TopologyError> {
        check_version(&self.connection.client.server_info().version)?;
        let may_change = matches!(keeper, Keeper::Gateway);
        let mut changes = 0;
        for stream in self.streams_of(kinds, keeper) {
            changes += usize::from(self.ensure_stream(&stream, may_change).await?);
            for name in stream.obsolete.iter().filter(|_| may_change) {
                changes += usize::from(self.remove_consumer(&stream.name, name).await?);
            }
            for consumer in &stream.consumers {
                changes += usize::from(self.ensure_consumer(&stream.name, consumer, may_change).await?);
            }
        }
        Ok(changes)
    }

    /// The streams that a keeper ensures.
    pub(super) fn streams_of(&self, kinds: &[Kind], keeper: Keeper<'_>) -> Vec<Stream> {
        let mut streams = streams(&self.config, kinds, self.ack_wait);
        if let Keeper::Worker(own) = keeper {
            let others = kinds.iter().filter(|kind| !own.contains(kind)).map(|kind| self.names.jobs(kind));
            let others: Vec<_> = others.collect();
            streams.retain(|stream| !others.contains(&stream.name));
        }
        streams
    }

    /// Creates the consumers of a pool that are missing.
    pub(super) async fn ensure_pool(&self, kind: &Kind, pool: &str) -> Result<(), TopologyError> {
        let stream = self.names.jobs(kind);
        for consumer in pool_consumers(&self.names, kind, pool, self.ack_wait) {
            self.ensure_consumer(&stream, &consumer, false).await?;
        }
        Ok(())
    }

    async fn ask<T: DeserializeOwned>(&self, subject: &str, body: &Value) -> Result<T, RequestError> {
        with_retries(|| self.connection.api(subject, body)).await
    }

    async fn ensure_stream(&self, stream: &Stream, may_change: bool) -> Result<bool, TopologyError> {
        let name = &stream.name;
        let what = format!("stream {name}");
        let wanted = json!(stream);
        let verb = match self.ask::<Info>(&format!("STREAM.INFO.{name}"), &Value::Null).await {
            Ok(found) => match merged(&found.config, &wanted).filter(|_| may_change) {
                None => return Ok(false),
                Some(config) => ("UPDATE", config),
            },
            Err(RequestError::Api(ApiError { code: NO_STREAM, .. })) => ("CREATE", wanted),
            Err(error) => return Err(failed(&what, error)),
        };
        let subject = format!("STREAM.{}.{name}", verb.0);
        let _: Value = self.ask(&subject, &verb.1).await.map_err(|error| failed(&what, error))?;
        tracing::info!(messaging.destination.name = %name, action = verb.0, "stream");
        Ok(true)
    }

    /// Its unsettled jobs are redelivered.
    async fn remove_consumer(&self, stream: &str, name: &str) -> Result<bool, TopologyError> {
        match self.ask::<Value>(&format!("CONSUMER.DELETE.{stream}.{name}"), &Value::Null).await {
            Ok(_) => {
                tracing::info!(messaging.destination.name = %stream, messaging.consumer.name = %name, "consumer replaced");
                Ok(true)
            }
            Err(RequestError::Api(ApiError { code: NO_CONSUMER, .. })) => Ok(false),
            Err(error) => Err(failed(&format!("consumer {name} of stream {stream}"), error)),
        }
    }

    async fn ensure_consumer(
        &self,
        stream: &str,
        consumer: &Consumer,
        may_change: bool,
    ) -> Result<bool, TopologyError> {
        let name = &consumer.name;
        let what = format!("consumer {name} of stream {stream}");
        let wanted = json!(consumer);
        let config = match self.ask::<Info>(&format!("CONSUMER.INFO.{stream}.{name}"), &Value::Null).await {
            Ok(found) => match merged(&found.config, &wanted).filter(|_| may_change) {
                None => return Ok(false),
                Some(config) => config,
            },
            Err(RequestError::Api(ApiError { code: NO_CONSUMER, .. })) => wanted,
            Err(error) => return Err(failed(&what, error)),
        };
        let subject = format!("CONSUMER.CREATE.{stream}.{name}.{}", consumer.filter_subject);
        let config = json!({"stream_name": stream, "config": config});
        let _: Value = self.ask(&subject, &config).await.map_err(|error| failed(&what, error))?;
        tracing::info!(messaging.destination.name = %stream, messaging.consumer.name = %name, "consumer");
        Ok(true)
    }
}

/// [`ATTEMPTS`] times in all, while there is no answer.
async fn with_retries<T, F: Future<Output = Result<T, RequestError>>>(
    ask: impl FnMut() -> F,
) -> Result<T, RequestError> {
    // A wait for an answer is delay enough.
    let policy = ConstantBuilder::new().with_delay(Duration::ZERO).with_max_times(ATTEMPTS - 1);
    let notify = |_: &RequestError, _| tracing::warn!("NATS does not answer yet: asking again");
    ask.retry(policy).when(|error| *error == RequestError::Timeout).notify(notify).await
}

/// The found configuration with the wanted one over it; `None` if that changes nothing.
fn merged(found: &Value, wanted: &Value) -> Option<Value> {
    let (Some(old), Some(wanted)) = (found.as_object(), wanted.as_object()) else {
        return Some(wanted.clone());
    };
    let mut new = old.clone();
    for (key, value) in wanted {
        let value = match (key.as_str(), old.get(key)) {
            ("subjects", Some(Value::Array(there))) => {
                let ours = value.as_array().map_or(&[][..], Vec::as_slice);
                let stays = |subject: &&Value| ours.contains(subject) || !ours.iter().any(|our| overlap(our, subject));
                let mut all: Vec<_> = there.iter().filter(stays).cloned().collect();
                all.extend(ours.iter().filter(|our| !there.contains(our)).cloned());
                Value::Array(all)
            }
            _ => value.clone(),
        };
        // The server leaves out what is false, zero or empty.
        let absent = matches!(&value, Value::Bool(false)) || value.as_u64() == Some(0) || value == json!("");
        if !absent || old.contains_key(key) {
            new.insert(key.clone(), value);
        }
    }
    (&new != old).then_some(Value::Object(new))
}

/// Whether some messages match both subjects. The server refuses a stream with two such subjects.
fn overlap(one: &Value, other: &Value) -> bool {
    let (Some(one), Some(other)) = (one.as_str(), other.as_str()) else { return false };
    let (mut one, mut other) = (one.split('.'), other.split('.'));
    loop {
        match (one.next(), other.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some(a), Some(b)) if a == b || a == "*" || b == "*" => {}
            _ => return false,
        }
    }
}

fn check_version(found: &str) -> Result<(), TopologyError> {
    let mut numbers = found.trim_start_matches('v').split(['.', '-']).map(str::parse::<u32>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= REQUIRED_SERVER => Ok(()),
        _ => Err(TopologyError::TooOld { found: found.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::ready};

    use super::*;

    #[test]
    fn a_server_older_than_2_14_is_refused() {
        for old in ["2.13.9", "2.9.25", "1.4.1", "2.10.0-beta.1", "", "two"] {
            let error = check_version(old).expect_err(old).to_string();
            assert!(error.contains("2.14") && error.contains(old), "{error}");
        }
        for new in ["2.14.0", "2.15.1", "2.14.0-RC.1", "3.0.0", "v2.14.2"] {
            assert_eq!(check_version(new), Ok(()), "{new}");
        }
    }

    #[tokio::test]
    async fn what_gets_no_answer_is_asked_again_and_a_refusal_is_not() {
        let refused = || Err(RequestError::Api(ApiError { code: NO_STREAM, description: String::new() }));
        for (silent, then, answer, asked) in [
            (0, Ok(7), Ok(7), 1),
            (ATTEMPTS - 1, Ok(7), Ok(7), ATTEMPTS),
            (2, refused(), refused(), 3),
            (ATTEMPTS, Ok(7), Err(RequestError::Timeout), ATTEMPTS),
        ] {
            let calls = Cell::new(0);
            let result = with_retries(|| {
                calls.update(|calls| calls + 1);
                ready(if calls.get() <= silent { Err(RequestError::Timeout) } else { then.clone() })
            });
            assert_eq!((result.await, calls.get()), (answer, asked));
        }
    }

    #[test]
    fn what_others_have_set_stays() {
        let found = json!({"name": "A", "subjects": ["x", "y"], "max_age": 5, "metadata": {"by": "them"}});
        assert_eq!(merged(&found, &json!({"subjects": ["y"], "max_age": 5, "max_bytes": 0})), None);
        let merged = merged(&found, &json!({"subjects": ["z"], "max_age": 6})).expect("a change");
        assert_eq!(merged["subjects"], json!(["x", "y", "z"]));
        assert_eq!(merged["metadata"]["by"], "them");
    }

    #[test]
    fn subjects_that_overlap_with_ours_are_replaced() {
        let found = json!({"subjects": ["a.x.*", "b.*.*", "c.>", "d"]});
        let merged = merged(&found, &json!({"subjects": ["a.x.*", "b.0.*", "b.1.*", "c.1"]})).expect("a change");
        assert_eq!(merged["subjects"], json!(["a.x.*", "d", "b.0.*", "b.1.*", "c.1"]));
        let overlapping = |one: &str, other: &str| overlap(&json!(one), &json!(other));
        assert!(overlapping("a.*", "a.b") && overlapping("a.b.c", "a.>") && overlapping("*.b", "a.*"));
        assert!(!overlapping("a.*", "a.b.c") && !overlapping("a", "a.>") && !overlapping("a.b", "a.c"));
    }
}
