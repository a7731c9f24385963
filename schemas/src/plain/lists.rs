//! Lists of names in messages.

/// How long a list may be, in bytes.
const SHOWN: usize = 600;

/// The names in `` one of `a`, `b` ``, as many as a message shows.
pub(super) fn names(listed: &str) -> Vec<&str> {
    let (mut names, mut length) = (Vec::new(), 0);
    for name in listed.split('`').skip(1).step_by(2) {
        length += name.len();
        if length > SHOWN {
            names.push("...");
            break;
        }
        names.push(name);
    }
    names
}

/// `a`, `a or b`, `a, b or c`.
#[must_use]
pub fn either(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        names => names.concat(),
    }
}

/// `there is a`, `there are a, b`.
#[must_use]
pub fn there_are(names: &[impl AsRef<str>]) -> String {
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("there {verb} {}", names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "))
}
