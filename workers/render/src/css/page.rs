//! Reads `@page`: paper size, margins, and margin boxes.

use std::collections::HashMap;

use super::apply::font_size;
use super::blocks::Raw;
use super::cascade::root_variables;
use super::component::{Component, components};
use super::content::of_margin_box;
use super::draft::{Draft, Surroundings};
use super::length::Measure;
use super::page_size::{LARGEST, orientation, size};
use super::page_style::{MARGIN_BOXES, MarginBox, MarginItem, Page, PageSelector, PageVariant, Pages};
use super::properties::{self, Specified};
use super::property::{Property, SIDES, Side};
use super::reason::Reason;
use super::rules::{Sheet, has_variable};
use super::style::{Rgba, Style};
use super::variables::VariableScopes;
use super::{Log, shorten};
use crate::Warnings;

/// The `@page` rules of all sheets; later ones win. `base` is the document's font size in points, which is `em` in
/// margin boxes. Variables of `:root` apply.
#[must_use]
pub fn page(sheets: &[Sheet], base: f64, warnings: &mut Warnings) -> Page {
    let mut scopes = VariableScopes::default();
    let root = root_variables(sheets, &mut scopes);
    let mut reader = Reader { page: Page::default(), scopes, root, base, drafts: HashMap::new() };
    for sheet in sheets {
        let mut log = Log { source: &sheet.source, warnings: &mut *warnings };
        for rule in &sheet.pages {
            for selector in &rule.selectors {
                if let Some(name) = &selector.name {
                    reader.variant(&PageSelector { name: Some(name.clone()), pages: Pages::All });
                }
                for raw in &rule.declarations {
                    match reader.declaration(selector, raw) {
                        Ok(()) => reader.mark(selector, &sheet.source, raw.line),
                        Err(message) => log.add(raw.line, message),
                    }
                }
                for (name, line, declarations) in &rule.boxes {
                    reader.margin_box(selector, name, *line, declarations, &mut log);
                }
            }
        }
    }
    reader.finish()
}

struct Reader {
    page: Page,
    scopes: VariableScopes,
    root: u32,
    base: f64,
    /// Margin boxes by their index in `page.boxes`.
    drafts: HashMap<usize, Draft>,
}

impl Reader {
    fn around(&self) -> Surroundings {
        let (width, height) = self.page.size.unwrap_or((595.28, 841.89));
        let margin = |side: Option<f64>| side.unwrap_or_default();
        let sides = self.page.margin;
        let view =
            (width - margin(sides.left) - margin(sides.right), height - margin(sides.top) - margin(sides.bottom));
        Surroundings { measure: Measure { em: self.base, rem: self.base, view }, weight: 400, color: None }
    }

    fn value(&mut self, raw: &Raw) -> Result<String, String> {
        if !has_variable(&raw.value) {
            return Ok(raw.value.clone());
        }
        self.scopes.substitute(self.root, &raw.value).map_err(|error| error.explain(&raw.name, &raw.value))
    }

    /// What pages have; new ones differ in nothing yet.
    fn variant(&mut self, selector: &PageSelector) -> &mut PageVariant {
        let variants = &mut self.page.variants;
        let at = variants.iter().position(|variant| variant.selector == *selector).unwrap_or_else(|| {
            variants.push(PageVariant { selector: selector.clone(), ..PageVariant::default() });
            variants.len() - 1
        });
        &mut variants[at]
    }

    fn mark(&mut self, selector: &PageSelector, source: &str, line: Option<u32>) {
        let variant = self.variant(selector);
        variant.source = source.to_owned();
        variant.line = line;
    }

    fn declaration(&mut self, selector: &PageSelector, raw: &Raw) -> Result<(), String> {
        let (name, value) = (raw.name.as_str(), self.value(raw)?);
        let short = shorten(&value);
        let background = matches!(name, "background" | "background-color");
        if !background && !matches!(name, "size" | "margin") && margin_side(name).is_none() {
            return Err(match name {
                _ if name.starts_with("--") => {
                    format!("`{}` has no effect in `@page`; declare it on `:root`", shorten(name))
                }
                _ => format!("`{}` has no effect in `@page`; size, margin and background do", shorten(name)),
            });
        }
        if let Some(named) = selector.name.as_ref().filter(|_| selector.pages != Pages::All) {
            return Err(format!(
                "`{name}: {short}` has no effect here: pages of one name are alike; write it into `@page {named}`"
            ));
        }
        if name == "size" && matches!(selector.pages, Pages::Left | Pages::Right) {
            return Err(format!(
                "`{name}: {short}` has no effect here: left and right pages are of one size; write it into `@page`"
            ));
        }
        let explain = |reason: Reason, takes: &str| match reason {
            Reason::Message(why) => format!("`{name}: {short}` has no effect: {why}"),
            Reason::NotUnderstood => format!("`{name}: {short}` is not understood; it takes {takes}"),
        };
        if background {
            self.variant(selector).background = self.background(name, &value)?;
            return Ok(());
        }
        let parts = components(&value).map_err(|reason| explain(reason, "lengths"))?;
        if name == "size" {
            let size = size(&parts).map_err(|reason| {
                explain(
                    reason,
                    "A3, A4, A5, A6, B4, B5, letter, legal or ledger, portrait or landscape, or two lengths",
                )
            })?;
            let variant = self.variant(selector);
            (variant.size, variant.is_landscape) = (size, orientation(&parts));
            return Ok(());
        }
        let margins = |base| lengths(&parts, base);
        let lens = margins(self.base).map_err(|reason| explain(reason, "lengths, such as `2cm`"))?;
        let margin = &mut self.variant(selector).margin;
        match margin_side(name) {
            Some(side) => match lens.as_slice() {
                [len] => *side.of(margin) = Some(*len),
                _ => return Err(explain(Reason::NotUnderstood, "one length, such as `2cm`")),
            },
            None => {
                let four = properties::sides(&lens).map_err(|reason| explain(reason, "one to four lengths"))?;
                SIDES.iter().zip(four).for_each(|(side, len)| *side.of(margin) = Some(len));
            }
        }
        Ok(())
    }

    fn background(&self, name: &str, value: &str) -> Result<Option<Rgba>, String> {
        let Specified::Properties(found) = properties::read(name, value)? else {
            return Err(no_inheritance(name, value));
        };
        let mut draft = Draft::default();
        found.iter().for_each(|property| draft.apply(property, &self.around()));
        Ok(draft.finish(&self.around()).0.background)
    }

    fn margin_box(&mut self, selector: &PageSelector, name: &str, line: u32, declarations: &[Raw], log: &mut Log<'_>) {
        let Some(place) = MARGIN_BOXES.into_iter().find(|place| name.eq_ignore_ascii_case(place)) else {
            let message = format!(
                "`@{}` was left out: the boxes of a page are top-left, top-center, top-right, the same with bottom, \
                 left-top, left-middle, left-bottom, the same with right, and corners such as top-left-corner",
                shorten(name)
            );
            log.add(Some(line), message);
            return;
        };
        let index = self.index(selector, place);
        (self.page.boxes[index].source, self.page.boxes[index].line) = (log.source.to_owned(), line);
        let around = self.around();
        for raw in declarations {
            let read = self.value(raw).and_then(|value| match raw.name.as_str() {
                name if !has_effect_in_box(name) => Err(format!(
                    "`{name}: {}` has no effect in a margin box; fonts, colours, `text-align`, `padding`, `border` and \
                     `background` do",
                    shorten(&value)
                )),
                "content" => content(&value).map(|items| self.page.boxes[index].content = items),
                name => match properties::read(name, &value) {
                    Ok(Specified::Properties(found)) => {
                        let draft = self.drafts.entry(index).or_default();
                        found.iter().for_each(|property| size_or_apply(draft, property, &around));
                        Ok(())
                    }
                    Ok(Specified::Wide(..)) => Err(no_inheritance(name, &value)),
                    Err(problem) => Err(problem.into()),
                },
            });
            if let Err(message) = read {
                log.add(raw.line, message);
            }
        }
    }

    /// The index of this box; a new one begins empty.
    fn index(&mut self, selector: &PageSelector, place: &'static str) -> usize {
        let boxes = &mut self.page.boxes;
        let known = boxes.iter().position(|have| have.selector == *selector && have.place == place);
        known.unwrap_or_else(|| {
            let selector = selector.clone();
            let (content, style, source) = (Vec::new(), Style::default(), String::new());
            boxes.push(MarginBox { selector, place, content, style, source, line: 0 });
            boxes.len() - 1
        })
    }

    fn finish(mut self) -> Page {
        let around = self.around();
        for (index, draft) in self.drafts.drain() {
            let size = draft.style.font_size;
            let around =
                Surroundings { measure: Measure { em: size.unwrap_or(around.measure.em), ..around.measure }, ..around };
            self.page.boxes[index].style = draft.finish(&around).0;
        }
        let all = PageSelector::default();
        if let Some(at) = self.page.variants.iter().position(|variant| variant.selector == all) {
            let PageVariant { size, margin, background, .. } = self.page.variants.remove(at);
            (self.page.size, self.page.margin, self.page.background) = (size, margin, background);
        }
        self.page
    }
}

fn has_effect_in_box(name: &str) -> bool {
    let names = ["content", "color", "line-height", "letter-spacing", "hyphens", "text-align", "white-space"];
    let families = ["font", "background", "padding", "border", "--"];
    let is_known = properties::read(name, "inherit").is_ok();
    !is_known || names.contains(&name) || families.iter().any(|family| name.starts_with(family))
}

fn size_or_apply(draft: &mut Draft, property: &Property, around: &Surroundings) {
    if let Property::FontSize(size) = property {
        let by = around.measure;
        draft.style.font_size = Some(font_size(*size, by, by.em));
        return;
    }
    // `em` in a box is the box's own font size.
    let em = draft.style.font_size.unwrap_or(around.measure.em);
    draft.apply(property, &Surroundings { measure: Measure { em, ..around.measure }, ..*around });
}

fn no_inheritance(name: &str, value: &str) -> String {
    format!("`{name}: {}` has no effect: pages and their margins inherit nothing", shorten(value))
}

fn margin_side(name: &str) -> Option<Side> {
    Some(match name {
        "margin-top" => Side::Top,
        "margin-right" => Side::Right,
        "margin-bottom" => Side::Bottom,
        "margin-left" => Side::Left,
        _ => return None,
    })
}

fn content(value: &str) -> Result<Vec<MarginItem>, String> {
    let short = shorten(value);
    components(value).and_then(|parts| of_margin_box(&parts)).map_err(|reason| match reason {
        Reason::Message(why) => format!("`content: {short}` has no effect: {why}"),
        Reason::NotUnderstood => format!(
            "`content: {short}` is not understood; it takes none, texts in quotes, `counter(page)`, `counter(pages)` and `string(title)`"
        ),
    })
}

/// In points.
fn lengths(parts: &[Component], base: f64) -> Result<Vec<f64>, Reason> {
    let mut found = Vec::new();
    for len in properties::lengths(parts)? {
        if len.has_percent() {
            return Err(Reason::new("percentages are not supported here; use mm"));
        }
        if len.has_view() {
            return Err(Reason::new("the page's own margins can't be parts of what they leave; use mm"));
        }
        let points = len.points(Measure { em: base, rem: base, view: (0.0, 0.0) }, 0.0);
        if points > LARGEST {
            return Err(Reason::new("it is larger than any paper"));
        }
        found.push(points);
    }
    Ok(found)
}
