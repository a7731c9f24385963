//! Applies the declarations that matched an element, and computes its style.

use std::collections::HashMap;

use super::Log;
use super::base::Base;
use super::draft::{Draft, Surroundings};
use super::inheritance::{inherit, is_inherited};
use super::length::Measure;
use super::properties::{self, INITIAL, Specified, Wide};
use super::property::{Property, Size};
use super::rules::{Declaration, Value};
use super::style::Content;
use super::style::{Display, Length, Rgba, Style};
use super::styles::Generated;
use super::variables::VariableScopes;
use crate::Warnings;

/// Default font sizes of elements, in their parents' font sizes.
pub const SCALE: &[(&str, f64)] = &[
    ("h1", 2.0),
    ("h2", 1.5),
    ("h3", 1.17),
    ("h4", 1.0),
    ("h5", 0.83),
    ("h6", 0.67),
    ("small", 0.83),
    ("code", 0.9),
    ("kbd", 0.9),
    ("samp", 0.9),
];

const BOLD: [&str; 9] = ["h1", "h2", "h3", "h4", "h5", "h6", "b", "strong", "th"];

/// How many ancestors are searched for an inherited value.
const ANCESTORS: usize = 256;

/// The bounds of a font size, in points.
const SIZES: (f64, f64) = (0.1, 1_000.0);

/// A number for each set of defaults that an element's name gives.
pub(super) fn kind(name: &str) -> u32 {
    let scale = SCALE.iter().position(|(scaled, _)| *scaled == name).map_or(0, |place| place as u32 + 1);
    scale + if BOLD.contains(&name) { 100 } else { 0 }
}

fn factor(kind: u32) -> f64 {
    ((kind % 100) as usize).checked_sub(1).and_then(|place| SCALE.get(place)).map_or(1.0, |(_, factor)| *factor)
}

#[derive(Debug, Default)]
pub(super) struct Inherited {
    pub parent: usize,
    pub scope: u32,
    pub font_size: f64,
    pub weight: u16,
    pub color: Option<Rgba>,
    pub style: Style,
}

/// Whether a box without a text is seen.
fn has_size(style: &Style) -> bool {
    let height = [style.height, style.min_height].into_iter().flatten().any(|height| height != Length::Pt(0.0));
    style.background.is_some() || style.border != Default::default() || height
}

/// Whether a height holds for it.
fn is_sized(display: Option<Display>) -> bool {
    !matches!(display, None | Some(Display::None | Display::Inline))
}

pub(super) type Declared<'a> = (&'a str, &'a Declaration);

pub(super) struct Applier<'a> {
    pub scopes: VariableScopes,
    /// Declarations with their variables substituted, by scope and declaration.
    substituted: HashMap<(u32, *const Declaration), Option<Specified>>,
    /// What children inherit from every element found so far; the first entry is the document's.
    pub inherited: Vec<Inherited>,
    base: Base,
    pub root: f64,
    pub warnings: &'a mut Warnings,
}

impl<'a> Applier<'a> {
    pub fn new(base: Base, warnings: &'a mut Warnings) -> Self {
        let around = Inherited { font_size: base.size, weight: 400, ..Inherited::default() };
        Self {
            scopes: VariableScopes::default(),
            substituted: HashMap::new(),
            inherited: vec![around],
            base,
            root: base.size,
            warnings,
        }
    }

    /// The style from declarations in ascending precedence.
    pub fn element(&mut self, parent: usize, kind: u32, declared: &[Declared<'_>]) -> Inherited {
        let scope = self.scope(self.inherited[parent].scope, declared);
        let specified = self.specified(scope, declared);
        let default = (self.inherited[parent].font_size * factor(kind)).clamp(SIZES.0, SIZES.1);
        let (font_size, is_specified) = self.font_size(parent, default, &specified);
        let weight = around_weight(&self.inherited[parent], kind);
        let (draft, around) = self.draft(parent, font_size, weight, &specified);
        let (mut style, _, lineless) = draft.finish(&around);
        if lineless {
            self.lineless(declared);
        }
        style.font_size = is_specified.then_some(font_size);
        let weight = style.font_weight.unwrap_or(weight);
        let color = style.color.or(around.color);
        if style.opacity.is_some() {
            style.color = color;
        }
        Inherited { parent, scope, font_size, weight, color, style }
    }

    /// `::before` or `::after` of the element `parent`.
    /// `meant`: the selector of a rule for it alone, which shows something.
    pub fn generated(&mut self, parent: usize, declared: &[Declared<'_>], meant: Option<&str>) -> Option<Generated> {
        let (style, content) = self.pseudo_element(parent, declared);
        let is_empty = content.as_ref().is_none_or(Content::is_empty);
        let has_text = content.as_ref().is_some_and(|content| !content.0.is_empty());
        let is_shown = !is_empty || has_text && has_size(&style) && is_sized(style.display);
        let message = match (&content, meant) {
            (None, Some(selector)) => Some(format!(
                "`{selector}` is not there without `content`: specify a text, or `content: \"\"` for a box"
            )),
            (Some(_), Some(selector)) if has_text && !is_shown && has_size(&style) => Some(format!(
                "`{selector}` has no text, so it is not shown: for a box specify `display: block` or `inline-block`, and a \
                 `height` or `border`"
            )),
            _ => None,
        };
        if let (Some(message), Some((source, first))) = (message, declared.first()) {
            Log { source, warnings: self.warnings }.add(first.line, message);
        }
        content.filter(|_| is_shown).map(|content| Generated { content, style })
    }

    /// The style and content of `::before`, `::after` or `::marker` of the element `parent`.
    pub fn pseudo_element(&mut self, parent: usize, declared: &[Declared<'_>]) -> (Style, Option<Content>) {
        let scope = self.scope(self.inherited[parent].scope, declared);
        let specified = self.specified(scope, declared);
        let (font_size, is_specified) = self.font_size(parent, self.inherited[parent].font_size, &specified);
        let weight = self.inherited[parent].weight;
        let (draft, around) = self.draft(parent, font_size, weight, &specified);
        let (mut style, content, _) = draft.finish(&around);
        style.font_size = is_specified.then_some(font_size);
        (style, content)
    }

    /// The scope of an element's custom properties: the parent's if it has none.
    fn scope(&mut self, parent: u32, declared: &[Declared<'_>]) -> u32 {
        let mut own = Vec::new();
        for (_, declaration) in declared {
            if let Value::Custom(value) = &declaration.value {
                own.push((declaration.name.as_str(), value.as_str()));
            }
        }
        if own.is_empty() {
            return parent;
        }
        let (scope, errors) = self.scopes.extend(parent, &own);
        for (name, error) in errors {
            let found = declared.iter().rev().find(|(_, declaration)| declaration.name == name);
            if let Some((source, Declaration { line, value: Value::Custom(value), .. })) = found
                && !value.eq_ignore_ascii_case("initial")
            {
                Log { source, warnings: self.warnings }.add(*line, error.explain(&name, value));
            }
        }
        scope
    }

    /// The declarations with variables substituted.
    fn specified(&mut self, scope: u32, declared: &[Declared<'_>]) -> Vec<Specified> {
        let mut all = Vec::new();
        for (source, declaration) in declared {
            match &declaration.value {
                Value::Parsed(value) => all.push(value.clone()),
                Value::Custom(_) => {}
                Value::WithVariables(text) => {
                    let key = (scope, std::ptr::from_ref(*declaration));
                    if !self.substituted.contains_key(&key) {
                        let read = self.scopes.substitute(scope, text);
                        let read = read.map_err(|error| error.explain(&declaration.name, text).into());
                        let read = read.and_then(|value| properties::read(&declaration.name, &value));
                        let read = read.map_err(|problem| {
                            Log { source, warnings: self.warnings }.problem(declaration.line, problem);
                        });
                        self.substituted.insert(key, read.ok());
                    }
                    all.extend(self.substituted.get(&key).cloned().flatten());
                }
            }
        }
        all
    }

    /// The font size in points, and whether a declaration set it.
    fn font_size(&self, parent: usize, default: f64, specified: &[Specified]) -> (f64, bool) {
        let around = self.inherited[parent].font_size;
        let mut size = (default, false);
        for value in specified {
            match value {
                Specified::Properties(found) => {
                    for property in found {
                        if let Property::FontSize(value) = property {
                            let by = Measure { em: around, rem: self.root, view: self.base.page };
                            size = (font_size(*value, by, self.base.size), true);
                        }
                    }
                }
                Specified::Wide(wide, longhands) if longhands.contains(&"font-size") => {
                    size = match wide {
                        Wide::Inherit | Wide::Unset => (around, true),
                        Wide::Initial => (self.base.size, true),
                        Wide::Revert => (default, false),
                    };
                }
                Specified::Wide(..) => {}
            }
        }
        size
    }

    fn draft(&self, parent: usize, em: f64, weight: u16, specified: &[Specified]) -> (Draft, Surroundings) {
        let measure = Measure { em, rem: if parent == 0 { em } else { self.root }, view: self.base.page };
        let around = Surroundings { measure, weight, color: self.inherited[parent].color };
        let relative = Surroundings { weight: self.inherited[parent].weight, ..around };
        let mut draft = Draft::default();
        for value in specified {
            match value {
                Specified::Properties(found) => found.iter().for_each(|property| draft.apply(property, &relative)),
                Specified::Wide(wide, longhands) => {
                    for longhand in *longhands {
                        self.wide(parent, *wide, longhand, &mut draft, &relative);
                    }
                }
            }
        }
        (draft, around)
    }

    fn wide(&self, parent: usize, wide: Wide, longhand: &str, draft: &mut Draft, around: &Surroundings) {
        let wide = match wide {
            Wide::Unset if is_inherited(longhand) => Wide::Inherit,
            Wide::Unset => Wide::Initial,
            wide => wide,
        };
        draft.reset(longhand);
        if wide == Wide::Inherit {
            let from = if is_inherited(longhand) { self.ancestor(parent, longhand) } else { parent };
            draft.copy_from(longhand, &mut self.inherited[from].style.clone());
            // Headings and the like would have their own weight otherwise.
            if longhand == "font-weight" {
                draft.style.font_weight.get_or_insert(self.inherited[parent].weight);
            }
        } else if wide == Wide::Initial
            && let Some((name, value)) = INITIAL.iter().find(|(name, _)| *name == longhand)
            && let Ok(Specified::Properties(found)) = properties::read(name, value)
        {
            found.iter().for_each(|property| draft.apply(property, around));
        }
    }

    /// The nearest ancestor for which CSS sets this longhand.
    fn ancestor(&self, parent: usize, longhand: &str) -> usize {
        let nothing = Style::default();
        let mut index = parent;
        for _ in 0..ANCESTORS {
            let mut probe = Style::default();
            inherit(longhand, &self.inherited[index].style, &mut probe);
            if probe != nothing || index == 0 {
                break;
            }
            index = self.inherited[index].parent;
        }
        index
    }

    /// Warns of a border that has a colour or width but no style.
    fn lineless(&mut self, declared: &[Declared<'_>]) {
        let is_border = |name: &str| name.starts_with("border") && (name.ends_with("color") || name.ends_with("width"));
        if let Some((source, declaration)) = declared.iter().rev().find(|(_, declared)| is_border(&declared.name)) {
            let message = format!("`{}` draws no line without `border-style`", declaration.name);
            Log { source, warnings: self.warnings }.add(declaration.line, message);
        }
    }
}

fn around_weight(parent: &Inherited, kind: u32) -> u16 {
    if kind >= 100 { parent.weight.max(700) } else { parent.weight }
}

/// In points, as is `base`, the size of `medium`. `around`: the parent's.
pub(super) fn font_size(size: Size, around: Measure, base: f64) -> f64 {
    let points = match size {
        Size::Len(len) => len.points(around, around.em),
        Size::Step(factor) => base * factor,
        Size::Factor(factor) => around.em * factor,
    };
    points.clamp(SIZES.0, SIZES.1)
}
