//! What packet threads keep of queries for dnstap and the query log, and which ones.
//!
//! A query is drawn first; of one that is drawn a record of a few hundred octets is copied into the thread's own ring, which is read every few
//! milliseconds through `Workers::tapped`. A full ring loses the record, and counts it: the thread never waits, locks or allocates.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use answer::Meta;
use answer::symbols::Symbol;

use crate::count::Count;

/// The query was drawn for dnstap.
pub const DNSTAP: u8 = 1;
/// It was drawn for the query log.
pub const LOG: u8 = 2;

const WORDS: usize = 1 << 18; // 2 MiB for each thread: some 8,000 queries, 40 ms of a flood; it is read every 10
const HEAD: usize = 10; // words before the octets of query and reply

/// Who is told of queries, and of how many: chances out of 2^32.
#[derive(Debug, Default, Clone)]
pub struct Watching {
    /// For dnstap.
    pub dnstap: u64,
    /// For the query log.
    pub log: u64,
    /// Networks whose clients may ask why: address and length.
    pub debug: Vec<(Vec<u8>, u8)>,
}

impl Watching {
    /// Whether any query is kept.
    pub fn keeps(&self) -> bool {
        self.dnstap > 0 || self.log > 0
    }

    /// What a query is kept for, by 64 random bits of its own: the answer's draw would tell of some members more than of others.
    #[inline]
    pub(crate) fn wants(&self, draw: u64) -> u8 {
        let chance = draw >> 32;
        (if chance < self.dnstap { DNSTAP } else { 0 }) | (if chance < self.log { LOG } else { 0 })
    }

    /// Whether a client may ask why.
    pub(crate) fn may_ask(&self, client: &[u8]) -> bool {
        self.debug.iter().any(|(network, length)| is_within(client, network, usize::from(*length)))
    }
}

fn is_within(address: &[u8], network: &[u8], length: usize) -> bool {
    let (whole, bits) = (length / 8, length % 8);
    address.len() == network.len() && address[..whole] == network[..whole] && (bits == 0 || (address[whole] ^ network[whole]) >> (8 - bits) == 0)
}

/// One query and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// `DNSTAP`, `LOG` or both.
    pub wants: u8,
    /// When the batch that it came with was taken from the socket: nanoseconds since 1970.
    pub began: u64,
    /// When its answer was made.
    pub ended: u64,
    /// 4 or 16 octets.
    pub client: &'a [u8],
    /// The client's.
    pub port: u16,
    /// The address that was asked: 4 or 16 octets.
    pub server: &'a [u8],
    /// The port that was asked.
    pub server_port: u16,
    /// What was decided.
    pub meta: Meta,
    /// As it came.
    pub query: &'a [u8],
    /// As it goes.
    pub reply: &'a [u8],
}

/// A ring with one writer, the packet thread, and one reader at a time. Cells are words, so that they need no lock.
#[derive(Debug)]
pub(crate) struct Ring {
    words: Box<[AtomicU64]>,
    written: Line,
    read: Line,
    missed: [Count; 2], // of dnstap's, of the log's
}

/// A position that its cache line shares with nothing: the reader's must not slow the writer's.
#[derive(Debug, Default)]
#[repr(align(128))] // two lines: the prefetcher fetches pairs
struct Line(AtomicUsize);

impl Ring {
    /// Empty.
    pub(crate) fn new() -> Self {
        let words = (0..WORDS).map(|_| AtomicU64::new(0)).collect();
        Self { words, written: Line::default(), read: Line::default(), missed: Default::default() }
    }

    /// Copies a record in, or counts it as missed. Only the packet thread calls this.
    pub(crate) fn put(&self, one: &Exchange) {
        let written = self.written.0.load(Ordering::Relaxed);
        let size = HEAD + one.query.len().div_ceil(8) + one.reply.len().div_ceil(8);
        if written.wrapping_sub(self.read.0.load(Ordering::Acquire)) + size > WORDS {
            return self.miss(one.wants);
        }
        let mut at = written;
        let mut word = |value: u64| {
            self.words[at % WORDS].store(value, Ordering::Relaxed);
            at = at.wrapping_add(1);
        };
        let families = u64::from(one.client.len() == 4) | u64::from(one.server.len() == 4) << 1 | u64::from(one.meta.truncated) << 2;
        word(size as u64 | (one.query.len() as u64) << 32 | (one.reply.len() as u64) << 48);
        word(one.began);
        word(one.ended);
        word(u64::from(one.port) | u64::from(one.server_port) << 16 | u64::from(one.wants) << 32 | families << 40 | u64::from(one.meta.rcode) << 48);
        for address in [one.client, one.server] {
            let mut room = [0; 16];
            room[..address.len()].copy_from_slice(address);
            word(u64::from_ne_bytes(room[..8].try_into().unwrap_or_default()));
            word(u64::from_ne_bytes(room[8..].try_into().unwrap_or_default()));
        }
        word(u64::from(one.meta.zone.0) | u64::from(one.meta.pool.0) << 32);
        word(u64::from(one.meta.reason.0) | u64::from(one.meta.site.0) << 32);
        for octets in [one.query, one.reply] {
            let mut rest = octets.chunks_exact(8);
            for eight in &mut rest {
                word(u64::from_ne_bytes(eight.try_into().unwrap_or_default()));
            }
            if !rest.remainder().is_empty() {
                let mut last = [0; 8];
                last[..rest.remainder().len()].copy_from_slice(rest.remainder());
                word(u64::from_ne_bytes(last));
            }
        }
        self.written.0.store(at, Ordering::Release);
    }

    #[cold]
    fn miss(&self, wants: u8) {
        for (missed, kind) in self.missed.iter().zip([DNSTAP, LOG]) {
            missed.add(u64::from(wants & kind != 0));
        }
    }

    /// Records for dnstap and for the log that found no room since the start.
    pub(crate) fn missed(&self) -> [u64; 2] {
        [self.missed[0].get(), self.missed[1].get()]
    }

    /// Takes all records; `room` is memory for one. Callers take turns: `Workers` sees to it.
    pub(crate) fn take(&self, room: &mut Vec<u8>, mut each: impl FnMut(&Exchange)) {
        let (mut read, written) = (self.read.0.load(Ordering::Relaxed), self.written.0.load(Ordering::Acquire));
        while read != written {
            let word = |step: usize| self.words[read.wrapping_add(step) % WORDS].load(Ordering::Relaxed);
            let size = word(0) as u32 as usize;
            room.clear();
            (4..8).chain(HEAD..size).for_each(|step| room.extend_from_slice(&word(step).to_ne_bytes()));
            let (addresses, octets) = room.split_at(32);
            let (first, ports) = (word(0), word(3));
            let (query, reply) = ((first >> 32) as u16 as usize, (first >> 48) as usize);
            let symbols = |word: u64| (Symbol(word as u32), Symbol((word >> 32) as u32));
            let ((zone, pool), (reason, site)) = (symbols(word(8)), symbols(word(9)));
            let truncated = ports >> 42 & 1 == 1;
            let start = query.next_multiple_of(8);
            each(&Exchange {
                wants: (ports >> 32) as u8,
                began: word(1),
                ended: word(2),
                client: &addresses[..if ports >> 40 & 1 == 1 { 4 } else { 16 }],
                port: ports as u16,
                server: &addresses[16..][..if ports >> 41 & 1 == 1 { 4 } else { 16 }],
                server_port: (ports >> 16) as u16,
                meta: Meta { zone, pool, reason, site, truncated, rcode: (ports >> 48) as u8, ..Meta::default() },
                query: &octets[..query],
                reply: &octets[start..start + reply],
            });
            read = read.wrapping_add(size);
            self.read.0.store(read, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn exchange<'a>(number: u64, query: &'a [u8], reply: &'a [u8], server: &'a [u8]) -> Exchange<'a> {
        let meta =
            Meta { zone: Symbol(3), pool: Symbol(u32::MAX), reason: Symbol(7), site: Symbol(9), rcode: 16, truncated: true, ..Meta::default() };
        Exchange { wants: DNSTAP, began: number, ended: u64::MAX, client: &[192, 0, 2, 1], port: 65535, server, server_port: 53, meta, query, reply }
    }

    fn taken(ring: &Ring) -> Vec<(u64, Vec<u8>, Vec<u8>)> {
        let mut all = Vec::new();
        ring.take(&mut Vec::new(), |one| all.push((one.began, one.query.to_vec(), one.reply.to_vec())));
        all
    }

    #[test]
    fn a_record_comes_out_as_it_went_in() {
        let ring = Ring::new();
        let (octets, server) = ([7_u8; 4096], [9_u8; 16]);
        let all = [0, 1, 7, 8, 9, 33, 4096].map(|size| exchange(size as u64, &octets[..size], &octets[size / 2..], &server));
        all.iter().for_each(|one| ring.put(one));
        let mut next = all.iter();
        ring.take(&mut Vec::new(), |one| assert_eq!(Some(one), next.next()));
        assert!(next.next().is_none() && taken(&ring).is_empty());
    }

    #[test]
    fn a_full_ring_misses_what_comes_and_takes_more_once_read() {
        let ring = Ring::new();
        let one = exchange(1, &[0; 512], &[0; 512], &[1; 4]);
        let room = WORDS / (HEAD + 128);
        (0..room + 5).for_each(|_| ring.put(&one));
        ring.put(&Exchange { wants: DNSTAP | LOG, ..one });
        assert_eq!(ring.missed(), [6, 1]);
        assert_eq!(taken(&ring).len(), room);
        ring.put(&one);
        assert_eq!((taken(&ring).len(), ring.missed()), (1, [6, 1]));
    }

    #[test]
    fn one_writes_while_another_reads() {
        let ring = Ring::new();
        let octets = [5_u8; 400];
        thread::scope(|scope| {
            let writer =
                scope.spawn(|| (0..100_000).for_each(|n| ring.put(&exchange(n, &octets[..n as usize % 300], &octets[..n as usize % 400], &[1; 4]))));
            let (mut last, mut count) = (None, 0);
            while !writer.is_finished() || count + ring.missed()[0] < 100_000 {
                ring.take(&mut Vec::new(), |one| {
                    assert!(last < Some(one.began));
                    assert_eq!((one.query.len(), one.reply.len()), (one.began as usize % 300, one.began as usize % 400));
                    assert!(one.query.iter().chain(one.reply).all(|&octet| octet == 5));
                    (last, count) = (Some(one.began), count + 1);
                });
            }
            assert_eq!(count + ring.missed()[0], 100_000);
        });
    }

    #[test]
    fn chances_are_kept_and_one_draw_serves_both() {
        let watching = Watching { dnstap: 1 << 32, log: 1 << 30, debug: Vec::new() };
        assert_eq!(watching.wants(0), DNSTAP | LOG);
        assert_eq!(watching.wants((1 << 62) - 1), DNSTAP | LOG);
        assert_eq!(watching.wants(1 << 62), DNSTAP);
        assert_eq!(watching.wants(u64::MAX), DNSTAP);
        assert_eq!(Watching::default().wants(0), 0);
    }

    #[test]
    fn clients_are_looked_for_in_networks_of_their_family() {
        let debug = vec![(vec![127, 0, 0, 0], 8), (vec![192, 0, 2, 64], 26), ([0; 15].into_iter().chain([1]).collect(), 128), (vec![9, 9, 9, 9], 32)];
        let watching = Watching { debug, ..Watching::default() };
        let loopback6: Vec<u8> = [0; 15].into_iter().chain([1]).collect();
        for (client, may) in [
            (vec![127, 1, 2, 3], true),
            (vec![128, 1, 2, 3], false),
            (vec![192, 0, 2, 127], true),
            (vec![192, 0, 2, 128], false),
            (vec![192, 0, 2, 63], false),
            (loopback6, true),
            (vec![0; 16], false),
            (vec![9, 9, 9, 9], true),
            (vec![9, 9, 9, 8], false),
        ] {
            assert_eq!(watching.may_ask(&client), may, "{client:?}");
        }
    }
}
