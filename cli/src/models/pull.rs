//! Fetches a model, checks it against the hub's own SHA-256, and pins it.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    time::Duration,
};

use backon::{ExponentialBuilder, Retryable};
use sha2::{Digest, Sha256};

use super::{
    bar::Bar,
    hub::{FetchError, Hub, HubError, Remote},
    pins::{Pin, Pins, stat},
    presets::Preset,
};

/// The model's file, fetched unless it is here and pinned.
///
/// # Errors
/// Why it is not here.
pub(super) async fn pull(hub: &Hub, preset: &'static Preset) -> Result<PathBuf, HubError> {
    let local = |why: String| HubError::Local { what: preset.file.to_owned(), why };
    let pins = Pins::read(&hub.models).map_err(|error| local(format!("{error:#}")))?;
    let pin = pins.get(preset.name);
    if let Some(path) = pin.and_then(|pin| pin.intact(&hub.models)) {
        return Ok(path);
    }
    let revision = pin.map_or("main", |pin| &pin.commit);
    let remote = hub.look(preset, revision).await?;
    if let Some(pin) = pin.filter(|pin| pin.sha256 != remote.sha256) {
        return Err(HubError::Changed {
            name: preset.name.to_owned(),
            what: preset.file.to_owned(),
            found: remote.sha256,
            expected: pin.sha256.clone(),
        });
    }
    let place = hub.place(preset, &remote.sha256);
    let mut part = place.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
    let bar = Bar::new(preset.name);
    let fetched = fetch(hub, preset, &remote, &part, &bar).await;
    bar.clear();
    fetched?;
    let found = sha256(&part).await.map_err(|error| local(error.to_string()))?;
    if found != remote.sha256 {
        fs::remove_file(&part).map_err(|error| local(error.to_string()))?;
        return Err(HubError::WrongHash { what: preset.file.to_owned(), found, expected: remote.sha256 });
    }
    fs::rename(&part, &place).map_err(|error| local(error.to_string()))?;
    keep(hub, preset, remote, &place).map_err(local)?;
    Ok(place)
}

/// Retries until the file is complete, a bounded number of times.
async fn fetch(hub: &Hub, preset: &Preset, remote: &Remote, part: &Path, bar: &Bar) -> Result<(), HubError> {
    let what = || preset.file.to_owned();
    let pauses = ExponentialBuilder::new().with_min_delay(Duration::from_millis(500)).with_max_times(hub.tries - 1);
    let tried = (|| hub.fetch(preset, remote, part, bar)).retry(pauses);
    tried.when(|error| matches!(error, FetchError::Broken(_))).await.map_err(|error| match error {
        FetchError::Broken(why) => HubError::Interrupted { what: what(), why },
        FetchError::Local(error) => HubError::Local { what: what(), why: error.to_string() },
    })
}

fn keep(hub: &Hub, preset: &Preset, remote: Remote, path: &Path) -> Result<(), String> {
    let relative = path.strip_prefix(&hub.models).unwrap_or(path).to_owned();
    let (bytes, modified) = stat(path).ok_or("it is gone again")?;
    let pin = Pin { commit: remote.commit, sha256: remote.sha256, bytes, modified, path: relative };
    Pins::set(&hub.models, preset.name, pin).map_err(|error| format!("{error:#}"))
}

/// In hexadecimal.
pub(super) async fn sha256(path: &Path) -> std::io::Result<String> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || hash(&path)).await.map_err(std::io::Error::other).flatten()
}

fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        match file.read(&mut piece)? {
            0 => break,
            n => hash.update(&piece[..n]),
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
#[path = "pull_tests.rs"]
mod tests;
