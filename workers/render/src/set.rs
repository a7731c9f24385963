//! Has Typst set a document: what `typst::compile` does, with the document for an argument.
//!
//! `compile` runs a source that takes nothing, so a document could only be in `sys.inputs`. Then the standard library is
//! another one for each document, and nothing that a template defines is ever kept: 7 of the 56 million instructions of a short page.

use ruche_schemas::{Failure, failure::codes};
use typst::{
    World,
    comemo::{Constraint, Track, Tracked},
    diag::{SourceDiagnostic, SourceResult},
    ecow::EcoVec,
    engine::{Engine, Route, Sink, Traced},
    foundations::{Args, Content, Context, Dict, Func, IntoValue, Output, StyleChain, Target, TargetElem, Value},
    introspection::{EmptyIntrospector, Introspector},
    syntax::{FileId, Span},
    utils::Protected,
};
use typst_layout::PagedDocument;

use crate::world::{Files, LIBRARY};

/// How often a document is laid out until what it says of itself (page numbers, contents) is true.
const ROUNDS: usize = 5;

/// A document, or why there is none; and what is to be said in any case.
pub struct Set {
    /// The pages.
    pub pages: SourceResult<PagedDocument>,
    /// Warnings.
    pub warnings: EcoVec<SourceDiagnostic>,
}

/// Calls `run(doc, template)` of `/ruche.typ` with the template's function, and lays out what it gives.
///
/// # Errors
/// Where the template has no such function.
pub fn set(files: &Files, template: FileId, doc: Dict) -> Result<Set, Failure> {
    let (mut sink, traced) = (Sink::new(), Traced::default());
    let world: &dyn World = files;
    let world = world.track();
    let content = content(world, traced.track(), &mut sink, template, doc)?;
    let pages = content.and_then(|content| pages(world, traced.track(), &mut sink, &content));
    Ok(Set { pages, warnings: sink.warnings() })
}

fn content(
    world: Tracked<'_, dyn World + '_>,
    traced: Tracked<'_, Traced>,
    sink: &mut Sink,
    template: FileId,
    doc: Dict,
) -> Result<SourceResult<Content>, Failure> {
    let mut function = |id: FileId, name: &str| -> Result<SourceResult<Func>, Failure> {
        let path = id.vpath().get_without_slash().to_owned();
        let missing = |error: String| Failure::new(codes::TEMPLATE, format!("{path}: {error}")).with_param("template");
        let source = world.source(id).map_err(|error| missing(error.to_string()))?;
        let module = typst_eval::eval(world, &LIBRARY, traced, sink.track_mut(), Route::default().track(), &source);
        let module = match module {
            Ok(module) => module,
            Err(errors) => return Ok(Err(errors)),
        };
        match module.field(name, ()) {
            Ok(Value::Func(function)) => Ok(Ok(function.clone())),
            _ => Err(missing(format!("has no function `{name}`: it needs `#let {name}(doc) = {{ .. }}`"))),
        }
    };
    let (run, template) = match (function(world.main(), "run")?, function(template, "template")?) {
        (Ok(run), Ok(template)) => (run, template),
        (Err(errors), _) | (_, Err(errors)) => return Ok(Err(errors)),
    };
    let mut engine = Engine {
        world,
        library: &LIBRARY,
        introspector: Protected::new((&EmptyIntrospector as &dyn Introspector).track()),
        traced,
        sink: sink.track_mut(),
        route: Route::default(),
    };
    let args = Args::new(Span::detached(), [doc.into_value(), template.into_value()]);
    Ok(run.call(&mut engine, Context::none().track(), args).map(Value::display))
}

/// Lays out until what is read of the layout is what it was, as `typst::compile` does.
fn pages(
    world: Tracked<'_, dyn World + '_>,
    traced: Tracked<'_, Traced>,
    sink: &mut Sink,
    content: &Content,
) -> SourceResult<PagedDocument> {
    let base = StyleChain::new(&LIBRARY.styles);
    let target = TargetElem::target.set(Target::Paged).wrap();
    let styles = base.chain(&target);
    let mut last: Option<PagedDocument> = None;
    for round in 1..=ROUNDS {
        let empty: &dyn Introspector = &EmptyIntrospector;
        let introspector = last.as_ref().map_or(empty, |document| Output::introspector(document));
        let constraint = Constraint::new();
        let mut said = Sink::new();
        let mut engine = Engine {
            world,
            library: &LIBRARY,
            introspector: Protected::new(introspector.track_with(&constraint)),
            traced,
            sink: said.track_mut(),
            route: Route::default(),
        };
        let document = PagedDocument::create(&mut engine, content, styles)?;
        // One that never settles is taken as it is: a template can ask for what can't be.
        let settled = constraint.validate(Output::introspector(&document)) || round == ROUNDS;
        last = Some(document);
        if settled {
            sink.extend_from_sink(said);
            break;
        }
    }
    let delayed = sink.delayed();
    match last {
        Some(document) if delayed.is_empty() => Ok(document),
        _ => Err(delayed),
    }
}
