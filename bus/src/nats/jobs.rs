//! Accepts jobs, keeps dead ones, and says how much waits.

use std::time::Duration;

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use bytes::Bytes;
use chrono::Utc;
use ruche_schemas::{JobId, Kind, Lane, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Shared,
    link::{Fault, Refusal},
    store::Entry,
};
use crate::{
    DeadLetter, Depth, Headers, Message, PublishError, Receipt, Unavailable,
    topology::{MAX_JOB_BYTES, MAX_LETTER_BYTES, consumer_name},
};

/// Which job a message is. The message id can't say it: a dead job that is replayed needs another one.
pub(super) const JOB: &str = "ruche-job";

/// How many attempts were used up before this message.
pub(super) const ATTEMPT: &str = "ruche-attempt";

/// What a schedule is, as JSON.
pub(super) const SCHEDULE: &str = "ruche-schedule";

/// Headers that are ours.
const OURS: [&str; 3] = [JOB, ATTEMPT, SCHEDULE];

/// Why a job is dead, as JSON.
const LETTER: &str = "ruche-letter";

/// The server has no such stream.
pub(super) const NO_STREAM: u64 = 10059;

/// Larger than the stream takes.
const TOO_LARGE: u64 = 10054;

impl Shared {
    pub(super) async fn publish(&self, message: Message) -> Result<Receipt, PublishError> {
        let Message { job, kind, lane, payload, headers } = message;
        let mut headers = to_nats(&headers);
        headers.insert("Nats-Msg-Id", format!("{}.{}", job.tenant, job.id));
        headers.insert(JOB, job.id.to_string());
        // What the server counts: the header block as it is sent, and the payload.
        let bytes = payload.len() + size(&headers);
        let too_large = || PublishError::TooLarge { bytes, max: MAX_JOB_BYTES.min(self.link.client.max_payload()) };
        if bytes > MAX_JOB_BYTES {
            return Err(too_large());
        }
        let subject = self.link.names.job(&kind, lane, &job.tenant);
        match self.link.store_surely(subject, Some(headers), payload).await {
            Ok(stored) => Ok(Receipt { duplicate: stored.duplicate }),
            Err(Fault::TooLarge | Fault::Refused(Refusal { code: TOO_LARGE, .. })) => Err(too_large()),
            Err(Fault::Refused(refusal)) if refusal.is_full() => Err(PublishError::Full { kind }),
            Err(Fault::NoResponders) => Err(self.why_nobody_listens(kind).await),
            Err(fault) => Err(PublishError::Unavailable(fault.to_string())),
        }
    }

    /// Nobody took the job: there is no such queue, or JetStream is not up.
    async fn why_nobody_listens(&self, kind: Kind) -> PublishError {
        let asked = format!("STREAM.INFO.{}", self.link.names.jobs(&kind));
        match self.link.api::<Value>(&asked, &Value::Null).await {
            Err(Fault::Refused(Refusal { code: NO_STREAM, .. })) => PublishError::UnknownKind { kind },
            Ok(_) => PublishError::Unavailable("the stream of this kind has no leader now".to_owned()),
            Err(fault) => PublishError::Unavailable(fault.to_string()),
        }
    }

    /// A dead letter is the job's message as it was, with its reason in a header: what is replayed is what was sent.
    pub(super) async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        let mut headers = HeaderMap::new();
        headers.insert("Nats-Msg-Id", format!("dead:{}.{}:{}", letter.job.tenant, letter.job.id, letter.attempts));
        headers.insert(JOB, letter.job.id.to_string());
        headers.insert(LETTER, reason(letter));
        let mut payload = Bytes::from(letter.payload.clone());
        let room = self.link.client.max_payload().saturating_sub(size(&headers));
        if payload.len() > room {
            // Only where the server takes less than its default.
            tracing::error!(job.id = %letter.job.id, job.bytes = payload.len(), "a dead letter had to be cut");
            payload.truncate(room);
        }
        let subject = self.link.names.dead(&letter.kind, Some(&letter.job.tenant));
        self.link.store_surely(subject, Some(headers), payload).await?;
        Ok(())
    }

    pub(super) async fn letters(
        &self,
        kind: &Kind,
        tenant: Option<&TenantId>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Unavailable> {
        let subjects = self.link.names.dead(kind, tenant);
        let Some(from) = self.nth_last(&subjects, limit as u64).await? else { return Ok(Vec::new()) };
        let found = self.link.all(&self.dead, &subjects, from, limit.saturating_mul(3)).await?;
        Ok(found.iter().rev().filter_map(letter).take(limit).collect())
    }

    /// A sequence of DEAD from which on `count` letters match, and not many more: reads only go forwards, so it is
    /// found by halving. `None` when nothing matches.
    async fn nth_last(&self, subjects: &str, count: u64) -> Result<Option<u64>, Unavailable> {
        if count == 0 {
            return Ok(None);
        }
        let Some(first) = self.link.first(&self.dead, subjects).await? else { return Ok(None) };
        let info: StreamInfo = self.link.api(&format!("STREAM.INFO.{}", self.dead), &Value::Null).await?;
        let (mut low, mut high) = (first.sequence, info.state.last_seq + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let found = self.link.probe(&self.dead, subjects, middle).await?;
            match found.map_or(0, |entry| entry.more + 1) {
                matching if matching < count => high = middle,
                matching if matching > count * 2 => low = middle,
                _ => return Ok(Some(middle)),
            }
        }
        Ok(Some(low))
    }

    pub(super) async fn depth(&self) -> Result<Vec<Depth>, Unavailable> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            streams: Option<Vec<String>>,
        }
        let asked = json!({"subject": self.link.names.all_jobs()});
        let found: Found = self.link.api("STREAM.NAMES", &asked).await?;
        let prefix = self.link.names.stream("JOBS_");
        let mut depths = Vec::new();
        for stream in found.streams.unwrap_or_default() {
            let kind = stream.strip_prefix(&prefix).and_then(|kind| kind.to_lowercase().parse().ok());
            let Some(kind) = kind else { continue };
            for lane in Lane::ALL {
                depths.push(self.lane_depth(&stream, &kind, lane).await?);
            }
        }
        Ok(depths)
    }

    async fn lane_depth(&self, stream: &str, kind: &Kind, lane: Lane) -> Result<Depth, Unavailable> {
        let asked = format!("CONSUMER.INFO.{stream}.{}", consumer_name(lane));
        let info: ConsumerInfo = self.link.api(&asked, &Value::Null).await?;
        let oldest = match info.num_pending + info.num_ack_pending {
            0 => None,
            _ => self.link.first(stream, &self.link.names.lane(kind, lane)).await?,
        };
        Ok(Depth {
            kind: kind.clone(),
            lane,
            waiting: info.num_pending,
            in_flight: info.num_ack_pending,
            oldest: oldest.map(|entry| (Utc::now() - entry.at).to_std().unwrap_or(Duration::ZERO)),
        })
    }
}

#[derive(Deserialize)]
struct ConsumerInfo {
    num_pending: u64,
    num_ack_pending: u64,
}

#[derive(Deserialize)]
struct StreamInfo {
    state: StreamState,
}

#[derive(Deserialize)]
struct StreamState {
    last_seq: u64,
}

/// The letter without its payload, as one line that fits [`MAX_LETTER_BYTES`] together with the other headers.
fn reason(letter: &DeadLetter) -> String {
    let mut short = DeadLetter { payload: String::new(), ..letter.clone() };
    if short.failure.message.len() > MAX_LETTER_BYTES / 8 {
        short.failure.message = short.failure.message.chars().take(MAX_LETTER_BYTES / 32).collect();
    }
    let json = |letter: &DeadLetter| serde_json::to_string(letter).unwrap_or_default();
    let text = json(&short);
    match text.len() > MAX_LETTER_BYTES - 1024 {
        true => json(&DeadLetter { headers: Headers::new(), ..short }),
        false => text,
    }
}

fn letter(entry: &Entry) -> Option<DeadLetter> {
    let text = entry.headers.get(LETTER)?.as_str();
    let letter: DeadLetter = serde_json::from_str(text).ok()?;
    Some(DeadLetter { payload: String::from_utf8_lossy(&entry.payload).into_owned(), ..letter })
}

/// The bytes of a header block as it is sent.
pub(super) fn size(headers: &HeaderMap) -> usize {
    let line = |(name, values): (&HeaderName, &Vec<HeaderValue>)| {
        let name = AsRef::<str>::as_ref(name).len();
        values.iter().map(|value| name + value.as_str().len() + 4).sum::<usize>()
    };
    headers.iter().map(line).sum::<usize>() + 12
}

/// Headers as sent; those that mean something to the server, or can't be sent, are left out.
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

/// Headers as received, the server's and ours left out.
pub(super) fn from_nats(map: &HeaderMap) -> Headers {
    let text = |(name, values): (&HeaderName, &Vec<HeaderValue>)| {
        let name = AsRef::<str>::as_ref(name).to_ascii_lowercase();
        let value = values.last()?.as_str().to_owned();
        (!name.starts_with("nats-") && !OURS.contains(&name.as_str())).then_some((name, value))
    };
    map.iter().filter_map(text).collect()
}

/// The job that a message says it is: by header, by message id, by the envelope's `id`.
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
