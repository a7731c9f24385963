//! The hub: what it says about a file, and its bytes.
//!
//! The crate hf-hub fetches in pieces and remembers the last complete one, so a broken download goes on there. It leaves
//! tasks behind when it fails, and waits for ever on a silent connection; so each try gets a runtime of its own here,
//! which ends with the try, and a watch on its progress.

use std::{future::Future, path::PathBuf, time::Duration};

use hf_hub::{
    Repo, RepoType,
    api::tokio::{Api, ApiBuilder, ApiError},
};
use tokio_util::sync::CancellationToken;

use super::{bar::Bar, presets::Preset};

/// Why a model is not here.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HubError {
    /// No connection, or no answer in time.
    #[error("the model hub {endpoint} can't be reached ({why})")]
    Unreachable {
        /// The hub.
        endpoint: String,
        /// What happened.
        why: String,
    },
    /// The hub answered with an error.
    #[error("the model hub {endpoint} answered {status} for {what}")]
    Refused {
        /// The hub.
        endpoint: String,
        /// The HTTP status.
        status: u16,
        /// What was asked for.
        what: String,
    },
    /// The download broke off again and again.
    #[error("the download of {what} broke off ({why}); the next try goes on where it stopped")]
    Interrupted {
        /// The file.
        what: String,
        /// What happened.
        why: String,
    },
    /// The hub doesn't say what the file should be.
    #[error("the model hub {endpoint} gave no SHA-256 for {what}, so what it sends can't be checked")]
    NoHash {
        /// The hub.
        endpoint: String,
        /// The file.
        what: String,
    },
    /// The bytes are not those that the hub announced.
    #[error("{what} was damaged or exchanged on its way: its SHA-256 is {found}, not {expected}. It was removed")]
    WrongHash {
        /// The file.
        what: String,
        /// The hash of what arrived.
        found: String,
        /// The hash that it should have.
        expected: String,
    },
    /// The hub now announces something else than what was pinned.
    #[error(
        "the model hub now has another {what}: SHA-256 {found}, but {expected} was pinned at the first pull. To accept it, remove {name} from .ruche/models/pins.json"
    )]
    Changed {
        /// The preset.
        name: String,
        /// The file.
        what: String,
        /// What the hub says now.
        found: String,
        /// What was pinned.
        expected: String,
    },
    /// The disk, or the like.
    #[error("{what} can't be kept: {why}")]
    Local {
        /// The file.
        what: String,
        /// What happened.
        why: String,
    },
}

impl HubError {
    /// Whether another model may stand in: not when something is wrong with what came.
    pub(crate) fn is_about_reaching(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Refused { .. } | Self::Interrupted { .. })
    }
}

/// What the hub says about a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// The repository's commit.
    pub commit: String,
    /// The file's SHA-256.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// A hub, and where its files are kept.
#[derive(Debug, Clone)]
pub(super) struct Hub {
    /// Its base URL.
    pub endpoint: String,
    /// The models' folder.
    pub models: PathBuf,
    /// For repositories that ask for it.
    pub token: Option<String>,
    /// How long it may take to answer the first question.
    pub reach: Duration,
    /// How long a download may stand still.
    pub stall: Duration,
    /// How often a broken download is taken up again.
    pub tries: u32,
    /// The pieces in which it fetches, in bytes.
    pub piece: usize,
}

impl Hub {
    /// huggingface.co, or `HF_ENDPOINT`; with `HF_TOKEN` if set.
    pub(super) fn from_env(models: PathBuf) -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.trim().is_empty());
        let endpoint = variable("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned());
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            models,
            token: variable("HF_TOKEN"),
            reach: Duration::from_secs(6),
            stall: Duration::from_secs(30),
            tries: 5,
            piece: 8_000_000,
        }
    }

    fn api(&self) -> Result<Api, ApiError> {
        let builder = ApiBuilder::new().with_cache_dir(self.models.join("hub")).with_endpoint(self.endpoint.clone());
        builder.with_token(self.token.clone()).with_chunk_size(Some(self.piece)).with_progress(false).build()
    }

    /// What the hub says about this file at this revision.
    pub(super) async fn look(&self, preset: &'static Preset, revision: &str) -> Result<Remote, HubError> {
        let (hub, repo) = (self.clone(), repo(preset, revision));
        let asking = alone(move |_| async move {
            let api = hub.api()?;
            let url = api.repo(repo).url(preset.file);
            tokio::time::timeout(hub.reach, api.metadata(&url)).await.map_or(Ok(None), |found| found.map(Some))
        });
        let unreachable = |why: String| HubError::Unreachable { endpoint: self.endpoint.clone(), why };
        match asking.await.map_err(&unreachable)? {
            Ok(Some(found)) if is_sha256(found.etag()) => Ok(Remote {
                commit: found.commit_hash().to_owned(),
                sha256: found.etag().to_lowercase(),
                bytes: found.size() as u64,
            }),
            Ok(Some(_)) => Err(HubError::NoHash { endpoint: self.endpoint.clone(), what: preset.file.to_owned() }),
            Ok(None) => Err(unreachable(format!("no answer within {} s", self.reach.as_secs()))),
            Err(error) => match status(&error) {
                Some(status) => {
                    let what = format!("{}/{}", preset.repo, preset.file);
                    Err(HubError::Refused { endpoint: self.endpoint.clone(), status, what })
                }
                None => Err(unreachable(root_cause(&error))),
            },
        }
    }

    /// Tries once to fetch the file, going on where an earlier try stopped.
    ///
    /// # Errors
    /// What happened, in words.
    pub(super) async fn fetch(&self, preset: &'static Preset, revision: &str, bar: &Bar) -> Result<PathBuf, String> {
        let (hub, repo, bar) = (self.clone(), repo(preset, revision), bar.clone());
        let fetching = alone(move |cancelled: CancellationToken| async move {
            let api = hub.api().map_err(|error| root_cause(&error))?;
            let repo = api.repo(repo);
            tokio::select! {
                fetched = repo.download_with_progress(preset.file, bar.clone()) => {
                    fetched.map_err(|error| root_cause(&error))
                }
                () = bar.stalled(hub.stall) => Err(format!("nothing arrived for {} s", hub.stall.as_secs())),
                () = cancelled.cancelled() => Err("cancelled".to_owned()),
            }
        });
        fetching.await?
    }
}

fn repo(preset: &Preset, revision: &str) -> Repo {
    Repo::with_revision(preset.repo.to_owned(), RepoType::Model, revision.to_owned())
}

/// Runs a future on a runtime of its own, which ends with it, along with whatever it started. When the caller stops
/// waiting, the token is cancelled.
async fn alone<T, F>(work: impl FnOnce(CancellationToken) -> F + Send + 'static) -> Result<T, String>
where
    T: Send + 'static,
    F: Future<Output = T>,
{
    let token = CancellationToken::new();
    let _guard = token.clone().drop_guard();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let run = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let outcome = runtime.map_err(|error| error.to_string()).map(|runtime| {
            let outcome = runtime.block_on(work(token));
            // A name look-up that hangs can't be ended; it must not hold anybody up.
            runtime.shutdown_background();
            outcome
        });
        let _ = sender.send(outcome);
    };
    std::thread::Builder::new().name("hub".to_owned()).spawn(run).map_err(|error| error.to_string())?;
    receiver.await.map_err(|_| "the download ended unexpectedly".to_owned())?
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn status(error: &ApiError) -> Option<u16> {
    match error {
        ApiError::RequestError(error) => error.status().map(|status| status.as_u16()),
        _ => None,
    }
}

/// The innermost reason: "connection refused" rather than "error sending request".
fn root_cause(error: &ApiError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
