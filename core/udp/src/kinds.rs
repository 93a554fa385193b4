//! Counts what was answered, one cell per kind of answer (`gslb/answer/tally.py`), in memory that never grows.

use std::sync::atomic::{AtomicU64, Ordering};

use answer::Meta;
use answer::symbols::Symbol;

use crate::count::Count;

const MOST: u64 = 4096; // kinds; past it they are counted together by rcode: metrics must not grow with what strangers ask
const CELLS: usize = 8192; // twice as many, so that a probe seldom looks at a second cell; 24 octets each
const SYMBOL: u64 = (1 << 27) - 1; // the widest number of a word that fits a key: 134 million words

/// The cells of one thread, which alone writes them.
#[derive(Debug)]
pub(crate) struct Kinds {
    cells: Box<[Cell]>,
    used: Count,
    together: [Count; 256],
}

/// One kind; free while its count is 0.
#[derive(Debug, Default)]
struct Cell {
    high: AtomicU64,
    low: AtomicU64,
    count: AtomicU64,
}

impl Kinds {
    /// All free.
    pub(crate) fn new() -> Self {
        Self { cells: (0..CELLS).map(|_| Cell::default()).collect(), used: Count::default(), together: [const { Count::new() }; 256] }
    }

    /// Counts one answer.
    #[inline]
    pub(crate) fn add(&self, meta: &Meta) {
        let Some((high, low)) = pack(meta) else { return self.together[meta.rcode as usize].add(1) };
        let mut at = spread(high, low);
        loop {
            let cell = &self.cells[at % CELLS];
            let count = cell.count.load(Ordering::Relaxed);
            if count == 0 {
                return self.begin(cell, high, low, meta.rcode);
            }
            if cell.high.load(Ordering::Relaxed) == high && cell.low.load(Ordering::Relaxed) == low {
                return cell.count.store(count + 1, Ordering::Relaxed);
            }
            at += 1;
        }
    }

    #[cold]
    fn begin(&self, cell: &Cell, high: u64, low: u64, rcode: u8) {
        if self.used.get() >= MOST {
            return self.together[rcode as usize].add(1);
        }
        self.used.add(1);
        cell.high.store(high, Ordering::Relaxed);
        cell.low.store(low, Ordering::Relaxed);
        cell.count.store(1, Ordering::Release); // who sees the count sees the key
    }

    /// All kinds that were seen, with their counts. A pool's number is left 0: it belongs to a snapshot, a count does not.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (Meta, u64)> {
        let alone = self.cells.iter().filter_map(|cell| {
            let count = cell.count.load(Ordering::Acquire);
            (count > 0).then(|| (unpack(cell.high.load(Ordering::Relaxed), cell.low.load(Ordering::Relaxed)), count))
        });
        let together = (0_u8..=255).zip(&self.together).map(|(rcode, count)| (Meta { rcode, ..Meta::default() }, count.get()));
        alone.chain(together.filter(|&(_, count)| count > 0))
    }
}

/// Puts a kind into 128 bits: zone 28, pool 28, rcode 8 | reason 27, site 27, type 9, truncated 1. `None`: a number does not fit.
fn pack(meta: &Meta) -> Option<(u64, u64)> {
    let [zone, pool, reason, site] = [meta.zone, meta.pool, meta.reason, meta.site].map(|symbol| u64::from(symbol.0));
    if (zone | pool | reason | site) > SYMBOL || meta.rtype >= 1 << 9 {
        return None;
    }
    let high = zone << 36 | pool << 8 | u64::from(meta.rcode);
    let low = reason << 37 | site << 10 | u64::from(meta.rtype) << 1 | u64::from(meta.truncated);
    Some((high, low))
}

fn unpack(high: u64, low: u64) -> Meta {
    let symbol = |bits: u64| Symbol((bits & SYMBOL) as u32);
    Meta {
        zone: symbol(high >> 36),
        pool: symbol(high >> 8),
        pool_number: 0,
        reason: symbol(low >> 37),
        site: symbol(low >> 10),
        rtype: (low >> 1 & 0x1ff) as u16,
        rcode: high as u8,
        truncated: low & 1 == 1,
    }
}

/// Where to look first: the high bits of two multiplications, on which every bit of the key has its say.
fn spread(high: u64, low: u64) -> usize {
    let mixed = (high.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ low).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 40) as usize
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn kind(number: u32) -> Meta {
        Meta { zone: Symbol(number % 7), pool: Symbol(number), rcode: (number % 3) as u8, rtype: (number % 258) as u16, ..Meta::default() }
    }

    #[test]
    fn a_kind_is_read_as_it_was_counted() {
        let widest = Symbol(SYMBOL as u32);
        let meta = Meta { zone: widest, pool: Symbol(3), pool_number: 0, reason: widest, site: Symbol(5), rtype: 257, rcode: 16, truncated: true };
        let kinds = Kinds::new();
        kinds.add(&meta);
        kinds.add(&Meta { pool_number: 9, ..meta });
        assert_eq!(kinds.counts().collect::<Vec<_>>(), [(meta, 2)]);
    }

    #[test]
    fn every_field_makes_another_kind() {
        let one = Symbol(1);
        let base = Meta::default();
        let others = [
            Meta { zone: one, ..base },
            Meta { pool: one, ..base },
            Meta { reason: one, ..base },
            Meta { site: one, ..base },
            Meta { rtype: 1, ..base },
            Meta { rcode: 1, ..base },
            Meta { truncated: true, ..base },
        ];
        let kinds = Kinds::new();
        kinds.add(&base);
        others.iter().for_each(|meta| kinds.add(meta));
        let counts: HashMap<Meta, u64> = kinds.counts().collect();
        assert_eq!(counts.len(), 8);
        assert!(counts.values().all(|&count| count == 1));
    }

    #[test]
    fn past_the_bound_kinds_are_counted_together_by_rcode() {
        let kinds = Kinds::new();
        for round in 1..=2 {
            (0..MOST as u32 + 300).for_each(|number| kinds.add(&kind(number)));
            let counts: HashMap<Meta, u64> = kinds.counts().filter(|(meta, _)| meta.pool != Symbol(0)).collect();
            assert_eq!(counts.len(), MOST as usize - 1);
            assert!((1..MOST as u32).all(|number| counts[&kind(number)] == round));
            let rest: u64 = kinds.counts().filter(|(meta, _)| meta.pool == Symbol(0) && meta.rtype == 0).map(|(_, count)| count).sum();
            assert_eq!(rest, 301 * round); // kind(0) is the one of these that has its own cell
        }
    }

    #[test]
    fn a_word_too_wide_for_the_key_is_counted_by_rcode() {
        let kinds = Kinds::new();
        kinds.add(&Meta { zone: Symbol(SYMBOL as u32 + 1), rcode: 3, ..Meta::default() });
        assert_eq!(kinds.counts().collect::<Vec<_>>(), [(Meta { rcode: 3, ..Meta::default() }, 1)]);
    }
}
