//! What every reply must be, whatever was asked: read by a decoder that shares nothing with the engine.

use answer::Env;

/// A TSIG that refuses a key echoes two names, and the question may be as long as a name: such a reply may be longer than 512 octets.
const ECHO: usize = 12 + 259 + 19 + 16 + 255 + 10 + 255 + 16;

/// Panics unless the reply is whole, within bounds, and answers this query.
pub fn check(query: &[u8], env: &Env, reply: &[u8]) {
    assert!(reply.len() <= env.limit().max(ECHO), "{} octets", reply.len());
    assert_eq!(reply[..2], query[..2], "the ID");
    assert_eq!(reply[2] & 0xF9, query[2] & 0x79 | 0x80, "QR, opcode, RD");
    assert_eq!(reply[3] & 0xF0, 0, "RA, Z, AD, CD");
    let count = |at: usize| usize::from(u16::from_be_bytes([reply[at], reply[at + 1]]));
    let mut at = 12;
    for _ in 0..count(4) {
        at = name(reply, at) + 4;
    }
    assert!(reply[12..at].len() <= query.len() - 12 && reply[12..at] == query[12..at], "the question");
    for _ in 0..count(6) + count(8) + count(10) {
        at = name(reply, at) + 10;
        at += count(at - 2);
        assert!(at <= reply.len(), "a record beyond the end");
    }
    assert_eq!(at, reply.len(), "octets behind the last record");
}

/// Where a name ends; its pointers lead to names before it.
fn name(reply: &[u8], mut at: usize) -> usize {
    let (mut end, mut size) = (None, 0);
    loop {
        let label = usize::from(reply[at]);
        match label {
            0 => return end.unwrap_or(at + 1),
            1..64 => {
                size += 1 + label;
                assert!(size < 255, "a name of more than 255 octets");
                at += 1 + label;
            }
            0xC0.. => {
                let to = (label & 0x3F) << 8 | usize::from(reply[at + 1]);
                assert!(to < at, "a pointer to what comes behind it");
                end.get_or_insert(at + 2);
                at = to;
            }
            _ => panic!("a label of type {label:#x}"),
        }
    }
}
