//! Templates in memory.

use std::{cmp::Reverse, collections::BTreeSet};

use async_trait::async_trait;
use bytes::Bytes;
use ruche_schemas::TenantId;

use super::tables::Memory;
use crate::{
    error::StoreError,
    templates::{NewTemplate, TemplateBounds, TemplateVersion, Templates, Uploaded},
};

#[async_trait]
impl Templates for Memory {
    async fn put_template(
        &self,
        tenant: &TenantId,
        template: NewTemplate,
        bounds: TemplateBounds,
    ) -> Result<Uploaded, StoreError> {
        let all = &mut self.tables()?.templates;
        let mine = || all.iter().filter(|(owner, ..)| owner == tenant).map(|(_, version, _)| version);
        let versions: Vec<_> = mine().filter(|version| version.name == template.name).collect();
        let last = versions.iter().max_by_key(|version| version.version);
        if let Some(last) = last.filter(|last| last.blake3 == template.blake3) {
            return Ok(Uploaded::Same((*last).clone()));
        }
        if versions.len() as u64 >= bounds.versions {
            return Ok(Uploaded::ManyVersions);
        }
        let names: BTreeSet<&str> = mine().map(|version| version.name.as_str()).collect();
        if versions.is_empty() && names.len() as u64 >= bounds.names {
            return Ok(Uploaded::ManyNames);
        }
        let (bytes, more) = (mine().map(|version| version.bytes).sum::<u64>(), template.package.len() as u64);
        if bytes + more > bounds.bytes {
            return Ok(Uploaded::ManyBytes(bytes));
        }
        let NewTemplate { name, package, blake3, description, at } = template;
        let version = last.map_or(1, |last| last.version + 1);
        let new = TemplateVersion { name, version, bytes: more, blake3, description, created_at: at };
        all.push((tenant.clone(), new.clone(), package));
        Ok(Uploaded::New(new))
    }

    async fn templates(&self, tenant: &TenantId) -> Result<Vec<TemplateVersion>, StoreError> {
        let tables = self.tables()?;
        let mut mine: Vec<_> =
            tables.templates.iter().filter(|(owner, ..)| owner == tenant).map(|(_, one, _)| one.clone()).collect();
        mine.sort_by(|a, b| (&a.name, b.version).cmp(&(&b.name, a.version)));
        mine.dedup_by(|next, kept| next.name == kept.name);
        Ok(mine)
    }

    async fn template_versions(&self, tenant: &TenantId, name: &str) -> Result<Vec<TemplateVersion>, StoreError> {
        let tables = self.tables()?;
        let all = tables.templates.iter().filter(|(owner, one, _)| owner == tenant && one.name == name);
        let mut versions: Vec<_> = all.map(|(_, one, _)| one.clone()).collect();
        versions.sort_by_key(|one| Reverse(one.version));
        Ok(versions)
    }

    async fn template_package(
        &self,
        tenant: &TenantId,
        name: &str,
        version: Option<u32>,
    ) -> Result<Option<(TemplateVersion, Bytes)>, StoreError> {
        let tables = self.tables()?;
        let all = tables.templates.iter().filter(|(owner, one, _)| owner == tenant && one.name == name);
        let wanted = all.filter(|(_, one, _)| version.is_none_or(|version| version == one.version));
        let found = wanted.max_by_key(|(_, one, _)| one.version);
        Ok(found.map(|(_, one, package)| (one.clone(), package.clone())))
    }

    async fn delete_template(&self, tenant: &TenantId, name: &str, version: Option<u32>) -> Result<u64, StoreError> {
        let all = &mut self.tables()?.templates;
        let before = all.len();
        all.retain(|(owner, one, _)| {
            owner != tenant || one.name != name || version.is_some_and(|version| version != one.version)
        });
        Ok((before - all.len()) as u64)
    }
}
