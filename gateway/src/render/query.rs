//! A URL's query: options of the document, over those of the body, and the form of the answer.

use std::{num::ParseIntError, str::FromStr};

use ruche_schemas::{
    Invalid,
    kinds::{Job as _, render::Render},
    plain,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::{error::ApiError, params::parameters, text::shown};

/// Of `POST /v1/render`; other operations have some of these. `tenant` is common to all routes.
pub(crate) const RENDER: &[&str] = &[
    "template",
    "version",
    "css",
    "lang",
    "title",
    "toc",
    "numbering",
    "standards",
    "date",
    "format",
    "page",
    "ppi",
    "fetch",
    "store",
    "report",
];
/// Of a template's preview.
pub(crate) const PREVIEW: &[&str] = &["version", "lang", "title", "toc", "numbering", "date", "page", "ppi"];

#[derive(Debug, Default)]
pub(crate) struct Asked {
    parameters: Vec<(String, String)>,
    /// The names of those that were applied.
    applied: Vec<String>,
    /// Whether the document is to be stored, if the query says so.
    pub(crate) store: Option<bool>,
    /// Whether the answer is JSON.
    pub(crate) report: bool,
}

impl Asked {
    /// # Errors
    /// 400 that names the parameter.
    pub(crate) fn read(query: Option<&str>, allowed: &[&str]) -> Result<Self, ApiError> {
        let mut asked = Self::default();
        for (name, value) in parameters(query, allowed)? {
            match name.as_str() {
                "store" => asked.store = Some(truth(&name, &value)?),
                "report" => asked.report = report(&value)?,
                _ => asked.parameters.push((name, value)),
            }
        }
        Ok(asked)
    }

    /// Sets the options of a job, over its own.
    ///
    /// # Errors
    /// 400 that names the parameter.
    pub(crate) fn apply(&mut self, render: &mut Render) -> Result<(), ApiError> {
        for (name, value) in self.parameters.drain(..) {
            set(render, &name, value)?;
            self.applied.push(name);
        }
        Ok(())
    }

    /// Checks the whole job. What came as a parameter has the parameter's name.
    ///
    /// # Errors
    /// 400 that names the parameter or the field.
    pub(crate) fn check(&self, render: &Render) -> Result<(), ApiError> {
        render.check().map_err(|Invalid { param, message }| {
            let name = match param.as_str() {
                "template.name" => "template",
                "template.version" => "version",
                other => other.strip_prefix("options.").unwrap_or(other),
            };
            let is_parameter = self.applied.iter().any(|applied| applied == name);
            Invalid::new(if is_parameter { name } else { &param }, message).into()
        })
    }
}

fn set(render: &mut Render, name: &str, value: String) -> Result<(), ApiError> {
    let options = &mut render.options;
    match name {
        "template" => (render.template.name, render.template.package) = (value, None),
        "version" => render.template.version = Some(number(name, &value)?),
        "css" => render.css = value,
        "lang" => options.lang = Some(value),
        "title" => options.title = Some(value),
        "toc" => options.toc = Some(number(name, &value)?),
        "numbering" => options.numbering = Some(truth(name, &value)?),
        "standards" => {
            let all = value.split(',').map(str::trim).filter(|standard| !standard.is_empty());
            options.standards = all.map(|standard| named(name, standard)).collect::<Result<_, _>>()?;
        }
        "date" => options.date = Some(named(name, &value)?),
        "format" => options.format = named(name, &value)?,
        "page" => options.page = Some(number(name, &value)?),
        "ppi" => options.ppi = Some(number(name, &value)?),
        "fetch" => options.fetch = Some(truth(name, &value)?),
        other => return Err(ApiError::invalid(other, format!("unknown option {other}"))),
    }
    Ok(())
}

/// Parses one of a type's own names.
fn named<T: DeserializeOwned>(name: &str, value: &str) -> Result<T, ApiError> {
    let read = serde_json::from_value(Value::String(value.to_owned()));
    read.map_err(|error| plain::named(&error.to_string(), name, Some(&plain::quoted(value))).into())
}

fn number<T: FromStr<Err = ParseIntError>>(name: &str, value: &str) -> Result<T, ApiError> {
    value
        .parse()
        .map_err(|error: ParseIntError| plain::named(&error.to_string(), name, Some(&plain::quoted(value))).into())
}

fn truth(name: &str, value: &str) -> Result<bool, ApiError> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(ApiError::invalid(name, format!("{name} = {:?} is not allowed: use true or false", shown(other)))),
    }
}

fn report(value: &str) -> Result<bool, ApiError> {
    match value {
        "json" => Ok(true),
        "header" => Ok(false),
        other => {
            let message = format!("report = {:?} is not allowed: use header (the default) or json", shown(other));
            Err(ApiError::invalid("report", message))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ruche_schemas::kinds::render::{Format, Standard};

    use super::*;

    fn read(query: &str) -> Result<(Asked, Render), ApiError> {
        let mut render = Render::default();
        let mut asked = Asked::read(Some(query), RENDER)?;
        asked.apply(&mut render)?;
        Ok((asked, render))
    }

    #[test]
    fn each_parameter_has_its_place() {
        let query = "template=report&version=2&css=p%7B%7D&lang=fr&title=A%20b&toc=2&numbering=true&standards=a-2b,ua-1\
                     &date=2026-11-26&format=png&page=3&ppi=72&fetch=false&store=false&report=json&tenant=acme";
        let (asked, render) = read(query).expect("a query");
        assert_eq!((asked.store, asked.report), (Some(false), true));
        assert_eq!((render.template.name.as_str(), render.template.version, &*render.css), ("report", Some(2), "p{}"));
        let options = render.options;
        assert_eq!((options.lang.as_deref(), options.title.as_deref()), (Some("fr"), Some("A b")));
        assert_eq!((options.toc, options.numbering, options.fetch), (Some(2), Some(true), Some(false)));
        assert_eq!((options.format, options.page, options.ppi), (Format::Png, Some(3), Some(72)));
        assert_eq!(options.standards, BTreeSet::from([Standard::A2b, Standard::Ua1]));
        assert_eq!(options.date.map(|date| date.to_string()).as_deref(), Some("2026-11-26"));
    }

    #[test]
    fn a_value_out_of_range_is_named_by_its_parameter_or_else_by_its_field() {
        for (query, param) in [
            ("toc=9", "toc"),
            ("ppi=9", "ppi"),
            ("page=0", "page"),
            ("lang=klingon", "lang"),
            ("template=../x", "template"),
            ("version=0", "version"),
            ("toc=2", "options.ppi"),
        ] {
            let mut render = Render { markdown: "x".to_owned(), ..Render::default() };
            render.options.ppi = Some(9);
            let mut asked = Asked::read(Some(query), RENDER).expect(query);
            asked.apply(&mut render).expect(query);
            let error = asked.check(&render).expect_err(query);
            assert_eq!(error.param_name(), Some(param));
            assert!(error.message().starts_with(&format!("{param}: ")), "{error}");
        }
    }

    #[test]
    fn a_wrong_parameter_is_named_with_what_is_allowed() {
        for (query, allowed) in [
            ("colour=red", "template, version"),
            ("toc=2&toc=3", "twice"),
            ("toc=deep", "whole number"),
            ("toc=-1", "can't be negative"),
            ("toc=300", "is too large"),
            ("numbering=maybe", "true or false"),
            ("standards=a-2b,x", "a-2b"),
            ("date=tomorrow", "not allowed"),
            ("format=docx", "pdf or png"),
            ("report=xml", "header (the default) or json"),
        ] {
            let error = read(query).expect_err(query);
            let json = error.to_json();
            let message = json["error"]["message"].as_str().unwrap_or_default();
            assert!(message.contains(allowed), "{query}: {message}");
            assert_eq!(json["error"]["param"].as_str(), query.split('=').next(), "{query}");
        }
    }
}
