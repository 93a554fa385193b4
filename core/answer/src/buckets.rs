//! The IPv4 space in 65,536 buckets of a /16 each: most of them lie in one run, and one word says region and scope.
//!
//! Made by `region` from its runs, so that the usual look-up reads two lines of cache, of few, and evicts little of what the kernel needs for
//! its next packet: 16 buckets are a line, and equal lines are kept once (100 KB for a database of countries). A scope inside a bucket that several runs share never depends on what is outside: no aligned block larger than the bucket leaves
//! these runs apart.

use std::collections::HashMap;

use crate::region::{Found, Runs, UNKNOWN, block};
use crate::subnet::special_gap;

const SEVERAL: u32 = 1 << 31; // runs begin inside; the low bits say where its pieces are
const VAGUE: u32 = 1 << 30; // addresses here say nothing of where a client is, unless the partition knows better
const RAGGED: u32 = 1 << 29; // what masked addresses see here is not what lies here: ask the runs
const PIECES: u32 = RAGGED - 1;

/// Regions and scopes of IPv4.
#[derive(Debug)]
pub(crate) struct Buckets {
    /// For each 16 buckets the number of their line.
    numbers: Box<[u16; 1 << 12]>,
    lines: Box<[Line]>,
    /// For each bucket of several runs their number, then for each its first address (the low half) above its region.
    pieces: Box<[u32]>,
}

/// The words of 16 buckets: region in the low 16 bits and scope in the next 8 where a bucket is all one run; otherwise its first piece's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(align(64))]
struct Line([u32; 16]);

impl Buckets {
    /// Lays out the runs.
    pub(crate) fn new(runs: &Runs<u32>) -> Self {
        let (mut lines, mut pieces, mut known) = (Vec::new(), Vec::new(), HashMap::new());
        let mut numbers = Box::new([0; 1 << 12]);
        for (first, number) in (0..).step_by(16).zip(numbers.iter_mut()) {
            let line = Line(std::array::from_fn(|nth| word(runs, first + nth as u32, &mut pieces)));
            *number = *known.entry(line).or_insert_with(|| {
                lines.push(line);
                lines.len() as u16 - 1
            });
        }
        Self { numbers, lines: lines.into(), pieces: pieces.into() }
    }

    /// The region of an address.
    #[inline]
    pub(crate) fn region(&self, address: u32) -> u16 {
        let word = self.word(address);
        if word & SEVERAL == 0 { word as u16 } else { self.piece(word, address).0 }
    }

    /// What is known of a masked address; None where the runs must be asked.
    #[inline]
    pub(crate) fn found(&self, masked: u32) -> Option<Found> {
        let word = self.word(masked);
        if word & (SEVERAL | RAGGED) == 0 {
            return Some(Found { region: word as u16, scope: (word >> 16) as u8, known: word & VAGUE == 0 });
        }
        if word & RAGGED != 0 {
            return None;
        }
        let (region, low, behind) = self.piece(word, masked);
        // `region::block`, for the 16 bits that are left
        let inside = masked & 0xFFFF;
        let below = if low == 0 { 17 } else { 32 - (inside ^ (low - 1)).leading_zeros() };
        let above = if behind > 0xFFFF { 17 } else { 32 - (inside ^ behind).leading_zeros() };
        Some(Found { region, scope: (33 - below.min(above)) as u8, known: region != UNKNOWN || word & VAGUE == 0 })
    }

    #[inline]
    fn word(&self, address: u32) -> u32 {
        self.lines[usize::from(self.numbers[(address >> 20) as usize])].0[(address >> 16 & 15) as usize]
    }

    /// Region of the piece that holds an address, and the low halves of its first address and of the one behind its last.
    #[inline]
    fn piece(&self, word: u32, address: u32) -> (u16, u32, u32) {
        let (&count, pieces) = self.pieces[(word & PIECES) as usize..].split_first().expect("a bucket's pieces begin with their number");
        let pieces = &pieces[..count as usize];
        let behind = pieces.partition_point(|&piece| piece <= address << 16 | 0xFFFF); // the first begins at 0
        let piece = pieces[behind - 1];
        (piece as u16, piece >> 16, pieces.get(behind).map_or(1 << 16, |next| next >> 16))
    }
}

/// The word of one bucket; the pieces of several runs are appended.
fn word(runs: &Runs<u32>, bucket: u32, pieces: &mut Vec<u32>) -> u32 {
    let first = bucket << 16;
    let (from, to) = runs.covering(first, first | 0xFFFF);
    let (gap_low, gap_last, special) = special_gap(first.into(), 32); // whole buckets: see the assertion below
    let coarse = runs.within() > 0xFFFF; // masked by so much, an address may leave its bucket
    if from == to {
        let (region, low, last) = runs.bounds(from);
        let mut scope = block(first.into(), low.into(), last.into(), 32);
        if region == UNKNOWN {
            scope = scope.max(block(first.into(), gap_low, gap_last, 32));
        }
        let vague = special && region == UNKNOWN;
        return u32::from(region) | u32::from(scope) << 16 | if vague { VAGUE } else { 0 } | if coarse { RAGGED } else { 0 };
    }
    let at = pieces.len() as u32;
    assert!(at <= PIECES, "too many runs");
    pieces.push((to - from + 1) as u32);
    pieces.extend((from..=to).map(|run| runs.start(run).max(first) << 16 | u32::from(runs.bounds(run).0)));
    let ragged = coarse || (from..=to).any(|run| runs.is_ragged(run));
    SEVERAL | if special { VAGUE } else { 0 } | if ragged { RAGGED } else { 0 } | at
}
