//! The limits: async-nats itself, publishing, consuming and acking with confirmation; and a commit of the driver itself.

use std::{
    ops::Range,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use async_nats::jetstream::{
    self,
    consumer::{AckPolicy, pull},
    stream,
};
use futures::{StreamExt, TryStreamExt, stream as streams};
use ruche_schemas::topology::bounds;
use sea_orm::sqlx::{self, Connection as _, Executor as _, PgConnection};

use crate::table::Latencies;

/// Confirmations that are awaited at once.
pub const IN_FLIGHT: usize = 256;
/// The server's default.
const DEDUP_WINDOW: Duration = Duration::from_secs(120);
const REPLY: &str = "raw-reply";
/// In bytes.
pub const BODY: usize = 256;

struct Raw {
    client: async_nats::Client,
    jetstream: jetstream::Context,
    consumer: jetstream::consumer::PullConsumer,
    subject: String,
}

async fn open(url: &str, name: &str, duplicate_window: Duration) -> Result<Raw> {
    let client = async_nats::connect(url).await?;
    let jetstream = jetstream::new(client.clone());
    let subject = format!("raw.{name}");
    let config = stream::Config {
        name: format!("RAW_{name}"),
        subjects: vec![subject.clone()],
        retention: stream::RetentionPolicy::WorkQueue,
        storage: stream::StorageType::File,
        duplicate_window,
        ..Default::default()
    };
    let stream = jetstream.create_stream(config).await?;
    let config = pull::Config {
        durable_name: Some("worker".into()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: 10_000,
        ..Default::default()
    };
    let consumer = stream.create_consumer(config).await?;
    Ok(Raw { client, jetstream, consumer, subject })
}

impl Raw {
    /// Returns when all are confirmed.
    async fn publish(&self, jobs: Range<usize>, at_once: usize) -> Result<()> {
        let body = bytes(BODY);
        let sends = streams::iter(jobs).map(|i| {
            let (jetstream, subject, body) = (&self.jetstream, self.subject.clone(), body.clone());
            async move {
                let mut headers = async_nats::HeaderMap::new();
                headers.insert("Nats-Msg-Id", i.to_string());
                let ack = jetstream.publish_with_headers(subject, headers, body.into()).await?;
                ack.await?;
                anyhow::Ok(())
            }
        });
        sends.buffer_unordered(at_once).try_collect().await
    }

    /// Returns when all acks are confirmed.
    async fn consume(&self, jobs: usize) -> Result<()> {
        let messages = self.consumer.stream().max_messages_per_batch(IN_FLIGHT * 4).messages().await?;
        let acks = messages
            .take(jobs)
            .map(|message| async move { message?.double_ack().await.map_err(|error| anyhow::anyhow!("{error}")) });
        acks.buffer_unordered(IN_FLIGHT).try_collect().await
    }
}

/// Publishes and consumes concurrently; jobs per second until the last confirmed ack.
pub async fn throughput(url: &str, jobs: usize) -> Result<f64> {
    let raw = open(url, "throughput", DEDUP_WINDOW).await?;
    let start = Instant::now();
    tokio::try_join!(raw.publish(0..jobs, IN_FLIGHT), raw.consume(jobs))?;
    Ok(per_second(jobs, start.elapsed()))
}

/// The rates when empty and behind a backlog, with Ruche's dedup window.
pub async fn backlog(url: &str, backlog: usize, jobs: usize) -> Result<[f64; 2]> {
    let raw = open(url, "backlog", bounds::DEDUP_WINDOW).await?;
    let (mut rates, mut next) = ([0.0; 2], 0);
    for (rate, waiting) in rates.iter_mut().zip([0, backlog]) {
        raw.publish(next..next + waiting, IN_FLIGHT * 4).await?;
        next += waiting;
        let start = Instant::now();
        tokio::try_join!(raw.publish(next..next + jobs, IN_FLIGHT), raw.consume(jobs))?;
        *rate = per_second(jobs, start.elapsed());
        next += jobs;
    }
    raw.jetstream.delete_stream("RAW_backlog").await?;
    Ok(rates)
}

/// Publish, consume, reply: one after the other.
pub async fn round_trip(url: &str, name: &str, trips: usize) -> Result<Latencies> {
    let raw = open(url, name, DEDUP_WINDOW).await?;
    let mut replies = raw.client.subscribe(format!("{REPLY}.{name}")).await?;
    let mut messages = raw.consumer.stream().max_messages_per_batch(16).messages().await?;
    let (client, reply) = (raw.client.clone(), format!("{REPLY}.{name}"));
    let worker = tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            let _ = client.publish(reply.clone(), "".into()).await;
            let _ = message.ack().await;
        }
    });
    let mut latencies = Latencies::default();
    for _ in 0..trips {
        let start = Instant::now();
        raw.jetstream.publish(raw.subject.clone(), bytes(BODY).into()).await?.await?;
        replies.next().await.context("the replies ended")?;
        latencies.add(start.elapsed());
    }
    worker.abort();
    Ok(latencies)
}

fn bytes(length: usize) -> Vec<u8> {
    vec![b'x'; length]
}

#[expect(clippy::cast_precision_loss, reason = "a benchmark's counts are far below 2^52")]
pub fn per_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// A row in a transaction of its own, one after the other: what a commit costs without Ruche.
pub async fn commit(url: &str, trips: usize) -> Result<Latencies> {
    let mut connection = PgConnection::connect(url).await?;
    connection.execute("CREATE TABLE IF NOT EXISTS raw_commits (body text)").await?;
    let (body, mut latencies) = ("x".repeat(BODY), Latencies::default());
    for _ in 0..trips {
        let start = Instant::now();
        let mut transaction = connection.begin().await?;
        sqlx::query("INSERT INTO raw_commits VALUES ($1)").bind(&body).execute(&mut *transaction).await?;
        transaction.commit().await?;
        latencies.add(start.elapsed());
    }
    Ok(latencies)
}
