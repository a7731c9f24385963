//! Splits Markdown into sections with the path of headings above each, because a chunk such as "It takes two weeks."
//! means nothing without its headings. Only Markdown headings count: a `#` in a code block does not.

use std::ops::Range;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// Longest heading of a path, in characters; the rest is cut, and the whole heading is text of its section.
const HEADING: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The headings above it, outermost first; empty before the first heading.
    pub path: Vec<String>,
    /// Position of the text in the document, in bytes, without the heading.
    pub range: Range<usize>,
}

/// The sections of a text, in order. Sections without text are left out; but if a document has only headings, its
/// last heading is a section without text.
#[must_use]
pub fn sections(markdown: &str) -> Vec<Section> {
    let mut walk = Walk { markdown, path: Vec::new(), begin: 0, found: Vec::new() };
    let mut heading: Option<(HeadingLevel, usize, String)> = None;
    let options = Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    for (event, range) in Parser::new_ext(markdown, options).into_offset_iter() {
        match (event, &mut heading) {
            (Event::End(TagEnd::MetadataBlock(_)), _) => walk.begin = range.end,
            (Event::Start(Tag::Heading { level, .. }), _) => heading = Some((level, range.start, String::new())),
            (Event::End(TagEnd::Heading(_)), Some(_)) => {
                if let Some((level, start, text)) = heading.take() {
                    walk.enter(level, start..range.end, &text);
                }
            }
            (Event::Text(text) | Event::Code(text), Some((_, _, heading))) => heading.push_str(&text),
            (Event::SoftBreak | Event::HardBreak, Some((_, _, heading))) => heading.push(' '),
            (Event::InlineHtml(tag), Some((_, _, heading))) => match is_markup(&tag) {
                true if tag.starts_with("<br") => heading.push(' '),
                true => {}
                // `List<Integer>` has no tag but a word.
                false => heading.push_str(&tag),
            },
            _ => {}
        }
    }
    walk.leave(markdown.len());
    if walk.found.is_empty() && !walk.path.is_empty() {
        let end = markdown.len();
        walk.found.push(Section { path: walk.titles(), range: end..end });
    }
    walk.found
}

/// The elements that authors write in headings.
const MARKUP: [&str; 22] = [
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "s", "small",
    "span", "strong", "sub", "sup", "u", "wbr",
];

/// Whether a tag is HTML, and no word in angle brackets. A name in capitals is one of a type.
fn is_markup(tag: &str) -> bool {
    let Some(name) = tag.strip_prefix("</").or_else(|| tag.strip_prefix('<')) else { return true };
    let name = name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
    // Comments and the like have no name.
    name.is_empty() || MARKUP.contains(&name)
}

struct Walk<'a> {
    markdown: &'a str,
    path: Vec<(HeadingLevel, String)>,
    begin: usize,
    found: Vec<Section>,
}

impl Walk<'_> {
    fn titles(&self) -> Vec<String> {
        self.path.iter().map(|(_, title)| title.clone()).collect()
    }

    fn leave(&mut self, end: usize) {
        if !self.markdown[self.begin..end].trim().is_empty() {
            self.found.push(Section { path: self.titles(), range: self.begin..end });
        }
    }

    fn enter(&mut self, level: HeadingLevel, heading: Range<usize>, text: &str) {
        self.leave(heading.start);
        let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_cut = title.chars().count() > HEADING;
        self.begin = if is_cut { heading.start } else { heading.end };
        while self.path.last().is_some_and(|(above, _)| *above >= level) {
            self.path.pop();
        }
        let title: String = title.chars().take(HEADING).collect();
        if !title.is_empty() {
            self.path.push((level, title));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(markdown: &str) -> Vec<(String, String)> {
        let found = sections(markdown);
        found.into_iter().map(|one| (one.path.join(" > "), markdown[one.range].trim().to_owned())).collect()
    }

    #[test]
    fn a_long_heading_is_text_too() {
        let heading = format!("# {}last", "word ".repeat(100));
        let found = of(&format!("{heading}\n\nText.\n\n# Short\n\nMore."));
        assert_eq!(found[0].0.chars().count(), 200);
        assert!(found[0].1.contains("last\n\nText."), "{found:?}");
        assert_eq!(found[1], pair("Short", "More."));
    }

    fn pair(path: &str, text: &str) -> (String, String) {
        (path.to_owned(), text.to_owned())
    }

    #[test]
    fn a_section_knows_all_headings_above_it() {
        let text = "Before.\n\n# Bees\n\nA.\n\n## Hives\n\n### Of *wood*\n\nB.\n\n## Honey\n\nC.\n\n# Wasps\n\nD.\n";
        let expected = [
            pair("", "Before."),
            pair("Bees", "A."),
            pair("Bees > Hives > Of wood", "B."),
            pair("Bees > Honey", "C."),
            pair("Wasps", "D."),
        ];
        assert_eq!(of(text), expected);
    }

    #[test]
    fn only_markdowns_headings_are_headings() {
        let text = "Setext\n======\n\n```sh\n# not one\n```\n\n    # nor this\n";
        assert_eq!(of(text), [pair("Setext", "```sh\n# not one\n```\n\n    # nor this")]);
    }

    #[test]
    fn a_level_that_is_skipped_does_no_harm() {
        assert_eq!(of("### C\n\nc\n\n# A\n\na\n"), [pair("C", "c"), pair("A", "a")]);
    }

    #[test]
    fn a_document_of_headings_only_is_not_lost() {
        assert_eq!(of("# A\n\n## B\n"), [pair("A > B", "")]);
        assert_eq!(of(""), []);
        assert_eq!(of(" \n\n"), []);
    }
}
