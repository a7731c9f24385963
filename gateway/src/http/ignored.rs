//! Unknown fields of a request are ignored, and the answer's header `ruche-ignored` names them.
//!
//! Whatever reads JSON notes what it ignored; who answers collects the notes: of a request here, of a line of a stream and
//! of a WebSocket's message where they are answered.

use std::cell::RefCell;

use axum::{extract::Request, http::HeaderValue, middleware::Next, response::Response};
use ruche_schemas::{Invalid, lenient::MAX_IGNORED};

use super::limits;

/// Names unknown fields, as paths.
pub const HEADER: &str = "ruche-ignored";

tokio::task_local! {
    static FOUND: RefCell<Vec<String>>;
}

/// Collects the notes of a request.
pub async fn request(request: Request, next: Next) -> Response {
    let (mut response, found) = collect(next.run(request)).await;
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

fn taken() -> Vec<String> {
    FOUND.try_with(RefCell::take).unwrap_or_default()
}

/// Notes what is ignored while something is read. `part` is what is read, if it is a part of the request.
///
/// # Errors
/// Those of the reading.
pub(crate) fn noting<T>(part: &str, read: impl FnOnce(&mut Vec<String>) -> Result<T, Invalid>) -> Result<T, Invalid> {
    let mut ignored = Vec::new();
    let result = read(&mut ignored);
    // Outside of any request nobody asks.
    let _ = FOUND.try_with(|found| {
        let mut found = found.borrow_mut();
        for name in ignored {
            let name = if part.is_empty() { name } else { format!("{part}.{name}") };
            if found.len() < MAX_IGNORED && !found.contains(&name) {
                found.push(name);
            }
        }
    });
    result
}

/// The names, as many as a header holds.
fn header(found: &[String]) -> Option<HeaderValue> {
    let mut text = String::new();
    for name in found {
        let comma = if text.is_empty() { "" } else { ", " };
        let name: String = name.chars().flat_map(char::escape_default).collect();
        if text.len() + comma.len() + name.len() > limits::IGNORED_BYTES {
            text.push_str(", ...");
            break;
        }
        text.push_str(comma);
        text.push_str(&name);
    }
    HeaderValue::from_str(&text).ok().filter(|text| !text.is_empty())
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
        assert_eq!(header_of(&["colour", "messages[0].a b"]), "colour, messages[0].a b");
        assert_eq!(header_of(&["é\r\nset-cookie: x"]), "\\u{e9}\\r\\nset-cookie: x");
        let many = header_of(&["a".repeat(100).as_str(); 100]);
        assert!(many.len() <= limits::IGNORED_BYTES + 5 && many.ends_with("aaa, ..."), "{many}");
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
