//! Verifies an object against its claim while it is read. The last piece is withheld until the hash of the whole is
//! known, so a reader that gets every piece has verified content.

use bytes::Bytes;
use futures::{StreamExt, stream};
use ruche_schemas::Claim;

use super::port::{ObjectError, Pieces};

struct Reading {
    pieces: Pieces,
    claim: Claim,
    hasher: blake3::Hasher,
    seen: u64,
    /// The last piece received.
    held: Option<Bytes>,
}

/// Verifies the pieces against this claim. Nothing follows an error.
pub(super) fn verified(pieces: Pieces, claim: Claim) -> Pieces {
    let reading = Reading { pieces, claim, hasher: blake3::Hasher::new(), seen: 0, held: None };
    let read = stream::unfold(Some(reading), |reading| async move {
        let mut reading = reading?;
        match reading.next().await {
            Ok(Some(piece)) => Some((Ok(piece), Some(reading))),
            Ok(None) => reading.end().map(|piece| (piece, None)),
            Err(error) => Some((Err(error), None)),
        }
    });
    read.boxed()
}

impl Reading {
    /// The piece before the one being received; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, ObjectError> {
        while let Some(piece) = self.pieces.next().await {
            let piece = piece?;
            self.seen += piece.len() as u64;
            if self.seen > self.claim.bytes {
                return Err(self.corrupt(format!("it has more than the {} bytes that it should", self.claim.bytes)));
            }
            self.hasher.update(&piece);
            if let Some(before) = self.held.replace(piece) {
                return Ok(Some(before));
            }
        }
        Ok(None)
    }

    /// The last piece, if length and hash match. Nothing for an empty object.
    fn end(mut self) -> Option<Result<Bytes, ObjectError>> {
        if self.seen != self.claim.bytes {
            let what = format!("it has {} bytes, but should have {}", self.seen, self.claim.bytes);
            return Some(Err(self.corrupt(what)));
        }
        if self.hasher.finalize().to_hex().as_str() != self.claim.blake3 {
            return Some(Err(self.corrupt("its BLAKE3 hash is another one".to_owned())));
        }
        self.held.take().map(Ok)
    }

    fn corrupt(&self, what: String) -> ObjectError {
        ObjectError::Corrupt { key: self.claim.key.clone(), what }
    }
}
