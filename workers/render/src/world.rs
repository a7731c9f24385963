//! Gives Typst the files that it can read: template, attached files and fonts.
//!
//! There is no disk and no network: `#import "/etc/passwd"` finds no file, packages of Typst's universe are refused.
//! `today()` is the document's date, so that the same input gives the same bytes.

use std::{collections::HashMap, path::PathBuf, sync::LazyLock};

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use crate::fonts::Fonts;

/// What templates may import: page furniture, labels.
const LIB: &str = include_str!("../templates/ruche.typ");

pub struct Files {
    fonts: Fonts,
    shared: FileId,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    today: Option<Datetime>,
}

/// Of a path such as `/template/a.typ`; `None` if it is no path.
pub fn id(path: &str) -> Option<FileId> {
    Some(FileId::new(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?)))
}

static SHARED: LazyLock<Option<Source>> = LazyLock::new(|| id("/ruche.typ").map(|id| Source::new(id, LIB.to_owned())));

/// Typst's standard library, shared by all documents so that Typst's cache works across them.
pub static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::builder().build()));

impl Files {
    /// With only what templates may import.
    #[must_use]
    pub fn new(fonts: Fonts, today: Option<Datetime>) -> Option<Self> {
        let shared = SHARED.clone()?;
        let sources = HashMap::from([(shared.id(), shared.clone())]);
        Some(Self { fonts, shared: shared.id(), sources, files: HashMap::new(), today })
    }

    pub fn add(&mut self, path: &str, data: Bytes) {
        let Some(id) = id(path) else { return };
        if path.ends_with(".typ")
            && let Ok(text) = std::str::from_utf8(&data)
        {
            self.sources.insert(id, Source::new(id, text.to_owned()));
        }
        self.files.insert(id, data);
    }

    pub fn add_source(&mut self, source: &Source) {
        self.sources.insert(source.id(), source.clone());
    }
}

fn missing(id: FileId) -> FileError {
    match id.root() {
        VirtualRoot::Package(package) => FileError::Other(Some(typst::ecow::eco_format!(
            "{package} is not fetched: put it into the template's package"
        ))),
        VirtualRoot::Project => FileError::NotFound(PathBuf::from(id.vpath().get_without_slash())),
    }
}

impl World for Files {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.shared
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| match self.files.contains_key(&id) {
            true => FileError::InvalidUtf8,
            false => missing(id),
        })
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let source = || self.sources.get(&id).map(|source| Bytes::from_string(source.text().to_owned()));
        self.files.get(&id).cloned().or_else(source).ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}
