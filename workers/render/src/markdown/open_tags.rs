//! Closes inline tags at the end of their block. A browser would leave them open to the end of the document.

use comrak::{
    Arena,
    nodes::{AstNode, Node, NodeValue},
};

/// Elements that HTML reopens in the blocks after theirs, and others among words.
const NAMES: [&str; 30] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "label",
    "mark", "nobr", "q", "s", "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
];

/// Adds the end tags that are missing, and takes those out that end nothing.
pub fn close<'a>(arena: &'a Arena<'a>, root: Node<'a>) {
    let blocks: Vec<Node<'a>> = root
        .descendants()
        .filter(|node| {
            node.data().value.block()
                && node.children().any(|child| matches!(child.data().value, NodeValue::HtmlInline(_)))
        })
        .collect();
    for block in blocks {
        let mut open: Vec<&str> = Vec::new();
        for piece in block.children() {
            let data = piece.data();
            let NodeValue::HtmlInline(html) = &data.value else { continue };
            match tag(html) {
                Some((name, false)) => open.push(name),
                Some((name, true)) => {
                    if let Some(at) = open.iter().rposition(|known| *known == name) {
                        open.remove(at);
                    }
                }
                None => {}
            }
        }
        for name in open.into_iter().rev() {
            block.append(arena.alloc(AstNode::from(NodeValue::HtmlInline(format!("</{name}>")))));
        }
    }
}

/// The name of an inline element's tag, and whether it is an end tag.
fn tag(html: &str) -> Option<(&'static str, bool)> {
    let rest = html.strip_prefix('<')?;
    let (rest, is_end) = rest.strip_prefix('/').map_or((rest, false), |rest| (rest, true));
    let name: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let name = NAMES.iter().find(|known| **known == name)?;
    (!html.ends_with("/>")).then_some((*name, is_end))
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn an_open_inline_tag_ends_with_its_block() {
        let html = to_html("- one\n- two <b>bold <I class=x>and\n- three\n\nAfter.\n");
        assert!(html.contains("two <b>bold <I class=x>and</i></b></li>"), "{html}");
        let html = to_html("a <b>b</b> <span/> <br> <div>c\n");
        assert!(html.contains("a <b>b</b> <span/> <br> <div>c</p>"), "{html}");
    }
}
