//! Sends a document: its bytes with what is to be known of it in headers, or all of it as JSON.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use ruche_schemas::{
    Base64, Claim, JobRef, TenantId,
    kinds::render::{Rendered, Warning},
};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::wait::Finished;
use crate::{
    app::parts::App,
    http::{body, error::ApiError, limits},
};

/// How many pages the document has.
const PAGES: HeaderName = HeaderName::from_static("ruche-pages");
/// What of the input had no effect.
const WARNINGS: HeaderName = HeaderName::from_static("ruche-warnings");
/// The document's job.
const JOB: HeaderName = HeaderName::from_static("ruche-job");
/// Where the document is stored.
const DOCUMENT: HeaderName = HeaderName::from_static("ruche-document");

/// Bytes of a document, a file or a package, in the description.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "it is only described")]
pub struct FileBytes(Vec<u8>);

/// A document within JSON (`report=json`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "01932c07-a0f4-7c7e-a9a6-8d7c1a4bdc5e", "object": "render", "media_type": "application/pdf", "bytes": 10413,
    "pages": 1, "title": "Report", "file_name": "Report.pdf", "stored": false,
    "warnings": [{ "source": "css", "line": 3, "message": "float has no effect on paper: leave it out" }],
    "content": "JVBERi0xLjcK"
}))]
pub struct RenderReport {
    /// Its job's id.
    pub id: Uuid,
    /// `render`.
    pub object: &'static str,
    /// `application/pdf` or `image/png`.
    pub media_type: String,
    /// How large it is.
    pub bytes: u64,
    /// How many pages it has.
    pub pages: u32,
    /// Its title, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What it is to be called as a file.
    pub file_name: String,
    /// Whether it is at `/v1/renders/{id}`.
    pub stored: bool,
    /// What of the input had no effect, and why.
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<Warning>,
    /// The document, in base64.
    #[schema(value_type = String, content_encoding = "base64")]
    pub content: Base64,
}

impl App {
    /// The answer with this document.
    ///
    /// # Errors
    /// 410 where its object is gone, 500 where it was changed, 503.
    pub(crate) async fn send_document(
        &self,
        tenant: &TenantId,
        finished: Finished,
        report: bool,
    ) -> Result<Response, ApiError> {
        let Finished { job, rendered } = finished;
        let Rendered { content, claim, media_type, bytes, pages, title, warnings } = rendered;
        let name = file_name(title.as_deref(), &media_type);
        if report {
            let _room = match bytes > self.settings.body_bytes as u64 {
                true => Some(body::room(&self.large).await?),
                false => None,
            };
            let stored = claim.is_some();
            let content = match (content, claim) {
                (Some(content), _) => content,
                (None, Some(claim)) => Base64(self.read_whole(tenant, &claim).await.map_err(|e| e.job(job))?.into()),
                (None, None) => return Err(ApiError::internal().job(job)),
            };
            let (id, object, file_name) = (job.0, "render", name);
            let report =
                RenderReport { id, object, media_type, bytes, pages, title, file_name, stored, warnings, content };
            return Ok(Json(report).into_response());
        }
        let mut headers = HeaderMap::new();
        headers.insert(PAGES, pages.into());
        put(&mut headers, JOB, &job.to_string());
        if !warnings.is_empty() {
            put(&mut headers, WARNINGS, &told(&warnings));
        }
        let body = match (content, claim) {
            (Some(content), _) => Body::from(content.0),
            (None, Some(claim)) => {
                put(&mut headers, DOCUMENT, &format!("/v1/renders/{job}"));
                Body::from_stream(self.read_claimed(tenant, &claim).await.map_err(|error| error.job(job))?)
            }
            (None, None) => return Err(ApiError::internal().job(job)),
        };
        describe(&mut headers, &media_type, bytes, &name);
        Ok((headers, body).into_response())
    }

    /// A stored document, unless the client has it.
    ///
    /// # Errors
    /// As [`App::send_document`].
    pub(crate) async fn send_stored(
        &self,
        job: &JobRef,
        document: &crate::ports::StoredDocument,
        known: Option<&HeaderValue>,
    ) -> Result<Response, ApiError> {
        let tag = tag(&document.claim.blake3);
        if known.is_some_and(|known| *known == tag) {
            return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
        }
        let body = Body::from_stream(self.read_claimed(&job.tenant, &document.claim).await?);
        let name = file_name(document.title.as_deref(), &document.media_type);
        let mut headers = HeaderMap::from_iter([(header::ETAG, tag), (PAGES, document.pages.into())]);
        describe(&mut headers, &document.media_type, document.claim.bytes, &name);
        Ok((headers, body).into_response())
    }

    async fn read_whole(&self, tenant: &TenantId, claim: &Claim) -> Result<Bytes, ApiError> {
        self.claims.get(tenant, claim).await.map_err(|error| crate::jobs::payloads::unreadable(&error))
    }
}

/// The `ETag` of what has this hash.
pub(crate) fn tag(blake3: &str) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{blake3}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // What no header can hold is left out: the body has it all.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// What a browser needs to know to show it or to keep it.
fn describe(headers: &mut HeaderMap, media_type: &str, bytes: u64, name: &str) {
    put(headers, header::CONTENT_TYPE, media_type);
    headers.insert(header::CONTENT_LENGTH, bytes.into());
    put(headers, header::CONTENT_DISPOSITION, &disposition(name));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
}

/// A document's name as a file: its title, as far as file systems take it.
fn file_name(title: Option<&str>, media_type: &str) -> String {
    let extension = if media_type == "image/png" { "png" } else { "pdf" };
    let odd = |c: char| c.is_control() || "/\\:*?\"<>|\u{202e}\u{2066}\u{2067}\u{2068}".contains(c);
    let title: String = title.unwrap_or_default().chars().map(|c| if odd(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = title.split_whitespace().collect();
    let name: String = words.join(" ").trim_matches(['.', ' ']).chars().take(limits::FILE_NAME).collect();
    match name.is_empty() {
        true => format!("document.{extension}"),
        false => format!("{name}.{extension}"),
    }
}

/// `Content-Disposition` (RFC 6266): the name in ASCII for old clients, and as it is (RFC 8187).
fn disposition(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii() && c != '%' { c } else { '_' }).collect();
    let mut encoded = String::new();
    for byte in name.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("inline; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// The header `ruche-warnings`: JSON in ASCII with how many there are, and as many of them as it has room for.
fn told(warnings: &[Warning]) -> String {
    let mut first: Vec<Value> = Vec::new();
    let mut text = String::new();
    for warning in warnings {
        first.push(json!(warning));
        let next = ascii(&json!({ "count": warnings.len(), "first": first }));
        if next.len() > limits::WARNINGS_HEADER {
            first.pop();
            break;
        }
        text = next;
    }
    match text.is_empty() {
        true => json!({ "count": warnings.len(), "first": [] }).to_string(),
        false => text,
    }
}

/// JSON in ASCII: everything else is escaped (RFC 8259, section 7).
fn ascii(json: &Value) -> String {
    let mut text = String::new();
    for c in json.to_string().chars() {
        match c.is_ascii() && !c.is_ascii_control() {
            true => text.push(c),
            false => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}"))),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_file_systems_take() {
        for (title, name) in [
            (None, "document.pdf"),
            (Some(""), "document.pdf"),
            (Some("Annual report"), "Annual report.pdf"),
            (Some("../../etc/passwd"), "etc passwd.pdf"),
            (Some("a\r\nSet-Cookie: x"), "a Set-Cookie x.pdf"),
            (Some("Été 2026"), "Été 2026.pdf"),
            (Some("..."), "document.pdf"),
        ] {
            assert_eq!(file_name(title, "application/pdf"), name);
        }
        assert_eq!(file_name(Some(&"x".repeat(500)), "image/png").len(), limits::FILE_NAME + 4);
        let header = disposition("Été \"1\".pdf");
        assert!(header.is_ascii() && header.ends_with("filename*=UTF-8''%C3%89t%C3%A9%20%221%22.pdf"), "{header}");
    }

    #[test]
    fn warnings_fit_their_header_and_are_json_in_ascii() {
        let warning = |message: &str| Warning { source: "css".into(), line: Some(3), message: message.into() };
        let few: Value = serde_json::from_str(&told(&[warning("« é 🐝 »\n")])).expect("JSON");
        assert_eq!(few, json!({ "count": 1, "first": [{ "source": "css", "line": 3, "message": "« é 🐝 »\n" }] }));
        let many = told(&vec![warning(&"é".repeat(40)); 200]);
        assert!(many.is_ascii() && many.len() <= limits::WARNINGS_HEADER, "{}", many.len());
        let many: Value = serde_json::from_str(&many).expect("JSON");
        assert_eq!(many["count"], 200);
        assert!(many["first"].as_array().is_some_and(|first| first.len() > 5), "{many}");
        let huge: Value = serde_json::from_str(&told(&[warning(&"x".repeat(5_000))])).expect("JSON");
        assert_eq!(huge, json!({ "count": 1, "first": [] }));
    }
}
