//! Reads the selectors of `@page`: names of pages, `:first`, `:left`, `:right`.

use super::page_style::{PageSelector, Pages};
use super::shorten;

/// The selectors of a list; the error is the warning.
pub(super) fn selectors(text: &str) -> Result<Vec<PageSelector>, String> {
    text.split(',').map(str::trim).map(|one| selector(one).ok_or_else(|| unknown(text))).collect()
}

fn selector(text: &str) -> Option<PageSelector> {
    let (name, state) = text.split_once(':').map_or((text, None), |(name, state)| (name, Some(state)));
    let pages = match state.map(str::to_ascii_lowercase).as_deref() {
        None => Pages::All,
        Some("first") => Pages::First,
        Some("left") => Pages::Left,
        Some("right") => Pages::Right,
        Some(_) => return None,
    };
    let is_name = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'))
        && !name.starts_with(|c: char| c.is_ascii_digit());
    is_name.then(|| PageSelector { name: Some(name.to_lowercase()).filter(|name| !name.is_empty()), pages })
}

fn unknown(text: &str) -> String {
    format!(
        "`@page {}` was left out: there are names of pages, `:first`, `:left` and `:right`, one of these at a time",
        shorten(text)
    )
}
