//! Conditions on the metadata of documents.

use std::cmp::Ordering;

use serde_json::Value;

/// A test of one field. A field whose value is a list passes if one of its values does.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// The names from the outermost object to the field; never empty.
    pub path: Vec<String>,
    pub test: Test,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// Equal; an object or a list need only contain the value, as `@>` of Postgres tests it.
    Is(Value),
    /// One of these.
    In(Vec<Value>),
    /// Not equal, or missing.
    Not(Value),
    /// None of these, or missing.
    NotIn(Vec<Value>),
    /// Of numbers or texts; values of another type never pass. Texts compare by code points.
    Compare(Comparison, Value),
    /// Whether the field is there.
    Exists(bool),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Comparison {
    /// As SQL and JSON paths write it.
    #[must_use]
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
        }
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
        }
    }
}

impl Condition {
    /// Whether a document's metadata passes.
    #[must_use]
    pub fn holds(&self, metadata: &Value) -> bool {
        let own = self.path.iter().try_fold(metadata, |value, name| value.get(name));
        match &self.test {
            Test::Is(asked) => own.is_some_and(|own| is(own, asked)),
            Test::In(asked) => own.is_some_and(|own| asked.iter().any(|asked| is(own, asked))),
            Test::Not(asked) => !own.is_some_and(|own| is(own, asked)),
            Test::NotIn(asked) => !own.is_some_and(|own| asked.iter().any(|asked| is(own, asked))),
            Test::Compare(comparison, than) => own.is_some_and(|own| compares(own, *comparison, than)),
            Test::Exists(expected) => own.is_some() == *expected,
        }
    }
}

/// The values of a field: those of a list count, not the list.
pub(crate) fn values_at<'a>(metadata: &'a Value, path: &[String]) -> &'a [Value] {
    let own = path.iter().try_fold(metadata, |value, name| value.get(name));
    match own {
        Some(Value::Array(values)) => values,
        Some(value) => std::slice::from_ref(value),
        None => &[],
    }
}

fn is(own: &Value, asked: &Value) -> bool {
    contains(own, asked) || own.as_array().is_some_and(|own| own.iter().any(|own| own == asked))
}

/// Like Postgres's `@>`.
fn contains(own: &Value, asked: &Value) -> bool {
    match (own, asked) {
        (Value::Object(own), Value::Object(asked)) => {
            asked.iter().all(|(key, value)| own.get(key).is_some_and(|own| contains(own, value)))
        }
        (Value::Array(own), Value::Array(asked)) => {
            asked.iter().all(|asked| own.iter().any(|own| contains(own, asked)))
        }
        _ => own == asked,
    }
}

fn compares(own: &Value, comparison: Comparison, than: &Value) -> bool {
    let order = match (own, than) {
        (Value::Array(own), _) => return own.iter().any(|own| compares(own, comparison, than)),
        (Value::Number(own), Value::Number(than)) => own.as_f64().partial_cmp(&than.as_f64()),
        (Value::String(own), Value::String(than)) => Some(own.cmp(than)),
        _ => None,
    };
    order.is_some_and(|order| comparison.holds(order))
}
