//! Jobs that name a model which only the workers of a pool have.
//!
//! A gateway publishes such a job for the pool. Other publishers, such as programs on NATS and the flows of jobs, know
//! no pools: a worker of no pool gets their jobs, and hands them on before anything is written about them.

use ruche_bus::Delivery;
use ruche_schemas::envelope;

use super::shared::Shared;

/// Who works on a job.
pub(super) enum Place {
    /// This worker. If it lacks the model, its handler says so.
    Here,
    Pool(String),
    /// Workers are still registering: perhaps a pool.
    Unknown,
}

pub(super) async fn place(shared: &Shared, delivery: &Delivery) -> Place {
    if shared.options.pool.is_some() {
        return Place::Here;
    }
    let own = shared.parts.handler.models();
    let named = envelope::named_model(&delivery.payload).filter(|model| !own.is_empty() && !own.contains(model));
    let Some(model) = named else { return Place::Here };
    let bus = &shared.parts.bus;
    // Read first: if they are lost in between, not all are known.
    let (Ok(workers), Ok(knows_all)) = (bus.workers().await, bus.knows_all_workers().await) else {
        return Place::Here;
    };
    let serves = |pool: &Option<String>| pool.as_ref() == Some(&model);
    match workers.iter().any(|worker| worker.kind == delivery.kind && serves(&worker.pool)) {
        true => Place::Pool(model),
        false if knows_all => Place::Here,
        false => Place::Unknown,
    }
}
