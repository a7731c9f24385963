//! Dead letters: one subject a job, so that a job has one letter, and letters are found without a consumer.
//!
//! A letter is the job's message as it was, with its reason in a header: what is replayed is what was sent.

use async_nats::HeaderMap;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use ruche_schemas::{JobRef, topology::bounds::MAX_LETTER_BYTES};

use super::{
    headers::{JOB, size},
    max_deliveries,
    shared::{Nats, Shared},
    store::Entry,
};
use crate::port::{Buried, DeadFilter, DeadLetter, Graveyard, Headers, Unavailable};

/// Why a job is dead, as JSON.
const LETTER: &str = "ruche-letter";

#[async_trait]
impl Graveyard for Nats {
    async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        self.shared.bury(letter).await
    }

    async fn dead(&self, filter: &DeadFilter, after: u64, limit: usize) -> Result<Vec<Buried>, Unavailable> {
        let shared = &self.shared;
        let subjects = shared.link.names.letters(filter.kind.as_ref(), filter.tenant.as_ref());
        let (mut letters, mut from) = (Vec::new(), after.saturating_add(1));
        // Again where something that is no letter was among them, so that fewer than asked for means the end.
        while letters.len() < limit {
            let found = shared.link.all(&shared.dead, &subjects, from, limit - letters.len()).await?;
            let Some(last) = found.last() else { break };
            from = last.sequence + 1;
            letters.extend(found.iter().filter_map(buried));
        }
        Ok(letters)
    }

    async fn dead_count(&self, filter: &DeadFilter) -> Result<u64, Unavailable> {
        let shared = &self.shared;
        Ok(shared
            .link
            .count(&shared.dead, &shared.link.names.letters(filter.kind.as_ref(), filter.tenant.as_ref()))
            .await?)
    }

    async fn dead_letter(&self, job: &JobRef) -> Result<Option<Buried>, Unavailable> {
        self.shared.letter_of(job).await
    }

    async fn exhume(&self, sequence: u64) -> Result<bool, Unavailable> {
        Ok(self.shared.link.delete(&self.shared.dead, sequence).await?)
    }

    async fn given_up(&self) -> Result<BoxStream<'static, Result<JobRef, Unavailable>>, Unavailable> {
        max_deliveries::given_up(std::sync::Arc::clone(&self.shared))
    }
}

impl Shared {
    /// No message id: a letter that is exhumed and buried again would count as a duplicate, and be lost.
    pub(super) async fn bury(&self, letter: &DeadLetter) -> Result<(), Unavailable> {
        let mut headers = HeaderMap::new();
        headers.insert(JOB, letter.job.id.to_string());
        headers.insert(LETTER, reason(letter));
        let mut payload = Bytes::from(letter.payload.clone());
        let room = self.link.client.max_payload().saturating_sub(size(&headers));
        if payload.len() > room {
            // Only where the server takes less than its default.
            tracing::error!(job.id = %letter.job.id, job.bytes = payload.len(), "a dead letter had to be cut");
            payload.truncate(room);
        }
        let subject = self.link.names.letter(Some(&letter.kind), &letter.job);
        self.link.store_surely(subject, Some(headers), payload).await?;
        Ok(())
    }

    pub(super) async fn letter_of(&self, job: &JobRef) -> Result<Option<Buried>, Unavailable> {
        let found = self.link.first(&self.dead, &self.link.names.letter(None, job)).await?;
        Ok(found.as_ref().and_then(buried))
    }
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

fn buried(entry: &Entry) -> Option<Buried> {
    let text = entry.headers.get(LETTER)?.as_str();
    let letter: DeadLetter = serde_json::from_str(text).ok()?;
    let payload = String::from_utf8_lossy(&entry.payload).into_owned();
    Some(Buried { sequence: entry.sequence, letter: DeadLetter { payload, ..letter } })
}
