//! A fast hash of names. Tables hold operators' names only, so strangers cannot fill them with collisions; they can but ask.

use std::hash::{BuildHasherDefault, Hasher};

const K: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of a name, whatever its case: a question's is hashed as it came.
#[inline]
pub fn of(octets: &[u8]) -> u64 {
    let size = octets.len();
    let mut h = size as u64;
    let (words, _) = octets.as_chunks::<8>();
    for word in words {
        h = mix(h ^ lower(u64::from_le_bytes(*word)));
    }
    // The last octets once more, so that none is copied about: eight, or as many as there are.
    let last = match octets {
        [.., a, b, c, d, e, f, g, i] => u64::from_le_bytes([*a, *b, *c, *d, *e, *f, *g, *i]),
        [a, b, c, d, ..] => {
            let end = &octets[size - 4..];
            u64::from(u32::from_le_bytes([*a, *b, *c, *d])) << 32 | u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]))
        }
        [a, .., z] => u64::from(*a) << 16 | u64::from(octets[size / 2]) << 8 | u64::from(*z),
        [a] => u64::from(*a),
        [] => 0,
    };
    mix(h ^ lower(last))
}

/// Eight octets in lower case.
#[inline]
pub fn lower(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let low = word & (0x7F * EACH);
    let from_a = low + (0x80 - b'A' as u64) * EACH; // the top bit of each octet: whether it is `A` or above
    let above_z = low + (0x7F - b'Z' as u64) * EACH; // whether it is above `Z`
    word | (from_a & !above_z & !word & (0x80 * EACH)) >> 2
}

#[inline]
fn mix(h: u64) -> u64 {
    let wide = u128::from(h ^ K) * u128::from(K | 1 << 62);
    (wide as u64) ^ (wide >> 64) as u64
}

/// The same for the standard library's tables.
#[derive(Default)]
pub struct Fast(u64);

impl Hasher for Fast {
    fn write(&mut self, octets: &[u8]) {
        self.0 = mix(self.0 ^ of(octets));
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = mix(self.0 ^ u64::from(n));
    }

    fn write_usize(&mut self, n: usize) {
        self.0 ^= (n as u64).rotate_left(32); // the length of a slice, which `of` mixes in again
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Makes [`Fast`] hashers.
pub type Build = BuildHasherDefault<Fast>;
