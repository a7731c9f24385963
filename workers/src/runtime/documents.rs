//! Documents that a handler makes. The handler gets the claim at once, to name in its output; the runtime offloads
//! the document before the commit.
//!
//! The handler never waits for the object store, so an unavailable store costs no attempt and no deadline.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use ruche_schemas::{Claim, Failure, JobRef, claim::Part, failure::codes};
use ruche_store::objects::Claims;

use super::job_error::JobError;

pub(crate) struct Documents {
    job: JobRef,
    claims: Claims,
    made: Mutex<Vec<Bytes>>,
}

impl Documents {
    pub(crate) fn new(job: JobRef, claims: Claims) -> Self {
        Self { job, claims, made: Mutex::default() }
    }

    /// Returns the claim under which it will be stored.
    pub(super) fn add(&self, document: Bytes) -> Result<Claim, JobError> {
        let refuse = |code, message: String| Err(JobError::Reject(Failure::new(code, message)));
        if self.claims.objects().is_none() {
            let message = "documents are kept in an object store, and none is configured: set objects.url, or ask for \
                           the document in the result";
            return refuse(codes::RESULT_TOO_LARGE, message.to_owned());
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = made.iter().map(Bytes::len).sum::<usize>() + document.len();
        if let Err(error) = self.claims.fits(bytes) {
            let message = format!("the documents have {bytes} bytes, which can't be kept: {error}");
            return refuse(codes::RESULT_TOO_LARGE, message);
        }
        let claim = Claim::of(&self.job, Part::Document, &document);
        made.push(document);
        Ok(claim)
    }

    pub(crate) fn take(&self) -> Vec<Bytes> {
        std::mem::take(&mut *self.made.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
