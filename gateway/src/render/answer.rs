//! Answers with a document: its bytes with the rest in headers, or everything as JSON.

use axum::{
    Json,
    body::Body,
    http::{HeaderMap, HeaderName},
    response::{IntoResponse, Response},
};
use ruche_schemas::{
    Base64, JobRef, TenantId,
    kinds::render::{Rendered, Warning},
};
use ruche_store::files::{File, StoredFile};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::Finished;
use crate::{
    http::{
        body::Bodies,
        error::ApiError,
        file::{FileResponse, etag, is_known, not_modified},
        limits,
    },
    jobs::payloads::Payloads,
};

const PAGES: HeaderName = HeaderName::from_static("ruche-pages");
const WARNINGS: HeaderName = HeaderName::from_static("ruche-warnings");
const JOB: HeaderName = HeaderName::from_static("ruche-job");
const DOCUMENT: HeaderName = HeaderName::from_static("ruche-document");

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
    /// Its size in bytes.
    pub bytes: u64,
    /// How many pages it has.
    pub pages: u32,
    /// Its title, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// A file name for the document.
    pub file_name: String,
    /// Whether it is at `/v1/renders/{id}`.
    pub stored: bool,
    /// Warnings about input that had no effect, with the reasons.
    #[schema(value_type = Vec<Object>)]
    pub warnings: Vec<Warning>,
    /// The document, in base64.
    #[schema(value_type = String, content_encoding = "base64")]
    pub content: Base64,
}

/// # Errors
/// 410 for an object that is gone, 500 for one that was changed, 503.
pub(super) async fn document(payloads: &Payloads, tenant: &TenantId, finished: Finished) -> Result<Response, ApiError> {
    let Finished { job, rendered } = finished;
    let Rendered { content, claim, media_type, bytes, pages, title, warnings } = rendered;
    let is_inline = content.is_some();
    let body = match (content, claim) {
        (Some(content), _) => Body::from(content.0),
        (None, Some(claim)) => Body::from_stream(payloads.read(tenant, &claim).await.map_err(|error| error.job(job))?),
        (None, None) => return Err(ApiError::internal().job(job)),
    };
    let mut file = file(&media_type, body, bytes, pages, title.as_deref()).with(JOB, &job.to_string());
    if !warnings.is_empty() {
        file = file.with(WARNINGS, &header_of(&warnings));
    }
    if !is_inline {
        file = file.with(DOCUMENT, &format!("/v1/renders/{job}"));
    }
    Ok(file.into_response())
}

/// # Errors
/// As [`document`].
pub(super) async fn report(
    payloads: &Payloads,
    bodies: &Bodies,
    tenant: &TenantId,
    finished: Finished,
) -> Result<Response, ApiError> {
    let Finished { job, rendered } = finished;
    let Rendered { content, claim, media_type, bytes, pages, title, warnings } = rendered;
    let _permit = match bytes > bodies.small as u64 {
        true => Some(bodies.permit().await?),
        false => None,
    };
    let stored = claim.is_some();
    let content = match (content, claim) {
        (Some(content), _) => content,
        (None, Some(claim)) => Base64(payloads.bytes(tenant, &claim).await.map_err(|e| e.job(job))?.into()),
        (None, None) => return Err(ApiError::internal().job(job)),
    };
    let (id, object, file_name) = (job.0, "render", file_name(title.as_deref(), &media_type));
    let report = RenderReport { id, object, media_type, bytes, pages, title, file_name, stored, warnings, content };
    Ok(Json(report).into_response())
}

/// 304 if the client has it.
///
/// # Errors
/// As [`document`].
pub(super) async fn stored(
    payloads: &Payloads,
    job: &JobRef,
    document: &StoredFile,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let File { claim, media_type, pages, title, .. } = &document.file;
    let tag = etag(&claim.blake3);
    if is_known(headers, &tag) {
        return Ok(not_modified(tag));
    }
    let body = Body::from_stream(payloads.read(&job.tenant, claim).await?);
    Ok(file(media_type, body, claim.bytes, *pages, title.as_deref()).etag(tag).into_response())
}

fn file(media_type: &str, body: Body, bytes: u64, pages: u32, title: Option<&str>) -> FileResponse {
    let name = file_name(title, media_type);
    FileResponse::new(media_type, body).bytes(bytes).inline(&name).with(PAGES, &pages.to_string())
}

/// A file name from the title, as far as file systems allow.
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

/// The header `ruche-warnings`: JSON in ASCII with the number of warnings, and as many of them as fit.
fn header_of(warnings: &[Warning]) -> String {
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
    }

    #[test]
    fn warnings_fit_their_header_and_are_json_in_ascii() {
        let warning = |message: &str| Warning { source: "css".into(), line: Some(3), message: message.into() };
        let few: Value = serde_json::from_str(&header_of(&[warning("« é 🐝 »\n")])).expect("JSON");
        assert_eq!(few, json!({ "count": 1, "first": [{ "source": "css", "line": 3, "message": "« é 🐝 »\n" }] }));
        let many = header_of(&vec![warning(&"é".repeat(40)); 200]);
        assert!(many.is_ascii() && many.len() <= limits::WARNINGS_HEADER, "{}", many.len());
        let many: Value = serde_json::from_str(&many).expect("JSON");
        assert_eq!(many["count"], 200);
        assert!(many["first"].as_array().is_some_and(|first| first.len() > 5), "{many}");
        let huge: Value = serde_json::from_str(&header_of(&[warning(&"x".repeat(5_000))])).expect("JSON");
        assert_eq!(huge, json!({ "count": 1, "first": [] }));
    }
}
