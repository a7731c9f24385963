//! Converts DOCX (Office Open XML, ISO/IEC 29500) to Markdown: headings, lists with their numbers, tables, footnotes,
//! text boxes and formulas. Deleted and hidden text, comments, and what repeats on each page are left out.
//!
//! - [`package`]: the archive and its parts; [`xml`]: elements by their local names, as both editions have them.
//! - [`styles`] and [`numbering`]: what a paragraph is. - [`inline`]: its text; [`formula`]. - [`body`]: blocks.

use roxmltree::Document;

mod body;
mod formula;
mod inline;
mod numbering;
mod package;
mod styles;
mod xml;

use super::extracted::{Extracted, one_line};
use body::Body;
use inline::Notes;
use numbering::Numbering;
use package::{Package, Parts};
use styles::Styles;
use xml::name;

/// # Errors
/// For a file that is broken, has another content, or unpacks to too much; it comes after the document's name in a
/// message.
pub(crate) fn extract(bytes: &[u8]) -> Result<Extracted, String> {
    let Parts { document, styles, numbering, footnotes, endnotes, properties } = Package::open(bytes)?.parts()?;
    let document = xml::parse(&document)?;
    if name(document.root_element()) != "document" {
        return Err("it is a file of another office program than a word processor: save it as PDF or CSV".to_owned());
    }
    let (footnotes, endnotes) = (optional("footnotes", footnotes.as_ref())?, optional("endnotes", endnotes.as_ref())?);
    let (styles, numbering) = (optional("styles", styles.as_ref())?, optional("numbering", numbering.as_ref())?);
    let notes = Notes::of(footnotes.as_ref(), endnotes.as_ref());
    let mut body = Body::new(
        styles.as_ref().map(Styles::of).unwrap_or_default(),
        numbering.as_ref().map(Numbering::of).unwrap_or_default(),
        notes,
    );
    body.blocks(document.root_element());
    let (title, markdown) = body.finish();
    let properties = properties.as_deref().and_then(|text| xml::parse(text).ok());
    Ok(Extracted {
        title: title.or_else(|| properties.and_then(|core| declared_title(&core))),
        markdown,
        ..Extracted::default()
    })
}

fn optional<'a>(part: &str, text: Option<&'a String>) -> Result<Option<Document<'a>>, String> {
    text.map(|text| xml::parse(text).map_err(|error| format!("{error} ({part})"))).transpose()
}

/// The title in the file's properties.
fn declared_title(core: &Document<'_>) -> Option<String> {
    let element = core.descendants().find(|node| name(*node) == "title")?;
    element.text().map(one_line).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests;
