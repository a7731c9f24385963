//! The services of every feature; each router takes those that it uses.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;
use ruche_schemas::config;
use ruche_store::{Store, objects::Claims};
use tokio_util::task::TaskTracker;

use super::parts::App;
use crate::{
    bots::service::Bots,
    chat::{
        conversations::Conversations,
        routes::models::Catalogue,
        service::{Chats, with_rules},
        ws::sockets::{self, Sockets},
    },
    documents::{collections::Collections, index::Index, migrate::service::Migrator, service::Documents},
    http::{
        auth::Keys,
        body::Bodies,
        health::Health,
        lifecycle::Lifecycle,
        limits,
        metrics::Metrics,
        openapi::Description,
        state::{Http, HttpState},
    },
    jobs::{
        aliases::Aliases,
        intake::Intake,
        kinds::Kinds,
        service::{self, Jobs},
    },
    ops::{
        dead_letters::DeadLetters,
        export::QueueExport,
        pauses::Pauses,
        routes::{queues::Queues, workers::Workers},
        tenant_limits::TenantLimits,
        throughput::Throughput,
    },
    render::{answerer::Answerer, link::Links, service::Renderer, stored::StoredRenders, templates::Templates},
    schedules::service::Schedules,
    search::{embed::Embedder, service::Searcher},
};

#[derive(Clone, FromRef)]
pub struct Services {
    http: Http,
    metrics: Arc<Metrics>,
    health: Health,
    description: Description,
    pub(super) jobs: Arc<Jobs>,
    kinds: Arc<Kinds>,
    intake: Arc<Intake>,
    chats: Arc<Chats>,
    sockets: Arc<Sockets>,
    conversations: Conversations,
    catalogue: Catalogue,
    bots: Arc<Bots>,
    embedder: Arc<Embedder>,
    searcher: Arc<Searcher>,
    documents: Arc<Documents>,
    index: Index,
    collections: Collections,
    migrator: Arc<Migrator>,
    answerer: Arc<Answerer>,
    renders: StoredRenders,
    templates: Templates,
    links: Links,
    schedules: Arc<Schedules>,
    dead_letters: Arc<DeadLetters>,
    pauses: Pauses,
    queues: Queues,
    workers: Workers,
    tenant_limits: TenantLimits,
}

impl HttpState for Services {
    fn http(&self) -> &Http {
        &self.http
    }
}

impl Services {
    #[must_use]
    pub fn new(app: App, lifecycle: &Lifecycle, tasks: &TaskTracker, description: Description) -> Self {
        let App { settings, bus, store, kinds, aliases, claims, tenants, bots_model, write_timeout } = app;
        let kinds = with_rules(Kinds::new(kinds));
        let http = http(&settings, store.clone(), &kinds, &claims, lifecycle);
        let metrics = Arc::clone(&http.metrics);
        let jobs = Arc::new(Jobs::new(service::Parts {
            bus: bus.clone(),
            store: store.clone(),
            kinds,
            aliases: Aliases::new(aliases),
            claims,
            tenants,
            wait_seconds: settings.wait_seconds,
            lifecycle: lifecycle.clone(),
            metrics: metrics.clone(),
        }));
        let embedder = Arc::new(Embedder::new(&jobs));
        let searcher = Arc::new(Searcher::new(store.clone(), &jobs, embedder.clone()));
        let bots = Bots::new(store.clone(), &jobs, searcher.clone()).with_default_model(bots_model);
        let bots = Arc::new(bots);
        let chats = Arc::new(Chats::new(store.clone(), &jobs, bots.clone()));
        let parts = sockets::Parts { write_timeout, most: settings.sockets, tasks: tasks.clone() };
        let sockets = Arc::new(Sockets::new(http.clone(), chats.clone(), jobs.clone(), parts));
        let renderer = Arc::new(Renderer::new(&jobs));
        let payloads = jobs.payloads.clone();
        let answerer =
            Answerer::new(renderer.clone(), payloads.clone(), http.bodies.clone(), settings.render_wait_bytes);
        let (collections, pauses) = (Collections::new(store.clone()), Pauses::new(bus.clone()));
        let throughput = Arc::new(Throughput::default());
        Self {
            metrics,
            health: Health::new(bus.clone(), store.clone(), lifecycle.clone()),
            description,
            kinds: jobs.kinds.clone(),
            intake: Arc::new(Intake::new(jobs.publisher.clone()).with_completion(chats.clone())),
            chats,
            sockets,
            conversations: Conversations::new(store.clone()),
            catalogue: Catalogue { models: jobs.models.clone(), store: store.clone() },
            bots,
            searcher,
            documents: Arc::new(Documents::new(&jobs)),
            index: Index::new(store.clone(), collections.clone()),
            collections,
            migrator: Arc::new(Migrator::new(bus.clone(), store.clone(), &jobs, embedder.clone())),
            embedder,
            answerer: Arc::new(answerer),
            renders: StoredRenders::new(store.clone(), payloads),
            templates: Templates::new(store, renderer),
            links: Links::new(settings.link_secret),
            schedules: Arc::new(Schedules::new(bus.clone(), jobs.kinds.clone())),
            dead_letters: Arc::new(DeadLetters::new(bus.clone(), &jobs)),
            queues: Queues { bus: bus.clone(), throughput, pauses: pauses.clone() },
            workers: Workers { bus: bus.clone(), pauses: pauses.clone() },
            pauses,
            tenant_limits: TenantLimits::new(bus, tenants),
            jobs,
            http,
        }
    }

    #[must_use]
    pub fn queue_export(&self) -> QueueExport {
        let Queues { bus, throughput, .. } = self.queues.clone();
        let aliases = self.jobs.models.aliases.clone();
        QueueExport { bus, kinds: self.kinds.clone(), metrics: self.metrics.clone(), throughput, aliases }
    }
}

fn http(
    settings: &config::Gateway,
    store: Arc<dyn Store>,
    kinds: &Kinds,
    claims: &Claims,
    lifecycle: &Lifecycle,
) -> Http {
    Http {
        keys: Arc::new(Keys::new(store, Duration::from_secs(settings.key_cache_seconds))),
        bodies: bodies(settings.body_bytes, kinds, claims),
        metrics: Arc::new(Metrics::default()),
        lifecycle: lifecycle.clone(),
        // A configuration with others is refused at start.
        origins: Arc::new(settings.origins().unwrap_or_default()),
    }
}

/// With an object store, a job may be larger than other requests.
fn bodies(small: usize, kinds: &Kinds, claims: &Claims) -> Bodies {
    if claims.objects().is_none() {
        return Bodies::new(small, small);
    }
    let largest = kinds.largest_payload().min(usize::try_from(claims.max_bytes()).unwrap_or(usize::MAX));
    Bodies::new(small, small.max(largest.saturating_add(limits::AROUND_BODY)))
}
