//! Which tokens the next decode reads: first one for each sequence that generates, then pieces of prompts.
//!
//! Nobody who is reading an answer waits for somebody's long prompt: the prompts share a budget per decode, in
//! equal parts, and what a short one doesn't need goes to the longer ones (max-min fairness). So the shortest is
//! through first, and the longest still moves at each decode.

use super::{
    port::Row,
    slot::{Sequence, Slot},
};

/// Fills `rows` with the next batch, in the order of the slots: at most one row a slot and `prompt_chunk` more.
/// Empty where nothing can go on.
pub(super) fn plan(slots: &[Slot], prompt_chunk: usize, rows: &mut Vec<Row>) {
    rows.clear();
    let parts = parts(slots, prompt_chunk);
    for (number, (slot, part)) in (0..).zip(slots.iter().zip(parts)) {
        if let Some(sequence) = &slot.sequence {
            push_rows(number, sequence, part, rows);
        }
    }
}

fn push_rows(number: u32, sequence: &Sequence, part: usize, rows: &mut Vec<Row>) {
    // The last token yields the next one, which needs a reader with room for it.
    let waits = part == sequence.pending() && !sequence.outlet.has_room();
    let part = if waits { part - 1 } else { part };
    let last = sequence.tokens.len() - 1;
    for (place, &token) in sequence.tokens.iter().enumerate().skip(sequence.decoded).take(part) {
        let position = u32::try_from(place).unwrap_or(u32::MAX);
        rows.push(Row { token, sequence: number, position, logits: place == last });
    }
}

/// How many tokens of each slot may be read now.
fn parts(slots: &[Slot], prompt_chunk: usize) -> Vec<usize> {
    let pending = |slot: &Slot| slot.sequence.as_ref().map_or(0, Sequence::pending);
    let mut parts: Vec<usize> = slots.iter().map(|slot| pending(slot).min(1)).collect();
    let mut prompts: Vec<(usize, usize)> =
        slots.iter().map(pending).enumerate().filter(|(_, pending)| *pending > 1).map(|(i, p)| (p, i)).collect();
    prompts.sort_unstable();
    let mut budget = prompt_chunk;
    for (behind, &(pending, slot)) in prompts.iter().enumerate() {
        let share = budget / (prompts.len() - behind);
        // More prompts than budget: those that are through first go first.
        parts[slot] = pending.min(share.max(usize::from(budget > 0)));
        budget -= parts[slot];
    }
    parts
}
