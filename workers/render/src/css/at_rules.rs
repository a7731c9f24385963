//! Parses the rules of a sheet: style rules, `@page`, `@font-face`, `@media`. Other at-rules give a warning.

use cssparser::{
    AtRuleParser, BasicParseErrorKind, CowRcStr, ParseError, ParseErrorKind, Parser, ParserState, QualifiedRuleParser,
    StyleSheetParser,
};

use super::blocks::{Block, block, block_of_rule};
use super::conditions;
use super::font_face::face;
use super::page_selector;
use super::page_style::{MARGIN_BOXES, PageSelector};
use super::rules::{PageRule, RULES, Rule, Sheet, check_content, declarations};
use super::select::{self, Targets};
use super::{Log, shorten};

/// The longest selectors of a rule in another one, in bytes: each level may repeat those around.
const SELECTORS: usize = 2_000;
/// The most fonts of one sheet.
const FONTS: usize = 100;

pub(super) struct Reader<'a, 'b> {
    sheet: &'a mut Sheet,
    log: &'a mut Log<'b>,
    /// The number of rules over the limit.
    pub dropped: usize,
}

impl<'a, 'b> Reader<'a, 'b> {
    pub fn new(sheet: &'a mut Sheet, log: &'a mut Log<'b>) -> Self {
        Self { sheet, log, dropped: 0 }
    }

    fn is_below_limit(&mut self) -> bool {
        let is_below_limit = self.sheet.rules.len() + self.sheet.pages.len() < RULES;
        self.dropped += usize::from(!is_below_limit);
        is_below_limit
    }

    fn add_errors(&mut self, errors: Vec<(u32, String)>) {
        for (line, message) in errors {
            self.log.add(Some(line), message);
        }
    }
}

pub(super) fn explain(error: &ParseError<()>, text: &str) -> String {
    let text = shorten(text);
    match &error.kind {
        ParseErrorKind::Basic(BasicParseErrorKind::TooManyNestedBlocks) => format!("`{text}` is nested too deeply"),
        ParseErrorKind::Basic(BasicParseErrorKind::EndOfInput) => {
            format!("`{text}` has no block; a rule is `selector {{ property: value; }}`")
        }
        ParseErrorKind::Basic(_) | ParseErrorKind::Custom(()) => {
            format!("`{text}` is not a rule; a rule is `selector {{ property: value; }}`")
        }
    }
}

impl<'i> QualifiedRuleParser<'i> for Reader<'_, '_> {
    type Prelude = (Targets, String);
    type QualifiedRule = ();
    type Error = ();

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<Self::Prelude, ParseError<()>> {
        input.skip_whitespace();
        let start = input.position();
        let targets = select::targets(input);
        Ok((targets, input.slice_from(start).trim().to_owned()))
    }

    fn parse_block(
        &mut self,
        (targets, text): Self::Prelude,
        start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        let line = start.source_location().line + 1;
        let block = block_of_rule(input, false);
        self.rule(&text, targets, line, block);
        Ok(())
    }
}

impl Reader<'_, '_> {
    /// Adds a rule, and after it those in it (CSS Nesting 1).
    fn rule(&mut self, text: &str, targets: Targets, line: u32, block: Block) {
        if !self.is_below_limit() {
            return;
        }
        for (selector, why, more) in targets.errors {
            let others = if more > 0 { format!(" (so do {more} more of this rule)") } else { String::new() };
            self.log.add(Some(line), format!("`{selector}` matches nothing{others}: {why}"));
        }
        if targets.valid.is_empty() {
            return;
        }
        self.add_errors(block.errors);
        let declarations = declarations(block.declarations, self.log);
        let rule = Rule { text: shorten(text), line, targets: targets.valid, declarations };
        check_content(&rule, self.log);
        if block.rules.is_empty() || !rule.declarations.is_empty() {
            self.sheet.rules.push(rule);
        }
        for (own, line, inner) in block.rules {
            let nested = nested_selectors(text, &own);
            if nested.len() > SELECTORS {
                let message =
                    format!("`{}` has selectors that are too long with those of the rule around", shorten(&own));
                self.log.add(Some(line), message);
                continue;
            }
            let targets = select::targets(&mut Parser::new(&nested));
            self.rule(&nested, targets, line, inner);
        }
    }
}

/// The selectors of a rule in another one: `&` is what that one matches, and is before selectors without it.
fn nested_selectors(around: &str, own: &str) -> String {
    let any = format!(":is({around})");
    let nested = conditions::divided(own, ",").into_iter().map(|own| {
        let own = own.trim();
        match (own.strip_prefix('&'), around.contains(',')) {
            (Some(rest), false) if !rest.contains('&') => format!("{around}{rest}"),
            (None, false) if !own.contains('&') => format!("{around} {own}"),
            (None, true) if !own.contains('&') => format!("{any} {own}"),
            _ => own.replace('&', &any),
        }
    });
    nested.collect::<Vec<_>>().join(", ")
}

pub(super) enum Prelude {
    Page(Vec<PageSelector>),
    Font,
    /// `@media` that applies to print, and `@supports` that holds.
    Print,
    /// A layer, or the names of layers.
    Layer,
    /// `@charset`, which is UTF-8 here.
    Charset,
    /// Left out; a warning was given.
    Rejected,
}

impl<'i> AtRuleParser<'i> for Reader<'_, '_> {
    type Prelude = Prelude;
    type AtRule = ();
    type Error = ();

    fn parse_prelude(&mut self, name: CowRcStr<'i>, input: &mut Parser<'i>) -> Result<Prelude, ParseError<()>> {
        let line = input.current_source_location().line + 1;
        input.skip_whitespace();
        let start = input.position();
        while input.next().is_ok() {}
        let text = input.slice_from(start).trim();
        let prelude = match name.to_ascii_lowercase().as_str() {
            "page" => page_selector::selectors(text).map(Prelude::Page),
            "font-face" => Ok(Prelude::Font),
            "media" => conditions::media(text).map(|()| Prelude::Print),
            "supports" => conditions::supports(text).map(|()| Prelude::Print),
            // Its rules count in the order of the sheet.
            "layer" => Ok(Prelude::Layer),
            "charset" => Ok(Prelude::Charset),
            name => Err(unsupported(name, text)),
        };
        Ok(prelude.unwrap_or_else(|why| {
            self.log.add(Some(line), why);
            Prelude::Rejected
        }))
    }

    fn rule_without_block(&mut self, prelude: Prelude, _: &ParserState) -> Result<(), ()> {
        match prelude {
            Prelude::Charset | Prelude::Layer | Prelude::Rejected => Ok(()),
            _ => Err(()),
        }
    }

    fn parse_block(
        &mut self,
        prelude: Prelude,
        start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<()>> {
        let line = start.source_location().line + 1;
        match prelude {
            Prelude::Rejected | Prelude::Charset => while input.next().is_ok() {},
            Prelude::Page(selectors) => {
                let block = block(input, true);
                self.add_errors(block.errors);
                if self.is_below_limit() {
                    let boxes = block.boxes.into_iter().map(|(name, line, inner)| {
                        for (line, message) in inner.errors {
                            self.log.add(Some(line), message);
                        }
                        (name, line, inner.declarations)
                    });
                    let boxes = boxes.collect();
                    self.sheet.pages.push(PageRule { selectors, declarations: block.declarations, boxes });
                }
            }
            Prelude::Font => {
                let block = block(input, false);
                self.add_errors(block.errors);
                match face(block.declarations, line, self.log) {
                    Ok(faces) if self.sheet.fonts.len() < FONTS => self.sheet.fonts.extend(faces),
                    Ok(_) => self.log.add(Some(line), format!("a style sheet has up to {FONTS} fonts")),
                    Err(why) => self.log.add(Some(line), why),
                }
            }
            Prelude::Print | Prelude::Layer => {
                let mut errors = Vec::new();
                for rule in StyleSheetParser::new(input, self) {
                    if let Err((error, text, place)) = rule {
                        errors.push((place.line + 1, explain(&error, text)));
                    }
                }
                self.add_errors(errors);
            }
        }
        Ok(())
    }
}

fn unsupported(name: &str, text: &str) -> String {
    let whole = shorten(&format!("@{name} {text}"));
    let why = match name {
        "import" => "style sheets are not fetched; send the other sheet along",
        "keyframes" | "-webkit-keyframes" | "-moz-keyframes" | "-o-keyframes" => "nothing moves on paper",
        "container" | "scope" | "starting-style" => "write its rules without it",
        "namespace" => "there are no namespaces in HTML",
        "counter-style" => "list styles are decimal, lower-roman and the like, or a text in quotes",
        "property" => "`--name: value` needs no declaration of its own",
        name if MARGIN_BOXES.contains(&name) => "it belongs into `@page { ... }`",
        _ => "this at-rule is not known",
    };
    format!("`{whole}` was left out: {why}")
}
