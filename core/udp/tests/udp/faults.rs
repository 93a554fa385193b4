//! Panics: of an answer, and of the loop.

use gslb_udp::Config;

use crate::loopback::{ask, client, hear, one, say, until};
use crate::script::{CRASH, PANIC};

#[test]
fn a_query_that_panics_costs_its_own_reply_and_no_other() {
    let (workers, script, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    say(&client, b"g");
    script.gate.wait();
    [PANIC, b'a', PANIC, PANIC, b'b', b'd', PANIC].iter().for_each(|&letter| say(&client, &[letter]));
    script.gate.open();
    for expected in [b"g", b"a", b"b", b"d"] {
        assert!(hear(&client).ends_with(expected));
    }
    until("all are counted", || workers.counters().faults == 4);
    let counters = workers.counters();
    assert_eq!((counters.received, counters.restarts), (8, 0));
    assert!(ask(&client, b"after").ends_with(b"after"));
}

#[test]
fn a_loop_that_panics_begins_anew_at_the_same_socket() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    for round in 1..=3 {
        say(&client, &[CRASH]);
        until("it is counted", || workers.counters().restarts == round);
        assert!(ask(&client, b"after").ends_with(b"after"));
    }
    let counters = workers.counters();
    assert_eq!((counters.faults, counters.restarts, counters.received), (3, 3, 6));
}
