//! Chooses the tokens of the next decode: one per generating sequence, then parts of prompts, so a long prompt delays
//! no running answer. Prompts share a budget per decode by max-min fairness: the shortest finishes first, and the
//! longest still advances at each decode.

use super::{
    port::Row,
    slot::{Sequence, Slot},
};

/// Fills `rows` with the next batch, in slot order: at most one row per slot plus `prompt_chunk`. Empty if no
/// sequence can advance.
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
    // The last token yields the next one, which needs room in the reader's channel.
    let waits = part == sequence.pending() && !sequence.outlet.has_room();
    let part = if waits { part - 1 } else { part };
    let last = sequence.tokens.len() - 1;
    for (place, &token) in sequence.tokens.iter().enumerate().skip(sequence.decoded).take(part) {
        let position = u32::try_from(place).unwrap_or(u32::MAX);
        rows.push(Row { token, sequence: number, position, logits: place == last });
    }
}

fn parts(slots: &[Slot], prompt_chunk: usize) -> Vec<usize> {
    let pending = |slot: &Slot| slot.sequence.as_ref().map_or(0, Sequence::pending);
    let mut parts: Vec<usize> = slots.iter().map(|slot| pending(slot).min(1)).collect();
    let mut prompts: Vec<(usize, usize)> =
        slots.iter().map(pending).enumerate().filter(|(_, pending)| *pending > 1).map(|(i, p)| (p, i)).collect();
    prompts.sort_unstable();
    let mut budget = prompt_chunk;
    for (behind, &(pending, slot)) in prompts.iter().enumerate() {
        let share = budget / (prompts.len() - behind);
        // With more prompts than budget, those that finish first go first.
        parts[slot] = pending.min(share.max(usize::from(budget > 0)));
        budget -= parts[slot];
    }
    parts
}
