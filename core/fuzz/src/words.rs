//! Words of a delta from the reference's JSON: named tuples are lists, octets are hexadecimal.

use answer::delta::words::{Dynamic, Group, Hinted, Node, RRset, Row, Sticky, Word};
use serde_json::Value;

/// Reads all words of a delta. Panics on what the reference does not write.
pub fn read(json: &[u8]) -> Vec<Word> {
    let all: Value = serde_json::from_slice(json).expect("the reference writes JSON");
    list(&all, |one| word(one[0].as_str().unwrap(), &one[1]))
}

fn word(name: &str, v: &Value) -> Word {
    match name {
        "Begin" => Word::Begin { base: n(&v[0]), generation: n(&v[1]) },
        "PartitionStart" => Word::PartitionStart { partition: n(&v[0]) as i64, cap4: n(&v[1]) as u8, cap6: n(&v[2]) as u8 },
        "PartitionRuns" => Word::PartitionRuns {
            partition: n(&v[0]) as i64,
            version: n(&v[1]) as u8,
            starts: octets(&v[2]),
            lows: octets(&v[3]),
            regions: octets(&v[4]),
        },
        "PoolStart" => Word::PoolStart { pool: n(&v[0]) as u32, name: text(&v[1]), partition: v[2].as_i64().unwrap(), couple: some(&v[3], sticky) },
        "PoolRows" => Word::PoolRows { pool: n(&v[0]) as u32, rows: list(&v[1], row) },
        "PoolMap" => Word::PoolMap { pool: n(&v[0]) as u32, rtype: n(&v[1]) as u16, default: n(&v[2]) as u32, rows: octets(&v[3]) },
        "ZoneStart" => Word::ZoneStart { apex: octets(&v[0]), soa: rrset(&v[1]), negative_ttl: n(&v[2]) as u32, fresh: v[3].as_bool().unwrap() },
        "ZoneNames" => Word::ZoneNames { apex: octets(&v[0]), nodes: list(&v[1], |one| (octets(&one[0]), node(&one[1]))) },
        "ZoneGlue" => Word::ZoneGlue { apex: octets(&v[0]), glue: list(&v[1], |one| (octets(&one[0]), list(&one[1], rrset))) },
        "Commit" => Word::Commit { generation: n(&v[0]) },
        other => panic!("no word of a delta from nothing: {other}"),
    }
}

fn sticky(v: &Value) -> Sticky {
    Sticky { seed: n(&v[0]), bits4: n(&v[1]) as u8, bits6: n(&v[2]) as u8, qname: v[3].as_bool().unwrap() }
}

fn row(v: &Value) -> Row {
    Row {
        pick: n(&v[0]) as u8,
        answers: n(&v[1]) as u32,
        ttl: n(&v[2]) as u32,
        groups: list(&v[3], group),
        reason: text(&v[4]),
        rcode: n(&v[5]) as u8,
        sticky: some(&v[6], sticky),
    }
}

fn group(v: &Value) -> Group {
    Group { weight: n(&v[0]), rdata: list(&v[1], octets), row: some(&v[2], row), site: text(&v[3]), key: n(&v[4]) }
}

fn node(v: &Value) -> Node {
    Node { rrsets: list(&v[0], rrset), dynamic: some(&v[1], dynamic), cut: v[2].as_bool().unwrap(), hinted: list(&v[3], hinted) }
}

fn rrset(v: &Value) -> RRset {
    RRset { rtype: n(&v[0]) as u16, ttl: n(&v[1]) as u32, rdata: list(&v[2], octets), targets: list(&v[3], octets) }
}

fn dynamic(v: &Value) -> Dynamic {
    Dynamic { pool: n(&v[0]) as u32, types: list(&v[1], |kind| n(kind) as u16), ttl: n(&v[2]) as u32 }
}

fn hinted(v: &Value) -> Hinted {
    Hinted { rtype: n(&v[0]) as u16, ttl: n(&v[1]) as u32, pool: n(&v[2]) as u32, head: octets(&v[3]), middle: octets(&v[4]), tail: octets(&v[5]) }
}

fn n(v: &Value) -> u64 {
    v.as_u64().unwrap_or_else(|| panic!("no number: {v}"))
}

fn text(v: &Value) -> String {
    v.as_str().unwrap().into()
}

fn octets(v: &Value) -> Vec<u8> {
    let text = v.as_str().unwrap();
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn list<T>(v: &Value, read: impl Fn(&Value) -> T) -> Vec<T> {
    v.as_array().unwrap().iter().map(read).collect()
}

fn some<T>(v: &Value, read: impl Fn(&Value) -> T) -> Option<T> {
    (!v.is_null()).then(|| read(v))
}
