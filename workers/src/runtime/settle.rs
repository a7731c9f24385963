//! Settles deliveries: the only place that acks, so commit-before-ack can be checked by reading one function.

use std::{sync::atomic::Ordering, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use ruche_bus::{Bus, Delivery, trace};
use ruche_schemas::{
    Envelope, EventType, Failure,
    event::{Outcome, Retrying},
    failure::codes,
};
use ruche_store::ledger::{Ended, Write};
use serde_json::{Value, value::RawValue};
use tracing::{Instrument, info, info_span, warn};

use super::{
    admission::{Admission, admit},
    attempt::{self, SideEffects, Verdict},
    claims,
    commit::{Commit, commit},
    event_log::{EventLog, LogError},
    follow_ups,
    pools::{self, Place},
    scope::Unread,
    shared::Shared,
};

/// The server's consumer can hold only few longer delays, so such a job is deferred.
const HANDED_BACK: Duration = Duration::from_secs(10);
/// The longest delay that a handler can request.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// The pause before the next look for the pool of a job, while workers are still registering.
const REGISTERING: Duration = Duration::from_secs(2);
/// The pause before the next try to start what follows a stored job.
const BLOCKED: Duration = Duration::from_secs(5);

/// The outcomes with which a job leaves its queue.
const ENDS: [&str; 3] = [EventType::Done.as_str(), EventType::Failed.as_str(), EventType::Cancelled.as_str()];

impl Shared {
    fn in_future(&self, wait: Duration) -> DateTime<Utc> {
        self.parts.clock.now() + TimeDelta::from_std(wait).unwrap_or_default()
    }
}

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
        let (timer, lane) = (shared.metrics.begin(delivery.published_at, shared.parts.clock.now()), delivery.lane);
        match pools::place(shared, &delivery).await {
            Place::Here => {}
            Place::Pool(pool) => return timer.end(settled(delivery.forward(&pool).await, "forwarded")),
            Place::Unknown => {
                let later = delivery.defer(shared.in_future(REGISTERING), false).await;
                return timer.end(settled(later, "deferred"));
            }
        }
        let outcome = match admit(shared, &delivery).await {
            Admission::Admitted(slot) => {
                let heartbeat = shared.heartbeats.start_job(delivery.extender(), slot);
                let outcome = work_and_settle(shared, delivery).await;
                heartbeat.stop();
                outcome
            }
            Admission::Deferred(wait) => settled(delivery.defer(shared.in_future(wait), false).await, "deferred"),
            Admission::Unknown(wait) => settled(delivery.retry(wait).await, "deferred"),
        };
        if ENDS.contains(&outcome) {
            shared.ended[lane as usize].fetch_add(1, Ordering::Relaxed);
        }
        timer.end(outcome);
    }
    .instrument(span)
    .await;
}

/// The order is fixed: documents and a large output are offloaded, the outcome is committed, follow-ups are started,
/// the last event is appended, the delivery is settled. A failure leaves the delivery unsettled, and the next attempt
/// continues from what is stored.
async fn work_and_settle(shared: &Shared, delivery: Delivery) -> &'static str {
    let (log, verdict, job) = match attempt::read(&delivery) {
        Ok(job) => {
            let (log, verdict) = attempt::attempt(shared, &delivery, &job).await;
            (log, verdict, job)
        }
        Err(failure) => {
            let Ok(last) = shared.parts.bus.last(&delivery.job).await else { return "unsettled" };
            let log = attempt::open(shared, &delivery, last.as_ref());
            (Some(log), Verdict::ended(Outcome::Failed(failure)), unreadable(&delivery))
        }
    };
    match (verdict, log) {
        (Verdict::Ended { outcome, side_effects }, Some(log)) => {
            end(shared, delivery, &job, log, outcome, side_effects).await
        }
        (Verdict::AlreadyFinished { outcome, attempt, emitted }, Some(log)) => {
            let log = (!emitted).then_some(log);
            emit_and_ack(shared, delivery, log.map(|log| (log, Some(&job))), outcome, attempt, job.ephemeral).await
        }
        (Verdict::Retry { source, after }, log) => retry(shared, delivery, &job, log, source, after).await,
        (Verdict::Superseded, _) => {
            info!("a later attempt has the job: leaving it alone");
            "superseded"
        }
        (Verdict::ShuttingDown, _) => settled(delivery.retry(Duration::ZERO).await, "handed_back"),
        (Verdict::Ended { .. } | Verdict::AlreadyFinished { .. }, None) => "unsettled",
    }
}

/// Redelivers the job; after its last attempt, ends it as failed.
async fn retry(
    shared: &Shared,
    delivery: Delivery,
    job: &Unread,
    log: Option<EventLog>,
    source: anyhow::Error,
    after: Option<Duration>,
) -> &'static str {
    let limits = shared.parts.handler.limits();
    let Some(mut log) = log else {
        // Nothing was written, and nothing was read.
        let after = limits.backoff.delay(delivery.attempt, rand::random());
        warn!(error = %format!("{source:#}"), "the attempt could not begin: the job will be tried again");
        return settled(delivery.retry(after.min(HANDED_BACK)).await, "retried");
    };
    if delivery.attempt >= limits.attempts {
        let message = format!("all {} attempts failed; the last one: {source:#}", limits.attempts);
        let outcome = Outcome::Failed(Failure::new(codes::ATTEMPTS, message));
        return end(shared, delivery, job, log, outcome, SideEffects::default()).await;
    }
    let after = after.unwrap_or_else(|| limits.backoff.delay(delivery.attempt, rand::random())).min(LONGEST);
    let error = format!("{source:#}");
    warn!(error, retry_in_ms = after.as_millis(), "the attempt failed: the job will be tried again");
    let next_attempt_at = shared.in_future(after);
    let retrying = serde_json::to_value(Retrying { error, next_attempt_at }).unwrap_or_default();
    match log.append(EventType::Retrying, retrying).await {
        Ok(()) => {}
        // The attempt that ended it or took it over settles it.
        Err(LogError::Ended | LogError::Superseded) => return "superseded",
        Err(LogError::Unavailable(error)) => warn!(%error, "the event `retrying` could not be appended"),
    }
    match after > HANDED_BACK {
        true => settled(delivery.defer(next_attempt_at, true).await, "retried"),
        false => settled(delivery.retry(after).await, "retried"),
    }
}

/// Stores the outcome, starts what follows, appends the last event, and settles.
async fn end(
    shared: &Shared,
    delivery: Delivery,
    job: &Unread,
    log: EventLog,
    outcome: Outcome<Value>,
    side_effects: SideEffects,
) -> &'static str {
    let attempt = delivery.attempt;
    let was_failed = matches!(outcome, Outcome::Failed(_));
    let SideEffects { mut writes, documents } = side_effects;
    let has_documents = !documents.is_empty() || writes.iter().any(|write| matches!(write, Write::File(_)));
    let (store, leave) = (&shared.parts.claims, &shared.shutdown.leave);
    let put = async {
        claims::offload_documents(store, job, documents, leave).await?;
        claims::offload_output(store, job, outcome, leave).await
    };
    let Some((outcome, claim)) = put.await else {
        return settled(delivery.retry(Duration::ZERO).await, "handed_back");
    };
    let keeps_objects = claim.is_some() || has_documents;
    let (outcome, children) = follow_ups::plan(job, outcome);
    let outcome = claims::claimed(outcome, claim);
    // Objects are found through rows, so an ephemeral job that stores one has a row.
    if job.ephemeral && !keeps_objects {
        return emit_and_ack(shared, delivery, Some((log, Some(job))), outcome, attempt, job.ephemeral).await;
    }
    if !was_failed && matches!(outcome, Outcome::Failed(_)) {
        writes.clear();
    }
    let ended = Ended {
        job: delivery.job.clone(),
        kind: delivery.kind.clone(),
        lane: delivery.lane,
        attempt: delivery.attempt,
        outcome,
        created_at: job.created_at,
        ended_at: shared.parts.clock.now(),
        trace_id: trace::trace_id(),
        writes,
        origin: job.origin,
        member: follow_ups::member(job),
        children: follow_ups::ids(&children),
        objects: job.claim.is_some() || keeps_objects,
    };
    match commit(shared, job, ended).await {
        Commit::Stored(outcome, attempt) => {
            emit_and_ack(shared, delivery, Some((log, Some(job))), outcome, attempt, job.ephemeral).await
        }
        Commit::Refused(outcome) => {
            emit_and_ack(shared, delivery, Some((log, None)), outcome, attempt, job.ephemeral).await
        }
        Commit::Fenced => "superseded",
        Commit::ShuttingDown => settled(delivery.retry(Duration::ZERO).await, "handed_back"),
    }
}

/// With a log, starts what follows the given job, and appends the last event. Then settles: a dead letter for a
/// failure, else an ack. `attempt` is the one that ended it.
///
/// An ephemeral job whose sender made a mistake leaves no letter: the sender waits, and the last event says what is
/// wrong.
async fn emit_and_ack(
    shared: &Shared,
    delivery: Delivery,
    log: Option<(EventLog, Option<&Unread>)>,
    outcome: Outcome<Value>,
    attempt: u32,
    is_ephemeral: bool,
) -> &'static str {
    let name = outcome.event_type().as_str();
    let is_callers = matches!(&outcome, Outcome::Failed(failure) if failure.is_callers());
    let is_told_only = is_callers && is_ephemeral;
    if let Some((mut log, job)) = log {
        if let Some(job) = job
            && let Err(error) = follow_ups::follow(&shared.follow_ups, job, &outcome).await
        {
            warn!(%error, "the outcome is stored: the next attempt goes on from there");
            return settled(delivery.retry(BLOCKED).await, "blocked");
        }
        match log.end(&outcome).await {
            Ok(()) | Err(LogError::Ended) => {}
            Err(LogError::Superseded) => return "superseded",
            Err(LogError::Unavailable(error)) => {
                warn!(%error, "the outcome is stored, but its event could not be appended: the next attempt appends it");
                return "unsettled";
            }
        }
    }
    let bus: &dyn Bus = shared.parts.bus.as_ref();
    match outcome {
        Outcome::Failed(failure) if is_told_only => {
            info!(error.type = failure.code, error = %failure, "failed: its sender was told");
            settled(delivery.done().await, name)
        }
        Outcome::Failed(failure) => {
            info!(error.type = failure.code, error = %failure, "failed: kept as a dead letter");
            settled(delivery.reject(bus, failure, attempt, shared.parts.clock.now()).await, name)
        }
        Outcome::Done(_) | Outcome::Claimed(_) | Outcome::Cancelled => settled(delivery.done().await, name),
    }
}

fn settled(result: Result<(), ruche_bus::Unavailable>, name: &'static str) -> &'static str {
    match result {
        Ok(()) => name,
        Err(error) => {
            warn!(%error, "not settled: the job will be handed out again, and its stored outcome emitted again");
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
