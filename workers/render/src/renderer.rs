//! Renders one document, from its job to its bytes.

use std::collections::HashMap;

use chrono::NaiveDate;
use ruche_schemas::{
    Base64, Failure,
    failure::codes,
    kinds::render::{Render, Warning},
};
use serde::{Deserialize, Serialize};
use typst::{
    World as _, comemo,
    diag::{Severity, SourceDiagnostic},
    foundations::{Bytes, Dict},
    syntax::{DiagSpanKind, FileId},
};
use typst_layout::PagedDocument;

use crate::{
    Warnings,
    content::{Pictures, Room, Squeezed, Typesetter, file_name},
    css::{self, Sheet},
    doc,
    dom::{self, Document},
    fonts::{self, Face, Fonts},
    front, ink, markdown, output, paper,
    settings::Settings,
    templates::{self, Look, Template},
    typeset,
    world::{self, Files},
};

/// Applies to all documents; their own rules win.
const SHEET: &str = include_str!("../templates/base.css");
/// How often a text is set again because something of it was outside the paper.
const AGAIN: usize = 2;
/// Typst's cache drops an entry that this many documents have not used.
const KEPT: usize = 3;

/// The inputs besides the job.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Resources {
    /// The package of a template that is not built in.
    pub package: Option<Base64>,
    /// Pictures on the web by address; the error says why one was not fetched.
    pub fetched: HashMap<String, Result<Base64, String>>,
    /// The date of documents that have none.
    pub today: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// PDF or PNG; not part of the JSON.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    pub pages: u32,
    pub title: Option<String>,
    pub warnings: Vec<Warning>,
}

#[derive(Debug)]
pub struct Renderer {
    fonts: Fonts,
}

impl Default for Renderer {
    fn default() -> Self {
        Self::new()
    }
}

/// Evicts old entries of Typst's cache on drop, so also after an error.
struct Evict;

impl Drop for Evict {
    fn drop(&mut self) {
        comemo::evict(KEPT);
    }
}

impl Renderer {
    /// With the compiled-in fonts.
    #[must_use]
    pub fn new() -> Self {
        Self { fonts: Fonts::embedded() }
    }

    #[must_use]
    pub const fn with_fonts(fonts: Fonts) -> Self {
        Self { fonts }
    }

    /// Whether a document may show a picture on the web: a cheap test, so that most documents are not parsed for it.
    #[must_use]
    pub fn may_want(job: &Render) -> bool {
        let has = |parts: [&str; 3]| parts.iter().any(|part| job.markdown.contains(part));
        job.options.fetch != Some(false) && has(["http://", "https://", "HTTP"]) && has(["![", "<img", "<IMG"])
    }

    /// The addresses of its pictures on the web, each once, at most 200.
    #[must_use]
    pub fn wanted(job: &Render) -> Vec<String> {
        if !Self::may_want(job) {
            return Vec::new();
        }
        let front::Divided { body, .. } = front::divide(&job.markdown, &mut Warnings::default());
        let document = Document::parse(&markdown::to_html(body), 0, &[], &mut Warnings::default());
        let mut wanted = Vec::new();
        for src in sources(&document).filter(|src| is_remote(src)) {
            if wanted.len() < 200 && !wanted.iter().any(|known| known == src) {
                wanted.push(src.to_owned());
            }
        }
        wanted
    }

    /// Renders one document.
    ///
    /// # Errors
    /// For the sender: the template's errors with file and line, a standard that can't be met, a bound that is
    /// exceeded.
    pub fn render(&self, job: &Render, resources: &Resources) -> Result<Output, Failure> {
        let _evict = Evict;
        let mut warnings = Warnings::default();
        let divided = front::divide(&job.markdown, &mut warnings);
        let mut settings = Settings::of(job, &divided.front, &mut warnings);
        let (html, left_out) = markdown::read(divided.body);
        for (line, message) in left_out {
            warnings.add(dom::SOURCE, line.checked_add(divided.lines), message);
        }
        let document = Document::parse(&html, divided.lines, &settings.body_classes, &mut warnings);
        if let Some(line) = document.too_long(dom::ELEMENTS) {
            let message =
                format!("line {line}: the document has more than {} elements before it: divide it", dom::ELEMENTS);
            return Err(Failure::new(codes::TOO_COMPLEX, message).with_param("markdown"));
        }
        if settings.title.is_none() {
            settings.title = first_heading(&document);
        }
        let sheets = sheets(&settings, &document, &mut warnings);
        let template = template(job, resources)?;
        let fonts = self.fonts_of(job, &sheets, template.as_ref(), &mut warnings);
        let look = template.as_ref().map_or_else(Look::default, |template| template.look);
        let styles = css::cascade(&document.html, &sheets, look.size, &mut warnings);
        let mut page = css::page(&sheets, look.size, &mut warnings);
        let style = document.body().and_then(|body| styles.of(body.id())).cloned();
        let root = styles.of(document.html.root_element().id());
        let inset = paper::inset(&mut page, [root, style.as_ref()], &look);
        paper::leave_room(&mut page, &look, &mut warnings);
        let pictures = pictures(&document, job, resources);
        let missing = fonts.missing_glyphs(&document.html.root_element().text().collect::<String>());
        if !missing.is_empty() {
            let shown: Vec<String> = missing.iter().map(|c| format!("{c} (U+{:04X})", u32::from(*c))).collect();
            let message = format!("no font has {}: attach one and name it in @font-face", shown.join(", "));
            warnings.add(dom::SOURCE, None, message);
        }
        let from_right = matches!(settings.lang.as_str(), "ar" | "fa" | "he" | "ur" | "yi");
        let room = Room { inset, from_right, ..paper::room(&page, style.as_ref(), &look, &fonts) };
        let date = job.options.date.or(settings.date).or(resources.today).unwrap_or_default();
        let Some(template) = template else {
            return Err(Failure::new(codes::UNKNOWN_TEMPLATE, "there is no template"));
        };
        let files = files(job, template, fonts.clone(), date)?;
        let set = |squeezed: &Squeezed, warnings: &mut Warnings| -> Result<PagedDocument, Failure> {
            let typesetter = Typesetter::new(&document, &styles, &pictures, &fonts, warnings).squeezing(squeezed);
            let body = typesetter.typeset(room)?;
            let parts =
                doc::Parts { body, top: document.top_level(), page: &page, style: style.as_ref(), fonts: &fonts };
            typeset(&files, doc::doc(job, &settings, parts, date), warnings)
        };
        let typeset = guarded(set, &mut warnings)?;
        let pages = u32::try_from(typeset.pages().len()).unwrap_or(u32::MAX);
        let bytes = output::write(&typeset, &job.options, date, &mut warnings)?;
        Ok(Output { bytes, pages, title: settings.title, warnings: warnings.into_vec() })
    }

    /// The renderer's fonts, and over them those of the document and its template.
    fn fonts_of(&self, job: &Render, sheets: &[Sheet], template: Option<&Template>, warnings: &mut Warnings) -> Fonts {
        let mut faces: Vec<Face> = Vec::new();
        let mut named = Vec::new();
        for said in css::fonts(sheets) {
            let Some(file) = job.files.iter().find(|file| file.name == file_name(&said.file)) else {
                let message = format!("@font-face: {:?} is no attached file", said.file);
                warnings.add("css", Some(said.line), message);
                continue;
            };
            named.push(&*file.name);
            match fonts::font(file.content.0.clone()) {
                Ok(found) => faces.extend(found.into_iter().map(|font| {
                    let mut face = Face::from(font);
                    face.family = Some(said.family.clone());
                    face
                })),
                Err(error) => warnings.add("css", Some(said.line), format!("@font-face: {:?}: {error}", said.file)),
            }
        }
        let is_font = |name: &str| {
            let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
            ["ttf", "otf", "ttc", "otc", "woff", "woff2"].contains(&&*ending)
        };
        let attached = job.files.iter().filter(|file| is_font(&file.name) && !named.contains(&&*file.name));
        let attached = attached.map(|file| (&*file.name, file.content.0.clone()));
        let packed = template.into_iter().flat_map(|template| &template.files).filter(|(name, _)| is_font(name));
        let packed = packed.map(|(name, data)| (&**name, data.to_vec()));
        for (name, data) in attached.chain(packed) {
            match fonts::font(data) {
                Ok(found) => faces.extend(found.into_iter().map(Face::from)),
                Err(error) => warnings.add(name, None, format!("is left out: {error}")),
            }
        }
        self.fonts.with(faces)
    }
}

fn is_remote(src: &str) -> bool {
    let scheme = src.split("://").next().unwrap_or_default();
    scheme.len() < src.len() && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

fn sources(document: &Document) -> impl Iterator<Item = &str> {
    let elements = document.html.root_element().descendent_elements();
    let pictures = elements.filter(|element| element.value().name() == "img");
    pictures.filter_map(|element| element.attr("src")).map(str::trim)
}

fn first_heading(document: &Document) -> Option<String> {
    let mut elements = document.html.root_element().descendent_elements();
    let heading = elements.find(|element| element.value().name() == "h1")?;
    let text = heading.text().collect::<String>();
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" ").chars().take(1000).collect()).filter(|title: &String| !title.is_empty())
}

/// Later ones win.
fn sheets(settings: &Settings, document: &Document, warnings: &mut Warnings) -> Vec<Sheet> {
    let mut sheets = vec![Sheet::parse(SHEET, "base", &mut Warnings::default()).quiet()];
    sheets.extend(settings.sheets.iter().map(|(text, source)| Sheet::parse(text, source, warnings)));
    // Empty lines before it give its warnings the text's line numbers.
    sheets.extend(document.styles.iter().map(|(text, line)| {
        let before = "\n".repeat((*line as usize).saturating_sub(1).min(100_000));
        Sheet::parse(&(before + text), dom::SOURCE, warnings)
    }));
    sheets
}

fn template(job: &Render, resources: &Resources) -> Result<Option<Template>, Failure> {
    let package = job.template.package.as_ref().or(resources.package.as_ref());
    if let Some(package) = package {
        return templates::unpack(&package.0).map(Some);
    }
    match templates::built_in(&job.template.name) {
        Some(template) => Ok(Some(template)),
        None => {
            let names: Vec<&str> = templates::names().collect();
            let message = format!(
                "there is no template {:?}: there are {} and those that you uploaded",
                job.template.name,
                names.join(", ")
            );
            Err(Failure::new(codes::UNKNOWN_TEMPLATE, message).with_param("template.name"))
        }
    }
}

fn pictures(document: &Document, job: &Render, resources: &Resources) -> Pictures {
    let mut pictures = Pictures::default();
    for src in sources(document) {
        if is_remote(src) {
            if pictures.has(src) {
                continue;
            }
            let data = resources.fetched.get(src).map(|data| data.clone().map(|data| data.0));
            pictures.add(src, data.unwrap_or_else(|| Err("pictures on the web are not fetched here".to_owned())));
            continue;
        }
        let name = file_name(src);
        if let Some(file) = job.files.iter().find(|file| file.name == name).filter(|_| !pictures.has(&name)) {
            pictures.add(&name, Ok(file.content.0.clone()));
        }
    }
    pictures
}

/// Sets a text. What lies outside the paper is set again, smaller: first its own block, then the block around it.
fn guarded(
    set: impl Fn(&Squeezed, &mut Warnings) -> Result<PagedDocument, Failure>,
    warnings: &mut Warnings,
) -> Result<PagedDocument, Failure> {
    let mut document = set(&Squeezed::default(), warnings)?;
    let first = ink::outside(&document);
    let mut squeezed = Squeezed::default();
    for round in 0..AGAIN {
        let lines = ink::outside(&document);
        if lines.is_empty() {
            break;
        }
        squeezed.outermost = round > 0;
        squeezed.lines.extend(lines);
        // Its warnings were given the first time.
        document = set(&squeezed, &mut Warnings::default())?;
    }
    let left = ink::outside(&document);
    for line in first {
        let message = match left.contains(&line) {
            true => "is wider or taller than the page, and something of it is outside the paper",
            false => "is wider or taller than the page: it is set smaller",
        };
        warnings.add(dom::SOURCE, Some(line), message);
    }
    Ok(document)
}

fn files(job: &Render, template: Template, fonts: Fonts, date: NaiveDate) -> Result<(Files, FileId), Failure> {
    let (Some(mut files), Some(entry)) = (Files::new(fonts, output::datetime(date)), world::id(&template.entry)) else {
        return Err(Failure::new(codes::TEMPLATE, "the template's path is none"));
    };
    for source in &template.sources {
        files.add_source(source);
    }
    for (path, data) in template.files {
        files.add(&path, data);
    }
    for file in &job.files {
        files.add(&format!("/files/{}", file.name), Bytes::new(file.content.0.clone()));
    }
    Ok((files, entry))
}

fn typeset((files, entry): &(Files, FileId), doc: Dict, warnings: &mut Warnings) -> Result<PagedDocument, Failure> {
    let typeset = typeset::typeset(files, *entry, doc)?;
    for warning in &typeset.warnings {
        let (source, line) =
            place(files, warning).map_or(("template".to_owned(), None), |(path, line)| (path, Some(line)));
        warnings.add(&source, line, output::with_hints(warning));
    }
    typeset.pages.map_err(|errors| {
        let mut lines = Vec::new();
        for error in errors.iter().filter(|error| error.severity == Severity::Error).take(10) {
            let said = output::with_hints(error);
            let line = match place(files, error) {
                Some((path, line)) => format!("{path}:{line}: {said}"),
                None => said,
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        Failure::new(codes::TEMPLATE, lines.join("\n")).with_param("template")
    })
}

fn place(files: &Files, diagnostic: &SourceDiagnostic) -> Option<(String, u32)> {
    let id = diagnostic.span.id()?;
    let source = files.source(id).ok()?;
    let start = match diagnostic.span.get() {
        DiagSpanKind::Detached => return None,
        DiagSpanKind::Number { num, sub_range, .. } => source.range(num, sub_range)?.start,
        DiagSpanKind::Range { range, .. } => range.start,
    };
    let line = source.lines().byte_to_line(start)?;
    let path = id.vpath().get_without_slash();
    let path = path.strip_prefix("template/").unwrap_or(path);
    Some((path.to_owned(), u32::try_from(line).ok()? + 1))
}
