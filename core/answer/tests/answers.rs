//! What is on the wire. The whole of it is tested from Python, over both engines; here stands what a change in Rust breaks first.

mod common;
use common::{APEX, ask, name, query, started};

#[test]
fn a_static_address() {
    let reply = ask(started().live(), &query(&name("static"), 1), 0).unwrap();
    assert_eq!(reply[..12], [0xAB, 0xCD, 0x85, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
    assert!(reply.ends_with(&[0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, 7]));
}

#[test]
fn the_draw_decides_between_groups_of_a_pool() {
    let assembler = started();
    let last = |draw| ask(assembler.live(), &query(&name("www"), 1), draw).unwrap().last().copied();
    assert_eq!((last(0), last(u64::MAX)), (Some(1), Some(2)));
}

#[test]
fn names_that_do_not_exist() {
    let reply = ask(started().live(), &query(&name("nothing"), 1), 0).unwrap();
    assert_eq!(reply[2..12], [0x85, 3, 0, 1, 0, 0, 0, 1, 0, 0]);
    let elsewhere = ask(started().live(), &query(b"\x05other\x00", 1), 0).unwrap();
    assert_eq!(elsewhere[3] & 15, 5); // REFUSED
}

#[test]
fn silence_to_responses_and_scraps() {
    let assembler = started();
    let mut response = query(APEX, 1);
    response[2] |= 0x80;
    assert_eq!(ask(assembler.live(), &response, 0), None);
    assert_eq!(ask(assembler.live(), &response[..11], 0), None);
}

/// Every packet that differs in one octet, and every shorter one: a reply or silence, never a panic, and no reply longer than may be.
#[test]
fn packets_with_one_octet_changed() {
    let assembler = started();
    let mut packet = query(&name("www"), 1);
    packet[11] = 1;
    packet.extend([0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 11, 0, 8, 0, 7, 0, 1, 24, 0, 198, 51, 100]);
    for at in 0..packet.len() {
        for value in 0..=255 {
            let mut other = packet.clone();
            other[at] = value;
            assert!(ask(assembler.live(), &other, 1).is_none_or(|reply| reply.len() <= 1232));
        }
        assert!(ask(assembler.live(), &packet[..at], 1).is_none_or(|reply| reply.len() <= 512));
    }
}
