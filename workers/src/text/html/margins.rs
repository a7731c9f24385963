//! What surrounds the content of a page: navigation, headers and footers, notices, and blocks of mere links.

use ego_tree::NodeRef;
use scraper::{Node, node::Element};

use super::{measure::Stats, names::is_one_of};

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
const NOTICES: [&str; 22] = [
    "ad",
    "ads",
    "advert",
    "advertisement",
    "consent",
    "cookie",
    "cookies",
    "foot",
    "footer",
    "gdpr",
    "modal",
    "navbar",
    "newsletter",
    "outbrain",
    "popup",
    "promo",
    "recommended",
    "related",
    "sidebar",
    "sponsored",
    "taboola",
    "trending",
];
/// Words in the class or id of what is no content where it has no sentence.
const BUTTONS: [&str; 9] =
    ["breadcrumb", "breadcrumbs", "pager", "pagination", "share", "sharing", "skip", "social", "socials"];
/// Words in the class or id of what is no content where half of it is links.
const MENUS: [&str; 10] =
    ["header", "links", "masthead", "menu", "menubar", "nav", "navigation", "toc", "toolbar", "topbar"];
const BLOCKS: [&str; 13] =
    ["center", "dd", "div", "dl", "fieldset", "ol", "p", "section", "table", "tbody", "td", "tr", "ul"];
const ROOTS: [&str; 4] = ["html", "body", "main", "article"];

#[derive(Clone, Copy)]
pub(super) struct Margins {
    /// The length of the text of the part that is read.
    pub(super) all: usize,
    /// The places of the first and of the last sentence.
    pub(super) span: (usize, usize),
}

impl Margins {
    pub(super) fn is_margin(&self, node: NodeRef<'_, Node>, element: &Element, stats: &Stats) -> bool {
        self.is_navigation(node, element, stats) || self.is_named(element, stats)
    }

    /// By its element or role.
    pub(super) fn is_navigation(&self, node: NodeRef<'_, Node>, element: &Element, stats: &Stats) -> bool {
        let role = element.attr("role").unwrap_or_default();
        match element.name() {
            _ if ROLES.contains(&role) => true,
            "nav" => true,
            "aside" => role != "note" && !words(element).any(|word| NOTES.contains(&word.as_str())),
            "header" => is_of_page(node) && is_without_title(stats),
            _ if role == "banner" => is_without_title(stats),
            // A quotation's footer is its source.
            "footer" => !node.parent().is_some_and(|above| is_one_of(above, &["blockquote", "figure"])),
            "form" => stats.plain() < FORM && stats.text * 4 < self.all,
            _ => false,
        }
    }

    /// By a word in its class or id.
    fn is_named(&self, element: &Element, stats: &Stats) -> bool {
        if ROOTS.contains(&element.name()) || stats.first_headings > 0 || stats.text == 0 {
            return false;
        }
        let is_small = stats.plain() * 4 < self.all;
        let is_menu = stats.links >= 2 && stats.links_are(50);
        (is_small || is_menu)
            && words(element).any(|word| {
                let word = word.as_str();
                (is_small && NOTICES.contains(&word))
                    || (is_small && stats.sentences == 0 && BUTTONS.contains(&word))
                    || (is_menu && MENUS.contains(&word))
            })
    }

    /// Blocks of links before and after the text, and menus in it.
    pub(super) fn is_of_links(&self, node: NodeRef<'_, Node>, element: &Element, stats: &Stats) -> bool {
        let (first, last) = self.span;
        if stats.sentences > 0
            || stats.first_headings > 0
            || stats.links < 2
            || !stats.links_are(70)
            || !BLOCKS.contains(&element.name())
        {
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
