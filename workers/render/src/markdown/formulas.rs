//! Reads formulas in `\( .. \)` and `\[ .. \]`, as LaTeX and chatbots write them.

use comrak::{
    Arena,
    nodes::{AstNode, LineColumn, Node, NodeMath, NodeValue},
};

/// The longest formula, in lines.
const LINES: usize = 100;

/// Makes formulas of what stands between such brackets in one paragraph; other escaped characters become text again.
pub fn read<'a>(arena: &'a Arena<'a>, root: Node<'a>, source: &str) {
    let lines: Vec<&str> = source.lines().collect();
    let escaped: Vec<Node<'a>> =
        root.descendants().filter(|node| matches!(node.data().value, NodeValue::Escaped)).collect();
    for open in escaped {
        // One that a formula took is in no paragraph any more.
        if open.parent().is_none() {
            continue;
        }
        if !formula(arena, open, &lines) {
            unwrap(open);
        }
    }
}

fn bracket(node: Node<'_>) -> Option<char> {
    if !matches!(node.data().value, NodeValue::Escaped) {
        return None;
    }
    match &node.first_child()?.data().value {
        NodeValue::Text(text) => text.chars().next(),
        _ => None,
    }
}

fn formula<'a>(arena: &'a Arena<'a>, open: Node<'a>, lines: &[&str]) -> bool {
    let (end, display) = match bracket(open) {
        Some('(') => (')', false),
        Some('[') => (']', true),
        _ => return false,
    };
    let mut inner = Vec::new();
    let mut next = open.next_sibling();
    while let Some(node) = next {
        if bracket(node) == Some(end) {
            let (from, to) = (open.data().sourcepos.end, node.data().sourcepos.start);
            let Some(literal) = between(lines, from, to).filter(|literal| literal.contains(char::is_alphanumeric))
            else {
                return false;
            };
            let math = NodeMath { dollar_math: true, display_math: display, literal };
            let math = arena.alloc(AstNode::from(NodeValue::Math(math)));
            math.data_mut().sourcepos = open.data().sourcepos;
            open.insert_before(math);
            for node in inner.into_iter().chain([open, node]) {
                let node: Node<'a> = node;
                node.detach();
            }
            return true;
        }
        inner.push(node);
        next = node.next_sibling();
    }
    false
}

/// The source after one place and before another; without the marks of quotes at the begin of lines.
fn between(lines: &[&str], from: LineColumn, to: LineColumn) -> Option<String> {
    let first = lines.get(from.line.checked_sub(1)?)?;
    if from.line == to.line {
        return first.get(from.column..to.column.checked_sub(1)?).map(str::to_owned);
    }
    if to.line < from.line || to.line - from.line > LINES {
        return None;
    }
    let mut text = first.get(from.column..)?.to_owned();
    let unquoted = |line: &str| line.trim_start_matches([' ', '\t', '>']).to_owned();
    for line in lines.get(from.line..to.line - 1)? {
        text.push('\n');
        text.push_str(&unquoted(line));
    }
    text.push('\n');
    text.push_str(&unquoted(lines.get(to.line - 1)?.get(..to.column.checked_sub(1)?)?));
    Some(text)
}

/// Puts a node's children in its place.
fn unwrap(node: Node<'_>) {
    while let Some(child) = node.first_child() {
        child.detach();
        node.insert_before(child);
    }
    node.detach();
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn brackets_with_backslashes_are_formulas() {
        let html = to_html("In \\(a_1 * b_2\\) and\n\n\\[ \\int_0^1 x^2\\,dx \\]\n");
        assert!(html.contains(">a_1 * b_2<"), "{html}");
        assert!(html.contains("> \\int_0^1 x^2\\,dx <"), "{html}");
        assert!(html.contains("style=\"inline\"") && html.contains("style=\"display\" data-sourcepos=\"3:"), "{html}");
        let html = to_html("> \\[\n> a\n> = b\n> \\]\n");
        assert!(html.contains("display") && html.contains("a\n= b"), "{html}");
    }

    #[test]
    fn other_escapes_stay_text() {
        for (markdown, text) in
            [("\\(a", "(a"), ("a \\) b \\(", "a ) b ("), ("\\*a\\*", "*a*"), ("\\(\\)", "()"), ("\\[\\\\\\]", "[\\]")]
        {
            let html = to_html(markdown);
            assert!(html.contains(&format!(">{text}</p>")) && !html.contains("span"), "{html}");
        }
        assert!(!to_html("`\\(a\\)`").contains("math"));
    }
}
