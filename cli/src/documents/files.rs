//! Which files are added: the named ones, and in folders all that can be read as documents.
//!
//! A file's source is its path below the folder that was named, however that folder is spelt. A file that is named
//! itself has its path below the current folder, else its name.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use ruche_schemas::kinds::embed::Format;

use super::Found;
use crate::refused::Refused;

/// The most files of one command.
const MOST: usize = 1_000_000;
/// The most missing files that an error lists.
const SHOWN: usize = 20;
/// The deepest nesting of folders.
const DEPTH: usize = 64;

/// By extension.
fn media_type(path: &Path) -> Option<&'static str> {
    Format::of_name(path.file_name()?.to_str()?)?.media_types().first().copied()
}

/// The files at these paths, in order, each once.
pub(super) fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let current = env::current_dir().and_then(fs::canonicalize).context("the current folder can't be read")?;
    find_in(&current, paths)
}

fn find_in(current: &Path, paths: &[PathBuf]) -> Result<Vec<Found>> {
    all_there(paths)?;
    let mut found = Vec::new();
    for path in paths {
        let unreadable = || format!("{} can't be read", path.display());
        let metadata = fs::metadata(path).with_context(unreadable)?;
        if metadata.is_dir() {
            walk(path, path, 0, &mut found)?;
            continue;
        }
        let Some(media_type) = media_type(path) else {
            let message = format!("{} is no document: files end in {}", path.display(), Format::all_extensions());
            return Err(Refused::usage(message));
        };
        let place = place(path).with_context(unreadable)?;
        let below = place.strip_prefix(current).ok().map(Path::to_owned);
        let source = source(&below.unwrap_or_else(|| path.file_name().map(PathBuf::from).unwrap_or_default()));
        found.push(Found { path: path.clone(), source, media_type });
    }
    let found = unique(found)?;
    match found.is_empty() {
        true => Err(Refused::usage(format!("there is no {} in there", Format::all_extensions()))),
        false => Ok(found),
    }
}

/// Refuses all at once what can't be read: a mistyped name is no reason to add half of the others.
fn all_there(paths: &[PathBuf]) -> Result<()> {
    let missing: Vec<String> = paths
        .iter()
        .filter_map(|path| fs::metadata(path).err().map(|error| format!("  {}: {error}", path.display())))
        .collect();
    match missing.len() {
        0 => Ok(()),
        count => {
            let shown = missing[..count.min(SHOWN)].join("\n");
            let more = if count > SHOWN { format!("\n  and {} more", count - SHOWN) } else { String::new() };
            Err(Refused::because(format!("nothing was added, because these can't be read:\n{shown}{more}")))
        }
    }
}

/// Where a file lies, in one spelling. A link is itself, and not what it leads to.
fn place(path: &Path) -> std::io::Result<PathBuf> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs::canonicalize(folder)?.join(path.file_name().unwrap_or_default()))
}

/// Each file once. Two files with one source would replace each other.
fn unique(all: Vec<Found>) -> Result<Vec<Found>> {
    let (mut sources, mut places, mut kept) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for file in all {
        let place = place(&file.path).with_context(|| format!("{} can't be read", file.path.display()))?;
        if places.insert(place, ()).is_some() {
            continue;
        }
        if let Some(other) = sources.insert(file.source.clone(), file.path.clone()) {
            let (path, other, source) = (file.path.display(), other.display(), &file.source);
            let message = format!(
                "{other} and {path} would both be the document {source:?}: name the folder that holds both, or add them to \
                 two collections"
            );
            return Err(Refused::usage(message));
        }
        kept.push(file);
    }
    Ok(kept)
}

/// Skips hidden files and folders, and does not follow links.
fn walk(named: &Path, folder: &Path, depth: usize, found: &mut Vec<Found>) -> Result<()> {
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
            walk(named, &path, depth + 1, found)?;
        } else if let Some(media_type) = media_type(&path).filter(|_| kind.is_file()) {
            let source = source(path.strip_prefix(named).unwrap_or(&path));
            found.push(Found { source, path, media_type });
        }
        if found.len() > MOST {
            return Err(Refused::because(format!("there are more than {MOST} files: add fewer folders at once")));
        }
    }
    Ok(())
}

/// With `/` between its parts.
fn source(path: &Path) -> String {
    let parts: Vec<String> = path.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(names: &[&str]) -> Result<tempfile::TempDir> {
        let folder = tempfile::tempdir()?;
        for name in names {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().context("a folder")?)?;
            fs::write(path, "x")?;
        }
        Ok(folder)
    }

    #[test]
    fn folders_are_walked_and_what_is_no_document_is_left_out() -> Result<()> {
        let folder =
            folder(&["b/two.HTML", "a.md", "b/c/three.pdf", "b/x.png", ".git/no.md", "b/.no.md", "z.Csv", "y.docx"])?;
        let at = |name: &str| folder.path().join(name);
        let found = find(&[folder.path().to_owned(), at("a.md")])?;
        let names: Vec<_> = found.iter().map(|file| (file.source.as_str(), file.media_type)).collect();
        let expected = [
            ("a.md", "text/markdown"),
            ("b/c/three.pdf", "application/pdf"),
            ("b/two.HTML", "text/html"),
            ("y.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
            ("z.Csv", "text/csv"),
        ];
        assert_eq!(names, expected);
        assert_eq!(found[2].path, at("b/two.HTML"));
        assert!(find(&[at("b/x.png")]).is_err() && find(&[at(".git/none")]).is_err() && find(&[at("b/c/.")]).is_ok());
        Ok(())
    }

    #[test]
    fn a_source_is_the_same_however_its_folder_is_spelt() -> Result<()> {
        let folder = folder(&["docs/sub/a.md", "docs/b.md"])?;
        let at = |name: &str| folder.path().join(name);
        let sources = |paths: &[&str]| -> Result<Vec<String>> {
            let paths: Vec<PathBuf> = paths.iter().map(|name| at(name)).collect();
            let current = fs::canonicalize(folder.path())?;
            Ok(find_in(&current, &paths)?.into_iter().map(|file| file.source).collect())
        };
        let spelt = ["docs", "./docs/", "docs/../docs", "docs/sub/.."];
        for one in spelt {
            assert_eq!(sources(&[one])?, ["b.md", "sub/a.md"], "{one}");
        }
        assert_eq!(sources(&spelt)?, ["b.md", "sub/a.md"], "each file is added once");
        for one in ["docs/b.md", "./docs/../docs/b.md", "docs/sub/../b.md"] {
            assert_eq!(sources(&[one])?, ["docs/b.md"], "{one}");
        }
        let elsewhere = find_in(&fs::canonicalize(at("docs/sub"))?, &[at("docs/b.md"), at("docs/sub/a.md")])?;
        assert_eq!(elsewhere.iter().map(|file| file.source.as_str()).collect::<Vec<_>>(), ["b.md", "a.md"]);
        Ok(())
    }

    #[test]
    fn two_files_do_not_replace_each_other() -> Result<()> {
        let folder = folder(&["a/README.md", "b/README.md"])?;
        let error = find(&[folder.path().join("a"), folder.path().join("b")]).expect_err("they have one source");
        assert!(error.to_string().contains("would both be the document \"README.md\""), "{error}");
        let names: Vec<_> = find(&[folder.path().to_owned()])?.into_iter().map(|file| file.source).collect();
        assert_eq!(names, ["a/README.md", "b/README.md"]);
        Ok(())
    }
}
