//! The statement of a search by the gateway's store, without HTTP, JSON and keys.

use anyhow::{Context, Result};
use ruche_schemas::{
    TenantId,
    config::{self, Secret},
};
use ruche_store::{
    filter::{Condition, Test},
    postgres::{Application, Postgres},
    search::{Filter, Lookup, Mode, Probe, Search as _, Searchable},
};

use serde_json::{Map, Value};

use super::{TOP_K, load::COLLECTION};

pub struct Store {
    store: Postgres,
    tenant: TenantId,
    collection: Searchable,
    filter: Filter,
}

impl Store {
    pub async fn open(url: &str, schema: &str, connections: u32, filter: Option<&str>) -> Result<Self> {
        let (url, schema) = (Secret(url.to_owned()), schema.to_owned());
        let store = Postgres::connect(&config::Postgres { url, schema, connections }, Application::GATEWAY)?;
        let tenant: TenantId = "bench".parse()?;
        let mut known = store.searchable(&tenant, &[COLLECTION.to_owned()]).await?;
        let collection = known.pop().context("the collection is not there")?;
        let metadata: Map<String, Value> = filter.map(serde_json::from_str).transpose()?.unwrap_or_default();
        let is = |(name, value)| Condition { path: vec![name], test: Test::Is(value) };
        let metadata = metadata.into_iter().map(is).collect();
        Ok(Self { store, tenant, collection, filter: Filter { metadata, ..Filter::default() } })
    }

    /// The chunks of the hits.
    pub async fn search(&self, query: &[f32]) -> Result<Vec<i64>> {
        let model = self.collection.model.clone().context("the collection has no model")?;
        let lookup = Lookup {
            mode: Mode::Vector,
            collections: vec![self.collection.clone()],
            text: None,
            probes: vec![Probe { model, vector: query.to_vec() }],
            top_k: u32::try_from(TOP_K)?,
            filter: self.filter.clone(),
            highlight: false,
        };
        let hits = self.store.search(&self.tenant, &lookup).await?.context("the collection was changed")?;
        Ok(hits.iter().map(|hit| hit.chunk).collect())
    }
}
