//! The conditions of a filter on metadata, read from JSON.

use ruche_store::filter::{Comparison, Condition, Test};
use serde_json::{Map, Value};

use super::query::invalid;
use crate::http::{error::ApiError, limits};

const OPERATORS: [&str; 9] = ["$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists"];

/// Reads `{"lang": "en", "price": {"$lt": 10}}`: fields with a value that they have, or with operators.
///
/// # Errors
/// 400 that names the field or operator, and what is allowed.
pub(super) fn conditions(metadata: &Map<String, Value>) -> Result<Vec<Condition>, ApiError> {
    let whole = Value::Object(metadata.clone());
    let length = whole.to_string().len();
    if length > limits::SEARCH_METADATA_BYTES {
        let message = format!("has {length} bytes: at most {} are allowed", limits::SEARCH_METADATA_BYTES);
        return Err(invalid("filter.metadata", message));
    }
    if has_nul(&whole) {
        return Err(invalid("filter.metadata", "has a NUL character, which is not allowed"));
    }
    let mut found = Vec::new();
    read(metadata, &mut Vec::new(), &mut found)?;
    no_empty(&whole, &mut Vec::new())?;
    match found.len() > limits::SEARCH_CONDITIONS {
        true => {
            let most = limits::SEARCH_CONDITIONS;
            Err(invalid("filter.metadata", format!("has {} conditions: at most {most} are allowed", found.len())))
        }
        false => Ok(found),
    }
}

fn read(object: &Map<String, Value>, path: &mut Vec<String>, found: &mut Vec<Condition>) -> Result<(), ApiError> {
    for (name, value) in object {
        if name.starts_with('$') {
            found.push(Condition { path: path.clone(), test: test(path, name, value)? });
            continue;
        }
        path.push(name.clone());
        match value {
            Value::Object(inner) if has_operator(inner) => {
                if let Some(plain) = inner.keys().find(|name| !name.starts_with('$')).filter(|_| mixes(inner)) {
                    let message = format!("has the field {plain:?} beside operators: write one or the other");
                    return Err(invalid(param(path), message));
                }
                read(inner, path, found)?;
            }
            value => {
                not_meant(path, value)?;
                found.push(Condition { path: path.clone(), test: Test::Is(value.clone()) });
            }
        }
        path.pop();
    }
    Ok(())
}

/// Refuses an empty list and an empty object: each list, or object, has all that is in it.
fn no_empty(value: &Value, path: &mut Vec<String>) -> Result<(), ApiError> {
    match value {
        Value::Object(inner) if inner.is_empty() && !path.is_empty() => {
            Err(invalid(param(path), "is an empty object: write a value, or an operator with a value"))
        }
        Value::Array(items) if items.is_empty() => Err(invalid(
            param(path),
            "is an empty list, which has no value to look for: list one at least, or leave it out",
        )),
        Value::Array(items) => items.iter().try_for_each(|item| no_empty(item, path)),
        Value::Object(inner) => inner.iter().try_for_each(|(name, value)| {
            path.push(name.clone());
            no_empty(value, path)?;
            path.pop();
            Ok(())
        }),
        _ => Ok(()),
    }
}

fn has_operator(object: &Map<String, Value>) -> bool {
    let inner = |value: &Value| value.as_object().is_some_and(has_operator);
    object.iter().any(|(name, value)| name.starts_with('$') || inner(value))
}

/// Signs and words that other languages have for operators, with what they mean.
const MEANT: [(&str, &str); 12] = [
    ("gt", "$gt"),
    ("gte", "$gte"),
    ("lt", "$lt"),
    ("lte", "$lte"),
    (">", "$gt"),
    (">=", "$gte"),
    ("<", "$lt"),
    ("<=", "$lte"),
    ("=", "$eq"),
    ("==", "$eq"),
    ("!=", "$ne"),
    ("<>", "$ne"),
];

/// Refuses `{"gt": 5}` and `{">": 5}`: what is no operator would find nothing and say nothing. `in`, `ne` and `exists`
/// are words that fields have for names, and a larger object may have any of the words.
fn not_meant(path: &[String], value: &Value) -> Result<(), ApiError> {
    let Some(object) = value.as_object() else { return Ok(()) };
    let is_word = |name: &str| name.chars().all(char::is_alphabetic);
    let meant = object.keys().find_map(|name| {
        let (_, meant) = MEANT.into_iter().find(|(other, _)| other == name)?;
        (!is_word(name) || object.len() <= 2).then_some((name, meant))
    });
    match meant {
        Some((name, meant)) => {
            let all = OPERATORS.join(", ");
            let message = format!(
                "has {name:?}, which is no operator: write {{{meant:?}: ...}}; there are {all}. An object that has {name:?} is \
                 written {{\"$eq\": ...}}"
            );
            Err(invalid(param(path), message))
        }
        None => {
            object.iter().try_for_each(|(name, inner)| not_meant(&[path, std::slice::from_ref(name)].concat(), inner))
        }
    }
}

fn mixes(object: &Map<String, Value>) -> bool {
    object.keys().any(|name| name.starts_with('$'))
}

fn param(path: &[String]) -> String {
    format!("filter.metadata.{}", path.join("."))
}

fn test(path: &[String], operator: &str, value: &Value) -> Result<Test, ApiError> {
    let wrong = |message: String| Err(invalid(param(&[path, &[operator.to_owned()]].concat()), message));
    if !OPERATORS.contains(&operator) {
        let all = OPERATORS.join(", ");
        let message = "is no operator: a field may have";
        return wrong(format!(
            "{message} {all}; all conditions must hold, and $in has several values of which one suffices"
        ));
    }
    if path.is_empty() {
        return wrong(format!("stands outside of a field: write {{\"field\": {{\"{operator}\": ...}}}}"));
    }
    let comparison = match operator {
        "$eq" => return Ok(Test::Is(value.clone())),
        "$ne" => return Ok(Test::Not(value.clone())),
        "$in" | "$nin" => {
            let Value::Array(values) = value else {
                return wrong("is no list of values: write [\"a\", \"b\"]".to_owned());
            };
            let values = values.clone();
            return Ok(if operator == "$in" { Test::In(values) } else { Test::NotIn(values) });
        }
        "$exists" => {
            let Value::Bool(expected) = value else {
                return wrong("is neither true nor false: write one of them".to_owned());
            };
            return Ok(Test::Exists(*expected));
        }
        "$gt" => Comparison::Greater,
        "$gte" => Comparison::GreaterOrEqual,
        "$lt" => Comparison::Less,
        _ => Comparison::LessOrEqual,
    };
    match value {
        Value::Number(_) | Value::String(_) => Ok(Test::Compare(comparison, value.clone())),
        _ => wrong("compares with a number or a text, such as 10 or \"2026-01-31\"".to_owned()),
    }
}

/// Whether a name or a text in it has NUL, which Postgres does not store. JSON is read at most 128 levels deep.
fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(values) => values.iter().any(has_nul),
        Value::Object(fields) => fields.iter().any(|(name, value)| name.contains('\0') || has_nul(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parsed(metadata: &Value) -> Result<Vec<Condition>, ApiError> {
        conditions(metadata.as_object().unwrap())
    }

    #[test]
    fn values_and_operators_are_conditions() {
        let condition =
            |path: &[&str], test| Condition { path: path.iter().map(|name| (*name).to_owned()).collect(), test };
        let filter = json!({
            "a": "x", "b": { "$gt": 1, "$lte": 5 }, "c": { "d": { "$in": [1, 2] } }, "e": { "f": 1 }, "g": { "$eq": { "gt": 1 } }
        });
        let expected = [
            condition(&["a"], Test::Is(json!("x"))),
            condition(&["b"], Test::Compare(Comparison::Greater, json!(1))),
            condition(&["b"], Test::Compare(Comparison::LessOrEqual, json!(5))),
            condition(&["c", "d"], Test::In(vec![json!(1), json!(2)])),
            condition(&["e"], Test::Is(json!({ "f": 1 }))),
            condition(&["g"], Test::Is(json!({ "gt": 1 }))),
        ];
        assert_eq!(parsed(&filter).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (filter, param, message) in [
            (
                json!({ "a": { "$regex": "x" } }),
                "filter.metadata.a.$regex",
                "is no operator: a field may have $eq, $ne,",
            ),
            (
                json!({ "$or": [{ "a": 1 }, { "b": 2 }] }),
                "filter.metadata.$or",
                "$lte, $exists; all conditions must hold",
            ),
            (json!({ "$or": [] }), "filter.metadata.$or", "is no operator: a field may have $eq, $ne,"),
            (json!({ "a": { "$not": {} } }), "filter.metadata.a.$not", "is no operator"),
            (json!({ "a": { "$gt": [] } }), "filter.metadata.a.$gt", "a number or a text"),
            (json!({ "$in": [1] }), "filter.metadata.$in", "outside of a field"),
            (json!({ "a": [] }), "filter.metadata.a", "an empty list"),
            (json!({ "a": { "$in": [] } }), "filter.metadata.a.$in", "list one at least"),
            (json!({ "a": { "$nin": [] } }), "filter.metadata.a.$nin", "list one at least"),
            (json!({ "a": { "$eq": [] } }), "filter.metadata.a.$eq", "an empty list"),
            (json!({ "a": [1, { "b": [] }] }), "filter.metadata.a.b", "an empty list"),
            (json!({ "a": { "b": {} } }), "filter.metadata.a.b", "an empty object"),
            (json!({ "a": { "$in": 1 } }), "filter.metadata.a.$in", "no list"),
            (json!({ "a": { "b": { "$gt": [1] } } }), "filter.metadata.a.b.$gt", "a number or a text"),
            (json!({ "a": { "$exists": 1 } }), "filter.metadata.a.$exists", "neither"),
            (json!({ "a": { "$gte": 5, "b": 1 } }), "filter.metadata.a", "the field \"b\" beside operators"),
            (json!({ "a": {} }), "filter.metadata.a", "an empty object"),
            (json!({ "a": { "gt": 1, "lt": 5 } }), "filter.metadata.a", "write {\"$gt\": ...};"),
            (json!({ "a": { ">": 5 } }), "filter.metadata.a", "write {\"$gt\": ...}; there are $eq, $ne, $in"),
            (json!({ "a": { "b": { "x": 1, "y": 2, "!=": 3 } } }), "filter.metadata.a.b", "write {\"$ne\": ...};"),
        ] {
            let error = parsed(&filter).unwrap_err();
            assert_eq!(error.param_name(), Some(param));
            assert!(error.to_string().contains(message), "{error}");
        }
    }
}
