//! Jobs of any kind, given as JSON.

use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use ruche_schemas::Kind;
use serde_json::value::RawValue;

use super::{
    kinds::{Work, check_size},
    publisher::Publisher,
    submission::{Accepted, Submission},
};
use crate::http::error::ApiError;

/// A kind whose jobs the gateway completes before it publishes them.
#[async_trait]
pub trait Completion: Send + Sync + 'static {
    fn kind(&self) -> Kind;

    /// Submits a checked body.
    ///
    /// # Errors
    /// As [`Publisher::submit`].
    async fn submit(&self, body: &RawValue, submission: Submission<'_>) -> Result<Accepted, ApiError>;
}

#[derive(Clone)]
pub struct Intake {
    publisher: Arc<Publisher>,
    completed: BTreeMap<Kind, Arc<dyn Completion>>,
}

impl Intake {
    #[must_use]
    pub fn new(publisher: Arc<Publisher>) -> Self {
        Self { publisher, completed: BTreeMap::new() }
    }

    #[must_use]
    pub fn with_completion(mut self, completion: Arc<dyn Completion>) -> Self {
        self.completed.insert(completion.kind(), completion);
        self
    }

    /// # Errors
    /// 4xx that name the field (nothing was published), or 503 when the bus cannot take it.
    pub async fn submit(&self, kind: &str, json: &str, submission: Submission<'_>) -> Result<Accepted, ApiError> {
        let descriptor = self.publisher.kinds.descriptor(kind)?;
        check_size(descriptor, json.len())?;
        let kinds = &self.publisher.kinds;
        match self.completed.get(&descriptor.kind) {
            Some(completion) => completion.submit(&kinds.read_as_named(descriptor, json, "")?, submission).await,
            None => {
                let body = kinds.read(descriptor, json, "")?;
                self.publisher.submit(Work { descriptor, body }, submission).await
            }
        }
    }
}
