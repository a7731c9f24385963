//! A question in, the chunks of documents that answer it out.

use ruche_schemas::TenantId;

use crate::{
    App,
    error::ApiError,
    ports::search::{Filter, Hit, Mode},
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
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Found {
    /// The model that embedded the text; the first where the collections have several; none where no vector was compared.
    pub(crate) model: Option<String>,
    /// By what it was searched in the end.
    pub(crate) mode: Mode,
    /// The best first.
    pub(crate) hits: Vec<Hit>,
    /// What the caller ought to know: that only words were searched, since no worker has the model.
    pub(crate) notes: Vec<String>,
}

impl App {
    /// Searches the tenant's collections.
    ///
    /// # Errors
    /// 400 that names the field; 404 for a collection that the tenant does not have; 503 where vectors are needed and no
    /// worker has the model; as [`App::embed`].
    pub(crate) async fn search(&self, tenant: &TenantId, query: &Query) -> Result<Found, ApiError> {
        let _ = (tenant, query);
        Err(ApiError::internal())
    }
}
