//! From Markdown to a document and back, on real programs and servers.

use std::{io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use reqwest::Response;
use ruche_schemas::kinds::render::INLINE_BYTES;
use serde_json::{Value, json};

use crate::system::{Running, System};

async fn render(gateway: &Running, query: &str, text: impl Into<reqwest::Body>) -> Response {
    let response = gateway.markdown(&format!("/v1/render{query}"), text).send().await.unwrap();
    match response.status().as_u16() {
        200 => response,
        status => panic!("{status}: {}", response.text().await.unwrap()),
    }
}

async fn pdf(response: Response) -> bytes::Bytes {
    assert_eq!(response.headers()["content-type"], "application/pdf");
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.starts_with(b"%PDF-1."), "{:?}", &bytes[..bytes.len().min(20)]);
    bytes
}

/// A package with this `main.typ`.
fn package(main: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    let manifest = "[package]\nname = \"house\"\nversion = \"1.0.0\"\nentrypoint = \"main.typ\"\n";
    for (name, text) in [("typst.toml", manifest), ("main.typ", main)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, Path::new(name), text.as_bytes()).unwrap();
    }
    let mut gzip = tar.into_inner().unwrap();
    gzip.flush().unwrap();
    gzip.finish().unwrap()
}

#[tokio::test]
async fn markdown_is_answered_with_a_pdf_and_leaves_nothing_behind() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.render_worker().await);
    let text = "# Hello\n\nThis is **Markdown**.\n\n![nothing](missing.png)\n";
    let response = render(&gateway, "?date=2026-11-26&title=Hello", text).await;
    assert_eq!(response.headers()["ruche-pages"], "1");
    assert!(response.headers()["content-disposition"].to_str().unwrap().contains("Hello.pdf"));
    let warnings: Value = serde_json::from_slice(response.headers()["ruche-warnings"].as_bytes()).unwrap();
    assert!(warnings["first"][0]["message"].as_str().unwrap().contains("missing.png"), "{warnings}");
    let first = pdf(response).await;
    // The same input with the same date gives the same bytes.
    assert_eq!(pdf(render(&gateway, "?date=2026-11-26&title=Hello", text).await).await, first);
    let (_, kept) = Running::json(gateway.get("/v1/renders")).await;
    assert_eq!(kept["data"], json!([]));
    let (_, jobs) = Running::json(gateway.get("/v1/jobs?kind=render")).await;
    assert_eq!(jobs["data"], json!([]), "they were ephemeral");
}

#[tokio::test]
async fn a_document_that_is_kept_has_a_link_and_goes_when_it_is_deleted() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.render_worker().await);
    let response = render(&gateway, "?store=true&template=report", "---\ntitle: Kept\n---\n# Hello\n").await;
    let id = response.headers()["ruche-job"].to_str().unwrap().to_owned();
    let sent = pdf(response).await;
    let (_, view) = Running::json(gateway.get(&format!("/v1/renders/{id}"))).await;
    assert_eq!((&view["title"], &view["template"]), (&json!("Kept"), &json!("report")), "{view}");
    assert_eq!(view["bytes"], sent.len());
    let (_, link) = Running::json(gateway.post(&format!("/v1/renders/{id}/link"), &json!({}))).await;
    let open = || system.client.get(format!("{}{}", gateway.url, link["url"].as_str().unwrap())).send();
    assert_eq!(pdf(open().await.unwrap()).await, sent);
    let deleted = gateway.delete(&format!("/v1/renders/{id}")).send().await.unwrap();
    assert_eq!(deleted.status(), 204);
    assert_eq!(open().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_large_document_is_a_job_or_is_kept() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.render_worker().await);
    // At 600 points per inch, a page is too large for an event.
    let response = render(&gateway, "?format=png&ppi=600", "# Hello\n".repeat(30)).await;
    let place = response.headers()["ruche-document"].to_str().unwrap().to_owned();
    let bytes = response.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > INLINE_BYTES, "{}", bytes.len());
    let (_, view) = Running::json(gateway.get(&place)).await;
    assert_eq!((&view["media_type"], &view["bytes"]), (&json!("image/png"), &json!(bytes.len())));
    let large = "A paragraph of some words.\n\n".repeat(12_000);
    let (status, job) = Running::json(gateway.markdown("/v1/render", large)).await;
    assert_eq!(status, 202, "{job}");
    let id = job["id"].as_str().unwrap();
    let last = gateway.events(id, 1).await.until("done").await;
    assert!(last["data"]["pages"].as_u64().unwrap() > 100, "{last}");
    let file = gateway.get(&format!("/v1/renders/{id}/file")).send().await.unwrap();
    assert_eq!(pdf(file).await.len() as u64, last["data"]["bytes"].as_u64().unwrap());
}

#[tokio::test]
async fn a_template_is_tried_kept_shown_and_used() {
    let system = System::start().await;
    let (gateway, _worker) = (system.gateway().await, system.render_worker().await);
    let put = |main: &str| {
        let request = system.client.put(format!("{}/v1/templates/house", gateway.url)).bearer_auth(&system.key);
        Running::json(request.body(package(main)))
    };
    let (status, refused) = put("#let template(doc) = {\n  doc.nothing\n}\n").await;
    assert_eq!((status, &refused["error"]["code"]), (422, &json!("template_error")), "{refused}");
    assert!(refused["error"]["message"].as_str().unwrap().contains("main.typ:2"), "{refused}");
    let house = "#import \"/ruche.typ\": *\n#let template(doc) = {\n  set page(paper: \"a5\")\n  show: base.with(doc)\n  doc.body\n}\n";
    let (status, kept) = put(house).await;
    assert_eq!((status, &kept["version"]), (201, &json!(1)), "{kept}");
    assert_eq!(put(house).await.0, 200);
    let preview = gateway.get("/v1/templates/house/preview").send().await.unwrap();
    assert_eq!(preview.headers()["content-type"], "image/png");
    // A5 at 72 points per inch.
    let picture = preview.bytes().await.unwrap();
    let side = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    assert_eq!((side(16), side(20)), (420, 595));
    pdf(render(&gateway, "?template=house&version=1", "# Hello").await).await;
    let response = gateway.markdown("/v1/render?template=nobodys", "# Hello");
    let (status, missing) = Running::json(response).await;
    assert_eq!((status, &missing["error"]["code"]), (404, &json!("template_not_found")), "{missing}");
    let response = gateway.markdown("/v1/render?standards=ua-1", "![](data:image/png;base64,eA==)");
    let (status, unmet) = Running::json(response).await;
    assert_eq!((status, &unmet["error"]["code"]), (422, &json!("standard_not_met")), "{unmet}");
}
