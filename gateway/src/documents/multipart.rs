//! A document as `multipart/form-data`: one file, and fields.

use ruche_schemas::kinds::embed::{Document, Format};

use super::{fields, handling::Handling, raw};
use crate::http::{
    body::utf8,
    error::ApiError,
    headers::charset,
    ignored, limits,
    multipart::{broken, parts_of},
    text::shown,
};

/// `format`, as the query has it, wins over all that the form says.
///
/// # Errors
/// 400 that names the part.
pub(super) async fn read(
    content_type: &str,
    body: Vec<u8>,
    asked: Option<Format>,
) -> Result<(Document, Handling), ApiError> {
    let mut multipart = parts_of(content_type, body)?;
    let (mut document, mut handling, mut file) = (Document::default(), Handling::default(), None);
    let (mut seen, mut unknown) = (Vec::new(), Vec::new());
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
            "file" => file = Some((file_name, media_type.unwrap_or_default(), bytes)),
            _ => {
                let value = utf8(&shown, bytes.into())?;
                if !handling.set(&name, &value)? && !fields::set(&mut document, &name, value)? {
                    ignored::note(&name);
                    unknown.push(name.clone());
                }
            }
        }
        seen.push(name);
    }
    let Some((file_name, media_type, bytes)) = file else {
        let names: Vec<&str> = unknown.iter().map(String::as_str).collect();
        let hint = ignored::no_fields("part", &names).unwrap_or_default();
        return Err(ApiError::invalid("file", format!("the part `file` with the document is missing{hint}")));
    };
    let is_told = seen.iter().any(|name| name == "format");
    document.format = match asked {
        Some(format) => format,
        None if is_told => document.format,
        None => format(file_name.as_deref(), &media_type)?,
    };
    document.charset = document.charset.or_else(|| charset(&media_type));
    if !seen.iter().any(|name| name == "source") {
        document.source = file_name.unwrap_or_default();
    }
    raw::put(&mut document, bytes.into());
    Ok((document, handling))
}

/// The format by file name, else by media type.
fn format(name: Option<&str>, media_type: &str) -> Result<Format, ApiError> {
    let essence = media_type.split(';').next().unwrap_or_default();
    let found = name.and_then(Format::of_name).or_else(|| Format::of_media_type(essence.trim()));
    found.ok_or_else(|| {
        let endings = Format::all_extensions();
        let message = format!("the format of the file is unknown: name it {endings}, or send the part `format`");
        ApiError::invalid("format", message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_more_than_its_media_type() {
        let of = |name, media_type| format(name, media_type).ok();
        assert_eq!(of(Some("a.b.MD"), "application/octet-stream"), Some(Format::Markdown));
        assert_eq!(of(Some("a.pdf"), "text/html"), Some(Format::Pdf));
        assert_eq!(of(Some("README"), "text/plain; charset=utf-8"), Some(Format::Text));
        assert_eq!(of(Some("a.docx"), ""), Some(Format::Docx));
        assert_eq!(of(Some("a.doc"), ""), None);
        assert_eq!(of(None, ""), None);
    }
}
