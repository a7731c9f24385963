//! Answers with a file: its bytes, and the headers for browsers.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use utoipa::ToSchema;

/// All but RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The bytes of a document, a file or a package.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "it is only described")]
pub struct FileBytes(Vec<u8>);

pub(crate) struct FileResponse {
    headers: HeaderMap,
    body: Body,
}

impl FileResponse {
    pub(crate) fn new(media_type: &str, body: Body) -> Self {
        Self { headers: HeaderMap::new(), body }.with(header::CONTENT_TYPE, media_type)
    }

    /// A value that is invalid in a header is left out.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(crate) fn bytes(mut self, bytes: u64) -> Self {
        self.headers.insert(header::CONTENT_LENGTH, bytes.into());
        self
    }

    pub(crate) fn etag(mut self, tag: HeaderValue) -> Self {
        self.headers.insert(header::ETAG, tag);
        self
    }

    /// For a browser: displayed under this file name, without sniffing, not cached by proxies.
    pub(crate) fn inline(self, name: &str) -> Self {
        self.with(header::CONTENT_DISPOSITION, &disposition("inline", name))
            .with(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
            .with(header::CACHE_CONTROL, "private, no-cache")
    }

    /// For a browser: saved under this file name.
    pub(crate) fn attachment(self, name: &str) -> Self {
        self.with(header::CONTENT_DISPOSITION, &disposition("attachment", name))
    }
}

impl IntoResponse for FileResponse {
    fn into_response(self) -> Response {
        (self.headers, self.body).into_response()
    }
}

pub(crate) fn etag(blake3: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{blake3}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Whether `If-None-Match` has this tag.
pub(crate) fn is_known(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    headers.get(header::IF_NONE_MATCH).is_some_and(|known| known == tag)
}

/// 304.
pub(crate) fn not_modified(tag: HeaderValue) -> Response {
    (StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response()
}

/// `Content-Disposition` (RFC 6266): the name in ASCII for old clients, and unchanged (RFC 8187).
fn disposition(manner: &str, name: &str) -> String {
    let is_plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '%' | '"' | '\\');
    let plain: String = name.chars().map(|c| if is_plain(&c) { c } else { '_' }).collect();
    let whole = utf8_percent_encode(name, ESCAPED);
    format!("{manner}; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_ascii_for_old_clients_and_whole_for_new_ones() {
        assert_eq!(
            disposition("inline", "Été \"1\".pdf"),
            "inline; filename=\"_t_ _1_.pdf\"; filename*=UTF-8''%C3%89t%C3%A9%20%221%22.pdf"
        );
    }
}
