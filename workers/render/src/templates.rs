//! Finds templates: the built-in ones, and Typst packages, unpacked within bounds.
//!
//! A template is a function `template(doc)`; templates/README.md lists the fields of `doc`. A package is a gzipped
//! tar with `typst.toml` (its `entrypoint`), sources, fonts and pictures; it is never written to disk.

use std::{io::Read, sync::LazyLock};

use flate2::read::GzDecoder;
use ruche_schemas::{Failure, failure::codes};
use typst::{foundations::Bytes, syntax::Source};

use crate::{
    fonts::{SANS, SERIF},
    world,
};

/// The text and margins of a template. Lengths in CSS, breaks of words and columns of tables are computed from them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Defaults {
    pub family: &'static str,
    /// The text's size, in points.
    pub size: f64,
    /// Top, right, bottom, left, in millimetres.
    margins: [f64; 4],
}

impl Default for Defaults {
    fn default() -> Self {
        PLAIN
    }
}

impl Defaults {
    /// Top, right, bottom, left, in points.
    #[must_use]
    pub fn margins(&self) -> [f64; 4] {
        self.margins.map(|margin| margin * 72.0 / 25.4)
    }
}

/// Also of templates that are not built in, of which it is a guess.
const PLAIN: Defaults = Defaults { family: SANS, size: 10.0, margins: [24.0, 22.0, 24.0, 22.0] };

const BUILT_IN: [(&str, &str, Defaults); 5] = [
    ("plain", include_str!("../templates/plain/template.typ"), PLAIN),
    (
        "report",
        include_str!("../templates/report/template.typ"),
        Defaults { family: SERIF, size: 11.0, margins: [28.0, 25.0, 26.0, 25.0] },
    ),
    (
        "letter",
        include_str!("../templates/letter/template.typ"),
        Defaults { size: 10.5, margins: [20.0, 20.0, 25.0, 25.0], ..PLAIN },
    ),
    (
        "invoice",
        include_str!("../templates/invoice/template.typ"),
        Defaults { size: 9.5, margins: [22.0, 22.0, 26.0, 22.0], ..PLAIN },
    ),
    (
        "conversation",
        include_str!("../templates/conversation/template.typ"),
        Defaults { margins: [24.0, 24.0, 24.0, 24.0], ..PLAIN },
    ),
];

/// The most files of a package.
const FILES: usize = 500;
/// The most bytes of a package's files together.
const UNPACKED: u64 = 32 << 20;

#[derive(Debug, Clone)]
pub struct Template {
    /// The path of the source with its function.
    pub entry: String,
    pub defaults: Defaults,
    /// Parsed sources.
    pub sources: Vec<Source>,
    /// By path in the world.
    pub files: Vec<(String, Bytes)>,
}

static PARSED: LazyLock<Vec<(&str, Template)>> = LazyLock::new(|| {
    let parsed = BUILT_IN.iter().filter_map(|(name, text, defaults)| {
        let entry = format!("/templates/{name}/template.typ");
        let source = Source::new(world::id(&entry)?, (*text).to_owned());
        Some((*name, Template { entry, defaults: *defaults, sources: vec![source], files: Vec::new() }))
    });
    parsed.collect()
});

#[must_use]
pub fn built_in(name: &str) -> Option<Template> {
    PARSED.iter().find(|(known, _)| *known == name).map(|(_, template)| template.clone())
}

pub fn names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, ..)| *name)
}

fn failed(message: impl Into<String>) -> Failure {
    Failure::new(codes::TEMPLATE, message).with_param("template")
}

/// Unpacks a package.
///
/// # Errors
/// What is wrong with it.
pub fn unpack(package: &[u8]) -> Result<Template, Failure> {
    let broken = |error: std::io::Error| failed(format!("the package is no gzipped tar: {error}"));
    let mut archive = tar::Archive::new(GzDecoder::new(package).take(UNPACKED + (1 << 20)));
    let (mut files, mut bytes) = (Vec::new(), 0);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        let path = path.trim_start_matches("./").to_owned();
        if path.split('/').any(|part| part.is_empty() || part == ".." || part == ".") || path.contains('\\') {
            return Err(failed(format!("the package's file {path:?} would be outside of it")));
        }
        if files.len() == FILES {
            return Err(failed(format!("the package has more than {FILES} files")));
        }
        let mut data = Vec::new();
        entry.by_ref().take(UNPACKED + 1 - bytes).read_to_end(&mut data).map_err(broken)?;
        bytes += data.len() as u64;
        if bytes > UNPACKED {
            return Err(failed(format!("the package's files are larger than {UNPACKED} bytes")));
        }
        files.push((path, data));
    }
    let manifest = shallowest(&files).ok_or_else(|| failed("the package has no typst.toml"))?;
    let folder = manifest.0.strip_suffix("typst.toml").unwrap_or_default().to_owned();
    let entry = entrypoint(&manifest.1)?;
    // A single folder at the top is the package's root.
    let named = files.into_iter().filter_map(|(path, data)| Some((path.strip_prefix(&folder)?.to_owned(), data)));
    let files: Vec<(String, Bytes)> =
        named.map(|(path, data)| (format!("/template/{path}"), Bytes::new(data))).collect();
    let entry = format!("/template/{}", entry.trim_start_matches("./"));
    match files.iter().any(|(path, _)| *path == entry) {
        true => Ok(Template { entry, defaults: PLAIN, sources: Vec::new(), files }),
        false => Err(failed(format!("typst.toml names the entrypoint {entry:?}, which is not in the package"))),
    }
}

fn shallowest(files: &[(String, Vec<u8>)]) -> Option<&(String, Vec<u8>)> {
    let manifests = files.iter().filter(|(path, _)| path == "typst.toml" || path.ends_with("/typst.toml"));
    manifests.min_by_key(|(path, _)| path.matches('/').count())
}

fn entrypoint(manifest: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(manifest).map_err(|_| failed("typst.toml is not UTF-8"))?;
    let manifest: toml::Table =
        toml::from_str(text).map_err(|error| failed(format!("typst.toml can't be read: {}", error.message())))?;
    let entry = manifest.get("package").and_then(|package| package.get("entrypoint")?.as_str().map(str::to_owned));
    entry.ok_or_else(|| failed("typst.toml has no package.entrypoint"))
}
