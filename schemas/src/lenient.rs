//! Reads JSON with fields that its type does not have: they are ignored, and their paths are told.
//!
//! So an older program survives what a newer one sends, and a mistyped name can still be found.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_ignored::Path;
use serde_json::Value;

use crate::{Invalid, plain};

/// The most paths that are told.
pub const MAX_IGNORED: usize = 20;
/// The longest path, in bytes; a longer one is cut.
const MAX_PATH_BYTES: usize = 100;

/// Reads a text. Appends the paths of unknown fields (`messages[0].colour`), also when the text can't be read.
///
/// # Errors
/// Names the field that is wrong.
pub fn from_str<T: DeserializeOwned>(json: &str, ignored: &mut Vec<String>) -> Result<T, Invalid> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = serde_ignored::deserialize(&mut reader, |path| note(&path, ignored));
    match read {
        Ok(value) if reader.end().is_ok() => Ok(value),
        // Says what is wrong.
        _ => plain::read(json),
    }
}

/// As [`from_str`], of a value.
///
/// # Errors
/// Names the field that is wrong.
pub fn from_value<T: DeserializeOwned>(json: &Value, ignored: &mut Vec<String>) -> Result<T, Invalid> {
    match serde_ignored::deserialize(json, |path| note(&path, ignored)) {
        Ok(value) => Ok(value),
        Err(_) => plain::read(&json.to_string()),
    }
}

fn note(path: &Path<'_>, ignored: &mut Vec<String>) {
    if ignored.len() < MAX_IGNORED {
        let mut text = String::new();
        write_path(path, &mut text);
        text.truncate(text.floor_char_boundary(MAX_PATH_BYTES));
        ignored.push(text);
    }
}

fn write_path(path: &Path<'_>, text: &mut String) {
    match path {
        Path::Root => {}
        Path::Seq { parent, index } => {
            write_path(parent, text);
            // Writing to a string can't fail.
            let _ = write!(text, "[{index}]");
        }
        Path::Map { parent, key } => {
            write_path(parent, text);
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(key);
        }
        Path::Some { parent } | Path::NewtypeStruct { parent } | Path::NewtypeVariant { parent } => {
            write_path(parent, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        inner: Option<Vec<Inner>>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        n: u32,
    }

    #[test]
    fn unknown_fields_are_told_by_their_paths() {
        let json = json!({"colour": {"deep": [1]}, "inner": [{"n": 1}, {"n": 2, "m": null}]});
        let expected = Outer { inner: Some(vec![Inner { n: 1 }, Inner { n: 2 }]) };
        let (mut of_text, mut of_value) = (Vec::new(), Vec::new());
        assert_eq!(from_str::<Outer>(&json.to_string(), &mut of_text).as_ref(), Ok(&expected));
        assert_eq!(from_value::<Outer>(&json, &mut of_value).as_ref(), Ok(&expected));
        assert_eq!(
            (of_text.join(", "), of_value.join(", ")),
            ("colour, inner[1].m".into(), "colour, inner[1].m".into())
        );
    }

    #[test]
    fn a_wrong_text_names_its_field_and_what_it_ignored() {
        for (json, param) in [
            (r#"{"x":1,"inner":[{"n":1},{"n":"2"}]}"#, "inner[1].n"),
            (r#"{"x":1,"inner":[{"m":1}]}"#, "inner[0].n"),
            (r#"{"x":1} 2"#, "body"),
        ] {
            let mut ignored = Vec::new();
            assert_eq!(from_str::<Outer>(json, &mut ignored).expect_err(json).param, param, "{json}");
            assert_eq!(ignored.first().map(String::as_str), Some("x"), "{json}");
        }
        let mut ignored = Vec::new();
        let error =
            from_value::<Outer>(&json!({"inner": [{"n": -1, "m": 1}]}), &mut ignored).expect_err("a wrong value");
        assert_eq!(error.param, "inner[0].n");
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many: String = (0..100).map(|n| format!("\"{}{n}\":1,", "é".repeat(500))).collect();
        let mut ignored = Vec::new();
        from_str::<Outer>(&format!("{{{many}\"inner\":null}}"), &mut ignored).expect("an object");
        assert_eq!((ignored.len(), ignored[0].len()), (MAX_IGNORED, MAX_PATH_BYTES));
    }
}
