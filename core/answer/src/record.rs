//! All that exists at one name, packed into octets: a million static names must cost little more than what they say, and be read in a line or two of cache.
//!
//! Written by `delta`, read by `lookup`. Numbers are little-endian:
//!
//! ```text
//! u8 length, name | u8 flags | u8 hinted… | u16 RRsets… | where DYNAMIC: u32 pool, u32 TTL, u8 n, u16 type × n
//! hinted: u16 type, u32 TTL, u32 pool, then head, middle, tail: each u16 length, octets
//! RRset:  u16 type, u32 TTL, u16 records, u32 octets that follow | u16 targets, each u8 length, name | each record: u16 length, rdata
//! ```

use crate::delta::words;

const CUT: u8 = 1;
const DYNAMIC: u8 = 2;
const ALIAS: u8 = 4;
const CNAME: u16 = 5;

/// A cursor over packed octets.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, size: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(size);
        self.0 = rest;
        taken
    }
    fn u8(&mut self) -> u8 {
        self.take(1)[0]
    }
    fn u16(&mut self) -> u16 {
        let t = self.take(2);
        u16::from_le_bytes([t[0], t[1]])
    }
    fn u32(&mut self) -> u32 {
        let t = self.take(4);
        u32::from_le_bytes([t[0], t[1], t[2], t[3]])
    }
    fn long(&mut self) -> &'a [u8] {
        let size = usize::from(self.u16());
        self.take(size)
    }
    fn short(&mut self) -> &'a [u8] {
        let size = usize::from(self.u8());
        self.take(size)
    }
}

/// One name's record, from the flags on. Nothing of it is read ahead: two words are handed on in registers.
#[derive(Clone, Copy)]
pub struct Node<'a>(&'a [u8]);

impl<'a> Node<'a> {
    /// What exists at the closest encloser that is not there: nothing.
    pub const NOTHING: Node<'static> = Node(&[0, 0, 0, 0]);

    /// Reads the record at the start of `octets`: its name, and what is there.
    pub fn read(octets: &'a [u8]) -> (&'a [u8], Self) {
        let mut rest = Reader(octets);
        let name = rest.short();
        (name, Self(rest.0))
    }

    /// NS below the apex: a delegation.
    pub fn is_cut(&self) -> bool {
        self.flags() & CUT != 0
    }

    /// A CNAME is there.
    pub fn is_alias(&self) -> bool {
        self.flags() & ALIAS != 0
    }

    /// The HTTPS and SVCB records that pools complete.
    pub fn hinted(&self) -> impl Iterator<Item = Hinted<'a>> + use<'a> {
        let mut rest = Reader(&self.0[2..]);
        (0..self.0[1]).map(move |_| Hinted::read(&mut rest))
    }

    /// The static RRsets.
    pub fn rrsets(&self) -> RRsets<'a> {
        let mut rest = self.behind_hints();
        RRsets { left: rest.u16(), rest }
    }

    /// The RRset of a type.
    pub fn rrset(&self, rtype: u16) -> Option<RRset<'a>> {
        self.rrsets().find(|rrset| rrset.rtype == rtype)
    }

    /// The pool it points to.
    #[inline]
    pub fn dynamic(&self) -> Option<Dynamic<'a>> {
        if self.flags() & DYNAMIC == 0 {
            return None;
        }
        let mut rrsets = self.rrsets();
        while rrsets.next().is_some() {}
        let rest = rrsets.rest.0;
        Some(Dynamic(&rest[..9 + 2 * usize::from(rest[8])]))
    }

    /// Whether nothing is there but names below.
    pub fn is_empty(&self) -> bool {
        self.flags() & DYNAMIC == 0 && self.0[1] == 0 && self.rrsets().next().is_none()
    }

    /// The pools that its answers ask.
    pub fn pools(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.hinted().map(|one| one.pool).chain(self.dynamic().map(|one| one.pool()))
    }

    /// Octets of the whole record, its name of `name` octets included.
    pub fn size(&self, name: usize) -> usize {
        let mut rrsets = self.rrsets();
        while rrsets.next().is_some() {}
        let mut rest = rrsets.rest;
        if self.flags() & DYNAMIC != 0 {
            rest.take(8);
            let n = usize::from(rest.u8());
            rest.take(2 * n);
        }
        1 + name + self.0.len() - rest.0.len()
    }

    fn flags(&self) -> u8 {
        self.0[0]
    }

    fn behind_hints(&self) -> Reader<'a> {
        let mut rest = Reader(&self.0[2..]);
        for _ in 0..self.0[1] {
            Hinted::read(&mut rest);
        }
        rest
    }
}

/// `plan.Dynamic`, as it is packed.
#[derive(Clone, Copy)]
pub struct Dynamic<'a>(&'a [u8]);

impl Dynamic<'_> {
    /// The pool's number.
    pub fn pool(&self) -> u32 {
        Reader(self.0).u32()
    }

    /// Bounds the row's TTL from above.
    pub fn ttl(&self) -> u32 {
        Reader(&self.0[4..]).u32()
    }

    /// Whether the pool answers this type.
    #[inline]
    pub fn has(&self, rtype: u16) -> bool {
        self.0[9..].as_chunks::<2>().0.contains(&rtype.to_le_bytes())
    }

    /// Whether it is a pool of names: whatever is asked, the answer is its CNAME.
    pub fn is_alias(&self) -> bool {
        self.0[9..] == CNAME.to_le_bytes()
    }
}

/// `plan.Hinted`.
#[derive(Clone, Copy)]
#[allow(missing_docs)]
pub struct Hinted<'a> {
    pub rtype: u16,
    pub ttl: u32,
    pub pool: u32,
    pub head: &'a [u8],
    pub middle: &'a [u8],
    pub tail: &'a [u8],
}

impl<'a> Hinted<'a> {
    fn read(rest: &mut Reader<'a>) -> Self {
        Self { rtype: rest.u16(), ttl: rest.u32(), pool: rest.u32(), head: rest.long(), middle: rest.long(), tail: rest.long() }
    }
}

/// The RRsets of a node, in order.
pub struct RRsets<'a> {
    left: u16,
    rest: Reader<'a>,
}

impl<'a> Iterator for RRsets<'a> {
    type Item = RRset<'a>;

    #[inline]
    fn next(&mut self) -> Option<RRset<'a>> {
        self.left = self.left.checked_sub(1)?;
        let (rtype, ttl, count, size) = (self.rest.u16(), self.rest.u32(), self.rest.u16(), self.rest.u32());
        Some(RRset { rtype, ttl, count, rest: Reader(self.rest.take(size as usize)) })
    }
}

/// One static RRset.
#[derive(Clone, Copy)]
pub struct RRset<'a> {
    /// Its type.
    pub rtype: u16,
    /// Its TTL.
    pub ttl: u32,
    count: u16,
    rest: Reader<'a>,
}

impl<'a> RRset<'a> {
    /// Reads a lone RRset that [`pack_rrset`] wrote.
    pub fn read(octets: &'a [u8]) -> Self {
        RRsets { left: 1, rest: Reader(octets) }.next().expect("one was written")
    }

    /// Names whose addresses belong in the additional section, or the target of a CNAME or DNAME.
    pub fn targets(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.rest;
        (0..rest.u16()).map(move |_| rest.short())
    }

    /// The data of its records.
    pub fn rdata(&self) -> Rdata<'a> {
        let mut rest = self.rest;
        for _ in 0..rest.u16() {
            rest.short();
        }
        Rdata { left: self.count, rest }
    }
}

/// The data of an RRset's records, in order.
#[derive(Clone, Copy)]
pub struct Rdata<'a> {
    left: u16,
    rest: Reader<'a>,
}

impl<'a> Rdata<'a> {
    /// How many there are still.
    pub fn count(&self) -> u16 {
        self.left
    }
}

impl<'a> Iterator for Rdata<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        Some(self.rest.long())
    }
}

/// Appends a node's record; the word has been judged (`delta::zone_draft`), so that every number fits.
pub fn pack(name: &[u8], node: &words::Node, out: &mut Vec<u8>) {
    short(name, out);
    let alias = node.rrsets.iter().any(|rrset| rrset.rtype == CNAME);
    out.push(if node.cut { CUT } else { 0 } | if node.dynamic.is_some() { DYNAMIC } else { 0 } | if alias { ALIAS } else { 0 });
    out.push(node.hinted.len() as u8);
    for one in &node.hinted {
        out.extend(one.rtype.to_le_bytes());
        out.extend(one.ttl.to_le_bytes());
        out.extend(one.pool.to_le_bytes());
        for part in [&one.head, &one.middle, &one.tail] {
            long(part, out);
        }
    }
    out.extend((node.rrsets.len() as u16).to_le_bytes());
    for rrset in &node.rrsets {
        pack_rrset(rrset, out);
    }
    if let Some(dynamic) = &node.dynamic {
        out.extend(dynamic.pool.to_le_bytes());
        out.extend(dynamic.ttl.to_le_bytes());
        out.push(dynamic.types.len() as u8);
        for rtype in &dynamic.types {
            out.extend(rtype.to_le_bytes());
        }
    }
}

/// Appends one RRset.
pub fn pack_rrset(rrset: &words::RRset, out: &mut Vec<u8>) {
    out.extend(rrset.rtype.to_le_bytes());
    out.extend(rrset.ttl.to_le_bytes());
    out.extend((rrset.rdata.len() as u16).to_le_bytes());
    let mark = out.len();
    out.extend([0; 4]);
    out.extend((rrset.targets.len() as u16).to_le_bytes());
    for target in &rrset.targets {
        short(target, out);
    }
    for data in &rrset.rdata {
        long(data, out);
    }
    let size = (out.len() - mark - 4) as u32;
    out[mark..mark + 4].copy_from_slice(&size.to_le_bytes());
}

fn short(octets: &[u8], out: &mut Vec<u8>) {
    out.push(octets.len() as u8);
    out.extend_from_slice(octets);
}

fn long(octets: &[u8], out: &mut Vec<u8>) {
    out.extend((octets.len() as u16).to_le_bytes());
    out.extend_from_slice(octets);
}
