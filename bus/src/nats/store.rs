//! Reads streams without a consumer: single messages and batches by subject.
//!
//! A consumer costs the server state and, on a cluster, a vote; a direct get costs a look-up. Any replica may answer
//! a direct get, a moment behind the leader. A read that must be exact asks the leader.

use async_nats::{HeaderMap, Message, StatusCode};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::time;

use super::{
    codes::{GONE, NO_MESSAGE},
    connection::{ANSWER, Connection, RequestError},
    headers::number,
};

/// Messages requested at a time.
const BATCH: usize = 512;

/// Bytes requested at a time.
const BATCH_BYTES: usize = 8 << 20;

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) subject: String,
    pub(super) sequence: u64,
    pub(super) at: DateTime<Utc>,
    pub(super) headers: HeaderMap,
    pub(super) payload: Bytes,
    pub(super) more: u64,
}

impl Entry {
    fn read(message: Message) -> Option<Self> {
        let headers = message.headers?;
        let at = DateTime::parse_from_rfc3339(headers.get("Nats-Time-Stamp")?.as_str()).ok()?.to_utc();
        let subject = headers.get("Nats-Subject")?.as_str().to_owned();
        let sequence = number(&headers, "Nats-Sequence");
        let more = number(&headers, "Nats-Num-Pending");
        Some(Self { subject, sequence, at, headers, payload: message.payload, more })
    }
}

impl Connection {
    pub(super) async fn last(&self, stream: &str, subject: &str) -> Result<Option<Entry>, RequestError> {
        let asked = format!("$JS.API.DIRECT.GET.{stream}.{subject}");
        one(self.request(asked, None, Bytes::new()).await?)
    }

    /// From the stream's leader, so exact.
    pub(super) async fn last_from_leader(&self, stream: &str, subject: &str) -> Result<Option<Entry>, RequestError> {
        self.ask_leader(stream, &json!({"last_by_subj": subject})).await
    }

    /// From the stream's leader, so exact.
    pub(super) async fn get_from_leader(&self, stream: &str, sequence: u64) -> Result<Option<Entry>, RequestError> {
        self.ask_leader(stream, &json!({"seq": sequence})).await
    }

    async fn ask_leader(&self, stream: &str, query: &Value) -> Result<Option<Entry>, RequestError> {
        #[derive(serde::Deserialize)]
        struct Answer {
            message: Raw,
        }
        #[derive(serde::Deserialize)]
        struct Raw {
            seq: u64,
        }
        let asked = format!("STREAM.MSG.GET.{stream}");
        // The replica that answers may not have it yet; or it was deleted meanwhile.
        for _ in 0..50 {
            let sequence = match self.api::<Answer>(&asked, query).await {
                Ok(answer) => answer.message.seq,
                Err(RequestError::Api(error)) if error.code == NO_MESSAGE => return Ok(None),
                Err(error) => return Err(error),
            };
            if let Some(entry) = self.by(stream, &json!({"seq": sequence})).await? {
                return Ok(Some(entry));
            }
            time::sleep(time::Duration::from_millis(20)).await;
        }
        Err(RequestError::Timeout)
    }

    /// `false`: it was not there.
    pub(super) async fn delete(&self, stream: &str, sequence: u64) -> Result<bool, RequestError> {
        let asked = format!("STREAM.MSG.DELETE.{stream}");
        match self.api::<Value>(&asked, &json!({"seq": sequence, "no_erase": true})).await {
            Ok(_) => Ok(true),
            Err(RequestError::Api(error)) if GONE.contains(&error.code) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn first(&self, stream: &str, subjects: &str) -> Result<Option<Entry>, RequestError> {
        self.first_from(stream, subjects, 1).await
    }

    /// From this sequence on.
    pub(super) async fn first_from(
        &self,
        stream: &str,
        subjects: &str,
        from: u64,
    ) -> Result<Option<Entry>, RequestError> {
        self.by(stream, &json!({"seq": from, "next_by_subj": subjects})).await
    }

    pub(super) async fn count(&self, stream: &str, subjects: &str) -> Result<u64, RequestError> {
        let mut found = Vec::new();
        self.batch(stream, &json!({"seq": 1, "next_by_subj": subjects, "batch": 1}), &mut found).await?;
        Ok(found.pop().map_or(0, |entry| entry.more + 1))
    }

    async fn by(&self, stream: &str, query: &Value) -> Result<Option<Entry>, RequestError> {
        let asked = format!("$JS.API.DIRECT.GET.{stream}");
        one(self.request(asked, None, Bytes::from(query.to_string())).await?)
    }

    /// From this sequence on, in order; at most `limit`.
    pub(super) async fn all(
        &self,
        stream: &str,
        subjects: &str,
        from: u64,
        limit: usize,
    ) -> Result<Vec<Entry>, RequestError> {
        let mut found: Vec<Entry> = Vec::new();
        let mut next = from.max(1);
        while found.len() < limit {
            let batch = BATCH.min(limit - found.len());
            let query = json!({"seq": next, "next_by_subj": subjects, "batch": batch, "max_bytes": BATCH_BYTES});
            let more = self.batch(stream, &query, &mut found).await?;
            match found.last() {
                Some(last) if more && last.sequence >= next => next = last.sequence + 1,
                _ => break,
            }
        }
        Ok(found)
    }

    /// Since this time; at most `limit`.
    pub(super) async fn since(
        &self,
        stream: &str,
        subjects: &str,
        time: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Entry>, RequestError> {
        let mut found = Vec::new();
        if limit == 0 {
            // The server refuses an empty batch.
            return Ok(found);
        }
        let query = json!({"start_time": time.to_rfc3339(), "next_by_subj": subjects, "batch": BATCH.min(limit)});
        if self.batch(stream, &query, &mut found).await? {
            let next = found.last().map_or(1, |entry| entry.sequence + 1);
            found.extend(self.all(stream, subjects, next, limit.saturating_sub(found.len())).await?);
        }
        Ok(found)
    }

    /// Returns whether more match.
    async fn batch(&self, stream: &str, query: &Value, found: &mut Vec<Entry>) -> Result<bool, RequestError> {
        let mut answers = self.request_many(format!("$JS.API.DIRECT.GET.{stream}"), query).await?;
        loop {
            let message = answers.next(ANSWER).await?;
            match message.status {
                None => found.extend(Entry::read(message)),
                Some(StatusCode::NOT_FOUND) => return Ok(false),
                Some(StatusCode::NO_RESPONDERS) => return Err(RequestError::NoResponders),
                // 204: the end of the batch.
                Some(status) if status == 204 => {
                    return Ok(message.headers.is_some_and(|headers| number(&headers, "Nats-Num-Pending") > 0));
                }
                Some(status) => {
                    let description = message.description.unwrap_or_default();
                    return Err(RequestError::Unexpected(format!("NATS answers {status} {description} to a read")));
                }
            }
        }
    }
}

fn one(message: Message) -> Result<Option<Entry>, RequestError> {
    match message.status {
        None => Ok(Entry::read(message)),
        Some(StatusCode::NOT_FOUND) => Ok(None),
        Some(status) => {
            let description = message.description.unwrap_or_default();
            Err(RequestError::Unexpected(format!("NATS answers {status} {description} to a read")))
        }
    }
}
