//! Holds the state of a walk over one formula's tree. `build` converts each node, with `arrays`, `groups` and `text`.

use super::MathError;

/// The deepest tree. The parser takes 32 levels of groups, each of a few nodes.
const MAX_DEPTH: usize = 200;

pub(super) struct Builder {
    pub(super) block: bool,
    depth: usize,
}

impl Builder {
    pub(super) fn new(block: bool) -> Self {
        Self { block, depth: 0 }
    }

    /// Goes one level down, or fails at the bound.
    pub(super) fn deeper<T>(&mut self, go: impl FnOnce(&mut Self) -> Result<T, MathError>) -> Result<T, MathError> {
        if self.depth == MAX_DEPTH {
            return Err(MathError::TooDeep);
        }
        self.depth += 1;
        let out = go(self);
        self.depth -= 1;
        out
    }
}
