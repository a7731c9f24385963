//! Waits until one of the files changes. It watches their folders: editors replace the file.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::{sync::Notify, time::sleep};

/// Several writes are one change, which ends after this silence.
const QUIET: Duration = Duration::from_millis(100);

pub(super) struct Watcher {
    watcher: RecommendedWatcher,
    folders: BTreeSet<PathBuf>,
    files: Arc<Mutex<BTreeSet<PathBuf>>>,
    changed: Arc<Notify>,
}

impl Watcher {
    pub(super) fn new() -> Result<Self> {
        let (files, changed) = (Arc::new(Mutex::new(BTreeSet::<PathBuf>::new())), Arc::new(Notify::new()));
        let (known, ring) = (Arc::clone(&files), Arc::clone(&changed));
        let watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            let Ok(event) = event else { return };
            // We read the files ourselves.
            if matches!(event.kind, EventKind::Access(_)) {
                return;
            }
            let known = known.lock().unwrap_or_else(PoisonError::into_inner);
            // Everything below a folder that is watched as a whole (a template) counts too.
            if event.paths.iter().any(|path| path.ancestors().any(|part| known.contains(part))) {
                ring.notify_one();
            }
        });
        let watcher = watcher.context("files can't be watched on this machine")?;
        Ok(Self { watcher, folders: BTreeSet::new(), files, changed })
    }

    /// Watches these files too. True if one is new.
    pub(super) fn keep(&mut self, files: &[PathBuf]) -> bool {
        let mut is_new = false;
        for file in files {
            let Some((folder, mode)) = folder_of(file) else { continue };
            let name = match mode {
                RecursiveMode::Recursive => folder.clone(),
                RecursiveMode::NonRecursive => folder.join(file.file_name().unwrap_or_default()),
            };
            is_new |= self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
            // A deleted folder is watched again once it is back and the document names it.
            if !self.folders.contains(&folder) && self.watcher.watch(&folder, mode).is_ok() {
                self.folders.insert(folder);
            }
        }
        is_new
    }

    /// Waits for the end of the next change.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
        loop {
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep(QUIET) => return,
            }
        }
    }
}

/// The file itself, if it is a folder, else the one around it.
fn folder_of(file: &Path) -> Option<(PathBuf, RecursiveMode)> {
    if file.is_dir() {
        return Some((file.canonicalize().ok()?, RecursiveMode::Recursive));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Some((folder.canonicalize().ok()?, RecursiveMode::NonRecursive))
}
