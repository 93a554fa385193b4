//! How long queries took: from the moment their batch was received to the moment its replies were with the kernel.

use crate::count::Count;

const FIRST: u32 = 10; // 2^10 ns, about 1 µs: two clock reads and two system calls alone take longer
const LAST: u32 = 30; // 2^30 ns, about 1 s: past it a client has long asked again
const BUCKETS: usize = (LAST - FIRST + 2) as usize; // one more for what took longer

/// Counts by powers of two of nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Histogram([Count; BUCKETS]);

impl Histogram {
    /// Counts so many queries that took so long. The whole batch is given its own duration: an upper bound for each query in it.
    pub(crate) fn add(&self, nanoseconds: u64, queries: u64) {
        let power = u64::BITS - nanoseconds.saturating_sub(1).leading_zeros(); // the least p with nanoseconds <= 2^p
        self.0[(power.clamp(FIRST, LAST + 1) - FIRST) as usize].add(queries);
    }

    /// The counts, each with its upper bound in ns; the last has none (`u64::MAX`).
    pub(crate) fn counts(&self) -> impl Iterator<Item = (u64, u64)> {
        (FIRST..).zip(&self.0).map(|(power, count)| (if power > LAST { u64::MAX } else { 1 << power }, count.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound_of(nanoseconds: u64) -> u64 {
        let histogram = Histogram::default();
        histogram.add(nanoseconds, 3);
        let found: Vec<_> = histogram.counts().filter(|&(_, count)| count > 0).collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1, 3);
        found[0].0
    }

    #[test]
    fn a_duration_is_counted_under_the_least_bound_that_holds_it() {
        for (nanoseconds, bound) in [(0, 1024), (1, 1024), (1024, 1024), (1025, 2048), (2048, 2048), (2049, 4096), (1 << 30, 1 << 30)] {
            assert_eq!(bound_of(nanoseconds), bound, "{nanoseconds}");
        }
    }

    #[test]
    fn what_took_longer_than_a_second_has_no_bound() {
        assert_eq!(bound_of((1 << 30) + 1), u64::MAX);
        assert_eq!(bound_of(u64::MAX), u64::MAX);
    }

    #[test]
    fn bounds_rise() {
        let bounds: Vec<u64> = Histogram::default().counts().map(|(bound, _)| bound).collect();
        assert_eq!((bounds.len(), bounds[0], bounds[20]), (22, 1 << 10, 1 << 30));
        assert!(bounds.is_sorted());
    }
}
