//! Many datagrams at once, at one socket and at several.

use std::collections::HashSet;
use std::thread;

use gslb_udp::{Config, Workers};

use crate::loopback::{ask, client, hear, numbered, one, say, server, until};
use crate::script::{HUGE, PANIC, Script};

#[test]
fn every_query_of_every_batch_gets_its_own_reply() {
    for batch in [1, 7, 64, 5000] {
        let (workers, script, port) = one(Config { batch, ..Config::default() });
        say(&client("127.0.0.1", port), b"g");
        script.gate.wait();
        let clients: Vec<_> = (0..10).map(|_| client("127.0.0.1", port)).collect();
        for number in 0..300 {
            say(&clients[number as usize % 10], &[numbered(b'e', number), vec![b'x'; number as usize % 97]].concat());
        }
        script.gate.open();
        let mut heard = HashSet::new();
        for (number, client) in (0..300).zip(clients.iter().cycle()) {
            let reply = hear(client);
            assert_eq!(reply[12..], [numbered(b'e', number), vec![b'x'; number as usize % 97]].concat());
            heard.insert(reply);
        }
        assert_eq!(heard.len(), 300);
        until("all are counted", || workers.counters().sent == 301);
    }
}

#[test]
fn a_reply_that_the_kernel_refuses_costs_no_other() {
    let (workers, script, port) = one(Config { max_udp: 65_535, ..Config::default() });
    say(&client("127.0.0.1", port), b"g");
    script.gate.wait();
    let client = client("127.0.0.1", port);
    for query in [&[HUGE], b"a", b"b", &[HUGE], &[HUGE], b"d", &[HUGE]] {
        say(&client, query);
    }
    script.gate.open();
    for expected in [b"a", b"b", b"d"] {
        assert!(hear(&client).ends_with(expected));
    }
    until("all are counted", || workers.counters().unsent == 4);
    assert_eq!((workers.counters().received, workers.counters().sent), (8, 4));
}

#[test]
fn one_worker_serves_several_sockets() {
    let mut workers = Workers::answering(Config::default(), Script::default());
    let hosts = ["127.0.0.1", "::1", "0.0.0.0", "::"];
    let (sockets, ports): (Vec<_>, Vec<_>) = hosts.iter().map(|host| server(host, 0)).unzip();
    workers.start(sockets, None).unwrap();
    let clients: Vec<_> = ["127.0.0.1", "::1", "127.0.0.3", "::1"].iter().zip(ports).map(|(host, port)| client(host, port)).collect();
    for number in 0..50 {
        for client in &clients {
            assert!(ask(client, &numbered(b'e', number)).ends_with(&numbered(b'e', number)));
        }
    }
    assert_eq!(ask(&clients[1], b"v6").len(), 8 + 16 + 2); // control messages of one socket never reach another
    assert_eq!(workers.counters().received, 201);
}

#[test]
fn a_flood_at_one_socket_starves_no_other() {
    let script = Script::default();
    let mut workers = Workers::answering(Config { batch: 8, ..Config::default() }, script.clone());
    let ((flooded, port), (other, other_port)) = (server("127.0.0.1", 0), server("::1", 0));
    workers.start(vec![flooded, other], None).unwrap();
    let flood = client("127.0.0.1", port);
    say(&flood, b"g");
    script.gate.wait();
    (0..500).for_each(|_| say(&flood, b"e"));
    let client = client("::1", other_port);
    say(&client, b"other");
    script.gate.open();
    hear(&client);
    let seen = script.seen.lock().unwrap();
    let place = seen.iter().position(|query| query == b"other").unwrap();
    assert!(place <= 1 + 8, "answered only after {place} others");
}

#[test]
fn two_workers_share_a_port() {
    let mut workers = Workers::answering(Config::default(), Script::default());
    let (one, port) = server("127.0.0.1", 0);
    let (two, _) = server("127.0.0.1", port);
    assert_eq!(workers.start(vec![one], Some(0)).unwrap(), 0);
    assert_eq!(workers.start(vec![two], None).unwrap(), 1);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for number in 0..64 {
                    let client = client("127.0.0.1", port); // a port of its own each: the kernel spreads by it
                    assert!(ask(&client, &numbered(b'e', number)).ends_with(&numbered(b'e', number)));
                }
            });
        }
    });
    let counters = workers.counters();
    assert_eq!(counters.received, 256);
    assert!(counters.threads.iter().all(|thread| thread.received > 0), "{:?}", counters.threads);
    assert_eq!((counters.threads[0].cpu, counters.threads[1].cpu), (Some(0), None));
}

#[test]
fn an_empty_datagram_is_a_query_like_any_other() {
    let (workers, _, port) = one(Config::default());
    let client = client("127.0.0.1", port);
    say(&client, b"");
    assert_eq!(hear(&client).len(), 12);
    say(&client, &[PANIC]);
    assert!(ask(&client, b"e").ends_with(b"e"));
    assert_eq!(workers.counters().received, 3);
}
