//! Which files are added: the named ones, and in folders all that can be read as documents.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::Found;
use crate::refused::Refused;

/// The most files of one command.
const MOST: usize = 1_000_000;
/// The deepest nesting of folders.
const DEPTH: usize = 64;

/// By extension.
fn media_type(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "md" | "markdown" => "text/markdown",
        "html" | "htm" | "xhtml" => "text/html",
        "txt" | "text" => "text/plain",
        "pdf" => "application/pdf",
        _ => return None,
    })
}

/// The files at these paths, in order. A source is the path as given, with `/` between its parts.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let metadata = fs::metadata(path).with_context(|| format!("{} can't be read", path.display()))?;
        if metadata.is_dir() {
            walk(path, 0, &mut found)?;
            continue;
        }
        let Some(media_type) = media_type(path) else {
            let message = format!("{} is no document: files end in .md, .html, .txt or .pdf", path.display());
            return Err(Refused::usage(message));
        };
        found.push(Found { path: path.clone(), source: source(path), media_type });
    }
    found.retain(|file| seen.insert(file.source.clone()));
    match found.is_empty() {
        true => Err(Refused::usage("there is no .md, .html, .txt or .pdf in there".to_owned())),
        false => Ok(found),
    }
}

/// Skips hidden files and folders, and does not follow links.
fn walk(folder: &Path, depth: usize, found: &mut Vec<Found>) -> Result<()> {
    if depth > DEPTH {
        return Err(Refused::because(format!("{} is more than {DEPTH} folders deep", folder.display())));
    }
    let unreadable = || format!("{} can't be read", folder.display());
    let mut entries =
        fs::read_dir(folder).with_context(unreadable)?.collect::<Result<Vec<_>, _>>().with_context(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().with_context(unreadable)?);
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if kind.is_dir() {
            walk(&path, depth + 1, found)?;
        } else if let Some(media_type) = media_type(&path).filter(|_| kind.is_file()) {
            found.push(Found { source: source(&path), path, media_type });
        }
        if found.len() > MOST {
            return Err(Refused::because(format!("there are more than {MOST} files: add fewer folders at once")));
        }
    }
    Ok(())
}

fn source(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .filter(|part| !matches!(part, std::path::Component::CurDir))
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    parts.join("/").replace("//", "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_walked_and_what_is_no_document_is_left_out() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/c"))?;
        fs::create_dir_all(at(".git"))?;
        for name in ["b/two.HTML", "a.md", "b/c/three.pdf", "b/x.png", ".git/no.md", "b/.no.md"] {
            fs::write(at(name), "x")?;
        }
        let found = find(&[folder.path().to_owned(), at("a.md")])?;
        let names: Vec<_> = found.iter().map(|file| (file.path.clone(), file.media_type)).collect();
        let expected =
            [(at("a.md"), "text/markdown"), (at("b/c/three.pdf"), "application/pdf"), (at("b/two.HTML"), "text/html")];
        assert_eq!(names, expected);
        assert!(find(&[at("b/x.png")]).is_err() && find(&[at(".git/none")]).is_err() && find(&[at("b/c/.")]).is_ok());
        assert_eq!(source(Path::new("./docs/a.md")), "docs/a.md");
        Ok(())
    }
}
