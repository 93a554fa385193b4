//! The real `answer()` in the loop; what it says is looked at elsewhere.

use gslb_udp::{Config, Workers};

use crate::loopback::{LIMIT, ask, client, say, server};

const QUERY: &[u8] = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03org\x00\x00\x01\x00\x01";

#[test]
fn an_empty_plan_refuses_and_says_nothing_to_responses() {
    let mut workers = Workers::new(Config::default());
    let (fd, port) = server("127.0.0.1", 0);
    workers.start(vec![fd], None).unwrap();
    let client = client("127.0.0.1", port);
    let mut response = QUERY.to_vec();
    response[2] |= 0x80;
    say(&client, &response);
    say(&client, b"short");
    let reply = ask(&client, QUERY);
    assert_eq!((&reply[..2], reply[2] & 0x80, reply[3] & 0xf), (&QUERY[..2], 0x80, 5)); // RFC 1035 section 4.1.1: REFUSED
    workers.stop(LIMIT);
    let counters = workers.counters();
    assert_eq!((counters.received, counters.sent, counters.faults), (3, 1, 0));
    assert_eq!(counters.dropped, [("short", 1), ("response", 1)]);
    assert_eq!(counters.answers.iter().map(|(meta, count)| (meta.rcode, *count)).collect::<Vec<_>>(), [(5, 1)]);
}
