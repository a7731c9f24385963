mod bounds;
mod browsers;
mod cascading;
mod counters;
mod manual;
mod pages;
mod parsing;
mod properties;
mod variables;
mod warnings;

use scraper::{ElementRef, Html, Selector};

use super::{Page, Sheet, Style, Styles, cascade, page};
use crate::Warnings;

/// A document with its styles and its warnings as `source:line: message`.
struct Styled {
    html: Html,
    styles: Styles,
    warnings: Vec<String>,
}

fn lines(warnings: Warnings) -> Vec<String> {
    let line = |line: Option<u32>| line.map_or_else(|| "-".to_owned(), |line| line.to_string());
    warnings.into_vec().into_iter().map(|w| format!("{}:{}: {}", w.source, line(w.line), w.message)).collect()
}

/// A document of 10 pt with one sheet.
fn styled(html: &str, css: &str) -> Styled {
    let mut warnings = Warnings::default();
    let sheet = Sheet::parse(css, "css", &mut warnings);
    let html = Html::parse_document(html);
    let styles = cascade(&html, &[sheet], 10.0, &mut warnings);
    Styled { html, styles, warnings: lines(warnings) }
}

impl Styled {
    /// The texts of `::before` of all elements that a selector finds.
    fn before(&self, selector: &str) -> Vec<String> {
        let found = self.html.select(&Selector::parse(selector).unwrap()).collect::<Vec<_>>();
        let text = |element: &ElementRef<'_>| self.styles.before(element.id(), element.value()).map(|(text, _)| text);
        found.iter().map(|element| text(element).unwrap_or_default()).collect()
    }

    fn element(&self, selector: &str) -> ElementRef<'_> {
        self.html.select(&Selector::parse(selector).unwrap()).next().unwrap()
    }

    fn style(&self, selector: &str) -> Style {
        self.styles.of(self.element(selector).id()).cloned().unwrap_or_default()
    }
}

/// The style of a paragraph with these declarations, and the warnings.
fn declared(declarations: &str) -> (Style, Vec<String>) {
    let styled = styled("<p>text", &format!("p {{ {declarations} }}"));
    (styled.style("p"), styled.warnings)
}

fn paged(css: &str) -> (Page, Vec<String>) {
    let mut warnings = Warnings::default();
    let sheet = Sheet::parse(css, "css", &mut warnings);
    let page = page(&[sheet], 10.0, &mut warnings);
    (page, lines(warnings))
}
