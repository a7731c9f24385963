//! The formats of documents, and how a file's name or media type tells them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The format of a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "DocumentFormat")]
pub enum Format {
    /// Markdown (CommonMark with tables), with front matter or without.
    #[default]
    Markdown,
    /// HTML.
    Html,
    /// Plain text.
    Text,
    /// PDF with text in it; pictures of text are not read.
    Pdf,
    /// Word's DOCX (Office Open XML).
    Docx,
    /// Rows of values between commas, semicolons, tabs or bars.
    Csv,
    /// Rows of values between tabs.
    Tsv,
}

impl Format {
    pub const ALL: [Self; 7] = [Self::Markdown, Self::Html, Self::Text, Self::Pdf, Self::Docx, Self::Csv, Self::Tsv];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Html => "html",
            Self::Text => "text",
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Csv => "csv",
            Self::Tsv => "tsv",
        }
    }

    /// The usual one first; lower case, without the dot.
    #[must_use]
    pub const fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["md", "markdown"],
            Self::Html => &["html", "htm", "xhtml"],
            Self::Text => &["txt", "text"],
            Self::Pdf => &["pdf"],
            Self::Docx => &["docx"],
            Self::Csv => &["csv"],
            Self::Tsv => &["tsv", "tab"],
        }
    }

    /// The registered one first, without parameters.
    #[must_use]
    pub const fn media_types(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["text/markdown", "text/x-markdown"],
            Self::Html => &["text/html", "application/xhtml+xml"],
            Self::Text => &["text/plain"],
            Self::Pdf => &["application/pdf"],
            Self::Docx => &["application/vnd.openxmlformats-officedocument.wordprocessingml.document"],
            Self::Csv => &["text/csv"],
            Self::Tsv => &["text/tab-separated-values"],
        }
    }

    /// By the end of a file's name, in any case: `report.DOCX`.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        let extension = extension.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| format.extensions().contains(&extension.as_str()))
    }

    /// By a media type without its parameters, in any case.
    #[must_use]
    pub fn of_media_type(essence: &str) -> Option<Self> {
        let essence = essence.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| format.media_types().contains(&essence.as_str()))
    }

    /// Whether a file is characters in some encoding.
    #[must_use]
    pub const fn is_text(self) -> bool {
        !matches!(self, Self::Pdf | Self::Docx)
    }

    /// For a message: `.md, .html, .txt, ... or .tsv`.
    #[must_use]
    pub fn all_extensions() -> String {
        one_of(Self::ALL.map(|format| format!(".{}", format.extensions()[0])))
    }

    /// For a message: the formats' names.
    #[must_use]
    pub fn all_names() -> String {
        one_of(Self::ALL.map(|format| format.as_str().to_owned()))
    }
}

fn one_of<const N: usize>(names: [String; N]) -> String {
    match names.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

impl std::str::FromStr for Format {
    type Err = String;
    fn from_str(name: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|format| format.as_str() == name);
        known.ok_or_else(|| {
            let shown: String = name.chars().take(80).collect();
            format!("{shown:?} is no format: take {}", Self::all_names())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_media_types_tell_formats() {
        for format in Format::ALL {
            assert_eq!(format.as_str().parse(), Ok(format));
            assert_eq!(Format::of_name(&format!("a.b.{}", format.extensions()[0].to_uppercase())), Some(format));
            assert_eq!(Format::of_media_type(format.media_types()[0]), Some(format));
            assert_eq!(serde_json::to_string(&format).ok(), Some(format!("{:?}", format.as_str())));
        }
        assert_eq!(
            (Format::of_name("README"), Format::of_name("a.doc"), Format::of_media_type("")),
            (None, None, None)
        );
        let refused = "word".parse::<Format>();
        assert_eq!(refused, Err("\"word\" is no format: take markdown, html, text, pdf, docx, csv or tsv".to_owned()));
    }
}
