//! Text of clients in messages to them.

/// The beginning of a client's text, short enough for an error: 80 characters.
pub fn shown(text: &str) -> String {
    text.chars().take(80).collect()
}
