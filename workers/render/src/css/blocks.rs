//! Splits `{...}` into names, values and lines. A mistake drops only its own declaration.

use cssparser::{
    AtRuleParser, BasicParseErrorKind, CowRcStr, DeclarationParser, ParseError, Parser, ParserState,
    QualifiedRuleParser, RuleBodyItemParser, RuleBodyParser, Token, parse_important,
};

use super::shorten;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Raw {
    /// Lower case, unless it is a custom property.
    pub name: String,
    /// Without `!important`.
    pub value: String,
    pub important: bool,
    /// Counted from 1.
    pub line: Option<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Block {
    pub declarations: Vec<Raw>,
    /// Margin boxes (`@top-left`), where they are allowed.
    pub boxes: Vec<(String, u32, Block)>,
    /// Rules in it, by selectors and line.
    pub rules: Vec<(String, u32, Block)>,
    pub errors: Vec<(u32, String)>,
}

/// `boxes`: whether at-rules are allowed in it. Rules are not.
pub(super) fn block(input: &mut Parser<'_>, boxes: bool) -> Block {
    let mut block = block_of_rule(input, boxes);
    let message = "a rule inside of this is not supported; write it as a rule of its own";
    block.errors.extend(block.rules.drain(..).map(|(_, line, _)| (line, message.to_owned())));
    block
}

/// The block of a rule, which may have others in it.
pub(super) fn block_of_rule(input: &mut Parser<'_>, boxes: bool) -> Block {
    let mut reader = Reader { block: Block::default(), boxes };
    let mut errors = Vec::new();
    for item in RuleBodyParser::new(input, &mut reader) {
        if let Err((error, text, place)) = item {
            errors.push((place.line + 1, explain(&error, text)));
        }
    }
    reader.block.errors.append(&mut errors);
    reader.block
}

fn explain(error: &ParseError<AtRule>, text: &str) -> String {
    let text = shorten(text);
    match &error.kind {
        cssparser::ParseErrorKind::Custom(AtRule) => format!("`{text}` is not supported here"),
        cssparser::ParseErrorKind::Basic(BasicParseErrorKind::TooManyNestedBlocks) => {
            format!("`{text}` is nested too deeply")
        }
        cssparser::ParseErrorKind::Basic(_) => {
            format!("`{text}` is not a declaration; it should be `property: value;`")
        }
    }
}

/// An at-rule where none is allowed.
#[derive(Debug)]
struct AtRule;

struct Reader {
    block: Block,
    boxes: bool,
}

impl<'i> DeclarationParser<'i> for Reader {
    type Declaration = ();
    type Error = AtRule;

    fn parse_value(
        &mut self,
        name: CowRcStr<'i>,
        input: &mut Parser<'i>,
        start: &ParserState,
    ) -> Result<(), ParseError<AtRule>> {
        let custom = name.starts_with("--");
        let name = if custom { name.to_string() } else { name.to_ascii_lowercase() };
        let (value, important) = value(input, custom)?;
        let line = Some(start.source_location().line + 1);
        self.block.declarations.push(Raw { name, value, important, line });
        Ok(())
    }
}

/// A value's text to the end, or to `!important`.
fn value(input: &mut Parser<'_>, custom: bool) -> Result<(String, bool), ParseError<AtRule>> {
    input.skip_whitespace();
    let start = input.position();
    loop {
        let before = input.state();
        let end = input.position();
        match input.next() {
            Err(_) => return Ok((input.slice_from(start).trim().to_owned(), false)),
            Ok(Token::Delim('!')) => {
                input.reset(&before);
                parse_important(input)?;
                input.expect_exhausted()?;
                return Ok((input.slice(start..end).trim().to_owned(), true));
            }
            // `a:hover { ... }` looks like a declaration until here.
            Ok(Token::CurlyBracketBlock) if !custom => return Err(ParseError::unexpected_token()),
            Ok(token) if token.is_parse_error() => return Err(ParseError::unexpected_token()),
            Ok(_) => {}
        }
    }
}

impl<'i> QualifiedRuleParser<'i> for Reader {
    type Prelude = String;
    type QualifiedRule = ();
    type Error = AtRule;

    fn parse_prelude(&mut self, input: &mut Parser<'i>) -> Result<String, ParseError<AtRule>> {
        input.skip_whitespace();
        let start = input.position();
        while input.next().is_ok() {}
        Ok(input.slice_from(start).trim().to_owned())
    }

    fn parse_block(
        &mut self,
        selectors: String,
        start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<AtRule>> {
        let inner = block_of_rule(input, false);
        self.block.rules.push((selectors, start.source_location().line + 1, inner));
        Ok(())
    }
}

impl<'i> AtRuleParser<'i> for Reader {
    type Prelude = String;
    type AtRule = ();
    type Error = AtRule;

    fn parse_prelude(&mut self, name: CowRcStr<'i>, input: &mut Parser<'i>) -> Result<String, ParseError<AtRule>> {
        if !self.boxes {
            return Err(ParseError::custom(AtRule));
        }
        input.expect_exhausted()?;
        Ok(name.to_ascii_lowercase())
    }

    fn parse_block(
        &mut self,
        name: String,
        start: &ParserState,
        input: &mut Parser<'i>,
    ) -> Result<(), ParseError<AtRule>> {
        let inner = block(input, false);
        self.block.boxes.push((name, start.source_location().line + 1, inner));
        Ok(())
    }
}

impl RuleBodyItemParser<'_, (), AtRule> for Reader {
    fn parse_declarations(&self) -> bool {
        true
    }

    fn parse_qualified(&self) -> bool {
        true
    }
}
