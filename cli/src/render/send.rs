//! Sends a document and gets the result: at once, or by its job if it takes longer.

use std::time::Duration;

use anyhow::{Context, Result};
use reqwest::{
    Method, StatusCode,
    multipart::{Form, Part},
};
use ruche_schemas::{Base64, kinds::render::Warning};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Job,
    document::{Document, Template},
};
use crate::{
    client::Client,
    follow::{self, Ended},
    output,
    refused::Refused,
};

/// How long an answer may take: more than a job may run.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(600);

#[derive(Debug, Deserialize)]
pub(super) struct Rendered {
    #[serde(default)]
    pub(super) id: String,
    pub(super) media_type: String,
    pub(super) pages: u32,
    #[serde(default)]
    pub(super) title: Option<String>,
    #[serde(default)]
    pub(super) stored: bool,
    #[serde(default)]
    pub(super) warnings: Vec<Warning>,
    #[serde(default = "nothing", deserialize_with = "decoded")]
    pub(super) content: Vec<u8>,
}

fn nothing() -> Vec<u8> {
    Vec::new()
}

fn decoded<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    Ok(Option::<Base64>::deserialize(deserializer)?.map(|content| content.0).unwrap_or_default())
}

pub(super) async fn send(client: &Client, job: &Job, document: &Document) -> Result<Rendered> {
    let mut query = vec![("report", "json".to_owned())];
    query.extend(job.template_version.map(|version| ("version", version.to_string())));
    query.extend(job.store.then(|| ("store", "true".to_owned())));
    let request = client.request(Method::POST, &["render"], &query).timeout(TIMEOUT).multipart(form(document)?);
    let response = client.send(request).await?;
    let status = response.status();
    let body = response.bytes().await.map_err(|error| client.unreachable(&error))?;
    let no_json = || format!("{} answers no JSON: is that Ruche?", client.address());
    if status != StatusCode::ACCEPTED {
        return serde_json::from_slice(&body).with_context(no_json);
    }
    let accepted: Value = serde_json::from_slice(&body).with_context(no_json)?;
    by_job(client, &output::field(&accepted, "id")).await
}

/// Follows the job of a document that takes longer, and gets the document.
async fn by_job(client: &Client, id: &str) -> Result<Rendered> {
    let output = match follow::to_end(client, &["jobs", id]).await? {
        Ended::Done(output) => output,
        Ended::Failed(failure) => return Err(Refused::because(output::clean(&output::failure(&failure)))),
        Ended::Cancelled => return Err(Refused::because(format!("the job {id} was cancelled"))),
    };
    let stored = !output["claim"].is_null();
    let mut rendered: Rendered = serde_json::from_value(output)
        .context("the job's result can't be read: is the gateway as new as this program?")?;
    id.clone_into(&mut rendered.id);
    rendered.stored = stored;
    if stored {
        rendered.content = download(client, &["renders", id, "file"], &[]).await?;
    }
    Ok(rendered)
}

/// A whole file from the gateway.
pub(crate) async fn download(client: &Client, path: &[&str], query: &[(&str, String)]) -> Result<Vec<u8>> {
    let response = client.send(client.request(Method::GET, path, query).timeout(TIMEOUT)).await?;
    let bytes = response.bytes().await.context("the file broke off: it is not whole")?;
    Ok(bytes.into())
}

fn form(document: &Document) -> Result<Form> {
    let mut form = Form::new().text("markdown", document.markdown.clone());
    if !document.css.is_empty() {
        form = form.text("css", document.css.clone());
    }
    form = match &document.template {
        None => form,
        Some(Template::Name(name)) => form.text("template", name.clone()),
        Some(Template::Package(package)) => {
            form.part("package", Part::bytes(package.clone()).file_name("package.tar.gz").mime_str("application/gzip")?)
        }
    };
    if let Some(data) = &document.data {
        form = form.text("data", data.to_string());
    }
    form = form.text("options", document.options.to_string());
    for (name, bytes) in document.files.iter() {
        form = form.part("files", Part::bytes(bytes.to_vec()).file_name(name.to_owned()));
    }
    Ok(form)
}
