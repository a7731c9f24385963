//! The models that live workers register, cached for a few seconds.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use ruche_bus::{Bus, Unavailable};
use ruche_schemas::{Kind, bots::BOT_PREFIX, envelope::named_model, failure::codes};
use tokio::sync::Mutex;

use super::aliases::Aliases;
use crate::http::{
    error::ApiError,
    limits,
    text::{shown, there_are},
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegisteredModels {
    /// By kind and name.
    by_kind: BTreeMap<Kind, BTreeMap<String, Registered>>,
    /// Whether a worker that runs may be missing: the bus has only begun to keep registrations.
    is_partial: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Registered {
    /// The start of the first worker that has it.
    since: DateTime<Utc>,
    /// Whether only workers of its pool have it.
    pooled: bool,
}

impl RegisteredModels {
    /// Each once: those of the kind `first`, then by kind. Within a kind, those that jobs without a model get, then by
    /// name.
    #[must_use]
    pub fn all(&self, first: &Kind) -> Vec<(String, DateTime<Utc>)> {
        let mut all: Vec<(String, DateTime<Utc>)> = Vec::new();
        let (own, others): (Vec<_>, Vec<_>) = self.by_kind.iter().partition(|(kind, _)| *kind == first);
        for (name, since) in own.into_iter().chain(others).flat_map(|(_, models)| in_order(models)) {
            match all.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => *known = (*known).min(since),
                None => all.push((name.clone(), since)),
            }
        }
        all
    }

    fn has_pools(&self, kind: &Kind) -> bool {
        self.of(kind).is_some_and(|models| models.values().any(|model| model.pooled))
    }

    fn of(&self, kind: &Kind) -> Option<&BTreeMap<String, Registered>> {
        self.by_kind.get(kind)
    }
}

/// Those of no pool first, then by name.
fn in_order(models: &BTreeMap<String, Registered>) -> impl Iterator<Item = (&String, DateTime<Utc>)> {
    let of = |pooled| models.iter().filter(move |(_, model)| model.pooled == pooled);
    of(false).chain(of(true)).map(|(name, model)| (name, model.since))
}

pub struct Models {
    bus: Arc<dyn Bus>,
    pub(crate) aliases: Aliases,
    cache: Mutex<Option<Answered>>,
}

#[derive(Debug, Clone)]
struct Answered {
    at: Instant,
    answer: Result<Arc<RegisteredModels>, Unavailable>,
}

impl Answered {
    /// A failure is cached only briefly: long enough that requests which waited for it do not each ask again.
    fn is_fresh(&self, age: Duration) -> bool {
        self.at.elapsed() < if self.answer.is_ok() { age } else { limits::MODELS_MISS_TIME }
    }
}

impl Models {
    #[must_use]
    pub fn new(bus: Arc<dyn Bus>, aliases: Aliases) -> Self {
        Self { bus, aliases, cache: Mutex::default() }
    }

    /// The registered models, at most [`limits::MODELS_TIME`] old.
    ///
    /// # Errors
    /// When the bus does not answer.
    pub async fn registered(&self) -> Result<Arc<RegisteredModels>, Unavailable> {
        self.at_most(limits::MODELS_TIME).await
    }

    async fn at_most(&self, age: Duration) -> Result<Arc<RegisteredModels>, Unavailable> {
        // Locked during the request, so that many callers ask once.
        let mut cache = self.cache.lock().await;
        if let Some(known) = cache.as_ref().filter(|known| known.is_fresh(age)) {
            return known.answer.clone();
        }
        let answer = self.ask().await.map(Arc::new);
        if let Ok(registered) = &answer {
            let has = |target: &str| registered.by_kind.values().any(|models| models.contains_key(target));
            self.aliases.warn_of_missing(has);
        }
        *cache = Some(Answered { at: Instant::now(), answer: answer.clone() });
        answer
    }

    /// The model that a request names, itself or by an alias; `None` for the kind's first. Refuses a model that none of
    /// the kind's workers has. Without a worker nothing is known, and the job may wait for one.
    ///
    /// # Errors
    /// 404 that names what was asked for, and lists the models and aliases there are; 503 when the bus does not answer,
    /// and while workers are still registering.
    pub async fn find(&self, kind: &Kind, asked: Option<&str>) -> Result<Option<String>, ApiError> {
        let Some(asked) = asked else { return Ok(None) };
        let Some(model) = self.aliases.resolve(Some(asked.to_owned())) else { return Ok(None) };
        let (is_bot, none) = (model.starts_with(BOT_PREFIX), BTreeMap::new());
        let is_there =
            |registered: &RegisteredModels| registered.of(kind).is_none_or(|models| models.contains_key(&model));
        if !is_bot && self.registered().await?.of(kind).is_some_and(|models| models.contains_key(&model)) {
            return Ok(Some(model));
        }
        let registered = self.seek(|registered| is_bot || is_there(registered)).await?;
        if !is_bot && is_there(&registered) {
            return Ok(Some(model));
        }
        if !is_bot && registered.is_partial {
            return Err(not_yet_known(kind, &model));
        }
        let models = registered.of(kind).unwrap_or(&none);
        let aliases = self.aliases.of(|target| target.is_empty() || models.contains_key(target));
        let there = in_order(models).map(|(name, _)| name.as_str()).chain(aliases.filter(|_| !models.is_empty()));
        Err(not_among(&why_not(&registered, kind, asked, &model), there))
    }

    /// The models, once one is there or all workers are known; after a short wait, as they are then.
    async fn seek(&self, is_there: impl Fn(&RegisteredModels) -> bool) -> Result<Arc<RegisteredModels>, Unavailable> {
        let until = Instant::now() + limits::REGISTRATION_WAIT;
        loop {
            let registered = self.at_most(limits::MODELS_MISS_TIME).await?;
            if is_there(&registered) || !registered.is_partial || Instant::now() >= until {
                return Ok(registered);
            }
            tokio::time::sleep(limits::MODELS_MISS_TIME).await;
        }
    }

    /// As [`Models::has`], for a model in whose place another one would answer.
    ///
    /// # Errors
    /// 503 when the bus does not answer, and while workers are still registering: the model may have one.
    pub(crate) async fn has_for_certain(&self, kind: &Kind, model: &str) -> Result<bool, ApiError> {
        if self.has(kind, model).await? {
            return Ok(true);
        }
        match self.at_most(limits::MODELS_MISS_TIME).await?.is_partial {
            true => Err(not_yet_known(kind, model)),
            false => Ok(false),
        }
    }

    /// Whether one of the kind's workers has this model now. Waits a moment while workers are still registering.
    ///
    /// # Errors
    /// When the bus does not answer.
    pub async fn has(&self, kind: &Kind, model: &str) -> Result<bool, Unavailable> {
        let is_there =
            |registered: &RegisteredModels| registered.of(kind).is_some_and(|models| models.contains_key(model));
        Ok(is_there(&*self.registered().await?) || is_there(&*self.seek(is_there).await?))
    }

    /// The model without a name in the request: the kind's first; empty without a worker.
    pub async fn default_name(&self, kind: &Kind) -> String {
        let first = |registered: &RegisteredModels| {
            registered.of(kind).and_then(|models| Some(in_order(models).next()?.0.clone()))
        };
        let known = first(&self.registered().await.unwrap_or_default());
        match known {
            Some(name) => name,
            // One may have registered just now.
            None => first(&self.at_most(limits::MODELS_MISS_TIME).await.unwrap_or_default()).unwrap_or_default(),
        }
    }

    /// The pool that a job is for, given its envelope: if only the workers of a pool have the model that it names.
    /// While the bus does not answer, none; the worker that gets the job hands it on.
    pub async fn pool(&self, kind: &Kind, envelope: &[u8]) -> Option<String> {
        let registered = self.registered().await.ok()?;
        if !registered.has_pools(kind) {
            return None;
        }
        let model = named_model(envelope)?;
        registered.of(kind)?.get(&model).filter(|registered| registered.pooled).map(|_| model)
    }

    async fn ask(&self) -> Result<RegisteredModels, Unavailable> {
        let workers = self.bus.workers().await?;
        // Asked afterwards: if they are lost in between, not all are known.
        let is_partial = !self.bus.knows_all_workers().await?;
        let mut registered = RegisteredModels { is_partial, ..RegisteredModels::default() };
        for worker in workers {
            let models = registered.by_kind.entry(worker.kind).or_default();
            for model in worker.models {
                let pooled = worker.pool.as_ref() == Some(&model);
                let known = models.entry(model).or_insert(Registered { since: worker.since, pooled });
                *known = Registered { since: worker.since.min(known.since), pooled: known.pooled && pooled };
            }
        }
        Ok(registered)
    }
}

/// Why a job of this kind can't have the model that was asked for by this name.
fn why_not(registered: &RegisteredModels, kind: &Kind, asked: &str, model: &str) -> String {
    let (is_alias, asked, name) = (asked != model, shown(asked), shown(model));
    let of = |what: &str| match is_alias {
        true => format!("{asked:?} is an alias (models.aliases) of the {what} {name:?}, which"),
        false => format!("the {what} {name:?}"),
    };
    if model.starts_with(BOT_PREFIX) {
        let what = if is_alias { of("bot") } else { format!("{name:?} is a bot, which") };
        return format!("{what} only answers chats: {kind} jobs need another model");
    }
    match registered.by_kind.iter().find(|(_, models)| models.contains_key(model)) {
        Some((other, _)) => format!("{} is for {other} jobs, not for {kind} jobs", of("model")),
        None if is_alias => format!("{} no worker has now", of("model")),
        None => format!("there is no model {name:?}"),
    }
}

fn not_yet_known(kind: &Kind, model: &str) -> ApiError {
    let model = shown(model);
    let message = format!(
        "workers are still registering, and none for {kind} jobs with the model {model:?} yet: try again in a moment"
    );
    ApiError::unavailable("workers_unknown", message, limits::REGISTRATION_RETRY_SECONDS)
}

/// 404 that lists what there is, up to a bound.
pub(crate) fn unknown_model<'a>(name: &str, there: impl Iterator<Item = &'a str>) -> ApiError {
    not_among(&format!("there is no model {:?}", shown(name)), there)
}

fn not_among<'a>(why: &str, there: impl Iterator<Item = &'a str>) -> ApiError {
    let mut names: Vec<&str> = there.take(limits::MODELS_NAMED + 1).collect();
    let more = if names.len() > limits::MODELS_NAMED { " and more (GET /v1/models)" } else { "" };
    names.truncate(limits::MODELS_NAMED);
    let there = match names.is_empty() {
        true => "no worker has one now".to_owned(),
        false => format!("{}{more}", there_are(&names)),
    };
    ApiError::not_found(codes::UNKNOWN_MODEL, format!("{why}: {there}")).param("model")
}
