//! Clients' text in error messages.

/// The first 80 characters.
pub fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}

/// `there is a`, `there are a, b`.
pub fn there_are(names: &[impl AsRef<str>]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("there {verb} {}", names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "))
}
