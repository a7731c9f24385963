//! Where Typst looks for what it needs: the template, the attached files, the fonts, and nothing else.
//!
//! There is no disk behind it and no network: `#import "/etc/passwd"` finds no such file, a package of Typst's universe is
//! refused. `today()` is the document's date, so the same input gives the same bytes.

use std::{collections::HashMap, path::PathBuf, sync::LazyLock};

use typst::{
    Library, LibraryExt, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Dict, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use crate::fonts::Fonts;

/// What templates may import: page furniture, labels.
const LIB: &str = include_str!("../templates/ruche.typ");

/// The world of one document.
pub struct Files {
    library: LazyHash<Library>,
    fonts: Fonts,
    main: Source,
    sources: HashMap<FileId, Source>,
    files: HashMap<FileId, Bytes>,
    today: Option<Datetime>,
}

/// A path in that world, `/template/a.typ`. `None`: it is none.
pub fn id(path: &str) -> Option<FileId> {
    Some(FileId::new(RootedPath::new(VirtualRoot::Project, VirtualPath::new(path).ok()?)))
}

static SHARED: LazyLock<Vec<Source>> =
    LazyLock::new(|| id("/ruche.typ").map(|id| Source::new(id, LIB.to_owned())).into_iter().collect());

impl Files {
    /// A world whose main file is this text, in `/main.typ`.
    #[must_use]
    pub fn new(main: &str, inputs: Dict, fonts: Fonts, today: Option<Datetime>) -> Option<Self> {
        let library = LazyHash::new(Library::builder().with_inputs(inputs).build());
        let main = Source::new(id("/main.typ")?, main.to_owned());
        let sources = SHARED.iter().map(|source| (source.id(), source.clone())).collect();
        Some(Self { library, fonts, main, sources, files: HashMap::new(), today })
    }

    /// Adds a file.
    pub fn add(&mut self, path: &str, data: Bytes) {
        let Some(id) = id(path) else { return };
        if path.ends_with(".typ")
            && let Ok(text) = std::str::from_utf8(&data)
        {
            self.sources.insert(id, Source::new(id, text.to_owned()));
        }
        self.files.insert(id, data);
    }

    /// Adds a source that is parsed already.
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
        &self.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        match id == self.main.id() {
            true => Ok(self.main.clone()),
            false => self.sources.get(&id).cloned().ok_or_else(|| match self.files.contains_key(&id) {
                true => FileError::InvalidUtf8,
                false => missing(id),
            }),
        }
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
