//! The names of a zone: records packed in chunks, found by one probe of a hash table.
//!
//! A table is never edited once a snapshot holds it. The next one is made from it by a [`Draft`], which copies the slots (12 octets
//! a name) and shares the chunks; records that were replaced stay where they are until they make up half, then all are packed anew.

use std::mem;
use std::sync::Arc;

use crate::hash;
use crate::names;
use crate::record::Node;

const CHUNK: usize = 1 << 20; // octets at most, but for a larger single record: what is packed and copied at a time
const MAX_CHUNKS: usize = 256; // small changes bring a small chunk each; then all are packed anew
const TOLERATED: usize = 1 << 16; // octets of replaced records that are not worth packing anew

#[derive(Clone, Copy)]
struct Slot {
    hash: u32,
    chunk: u32, // EMPTY: no name
    at: u32,
}

const EMPTY: u32 = u32::MAX;
const FREE: Slot = Slot { hash: 0, chunk: EMPTY, at: 0 };

/// The records by name.
#[derive(Clone, Default)]
pub struct Table {
    slots: Box<[Slot]>, // a power of two, or none
    chunks: Vec<Arc<[u8]>>,
    names: usize,
    octets: usize, // of records that count
    spent: usize,  // of records that were replaced
}

impl Table {
    /// The record of a name, in any case.
    #[inline]
    pub fn get(&self, name: &[u8]) -> Option<Node<'_>> {
        self.get_hashed(hash::of(name), name)
    }

    /// The same, where the name's hash is known.
    pub fn get_hashed(&self, hash: u64, name: &[u8]) -> Option<Node<'_>> {
        self.find(hash, |found| names::is(found, name))
    }

    /// The record of the wildcard below a name.
    pub fn wildcard(&self, encloser: &[u8]) -> Option<Node<'_>> {
        let mut name = [0; 257];
        let size = encloser.len() + 2;
        name[..2].copy_from_slice(b"\x01*");
        name[2..size].copy_from_slice(encloser);
        self.get(&name[..size])
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.names
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names == 0
    }

    /// Every name and its record, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], Node<'_>)> {
        self.slots.iter().filter(|slot| slot.chunk != EMPTY).map(|slot| Node::read(&self.chunks[slot.chunk as usize][slot.at as usize..]))
    }

    fn find(&self, hash: u64, is_it: impl Fn(&[u8]) -> bool) -> Option<Node<'_>> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut i = hash as usize & mask;
        loop {
            let slot = self.slots.get(i)?; // None: an empty table
            if slot.chunk == EMPTY {
                return None;
            }
            if slot.hash == (hash >> 32) as u32 {
                let (name, node) = Node::read(&self.chunks[slot.chunk as usize][slot.at as usize..]);
                if is_it(name) {
                    return Some(node);
                }
            }
            i = (i + 1) & mask;
        }
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Table({} names)", self.names)
    }
}

/// The next table, being made.
pub struct Draft {
    table: Table,
    open: Vec<u8>, // the chunk that is being filled; its number is the next one's
}

impl Draft {
    /// Starts as a copy of a table.
    pub fn of(table: &Table) -> Self {
        Self { table: table.clone(), open: Vec::new() }
    }

    /// The record of a name.
    pub fn get(&self, name: &[u8]) -> Option<Node<'_>> {
        self.slot(name).map(|i| self.read(self.table.slots[i]).1)
    }

    /// Sets the record of a name; `pack` appends it.
    pub fn set(&mut self, name: &[u8], pack: impl FnOnce(&mut Vec<u8>)) {
        if self.open.len() >= CHUNK {
            self.seal();
        }
        let at = self.open.len();
        pack(&mut self.open);
        self.table.octets += self.open.len() - at;
        let (hash, chunk) = (hash::of(name), self.table.chunks.len() as u32);
        let slot = Slot { hash: (hash >> 32) as u32, chunk, at: at as u32 };
        if let Some(i) = self.slot(name) {
            self.spend(i);
            self.table.slots[i] = slot;
            return;
        }
        if (self.table.names + 1) * 5 > self.table.slots.len() * 3 {
            self.grow();
        }
        self.table.names += 1;
        let i = self.free(hash);
        self.table.slots[i] = slot;
    }

    /// Removes a name; says whether it was there.
    pub fn remove(&mut self, name: &[u8]) -> bool {
        let Some(mut gap) = self.slot(name) else { return false };
        self.spend(gap);
        self.table.names -= 1;
        // What a full slot kept from its place moves up, so that a search may stop at the first free one.
        let mask = self.table.slots.len() - 1;
        let mut i = (gap + 1) & mask;
        while self.table.slots[i].chunk != EMPTY {
            let home = hash::of(self.read(self.table.slots[i]).0) as usize & mask;
            if (i.wrapping_sub(home) & mask) >= (i.wrapping_sub(gap) & mask) {
                self.table.slots[gap] = self.table.slots[i];
                gap = i;
            }
            i = (i + 1) & mask;
        }
        self.table.slots[gap] = FREE;
        true
    }

    /// Closes it.
    pub fn finish(mut self) -> Table {
        self.seal();
        let table = &self.table;
        if table.spent > TOLERATED.max(table.octets / 2) || table.chunks.len() > MAX_CHUNKS + table.octets / CHUNK {
            return self.anew();
        }
        self.table
    }

    /// Packs every record anew.
    fn anew(self) -> Table {
        let mut draft = Draft { table: Table::default(), open: Vec::new() };
        draft.table.slots = vec![FREE; self.table.slots.len()].into_boxed_slice();
        for slot in self.table.slots.iter().filter(|slot| slot.chunk != EMPTY) {
            let (name, node) = self.read(*slot);
            let octets = &self.table.chunks[slot.chunk as usize][slot.at as usize..][..node.size(name.len())];
            draft.set(name, |out| out.extend_from_slice(octets));
        }
        draft.seal();
        draft.table
    }

    fn seal(&mut self) {
        if !self.open.is_empty() {
            self.table.chunks.push(mem::take(&mut self.open).into());
        }
    }

    fn grow(&mut self) {
        let size = (self.table.slots.len() * 2).max(8);
        let old = mem::replace(&mut self.table.slots, vec![FREE; size].into_boxed_slice());
        for slot in old.iter().filter(|slot| slot.chunk != EMPTY) {
            let i = self.free(hash::of(self.read(*slot).0));
            self.table.slots[i] = *slot;
        }
    }

    fn free(&self, hash: u64) -> usize {
        let mask = self.table.slots.len() - 1;
        let mut i = hash as usize & mask;
        while self.table.slots[i].chunk != EMPTY {
            i = (i + 1) & mask;
        }
        i
    }

    fn slot(&self, name: &[u8]) -> Option<usize> {
        let hash = hash::of(name);
        let mask = self.table.slots.len().wrapping_sub(1);
        let mut i = hash as usize & mask;
        loop {
            let slot = *self.table.slots.get(i)?;
            if slot.chunk == EMPTY {
                return None;
            }
            if slot.hash == (hash >> 32) as u32 && self.read(slot).0 == name {
                return Some(i);
            }
            i = (i + 1) & mask;
        }
    }

    fn spend(&mut self, i: usize) {
        let (name, node) = self.read(self.table.slots[i]);
        let size = node.size(name.len());
        self.table.spent += size;
        self.table.octets -= size;
    }

    fn read(&self, slot: Slot) -> (&[u8], Node<'_>) {
        let chunk: &[u8] = self.table.chunks.get(slot.chunk as usize).map_or(&self.open, |chunk| chunk);
        Node::read(&chunk[slot.at as usize..])
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::delta::words;
    use crate::draw::number;
    use crate::record;

    fn node(ttl: u32) -> words::Node {
        let rrset = words::RRset { rtype: 1, ttl, rdata: vec![ttl.to_be_bytes().to_vec()], targets: vec![] };
        words::Node { rrsets: vec![rrset], ..Default::default() }
    }

    fn name(n: u64) -> Vec<u8> {
        let label = n.to_string();
        [&[label.len() as u8], label.as_bytes(), b"\x07example\x00"].concat()
    }

    /// Random edits over many generations: every table says what a plain map says, the old ones too.
    #[test]
    fn as_a_map_says() {
        let mut table = Table::default();
        let mut map: HashMap<Vec<u8>, u32> = HashMap::new();
        let mut old = Vec::new();
        for generation in 0..300u64 {
            let mut draft = Draft::of(&table);
            for k in 0..number(generation, 1) % 400 {
                let draw = number(generation << 20 | k, 2);
                let name = name(draw % 500);
                if draw >> 60 < 5 {
                    assert_eq!(draft.remove(&name), map.remove(&name).is_some());
                } else {
                    draft.set(&name, |out| record::pack(&name, &node(draw as u32 >> 1), out));
                    map.insert(name.clone(), draw as u32 >> 1);
                }
                assert_eq!(draft.get(&name).map(|n| n.rrset(1).unwrap().ttl), map.get(&name).copied());
            }
            table = draft.finish();
            old.push((table.clone(), map.clone()));
        }
        for (table, map) in old {
            assert_eq!(table.len(), map.len());
            assert_eq!(table.iter().count(), map.len());
            for n in 0..500 {
                assert_eq!(table.get(&name(n)).map(|n| n.rrset(1).unwrap().ttl), map.get(&name(n)).copied());
            }
            assert!(table.spent <= TOLERATED.max(table.octets / 2));
            assert!(table.chunks.len() <= MAX_CHUNKS + 1);
        }
    }
}
