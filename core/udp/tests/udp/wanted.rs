//! Rows that were asked for reach who can compile them.

use answer::Wanted;
use gslb_udp::{Config, Workers};

use crate::loopback::{ask, client, numbered, one, server};
use crate::script::{Script, WANTED};

fn row(pool: u32) -> Wanted {
    Wanted { pool, region: 3, rtype: 28 }
}

#[test]
fn a_flood_for_one_row_asks_for_it_once_and_others_are_heard() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    assert_eq!(workers.wanted(10), []);
    (0..1000).for_each(|_| drop(ask(&client, &numbered(WANTED, 7))));
    ask(&client, &numbered(WANTED, 8));
    assert_eq!(workers.wanted(10), [row(7), row(8)]);
    assert_eq!(workers.wanted(10), []);
    ask(&client, &numbered(WANTED, 7)); // the answer still wants it: asked again once the queue was read
    assert_eq!(workers.wanted(10), [row(7)]);
}

#[test]
fn no_more_rows_are_taken_than_wished_for() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    (0..10).for_each(|pool| drop(ask(&client, &numbered(WANTED, pool))));
    assert_eq!(workers.wanted(4), (0..4).map(row).collect::<Vec<_>>());
    assert_eq!(workers.wanted(100), (4..10).map(row).collect::<Vec<_>>());
}

#[test]
fn a_row_that_two_threads_ask_for_is_told_once() {
    let mut workers = Workers::answering(Config::default(), Script::default());
    let (sockets, ports): (Vec<_>, Vec<_>) = (0..2).map(|_| server("127.0.0.1", 0)).unzip();
    for (socket, port) in sockets.into_iter().zip(ports) {
        workers.start(vec![socket], None).unwrap();
        ask(&client("127.0.0.1", port), &numbered(WANTED, 9));
    }
    assert_eq!(workers.wanted(100), [row(9)]);
}
