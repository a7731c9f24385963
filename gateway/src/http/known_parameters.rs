//! Refuses the parameters of a query that an operation does not have: to ignore a mistyped one would give a wrong
//! answer. The API's description says which there are.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use utoipa::openapi::{
    PathItem, Paths, RefOr,
    path::{Operation, Parameter, ParameterIn},
};

use super::params::check_names;

/// The names of each operation's parameters, by path and method.
#[derive(Debug, Clone, Default)]
pub struct KnownParameters(Arc<BTreeMap<String, Operations>>);

const LINK: &str = "/v1/renders/{id}/file";

type Operations = Vec<(Method, Vec<String>)>;

impl KnownParameters {
    /// Of the operations below `/v1`; probes may call the others with anything. Links are opened by people, and what
    /// passes them on appends to them.
    #[must_use]
    pub fn of(paths: &Paths) -> Self {
        let api = paths.paths.iter().filter(|(path, _)| path.starts_with("/v1/") && path.as_str() != LINK);
        Self(Arc::new(api.map(|(path, item)| (path.clone(), operations(item))).collect()))
    }

    fn find(&self, path: &str, method: &Method) -> Option<&[String]> {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let (_, names) = self.0.get(path)?.iter().find(|(known, _)| known == method)?;
        Some(names)
    }
}

fn operations(item: &PathItem) -> Operations {
    let all = [
        (Method::GET, &item.get),
        (Method::PUT, &item.put),
        (Method::POST, &item.post),
        (Method::DELETE, &item.delete),
        (Method::PATCH, &item.patch),
    ];
    all.into_iter().filter_map(|(method, operation)| Some((method, names(operation.as_ref()?)))).collect()
}

fn names(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    parameters.filter_map(of_query).collect()
}

fn of_query(parameter: &RefOr<Parameter>) -> Option<String> {
    match parameter {
        RefOr::T(parameter) if matches!(parameter.parameter_in, ParameterIn::Query) => Some(parameter.name.clone()),
        _ => None,
    }
}

/// 400 for an unknown parameter.
pub async fn check(State(known): State<KnownParameters>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let names = path.and_then(|path| known.find(path, request.method()));
    match names.map_or(Ok(()), |names| check_names(request.uri().query(), names)) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    }
}
