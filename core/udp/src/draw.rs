//! A thread's chance: 64 bits for every query, for weighted picks and rotation. No secret hangs on it.

use std::io;

/// splitmix64: one addition and two multiplications, every 64-bit number once per period.
#[derive(Debug)]
pub(crate) struct Draw(u64);

impl Draw {
    /// Starts from the kernel's own chance, so that no two threads or restarts draw alike.
    pub(crate) fn from_kernel() -> io::Result<Self> {
        let mut seed = [0_u8; 8];
        // SAFETY: the kernel writes at most `seed.len()` octets into `seed`, which lives across the call.
        let got = unsafe { libc::getrandom(seed.as_mut_ptr().cast(), seed.len(), 0) };
        if got == seed.len() as isize { Ok(Self(u64::from_ne_bytes(seed))) } else { Err(io::Error::last_os_error()) }
    }

    /// The next 64 bits.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_the_reference_implementation_draws() {
        let mut draw = Draw(1_234_567); // the published test vector of splitmix64.c
        let drawn: Vec<u64> = (0..3).map(|_| draw.next()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn starts_differ() {
        assert_ne!(Draw::from_kernel().unwrap().next(), Draw::from_kernel().unwrap().next());
    }

    #[test]
    fn every_bit_is_even_odds() {
        let mut draw = Draw::from_kernel().unwrap();
        let mut ones = [0_u32; 64];
        for _ in 0..10_000 {
            let drawn = draw.next();
            for (bit, count) in ones.iter_mut().enumerate() {
                *count += (drawn >> bit & 1) as u32;
            }
        }
        assert!(ones.iter().all(|&count| (4_600..5_400).contains(&count)), "{ones:?}"); // eight standard deviations
    }
}
