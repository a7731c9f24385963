//! Jobs that name a model which only the workers of a pool have.
//!
//! A gateway publishes such a job for the pool. Other publishers, such as programs on NATS and the flows of jobs, know
//! no pools: a worker of no pool gets their jobs, and hands them on before anything is written about them.

use ruche_bus::Delivery;
use ruche_schemas::envelope;

use super::shared::Shared;

/// The pool that this job is for, if it is not for this worker.
pub(super) async fn other(shared: &Shared, delivery: &Delivery) -> Option<String> {
    if shared.options.pool.is_some() {
        return None;
    }
    let own = shared.parts.handler.models();
    if own.is_empty() {
        return None;
    }
    let model = envelope::named_model(&delivery.payload).filter(|model| !own.contains(model))?;
    // If the bus does not answer, the handler says that this worker lacks the model.
    let workers = shared.parts.bus.workers().await.ok()?;
    let serves = |pool: &Option<String>| pool.as_ref() == Some(&model);
    workers.iter().any(|worker| worker.kind == delivery.kind && serves(&worker.pool)).then_some(model)
}
