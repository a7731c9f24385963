//! A template's folder as a package: the same folder gives the same bytes, so that pushing it again adds no version.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, GzBuilder};
use ruche_schemas::kinds::render::PACKAGE_BYTES;

use super::files::read;
use crate::refused::Refused;

/// The most files of a package.
const FILES: usize = 500;
/// Of all files together, in bytes.
const UNPACKED: usize = 32 << 20;
/// The deepest nesting of folders.
const DEEPEST: usize = 16;

/// A gzipped tar, without hidden files, links and irregular files.
pub(crate) fn pack(folder: &Path) -> Result<Vec<u8>> {
    let shown = folder.display();
    if !folder.join("typst.toml").is_file() {
        return Err(Refused::usage(format!("{shown} is no template: it has no typst.toml")));
    }
    let mut paths = Vec::new();
    walk(folder, Path::new(""), 0, &mut paths)?;
    // Without times and names of this machine.
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    let mut tar = tar::Builder::new(gzip);
    let mut left = UNPACKED;
    for path in &paths {
        let bytes = read(&folder.join(path), left)?;
        left -= bytes.len();
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, bytes.as_slice())
            .with_context(|| format!("{} can't be packed", path.display()))?;
    }
    let packed = tar.into_inner().and_then(|mut gzip| gzip.flush().and_then(|()| gzip.finish()));
    let packed = packed.with_context(|| format!("{shown} can't be packed"))?;
    match packed.len() > PACKAGE_BYTES {
        true => {
            let message = format!("{shown} has {} bytes, packed: at most {PACKAGE_BYTES} are allowed", packed.len());
            Err(Refused::because(message))
        }
        false => Ok(packed),
    }
}

/// Adds the files below, by name.
fn walk(folder: &Path, below: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<()> {
    let here = folder.join(below);
    let shown = here.display();
    if depth > DEEPEST {
        return Err(Refused::because(format!("{shown} lies more than {DEEPEST} folders deep in its template")));
    }
    let entries = fs::read_dir(&here).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    let mut entries = entries.with_context(|| format!("{shown} can't be read"))?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let kind = entry.file_type().with_context(|| format!("{} can't be read", entry.path().display()))?;
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = below.join(entry.file_name());
        if kind.is_dir() {
            walk(folder, &path, depth + 1, paths)?;
        } else if kind.is_file() {
            if paths.len() == FILES {
                return Err(Refused::because(format!(
                    "{shown} has more than {FILES} files, which is all that a template may"
                )));
            }
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_same_folder_is_the_same_package_without_what_is_hidden_or_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("letter");
        fs::create_dir_all(template.join("fonts")).unwrap();
        fs::create_dir(template.join(".git")).unwrap();
        for name in ["typst.toml", "template.typ", "fonts/a.ttf", ".git/config", ".secret"] {
            fs::write(template.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("/etc/hostname", template.join("hostname")).unwrap();
        let package = pack(&template).unwrap();
        fs::write(template.join("fonts/a.ttf"), "fonts/a.ttf").unwrap();
        assert_eq!(pack(&template).unwrap(), package);
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(package.as_slice()));
        let read = archive.entries().unwrap().map(|entry| {
            let (mut entry, mut text) = (entry.unwrap(), String::new());
            entry.read_to_string(&mut text).unwrap();
            (entry.path().unwrap().display().to_string(), text)
        });
        let read: Vec<_> = read.collect();
        assert_eq!(read, ["fonts/a.ttf", "template.typ", "typst.toml"].map(|name| (name.to_owned(), name.to_owned())));
        let error = pack(folder.path()).unwrap_err().to_string();
        assert!(error.contains("no typst.toml"), "{error}");
    }
}
