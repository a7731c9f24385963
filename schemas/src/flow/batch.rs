//! The end of a batch: its counts and its callback job. The job's id derives from the batch's, so that a batch that
//! ends twice starts one callback.

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    children::{Child, child},
    steps::{Origin, Template},
};
use crate::{JobId, Kind, Lane};

/// The kind in the events of a batch's own log.
pub const BATCH: Kind = Kind::new("batch");

/// How the jobs of a batch ended: the data of its `done` event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct BatchCounts {
    pub total: u64,
    pub done: u64,
    pub failed: u64,
    pub cancelled: u64,
}

#[must_use]
pub fn callback_id(batch: Uuid) -> JobId {
    JobId(batch).derived("callback")
}

/// The job that a complete batch starts; its template is filled from the counts and the batch's id.
#[must_use]
pub fn callback(batch: Uuid, template: &Template, counts: BatchCounts) -> Child {
    let BatchCounts { total, done, failed, cancelled } = counts;
    let result = json!({ "total": total, "done": done, "failed": failed, "cancelled": cancelled, "batch": batch });
    let whole = JobId(batch);
    child(callback_id(batch), template, &result, Lane::default(), Origin { root: whole, parent: whole }, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_callback_gets_the_counts_and_the_batch_and_the_same_id_each_time() {
        let batch = Uuid::from_u128(7);
        let counts = BatchCounts { total: 3, done: 1, failed: 1, cancelled: 1 };
        let template = serde_json::from_value(json!({"kind": "a", "with": {"/all": "", "/n": "/total"}})).expect("one");
        let job = callback(batch, &template, counts);
        let mut all = serde_json::to_value(counts).expect("numbers");
        all["batch"] = json!(batch);
        assert_eq!(job.template.body, json!({"all": all, "n": 3}));
        assert_eq!((job.id, job.origin.root), (callback_id(batch), JobId(batch)));
        assert_eq!(job, callback(batch, &template, counts));
    }
}
