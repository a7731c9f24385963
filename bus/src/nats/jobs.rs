//! Publishes jobs, and counts the waiting ones.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future;
use ruche_schemas::{
    Kind, Lane, clock,
    topology::{bounds::MAX_JOB_BYTES, names::Names},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    codes::{NO_STREAM, TOO_LARGE},
    connection::{ApiError, RequestError},
    headers::{FIRST_SEQ, JOB, size, to_nats},
    shared::Shared,
};
use crate::port::{Depth, Message, POOL, PublishError, Receipt, Unavailable};

impl Shared {
    pub(super) async fn publish(&self, message: Message) -> Result<Receipt, PublishError> {
        let Message { job, kind, lane, payload, headers, first_seq } = message;
        let pool = headers.get(POOL).cloned();
        let mut headers = to_nats(&headers);
        headers.insert("Nats-Msg-Id", format!("{}.{}", job.tenant, job.id));
        headers.insert(JOB, job.id.to_string());
        if let Some(first_seq) = first_seq {
            headers.insert(FIRST_SEQ, first_seq.to_string());
        }
        // The server counts the header block on the wire, and the payload.
        let bytes = payload.len() + size(&headers);
        let too_large =
            || PublishError::TooLarge { bytes, max: MAX_JOB_BYTES.min(self.connection.client.max_payload()) };
        if bytes > MAX_JOB_BYTES {
            return Err(too_large());
        }
        let subject = self.names.job(&kind, lane, &job.tenant, pool.as_deref());
        match self.connection.store_with_retry(subject, Some(headers), payload).await {
            Ok(stored) => Ok(Receipt { duplicate: stored.duplicate }),
            Err(RequestError::TooLarge | RequestError::Api(ApiError { code: TOO_LARGE, .. })) => Err(too_large()),
            Err(RequestError::Api(error)) if error.is_subject_full() => Err(PublishError::TenantFull { kind }),
            Err(RequestError::Api(error)) if error.is_full() => Err(PublishError::Full { kind }),
            Err(RequestError::NoResponders) => Err(self.why_no_responders(kind).await),
            Err(error) => Err(PublishError::Unavailable(error.to_string())),
        }
    }

    /// No stream took the job: there is no such queue, or JetStream is not up.
    async fn why_no_responders(&self, kind: Kind) -> PublishError {
        let asked = format!("STREAM.INFO.{}", self.names.jobs(&kind));
        match self.connection.api::<Value>(&asked, &Value::Null).await {
            Err(RequestError::Api(ApiError { code: NO_STREAM, .. })) => PublishError::UnknownKind { kind },
            Ok(_) => PublishError::Unavailable("the stream of this kind has no leader now".to_owned()),
            Err(error) => PublishError::Unavailable(error.to_string()),
        }
    }

    pub(super) async fn depth(&self) -> Result<Vec<Depth>, Unavailable> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            streams: Option<Vec<String>>,
        }
        let asked = json!({"subject": self.names.all_jobs()});
        let found: Found = self.connection.api("STREAM.NAMES", &asked).await?;
        let mut depths = Vec::new();
        for stream in found.streams.unwrap_or_default() {
            let Some(kind) = self.names.kind_of(&stream) else { continue };
            let consumers = self.consumers(&stream).await?;
            for lane in Lane::ALL {
                depths.push(self.lane_depth(&stream, &kind, lane, &consumers).await?);
            }
        }
        Ok(depths)
    }

    /// The consumers of a stream of jobs. A pool has its own.
    async fn consumers(&self, stream: &str) -> Result<Vec<String>, Unavailable> {
        #[derive(Deserialize)]
        struct Page {
            total: usize,
            #[serde(default)]
            consumers: Option<Vec<String>>,
        }
        let mut names = Vec::new();
        loop {
            let asked = json!({"offset": names.len()});
            let page: Page = self.connection.api(&format!("CONSUMER.NAMES.{stream}"), &asked).await?;
            let found = page.consumers.unwrap_or_default();
            let is_last = found.is_empty() || names.len() + found.len() >= page.total;
            names.extend(found);
            if is_last {
                return Ok(names);
            }
        }
    }

    async fn lane_depth(
        &self,
        stream: &str,
        kind: &Kind,
        lane: Lane,
        consumers: &[String],
    ) -> Result<Depth, Unavailable> {
        let own = consumers.iter().filter_map(|consumer| {
            let (source, pool) = Names::source_of(consumer).filter(|(source, _)| source.lane == lane)?;
            let jobs = match pool {
                Some(pool) => self.names.pooled(kind, source, Some(pool)),
                None => self.names.source(kind, source),
            };
            Some((consumer, jobs))
        });
        let own: Vec<_> = own.collect();
        let shards = own.iter().map(|(consumer, jobs)| self.shard_depth(stream, consumer, jobs));
        let shards = future::try_join_all(shards).await?;
        let oldest = shards.iter().filter_map(|(_, oldest)| *oldest).min();
        Ok(Depth {
            kind: kind.clone(),
            lane,
            waiting: shards.iter().map(|(info, _)| info.num_pending).sum(),
            in_flight: shards.iter().map(|(info, _)| info.num_ack_pending).sum(),
            oldest: oldest.map(|at| (clock::now() - at).to_std().unwrap_or(Duration::ZERO)),
        })
    }

    /// The state of a shard's consumer, and since when its oldest undelivered job waits.
    async fn shard_depth(
        &self,
        stream: &str,
        consumer: &str,
        jobs: &str,
    ) -> Result<(ConsumerInfo, Option<DateTime<Utc>>), Unavailable> {
        let asked = format!("CONSUMER.INFO.{stream}.{consumer}");
        let info: ConsumerInfo = self.connection.api(&asked, &Value::Null).await?;
        // It follows the last delivered job.
        let from = info.delivered.stream_seq + 1;
        let oldest = match info.num_pending {
            0 => None,
            _ => self.connection.first_from(stream, jobs, from).await?,
        };
        Ok((info, oldest.map(|entry| entry.at)))
    }
}

#[derive(Deserialize)]
struct ConsumerInfo {
    num_pending: u64,
    num_ack_pending: u64,
    delivered: Delivered,
}

#[derive(Deserialize)]
struct Delivered {
    stream_seq: u64,
}
