//! A fast hash of names. Tables hold operators' names only, so strangers cannot fill them with collisions; they can but ask.

use std::hash::{BuildHasherDefault, Hasher};

const K: u64 = 0x9E37_79B9_7F4A_7C15;

/// The hash of an octet string.
pub fn of(octets: &[u8]) -> u64 {
    let mut h = octets.len() as u64;
    let (words, rest) = octets.as_chunks::<8>();
    for word in words {
        h = mix(h ^ u64::from_le_bytes(*word));
    }
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(h ^ u64::from_le_bytes(last))
}

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
