//! A no-op kind of job, so that only the way there and back is measured.

use std::time::Duration;

use async_trait::async_trait;
use ruche_schemas::{Backoff, Envelope, Invalid, Job, Kind, Limits};
use ruche_workers::{
    registry::Handler,
    runtime::{Context, JobError},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The job: 256 bytes, as in the raw measurement.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct Noop {
    pub filling: String,
}

impl Job for Noop {
    const KIND: Kind = Kind::new("noop");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        payload_bytes: 4096,
        deadline: Duration::from_secs(60),
        attempts: 3,
        backoff: Backoff { base: Duration::from_millis(100), factor: 2.0, cap: Duration::from_secs(1) },
    };
    type Progress = ();
    type Output = ();
    type Settings = ();

    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

pub struct NoopHandler;

#[async_trait]
impl Handler<Noop> for NoopHandler {
    async fn handle(&self, _job: &Envelope<Noop>, _context: Context<Noop>) -> Result<(), JobError> {
        Ok(())
    }
}
