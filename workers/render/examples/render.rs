//! Renders a Markdown file: `render in.md out.pdf [template] [css]`.
use ruche_render::{Renderer, Resources};
use ruche_schemas::jobs::render::{Format, Render};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let mut job = Render { markdown: std::fs::read_to_string(&arguments[1]).expect("a file"), ..Render::default() };
    if let Some(name) = arguments.get(3) {
        job.template.name = name.clone();
    }
    if let Some(css) = arguments.get(4) {
        job.css = std::fs::read_to_string(css).expect("a file");
    }
    if arguments[2].ends_with(".png") {
        job.options.format = Format::Png;
    }
    let renderer = Renderer::new();
    for i in 0..std::env::var("N").map_or(1, |n| n.parse().expect("n")) {
        let begun = std::time::Instant::now();
        match renderer.render(&job, &Resources::default()) {
            Ok(output) => {
                if i == 0 {
                    for warning in &output.warnings {
                        eprintln!("{warning}");
                    }
                    std::fs::write(&arguments[2], &output.bytes).expect("a file");
                }
                eprintln!("{} pages, {} bytes, {:?}", output.pages, output.bytes.len(), begun.elapsed());
            }
            Err(failure) => eprintln!("{failure}"),
        }
    }
}
