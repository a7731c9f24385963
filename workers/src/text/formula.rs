//! Formulas in one line.

/// In brackets, unless it is one sign, one word, or one number.
pub(super) fn group(part: &str) -> String {
    let part = part.trim();
    let is_word = part.chars().all(char::is_alphabetic) || part.chars().all(|c| c.is_ascii_digit() || c == '.');
    match is_word || part.chars().count() == 1 {
        true => part.to_owned(),
        false => format!("({part})"),
    }
}
