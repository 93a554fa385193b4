//! Who asked: where the reply goes, and what `answer()` is told of it.

use std::mem;

/// A `sockaddr_in` or `sockaddr_in6`, as the kernel writes and reads it.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C, align(4))]
pub(crate) struct Peer([u8; mem::size_of::<libc::sockaddr_in6>()]);

impl Peer {
    /// Octets of either.
    pub(crate) const SIZE: libc::socklen_t = mem::size_of::<Self>() as libc::socklen_t;

    /// `AF_INET` or `AF_INET6`.
    #[inline]
    pub(crate) fn family(&self) -> i32 {
        i32::from(u16::from_ne_bytes([self.0[0], self.0[1]]))
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        u16::from_be_bytes([self.0[2], self.0[3]])
    }

    /// The address alone: 4 or 16 octets, without a link-local zone; IPv4 in IPv6 is IPv4.
    #[inline]
    pub(crate) fn address(&self) -> &[u8] {
        match self.family() {
            libc::AF_INET => &self.0[4..8],
            _ => unmapped(&self.0[8..24]),
        }
    }
}

/// IPv4 in IPv6 as IPv4, any other of 16 octets as it is.
#[inline]
pub(crate) fn unmapped(address: &[u8]) -> &[u8] {
    const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
    if address[..12] == MAPPED { &address[12..] } else { address }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_its_address_alone() {
        let mut peer = Peer::default();
        (peer.0[0], peer.0[4], peer.0[7]) = (libc::AF_INET as u8, 127, 1);
        assert_eq!(peer.address(), [127, 0, 0, 1]);
        peer = Peer::default();
        (peer.0[0], peer.0[8], peer.0[23], peer.0[24]) = (libc::AF_INET6 as u8, 0xfe, 1, 9); // %9 is left out
        assert_eq!(peer.address(), [0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        (peer.0[8], peer.0[18], peer.0[19], peer.0[20]) = (0, 0xff, 0xff, 192);
        assert_eq!(peer.address(), [192, 0, 0, 1]);
    }
}
