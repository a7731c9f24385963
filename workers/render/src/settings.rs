//! Reads a document's settings from front matter and options; options win.
//!
//! md-to-pdf's keys are supported (`pdf_options`, `stylesheet`, `css`, `body_class`, `document_title`). Unknown keys
//! are variables for the template.

use ruche_schemas::kinds::render::{Render, is_language};
use serde_json::{Map, Value};

use crate::{Warnings, content::file_name, front};

mod pdf_options;

#[derive(Debug, Default, Clone, PartialEq)]
pub struct Settings {
    /// By default the first heading.
    pub title: Option<String>,
    pub authors: Vec<String>,
    pub description: Option<String>,
    pub keywords: Vec<String>,
    pub date: Option<chrono::NaiveDate>,
    /// ISO 639, lower case.
    pub lang: String,
    /// ISO 3166.
    pub region: Option<String>,
    /// The lowest heading level in the table of contents; 0 is none.
    pub toc: Option<u8>,
    pub numbering: Option<bool>,
    pub body_classes: Vec<String>,
    /// CSS, with its source.
    pub sheets: Vec<(String, String)>,
    pub data: Map<String, Value>,
}

/// md-to-pdf's keys without a meaning here.
const IGNORED: &[&str] = &[
    "dest",
    "basedir",
    "launch_options",
    "marked_options",
    "marked_extensions",
    "port",
    "devtools",
    "as_html",
    "script",
    "page_media_type",
    "md_file_encoding",
    "stylesheet_encoding",
    "gray_matter_options",
    "highlight_style",
];

impl Settings {
    #[must_use]
    pub fn of(job: &Render, front: &Map<String, Value>, warnings: &mut Warnings) -> Self {
        let mut data = front.clone();
        data.extend(job.data.clone());
        let text =
            |names: &[&str]| names.iter().find_map(|name| words(data.get(*name)?)).filter(|text| !text.is_empty());
        let list = |names: &[&str]| names.iter().find_map(|name| Some(many(data.get(*name)?))).unwrap_or_default();
        let lang = job.options.lang.clone().or_else(|| {
            let tag = text(&["lang", "language"])?;
            if !is_language(&tag) {
                warnings.add(
                    front::SOURCE,
                    None,
                    format!("lang: {tag:?} is no language: a tag such as fr or pt-BR is"),
                );
                return None;
            }
            Some(tag)
        });
        let (lang, region) = language(lang.as_deref().unwrap_or("en"));
        let toc = job.options.toc.or_else(|| level(data.get("toc")?));
        let numbering = ["numbering", "number_sections", "number-sections", "numbersections"];
        let mut settings = Self {
            title: job.options.title.clone().or_else(|| text(&["title", "document_title"])),
            authors: list(&["authors", "author"]),
            description: text(&["description", "subject"]),
            keywords: list(&["keywords", "tags"]),
            date: text(&["date"]).and_then(|date| date.get(..10)?.parse().ok()),
            lang,
            region,
            toc,
            numbering: job.options.numbering.or_else(|| numbering.iter().find_map(|name| data.get(*name)?.as_bool())),
            body_classes: list(&["body_class"]),
            sheets: Vec::new(),
            data: Map::new(),
        };
        settings.add_sheets(job, front, &data, warnings);
        for key in IGNORED.iter().filter(|key| front.contains_key(**key)) {
            warnings.add(front::SOURCE, None, format!("{key} has no effect here"));
        }
        settings.data = data;
        settings
    }

    /// In md-to-pdf's order: attached sheets, `css`, the job's own.
    fn add_sheets(
        &mut self,
        job: &Render,
        front: &Map<String, Value>,
        data: &Map<String, Value>,
        warnings: &mut Warnings,
    ) {
        if let Some(options) = data.get("pdf_options").and_then(Value::as_object) {
            self.sheets.push((pdf_options::page_rule(options, warnings), front::SOURCE.to_owned()));
        }
        let pandoc = pandoc_rules(data);
        if !pandoc.is_empty() {
            self.sheets.push((pandoc, front::SOURCE.to_owned()));
        }
        let named = data.get("stylesheet").map(sheets).unwrap_or_default();
        // Pandoc's `css` names files, md-to-pdf's is a sheet.
        let (files, sheets): (Vec<_>, Vec<_>) =
            data.get("css").map(sheets).unwrap_or_default().into_iter().partition(|css| is_file(css));
        for name in named.into_iter().chain(files) {
            let path = file_name(&name);
            let file = job.files.iter().find(|file| file.name == path);
            match file.map(|file| String::from_utf8_lossy(&file.content.0).into_owned()) {
                Some(css) => self.sheets.push((css, name)),
                None => warnings.add(front::SOURCE, None, format!("the style sheet {name:?} is no attached file")),
            }
        }
        let is_front = front.contains_key("css");
        let placed = |css: String| if is_front { placed(&css, &job.markdown) } else { css };
        self.sheets.extend(sheets.into_iter().map(|css| (placed(css), front::SOURCE.to_owned())));
        if !job.css.is_empty() {
            self.sheets.push((job.css.clone(), "css".to_owned()));
        }
    }
}

/// A sheet after as many lines as it has before it in the front matter, so that its warnings have those lines.
fn placed(css: &str, markdown: &str) -> String {
    let Some((blank, first)) = css.lines().enumerate().find(|(_, line)| !line.trim().is_empty()) else {
        return css.to_owned();
    };
    let at = markdown.lines().position(|line| line.contains(first.trim())).unwrap_or(blank);
    "\n".repeat(at.saturating_sub(blank)) + css
}

/// Whether this names a style sheet, rather than being one.
fn is_file(css: &str) -> bool {
    css.trim().to_ascii_lowercase().ends_with(".css") && !css.contains(['{', '\n'])
}

/// Style sheets, and names of them. A sheet has commas of its own; names may be in one text.
fn sheets(value: &Value) -> Vec<String> {
    let parts = match value {
        Value::Array(values) => values.iter().flat_map(sheets).collect(),
        Value::String(text) if text.contains(['{', '@']) || text.contains("/*") => vec![text.trim().to_owned()],
        Value::String(text) => text.split([',', '\n']).map(|name| name.trim().to_owned()).collect(),
        other => many(other),
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

/// Pandoc's variables of paper and fonts as CSS.
fn pandoc_rules(data: &Map<String, Value>) -> String {
    let variable = |name: &str| data.get(name).and_then(words).filter(|text| !text.contains(['{', '}', ';']));
    let mut page = String::new();
    if let Some(paper) = variable("papersize") {
        page.push_str(&format!(" size: {};", paper.to_lowercase().trim_end_matches("paper")));
    }
    for setting in data.get("geometry").map(many).unwrap_or_default() {
        let Some((key, value)) = setting.split_once('=').filter(|(_, value)| !value.contains(['{', '}', ';'])) else {
            continue;
        };
        let sides: &[&str] = match key.trim() {
            "margin" => &["margin"],
            "left" | "lmargin" | "inner" => &["margin-left"],
            "right" | "rmargin" | "outer" => &["margin-right"],
            "top" | "tmargin" => &["margin-top"],
            "bottom" | "bmargin" => &["margin-bottom"],
            "hmargin" => &["margin-left", "margin-right"],
            "vmargin" => &["margin-top", "margin-bottom"],
            _ => continue,
        };
        sides.iter().for_each(|side| page.push_str(&format!(" {side}: {};", value.trim())));
    }
    let mut body = String::new();
    if let Some(size) = variable("fontsize") {
        body.push_str(&format!(" font-size: {size};"));
    }
    if let Some(family) = variable("mainfont") {
        body.push_str(&format!(" font-family: \"{}\";", family.replace('"', "")));
    }
    if let Some(height) = variable("linestretch").and_then(|height| height.parse::<f64>().ok()) {
        body.push_str(&format!(" line-height: {};", height * 1.2));
    }
    let rule =
        |name: &str, rules: &str| if rules.is_empty() { String::new() } else { format!("{name} {{{rules} }}\n") };
    rule("@page", &page) + &rule("body", &body)
}

fn words(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// One or several values. Authors may be maps with a name.
fn many(value: &Value) -> Vec<String> {
    match value {
        Value::Array(values) => values.iter().filter_map(|value| words(value.get("name").unwrap_or(value))).collect(),
        Value::Object(_) => value.get("name").and_then(words).into_iter().collect(),
        Value::String(text) => {
            text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
        }
        other => words(other).into_iter().collect(),
    }
}

fn level(value: &Value) -> Option<u8> {
    match value {
        Value::Bool(true) => Some(3),
        Value::Bool(false) => Some(0),
        Value::Number(number) => number.as_u64().and_then(|level| u8::try_from(level.min(6)).ok()),
        _ => None,
    }
}

fn language(tag: &str) -> (String, Option<String>) {
    let mut parts = tag.split('-');
    let lang = parts.next().unwrap_or("en").to_lowercase();
    (lang, parts.find(|part| part.len() == 2).map(str::to_uppercase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(front: Value) -> (Settings, Vec<String>) {
        let mut warnings = Warnings::default();
        let front = front.as_object().cloned().expect("a map");
        let settings = Settings::of(&Render::default(), &front, &mut warnings);
        (settings, warnings.into_vec().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn md_to_pdfs_front_matter_is_understood() {
        let (found, warnings) = settings(json!({
            "dest": "x.pdf", "body_class": "markdown-body", "css": "p { color: red }", "document_title": "T",
            "pdf_options": {
                "format": "A5", "margin": "10mm", "printBackground": true,
                "headerTemplate": "<style>section { font-size: 11px }</style><section><span class=\"date\"></span></section>",
                "footerTemplate": "<section><div>Page <span class=\"pageNumber\"></span> of <span class=\"totalPages\"></span></div></section>",
            },
        }));
        assert_eq!(
            found.sheets[0].0,
            "@page { size: a5; margin: 10mm; @top-center { content: string(date) ; } \
            @bottom-center { content: \"Page \" counter(page) \" of \" counter(pages) ; }}"
        );
        assert_eq!(
            (found.title.as_deref(), &*found.body_classes[0], &*found.sheets[1].0),
            (Some("T"), "markdown-body", "p { color: red }")
        );
        assert_eq!(warnings.len(), 2, "{warnings:?}");
    }

    #[test]
    fn a_style_sheet_in_the_front_matter_keeps_its_commas() {
        let css = "body { font-family: Georgia, serif; color: red }\nh1, h2 { color: blue }";
        for value in [json!(css), json!(format!("{css}\n")), json!([css]), json!([css, "", ""])] {
            let (found, warnings) = settings(json!({ "css": value }));
            let sheets: Vec<&str> = found.sheets.iter().map(|(css, _)| css.as_str()).collect();
            assert_eq!((sheets, warnings.len()), (vec![css], 0), "{value}");
        }
        for value in [json!("a.css, b.css"), json!("a.css\nb.css\n"), json!(["a.css", "b.css"])] {
            let (found, warnings) = settings(json!({ "css": value, "stylesheet": "c.css" }));
            assert_eq!((found.sheets.len(), warnings.len()), (0, 3), "{value}: {warnings:?}");
        }
        let both = settings(json!({ "css": ["a.css", css] })).0;
        assert_eq!(both.sheets.len(), 1);
        assert_eq!(settings(json!({ "css": "/* a, b */" })).0.sheets.len(), 1);
    }

    #[test]
    fn pandocs_variables_are_understood() {
        let (found, warnings) = settings(json!({
            "geometry": ["margin=2cm", "top=30mm"], "papersize": "a5paper", "fontsize": "12pt", "mainfont": "Arial",
        }));
        let css =
            "@page { size: a5; margin: 2cm; margin-top: 30mm; }\nbody { font-size: 12pt; font-family: \"Arial\"; }\n";
        assert_eq!((&*found.sheets[0].0, warnings.len()), (css, 0));
        assert_eq!(settings(json!({"geometry": "margin=1in"})).0.sheets[0].0, "@page { margin: 1in; }\n");
        assert!(settings(json!({"fontsize": "1pt } * { color: red"})).0.sheets.is_empty());
    }

    #[test]
    fn settings_in_several_notations_are_read() {
        let (found, _) = settings(json!({
            "author": [{"name": "A"}, "B"], "toc": true, "lang": "pt-BR", "date": "2026-11-26", "keywords": "x, y",
        }));
        assert_eq!(found.authors, ["A", "B"]);
        assert_eq!((found.toc, &*found.lang, found.region.as_deref()), (Some(3), "pt", Some("BR")));
        assert_eq!((found.date.map(|date| date.to_string()).as_deref(), found.keywords.len()), (Some("2026-11-26"), 2));
        assert!(settings(json!({"lang": "klingon"})).1[0].contains("no language"));
    }
}
