//! Conditions on metadata as SQL. Equality is containment, which the index over the metadata serves.

use ruche_schemas::TenantId;
use serde_json::{Value, json};
use sqlx::{PgPool, Row as _};

use super::arguments::Statement;
use crate::{
    error::StoreError,
    filter::{Condition, Test},
    search::{FIELD_DOCUMENTS, FieldExamples},
};

pub(super) fn metadata(statement: &mut Statement, condition: &Condition) -> Result<String, StoreError> {
    let Condition { path, test } = condition;
    Ok(match test {
        Test::Is(value) => equal(statement, path, std::slice::from_ref(value))?,
        Test::In(values) => equal(statement, path, values)?,
        Test::Not(value) => format!("NOT {}", equal(statement, path, std::slice::from_ref(value))?),
        Test::NotIn(values) => format!("NOT {}", equal(statement, path, values)?),
        Test::Compare(comparison, than) => {
            let path = statement.bind(format!("{} ? (@ {} $than)", json_path(path), comparison.sign()))?;
            let variables = statement.bind(json!({ "than": than }).to_string())?;
            format!("jsonb_path_exists(d.metadata, {path}::text::jsonpath, {variables}::text::jsonb)")
        }
        Test::Exists(expected) => {
            let path = statement.bind(json_path(path))?;
            let not = if *expected { "" } else { "NOT " };
            format!("{not}jsonb_path_exists(d.metadata, {path}::text::jsonpath)")
        }
    })
}

/// One value of each type. In a lax path, `[*]` is also the value that is no list.
const EXAMPLES: &str = "
WITH sample AS MATERIALIZED (SELECT metadata FROM documents WHERE tenant = $1 AND collection = ANY($2) LIMIT $4)
SELECT (SELECT count(*) FROM sample) AS documents,
  ARRAY(SELECT DISTINCT ON (jsonb_typeof(v)) v::text FROM sample, jsonb_path_query(sample.metadata, $3::text::jsonpath) v
    ORDER BY jsonb_typeof(v), v) AS values";

pub(super) async fn examples(
    pool: &PgPool,
    tenant: &TenantId,
    collections: &[String],
    path: &[String],
) -> Result<FieldExamples, StoreError> {
    let path = format!("{}[*]", json_path(path));
    let most = i64::from(FIELD_DOCUMENTS) + 1;
    let row =
        sqlx::query(EXAMPLES).bind(tenant.as_str()).bind(collections).bind(path).bind(most).fetch_one(pool).await?;
    let values: Vec<String> = row.try_get("values")?;
    let documents: i64 = row.try_get("documents")?;
    let mut values: Vec<Value> = values.iter().filter_map(|value| serde_json::from_str(value).ok()).collect();
    values.sort_by_key(Value::to_string);
    Ok(FieldExamples { values, is_complete: documents < most })
}

/// A list equals each of its values.
fn equal(statement: &mut Statement, path: &[String], values: &[Value]) -> Result<String, StoreError> {
    let within = |value: Value| path.iter().rev().fold(value, |inner, name| json!({ name.as_str(): inner }));
    let mut alternatives = Vec::new();
    for value in values {
        for value in [value.clone(), json!([value])] {
            alternatives.push(format!("d.metadata @> {}::text::jsonb", statement.bind(within(value).to_string())?));
        }
    }
    Ok(match alternatives.is_empty() {
        true => "false".to_owned(),
        false => format!("({})", alternatives.join(" OR ")),
    })
}

/// Names are quoted as in JSON.
fn json_path(path: &[String]) -> String {
    path.iter().fold("$".to_owned(), |json_path, name| format!("{json_path}.{}", json!(name)))
}
