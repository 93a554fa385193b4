//! Deltas from a fuzzer's octets: mostly sound, so that many are taken, and wrong in any way that a word can be.

use answer::delta::words::{Dynamic, Group, Hinted, Node, RRset, Row, Sticky, Word};
use arbitrary::{Result, Unstructured};

/// Names that zones, records and questions are made of.
pub const NAMES: &[&[u8]] = &[
    b"\x07example\0",
    b"\x01a\x07example\0",
    b"\x01b\x01a\x07example\0",
    b"\x01*\x07example\0",
    b"\x01*\x01a\x07example\0",
    b"\x03sub\x07example\0",
    b"\x02ns\x03sub\x07example\0",
    b"\0",
    b"\x05other\0",
];

const APEXES: &[&[u8]] = &[b"\x07example\0", b"\0"];

/// Types that records have and questions ask for.
pub const TYPES: &[u16] = &[1, 28, 2, 5, 6, 12, 15, 16, 33, 39, 43, 64, 65, 255, 65400];

const REGIONS: usize = 4;

/// A mistake is made once in so many places: there are some hundred in a delta.
const SLIP: u16 = 1000;

/// The words of a delta between its Begin and its Commit.
pub fn words(u: &mut Unstructured) -> Result<Vec<Word>> {
    let mut words = Vec::new();
    let partitions = if rarely(u, 4)? { u.int_in_range(1..=2)? } else { 0 }; // they cost the most by far
    for partition in 0..partitions {
        words.push(Word::PartitionStart { partition, cap4: bits(u, 32)?, cap6: bits(u, 128)? });
        words.push(runs(u, partition, 4)?);
        words.push(runs(u, partition, 6)?);
    }
    let pools = u.int_in_range(0..=3)?;
    for pool in 0..pools {
        pool_words(u, pool, partitions, &mut words)?;
    }
    for apex in &APEXES[..u.int_in_range(0..=2)?] {
        zone_words(u, apex, pools, &mut words)?;
    }
    if rarely(u, 9)? {
        words.push(match u.int_in_range(0..=4)? {
            0 => Word::PoolGone { pool: u.int_in_range(0..=4)? },
            1 => Word::PartitionGone { partition: u.int_in_range(-1..=3)? },
            2 => Word::ZoneGone { apex: name(u)? },
            3 => Word::PartitionRuns { partition: 0, version: u.arbitrary()?, starts: octets(u)?, lows: octets(u)?, regions: octets(u)? },
            _ => Word::PoolMap { pool: 0, rtype: u.arbitrary()?, default: u.arbitrary()?, rows: octets(u)? },
        });
    }
    if rarely(u, 20)? && !words.is_empty() {
        let (one, other) = (u.choose_index(words.len())?, u.choose_index(words.len())?);
        words.swap(one, other);
    }
    Ok(words)
}

fn pool_words(u: &mut Unstructured, pool: u32, partitions: i64, words: &mut Vec<Word>) -> Result<()> {
    let couple = if rarely(u, 4)? { Some(sticky(u)?) } else { None };
    let most = if rarely(u, SLIP)? { 9 } else { partitions - 1 };
    words.push(Word::PoolStart { pool, name: "pool".into(), partition: u.int_in_range(-1..=most)?, couple });
    let rows = some(u, 4, |u| row(u, 1))?;
    let most = rows.len() as u32 + u32::from(rarely(u, SLIP)?);
    words.push(Word::PoolRows { pool, rows });
    for rtype in *u.choose(&[&[1, 28][..], &[1], &[5], &[1, 65400]])? {
        let size = if rarely(u, SLIP)? { 2 } else { REGIONS };
        let rows = (0..size).map(|_| u.int_in_range(0..=most)).collect::<Result<Vec<_>>>()?.into_iter().flat_map(u32::to_ne_bytes).collect();
        let default = if rarely(u, SLIP)? { 0 } else { u.int_in_range(1..=most)? };
        words.push(Word::PoolMap { pool, rtype: *rtype, default, rows });
    }
    Ok(())
}

fn zone_words(u: &mut Unstructured, apex: &[u8], pools: u32, words: &mut Vec<Word>) -> Result<()> {
    let apex = if rarely(u, SLIP)? { name(u)? } else { apex.to_vec() };
    let data = [name(u)?, name(u)?, vec![0; 20]].concat();
    let soa = RRset { rtype: 6, ttl: ttl(u)?, rdata: vec![data], targets: vec![] };
    words.push(Word::ZoneStart { apex: apex.clone(), soa, negative_ttl: ttl(u)?, fresh: !rarely(u, 9)? });
    words.push(Word::ZoneNames { apex: apex.clone(), nodes: vec![(apex.clone(), node(u, pools)?)] });
    words.push(Word::ZoneNames { apex: apex.clone(), nodes: some(u, 8, |u| Ok((inside(u, &apex)?, node(u, pools)?)))? });
    if rarely(u, 3)? {
        words.push(Word::ZoneGlue { apex: apex.clone(), glue: some(u, 3, |u| Ok((name(u)?, some(u, 2, rrset)?)))? });
    }
    if rarely(u, 9)? {
        words.push(Word::ZoneDrop { apex, names: some(u, 2, name)?, glue: vec![] });
    }
    Ok(())
}

/// A name of the few, now and then any octets.
pub fn name(u: &mut Unstructured) -> Result<Vec<u8>> {
    if rarely(u, SLIP)? { octets(u) } else { Ok(u.choose(NAMES)?.to_vec()) }
}

fn inside(u: &mut Unstructured, apex: &[u8]) -> Result<Vec<u8>> {
    let found = name(u)?;
    Ok(if found.ends_with(apex) || rarely(u, SLIP)? { found } else { [b"\x01x", apex].concat() })
}

fn runs(u: &mut Unstructured, partition: i64, version: u8) -> Result<Word> {
    let mut starts: Vec<u128> = some(u, 12, |u| u.arbitrary())?;
    if version == 4 {
        starts.iter_mut().for_each(|start| *start >>= 96);
    }
    starts.push(0);
    starts.sort_unstable();
    starts.dedup();
    let regions = (0..starts.len()).map(|_| u.int_in_range(0..=REGIONS as u16 - 1)).collect::<Result<Vec<_>>>()?;
    let regions = regions.into_iter().flat_map(u16::to_ne_bytes).collect();
    let (starts, lows) = if version == 4 {
        (starts.iter().flat_map(|start| (*start as u32).to_ne_bytes()).collect(), Vec::new())
    } else {
        (
            starts.iter().flat_map(|start| ((start >> 64) as u64).to_ne_bytes()).collect(),
            starts.iter().flat_map(|start| (*start as u64).to_ne_bytes()).collect(),
        )
    };
    Ok(Word::PartitionRuns { partition, version, starts, lows, regions })
}

fn row(u: &mut Unstructured, depth: u32) -> Result<Row> {
    let most = if rarely(u, SLIP)? { 9 } else { 4 };
    let pick = u.int_in_range(0..=most)?;
    let groups = some(u, 5, |u| {
        let deepest = if rarely(u, SLIP)? { 6 } else { 4 };
        let row = if depth < deepest && rarely(u, 4)? { Some(row(u, depth + 1)?) } else { None };
        let weight = if rarely(u, SLIP)? { u.arbitrary()? } else { u.int_in_range(1..=9)? };
        Ok(Group { weight, rdata: some(u, 3, octets)?, row, site: "site".into(), key: u.arbitrary()? })
    })?;
    let groups = if rarely(u, 9)? { vec![] } else { groups };
    let sticky = if (pick == 4) != rarely(u, SLIP)? { Some(sticky(u)?) } else { None };
    let most = if rarely(u, SLIP)? { 255 } else { 15 };
    let rcode = u.int_in_range(0..=most)?;
    Ok(Row { pick, answers: u.int_in_range(0..=4)?, ttl: ttl(u)?, groups, reason: String::new(), rcode, sticky })
}

fn sticky(u: &mut Unstructured) -> Result<Sticky> {
    Ok(Sticky { seed: u.arbitrary()?, bits4: bits(u, 32)?, bits6: bits(u, 128)?, qname: u.arbitrary()? })
}

fn node(u: &mut Unstructured, pools: u32) -> Result<Node> {
    let pools = if rarely(u, SLIP)? { 9 } else { pools };
    let pool = |u: &mut Unstructured| u.int_in_range(0..=pools.saturating_sub(1));
    let dynamic = if pools > 0 && rarely(u, 2)? {
        Some(Dynamic { pool: pool(u)?, types: some(u, 3, |u| u.choose(TYPES).copied())?, ttl: ttl(u)? })
    } else {
        None
    };
    let hinted = if pools > 0 && rarely(u, 4)? {
        let one = |u: &mut Unstructured| {
            let rtype = *u.choose(&[64, 65, 1])?;
            Ok(Hinted { rtype, ttl: ttl(u)?, pool: pool(u)?, head: octets(u)?, middle: octets(u)?, tail: octets(u)? })
        };
        some(u, 3, one)?
    } else {
        Vec::new()
    };
    let rrsets = if rarely(u, 3)? { vec![] } else { some(u, 3, rrset)? };
    Ok(Node { rrsets, dynamic, cut: rarely(u, 5)?, hinted })
}

fn rrset(u: &mut Unstructured) -> Result<RRset> {
    let rtype = *u.choose(TYPES)?;
    let before = match rtype {
        15 => 2,
        33 => 6,
        _ => 0,
    };
    let (mut rdata, mut targets) = (Vec::new(), Vec::new());
    for _ in 0..if rarely(u, SLIP)? { 0 } else { u.int_in_range(1..=3)? } {
        if matches!(rtype, 2 | 5 | 12 | 15 | 33 | 39) {
            let target = name(u)?;
            rdata.push([vec![0; before], target.clone()].concat());
            targets.push(target);
        } else if rtype == 6 {
            rdata.push([name(u)?, name(u)?, vec![0; 20]].concat());
        } else {
            rdata.push(octets(u)?);
        }
    }
    Ok(RRset { rtype, ttl: u.arbitrary()?, rdata, targets })
}

fn ttl(u: &mut Unstructured) -> Result<u32> {
    if rarely(u, SLIP)? { u.arbitrary() } else { u.int_in_range(0..=86400) }
}

fn bits(u: &mut Unstructured, most: u8) -> Result<u8> {
    if rarely(u, SLIP)? { u.arbitrary() } else { u.int_in_range(0..=most) }
}

fn octets(u: &mut Unstructured) -> Result<Vec<u8>> {
    if rarely(u, SLIP)? {
        return Ok(vec![u.arbitrary()?; u.int_in_range(0..=70_000)?]);
    }
    let size = u.int_in_range(0..=20)?;
    Ok(u.bytes(size.min(u.len()))?.to_vec())
}

/// Whether something happens that does once in so many times, and never when the octets have run out.
pub fn rarely(u: &mut Unstructured, times: u16) -> Result<bool> {
    Ok(u.int_in_range(0..=times - 1)? == times - 1)
}

fn some<'a, T>(u: &mut Unstructured<'a>, most: usize, mut one: impl FnMut(&mut Unstructured<'a>) -> Result<T>) -> Result<Vec<T>> {
    (0..u.int_in_range(1..=most)?).map(|_| one(u)).collect()
}
