//! Nanoseconds per answer, without any socket: `cargo bench -p gslb-answer --bench answer`.

use std::hint::black_box;
use std::time::Instant;

use gslb_answer::delta::{Assembler, Dynamic, Group, Node, RRset, Row, Word};
use gslb_answer::{Env, Outcome, Scratch, answer};

const ROUNDS: u64 = 2_000_000;
const RUNS: u32 = 300_000; // about what a country database has

fn main() {
    let mut assembler = Assembler::new();
    for (number, word) in words().into_iter().enumerate() {
        assembler.feed(number as u64, word).expect("a good plan");
    }
    let snapshot = assembler.live().clone();
    let mut scratch = Scratch::default();
    let env = Env { draw: 0, udp: true, max_udp: 1232, ecs: true };
    let mut out = vec![0; env.room()];
    for (title, make) in [
        ("plain, static", (|_| query(b"\x06static\x07example\x03org\0", None)) as fn(u64) -> Vec<u8>),
        ("plain, pool", |_| query(b"\x03www\x07example\x03org\0", None)),
        ("pool, random client subnets", |draw| query(b"\x03www\x07example\x03org\0", Some(draw as u32))),
        ("random names", |draw| query(&[b"\x0f", format!("{:015x}", draw >> 4).as_bytes(), b"\x07example\x03org\0"].concat(), None)),
    ] {
        let packets: Vec<Vec<u8>> = (0..512).map(|n| make(mix(n))).collect();
        let start = Instant::now();
        for n in 0..ROUNDS {
            let env = Env { draw: mix(n), ..env };
            let outcome = answer(&snapshot, black_box(&packets[n as usize % 512]), &[127, 0, 0, 1], &env, &mut scratch, &mut out);
            assert!(matches!(black_box(outcome), Outcome::Reply { .. }));
        }
        println!("{title:30} {:6.1} ns", start.elapsed().as_nanos() as f64 / ROUNDS as f64);
    }
}

fn words() -> Vec<Word> {
    let apex = b"\x07example\x03org\0".to_vec();
    let name = |label: &[u8]| [&[label.len() as u8], label, &apex[..]].concat();
    let a = |octet| RRset { rtype: 1, ttl: 300, rdata: vec![vec![192, 0, 2, octet]], targets: vec![] };
    let soa = RRset { rtype: 6, ttl: 3600, rdata: vec![[&name(b"ns1")[..], &name(b"hostmaster"), &[0; 20]].concat()], targets: vec![] };
    let starts: Vec<u32> = (0..RUNS).map(|n| (u64::from(n) * (1 << 32) / u64::from(RUNS)) as u32 & !0xFF).collect();
    let regions: Vec<u16> = (0..RUNS).map(|n| (n % 7) as u16).collect();
    let group = |n: u8| Group { weight: 1, rdata: vec![vec![192, 0, 2, n], vec![192, 0, 2, 100 + n]], row: None, site: format!("s{n}"), key: 0 };
    let row = |n: u8| Row { pick: 3, answers: 1, ttl: 30, groups: vec![group(n), group(n + 1)], reason: String::new(), rcode: 0, sticky: None };
    let dynamic = Node { dynamic: Some(Dynamic { pool: 1, types: vec![1], ttl: 60 }), ..Node::default() };
    let octets = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_ne_bytes()).collect();
    vec![
        Word::Begin { base: 0, generation: 1 },
        Word::PartitionStart { partition: 0, cap4: 24, cap6: 56 },
        Word::PartitionRuns {
            partition: 0,
            version: 4,
            starts: octets(&starts),
            lows: vec![],
            regions: regions.iter().flat_map(|n| n.to_ne_bytes()).collect(),
        },
        Word::PartitionRuns { partition: 0, version: 6, starts: vec![0; 8], lows: vec![0; 8], regions: vec![0; 2] },
        Word::PoolStart { pool: 1, name: "www".into(), partition: 0, couple: None },
        Word::PoolRows { pool: 1, rows: (1..8).map(row).collect() },
        Word::PoolMap { pool: 1, rtype: 1, default: 1, rows: octets(&[1, 2, 3, 4, 5, 6, 7]) },
        Word::ZoneStart { apex: apex.clone(), soa: soa.clone(), negative_ttl: 900, fresh: true },
        Word::ZoneNames {
            apex: apex.clone(),
            nodes: vec![
                (apex.clone(), Node { rrsets: vec![soa], ..Node::default() }),
                (name(b"static"), Node { rrsets: vec![a(10)], ..Node::default() }),
                (name(b"www"), dynamic),
            ],
        },
        Word::Commit { generation: 1 },
    ]
}

/// A question for A, with a client subnet of 24 bits where one is given.
fn query(name: &[u8], subnet: Option<u32>) -> Vec<u8> {
    let mut packet = vec![0x12, 0x34, 0, 0, 0, 1, 0, 0, 0, 0, 0, u8::from(subnet.is_some())];
    packet.extend_from_slice(name);
    packet.extend([0, 1, 0, 1]);
    if let Some(address) = subnet {
        packet.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 11, 0, 8, 0, 7, 0, 1, 24, 0]);
        packet.extend(&address.to_be_bytes()[..3]);
    }
    packet
}

fn mix(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (z ^ z >> 29).wrapping_mul(0xBF58_476D_1CE4_E5B9)
}
