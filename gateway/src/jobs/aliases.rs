//! Names that stand for models and bots: `models.aliases`. Only gateways know them, so a job has the real name.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use ruche_schemas::bots::BOT_PREFIX;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::http::error::ApiError;

const MISSING: &str = "an alias (models.aliases) stands for a model that no worker has now";
const HIDES: &str = "an alias (models.aliases) hides a worker's model of the same name: rename the alias to reach it";

/// By name; an empty target is the worker's own model.
#[derive(Debug, Clone, Default)]
pub struct Aliases {
    all: Arc<BTreeMap<String, String>>,
    /// What the log has said of which.
    warned: Arc<Mutex<BTreeSet<(&'static str, String)>>>,
}

impl Aliases {
    #[must_use]
    pub fn new(aliases: BTreeMap<String, String>) -> Self {
        Self { all: Arc::new(aliases), warned: Arc::default() }
    }

    /// Sorted by name.
    pub fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.all.iter().map(|(name, target)| (name.as_str(), target.as_str()))
    }

    /// The names of those whose target is one of these.
    pub fn of(&self, is_one: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
        self.all().filter(move |(_, target)| is_one(target)).map(|(name, _)| name)
    }

    /// Logs, once, each that stands for a model which no worker has.
    pub(super) fn warn_of_missing(&self, is_there: impl Fn(&str) -> bool) {
        let is_missing = |target: &str| !target.is_empty() && !target.starts_with(BOT_PREFIX) && !is_there(target);
        self.warn(MISSING, |_, target| is_missing(target));
    }

    /// Logs, once, each that has the name of a worker's model, which nobody reaches by that name.
    pub(crate) fn warn_of_hidden(&self, is_there: impl Fn(&str) -> bool) {
        self.warn(HIDES, |name, _| is_there(name));
    }

    fn warn(&self, what: &'static str, is_wrong: impl Fn(&str, &str) -> bool) {
        let Ok(mut warned) = self.warned.lock() else { return };
        for (name, target) in self.all().filter(|(name, target)| is_wrong(name, target)) {
            if warned.insert((what, name.to_owned())) {
                tracing::warn!(ruche.alias = name, ruche.model = target, "{what}");
            }
        }
    }

    /// The model or bot that an alias stands for; any other name is returned unchanged.
    #[must_use]
    pub fn resolve(&self, name: Option<String>) -> Option<String> {
        let name = name?;
        match self.all.get(&name) {
            Some(target) => Some(target.clone()).filter(|target| !target.is_empty()),
            None => Some(name),
        }
    }

    /// A job's body with the name that its `model` stands for. Text that cannot be read stays as it is.
    pub(super) fn resolve_in<'a>(&self, body: &'a str) -> Cow<'a, str> {
        #[derive(Deserialize)]
        struct Named {
            model: Option<String>,
        }
        let Some(name) = serde_json::from_str::<Named>(body).ok().and_then(|named| named.model) else {
            return Cow::Borrowed(body);
        };
        match (self.all.get(&name), serde_json::from_str::<Value>(body)) {
            (Some(target), Ok(mut whole)) => {
                whole["model"] = if target.is_empty() { Value::Null } else { json!(target) };
                Cow::Owned(whole.to_string())
            }
            _ => Cow::Borrowed(body),
        }
    }

    /// Refuses an alias in a job that starts without a gateway.
    ///
    /// # Errors
    /// 400 that names the field.
    pub(super) fn refuse_deferred(&self, body: &Value, at: &str) -> Result<(), ApiError> {
        match body["model"].as_str().and_then(|name| self.all.get_key_value(name)) {
            None => Ok(()),
            Some((name, target)) => {
                let instead = match target.is_empty() {
                    true => "leave it out".to_owned(),
                    false => format!("name {target:?}"),
                };
                let message =
                    format!("{name:?} is an alias, which a job that follows another or recurs can't have: {instead}");
                Err(ApiError::invalid(format!("{at}.model"), message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases() -> Aliases {
        let pairs = [("default", ""), ("gpt-4o-mini", "tiny"), ("help", "bot:help")];
        Aliases::new(pairs.map(|(name, target)| (name.to_owned(), target.to_owned())).into())
    }

    #[test]
    fn a_name_stands_for_its_target_or_for_itself() {
        let resolve = |name: &str| aliases().resolve(Some(name.to_owned()));
        assert_eq!(resolve("gpt-4o-mini").as_deref(), Some("tiny"));
        assert_eq!(resolve("help").as_deref(), Some("bot:help"));
        assert_eq!(resolve("other").as_deref(), Some("other"));
        assert_eq!((resolve("default"), aliases().resolve(None)), (None, None));
    }

    #[test]
    fn each_alias_of_nothing_and_each_that_hides_a_model_is_warned_of_once() {
        let aliases = aliases();
        let warned = |about: &str| {
            let warned = aliases.warned.lock().expect("a lock");
            warned.iter().filter(|(what, _)| *what == about).map(|(_, name)| name.clone()).collect::<Vec<_>>()
        };
        aliases.warn_of_missing(|name| name == "tiny");
        assert_eq!(warned(MISSING), [""; 0], "bots are each tenant's own");
        aliases.warn_of_missing(|_| false);
        assert_eq!(warned(MISSING), ["gpt-4o-mini"]);
        for (model, hidden) in
            [("tiny", &[][..]), ("help", &["help"]), ("", &["help"]), ("default", &["default", "help"])]
        {
            aliases.warn_of_hidden(|name| name == model);
            assert_eq!(warned(HIDES), hidden);
        }
    }

    #[test]
    fn a_body_has_the_real_name() {
        for (body, expected) in [
            (r#"{"model":"gpt-4o-mini","texts":["a"]}"#, r#"{"model":"tiny","texts":["a"]}"#),
            (r#"{"model":"default"}"#, r#"{"model":null}"#),
            (r#"{"model":"tiny"}"#, r#"{"model":"tiny"}"#),
            (r#"{"texts":["gpt-4o-mini"]}"#, r#"{"texts":["gpt-4o-mini"]}"#),
            (r#"{"model":7}"#, r#"{"model":7}"#),
            ("nonsense", "nonsense"),
        ] {
            assert_eq!(aliases().resolve_in(body), expected);
        }
    }

    #[test]
    fn a_deferred_job_has_no_alias() {
        let refused = |model: &str| {
            aliases().refuse_deferred(&json!({ "model": model }), "body").map_err(|e| e.message().to_owned())
        };
        assert!(refused("default").is_err_and(|message| message.contains("leave it out")));
        assert!(refused("gpt-4o-mini").is_err_and(|message| message.contains("tiny")));
        assert_eq!(refused("tiny"), Ok(()));
    }
}
