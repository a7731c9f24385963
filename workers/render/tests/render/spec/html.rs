//! The text of HTML in a printed document: what a browser shows, with the marks that the page adds.
//!
//! - White space is one space; blocks, cells and line breaks are apart.
//! - List items begin with their bullets (by depth) or numbers, check boxes are ☐ and ☑.
//! - A picture that is not attached shows its description, or else its name; the title of a picture alone in its
//!   paragraph is its caption.
//! - Comments, scripts, styles and other non-text show nothing. Raw HTML is parsed as a browser does.

use scraper::{ElementRef, Html, Node};

const POINTS: [&str; 3] = ["\u{2022}", "\u{2023}", "\u{2013}"];

/// With each white space as a single space.
pub fn text(html: &str) -> String {
    let html = Html::parse_document(html);
    let mut walk = Walk::default();
    walk.children(html.root_element(), 0);
    squeezed(&walk.out)
}

pub fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Default)]
struct Walk {
    out: String,
    figures: usize,
}

impl Walk {
    /// `lists`: the number of enclosing bulleted lists.
    fn children(&mut self, element: ElementRef<'_>, lists: usize) {
        for child in element.children() {
            match child.value() {
                Node::Text(text) => self.out.push_str(text),
                Node::Element(_) => {
                    if let Some(element) = ElementRef::wrap(child) {
                        self.element(element, lists);
                    }
                }
                _ => {}
            }
        }
    }

    fn element(&mut self, element: ElementRef<'_>, lists: usize) {
        let name = element.value().name();
        let apart = is_block(name);
        if apart {
            self.out.push('\n');
        }
        match name {
            "script" | "style" | "template" | "iframe" | "head" | "title" | "textarea" => {}
            "img" => self.picture(element),
            "input" if element.attr("type") == Some("checkbox") => self.out.push_str(check_box(element)),
            "ul" => self.pointed(element, lists),
            "ol" => self.numbered(element, lists),
            _ => self.children(element, lists),
        }
        if apart {
            self.out.push('\n');
        }
    }

    fn pointed(&mut self, list: ElementRef<'_>, lists: usize) {
        // In a task list the boxes are the bullets.
        let tasks = items(list).all(|item| begins_with_box(item));
        for item in items(list) {
            if !tasks {
                self.out.push_str(POINTS[lists % POINTS.len()]);
            }
            self.item(item, lists + 1);
        }
    }

    fn numbered(&mut self, list: ElementRef<'_>, lists: usize) {
        let start = list.attr("start").and_then(|start| start.parse::<usize>().ok()).unwrap_or(1);
        for (i, item) in items(list).enumerate() {
            self.out.push_str(&format!("{}.", start + i));
            self.item(item, lists);
        }
    }

    fn item(&mut self, item: ElementRef<'_>, lists: usize) {
        self.out.push('\n');
        self.children(item, lists);
        self.out.push('\n');
    }

    fn picture(&mut self, picture: ElementRef<'_>) {
        let name = picture.attr("src").unwrap_or_default().trim_start_matches(['.', '/']);
        let alt = picture.attr("alt").map(str::trim).filter(|alt| !alt.is_empty());
        self.out.push_str(alt.unwrap_or(name));
        if let Some(title) = picture.attr("title").filter(|_| is_alone(picture)) {
            self.figures += 1;
            self.out.push_str(&format!("\nFigure {}: {title}\n", self.figures));
        }
    }
}

fn items(list: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    list.child_elements().filter(|child| child.value().name() == "li")
}

fn begins_with_box(item: ElementRef<'_>) -> bool {
    let first = item.child_elements().next();
    let first = first.and_then(|first| match first.value().name() {
        "p" => first.child_elements().next(),
        _ => Some(first),
    });
    first.is_some_and(|first| first.value().name() == "input")
}

fn check_box(input: ElementRef<'_>) -> &'static str {
    if input.attr("checked").is_some() { "\u{2611}\n" } else { "\u{2610}\n" }
}

fn is_alone(picture: ElementRef<'_>) -> bool {
    let Some(around) = picture.parent().and_then(ElementRef::wrap) else { return false };
    around.value().name() == "p"
        && around.child_elements().count() == 1
        && around.text().all(|text| text.trim().is_empty())
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "blockquote"
            | "br"
            | "center"
            | "dd"
            | "details"
            | "div"
            | "dl"
            | "dt"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "hr"
            | "li"
            | "ol"
            | "p"
            | "pre"
            | "section"
            | "table"
            | "tbody"
            | "td"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}
