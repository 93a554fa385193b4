//! SipHash-2-4 (Aumasson, Bernstein 2012): the keyed hash that decides sticky choices, the same on every node.

/// A hash being fed: octets come in pieces, as if they were one.
#[derive(Clone)]
pub struct SipHash {
    state: [u64; 4],
    tail: u64,
    size: usize,
}

impl SipHash {
    /// Starts under a key of 16 octets.
    pub const fn new(key: &[u8; 16]) -> Self {
        let (mut low, mut high) = (0u64, 0u64);
        let mut i = 8;
        while i > 0 {
            i -= 1;
            low = low << 8 | key[i] as u64;
            high = high << 8 | key[i + 8] as u64;
        }
        let state = [low ^ 0x736F_6D65_7073_6575, high ^ 0x646F_7261_6E64_6F6D, low ^ 0x6C79_6765_6E65_7261, high ^ 0x7465_6462_7974_6573];
        Self { state, tail: 0, size: 0 }
    }

    /// Takes the next octets.
    pub fn write(&mut self, data: &[u8]) {
        for &octet in data {
            self.tail |= u64::from(octet) << (8 * (self.size & 7));
            self.size += 1;
            if self.size & 7 == 0 {
                self.word(self.tail);
                self.tail = 0;
            }
        }
    }

    /// The hash of all octets written.
    pub fn finish(mut self) -> u64 {
        self.word(self.tail | (self.size as u64 & 0xFF) << 56);
        self.state[2] ^= 0xFF;
        for _ in 0..4 {
            self.round();
        }
        self.state[0] ^ self.state[1] ^ self.state[2] ^ self.state[3]
    }

    fn word(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.round();
        self.state[0] ^= word;
    }

    fn round(&mut self) {
        let [v0, v1, v2, v3] = &mut self.state;
        *v0 = v0.wrapping_add(*v1);
        *v1 = v1.rotate_left(13) ^ *v0;
        *v0 = v0.rotate_left(32);
        *v2 = v2.wrapping_add(*v3);
        *v3 = v3.rotate_left(16) ^ *v2;
        *v0 = v0.wrapping_add(*v3);
        *v3 = v3.rotate_left(21) ^ *v0;
        *v2 = v2.wrapping_add(*v1);
        *v1 = v1.rotate_left(17) ^ *v2;
        *v2 = v2.rotate_left(32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_the_paper() {
        let key: [u8; 16] = std::array::from_fn(|i| i as u8);
        let data: Vec<u8> = (0..15).collect();
        let mut hash = SipHash::new(&key);
        hash.write(&data);
        assert_eq!(hash.finish(), 0xA129_CA61_49BE_45E5);
        let mut pieces = SipHash::new(&key);
        pieces.write(&data[..3]);
        pieces.write(&data[3..]);
        assert_eq!(pieces.finish(), 0xA129_CA61_49BE_45E5);
    }
}
