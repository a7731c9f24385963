//! The object store of one scenario: a folder that can be made unavailable.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use ruche_schemas::Claim;

/// A folder for objects, and a file that replaces it during an outage.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
    stand_in: PathBuf,
}

impl Store {
    pub fn make(folder: &Path) -> Result<Self> {
        let (folder, stand_in) = (folder.join("objects"), folder.join("no-objects"));
        std::fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
        std::fs::write(&stand_in, "").with_context(|| format!("can't make {}", stand_in.display()))?;
        Ok(Self { folder, stand_in })
    }

    pub fn url(&self) -> String {
        format!("file://{}", self.folder.display())
    }

    /// Starts or ends an outage, in one step, so that nobody can create another folder in its place.
    pub fn exchange(&self) -> Result<()> {
        renameat2(AT_FDCWD, &self.folder, AT_FDCWD, &self.stand_in, RenameFlags::RENAME_EXCHANGE)
            .context("the object store can't be taken away or given back")
    }

    /// The object of a claim, read without the code under test; `None` if it is not what the claim says.
    pub fn read(&self, claim: &Claim) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.folder.join(&claim.key)).ok()?;
        let same = bytes.len() as u64 == claim.bytes && blake3::hash(&bytes).to_hex().as_str() == claim.blake3;
        same.then_some(bytes)
    }
}
