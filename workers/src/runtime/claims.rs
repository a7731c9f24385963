//! Fetches bodies and offloads outputs that are too large for a message.
//!
//! A small job costs nothing here but counting the output's bytes. An attempt waits for a body that can't be fetched
//! now, then fails; a body that can never be fetched is a reject that says what to do. A finished output waits for
//! the object store as long as it takes, as it does for the database.

use std::{io, time::Duration};

use bytes::Bytes;
use ruche_schemas::{
    Claim, Envelope, Failure, JobRef, TenantId,
    claim::{CLAIM_BYTES, Part},
    event::Outcome,
    failure::codes,
};
use ruche_store::objects::{ClaimError, Claims, ObjectError};
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::{blocked::Blocked, job_error::JobError, retry::RETRY, scope::Unread};

/// How long an attempt waits for an unavailable store, but at most half of the kind's deadline.
pub(super) const AWAY: Duration = Duration::from_secs(60);

/// Large bodies in memory at once; other jobs wait before theirs is fetched.
pub(super) const LARGE: usize = 16;

/// Waits at most `longest` for an unavailable store.
pub(super) async fn body(
    claims: &Claims,
    tenant: &TenantId,
    claim: &Claim,
    longest: Duration,
) -> Result<Box<RawValue>, JobError> {
    let mut retry = RETRY.delays_within(longest);
    let bytes = loop {
        match claims.get(tenant, claim).await {
            Ok(bytes) => break bytes,
            Err(error) if !error.is_temporary() => return Err(JobError::Reject(refusal(&error))),
            Err(error) => {
                info!(%error, "waiting for the job's body");
                if !retry.wait().await {
                    return Err(JobError::retry(error));
                }
            }
        }
    };
    let unreadable = |error: serde_json::Error| {
        let message = format!("the body in the object store is no JSON ({error}): send the job again");
        JobError::Reject(Failure::new(codes::INVALID, message).with_param("body"))
    };
    serde_json::from_slice(&bytes).map_err(unreadable)
}

fn refusal(error: &ClaimError) -> Failure {
    let (code, what_to_do) = match error {
        ClaimError::Object(ObjectError::Missing(_)) => (codes::CLAIM_MISSING, "send the job again, with its body"),
        ClaimError::Object(_) => (codes::CLAIM_CORRUPT, "look after the object store, and send the job again"),
        ClaimError::Foreign(_) => (codes::INVALID, "see nats/README.md"),
        ClaimError::TooLarge { .. } | ClaimError::NoStore => (codes::INVALID, "raise it, or send less"),
    };
    Failure::new(code, format!("the job's body can't be read: {error}; {what_to_do}")).with_param("claim")
}

/// Offloads an output that is too large for a message. Returns the outcome, or the failure that it can't be stored,
/// and the claim for [`claimed`]. `None`: the worker shuts down while the store is unavailable.
pub(super) async fn offload_output(
    claims: &Claims,
    job: &Unread,
    outcome: Outcome<Value>,
    leave: &CancellationToken,
) -> Option<(Outcome<Value>, Option<Claim>)> {
    let Outcome::Done(output) = &outcome else { return Some((outcome, None)) };
    let bytes = length(output);
    if bytes <= CLAIM_BYTES {
        return Some((outcome, None));
    }
    let failed = |message: String| Some((Outcome::Failed(Failure::new(codes::RESULT_TOO_LARGE, message)), None));
    if let Err(error) = claims.fits(bytes) {
        return failed(format!("the result has {bytes} bytes, which can't be kept: {error}"));
    }
    let text = serde_json::to_vec(output).unwrap_or_default();
    let claim = put(claims, job, (Part::Output, text.into()), leave).await?;
    Some((outcome, Some(claim)))
}

/// Offloads an attempt's documents before anything refers to them. `None`: the worker shuts down while the store is
/// unavailable.
pub(super) async fn offload_documents(
    claims: &Claims,
    job: &Unread,
    documents: Vec<Bytes>,
    leave: &CancellationToken,
) -> Option<()> {
    for document in documents {
        put(claims, job, (Part::Document, document), leave).await?;
    }
    Some(())
}

/// Waits for the store as long as it takes, unless the worker shuts down.
async fn put(claims: &Claims, job: &Unread, (part, bytes): (Part, Bytes), leave: &CancellationToken) -> Option<Claim> {
    let of = JobRef { tenant: job.tenant.clone(), id: job.id };
    let mut retry = RETRY.delays();
    loop {
        match claims.put(&of, part, bytes.clone()).await {
            Ok(claim) => return Some(claim),
            Err(error) => warn!(%error, "the {part} is not stored yet: waiting for the object store"),
        }
        tokio::select! {
            _ = retry.wait() => {}
            () = leave.cancelled() => return None,
        }
    }
}

/// The outcome as stored and emitted: a claim in place of an offloaded output.
pub(super) fn claimed(outcome: Outcome<Value>, claim: Option<Claim>) -> Outcome<Value> {
    match (outcome, claim) {
        (Outcome::Done(_), Some(claim)) => Outcome::Claimed(claim),
        (outcome, _) => outcome,
    }
}

/// An output for the following jobs. If its object is lost they get `null`, and fail on it with their own message.
pub(super) async fn output(claims: &Claims, tenant: &TenantId, claim: &Claim) -> Result<Value, Blocked> {
    let lost = |error: &dyn std::fmt::Display| {
        warn!(%error, claim.key, "an output is lost: what follows gets null");
        Ok(Value::Null)
    };
    match claims.get(tenant, claim).await {
        Ok(bytes) => serde_json::from_slice(&bytes).or_else(|error| lost(&error)),
        Err(error) if error.is_temporary() => Err(error.into()),
        Err(error) => lost(&error),
    }
}

/// A job to be published, with a large body offloaded; or the job, and why it can never be published.
pub(super) async fn child(
    claims: &Claims,
    mut child: Envelope<Value>,
) -> Result<Result<Envelope<Value>, (Envelope<Value>, Failure)>, Blocked> {
    if length(&child.body) <= CLAIM_BYTES {
        return Ok(Ok(child));
    }
    let of = JobRef { tenant: child.tenant.clone(), id: child.id };
    let text = serde_json::to_vec(&child.body).unwrap_or_default();
    // Waiting does not supply a missing setting.
    match claims.put(&of, Part::Body, text.into()).await {
        Ok(claim) => {
            (child.claim, child.body) = (Some(claim), Value::Null);
            Ok(Ok(child))
        }
        Err(ClaimError::Object(error)) => Err(ClaimError::from(error).into()),
        Err(error) => Ok(Err((child, Failure::new(codes::INVALID, error.to_string()).with_param("body")))),
    }
}

fn length(value: &impl Serialize) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // An unserializable value is refused where it is serialized.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
