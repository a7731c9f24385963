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

    /// `at` is the body's path in the request, for errors; empty if the body is the request.
    ///
    /// # Errors
    /// 4xx that name the field (nothing was published), or 503 when the bus cannot take it.
    pub async fn submit(
        &self,
        kind: &str,
        json: &str,
        at: &str,
        submission: Submission<'_>,
    ) -> Result<Accepted, ApiError> {
        let descriptor = self.publisher.kinds.descriptor(kind)?;
        check_size(descriptor, json.len())?;
        let kinds = &self.publisher.kinds;
        match self.completed.get(&descriptor.kind) {
            Some(completion) => {
                let body = kinds.read_as_named(descriptor, json, at)?;
                completion.submit(&body, submission).await.map_err(|error| of_body(error, &body, at))
            }
            None => {
                let body = kinds.read(descriptor, json, at)?;
                self.publisher.submit(Work { descriptor, body }, submission).await
            }
        }
    }
}

/// Names a field of the body by its path in the request; other errors are about the request around it.
fn of_body(error: ApiError, body: &RawValue, at: &str) -> ApiError {
    let first = error.param_name().and_then(|param| param.split(['.', '[']).next());
    let fields: BTreeMap<String, &RawValue> = serde_json::from_str(body.get()).unwrap_or_default();
    match first.is_some_and(|first| !at.is_empty() && fields.contains_key(first)) {
        true => error.within(at),
        false => error,
    }
}
