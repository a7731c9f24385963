//! Clients' text in error messages.

/// The first 80 characters.
pub fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

pub use ruche_schemas::plain::{either, there_are};
