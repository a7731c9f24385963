//! Reads a document as it was sent.

use ruche_schemas::kinds::embed::{Document, Format};

use super::extractor::{Extractor, Source};
use crate::text::{self, ExtractError, Extracted};

/// A text that needs no reading is taken as it is; all else is read in a child process.
pub(super) async fn read(extractor: &Extractor, document: &Document) -> Result<Extracted, ExtractError> {
    let Document { format, text, data, charset, .. } = document;
    match (text, format) {
        (Some(text), Format::Markdown) => Ok(text::markdown(text)),
        (Some(text), Format::Text) => Ok(Extracted { markdown: text.clone(), ..Extracted::default() }),
        (Some(text), format) => {
            let source = Source { format: *format, charset: Some("utf-8".to_owned()) };
            extractor.extract(source, text.as_bytes()).await
        }
        (None, format) => {
            let source = Source { format: *format, charset: charset.clone() };
            extractor.extract(source, data.as_ref().map_or(&[], |data| &data.0)).await
        }
    }
}
