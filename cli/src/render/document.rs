//! The document that is sent: the text, its style sheets, its template, and the files that these name.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use ruche_schemas::kinds::render::{CSS_BYTES, MARKDOWN_BYTES, Warning, check_template_name};
use serde_json::{Map, Value, json};

use super::{
    Job,
    files::{Files, read as read_file},
    package, references,
};
use crate::refused::Refused;

/// The largest file of variables, in bytes.
const DATA_BYTES: usize = 1 << 20;
/// The largest file of a password, in bytes.
const PASSWORD_BYTES: usize = 1 << 10;

#[derive(Debug)]
pub(super) struct Document {
    pub(super) markdown: String,
    /// All style sheets, one after the other.
    pub(super) css: String,
    pub(super) template: Option<Template>,
    pub(super) data: Option<Value>,
    pub(super) options: Value,
    pub(super) files: Files,
    /// What was left out, and why.
    pub(super) notes: Vec<String>,
    /// All its source files, to be watched.
    pub(super) inputs: Vec<PathBuf>,
    /// The text's name, and each style sheet with its first line in `css`.
    name: String,
    sheets: Vec<(u32, String)>,
}

#[derive(Debug)]
pub(super) enum Template {
    Name(String),
    Package(Vec<u8>),
}

pub(super) fn read(job: &Job) -> Result<Document> {
    let from_stdin = job.file.as_os_str() == "-";
    let markdown = match from_stdin {
        true => text("standard input", standard_input()?)?,
        false => text(&job.file.display().to_string(), read_file(&job.file, MARKDOWN_BYTES)?)?,
    };
    let mut inputs = job.inputs();
    let folder = if from_stdin { Path::new(".") } else { folder_of(&job.file) };
    let mut files = Files::below(folder, job.root.as_deref())?;
    let mut names = references::of_markdown(&markdown);
    let data = job.data.as_deref().map(variables).transpose()?;
    names.extend(data.as_ref().map(references::of_data).unwrap_or_default());
    for name in names {
        let Some(path) = files.take(folder, &name)? else { continue };
        // A style sheet that the front matter names refers to files too.
        if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("css")) {
            let css = String::from_utf8_lossy(&read_file(&path, CSS_BYTES)?).into_owned();
            take_all(&mut files, folder_of(&path), &references::of_css(&css))?;
        }
    }
    let (css, sheets) = style_sheets(job, &mut files)?;
    for path in &job.also {
        files.take_as_told(path)?;
    }
    let attach = job.attach.iter().map(|path| files.take_as_told(path)).collect::<Result<Vec<_>>>()?;
    let template = template(job, &mut inputs)?;
    inputs.extend(files.paths().map(Path::to_owned));
    let notes = std::mem::take(&mut files.notes);
    let name = if from_stdin { "markdown".to_owned() } else { job.file.display().to_string() };
    let options = options(job, attach)?;
    Ok(Document { markdown, css, template, data, options, files, notes, inputs, name, sheets })
}

impl Job {
    pub(super) fn inputs(&self) -> Vec<PathBuf> {
        let Self { file, css, data, also, attach, password_file, .. } = self;
        let named = [file].into_iter().chain(css).chain(data).chain(also).chain(attach).chain(password_file);
        named.cloned().collect()
    }
}

impl Document {
    /// A warning with its own file's name and line.
    pub(super) fn place(&self, warning: &Warning) -> Warning {
        let (source, line) = match (warning.source.as_str(), warning.line) {
            ("markdown", line) => (self.name.clone(), line),
            ("css", Some(line)) => match self.sheets.iter().rfind(|(first, _)| *first <= line) {
                Some((first, name)) => (name.clone(), Some(line - first + 1)),
                None => ("css".to_owned(), Some(line)),
            },
            (source, line) => (source.to_owned(), line),
        };
        Warning { source, line, message: warning.message.clone() }
    }
}

fn take_all(files: &mut Files, folder: &Path, names: &[String]) -> Result<()> {
    names.iter().try_for_each(|name| files.take(folder, name).map(drop))
}

/// Joins the command line's style sheets, with where each begins. Their references are relative to each.
fn style_sheets(job: &Job, files: &mut Files) -> Result<(String, Vec<(u32, String)>)> {
    let (mut css, mut sheets) = (String::new(), Vec::new());
    for path in &job.css {
        let name = path.display().to_string();
        let sheet = text(&name, read_file(path, CSS_BYTES)?)?;
        take_all(files, folder_of(path), &references::of_css(&sheet))?;
        let line = css.bytes().filter(|byte| *byte == b'\n').count() + 1;
        sheets.push((u32::try_from(line).unwrap_or(u32::MAX), name));
        css.push_str(&sheet);
        if !css.ends_with('\n') {
            css.push('\n');
        }
    }
    Ok((css, sheets))
}

fn template(job: &Job, inputs: &mut Vec<PathBuf>) -> Result<Option<Template>> {
    let Some(template) = &job.template else { return Ok(None) };
    if check_template_name("--template", template).is_ok() {
        return Ok(Some(Template::Name(template.clone())));
    }
    let folder = Path::new(template);
    if !folder.is_dir() {
        let message = format!(
            "--template {template:?} is neither the name of a template (1 to 64 of a-z, 0-9, - and _) nor a folder"
        );
        return Err(Refused::usage(message));
    }
    if job.template_version.is_some() {
        return Err(Refused::usage("a template's folder has no versions: leave out --template-version".to_owned()));
    }
    inputs.push(folder.to_owned());
    package::pack(folder).map(|package| Some(Template::Package(package)))
}

fn options(job: &Job, attach: Vec<String>) -> Result<Value> {
    let mut options = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            options.insert(name.to_owned(), value);
        }
    };
    put("format", job.png.then(|| json!("png")));
    put("standards", (!job.standard.is_empty()).then(|| json!(job.standard)));
    put("date", job.date.map(|date| json!(date)));
    put("lang", job.lang.as_deref().map(Value::from));
    put("title", job.title.as_deref().map(Value::from));
    put("toc", job.toc.map(Value::from));
    put("numbering", job.numbering.then(|| json!(true)));
    put("attach", (!attach.is_empty()).then(|| json!(attach)));
    put("page", job.page.map(Value::from));
    put("ppi", job.ppi.map(Value::from));
    put("fetch", job.no_fetch.then(|| json!(false)));
    put("password", job.password_file.as_deref().map(password).transpose()?.map(Value::from));
    Ok(Value::Object(options))
}

fn password(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let password = text(&name, read_file(path, PASSWORD_BYTES)?)?;
    match password.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(Refused::usage(format!("{name} has no password in its first line"))),
    }
}

fn variables(path: &Path) -> Result<Value> {
    let name = path.display().to_string();
    let wrong = |why: String| Refused::usage(format!("{name} holds no variables ({why}): an object is needed"));
    let data: Value =
        serde_json::from_slice(&read_file(path, DATA_BYTES)?).map_err(|error| wrong(error.to_string()))?;
    match data.is_object() {
        true => Ok(data),
        false => Err(wrong("it is JSON of another kind".to_owned())),
    }
}

fn standard_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut input = std::io::stdin().lock().take(MARKDOWN_BYTES as u64 + 1);
    input.read_to_end(&mut bytes).context("standard input can't be read")?;
    match bytes.len() > MARKDOWN_BYTES {
        true => Err(Refused::because(format!("the Markdown is too large: at most {MARKDOWN_BYTES} bytes are allowed"))),
        false => Ok(bytes),
    }
}

fn text(name: &str, bytes: Vec<u8>) -> Result<String> {
    let wrong = |error: std::string::FromUtf8Error| {
        let at = error.utf8_error().valid_up_to();
        Refused::usage(format!("{name} is no UTF-8 text: the byte at {at} is none. Convert it first"))
    };
    String::from_utf8(bytes).map_err(wrong)
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
