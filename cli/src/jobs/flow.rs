//! `ruche jobs flow`: which job started which, as a tree.

use anyhow::Result;
use serde_json::Value;

use crate::{
    client::Client,
    output::{self, clean, field},
};

/// The deepest level that is drawn: more than a flow has.
const DEEPEST: usize = 64;

pub(super) async fn run(client: &Client, json: bool, id: &str) -> Result<()> {
    let tree = client.get(&["jobs", id, "flow"], &[]).await?;
    match json {
        true => output::json(&tree),
        false => output::text(&draw(&tree, id)),
    }
}

/// A line for each job; the requested one is marked.
fn draw(root: &Value, asked: &str) -> String {
    let mut text = format!("{}\n", label(root, asked));
    branches(root, asked, "", 1, &mut text);
    text
}

fn branches(job: &Value, asked: &str, indent: &str, depth: usize, text: &mut String) {
    let children = job["children"].as_array().map(Vec::as_slice).unwrap_or_default();
    if depth > DEEPEST && !children.is_empty() {
        text.push_str(&format!("{indent}└─ …\n"));
        return;
    }
    for (i, child) in children.iter().enumerate() {
        let (branch, below) = if i + 1 == children.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
        text.push_str(&format!("{indent}{branch}{}\n", label(child, asked)));
        branches(child, asked, &format!("{indent}{below}"), depth + 1, text);
    }
}

fn label(job: &Value, asked: &str) -> String {
    let mark = if job["id"] == asked { "  <" } else { "" };
    clean(&format!("{} {} {}{mark}", field(job, "kind"), field(job, "id"), field(job, "state")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_flow_is_drawn_as_a_tree() {
        let job = |id: &str, children: Value| json!({"id": id, "kind": "k", "state": "done", "children": children});
        let tree = job("a", json!([job("b", json!([job("c", json!([]))])), job("d", json!([]))]));
        assert_eq!(draw(&tree, "c"), "k a done\n├─ k b done\n│  └─ k c done  <\n└─ k d done\n");
    }
}
