//! Addresses that pages show as links.

use crate::Invalid;

/// A link must not run a script. An address without a scheme is relative to the page that shows it.
pub fn check(param: &str, url: &str) -> Result<(), Invalid> {
    let url = url.trim_start();
    let scheme = url.split_once([':', '/', '?', '#']).filter(|(before, _)| url[before.len()..].starts_with(':'));
    match scheme {
        Some((scheme, _)) if !["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            let shown: String = scheme.chars().take(40).collect();
            let message = format!("begins with {shown:?}: give an address that begins with http or https, or none");
            Err(Invalid::new(param, message))
        }
        _ => Ok(()),
    }
}
