//! What surrounds the content of a page: navigation, headers and footers, notices, and blocks of mere links.

use ego_tree::NodeRef;
use scraper::{Node, node::Element};

use super::{
    measure::{Measure, Stats},
    names::is_one_of,
};

/// The text outside of links of a form that is content.
const FORM: usize = 250;
/// The longest text of a link in a menu, on average.
const ITEM: usize = 25;
/// How far above an element its section is looked for.
const ABOVE: usize = 64;

const ROLES: [&str; 11] = [
    "alertdialog",
    "complementary",
    "contentinfo",
    "dialog",
    "menu",
    "menubar",
    "navigation",
    "search",
    "tablist",
    "toolbar",
    "tooltip",
];
/// Classes of an `aside` that belongs to the text.
const NOTES: [&str; 10] =
    ["admonition", "callout", "caution", "danger", "hint", "important", "info", "note", "tip", "warning"];
/// Words in the class or id of what is no content, unless it has a large share of the text.
const NOTICES: [&str; 26] = [
    "ad",
    "ads",
    "advert",
    "advertisement",
    "breadcrumb",
    "breadcrumbs",
    "consent",
    "cookie",
    "cookies",
    "foot",
    "footer",
    "gdpr",
    "modal",
    "navbar",
    "newsletter",
    "pager",
    "pagination",
    "popup",
    "promo",
    "share",
    "sharing",
    "sidebar",
    "skip",
    "social",
    "socials",
    "sponsored",
];
/// Words in the class or id of what is no content where half of it is links.
const MENUS: [&str; 10] =
    ["header", "links", "masthead", "menu", "menubar", "nav", "navigation", "toc", "toolbar", "topbar"];
const BLOCKS: [&str; 13] =
    ["center", "dd", "div", "dl", "fieldset", "ol", "p", "section", "table", "tbody", "td", "tr", "ul"];
const ROOTS: [&str; 4] = ["html", "body", "main", "article"];

#[derive(Clone, Copy)]
pub(super) struct Margins<'a> {
    pub(super) measure: &'a Measure,
    /// The length of the text of the part that is read.
    pub(super) all: usize,
    /// The places of the first and of the last sentence.
    pub(super) span: (usize, usize),
}

impl Margins<'_> {
    pub(super) fn is_margin(&self, node: NodeRef<'_, Node>, element: &Element) -> bool {
        self.is_navigation(node, element) || self.is_named(node, element)
    }

    /// By its element or role.
    pub(super) fn is_navigation(&self, node: NodeRef<'_, Node>, element: &Element) -> bool {
        let stats = self.measure.stats(node.id());
        let role = element.attr("role").unwrap_or_default();
        match element.name() {
            _ if ROLES.contains(&role) => true,
            "nav" => true,
            "aside" => role != "note" && !words(element).any(|word| NOTES.contains(&word.as_str())),
            "header" => is_of_page(node) && is_without_title(&stats),
            _ if role == "banner" => is_without_title(&stats),
            // A quotation's footer is its source.
            "footer" => !node.parent().is_some_and(|above| is_one_of(above, &["blockquote", "figure"])),
            "form" => stats.plain() < FORM && stats.text * 4 < self.all,
            _ => false,
        }
    }

    /// By a word in its class or id.
    fn is_named(&self, node: NodeRef<'_, Node>, element: &Element) -> bool {
        let stats = self.measure.stats(node.id());
        if ROOTS.contains(&element.name()) || stats.first_headings > 0 || stats.text == 0 {
            return false;
        }
        let is_small = stats.plain() * 4 < self.all;
        let is_menu = stats.links >= 2 && stats.links_are(50);
        (is_small || is_menu)
            && words(element).any(|word| {
                let word = word.as_str();
                (is_small && NOTICES.contains(&word)) || (is_menu && MENUS.contains(&word))
            })
    }

    /// Blocks of links before and after the text, and menus in it.
    pub(super) fn is_of_links(&self, node: NodeRef<'_, Node>, element: &Element) -> bool {
        let stats = self.measure.stats(node.id());
        let (first, last) = self.span;
        let is_block = BLOCKS.contains(&element.name());
        if !is_block || stats.sentences > 0 || stats.first_headings > 0 || stats.links < 2 || !stats.links_are(70) {
            return false;
        }
        if stats.end < first || stats.begin > last {
            return true;
        }
        let is_menu = stats.links >= 5 && stats.links_are(80) && stats.linked <= stats.links * ITEM;
        is_menu && !matches!(element.name(), "p" | "td" | "tr") && !follows_text(node)
    }
}

fn is_of_page(node: NodeRef<'_, Node>) -> bool {
    !node.ancestors().take(ABOVE).any(|above| is_one_of(above, &["article", "main", "section"]))
}

fn is_without_title(stats: &Stats) -> bool {
    stats.first_headings == 0 || stats.links_are(50)
}

/// Whether a paragraph comes before it, which the list belongs to.
fn follows_text(node: NodeRef<'_, Node>) -> bool {
    node.prev_siblings().find(|before| before.value().is_element()).is_some_and(|before| is_one_of(before, &["p"]))
}

/// The words of an element's classes and id, in lower case: `site`, `Footer` of `siteFooter`.
fn words(element: &Element) -> impl Iterator<Item = String> {
    let names = [element.attr("class"), element.attr("id")];
    names.into_iter().flatten().flat_map(|name| name.split(|c: char| !c.is_alphanumeric())).flat_map(|name| {
        let mut words = vec![String::new()];
        let mut was_lower = false;
        for letter in name.chars().take(64) {
            if letter.is_uppercase() && was_lower {
                words.push(String::new());
            }
            was_lower = letter.is_lowercase();
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        words
    })
}
