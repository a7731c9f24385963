//! The kinds of job that this gateway accepts.

use std::collections::BTreeMap;

use ruche_schemas::{Job, Kind, kinds::Descriptor};
use serde_json::{Value, value::RawValue};

use super::aliases::Aliases;
use crate::http::{
    error::ApiError,
    ignored::noting,
    text::{shown, there_are},
};

/// Refuses a body that needs the gateway when its job starts. Checked for the steps of a flow and for schedules. The
/// text is the body's path in the request.
pub type DeferredCheck = fn(&Value, &str) -> Result<(), ApiError>;

/// Refuses fields that are not supported, such as `tools`, and removes fields without effect on a job, such as
/// `stream`.
pub type Preparation = fn(&mut Value) -> Result<(), ApiError>;

#[derive(Debug, Default)]
pub struct Kinds {
    known: BTreeMap<Kind, Descriptor>,
    deferred: BTreeMap<Kind, DeferredCheck>,
    prepared: BTreeMap<Kind, Preparation>,
    pub(super) aliases: Aliases,
}

/// A job's body within its bound, with its kind's descriptor.
#[derive(Debug)]
pub struct Work<'a> {
    pub descriptor: &'a Descriptor,
    pub body: Box<RawValue>,
}

impl Kinds {
    #[must_use]
    pub fn new(descriptors: Vec<Descriptor>) -> Self {
        let known = descriptors.into_iter().map(|descriptor| (descriptor.kind.clone(), descriptor)).collect();
        Self { known, ..Self::default() }
    }

    #[must_use]
    pub fn with_deferred_check(mut self, kind: Kind, check: DeferredCheck) -> Self {
        self.deferred.insert(kind, check);
        self
    }

    #[must_use]
    pub fn with_preparation(mut self, kind: Kind, prepare: Preparation) -> Self {
        self.prepared.insert(kind, prepare);
        self
    }

    #[must_use]
    pub fn with_aliases(self, aliases: Aliases) -> Self {
        Self { aliases, ..self }
    }

    pub fn all(&self) -> impl Iterator<Item = &Kind> {
        self.known.keys()
    }

    /// The message about an unknown kind.
    pub(super) fn no_kind(&self, name: &str) -> String {
        let names: Vec<&str> = self.known.keys().map(Kind::as_str).collect();
        format!("there are no jobs of kind {:?}: {}", shown(name), there_are(&names))
    }

    /// In bytes.
    #[must_use]
    pub fn largest_payload(&self) -> usize {
        self.known.values().map(|kind| kind.limits.payload_bytes).max().unwrap_or(0)
    }

    /// # Errors
    /// 404 that lists the kinds there are.
    pub fn descriptor(&self, kind: &str) -> Result<&Descriptor, ApiError> {
        let known = kind.parse::<Kind>().ok().and_then(|kind| self.known.get(&kind));
        known.ok_or_else(|| ApiError::not_found("unknown_kind", self.no_kind(kind)).param("kind"))
    }

    /// # Errors
    /// 404 for an unknown kind, 413 for too large a body.
    pub(crate) fn work<J: Job>(&self, job: &J) -> Result<Work<'_>, ApiError> {
        let descriptor = self.descriptor(J::KIND.as_str())?;
        let body = serde_json::value::to_raw_value(job).map_err(|_| ApiError::internal())?;
        check_size(descriptor, body.get().len())?;
        Ok(Work { descriptor, body })
    }

    /// The canonical form of a body, with the real name of a model that has an alias. `at` is the body's path in the
    /// request, for errors; empty if the body is the request. Unknown fields are ignored and noted.
    ///
    /// # Errors
    /// 400 that names the field.
    pub(crate) fn read(&self, descriptor: &Descriptor, json: &str, at: &str) -> Result<Box<RawValue>, ApiError> {
        self.read_as_named(descriptor, &self.aliases.resolve_in(json), at)
    }

    /// As [`Kinds::read`], with the model's name as it was sent: whoever completes the job resolves it, and tells errors by
    /// that name.
    ///
    /// # Errors
    /// As [`Kinds::read`].
    pub(crate) fn read_as_named(
        &self,
        descriptor: &Descriptor,
        json: &str,
        at: &str,
    ) -> Result<Box<RawValue>, ApiError> {
        let within = |error: ApiError| if at.is_empty() { error } else { error.within(at) };
        let mut prepared = None;
        if let Some(prepare) = self.prepared.get(&descriptor.kind)
            && let Ok(mut body) = serde_json::from_str(json)
        {
            prepare(&mut body).map_err(within)?;
            prepared = Some(body.to_string());
        }
        let json = prepared.as_deref().unwrap_or(json);
        noting(at, |ignored| descriptor.parse(json, ignored)).map_err(|invalid| within(invalid.into()))
    }

    /// # Errors
    /// 400 for an alias; as the kind's [`DeferredCheck`], if it has one.
    pub(crate) fn check_deferred(&self, kind: &Kind, body: &Value, at: &str) -> Result<(), ApiError> {
        self.aliases.refuse_deferred(body, at)?;
        self.deferred.get(kind).map_or(Ok(()), |check| check(body, at))
    }
}

/// # Errors
/// 413.
pub(crate) fn check_size(descriptor: &Descriptor, bytes: usize) -> Result<(), ApiError> {
    let max = descriptor.limits.payload_bytes;
    match bytes > max {
        true => {
            let message = format!("the job has {bytes} bytes: a {} job may have at most {max}", descriptor.kind);
            Err(ApiError::too_large("body", message))
        }
        false => Ok(()),
    }
}
