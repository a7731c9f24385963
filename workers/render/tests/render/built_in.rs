//! The gateway's list of built-in templates is the worker's.

use ruche_render::templates;
use ruche_schemas::kinds::render::BUILT_IN;

#[test]
fn the_schema_names_the_templates_that_there_are() {
    let named: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, templates::names().collect::<Vec<_>>());
}
