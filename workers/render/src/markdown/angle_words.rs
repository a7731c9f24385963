//! Shows words in angle brackets that name no element of HTML: `List<Integer>`, `<Enter>`.

use std::collections::HashSet;

use comrak::nodes::{Node, NodeValue};

use super::tags;

/// Makes text of tags that name no element. Those with attributes, and their end tags, stay: they are of some other
/// markup. So does what is in `<svg>`.
pub fn read(root: Node<'_>) {
    let mut reader = Reader::default();
    for node in root.descendants() {
        let shown = match &mut node.data_mut().value {
            NodeValue::HtmlInline(html) => (!reader.words(html).is_empty()).then(|| std::mem::take(html)),
            NodeValue::HtmlBlock(html) => {
                for at in reader.words(&html.literal).into_iter().rev() {
                    html.literal.replace_range(at..=at, "&lt;");
                }
                None
            }
            _ => None,
        };
        if let Some(shown) = shown {
            node.data_mut().value = NodeValue::Text(shown.into());
        }
    }
}

#[derive(Default)]
struct Reader {
    around: tags::Around,
    /// Names of tags with attributes.
    others: HashSet<String>,
}

impl Reader {
    /// Where words in angle brackets begin.
    fn words(&mut self, html: &str) -> Vec<usize> {
        let mut words = Vec::new();
        for tag in tags::of(html) {
            let name = &html[tag.name.clone()];
            if !self.around.is_outside(name, tag.is_end) || tags::is_known(name) {
                continue;
            }
            let is_alone = html[tag.name.end..tag.at.end].trim_end_matches('>').trim().is_empty();
            match is_alone && !(tag.is_end && self.others.contains(name)) {
                true => words.push(tag.at.start),
                false => drop(self.others.insert(name.to_owned())),
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use crate::markdown::to_html;

    #[test]
    fn words_in_angle_brackets_are_text() {
        let html = to_html("A `x` List<Integer> and Map<Key,Value>, press <Enter> or </closing> <your-name>.\n");
        for shown in
            ["List&lt;Integer&gt;", "Map&lt;Key,Value&gt;", "&lt;Enter&gt;", "&lt;/closing&gt;", "&lt;your-name&gt;"]
        {
            assert!(html.contains(shown), "{shown} in {html}");
        }
        let html = to_html("<Enter>\n\n<div>\nList<Integer> <b>b</b>\n</div>\n");
        assert!(html.contains("&lt;Enter>") && html.contains("List&lt;Integer>") && html.contains("<b"), "{html}");
    }

    #[test]
    fn elements_stay() {
        for html in [
            "a <KBD>b</KBD> <br/>",
            "a <svg><path d=\"M0 0\"/><g></g></svg> b",
            "<Tabs x=\"y\">a</Tabs> <Image/>",
            "<svg>\n\n<g>\n</g>\n</svg>\n",
        ] {
            assert!(!to_html(html).contains("&lt;"), "{html}: {}", to_html(html));
        }
    }
}
