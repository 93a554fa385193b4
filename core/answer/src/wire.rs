//! Reads a query. Every malformed thing is a returned verdict, never a panic.
//!
//! Silence only to responses and to less than a header (a reply to a reply is a loop); everything else gets an rcode.

use crate::names;
use crate::reply::{Drop, rcode};
use crate::subnet::{ECS, Subnet, parse_subnet};
use crate::symbols::{self, Symbol};

/// Header flags and numbers of the protocol.
#[allow(missing_docs)]
pub mod flag {
    pub const QR: u16 = 0x8000;
    pub const AA: u16 = 0x0400;
    pub const TC: u16 = 0x0200;
    pub const OPCODE: u16 = 0x7800;
    pub const RD: u16 = 0x0100;
}

/// Octets of a header.
pub const HEADER: usize = 12;
/// The OPT record's type.
pub const OPT: u16 = 41;
const TSIG: u16 = 250;
const IXFR: u16 = 251;
const BADKEY: u8 = 17; // RFC 8945 section 3
/// Class IN.
pub const CLASS_IN: u16 = 1;
const CLASS_ANY: u16 = 255;

type Fault = Option<(u8, Symbol)>; // rcode and reason

/// The query's OPT record.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Edns<'a> {
    pub payload: u16,
    pub dnssec_ok: bool,
    pub subnet: Option<Subnet<'a>>,
}

/// A TSIG record for the reply, in the pieces it is made of: the key is refused, unsigned (RFC 8945 section 5.2.1).
#[derive(Clone, Copy, Debug)]
pub struct Tsig<'a> {
    owner: &'a [u8],
    record: &'a [u8],    // type, class, TTL
    algorithm: &'a [u8], // with time and fudge, as asked
    ident: &'a [u8],     // the original ID
}

impl Tsig<'_> {
    /// Octets of the record.
    pub fn len(&self) -> usize {
        self.owner.len() + 8 + 2 + self.algorithm.len() + 8
    }

    /// Writes the record at the start of `out`, which has room for it.
    pub fn write(&self, out: &mut [u8]) {
        let size = (self.algorithm.len() + 8) as u16;
        let pieces: [&[u8]; 7] = [self.owner, self.record, &size.to_be_bytes(), self.algorithm, &[0, 0], self.ident, &[0, BADKEY, 0, 0]];
        let mut at = 0;
        for piece in pieces {
            out[at..at + piece.len()].copy_from_slice(piece);
            at += piece.len();
        }
    }
}

/// One query. Where `fault` is set it is to be answered with that rcode at once, for that reason, and without a client subnet.
pub struct Query<'a> {
    /// The reply's (QR, opcode and RD).
    pub flags: u16,
    /// What is wrong with it.
    pub fault: Fault,
    /// As sent, echoed octet for octet.
    pub question: &'a [u8],
    /// Its name, in the case it was asked in: what was written a moment ago is slow to read, so tables are searched with this.
    pub asked: &'a [u8],
    /// Lower case.
    pub name: &'a [u8],
    /// Where in `name` each label starts; the root's left out.
    pub labels: &'a [u8],
    /// QTYPE.
    pub rtype: u16,
    /// QCLASS.
    pub qclass: u16,
    /// Its OPT record.
    pub edns: Option<Edns<'a>>,
    /// A TSIG record for the reply.
    pub tsig: Option<Tsig<'a>>,
}

/// Memory for a question's name in lower case, and for where its labels start.
pub struct Name {
    lower: [u8; 256],
    labels: [u8; 128], // 255 octets hold 127 labels; one more is seen before a longer name is refused
}

impl Default for Name {
    fn default() -> Self {
        Self { lower: [0; 256], labels: [0; 128] }
    }
}

impl std::fmt::Debug for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("memory for a name")
    }
}

/// Reads a packet whole, or says what is wrong with it.
#[inline(always)] // what is read of a query is 150 octets: to return them to `answer` would cost more than to read them
pub fn parse<'a>(packet: &'a [u8], name: &'a mut Name, ecs: bool) -> Result<Query<'a>, Drop> {
    if packet.len() < HEADER {
        return Err(Drop::Short);
    }
    let flags = u16_at(packet, 2);
    if flags & flag::QR != 0 {
        return Err(Drop::Response);
    }
    let mut query = Query {
        flags: flag::QR | flags & (flag::OPCODE | flag::RD),
        fault: None,
        question: &[],
        asked: &[],
        name: &[],
        labels: &[],
        rtype: 0,
        qclass: CLASS_IN,
        edns: None,
        tsig: None,
    };
    if flags & flag::OPCODE != 0 {
        query.fault = Some((rcode::NOTIMP, symbols::OPCODE)); // its format is not ours to guess: the header alone goes back
        return Ok(query);
    }
    if u16_at(packet, 4) != 1 {
        query.fault = Some((rcode::FORMERR, symbols::QUESTION_COUNT)); // RFC 9619 section 4
        return Ok(query);
    }
    let Name { lower, labels } = name;
    let Some((end, count)) = read_labels(packet, labels) else {
        query.fault = Some((rcode::FORMERR, symbols::QUESTION));
        return Ok(query);
    };
    query.question = &packet[HEADER..end];
    query.rtype = u16_at(packet, end - 4);
    query.qclass = u16_at(packet, end - 2);
    let size = end - 4 - HEADER;
    query.asked = &query.question[..size];
    query.name = names::lower(query.asked, lower);
    query.labels = &labels[..count];
    query.fault = if packet[6..10] != [0; 4] {
        // RFC 1995 section 3: an IXFR query has the client's SOA in its authority section.
        let transfer = query.rtype == IXFR && packet[6..10] == [0, 0, 0, 1];
        Some(if transfer { (rcode::REFUSED, symbols::TRANSFER) } else { (rcode::FORMERR, symbols::RECORDS) })
    } else {
        let fault = if u16_at(packet, 10) != 0 || end != packet.len() { additional(packet, end, ecs, &mut query) } else { None };
        fault.or_else(|| if matches!(query.qclass, CLASS_IN | CLASS_ANY) { meta(query.rtype) } else { Some((rcode::REFUSED, symbols::CLASS)) })
    };
    if query.fault.is_some()
        && let Some(edns) = &mut query.edns
    {
        edns.subnet = None;
    }
    Ok(query)
}

/// Meta types are no data. BIND answers 251–254 and the others the same way; NSD says NODATA to most.
fn meta(rtype: u16) -> Fault {
    match rtype {
        OPT | 128 | 249 | TSIG => Some((rcode::FORMERR, symbols::TYPE)), // 128: NXNAME, RFC 9824 section 3.5; 249: TKEY
        IXFR | 252 => Some((rcode::REFUSED, symbols::TRANSFER)),         // AXFR
        253 | 254 => Some((rcode::NOTIMP, symbols::TYPE)),               // MAILB and MAILA, obsolete since RFC 1035
        _ => None,
    }
}

/// Notes where each label of the question's name starts; where the question ends in the packet, and how many labels there are.
///
/// None where it does not parse. Pointers are refused (RFC 9267 section 2): there is nothing before the question to point to.
fn read_labels(packet: &[u8], labels: &mut [u8; 128]) -> Option<(usize, usize)> {
    let mut at = HEADER;
    let mut count = 0;
    while let Some(&length) = packet.get(at) {
        if length == 0 {
            break;
        }
        labels[count] = (at - HEADER) as u8;
        count += 1;
        at += usize::from(length) + 1;
        if length > 63 || at > 266 {
            return None; // RFC 1035 section 2.3.4: 63 octets a label, 255 a name with the root's octet
        }
    }
    if at + 5 > packet.len() { None } else { Some((at + 5, count)) }
}

/// Reads OPT and TSIG, the only records a query may carry.
fn additional<'a>(packet: &'a [u8], mut at: usize, ecs: bool, query: &mut Query<'a>) -> Fault {
    const BAD: Fault = Some((rcode::FORMERR, symbols::RECORDS));
    let size = packet.len();
    for left in (1..=u16_at(packet, 10)).rev() {
        let start = at;
        at = skip_name(packet, at);
        if at + 10 > size {
            return BAD;
        }
        let rtype = u16_at(packet, at);
        let end = at + 10 + usize::from(u16_at(packet, at + 8));
        if end > size {
            return BAD;
        }
        if rtype == OPT && at == start + 1 && query.edns.is_none() {
            // RFC 6891 section 6.1.1: one, owned by the root
            let fault = opt(packet, at, end, ecs, query);
            if fault.is_some() {
                return fault;
            }
        } else if rtype == TSIG && left == 1 && end == size {
            // RFC 8945 section 5.1: the last record
            query.tsig = refused_tsig(&packet[start..at], &packet[at..end]);
            return Some((if query.tsig.is_some() { rcode::NOTAUTH } else { rcode::FORMERR }, symbols::TSIG));
        } else {
            return BAD;
        }
        at = end;
    }
    if at == size { None } else { Some((rcode::FORMERR, symbols::TRAILING)) }
}

/// Where the name ends; past the packet where it does not. Queries of today compress no owner, so pointers do not parse.
fn skip_name(packet: &[u8], first: usize) -> usize {
    let mut at = first;
    while let Some(&length) = packet.get(at) {
        if length == 0 {
            break;
        }
        at += usize::from(length) + 1;
        if length > 63 || at - first > 254 {
            return packet.len();
        }
    }
    at + 1
}

/// Reads the OPT record whose type stands at `at`. Unknown options and flags are ignored (RFC 6891 section 6.1.2).
fn opt<'a>(packet: &'a [u8], mut at: usize, end: usize, ecs: bool, query: &mut Query<'a>) -> Fault {
    let edns = query.edns.insert(Edns { payload: u16_at(packet, at + 2), dnssec_ok: packet[at + 6] > 0x7F, subnet: None });
    if packet[at + 5] != 0 {
        return Some((rcode::BADVERS, symbols::EDNS_VERSION));
    }
    at += 10;
    while at < end {
        let begin = at + 4;
        if begin > end {
            return Some((rcode::FORMERR, symbols::EDNS_OPTIONS));
        }
        let stop = begin + usize::from(u16_at(packet, at + 2));
        if stop > end {
            return Some((rcode::FORMERR, symbols::EDNS_OPTIONS));
        }
        if ecs && u16_at(packet, at) == ECS {
            let again = edns.subnet.is_some();
            edns.subnet = parse_subnet(&packet[begin..stop]);
            if edns.subnet.is_none() || again {
                return Some((rcode::FORMERR, symbols::CLIENT_SUBNET));
            }
        }
        at = stop;
    }
    None
}

/// The TSIG of a reply that refuses the key: none is known here. None where malformed.
fn refused_tsig<'a>(owner: &'a [u8], record: &'a [u8]) -> Option<Tsig<'a>> {
    let rdata = &record[10..];
    let at = skip_name(rdata, 0);
    let mac = if at + 10 <= rdata.len() { usize::from(u16_at(rdata, at + 8)) } else { 0 };
    let fixed = at + 10 + mac; // behind the MAC: original id, error, other length and data
    if record[2..8] != [0, 0xFF, 0, 0, 0, 0] || fixed + 6 > rdata.len() || fixed + 6 + usize::from(u16_at(rdata, fixed + 4)) != rdata.len() {
        return None;
    }
    Some(Tsig { owner, record: &record[..8], algorithm: &rdata[..at + 8], ident: &rdata[fixed..fixed + 2] })
}

fn u16_at(octets: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([octets[at], octets[at + 1]])
}
