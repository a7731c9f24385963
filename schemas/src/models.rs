//! The models that a kind needs: where each is set, which are known by name, and which needs no hub.

/// A model that a kind's workers load.
#[derive(Debug, PartialEq, Eq)]
pub struct ModelSlot {
    /// Its key in the section `models`, which names a preset: `next_embedding`.
    pub name: &'static str,
    /// What stands before `model_path` and `model_name` in the kind's own section: empty, or `next_`.
    pub prefix: &'static str,
    /// The preset that is taken if none is set. Empty: the slot stays empty, and no other model ever stands in.
    pub default: &'static str,
    /// What the key means, for the configuration; one line or several.
    pub comment: &'static str,
    /// What it does, in one word for the report of `ruche up`.
    pub label: &'static str,
    pub family: &'static Family,
    /// The model that a container takes if none is set.
    pub container: Option<ContainerModel>,
}

/// Models that can take each other's place.
#[derive(Debug, PartialEq, Eq)]
pub struct Family {
    /// What they are used for, as in `ruche models list`.
    pub name: &'static str,
    pub presets: &'static [Preset],
    /// The one that needs no hub, by its name in the configuration.
    pub built_in: Option<&'static str>,
}

/// A model on the hub that is known by name.
#[derive(Debug, PartialEq, Eq)]
pub struct Preset {
    /// Its name in the configuration and in answers.
    pub name: &'static str,
    /// The hub's repository.
    pub repo: &'static str,
    /// The file in it.
    pub file: &'static str,
    /// About how large it is, in bytes: for lists only.
    pub bytes: u64,
    /// Where it fits.
    pub purpose: &'static str,
}

/// A model's file in a container.
#[derive(Debug, PartialEq, Eq)]
pub struct ContainerModel {
    pub path: &'static str,
    pub name: &'static str,
    /// Whether the image has the file. Otherwise the worker is started by a profile of its own.
    pub in_image: bool,
}

impl ModelSlot {
    /// The key in the kind's section that holds its file.
    #[must_use]
    pub fn path_key(&self) -> String {
        format!("{}model_path", self.prefix)
    }

    /// The key in the kind's section that holds its name in answers.
    #[must_use]
    pub fn name_key(&self) -> String {
        format!("{}model_name", self.prefix)
    }
}
