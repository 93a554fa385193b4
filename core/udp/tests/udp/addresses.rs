//! Who asks, and from which address the reply leaves.

use std::net::UdpSocket;
use std::os::fd::AsRawFd;

use gslb_udp::{Config, Workers};

use crate::loopback::{ask, client, hear, one, say, server, set, until};
use crate::script::{GENERATION, Script};

fn workers(host: &str) -> (Workers<Script>, u16) {
    let mut workers = Workers::answering(Config::default(), Script::default());
    let (fd, port) = server(host, 0);
    workers.start(vec![fd], None).unwrap();
    (workers, port)
}

#[test]
fn v4_and_v6_clients_are_told_by_their_octets() {
    for (host, octets) in [("127.0.0.1", &[127, 0, 0, 1][..]), ("::1", &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])] {
        let (_workers, port) = workers(host);
        assert_eq!(ask(&client(host, port), b"query"), [&[0; GENERATION], octets, b"query"].concat());
    }
}

#[test]
fn wildcard_replies_leave_from_the_address_that_was_asked() {
    for (host, asked) in [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.0.0.2"), ("0.0.0.0", "127.9.8.7"), ("::", "::1")] {
        let (_workers, port) = workers(host);
        let client = client(asked, port); // connected: the kernel hands over only what comes from there
        assert!(ask(&client, b"one").ends_with(b"one"));
        assert!(ask(&client, b"two").ends_with(b"two"));
    }
}

#[test]
fn wildcard_replies_of_one_batch_each_leave_from_their_own_address() {
    let script = Script::default();
    let mut workers = Workers::answering(Config::default(), script.clone());
    let (fd, port) = server("0.0.0.0", 0);
    workers.start(vec![fd], None).unwrap();
    say(&client("127.0.0.1", port), b"g");
    script.gate.wait();
    let clients: Vec<_> = (2..20).map(|last| client(&format!("127.0.0.{last}"), port)).collect();
    clients.iter().zip(0_u8..).for_each(|(client, number)| say(client, &[b'e', number]));
    script.gate.open();
    for (client, number) in clients.iter().zip(0_u8..) {
        assert!(hear(client).ends_with(&[b'e', number]));
    }
}

#[test]
fn a_wildcard_socket_that_tells_no_address_is_answered_all_the_same() {
    let (fd, port) = server("0.0.0.0", 0);
    set(&fd, libc::IPPROTO_IP, libc::IP_PKTINFO, 0);
    let mut workers = Workers::answering(Config::default(), Script::default());
    workers.start(vec![fd], None).unwrap();
    assert!(ask(&client("127.0.0.1", port), b"query").ends_with(b"query"));
}

#[test]
fn a_query_is_cut_off_at_4096_octets() {
    let (_workers, _, port) = one(Config { max_udp: 8192, ..Config::default() });
    let reply = ask(&client("127.0.0.1", port), &[b'e'; 5000]);
    assert_eq!(reply.len(), GENERATION + 4 + 4096);
}

#[test]
fn an_icmp_error_of_an_earlier_reply_stops_nobody() {
    let (fd, port) = server("127.0.0.1", 0);
    set(&fd, libc::IPPROTO_IP, libc::IP_RECVERR, 1); // errors are told even on a socket that is not connected
    let script = Script::default();
    let mut workers = Workers::answering(Config::default(), script.clone());
    workers.start(vec![fd], None).unwrap();
    let patient = client("127.0.0.1", port);
    for round in 1..=100 {
        let gone = client("127.0.0.1", port);
        say(&gone, b"e");
        drop(gone);
        assert!(ask(&patient, b"query").ends_with(b"query"));
        until("both are answered", || workers.counters().sent == 2 * round);
    }
}

#[test]
fn only_bound_udp_sockets_are_taken() {
    let mut workers = Workers::new(Config::default());
    let stream = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(workers.start(vec![stream.into()], None).is_err());
    let (unix, _other) = std::os::unix::net::UnixDatagram::pair().unwrap();
    assert!(workers.start(vec![unix.into()], None).is_err());
    assert!(workers.start(vec![], None).is_err());
    let plain = UdpSocket::bind("127.0.0.1:0").unwrap();
    assert!(plain.as_raw_fd() > 0 && workers.start(vec![plain.into()], Some(100_000)).is_err());
    assert!(workers.counters().threads.is_empty());
}
