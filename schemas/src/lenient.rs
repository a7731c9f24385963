//! Reads JSON with fields that its type does not have: they are ignored, and their paths are told.
//!
//! So an older program survives what a newer one sends, and a mistyped name can still be found.

use std::fmt::Write as _;

use serde::de::DeserializeOwned;
use serde_ignored::Path;
use serde_json::Value;

use crate::{Invalid, objects::Objects, plain};

/// The most paths that are kept and counted.
pub const MAX_IGNORED: usize = 1_000;
/// The most that a message shows.
pub const MAX_SHOWN: usize = 20;
/// The longest path, in bytes; a longer one is cut, and ends with `...`.
const MAX_PATH_BYTES: usize = 100;
/// Up to this number, single steps are exact in double precision: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads a text. Appends the paths of unknown fields (`messages[0].colour`), also when the text can't be read. Where a whole
/// number is needed, `1.0` is one too: JSON has one type of number.
///
/// # Errors
/// Names the field that is wrong.
pub fn from_str<T: DeserializeOwned>(json: &str, ignored: &mut Vec<String>) -> Result<T, Invalid> {
    let before = ignored.len();
    if let Some(value) = attempt(json, ignored) {
        return Ok(value);
    }
    if let Some(other) = serde_json::from_str(json).ok().and_then(with_whole_numbers) {
        let mut anew = ignored[..before].to_vec();
        if let Some(value) = attempt(&other.to_string(), &mut anew) {
            *ignored = anew;
            return Ok(value);
        }
    }
    // Says what is wrong.
    plain::read(json)
}

/// The paths as a message shows them: the first ones, and how many more there are.
#[must_use]
pub fn shown(ignored: &[String]) -> Vec<String> {
    let more = ignored.len().saturating_sub(MAX_SHOWN);
    let first = ignored.iter().take(MAX_SHOWN).cloned();
    first.chain((more > 0).then(|| and_more(more))).collect()
}

/// The end of a list that is cut.
#[must_use]
pub fn and_more(count: usize) -> String {
    format!("and-{count}-more")
}

fn attempt<T: DeserializeOwned>(json: &str, ignored: &mut Vec<String>) -> Option<T> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let read = serde_ignored::deserialize(Objects(&mut reader), |path| note(&path, ignored));
    read.ok().filter(|_| reader.end().is_ok())
}

/// As [`from_str`], of a value.
///
/// # Errors
/// Names the field that is wrong.
pub fn from_value<T: DeserializeOwned>(json: &Value, ignored: &mut Vec<String>) -> Result<T, Invalid> {
    let before = ignored.len();
    match serde_ignored::deserialize(Objects(json), |path| note(&path, ignored)) {
        Ok(value) => Ok(value),
        Err(_) => {
            ignored.truncate(before);
            from_str(&json.to_string(), ignored)
        }
    }
}

/// With whole numbers instead of numbers such as `1.0` and `1e3`; `None` if there is none of them.
fn with_whole_numbers(mut value: Value) -> Option<Value> {
    change(&mut value).then_some(value)
}

fn change(value: &mut Value) -> bool {
    match value {
        Value::Number(number) => match number.as_f64().filter(|float| number.is_f64() && is_whole(*float)) {
            #[allow(clippy::cast_possible_truncation, reason = "it is whole and exact")]
            Some(float) => {
                *number = (float as i64).into();
                true
            }
            None => false,
        },
        Value::Array(items) => items.iter_mut().map(change).filter(|changed| *changed).count() > 0,
        Value::Object(fields) => fields.values_mut().map(change).filter(|changed| *changed).count() > 0,
        _ => false,
    }
}

fn is_whole(number: f64) -> bool {
    number.fract() == 0.0 && number.abs() <= EXACT
}

fn note(path: &Path<'_>, ignored: &mut Vec<String>) {
    if ignored.len() < MAX_IGNORED {
        let mut text = String::new();
        write_path(path, &mut text);
        if text.len() > MAX_PATH_BYTES {
            text.truncate(text.floor_char_boundary(MAX_PATH_BYTES));
            text.push_str("...");
        }
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
    fn a_whole_number_may_have_a_fraction_of_zero() {
        let json = json!({ "colour": 1.0, "inner": [{ "n": 1.0, "m": 2.5 }, { "n": 2 }] });
        let expected = Outer { inner: Some(vec![Inner { n: 1 }, Inner { n: 2 }]) };
        for text in [json.to_string(), r#"{"colour":1,"inner":[{"n":1e0,"m":2.5},{"n":2.00}]}"#.to_owned()] {
            let mut ignored = Vec::new();
            assert_eq!(from_str::<Outer>(&text, &mut ignored).as_ref(), Ok(&expected));
            assert_eq!(ignored.join(", "), "colour, inner[0].m");
        }
        let mut ignored = Vec::new();
        assert_eq!(from_value::<Outer>(&json, &mut ignored).as_ref(), Ok(&expected));
        assert_eq!(ignored.join(", "), "colour, inner[0].m");
        for wrong in ["1.5", "-1.0", "1e300", "\"1.0\""] {
            let json = format!("{{\"inner\":[{{\"n\":{wrong}}}]}}");
            assert_eq!(from_str::<Outer>(&json, &mut Vec::new()).expect_err(wrong).param, "inner[0].n");
        }
    }

    #[test]
    fn what_is_told_is_bounded() {
        let many: String = (0..2_000).map(|n| format!("\"{}{n}\":1,", "é".repeat(500))).collect();
        let mut ignored = Vec::new();
        from_str::<Outer>(&format!("{{{many}\"inner\":null}}"), &mut ignored).expect("an object");
        assert_eq!((ignored.len(), ignored[0].len()), (MAX_IGNORED, MAX_PATH_BYTES + 3));
        assert!(ignored[0].ends_with("é..."), "{}", ignored[0]);
        let shown = shown(&ignored);
        assert_eq!((shown.len(), shown.last().map(String::as_str)), (MAX_SHOWN + 1, Some("and-980-more")));
        assert_eq!(super::shown(&ignored[..MAX_SHOWN]), ignored[..MAX_SHOWN]);
    }
}
