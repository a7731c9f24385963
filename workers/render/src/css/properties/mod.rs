//! Parses declarations: decides which properties have an effect, which values they take, and how to warn of the others.

mod boxes;
mod flow;
mod font;
mod ignored;
mod rows;
mod table;
mod text;

use super::component::{Component, components};
use super::property::Property;
use super::reason::{Problem, Reason};

pub(super) use boxes::{lengths, sides};
pub(super) use table::INITIAL;
#[cfg(test)]
pub(super) use table::{IN_PART, TABLE};

pub(super) type Parsed = Result<Vec<Property>, Reason>;

#[derive(Debug)]
pub(super) struct PropertySpec {
    pub name: &'static str,
    pub longhands: &'static [&'static str],
    pub parse: fn(&[Component]) -> Parsed,
    pub takes: &'static str,
}

/// A CSS-wide keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    Inherit,
    /// CSS's initial value.
    Initial,
    /// `inherit` or `initial`, by the property.
    Unset,
    /// As if nothing had been declared.
    Revert,
}

/// The specified value of a declaration.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Specified {
    Properties(Vec<Property>),
    /// The same keyword for each of these longhands.
    Wide(Wide, &'static [&'static str]),
}

/// The error says why the declaration has no effect.
pub(super) fn read(name: &str, value: &str) -> Result<Specified, Problem> {
    let written = super::shorten(value);
    let plain = unprefixed(name);
    let Some(spec) = table::find(plain) else {
        return without_effect(name, plain, value).map(|()| Specified::Properties(Vec::new()));
    };
    if value.is_empty() {
        return Err(format!("`{name}` has no value; it takes {}", spec.takes).into());
    }
    if let Some(wide) = wide(value) {
        return Ok(Specified::Wide(wide, spec.longhands));
    }
    match components(value).and_then(|parts| (spec.parse)(&parts)) {
        Ok(properties) => Ok(Specified::Properties(properties)),
        // A prefixed property accompanies the plain one, which gives the warning.
        Err(_) if plain != name => Ok(Specified::Properties(Vec::new())),
        Err(Reason::Message(why)) => Err(format!("`{name}: {written}` has no effect: {why}").into()),
        Err(Reason::NotUnderstood) => {
            Err(format!("`{name}: {written}` is not understood; `{name}` takes {}", spec.takes).into())
        }
    }
}

/// A warning if a part of a declaration has no effect, although the declaration has.
pub(super) fn partly_ignored(name: &str, value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.split(|c: char| !c.is_alphanumeric()).any(|w| w == *word));
    let why = if name.starts_with("background") && lower.contains("gradient(") {
        "the ground has one colour, the first visible one of the gradient"
    } else if name.starts_with("background") && lower.contains("url(") {
        "the ground has only its colour, no image"
    } else if name.starts_with("border") && has(&["double", "groove", "ridge", "inset", "outset"]) {
        "the line is one solid line"
    } else if matches!(name, "orphans" | "widows") && lower.parse::<f64>().is_ok_and(|lines| lines > 2.0) {
        "two lines stay together, not more"
    } else if name == "text-decoration" && has(&["double", "dotted", "dashed", "wavy"]) {
        "the line is solid"
    } else {
        return None;
    };
    Some(format!("`{name}: {}` has an effect in part: {why}", super::shorten(value)))
}

/// Without `-webkit-` and the like, if the plain property exists.
fn unprefixed(name: &str) -> &str {
    let plain = ["-webkit-", "-moz-", "-ms-", "-o-", "-epub-"].iter().find_map(|prefix| name.strip_prefix(prefix));
    plain.filter(|plain| table::find(plain).is_some()).unwrap_or(name)
}

fn wide(value: &str) -> Option<Wide> {
    Some(match value.to_ascii_lowercase().as_str() {
        "inherit" => Wide::Inherit,
        "initial" => Wide::Initial,
        "unset" => Wide::Unset,
        "revert" | "revert-layer" => Wide::Revert,
        _ => return None,
    })
}

/// `Ok` if a property without effect needs no warning.
fn without_effect(name: &str, plain: &str, value: &str) -> Result<(), Problem> {
    if plain.starts_with('-') || ignored::is_silent(plain, &value.to_ascii_lowercase()) {
        return Ok(());
    }
    let written = super::shorten(value);
    if let Some(why) = ignored::reason(plain) {
        return Err(Problem::Ignored { declaration: format!("`{name}: {written}`"), why });
    }
    Err(match similar(plain) {
        Some(meant) => format!("there is no property `{}`; did you mean `{meant}`?", super::shorten(name)),
        None => format!("there is no property `{}` here", super::shorten(name)),
    }
    .into())
}

fn similar(name: &str) -> Option<&'static str> {
    if name.len() > 40 {
        return None;
    }
    // British spelling is two edits away.
    let allowed = if name.len() < 6 { 1 } else { 2 };
    table::TABLE
        .iter()
        .map(|spec| (strsim::damerau_levenshtein(name, spec.name), spec.name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}
