//! Settles deliveries: the only place that acks, so commit-before-ack can be checked by reading one function.

use std::time::Duration;

use chrono::Utc;
use ruche_bus::{Bus, Delivery, trace};
use ruche_schemas::{Envelope, Failure, event::Outcome, failure::codes};
use serde_json::{Value, value::RawValue};
use tracing::{Instrument, info, info_span, warn};

use super::{
    EventLog, LogError, Patience, Shared,
    attempt::{self, Unread, Verdict},
    extend::Pulse,
};
use crate::ports::ledger::{Committed, Ended, Keep, LedgerError};

/// Makes an attempt at a job and settles it.
pub(super) async fn settle(shared: &Shared, delivery: Delivery) {
    let span = info_span!(
        "job",
        otel.name = %format!("process {}", delivery.kind),
        otel.kind = "consumer",
        messaging.system = "nats",
        messaging.operation.name = "process",
        job.id = %delivery.job.id,
        job.kind = %delivery.kind,
        job.attempt = delivery.attempt,
        tenant.id = %delivery.job.tenant,
    );
    trace::adopt(&span, &delivery.headers);
    async {
        let pulse = Pulse::start(&shared.parts.pulse, delivery.extender(), shared.options.ack_wait);
        let timer = shared.metrics.begin(delivery.published_at);
        let outcome = work_and_settle(shared, delivery).await;
        timer.end(outcome);
        drop(pulse);
    }
    .instrument(span)
    .await;
}

/// The order that nothing may change: outcome stored, event said, delivery settled. What fails on the way leaves
/// the delivery unsettled, and the next attempt goes on from what is stored.
async fn work_and_settle(shared: &Shared, delivery: Delivery) -> &'static str {
    let (log, verdict, job) = match attempt::read(&delivery) {
        Ok(job) => {
            let (log, verdict) = attempt::attempt(shared, &delivery, &job).await;
            (log, verdict, job)
        }
        Err(failure) => {
            let Ok(last) = shared.parts.bus.last(&delivery.job).await else { return "unsettled" };
            let log = attempt::open(shared, &delivery, last.as_ref());
            let verdict = Verdict::Ended { outcome: Outcome::Failed(failure), keep: Vec::new() };
            (Some(log), verdict, unreadable(&delivery))
        }
    };
    match (verdict, log) {
        (Verdict::Ended { outcome, keep }, Some(log)) => end(shared, delivery, &job, log, outcome, keep).await,
        (Verdict::EndedBefore { outcome, attempt, said }, Some(log)) => {
            let log = (!said).then_some(log);
            say_and_ack(shared, delivery, log, outcome, attempt).await
        }
        (Verdict::Again { source, after }, log) => again(shared, delivery, &job, log, source, after).await,
        (Verdict::Superseded, _) => {
            info!("a later attempt has the job: leaving it alone");
            "superseded"
        }
        (Verdict::Leaving, _) => settled(delivery.retry(Duration::ZERO).await, "handed_back"),
        (Verdict::Ended { .. } | Verdict::EndedBefore { .. }, None) => "unsettled",
    }
}

/// Hands the job out again, or gives it up after its last attempt.
async fn again(
    shared: &Shared,
    delivery: Delivery,
    job: &Unread,
    log: Option<EventLog>,
    source: anyhow::Error,
    after: Option<Duration>,
) -> &'static str {
    let limits = shared.parts.handler.limits();
    if let Some(log) = log
        && delivery.attempt >= limits.attempts
    {
        let message = format!("all {} attempts failed; the last one: {source:#}", limits.attempts);
        let outcome = Outcome::Failed(Failure::new(codes::ATTEMPTS, message));
        return end(shared, delivery, job, log, outcome, Vec::new()).await;
    }
    let after = after.unwrap_or_else(|| limits.backoff.delay(delivery.attempt, rand::random()));
    warn!(error = %format!("{source:#}"), retry_in_ms = after.as_millis(), "the attempt failed: the job will be tried again");
    settled(delivery.retry(after).await, "retried")
}

/// Stores how the job ended, says so, and settles.
async fn end(
    shared: &Shared,
    delivery: Delivery,
    job: &Unread,
    log: EventLog,
    outcome: Outcome<Value>,
    keep: Vec<Keep>,
) -> &'static str {
    let attempt = delivery.attempt;
    if job.ephemeral {
        return say_and_ack(shared, delivery, Some(log), outcome, attempt).await;
    }
    let ended = Ended {
        job: delivery.job.clone(),
        kind: delivery.kind.clone(),
        lane: delivery.lane,
        attempt: delivery.attempt,
        outcome,
        created_at: job.created_at,
        ended_at: Utc::now(),
        trace_id: trace::trace_id(),
        keep,
        origin: job.origin,
        member: None,
        children: Vec::new(),
    };
    match commit(shared, ended).await {
        Some((Committed::Stored, outcome)) => say_and_ack(shared, delivery, Some(log), outcome, attempt).await,
        Some((Committed::Already(stored), _)) => {
            say_and_ack(shared, delivery, Some(log), stored.outcome, stored.attempt).await
        }
        Some((Committed::Fenced, _)) => "superseded",
        None => settled(delivery.retry(Duration::ZERO).await, "handed_back"),
    }
}

/// Commits, waiting for the database as long as it takes: what was worked out is not thrown away. `None`: the
/// worker leaves.
async fn commit(shared: &Shared, mut ended: Ended) -> Option<(Committed, Outcome<Value>)> {
    let mut patience = Patience::endless();
    loop {
        match shared.parts.ledger.commit(&ended).await {
            Ok(committed) => return Some((committed, ended.outcome)),
            Err(LedgerError::Refused(failure)) => {
                // What it would keep can't be kept: the job has failed, and that can be stored. Where even that is
                // refused (another tenant has a job of this id), its event and dead letter say so.
                ended.outcome = Outcome::Failed(failure);
                if std::mem::take(&mut ended.keep).is_empty() {
                    return Some((Committed::Stored, ended.outcome));
                }
                continue;
            }
            Err(LedgerError::Unavailable(error)) => {
                warn!(%error, "the outcome is not stored yet: waiting for the database")
            }
        }
        tokio::select! {
            _ = patience.wait() => {}
            () = shared.shutdown.leave.cancelled() => return None,
        }
    }
}

/// Says how the job ended, where a log is given, and settles: a dead letter for a failure, an ack else. `attempt` is
/// the one that ended it.
async fn say_and_ack(
    shared: &Shared,
    delivery: Delivery,
    log: Option<EventLog>,
    outcome: Outcome<Value>,
    attempt: u32,
) -> &'static str {
    let name = outcome.event_type().as_str();
    if let Some(mut log) = log {
        let data = outcome.data().unwrap_or_default();
        match log.append(outcome.event_type(), data).await {
            Ok(()) | Err(LogError::Ended) => {}
            Err(LogError::Superseded) => return "superseded",
            Err(LogError::Unavailable(error)) => {
                warn!(%error, "the outcome is stored, but could not be said: the next attempt will");
                return "unsettled";
            }
        }
    }
    let bus: &dyn Bus = shared.parts.bus.as_ref();
    match outcome {
        Outcome::Failed(failure) => {
            info!(error.type = failure.code, error = %failure, "failed: kept as a dead letter");
            settled(delivery.reject(bus, failure, attempt, Utc::now()).await, name)
        }
        Outcome::Done(_) | Outcome::Cancelled => settled(delivery.done().await, name),
    }
}

fn settled(result: Result<(), ruche_bus::Unavailable>, name: &'static str) -> &'static str {
    match result {
        Ok(()) => name,
        Err(error) => {
            warn!(%error, "not settled: the job will be handed out again, and its stored outcome said again");
            "unsettled"
        }
    }
}

/// An envelope for a job whose own can't be read, so that its failure can be stored.
fn unreadable(delivery: &Delivery) -> Unread {
    Envelope::of(
        delivery.kind.clone(),
        0,
        delivery.job.id,
        delivery.job.tenant.clone(),
        delivery.lane,
        delivery.published_at,
        RawValue::NULL.to_owned(),
    )
}
