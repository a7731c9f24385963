//! Builds the argument of a template: a dictionary of values and of Typst's elements.

use chrono::NaiveDate;
use ruche_schemas::kinds::render::Render;
use serde_json::Value as Json;
use typst::{
    foundations::{Array, Content, Dict, IntoValue, Value},
    layout::{Alignment, HAlignment, Length},
    text::FontWeight,
};

use crate::{
    content::{length, line_box, paint, stroke},
    css::{self, Align, MarginBox, MarginItem, Page, Style},
    fonts::{FALLBACK, Fonts},
    locale::Local,
    output,
    settings::Settings,
};

/// The deepest data that a template gets; deeper data becomes `none`.
const DEEP: usize = 32;

pub struct Parts<'a> {
    pub body: Content,
    pub top: u8,
    pub pages: &'a Pages<'a>,
    pub style: Option<&'a Style>,
    pub fonts: &'a Fonts,
}

/// All kinds of pages.
pub struct Pages<'a> {
    pub page: &'a Page,
    /// The margins: top, right, bottom, left, in points.
    pub frame: [f64; 4],
    /// Those of named pages.
    pub frames: Vec<(&'a str, [f64; 4])>,
    /// What is above and below the text of the first page in addition, in points.
    pub first: (f64, f64),
}

#[must_use]
pub fn doc(job: &Render, settings: &Settings, parts: Parts<'_>, date: NaiveDate) -> Dict {
    let Parts { body, top, pages, style, fonts } = parts;
    let page = pages.page;
    let strings = |list: &[String]| list.iter().map(|text| text.as_str().into_value()).collect::<Array>().into_value();
    let text = |text: &Option<String>| text.as_deref().map_or(Value::None, IntoValue::into_value);
    let mut doc = Dict::new();
    doc.insert("title".into(), text(&settings.title));
    doc.insert("authors".into(), strings(&settings.authors));
    doc.insert("description".into(), text(&settings.description));
    doc.insert("keywords".into(), strings(&settings.keywords));
    doc.insert("date".into(), output::datetime(date).map_or(Value::None, IntoValue::into_value));
    let local = Local::new(&settings.lang, settings.region.as_deref());
    doc.insert("long-date".into(), local.date(date).unwrap_or_default().into_value());
    doc.insert("locale".into(), local.dict(&settings.data).into_value());
    doc.insert("lang".into(), settings.lang.as_str().into_value());
    doc.insert("region".into(), text(&settings.region));
    doc.insert("toc".into(), settings.toc.map_or(Value::None, |level| i64::from(level).into_value()));
    doc.insert("numbering".into(), settings.numbering.map_or(Value::None, IntoValue::into_value));
    doc.insert("top".into(), i64::from(top).into_value());
    doc.insert("data".into(), json(&Json::Object(settings.data.clone()), 0));
    doc.insert("body".into(), body.into_value());
    doc.insert(
        "attached".into(),
        job.options.attach.iter().map(|name| attached(name).into_value()).collect::<Array>().into_value(),
    );
    doc.insert("page".into(), page_settings(page, style).into_value());
    let margins = page.boxes.iter().map(|margin| margin_box(margin, fonts).into_value());
    doc.insert("margins".into(), margins.collect::<Array>().into_value());
    add_pages(pages, &mut doc);
    doc.insert("text".into(), style.map(|style| text_settings(style, fonts)).unwrap_or_default().into_value());
    doc.insert("par".into(), style.map(par_settings).unwrap_or_default().into_value());
    doc
}

/// An attached file of the PDF, with the entries that PDF/A-3 requires.
fn attached(name: &str) -> Dict {
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let mut file = Dict::new();
    file.insert("path".into(), format!("/files/{name}").into_value());
    file.insert("name".into(), name.into_value());
    file.insert("kind".into(), kind.essence_str().into_value());
    file
}

/// JSON as Typst's values; whole numbers become integers.
fn json(value: &Json, depth: usize) -> Value {
    if depth > DEEP {
        return Value::None;
    }
    match value {
        Json::Null => Value::None,
        Json::Bool(is) => is.into_value(),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.into_value(),
            (None, Some(float)) => float.into_value(),
            _ => Value::None,
        },
        Json::String(text) => text.as_str().into_value(),
        Json::Array(values) => values.iter().map(|value| json(value, depth + 1)).collect::<Array>().into_value(),
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.as_str().into(), json(value, depth + 1)));
            fields.collect::<Dict>().into_value()
        }
    }
}

fn pt(points: f64) -> Value {
    length(crate::css::Length::Pt(points)).into_value()
}

/// What ruche.typ draws around the text.
fn add_pages(pages: &Pages<'_>, doc: &mut Dict) {
    let frame = |sides: [f64; 4]| {
        let sides = ["top", "right", "bottom", "left"].into_iter().zip(sides);
        sides.map(|(name, side)| (name.into(), pt(side))).collect::<Dict>().into_value()
    };
    let (above, below) = pages.first;
    let first: Dict = [("above".into(), pt(above)), ("below".into(), pt(below))].into_iter().collect();
    let grounds = [("first", css::Pages::First), ("left", css::Pages::Left), ("right", css::Pages::Right)];
    let grounds = grounds
        .into_iter()
        .filter_map(|(name, which)| Some((name.into(), paint(pages.page.variant(which)?.background?).into_value())));
    doc.insert("grounds".into(), grounds.collect::<Dict>().into_value());
    doc.insert("first".into(), first.into_value());
    doc.insert("frame".into(), frame(pages.frame));
    let frames = pages.frames.iter().map(|(name, sides)| ((*name).into(), frame(*sides)));
    doc.insert("frames".into(), frames.collect::<Dict>().into_value());
    doc.insert("mirrored".into(), pages.page.is_mirrored.into_value());
}

fn page_settings(page: &Page, style: Option<&Style>) -> Dict {
    let mut settings = Dict::new();
    if let Some((width, height)) = page.size {
        settings.insert("width".into(), pt(width));
        settings.insert("height".into(), pt(height));
    }
    let margin = page.margin;
    let mut sides = Dict::new();
    let (left, right) = if page.is_mirrored { ("inside", "outside") } else { ("left", "right") };
    for (name, side) in [("top", margin.top), (right, margin.right), ("bottom", margin.bottom), (left, margin.left)] {
        if let Some(side) = side {
            sides.insert(name.into(), pt(side));
        }
    }
    if !sides.is_empty() {
        settings.insert("margin".into(), sides.into_value());
    }
    let background = page.background.or_else(|| style?.background);
    if let Some(color) = background {
        settings.insert("fill".into(), paint(color).into_value());
    }
    if let Some(columns) = style.and_then(|style| style.columns).filter(|columns| *columns > 0) {
        settings.insert("columns".into(), i64::from(columns).into_value());
    }
    settings
}

fn text_settings(style: &Style, fonts: &Fonts) -> Dict {
    let mut settings = Dict::new();
    let names = style.font_family.as_deref().unwrap_or_default();
    let mut families: Vec<Value> =
        names.iter().filter_map(|name| fonts.family(name)).map(IntoValue::into_value).collect();
    if !families.is_empty() {
        families.extend(FALLBACK.map(IntoValue::into_value));
        settings.insert("font".into(), families.into_iter().collect::<Array>().into_value());
    }
    if let Some(size) = style.font_size {
        settings.insert("size".into(), pt(size));
    }
    if let Some(weight) = style.font_weight {
        settings.insert("weight".into(), FontWeight::from_number(weight).into_value());
    }
    if let Some(italic) = style.italic {
        settings.insert("style".into(), (if italic { "italic" } else { "normal" }).into_value());
    }
    if let Some(color) = style.color {
        settings.insert("fill".into(), paint(color).into_value());
    }
    if let Some(spacing) = style.letter_spacing {
        settings.insert("tracking".into(), length(spacing).into_value());
    }
    if let Some(height) = style.line_height {
        let (top, bottom) = line_box(height);
        settings.insert("top-edge".into(), Length::from(top).into_value());
        settings.insert("bottom-edge".into(), Length::from(bottom).into_value());
    }
    if let Some(hyphens) = style.hyphens {
        settings.insert("hyphenate".into(), hyphens.into_value());
    }
    settings
}

fn par_settings(style: &Style) -> Dict {
    let mut settings = Dict::new();
    if style.line_height.is_some() {
        settings.insert("leading".into(), Length::zero().into_value());
    }
    if let Some(align) = style.text_align {
        settings.insert("justify".into(), (align == Align::Justify).into_value());
    }
    settings
}

fn margin_box(margin: &MarginBox, fonts: &Fonts) -> Dict {
    let pages = match margin.selector.pages {
        css::Pages::All => "all",
        css::Pages::First => "first",
        css::Pages::Left => "left",
        css::Pages::Right => "right",
    };
    let mut settings = Dict::new();
    settings.insert("pages".into(), pages.into_value());
    settings.insert("name".into(), margin.selector.name.as_deref().map_or(Value::None, IntoValue::into_value));
    settings.insert("place".into(), margin.place.into_value());
    settings.insert("text".into(), text_settings(&margin.style, fonts).into_value());
    settings.insert("source".into(), margin.source.as_str().into_value());
    settings.insert("line".into(), i64::from(margin.line).into_value());
    settings.insert("box".into(), box_settings(&margin.style).into_value());
    let alignment = margin.style.text_align.map(|align| match align {
        Align::Left | Align::Justify => HAlignment::Left,
        Align::Center => HAlignment::Center,
        Align::Right => HAlignment::Right,
    });
    settings.insert("align".into(), alignment.map_or(Value::None, |align| Alignment::H(align).into_value()));
    settings.insert("pieces".into(), margin.content.iter().map(margin_item).collect::<Array>().into_value());
    settings
}

/// Background, borders and padding of a margin box, for Typst's `block`.
fn box_settings(style: &Style) -> Dict {
    let mut settings = Dict::new();
    if let Some(color) = style.background {
        settings.insert("fill".into(), paint(color).into_value());
    }
    let names = ["top", "right", "bottom", "left"];
    let css::Sides { top, right, bottom, left } = style.border;
    let strokes = names.into_iter().zip([top, right, bottom, left]);
    let strokes = strokes.filter_map(|(name, border)| Some((name.into(), stroke(border)??.into_value())));
    settings.insert("stroke".into(), strokes.collect::<Dict>().into_value());
    let css::Sides { top, right, bottom, left } = style.padding;
    let insets = names.into_iter().zip([top, right, bottom, left]);
    let insets = insets.filter_map(|(name, padding)| Some((name.into(), length(padding?).into_value())));
    settings.insert("inset".into(), insets.collect::<Dict>().into_value());
    settings
}

fn margin_item(item: &MarginItem) -> Value {
    let mut fields = Dict::new();
    let mut insert = |name: &str, value: &str| fields.insert(name.into(), value.into_value());
    match item {
        MarginItem::Text(text) => {
            insert("kind", "text");
            insert("text", text);
        }
        MarginItem::Page(style) => {
            insert("kind", "page");
            insert("pattern", css::pattern(style));
        }
        MarginItem::Pages(style) => {
            insert("kind", "pages");
            insert("pattern", css::pattern(style));
        }
        MarginItem::Title => insert("kind", "title"),
        MarginItem::Date => insert("kind", "date"),
        MarginItem::Chapter => insert("kind", "chapter"),
    }
    fields.into_value()
}
