//! Renders one document, from its job to its bytes.

use ego_tree::NodeRef;
use ruche_schemas::{
    Failure,
    failure::codes,
    kinds::render::{Render, Warning},
};
use scraper::{ElementRef, Node};
use serde::{Deserialize, Serialize};
use typst::comemo;
use typst_layout::PagedDocument;

use crate::{
    Warnings,
    content::{self, Squeezed, TextArea, Typesetter},
    conversation, css, doc,
    dom::{self, Document},
    fonts::Fonts,
    front,
    inputs::{self, Resources},
    layout,
    locale::Local,
    markdown, output,
    paper::{
        self,
        variants::{self, Around},
    },
    settings::Settings,
    warnings,
};

/// Typst's cache drops an entry that this many documents have not used.
const CACHE_AGE: usize = 3;

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
        comemo::evict(CACHE_AGE);
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

    /// Whether a document may show a picture on the web: a cheap test before the document is parsed.
    #[must_use]
    pub fn may_have_remote_pictures(job: &Render) -> bool {
        let messages = is_conversation(job).then(|| job.data.get("messages").map(ToString::to_string)).flatten();
        let texts = [&*job.markdown, messages.as_deref().unwrap_or_default()];
        let has = |parts: [&str; 3]| parts.iter().any(|part| texts.iter().any(|text| text.contains(part)));
        job.options.fetch != Some(false) && has(["http://", "https://", "HTTP"]) && has(["![", "<img", "<IMG"])
    }

    /// The addresses of its pictures on the web, each once, at most 200.
    #[must_use]
    pub fn remote_pictures(job: &Render) -> Vec<String> {
        if !Self::may_have_remote_pictures(job) {
            return Vec::new();
        }
        let front::Divided { front, body, .. } = front::divide(&job.markdown, &mut Warnings::default());
        let settings = Settings::of(job, &front, &mut Warnings::default());
        let html = markdown::to_html(body) + &messages(job, &settings);
        let document = Document::parse(&html, &[], &mut Warnings::default());
        let mut found = Vec::new();
        for src in inputs::sources(&document).filter(|src| inputs::is_remote(src)) {
            if found.len() < 200 && !found.iter().any(|known| known == src) {
                found.push(src.to_owned());
            }
        }
        found
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
        let (mut html, left_out) = markdown::read(divided.body, divided.lines);
        html.push_str(&messages(job, &settings));
        for (line, message) in left_out {
            warnings.add(warnings::SOURCE, Some(line), message);
        }
        let document = Document::parse(&html, &settings.body_classes, &mut warnings);
        check_length(&document)?;
        settings.title = settings.title.or_else(|| document.title()).or_else(|| first_heading(&document));
        let contents_depth = contents_depth(&mut settings, &document);
        let sheets = inputs::sheets(&settings, &document, &mut warnings);
        let template = inputs::template(job, resources)?;
        let fonts = inputs::fonts(&self.fonts, job, &sheets, &template, &mut warnings);
        let defaults = template.defaults;
        let mut page = css::page(&sheets, defaults.size, &mut warnings);
        let base = css::Base { size: defaults.size, page: paper::between_margins(&page, &defaults) };
        let styles = css::cascade(&document.html, &sheets, base, &mut warnings);
        let style = document.body().and_then(|body| styles.of(body.id())).cloned();
        let root = styles.of(document.html.root_element().id());
        let around = Around { styles: [root, style.as_ref()], defaults: &defaults, fonts: &fonts };
        variants::mirror(&mut page, &defaults, &mut warnings);
        paper::warn_of_body(style.as_ref(), &mut warnings);
        let named = variants::named(&page, around, &mut warnings);
        let begins = job.template.name == "plain" && settings.toc.unwrap_or(0) == 0;
        let first = variants::first(
            &page,
            begins && (styles.break_pages() || divided.body.contains("\n\\")),
            around,
            &mut warnings,
        );
        let inset = paper::inset(&mut page, around.styles, &defaults);
        paper::shrink_margins(&mut page, &defaults, &mut warnings);
        let pictures = inputs::pictures(&document, job, resources);
        warn_of_missing_glyphs(&document, &fonts, &mut warnings);
        let from_right = matches!(settings.lang.as_str(), "ar" | "fa" | "he" | "ur" | "yi");
        let area = TextArea { inset, from_right, ..paper::text_area(&page, style.as_ref(), &defaults, &fonts) };
        let date = job.options.date.or(settings.date).or(resources.today).unwrap_or_default();
        let (named, frames): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        let files = inputs::files(job, template, fonts.clone(), date)?;
        let lay_out = |squeezed: &Squeezed, warnings: &mut Warnings| -> Result<PagedDocument, Failure> {
            let typesetter = Typesetter::new(&document, &styles, &pictures, &fonts, warnings)
                .with_pages(&named, first.styles.clone())
                .with_contents_depth(contents_depth)
                .squeezing(squeezed);
            let body = typesetter.typeset(area)?;
            let frame = variants::margins(&page, &defaults);
            let frames = named.iter().map(|page| page.name.as_str()).zip(frames.iter().copied()).collect();
            let pages = doc::Pages { page: &page, frame, frames, first: first.more };
            let top = document.top_level();
            let parts = doc::Parts { body, top, pages: &pages, style: style.as_ref(), fonts: &fonts };
            layout::typeset(&files, doc::doc(job, &settings, parts, date), warnings)
        };
        let typeset = layout::guarded(lay_out, &mut warnings)?;
        let pages = u32::try_from(typeset.pages().len()).unwrap_or(u32::MAX);
        let bytes = output::write(&typeset, &job.options, date, &mut warnings)?;
        Ok(Output { bytes, pages, title: settings.title, warnings: warnings.into_vec() })
    }
}

/// The lowest level in the text's own tables of contents; then the template has none.
fn contents_depth(settings: &mut Settings, document: &Document) -> Option<u8> {
    if !content::has_contents(document) {
        return None;
    }
    let depth = settings.toc.replace(0).filter(|depth| *depth > 0)?;
    Some(depth.saturating_add(document.top_level()).saturating_sub(1))
}

fn check_length(document: &Document) -> Result<(), Failure> {
    let Some(line) = document.too_long(dom::ELEMENTS) else { return Ok(()) };
    let message = format!("line {line}: the document has more than {} elements before it: divide it", dom::ELEMENTS);
    Err(Failure::new(codes::TOO_COMPLEX, message).with_param("markdown"))
}

fn is_conversation(job: &Render) -> bool {
    job.template.name == "conversation" && job.template.package.is_none()
}

/// The HTML of a conversation's messages.
fn messages(job: &Render, settings: &Settings) -> String {
    match is_conversation(job) {
        true => {
            let local = Local::new(&settings.lang, settings.region.as_deref());
            conversation::html(&settings.data, &settings.lang, &local)
        }
        false => String::new(),
    }
}

fn warn_of_missing_glyphs(document: &Document, fonts: &Fonts, warnings: &mut Warnings) {
    let missing = fonts.missing_glyphs(&document.html.root_element().text().collect::<String>());
    if !missing.is_empty() {
        let shown: Vec<String> = missing.iter().map(|c| format!("{c} (U+{:04X})", u32::from(*c))).collect();
        let message = format!("no font has {}: attach one and name it in @font-face", shown.join(", "));
        let shows = |node: &NodeRef<'_, Node>| {
            node.value().as_text().is_some_and(|text| missing.iter().any(|missing| text.contains(*missing)))
        };
        let first = document.html.root_element().descendants().find(shows);
        warnings.add(warnings::SOURCE, first.and_then(|node| document.line(node)), message);
    }
}

fn first_heading(document: &Document) -> Option<String> {
    let mut elements = document.html.root_element().descendent_elements();
    let is_said = |element: &ElementRef<'_>| {
        let around = element.ancestors().filter_map(ElementRef::wrap);
        around.into_iter().any(|around| around.value().classes().any(|class| class == "message"))
    };
    let heading = elements.find(|element| element.value().name() == "h1" && !is_said(element))?;
    let text = content::words_of(heading);
    let words: Vec<&str> = text.split_whitespace().collect();
    Some(words.join(" ").chars().take(1000).collect()).filter(|title: &String| !title.is_empty())
}
