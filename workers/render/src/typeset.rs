//! Lays out a document with Typst as `typst::compile` does, but with the document as an argument.
//!
//! `compile` runs a source without arguments: a document could only be in `sys.inputs`. Each document would then have
//! its own standard library, and nothing of a template would be cached: that costs 7 of the 56 million instructions
//! of a short page.

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

/// The most layouts until page numbers and contents are stable.
const ROUNDS: usize = 5;

pub struct Typeset {
    pub pages: SourceResult<PagedDocument>,
    pub warnings: EcoVec<SourceDiagnostic>,
}

/// Calls `run(doc, template)` of `/ruche.typ` and lays out the result.
///
/// # Errors
/// When the template has no such function.
pub fn typeset(files: &Files, template: FileId, doc: Dict) -> Result<Typeset, Failure> {
    let (mut sink, traced) = (Sink::new(), Traced::default());
    let world: &dyn World = files;
    let world = world.track();
    let content = content(world, traced.track(), &mut sink, template, doc)?;
    let pages = content.and_then(|content| pages(world, traced.track(), &mut sink, &content));
    Ok(Typeset { pages, warnings: sink.warnings() })
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

/// Repeats the layout until what it reads of itself is stable, as `typst::compile` does.
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
        let mut round_sink = Sink::new();
        let mut engine = Engine {
            world,
            library: &LIBRARY,
            introspector: Protected::new(introspector.track_with(&constraint)),
            traced,
            sink: round_sink.track_mut(),
            route: Route::default(),
        };
        let document = PagedDocument::create(&mut engine, content, styles)?;
        // A layout that never converges is taken as it is.
        let settled = constraint.validate(Output::introspector(&document)) || round == ROUNDS;
        last = Some(document);
        if settled {
            sink.extend_from_sink(round_sink);
            break;
        }
    }
    let delayed = sink.delayed();
    match last {
        Some(document) if delayed.is_empty() => Ok(document),
        _ => Err(delayed),
    }
}
