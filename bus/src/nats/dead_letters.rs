//! Dead letters: one subject per job, so that a job has one letter and letters are found without a consumer.
//!
//! A letter is the job's message as published, with its reason in a header. A replay publishes the same message.

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use ruche_schemas::{JobRef, topology::bounds::MAX_DEAD_LETTER_OVERHEAD};

use super::{
    headers::{JOB, size},
    max_deliveries,
    shared::{Nats, Shared},
    store::Entry,
};
use crate::port::{DeadFilter, DeadLetter, DeadLetterQueue, Headers, StoredDeadLetter, Unavailable};

/// The letter without its payload, as JSON.
const DEAD_LETTER: &str = "ruche-dead-letter";

#[async_trait]
impl DeadLetterQueue for Nats {
    async fn put_dead_letter(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        self.shared.put(letter).await
    }

    async fn list_dead_letters(
        &self,
        filter: &DeadFilter,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredDeadLetter>, Unavailable> {
        let shared = &self.shared;
        let subjects = shared.names.dead_letters(filter.kind.as_ref(), filter.tenant.as_ref());
        let (mut letters, mut from) = (Vec::new(), after.saturating_add(1));
        // Read on if a message was no letter, so that fewer than `limit` letters mean the end.
        while letters.len() < limit {
            let found = shared.connection.all(&shared.dead, &subjects, from, limit - letters.len()).await?;
            let Some(last) = found.last() else { break };
            from = last.sequence + 1;
            letters.extend(found.iter().filter_map(stored));
        }
        Ok(letters)
    }

    async fn count_dead_letters(&self, filter: &DeadFilter) -> Result<u64, Unavailable> {
        let shared = &self.shared;
        Ok(shared
            .connection
            .count(&shared.dead, &shared.names.dead_letters(filter.kind.as_ref(), filter.tenant.as_ref()))
            .await?)
    }

    async fn get_dead_letter(&self, job: &JobRef) -> Result<Option<StoredDeadLetter>, Unavailable> {
        self.shared.dead_letter_of(job).await
    }

    async fn remove_dead_letter(&self, sequence: u64) -> Result<bool, Unavailable> {
        Ok(self.shared.connection.delete(&self.shared.dead, sequence).await?)
    }

    async fn watch_max_deliveries(
        &self,
    ) -> Result<BoxStream<'static, Result<Option<JobRef>, Unavailable>>, Unavailable> {
        max_deliveries::watch(std::sync::Arc::clone(&self.shared))
    }
}

impl Shared {
    /// Without a message id: a letter that is removed and put again would be a duplicate and lost.
    pub(super) async fn put(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        let mut headers = HeaderMap::new();
        headers.insert(JOB, letter.job.id.to_string());
        headers.insert(DEAD_LETTER, reason(letter));
        let mut payload = Bytes::from(letter.payload.clone());
        let available = self.connection.client.max_payload().saturating_sub(size(&headers));
        if payload.len() > available {
            // Only if the server's bound is below its default.
            tracing::error!(job.id = %letter.job.id, job.bytes = payload.len(), "the payload of a dead letter was truncated");
            payload.truncate(available);
        }
        let subject = self.names.dead_letter(Some(&letter.kind), &letter.job);
        self.connection.store_with_retry(subject, Some(headers), payload).await?;
        Ok(())
    }

    pub(super) async fn dead_letter_of(&self, job: &JobRef) -> Result<Option<StoredDeadLetter>, Unavailable> {
        let found = self.connection.first(&self.dead, &self.names.dead_letter(None, job)).await?;
        Ok(found.as_ref().and_then(stored))
    }
}

/// The letter without its payload, as one line that fits [`MAX_DEAD_LETTER_OVERHEAD`] together with the other headers.
fn reason(letter: &DeadLetter) -> String {
    let mut short = DeadLetter { payload: String::new(), ..letter.clone() };
    if short.failure.message.len() > MAX_DEAD_LETTER_OVERHEAD / 8 {
        short.failure.message = short.failure.message.chars().take(MAX_DEAD_LETTER_OVERHEAD / 32).collect();
    }
    let json = |letter: &DeadLetter| serde_json::to_string(letter).unwrap_or_default();
    let text = json(&short);
    match text.len() > MAX_DEAD_LETTER_OVERHEAD - 1024 {
        true => json(&DeadLetter { headers: Headers::new(), ..short }),
        false => text,
    }
}

fn stored(entry: &Entry) -> Option<StoredDeadLetter> {
    let text = entry.headers.get(DEAD_LETTER)?.as_str();
    let letter: DeadLetter = serde_json::from_str(text).ok()?;
    let payload = String::from_utf8_lossy(&entry.payload).into_owned();
    Some(StoredDeadLetter { sequence: entry.sequence, letter: DeadLetter { payload, ..letter } })
}
