//! Names of HTML's elements.

use ego_tree::NodeRef;
use scraper::Node;

pub(super) const HEADINGS: [&str; 6] = ["h1", "h2", "h3", "h4", "h5", "h6"];

const INLINE: [&str; 44] = [
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "button", "cite", "code", "data", "del", "dfn", "em", "font",
    "i", "img", "ins", "kbd", "label", "mark", "math", "nobr", "output", "picture", "q", "rb", "rp", "rt", "ruby", "s",
    "samp", "script", "slot", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var",
];

/// Whether it stands within a line. Elements of one's own making do, as in CSS.
pub(super) fn is_inline(name: &str) -> bool {
    INLINE.contains(&name) || name == "wbr" || name.contains('-')
}

pub(super) fn is_one_of(node: NodeRef<'_, Node>, names: &[&str]) -> bool {
    matches!(node.value(), Node::Element(element) if names.contains(&element.name()))
}
