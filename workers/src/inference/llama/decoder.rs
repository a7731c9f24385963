//! llama.cpp's context behind the port. With a separate KV cache per sequence, llama.cpp needs one pass only for
//! consecutive sequence ids: 0, 2, 4 read all weights three times. Where that is costly, a gap is bridged with a row
//! for each idle sequence in it, which is dropped right after.

use std::ops::Range;

use llama_cpp_2::{DecodeError as LlamaError, context::LlamaContext, llama_batch::LlamaBatch, token::LlamaToken};

use crate::inference::engine::port::{DecodeError, Decoder, Row};

pub(super) struct LlamaDecoder<'model> {
    context: LlamaContext<'model>,
    batch: LlamaBatch<'static>,
    /// Index of each row of the last decode in llama.cpp's batch.
    places: Vec<i32>,
    /// The bridging rows of the current batch: sequence and position.
    bridges: Vec<(u32, u32)>,
    slots: u32,
    context_tokens: u32,
    widest_bridge: u32,
}

impl<'model> LlamaDecoder<'model> {
    pub(super) fn new(
        context: LlamaContext<'model>,
        (slots, batch): (u32, u32),
        context_tokens: u32,
        widest_bridge: u32,
    ) -> Self {
        let rows = usize::try_from(batch + slots).unwrap_or(usize::MAX);
        let batch = LlamaBatch::new(rows, 1);
        Self { context, batch, places: Vec::new(), bridges: Vec::new(), slots, context_tokens, widest_bridge }
    }

    fn add(&mut self, row: &Row) -> Result<i32, DecodeError> {
        let refuse = |what: &str| DecodeError::Refused(format!("{what} ({row:?})"));
        // llama.cpp checks neither, and would write out of bounds.
        if row.sequence >= self.slots || row.position >= self.context_tokens {
            return Err(refuse("the row lies outside the context"));
        }
        let sequence = i32::try_from(row.sequence).map_err(|_| refuse("no such sequence"))?;
        let position = i32::try_from(row.position).map_err(|_| refuse("no such position"))?;
        let place = self.batch.n_tokens();
        self.batch
            .add(LlamaToken(row.token), position, &[sequence], row.logits)
            .map_err(|_| refuse("the batch is full"))?;
        Ok(place)
    }

    fn bridge(&mut self, gap: Range<u32>, token: i32) -> Result<(), DecodeError> {
        let width = gap.end.saturating_sub(gap.start);
        if width == 0 || width > self.widest_bridge {
            return Ok(());
        }
        for sequence in gap {
            let length = self.length(sequence);
            if length < self.context_tokens {
                self.add(&Row { token, sequence, position: length, logits: false })?;
                self.bridges.push((sequence, length));
            }
        }
        Ok(())
    }

    fn length(&self, sequence: u32) -> u32 {
        let last = i32::try_from(sequence).map_or(-1, |sequence| self.context.kv_cache_seq_pos_max(sequence));
        u32::try_from(last + 1).unwrap_or(0)
    }

    fn fill(&mut self, rows: &[Row]) -> Result<(), DecodeError> {
        self.batch.clear();
        self.places.clear();
        self.bridges.clear();
        let mut before: Option<u32> = None;
        for row in rows {
            if let Some(before) = before {
                self.bridge(before + 1..row.sequence, row.token)?;
            }
            let place = self.add(row)?;
            self.places.push(place);
            before = Some(row.sequence);
        }
        Ok(())
    }
}

impl Decoder for LlamaDecoder<'_> {
    fn decode(&mut self, rows: &[Row]) -> Result<(), DecodeError> {
        self.fill(rows)?;
        let result = self.context.decode(&mut self.batch);
        for (sequence, length) in std::mem::take(&mut self.bridges) {
            self.truncate(sequence, length);
        }
        result.map_err(|error| match error {
            LlamaError::NoKvCacheSlot => DecodeError::Refused("no cells are free (llama_decode gave 1)".to_owned()),
            LlamaError::NTokensZero => DecodeError::Refused("the batch is not valid (llama_decode gave -1)".to_owned()),
            LlamaError::Unknown(code) => DecodeError::HalfDone(format!("llama_decode gave {code}")),
        })
    }

    fn logits(&self, row: usize) -> &[f32] {
        self.context.get_logits_ith(self.places[row])
    }

    fn truncate(&mut self, sequence: u32, keep: u32) -> u32 {
        let removed = self.context.clear_kv_cache_seq(Some(sequence), Some(keep), None);
        if matches!(removed, Ok(true)) {
            return self.length(sequence).min(keep);
        }
        // Removing a whole sequence always succeeds.
        let _ = self.context.clear_kv_cache_seq(Some(sequence), None, None);
        0
    }
}
