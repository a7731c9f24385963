//! Sources: the shards of all lanes, where a kind's jobs wait.

use crate::{Lane, TenantId};

/// Lanes, in the order of [`Lane::ALL`].
pub const LANES: usize = Lane::ALL.len();

pub const SOURCES: usize = first(LANES);

#[must_use]
pub const fn first(lane: usize) -> usize {
    let (mut source, mut before) = (0, 0);
    while before < lane {
        source += Lane::ALL[before].shards() as usize;
        before += 1;
    }
    source
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub lane: Lane,
    pub shard: u32,
}

impl Source {
    /// The source of a tenant's jobs.
    #[must_use]
    pub fn of(lane: Lane, tenant: &TenantId) -> Self {
        Self { lane, shard: lane.shard(tenant) }
    }

    /// In the order of their indices: the most urgent lane first.
    pub fn all() -> impl Iterator<Item = Self> + Clone {
        Lane::ALL.into_iter().flat_map(Self::of_lane)
    }

    pub fn of_lane(lane: Lane) -> impl Iterator<Item = Self> + Clone {
        (0..lane.shards()).map(move |shard| Self { lane, shard })
    }

    /// The last source if there is none with this index.
    #[must_use]
    pub fn at(index: usize) -> Self {
        let lane = (0..LANES).rfind(|&lane| first(lane) <= index).unwrap_or_default();
        let shard = u32::try_from(index - first(lane)).unwrap_or(u32::MAX);
        Self { lane: Lane::ALL[lane], shard: shard.min(Lane::ALL[lane].shards() - 1) }
    }

    #[must_use]
    pub const fn index(self) -> usize {
        first(self.lane as usize) + self.shard as usize
    }

    /// The name of its durable consumer: `normal`, `bulk-3`.
    #[must_use]
    pub fn consumer(self) -> String {
        let Self { lane, shard } = self;
        match lane.shards() {
            1 => lane.to_string(),
            _ => format!("{lane}-{shard}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_numbered_in_the_order_of_urgency() {
        let all: Vec<_> = Source::all().collect();
        assert_eq!(all.iter().map(|source| source.index()).collect::<Vec<_>>(), (0..SOURCES).collect::<Vec<_>>());
        assert_eq!((0..SOURCES).map(Source::at).collect::<Vec<_>>(), all);
        assert_eq!((all[0].lane, all[1].lane, all[2].lane), (Lane::Interactive, Lane::Normal, Lane::Bulk));
    }
}
