//! The properties: which ones have an effect, what they take, and what is said of those that have none.

mod boxes;
mod flow;
mod font;
mod ignored;
mod table;
mod text;

use super::component::{Component, components};
use super::property::Property;
use super::reason::Reason;

pub(super) use boxes::{lengths, sides};
pub(super) use table::INITIAL;
#[cfg(test)]
pub(super) use table::TABLE;

/// What a value became.
pub(super) type Parsed = Result<Vec<Property>, Reason>;

/// A property that has an effect.
#[derive(Debug)]
pub(super) struct Known {
    pub name: &'static str,
    pub longhands: &'static [&'static str],
    /// Reads a value.
    pub parse: fn(&[Component]) -> Parsed,
    pub takes: &'static str,
}

/// A keyword that every property takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wide {
    /// The parent's value.
    Inherit,
    /// CSS's own.
    Initial,
    /// One or the other, by the property.
    Unset,
    /// As if nothing had been said.
    Revert,
}

/// What a declaration says.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Properties(Vec<Property>),
    /// The same for each of these longhands.
    Wide(Wide, &'static [&'static str]),
}

/// Reads a declaration; says why it has no effect.
pub(super) fn read(name: &str, value: &str) -> Result<Said, String> {
    let written = super::shorten(value);
    let plain = unprefixed(name);
    let Some(known) = table::find(plain) else {
        return silence(name, plain, value).map(|()| Said::Properties(Vec::new()));
    };
    if value.is_empty() {
        return Err(format!("`{name}` has no value; it takes {}", known.takes));
    }
    if let Some(wide) = wide(value) {
        return Ok(Said::Wide(wide, known.longhands));
    }
    match components(value).and_then(|parts| (known.parse)(&parts)) {
        Ok(properties) => Ok(Said::Properties(properties)),
        // A browser's own name stands beside the plain one, which is told.
        Err(_) if plain != name => Ok(Said::Properties(Vec::new())),
        Err(Reason::Says(why)) => Err(format!("`{name}: {written}` has no effect: {why}")),
        Err(Reason::NotUnderstood) => {
            Err(format!("`{name}: {written}` is not understood; `{name}` takes {}", known.takes))
        }
    }
}

/// Without `-webkit-` and the like, where the plain property exists.
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

/// Of a property without effect: whether that can stay unsaid.
fn silence(name: &str, plain: &str, value: &str) -> Result<(), String> {
    if plain.starts_with('-') || ignored::is_silent(plain, &value.to_ascii_lowercase()) {
        return Ok(());
    }
    let written = super::shorten(value);
    if let Some(why) = ignored::reason(plain) {
        return Err(format!("`{name}: {written}` has no effect: {why}"));
    }
    Err(match similar(plain) {
        Some(meant) => format!("there is no property `{}`; did you mean `{meant}`?", super::shorten(name)),
        None => format!("there is no property `{}` here", super::shorten(name)),
    })
}

/// The known name that is most like it.
fn similar(name: &str) -> Option<&'static str> {
    if name.len() > 40 {
        return None;
    }
    // British spelling is two edits away.
    let allowed = if name.len() < 6 { 1 } else { 2 };
    table::TABLE
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name, known.name), known.name))
        .filter(|(distance, _)| *distance <= allowed)
        .min()
        .map(|(_, name)| name)
}
