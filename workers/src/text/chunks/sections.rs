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

/// Which of the headings above a text, the innermost ones, are its path.
pub type Fit<'a> = dyn Fn(&[String]) -> usize + 'a;

/// The sections of a text, in order. A section without text is left out if its heading is above another section, in its
/// path; if it is not, headings like it that follow each other are the text of a section, so that none is lost. So are
/// those for which `fit` leaves no room in the path. But if a document has only headings, its last heading is a section
/// without text.
#[must_use]
pub fn sections(markdown: &str, fit: &Fit<'_>) -> Vec<Section> {
    let mut walk = Walk { markdown, path: Vec::new(), begin: 0, found: Vec::new(), bare: None, fit };
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
    let fits = !walk.path.is_empty() && walk.fitting().len() == walk.path.len();
    if walk.found.is_empty() && walk.bare.is_none() && fits {
        let end = markdown.len();
        walk.found.push(Section { path: titles(&walk.path), range: end..end });
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
    fit: &'a Fit<'a>,
}

impl Walk<'_> {
    /// The headings of the path that have room in it.
    fn fitting(&self) -> std::ops::Range<usize> {
        let titles: Vec<String> = self.path.iter().map(|heading| heading.title.clone()).collect();
        self.path.len() - (self.fit)(&titles).min(titles.len())..self.path.len()
    }

    fn leave(&mut self, end: usize) {
        if self.markdown[self.begin..end].trim().is_empty() {
            return;
        }
        self.found.extend(self.bare.take());
        let fitting = self.fitting();
        let mut begin = self.begin;
        for (at, heading) in self.path.iter_mut().enumerate() {
            match heading {
                Heading { is_found: false, range, .. } if at < fitting.start && range.end == begin => {
                    begin = range.start
                }
                Heading { is_found: false, range, .. } if at < fitting.start => {
                    self.found.push(Section { path: Vec::new(), range: range.clone() });
                }
                _ => {}
            }
            heading.is_found = true;
        }
        self.found.push(Section { path: titles(&self.path[fitting]), range: begin..end });
    }

    /// Removes the headings from this one on from the path. A heading without a section below it is a section of its own.
    fn close(&mut self, from: usize) {
        let first = (from..self.path.len()).find(|at| !self.path[*at].is_found);
        if let (Some(first), Some(last)) = (first, self.path.last()) {
            let range = self.path[first].range.start..last.range.end;
            let fitting = self.fitting().start.min(first);
            let above = titles(&self.path[fitting..first]);
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

/// A heading that repeats the one above it, as the title below a cover does, is one.
fn titles(path: &[Heading]) -> Vec<String> {
    let mut titles: Vec<String> = path.iter().map(|heading| heading.title.clone()).collect();
    titles.dedup_by_key(|title| title.to_lowercase());
    titles
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(markdown: &str) -> Vec<(String, String)> {
        let found = sections(markdown, &<[String]>::len);
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

    #[test]
    fn a_heading_without_room_in_the_path_is_text() {
        let text =
            "# One two three\n\n## Four\n\nA.\n\n## Five six\n\n### Seven eight nine\n\nB.\n\n# Ten eleven twelve\n";
        let fit = |titles: &[String]| {
            let taken = titles.iter().rev().scan(0, |words, title| {
                *words += title.split(' ').count();
                Some(*words)
            });
            taken.take_while(|words| *words < 3).count()
        };
        let found: Vec<_> = sections(text, &fit)
            .into_iter()
            .map(|one| (one.path.join(" > "), text[one.range].trim().to_owned()))
            .collect();
        let expected = [
            pair("", "# One two three"),
            pair("Four", "A."),
            pair("", "## Five six"),
            pair("", "### Seven eight nine\n\nB."),
            pair("", "# Ten eleven twelve"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_title_that_is_repeated_below_itself_is_in_the_path_once() {
        assert_eq!(of("# On Bees\n\n## On bees\n\n### Hives\n\nA.\n"), [pair("On Bees > Hives", "A.")]);
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
