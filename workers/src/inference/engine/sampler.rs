//! Chooses the next token from logits: penalties, top-k, top-p, min-p, temperature, chance, in llama.cpp's order.
//!
//! Each step looks at as few tokens as it can: the likeliest token needs one pass and no copy; top-p sorts only
//! tokens that can be in the nucleus. Chance is a function of the seed and of how many tokens were generated, so
//! an answer that is taken over by another worker goes on with the numbers that the first one would have drawn.

use std::collections::{HashMap, VecDeque};

use ruche_schemas::kinds::chat::Sampling;

/// How many tokens back the repeat penalty looks, prompt included: llama.cpp's default.
const RECENT: usize = 64;
/// Numbers that are worked on side by side.
const LANES: usize = 8;
/// Tokens whose weights are summed up together.
const BLOCK: usize = 256;

/// One sequence's choice of tokens.
#[derive(Debug)]
pub(super) struct Sampler {
    sampling: Sampling,
    seed: u64,
    drawn: u64,
    /// How often each token was generated; kept only where a penalty asks for it.
    generated: HashMap<i32, u32>,
    recent: VecDeque<i32>,
}

/// Buffers of the size of the vocabulary, shared by all sequences of a thread.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    logits: Vec<f32>,
    candidates: Vec<Candidate>,
    sums: Vec<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Candidate {
    logit: f32,
    token: i32,
}

impl Sampler {
    /// Starts with the prompt read and `said` generated. `chance` seeds it where the request has no seed.
    pub(super) fn new(sampling: Sampling, prompt: &[i32], emitted: &[i32], chance: u64) -> Self {
        let seed = sampling.seed.map_or(chance, u64::from);
        let mut sampler = Self { sampling, seed, drawn: 0, generated: HashMap::new(), recent: VecDeque::new() };
        if sampler.repeats() {
            sampler.recent.extend(prompt.iter().rev().take(RECENT).rev());
        }
        for token in emitted {
            sampler.accept(*token);
        }
        sampler
    }

    fn repeats(&self) -> bool {
        self.sampling.repeat_penalty != 1.0
    }

    fn counts(&self) -> bool {
        self.sampling.frequency_penalty != 0.0 || self.sampling.presence_penalty != 0.0
    }

    /// Notes a token as generated.
    pub(super) fn accept(&mut self, token: i32) {
        self.drawn += 1;
        if self.counts() {
            *self.generated.entry(token).or_default() += 1;
        }
        if self.repeats() {
            if self.recent.len() == RECENT {
                self.recent.pop_front();
            }
            self.recent.push_back(token);
        }
    }

    /// The next token, or nothing where no logit is a usable number.
    pub(super) fn choose(&self, logits: &[f32], scratch: &mut Scratch) -> Option<i32> {
        let Scratch { logits: penalized, candidates, sums } = scratch;
        let logits = if self.repeats() || self.counts() {
            penalized.clear();
            penalized.extend_from_slice(logits);
            self.penalize(penalized);
            penalized
        } else {
            logits
        };
        let (best, highest) = likeliest(logits)?;
        let Sampling { temperature, top_k, top_p, min_p, .. } = self.sampling;
        if temperature <= 0.0 || top_k == 1 {
            return Some(best);
        }
        let draw = unit(self.seed, self.drawn);
        let lowest = highest + min_p.ln();
        let top_k = usize::try_from(top_k).unwrap_or(usize::MAX);
        candidates.clear();
        // The total that top_p is a part of: all tokens', or those that top_k kept.
        let mut total = None;
        if top_k > 0 && top_k < logits.len() {
            keep_top_k(logits, top_k, candidates);
        } else if top_p < 1.0 {
            total = Some(softmax_sums(logits, highest, 1.0, sums));
            keep_possible_nucleus(logits, highest, top_p, total.unwrap_or(1.0), candidates);
        } else if min_p > 0.0 {
            candidates.extend(each(logits).filter(|candidate| candidate.logit >= lowest));
        } else {
            return Some(draw_from_all(logits, highest, temperature, draw, sums).unwrap_or(best));
        }
        candidates.sort_unstable_by(by_likelihood);
        if top_p < 1.0 {
            cut_top_p(candidates, highest, top_p, total);
        }
        if min_p > 0.0 {
            candidates.truncate(candidates.partition_point(|candidate| candidate.logit >= lowest).max(1));
        }
        Some(draw_from(candidates, highest, temperature, draw).unwrap_or(best))
    }

    fn penalize(&self, logits: &mut [f32]) {
        let place = |token: i32| usize::try_from(token).ok();
        let Sampling { repeat_penalty, frequency_penalty, presence_penalty, .. } = self.sampling;
        for (i, &token) in self.recent.iter().enumerate() {
            if self.recent.iter().take(i).any(|&earlier| earlier == token) {
                continue;
            }
            if let Some(logit) = place(token).and_then(|at| logits.get_mut(at)) {
                *logit = if *logit > 0.0 { *logit / repeat_penalty } else { *logit * repeat_penalty };
            }
        }
        for (&token, &count) in &self.generated {
            if let Some(logit) = place(token).and_then(|at| logits.get_mut(at)) {
                #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^24")]
                let count = count as f32;
                *logit -= count * frequency_penalty + presence_penalty;
            }
        }
    }
}

fn each(logits: &[f32]) -> impl Iterator<Item = Candidate> {
    (0..).zip(logits).filter(|(_, logit)| !logit.is_nan()).map(|(token, &logit)| Candidate { logit, token })
}

/// The likeliest first; of equals the lower id, so that the order is one only.
fn by_likelihood(a: &Candidate, b: &Candidate) -> std::cmp::Ordering {
    b.logit.total_cmp(&a.logit).then(a.token.cmp(&b.token))
}

/// The token with the highest logit, the lowest id of equals.
fn likeliest(logits: &[f32]) -> Option<(i32, f32)> {
    // In lanes and without NaN's rules, so that it becomes vector instructions; the second pass stops early.
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = logits.as_chunks::<LANES>();
    for chunk in chunks {
        for (lane, &logit) in lanes.iter_mut().zip(chunk) {
            *lane = if logit > *lane { logit } else { *lane };
        }
    }
    let highest = lanes.iter().chain(rest).copied().fold(f32::NEG_INFINITY, f32::max);
    if !highest.is_finite() {
        return None;
    }
    let at = logits.iter().position(|&logit| logit == highest)?;
    Some((i32::try_from(at).ok()?, highest))
}

/// The k likeliest, in any order: a pass against a threshold that rises whenever the buffer is full.
fn keep_top_k(logits: &[f32], k: usize, candidates: &mut Vec<Candidate>) {
    let room = k.saturating_mul(2).max(k.saturating_add(64));
    let mut threshold = f32::NEG_INFINITY;
    for candidate in each(logits) {
        if candidate.logit > threshold || candidates.len() < k {
            candidates.push(candidate);
        }
        if candidates.len() >= room {
            candidates.select_nth_unstable_by(k - 1, by_likelihood);
            candidates.truncate(k);
            threshold = candidates[k - 1].logit;
        }
    }
    if candidates.len() > k {
        candidates.select_nth_unstable_by(k - 1, by_likelihood);
        candidates.truncate(k);
    }
}

/// The tokens that can be in the nucleus. All tokens under (1 - p) / n together have less than 1 - p, so the
/// others hold p already.
fn keep_possible_nucleus(logits: &[f32], highest: f32, top_p: f32, total: f64, candidates: &mut Vec<Candidate>) {
    #[expect(clippy::cast_precision_loss, reason = "vocabularies stay far below 2^52")]
    let least = (1.0 - f64::from(top_p)) / logits.len() as f64 * total;
    #[expect(clippy::cast_possible_truncation, reason = "a bound of f32 logits; rounded down by the margin")]
    let lowest = highest + least.max(f64::MIN_POSITIVE).ln() as f32 - 0.001;
    candidates.extend(each(logits).filter(|candidate| candidate.logit >= lowest));
}

/// Cuts sorted candidates where they reach p of the total; without one, of their own.
fn cut_top_p(candidates: &mut Vec<Candidate>, highest: f32, top_p: f32, total: Option<f64>) {
    let weight = |candidate: &Candidate| f64::from(exp(candidate.logit - highest));
    let wanted = f64::from(top_p) * total.unwrap_or_else(|| candidates.iter().map(weight).sum());
    let mut sum = 0.0;
    let within = candidates.iter().position(|candidate| {
        sum += weight(candidate);
        sum >= wanted
    });
    if let Some(last) = within {
        candidates.truncate(last + 1);
    }
}

/// The candidate at `draw` (0 to 1) of their total weight.
fn draw_from(candidates: &[Candidate], highest: f32, temperature: f32, draw: f64) -> Option<i32> {
    let scale = temperature.recip();
    let weight = |candidate: &Candidate| f64::from(exp((candidate.logit - highest) * scale));
    let mut wanted = draw * candidates.iter().map(weight).sum::<f64>();
    for candidate in candidates {
        wanted -= weight(candidate);
        if wanted < 0.0 {
            return Some(candidate.token);
        }
    }
    candidates.last().map(|candidate| candidate.token)
}

/// The token at `draw` (0 to 1) of all tokens' weight: first its block, then itself.
fn draw_from_all(logits: &[f32], highest: f32, temperature: f32, draw: f64, sums: &mut Vec<f64>) -> Option<i32> {
    let scale = temperature.recip();
    let mut wanted = draw * softmax_sums(logits, highest, scale, sums);
    let block = sums.iter().position(|sum| {
        let here = wanted < *sum;
        wanted -= if here { 0.0 } else { *sum };
        here
    })?;
    let first = block * BLOCK;
    let within = logits[first..].iter().take(BLOCK).position(|logit| {
        wanted -= f64::from(exp((logit - highest) * scale));
        wanted < 0.0
    });
    i32::try_from(first + within?).ok()
}

/// The sum of `exp((logit - highest) * scale)`, and the sums of its blocks.
fn softmax_sums(logits: &[f32], highest: f32, scale: f32, sums: &mut Vec<f64>) -> f64 {
    sums.clear();
    sums.extend(logits.chunks(BLOCK).map(|block| {
        let mut lanes = [0.0_f32; LANES];
        let (chunks, rest) = block.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, logit) in lanes.iter_mut().zip(chunk) {
                *lane += exp((logit - highest) * scale);
            }
        }
        let rest = rest.iter().map(|logit| exp((logit - highest) * scale));
        lanes.into_iter().chain(rest).map(f64::from).sum::<f64>()
    }));
    sums.iter().sum()
}

/// e^x for x up to 0, to about 2e-7 of it; next to nothing below -87, and for what is no number. Plain arithmetic
/// that becomes vector instructions, where the library's own is called number by number: with 128,000 tokens a
/// vocabulary that is the difference between 0.1 ms and 1 ms a token. Cephes' polynomial (Moshier, 1984).
#[inline]
fn exp(x: f32) -> f32 {
    /// Adding and subtracting it rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let x = if x > -87.0 { x } else { -87.0 };
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let r = x - whole * 0.693_359_4;
    let r = r + whole * 2.121_944_4e-4;
    let mut y = 1.987_569_1e-4_f32;
    for c in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_65, 0.5] {
        y = y * r + c;
    }
    let y = y * r * r + r + 1.0;
    // The whole number stands in the low bits of `shifted`; the others are shifted out.
    y * f32::from_bits(shifted.to_bits().wrapping_add(127) << 23)
}

/// A number from 0 to 1 (excluded) for the n-th draw of a seed: two rounds of SplitMix64 (Steele et al., 2014).
fn unit(seed: u64, n: u64) -> f64 {
    let mix = |mut z: u64| {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    let bits = (mix(mix(seed) ^ n) >> 11) as f64;
    bits / 9_007_199_254_740_992.0
}

#[cfg(test)]
#[path = "sampler_tests.rs"]
mod tests;
