//! Walks KaTeX's tree and makes Typst's elements, with bounded depth.

use ratex_parser::parse_node::{AtomFamily, Mode, ParseNode, StyleStr};
use typst::foundations::{Content, NativeElement, SymbolElem};
use typst::layout::{Em, HideElem, Length};
use typst::math::{self, ClassElem, EquationElem, LrElem, MathSize, MidElem, OverlineElem, RootElem, UnderlineElem};
use typst::text::{LinebreakElem, TextElem, TextSize};
use unicode_math_class::MathClass;

use super::arrays::Array;
use super::builder::Builder;
use super::{MathError, groups, symbols, text};

/// TeX's sizes, `\tiny` to `\Huge`, in em.
const SIZES: [f64; 11] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.44, 1.728, 2.074, 2.488];

/// `\big` to `\Bigg`, in em.
const DELIMITERS: [f64; 4] = [1.2, 1.8, 2.4, 3.0];

impl Builder {
    pub(super) fn nodes(&mut self, nodes: &[ParseNode]) -> Result<Content, MathError> {
        let mut out = Vec::with_capacity(nodes.len());
        let mut rest = nodes.iter();
        while let Some(node) = rest.next() {
            if !is_not(node) {
                out.push(self.node(node)?);
            } else if let Some(next) = rest.next() {
                out.push(self.negated(next)?);
            }
        }
        Ok(Content::sequence(out))
    }

    pub(super) fn node(&mut self, node: &ParseNode) -> Result<Content, MathError> {
        self.deeper(|this| match this.leaf(node) {
            Some(leaf) => leaf,
            None => this.branch(node),
        })
    }

    fn leaf(&mut self, node: &ParseNode) -> Option<Result<Content, MathError>> {
        Some(match node {
            ParseNode::Atom { mode: Mode::Math, family, text, .. } => symbols::atom(text, *family),
            ParseNode::MathOrd { mode: Mode::Math, text, .. }
            | ParseNode::TextOrd { mode: Mode::Math, text, .. }
            | ParseNode::OpToken { text, .. }
            | ParseNode::AccentToken { mode: Mode::Math, text, .. } => {
                symbols::characters(text, Mode::Math).map(|text| SymbolElem::packed(text.as_str()))
            }
            ParseNode::Atom { .. }
            | ParseNode::MathOrd { .. }
            | ParseNode::TextOrd { .. }
            | ParseNode::AccentToken { .. } => self.text(std::slice::from_ref(node), None),
            ParseNode::SpacingNode { text, .. } => Ok(match text.as_str() {
                "\\nobreak" | "\\allowbreak" => Content::empty(),
                _ => symbols::space(Em::new(0.33).into()),
            }),
            ParseNode::Kern { dimension, .. } => Ok(symbols::space(symbols::length(dimension))),
            ParseNode::Cr { .. } => Ok(LinebreakElem::shared().clone()),
            ParseNode::NoNumber { .. } | ParseNode::Internal { .. } => Ok(Content::empty()),
            ParseNode::Verb { body, .. } => Ok(math::mono(TextElem::packed(body.as_str()))),
            ParseNode::Url { url, .. } => Ok(math::mono(TextElem::packed(url.as_str()))),
            _ => return None,
        })
    }

    fn branch(&mut self, node: &ParseNode) -> Result<Content, MathError> {
        match node {
            ParseNode::OrdGroup { body, .. } => self.group(body),
            ParseNode::SupSub { base, sup, sub, .. } => self.scripts(base.as_deref(), sup.as_deref(), sub.as_deref()),
            ParseNode::GenFrac { .. } => self.fraction(node),
            ParseNode::Sqrt { body, index, .. } => {
                let index = index.as_ref().map(|index| self.node(index)).transpose()?;
                Ok(RootElem::new(self.node(body)?).with_index(index).pack())
            }
            ParseNode::Accent { mode: Mode::Text, .. } => self.text(std::slice::from_ref(node), None),
            ParseNode::Accent { label, base, .. } | ParseNode::AccentUnder { label, base, .. } => {
                self.accent(label, base)
            }
            ParseNode::Op { .. } | ParseNode::OperatorName { .. } => self.operator(node),
            ParseNode::Font { font, body, .. } => self.font(font, body),
            ParseNode::Text { body, font, .. } => self.text(body, font.as_deref()),
            ParseNode::HBox { body, .. } => self.text(body, None),
            ParseNode::Color { color, body, .. } => {
                let color = symbols::color(color)?;
                Ok(self.nodes(body)?.set(TextElem::fill, color.into()))
            }
            ParseNode::Styling { style, body, .. } => Ok(sized(self.nodes(body)?, *style)),
            ParseNode::Sizing { size, body, .. } => {
                let size = SIZES.get(usize::from(*size).saturating_sub(1)).copied().unwrap_or(1.0);
                Ok(self.nodes(body)?.set(TextElem::size, TextSize(Length::from(Em::new(size)))))
            }
            ParseNode::DelimSizing { size, mclass, delim, .. } => big(*size, mclass, delim),
            ParseNode::LeftRight { body, left, right, .. } => {
                let body = self.nodes(body)?;
                self.fenced(left, body, right)
            }
            ParseNode::Middle { delim, .. } => {
                Ok(symbols::delimiter(delim)?.map(|delim| MidElem::new(delim).pack()).unwrap_or_default())
            }
            ParseNode::Overline { body, .. } => Ok(OverlineElem::new(self.node(body)?).pack()),
            ParseNode::Underline { body, .. } => Ok(UnderlineElem::new(self.node(body)?).pack()),
            ParseNode::Phantom { body, .. } => Ok(HideElem::new(self.nodes(body)?).pack()),
            ParseNode::VPhantom { body, .. } => self.without_width(body),
            ParseNode::Rule { width, height, .. } => Ok(groups::rule(width, height)),
            ParseNode::MClass { mclass, body, .. } => Ok(symbols::classed(mclass, self.nodes(body)?)),
            ParseNode::Array { is_cd: Some(true), .. } => Err(MathError::Unsupported("\\begin{CD}".to_owned())),
            ParseNode::Array { .. } => match Array::of(node) {
                Some(array) => self.array(&array),
                None => Ok(Content::empty()),
            },
            ParseNode::HorizBrace { .. } => self.brace(node, None),
            ParseNode::Enclose { .. } => self.enclosed(node),
            ParseNode::MathChoice { display, text, .. } => self.nodes(if self.block { display } else { text }),
            ParseNode::XArrow { label, body, below, .. } => self.arrow(label, body, below.as_deref()),
            ParseNode::Pmb { body, .. } => Ok(math::bold(self.nodes(body)?)),
            ParseNode::Tag { body, tag, .. } => Ok(Content::sequence([self.nodes(body)?, self.tag(tag)?])),
            ParseNode::HtmlMathMl { mathml, .. } => self.nodes(mathml),
            ParseNode::Html { body, .. } | ParseNode::Href { body, .. } => self.nodes(body),
            ParseNode::Smash { body, .. }
            | ParseNode::Lap { body, .. }
            | ParseNode::RaiseBox { body, .. }
            | ParseNode::VCenter { body, .. } => self.node(body),
            other => Err(MathError::Unsupported(command(other))),
        }
    }

    /// `{...}`: an ordinary atom, even around a sign.
    fn group(&mut self, body: &[ParseNode]) -> Result<Content, MathError> {
        let inner = self.nodes(body)?;
        Ok(match body {
            [ParseNode::Atom { family: AtomFamily::Bin | AtomFamily::Rel | AtomFamily::Punct, .. }] => {
                ClassElem::new(MathClass::Normal, inner).pack()
            }
            _ => inner,
        })
    }

    pub(super) fn tag(&mut self, tag: &[ParseNode]) -> Result<Content, MathError> {
        Ok(Content::sequence([symbols::space(Em::new(2.0).into()), self.text(tag, None)?]))
    }

    /// What follows `\not`.
    fn negated(&mut self, node: &ParseNode) -> Result<Content, MathError> {
        let text = match node {
            ParseNode::Atom { text, .. } | ParseNode::MathOrd { text, .. } | ParseNode::TextOrd { text, .. } => {
                symbols::characters(text, Mode::Math)?
            }
            _ => return Ok(math::CancelElem::new(self.node(node)?).pack()),
        };
        let symbol = SymbolElem::packed(symbols::negated(&text).as_str());
        Ok(match node {
            ParseNode::Atom { family: AtomFamily::Rel, .. } => ClassElem::new(MathClass::Relation, symbol).pack(),
            _ => symbol,
        })
    }

    fn font(&mut self, font: &str, body: &ParseNode) -> Result<Content, MathError> {
        let inner = match body {
            ParseNode::OrdGroup { body, .. } => body.as_slice(),
            other => std::slice::from_ref(other),
        };
        let font = font.trim_start_matches('\\');
        // Two or more letters in a text font are a word, not a product.
        let as_word = matches!(font, "mathrm" | "rm" | "mathit" | "it" | "mathbf" | "bf" | "mathsf" | "sf" | "mathtt");
        let body = match text::word(inner).filter(|word| as_word && word.chars().count() > 1) {
            Some(word) => TextElem::packed(word.as_str()),
            None => self.nodes(inner)?,
        };
        Ok(match font {
            "mathrm" | "rm" => math::serif(math::upright(body)),
            "mathit" | "it" => math::italic(body),
            "mathbf" | "bf" => math::bold(math::upright(body)),
            "boldsymbol" => math::bold(body),
            "mathsf" | "sf" => math::sans(math::upright(body)),
            "mathsfit" => math::sans(math::italic(body)),
            "mathtt" | "tt" => math::mono(body),
            "mathbb" => math::bb(body),
            "mathcal" | "cal" => math::cal(body),
            "mathscr" => math::scr(body),
            "mathfrak" => math::frak(body),
            "emph" => math::italic(body),
            _ => body,
        })
    }
}

/// `\displaystyle` and the like.
fn sized(body: Content, style: StyleStr) -> Content {
    let size = match style {
        StyleStr::Display => MathSize::Display,
        StyleStr::Text => MathSize::Text,
        StyleStr::Script => MathSize::Script,
        StyleStr::Scriptscript => MathSize::ScriptScript,
    };
    body.set(EquationElem::size, size)
}

/// `\big(` and the like.
fn big(size: u8, class: &str, delim: &str) -> Result<Content, MathError> {
    let Some(symbol) = symbols::delimiter(delim)? else { return Ok(Content::empty()) };
    let em = DELIMITERS.get(usize::from(size).saturating_sub(1)).copied().unwrap_or(1.2);
    let grown = LrElem::new(symbol).with_size(Length::from(Em::new(em)).into()).pack();
    Ok(symbols::classed(class, grown))
}

fn is_not(node: &ParseNode) -> bool {
    matches!(node, ParseNode::HtmlMathMl { mathml, .. }
        if matches!(mathml.as_slice(), [only] if only.symbol_text() == Some("\u{338}")))
}

fn command(node: &ParseNode) -> String {
    match node {
        ParseNode::IncludeGraphics { .. } => "\\includegraphics".to_owned(),
        ParseNode::CdArrow { .. } | ParseNode::CdLabel { .. } | ParseNode::CdLabelParent { .. } => {
            "\\begin{CD}".to_owned()
        }
        ParseNode::ProofTree { .. } => "\\begin{prooftree}".to_owned(),
        ParseNode::Infix { replace_with, .. } => replace_with.clone(),
        ParseNode::Environment { name, .. } => format!("\\begin{{{name}}}"),
        other => format!("\\{}", other.type_name()),
    }
}
