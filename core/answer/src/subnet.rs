//! The client subnet option (RFC 7871): reads it, and knows the blocks of addresses that are not what they seem.

/// Option code.
pub const ECS: u16 = 8;

/// A client subnet as asked. `octets`: as many of the address as `source` needs, zeros beyond it.
#[derive(Clone, Copy, Debug)]
pub struct Subnet<'a> {
    /// 32 or 128.
    pub bits: u8,
    /// SOURCE PREFIX-LENGTH.
    pub source: u8,
    /// The address as sent.
    pub octets: &'a [u8],
}

impl Subnet<'_> {
    /// The address, zeros behind what was sent; IPv4 in the low 32 bits.
    pub fn address(&self) -> u128 {
        let mut address = 0;
        for &octet in self.octets {
            address = address << 8 | u128::from(octet);
        }
        if self.octets.is_empty() { 0 } else { address << (usize::from(self.bits) - 8 * self.octets.len()) }
    }

    /// The same of an IPv4 subnet that has octets.
    pub fn address4(&self) -> u32 {
        let address = self.octets.iter().fold(0, |address, &octet| address << 8 | u32::from(octet));
        address << (32 - 8 * self.octets.len())
    }
}

/// Reads the option's data; None where RFC 7871 section 6 calls it malformed.
pub fn parse_subnet(option: &[u8]) -> Option<Subnet<'_>> {
    let (&[high, family, source, scope], octets) = option.split_first_chunk::<4>()?;
    if high != 0 || !(family == 1 || family == 2) || scope != 0 {
        return None; // SCOPE must be 0 in a query
    }
    let bits = if family == 1 { 32 } else { 128 };
    if source > bits || octets.len() != (usize::from(source) + 7) >> 3 {
        return None;
    }
    match octets.last() {
        Some(last) if last & spare(source) != 0 => None,
        _ => Some(Subnet { bits, source, octets }),
    }
}

/// Bits of the last address octet that lie beyond SOURCE and must be 0.
fn spare(source: u8) -> u8 {
    if source & 7 == 0 { 0 } else { 0xFF >> (source & 7) }
}

/// Finds the IPv4 address inside an IPv6 one, and how many bits stand before it; None where there is none.
pub fn embedded(address: u128) -> Option<(u32, u8)> {
    if FOLDED.partition_point(|&bound| bound <= address) & 1 == 0 {
        return None;
    }
    if address >> 112 == 0x2002 {
        return Some(((address >> 80) as u32, 16)); // 6to4, RFC 3056 section 2
    }
    if address >> 96 == 0x2001_0000 {
        return Some((!(address as u32), 96)); // Teredo, RFC 4380 section 4: the client's address inverted
    }
    Some((address as u32, 96)) // mapped (RFC 4291 section 2.5.5.2) and NAT64 (RFC 6052 section 2.1)
}

/// First address of, and last of, the stretch between blocks that hold IPv4 addresses.
pub fn folded_gap(address: u128) -> (u128, u128) {
    gap(&FOLDED, address, u128::MAX)
}

/// First and last address of the special-purpose block around the address, or of the stretch between two; and whether it is a block.
pub fn special_gap(address: u128, bits: u8) -> (u128, u128, bool) {
    let (bounds, last): (&[u128], u128) = if bits == 32 { (&SPECIAL4, u128::from(u32::MAX)) } else { (&SPECIAL6, u128::MAX) };
    let (low, high) = gap(bounds, address, last);
    (low, high, bounds.partition_point(|&bound| bound <= address) & 1 == 1)
}

fn gap(bounds: &[u128], address: u128, last: u128) -> (u128, u128) {
    let at = bounds.partition_point(|&bound| bound <= address);
    (if at == 0 { 0 } else { bounds[at - 1] }, bounds.get(at).map_or(last, |bound| bound - 1))
}

// Starts and ends of blocks, in order: an odd position lies inside one.
const FOLDED: [u128; 8] = [
    0xFFFF << 32, // ::ffff:0:0/96
    0x1_0000 << 32,
    0x0064_FF9B << 96, // 64:ff9b::/96
    (0x0064_FF9B << 96) + (1 << 32),
    0x2001_0000 << 96, // 2001::/32
    0x2001_0001 << 96,
    0x2002 << 112, // 2002::/16
    0x2003 << 112,
];

// Blocks whose addresses say nothing about where a client is, because every network may use them (RFC 6890 and its registry).
// Documentation blocks are left out: no client has them, and operators try their own maps with them.
const SPECIAL4: [u128; 16] = [
    0,
    1 << 24, // 0.0.0.0/8
    10 << 24,
    11 << 24, // 10.0.0.0/8
    0x6440_0000,
    0x6480_0000, // 100.64.0.0/10
    127 << 24,
    128 << 24, // 127.0.0.0/8
    0xA9FE_0000,
    0xA9FF_0000, // 169.254.0.0/16
    0xAC10_0000,
    0xAC20_0000, // 172.16.0.0/12
    0xC0A8_0000,
    0xC0A9_0000, // 192.168.0.0/16
    0xF000_0000,
    1 << 32, // 240.0.0.0/4
];
const SPECIAL6: [u128; 6] = [
    0,
    2, // :: and ::1
    0xFC << 120,
    0xFE << 120, // fc00::/7
    0xFE80 << 112,
    0xFEC0 << 112, // fe80::/10
];
