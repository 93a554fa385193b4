//! From which address a reply leaves: the one that was asked (RFC 2181 section 4.1).
//!
//! A socket bound to a wildcard address is told with each datagram which address that was (`IP_PKTINFO`, `IPV6_PKTINFO`), and is told the
//! same with the reply. The control message is turned round in place.

use std::mem;

use crate::peer;

/// Room for one control message of either kind, laid out as the kernel does: a header, then `in_pktinfo` or `in6_pktinfo`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Control {
    header: libc::cmsghdr,
    info: [u8; 24], // 12 octets of in_pktinfo, or 20 of in6_pktinfo, and what aligns them
}

/// Octets of a whole control message.
pub(crate) const ROOM: usize = mem::size_of::<Control>();

const HEADER: usize = mem::size_of::<libc::cmsghdr>();
const INFO4: usize = mem::size_of::<libc::in_pktinfo>();
const INFO6: usize = mem::size_of::<libc::in6_pktinfo>();

impl Control {
    /// An empty one.
    pub(crate) fn new() -> Self {
        // SAFETY: the header is three integers, for which zeros are valid.
        Self { header: unsafe { mem::zeroed() }, info: [0; 24] }
    }

    /// The address that a query was sent to, of a control message of so many octets: empty where the kernel told nothing.
    pub(crate) fn asked(&self, received: usize) -> &[u8] {
        match (self.header.cmsg_level, self.header.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) if received >= HEADER + INFO4 => &self.info[4..8],
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if received >= HEADER + INFO6 => peer::unmapped(&self.info[..16]),
            _ => &[],
        }
    }

    /// Turns what came with a query, so many octets, into what goes with its reply: the octets to send, 0 where the kernel told nothing.
    pub(crate) fn turn(&mut self, received: usize) -> usize {
        if received == 0 {
            return 0; // not a wildcard socket
        }
        match (self.header.cmsg_level, self.header.cmsg_type) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) if received >= HEADER + INFO4 => {
                self.info[..4].fill(0); // interface 0: the routing table decides, as for any reply
                self.info[8..12].fill(0); // octets 4 to 8, the local address, stay: there it leaves from
                received
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if received >= HEADER + INFO6 => {
                let link_local = self.info[0] == 0xfe && self.info[1] & 0xc0 == 0x80; // fe80::/10
                if !link_local {
                    self.info[16..20].fill(0); // link-local addresses mean nothing without their interface; others need none
                }
                received
            }
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(level: i32, kind: i32, info: &[u8]) -> Control {
        let mut control = Control::new();
        (control.header.cmsg_level, control.header.cmsg_type) = (level, kind);
        control.info[..info.len()].copy_from_slice(info);
        control
    }

    #[test]
    fn v4_keeps_the_local_address_alone() {
        let mut came = control(libc::IPPROTO_IP, libc::IP_PKTINFO, &[3, 0, 0, 0, 127, 0, 0, 2, 127, 255, 255, 255]);
        assert_eq!(came.turn(HEADER + 16), HEADER + 16);
        assert_eq!(came.info[..12], [0, 0, 0, 0, 127, 0, 0, 2, 0, 0, 0, 0]);
    }

    #[test]
    fn the_address_that_was_asked_is_read() {
        let v4 = control(libc::IPPROTO_IP, libc::IP_PKTINFO, &[3, 0, 0, 0, 127, 0, 0, 2, 127, 255, 255, 255]);
        assert_eq!((v4.asked(HEADER + 16), v4.asked(0)), (&[127, 0, 0, 2][..], &[][..]));
        let v6 = control(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &[0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(v6.asked(ROOM), &v6.info[..16]);
    }

    #[test]
    fn v6_keeps_the_address_and_only_a_link_local_one_its_interface() {
        for (first, second, interface) in [(0x20, 0x01, 0), (0xfe, 0x80, 7), (0xfe, 0xbf, 7), (0xfe, 0xc0, 0), (0xfd, 0x80, 0)] {
            let mut info = [0; 20];
            (info[0], info[1], info[15], info[16]) = (first, second, 1, 7);
            let mut came = control(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
            assert_eq!(came.turn(ROOM), ROOM);
            info[16] = interface;
            assert_eq!(came.info[..20], info);
        }
    }

    #[test]
    fn what_the_kernel_did_not_tell_is_not_sent() {
        assert_eq!(control(libc::SOL_SOCKET, libc::SO_TIMESTAMP, &[]).turn(ROOM), 0);
        assert_eq!(control(libc::IPPROTO_IP, libc::IP_PKTINFO, &[]).turn(0), 0);
    }

    #[test]
    fn the_layout_is_the_kernels() {
        // SAFETY: both only compute from a number.
        let (space4, space6) = unsafe { (libc::CMSG_SPACE(INFO4 as u32), libc::CMSG_SPACE(INFO6 as u32)) };
        assert!(space4 as usize <= ROOM && space6 as usize == ROOM);
        assert_eq!(mem::offset_of!(Control, info), HEADER);
        assert_eq!((mem::offset_of!(libc::in_pktinfo, ipi_spec_dst), mem::offset_of!(libc::in6_pktinfo, ipi6_ifindex)), (4, 16));
    }
}
