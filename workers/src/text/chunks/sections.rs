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

/// The sections of a text, in order. A section without text is left out if its heading is above another section, in its
/// path; if it is not, headings like it that follow each other are the text of a section, so that none is lost. But if
/// a document has only headings, its last heading is a section without text.
#[must_use]
pub fn sections(markdown: &str) -> Vec<Section> {
    let mut walk = Walk { markdown, path: Vec::new(), begin: 0, found: Vec::new(), bare: None };
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
    if walk.found.is_empty() && walk.bare.is_none() && !walk.path.is_empty() {
        let end = markdown.len();
        walk.found.push(Section { path: walk.titles(), range: end..end });
    } else {
        walk.close(0);
        walk.found.extend(walk.bare.take());
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

struct Heading {
    level: HeadingLevel,
    title: String,
    range: Range<usize>,
    /// It is in the path of a section.
    is_found: bool,
}

struct Walk<'a> {
    markdown: &'a str,
    path: Vec<Heading>,
    begin: usize,
    found: Vec<Section>,
    /// The last headings that are in no path, one after the other, with those above them.
    bare: Option<Section>,
}

impl Walk<'_> {
    fn titles(&self) -> Vec<String> {
        titles(&self.path)
    }

    fn leave(&mut self, end: usize) {
        if !self.markdown[self.begin..end].trim().is_empty() {
            self.found.extend(self.bare.take());
            self.path.iter_mut().for_each(|heading| heading.is_found = true);
            self.found.push(Section { path: self.titles(), range: self.begin..end });
        }
    }

    /// Removes the headings from this one on from the path. A heading without a section below it is a section of its own.
    fn close(&mut self, from: usize) {
        let first = (from..self.path.len()).find(|at| !self.path[*at].is_found);
        if let (Some(first), Some(last)) = (first, self.path.last()) {
            let range = self.path[first].range.start..last.range.end;
            let above = titles(&self.path[..first]);
            self.path[..first].iter_mut().for_each(|heading| heading.is_found = true);
            match &mut self.bare {
                Some(bare) if bare.path == above && self.markdown[bare.range.end..range.start].trim().is_empty() => {
                    bare.range.end = range.end;
                }
                bare => self.found.extend(bare.replace(Section { path: above, range })),
            }
        }
        self.path.truncate(from);
    }

    fn enter(&mut self, level: HeadingLevel, range: Range<usize>, text: &str) {
        self.leave(range.start);
        let title = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let is_cut = title.chars().count() > HEADING;
        self.begin = if is_cut { range.start } else { range.end };
        let same = self.path.iter().rposition(|above| above.level < level).map_or(0, |above| above + 1);
        self.close(same);
        let title: String = title.chars().take(HEADING).collect();
        if !title.is_empty() {
            self.path.push(Heading { level, title, range, is_found: is_cut });
        }
    }
}

fn titles(path: &[Heading]) -> Vec<String> {
    path.iter().map(|heading| heading.title.clone()).collect()
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
    fn headings_without_text_are_not_lost() {
        // A heading is above another section, or it is text.
        let found = of("# Bees\n\n### A quotation\n\n### Another\n\n## Hives\n\nOf wood.\n\n## Honey\n\n## Wax\n");
        let expected = [
            pair("Bees", "### A quotation\n\n### Another"),
            pair("Bees > Hives", "Of wood."),
            pair("Bees", "## Honey\n\n## Wax"),
        ];
        assert_eq!(found, expected);
        let found = of("# A\n\n## B\n\n# C\n\n## D\n\n## E\n\nText.\n\n# F");
        assert_eq!(found, [pair("", "# A\n\n## B"), pair("C", "## D"), pair("C > E", "Text."), pair("", "# F")]);
        assert_eq!(of("# A\n\n# B\n"), [pair("", "# A\n\n# B")]);
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
