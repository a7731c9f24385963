//! One walk over one formula's tree, with its depth counted: `build` takes each node, `arrays`, `groups` and `text` those
//! that need more.

use super::MathError;

/// How deep the tree may be. The parser takes 32 levels of groups, each of which can be a few nodes.
const MAX_DEPTH: usize = 200;

/// One walk over one formula.
pub(super) struct Builder {
    pub(super) block: bool,
    depth: usize,
}

impl Builder {
    pub(super) fn new(block: bool) -> Self {
        Self { block, depth: 0 }
    }

    /// One level down, if there is one.
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
