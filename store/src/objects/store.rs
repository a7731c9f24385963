//! The object store in files or in S3, by the crate `object_store`. Writes are atomic: a file is written under
//! another name and renamed once it is on disk, and S3 shows an object when all of it has arrived. Every wait has a
//! timeout.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    future::ready,
    stream::{self, BoxStream},
};
use object_store::{
    BackoffConfig, ClientOptions, ObjectStore, ObjectStoreExt, RetryConfig, aws::AmazonS3Builder,
    local::LocalFileSystem, path::Path,
};
use ruche_schemas::{Claim, JobRef, config};

use super::{
    port::{ObjectError, Objects, Pieces, owner},
    verified::verified,
};

const CONNECT: Duration = Duration::from_secs(5);
/// Read timeout: the longest time without data.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// Timeout of a write or a deletion.
const CALL: Duration = Duration::from_secs(120);
/// Total time of the retries of a request.
const TRIES: Duration = Duration::from_secs(5);
/// Maximal number of retries of a request.
const RETRIES: usize = 3;

#[derive(Debug, thiserror::Error)]
#[error("the object store {url} can't be used: {cause} (check objects.url and what belongs to it)")]
pub struct OpenError {
    url: String,
    cause: String,
}

#[derive(Debug)]
pub struct Store {
    inner: Arc<dyn ObjectStore>,
    /// Prefix of all keys: empty, or `some/prefix/`.
    prefix: String,
    root: Option<PathBuf>,
}

impl Store {
    /// Opens the configured store. Creates a missing folder; does not check that a bucket exists.
    pub fn open(settings: &config::Objects) -> Result<Self, OpenError> {
        let failed = |cause: String| OpenError { url: settings.url.clone(), cause };
        if let Some(folder) = settings.url.strip_prefix("file://") {
            let folder = PathBuf::from(folder);
            fs::create_dir_all(&folder).map_err(|error| failed(error.to_string()))?;
            let files = LocalFileSystem::new_with_prefix(&folder).map_err(|error| failed(error.to_string()))?;
            let files = files.with_fsync(true).with_automatic_cleanup(true);
            return Ok(Self { inner: Arc::new(files), prefix: String::new(), root: Some(folder) });
        }
        let place = settings.url.strip_prefix("s3://").ok_or_else(|| failed("it is no store".to_owned()))?;
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let bucket = s3(settings, bucket).build().map_err(|error| failed(error.to_string()))?;
        let prefix = prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { inner: Arc::new(bucket), prefix, root: None })
    }

    fn path(&self, key: &str) -> Result<Path, ObjectError> {
        // Unreachable for claims that were checked.
        Path::parse(format!("{}{key}", self.prefix)).map_err(|error| ObjectError::Unavailable(error.to_string()))
    }

    /// A missing object; if the whole folder is missing, the store is unavailable instead.
    fn missing(&self, key: String) -> ObjectError {
        match &self.root {
            Some(root) if !root.is_dir() => ObjectError::Unavailable(format!("there is no folder {}", root.display())),
            _ => ObjectError::Missing(key),
        }
    }

    fn key(prefix: &str, path: &Path) -> Option<String> {
        path.as_ref().strip_prefix(prefix).map(str::to_owned)
    }
}

fn s3(settings: &config::Objects, bucket: &str) -> AmazonS3Builder {
    // rustls needs a process-wide provider once; a second call fails harmlessly.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = ClientOptions::new()
        .with_allow_http(settings.allow_http)
        .with_connect_timeout(CONNECT)
        .with_read_timeout(READ_TIMEOUT)
        // A large object over a slow line may take long; our own timeouts apply instead.
        .with_timeout_disabled();
    let backoff = BackoffConfig { max_backoff: Duration::from_secs(1), ..BackoffConfig::default() };
    let retry = RetryConfig { backoff, max_retries: RETRIES, retry_timeout: TRIES };
    let builder = match settings.access_key.is_empty() {
        true => AmazonS3Builder::from_env(),
        false => AmazonS3Builder::new()
            .with_access_key_id(&settings.access_key)
            .with_secret_access_key(&settings.secret_key.0),
    };
    let builder = builder
        .with_bucket_name(bucket)
        .with_region(&settings.region)
        .with_client_options(options)
        .with_retry(retry)
        .with_allow_http(settings.allow_http);
    match settings.endpoint.is_empty() {
        true => builder,
        false => builder.with_endpoint(&settings.endpoint),
    }
}

/// Maps an error. A missing bucket means that the store is unavailable, not that the object is missing.
fn explain(key: &str, error: object_store::Error) -> ObjectError {
    match error {
        object_store::Error::NotFound { ref source, .. } if source.to_string().contains("NoSuchBucket") => {
            ObjectError::Unavailable(error.to_string())
        }
        object_store::Error::NotFound { .. } => ObjectError::Missing(key.to_owned()),
        other => ObjectError::Unavailable(other.to_string()),
    }
}

async fn bounded<T>(
    key: &str,
    limit: Duration,
    call: impl Future<Output = Result<T, object_store::Error>>,
) -> Result<T, ObjectError> {
    match tokio::time::timeout(limit, call).await {
        Ok(result) => result.map_err(|error| explain(key, error)),
        Err(_) => Err(ObjectError::Unavailable(format!("no answer within {} s", limit.as_secs()))),
    }
}

#[async_trait]
impl Objects for Store {
    async fn put(&self, claim: &Claim, bytes: Bytes) -> Result<(), ObjectError> {
        let path = self.path(&claim.key)?;
        bounded(&claim.key, CALL, self.inner.put(&path, bytes.into())).await.map(drop)
    }

    async fn open(&self, claim: &Claim) -> Result<Pieces, ObjectError> {
        let path = self.path(&claim.key)?;
        let found = match bounded(&claim.key, READ_TIMEOUT + TRIES, self.inner.get(&path)).await {
            Err(ObjectError::Missing(key)) => return Err(self.missing(key)),
            found => found?,
        };
        let key = claim.key.clone();
        let pieces = stream::unfold(found.into_stream(), move |mut pieces| {
            let key = key.clone();
            async move {
                let next = async { pieces.next().await.transpose() };
                let piece = bounded(&key, READ_TIMEOUT, next).await.transpose()?;
                Some((piece, pieces))
            }
        });
        Ok(verified(pieces.boxed(), claim.clone()))
    }

    async fn delete(&self, claim: &Claim) -> Result<(), ObjectError> {
        let path = self.path(&claim.key)?;
        match bounded(&claim.key, CALL, self.inner.delete(&path)).await {
            Ok(()) | Err(ObjectError::Missing(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn delete_all(&self, job: &JobRef) -> Result<(), ObjectError> {
        let key = job.to_string();
        let folder = self.path(&key)?;
        let mut found = self.inner.list(Some(&folder));
        // A job has a body, an output, and perhaps outputs of attempts that did not end it.
        while let Some(object) = bounded(&key, READ_TIMEOUT, async { found.next().await.transpose() }).await? {
            match bounded(&key, CALL, self.inner.delete(&object.location)).await {
                Ok(()) | Err(ObjectError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn older(&self, than: DateTime<Utc>) -> BoxStream<'static, Result<JobRef, ObjectError>> {
        let folder = Path::from(self.prefix.as_str());
        let prefix = self.prefix.clone();
        let found = self.inner.list((!self.prefix.is_empty()).then_some(&folder));
        let jobs = found.filter_map(move |object| {
            ready(match object {
                Err(error) => Some(Err(explain("", error))),
                Ok(object) if object.last_modified >= than => None,
                // Skip objects that Ruche did not create.
                Ok(object) => Self::key(&prefix, &object.location).and_then(|key| owner(&key)).map(Ok),
            })
        });
        jobs.boxed()
    }
}
