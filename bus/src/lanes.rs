//! Whose turn it is: the urgent lane first, the others never left out.

use ruche_schemas::Lane;

/// Lanes, in the order of [`Lane::ALL`].
pub(crate) const LANES: usize = Lane::ALL.len();

/// Out of twelve jobs that three full lanes hand out, how many come from each.
pub(crate) const SHARES: [i64; LANES] = [8, 3, 1];

/// Smooth weighted round robin (as in nginx): who was passed over is owed.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    owed: [i64; LANES],
}

impl Turns {
    /// The lane whose turn it is, of those that want one.
    pub(crate) fn next(&mut self, wanted: [bool; LANES], shares: [i64; LANES]) -> Option<usize> {
        let candidates = (0..LANES).filter(|&lane| wanted[lane]);
        let total: i64 = candidates.clone().map(|lane| shares[lane]).sum();
        for lane in candidates.clone() {
            self.owed[lane] += shares[lane];
        }
        // Of several that are owed the same, the most urgent.
        let chosen = candidates.rev().max_by_key(|&lane| self.owed[lane])?;
        self.owed[chosen] -= total;
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_lanes_are_served_by_their_shares() {
        let mut turns = Turns::default();
        let mut served = [0; LANES];
        for _ in 0..120 {
            served[turns.next([true; LANES], SHARES).expect("a lane")] += 1;
        }
        assert_eq!(served, [80, 30, 10]);
    }

    #[test]
    fn nobody_waits_for_a_lane_that_wants_nothing() {
        let mut turns = Turns::default();
        assert!((0..10).all(|_| turns.next([false, false, true], SHARES) == Some(2)));
        assert_eq!(turns.next([false; LANES], SHARES), None);
    }
}
