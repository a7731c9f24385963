//! Collects what a document is made from besides its text: style sheets, template, fonts, pictures, files.

use std::collections::HashMap;

use chrono::NaiveDate;
use ruche_schemas::{Base64, Failure, failure::codes, kinds::render::Render};
use serde::{Deserialize, Serialize};
use typst::{foundations::Bytes, syntax::FileId};

use crate::{
    Warnings,
    content::{Pictures, file_name},
    css::{self, Sheet},
    dom::Document,
    fonts::{self, Face, Fonts},
    output,
    settings::Settings,
    templates::{self, Template},
    warnings,
    world::{self, Files},
};

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

/// Applies to all documents; their own rules win.
const SHEET: &str = include_str!("../templates/base.css");

/// Later ones win.
pub fn sheets(settings: &Settings, document: &Document, warnings: &mut Warnings) -> Vec<Sheet> {
    let mut sheets = vec![Sheet::parse(SHEET, "base", &mut Warnings::default()).quiet()];
    sheets.extend(settings.sheets.iter().map(|(text, source)| Sheet::parse(text, source, warnings)));
    // Empty lines before it give its warnings the text's line numbers.
    sheets.extend(document.styles.iter().map(|(text, line)| {
        let before = "\n".repeat((*line as usize).saturating_sub(1).min(100_000));
        Sheet::parse(&(before + text), warnings::SOURCE, warnings)
    }));
    sheets
}

pub fn template(job: &Render, resources: &Resources) -> Result<Template, Failure> {
    let package = job.template.package.as_ref().or(resources.package.as_ref());
    if let Some(package) = package {
        return templates::unpack(&package.0);
    }
    match templates::built_in(&job.template.name) {
        Some(template) => Ok(template),
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

/// The renderer's fonts, and over them those of the document and its template.
pub fn fonts(fonts: &Fonts, job: &Render, sheets: &[Sheet], template: &Template, warnings: &mut Warnings) -> Fonts {
    let mut faces: Vec<Face> = Vec::new();
    let mut named = Vec::new();
    for declared in css::fonts(sheets) {
        let Some(file) = job.files.iter().find(|file| file.name == file_name(&declared.file)) else {
            let message = format!("@font-face: {:?} is no attached file", declared.file);
            warnings.add("css", Some(declared.line), message);
            continue;
        };
        named.push(&*file.name);
        match fonts::font(file.content.0.clone()) {
            Ok(found) => faces.extend(found.into_iter().map(|font| {
                let mut face = Face::from(font);
                face.family = Some(declared.family.clone());
                face
            })),
            Err(error) => warnings.add("css", Some(declared.line), format!("@font-face: {:?}: {error}", declared.file)),
        }
    }
    let is_font = |name: &str| {
        let ending = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        ["ttf", "otf", "ttc", "otc", "woff", "woff2"].contains(&&*ending)
    };
    let attached = job.files.iter().filter(|file| is_font(&file.name) && !named.contains(&&*file.name));
    let attached = attached.map(|file| (&*file.name, file.content.0.clone()));
    let packed = template.files.iter().filter(|(name, _)| is_font(name));
    let packed = packed.map(|(name, data)| (&**name, data.to_vec()));
    for (name, data) in attached.chain(packed) {
        match fonts::font(data) {
            Ok(found) => faces.extend(found.into_iter().map(Face::from)),
            Err(error) => warnings.add(name, None, format!("is left out: {error}")),
        }
    }
    fonts.with(faces)
}

pub fn pictures(document: &Document, job: &Render, resources: &Resources) -> Pictures {
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

pub fn sources(document: &Document) -> impl Iterator<Item = &str> {
    let elements = document.html.root_element().descendent_elements();
    let pictures = elements.filter(|element| element.value().name() == "img");
    pictures.filter_map(|element| element.attr("src")).map(str::trim)
}

pub fn is_remote(src: &str) -> bool {
    let scheme = src.split("://").next().unwrap_or_default();
    scheme.len() < src.len() && (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https"))
}

pub fn files(job: &Render, template: Template, fonts: Fonts, date: NaiveDate) -> Result<(Files, FileId), Failure> {
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
