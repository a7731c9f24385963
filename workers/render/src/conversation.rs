//! Turns the messages of the template `conversation` into HTML, so that their Markdown is typeset as any text is.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::{locale::Local, markdown, warnings};

/// The most messages.
const MESSAGES: usize = 10_000;
/// The most bytes of their texts together.
const BYTES: usize = 8 << 20;

/// One `div.message` for each message of `data.messages`.
#[must_use]
pub fn html(data: &Map<String, Value>, lang: &str, local: &Local) -> String {
    let mut html = String::new();
    let mut bytes = 0;
    let messages = data.get("messages").and_then(Value::as_array).into_iter().flatten();
    for (i, message) in messages.filter_map(Value::as_object).take(MESSAGES).enumerate() {
        let text =
            |name: &str| message.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let content = content(message.get("content").unwrap_or(&Value::Null));
        bytes += content.len();
        if bytes > BYTES {
            break;
        }
        let is_user = text("role").is_none_or(|role| role == "user");
        let class = if is_user { "message message-user" } else { "message" };
        let role = text("role").unwrap_or("user");
        let name = text("name").map_or_else(|| label(lang, role), str::to_owned);
        let at = text("at").map(|at| local.moment(at).unwrap_or_else(|| at.to_owned()));
        let at = at.map_or_else(String::new, |at| format!(" \u{b7} {}", escaped(&at)));
        let line = warnings::MESSAGES.saturating_add(u32::try_from(i).unwrap_or(u32::MAX));
        let place = format!("data-sourcepos=\"{line}:1-{line}:1\"");
        let _ = write!(
            html,
            "<div class=\"{class}\" {place}><p class=\"message-head\" {place}><strong>{}</strong>{at}</p>{}</div>",
            escaped(&name),
            placed(&markdown::to_html(&content), i, &place),
        );
    }
    html
}

/// A text, or the parts of a text as chats have them.
fn content(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.as_str().or_else(|| part.get("text")?.as_str()));
            texts.collect::<Vec<_>>().join("\n\n")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// HTML of its own: nothing in it stays open, its lines are the message's number, and its notes have other names than
/// those of other messages.
fn placed(html: &str, message: usize, place: &str) -> String {
    let mut parts = html.split("data-sourcepos=\"");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.split_once('"').map_or("", |(_, rest)| rest);
        out.push_str(place);
        out.push_str(rest);
    }
    for prefix in ["fn-", "fnref-"] {
        for before in ["id=\"", "href=\"#"] {
            out = out.replace(&format!("{before}{prefix}"), &format!("{before}{prefix}m{message}-"));
        }
    }
    scraper::Html::parse_fragment(&out).root_element().inner_html()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Who wrote a message without a name. A role that is not known is its own name.
fn label(lang: &str, role: &str) -> String {
    let known = match (lang, role) {
        ("fr", "user") => "Utilisateur",
        ("de", "user") => "Benutzer",
        ("it", "user") => "Utente",
        ("es", "user") => "Usuario",
        ("pt", "user") => "Utilizador",
        ("nl", "user") => "Gebruiker",
        ("de", "assistant") => "Assistent",
        ("it" | "pt", "assistant") => "Assistente",
        ("es", "assistant") => "Asistente",
        ("fr", "system") => "Syst\u{e8}me",
        ("it" | "es" | "pt", "system") => "Sistema",
        ("nl", "system") => "Systeem",
        ("fr", "tool") => "Outil",
        ("de", "tool") => "Werkzeug",
        ("it", "tool") => "Strumento",
        ("es", "tool") => "Herramienta",
        ("pt", "tool") => "Ferramenta",
        (_, role) => role,
    };
    let mut letters = known.chars().take(40);
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn messages(messages: Value) -> String {
        let data = json!({ "messages": messages }).as_object().cloned().expect("a map");
        html(&data, "de", &Local::new("de", None))
    }

    #[test]
    fn messages_are_markdown_and_end_with_their_bubble() {
        let html = messages(json!([
            { "role": "user", "content": "**Bold** <div> open", "at": "2026-03-09T09:05:00Z" },
            { "role": "assistant", "name": "A < B", "content": [{ "type": "text", "text": "`code`[^1]\n\n[^1]: Note" }] },
        ]));
        assert!(html.contains("<strong data-sourcepos=\"8000000:1-8000000:1\">Bold</strong>"), "{html}");
        assert!(html.contains("<strong>Benutzer</strong> \u{b7} 9. M\u{e4}rz 2026 um 09:05"), "{html}");
        assert!(html.contains("A &lt; B") && html.contains("fn-m1-1") && !html.contains("\"fn-1\""), "{html}");
        assert_eq!(html.matches("<div").count(), html.matches("</div>").count());
    }

    #[test]
    fn roles_have_their_names() {
        let html = messages(json!([{ "role": "system", "content": "a" }, { "role": "tool", "content": "b" },
            { "role": "critic", "content": "c" }, { "role": "assistant", "content": "d" }]));
        for name in ["System", "Werkzeug", "Critic", "Assistent"] {
            assert!(html.contains(&format!("<strong>{name}</strong>")), "{name} in {html}");
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        assert_eq!(messages(json!("x")), "");
        assert_eq!(messages(json!([1, "x", null])), "");
        assert!(messages(json!([{ "content": 7 }])).contains('7'));
    }
}
