//! The files of one project: the folder `.ruche/`, which git ignores and `make clean-data` removes.

use std::{
    fs::{self, File, TryLockError},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use ruche_services::files::write_private;
use serde::{Deserialize, Serialize};

use crate::refused::Refused;

#[derive(Debug, Clone)]
pub(crate) struct Project {
    /// The folder `.ruche`.
    pub data: PathBuf,
}

impl Project {
    /// The project in `folder`, or else around the working folder: the nearest folder upwards with a `.ruche` or a
    /// `Makefile` beside `schemas/`; failing that, the working folder itself.
    pub(crate) fn find(folder: Option<PathBuf>) -> Result<Self> {
        let here = std::env::current_dir().context("the working folder can't be read")?;
        let is_project = |folder: &&Path| folder.join(".ruche").is_dir() || folder.join("schemas/Cargo.toml").is_file();
        let root = match folder {
            Some(folder) => here.join(folder),
            None => here.ancestors().find(is_project).unwrap_or(&here).to_owned(),
        };
        Ok(Self { data: root.join(".ruche") })
    }

    /// Makes `.ruche`, and not the folder around it: its name may be mistyped.
    pub(crate) fn make(&self) -> Result<()> {
        if let Some(root) = self.data.parent().filter(|root| !root.is_dir()) {
            let root = root.display();
            return Err(Refused::usage(format!(
                "there is no folder {root} (--dir or RUCHE_DIR): correct its name, or make it with `mkdir -p {root}`"
            )));
        }
        for folder in [self.run(), self.logs(), self.models()] {
            fs::create_dir_all(&folder).with_context(|| format!("the folder {} can't be made", folder.display()))?;
        }
        Ok(())
    }

    pub(crate) fn run(&self) -> PathBuf {
        self.data.join("run")
    }

    /// Shows other terminals what runs.
    pub(crate) fn state(&self) -> PathBuf {
        self.run().join("state.json")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.data.join("logs")
    }

    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs().join(format!("{name}.log"))
    }

    /// Fetched models and their pins.
    pub(crate) fn models(&self) -> PathBuf {
        self.data.join("models")
    }

    /// The development URL and key, for scripts.
    pub(crate) fn dev_env(&self) -> PathBuf {
        self.data.join("dev.env")
    }

    /// A value in that file.
    pub(crate) fn dev_value(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.dev_env()).ok().and_then(|text| value(&text, name))
    }

    /// Reads them, or makes them at the first start.
    pub(crate) fn secrets(&self) -> Result<Secrets> {
        let file = self.data.join("secrets.json");
        let random = ruche_services::random_secret;
        let mut secrets = match fs::read_to_string(&file) {
            Ok(text) => {
                let unusable =
                    || format!("{} can't be read: `make clean-data` makes a new one, and new data", file.display());
                serde_json::from_str(&text).with_context(unusable)?
            }
            Err(_) => Secrets { nats: random(), postgres: random(), links: String::new() },
        };
        if !secrets.links.is_empty() {
            return Ok(secrets);
        }
        secrets.links = random();
        let text = serde_json::to_string_pretty(&secrets)?;
        write_private(&file, &text).with_context(|| format!("{} can't be written", file.display()))?;
        Ok(secrets)
    }

    /// Takes the lock of a running `ruche up`; `None` if another has it.
    pub(crate) async fn lock(&self) -> Result<Option<Lock>> {
        let path = self.run().join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.with_context(|| format!("{} can't be opened", path.display()))?;
        // `ruche status` takes it for a moment to test it.
        for _ in 0..10 {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Lock { file })),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(Duration::from_millis(30)).await,
                Err(TryLockError::Error(error)) => return Err(error).context("the lock can't be taken"),
            }
        }
        Ok(None)
    }

    /// Whether a `ruche up` runs on this project.
    pub(crate) fn is_running(&self) -> bool {
        let Ok(file) = File::open(self.run().join("lock")) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// The value in a line `NAME=value`.
fn value(text: &str, name: &str) -> Option<String> {
    let found = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    found.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// The system releases it when `ruche up` ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// A process that is being started shares the file until it runs its own program, and would keep the lock.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Random passwords of the servers on this machine, and another secret.
#[derive(Serialize, Deserialize)]
pub(crate) struct Secrets {
    /// NATS, user `ruche`, who may do everything. The programs have passwords of their own, new at each start.
    pub nats: String,
    /// Postgres, user `ruche`.
    pub postgres: String,
    /// Signs links to documents. Files of earlier versions have none.
    #[serde(default)]
    pub links: String,
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[tokio::test]
    async fn a_second_start_finds_the_lock_taken_until_the_first_ends() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        project.make().unwrap();
        let lock = project.lock().await.unwrap();
        assert!(lock.is_some() && project.is_running());
        assert!(project.lock().await.unwrap().is_none());
        drop(lock);
        assert!(!project.is_running());
        assert!(project.lock().await.unwrap().is_some());
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("mistyped");
        let error = Project::find(Some(missing.clone())).unwrap().make().unwrap_err();
        assert!(error.to_string().contains(&format!("there is no folder {}", missing.display())), "{error}");
        assert!(!missing.exists());
    }

    #[test]
    fn a_value_is_read_from_its_own_line() {
        let text = "RUCHE_URL=http://127.0.0.1:8080\nRUCHE_KEY=rk_a_b\nEMPTY=\n";
        assert_eq!(value(text, "RUCHE_KEY").as_deref(), Some("rk_a_b"));
        assert_eq!(value(text, "RUCHE"), None);
        assert_eq!(value(text, "EMPTY"), None);
    }

    #[test]
    fn secrets_stay_the_same_and_are_for_the_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        project.make().unwrap();
        let first = project.secrets().unwrap();
        let again = project.secrets().unwrap();
        assert_eq!((again.postgres, &again.links), (first.postgres, &first.links));
        let mode = fs::metadata(project.data.join("secrets.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn secrets_of_an_earlier_version_stay_and_get_what_is_missing() {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        project.make().unwrap();
        fs::write(project.data.join("secrets.json"), r#"{"nats":"n","postgres":"p"}"#).unwrap();
        let secrets = project.secrets().unwrap();
        assert_eq!((&*secrets.nats, &*secrets.postgres), ("n", "p"));
        assert!(secrets.links.len() >= 32, "a secret that the gateway takes: {}", secrets.links.len());
        assert_eq!(project.secrets().unwrap().links, secrets.links);
    }
}
