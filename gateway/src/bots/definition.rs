//! Reads a bot, or a change to one, from a request.

use ruche_schemas::{Invalid, bots::Bot};
use serde_json::{Map, Value};

use crate::http::{error::ApiError, json::parse_value};

/// Reads a bot, or a change to one (RFC 7396): `null` sets the default, a missing field stays.
///
/// # Errors
/// 4xx that name the field.
pub(crate) fn read(before: Option<&Bot>, change: Value) -> Result<Bot, ApiError> {
    let Value::Object(change) = change else {
        return Err(ApiError::invalid("body", "the body is not a JSON object").code("invalid_json"));
    };
    // A list would be read as their fields, one after the other.
    if let Some(name) =
        ["retrieval", "limits", "look"].into_iter().find(|name| change.get(*name).is_some_and(Value::is_array))
    {
        return Err(Invalid::new(name, "a list is not allowed: an object is needed").into());
    }
    let mut whole = match before.map(serde_json::to_value).transpose() {
        Ok(Some(Value::Object(fields))) => fields,
        Ok(_) => Map::new(),
        Err(_) => return Err(ApiError::internal()),
    };
    merge(&mut whole, change);
    let bot: Bot = parse_value(&Value::Object(whole))?;
    bot.check()?;
    check_moderation(&bot)?;
    match before.filter(|before| before.name != bot.name) {
        Some(Bot { name, .. }) => {
            let message = format!("the bot {name} can't be renamed: create another one with POST /v1/bots");
            Err(ApiError::conflict("bot_renamed", message).param("name"))
        }
        None => Ok(bot),
    }
}

fn check_moderation(bot: &Bot) -> Result<(), ApiError> {
    match bot.moderation.0.as_str() {
        "off" => Ok(()),
        other => {
            let other: String = other.chars().take(40).collect();
            let message = format!(
                "moderation = {other:?} is not supported: this release does not moderate answers, so only \"off\" is \
                 accepted"
            );
            Err(ApiError::unprocessable("unsupported_moderation", message).param("moderation"))
        }
    }
}

/// RFC 7396.
fn merge(whole: &mut Map<String, Value>, change: Map<String, Value>) {
    for (name, value) in change {
        match (whole.get_mut(&name), value) {
            (_, Value::Null) => drop(whole.remove(&name)),
            (Some(Value::Object(inner)), Value::Object(change)) => merge(inner, change),
            (_, Value::Object(change)) => {
                let mut inner = Map::new();
                merge(&mut inner, change);
                whole.insert(name, Value::Object(inner));
            }
            (_, value) => drop(whole.insert(name, value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use ruche_schemas::bots::{Retrieval, RetrievalMode};

    use super::*;
    use crate::http::ignored;

    fn refused(body: Value) -> (u16, String) {
        let error = read(None, body).expect_err("a refusal");
        (error.status().as_u16(), error.param_name().unwrap_or_default().to_owned())
    }

    #[test]
    fn each_bad_field_is_named() {
        for (body, param) in [
            (json!([]), "body"),
            (json!({}), "name"),
            (json!({"name": "Help"}), "name"),
            (json!({"name": "-help"}), "name"),
            (json!({"name": "h", "instructions": "x".repeat(20_000)}), "instructions"),
            (json!({"name": "h", "instructions": "a\u{0}b"}), "instructions"),
            (json!({"name": "h", "model": "bot:other"}), "model"),
            (json!({"name": "h", "model": ""}), "model"),
            (json!({"name": "h", "temperature": 3}), "temperature"),
            (json!({"name": "h", "collections": ["a", "../b"]}), "collections[1]"),
            (json!({"name": "h", "collections": ["a", "a"]}), "collections[1]"),
            (json!({"name": "h", "collections": vec!["a"; 33]}), "collections"),
            (json!({"name": "h", "retrieval": {"top_k": 0}}), "retrieval.top_k"),
            (json!({"name": "h", "retrieval": {"top_k": 33}}), "retrieval.top_k"),
            (json!({"name": "h", "retrieval": {"max_tokens": 1}}), "retrieval.max_tokens"),
            (json!({"name": "h", "retrieval": {"mode": "magic"}}), "retrieval.mode"),
            (json!({"name": "h", "retrieval": {"min_score": 2}}), "retrieval.min_score"),
            (json!({"name": "h", "retrieval": {"mode": "text", "min_score": 0.5}}), "retrieval.min_score"),
            (json!({"name": "h", "retrieval": {"nothing_found": ""}}), "retrieval.nothing_found"),
            (json!({"name": "h", "limits": {"max_tokens": 0}}), "limits.max_tokens"),
            (json!({"name": "h", "limits": {"requests_per_minute": 0}}), "limits.requests_per_minute"),
            (json!({"name": "h", "look": {"title": "x".repeat(101)}}), "look.title"),
            (json!({"name": "h", "look": {"greeting": "x".repeat(1_001)}}), "look.greeting"),
            (json!({"name": "h", "look": {"colour": "red"}}), "look.colour"),
            (json!({"name": "h", "look": {"suggestions": vec!["a"; 9]}}), "look.suggestions"),
            (json!({"name": "h", "look": {"suggestions": ["x".repeat(201)]}}), "look.suggestions[0]"),
            (json!({"name": "h", "look": ["x"]}), "look"),
        ] {
            assert_eq!(refused(body.clone()), (400, param.to_owned()), "{body}");
        }
        for policy in ["strict", "fast", "Off"] {
            assert_eq!(refused(json!({"name": "h", "moderation": policy})), (422, "moderation".to_owned()));
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_noted() {
        let body = json!({"name": "h", "colour": "red", "retrieval": {"depth": 1, "top_k": 2}});
        let (bot, found) = ignored::collect_now(|| read(None, body));
        assert_eq!((bot.expect("a bot").retrieval.top_k, found.join(", ")), (2, "colour, retrieval.depth".to_owned()));
    }

    #[test]
    fn a_change_changes_what_it_names_and_null_is_the_default() {
        let body = json!({
            "name": "help", "model": "m", "collections": ["faq"], "retrieval": {"top_k": 3, "mode": "text"},
            "look": {"colour": "#c90000", "title": null}, "moderation": "off",
        });
        let bot = read(None, body).expect("a bot");
        assert_eq!(
            (bot.retrieval.top_k, bot.retrieval.mode, bot.retrieval.max_tokens),
            (3, RetrievalMode::Text, 1_500)
        );
        let change = json!({"model": null, "retrieval": {"top_k": null, "mode": "vector", "min_score": 0.5}, "look": {"title": "Help"}});
        let changed = read(Some(&bot), change).expect("a bot");
        let retrieval = Retrieval { mode: RetrievalMode::Vector, min_score: Some(0.5), ..Retrieval::default() };
        assert_eq!(
            (changed.model.as_ref(), &changed.retrieval, &changed.collections),
            (None, &retrieval, &bot.collections)
        );
        assert_eq!((changed.look.title.as_deref(), changed.look.colour.as_deref()), (Some("Help"), Some("#c90000")));
        assert_eq!(read(Some(&bot), json!({})).expect("the same"), bot);
        assert_eq!(read(Some(&bot), json!({"name": "help"})).expect("the same"), bot);
        let renamed = read(Some(&bot), json!({"name": "other"})).expect_err("another name");
        assert_eq!(renamed.param_name(), Some("name"));
    }
}
