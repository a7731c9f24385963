//! CSS.md has the table of properties that the code has. `UPDATE_SNAPSHOTS=1` writes it.

use std::{env, fs, path::Path};

use crate::css::properties::{IN_PART, TABLE};

const BEGIN: &str = "<!-- Written by the tests from css/properties/table.rs. -->\n";
const END: &str = "<!-- Until here. -->\n";

/// Properties that take the same values share one row.
fn table() -> String {
    let mut rows: Vec<(Vec<&str>, &str, &str)> = Vec::new();
    for spec in TABLE {
        let part = IN_PART.iter().find(|(name, _)| *name == spec.name).map_or("", |(_, part)| *part);
        match rows.last_mut() {
            Some((names, takes, of)) if *takes == spec.takes && (part.is_empty() || *of == part) => {
                names.push(spec.name);
            }
            _ => rows.push((vec![spec.name], spec.takes, part)),
        }
    }
    let mut text = String::from("| Property | Takes | Not, or otherwise |\n|---|---|---|\n");
    for (names, takes, part) in rows {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        text.push_str(&format!("| {} | {} | {} |\n", names.join(", "), takes.replace('|', "\\|"), part));
    }
    text
}

#[test]
fn the_manual_has_the_table_of_properties() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("CSS.md");
    let manual = fs::read_to_string(&path).expect("CSS.md");
    let (before, rest) = manual.split_once(BEGIN).expect("the table begins");
    let (found, after) = rest.split_once(END).expect("the table ends");
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", table())).expect("written");
        return;
    }
    assert_eq!(found, table(), "UPDATE_SNAPSHOTS=1 writes it");
    for (name, _) in IN_PART {
        assert!(TABLE.iter().any(|spec| spec.name == *name), "{name}");
    }
}
