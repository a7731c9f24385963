//! Parses selectors one by one: an unsupported one drops only itself, with a reason.

use cssparser::{CowRcStr, Delimiter, ParseError, ParseErrorKind, Parser, ToCss};
use scraper::selector::{CssLocalName, CssString, Simple};
use selectors::parser::{
    Component, NonTSPseudoClass, ParseRelative, Parser as SelectorParser, PseudoElement, Selector, SelectorImpl,
    SelectorList, SelectorParseErrorKind,
};

/// The most parts of a selector: matching recurses over them.
const PARTS: usize = 64;

/// The most bytes of a selector.
const BYTES: usize = 4096;

pub(super) type Name = CssLocalName;
pub(super) type Text = CssString;
pub(super) type Namespace = <Simple as SelectorImpl>::NamespaceUrl;

/// The types of the `selectors` crate for our selectors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Css;

impl SelectorImpl for Css {
    type ExtraMatchingData<'a> = ();
    type AttrValue = Text;
    type Identifier = Name;
    type LocalName = Name;
    type NamespaceUrl = Namespace;
    type NamespacePrefix = Name;
    type BorrowedNamespaceUrl = Namespace;
    type BorrowedLocalName = Name;
    type NonTSPseudoClass = State;
    type PseudoElement = Pseudo;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// `:link`, `:any-link`: `a` with `href`.
    Link,
    /// `:checked`: a completed task.
    Checked,
    Disabled,
    /// Never true on paper: `:hover`.
    Never,
}

impl NonTSPseudoClass for State {
    fn is_active_or_hover(&self) -> bool {
        false
    }

    fn is_user_action_state(&self) -> bool {
        false
    }
}

impl ToCss for State {
    fn to_css<W: std::fmt::Write>(&self, _: &mut W) -> std::fmt::Result {
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pseudo {
    Before,
    After,
    /// Of a list's item.
    Marker,
}

impl PseudoElement for Pseudo {
    fn is_before_or_after(&self) -> bool {
        true
    }
}

impl ToCss for Pseudo {
    fn to_css<W: std::fmt::Write>(&self, _: &mut W) -> std::fmt::Result {
        Ok(())
    }
}

#[derive(Debug)]
enum SelectorError {
    Kind(SelectorParseErrorKind),
    Message(String),
}

impl From<SelectorParseErrorKind> for SelectorError {
    fn from(kind: SelectorParseErrorKind) -> Self {
        Self::Kind(kind)
    }
}

struct Reader;

impl<'i> SelectorParser<'i> for Reader {
    type Impl = Css;
    type Error = SelectorError;

    fn parse_is_and_where(&self) -> bool {
        true
    }

    // Lists in `:is()` fail as a whole: a forgiving list could not report its mistakes.
    fn allow_forgiving_selectors(&self) -> bool {
        false
    }

    fn parse_non_ts_pseudo_class(&self, name: CowRcStr<'i>) -> Result<State, ParseError<SelectorError>> {
        match name.to_ascii_lowercase().as_str() {
            "link" | "any-link" => Ok(State::Link),
            "checked" => Ok(State::Checked),
            "disabled" => Ok(State::Disabled),
            "hover" | "active" | "focus" | "focus-within" | "focus-visible" | "visited" | "target"
            | "target-within" | "enabled" | "indeterminate" | "placeholder-shown" | "autofill" | "fullscreen"
            | "playing" | "paused" | "required" | "optional" | "valid" | "invalid" | "read-only" | "read-write"
            | "default" | "open" | "modal" | "popover-open" => Ok(State::Never),
            "first" | "left" | "right" => unsupported(format!("`:{name}` is for `@page`, not for elements")),
            _ => unsupported(format!("there is no pseudo-class `:{name}`")),
        }
    }

    fn parse_non_ts_functional_pseudo_class(
        &self,
        name: CowRcStr<'i>,
        _: &mut Parser<'i>,
        _: bool,
    ) -> Result<State, ParseError<SelectorError>> {
        unsupported(format!("`:{name}()` is not supported; `:not()`, `:is()`, `:where()` and the `:nth-` ones are"))
    }

    fn parse_pseudo_element(&self, name: CowRcStr<'i>) -> Result<Pseudo, ParseError<SelectorError>> {
        match name.to_ascii_lowercase().as_str() {
            "before" => Ok(Pseudo::Before),
            "after" => Ok(Pseudo::After),
            "marker" => Ok(Pseudo::Marker),
            "first-line" | "first-letter" => unsupported(format!("`::{name}` is not supported")),
            "selection" | "placeholder" | "backdrop" | "cue" | "file-selector-button" => {
                unsupported(format!("a printed page has no `::{name}`"))
            }
            _ if name.starts_with('-') => unsupported(format!("`::{name}` is a browser's own")),
            _ => unsupported(format!("there is no pseudo-element `::{name}`")),
        }
    }

    fn parse_functional_pseudo_element(
        &self,
        name: CowRcStr<'i>,
        _: &mut Parser<'i>,
    ) -> Result<Pseudo, ParseError<SelectorError>> {
        unsupported(format!("`::{name}()` is not supported"))
    }
}

fn unsupported<T>(text: String) -> Result<T, ParseError<SelectorError>> {
    Err(ParseError { kind: ParseErrorKind::Custom(SelectorError::Message(text)) })
}

#[derive(Debug)]
pub(super) struct Target {
    pub selector: Selector<Css>,
    pub pseudo: Option<Pseudo>,
    /// The cost of a match against one element, in steps.
    pub cost: u64,
}

#[derive(Debug, Default)]
pub(super) struct Targets {
    pub valid: Vec<Target>,
    /// The invalid ones: selector, reason, and how many more have the same reason.
    pub errors: Vec<(String, String, usize)>,
}

impl Targets {
    fn add_error(&mut self, selector: String, why: String) {
        match self.errors.iter_mut().find(|(_, known, _)| *known == why) {
            Some((_, _, more)) => *more += 1,
            None => self.errors.push((selector, why, 0)),
        }
    }
}

pub(super) fn targets(input: &mut Parser<'_>) -> Targets {
    let mut found = Targets::default();
    loop {
        input.skip_whitespace();
        let start = input.position();
        let parsed = input.parse_until_before(Delimiter::Comma, |input| {
            let list = SelectorList::parse(&Reader, input, ParseRelative::No)?;
            Ok(list.slice().first().cloned())
        });
        let text = input.slice_from(start);
        let parsed = parsed.map_err(explain).and_then(|selector| target(selector.ok_or_else(none)?, text.len()));
        let is_empty = text.trim().is_empty();
        let text = super::shorten(text);
        match parsed {
            Err(_) if is_empty => found.add_error(text, "a selector is missing before or after a comma".to_owned()),
            Ok(target) => found.valid.push(target),
            Err(why) => found.add_error(text, why),
        }
        if input.next().is_err() {
            return found;
        }
    }
}

fn none() -> String {
    "it is not a selector".to_owned()
}

fn target(selector: Selector<Css>, bytes: usize) -> Result<Target, String> {
    if selector.len() > PARTS || bytes > BYTES {
        return Err(format!("it is longer than {PARTS} parts or {BYTES} bytes"));
    }
    let never = |part: &Component<Css>| matches!(part, Component::NonTSPseudoClass(State::Never));
    if selector.iter_raw_match_order().any(never) {
        return Err("no element of a printed page is in this state".to_owned());
    }
    let pseudo = selector.pseudo_element().copied();
    Ok(Target { selector, pseudo, cost: 1 + bytes as u64 / 16 })
}

fn explain(error: ParseError<SelectorError>) -> String {
    use SelectorParseErrorKind as Kind;
    match error.kind {
        ParseErrorKind::Custom(SelectorError::Message(text)) => text,
        ParseErrorKind::Custom(SelectorError::Kind(Kind::DanglingCombinator)) => {
            "a selector is missing before or after `>`, `+`, `~`".to_owned()
        }
        ParseErrorKind::Custom(SelectorError::Kind(Kind::UnsupportedPseudoClassOrElement)) => {
            "this pseudo-class is not supported".to_owned()
        }
        ParseErrorKind::Custom(SelectorError::Kind(Kind::ExpectedNamespace)) => {
            "namespaces are not supported".to_owned()
        }
        ParseErrorKind::Custom(SelectorError::Kind(Kind::ClassNeedsIdent)) => {
            "a class's name is missing after `.`".to_owned()
        }
        ParseErrorKind::Custom(_) | ParseErrorKind::Basic(_) => none(),
    }
}
