//! A render job as `multipart/form-data`, its parts in any order. Errors name the part.

use multer::Field;
use ruche_schemas::{
    Base64,
    kinds::render::{self, File, Render},
};

use crate::http::{
    body::utf8,
    error::ApiError,
    ignored,
    json::parse_part,
    limits,
    multipart::{broken, parts_of},
};

const ALLOWED: &str = "markdown, css (any number), template (a name) or package (a gzipped tar), data (JSON), options (JSON), \
                       and files (any number, each with a file name)";

#[derive(Default)]
struct Parts {
    render: Render,
    markdown: bool,
    template: bool,
    package: bool,
    data: bool,
    options: bool,
}

/// # Errors
/// 400 that names the part.
pub(super) async fn read(content_type: &str, body: Vec<u8>) -> Result<Render, ApiError> {
    let mut multipart = parts_of(content_type, body)?;
    let mut parts = Parts::default();
    let mut count = 0;
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        count += 1;
        let most = limits::PARTS + render::FILES;
        if count > most {
            return Err(ApiError::invalid("body", format!("the body has more than {most} parts: send fewer files")));
        }
        parts.take(field).await?;
    }
    match count {
        0 => Err(ApiError::bad_request("invalid_multipart", format!("the body has no parts: there are {ALLOWED}"))),
        _ => Ok(parts.render),
    }
}

impl Parts {
    async fn take(&mut self, field: Field<'_>) -> Result<(), ApiError> {
        let name = field.name().map(str::to_owned).unwrap_or_default();
        let file_name = field.file_name().map(str::to_owned);
        match name.as_str() {
            "markdown" => {
                once(&name, &mut self.markdown)?;
                self.render.markdown = text(&name, field).await?;
            }
            "css" => {
                let css = &mut self.render.css;
                if !css.is_empty() {
                    css.push('\n');
                }
                css.push_str(&text(&name, field).await?);
            }
            "template" => {
                once(&name, &mut self.template)?;
                self.render.template.name = text(&name, field).await?.trim().to_owned();
            }
            "package" => {
                once(&name, &mut self.package)?;
                self.render.template.package = Some(bytes(field).await?);
            }
            "data" => {
                once(&name, &mut self.data)?;
                self.render.data = json(&name, field).await?;
            }
            "options" => {
                once(&name, &mut self.options)?;
                self.render.options = json(&name, field).await?;
            }
            "files" => {
                let missing = || {
                    ApiError::invalid("files", "a part `files` has no file name: text and CSS refer to the file by it")
                };
                let name = file_name.ok_or_else(missing)?;
                self.render.files.push(File { name, content: bytes(field).await? });
            }
            other => ignored::note(other),
        }
        Ok(())
    }
}

fn once(name: &str, seen: &mut bool) -> Result<(), ApiError> {
    match std::mem::replace(seen, true) {
        true => Err(ApiError::invalid(name, format!("the part {name} is there twice: send it once"))),
        false => Ok(()),
    }
}

async fn bytes(field: Field<'_>) -> Result<Base64, ApiError> {
    Ok(Base64(field.bytes().await.map_err(broken)?.into()))
}

async fn text(name: &str, field: Field<'_>) -> Result<String, ApiError> {
    utf8(name, bytes(field).await?.0)
}

/// The error names the field within the part.
async fn json<T: serde::de::DeserializeOwned>(name: &str, field: Field<'_>) -> Result<T, ApiError> {
    parse_part(name, &text(name, field).await?)
}
