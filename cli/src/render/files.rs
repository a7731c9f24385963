//! The files that are sent along: each name is resolved as a browser does, and refused if it leads out of its folder.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result};
use reqwest::Url;
use ruche_schemas::kinds::render::{FILE_BYTES, FILES};

use crate::refused::Refused;

/// The names, with their paths.
#[derive(Debug, Default)]
pub(super) struct Files {
    found: BTreeMap<String, (PathBuf, Vec<u8>)>,
    /// Where files may be, besides the folder of the text that names them.
    open: Vec<PathBuf>,
    pub(super) notes: Vec<String>,
}

impl Files {
    /// Allows the document's folder, also to style sheets in folders of it, and the one of `--root`.
    pub(super) fn below(folder: &Path, root: Option<&Path>) -> Result<Self> {
        let canonical =
            |root: &Path| root.canonicalize().with_context(|| format!("--root {} can't be used", root.display()));
        let root = root.map(canonical).transpose()?;
        Ok(Self { open: root.into_iter().chain(folder.canonicalize()).collect(), ..Self::default() })
    }

    /// Adds the file that this name means in a text of this folder. The renderer warns, with the line, of what is on
    /// the web or missing.
    pub(super) fn take(&mut self, folder: &Path, name: &str) -> Result<Option<PathBuf>> {
        let Ok(folder) = folder.canonicalize() else { return Ok(None) };
        let Some(path) = meant(&folder, name) else { return Ok(None) };
        let is_open = |path: &Path| path.starts_with(&folder) || self.open.iter().any(|open| path.starts_with(open));
        // As written, and with links resolved.
        let real = path.canonicalize().ok();
        if !is_open(&path) || real.as_deref().is_some_and(|real| !is_open(real)) {
            self.notes.push(format!(
                "{name}: not sent along, for it lies outside of {}: --root DIR opens a larger folder",
                folder.display()
            ));
            return Ok(None);
        }
        let Some(real) = real else { return Ok(None) };
        let name = called(&folder, &path, name);
        if !is_name(&name) {
            self.notes.push(format!("{name:?}: not sent along, for it is no name that a file can have there"));
            return Ok(None);
        }
        self.add(name, &real)
    }

    /// Adds a file of the command line, by its name alone.
    pub(super) fn take_as_told(&mut self, path: &Path) -> Result<String> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).filter(|name| is_name(name));
        let name = name.ok_or_else(|| Refused::usage(format!("{} is no name of a file", path.display())))?;
        let real = path.canonicalize().with_context(|| format!("{} can't be read", path.display()))?;
        match self.add(name.clone(), &real)? {
            Some(_) => Ok(name),
            None => Err(Refused::usage(format!("{} is no file", path.display()))),
        }
    }

    fn add(&mut self, name: String, real: &Path) -> Result<Option<PathBuf>> {
        // A pipe or a device would be read for ever.
        if !real.is_file() {
            return Ok(None);
        }
        if let Some((known, _)) = self.found.get(&name) {
            if known == real {
                return Ok(None);
            }
            let message = format!("{} and {} are both called {name}: rename one", known.display(), real.display());
            return Err(Refused::usage(message));
        }
        if self.found.len() == FILES {
            return Err(Refused::because(format!("{name} is one file too many: at most {FILES} can be sent along")));
        }
        self.found.insert(name, (real.to_owned(), read(real, FILE_BYTES)?));
        Ok(Some(real.to_owned()))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.found.iter().map(|(name, (_, bytes))| (name.as_str(), bytes.as_slice()))
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.found.values().map(|(path, _)| path.as_path())
    }
}

/// A whole file of at most `most` bytes.
pub(super) fn read(path: &Path, most: usize) -> Result<Vec<u8>> {
    use std::io::Read;
    let wrong = || format!("{} can't be read", path.display());
    let mut bytes = Vec::new();
    fs::File::open(path).and_then(|file| file.take(most as u64 + 1).read_to_end(&mut bytes)).with_context(wrong)?;
    match bytes.len() > most {
        true => Err(Refused::because(format!("{} is too large: at most {most} bytes are allowed", path.display()))),
        false => Ok(bytes),
    }
}

/// The path of a reference in this folder; `None` for one to the web, into the text itself, or to nothing.
fn meant(folder: &Path, name: &str) -> Option<PathBuf> {
    if name.is_empty() || name.starts_with('#') || name.starts_with("//") {
        return None;
    }
    let url = Url::from_directory_path(folder).ok()?.join(name).ok()?;
    // A reference with a scheme means no file here, `file:` included.
    let has_scheme = Url::parse(name).is_ok();
    (url.scheme() == "file" && !has_scheme).then(|| url.to_file_path().ok()).flatten()
}

/// The name that the renderer looks for: the path as written, without the steps out of the folder.
fn called(folder: &Path, path: &Path, name: &str) -> String {
    if let Ok(inner) = path.strip_prefix(folder) {
        return inner.to_string_lossy().into_owned();
    }
    let ups = Path::new(name).components().take_while(|part| !matches!(part, Component::Normal(_))).count();
    let rest = Path::new(name).components().skip(ups).count();
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts[parts.len().saturating_sub(rest)..].join("/")
}

/// Whether a file may have this name in a job.
fn is_name(name: &str) -> bool {
    (1..=255).contains(&name.len()) && !name.chars().any(|c| c.is_control() || c == '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a document's folder in it, and a secret beside.
    fn place() -> tempfile::TempDir {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir_all(place.path().join("docs/img")).unwrap();
        for name in ["secret.png", "docs/a.png", "docs/img/b c.png", "docs/img/ü.png"] {
            fs::write(place.path().join(name), name).unwrap();
        }
        std::os::unix::fs::symlink(place.path().join("secret.png"), place.path().join("docs/link.png")).unwrap();
        place
    }

    fn taken(place: &Path, root: Option<&Path>, names: &[&str]) -> (Vec<String>, Vec<String>) {
        let mut files = Files::below(&place.join("docs"), root).unwrap();
        for name in names {
            files.take(&place.join("docs"), name).unwrap();
        }
        (files.iter().map(|(name, _)| name.to_owned()).collect(), files.notes)
    }

    #[test]
    fn names_mean_what_they_mean_to_a_browser() {
        let place = place();
        let names = ["./a.png", "img/b%20c.png", "img/ü.png?x=1#y", "img/../a.png", "none.png", "img", ""];
        let (files, notes) = taken(place.path(), None, &names);
        assert_eq!(files, ["a.png", "img/b c.png", "img/ü.png"]);
        assert!(notes.is_empty(), "{notes:?}");
    }

    #[test]
    fn what_lies_outside_of_the_folder_stays_there() {
        let place = place();
        let secret = place.path().join("secret.png");
        let (absolute, url) = (secret.to_str().unwrap().to_owned(), format!("file://{}", secret.display()));
        let names = ["../secret.png", "..%2fsecret.png", "img/../../secret.png", "link.png", &absolute, &url, "//x/y"];
        let (files, notes) = taken(place.path(), None, &names);
        assert_eq!(files, Vec::<String>::new());
        assert!(notes.iter().all(|note| note.contains("--root")) && notes.len() >= 4, "{notes:?}");
        for web in ["http://x/a.png", "https://x/a.png", "data:image/png;base64,AAAA", "FILE:///etc/passwd", "#a.png"] {
            assert_eq!(taken(place.path(), None, &[web]), (Vec::new(), Vec::new()), "{web}");
        }
        let (files, notes) = taken(place.path(), Some(place.path()), &["../secret.png", "/etc/hostname"]);
        assert_eq!((files, notes.len()), (vec!["secret.png".to_owned()], 1));
    }

    #[test]
    fn a_sheet_in_a_folder_of_the_document_reaches_the_others() {
        let place = place();
        let docs = place.path().join("docs");
        fs::create_dir(docs.join("css")).unwrap();
        let mut files = Files::below(&docs, None).unwrap();
        files.take(&docs.join("css"), "../img/b%20c.png").unwrap();
        files.take(&docs.join("css"), "../../secret.png").unwrap();
        assert_eq!(files.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["img/b c.png"]);
        assert!(files.notes[0].contains("../../secret.png"), "{:?}", files.notes);
    }

    #[test]
    fn two_files_can_not_have_one_name() {
        let place = place();
        fs::create_dir(place.path().join("docs/css")).unwrap();
        fs::write(place.path().join("docs/css/a.png"), "another").unwrap();
        let mut files = Files::default();
        files.take(&place.path().join("docs"), "a.png").unwrap();
        files.take(&place.path().join("docs"), "./a.png").unwrap();
        let error = files.take(&place.path().join("docs/css"), "a.png").unwrap_err().to_string();
        assert!(error.contains("are both called a.png"), "{error}");
    }
}
