//! Words of the plan (`gslb/plan.py`): all that the data plane obeys, in the shape in which it is read. Built by `delta`, never edited.
//!
//! Two differences to Python's words: static names are packed (`table`, `record`), and a pool knows its partition.

use std::collections::HashMap;
use std::mem;
use std::sync::Arc;

use crate::hash;
use crate::names;
use crate::negatives::Negative;
use crate::region::Partition;
use crate::symbols::Symbol;
use crate::table::Table;

/// RFC 2181 section 8.
pub const MAX_TTL: u32 = (1 << 31) - 1;

/// How groups are taken from a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Pick {
    All,
    First,
    Rotate,
    Weighted,
    Sticky,
}

/// What a sticky choice hangs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub struct Sticky {
    pub seed: u64,
    pub bits4: u8,
    pub bits6: u8,
    pub qname: bool,
}

/// How many bits of the client's address a choice looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[allow(missing_docs)]
pub struct Reach {
    pub bits4: u8,
    pub bits6: u8,
}

impl Reach {
    /// The further of two.
    pub fn and(self, other: Self) -> Self {
        Self { bits4: self.bits4.max(other.bits4), bits6: self.bits6.max(other.bits6) }
    }
}

impl From<Sticky> for Reach {
    fn from(sticky: Sticky) -> Self {
        Self { bits4: sticky.bits4, bits6: sticky.bits6 }
    }
}

/// One member's answer material.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Group {
    pub weight: u64,
    pub key: u64,
    pub site: Symbol,
    pub rdata: Box<[Box<[u8]>]>,
    pub row: Option<Row>,
}

/// Compiled answer material for one (pool, region, type).
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Row {
    pub pick: Pick,
    pub answers: u32, // 0 = all
    pub ttl: u32,
    pub rcode: u8,
    pub reason: Symbol,
    pub sticky: Option<Sticky>,
    pub groups: Box<[Group]>,
    /// Sum of the weights, where the pick is weighted.
    pub total: u64,
    /// Whether no rdata stands twice anywhere in it, so that nothing need be compared.
    pub distinct: bool,
    /// How far its sticky levels look into the client's address; None: there is none.
    pub reach: Option<Reach>,
    /// Whether a draw decides anything, at any level.
    pub draws: bool,
}

impl Row {
    /// How far a choice reaches into the client's address; None where the draw alone decides.
    pub fn reach(&self, couple: Option<Sticky>) -> Option<Reach> {
        match couple {
            Some(couple) if self.draws => Some(self.reach.unwrap_or_default().and(couple.into())),
            _ => self.reach, // what leaves nothing to draw is the same for all of the region
        }
    }
}

/// A pool's rows of one type.
#[derive(Debug)]
pub struct Rows {
    /// The type.
    pub rtype: u16,
    /// For every region the row's number, 0 = not compiled.
    pub regions: Box<[u32]>,
    /// The distinct rows, number 1 first.
    pub numbered: Arc<[Row]>,
    /// The number of the row that stands in.
    pub default: u32,
    /// Whether some client gets records of this type. A pool whose families are joint gives others none.
    pub for_some: bool,
}

impl Rows {
    /// The row of a region; None where it is not compiled.
    pub fn of(&self, region: u16) -> Option<&Row> {
        self.row(*self.regions.get(usize::from(region))?)
    }

    /// The row that stands in.
    pub fn default(&self) -> Option<&Row> {
        self.row(self.default)
    }

    fn row(&self, number: u32) -> Option<&Row> {
        self.numbered.get((number as usize).checked_sub(1)?)
    }
}

/// One pool.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Pool {
    pub number: u32,
    pub name: Symbol,
    /// None: its chain never looks at the client; one region, scope 0.
    pub partition: Option<Arc<Partition>>,
    pub couple: Option<Sticky>,
    pub types: Arc<[Rows]>,
}

impl Pool {
    /// The rows of a type.
    pub fn rows(&self, rtype: u16) -> Option<&Rows> {
        self.types.iter().find(|rows| rows.rtype == rtype)
    }
}

/// One zone.
#[derive(Debug)]
#[allow(missing_docs)]
pub struct Zone {
    pub apex: Box<[u8]>,
    pub symbol: Symbol,
    pub soa: Box<[u8]>, // `record::RRset`
    pub negative_ttl: u32,
    pub negative: Option<Negative>,
    pub apex_hash: u64,
    pub nodes: Table,
    pub glue: Table,
    pub wildcards: usize, // names that begin with `*`: without any, none need be looked for
    /// How many of its names ask each pool; for `delta`.
    pub uses: HashMap<u32, usize, hash::Build>,
}

/// The zones by apex.
#[derive(Debug, Default, Clone)]
pub struct Zones {
    slots: Vec<Option<(u64, Arc<Zone>)>>, // open addressing by the hash beside each zone; a power of two, or none
    count: usize,
    lengths: [u64; 4], // a bit for every length of an apex: most suffixes of a question need not be looked up at all
}

impl Zones {
    /// The zone of an apex, in any case.
    #[inline]
    pub fn get(&self, apex: &[u8]) -> Option<&Arc<Zone>> {
        if self.lengths[apex.len() >> 6 & 3] >> (apex.len() & 63) & 1 == 0 {
            return None;
        }
        self.slots[self.find(hash::of(apex), apex)].as_ref().map(|(_, zone)| zone)
    }

    /// Adds or replaces a zone.
    pub fn insert(&mut self, zone: Arc<Zone>) {
        if (self.count + 1) * 2 > self.slots.len() {
            let size = (self.slots.len() * 2).max(8);
            for (_, zone) in mem::replace(&mut self.slots, vec![None; size]).into_iter().flatten() {
                self.place(zone);
            }
        }
        self.count += usize::from(self.get(&zone.apex).is_none());
        self.lengths[zone.apex.len() >> 6 & 3] |= 1 << (zone.apex.len() & 63);
        self.place(zone);
    }

    /// Removes a zone; says whether it was there.
    pub fn remove(&mut self, apex: &[u8]) -> bool {
        if self.get(apex).is_none() {
            return false;
        }
        self.count -= 1;
        let mut gap = self.find(hash::of(apex), apex);
        self.slots[gap] = None;
        // What a full slot kept from its place moves up, so that a search may stop at the first free one.
        let mask = self.slots.len() - 1;
        let mut i = (gap + 1) & mask;
        while let Some((hash, _)) = self.slots[i] {
            if (i.wrapping_sub(hash as usize) & mask) >= (i.wrapping_sub(gap) & mask) {
                self.slots.swap(gap, i);
                gap = i;
            }
            i = (i + 1) & mask;
        }
        true
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Zone>> {
        self.slots.iter().flatten().map(|(_, zone)| zone)
    }

    fn place(&mut self, zone: Arc<Zone>) {
        let hash = hash::of(&zone.apex);
        let i = self.find(hash, &zone.apex);
        self.slots[i] = Some((hash, zone));
    }

    /// The slot of an apex, or the free one where it would go.
    fn find(&self, hash: u64, apex: &[u8]) -> usize {
        let mask = self.slots.len() - 1;
        let mut i = hash as usize & mask;
        while self.slots[i].as_ref().is_some_and(|(other, zone)| *other != hash || !names::is(&zone.apex, apex)) {
            i = (i + 1) & mask;
        }
        i
    }
}

/// The pools by number.
pub type Pools = HashMap<u32, Arc<Pool>, hash::Build>;

/// One generation of the plan; swapped whole. What did not change is shared with the one before.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// 0: nothing yet.
    pub generation: u64,
    /// By apex.
    pub zones: Arc<Zones>,
    /// By number.
    pub pools: Arc<Pools>,
}
