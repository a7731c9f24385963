//! What a request says beside the document: its model, its lane, and whether to wait. A query has it as parameters, a form as
//! parts, JSON as fields.

use ruche_schemas::{Lane, lenient};
use serde::Deserialize;

use crate::{
    http::{error::ApiError, text::shown},
    jobs::submission::lane_of,
};

pub(super) const HANDLING: [&str; 3] = ["model", "lane", "wait"];

/// The interactive lane is for jobs with a waiting client; a document takes minutes.
pub(crate) const LANES: [Lane; 2] = [Lane::Normal, Lane::Bulk];

/// `None` where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct Handling {
    pub(crate) model: Option<String>,
    lane: Option<String>,
    pub(crate) wait: Option<bool>,
}

impl Handling {
    /// The fields of a JSON body. Its other fields are the document's.
    ///
    /// # Errors
    /// 400 that names the field.
    pub(super) fn of_json(text: &str) -> Result<Self, ApiError> {
        let handling: Self = lenient::from_str(text, &mut Vec::new())?;
        handling.lane()?;
        Ok(handling)
    }

    /// Sets a field; false for an unknown name.
    ///
    /// # Errors
    /// 400 that names it.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<bool, ApiError> {
        match name {
            "model" => self.model = Some(value.to_owned()),
            "lane" => {
                self.lane = Some(value.to_owned());
                self.lane()?;
            }
            "wait" => {
                let wrong = || format!("{:?} is not allowed: use true or false", shown(value));
                self.wait = Some(value.parse().map_err(|_| ApiError::invalid(name, wrong()))?);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// # Errors
    /// 400 for one that is not for documents.
    pub(crate) fn lane(&self) -> Result<Lane, ApiError> {
        lane_of(&LANES, self.lane.as_deref())
    }

    /// What the query and the body say together.
    ///
    /// # Errors
    /// 400 where they contradict each other.
    pub(super) fn with(self, body: Self) -> Result<Self, ApiError> {
        Ok(Self {
            model: one("model", self.model, body.model)?,
            lane: one("lane", self.lane, body.lane)?,
            wait: one("wait", self.wait, body.wait)?,
        })
    }
}

fn one<T: PartialEq + std::fmt::Debug>(name: &str, query: Option<T>, body: Option<T>) -> Result<Option<T>, ApiError> {
    match (query, body) {
        (Some(query), Some(body)) if query != body => {
            let [query, body] = [query, body].map(|value| shown(&format!("{value:?}")));
            let message = format!("{name} is {query} in the query and {body} in the body: send it in one of them");
            Err(ApiError::invalid(name, message))
        }
        (query, body) => Ok(query.or(body)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(&str, &str)]) -> Handling {
        let mut handling = Handling::default();
        for (name, value) in pairs {
            assert!(handling.set(name, value).expect("a value"), "{name}");
        }
        handling
    }

    #[test]
    fn the_query_and_the_body_may_both_say_it_if_they_say_the_same() {
        let json = Handling::of_json(r#"{"model":"m","lane":"bulk","wait":true,"text":"x","colour":1}"#).expect("read");
        assert_eq!(json, of(&[("model", "m"), ("lane", "bulk"), ("wait", "true")]));
        assert_eq!(of(&[("model", "m")]).with(json.clone()).as_ref(), Ok(&json));
        assert_eq!(json.clone().with(Handling::default()).as_ref(), Ok(&json));
        for (name, other) in [("model", "n"), ("lane", "normal"), ("wait", "false")] {
            let error = of(&[(name, other)]).with(json.clone()).expect_err(name);
            assert_eq!(error.param_name(), Some(name));
            let message = error.message();
            assert!(message.contains(other) && message.contains("in the query and"), "{message}");
        }
    }

    #[test]
    fn only_lanes_that_are_accepted_are_listed() {
        for lane in ["fast", "interactive", ""] {
            for error in [
                Handling::default().set("lane", lane).expect_err(lane),
                Handling::of_json(&format!(r#"{{"lane":"{lane}"}}"#)).expect_err(lane),
            ] {
                assert_eq!(error.message(), format!("{lane:?} is not allowed: use normal or bulk"));
            }
        }
        for lane in LANES {
            assert_eq!(of(&[("lane", lane.as_str())]).lane(), Ok(lane));
        }
        assert_eq!(Handling::default().lane(), Ok(Lane::Normal));
    }
}
