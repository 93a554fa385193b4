//! Puts an answer together: what depends on the question first, then what depends on the client and the draw, then the end of the message.

use crate::client::Asker;
use crate::hints;
use crate::lookup::{End, Found, lookup, negative};
use crate::pick;
use crate::plan::{Snapshot, Zone};
use crate::render::{Message, opt};
use crate::reply::{Env, MAX_TCP, MIN_UDP, Meta, Outcome, Scratch, Wanted, rcode};
use crate::shelf;
use crate::symbols;
use crate::wire::{CLASS_IN, Query, flag, parse};

const MAX_COUNTED: u16 = 257; // CAA: types beyond it are counted as one, so that strangers cannot make more kinds

/// What pools made of an answer.
pub struct Completed {
    /// Records written into the message; they are counted by the caller.
    pub count: u16,
    /// Whether there was memory for all of them.
    pub fits: bool,
    /// The row's rcode, where there are none.
    pub rcode: u8,
    /// NODATA and errors are good for so long at most.
    pub ttl: u32,
    /// Whether other clients get records, where there are none.
    pub varies: bool,
    /// RFC 7871 section 7.2.1.
    pub scope: u8,
    /// What is counted.
    pub meta: Meta,
    /// The row to ask for.
    pub wanted: Option<Wanted>,
}

/// What pools complete an answer with: who asks, under which draw, what is picked with, and what is written to.
pub struct Desk<'d, 'a, 'o> {
    /// Who asks.
    pub asker: Asker<'d>,
    /// The query's.
    pub draw: u64,
    /// Memory of picks.
    pub room: &'d mut pick::Room,
    /// Memory of what was written.
    pub written: &'d mut Vec<(usize, usize)>,
    /// The message, with the chain that led to the pool.
    pub message: &'d mut Message<'a, 'o>,
}

/// See [`crate::answer`].
pub fn answer(snapshot: &Snapshot, packet: &[u8], client: &[u8], env: &Env, scratch: &mut Scratch, out: &mut [u8]) -> Outcome {
    let Scratch { name, made, seen, pick: room, written } = scratch;
    let query = match parse(packet, name, env.ecs) {
        Ok(query) => query,
        Err(silence) => return Outcome::Silence(silence),
    };
    out[..2].copy_from_slice(&packet[..2]);
    let mut message = Message::new(&query, limit(&query, env), out, seen);
    let mut found = Found::refusal(query.fault.map_or(rcode::REFUSED, |(rcode, _)| rcode));
    if query.fault.is_none() {
        lookup(snapshot, &query, &mut message, made, &mut found);
    }
    let reason = query.fault.map_or(if found.zone.is_some() { symbols::NONE } else { symbols::OUTSIDE }, |(_, reason)| reason);
    let zone = found.zone.map_or(symbols::NONE, |zone| zone.symbol);
    let rtype = if query.rtype <= MAX_COUNTED { query.rtype } else { 0 };
    let mut end = Ending {
        rcode: found.rcode,
        aa: found.aa,
        whole: found.whole,
        scope: 0,
        meta: Meta { zone, rcode: found.rcode, reason, rtype, truncated: !found.whole, ..Meta::default() },
        wanted: None,
    };
    if let (Some(zone), true) = (found.zone, found.whole) {
        let asker = Asker { client, subnet: query.edns.and_then(|edns| edns.subnet), name: query.name };
        let (mark, left) = (message.end(), message.room());
        let mut desk = Desk { asker, draw: env.draw, room, written, message: &mut message };
        let completed = match &found.end {
            End::Nothing => None,
            End::Dynamic { owner, dynamic } => shelf::complete(snapshot, *dynamic, owner, query.rtype, &mut desk),
            End::Hinted { owner, node } => hints::complete(snapshot, *node, owner, query.rtype, &mut desk),
        };
        if let Some(completed) = completed {
            end.complete(completed, zone, &asker, &mut message, mark, left);
        }
    }
    let flags = query.flags
        | if end.aa && query.qclass == CLASS_IN { flag::AA } else { 0 } // class ANY is never authoritative (RFC 1035 section 6.2)
        | if end.whole { 0 } else { flag::TC }
        | u16::from(end.rcode & 15);
    let more = u16::from(query.edns.is_some()) + u16::from(query.tsig.is_some());
    let mut len = message.close(flags, more);
    if let Some(edns) = &query.edns {
        len += opt(edns, end.rcode, env.max_udp, end.scope, &mut out[len..]);
    }
    if let Some(tsig) = &query.tsig {
        tsig.write(&mut out[len..]);
        len += tsig.len();
    }
    Outcome::Reply { len, meta: end.meta, wanted: end.wanted }
}

/// See [`crate::truncated`].
pub fn truncated(packet: &[u8], env: &Env, scratch: &mut Scratch, out: &mut [u8]) -> Option<usize> {
    let query = parse(packet, &mut scratch.name, env.ecs).ok().filter(|query| query.fault.is_none())?;
    out[..2].copy_from_slice(&packet[..2]);
    let mut message = Message::new(&query, limit(&query, env), out, &mut scratch.seen);
    let len = message.close(query.flags | flag::TC, u16::from(query.edns.is_some()));
    Some(len + query.edns.map_or(0, |edns| opt(&edns, 0, env.max_udp, 0, &mut out[len..])))
}

/// What is known of a reply besides its records.
struct Ending {
    rcode: u8,
    aa: bool,
    whole: bool,
    scope: u8,
    meta: Meta,
    wanted: Option<Wanted>,
}

impl Ending {
    /// Takes what pools made of it: their records, or what is said where there are none or they do not fit.
    ///
    /// Scope 0 where existence is the same for all (RFC 7871 section 7.4), and with TC: nobody should keep that.
    fn complete<'a>(&mut self, completed: Completed, zone: &'a Zone, asker: &Asker, message: &mut Message<'a, '_>, mark: usize, room: usize) {
        self.wanted = completed.wanted;
        if completed.count > 0 {
            if completed.fits && message.end() - mark <= room {
                message.answered(completed.count);
                self.scope = completed.scope;
                self.meta = Meta { zone: self.meta.zone, rtype: self.meta.rtype, ..completed.meta };
            } else {
                message.cut(mark);
                self.whole = false;
                self.meta.truncated = true;
            }
            return;
        }
        message.cut(mark);
        self.meta = Meta { zone: self.meta.zone, rtype: self.meta.rtype, ..completed.meta };
        self.rcode = completed.rcode;
        if completed.rcode != 0 {
            message.clear();
            self.aa = false;
        } else {
            self.whole = negative(zone, completed.ttl, message);
        }
        if completed.varies && asker.subnet.is_some_and(|subnet| !subnet.octets.is_empty()) {
            self.scope = completed.scope;
        }
    }
}

/// Octets for header, question and records: what the client takes, less what stands at the end.
fn limit(query: &Query, env: &Env) -> usize {
    let limit = match (env.udp, &query.edns) {
        (false, _) => MAX_TCP,
        (true, None) => MIN_UDP,
        (true, Some(edns)) => usize::from(edns.payload.min(env.max_udp)).max(MIN_UDP),
    };
    let opt = query.edns.map_or(0, |edns| edns.subnet.map_or(11, |subnet| 19 + subnet.octets.len()));
    limit.saturating_sub(opt + query.tsig.map_or(0, |tsig| tsig.len()))
}
