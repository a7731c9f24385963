//! The models that a kind needs: their settings, their presets, and the one that needs no hub.

#[derive(Debug, PartialEq, Eq)]
pub struct ModelSlot {
    /// Its key in the section `models`, whose value names a preset: `next_embedding`.
    pub name: &'static str,
    /// The prefix of `model_path` and `model_name` in the kind's own section: empty, or `next_`.
    pub prefix: &'static str,
    /// The preset if none is set. Empty: the slot stays empty, and no other model replaces it.
    pub default: &'static str,
    /// What the key means, for the configuration; one line or several.
    pub comment: &'static str,
    /// One word for the report of `ruche up`.
    pub label: &'static str,
    pub family: &'static Family,
    /// Whether it has workers of its own, which take only jobs that name it (`worker.pool`). Otherwise the kind's workers
    /// serve it.
    pub own_workers: bool,
    /// The model in a container if none is set.
    pub container: Option<ContainerModel>,
}

/// Models that can replace each other.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// Their purpose, as in `ruche models list`.
    pub name: &'static str,
    pub presets: &'static [Preset],
    /// The models that need no hub, by their names in the configuration: the best first.
    pub built_in: &'static [&'static str],
}

#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// The name in the configuration and in answers.
    pub name: &'static str,
    pub repo: &'static str,
    pub file: &'static str,
    /// The approximate size in bytes, for lists only.
    pub bytes: u64,
    pub purpose: &'static str,
}

#[derive(Debug, PartialEq, Eq)]
pub struct ContainerModel {
    pub path: &'static str,
    pub name: &'static str,
    /// Whether the image contains the file. Otherwise its own profile starts the worker.
    pub in_image: bool,
}

impl ModelSlot {
    #[must_use]
    pub fn path_key(&self) -> String {
        format!("{}model_path", self.prefix)
    }

    #[must_use]
    pub fn name_key(&self) -> String {
        format!("{}model_name", self.prefix)
    }
}
