//! Provides a world for this crate's tests: one content, the compiled-in fonts, no files.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Content, Datetime, Duration};
use typst::syntax::{FileId, Source};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;

use crate::fonts::Fonts;

pub(crate) struct Stage {
    library: LazyHash<Library>,
    fonts: Fonts,
    main: Source,
}

impl Stage {
    /// Errors and warnings are lines of text.
    pub(crate) fn typeset(content: Content, fonts: Fonts) -> Result<(PagedDocument, Vec<String>), Vec<String>> {
        let mut library = Library::builder().build();
        library.global.scope_mut().define("body", content);
        let main = Source::detached("#set page(width: 160mm, height: auto, margin: 5mm)\n#body");
        let stage = Self { library: LazyHash::new(library), fonts, main };
        let warned = typst::compile::<PagedDocument>(&stage);
        let lines = |list: &[typst::diag::SourceDiagnostic]| list.iter().map(|d| d.message.to_string()).collect();
        match warned.output {
            Ok(document) => Ok((document, lines(&warned.warnings))),
            Err(errors) => Err(lines(&errors)),
        }
    }

    /// With the compiled-in fonts.
    pub(crate) fn plain(content: Content) -> Result<(PagedDocument, Vec<String>), Vec<String>> {
        Self::typeset(content, Fonts::embedded())
    }
}

impl World for Stage {
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
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, _: FileId) -> FileResult<Bytes> {
        Err(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The glyphs' text in drawing order.
pub(crate) fn text(document: &PagedDocument) -> String {
    fn walk(frame: &typst::layout::Frame, out: &mut String) {
        for (_, item) in frame.items() {
            match item {
                typst::layout::FrameItem::Group(group) => walk(&group.frame, out),
                typst::layout::FrameItem::Text(text) => out.push_str(&text.text),
                _ => {}
            }
        }
    }
    let mut out = String::new();
    for page in document.pages() {
        walk(&page.frame, &mut out);
    }
    out
}

/// Writes the pages as PNG to the folder `RUCHE_LOOK`, for inspection.
pub(crate) fn look(document: &PagedDocument, name: &str) {
    let Ok(folder) = std::env::var("RUCHE_LOOK") else { return };
    let options = typst_render::RenderOptions { pixel_per_pt: 2.0.into(), ..Default::default() };
    for (number, page) in document.pages().iter().enumerate() {
        let png = typst_render::render(page, &options).encode_png().expect("a picture");
        std::fs::write(format!("{folder}/{name}-{number}.png"), png).expect("written");
    }
}
