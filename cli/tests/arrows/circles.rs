//! No cycle of files: of two files, at most one depends on the other, over any number of steps.

use std::collections::{BTreeMap, BTreeSet};

use super::files::graph;

type Graph = BTreeMap<String, BTreeSet<String>>;

fn reached<'graph>(graph: &'graph Graph, from: &str) -> BTreeSet<&'graph str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = graph.get(from).into_iter().flatten().map(String::as_str).collect();
    while let Some(file) = open.pop() {
        if reached.insert(file) {
            open.extend(graph.get(file).into_iter().flatten().map(String::as_str));
        }
    }
    reached
}

/// The files of each cycle.
fn circles(graph: &Graph) -> BTreeSet<BTreeSet<&str>> {
    let reached: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|file| (file.as_str(), reached(graph, file))).collect();
    let tied = |file: &str| {
        let both =
            reached[file].iter().copied().filter(|other| reached.get(other).is_some_and(|back| back.contains(file)));
        both.collect::<BTreeSet<_>>()
    };
    graph.keys().map(|file| tied(file)).filter(|circle| circle.len() > 1).collect()
}

#[test]
fn there_is_no_circle_of_files() {
    let graph = graph();
    assert!(
        graph.len() > 300 && graph.values().map(BTreeSet::len).sum::<usize>() > graph.len(),
        "the sources are read"
    );
    let mut wrong = Vec::new();
    for circle in circles(&graph) {
        wrong.push(format!("a circle of {} files:", circle.len()));
        for file in &circle {
            let inside: Vec<_> = graph[*file].iter().filter(|other| circle.contains(other.as_str())).collect();
            wrong.push(format!("  {file} takes names from {inside:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_circle_is_found_over_any_number_of_steps() {
    let arrows = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "e"), ("x", "a")];
    let mut graph = Graph::new();
    for (from, to) in arrows {
        graph.entry(from.to_owned()).or_default().insert(to.to_owned());
    }
    assert_eq!(circles(&graph), BTreeSet::from([BTreeSet::from(["a", "b", "c"])]));
}
