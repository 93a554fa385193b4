//! A small plan, and questions to it.
#![allow(dead_code)] // each test uses its part

use gslb_answer::delta::{Assembler, Dynamic, Group, Node, PlanError, RRset, Row, Word};
use gslb_answer::plan::Snapshot;
use gslb_answer::{Env, Outcome, Scratch, answer};

pub const APEX: &[u8] = b"\x07example\x00";

pub fn name(label: &str) -> Vec<u8> {
    [&[label.len() as u8], label.as_bytes(), APEX].concat()
}

pub fn soa() -> RRset {
    RRset { rtype: 6, ttl: 3600, rdata: vec![[&name("ns1")[..], &name("host"), &[0; 20]].concat()], targets: vec![] }
}

pub fn a(octet: u8) -> Node {
    Node { rrsets: vec![RRset { rtype: 1, ttl: 300, rdata: vec![vec![192, 0, 2, octet]], targets: vec![] }], ..Node::default() }
}

pub fn pooled(pool: u32) -> Node {
    Node { dynamic: Some(Dynamic { pool, types: vec![1], ttl: 60 }), ..Node::default() }
}

pub fn row(octets: &[u8]) -> Row {
    let group = |&octet| Group { weight: 1, rdata: vec![vec![10, 0, 0, octet]], row: None, site: format!("s{octet}"), key: octet.into() };
    Row { pick: 3, answers: 1, ttl: 30, groups: octets.iter().map(group).collect(), reason: String::new(), rcode: 0, sticky: None }
}

pub fn pool(number: u32, rows: Vec<Row>) -> Vec<Word> {
    vec![
        Word::PoolStart { pool: number, name: format!("pool{number}"), partition: -1, couple: None },
        Word::PoolRows { pool: number, rows },
        Word::PoolMap { pool: number, rtype: 1, default: 1, rows: 1u32.to_ne_bytes().to_vec() },
    ]
}

pub fn zone(apex: &[u8], nodes: Vec<(Vec<u8>, Node)>) -> Vec<Word> {
    let apex_node = (apex.to_vec(), Node { rrsets: vec![soa()], ..Node::default() });
    vec![
        Word::ZoneStart { apex: apex.to_vec(), soa: soa(), negative_ttl: 60, fresh: true },
        Word::ZoneNames { apex: apex.to_vec(), nodes: [vec![apex_node], nodes].concat() },
    ]
}

/// Feeds a delta whole.
pub fn feed(assembler: &mut Assembler, base: u64, generation: u64, words: Vec<Word>) -> Result<(), PlanError> {
    let all = [vec![Word::Begin { base, generation }], words, vec![Word::Commit { generation }]].concat();
    for (number, word) in all.into_iter().enumerate() {
        assembler.feed(number as u64, word)?;
    }
    Ok(())
}

pub fn started() -> Assembler {
    let mut assembler = Assembler::new();
    let words = [pool(1, vec![row(&[1, 2])]), zone(APEX, vec![(name("static"), a(7)), (name("www"), pooled(1))])].concat();
    feed(&mut assembler, 0, 1, words).expect("a good plan");
    assembler
}

pub fn query(name: &[u8], rtype: u16) -> Vec<u8> {
    [&[0xAB, 0xCD, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0], name, &rtype.to_be_bytes(), &[0, 1]].concat()
}

/// The reply to a packet over UDP, None for silence.
pub fn ask(snapshot: &Snapshot, packet: &[u8], draw: u64) -> Option<Vec<u8>> {
    let env = Env { draw, udp: true, max_udp: 1232, ecs: true };
    let mut out = vec![0; env.room()];
    match answer(snapshot, packet, &[127, 0, 0, 1], &env, &mut Scratch::default(), &mut out) {
        Outcome::Reply { len, .. } => Some(out[..len].to_vec()),
        Outcome::Silence(_) => None,
    }
}
