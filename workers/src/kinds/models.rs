//! What the kinds that stand on an encoder have in common: how its end is noticed, and a model that this worker has not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use futures::future::{BoxFuture, select_all};
use ruche_schemas::{Failure, Job, failure::codes};

use super::Lifeline;
use crate::{inference::encoder::Encoder, runtime::JobError};

impl Lifeline {
    /// Ends when one of the models has died, or all have ended because they were to.
    pub(super) fn of(encoders: Vec<Encoder>) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let ends: Vec<BoxFuture<'static, ()>> =
            encoders.iter().map(|encoder| Box::pin(encoder.ended()) as BoxFuture<'static, ()>).collect();
        let asked = Arc::clone(&stopped);
        let ended = async move {
            let mut ends = ends;
            while !ends.is_empty() {
                (_, _, ends) = select_all(ends).await;
                if !asked.load(Ordering::SeqCst) {
                    return;
                }
            }
        };
        let stop = move || {
            stopped.store(true, Ordering::SeqCst);
            encoders.iter().for_each(Encoder::stop);
        };
        Self { ended: Box::pin(ended), stop: Box::new(stop) }
    }
}

/// Another worker may have the model; if none took the job up to its last attempt, it fails.
pub(super) fn absent<J: Job>(message: String, param: Option<&str>, attempt: u32) -> JobError {
    if attempt < J::LIMITS.attempts {
        return JobError::retry(anyhow::anyhow!(message));
    }
    let failure = Failure { param: param.map(str::to_owned), ..Failure::new(codes::UNKNOWN_MODEL, message) };
    JobError::Reject(failure)
}
