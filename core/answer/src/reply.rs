//! Words of an answer: what `answer()` is given besides the packet, and what it returns. No behaviour here.

use crate::lookup::MADE;
use crate::pick;
use crate::seen::Seen;
use crate::symbols::Symbol;
use crate::wire::Name;

/// Rcodes (RFC 1035 section 4.1.1, 6672, 8945, 6891).
pub mod rcode {
    #![allow(missing_docs)]
    pub const NOERROR: u8 = 0;
    pub const FORMERR: u8 = 1;
    pub const SERVFAIL: u8 = 2;
    pub const NXDOMAIN: u8 = 3;
    pub const NOTIMP: u8 = 4;
    pub const REFUSED: u8 = 5;
    pub const YXDOMAIN: u8 = 6;
    pub const NOTAUTH: u8 = 9;
    pub const BADVERS: u8 = 16;
}

/// Fits the IPv6 minimum MTU of 1280 in one piece, so that replies never fragment (DNS flag day 2020; RFC 9715).
pub const MAX_UDP: u16 = 1232;

/// RFC 1035 section 4.2.1; RFC 6891 section 6.2.3: a smaller payload means this one.
pub const MIN_UDP: usize = 512;

/// The largest message over TCP.
pub const MAX_TCP: usize = 65535;

/// What is true of this query beyond its octets.
#[derive(Clone, Copy, Debug)]
pub struct Env {
    /// 64 random bits.
    pub draw: u64,
    /// Whether it came by UDP.
    pub udp: bool,
    /// Octets at most over UDP.
    pub max_udp: u16,
    /// False: client subnets are neither read nor echoed.
    pub ecs: bool,
}

impl Env {
    /// Octets of the longest message.
    pub fn limit(&self) -> usize {
        if self.udp { usize::from(self.max_udp).max(MIN_UDP) } else { MAX_TCP }
    }

    /// Octets that `out` must have room for, whatever is asked: a query's echo may be longer than what it allows its answer.
    pub fn room(&self) -> usize {
        2 * self.limit() + 2048
    }
}

/// What happened, for counters and metrics. Words are [`Symbol`]s of the assembler's table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Meta {
    /// The zone's apex in wire form; `symbols::NONE`: none.
    pub zone: Symbol,
    /// The pool's name; `symbols::NONE`: none.
    pub pool: Symbol,
    /// The pool's number in the snapshot; only meaningful where `pool` is.
    pub pool_number: u32,
    /// Why this row (none = chosen among healthy), or why no answer.
    pub reason: Symbol,
    /// Where the first address given belongs.
    pub site: Symbol,
    /// The question's type; 0 above 257.
    pub rtype: u16,
    /// The full rcode (BADVERS = 16).
    pub rcode: u8,
    /// Whether TC is set.
    pub truncated: bool,
}

/// Why nothing is said: an answer could start a loop between servers, or has nobody to go to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Drop {
    /// Less than a header.
    Short,
    /// A response.
    Response,
}

impl Drop {
    /// The word by which it is counted.
    pub fn reason(self) -> &'static str {
        match self {
            Drop::Short => "short",
            Drop::Response => "response",
        }
    }
}

/// A row that was asked for and is not compiled; the reply came from the pool's default row.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Wanted {
    /// The pool's number.
    pub pool: u32,
    /// The region in the pool's partition.
    pub region: u16,
    /// The record type.
    pub rtype: u16,
}

/// What `answer()` returns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The first `len` octets of `out` are to be sent.
    Reply {
        /// Octets written.
        len: usize,
        /// What happened.
        meta: Meta,
        /// The row to ask control for (`NeedRow`).
        wanted: Option<Wanted>,
    },
    /// Say nothing.
    Silence(Drop),
}

/// Memory that a thread keeps from packet to packet, so that answering allocates nothing.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) name: Name,
    pub(crate) made: Box<[u8]>,
    pub(crate) seen: Seen<'static>,
    pub(crate) pick: pick::Room,
    pub(crate) written: Vec<(usize, usize)>,
}

impl Default for Scratch {
    fn default() -> Self {
        Self { name: Name::default(), made: vec![0; MADE].into(), seen: Seen::default(), pick: pick::Room::default(), written: Vec::new() }
    }
}
