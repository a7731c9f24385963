//! The model hub: a file's metadata and bytes.
//!
//! A file is at `/<repository>/resolve/<revision>/<file>`. The hub answers with the headers `X-Repo-Commit`,
//! `X-Linked-Etag` (the SHA-256 of a large file) and, if another host has the bytes, a redirect to it. Source:
//! huggingface.co/docs/hub, and `file_download.py` of the client huggingface_hub.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use reqwest::{
    Client, Response, StatusCode,
    header::{CONTENT_RANGE, ETAG, HeaderMap, LOCATION, RANGE},
    redirect::Policy,
};
use tokio::{io::AsyncWriteExt, time::timeout};

use super::{bar::Bar, presets::Preset};

#[derive(Debug, thiserror::Error)]
pub(crate) enum HubError {
    /// No connection, or no answer in time.
    #[error("the model hub {endpoint} can't be reached ({why})")]
    Unreachable { endpoint: String, why: String },
    #[error("the model hub {endpoint} answered {status} for {what}")]
    Refused { endpoint: String, status: u16, what: String },
    #[error("the download of {what} broke off ({why}); the next try goes on where it stopped")]
    Interrupted { what: String, why: String },
    #[error("the model hub {endpoint} gave no SHA-256 for {what}, so what it sends can't be checked")]
    NoHash { endpoint: String, what: String },
    /// The bytes have another hash than the hub announced.
    #[error("{what} was damaged or exchanged on its way: its SHA-256 is {found}, not {expected}. It was removed")]
    WrongHash { what: String, found: String, expected: String },
    /// The hub's hash differs from the pinned one.
    #[error(
        "the model hub now has another {what}: SHA-256 {found}, but {expected} was pinned at the first pull. To accept it, remove {name} from .ruche/models/pins.json"
    )]
    Changed { name: String, what: String, found: String, expected: String },
    /// The disk, or the like.
    #[error("{what} can't be kept: {why}")]
    Local { what: String, why: String },
}

impl HubError {
    /// Whether another model may stand in: not if the fetched file is wrong.
    pub(crate) fn is_about_reaching(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Refused { .. } | Self::Interrupted { .. })
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Remote {
    /// The repository's commit.
    pub commit: String,
    /// In hexadecimal, lower case.
    pub sha256: String,
    pub bytes: u64,
}

/// A hub, and where its files are stored.
#[derive(Debug, Clone)]
pub(super) struct Hub {
    pub endpoint: String,
    pub models: PathBuf,
    /// For repositories that require it.
    pub token: Option<String>,
    /// How long it may take to answer the first request.
    pub reach: Duration,
    /// How long a download may receive nothing.
    pub stall: Duration,
    pub tries: usize,
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
        }
    }

    /// Where the file of this hash is stored once it is complete.
    pub(super) fn place(&self, preset: &Preset, sha256: &str) -> PathBuf {
        self.models.join("hub").join(preset.repo.replace('/', "--")).join(sha256).join(preset.file)
    }

    /// The metadata of this file at this revision.
    pub(super) async fn look(&self, preset: &Preset, revision: &str) -> Result<Remote, HubError> {
        let unreachable = |why: String| HubError::Unreachable { endpoint: self.endpoint.clone(), why };
        let asked = timeout(self.reach, self.ask(preset, revision)).await;
        let asked = asked.map_err(|_| unreachable(format!("no answer within {} s", self.reach.as_secs())))?;
        let (named, sized) = asked.map_err(|error| unreachable(root_cause(&error)))?;
        let status = [named.status(), sized.status()].into_iter().find(|status| !is_answer(*status));
        if let Some(status) = status {
            let what = format!("{}/{}", preset.repo, preset.file);
            return Err(HubError::Refused { endpoint: self.endpoint.clone(), status: status.as_u16(), what });
        }
        let (named, sized) = (named.headers(), sized.headers());
        let etag = header(named, "x-linked-etag").or_else(|| header(named, ETAG.as_str())).unwrap_or_default();
        let sha256 = etag.trim_start_matches("W/").trim_matches('"').to_lowercase();
        if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(HubError::NoHash { endpoint: self.endpoint.clone(), what: preset.file.to_owned() });
        }
        let bytes = header(sized, CONTENT_RANGE.as_str()).and_then(|range| range.rsplit('/').next()?.parse().ok());
        let bytes = bytes.ok_or_else(|| unreachable(format!("it does not say how large {} is", preset.file)))?;
        let commit = header(named, "x-repo-commit").unwrap_or(revision).to_owned();
        Ok(Remote { commit, sha256, bytes })
    }

    /// The hub's own answer, and that of the host with the bytes, which may be the hub.
    async fn ask(&self, preset: &Preset, revision: &str) -> Result<(Response, Response), reqwest::Error> {
        let first_byte = |client: &Client, url: &str| client.get(url).header(RANGE, "bytes=0-0");
        // Only within the hub: another host's answer lacks the metadata.
        let within = Policy::custom(|attempt| {
            let host = attempt.previous().last().and_then(|url| url.host_str());
            match host == attempt.url().host_str() && attempt.previous().len() < 10 {
                true => attempt.follow(),
                false => attempt.stop(),
            }
        });
        let (hub, anyone) = (client(within)?, client(Policy::default())?);
        let url = self.url(preset, revision);
        let named = self.signed(first_byte(&hub, &url)).send().await?;
        let sized = match header(named.headers(), LOCATION.as_str()).filter(|_| named.status().is_redirection()) {
            Some(elsewhere) => first_byte(&anyone, elsewhere).send().await?,
            None => self.signed(first_byte(&anyone, &url)).send().await?,
        };
        Ok((named, sized))
    }

    /// Tries once to fetch the rest of the file into `part`, which may have its beginning.
    ///
    /// # Errors
    /// What happened, in words.
    pub(super) async fn fetch(
        &self,
        preset: &Preset,
        remote: &Remote,
        part: &Path,
        bar: &Bar,
    ) -> Result<(), FetchError> {
        if let Some(folder) = part.parent() {
            fs::create_dir_all(folder).map_err(FetchError::Local)?;
        }
        let mut file =
            tokio::fs::File::options().create(true).append(true).open(part).await.map_err(FetchError::Local)?;
        let here = file.metadata().await.map_err(FetchError::Local)?.len();
        // A part longer than announced belongs to another file.
        let here = if here > remote.bytes { 0 } else { here };
        file.set_len(here).await.map_err(FetchError::Local)?;
        bar.start(here, remote.bytes);
        if here == remote.bytes {
            return Ok(());
        }
        let sent = timeout(self.stall, self.rest(preset, remote, here)).await;
        let mut response = sent.map_err(|_| self.silent())??;
        while let Some(bytes) = timeout(self.stall, response.chunk()).await.map_err(|_| self.silent())?? {
            file.write_all(&bytes).await.map_err(FetchError::Local)?;
            bar.advance(bytes.len() as u64);
        }
        file.flush().await.map_err(FetchError::Local)?;
        match file.metadata().await.map_err(FetchError::Local)?.len() {
            n if n == remote.bytes => Ok(()),
            n => Err(FetchError::Broken(format!("{n} of {} bytes arrived", remote.bytes))),
        }
    }

    /// The bytes from `here` on.
    async fn rest(&self, preset: &Preset, remote: &Remote, here: u64) -> Result<Response, FetchError> {
        let request = client(Policy::default())?.get(self.url(preset, &remote.commit));
        let response = self.signed(request).header(RANGE, format!("bytes={here}-")).send().await?;
        let begins = header(response.headers(), CONTENT_RANGE.as_str())
            .is_some_and(|range| range.trim_start_matches("bytes").trim_start().starts_with(&format!("{here}-")));
        match response.status() {
            StatusCode::PARTIAL_CONTENT if begins => Ok(response),
            StatusCode::OK if here == 0 => Ok(response),
            status => Err(FetchError::Broken(format!("{status} for the bytes from {here} on"))),
        }
    }

    fn url(&self, preset: &Preset, revision: &str) -> String {
        format!("{}/{}/resolve/{revision}/{}", self.endpoint, preset.repo, preset.file)
    }

    fn signed(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    fn silent(&self) -> FetchError {
        FetchError::Broken(format!("nothing arrived for {} s", self.stall.as_secs()))
    }
}

#[derive(Debug)]
pub(super) enum FetchError {
    /// The connection: another try continues.
    Broken(String),
    /// The disk: another try would fail as well.
    Local(std::io::Error),
}

impl From<reqwest::Error> for FetchError {
    fn from(error: reqwest::Error) -> Self {
        Self::Broken(root_cause(&error))
    }
}

fn client(redirects: Policy) -> Result<Client, reqwest::Error> {
    let builder = Client::builder().user_agent(concat!("ruche/", env!("CARGO_PKG_VERSION"))).redirect(redirects);
    builder.connect_timeout(Duration::from_secs(10)).build()
}

fn header<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

fn is_answer(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection()
}

/// The innermost reason: "connection refused" rather than "error sending request".
fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
