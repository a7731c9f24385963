//! Converts HTML to Markdown: headings, paragraphs, lists, tables, quotes and code; links and images become their
//! text. html5ever parses any input like a browser. The tree is walked iteratively, so its depth is unlimited, and
//! what nesting adds to a line is bounded.

use ego_tree::{NodeRef, iter::Edge};
use scraper::{ElementRef, Html, Node, node::Element};

use super::extracted::{Extracted, plain_line};

/// Lists and quotes nested deeper are not distinguished.
const DEPTH: usize = 8;

const LEFT_OUT: [&str; 22] = [
    "aside", "audio", "button", "canvas", "datalist", "dialog", "embed", "footer", "form", "head", "iframe", "input",
    "map", "nav", "noscript", "object", "script", "select", "style", "svg", "template", "video",
];

const INLINE: [&str; 30] = [
    "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins", "kbd",
    "label", "mark", "q", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "u", "var",
];

pub(crate) fn extract(html: &str) -> Extracted {
    let html = Html::parse_document(html);
    let mut writer = Writer::default();
    let mut left_out = None;
    for edge in main(&html).traverse() {
        match edge {
            Edge::Open(node) if left_out.is_none() => match node.value() {
                Node::Text(text) => writer.text(text),
                Node::Element(element) if is_left_out(element) => left_out = Some(node.id()),
                Node::Element(element) => writer.open(element),
                _ => {}
            },
            Edge::Close(node) if left_out == Some(node.id()) => left_out = None,
            Edge::Close(node) if left_out.is_none() => {
                if let Node::Element(element) = node.value() {
                    writer.close(element.name());
                }
            }
            Edge::Open(_) | Edge::Close(_) => {}
        }
    }
    writer.paragraph();
    Extracted { title: title(&html), markdown: writer.out, warnings: Vec::new() }
}

/// The main content: the only `main`, else the only `article`, else everything.
fn main(html: &Html) -> NodeRef<'_, Node> {
    let root = html.root_element();
    let only = |wanted: &dyn Fn(&Element) -> bool| {
        let mut found = root.descendent_elements().filter(|element| wanted(element.value()));
        let first = found.next();
        first.filter(|_| found.next().is_none()).map(|element| *element)
    };
    let by_role = only(&|element| element.name() == "main" || element.attr("role") == Some("main"));
    by_role.or_else(|| only(&|element| element.name() == "article")).unwrap_or(*root)
}

fn title(html: &Html) -> Option<String> {
    let mut elements = html.root_element().descendent_elements();
    let found: ElementRef<'_> = elements.find(|element| element.value().name() == "title")?;
    let title = found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    (!title.is_empty()).then_some(title)
}

fn is_left_out(element: &Element) -> bool {
    LEFT_OUT.contains(&element.name())
        || element.attr("hidden").is_some()
        || element.attr("aria-hidden") == Some("true")
}

/// The next item's number in an ordered list.
type List = Option<u32>;

#[derive(Default)]
struct Writer {
    out: String,
    line: String,
    lists: Vec<List>,
    quotes: usize,
    /// The list marker for the next block, used once.
    mark: Option<String>,
    heading: Option<usize>,
    program: Option<String>,
    row: Option<Vec<String>>,
    rows: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if let Some(program) = &mut self.program {
            program.push_str(text);
            return;
        }
        for (number, word) in text.split(char::is_whitespace).enumerate() {
            if number > 0 && !self.line.is_empty() && !self.line.ends_with([' ', '\n']) {
                self.line.push(' ');
            }
            self.line.push_str(word);
        }
    }

    fn open(&mut self, element: &Element) {
        let name = element.name();
        match name {
            "br" => match &mut self.program {
                Some(program) => program.push('\n'),
                None => self.line.push('\n'),
            },
            "img" => {
                if let Some(words) = element.attr("alt") {
                    self.text(&format!(" {words} "));
                }
            }
            "td" | "th" if self.row.is_some() => self.line.clear(),
            name if INLINE.contains(&name) => {}
            // Blocks within a cell are joined to one line.
            _ if self.row.is_some() => self.text(" "),
            _ => {
                self.paragraph();
                self.begin(name);
            }
        }
    }

    fn begin(&mut self, name: &str) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = name[1..].parse().ok(),
            "ul" | "menu" => self.lists.push(None),
            "ol" => self.lists.push(Some(1)),
            "li" => {
                self.mark = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "- ".to_owned(),
                });
            }
            "blockquote" => self.quotes += 1,
            "pre" => self.program = Some(String::new()),
            "table" => self.rows = 0,
            "tr" => self.row = Some(Vec::new()),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "td" | "th" if self.row.is_some() => {
                let cell = std::mem::take(&mut self.line).split_whitespace().collect::<Vec<_>>().join(" ");
                if let Some(row) = &mut self.row {
                    row.push(cell.replace('|', "\\|"));
                }
            }
            "tr" => self.row_ends(),
            "pre" => self.program_ends(),
            "br" | "img" => {}
            name if INLINE.contains(&name) => {}
            _ if self.row.is_some() => self.text(" "),
            _ => {
                self.paragraph();
                match name {
                    "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.heading = None,
                    "ul" | "menu" | "ol" => drop(self.lists.pop()),
                    "li" => self.mark = None,
                    "blockquote" => self.quotes = self.quotes.saturating_sub(1),
                    _ => {}
                }
            }
        }
    }

    fn paragraph(&mut self) {
        let text = std::mem::take(&mut self.line);
        let text = text.trim();
        if text.is_empty() {
            return;
        }
        let block = match self.heading {
            // A heading is one line.
            Some(level) => format!("{} {}", "#".repeat(level), text.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => text.lines().map(|line| plain_line(line.trim())).collect::<Vec<_>>().join("\n"),
        };
        self.block(&block);
    }

    fn row_ends(&mut self) {
        let cells = self.row.take().unwrap_or_default();
        self.line.clear();
        if cells.iter().all(String::is_empty) {
            return;
        }
        let row = format!("| {} |", cells.join(" | "));
        self.rows += 1;
        match self.rows {
            1 => self.block(&format!("{row}\n|{}", " --- |".repeat(cells.len()))),
            // Rows follow each other without an empty line.
            _ => {
                let prefix = self.prefix();
                if self.out.ends_with("\n\n") {
                    self.out.pop();
                }
                self.out.push_str(&format!("{prefix}{row}\n\n"));
            }
        }
    }

    fn program_ends(&mut self) {
        let program = self.program.take().unwrap_or_default();
        if program.trim().is_empty() {
            return;
        }
        let longest = program.lines().map(|line| line.chars().take_while(|c| *c == '`').count()).max().unwrap_or(0);
        let fence = "`".repeat(longest.clamp(2, 64) + 1);
        self.block(&format!("{fence}\n{}\n{fence}", program.trim_matches('\n')));
    }

    /// The prefix of each line, from the enclosing lists and quotes.
    fn prefix(&self) -> String {
        let quotes = "> ".repeat(self.quotes.min(DEPTH));
        quotes + &"  ".repeat(self.lists.len().min(DEPTH))
    }

    fn block(&mut self, block: &str) {
        let prefix = self.prefix();
        let mark = self.mark.take();
        for (number, line) in block.lines().enumerate() {
            match (&mark, number) {
                // The marker replaces the list's indentation.
                (Some(mark), 0) => {
                    self.out.push_str(&format!("{}{mark}{line}", &prefix[..prefix.len() - 2.min(prefix.len())]))
                }
                _ => self.out.push_str(&format!("{prefix}{line}")),
            }
            self.out.push('\n');
        }
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn markdown(html: &str) -> String {
        extract(html).markdown.trim().to_owned()
    }

    #[test]
    fn what_a_page_says_is_markdown() {
        let page = "<!DOCTYPE html><title> About\nbees </title><body><nav>Menu</nav><main><h1>Bees</h1>\
            <p>They <b>fly</b>,\n and <a href='/x'>work</a>.<br>Also &lt;here&gt;.<script>alert(1)</script></p>\
            <ul><li>Wax<li>Honey<ol><li>dark</li><li>light</li></ol></li></ul>\
            <blockquote><p>Buzz.</p></blockquote><pre><code>let x = 1;\n  y\n</code></pre>\
            <table><tr><th>Hive<th>Bees</tr><tr><td>A|1<td><p>20</p></td></tr></table>\
            <style>p{}</style><p hidden>No.</p><p># not a heading</p></main><footer>Imprint</footer>";
        let found = extract(page);
        assert_eq!(found.title.as_deref(), Some("About bees"));
        let expected = "# Bees\n\nThey fly, and work.\nAlso <here>.\n\n- Wax\n\n- Honey\n\n  1. dark\n\n  2. light\n\n\
            > Buzz.\n\n```\nlet x = 1;\n  y\n```\n\n| Hive | Bees |\n| --- | --- |\n| A\\|1 | 20 |\n\n\\# not a heading";
        assert_eq!(found.markdown.trim(), expected);
    }

    #[test]
    fn a_page_without_a_main_part_is_read_whole() {
        assert_eq!(markdown("<div>One</div><div>Two <span>three</span></div>"), "One\n\nTwo three");
        assert_eq!(markdown("just text"), "just text");
        assert_eq!(markdown("<article>A</article><article>B</article>"), "A\n\nB");
        assert_eq!(markdown("<script>x</script>"), "");
    }

    #[test]
    fn no_depth_and_no_brokenness_stops_it() {
        let deep = format!("{}deep{}", "<div><ul><li>".repeat(3_000), "</li>".repeat(7));
        let found = markdown(&deep);
        assert!(found.ends_with("deep") && found.len() < 100, "{}", found.len());
        for broken in ["<", "</p", "<table><p>x<td>y", "<li>x</ol></blockquote>y", "<pre>x", "<h1>a<h2>b", "<tr><td>z"]
        {
            markdown(broken);
        }
        let many = markdown(&"<ul><li>x".repeat(2_000));
        assert!(many.len() < 2_000 * 40, "{}", many.len());
    }
}
