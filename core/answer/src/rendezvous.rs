//! Weighted rendezvous: scores a group for a client, so that each is first for its share of clients, and the same one every time.
//!
//! Integers only: no libm decides. The least score comes first; see `docs/explanation/draws.md` for the format, to the bit.

use std::sync::LazyLock;

use crate::draw::number;

const FRACTION: u32 = 48; // bits behind the point of a logarithm
const CELLS: u32 = 10; // log2 of the table's cells
const REST: u32 = 64 - CELLS;

/// A group's score for a client's key: `(logarithm << 32) / weight`, whole and rest of the quotient apart, so that 64 bits do.
pub fn score(client_key: u64, group_key: u64, weight: u64) -> (u64, u64) {
    let log = logarithm(number(client_key ^ group_key, 1));
    (log / weight, ((log % weight) << 32) / weight)
}

/// -log2((h + 1) / 2**64) with 48 bits behind the point.
fn logarithm(h: u64) -> u64 {
    let x = u128::from(h) + 1;
    let size = 128 - x.leading_zeros();
    let y = x << (65 - size); // from 2**64 up to, not including, 2**65
    let cell = (y >> REST) as usize - (1 << CELLS);
    let low = TABLE[cell];
    let step = (u128::from(TABLE[cell + 1] - low) * (y & ((1 << REST) - 1))) >> REST;
    (u64::from(65 - size) << FRACTION) - low - step as u64
}

static TABLE: LazyLock<[u64; (1 << CELLS) + 1]> = LazyLock::new(|| std::array::from_fn(|cell| log2(cell as u64)));

/// log2(1 + cell / 1024) by squaring, in fixed point with 62 bits behind it; what lies below them is cut off.
fn log2(cell: u64) -> u64 {
    if cell == 1 << CELLS {
        return 1 << FRACTION;
    }
    let mut x = u128::from((1 << CELLS) + cell) << (62 - CELLS);
    let mut bits = 0;
    for _ in 0..FRACTION {
        x = (x * x) >> 62;
        let bit = x >> 63;
        bits = bits << 1 | bit as u64;
        x >>= bit;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_logarithms() {
        for (h, expected) in [
            (u64::MAX, 0),
            (0, 64 << 48),
            ((1 << 32) - 1, 32 << 48),
            (0x9E37_79B9_7F4A_7C15, 195_411_751_244_440),
            (12_345_678_901_234_567_890, 163_075_373_775_526),
            (u64::MAX - (1 << 40), 24_210_318),
        ] {
            assert_eq!(logarithm(h), expected, "{h}");
        }
    }

    #[test]
    fn the_score_is_the_whole_quotient() {
        for (key, group, weight) in [(1, 2, 1), (u64::MAX, 77, 3), (0, 0, u64::from(u32::MAX)), (5, 9, 1000)] {
            let (whole, rest) = score(key, group, weight);
            let quotient = (u128::from(logarithm(number(key ^ group, 1))) << 32) / u128::from(weight);
            assert_eq!((u128::from(whole) << 32) + u128::from(rest), quotient);
        }
    }
}
