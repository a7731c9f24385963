//! Why a filter finds nothing: no document has the source or the field of the metadata, or its values are of another type.

use ruche_schemas::TenantId;
use ruche_store::{
    Store,
    filter::{Condition, Test},
    search::FieldExamples,
};
use serde_json::Value;

use super::{json_type::type_name, query::SearchQuery};
use crate::http::{limits, text::shown};

/// Notes on conditions that no document can pass, or that all pass for a wrong reason. `is_empty`: there are no hits.
/// They are an extra: while the store does not answer there are none.
pub(super) async fn notes(store: &dyn Store, tenant: &TenantId, query: &SearchQuery, is_empty: bool) -> Vec<String> {
    let mut notes = Vec::new();
    if is_empty && !query.filter.sources.is_empty() {
        let all = spellings(&query.filter.sources);
        match store.known_sources(tenant, &query.collections, &all).await {
            Ok(known) => notes.extend(unknown(&query.filter.sources, &known)),
            Err(_) => return notes,
        }
    }
    let tested = |condition: &&Condition| is_empty || matches!(condition.test, Test::Not(_) | Test::NotIn(_));
    let conditions = query.filter.metadata.iter().filter(tested).flat_map(leaves);
    for condition in conditions.take(limits::SEARCH_CONDITIONS_EXPLAINED) {
        let Ok(found) = store.field_examples(tenant, &query.collections, &condition.path).await else { break };
        notes.extend(note(&condition, &found));
    }
    notes
}

/// The sources with and without `./` in front, which is the same place.
pub(super) fn spellings(sources: &[String]) -> Vec<String> {
    let both = |source: &String| {
        let bare = bare(source);
        [bare.to_owned(), format!("./{bare}")]
    };
    sources.iter().flat_map(both).collect()
}

fn bare(source: &str) -> &str {
    let bare = source.trim_start_matches("./");
    if bare.is_empty() { source } else { bare }
}

/// A note on the sources that no document has.
fn unknown(asked: &[String], known: &[String]) -> Option<String> {
    let is_known = |source: &&String| known.iter().any(|other| bare(other) == bare(source));
    let unknown: Vec<&String> = asked.iter().filter(|source| !is_known(source)).collect();
    let first = shown(unknown.first()?);
    let others = match unknown.len() - 1 {
        0 => String::new(),
        others => format!(", nor {others} more of those named"),
    };
    Some(format!("filter.sources: no document of the collections has the source {first:?}{others}"))
}

/// An object with values is a condition on each of them.
fn leaves(condition: &Condition) -> Vec<Condition> {
    let Condition { path, test } = condition;
    match test {
        Test::Is(Value::Object(fields)) => {
            let inner = fields.iter().map(|(name, value)| {
                let path = path.iter().chain([name]).cloned().collect();
                Condition { path, test: Test::Is(value.clone()) }
            });
            inner.flat_map(|inner| leaves(&inner)).collect()
        }
        _ => vec![condition.clone()],
    }
}

fn note(condition: &Condition, found: &FieldExamples) -> Option<String> {
    let field = shown(&condition.path.join("."));
    let dotted = condition.path.iter().find(|name| name.contains('.'));
    match (found.values.is_empty(), dotted, &condition.test) {
        (true, _, Test::Exists(_)) => None,
        (true, Some(name), _) => Some(nested(name)),
        (true, None, _) => found.is_complete.then(|| format!("filter.metadata.{field}: no document has this field")),
        (false, ..) => {
            let (asked, has) = unlike(&condition.test, &found.values)?;
            let written = write(asked, has);
            Some(format!(
                "filter.metadata.{field}: {} is {}, and the documents have {} there: {written}",
                shown(&asked.to_string()),
                type_name(asked),
                type_name(has)
            ))
        }
    }
}

/// A value of the condition whose type no document has, provided that this holds for all of its values; with what a
/// document has.
fn unlike<'a>(test: &'a Test, stored: &'a [Value]) -> Option<(&'a Value, &'a Value)> {
    let asked: Vec<&Value> = match test {
        Test::Is(value) | Test::Not(value) | Test::Compare(_, value) => listed(value),
        Test::In(values) | Test::NotIn(values) => values.iter().flat_map(listed).collect(),
        Test::Exists(_) => Vec::new(),
    };
    let is_there = |value: &Value| stored.iter().any(|other| type_name(other) == type_name(value));
    let first = *asked.first()?;
    // A field that is null somewhere has no type there.
    let has = stored.iter().find(|value| !value.is_null())?;
    (!asked.into_iter().any(is_there)).then_some((first, has))
}

fn listed(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        value => vec![value],
    }
}

/// What to write instead: the same value in the other type, if it has one, else a stored value as an example.
fn write(asked: &Value, has: &Value) -> String {
    let same = match (asked, has) {
        (Value::String(text), Value::Number(_) | Value::Bool(_)) => serde_json::from_str(text.trim()).ok(),
        (Value::Number(_) | Value::Bool(_), Value::String(_)) => Some(Value::String(asked.to_string())),
        _ => None,
    };
    match same.filter(|same: &Value| type_name(same) == type_name(has)) {
        Some(same) => format!("write {}", shown(&same.to_string())),
        None => format!("write {}, such as {}", type_name(has), shown(&has.to_string())),
    }
}

/// A note on a name with a dot, by which nothing was found.
fn nested(name: &str) -> String {
    let name = shown(name);
    let written = name.rsplit('.').fold("...".to_owned(), |inner, part| format!("{{{part:?}: {inner}}}"));
    format!("filter.metadata: {name:?} is the name of one field; a field in another is written {written}")
}

#[cfg(test)]
mod tests {
    use ruche_store::filter::Comparison;
    use serde_json::json;

    use super::*;

    fn noted(test: Test, stored: &Value) -> Option<String> {
        let values = stored.as_array().expect("values").clone();
        note(&Condition { path: vec!["a".to_owned()], test }, &FieldExamples { values, is_complete: true })
    }

    #[test]
    fn a_condition_of_another_type_is_told_with_what_to_write() {
        for (test, stored, ending) in [
            (
                Test::Compare(Comparison::LessOrEqual, json!("9.5")),
                json!([12.5]),
                "\"9.5\" is a text, and the documents have a number there: write 9.5",
            ),
            (Test::Is(json!("true")), json!([null, true]), "the documents have true or false there: write true"),
            (Test::Is(json!(5)), json!(["7"]), "5 is a number, and the documents have a text there: write \"5\""),
            (Test::Not(json!("cheap")), json!([9]), "write a number, such as 9"),
            (Test::In(vec![json!("1"), json!("2")]), json!([3]), "write 1"),
            (Test::Is(json!(["x"])), json!([3]), "write a number, such as 3"),
            (Test::Is(json!("x")), json!([{ "b": 1 }]), "write an object, such as {\"b\":1}"),
        ] {
            let note = noted(test.clone(), &stored).unwrap_or_default();
            assert!(note.starts_with("filter.metadata.a: ") && note.ends_with(ending), "{test:?}: {note}");
        }
    }

    #[test]
    fn a_condition_of_a_stored_type_is_not_noted() {
        for (test, stored) in [
            (Test::Is(json!(5)), json!([7])),
            (Test::Is(json!(5)), json!([null])),
            (Test::In(vec![json!("1"), json!(2)]), json!([3])),
            (Test::Is(json!("x")), json!(["y", 5])),
            (Test::Exists(true), json!([3])),
            (Test::Exists(true), json!([])),
        ] {
            assert_eq!(noted(test.clone(), &stored), None, "{test:?}");
        }
    }

    #[test]
    fn a_field_in_another_is_a_condition_of_its_own() {
        let whole = Condition { path: vec!["a".to_owned()], test: Test::Is(json!({ "b": { "c": "1" }, "d": 2 })) };
        let leaves: Vec<(String, Test)> =
            leaves(&whole).into_iter().map(|one| (one.path.join("/"), one.test)).collect();
        let expected = [("a/b/c", json!("1")), ("a/d", json!(2))];
        assert_eq!(leaves, expected.map(|(path, value)| (path.to_owned(), Test::Is(value))));
    }

    #[test]
    fn a_source_that_no_document_has_is_told() {
        let text = |text: &str| text.to_owned();
        assert_eq!(spellings(&[text("a.md"), text("././b"), text("./")]), ["a.md", "./a.md", "b", "./b", "./", "././"]);
        let note = "filter.sources: no document of the collections has the source \"zzz\"";
        assert_eq!(unknown(&[text("a"), text("zzz")], &[text("./a")]), Some(note.to_owned()));
        assert_eq!(
            unknown(&[text("zzz"), text("y"), text("a")], &[]),
            Some(format!("{note}, nor 2 more of those named"))
        );
        assert_eq!(unknown(&[text("./a")], &[text("a")]), None);
    }

    #[test]
    fn a_field_that_no_document_has_is_told() {
        let note = noted(Test::Is(json!(5)), &json!([]));
        assert_eq!(note.as_deref(), Some("filter.metadata.a: no document has this field"));
        let dotted = Condition { path: vec!["a.b".to_owned()], test: Test::Is(json!(1)) };
        let note = note_of(&dotted);
        assert!(note.ends_with("is written {\"a\": {\"b\": ...}}"), "{note}");
    }

    fn note_of(condition: &Condition) -> String {
        note(condition, &FieldExamples::default()).unwrap_or_default()
    }
}
