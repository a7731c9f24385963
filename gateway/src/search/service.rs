//! A question in, the chunks of documents that answer it out.
//!
//! The text is embedded by a worker, once for each model that the collections have; then the store finds. Where no worker has
//! the model, a search by both goes by words alone, and says so: worse is better than nothing.

use std::sync::Arc;

use futures::future::try_join_all;
use ruche_schemas::{
    Invalid, Job as _, TenantId,
    kinds::{
        embed::{Embed, Purpose, document::check_collection, from_bytes},
        rerank::Rerank,
    },
};
use serde_json::Value;

use super::openai::Input;
use crate::{
    app::parts::App,
    http::{error::ApiError, limits},
    ports::search::{EmbeddingModel, Filter, Hit, Lookup, Mode, Probe, Searchable},
};

/// What to find, and where.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Query {
    /// What to find, in words.
    pub(crate) text: Option<String>,
    /// A vector to search with instead of that of the text.
    pub(crate) vector: Option<Vec<f32>>,
    /// The names of 1 to 32 collections.
    pub(crate) collections: Vec<String>,
    /// By what.
    pub(crate) mode: Mode,
    /// How many hits: 1 to 100.
    pub(crate) top_k: u32,
    /// Which documents.
    pub(crate) filter: Filter,
    /// Whether hits show where the words of the text are.
    pub(crate) highlight: bool,
    /// Whether hits say how they got their score.
    pub(crate) explain: bool,
    /// How many of the best hits a reranker reads again, to order them by what it finds: 1 to 100, at least as many as are wanted.
    pub(crate) rerank: Option<u32>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// The model of the vectors; the first where the collections have several; none where no vector was compared.
    pub(crate) model: Option<String>,
    /// By what it was searched in the end.
    pub(crate) mode: Mode,
    /// The best first.
    pub(crate) hits: Vec<Hit>,
    /// The model that ordered the hits in the end, where one was to and did.
    pub(crate) reranker: Option<String>,
    /// What the caller ought to know: that only words were searched, since no worker has the model; that nothing was reranked.
    pub(crate) notes: Vec<String>,
}

impl App {
    /// Searches the tenant's collections.
    ///
    /// # Errors
    /// 400 that names the field; 404 for a collection that the tenant does not have; 503 where vectors are needed and no
    /// worker has the model; as [`App::embed`].
    pub(crate) async fn search(&self, tenant: &TenantId, query: &Query) -> Result<Found, ApiError> {
        query.check()?;
        let reranker = match query.rerank {
            None => None,
            Some(_) => Some(self.models.default_name(&*self.bus, &Rerank::KIND).await).filter(|name| !name.is_empty()),
        };
        // Of more hits, those stay that are best after they were read.
        let top_k = query.rerank.filter(|_| reranker.is_some()).map_or(query.top_k, |hits| hits.max(query.top_k));
        let wider = Query { top_k, ..query.clone() };
        let mut found = Box::pin(self.ranked(tenant, &wider)).await?;
        if query.rerank.is_some() {
            self.rerank(tenant, query.text.as_deref().unwrap_or_default(), reranker, &mut found).await?;
        }
        found.hits.truncate(usize::try_from(query.top_k).unwrap_or(usize::MAX));
        if !query.explain {
            found.hits.iter_mut().for_each(|hit| hit.explanation = None);
        }
        Ok(found)
    }

    /// The hits, in the order of the store.
    async fn ranked(&self, tenant: &TenantId, query: &Query) -> Result<Found, ApiError> {
        let names = &query.collections;
        let mut collections = match self.scopes.get(tenant, names) {
            Some(known) => known,
            None => self.collections(tenant, names).await?,
        };
        for _ in 0..limits::SEARCH_TRIES {
            let found = self.search_in(tenant, query, &collections).await;
            if let Ok(Some(found)) = found {
                return Ok(found);
            }
            // What was remembered may be why it failed.
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

    /// Searches these collections with these models; nothing, where they have others by now.
    async fn search_in(
        &self,
        tenant: &TenantId,
        query: &Query,
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
            filter: query.filter.clone(),
            highlight: query.highlight,
        };
        let hits = self.store.search(tenant, &lookup).await?;
        Ok(hits.map(|hits| Found { hits, ..found }))
    }

    /// The collections, as they are now.
    async fn collections(&self, tenant: &TenantId, names: &[String]) -> Result<Arc<[Searchable]>, ApiError> {
        self.scopes.forget(tenant, names);
        let mut known = self.store.searchable(tenant, names).await?;
        let missing = names.iter().find(|name| !known.iter().any(|one| one.name == **name));
        if let Some(missing) = missing {
            let message = format!("there is no collection {missing:?}: GET /v1/collections lists those that there are");
            return Err(ApiError::not_found("unknown_collection", message).param("collections"));
        }
        known.sort_by(|one, other| one.name.cmp(&other.name));
        let known: Arc<[Searchable]> = known.into();
        self.scopes.put(tenant, names, &known);
        Ok(known)
    }

    /// The text's vector by each model. None, and a search by words alone, where no worker has one of them.
    async fn probes(
        &self,
        tenant: &TenantId,
        query: &Query,
        models: &[&EmbeddingModel],
        found: &mut Found,
    ) -> Result<Vec<Probe>, ApiError> {
        let text = query.text.clone().unwrap_or_default();
        for model in models {
            if self.models.has(&*self.bus, &Embed::KIND, &model.name).await? {
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
        try_join_all(models.iter().map(|model| self.probe(tenant, &text, model))).await
    }

    async fn probe(&self, tenant: &TenantId, text: &str, model: &EmbeddingModel) -> Result<Probe, ApiError> {
        let input = Input { texts: vec![text.to_owned()], single: true };
        let asked = Embed { purpose: Some(Purpose::Query), model: Some(model.name.clone()), ..Embed::default() };
        let embedded = Box::pin(self.embed(tenant, &input, asked)).await.map_err(|error| match error.param_name() {
            Some("input") => error.param("query"),
            _ => error,
        })?;
        let vector = embedded.vectors.first().map(from_bytes).unwrap_or_default();
        let same_size = u32::try_from(vector.len()).ok() == Some(model.dimensions);
        if !same_size || embedded.version.is_some_and(|version| version != model.version) {
            let name = &model.name;
            let message = format!(
                "workers have another file than the collection's documents were embedded with under the name {name:?}, or another \
                 pooling or prefix: give them that one, or take the collection to this one (`ruche embed migrate --to {name}`)"
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

impl Query {
    /// Whether it can be asked of some collection.
    fn check(&self) -> Result<(), ApiError> {
        let wrong = |param: &str, message: String| Err(invalid(param, message));
        match (&self.text, &self.vector, self.mode) {
            (None, None, _) => {
                return wrong("query", "is missing: say in words what to find, or send a vector".to_owned());
            }
            (None, Some(_), Mode::Text) => return wrong("query", "is missing: mode text finds by words".to_owned()),
            _ => {}
        }
        if let Some(text) = &self.text {
            check_text(text).or_else(|message| wrong("query", message))?;
        }
        if let Some(vector) = &self.vector {
            check_vector(vector).or_else(|message| wrong("vector", message))?;
        }
        let names = self.collections.len();
        if names == 0 || names > limits::SEARCH_COLLECTIONS {
            let most = limits::SEARCH_COLLECTIONS;
            return wrong("collections", format!("has {names} names: 1 to {most} are allowed"));
        }
        for name in &self.collections {
            check_collection("collections", name)?;
        }
        if self.top_k == 0 || self.top_k > limits::SEARCH_HITS {
            return wrong("top_k", format!("{} is out of range: 1 to {} are allowed", self.top_k, limits::SEARCH_HITS));
        }
        match self.rerank {
            Some(_) if self.text.is_none() => wrong("rerank", "needs a `query`: a reranker reads words".to_owned()),
            Some(hits) if hits == 0 || hits > limits::SEARCH_HITS => {
                let most = limits::SEARCH_HITS;
                wrong("rerank_hits", format!("{hits} is out of range: 1 to {most} are allowed"))
            }
            _ => check_filter(&self.filter),
        }
    }
}

/// 400 that names the field.
pub(crate) fn invalid(param: impl Into<String>, message: impl Into<String>) -> ApiError {
    Invalid::new(param, message).into()
}

fn check_text(text: &str) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty: at least one character that is no space is needed".to_owned());
    }
    if text.len() > limits::SEARCH_TEXT_BYTES {
        return Err(format!("has {} bytes: at most {} are allowed", text.len(), limits::SEARCH_TEXT_BYTES));
    }
    match text.contains('\0') {
        true => Err("has a NUL character, which is not allowed".to_owned()),
        false => Ok(()),
    }
}

fn check_vector(vector: &[f32]) -> Result<(), String> {
    if let Some(at) = vector.iter().position(|number| !number.is_finite()) {
        return Err(format!("its number {at} is {}: only finite numbers of single precision are allowed", vector[at]));
    }
    match vector.iter().any(|number| *number != 0.0) {
        true => Ok(()),
        false => Err("has no direction: all of its numbers are 0".to_owned()),
    }
}

fn check_filter(filter: &Filter) -> Result<(), ApiError> {
    let (most, bytes) = (limits::SEARCH_SOURCES, limits::SEARCH_SOURCE_BYTES);
    if filter.sources.len() > most {
        let message = format!("has {} sources: at most {most} are allowed", filter.sources.len());
        return Err(invalid("filter.sources", message));
    }
    for (at, source) in filter.sources.iter().enumerate() {
        if source.is_empty() || source.len() > bytes || source.contains('\0') {
            let message = format!("is no source: those have 1 to {bytes} bytes and no NUL character");
            return Err(invalid(format!("filter.sources[{at}]"), message));
        }
    }
    let metadata = Value::Object(filter.metadata.clone());
    let length = metadata.to_string().len();
    if length > limits::SEARCH_METADATA_BYTES {
        let message = format!("has {length} bytes: at most {} are allowed", limits::SEARCH_METADATA_BYTES);
        return Err(invalid("filter.metadata", message));
    }
    if has_nul(&metadata) {
        return Err(invalid("filter.metadata", "has a NUL character, which is not allowed"));
    }
    match (filter.published_after, filter.published_before) {
        (Some(after), Some(before)) if after >= before => Err(invalid(
            "filter.published_before",
            format!("{before} is not after filter.published_after, {after}: no document is within"),
        )),
        _ => Ok(()),
    }
}

/// Whether a name or a text in it has a character that Postgres does not keep. JSON is read at most 128 levels deep.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}
