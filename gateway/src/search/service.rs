//! Searches: workers embed the text, once for each model of the collections, then the store finds.
//!
//! If no worker has a model, or none answers in time, a hybrid search uses words alone, and a note says so.

use std::sync::Arc;

use futures::future::try_join_all;
use ruche_schemas::{
    Job as _, TenantId,
    failure::codes,
    kinds::{
        embed::{Embed, Purpose, from_bytes},
        rerank::Rerank,
    },
};
use ruche_store::{
    Store,
    analysis::query::{only_excludes, plain},
    models::EmbeddingModel,
    search::{Filter, Lookup, Mode, Probe, Searchable},
};
use tokio::time::timeout;

use super::{
    collection_cache::CollectionCache,
    embed::Embedder,
    filter_notes,
    openai::Input,
    query::{Found, SearchQuery, invalid, is_too_long, shorter},
    rerank::Reranker,
};
use crate::{
    http::{error::ApiError, limits},
    jobs::{models::Models, service::Jobs},
};

const ONLY_EXCLUDES: &str = "the query only says what must not occur: add a word to find, or put a word that begins with a \
                             minus in quotes";

pub struct Searcher {
    store: Arc<dyn Store>,
    models: Arc<Models>,
    embedder: Arc<Embedder>,
    reranker: Reranker,
    cache: CollectionCache,
}

impl Searcher {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, jobs: &Jobs, embedder: Arc<Embedder>) -> Self {
        let (models, reranker) = (Arc::clone(&jobs.models), Reranker(jobs.waiter.clone()));
        Self { store, models, embedder, reranker, cache: CollectionCache::default() }
    }

    /// Searches the tenant's collections.
    ///
    /// # Errors
    /// 400 that names the field; 404 for an unknown collection; 503 when vectors are needed and no worker has the
    /// model; as [`Embedder::embed`].
    pub(crate) async fn search(&self, tenant: &TenantId, query: &SearchQuery) -> Result<Found, ApiError> {
        query.check()?;
        let reranker = match query.rerank {
            None => None,
            Some(_) => Some(self.models.default_name(&Rerank::KIND).await).filter(|name| !name.is_empty()),
        };
        // A reranker reads more hits than requested; the best of them stay.
        let top_k = query.rerank.filter(|_| reranker.is_some()).map_or(query.top_k, |hits| hits.max(query.top_k));
        let wider = SearchQuery { top_k, ..query.clone() };
        let mut found = Box::pin(self.ranked(tenant, &wider)).await?;
        if query.rerank.is_some() {
            self.reranker.rerank(tenant, query.text.as_deref().unwrap_or_default(), reranker, &mut found).await?;
        }
        found.hits.truncate(usize::try_from(query.top_k).unwrap_or(usize::MAX));
        found.notes.extend(filter_notes::notes(&*self.store, tenant, query, found.hits.is_empty()).await);
        if !query.explain {
            found.hits.iter_mut().for_each(|hit| hit.explanation = None);
        }
        Ok(found)
    }

    /// In the order of the store.
    async fn ranked(&self, tenant: &TenantId, query: &SearchQuery) -> Result<Found, ApiError> {
        let names = &query.collections;
        let mut collections = match self.cache.get(tenant, names) {
            Some(known) => known,
            None => self.collections(tenant, names).await?,
        };
        for _ in 0..limits::SEARCH_TRIES {
            let found = self.search_in(tenant, query, &collections).await;
            if let Ok(Some(found)) = found {
                return Ok(found);
            }
            // A stale cache entry may be the reason.
            let now = self.collections(tenant, names).await?;
            if let Err(error) = found
                && now == collections
            {
                return Err(error);
            }
            collections = now;
        }
        let message = "the collections are changed faster than they can be searched: try again";
        Err(ApiError::unavailable("collections_changed", message, 1))
    }

    /// `None` if the collections have other models by now.
    async fn search_in(
        &self,
        tenant: &TenantId,
        query: &SearchQuery,
        collections: &[Searchable],
    ) -> Result<Option<Found>, ApiError> {
        let mut models: Vec<&EmbeddingModel> = Vec::new();
        for model in collections.iter().filter_map(|collection| collection.model.as_ref()) {
            if !models.iter().any(|known| known.id == model.id) {
                models.push(model);
            }
        }
        let mut found = Found { mode: query.mode, ..Found::default() };
        if query.text.is_none() && query.mode == Mode::Hybrid {
            found.mode = Mode::Vector;
        }
        if query.vector.is_none() && query.text.as_deref().is_some_and(only_excludes) {
            found.notes.push(ONLY_EXCLUDES.to_owned());
            return Ok(Some(found));
        }
        let probes = match (&query.vector, found.mode) {
            (_, Mode::Text) => Vec::new(),
            (Some(vector), _) => given(vector, &models, collections)?,
            (None, _) => self.probes(tenant, query, &models, &mut found).await?,
        };
        found.model = probes.first().map(|probe| probe.model.name.clone());
        let lookup = Lookup {
            mode: found.mode,
            collections: collections.to_vec(),
            text: query.text.clone(),
            probes,
            top_k: query.top_k,
            filter: Filter { sources: filter_notes::spellings(&query.filter.sources), ..query.filter.clone() },
            highlight: query.highlight,
        };
        let hits = self.store.search(tenant, &lookup).await?;
        Ok(hits.map(|hits| Found { hits, ..found }))
    }

    /// Read from the store.
    async fn collections(&self, tenant: &TenantId, names: &[String]) -> Result<Arc<[Searchable]>, ApiError> {
        self.cache.forget(tenant, names);
        let mut known = self.store.searchable(tenant, names).await?;
        let missing = names.iter().find(|name| !known.iter().any(|one| one.name == **name));
        if let Some(missing) = missing {
            let message = format!("there is no collection {missing:?}: GET /v1/collections lists those that there are");
            return Err(ApiError::not_found(codes::UNKNOWN_COLLECTION, message).param("collections"));
        }
        known.sort_by(|one, other| one.name.cmp(&other.name));
        let known: Arc<[Searchable]> = known.into();
        self.cache.put(tenant, names, &known);
        Ok(known)
    }

    /// The text's vector by each model. None, for a search by words alone, if no worker has one of them or a hybrid search
    /// waits too long for it.
    async fn probes(
        &self,
        tenant: &TenantId,
        query: &SearchQuery,
        models: &[&EmbeddingModel],
        found: &mut Found,
    ) -> Result<Vec<Probe>, ApiError> {
        let text = plain(query.text.as_deref().unwrap_or_default());
        for model in models {
            if self.models.has(&Embed::KIND, &model.name).await? {
                continue;
            }
            let name = &model.name;
            if found.mode == Mode::Vector {
                let message = format!(
                    "no worker has the embedding model {name:?} now (`ruche workers list`), so that nothing can be found by \
                     vectors: start one, try again, or search with \"mode\": \"text\""
                );
                return Err(ApiError::unavailable("model_unavailable", message, 2));
            }
            found.mode = Mode::Text;
            found.notes.push(format!("only words were searched: no worker has the embedding model {name:?} now"));
            return Ok(Vec::new());
        }
        let probing = Box::pin(try_join_all(models.iter().map(|model| self.probe_within(tenant, &text, model))));
        let probed = match found.mode {
            Mode::Hybrid => timeout(limits::PROBE_TIME, probing).await,
            Mode::Vector | Mode::Text => Ok(probing.await),
        };
        let Ok(probed) = probed else {
            let seconds = limits::PROBE_TIME.as_secs();
            found.mode = Mode::Text;
            found
                .notes
                .push(format!("only words were searched: the embedding model did not answer within {seconds} s"));
            return Ok(Vec::new());
        };
        let probed = probed?;
        if probed.iter().any(|(_, whole)| !whole) {
            found
                .notes
                .push("the query is longer than the model can read: only its end was searched by vectors".to_owned());
        }
        Ok(probed.into_iter().map(|(probe, _)| probe).collect())
    }

    /// Shortens a text that is longer than the model reads. Returns whether all of it was read.
    async fn probe_within(
        &self,
        tenant: &TenantId,
        text: &str,
        model: &EmbeddingModel,
    ) -> Result<(Probe, bool), ApiError> {
        let mut end = text;
        loop {
            match self.probe(tenant, end, model).await {
                Err(error) if is_too_long(&error) && !shorter(end).is_empty() => end = shorter(end),
                probe => return Ok((probe?, end.len() == text.len())),
            }
        }
    }

    async fn probe(&self, tenant: &TenantId, text: &str, model: &EmbeddingModel) -> Result<Probe, ApiError> {
        let input = Input { texts: vec![text.to_owned()], single: true };
        let asked = Embed { purpose: Some(Purpose::Query), model: Some(model.name.clone()), ..Embed::default() };
        let embedded =
            Box::pin(self.embedder.embed(tenant, &input, asked)).await.map_err(|error| match error.param_name() {
                Some("input") => error.param("query"),
                _ => error,
            })?;
        let vector = embedded.vectors.first().map(from_bytes).unwrap_or_default();
        let same_size = u32::try_from(vector.len()).ok() == Some(model.dimensions);
        if !same_size || embedded.version.is_some_and(|version| version != model.version) {
            let name = &model.name;
            let message = format!(
                "workers have another file than the collection's documents were embedded with under the name {name:?}, or another \
                 pooling or prefix: give them that one, or migrate the collection to this one (`ruche embed migrate --to {name}`)"
            );
            return Err(ApiError::unavailable("model_changed", message, 60));
        }
        Ok(Probe { model: model.clone(), vector })
    }
}

/// The caller's vector, which is of one model.
fn given(vector: &[f32], models: &[&EmbeddingModel], collections: &[Searchable]) -> Result<Vec<Probe>, ApiError> {
    let [model] = models else {
        if models.is_empty() {
            return Ok(Vec::new());
        }
        let each = collections.iter().filter_map(|one| Some(format!("{}: {}", one.name, one.model.as_ref()?.name)));
        let message = format!(
            "the collections have different embedding models ({}), and a vector belongs to one of them: search them one by one, \
             or with \"query\" instead",
            each.collect::<Vec<_>>().join(", ")
        );
        return Err(invalid("vector", message).code("models_differ"));
    };
    if u32::try_from(vector.len()).ok() != Some(model.dimensions) {
        let message = format!("has {} numbers: vectors of {:?} have {}", vector.len(), model.name, model.dimensions);
        return Err(invalid("vector", message).code("wrong_dimensions"));
    }
    Ok(vec![Probe { model: (*model).clone(), vector: vector.to_vec() }])
}
