//! Tokens per second of the encoder alone, by the tokens of a batch: attention reads all of a batch, so more is not
//! always faster.
//!
//! Measured in processor time, the best of alternating rounds, so that the machine's other load matters less.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, stream};
use ruche_workers::inference::{
    encoder::{Encoder, Metrics},
    llama::{EncoderOptions, Pooling, start_encoder},
};

use crate::table::table;

/// In tokens.
const BUDGETS: [u32; 6] = [64, 128, 256, 512, 1024, 2048];
/// Tokens of one measurement.
const TOKENS: usize = 8_000;
/// The best counts.
const ROUNDS: usize = 3;
/// Texts of one job, as the gateway makes them.
const JOB: usize = 32;
const AT_ONCE: usize = 8;
/// Tokens of the texts, in turn: short ones, those of a chunk, and mixed ones.
const LENGTHS: [&[usize]; 3] = [&[16], &[256], &[8, 16, 24, 40, 64, 120, 200, 300, 500]];
/// Ticks of `/proc` per second.
const TICKS: f64 = 100.0;

pub async fn measure(path: &Path, threads: u32) -> Result<()> {
    let encoder = |batch_tokens| {
        let (model_path, model_name) = (path.to_owned(), "minilm".to_owned());
        let (context_tokens, gpu_layers, pooling) = (0, 0, Pooling::Model);
        let options =
            EncoderOptions { model_path, model_name, context_tokens, batch_tokens, threads, gpu_layers, pooling };
        start_encoder(options, Metrics::default())
    };
    let encoders = BUDGETS.map(encoder).into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut best = vec![[0.0_f64; 3]; encoders.len()];
    let mut alone = vec![f64::INFINITY; encoders.len()];
    for _ in 0..ROUNDS {
        for (number, encoder) in encoders.iter().enumerate() {
            for (best, lengths) in best[number].iter_mut().zip(LENGTHS) {
                *best = best.max(rate(encoder, lengths).await?);
            }
            alone[number] = alone[number].min(single(encoder).await?);
        }
    }
    println!(
        "Tokens per second of processor time, all-MiniLM-L6-v2, {threads} threads, {AT_ONCE} jobs of {JOB} texts at once.\n"
    );
    let mut rows =
        table(&["tokens of a batch", "texts of 16 tokens", "of 256", "of 8 to 500", "one of 16 alone, best ms"]);
    for ((budget, best), alone) in BUDGETS.iter().zip(best).zip(alone) {
        let mut row = vec![budget.to_string()];
        row.extend(best.map(|rate| format!("{rate:.0}")));
        row.push(format!("{alone:.2}"));
        rows.add_row(row);
    }
    println!("{rows}\n");
    Ok(())
}

/// The model's two special tokens included.
fn text(tokens: usize) -> String {
    vec!["bee"; tokens - 2].join(" ")
}

/// Tokens per second of processor time, of texts with these lengths in turn.
async fn rate(encoder: &Encoder, lengths: &[usize]) -> Result<f64> {
    let (mut jobs, mut tokens) = (Vec::new(), 0);
    while tokens < TOKENS {
        let lengths = (0..JOB).map(|number| lengths[(jobs.len() * JOB + number) % lengths.len()]);
        let lengths: Vec<usize> = lengths.collect();
        tokens += lengths.iter().sum::<usize>();
        jobs.push(lengths.into_iter().map(text).collect::<Vec<_>>());
    }
    let start = processor_seconds()?;
    let mut done =
        stream::iter(jobs).map(|texts| async { encoder.encode(String::new(), texts).await }).buffer_unordered(AT_ONCE);
    let mut counted = 0;
    while let Some(encoded) = done.next().await {
        counted += encoded?.iter().map(|encoded| encoded.tokens as usize).sum::<usize>();
    }
    ensure!(counted == tokens, "{counted} tokens instead of {tokens}");
    #[expect(clippy::cast_precision_loss, reason = "some thousand tokens")]
    Ok(tokens as f64 / (processor_seconds()? - start).max(1.0 / TICKS))
}

/// The least milliseconds for one short text alone.
async fn single(encoder: &Encoder) -> Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        encoder.encode(String::new(), vec![text(16)]).await?;
        best = best.min(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(best)
}

/// This process's processor time so far (proc(5): fields 14 and 15 of `stat`).
fn processor_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit(')').next().context("no stat")?.split_whitespace();
    let ticks: Vec<f64> = fields.skip(11).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / TICKS)
}
