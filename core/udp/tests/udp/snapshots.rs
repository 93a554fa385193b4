//! Snapshots are swapped under load, and freed by whoever asks, never by a packet thread.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::Instant;

use answer::plan::Snapshot;
use gslb_udp::Config;

use crate::loopback::{LIMIT, ask, client, hear, one, say, until};
use crate::script::GENERATION;

fn generation(number: u64) -> Arc<Snapshot> {
    Arc::new(Snapshot { generation: number, ..Snapshot::default() })
}

fn told(reply: &[u8]) -> u64 {
    u64::from_be_bytes(reply[..GENERATION].try_into().unwrap())
}

#[test]
fn the_next_query_is_answered_from_what_was_published() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    assert_eq!((told(&ask(&client, b"e")), workers.snapshot().generation), (0, 0));
    for number in 1..100 {
        workers.publish(generation(number));
        assert_eq!((told(&ask(&client, b"e")), workers.snapshot().generation), (number, number));
    }
    until("all old ones are free", || workers.reap() == 0);
}

#[test]
fn a_snapshot_that_is_read_is_kept_and_no_packet_thread_frees_it() {
    let (workers, script, port) = one(Config::default());
    let first = generation(1);
    let watch = Arc::downgrade(&first);
    workers.publish(first);
    let client = client("127.0.0.1", port);
    say(&client, b"g");
    script.gate.wait();
    workers.publish(generation(2));
    assert_eq!(workers.reap(), 1); // the one it all began with is free, this one is not
    assert!(watch.upgrade().is_some());
    script.gate.open();
    assert_eq!(told(&hear(&client)), 1);
    assert_eq!(told(&ask(&client, b"e")), 2);
    assert_eq!(watch.strong_count(), 1, "let go by the thread, kept by the workers");
    assert_eq!(workers.reap(), 0);
    assert!(watch.upgrade().is_none());
}

#[test]
fn publishing_under_load_loses_no_query_and_leaves_nothing_behind() {
    let (workers, _, port) = one(Config::default());
    let mut watched: Vec<Weak<Snapshot>> = Vec::new();
    let last = 2000;
    thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (client, end) = (client("127.0.0.1", port), Instant::now() + LIMIT);
                    let (mut newest, mut asked) = (0, 0_u64);
                    while newest < last && Instant::now() < end {
                        let seen = told(&ask(&client, b"e"));
                        assert!(seen >= newest, "{seen} after {newest}");
                        (newest, asked) = (seen, asked + 1);
                    }
                    (newest, asked)
                })
            })
            .collect();
        for number in 1..=last {
            let snapshot = generation(number);
            watched.push(Arc::downgrade(&snapshot));
            workers.publish(snapshot);
            workers.reap();
        }
        let results: Vec<_> = clients.into_iter().map(|client| client.join().unwrap()).collect();
        assert!(results.iter().all(|&(newest, _)| newest == last));
        let asked = results.iter().map(|&(_, asked)| asked).sum::<u64>();
        until("every query is counted", || workers.counters().sent == asked);
    });
    until("all old ones are free", || workers.reap() == 0);
    assert_eq!(watched.iter().filter(|snapshot| snapshot.strong_count() > 0).count(), 1);
}
