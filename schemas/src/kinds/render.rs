//! Render: typesets Markdown with a template and CSS as a PDF, or as pictures of its pages.
//!
//! The text is data: it is typeset and never run. Input without effect is listed as [`Warning`]s with line and
//! reason.

use std::{collections::BTreeSet, fmt, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Backoff, Base64, Claim, Invalid, Kind, Limits,
    event::Steps,
    job::{Job, counted},
    metrics::Metric,
};

pub mod metrics;
mod options;
mod settings;

pub use options::{Format, Options, Password, Standard, is_language};
pub use settings::Settings;

pub const MARKDOWN_BYTES: usize = 4 << 20;
pub const CSS_BYTES: usize = 512 << 10;
/// The most attached files.
pub const FILES: usize = 256;
/// The largest attached file.
pub const FILE_BYTES: usize = 16 << 20;
/// The largest template package, compressed.
pub const PACKAGE_BYTES: usize = 8 << 20;
/// The largest document in an event, in bytes; larger ones go to the object store.
pub const INLINE_BYTES: usize = 150 << 10;
/// The most warnings of a document; the last one counts the rest.
pub const WARNINGS: usize = 200;
const NOTHING: &str = "is missing, so there is nothing to render: send Markdown, or `data` for a template";

/// The templates of each worker: name and purpose.
pub const BUILT_IN: [(&str, &str); 5] = [
    ("plain", "The text, without anything around it"),
    ("report", "A cover, a table of contents, and page numbers"),
    ("letter", "A letter: sender, recipient, date and subject"),
    ("invoice", "An invoice, from its data"),
    ("conversation", "A chat with its citations"),
];

/// A render job's input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Render {
    /// CommonMark with GitHub's extensions, definition lists, front matter, formulas and attributes: see
    /// workers/render/README.md. At most 4 MiB. Needed, unless there is `data`.
    pub markdown: String,
    /// A style sheet: the documented subset of CSS. At most 512 KiB.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub css: String,
    /// The template.
    #[serde(skip_serializing_if = "Template::is_default")]
    pub template: Template,
    /// Variables for the template. They override those of the front matter.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
    /// Images, fonts and attachments that text, CSS and template refer to: at most 256.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<File>,
    /// Options of the output.
    pub options: Options,
    /// Whether the document is stored and listed. Otherwise only the job's result has it.
    pub store: bool,
}

impl Default for Render {
    fn default() -> Self {
        Self {
            markdown: String::new(),
            css: String::new(),
            template: Template::default(),
            data: Map::new(),
            files: Vec::new(),
            options: Options::default(),
            store: true,
        }
    }
}

/// A template: a built-in one or the tenant's own, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(rename = "RenderTemplate")]
pub struct Template {
    /// `plain`, `report`, `letter`, `invoice`, `conversation`, or one that was uploaded.
    pub name: String,
    /// The version, from 1. Default: the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub version: Option<u32>,
    /// In place of the template of that name: a Typst package (a gzipped tar) of at most 8 MiB, for this job only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<Base64>,
}

impl Default for Template {
    fn default() -> Self {
        Self { name: "plain".to_owned(), version: None, package: None }
    }
}

impl Template {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// An attached file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct File {
    /// The name by which text, CSS and template refer to it: `logo.svg`, `img/a.png`.
    pub name: String,
    /// Its bytes, at most 16 MiB.
    pub content: Base64,
}

/// A render job's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rendered {
    /// The document, unless it is stored. Missing if it is too large for the event of a job without a stored result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Base64>,
    /// Where it is stored, in the object store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Claim>,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many pages it has.
    pub pages: u32,
    /// The document's title, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Warnings about input that had no effect, with the reasons.
    pub warnings: Vec<Warning>,
}

/// A warning about input that had no effect, or not the intended one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Warning {
    /// Where: `markdown`, `css`, `front matter`, `template`, or a file's name.
    pub source: String,
    /// The line in that source, from 1, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What had no effect, why, and what to do.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.source, self.message),
            None => write!(f, "{}: {}", self.source, self.message),
        }
    }
}

impl Job for Render {
    const KIND: Kind = Kind::new("render");
    const VERSION: u16 = 1;
    const LIMITS: Limits = Limits {
        // Files are base64 here: a third more than their bytes.
        payload_bytes: 64 << 20,
        deadline: Duration::from_secs(180),
        attempts: 3,
        backoff: Backoff { base: Duration::from_millis(500), factor: 2.0, cap: Duration::from_secs(30) },
    };
    type Progress = Steps;
    type Output = Rendered;
    type Settings = Settings;

    const ABOUT: &'static str = "Makes a PDF, or pictures of pages, from Markdown.";
    const METRICS: &'static [&'static Metric] = metrics::METRICS;
    const FETCHES: bool = true;
    const FEATURE: Option<&'static str> = Some("render");

    fn check(&self) -> Result<(), Invalid> {
        counted("markdown", self.markdown.len(), "bytes", 0, MARKDOWN_BYTES)?;
        counted("css", self.css.len(), "bytes", 0, CSS_BYTES)?;
        self.template.check()?;
        counted("files", self.files.len(), "files", 0, FILES)?;
        let mut names = BTreeSet::new();
        for (i, file) in self.files.iter().enumerate() {
            let param = format!("files[{i}].name");
            check_path(&param, &file.name)?;
            if !names.insert(&*file.name) {
                return Err(Invalid::new(param, format!("{:?} is there twice", file.name)));
            }
            counted(&format!("files[{i}].content"), file.content.0.len(), "bytes", 0, FILE_BYTES)?;
        }
        for (i, name) in self.options.attach.iter().enumerate() {
            if !names.contains(&**name) {
                let message = format!("{name:?} is none of `files`: name one of them, or send it in `files`");
                return Err(Invalid::new(format!("options.attach[{i}]"), message));
            }
        }
        self.options.check()?;
        match self.markdown.is_empty() && self.data.is_empty() {
            true => Err(Invalid::new("markdown", NOTHING)),
            false => Ok(()),
        }
    }
}

impl Template {
    fn check(&self) -> Result<(), Invalid> {
        check_template_name("template.name", &self.name)?;
        if self.version == Some(0) {
            return Err(Invalid::new("template.version", "0 is out of range: versions count from 1"));
        }
        match &self.package {
            Some(package) => counted("template.package", package.0.len(), "bytes", 1, PACKAGE_BYTES),
            None => Ok(()),
        }
    }
}

/// 1 to 64 of a-z, 0-9, - and _.
pub fn check_template_name(param: &str, name: &str) -> Result<(), Invalid> {
    let safe = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    match (1..=64).contains(&name.len()) && name.bytes().all(safe) {
        true => Ok(()),
        false => {
            let shown: String = name.chars().take(80).collect();
            Err(Invalid::new(
                param,
                format!("{shown:?} is no name of a template: 1 to 64 of a-z, 0-9, - and _ are allowed"),
            ))
        }
    }
}

/// A relative path without empty, `.` or `..` parts.
fn check_path(param: &str, path: &str) -> Result<(), Invalid> {
    let odd = |part: &str| part.is_empty() || part == "." || part == "..";
    let bad = path.is_empty()
        || path.len() > 255
        || path.chars().any(|c| c.is_control() || c == '\\')
        || path.split('/').any(odd);
    match bad {
        true => {
            let shown: String = path.chars().take(80).collect();
            let message = format!("{shown:?} is no name of a file: a relative path such as img/logo.svg is needed");
            Err(Invalid::new(param, message))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptor::Descriptor;

    fn refused(json: &str) -> String {
        Descriptor::of::<Render>()
            .parse(json, &mut Vec::new())
            .map_or_else(|invalid| invalid.to_string(), |_| "accepted".into())
    }

    #[test]
    fn each_bad_field_is_named() {
        assert_eq!(refused(r##"{"markdown":"# Hello"}"##), "accepted");
        assert_eq!(refused(r#"{"data":{"name":"Ada"}}"#), "accepted");
        for nothing in ["{}", r#"{"markdown":""}"#, r#"{"css":"p {}"}"#, r#"{"template":{"name":"letter"}}"#] {
            assert!(refused(nothing).starts_with("markdown: is missing, so there is nothing"), "{nothing}");
        }
        assert!(refused(r#"{"markdown":1}"#).starts_with("markdown: 1 is not allowed: a text"));
        assert!(refused(r#"{"template":{"name":"../x"}}"#).starts_with("template.name: \"../x\" is no name"));
        assert!(refused(r#"{"template":{"name":"x","version":0}}"#).starts_with("template.version: 0"));
        let file =
            |name: &str| refused(&format!(r#"{{"markdown":"x","files":[{{"name":"{name}","content":"aGk="}}]}}"#));
        assert_eq!(file("img/a.png"), "accepted");
        for name in ["", "/etc/passwd", "../a", "a//b", "a/./b", "a\\\\b", "a\\u0000"] {
            assert!(file(name).starts_with("files[0].name:"), "{name}: {}", file(name));
        }
        assert!(refused(r#"{"files":[{"name":"a","content":"%"}]}"#).starts_with("files[0].content: "));
        let options = |json: &str| refused(&format!(r#"{{"markdown":"x","options":{json}}}"#));
        assert!(options(r#"{"lang":"klingon"}"#).starts_with("options.lang:"));
        assert_eq!(options(r#"{"lang":"pt-BR","standards":["a-2b","ua-1"],"date":"2026-11-26"}"#), "accepted");
        assert!(
            options(r#"{"standards":["x-1a"]}"#).contains("\"x-1a\" is not allowed: use 1.7, 2.0, a-2b, a-3b or ua-1")
        );
        assert!(options(r#"{"password":"x","standards":["a-2b"]}"#).starts_with("options.password: PDF/A"));
        assert!(options(r#"{"attach":["a.csv"]}"#).starts_with("options.attach[0]: \"a.csv\" is none of"));
        assert!(options(r#"{"ppi":9999}"#).starts_with("options.ppi: 9999 is out of range"));
    }

    #[test]
    fn a_password_is_not_shown() {
        let job: Render = serde_json::from_str(r#"{"options":{"password":"tree"}}"#).expect("a job");
        assert!(!format!("{job:?}").contains("tree"));
    }
}
