//! Lays out a document, and again where something of it lies outside the paper.

use std::collections::HashSet;

use ruche_schemas::{Failure, failure::codes};
use typst::{
    World as _,
    diag::{Severity, SourceDiagnostic},
    foundations::{Dict, Label, Selector, Str, Value},
    introspection::{Introspector as _, MetadataElem},
    syntax::{DiagSpanKind, FileId},
    utils::PicoStr,
};
use typst_layout::PagedDocument;

use crate::{Warnings, content::Squeezed, ink, output, typeset, warnings, world::Files};

/// How often a document is laid out again because something of it was outside the paper.
const MAX_RELAYOUTS: usize = 2;

/// The levels of boxes that are tried where Typst refuses a document as nested too deep: some style sheets take more of
/// Typst's levels for each box than others.
const SHALLOWER: [u8; 3] = [8, 4, 1];

fn is_too_deep(failure: &Failure) -> bool {
    failure.message.contains("depth exceeded")
}

/// Lays out a document. Where something lies outside the paper, its block is scaled down, then the block around it.
pub fn guarded(
    lay_out: impl Fn(&Squeezed, &mut Warnings) -> Result<PagedDocument, Failure>,
    warnings: &mut Warnings,
) -> Result<PagedDocument, Failure> {
    let mut squeezed = Squeezed::default();
    let mut document = lay_out(&squeezed, warnings);
    for blocks in SHALLOWER {
        if !document.as_ref().is_err_and(is_too_deep) {
            break;
        }
        squeezed.blocks = Some(blocks);
        document = lay_out(&squeezed, warnings);
    }
    let mut document = document?;
    let first = ink::outside(&document);
    for round in 0..MAX_RELAYOUTS {
        let lines = ink::outside(&document);
        if lines.is_empty() {
            break;
        }
        squeezed.outermost = round > 0;
        squeezed.lines.extend(lines);
        // Its warnings were given the first time.
        document = lay_out(&squeezed, &mut Warnings::default())?;
    }
    note_margin_boxes(&document, warnings);
    let left = ink::outside(&document);
    for line in first {
        let message = match left.contains(&line) {
            true => "something here lies outside the paper, although it was scaled down: shorten it or divide it",
            false => {
                "this did not fit on the page, so it was scaled down: shorten it, divide it, or use larger paper \
                 (`@page { size: .. }`)"
            }
        };
        warnings.add(warnings::SOURCE, Some(line), message);
    }
    Ok(document)
}

/// Warns of margin boxes whose text did not fit; ruche.typ notes them.
fn note_margin_boxes(document: &PagedDocument, warnings: &mut Warnings) {
    let Some(label) = Label::new(PicoStr::intern("ruche-margin-box")) else { return };
    let mut seen = HashSet::new();
    for note in document.introspector().query(&Selector::Label(label)) {
        let Some(Value::Dict(note)) = note.to_packed::<MetadataElem>().map(|note| note.value.clone()) else { continue };
        let text = |name: &str| note.get(name).ok()?.clone().cast::<Str>().ok();
        let line = note.get("line").ok().and_then(|line| u32::try_from(line.clone().cast::<i64>().ok()?).ok());
        let (Some(place), Some(source), Some(done)) = (text("place"), text("source"), text("done")) else { continue };
        let message = format!(
            "`@{place}`: its text does not fit into the page's margin, so it was {done}: shorten it, or specify a larger \
             margin"
        );
        if seen.insert((source.clone(), line, place)) {
            warnings.add(&source, line, message);
        }
    }
}

pub fn typeset((files, entry): &(Files, FileId), doc: Dict, warnings: &mut Warnings) -> Result<PagedDocument, Failure> {
    let typeset = typeset::typeset(files, *entry, doc)?;
    for warning in &typeset.warnings {
        let (source, line) = match text_line(warning) {
            Some(line) => (warnings::SOURCE.to_owned(), Some(line)),
            None => place(files, warning).map_or(("template".to_owned(), None), |(path, line)| (path, Some(line))),
        };
        warnings.add(&source, line, output::with_hints(warning));
    }
    typeset.pages.map_err(|errors| {
        let mut lines = Vec::new();
        for error in errors.iter().filter(|error| error.severity == Severity::Error).take(10) {
            let message = output::with_hints(error);
            let line = match place(files, error) {
                Some((path, line)) => format!("{path}:{line}: {message}"),
                None => message,
            };
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        Failure::new(codes::TEMPLATE, lines.join("\n")).with_param("template")
    })
}

/// The line of the text that this is about.
fn text_line(diagnostic: &SourceDiagnostic) -> Option<u32> {
    match diagnostic.span.get() {
        DiagSpanKind::Range { id, range, .. } => ink::line_at(id, range.start),
        DiagSpanKind::Detached | DiagSpanKind::Number { .. } => None,
    }
}

fn place(files: &Files, diagnostic: &SourceDiagnostic) -> Option<(String, u32)> {
    let id = diagnostic.span.id()?;
    let source = files.source(id).ok()?;
    let start = match diagnostic.span.get() {
        DiagSpanKind::Detached => return None,
        DiagSpanKind::Number { num, sub_range, .. } => source.range(num, sub_range)?.start,
        DiagSpanKind::Range { range, .. } => range.start,
    };
    let line = source.lines().byte_to_line(start)?;
    let path = id.vpath().get_without_slash();
    let path = path.strip_prefix("template/").unwrap_or(path);
    Some((path.to_owned(), u32::try_from(line).ok()? + 1))
}
