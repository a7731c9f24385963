//! Which file takes a name from which other file of its crate, read from `use` and from paths in code.
//!
//! A name counts for the file that defines it: `crate::x::Name` leads to `x.rs` or `x/mod.rs`, or to the child that
//! one of these takes it from (`pub use child::Name`). `mod` alone, tests, and what a child takes from its ancestors
//! do not count.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use super::{
    packages, relative,
    source::{code, words},
};

/// A path within its crate: `["kinds", "chat"]`.
type Module = Vec<String>;

/// The most names that lead to other names.
const DEPTH: usize = 12;

/// A file's module, with its references to others.
#[derive(Default)]
struct Parsed {
    file: String,
    defined: BTreeSet<String>,
    /// What `use` imports: each name with its path.
    names: BTreeMap<String, Vec<String>>,
    /// The paths of glob imports.
    globs: Vec<Vec<String>>,
    paths: BTreeSet<Vec<String>>,
}

/// A crate's files by module.
#[derive(Default)]
struct Crate(BTreeMap<Module, Parsed>);

/// Each file of the workspace's programs and libraries with the files that it takes names from.
pub(super) fn graph() -> BTreeMap<String, BTreeSet<String>> {
    let mut graph = BTreeMap::new();
    for found in crates() {
        for (module, parsed) in &found.0 {
            let taken = found.taken_by(module, parsed);
            graph.entry(parsed.file.clone()).or_insert_with(BTreeSet::new).extend(taken);
        }
    }
    graph
}

/// Each file of the workspace's programs and libraries with the paths that it names, such as `serde_json::Value`.
pub(super) fn named() -> Vec<(String, BTreeSet<String>)> {
    let all = crates();
    let files = all.iter().flat_map(|found| found.0.values());
    let paths = |parsed: &Parsed| {
        let all = parsed.names.values().chain(&parsed.globs).chain(&parsed.paths);
        all.map(|path| path.join("::")).collect()
    };
    files.map(|parsed| (parsed.file.clone(), paths(parsed))).collect()
}

fn crates() -> Vec<Crate> {
    let mut all = Vec::new();
    for package in packages() {
        for target in package["targets"].as_array().unwrap() {
            let kind = target["kind"][0].as_str().unwrap();
            if ["lib", "bin"].contains(&kind) {
                let mut found = Crate::default();
                let file = Path::new(target["src_path"].as_str().unwrap());
                found.read(file, file.parent().unwrap(), Vec::new());
                all.push(found);
            }
        }
    }
    all
}

impl Crate {
    /// Reads a module's file, and those of its children, which are in `folder`.
    fn read(&mut self, file: &Path, folder: &Path, module: Module) {
        let code = code(&fs::read_to_string(file).unwrap(), false);
        for declared in words(&code).windows(3).filter(|three| three[0] == "mod" && three[2] == ";") {
            let name = declared[1];
            let places = [folder.join(format!("{name}.rs")), folder.join(name).join("mod.rs")];
            // A module with an attribute `path` is not read.
            if let Some(child) = places.iter().find(|place| place.is_file()) {
                self.read(child, &folder.join(name), [module.clone(), vec![name.to_owned()]].concat());
            }
        }
        self.0.insert(module, Parsed { file: relative(file), ..Parsed::of(&code) });
    }

    fn taken_by(&self, module: &Module, parsed: &Parsed) -> BTreeSet<String> {
        // A module that is imported by name counts where it is used: its paths are in the code.
        let brought = parsed.names.values().filter(|path| !self.is_module(module, path));
        let globs = parsed.globs.iter().map(|path| [path.clone(), vec!["*".to_owned()]].concat());
        let all: BTreeSet<_> = brought.chain(&parsed.paths).cloned().chain(globs).collect();
        let files = all.iter().filter_map(|path| self.defining(module, path, DEPTH));
        let around: Vec<_> =
            (0..=module.len()).filter_map(|length| Some(&self.0.get(&module[..length])?.file)).collect();
        files.filter(|file| !around.contains(&file)).collect()
    }

    fn is_module(&self, from: &Module, path: &[String]) -> bool {
        self.absolute(from, path, DEPTH).is_some_and(|path| self.0.contains_key(&path))
    }

    /// The path from the crate's root; `None` for another crate's.
    fn absolute(&self, from: &Module, path: &[String], depth: usize) -> Option<Module> {
        let (first, rest) = path.split_first()?;
        let begin = match first.as_str() {
            "crate" => Vec::new(),
            "self" => from.clone(),
            "super" => from.split_last()?.1.to_vec(),
            name => {
                let child = [from.clone(), vec![name.to_owned()]].concat();
                match (self.0.contains_key(&child), self.0.get(from)?.names.get(name)) {
                    (true, _) => child,
                    (false, Some(brought)) if depth > 0 && brought != path => {
                        self.absolute(from, brought, depth - 1)?
                    }
                    _ => return None,
                }
            }
        };
        match rest.first().map(String::as_str) {
            Some("super") => self.absolute(&begin, rest, depth),
            _ => Some([begin, rest.to_vec()].concat()),
        }
    }

    fn defining(&self, from: &Module, path: &[String], depth: usize) -> Option<String> {
        let path = self.absolute(from, path, depth)?;
        let length = (0..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length]))?;
        let (module, parsed) = self.0.get_key_value(&path[..length])?;
        let Some(name) = path.get(length) else { return Some(parsed.file.clone()) };
        if depth == 0 || parsed.defined.contains(name) {
            return Some(parsed.file.clone());
        }
        if let Some(brought) = parsed.names.get(name) {
            let longer = [brought.clone(), path[length + 1..].to_vec()].concat();
            return self.defining(module, &longer, depth - 1);
        }
        let mut from_globs = parsed.globs.iter().filter_map(|glob| {
            let inside = self.absolute(module, glob, depth)?;
            let defined = self.0.get(&inside).is_some_and(|parsed| parsed.defined.contains(name));
            defined.then(|| self.0[&inside].file.clone())
        });
        from_globs.next_back().or_else(|| Some(parsed.file.clone()))
    }
}

/// All paths in code, in `use` and elsewhere.
pub(super) fn paths(code: &str) -> BTreeSet<Vec<String>> {
    let parsed = Parsed::of(code);
    parsed.paths.into_iter().chain(parsed.names.into_values()).chain(parsed.globs).collect()
}

impl Parsed {
    fn of(code: &str) -> Self {
        let (mut parsed, mut at) = (Self::default(), 0);
        let words = words(code);
        let keywords = ["fn", "struct", "enum", "trait", "type", "const", "static", "union"];
        let defined = words.windows(2).filter(|two| keywords.contains(&two[0])).map(|two| two[1].to_owned());
        parsed.defined = defined.collect();
        while at < words.len() {
            at = match words[at] {
                "use" => parsed.take_use(&words, at + 1),
                _ => parsed.take_path(&words, at),
            };
        }
        parsed
    }

    /// Parses what follows `use`; returns where it ends.
    fn take_use(&mut self, words: &[&str], at: usize) -> usize {
        let length = words[at..].iter().position(|word| *word == ";").unwrap_or(words.len() - at);
        self.take_tree(&words[at..at + length], &[]);
        at + length + 1
    }

    /// Parses a list of trees: `a::b`, `a::{b, c as d}`, `a::*`.
    fn take_tree(&mut self, words: &[&str], above: &[String]) {
        let (mut path, mut alias, mut at) = (above.to_vec(), None, 0);
        while at < words.len() {
            match words[at] {
                "::" => {}
                "," => {
                    self.bring(std::mem::replace(&mut path, above.to_vec()), alias.take(), above);
                }
                "{" => {
                    let end = closing(words, at);
                    self.take_tree(&words[at + 1..end], &path);
                    path = above.to_vec();
                    at = end;
                }
                "as" => {
                    alias = words.get(at + 1).map(|name| (*name).to_owned());
                    at += 1;
                }
                word => path.push(word.to_owned()),
            }
            at += 1;
        }
        self.bring(path, alias, above);
    }

    fn bring(&mut self, mut path: Vec<String>, alias: Option<String>, above: &[String]) {
        if path.len() == above.len() {
            return;
        }
        match path.last().map(String::as_str) {
            Some("*") => {
                path.pop();
                self.globs.push(path);
                return;
            }
            Some("self") if path.len() > 1 => drop(path.pop()),
            _ => {}
        }
        if let Some(name) = alias.or_else(|| path.last().cloned()) {
            self.names.insert(name, path);
        }
    }

    /// Parses a path that begins here, if there is one; returns where to continue.
    fn take_path(&mut self, words: &[&str], at: usize) -> usize {
        let is_name = |word: &str| word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let after_path = at > 0 && words[at - 1] == "::";
        if !is_name(words[at]) || after_path || words.get(at + 1) != Some(&"::") {
            return at + 1;
        }
        let mut path = vec![words[at].to_owned()];
        let mut end = at + 1;
        while words.get(end) == Some(&"::") && words.get(end + 1).is_some_and(|word| is_name(word)) {
            path.push(words[end + 1].to_owned());
            end += 2;
        }
        self.paths.insert(path);
        end
    }
}

/// The index of the brace that closes the one at `at`.
fn closing(words: &[&str], at: usize) -> usize {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(at) {
        match *word {
            "{" => depth += 1,
            "}" if depth == 1 => return index,
            "}" => depth -= 1,
            _ => {}
        }
    }
    words.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
        let folder = tempfile::tempdir_in(super::super::root().join("cli")).unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut found = Crate::default();
        found.read(&folder.path().join("lib.rs"), folder.path(), Vec::new());
        let short = |file: &String| {
            file.rsplit_once(folder.path().file_name().unwrap().to_str().unwrap()).unwrap().1[1..].to_owned()
        };
        let taken = |(module, parsed): (&Module, &Parsed)| {
            (short(&parsed.file), found.taken_by(module, parsed).iter().map(short).collect())
        };
        found.0.iter().map(taken).collect()
    }

    #[test]
    fn a_name_leads_to_the_file_that_defines_it() {
        let graph = of(&[
            ("lib.rs", "mod a; mod b; pub use b::child::Deep; pub struct Root;"),
            ("a.rs", "use crate::{b::{self, Shown}, Root, Deep as D}; fn f() { b::own(); std::mem::take(x) }"),
            ("b/mod.rs", "pub mod child; mod all; pub use all::*; pub use self::child::Shown; pub fn own() {}"),
            ("b/child.rs", "use super::{own, Wide}; pub struct Deep; pub struct Shown;"),
            ("b/all.rs", "pub struct Wide; #[cfg(test)] mod tests { use crate::a; }"),
        ]);
        let of = |file: &str| graph[file].iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(of("lib.rs"), ["b/child.rs"]);
        assert_eq!(of("a.rs"), ["b/child.rs", "b/mod.rs"]);
        assert_eq!(of("b/mod.rs"), ["b/all.rs", "b/child.rs"]);
        assert_eq!(of("b/child.rs"), ["b/all.rs"], "and what it takes from b itself does not count");
        assert!(of("b/all.rs").is_empty());
    }
}
