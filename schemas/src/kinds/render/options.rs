//! Options of a rendered document.

use std::{collections::BTreeSet, fmt};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Invalid,
    job::{counted, within},
};

/// Options of the output. A missing option comes from the front matter, else from the template.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Options {
    /// PDF, or PNG for a preview.
    pub format: Format,
    /// The standards of the PDF: a version, and `a-2b`, `a-3b`, `ua-1`. Default: 1.7.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub standards: BTreeSet<Standard>,
    /// The document's date. Default: that of the front matter, else the day on which the job was accepted, in UTC. The
    /// same input with the same date gives the same bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<NaiveDate>,
    /// BCP 47, such as `fr` or `pt-BR`: labels, hyphenation, quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// The title, for the PDF's metadata and the template: at most 1,000 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The table of contents: to this level of heading, 0 (none) to 6.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 6))]
    pub toc: Option<u8>,
    /// Whether headings are numbered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbering: Option<bool>,
    /// The names of the files to attach to the PDF.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attach: Vec<String>,
    /// The page to render as PNG, from 1. Default: the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub page: Option<u32>,
    /// Pixels per inch of pictures. Default: 96.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 24, max = 600))]
    pub ppi: Option<u16>,
    /// Whether images on the web are fetched; otherwise each is a warning. Default: true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fetch: Option<bool>,
    /// The password to open the PDF with (AES-256): 1 to 127 bytes. Not with PDF/A and PDF/UA. Default: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// The output format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A PDF.
    #[default]
    Pdf,
    /// A picture of one page.
    Png,
}

impl Format {
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
        }
    }

    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Png => "png",
        }
    }
}

/// A standard of a PDF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Standard {
    /// PDF 1.7 (ISO 32000-1).
    #[serde(rename = "1.7")]
    V17,
    /// PDF 2.0 (ISO 32000-2).
    #[serde(rename = "2.0")]
    V20,
    /// PDF/A-2b (ISO 19005-2): for archives.
    #[serde(rename = "a-2b")]
    A2b,
    /// PDF/A-3b (ISO 19005-3): the same with attachments of any kind.
    #[serde(rename = "a-3b")]
    A3b,
    /// PDF/UA-1 (ISO 14289-1): accessible, for example to screen readers.
    #[serde(rename = "ua-1")]
    Ua1,
}

/// A password. It is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Options {
    pub(super) fn check(&self) -> Result<(), Invalid> {
        if let Some(lang) = &self.lang
            && !is_language(lang)
        {
            let message = format!("{lang:?} is no language: a BCP 47 tag such as fr or pt-BR is needed");
            return Err(Invalid::new("options.lang", message));
        }
        if let Some(title) = &self.title {
            counted("options.title", title.len(), "bytes", 0, 1_000)?;
        }
        if let Some(toc) = self.toc {
            within("options.toc", toc, 0, 6)?;
        }
        if let Some(page) = self.page {
            within("options.page", page, 1, 100_000)?;
        }
        if let Some(ppi) = self.ppi {
            within("options.ppi", ppi, 24, 600)?;
        }
        let Some(password) = &self.password else { return Ok(()) };
        counted("options.password", password.0.len(), "bytes", 1, 127)?;
        let archival = self.standards.iter().any(|standard| !matches!(standard, Standard::V17 | Standard::V20));
        match archival {
            true => {
                Err(Invalid::new("options.password", "PDF/A and PDF/UA-1 forbid encryption: leave out one of both"))
            }
            false => Ok(()),
        }
    }
}

/// Typst's form of a language: two or three letters, and an optional region.
#[must_use]
pub fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let lang = parts.next().unwrap_or_default();
    let letters = |s: &str| s.bytes().all(|b| b.is_ascii_alphabetic());
    let region = |s: &str| (s.len() == 2 && letters(s)) || (s.len() == 4 && letters(s));
    (2..=3).contains(&lang.len()) && letters(lang) && parts.all(region)
}
