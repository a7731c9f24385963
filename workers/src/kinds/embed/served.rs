//! The models of a worker, one or two, and which of them does a job.
//!
//! There are two while collections go from one to the other (`ruche embed migrate`). Texts and stored documents go to the
//! model that their job names, else to the first. Documents go to the model that their collection is searched with, or
//! nobody would find them. A worker without that model hands the job back, for another one may have it; after the last
//! attempt the job is a dead letter that says what to do.

use ruche_schemas::{Invalid, failure::codes, kinds::embed::Embed};
use ruche_store::models::{CollectionModels, ModelVersion};

use super::indexer::Indexer;
use crate::{
    inference::encoder::{Encoder, Prefixes},
    kinds::unknown_model::absent,
    runtime::job_error::JobError,
};

/// A model, and what it does.
pub(super) struct Served {
    /// What it wants before a text.
    pub(super) prefixes: Prefixes,
    /// Indexes documents.
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

/// Those that a worker has.
pub(super) struct Models {
    /// The one for jobs that name none.
    pub(super) first: Served,
    /// The one that collections go to.
    pub(super) next: Option<Served>,
}

/// Who indexes a document: the one that it is found by, and the one that it will be found by.
pub(super) type Indexers<'a> = (&'a Indexer, Option<&'a Indexer>);

impl Models {
    pub(super) fn all(&self) -> impl Iterator<Item = &Served> {
        std::iter::once(&self.first).chain(&self.next)
    }

    /// The model of this name, or the first.
    pub(super) fn named(&self, name: Option<&str>, attempt: u32) -> Result<&Served, JobError> {
        let Some(name) = name else { return Ok(&self.first) };
        self.all().find(|served| served.name() == name).ok_or_else(|| {
            let message = format!("this worker embeds with {}, not with {name:?}", self.names());
            absent::<Embed>(message, Some("model"), attempt)
        })
    }

    /// Who indexes a document of this collection.
    pub(super) fn of_collection(
        &self,
        collection: &str,
        asked: Option<&str>,
        in_use: &CollectionModels,
        attempt: u32,
    ) -> Result<Indexers<'_>, JobError> {
        let next = in_use.next.as_ref();
        let Some(searched) = in_use.searched.as_ref().filter(|_| in_use.has_chunks) else {
            // Whichever it is, the collection will be searched with it.
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

    /// The model that a collection goes to, where this worker has it.
    fn beside(&self, main: &Served, next: Option<&ModelVersion>) -> Option<&Indexer> {
        let next = next.filter(|next| **next != main.indexer.model).and_then(|next| self.of(next));
        next.map(|served| &served.indexer)
    }

    /// That this worker has not the model that a collection is searched with.
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
