use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use uuid::Uuid;

use super::*;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Either {
    #[allow(dead_code, reason = "only read")]
    Text(String),
    #[allow(dead_code, reason = "only read")]
    Many(Vec<String>),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read")]
struct Inner {
    size: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only read")]
struct Thing {
    name: String,
    count: Option<u32>,
    total: Option<u64>,
    change: Option<i64>,
    share: Option<f32>,
    on: Option<bool>,
    at: Option<DateTime<Utc>>,
    date: Option<NaiveDate>,
    id: Option<Uuid>,
    colour: Option<Colour>,
    inner: Option<Inner>,
    all: Option<Vec<Inner>>,
    either: Option<Either>,
    labels: Option<BTreeMap<String, u8>>,
}

fn wrong(json: &str) -> (String, String) {
    let Invalid { param, message } = read::<Thing>(json).unwrap_err();
    (param, message)
}

fn field(field: &str) -> String {
    let (_, message) = wrong(&format!(r#"{{"name":"n",{field}}}"#));
    message
}

#[test]
fn every_message_is_in_plain_words_and_names_the_value_and_what_is_needed() {
    let digits = "1".repeat(50);
    for (text, expected) in [
        (r#""count":-1"#.to_owned(), "-1 is too small: the number can't be negative"),
        (r#""count":1.5"#.to_owned(), "1.5 is not allowed: a whole number is needed"),
        (r#""count":"7""#.to_owned(), r#""7" is not allowed: a whole number is needed"#),
        (format!(r#""total":{digits}"#), "e49 is too large"),
        (r#""count":4294967296"#.to_owned(), "4294967296 is too large"),
        (r#""change":true"#.to_owned(), "true is not allowed: a whole number is needed"),
        (r#""share":"hot""#.to_owned(), r#""hot" is not allowed: a number is needed"#),
        (r#""on":"yes""#.to_owned(), r#""yes" is not allowed: true or false is needed"#),
        (r#""name2":null"#.to_owned(), "there is no such field here: there are name, count, total,"),
        (r#""on":true,"on":true"#.to_owned(), "is there twice: send it once"),
        (
            r#""at":"tomorrow""#.to_owned(),
            r#""tomorrow" is not allowed: an RFC 3339 time such as 2026-01-31T09:30:00Z is needed"#,
        ),
        (r#""at":"2026-01-31""#.to_owned(), "RFC 3339"),
        (r#""at":7"#.to_owned(), "7 is not allowed: an RFC 3339 time"),
        (r#""date":"31/01/2026""#.to_owned(), r#""31/01/2026" is not allowed: a date such as 2026-01-31 is needed"#),
        (r#""id":"nope""#.to_owned(), r#""nope" is not allowed: an id such as 0197"#),
        (r#""id":7"#.to_owned(), "7 is not allowed: an id such as 0197"),
        (r#""colour":"blue""#.to_owned(), r#""blue" is not allowed: use red or green"#),
        (r#""colour":7"#.to_owned(), "is not allowed: a text is needed"),
        (r#""inner":7"#.to_owned(), "7 is not allowed: an object is needed"),
        (r#""inner":{}"#.to_owned(), "is missing"),
        (r#""all":{}"#.to_owned(), "an object is not allowed: a list is needed"),
        (r#""either":7"#.to_owned(), "7 is not allowed: one of the forms that this field may have is needed"),
        (r#""labels":{"a":300}"#.to_owned(), "300 is too large"),
        (r#""labels":[]"#.to_owned(), "a list is not allowed: an object is needed"),
    ] {
        let message = field(&text);
        assert!(message.starts_with(expected) || message.contains(expected), "{text}: {message}");
        for word in [
            "expected",
            "u32",
            "u64",
            "f32",
            "struct",
            "0 or more",
            "255",
            "UUID",
            "premature",
            "variant",
            "column",
            &digits,
        ] {
            assert!(!message.contains(word), "{text}: {message}");
        }
    }
    assert!(field(&format!(r#""on":"{}""#, "x".repeat(500))).len() < 200);
    assert!(
        field(r#""colour":"a`, expected u32""#).starts_with(r#""a`, expected u32" is not allowed: use red or green"#)
    );
}

#[test]
fn the_field_is_named_by_its_path() {
    for (json, param) in [
        (r#"{}"#, "name"),
        (r#"{"name":"n","inner":{"size":-1}}"#, "inner.size"),
        (r#"{"name":"n","inner":{}}"#, "inner.size"),
        (r#"{"name":"n","all":[{"size":1},{"size":"x"}]}"#, "all[1].size"),
        (r#"{"name":"n","all":[{"size":1,"x":1}]}"#, "all[0].x"),
        (r#"{"name":"n","share":1e39}"#, "share"),
        ("7", "body"),
    ] {
        assert_eq!(wrong(json).0, param, "{json}");
    }
}

#[test]
fn what_is_no_json_is_told_with_its_place() {
    for (json, words) in [
        ("", "ends too early (line 1, column 0)"),
        (r#"{"name":"n""#, "ends too early"),
        (r#"{"name":"n"} x"#, "more text after its end"),
        (r#"{"name":NaN}"#, "a value is missing or misspelt (line 1, column"),
        (r#"{name:"n"}"#, "double quotes"),
        (r#"{"name":1e999}"#, "a number is too large"),
        (
            "{\n\"name\": \u{2212}1}",
            "\"\u{2212}\" (U+2212) is not allowed there: JSON's minus is -, its quote \" (line 2, column",
        ),
        ("{\u{201c}name\u{201d}:1}", "(U+201C) is not allowed there"),
        (r#"{"name":"\ud83d"}"#, "half of a surrogate pair"),
        (r#"{"name":"\udc1d"}"#, "half of a surrogate pair"),
        (&format!(r#"{{"name":{}"#, "[".repeat(1000)), "nested too deeply"),
    ] {
        let (param, message) = wrong(json);
        assert_eq!(param, "body", "{json}");
        assert!(message.starts_with("not JSON: ") && message.contains(words), "{message}");
    }
}

#[test]
fn allowed_values_are_listed_as_people_list_them() {
    for (found, listed) in [("`a`", "a"), ("`a` or `b`", "a or b"), ("one of `a`, `b`, `c`", "a, b or c")] {
        let told = about(&format!("unknown variant `x`, expected {found}"), "x");
        assert_eq!(told, format!("\"x\" is not allowed: use {listed}"));
    }
    let many = (0..200).map(|n| format!("`name{n}`")).collect::<Vec<_>>().join(", ");
    let told = about(&format!("unknown variant `x`, expected one of {many}"), "x");
    assert!(told.ends_with(" or ...") && told.len() < 1_000, "{told}");
}

#[test]
fn a_number_is_short() {
    for (value, text) in
        [(0.0, "0"), (1.5, "1.5"), (-2.0, "-2"), (1e49, "1e49"), (1e-9, "1e-9"), (1e14, "100000000000000")]
    {
        assert_eq!(number(value), text);
    }
}

#[test]
fn a_number_as_a_text_that_is_beyond_the_bounds_is_told_what_is_needed() {
    for (value, how) in [
        ("-1", "is too small: the number can't be negative"),
        ("-", "is not allowed: a whole number is needed"),
        ("x", "is not allowed: a whole number is needed"),
    ] {
        let told = named("invalid digit found in string", "limit", Some(&quoted(value))).message;
        assert_eq!(told, format!("{value:?} {how}"));
    }
    let told = named("number too large to fit in target type", "limit", Some(&quoted("300"))).message;
    assert_eq!(told, "\"300\" is too large");
}
