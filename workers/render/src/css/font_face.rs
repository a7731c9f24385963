//! Reads `@font-face`: a family's name, and the attached files of its fonts.

use cssparser::{ParseError, Parser, Token};

use super::blocks::Raw;
use super::component::{Component, components};
use super::{Log, shorten};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FontFace {
    /// The name in CSS.
    pub family: String,
    /// The attached file's name.
    pub file: String,
    pub line: u32,
}

pub(super) fn face(raw: Vec<Raw>, line: u32, log: &mut Log<'_>) -> Result<Vec<FontFace>, String> {
    let (mut family, mut files) = (None, Vec::new());
    for Raw { name, value, line, .. } in raw {
        match name.as_str() {
            "font-family" => family = family_name(&value),
            "src" => files = sources(&value, line, log),
            // The font file has these itself.
            "font-weight" | "font-style" | "font-stretch" | "font-display" | "unicode-range" | "font-variant" => {}
            _ => log.add(line, format!("`{}` has no effect in `@font-face`", shorten(&name))),
        }
    }
    let family = family.ok_or("`@font-face` has no `font-family`")?;
    if files.is_empty() {
        return Err(format!("`@font-face` of `{}` has no `src: url(\"file\")` of an attached font", shorten(&family)));
    }
    Ok(files.into_iter().map(|file| FontFace { family: family.clone(), file, line }).collect())
}

fn family_name(value: &str) -> Option<String> {
    let parts = components(value).ok()?;
    if let [Component::String(name)] = parts.as_slice() {
        return Some(name.clone()).filter(|name| !name.is_empty());
    }
    let words = parts.iter().map(|part| match part {
        Component::Ident(ident, _) => Some(ident.as_str()),
        _ => None,
    });
    let words = words.collect::<Option<Vec<_>>>()?;
    Some(words.join(" ")).filter(|name| !name.is_empty())
}

/// The attached files of `src`; the first that exists is enough.
fn sources(value: &str, line: Option<u32>, log: &mut Log<'_>) -> Vec<String> {
    let mut input = Parser::new(value);
    let mut others = Vec::new();
    while let Ok(token) = input.next() {
        match token.clone() {
            Token::UnquotedUrl(url) => match attached(&url) {
                Ok(file) => return vec![file],
                Err(why) => others.push(why),
            },
            Token::Function(name) => {
                let inner = input.parse_nested_block(|input| {
                    let text = input.expect_ident_or_string().map(|text| text.to_string())?;
                    while input.next().is_ok() {}
                    Ok::<_, ParseError<()>>(text)
                });
                let inner = inner.unwrap_or_default();
                if name.eq_ignore_ascii_case("url") {
                    match attached(&inner) {
                        Ok(file) => return vec![file],
                        Err(why) => others.push(why),
                    }
                } else if name.eq_ignore_ascii_case("local") {
                    let inner = shorten(&inner);
                    others.push(format!("`local({inner})`: only attached fonts and built-in ones can be used"));
                }
            }
            _ => {}
        }
    }
    for why in others {
        log.add(line, why);
    }
    Vec::new()
}

fn attached(url: &str) -> Result<String, String> {
    let short = shorten(url);
    let lower = url.to_ascii_lowercase();
    if lower.starts_with("data:") {
        return Err(format!("`{short}`: fonts in data URLs are not supported; attach the file"));
    }
    if lower.contains("://") || lower.starts_with("//") {
        return Err(format!("`{short}`: fonts are not fetched; attach the file and name it by `url(\"file.ttf\")`"));
    }
    let file = url.split(['?', '#']).next().unwrap_or_default().trim_start_matches("./");
    if file.is_empty() { Err("`url()` names no file".to_owned()) } else { Ok(file.to_owned()) }
}
