//! A document as `multipart/form-data`: one file, and fields.

use ruche_schemas::{
    Base64,
    kinds::embed::{Document, Format},
};

use super::fields::{self, FIELDS};
use crate::http::{
    body::utf8,
    error::ApiError,
    limits,
    multipart::{broken, parts_of},
    text::shown,
};

/// # Errors
/// 400 that names the part.
pub(super) async fn read(content_type: &str, body: Vec<u8>) -> Result<Document, ApiError> {
    let mut multipart = parts_of(content_type, body)?;
    let (mut document, mut file, mut seen) = (Document::default(), None, Vec::new());
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        let name = field.name().map(str::to_owned).unwrap_or_default();
        let shown = shown(&name);
        if seen.contains(&name) || seen.len() >= limits::PARTS {
            return Err(ApiError::invalid(shown, "a part is there twice: send each once, and one file a request"));
        }
        let (file_name, media_type) =
            (field.file_name().map(str::to_owned), field.content_type().map(|t| t.to_string()));
        let bytes = field.bytes().await.map_err(broken)?;
        match name.as_str() {
            "file" => file = Some((file_name, media_type, bytes)),
            _ => {
                if !fields::set(&mut document, &name, utf8(&shown, bytes.into())?)? {
                    let message = format!("there is no part {shown:?}: there are file, {}", FIELDS.join(", "));
                    return Err(ApiError::invalid(shown, message).code("unknown_part"));
                }
            }
        }
        seen.push(name);
    }
    let Some((file_name, media_type, bytes)) = file else {
        return Err(ApiError::invalid("file", "there is no part `file`, which has the document"));
    };
    if !seen.iter().any(|name| name == "format") {
        document.format = format(file_name.as_deref(), media_type.as_deref())?;
    }
    if !seen.iter().any(|name| name == "source") {
        document.source = file_name.unwrap_or_default();
    }
    put(&mut document, "file", bytes.into())?;
    Ok(document)
}

/// Sets a document's bytes in the form of its format.
///
/// # Errors
/// 400 for a text that is not UTF-8.
pub(super) fn put(document: &mut Document, part: &str, bytes: Vec<u8>) -> Result<(), ApiError> {
    match document.format {
        Format::Pdf => document.data = Some(Base64(bytes)),
        Format::Markdown | Format::Html | Format::Text => document.text = Some(utf8(part, bytes)?),
    }
    Ok(())
}

/// The format by file name, else by media type.
fn format(name: Option<&str>, media_type: Option<&str>) -> Result<Format, ApiError> {
    let ending = name.and_then(|name| name.rsplit_once('.')).map(|(_, ending)| ending.to_ascii_lowercase());
    let by_name = match ending.as_deref() {
        Some("md" | "markdown") => Some(Format::Markdown),
        Some("html" | "htm" | "xhtml") => Some(Format::Html),
        Some("txt" | "text") => Some(Format::Text),
        Some("pdf") => Some(Format::Pdf),
        _ => None,
    };
    let essence = media_type.and_then(|media_type| media_type.split(';').next()).unwrap_or_default();
    by_name.or_else(|| of_media_type(essence.trim())).ok_or_else(|| {
        let message = "it can't be told what the file is: name it .md, .html, .txt or .pdf, or send the part `format`";
        ApiError::invalid("format", message)
    })
}

pub(super) fn of_media_type(essence: &str) -> Option<Format> {
    match essence {
        "text/markdown" | "text/x-markdown" => Some(Format::Markdown),
        "text/html" | "application/xhtml+xml" => Some(Format::Html),
        "text/plain" => Some(Format::Text),
        "application/pdf" => Some(Format::Pdf),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_more_than_its_media_type() {
        let of = |name, media_type| format(name, media_type).ok();
        assert_eq!(of(Some("a.b.MD"), Some("application/octet-stream")), Some(Format::Markdown));
        assert_eq!(of(Some("a.pdf"), Some("text/html")), Some(Format::Pdf));
        assert_eq!(of(Some("README"), Some("text/plain; charset=utf-8")), Some(Format::Text));
        assert_eq!(of(Some("a.docx"), None), None);
        assert_eq!(of(None, None), None);
    }
}
