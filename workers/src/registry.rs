//! Erases the types of handlers, so that the runtime is independent of kinds.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use ruche_schemas::{Envelope, Failure, Invalid, Job, JobRef, Kind, Limits, failure::codes, lenient};
use ruche_store::ledger::Write;
use serde_json::Value;

use crate::runtime::{
    context::{Context, Writes},
    documents::Documents,
    job_error::JobError,
    reports,
    scope::{Scope, Unread},
};

#[async_trait]
pub trait Handler<J: Job>: Send + Sync + 'static {
    /// The future is dropped when the job is cancelled, its deadline passes or the worker shuts down.
    async fn handle(&self, job: &Envelope<J>, context: Context<J>) -> Result<J::Output, JobError>;

    /// Writes that are stored in the outcome's transaction.
    fn writes(&self, _job: &Envelope<J>, _output: &J::Output) -> Vec<Write> {
        Vec::new()
    }

    fn models(&self) -> Vec<String> {
        Vec::new()
    }

    fn gpu(&self) -> Option<String> {
        None
    }
}

#[derive(Debug)]
pub struct HandlerOutput {
    /// The data of the last event.
    pub output: Value,
    pub writes: Vec<Write>,
    /// Stored before the outcome's transaction.
    pub documents: Vec<Bytes>,
}

#[async_trait]
pub trait AnyHandler: Send + Sync {
    fn kind(&self) -> Kind;
    fn limits(&self) -> Limits;
    fn models(&self) -> Vec<String>;
    fn gpu(&self) -> Option<String>;
    async fn run(&self, job: &Unread, scope: Scope<'_>) -> Result<HandlerOutput, JobError>;
}

struct Typed<J, H>(H, std::marker::PhantomData<fn() -> J>);

pub fn handler<J: Job>(handler: impl Handler<J>) -> Arc<dyn AnyHandler> {
    Arc::new(Typed(handler, std::marker::PhantomData))
}

#[async_trait]
impl<J: Job, H: Handler<J>> AnyHandler for Typed<J, H> {
    fn kind(&self) -> Kind {
        J::KIND
    }

    fn limits(&self) -> Limits {
        J::LIMITS
    }

    fn models(&self) -> Vec<String> {
        self.0.models()
    }

    fn gpu(&self) -> Option<String> {
        self.0.gpu()
    }

    async fn run(&self, job: &Unread, scope: Scope<'_>) -> Result<HandlerOutput, JobError> {
        let job = read::<J>(job).map_err(JobError::Reject)?;
        let of = JobRef { tenant: job.tenant.clone(), id: job.id };
        let Scope { log, attempt, past, cancel, claims, quiet, deadline, clock } = scope;
        let (reporter, reports) = reports::channel();
        let (documents, writes) = (Arc::new(Documents::new(of, claims)), Writes::default());
        let (made, kept) = (Arc::clone(&documents), writes.clone());
        let context = Context { reporter, documents, writes, deadline, clock, attempt, past, cancel };
        // One task polls both: if the log is lost, the handler is dropped too.
        let work = async { self.0.handle(&job, context).await };
        let (output, ()) = tokio::try_join!(work, reports::write(log, reports, quiet))?;
        let mut writes = self.0.writes(&job, &output);
        writes.extend(kept.take());
        let output = serde_json::to_value(&output).map_err(JobError::retry)?;
        Ok(HandlerOutput { output, writes, documents: made.take() })
    }
}

fn read<J: Job>(job: &Unread) -> Result<Envelope<J>, Failure> {
    if job.version != J::VERSION {
        let message =
            format!("the job is of version {} of {}: this worker reads version {}", job.version, J::KIND, J::VERSION);
        return Err(Failure::new(codes::VERSION, message).with_param("version"));
    }
    if job.body.get().len() > J::LIMITS.payload_bytes {
        let message = format!("has {} bytes: at most {} are allowed", job.body.get().len(), J::LIMITS.payload_bytes);
        return Err(Invalid::new("body", message).into());
    }
    let mut ignored = Vec::new();
    let body: J = ruche_schemas::kinds::read(job.body.get(), &mut ignored)?;
    if !ignored.is_empty() {
        tracing::warn!(
            ruche.job.ignored = lenient::shown(&ignored).join(", "),
            "a job has fields that this worker does not know"
        );
    }
    Ok(job.clone().with_body(body))
}
