//! One pool's answer as seen from one owner: a row is found for the client, picked from, and its records are written.

use crate::client::NOBODY;
use crate::lookup::rtype::CNAME;
use crate::pick::pick;
use crate::plan::{MAX_TTL, Pool, Row, Snapshot};
use crate::prepared::{Completed, Desk};
use crate::record::Dynamic;
use crate::render::Message;
use crate::reply::{Meta, Wanted};
use crate::symbols;

/// A row for a client, or what stands in where it was not compiled.
pub struct Found<'p> {
    /// None: the pool has no such type.
    pub row: Option<&'p Row>,
    /// The row to ask for.
    pub wanted: Option<Wanted>,
}

/// Finds the row of a region.
pub fn row_of(pool: &Pool, rtype: u16, region: u16) -> Found<'_> {
    let rows = pool.rows(rtype);
    match rows.and_then(|rows| rows.of(region)) {
        Some(row) => Found { row: Some(row), wanted: None },
        None => Found { row: rows.and_then(|rows| rows.default()), wanted: Some(Wanted { pool: pool.number, region, rtype }) },
    }
}

/// Notes which rdata was written, so that none is written twice (RFC 2181 section 5). Rows whose rdata all differ need no note.
pub struct Once<'w> {
    written: Option<&'w mut Vec<(usize, usize)>>, // from where to where each stands, counted from the mark
    mark: usize,
}

impl<'w> Once<'w> {
    /// Begins at the end of the message.
    pub fn new(distinct: bool, written: &'w mut Vec<(usize, usize)>, message: &Message) -> Self {
        written.clear();
        Self { written: (!distinct).then_some(written), mark: message.end() }
    }

    /// Whether these octets are new.
    pub fn is_new(&self, data: &[u8], message: &Message) -> bool {
        let Some(written) = &self.written else { return true };
        let since = message.since(self.mark);
        !written.iter().any(|&(from, to)| &since[from..to] == data)
    }

    /// Notes octets that were just written.
    pub fn note(&mut self, size: usize, message: &Message) {
        if let Some(written) = &mut self.written {
            let end = message.end() - self.mark;
            written.push((end - size, end));
        }
    }
}

/// Picks for the client and writes the records behind the message; None where there is no such pool.
pub fn complete(snapshot: &Snapshot, dynamic: Dynamic, owner: &[u8], asked: u16, desk: &mut Desk) -> Option<Completed> {
    let Desk { asker, draw, room, written, message } = desk;
    let pool = snapshot.pools.get(&dynamic.pool())?;
    let rtype = if dynamic.is_alias() { CNAME } else { asked };
    let partition = pool.partition.as_deref();
    let (region, mut scope) = asker.place(partition);
    let Found { row, wanted } = row_of(pool, rtype, region);
    let mut meta = Meta { pool: pool.name, pool_number: pool.number, ..Meta::default() };
    let Some(row) = row else {
        return Some(Completed { count: 0, fits: true, rcode: 0, ttl: MAX_TTL, varies: false, scope, meta, wanted });
    };
    let (mut client, mut draw) = (NOBODY, *draw);
    if let Some(reach) = row.reach(pool.couple) {
        client = asker.counted(partition);
        if let Some(couple) = &pool.couple {
            draw = client.key(couple);
        }
        scope = asker.scope(partition, scope, reach);
    }
    let ttl = row.ttl.min(dynamic.ttl());
    let mut once = Once::new(row.distinct, written, message);
    let (mut count, mut fits, mut first) = (0u16, true, true);
    pick(row, draw, &client, room, &mut |group| {
        if first {
            meta.site = group.site;
            first = false;
        }
        for data in &group.rdata {
            if (rtype == CNAME && count > 0) || !once.is_new(data, message) {
                continue; // RFC 2181 section 10.1: a name has one canonical name
            }
            count = count.saturating_add(1);
            fits = message.owner(owner) && message.record(rtype, ttl, data) && message.is_within_limit();
            if !fits {
                return false; // the answer is TC, whatever else would be picked
            }
            once.note(data.len(), message);
        }
        true
    });
    meta.reason = row.reason;
    meta.rcode = if count == 0 { row.rcode } else { 0 };
    let varies = count == 0 && pool.rows(rtype).is_some_and(|rows| rows.for_some);
    let passes = varies || row.reason != symbols::NONE; // otherwise the pool has no such records at all, until its files change
    Some(Completed { count, fits, rcode: meta.rcode, ttl: if passes { ttl } else { MAX_TTL }, varies, scope, meta, wanted })
}
