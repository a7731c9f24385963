//! Unknown fields of a request are ignored, and the answer's header `ruche-ignored` names them.
//!
//! Whatever reads JSON notes what it ignored; who answers collects the notes: of a request here, of a line of a stream
//! and of a WebSocket's message where they are answered.

use std::{cell::RefCell, fmt::Write as _};

use axum::{
    extract::Request,
    http::HeaderValue,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use ruche_schemas::{
    Invalid,
    lenient::{MAX_IGNORED, MAX_SHOWN, and_more},
};

use super::{
    error::{ApiError, Refused},
    limits,
    text::shown,
};

/// Names unknown fields, as paths.
pub const HEADER: &str = "ruche-ignored";

tokio::task_local! {
    static FOUND: RefCell<Vec<String>>;
}

/// Collects the notes of a request.
pub async fn request(request: Request, next: Next) -> Response {
    let (mut response, mut found) = collect(next.run(request)).await;
    let refused = response.extensions().get().map(|Refused(error)| error.clone());
    if let Some(error) = refused {
        found = beside(Some(&error), found);
        if let Some(hint) = hint(error.param_name().unwrap_or_default(), error.message(), &found) {
            response = error.and(&hint).into_response();
        }
    }
    if let Some(names) = header(&found) {
        response.headers_mut().insert(HEADER, names);
    }
    response
}

/// What was ignored during the work.
pub(crate) async fn collect<F: Future>(work: F) -> (F::Output, Vec<String>) {
    FOUND.scope(RefCell::default(), async { (work.await, taken()) }).await
}

/// As [`collect`].
pub(crate) fn collect_now<T>(work: impl FnOnce() -> T) -> (T, Vec<String>) {
    FOUND.sync_scope(RefCell::default(), || (work(), taken()))
}

/// Without what is a part of the field that the error refuses: that was not ignored.
pub(crate) fn beside(error: Option<&ApiError>, mut found: Vec<String>) -> Vec<String> {
    if let Some(param) = error.and_then(ApiError::param_name) {
        found.retain(|name| !is_within(name, param));
    }
    found
}

fn is_within(name: &str, param: &str) -> bool {
    name.strip_prefix(param).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn taken() -> Vec<String> {
    FOUND.try_with(RefCell::take).unwrap_or_default()
}

/// Notes what is ignored while something is read. `part` is what is read, if it is a part of the request.
///
/// # Errors
/// Those of the reading.
pub(crate) fn noting<T>(part: &str, read: impl FnOnce(&mut Vec<String>) -> Result<T, Invalid>) -> Result<T, Invalid> {
    let mut ignored = Vec::new();
    let result = read(&mut ignored).map_err(|invalid| with_unknown(invalid, &ignored));
    for name in ignored {
        note(&if part.is_empty() { name } else { format!("{part}.{name}") });
    }
    result
}

/// Notes one unknown field or part.
pub(crate) fn note(name: &str) {
    // Outside of any request nobody asks.
    let _ = FOUND.try_with(|found| {
        let mut found = found.borrow_mut();
        if found.len() < MAX_IGNORED && !found.iter().any(|known| known == name) {
            found.push(name.to_owned());
        }
    });
}

/// As [`hint`].
fn with_unknown(mut invalid: Invalid, ignored: &[String]) -> Invalid {
    if let Some(hint) = hint(&invalid.param, &invalid.message, ignored) {
        invalid.message.push_str(&hint);
    }
    invalid
}

/// A missing field may be there by another name: the end of its message, with the unknown ones beside it.
fn hint(param: &str, message: &str, ignored: &[String]) -> Option<String> {
    let unknown: Vec<&str> = ignored.iter().map(String::as_str).filter(|name| around(name) == around(param)).collect();
    let is_missing = MISSING.iter().any(|words| message.contains(words)) && !message.contains(HINT);
    no_fields("field", &unknown).filter(|_| is_missing)
}

/// A hint at unknown names, for the message about a missing one.
pub(crate) fn no_fields(thing: &str, names: &[&str]) -> Option<String> {
    let listed: Vec<String> = names.iter().take(NAMED).map(|name| format!("{:?}", shown(name))).collect();
    match names.len() {
        0 => None,
        1 => Some(format!("{HINT}is no {thing} {} here)", listed.join(", "))),
        _ => Some(format!("{HINT}are no {thing}s {} here)", listed.join(", "))),
    }
}

/// The object around a field, by its path.
fn around(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(around, _)| around)
}

/// What the messages about missing fields have.
const MISSING: [&str; 2] = ["is missing", "or missing"];
/// How a hint begins.
const HINT: &str = " (there ";
/// How many unknown names it shows.
const NAMED: usize = 5;

/// The names, as many as a header holds, then how many more there are.
fn header(found: &[String]) -> Option<HeaderValue> {
    let (mut text, mut count) = (String::new(), 0);
    for name in found.iter().take(MAX_SHOWN) {
        let name = encoded(name);
        if text.len() + SEPARATOR.len() + name.len() > limits::IGNORED_BYTES {
            break;
        }
        append(&mut text, &name);
        count += 1;
    }
    if found.len() > count {
        append(&mut text, &and_more(found.len() - count));
    }
    HeaderValue::from_str(&text).ok().filter(|text| !text.is_empty())
}

const SEPARATOR: &str = ", ";

fn append(text: &mut String, name: &str) {
    if !text.is_empty() {
        text.push_str(SEPARATOR);
    }
    text.push_str(name);
}

/// As in URLs: only letters, digits and the signs of paths stay, so that a comma always separates two names.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' | b'[' | b']' | b'$' => text.push(byte.into()),
            // Writing to a string can't fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(names: &[&str]) -> String {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        header(&names).map_or(String::new(), |value| value.to_str().expect("ASCII").to_owned())
    }

    #[test]
    fn any_name_fits_a_header() {
        assert_eq!(header_of(&[]), "");
        assert_eq!(header_of(&["colour", "messages[0].$a_b-c"]), "colour, messages[0].$a_b-c");
        assert_eq!(
            header_of(&["a, b", "a b", "100%", "é\r\nset-cookie: x"]),
            "a%2C%20b, a%20b, 100%25, %C3%A9%0D%0Aset-cookie%3A%20x"
        );
        let many = header_of(&["a".repeat(100).as_str(); 100]);
        assert!(many.len() <= limits::IGNORED_BYTES + 20 && many.ends_with("aaa, and-91-more"), "{many}");
        let short = header_of(&["a"; 21]);
        assert_eq!(short, format!("{}and-1-more", "a, ".repeat(20)));
    }

    #[test]
    fn what_is_refused_is_not_ignored() {
        let names = || {
            ["a", "messages[0].content[0].image_url", "messages[0].contents", "messages[0].content"].map(str::to_owned)
        };
        let error = ApiError::invalid("messages[0].content", "is no text");
        assert_eq!(beside(Some(&error), names().to_vec()), ["a", "messages[0].contents"]);
        assert_eq!(beside(None, names().to_vec()), names());
    }

    #[test]
    fn a_missing_field_is_told_with_the_unknown_ones_beside_it() {
        for (param, message, unknown, told) in [
            ("title", "is missing", &["name"][..], "title: is missing (there is no field \"name\" here)"),
            ("title", "is missing", &["a", "b"], "title: is missing (there are no fields \"a\", \"b\" here)"),
            ("title", "is missing", &["x.name"], "title: is missing"),
            ("m[0].role", "is missing", &["m[0].rol"], "m[0].role: is missing (there is no field \"m[0].rol\" here)"),
            ("title", "is no text", &["name"], "title: is no text"),
        ] {
            let names: Vec<String> = unknown.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(with_unknown(Invalid::new(param, message), &names).to_string(), told);
        }
    }

    #[test]
    fn each_name_is_noted_once_and_with_its_part() {
        let note = |part: &str, name: &str| {
            noting(part, |ignored| {
                ignored.push(name.to_owned());
                Ok(())
            })
        };
        let (result, found) = collect_now(|| {
            note("", "a")?;
            note("options", "b")?;
            note("", "a")
        });
        assert_eq!((result, found), (Ok(()), vec!["a".to_owned(), "options.b".to_owned()]));
        assert_eq!(note("", "nobody asks"), Ok(()));
    }
}
