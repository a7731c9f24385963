//! The answers to an accepted job: its id, or its events.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    follow::{Follow, Follower},
    submission::Accepted,
};
use crate::http::error::ApiError;

/// A job that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcceptedJob {
    /// Its id.
    pub id: Uuid,
    /// `job`.
    pub object: &'static str,
    /// Its kind.
    pub kind: String,
    /// `accepted`.
    pub state: &'static str,
    /// Whether the same job was submitted before. If so, no job was added.
    pub duplicate: bool,
    /// The conversation of a chat: the one named, or a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conversation: Option<Uuid>,
}

impl From<Accepted> for AcceptedJob {
    fn from(accepted: Accepted) -> Self {
        Self {
            id: accepted.job.id.0,
            object: "job",
            kind: accepted.kind.to_string(),
            state: "accepted",
            duplicate: accepted.duplicate,
            conversation: accepted.conversation,
        }
    }
}

/// 202.
pub(crate) fn answer(accepted: Accepted) -> Response {
    let location = format!("/v1/jobs/{}", accepted.job.id);
    (StatusCode::ACCEPTED, [(header::LOCATION, location)], Json(AcceptedJob::from(accepted))).into_response()
}

/// 200 with the job's events.
///
/// # Errors
/// 503, with the job.
pub(crate) async fn follow(follower: &Follower, accepted: Accepted) -> Result<Response, ApiError> {
    let Accepted { job, events, .. } = accepted;
    let (id, location) = (job.id, format!("/v1/jobs/{}", job.id));
    let found = match events {
        Some(relay) => Follow::Relay(relay),
        None => follower.job(job, 1).await.map_err(|error| error.job(id))?,
    };
    Ok(([(header::LOCATION, location)], follower.respond(found)).into_response())
}
