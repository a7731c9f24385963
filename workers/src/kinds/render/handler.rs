//! Has a document typeset, with its template and pictures.
//!
//! This process never parses a document. A child lists the document's pictures on the web, this process fetches them
//! past the egress guard, and a child typesets it with them.

use std::{
    collections::HashMap,
    num::NonZeroUsize,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use prometheus_client::metrics::{counter::Counter, histogram::Histogram};
use ruche_render::{Renderer, Resources};
use ruche_schemas::{
    Base64, Envelope, Failure,
    failure::codes,
    kinds::render::{
        BUILT_IN, INLINE_BYTES, Render, Rendered,
        metrics::{DURATION, PAGES},
    },
};
use ruche_store::{files::File, ledger::Write, templates::Templates};

use super::{
    pictures,
    typesetter::{Options, TypesetError, Typesetter},
};
use crate::{
    egress::Egress,
    kind_metrics::KindMetrics,
    kinds::prepared::{Prepared, Setup, ShutdownHandle},
    registry::{Handler, handler},
    runtime::{context::Context, job_error::JobError},
};

/// Jobs for each child: while it typesets one, another waits for the web or the database.
const JOBS_PER_CHILD: usize = 2;

pub struct RenderHandler {
    typesetter: Typesetter,
    templates: Arc<dyn Templates>,
    egress: Egress,
    fetch_time: Duration,
    metrics: Metrics,
}

/// # Errors
/// When the children can't be started.
pub fn prepare(setup: Setup<'_>) -> anyhow::Result<Prepared> {
    let render = setup.config.of::<Render>()?;
    let children = match render.children {
        0 => thread::available_parallelism().map_or(1, NonZeroUsize::get),
        children => usize::try_from(children)?,
    };
    let typesetter = Typesetter::start(Options {
        program: std::env::current_exe().context("this program does not know where it lies")?,
        children,
        memory: render.memory_mb << 20,
        deadline: Duration::from_secs(render.seconds),
        documents: render.documents,
        resident: render.resident_mb << 20,
    })
    .context("the processes that typeset documents can't be started")?;
    let (egress, fetch_time) = (Egress::new(&setup.config.egress)?, Duration::from_secs(render.fetch_seconds));
    let metrics = Metrics::new(&setup.metrics);
    let slots = NonZeroUsize::new(children * JOBS_PER_CHILD).context("render.children is 0")?;
    let handler = handler(RenderHandler { typesetter, templates: setup.store, egress, fetch_time, metrics });
    // A child that dies is replaced.
    Ok(Prepared { handler, slots, reserved: 0, reconcilers: Vec::new(), shutdown: ShutdownHandle::none() })
}

#[async_trait]
impl Handler<Render> for RenderHandler {
    async fn handle(&self, job: &Envelope<Render>, context: Context<Render>) -> Result<Rendered, JobError> {
        let body = &job.body;
        let resources = Resources {
            package: self.package(job).await?,
            fetched: self.pictures(body, &context).await?,
            today: Some(job.created_at.date_naive()),
        };
        let begun = Instant::now();
        let typeset = self.typesetter.typeset(body, &resources).await;
        self.metrics.ended(begun, typeset.as_ref().map(|output| output.pages).ok());
        let output = typeset.map_err(verdict)?;
        let bytes = output.bytes.len() as u64;
        // An ephemeral job stores a document only if its last event has no room for it.
        let is_stored = body.store && !(job.ephemeral && output.bytes.len() <= INLINE_BYTES);
        let (content, claim) = match is_stored {
            true => (None, Some(context.keep_document(Bytes::from(output.bytes))?)),
            false => (Some(Base64(output.bytes)), None),
        };
        let media_type = body.options.format.media_type().to_owned();
        let (pages, title, warnings) = (output.pages, output.title, output.warnings);
        Ok(Rendered { content, claim, media_type, bytes, pages, title, warnings })
    }

    fn writes(&self, job: &Envelope<Render>, output: &Rendered) -> Vec<Write> {
        let Some(claim) = output.claim.clone() else { return Vec::new() };
        vec![Write::File(File {
            claim,
            media_type: output.media_type.clone(),
            pages: output.pages,
            title: output.title.clone(),
            template: job.body.template.name.clone(),
            warnings: u32::try_from(output.warnings.len()).unwrap_or(u32::MAX),
        })]
    }
}

impl RenderHandler {
    /// The tenant's template, unless it is built in or comes with the job.
    async fn package(&self, job: &Envelope<Render>) -> Result<Option<Base64>, JobError> {
        let template = &job.body.template;
        if template.package.is_some() || BUILT_IN.iter().any(|(name, _)| *name == template.name) {
            return Ok(None);
        }
        let found = self
            .templates
            .template_package(&job.tenant, &template.name, template.version)
            .await
            .map_err(JobError::retry)?;
        match found {
            Some((_, package)) => Ok(Some(Base64(package.to_vec()))),
            None => {
                let version = template.version.map_or_else(String::new, |version| format!(" version {version} of"));
                let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
                let message = format!(
                    "there is no{version} template {:?}: there are {} and those that you uploaded",
                    template.name,
                    names.join(", ")
                );
                Err(JobError::Reject(Failure::new(codes::UNKNOWN_TEMPLATE, message).with_param("template.name")))
            }
        }
    }

    /// The pictures on the web, or why there are none.
    async fn pictures(
        &self,
        body: &Render,
        context: &Context<Render>,
    ) -> Result<HashMap<String, Result<Base64, String>>, JobError> {
        if !Renderer::may_have_remote_pictures(body) {
            return Ok(HashMap::new());
        }
        let wanted = self.typesetter.wanted(body).await.map_err(verdict)?;
        let total = Some(wanted.len() as u64);
        let progress = |done: usize| context.steps(done as u64, total, "fetching pictures");
        Ok(pictures::fetched(&self.egress, wanted, self.fetch_time, progress).await)
    }
}

fn verdict(error: TypesetError) -> JobError {
    match error {
        TypesetError::Refused(failure) => JobError::Reject(failure),
        lost @ TypesetError::Lost(_) => JobError::retry(lost),
    }
}

struct Metrics {
    seconds: Histogram,
    pages: Counter,
}

impl Metrics {
    fn new(listed: &KindMetrics) -> Self {
        Self { seconds: listed.histogram(&DURATION), pages: listed.counter(&PAGES) }
    }

    fn ended(&self, begun: Instant, pages: Option<u32>) {
        self.seconds.observe(begun.elapsed().as_secs_f64());
        self.pages.inc_by(pages.unwrap_or(0).into());
    }
}
