//! HTTPS and SVCB records whose address hints follow pools (RFC 9460 section 7.3): the hints are what A and AAAA would get.
//!
//! A family without an address for this client has no hint; the record itself always exists. All pools and both families are picked
//! from under one draw.

use crate::client::NOBODY;
use crate::lookup::rtype::{A, AAAA};
use crate::pick::pick;
use crate::plan::{Pool, Snapshot};
use crate::prepared::{Completed, Desk};
use crate::record::{Hinted, Node};
use crate::render::Message;
use crate::reply::{Meta, Wanted};
use crate::shelf::{Found, Once, row_of};
use crate::symbols;

const HINTS: [(u16, u16); 2] = [(A, 4), (AAAA, 6)]; // the SvcParamKeys, RFC 9460 section 14.3.2

/// What is collected over all records.
struct Choice {
    ttl: u32,
    scope: u8,
    meta: Meta,
    wanted: Option<Wanted>,
    fits: bool,
}

/// Picks for the client and writes the records behind the message.
pub fn complete(snapshot: &Snapshot, node: Node, owner: &[u8], rtype: u16, desk: &mut Desk) -> Option<Completed> {
    let mark = desk.message.end();
    let mut choice = Choice { ttl: u32::MAX, scope: 0, meta: Meta::default(), wanted: None, fits: true };
    let mut count = 0;
    for hinted in node.hinted().filter(|one| one.rtype == rtype) {
        let pool = snapshot.pools.get(&hinted.pool)?;
        let start = desk.message.end();
        choice.fits = choice.fits && desk.message.owner(owner) && desk.message.fixed(rtype, 0);
        let head = desk.message.end() - start; // octets in front of the rdata's length
        choice.record(pool, &hinted, count == 0, desk);
        if choice.fits && stands_before(desk.message, mark, start, head) {
            desk.message.cut(start); // equal records stand once
        } else {
            count += 1;
        }
    }
    if choice.fits {
        set_ttl(desk.message, mark, count, choice.ttl);
    }
    Some(Completed {
        count,
        fits: choice.fits,
        rcode: 0,
        ttl: choice.ttl,
        varies: true,
        scope: choice.scope,
        meta: choice.meta,
        wanted: choice.wanted,
    })
}

impl Choice {
    /// Writes one record's data and its length.
    fn record(&mut self, pool: &Pool, hinted: &Hinted, is_first: bool, desk: &mut Desk) {
        let Desk { asker, draw, room, written, message } = desk;
        let mut draw = *draw;
        let partition = pool.partition.as_deref();
        let (region, mut scope) = asker.place(partition);
        let mark = message.end();
        let mut fits = self.fits && message.put(&[0, 0]) && message.put(hinted.head);
        self.ttl = self.ttl.min(hinted.ttl);
        let (mut reason, mut site) = (symbols::NONE, symbols::NONE); // of the first family that has anything to say of them
        let mut client = None;
        for ((family, key), behind) in HINTS.into_iter().zip([hinted.middle, hinted.tail]) {
            if pool.rows(family).is_some_and(|rows| !rows.regions.is_empty()) {
                let Found { row, wanted } = row_of(pool, family, region);
                self.wanted = match (self.wanted, wanted) {
                    (Some(one), Some(other)) => Some(one.min(other)), // one of them is asked for
                    (one, other) => one.or(other),
                };
                if let Some(row) = row {
                    if let Some(reach) = row.reach(pool.couple) {
                        scope = asker.scope(partition, scope, reach);
                        client.get_or_insert_with(|| asker.counted(partition));
                    }
                    if let (Some(couple), Some(client)) = (&pool.couple, &client) {
                        draw = client.key(couple);
                    }
                    self.ttl = self.ttl.min(row.ttl);
                    let start = message.end();
                    fits = fits && message.put(&key.to_be_bytes()) && message.put(&[0, 0]);
                    let mut once = Once::new(row.distinct, written, message);
                    let mut first = None;
                    pick(row, draw, &client.unwrap_or(NOBODY), room, &mut |group| {
                        first.get_or_insert(group.site);
                        for data in &group.rdata {
                            if fits && once.is_new(data, message) {
                                fits = message.put(data);
                                if fits {
                                    once.note(data.len(), message);
                                }
                            }
                        }
                        fits
                    });
                    if fits {
                        fits = close(message, start + 2);
                        if message.end() == start + 4 {
                            message.cut(start); // RFC 9460 section 7.3: never empty
                        }
                    }
                    reason = if reason == symbols::NONE { row.reason } else { reason };
                    site = if site == symbols::NONE { first.unwrap_or_default() } else { site };
                }
            }
            fits = fits && message.put(behind);
        }
        self.fits = fits && close(message, mark);
        self.scope = self.scope.max(scope);
        if is_first {
            self.meta = Meta { pool: pool.name, pool_number: pool.number, reason, site, ..Meta::default() };
        }
    }
}

/// Writes how many octets follow the length at `at`; says whether it has room for the number.
fn close(message: &mut Message, at: usize) -> bool {
    let octets = message.since_mut(at);
    let Ok(size) = u16::try_from(octets.len() - 2) else { return false };
    octets[..2].copy_from_slice(&size.to_be_bytes());
    true
}

/// Whether the record that begins at `start` has the data of one that stands between `mark` and it. `head`: octets in front of rdata's length.
fn stands_before(message: &Message, mark: usize, start: usize, head: usize) -> bool {
    let octets = message.since(mark);
    let last = &octets[start - mark + head..];
    let mut at = 0;
    while at < start - mark {
        let data = &octets[at + head..start - mark];
        let size = 2 + usize::from(u16::from_be_bytes([data[0], data[1]]));
        if &data[..size] == last {
            return true;
        }
        at += head + size;
    }
    false
}

/// Sets the TTL of all records behind `mark` (RFC 2181 section 5.2: one for the RRset).
fn set_ttl(message: &mut Message, mark: usize, count: u16, ttl: u32) {
    let octets = message.since_mut(mark);
    let mut at = 0;
    for _ in 0..count {
        while octets[at] != 0 && octets[at] < 0xC0 {
            at += 1 + usize::from(octets[at]);
        }
        let ttl_at = at + if octets[at] == 0 { 1 } else { 2 } + 4;
        octets[ttl_at..ttl_at + 4].copy_from_slice(&ttl.to_be_bytes());
        at = ttl_at + 6 + usize::from(u16::from_be_bytes([octets[ttl_at + 4], octets[ttl_at + 5]]));
    }
}
