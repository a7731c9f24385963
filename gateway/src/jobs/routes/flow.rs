//! `GET /v1/jobs/{id}/flow`: a flow's jobs as one tree, from its first job on.
//!
//! A job's row has the jobs that it started; one that has not ended has no row, but an id derived from its parent's.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use axum::{Json, extract::State};
use futures::{StreamExt, stream};
use ruche_schemas::{JobId, JobRef, TenantId, event::Accepted, flow::Next};
use ruche_store::jobs::EndedJob;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    http::{
        auth::Caller,
        error::{ApiError, ErrorBody},
        limits,
        params::Path,
    },
    jobs::{
        service::Jobs,
        view::{JobView, of_row},
    },
};

/// A job of a flow, and the jobs that it started.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlowNode {
    /// The job.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its state.
    pub state: &'static str,
    /// The jobs that started at its end, including joins.
    #[schema(no_recursion)]
    pub children: Vec<FlowNode>,
}

/// A flow, found level by level.
#[derive(Default)]
struct Found {
    nodes: HashMap<JobId, JobView>,
    children: HashMap<JobId, Vec<JobId>>,
}

/// Get a flow
///
/// Returns the tree of all started jobs (up to 1,000) of this job's flow, from the first job on.
#[utoipa::path(get, path = "/v1/jobs/{job}/flow", tag = "jobs", security(("bearer" = [])),
    params(("job" = Uuid, Path, description = "Any job of the flow")),
    responses(
        (status = 200, description = "The tree", body = FlowNode),
        (status = 404, description = "Not found in this tenant", body = ErrorBody),
        (status = 503, description = "Temporarily unavailable: try again later", body = ErrorBody),
    )
)]
pub(crate) async fn get_flow(
    State(jobs): State<Arc<Jobs>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<FlowNode>, ApiError> {
    let job = jobs.lookup.find(&caller.tenant, &id).await?;
    let mut root = JobId(job.root.unwrap_or(job.id));
    let mut found = Found::default();
    found.walk(&jobs, &caller.tenant, root).await?;
    if !found.nodes.contains_key(&root) {
        // The first job is a batch's callback, or its row is gone: begin the tree at the oldest known job.
        root = JobId(job.id);
        found.walk(&jobs, &caller.tenant, root).await?;
    }
    Ok(Json(found.tree(root, &mut HashSet::new())))
}

impl Found {
    async fn walk(&mut self, jobs: &Jobs, tenant: &TenantId, root: JobId) -> Result<(), ApiError> {
        let mut level = vec![root];
        while !level.is_empty() && self.nodes.len() < limits::FLOW_JOBS {
            level.truncate(limits::FLOW_JOBS - self.nodes.len());
            let rows = jobs.lookup.family(tenant, &level, limits::FLOW_JOBS as u64).await?;
            let (here, below): (Vec<EndedJob>, Vec<EndedJob>) =
                rows.into_iter().partition(|row| level.contains(&row.job.id));
            let mut next = Vec::new();
            for row in here {
                let id = row.job.id;
                let mut children = row.children.clone();
                children.extend(below.iter().filter(|child| child.parent == Some(id)).map(|child| child.job.id));
                children.extend(joins(jobs, &row.job).await?);
                self.add(id, of_row(row), children, &mut next);
            }
            let rest: Vec<JobId> = level.into_iter().filter(|id| !self.nodes.contains_key(id)).collect();
            for (id, view) in in_logs(jobs, tenant, rest).await? {
                self.add(id, view, Vec::new(), &mut next);
            }
            level = next;
        }
        Ok(())
    }

    fn add(&mut self, id: JobId, view: JobView, children: Vec<JobId>, next: &mut Vec<JobId>) {
        let mut seen = HashSet::new();
        let children: Vec<JobId> = children.into_iter().filter(|child| seen.insert(*child)).collect();
        next.extend(children.iter().filter(|child| !self.nodes.contains_key(child)));
        self.nodes.insert(id, view);
        self.children.insert(id, children);
    }

    /// The tree below a job, each job once.
    fn tree(&self, id: JobId, above: &mut HashSet<JobId>) -> FlowNode {
        above.insert(id);
        let mut children = Vec::new();
        for child in self.children.get(&id).into_iter().flatten() {
            if self.nodes.contains_key(child) && !above.contains(child) {
                children.push(self.tree(*child, above));
            }
        }
        let view = self.nodes.get(&id);
        let (kind, state) = view.map_or((String::new(), "queued"), |view| (view.kind.clone(), view.state));
        FlowNode { id: id.0, kind, state, children }
    }
}

/// Those of the jobs that have a log.
async fn in_logs(jobs: &Jobs, tenant: &TenantId, ids: Vec<JobId>) -> Result<Vec<(JobId, JobView)>, ApiError> {
    let views = stream::iter(ids.into_iter().map(|id| async move {
        let view = jobs.lookup.in_log(&JobRef { tenant: tenant.clone(), id }).await?;
        Ok::<_, ApiError>(view.map(|view| (id, view)))
    }));
    let views: Vec<Result<_, ApiError>> = views.buffered(limits::ACT_AT_ONCE).collect().await;
    views.into_iter().filter_map(Result::transpose).collect()
}

/// The jobs that join a fan-out: they are no children in its row, since they start later.
async fn joins(jobs: &Jobs, job: &JobRef) -> Result<Vec<JobId>, ApiError> {
    let Some(known) = jobs.lookup.first(job).await?.and_then(|first| first.parse::<Accepted>().ok()) else {
        return Ok(Vec::new());
    };
    let branch = |steps: &[Next], name: &str| -> Vec<JobId> {
        let joined = |next: &Next| matches!(next, Next::Fan(fan) if fan.join.is_some());
        let fans = steps.iter().enumerate().filter(|(_, next)| joined(next));
        fans.map(|(step, _)| job.id.derived(&format!("{name}.{step}.join"))).collect()
    };
    Ok([branch(&known.on_success, "on_success"), branch(&known.on_failure, "on_failure")].concat())
}
