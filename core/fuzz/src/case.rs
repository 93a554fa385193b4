//! One case as the fuzzer's octets: which world, what is true of the query, who asks, and the packet. `gslb/testing/twin/reference.py` writes such.

use answer::Env;

/// As many worlds as are loaded.
pub const WORLDS: u64 = 32;

/// A case.
pub struct Case<'a> {
    /// Which world is asked.
    pub world: u64,
    /// What is true of the query beyond its octets.
    pub env: Env,
    /// 4 or 16 octets.
    pub client: &'a [u8],
    /// The packet.
    pub query: &'a [u8],
}

impl<'a> Case<'a> {
    /// Reads one; None where there are too few octets.
    pub fn read(octets: &'a [u8]) -> Option<Self> {
        let (head, rest) = octets.split_at_checked(13)?;
        let max_udp = u16::from_be_bytes([head[2], head[3]]).max(512);
        let draw = u64::from_be_bytes(head[4..12].try_into().ok()?);
        let env = Env { draw, udp: head[1] & 1 != 0, max_udp, ecs: head[1] & 2 != 0 };
        let (client, query) = rest.split_at_checked(if head[12] & 16 != 0 { 16 } else { 4 })?;
        Some(Self { world: u64::from(head[0]) % WORLDS, env, client, query })
    }
}
