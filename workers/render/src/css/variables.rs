//! Resolves custom properties: `--name: value` and `var(--name, fallback)`.
//!
//! Values are inherited and may use each other, so substitution can grow without end. The bytes that it produces in a
//! document and the depth of references are bounded.

use std::collections::HashMap;

use cssparser::{BasicParseErrorKind, ParseError, ParseErrorKind, Parser, Token};

use super::shorten;

/// The most bytes from substitutions in a document.
const BYTES: usize = 4 * 1024 * 1024;

/// The most bytes of one value.
const VALUE: usize = 64 * 1024;

/// The deepest nesting of references, and of elements with custom properties.
const DEPTH: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum VariableError {
    Missing(String),
    Cycle(String),
    Deep,
    Long,
    Malformed,
}

impl VariableError {
    pub fn explain(&self, name: &str, value: &str) -> String {
        let declaration = format!("`{}: {}` has no effect", shorten(name), shorten(value));
        match self {
            Self::Missing(variable) => {
                format!("{declaration}: `{}` has no value and no fallback is given", shorten(variable))
            }
            Self::Cycle(variable) => format!("{declaration}: `{}` uses itself", shorten(variable)),
            Self::Deep => format!("{declaration}: variables use each other more than {DEPTH} deep"),
            Self::Long => format!("{declaration}: with its variables put in, it is too long"),
            Self::Malformed => format!("{declaration}: `var()` takes a name with two dashes, as in `var(--name)`"),
        }
    }
}

/// The custom properties of a document, by element.
#[derive(Debug)]
pub(super) struct VariableScopes {
    /// The first one is empty.
    scopes: Vec<Scope>,
    left: usize,
}

#[derive(Debug, Default)]
struct Scope {
    parent: u32,
    depth: usize,
    /// `None`: the property has no valid value.
    values: HashMap<String, Option<String>>,
}

impl Default for VariableScopes {
    fn default() -> Self {
        Self { scopes: vec![Scope::default()], left: BYTES }
    }
}

impl VariableScopes {
    /// Adds a scope inside `parent`. Also returns the properties that have no value.
    pub fn extend(&mut self, parent: u32, own: &[(&str, &str)]) -> (u32, Vec<(String, VariableError)>) {
        let depth = self.scopes[parent as usize].depth + 1;
        if depth > DEPTH {
            return (parent, own.iter().map(|(name, _)| ((*name).to_owned(), VariableError::Deep)).collect());
        }
        let mut raw = HashMap::new();
        for (name, value) in own {
            match value.to_ascii_lowercase().as_str() {
                "inherit" | "unset" | "revert" | "revert-layer" => raw.remove(name),
                _ => raw.insert(*name, *value),
            };
        }
        let mut left = self.left;
        let mut resolver =
            Resolver { scopes: self, parent, raw, done: HashMap::new(), active: Vec::new(), left: &mut left };
        let mut errors = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for (name, _) in own {
            if !seen.insert(*name) {
                continue;
            }
            if let Err(error) = resolver.value(name) {
                errors.push(((*name).to_owned(), error));
            }
        }
        let values = resolver.done;
        self.left = left;
        let index = u32::try_from(self.scopes.len()).unwrap_or(0);
        self.scopes.push(Scope { parent, depth, values });
        (index, errors)
    }

    pub fn substitute(&mut self, scope: u32, text: &str) -> Result<String, VariableError> {
        let mut left = self.left;
        let mut resolver = Resolver {
            scopes: self,
            parent: scope,
            raw: HashMap::new(),
            done: HashMap::new(),
            active: Vec::new(),
            left: &mut left,
        };
        let result = resolver.text(text);
        self.left = left;
        result
    }

    fn get(&self, scope: u32, name: &str) -> Option<&str> {
        let mut index = scope as usize;
        loop {
            let scope = &self.scopes[index];
            if let Some(value) = scope.values.get(name) {
                return value.as_deref();
            }
            if index == 0 {
                return None;
            }
            index = scope.parent as usize;
        }
    }
}

struct Resolver<'a> {
    scopes: &'a VariableScopes,
    parent: u32,
    raw: HashMap<&'a str, &'a str>,
    done: HashMap<String, Option<String>>,
    active: Vec<String>,
    left: &'a mut usize,
}

impl Resolver<'_> {
    fn value(&mut self, name: &str) -> Result<String, VariableError> {
        let missing = || VariableError::Missing(name.to_owned());
        if self.active.iter().any(|active| active == name) {
            return Err(VariableError::Cycle(name.to_owned()));
        }
        if let Some(done) = self.done.get(name) {
            return done.clone().ok_or_else(missing);
        }
        let Some(raw) = self.raw.get(name).copied() else {
            return self.scopes.get(self.parent, name).map(str::to_owned).ok_or_else(missing);
        };
        if raw.eq_ignore_ascii_case("initial") {
            self.done.insert(name.to_owned(), None);
            return Err(missing());
        }
        if self.active.len() == DEPTH {
            return Err(VariableError::Deep);
        }
        self.active.push(name.to_owned());
        let value = self.text(raw);
        self.active.pop();
        self.done.insert(name.to_owned(), value.as_ref().ok().cloned());
        value
    }

    fn text(&mut self, text: &str) -> Result<String, VariableError> {
        let mut out = String::new();
        let mut input = Parser::new(text);
        match self.copy(&mut input, &mut out) {
            Ok(()) => Ok(out),
            Err(error) => Err(match error.kind {
                ParseErrorKind::Custom(error) => error,
                ParseErrorKind::Basic(BasicParseErrorKind::TooManyNestedBlocks) => VariableError::Deep,
                ParseErrorKind::Basic(_) => VariableError::Malformed,
            }),
        }
    }

    fn push(&mut self, text: &str, out: &mut String) -> Result<(), ParseError<VariableError>> {
        if out.len() + text.len() > VALUE || *self.left < text.len() {
            return Err(ParseError { kind: ParseErrorKind::Custom(VariableError::Long) });
        }
        *self.left -= text.len();
        out.push_str(text);
        Ok(())
    }

    fn copy(&mut self, input: &mut Parser<'_>, out: &mut String) -> Result<(), ParseError<VariableError>> {
        loop {
            let start = input.position();
            let Ok(token) = input.next_including_whitespace_and_comments() else { return Ok(()) };
            let close = match token {
                Token::Function(name) if name.eq_ignore_ascii_case("var") => {
                    input.parse_nested_block(|input| self.variable(input, out))?;
                    continue;
                }
                Token::Function(_) | Token::ParenthesisBlock => ")",
                Token::SquareBracketBlock => "]",
                Token::CurlyBracketBlock => "}",
                _ => {
                    let text = input.slice_from(start);
                    self.push(text, out)?;
                    continue;
                }
            };
            let open = input.slice_from(start);
            self.push(open, out)?;
            input.parse_nested_block(|input| self.copy(input, out))?;
            self.push(close, out)?;
        }
    }

    /// The inside of `var(`. Comments around the value separate it from its neighbours.
    fn variable(&mut self, input: &mut Parser<'_>, out: &mut String) -> Result<(), ParseError<VariableError>> {
        let name = input.expect_ident()?.to_string();
        if !name.starts_with("--") {
            return Err(ParseError { kind: ParseErrorKind::Custom(VariableError::Malformed) });
        }
        let has_fallback = input.try_parse(|input| input.expect_comma()).is_ok();
        match self.value(&name) {
            Ok(value) => {
                while input.next().is_ok() {}
                self.push("/**/", out)?;
                self.push(&value, out)?;
                self.push("/**/", out)
            }
            Err(VariableError::Missing(_) | VariableError::Cycle(_)) if has_fallback => self.copy(input, out),
            Err(error) => Err(ParseError { kind: ParseErrorKind::Custom(error) }),
        }
    }
}
