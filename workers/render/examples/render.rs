//! Renders a Markdown file without a server: `render in.md out.pdf [template] [css]`.
//!
//! `N=100` renders it 100 times and prints each time; `%N%` in the text becomes the run's number, so that no two are
//! alike. `FILES=folder` attaches the files of a folder.

use std::{env, fs, path::Path, time::Instant};

use ruche_render::{Renderer, Resources};
use ruche_schemas::{
    Base64,
    kinds::render::{File, Format, Render},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let (Some(source), Some(target)) = (arguments.next(), arguments.next()) else {
        return Err("render in.md out.pdf [template] [css]".into());
    };
    let text = fs::read_to_string(source)?;
    let mut job = Render::default();
    if let Some(name) = arguments.next() {
        job.template.name = name;
    }
    if let Some(css) = arguments.next() {
        job.css = fs::read_to_string(css)?;
    }
    if target.ends_with(".png") {
        job.options.format = Format::Png;
    }
    if let Ok(folder) = env::var("FILES") {
        attach(Path::new(&folder), Path::new(&folder), &mut job)?;
    }
    let renderer = Renderer::new();
    let times: usize = env::var("N").map_or(Ok(1), |n| n.parse())?;
    for number in 0..times {
        job.markdown = text.replace("%N%", &number.to_string());
        let begun = Instant::now();
        let output = renderer.render(&job, &Resources::default())?;
        println!("{} pages, {} bytes, {:?}", output.pages, output.bytes.len(), begun.elapsed());
        if number == 0 {
            output.warnings.iter().for_each(|warning| eprintln!("{warning}"));
            fs::write(&target, &output.bytes)?;
        }
    }
    Ok(())
}

fn attach(root: &Path, folder: &Path, job: &mut Render) -> Result<(), Box<dyn std::error::Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            attach(root, &path, job)?;
        } else if let Some(name) = path.strip_prefix(root)?.to_str() {
            job.files.push(File { name: name.to_owned(), content: Base64(fs::read(&path)?) });
        }
    }
    Ok(())
}
