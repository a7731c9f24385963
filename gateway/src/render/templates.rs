//! Templates: a package is stored only after a document with every element was rendered with it.

use std::sync::Arc;

use bytes::Bytes;
use chrono::SubsecRound;
use ruche_schemas::{
    Base64, TenantId, clock,
    kinds::render::{BUILT_IN, Format, Options, PACKAGE_BYTES, Render, Template, Warning, check_template_name},
};
use ruche_store::{
    Store,
    templates::{NewTemplate, TemplateBounds, TemplateVersion, Uploaded},
};

use super::service::{Order, Outcome, Renderer};
use crate::http::{error::ApiError, limits, text::shown};

/// A document with every element.
pub(crate) const SAMPLE: &str = include_str!("sample.md");
/// How a gzip begins (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// Low: the trial's picture is discarded.
const TRIAL_PPI: u16 = 24;

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) version: TemplateVersion,
    pub(crate) new: bool,
    pub(crate) warnings: Vec<Warning>,
}

/// # Errors
/// 400 for an invalid name, 409 for a built-in template.
pub(crate) fn check_own(name: &str) -> Result<(), ApiError> {
    check_template_name("name", name)?;
    match is_built_in(name) {
        false => Ok(()),
        true => {
            let message = format!("the template {name} is built in and can't be changed: take another name");
            Err(ApiError::conflict("template_built_in", message).param("name"))
        }
    }
}

pub(crate) fn is_built_in(name: &str) -> bool {
    BUILT_IN.iter().any(|(known, _)| *known == name)
}

pub(crate) fn unknown(name: &str, version: Option<u32>) -> ApiError {
    let of = version.map_or(String::new(), |version| format!(" in version {version}"));
    let message = format!("there is no template {:?}{of}: GET /v1/templates lists those that there are", shown(name));
    ApiError::not_found(ruche_schemas::failure::codes::UNKNOWN_TEMPLATE, message).param("name")
}

#[derive(Clone)]
pub struct Templates {
    store: Arc<dyn Store>,
    renderer: Arc<Renderer>,
}

impl Templates {
    #[must_use]
    pub fn new(store: Arc<dyn Store>, renderer: Arc<Renderer>) -> Self {
        Self { store, renderer }
    }

    /// The last version of each of the tenant's templates, by name.
    ///
    /// # Errors
    /// 503.
    pub(crate) async fn all(&self, tenant: &TenantId) -> Result<Vec<TemplateVersion>, ApiError> {
        Ok(self.store.templates(tenant).await?)
    }

    /// The last first.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<TemplateVersion>, ApiError> {
        let versions = self.store.template_versions(tenant, name).await?;
        match versions.is_empty() {
            true => Err(unknown(name, None)),
            false => Ok(versions),
        }
    }

    /// A version with its package, the last by default.
    ///
    /// # Errors
    /// 404; 503.
    pub(crate) async fn package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<(TemplateVersion, Bytes), ApiError> {
        self.store.template_package(tenant, name, version).await?.ok_or_else(|| unknown(name, version))
    }

    /// Deletes a version of a template, or all of it.
    ///
    /// # Errors
    /// 404; 409 for a built-in one; 503.
    pub(crate) async fn delete(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<(), ApiError> {
        if is_built_in(name) {
            check_own(name)?;
        }
        match self.store.delete_template(tenant, name, version).await? {
            0 => Err(unknown(name, version)),
            _ => Ok(()),
        }
    }

    /// Stores a package as the template's next version.
    ///
    /// # Errors
    /// 4xx that says what is wrong with it, with the file and the line; 503.
    pub(crate) async fn upload(
        &self,
        tenant: &TenantId,
        name: String,
        description: Option<String>,
        package: Vec<u8>,
    ) -> Result<Upload, ApiError> {
        check_package(&package)?;
        let blake3 = blake3::hash(&package).to_hex().to_string();
        let last = self.store.template_versions(tenant, &name).await?.into_iter().next();
        if let Some(version) = last.filter(|last| last.blake3 == blake3) {
            return Ok(Upload { version, new: false, warnings: Vec::new() });
        }
        let warnings = Box::pin(self.try_template(tenant, package.clone())).await?;
        // The precision of the store.
        let at = clock::now().trunc_subsecs(6);
        let new = NewTemplate { name, package: package.into(), blake3, description, at };
        let bounds = TemplateBounds {
            versions: limits::TEMPLATE_VERSIONS,
            names: limits::TEMPLATE_NAMES,
            bytes: limits::TEMPLATE_BYTES,
        };
        let full = |message: String| Err(ApiError::conflict("templates_full", message));
        match self.store.put_template(tenant, new, bounds).await? {
            Uploaded::New(version) => Ok(Upload { version, new: true, warnings }),
            Uploaded::Same(version) => Ok(Upload { version, new: false, warnings }),
            Uploaded::ManyVersions => full(format!(
                "the template has {} versions, which is the most: delete some that are not used any more",
                bounds.versions
            )),
            Uploaded::ManyNames => full(format!(
                "there are {} templates, which is the most: delete one that is not used any more",
                bounds.names
            )),
            Uploaded::ManyBytes(bytes) => full(format!(
                "the templates have {bytes} bytes; with this one they would have more than {}: delete some that are not \
                 used any more",
                bounds.bytes
            )),
        }
    }

    async fn try_template(&self, tenant: &TenantId, package: Vec<u8>) -> Result<Vec<Warning>, ApiError> {
        let render = Render {
            markdown: SAMPLE.to_owned(),
            template: Template { package: Some(Base64(package)), ..Template::default() },
            options: Options { format: Format::Png, ppi: Some(TRIAL_PPI), fetch: Some(false), ..Options::default() },
            ..Render::default()
        };
        let order = Order { tenant, idempotency_key: None, store: Some(false), seconds: None };
        match Box::pin(self.renderer.render(render, order)).await? {
            Outcome::Finished(finished) => Ok(finished.rendered.warnings),
            Outcome::Running(accepted) => Err(ApiError::waited(accepted.job.id, self.renderer.wait_seconds())),
        }
    }
}

fn check_package(package: &[u8]) -> Result<(), ApiError> {
    if package.len() > PACKAGE_BYTES {
        let bytes = package.len();
        let message = format!("the package has {bytes} bytes: at most {PACKAGE_BYTES} are allowed");
        return Err(ApiError::too_large("body", message));
    }
    match package.starts_with(&GZIP) {
        true => Ok(()),
        false => {
            let message = "the body is no gzipped tar: send a Typst package, as `tar -czf - -C my-template .` makes it";
            Err(ApiError::invalid("body", message).code("invalid_package"))
        }
    }
}
