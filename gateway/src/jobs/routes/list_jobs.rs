//! `GET /v1/jobs`: first the jobs that have not ended, from their queues, then those that have, from their rows.

use std::sync::Arc;

use axum::{Json, extract::State};
use ruche_schemas::{EventType, JobId, Kind, TenantId, clock};
use ruche_store::jobs::EndedFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        limits,
        params::{Query, page_limit},
    },
    jobs::{
        kinds::Kinds,
        service::Jobs,
        view::{JobView, of_row},
    },
};

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct JobsQuery {
    /// Only jobs of this kind.
    kind: Option<String>,
    /// `queued`, `scheduled`, `running`, `retrying`, `done`, `failed`, `cancelled`, or `active` for all that have not
    /// ended.
    state: Option<String>,
    /// Only jobs of this batch.
    batch: Option<Uuid>,
    /// Items per page: 1 to 100. Default: 20.
    limit: Option<u64>,
    /// Start after this position: `next` of the previous page.
    after: Option<String>,
}

/// A page of jobs: those that have not ended in the order of their queues, then those that have, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// `list`.
    pub object: &'static str,
    /// The jobs.
    pub data: Vec<JobView>,
    /// Whether there is a next page. With a filter, the next page may be empty.
    pub has_more: bool,
    /// `after` of the next page.
    pub next: Option<String>,
}

/// The filter, checked.
#[derive(Debug)]
pub(crate) struct Wanted {
    pub(crate) kinds: Vec<Kind>,
    pub(crate) kind: Option<Kind>,
    pub(crate) state: Stage,
    pub(crate) batch: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Any,
    Active,
    Waiting(&'static str),
    Ended(EventType),
}

const ACTIVE: [&str; 4] = ["queued", "scheduled", "running", "retrying"];

impl Wanted {
    pub(crate) fn new(
        known: &Kinds,
        kind: Option<&str>,
        state: Option<&str>,
        batch: Option<Uuid>,
    ) -> Result<Self, ApiError> {
        let kind = kind.map(|kind| known.descriptor(kind)).transpose()?.map(|descriptor| descriptor.kind.clone());
        let kinds = kind.as_ref().map_or_else(|| known.all().cloned().collect(), |kind| vec![kind.clone()]);
        let state = match state {
            None => Stage::Any,
            Some("active") => Stage::Active,
            Some("done") => Stage::Ended(EventType::Done),
            Some("failed") => Stage::Ended(EventType::Failed),
            Some("cancelled") => Stage::Ended(EventType::Cancelled),
            Some(name) => match ACTIVE.into_iter().find(|known| *known == name) {
                Some(known) => Stage::Waiting(known),
                None => {
                    let message = format!(
                        "{name:?} is no state: there are active (queued, scheduled, running, retrying), done, failed and \
                         cancelled"
                    );
                    return Err(ApiError::invalid("state", message));
                }
            },
        };
        Ok(Self { kinds, kind, state, batch })
    }

    /// Whether it includes a job that has not ended.
    pub(crate) fn has(&self, view: &JobView) -> bool {
        match self.state {
            Stage::Any | Stage::Active => true,
            Stage::Waiting(state) => view.state == state,
            Stage::Ended(_) => false,
        }
    }

    /// The filter of ended jobs; `None` if they are not requested.
    fn ended(&self) -> Option<EndedFilter> {
        let state = match self.state {
            Stage::Any => None,
            Stage::Ended(state) => Some(state),
            Stage::Active | Stage::Waiting(_) => return None,
        };
        Some(EndedFilter { kind: self.kind.clone(), state, batch: self.batch })
    }
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cursor {
    /// In a queue, after this position.
    Queue(Kind, u64),
    /// Among the ended ones, after this one.
    Ended(Option<JobId>),
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        match text.split_once('.') {
            None => (text == "e").then_some(Self::Ended(None)),
            Some(("e", id)) => Some(Self::Ended(Some(id.parse().ok()?))),
            Some(("q", rest)) => {
                let (kind, sequence) = rest.split_once('.')?;
                Some(Self::Queue(kind.parse().ok()?, sequence.parse().ok()?))
            }
            Some(_) => None,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Queue(kind, sequence) => format!("q.{kind}.{sequence}"),
            Self::Ended(None) => "e".to_owned(),
            Self::Ended(Some(id)) => format!("e.{id}"),
        }
    }
}

/// List jobs
///
/// Returns a page of jobs: first the active ones, then those that have ended.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", security(("bearer" = [])), params(JobsQuery),
    responses(
        (status = 200, description = "A page of the list", body = JobList),
        (status = "4XX", description = "The request is not valid", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn list_jobs(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Query(query): Query<JobsQuery>,
) -> Result<Json<JobList>, ApiError> {
    let limit = page_limit(query.limit)?;
    let wanted = Wanted::new(&jobs.kinds, query.kind.as_deref(), query.state.as_deref(), query.batch)?;
    let cursor = query.after.as_deref().map(|after| {
        let wrong = || {
            ApiError::invalid(
                "after",
                format!("{after:?} is not the position of a page: use `next` of the previous page"),
            )
        };
        Cursor::read(after).ok_or_else(wrong)
    });
    let mut data = Vec::new();
    let next = match cursor.transpose()? {
        Some(Cursor::Ended(after)) => ended(&jobs, &caller.tenant, &wanted, limit, after, &mut data).await?,
        waiting => {
            let next = match wanted.state {
                Stage::Ended(_) => None,
                _ => not_ended(&jobs, &caller.tenant, &wanted, limit, waiting, &mut data).await?,
            };
            match next {
                Some(next) => Some(next),
                None => ended(&jobs, &caller.tenant, &wanted, limit, None, &mut data).await?,
            }
        }
    };
    Ok(Json(JobList { object: "list", data, has_more: next.is_some(), next: next.map(|next| next.text()) }))
}

/// The jobs that have not ended, and the next page if it begins among them.
async fn not_ended(
    jobs: &Jobs,
    tenant: &TenantId,
    wanted: &Wanted,
    limit: usize,
    from: Option<Cursor>,
    data: &mut Vec<JobView>,
) -> Result<Option<Cursor>, ApiError> {
    let (first, mut after) = match from {
        Some(Cursor::Queue(kind, after)) => (wanted.kinds.iter().position(|known| *known == kind).unwrap_or(0), after),
        _ => (0, 0),
    };
    let (mut seen, now) = (0, clock::now());
    for kind in &wanted.kinds[first..] {
        loop {
            let page = jobs.unended.page(tenant, kind, wanted.batch, after).await?;
            for job in page.jobs {
                let view = job.view(now);
                if !wanted.has(&view) {
                    continue;
                }
                if data.len() == limit {
                    return Ok(Some(Cursor::Queue(kind.clone(), after)));
                }
                after = job.sequence;
                data.push(view);
            }
            seen += page.looked;
            after = page.last;
            if page.looked < limits::SCAN_PAGE {
                break;
            }
            if seen >= limits::SCAN {
                return Ok(Some(Cursor::Queue(kind.clone(), after)));
            }
        }
        after = 0;
    }
    Ok(None)
}

async fn ended(
    jobs: &Jobs,
    tenant: &TenantId,
    wanted: &Wanted,
    limit: usize,
    after: Option<JobId>,
    data: &mut Vec<JobView>,
) -> Result<Option<Cursor>, ApiError> {
    let Some(filter) = wanted.ended() else { return Ok(None) };
    let left = limit - data.len();
    // One more than requested shows whether there is a next page.
    let found = jobs.lookup.ended(tenant, &filter, left as u64 + 1, after).await?;
    let mut rows = found.ok_or_else(|| {
        ApiError::not_found(
            "job_not_found",
            "the job at which this page begins is deleted: start again from the first page",
        )
        .param("after")
    })?;
    let more = rows.len() > left;
    rows.truncate(left);
    let last = rows.last().map(|row| row.job.id).or(after);
    data.extend(rows.into_iter().map(of_row));
    Ok(more.then_some(Cursor::Ended(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_found_again_by_its_name() {
        let id = JobId::generate();
        for cursor in [Cursor::Queue(Kind::new("chat"), 7), Cursor::Ended(None), Cursor::Ended(Some(id))] {
            assert_eq!(Cursor::read(&cursor.text()), Some(cursor));
        }
        for wrong in ["", "x", "q.chat", "q.chat.x", "q..1", "e.1", "q.CHAT.1"] {
            assert_eq!(Cursor::read(wrong), None, "{wrong}");
        }
    }
}
