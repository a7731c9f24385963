//! Text of documents: converts PDF files to Markdown in the worker's child processes, and prints seconds. The text is
//! compared by `benches/documents/pdf.sh`.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use ruche_schemas::kinds::embed::Format;
use ruche_workers::kinds::embed::{Extractor, ExtractorOptions};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The folder that takes a `.md` file for each document.
    out: PathBuf,
    files: Vec<PathBuf>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let extractor = Extractor::new(ExtractorOptions {
        program: std::env::current_exe()?.with_file_name("ruche-worker"),
        children: 1,
        memory: 1 << 30,
        deadline: Duration::from_secs(30),
    });
    for file in &arguments.files {
        let name = file.file_stem().context("a file has a name")?.to_string_lossy().into_owned();
        let bytes = std::fs::read(file).with_context(|| format!("{} can't be read", file.display()))?;
        let start = Instant::now();
        match extractor.extract(Format::Pdf, &bytes).await {
            Ok(found) => {
                let seconds = start.elapsed().as_secs_f64();
                std::fs::write(arguments.out.join(format!("{name}.md")), found.markdown)?;
                println!("{name}: {seconds:.2} s {}", found.warnings.join("; "));
            }
            Err(error) => println!("{name}: {error}"),
        }
    }
    Ok(())
}
