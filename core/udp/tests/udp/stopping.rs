//! The end: what is queued is answered, within a limit, and sockets that others hold go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use gslb_udp::{Config, Workers};

use crate::loopback::{LIMIT, ask, client, hear, numbered, one, say, server, until};
use crate::script::Script;

#[test]
fn an_idle_thread_stops_at_once() {
    for sockets in [1, 3] {
        let mut workers = Workers::answering(Config::default(), Script::default());
        workers.start((0..sockets).map(|_| server("127.0.0.1", 0).0).collect(), None).unwrap();
        let began = Instant::now();
        workers.stop(LIMIT);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    }
}

#[test]
fn what_is_queued_is_answered_before_the_end() {
    for sockets in [1, 2] {
        let script = Script::default();
        let mut workers = Workers::answering(Config { batch: 4, ..Config::default() }, script.clone());
        let (fds, ports): (Vec<_>, Vec<_>) = (0..sockets).map(|_| server("127.0.0.1", 0)).unzip();
        workers.start(fds, None).unwrap();
        let clients: Vec<_> = ports.into_iter().map(|port| client("127.0.0.1", port)).collect();
        say(&clients[0], b"g");
        script.gate.wait();
        (0..100).for_each(|number| clients.iter().for_each(|client| say(client, &numbered(b'e', number))));
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(100)); // stop() comes first, or at least very early
                script.gate.open();
            });
            workers.stop(LIMIT);
        });
        hear(&clients[0]);
        for client in &clients {
            (0..100).for_each(|number| assert!(hear(client).ends_with(&numbered(b'e', number))));
        }
        assert_eq!(workers.counters().sent, 1 + 100 * sockets);
    }
}

#[test]
fn a_flood_that_never_ends_does_not_keep_it() {
    let (mut workers, _, port) = one(Config::default());
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let client = client("127.0.0.1", port);
            while !over.load(Ordering::Relaxed) {
                let _ = client.send(b"e"); // refused, once the socket is closed
            }
        });
        until("the flood is there", || workers.counters().received > 1000);
        let began = Instant::now();
        workers.stop(Duration::from_millis(200));
        let took = began.elapsed();
        over.store(true, Ordering::Relaxed);
        assert!(took < Duration::from_secs(3), "{took:?}");
    });
}

#[test]
fn a_socket_that_another_holds_loses_no_query_between_two_workers() {
    let (fd, port) = server("127.0.0.1", 0);
    let mut first = Workers::answering(Config::default(), Script::default());
    first.start(vec![fd.try_clone().unwrap()], None).unwrap();
    let client = client("127.0.0.1", port);
    ask(&client, b"one");
    first.stop(LIMIT);
    say(&client, b"two"); // nobody reads just now
    let mut second = Workers::answering(Config::default(), Script::default());
    second.start(vec![fd], None).unwrap();
    assert!(hear(&client).ends_with(b"two"));
    assert_eq!((first.counters().received, second.counters().received), (1, 1));
}

#[test]
fn workers_may_be_started_after_a_stop_and_stopped_twice() {
    let (mut workers, _, port) = one(Config::default());
    ask(&client("127.0.0.1", port), b"e");
    workers.stop(LIMIT);
    workers.stop(LIMIT);
    let (fd, port) = server("127.0.0.1", 0);
    assert_eq!(workers.start(vec![fd], None).unwrap(), 1);
    ask(&client("127.0.0.1", port), b"e");
    workers.stop(LIMIT);
    assert_eq!(workers.counters().received, 2);
}
