//! Reads `H~2~O` and `x^2^`, as Pandoc does, and leaves other tildes and carets what they are on GitHub.

use comrak::{
    Arena,
    nodes::{AstNode, Node, NodeValue},
};

/// The most characters of a raised or lowered text.
const LONGEST: usize = 20;

/// Single tildes that lower no text strike it through; carets that raise no text stay.
pub fn read<'a>(arena: &'a Arena<'a>, root: Node<'a>) {
    let found: Vec<(Node<'a>, bool)> = root
        .descendants()
        .filter_map(|node| match node.data().value {
            NodeValue::Superscript => Some((node, true)),
            NodeValue::Subscript => Some((node, false)),
            _ => None,
        })
        .collect();
    for (node, is_raised) in found {
        match (is_script(node), is_raised) {
            (true, _) => {}
            (false, false) => node.data_mut().value = NodeValue::Strikethrough,
            (false, true) => {
                let caret = || arena.alloc(AstNode::from(NodeValue::Text("^".into())));
                node.insert_before(caret());
                while let Some(child) = node.first_child() {
                    child.detach();
                    node.insert_before(child);
                }
                node.insert_before(caret());
                node.detach();
            }
        }
    }
}

/// Whether letters, digits and signs without spaces follow a letter, a digit or a bracket.
fn is_script(node: Node<'_>) -> bool {
    let text = |node: Node<'_>| match &node.data().value {
        NodeValue::Text(text) => Some(text.to_string()),
        _ => None,
    };
    let before = node.previous_sibling().is_some_and(|before| match &before.data().value {
        NodeValue::Text(text) => text.ends_with(|c: char| c.is_alphanumeric() || matches!(c, ')' | ']')),
        NodeValue::Superscript | NodeValue::Subscript | NodeValue::Emph | NodeValue::Code(_) => true,
        _ => false,
    });
    let inner: Option<String> = node.children().map(text).collect();
    let sign = |c: char| matches!(c, '+' | '-' | '\u{2212}' | '(' | ')' | '*' | '.' | ',' | '/');
    before
        && inner.is_some_and(|inner| {
            inner.chars().count() <= LONGEST && inner.chars().all(|c| c.is_alphanumeric() || sign(c))
        })
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    /// HTML without attributes.
    fn plain(markdown: &str) -> String {
        let html = to_html(markdown);
        let tags = html.split('<').map(|part| match part.split_once('>') {
            Some((tag, text)) => format!("<{}>{text}", tag.split(' ').next().unwrap_or_default()),
            None => part.to_owned(),
        });
        tags.collect()
    }

    #[test]
    fn scripts_are_read_where_they_follow_a_word() {
        let html = plain("H~2~O, x^2^ and SO~4~^2-^.\n");
        for part in ["H<sub>2</sub>O", "x<sup>2</sup>", "SO<sub>4</sub><sup>2-</sup>"] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn other_tildes_and_carets_stay_what_they_are() {
        let html = plain("A ~struck~ word, ~~struck~~ too; 2^10 = 1024 and 2^20; 2^10=1024 2^20.\n");
        assert_eq!(html.matches("<del>").count(), 2, "{html}");
        assert!(html.contains("2^10 = 1024 and 2^20; 2^10=1024 2^20") && !html.contains("<sup"), "{html}");
    }
}
