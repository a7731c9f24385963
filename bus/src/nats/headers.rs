//! Headers of messages: ours, and those of the server.

use std::time::Duration;

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use ruche_schemas::JobId;
use serde::Deserialize;

use crate::port::Headers;

/// The message's job. The message id can't have it: a dead job that is replayed needs another one.
pub(super) const JOB: &str = "ruche-job";

/// How many attempts were used up before this message.
pub(super) const ATTEMPT: &str = "ruche-attempt";

/// The sequence of the job's first event, if the publisher has written it.
pub(super) const FIRST_SEQ: &str = "ruche-first-seq";

/// As JSON.
pub(super) const SCHEDULE: &str = "ruche-schedule";

const OURS: [&str; 4] = [JOB, ATTEMPT, FIRST_SEQ, SCHEDULE];

/// 0 without the header.
pub(super) fn number(headers: &HeaderMap, name: &str) -> u64 {
    headers.get(name).and_then(|value| value.as_str().parse().ok()).unwrap_or_default()
}

/// Headers of a message that is stored if the subject's last message has this sequence (0: if it has none), and that
/// the server drops after this long: whole seconds, at least one.
pub(super) fn guarded(last: u64, time: Duration) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("Nats-Expected-Last-Subject-Sequence", last.to_string());
    let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    headers.insert("Nats-TTL", format!("{}s", seconds.max(1)));
    headers
}

/// The bytes of the header block on the wire.
pub(super) fn size(headers: &HeaderMap) -> usize {
    let line = |(name, values): (&HeaderName, &Vec<HeaderValue>)| {
        let name = AsRef::<str>::as_ref(name).len();
        values.iter().map(|value| name + value.as_str().len() + 4).sum::<usize>()
    };
    headers.iter().map(line).sum::<usize>() + 12
}

/// Leaves out headers with a meaning to the server, and unsendable ones.
pub(super) fn to_nats(headers: &Headers) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let reserved = name.to_ascii_lowercase().starts_with("nats-") || OURS.contains(&name.as_str());
        if let (false, Ok(name), Ok(value)) = (reserved, name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            map.insert(name, value);
        }
    }
    map
}

/// Leaves out the server's headers and ours.
pub(super) fn from_nats(map: &HeaderMap) -> Headers {
    let text = |(name, values): (&HeaderName, &Vec<HeaderValue>)| {
        let name = AsRef::<str>::as_ref(name).to_ascii_lowercase();
        let value = values.last()?.as_str().to_owned();
        (!name.starts_with("nats-") && !OURS.contains(&name.as_str())).then_some((name, value))
    };
    map.iter().filter_map(text).collect()
}

/// The job of a message: by header, by message id, by the envelope's `id`.
pub(super) fn job_id(headers: Option<&HeaderMap>, payload: &[u8]) -> Option<JobId> {
    #[derive(Deserialize)]
    struct Id {
        id: JobId,
    }
    let header = |name: &str| headers?.get(name)?.as_str().rsplit('.').next()?.parse().ok();
    header(JOB)
        .or_else(|| header("Nats-Msg-Id"))
        .or_else(|| serde_json::from_slice::<Id>(payload).ok().map(|found| found.id))
}
