//! The names that stand in a message behind its question, so that later ones can point to them. Compared without case.
//!
//! Few are looked through one by one, as in nearly every message. Many are found by their hash: TCP carries thousands of names, and to look
//! through all of them for each one would keep a plane's loop busy for a tenth of a second.

const FEW: usize = 64; // about as many names as fit a message over UDP
const FREE: u16 = u16::MAX;

/// The names of one message. Every one begins within the first 16,384 octets, so that 16 bits number them.
#[derive(Debug, Default)]
pub struct Seen<'a> {
    names: Vec<(&'a [u8], u16)>, // where it stands
    slots: Vec<u16>,             // numbers of names by hash, a power of two of them; none while there are few
}

impl<'a> Seen<'a> {
    /// Empties the list and lends its memory to another message: nothing is allocated, and no name outlives its packet.
    pub fn recycle<'b>(self) -> Seen<'b> {
        let Self { mut names, mut slots } = self;
        names.clear();
        slots.clear();
        Seen { names: names.into_iter().map(|_| unreachable!("it is empty")).collect(), slots }
    }

    /// Notes a name that is not noted yet.
    pub fn push(&mut self, name: &'a [u8], at: u16) {
        self.names.push((name, at));
        if self.names.len() > FEW.max(self.slots.len() / 2) {
            self.slots.clear();
            self.slots.resize(4 * self.names.len().next_power_of_two(), FREE);
            (0..self.names.len()).for_each(|number| self.place(number));
        } else if !self.slots.is_empty() {
            self.place(self.names.len() - 1);
        }
    }

    /// Where a name stands.
    pub fn find(&self, name: &[u8]) -> Option<u16> {
        let is_it = |&&(other, _): &&(&[u8], u16)| other.len() == name.len() && (std::ptr::eq(other, name) || other.eq_ignore_ascii_case(name));
        if self.slots.is_empty() {
            return self.names.iter().find(is_it).map(|&(_, at)| at);
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash(name) & mask;
        while self.slots[slot] != FREE {
            let found = &self.names[usize::from(self.slots[slot])];
            if is_it(&found) {
                return Some(found.1);
            }
            slot = (slot + 1) & mask;
        }
        None
    }

    fn place(&mut self, number: usize) {
        let mask = self.slots.len() - 1;
        let mut slot = hash(self.names[number].0) & mask;
        while self.slots[slot] != FREE {
            slot = (slot + 1) & mask;
        }
        self.slots[slot] = number as u16;
    }
}

/// FNV-1a without case; names are the operator's but for the question's own.
fn hash(name: &[u8]) -> usize {
    let h = name.iter().fold(0xcbf2_9ce4_8422_2325_u64, |h, octet| (h ^ u64::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0000_01b3));
    (h ^ h >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_found_as_few_are_whatever_their_case() {
        let names: Vec<Vec<u8>> = (0..5000).map(|n| format!("\u{5}N{n:04}\u{4}Test\0").into_bytes()).collect();
        let mut seen = Seen::default();
        for round in 0..2 {
            for (at, name) in names.iter().enumerate() {
                assert_eq!(seen.find(name), None);
                seen.push(name, at as u16);
                for earlier in [0, at / 2, at] {
                    assert_eq!(seen.find(&names[earlier].to_ascii_lowercase()), Some(earlier as u16), "{round}");
                }
            }
            assert_eq!(seen.find(b"\x05n0000\x04tesu\0"), None);
            seen = seen.recycle();
        }
    }

    /// Names that crowd would be looked through one by one again.
    #[test]
    fn many_names_stand_in_slots_of_their_own() {
        let names: Vec<[u8; 4]> =
            (0..8000_u16).map(|n| [2, (n >> 8) as u8, n as u8, 0]).filter(|name| !name.iter().any(u8::is_ascii_uppercase)).collect();
        let mut seen = Seen::default();
        names.iter().for_each(|name| seen.push(name, 0));
        let steps = |name: &[u8; 4]| {
            let (mask, mut slot, mut steps) = (seen.slots.len() - 1, hash(name) & (seen.slots.len() - 1), 1);
            while seen.names[usize::from(seen.slots[slot])].0 != name {
                (slot, steps) = ((slot + 1) & mask, steps + 1);
            }
            steps
        };
        let all: usize = names.iter().map(steps).sum();
        assert!(all < 3 * names.len(), "{all} steps for {} names", names.len());
    }
}
