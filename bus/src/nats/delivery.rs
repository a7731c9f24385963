//! A delivered job, and the acknowledgements that settle it.

use std::{sync::Arc, time::Duration};

use async_nats::{HeaderMap, Message};
use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use ruche_schemas::{JobId, JobRef, Kind, Lane, TenantId, clock, topology::sources::Source};
use uuid::Uuid;

use super::{
    connection::RequestError,
    headers::{self, number},
    scheduler::Deferred,
    shared::Shared,
};
use crate::port::{self, Delivery, Extend, Settle, Unavailable};

/// Parsed from the reply subject of a delivered message (NATS ADR-15).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AckInfo {
    attempt: u32,
    pub(super) sequence: u64,
    pub(super) published_at: DateTime<Utc>,
    behind: u64,
}

impl AckInfo {
    /// `$JS.ACK.<stream>.<consumer>.<attempt>.<sequence>.<delivery>.<nanoseconds>.<behind>`, or the same with domain
    /// and account before the stream and a random token behind.
    pub(super) fn parse(reply: &str) -> Option<Self> {
        let tokens: Vec<_> = reply.split('.').collect();
        let numbers = match tokens.len() {
            9 => &tokens[4..9],
            11.. => &tokens[6..11],
            _ => return None,
        };
        let number = |i: usize| numbers[i].parse::<u64>().ok();
        Some(Self {
            attempt: u32::try_from(number(0)?).unwrap_or(u32::MAX),
            sequence: number(1)?,
            published_at: DateTime::from_timestamp_nanos(i64::try_from(number(3)?).ok()?),
            behind: number(4)?,
        })
    }
}

/// The job, its source, and how many wait behind it. `None` if it is no job.
pub(super) fn read(shared: &Arc<Shared>, kind: &Kind, message: Message) -> Option<(Delivery, usize, u64)> {
    let reply = message.reply?.to_string();
    let info = AckInfo::parse(&reply)?;
    let stream = shared.names.jobs(kind);
    let (job, lane) =
        job_of_message(&stream, &message.subject, message.headers.as_ref(), &message.payload, info.sequence)?;
    let shard = unpooled(&message.subject).rsplit('.').nth(1).and_then(|shard| shard.parse::<u32>().ok()).unwrap_or(0);
    let source = Source { lane, shard: shard % lane.shards() };
    let count = |name| message.headers.as_ref().map_or(0, |headers| number(headers, name));
    let attempt = info.attempt.saturating_add(u32::try_from(count(headers::ATTEMPT)).unwrap_or(u32::MAX));
    let first_seq = Some(count(headers::FIRST_SEQ)).filter(|first_seq| *first_seq > 0);
    let headers = message.headers.as_ref().map(headers::from_nats).unwrap_or_default();
    let (kind, payload) = (kind.clone(), message.payload);
    let whole = port::Message { job, kind, lane, payload, headers, first_seq };
    let answer = Answer { shared: Arc::clone(shared), reply, whole: Arc::new(whole.clone()), attempt, info };
    let port::Message { job, kind, lane, payload, headers, first_seq } = whole;
    let (published_at, behind) = (answer.info.published_at, answer.info.behind);
    let settle = Box::new(answer);
    let delivery = Delivery { job, kind, lane, attempt, payload, headers, published_at, first_seq, settle };
    Some((delivery, source.index(), behind))
}

/// The subject `<prefix>.job.<kind>.<lane>.<shard>.<tenant>`, without the pool that may come after it.
fn unpooled(subject: &str) -> &str {
    match subject.split('.').count() {
        7 => subject.rsplit_once('.').map_or(subject, |(before, _)| before),
        _ => subject,
    }
}

/// The job and the lane of a message in this stream, by its subject `....<lane>.<shard>.<tenant>`.
pub(super) fn job_of_message(
    stream: &str,
    subject: &str,
    headers: Option<&HeaderMap>,
    payload: &[u8],
    sequence: u64,
) -> Option<(JobRef, Lane)> {
    let mut tokens = unpooled(subject).rsplit('.');
    let (tenant, lane) = (tokens.next()?, tokens.nth(1)?);
    let lane: Lane = lane.parse().ok()?;
    // A program that publishes straight onto NATS may leave out the id or misspell the tenant. Such a job is delivered
    // under names that no envelope has: the worker rejects it, and it becomes a dead letter.
    let tenant = tenant.parse::<TenantId>().or_else(|_| "invalid-tenant".parse()).ok()?;
    let id = headers::job_id(headers, payload).unwrap_or_else(|| nameless(stream.as_bytes(), sequence));
    Some((JobRef { tenant, id }, lane))
}

/// An id for a job that has none, the same at each attempt: a UUIDv8 (RFC 9562) of stream (FNV-1a) and sequence.
fn nameless(stream: &[u8], sequence: u64) -> JobId {
    let hash = stream
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&hash.to_be_bytes());
    bytes[8..].copy_from_slice(&sequence.to_be_bytes());
    JobId(Uuid::new_v8(bytes))
}

#[derive(Clone)]
struct Answer {
    shared: Arc<Shared>,
    reply: String,
    whole: Arc<port::Message>,
    attempt: u32,
    info: AckInfo,
}

impl Answer {
    /// Sends an acknowledgement until the server confirms it, at most twice. A second one changes nothing.
    async fn confirm(&self, what: &[u8]) -> Result<(), Unavailable> {
        let what = Bytes::copy_from_slice(what);
        let connection = &self.shared.connection;
        let answer = match connection.request(self.reply.clone(), None, what.clone()).await {
            Err(RequestError::Timeout) => connection.request(self.reply.clone(), None, what).await,
            answer => answer,
        };
        let answer = answer.map_err(|error| match error {
            RequestError::NoResponders => Unavailable("the queue that the job came from is gone".to_owned()),
            error => error.into(),
        })?;
        // A confirmation is empty. Anything else is an error.
        match answer.status.is_none() && answer.payload.is_empty() {
            true => Ok(()),
            false => Err(Unavailable(format!(
                "the server does not confirm: {:?} {}",
                answer.status,
                String::from_utf8_lossy(&answer.payload)
            ))),
        }
    }
}

#[async_trait]
impl Settle for Answer {
    async fn ack(&self) -> Result<(), Unavailable> {
        self.confirm(b"+ACK").await
    }

    async fn nak(&self, after: Duration) -> Result<(), Unavailable> {
        match after.as_nanos() {
            0 => self.confirm(b"-NAK").await,
            nanos => self.confirm(format!(r#"-NAK {{"delay":{nanos}}}"#).as_bytes()).await,
        }
    }

    async fn term(&self) -> Result<(), Unavailable> {
        self.confirm(b"+TERM").await
    }

    async fn defer(&self, until: DateTime<Utc>, counts: bool) -> Result<(), Unavailable> {
        let message = (*self.whole).clone();
        let once = format!("defer.{}.{}.{}", message.kind, self.info.sequence, self.info.attempt);
        let used = self.attempt.saturating_sub(u32::from(!counts));
        self.shared.defer(Deferred { message, used, once }, until).await?;
        self.ack().await
    }

    async fn forward(&self, pool: &str) -> Result<(), Unavailable> {
        // As a deferral until now: the queue drops a second message with the job's own id.
        let mut message = (*self.whole).clone();
        message.headers.insert(port::POOL.to_owned(), pool.to_owned());
        let once = format!("forward.{}.{}.{}", message.kind, self.info.sequence, self.info.attempt);
        let used = self.attempt.saturating_sub(1);
        self.shared.defer(Deferred { message, used, once }, clock::now()).await?;
        self.ack().await
    }

    fn extender(&self) -> Box<dyn Extend> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl Extend for Answer {
    async fn extend(&self) -> Result<(), Unavailable> {
        self.confirm(b"+WPI").await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_acknowledgement_are_read() {
        let short = AckInfo::parse("$JS.ACK.JOBS_CHAT.normal.2.17.30.1700000000000000000.4").expect("short");
        assert_eq!((short.attempt, short.sequence, short.behind), (2, 17, 4));
        assert_eq!(short.published_at.timestamp(), 1_700_000_000);
        let long = AckInfo::parse("$JS.ACK._.ACC.JOBS_CHAT.normal.2.17.30.1700000000000000000.4.x7");
        assert_eq!(long, Some(short));
        for odd in ["", "$JS.ACK", "_INBOX.a.b", "$JS.ACK.S.c.x.17.30.1.4"] {
            assert_eq!(AckInfo::parse(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_job_without_an_id_keeps_the_one_it_is_given() {
        assert_eq!(nameless(b"JOBS_CHAT", 7), nameless(b"JOBS_CHAT", 7));
        assert_ne!(nameless(b"JOBS_CHAT", 7), nameless(b"JOBS_CHAT", 8));
        assert_ne!(nameless(b"JOBS_CHAT", 7), nameless(b"JOBS_EMBED", 7));
    }
}
