//! Reads the titles and attributes of containers: `:::note[Title]`, `::: danger Title`, `::: {.box #id}`.
//!
//! A container with the name of an alert is one, with its name as a class.

use comrak::{
    Arena,
    nodes::{AlertType, AstNode, Attributes, Node, NodeAlert, NodeValue},
};

/// The head of a container.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    classes: Vec<String>,
    id: Option<String>,
    title: Option<String>,
}

pub fn read<'a>(arena: &'a Arena<'a>, root: Node<'a>) {
    for node in root.descendants() {
        let Some(head) = (match &node.data().value {
            NodeValue::BlockDirective(directive) => head(&directive.info),
            _ => None,
        }) else {
            continue;
        };
        let name = head.classes.first().map(|name| name.to_ascii_lowercase()).unwrap_or_default();
        match alert(&name).filter(|_| head.classes.len() == 1) {
            Some((alert_type, own)) => {
                let title = head.title.or_else(|| own.map(str::to_owned));
                let alert = NodeAlert { alert_type, title, multiline: false, fence_length: 0, fence_offset: 0 };
                node.data_mut().value = NodeValue::Alert(Box::new(alert));
            }
            None => {
                if let NodeValue::BlockDirective(directive) = &mut node.data_mut().value {
                    directive.info = String::new();
                }
                if let Some(title) = head.title {
                    add_title(arena, node, title);
                }
            }
        }
        let attributes = Attributes { id: head.id, classes: head.classes, ..Attributes::default() };
        node.data_mut().attrs = Some(Box::new(attributes));
    }
}

/// A bold paragraph at the begin.
fn add_title<'a>(arena: &'a Arena<'a>, node: Node<'a>, title: String) {
    let place = node.data().sourcepos;
    let new = |value| {
        let new = arena.alloc(AstNode::from(value));
        new.data_mut().sourcepos = place;
        new
    };
    let (paragraph, strong) = (new(NodeValue::Paragraph), new(NodeValue::Strong));
    strong.append(new(NodeValue::Text(title.into())));
    paragraph.append(strong);
    node.prepend(paragraph);
}

/// The alert with a container's name, and its title if that is not the alert's.
fn alert(name: &str) -> Option<(AlertType, Option<&'static str>)> {
    Some(match name {
        "note" => (AlertType::Note, None),
        "info" => (AlertType::Note, Some("Info")),
        "tip" => (AlertType::Tip, None),
        "hint" => (AlertType::Tip, Some("Hint")),
        "important" => (AlertType::Important, None),
        "warning" => (AlertType::Warning, None),
        "attention" => (AlertType::Warning, Some("Attention")),
        "caution" => (AlertType::Caution, None),
        "danger" => (AlertType::Caution, Some("Danger")),
        "error" => (AlertType::Caution, Some("Error")),
        _ => return None,
    })
}

/// `None` if it is a class alone, or several.
fn head(info: &str) -> Option<Head> {
    let info = info.trim();
    let (info, attributes) = match info.strip_suffix('}').and_then(|rest| rest.rsplit_once('{')) {
        Some((before, inner)) => (before.trim_end(), inner),
        None => (info, ""),
    };
    let mut head = Head::default();
    let rest = match info.find(|c: char| c.is_whitespace() || c == '[') {
        Some(at) => {
            head.classes.push(info[..at].to_owned());
            info[at..].trim()
        }
        None => {
            head.classes.extend(Some(info.to_owned()).filter(|name| !name.is_empty()));
            ""
        }
    };
    let is_class = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
    let is_alert = head.classes.first().is_some_and(|name| alert(&name.to_ascii_lowercase()).is_some());
    match rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(title) => head.title = Some(title.trim().to_owned()),
        None if !is_alert && rest.split_whitespace().all(is_class) => {
            head.classes.extend(rest.split_whitespace().map(str::to_owned));
        }
        None => head.title = Some(rest.to_owned()),
    }
    head.title = head.title.filter(|title| !title.is_empty());
    for word in attributes.split_whitespace() {
        match (word.strip_prefix('.'), word.strip_prefix('#')) {
            (Some(class), _) => head.classes.push(class.to_owned()),
            (_, Some(id)) => head.id = Some(id.to_owned()),
            _ => {}
        }
    }
    (head != Head::default()).then_some(head)
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn containers_with_the_name_of_an_alert_are_alerts() {
        for (markdown, class, title) in [
            (":::note[Docusaurus]", "note", "Docusaurus"),
            (":::caution Title words", "caution", "Title words"),
            ("::: danger STOP", "caution", "STOP"),
            ("::: danger", "caution", "Danger"),
            ("::: tip", "tip", "Tip"),
            ("::: warning mind the gap", "warning", "mind the gap"),
            ("::: info [Read *me*]{#x}", "note", "Read *me*"),
        ] {
            let html = to_html(&format!("{markdown}\nText *here*.\n:::\n\nAfter.\n"));
            assert!(html.contains(&format!("markdown-alert-{class}")), "{html}");
            assert!(html.contains(&format!(">{title}</p>")) && html.contains("<em"), "{html}");
            assert!(html.find("here") < html.find("</div>") && html.find("</div>") < html.find("After"), "{html}");
        }
        assert!(to_html("::: danger\na\n:::\n").contains("class=\"danger\""), "its name is a class");
    }

    #[test]
    fn other_containers_have_classes_and_titles() {
        for (markdown, attributes) in [
            ("::: box wide", "class=\"box wide\""),
            ("::: {.box #here .wide}", "id=\"here\" class=\"box wide\""),
            ("::: {.warning .box}", "class=\"warning box\""),
            ("::: box {#here}", "id=\"here\" class=\"box\""),
        ] {
            let html = to_html(&format!("{markdown}\ntext\n:::\n"));
            assert!(html.contains(&format!("<ruche-attributes {attributes}>")) && !html.contains("alert"), "{html}");
        }
        let html = to_html("::: details Click me\ntext\n:::\n");
        assert!(html.contains("Click me</strong>") && html.contains("class=\"details\""), "{html}");
    }
}
