//! The archive of a DOCX: its parts, found by their relations, and unpacked within bounds.

use std::io::{Cursor, Read as _};

use zip::ZipArchive;

use super::xml::{attribute, name, parse};

/// Of all parts that are read together: a few bytes can unpack to very many.
const UNPACKED: usize = 100 << 20;

pub(super) struct Package<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    left: usize,
}

/// As XML.
pub(super) struct Parts {
    pub(super) document: String,
    pub(super) styles: Option<String>,
    pub(super) numbering: Option<String>,
    pub(super) footnotes: Option<String>,
    pub(super) endnotes: Option<String>,
    pub(super) properties: Option<String>,
}

/// Where each part lies, by the end of its relation's type.
struct Relations(Vec<(String, String)>);

impl Relations {
    /// Paths are relative to this folder, or begin with `/`.
    fn of(xml: &str, folder: &str) -> Result<Self, String> {
        let document = parse(xml)?;
        let relation = |node| {
            let kind = attribute(node, "Type")?.rsplit('/').next()?.to_owned();
            let target = attribute(node, "Target")?;
            let path = match target.strip_prefix('/') {
                Some(path) => path.to_owned(),
                None => format!("{folder}{target}"),
            };
            Some((kind, path))
        };
        let all = document.descendants().filter(|node| name(*node) == "Relationship");
        Ok(Self(all.filter_map(relation).collect()))
    }

    fn path(&self, kind: &str) -> Option<&str> {
        self.0.iter().find(|(of, _)| of == kind).map(|(_, path)| path.as_str())
    }
}

impl<'a> Package<'a> {
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| broken("its archive can't be opened"))?;
        Ok(Self { archive, left: UNPACKED })
    }

    pub(super) fn parts(mut self) -> Result<Parts, String> {
        let package = self.relations("_rels/.rels", "")?;
        let main = package.path("officeDocument").unwrap_or("word/document.xml").to_owned();
        let Some(document) = self.part(&main)? else { return Err(broken("it has no document in it")) };
        let (folder, file) = main.rsplit_once('/').unwrap_or(("", &main));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let relations = self.relations(&format!("{folder}_rels/{file}.rels"), &folder)?;
        let mut of = |kind: &str| relations.path(kind).map_or(Ok(None), |path| self.part(path));
        let (styles, numbering) = (of("styles")?, of("numbering")?);
        let (footnotes, endnotes) = (of("footnotes")?, of("endnotes")?);
        let properties = package.path("core-properties").map_or(Ok(None), |path| self.part(path))?;
        Ok(Parts { document, styles, numbering, footnotes, endnotes, properties })
    }

    fn relations(&mut self, path: &str, folder: &str) -> Result<Relations, String> {
        self.part(path)?.map_or(Ok(Relations(Vec::new())), |xml| Relations::of(&xml, folder))
    }

    fn part(&mut self, path: &str) -> Result<Option<String>, String> {
        let Ok(file) = self.archive.by_name(path) else { return Ok(None) };
        let mut bytes = Vec::new();
        let read = file.take(self.left as u64 + 1).read_to_end(&mut bytes);
        if bytes.len() > self.left {
            return Err(format!("it unpacks to more than {} MiB: divide it", UNPACKED >> 20));
        }
        read.map_err(|_| broken("a part of it can't be unpacked"))?;
        self.left -= bytes.len();
        let (text, _, _) = encoding_rs::UTF_8.decode(&bytes);
        Ok(Some(text.into_owned()))
    }
}

fn broken(why: &str) -> String {
    format!("it is broken: {why}")
}
