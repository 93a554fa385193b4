//! For whom an answer is picked: which address counts, what is hashed of it, and the scope that goes with that.

use std::sync::LazyLock;

use crate::plan::{Reach, Sticky};
use crate::region::Partition;
use crate::siphash::SipHash;
use crate::subnet::{Subnet, embedded};

const HASH: SipHash = SipHash::new(b"gslb rendezvous."); // part of the format: another key moves every sticky client everywhere

static WHOLE: LazyLock<Partition> = LazyLock::new(Partition::whole); // where no partition is: one region

/// Who asks, as seen in the packet: the resolver's address (4 or 16 octets), a client subnet, the name in lower case.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Asker<'a> {
    pub client: &'a [u8],
    pub subnet: Option<Subnet<'a>>,
    pub name: &'a [u8],
}

impl Asker<'_> {
    /// Region and scope; 0 and 0 where there is no partition.
    pub fn place(&self, partition: Option<&Partition>) -> (u16, u8) {
        match (partition, &self.subnet) {
            (None, _) => (0, 0),
            (Some(partition), None) => (partition.of_client(self.client), 0),
            (Some(partition), Some(subnet)) => partition.of_subnet(subnet, self.client),
        }
    }

    /// The scope where the choice reaches so far into the address: at least its mask, also when longer than SOURCE.
    pub fn scope(&self, partition: Option<&Partition>, scope: u8, reach: Reach) -> u8 {
        let Some(subnet) = self.subnet.filter(|subnet| !subnet.octets.is_empty() && reach != Reach::default()) else { return scope };
        let scope = match partition {
            Some(_) => scope,
            // Even so some addresses count as others: those that hold IPv4, those that say nothing.
            None => scope.max(WHOLE.of_subnet(&subnet, self.client).1),
        };
        if subnet.bits == 32 {
            return scope.max(reach.bits4);
        }
        match embedded(subnet.address()) {
            None => scope.max(reach.bits6),
            Some((_, before)) => scope.max(if reach.bits4 == 0 { 0 } else { before + reach.bits4 }),
        }
    }

    /// The address that counts: the client subnet's, or the resolver's where the subnet says nothing of where the client is.
    pub fn counted(&self, partition: Option<&Partition>) -> Client<'_> {
        let speaks = |subnet: &Subnet| !subnet.octets.is_empty() && partition.unwrap_or(&WHOLE).speaks(subnet);
        let (bits, address) = match self.subnet.filter(speaks) {
            Some(subnet) => (subnet.bits, subnet.address()),
            None => (8 * self.client.len() as u8, self.client.iter().fold(0, |address, &octet| address << 8 | u128::from(octet))),
        };
        match if bits == 128 { embedded(address) } else { None } {
            Some((inside, _)) => Client { bits: 32, address: inside.into(), name: self.name },
            None => Client { bits, address, name: self.name },
        }
    }
}

/// The address that counts, IPv4 taken out of IPv6, and the name asked for, in lower case.
#[derive(Clone, Copy)]
pub struct Client<'a> {
    bits: u8,
    address: u128,
    name: &'a [u8],
}

/// Where nobody's address matters.
pub const NOBODY: Client<'static> = Client { bits: 32, address: 0, name: b"" };

impl Client<'_> {
    /// The 64-bit hash of all that the choice hangs on: seed (8 octets), family (0, 4 or 6: one octet), masked address (0, 4 or 16
    /// octets), name (wire form); numbers big-endian.
    pub fn key(&self, sticky: &Sticky) -> u64 {
        let mut hash = HASH;
        hash.write(&sticky.seed.to_be_bytes());
        let mask = if self.bits == 32 { sticky.bits4 } else { sticky.bits6 };
        match (mask, self.bits) {
            (0, _) => hash.write(&[0]),
            (_, 32) => {
                let spare = 32 - u32::from(mask);
                hash.write(&[4]);
                hash.write(&(self.address as u32 >> spare << spare).to_be_bytes());
            }
            _ => {
                let spare = 128 - u32::from(mask);
                hash.write(&[6]);
                hash.write(&(self.address >> spare << spare).to_be_bytes());
            }
        }
        if sticky.qname {
            hash.write(self.name);
        }
        hash.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_keys() {
        let v4 = |name| Client { bits: 32, address: 0xC633_6407, name };
        let v6 = Client { bits: 128, address: 0x2001_0db8_0001_0002_0000_0000_0000_0007, name: b"" };
        let sticky = |bits4, qname| Sticky { seed: 1, bits4, bits6: 56, qname };
        assert_eq!(v4(b"").key(&sticky(24, false)), 0x6827_a906_5088_656c);
        assert_eq!(v6.key(&sticky(24, false)), 0xc07d_51df_2d3a_f664);
        assert_eq!(v4(b"\x03www\0").key(&sticky(24, true)), 0x5027_2602_0e08_3ea4);
        assert_eq!(v4(b"\x03www\0").key(&sticky(0, true)), 0x6f31_36e7_b6a8_4123);
    }
}
