//! A batch of datagrams: the memory that `recvmmsg` fills and `sendmmsg` sends from, made once per thread.
//!
//! Queries have a place each, because nobody knows how long the next one is. Replies are written one behind the other, so that the usual 64 of
//! them are 8 KiB that stay in the first cache.

use std::time::Duration;
use std::{io, mem, ptr};

use crate::leave::{self, Control};
use crate::peer::Peer;
use crate::socket::Socket;

/// Octets read per datagram, as in the Python loop; what is cut off there no longer parses and is answered FORMERR.
const LARGEST_QUERY: usize = 4096;
/// From one query to the next. At 4096 the heads of all queries would share one set of the first cache, which holds 8 to 12 lines.
const STRIDE: usize = LARGEST_QUERY + 192;
/// Replies begin on a cache line.
const LINE: usize = 64;
/// The kernel takes no more messages per call (`UIO_MAXIOV`).
const MOST: usize = 1024;
/// For a full send buffer, once per batch: a 10 Gbit/s card sends 64 replies of 1232 octets in 65 µs. Past it, replies are lost, not queries.
const SEND_PATIENCE: Duration = Duration::from_millis(2);

/// Datagrams received, and replies to them.
pub(crate) struct Batch {
    received: Vec<libc::mmsghdr>, // these point into all vectors below, which are never resized
    to_send: Vec<libc::mmsghdr>,
    query_pieces: Vec<libc::iovec>,
    reply_pieces: Vec<libc::iovec>,
    peers: Vec<Peer>,
    controls: Vec<Control>,
    queries: Vec<u8>,
    replies: Vec<u8>,
    room: usize,         // octets for the longest reply
    control_room: usize, // octets for control messages that the headers offer to the kernel
    count: usize,        // received last
    queued: usize,       // replies to it
    used: usize,         // octets of these replies, each up to a line's end
    octets: u64,         // of these replies alone
}

/// What became of the replies of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Handed to the kernel.
    pub(crate) sent: u64,
    /// Refused by it: full buffer, firewall, no route, port 0.
    pub(crate) unsent: u64,
    /// Octets of all of them.
    pub(crate) octets: u64,
}

impl Batch {
    /// Makes room for so many datagrams, and for as many replies of so many octets.
    pub(crate) fn new(size: usize, room: usize) -> Self {
        let (size, room) = (size.clamp(1, MOST), room.next_multiple_of(LINE));
        let (received, to_send) = (vec![empty_header(); size], vec![empty_header(); size]);
        let piece = libc::iovec { iov_base: ptr::null_mut(), iov_len: LARGEST_QUERY };
        let (query_pieces, reply_pieces) = (vec![piece; size], vec![piece; size]);
        let (peers, controls) = (vec![Peer::default(); size], vec![Control::new(); size]);
        let (queries, replies) = (vec![0; size * STRIDE], vec![0; size * room]);
        let (control_room, count, queued, used, octets) = (0, 0, 0, 0, 0);
        let mut batch = Self {
            received,
            to_send,
            query_pieces,
            reply_pieces,
            peers,
            controls,
            queries,
            replies,
            room,
            control_room,
            count,
            queued,
            used,
            octets,
        };
        batch.point();
        batch
    }

    /// Lets every header point to its own memory. The pointers are the vectors' own, so that reading through the vectors leaves them valid.
    fn point(&mut self) {
        for at in 0..self.received.len() {
            self.query_pieces[at].iov_base = self.queries.as_mut_ptr().wrapping_add(at * STRIDE).cast();
            let header = &mut self.received[at].msg_hdr;
            (header.msg_name, header.msg_namelen) = (self.peers.as_mut_ptr().wrapping_add(at).cast(), Peer::SIZE);
            (header.msg_iov, header.msg_iovlen) = (self.query_pieces.as_mut_ptr().wrapping_add(at), 1);
            header.msg_control = self.controls.as_mut_ptr().wrapping_add(at).cast();
            let header = &mut self.to_send[at].msg_hdr;
            (header.msg_iov, header.msg_iovlen) = (self.reply_pieces.as_mut_ptr().wrapping_add(at), 1);
        }
    }

    /// Receives what is there, in one system call; `flags` say whether it may wait. Forgets what was received before.
    pub(crate) fn receive(&mut self, socket: &Socket, flags: i32) -> io::Result<usize> {
        self.offer(if socket.wildcard() { leave::ROOM } else { 0 });
        let (headers, length) = (self.received.as_mut_ptr(), self.received.len());
        // SAFETY: each header points to memory of its own in vectors that live as long as the headers, and says how much there is.
        let count = unsafe { libc::recvmmsg(socket.raw(), headers, length as _, flags as _, ptr::null_mut()) };
        self.count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        Ok(self.count)
    }

    /// The query at a place, its client (4 or 16 octets), and room to write the reply to.
    #[inline]
    pub(crate) fn parts(&mut self, at: usize) -> (&[u8], &[u8], &mut [u8]) {
        let query = &self.queries[at * STRIDE..][..self.received[at].msg_len as usize];
        (query, self.peers[at].address(), &mut self.replies[self.used..][..self.room])
    }

    /// Who asked, and the address that was asked, where the kernel tells it; else empty.
    pub(crate) fn ends(&self, at: usize) -> (&Peer, &[u8]) {
        (&self.peers[at], self.controls[at].asked(self.received[at].msg_hdr.msg_controllen as _))
    }

    /// The query at a place and its client once more, and what was written as its reply.
    pub(crate) fn written(&self, at: usize, length: usize) -> (&[u8], &[u8]) {
        (&self.queries[at * STRIDE..][..self.received[at].msg_len as usize], &self.replies[self.used..][..length])
    }

    /// Queues what was written as the reply to the query at a place.
    #[inline]
    pub(crate) fn reply(&mut self, at: usize, length: usize) {
        assert!(length <= self.room, "a reply of {length} octets, with room for {}", self.room);
        let asked = &self.received[at].msg_hdr;
        self.reply_pieces[self.queued] = libc::iovec { iov_base: self.replies.as_mut_ptr().wrapping_add(self.used).cast(), iov_len: length };
        let header = &mut self.to_send[self.queued].msg_hdr;
        (header.msg_name, header.msg_namelen) = (asked.msg_name, asked.msg_namelen);
        header.msg_control = asked.msg_control;
        header.msg_controllen = self.controls[at].turn(asked.msg_controllen as _) as _;
        self.used += length.next_multiple_of(LINE);
        self.octets += length as u64;
        self.queued += 1;
    }

    /// Sends all queued replies. One that the kernel refuses is left out; the rest go on.
    pub(crate) fn send(&mut self, socket: &Socket) -> Sent {
        let (mut at, mut result) = (0, Sent { octets: mem::take(&mut self.octets), ..Sent::default() });
        let (mut waited, mut retried) = (false, usize::MAX);
        while at < self.queued {
            let (headers, length) = (self.to_send[at..].as_mut_ptr(), self.queued - at);
            // SAFETY: `queued` headers are filled in; each points to a peer, a control message and a reply in vectors that live as long.
            let sent = unsafe { libc::sendmmsg(socket.raw(), headers, length as _, libc::MSG_DONTWAIT as _) };
            if sent > 0 {
                at += sent as usize;
                result.sent += sent as u64;
                continue;
            }
            match io::Error::last_os_error().raw_os_error() {
                Some(libc::EINTR) => {}
                Some(libc::EAGAIN) if !waited => {
                    waited = true;
                    socket.wait_to_send(SEND_PATIENCE);
                }
                Some(libc::ECONNREFUSED) if retried != at => retried = at, // an ICMP error of an earlier reply, told here and thereby gone
                _ => {
                    at += 1;
                    result.unsent += 1;
                }
            }
        }
        (self.queued, self.used) = (0, 0);
        result
    }

    /// Makes the headers that the kernel has written to ready for it again.
    fn offer(&mut self, control_room: usize) {
        let stale = if control_room == self.control_room { self.count } else { self.received.len() };
        for header in &mut self.received[..stale] {
            header.msg_hdr.msg_namelen = Peer::SIZE;
            header.msg_hdr.msg_controllen = control_room as _;
        }
        self.control_room = control_room;
        (self.count, self.queued, self.used) = (0, 0, 0);
    }
}

fn empty_header() -> libc::mmsghdr {
    // SAFETY: integers and pointers, for which zeros are valid; a name, control or piece that is not there is a null pointer.
    unsafe { mem::zeroed() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_lie_behind_each_other_and_each_has_all_its_room() {
        let mut batch = Batch::new(3, 3280);
        for (at, length) in [(0, 100), (1, 3328), (2, 3328)] {
            batch.received[at].msg_len = 12;
            let (query, _, out) = batch.parts(at);
            assert_eq!((query.len(), out.len()), (12, 3328));
            batch.reply(at, length);
        }
        assert_eq!(batch.used, 128 + 2 * 3328);
    }

    #[test]
    #[should_panic(expected = "with room for")]
    fn a_reply_longer_than_its_room_is_refused() {
        Batch::new(1, 3280).reply(0, 3329);
    }
}
