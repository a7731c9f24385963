//! Compares documents' first pages with approved pictures.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test --release -p ruche-render --test render golden` redraws them: look at each before
//! the commit. Fonts are compiled in, so the pixels are the same everywhere but for rounding.

use std::{env, fs, path::Path};

use ruche_render::{Renderer, Resources};
use ruche_schemas::kinds::render::{Format, Render};

/// The most that a channel may differ on average, of 255.
const TOLERANCE: f64 = 0.5;

/// File, template, pages.
const DOCUMENTS: [(&str, &str, u32); 6] = [
    ("plain", "plain", 1),
    ("everything", "plain", 1),
    ("report", "report", 3),
    ("letter", "letter", 1),
    ("invoice", "invoice", 1),
    ("conversation", "conversation", 1),
];

fn picture(markdown: &str, template: &str, page: u32) -> Vec<u8> {
    let mut job = Render { markdown: markdown.to_owned(), ..Render::default() };
    job.template.name = template.to_owned();
    job.options.format = Format::Png;
    job.options.page = Some(page);
    let resources = Resources { today: chrono::NaiveDate::from_ymd_opt(2026, 1, 2), ..Resources::default() };
    Renderer::new().render(&job, &resources).unwrap_or_else(|failure| panic!("{template}: {failure}")).bytes
}

fn difference(one: &[u8], other: &[u8]) -> f64 {
    let read = |bytes: &[u8]| image::load_from_memory(bytes).expect("a picture").into_rgb8();
    let (one, other) = (read(one), read(other));
    if one.dimensions() != other.dimensions() {
        return 255.0;
    }
    let sum: u64 = one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    #[allow(clippy::cast_precision_loss)]
    let mean = sum as f64 / one.as_raw().len() as f64;
    mean
}

#[test]
fn documents_look_as_they_did_when_they_were_looked_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut wrong = Vec::new();
    for (name, template, pages) in DOCUMENTS {
        let markdown = fs::read_to_string(folder.join(format!("{name}.md"))).expect("a document");
        for page in 1..=pages {
            let path = folder.join(format!("{name}-{page}.png"));
            let drawn = picture(&markdown, template, page);
            if env::var_os("UPDATE_SNAPSHOTS").is_some() {
                fs::write(&path, &drawn).expect("written");
                continue;
            }
            let difference = difference(&drawn, &fs::read(&path).expect("a golden picture"));
            if difference > TOLERANCE {
                let seen = env::temp_dir().join(format!("ruche-{name}-{page}.png"));
                fs::write(&seen, &drawn).expect("written");
                wrong.push(format!("{name}, page {page}: differs by {difference:.2}: see {}", seen.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
