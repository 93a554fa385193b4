//! Writes messages: header, question, whole RRsets with compressed names, and the OPT record.
//!
//! An RRset is written whole or not at all (RFC 2181 section 9). Compressed are owners and the names in NS, CNAME, SOA, PTR and MX
//! data, the RFC 1035 types a receiver must know (RFC 3597 section 4); others never.

use std::{mem, ptr};

use crate::names::{self, MAX_NAME};
use crate::seen::Seen;
use crate::subnet::ECS;
use crate::wire::{CLASS_IN, Edns, HEADER, OPT, Query};

const MAX_POINTER: usize = 0x4000; // a compression pointer has 14 bits (RFC 1035 section 4.1.4)

/// Octets before the names in the data of a type, and how many names follow; None where they are not compressed.
pub fn names_in(rtype: u16) -> Option<(usize, usize)> {
    match rtype {
        2 | 5 | 12 => Some((0, 1)),
        6 => Some((0, 2)),
        15 => Some((2, 1)),
        _ => None,
    }
}

/// A message being written, the ID left as it was. After `add` has returned false nothing more may be added.
pub struct Message<'a, 'o> {
    out: &'o mut [u8],
    len: usize,
    limit: usize,
    counts: [u16; 3],
    questions: u16,
    question_end: usize,
    name: &'a [u8],         // the question's, in lower case
    labels: &'a [u8],       // where in it each label starts
    seen: Option<Seen<'a>>, // names that stand behind the question; None: there is none yet
    memory: &'o mut Seen<'static>,
}

impl<'a, 'o> Message<'a, 'o> {
    /// Starts with the question as it was sent. `limit`: octets for all but what the caller keeps room for; `out` has
    /// more room than that (`Env::room`).
    pub fn new(query: &Query<'a>, limit: usize, out: &'o mut [u8], memory: &'o mut Seen<'static>) -> Self {
        let len = HEADER + query.question.len();
        out[HEADER..len].copy_from_slice(query.question);
        let questions = u16::from(!query.question.is_empty());
        Self { out, len, limit, counts: [0; 3], questions, question_end: len, name: query.name, labels: query.labels, seen: None, memory }
    }

    /// Writes an RRset into a section (0 answer, 1 authority, 2 additional); false, and nothing written, where it does not fit.
    pub fn add(&mut self, section: usize, owner: &'a [u8], rtype: u16, ttl: u32, rdata: impl Iterator<Item = &'a [u8]>) -> bool {
        let mark = self.len;
        let names = names_in(rtype);
        let mut again = Again::Pointer(0);
        let mut count = 0;
        for data in rdata {
            if self.len + MAX_NAME + 10 + data.len() > self.out.len() {
                self.len = mark; // beyond the limit, however well it is compressed: the room behind that is larger than any names
                return false;
            }
            if count == 0 {
                self.name(owner);
                again = self.again(mark);
            } else {
                self.repeat(&again);
            }
            match names {
                None => {
                    self.record(rtype, ttl, data);
                }
                Some((before, names)) => {
                    self.fixed(rtype, ttl);
                    self.compressed(data, before, names);
                }
            }
            if self.len > self.limit {
                self.len = mark;
                return false;
            }
            count += 1;
        }
        self.counts[section] += count;
        true
    }

    /// Where a name of so many octets stands in the question, and the name one label below it there; None where records were written, or the
    /// question has no such suffix.
    pub fn lone_question(&self, size: usize) -> Option<(u16, Option<&'a [u8]>)> {
        if self.len != self.question_end {
            return None;
        }
        let number = self.labels.iter().position(|&at| self.name.len() - usize::from(at) == size)?;
        let child = number.checked_sub(1).map(|before| &self.name[usize::from(self.labels[before])..]);
        Some((HEADER as u16 + u16::from(self.labels[number]), child))
    }

    /// Counts records of the authority section that were written with `put`.
    pub fn counted(&mut self, count: u16) {
        self.counts[1] += count;
    }

    /// Octets that records may still take.
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.len)
    }

    /// Whether what was written with `put` and the like is still no more than the limit.
    pub fn is_within_limit(&self) -> bool {
        self.len <= self.limit
    }

    /// Where the next octet goes.
    pub fn end(&self) -> usize {
        self.len
    }

    /// What was written from an offset on.
    pub fn since(&self, at: usize) -> &[u8] {
        &self.out[at..self.len]
    }

    /// The same, to be written over.
    pub fn since_mut(&mut self, at: usize) -> &mut [u8] {
        &mut self.out[at..self.len]
    }

    /// Takes back what was written from an offset on.
    pub fn cut(&mut self, at: usize) {
        self.len = at;
    }

    /// Takes back all records.
    pub fn clear(&mut self) {
        self.len = self.question_end;
        self.counts = [0; 3];
    }

    /// Counts records of the answer section that were written with `put` and the like.
    pub fn answered(&mut self, count: u16) {
        self.counts[0] += count;
    }

    /// Appends octets as far as there is memory for them, which is more than the limit; says whether there was.
    #[inline]
    pub fn put(&mut self, octets: &[u8]) -> bool {
        let end = self.len + octets.len();
        let Some(place) = self.out.get_mut(self.len..end) else { return false };
        place.copy_from_slice(octets);
        self.len = end;
        true
    }

    /// Appends an owner that needs no compression of its own: a pointer where the name stands in the message, or the name.
    #[inline]
    pub fn owner(&mut self, name: &[u8]) -> bool {
        match self.find(name) {
            Some(at) => self.put(&pointer(at)),
            None => self.put(name),
        }
    }

    /// Appends a record's type, class, TTL and data.
    #[inline]
    pub fn record(&mut self, rtype: u16, ttl: u32, data: &[u8]) -> bool {
        let [r0, r1] = rtype.to_be_bytes();
        let [t0, t1, t2, t3] = ttl.to_be_bytes();
        let [s0, s1] = (data.len() as u16).to_be_bytes();
        let fixed = [r0, r1, 0, CLASS_IN as u8, t0, t1, t2, t3, s0, s1];
        // Addresses are of known length: they are copied without a call.
        self.put(&fixed)
            && match data.len() {
                4 => self.put(data.first_chunk::<4>().expect("it has four octets")),
                16 => self.put(data.first_chunk::<16>().expect("it has sixteen octets")),
                _ => self.put(data),
            }
    }

    /// Appends type, class and TTL of a record.
    pub fn fixed(&mut self, rtype: u16, ttl: u32) -> bool {
        let [r0, r1] = rtype.to_be_bytes();
        let [t0, t1, t2, t3] = ttl.to_be_bytes();
        self.put(&[r0, r1, 0, CLASS_IN as u8, t0, t1, t2, t3])
    }

    /// Writes the header behind the ID. `more`: additional records that the caller appends.
    #[inline]
    pub fn close(&mut self, flags: u16, more: u16) -> usize {
        let [answer, authority, additional] = self.counts;
        let numbers = [flags, self.questions, answer, authority, additional + more].map(u16::to_be_bytes);
        self.out[2..HEADER].copy_from_slice(numbers.as_flattened());
        if let Some(seen) = self.seen.take() {
            *self.memory = seen.recycle();
        }
        self.len
    }

    /// Where a name stands in the message.
    #[inline]
    fn find(&self, name: &[u8]) -> Option<u16> {
        if let Some(at) = self.name.len().checked_sub(name.len())
            && self.labels.contains(&(at as u8))
            && (ptr::eq(&self.name[at..], name) || self.name[at..].eq_ignore_ascii_case(name))
        {
            return Some((HEADER + at) as u16);
        }
        self.seen.as_ref()?.find(name)
    }

    /// The owner that was written at `mark`, for the next records of its RRset.
    fn again(&self, mark: usize) -> Again {
        let first = self.out[mark];
        if first != 0 && first < 0xC0 && mark < MAX_POINTER { Again::Pointer(mark as u16) } else { Again::Octets(mark, self.len) }
    }

    fn repeat(&mut self, again: &Again) {
        match *again {
            Again::Pointer(at) => {
                self.put(&pointer(at));
            }
            Again::Octets(start, end) => {
                self.out.copy_within(start..end, self.len);
                self.len += end - start;
            }
        }
    }

    /// Writes a name, its longest known suffix as a pointer.
    fn name(&mut self, name: &'a [u8]) {
        let here = self.len;
        let mut rest = name;
        while rest[0] != 0 {
            let at = name.len() - rest.len();
            if let Some(known) = self.find(rest) {
                self.put(&name[..at]);
                self.put(&pointer(known));
                return;
            }
            if here + at < MAX_POINTER {
                self.seen.get_or_insert_with(|| mem::take(self.memory)).push(rest, (here + at) as u16);
            }
            rest = names::parent(rest);
        }
        self.put(name);
    }

    /// Writes rdata that holds names, and its length. `delta` has seen to it that the names are whole.
    fn compressed(&mut self, data: &'a [u8], before: usize, names: usize) {
        let mark = self.len;
        self.put(&[0, 0]);
        self.put(&data[..before]);
        let mut rest = &data[before..];
        for _ in 0..names {
            let (name, behind) = rest.split_at(names::length(rest).unwrap_or(rest.len()));
            self.name(name);
            rest = behind;
        }
        self.put(rest);
        let size = (self.len - mark - 2) as u16;
        self.out[mark..mark + 2].copy_from_slice(&size.to_be_bytes());
    }
}

/// The owner of the records behind the first one of their RRset.
enum Again {
    Pointer(u16),
    Octets(usize, usize), // from where to where they stand
}

fn pointer(at: u16) -> [u8; 2] {
    (0xC000 | at).to_be_bytes()
}

/// Writes the reply's OPT record at the start of `out`, a client subnet with this scope included; returns its length.
///
/// Version 0, DO echoed, no other flag, no option that was not understood (RFC 6891 section 6.1). `payload`: octets we take over UDP.
pub fn opt(edns: &Edns, rcode: u8, payload: u16, scope: u8, out: &mut [u8]) -> usize {
    let flags = if edns.dnssec_ok { 0x80 } else { 0 };
    let subnet_size = edns.subnet.map_or(0, |subnet| 8 + subnet.octets.len());
    let [p0, p1] = payload.to_be_bytes();
    out[..11].copy_from_slice(&[0, 0, OPT as u8, p0, p1, rcode >> 4, 0, flags, 0, 0, subnet_size as u8]);
    if let Some(subnet) = edns.subnet {
        let family = if subnet.bits == 32 { 1 } else { 2 };
        out[11..19].copy_from_slice(&[0, ECS as u8, 0, 4 + subnet.octets.len() as u8, 0, family, subnet.source, scope]);
        for (to, octet) in out[19..].iter_mut().zip(subnet.octets) {
            *to = *octet; // three or seven, most often: fewer than a call is worth
        }
    }
    11 + subnet_size
}
