//! Numbers made from a query's one 64-bit draw: splitmix64 (Steele, Lea, Flood 2014), with the draw as its seed.
//!
//! A number becomes an index or a weight by [`below`].

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15; // splitmix64's step, 2**64 / golden ratio
const LEVEL: u64 = 0xD1B5_4A32_D192_ED03; // keeps a level's draws apart from the one above

/// The n-th 64-bit number of a draw; number 0 is the draw itself.
pub fn number(draw: u64, n: u64) -> u64 {
    if n == 0 {
        return draw;
    }
    let z = draw.wrapping_add(n.wrapping_mul(GOLDEN));
    let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ z >> 31
}

/// The draw of the level below.
pub fn split(draw: u64) -> u64 {
    number(draw ^ LEVEL, 1)
}

/// The number as one of `total`: `number * total >> 64`.
pub fn below(number: u64, total: u64) -> u64 {
    ((u128::from(number) * u128::from(total)) >> 64) as u64
}
