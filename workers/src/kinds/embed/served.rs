//! Chooses one of a worker's models for a job. There are two while collections migrate (`ruche embed migrate`).
//!
//! Texts and stored documents go to the model that their job names, else to the first. Other documents go to the
//! model that their collection is searched with, or no search would find them. A worker without that model returns
//! the job for another worker; after the last attempt the job becomes a dead letter that says what to do.

use ruche_schemas::{Invalid, failure::codes, kinds::embed::Embed};
use ruche_store::models::{CollectionModels, ModelVersion};

use super::indexer::Indexer;
use crate::{
    inference::encoder::{Encoder, Prefixes},
    kinds::unknown_model::absent,
    runtime::job_error::JobError,
};

pub(super) struct Served {
    /// The text that the model expects before each text.
    pub(super) prefixes: Prefixes,
    pub(super) indexer: Indexer,
}

impl Served {
    pub(super) fn encoder(&self) -> &Encoder {
        &self.indexer.encoder
    }

    fn name(&self) -> &str {
        &self.indexer.model.name
    }
}

pub(super) struct Models {
    /// The model for jobs that name none.
    pub(super) first: Served,
    /// The model that collections migrate to.
    pub(super) next: Option<Served>,
}

/// The model that the document's collection is searched with, and the one that it migrates to.
pub(super) type Indexers<'a> = (&'a Indexer, Option<&'a Indexer>);

impl Models {
    pub(super) fn all(&self) -> impl Iterator<Item = &Served> {
        std::iter::once(&self.first).chain(&self.next)
    }

    /// The model of this name; the first model if `name` is `None`.
    pub(super) fn named(&self, name: Option<&str>, attempt: u32) -> Result<&Served, JobError> {
        let Some(name) = name else { return Ok(&self.first) };
        self.all().find(|served| served.name() == name).ok_or_else(|| {
            let message = format!("this worker embeds with {}, not with {name:?}", self.names());
            absent::<Embed>(message, Some("model"), attempt)
        })
    }

    pub(super) fn of_collection(
        &self,
        collection: &str,
        asked: Option<&str>,
        in_use: &CollectionModels,
        attempt: u32,
    ) -> Result<Indexers<'_>, JobError> {
        let next = in_use.next.as_ref();
        let Some(searched) = in_use.searched.as_ref().filter(|_| in_use.has_chunks) else {
            // A collection without chunks is searched with whichever model embeds its first document.
            let usual = in_use.searched.as_ref().filter(|_| asked.is_none()).and_then(|model| self.of(model));
            let main = usual.map_or_else(|| self.named(asked, attempt), Ok)?;
            return Ok((&main.indexer, self.beside(main, next)));
        };
        let known = [Some(searched), next];
        if let Some(asked) = asked.filter(|asked| !known.iter().flatten().any(|model| model.name == *asked)) {
            let message = format!(
                "the collection {collection:?} is searched with {:?}, and a document of {asked:?} would not be found: leave \
                 `model` out, or take the collection there with `ruche embed migrate --to {asked}`",
                searched.name
            );
            return Err(JobError::Reject(Invalid::new("model", message).into()));
        }
        let main = self.of(searched).ok_or_else(|| self.lacks(collection, searched, attempt))?;
        Ok((&main.indexer, self.beside(main, next)))
    }

    fn of(&self, model: &ModelVersion) -> Option<&Served> {
        self.all().find(|served| served.indexer.model == *model)
    }

    /// The model that a collection migrates to, if this worker has it.
    fn beside(&self, main: &Served, next: Option<&ModelVersion>) -> Option<&Indexer> {
        let next = next.filter(|next| **next != main.indexer.model).and_then(|next| self.of(next));
        next.map(|served| &served.indexer)
    }

    /// The error if this worker lacks the model that a collection is searched with.
    fn lacks(&self, collection: &str, searched: &ModelVersion, attempt: u32) -> JobError {
        let (name, names, first) = (&searched.name, self.names(), self.first.name());
        let which = match self.all().any(|served| served.name() == name) {
            true => "another file of that name, or with another pooling or prefix",
            false => "not that one",
        };
        let message = format!(
            "the collection {collection:?} is searched with {name:?}, and this worker has {which}: it embeds with {names}. Start \
             workers with both (embed.model_path and embed.next_model_path), or take the collection to a model that there is \
             (`ruche embed migrate --to {first}`); then `ruche dead replay --kind embed --code {}`",
            codes::UNKNOWN_MODEL
        );
        absent::<Embed>(message, None, attempt)
    }

    fn names(&self) -> String {
        self.all().map(|served| format!("{:?}", served.name())).collect::<Vec<_>>().join(" and ")
    }
}
