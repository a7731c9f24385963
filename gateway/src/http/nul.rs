//! Finds the NUL character for which the database refuses a value: the database does not say where it was.

use std::cell::RefCell;

use axum::{extract::Request, http::Uri, middleware::Next, response::Response};
use serde_json::Value;

tokio::task_local! {
    static FOUND: RefCell<Option<String>>;
}

/// As JSON writes it.
const ESCAPED: &str = "\\u0000";

/// Remembers where a request has a NUL.
pub async fn request(request: Request, next: Next) -> Response {
    let found = in_uri(request.uri());
    FOUND.scope(RefCell::new(found), next.run(request)).await
}

/// Remembers where JSON has a NUL, if it has one.
pub(super) fn look_in(json: &str) {
    if !json.contains(ESCAPED) {
        return;
    }
    if let Some(path) = serde_json::from_str(json).ok().and_then(|value| in_value(&value)) {
        // Outside of any request nobody asks.
        let _ = FOUND.try_with(|found| found.borrow_mut().get_or_insert(path).clone());
    }
}

/// The field, as a path.
pub(super) fn found() -> Option<String> {
    FOUND.try_with(|found| found.borrow().clone()).ok().flatten()
}

fn in_uri(uri: &Uri) -> Option<String> {
    if uri.path().contains("%00") {
        return Some("path".to_owned());
    }
    let mut pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.find(|(_, value)| value.contains('\0')).map(|(name, _)| name.into_owned())
}

fn in_value(value: &Value) -> Option<String> {
    let path = path_in(value)?;
    Some(path.strip_prefix('.').unwrap_or(&path).replace('\0', "\\0"))
}

/// JSON is read at most 128 levels deep.
fn path_in(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(String::new),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| Some(format!("[{index}]{}", path_in(item)?)))
        }
        Value::Object(fields) => fields.iter().find_map(|(name, value)| {
            let rest = if name.contains('\0') { String::new() } else { path_in(value)? };
            Some(format!(".{name}{rest}"))
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_nul_is_found_by_its_path() {
        for (value, path) in [
            (json!({ "model": "bot:a\0b" }), Some("model")),
            (json!({ "a": [{ "b": "c" }, { "b": { "c": "\0" } }] }), Some("a[1].b.c")),
            (json!({ "a": { "x\0": 1 } }), Some("a.x\\0")),
            (json!({ "a": "b" }), None),
        ] {
            assert_eq!(in_value(&value).as_deref(), path, "{value}");
        }
        for (uri, path) in [("/v1/bots/a%00b", Some("path")), ("/x?a=1&b=%00", Some("b")), ("/x?a=1", None)] {
            assert_eq!(in_uri(&uri.parse().expect("a path")).as_deref(), path, "{uri}");
        }
    }
}
