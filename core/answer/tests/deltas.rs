//! Snapshots from deltas: whole or not at all, and what did not change is shared.

mod common;
use std::sync::Arc;

use common::{APEX, a, ask, feed, name, pool, pooled, query, row, soa, started, zone};
use gslb_answer::delta::{RRset, Word};

#[test]
fn what_did_not_change_is_shared() {
    let mut assembler = started();
    let before = assembler.live().clone();
    feed(&mut assembler, 1, 2, pool(1, vec![row(&[9])])).unwrap();
    let after = assembler.live().clone();
    assert!(Arc::ptr_eq(&before.zones, &after.zones));
    assert!(!Arc::ptr_eq(&before.pools, &after.pools));
    assert_eq!(ask(&after, &query(&name("www"), 1), 0).unwrap().last(), Some(&9));
    assert_eq!(ask(&before, &query(&name("www"), 1), 0).unwrap().last(), Some(&1)); // a snapshot is never edited
}

#[test]
fn memory_of_old_snapshots_is_returned() {
    let mut assembler = started();
    let old = Arc::downgrade(assembler.live());
    let old_zone = Arc::downgrade(assembler.live().zones.get(APEX).unwrap());
    feed(&mut assembler, 1, 2, zone(APEX, vec![(name("www"), pooled(1))])).unwrap();
    assert!(old.upgrade().is_none() && old_zone.upgrade().is_none());
}

#[test]
fn names_come_and_go() {
    let mut assembler = started();
    let words = vec![
        Word::ZoneStart { apex: APEX.into(), soa: soa(), negative_ttl: 60, fresh: false },
        Word::ZoneNames { apex: APEX.into(), nodes: vec![(name("new"), a(8)), (name("*"), a(9))] },
        Word::ZoneDrop { apex: APEX.into(), names: vec![name("static")], glue: vec![] },
    ];
    feed(&mut assembler, 1, 2, words).unwrap();
    let last = |label| *ask(assembler.live(), &query(&name(label), 1), 0).unwrap().last().unwrap();
    assert_eq!((last("new"), last("static"), last("anything")), (8, 9, 9)); // the wildcard stands in for what is gone
}

/// Each of these is refused, and the live snapshot stays and can be built on.
#[test]
fn bad_plans_are_refused_whole() {
    let lone = |rrset: RRset| zone(APEX, vec![(name("x"), gslb_answer::delta::Node { rrsets: vec![rrset], ..Default::default() })]);
    let rrset = |rtype, rdata: &[u8], target: &[u8]| RRset { rtype, ttl: 1, rdata: vec![rdata.into()], targets: vec![target.into()] };
    let bad = [
        vec![Word::PoolGone { pool: 1 }],                                     // names point to it
        zone(APEX, vec![(name("www"), pooled(77))]),                          // a pool that is not there
        zone(APEX, vec![(b"\x05other\x00".to_vec(), a(1))]),                  // outside the zone
        zone(APEX, vec![(b"\x01A\x07example\x00".to_vec(), a(1))]),           // not in lower case
        lone(rrset(2, b"\x09short\x00", b"\x00")),                            // NS data that holds no name
        lone(rrset(5, &name("there"), &name("elsewhere"))),                   // an alias that leads two ways
        vec![Word::ZoneGone { apex: b"\x05other\x00".to_vec() }],             // not there
        pool(2, vec![]),                                                      // no default row
        vec![Word::PoolRows { pool: 5, rows: vec![row(&[1])] }],              // not started
        pool(1, vec![gslb_answer::delta::Row { pick: 9, ..row(&[1]) }]),      // no such pick
        pool(1, vec![gslb_answer::delta::Row { ttl: 1 << 31, ..row(&[1]) }]), // RFC 2181 section 8
        vec![Word::PartitionStart { partition: 1, cap4: 33, cap6: 0 }],       // a cap longer than an address
        vec![Word::PartitionStart { partition: 1, cap4: 24, cap6: 56 }],      // covers nothing
        vec![Word::Commit { generation: 3 }],                                 // another generation
    ];
    let mut assembler = started();
    for (n, words) in bad.into_iter().enumerate() {
        assert!(feed(&mut assembler, 1, 2, words).is_err(), "number {n}");
        assert_eq!(assembler.live().generation, 1);
        assert!(ask(assembler.live(), &query(&name("www"), 1), 0).is_some());
    }
    feed(&mut assembler, 1, 2, pool(2, vec![row(&[1])])).unwrap();
}

#[test]
fn slices_in_order() {
    let mut assembler = started();
    assert!(assembler.feed(1, Word::Begin { base: 1, generation: 2 }).is_err());
    assert!(assembler.feed(0, Word::Begin { base: 5, generation: 6 }).is_err()); // not what is live
    assembler.feed(0, Word::Begin { base: 1, generation: 2 }).unwrap();
    assert!(assembler.feed(2, Word::Commit { generation: 2 }).is_err());
    assert!(assembler.feed(1, Word::Commit { generation: 2 }).is_err()); // that delta is gone
    assembler.reset();
    assert_eq!(assembler.live().generation, 0);
}
